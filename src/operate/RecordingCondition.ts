/**
 * Conditions under the migration lock before an operator's word is recorded: the objects of a baseline are in the
 * catalog, and a new name fits the applied set.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { BaselineUnfounded, RenameRefused } from "../core/error/AutoMigrationError.js"
import type { MigrationGraph } from "../core/graph/MigrationGraph.js"
import * as Baseline from "../core/policy/Baseline.js"
import * as Renaming from "../core/policy/Renaming.js"
import * as Catalog from "../database/Catalog.js"
import * as Message from "../database/Message.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import type { Condition } from "../execute/Job.js"
import * as CommandLine from "../runtime/CommandLine.js"

/** The catalog has all objects that the plan promises. @since 0.1.0 @category conditions */
export const founded =
  (graph: MigrationGraph, commands: CommandLine.Setting): Condition =>
  ({ applied, ask, waiting }) => {
    const owed = Baseline.owed(graph, waiting, applied.checksumById)
    const question = Catalog.missing(
      owed.map(({ object }) => object),
      "anywhere"
    )
    return ask(question).pipe(
      Effect.mapError((error) => MigrationFailure.ofMessage(error, "a look into the catalog")),
      Effect.flatMap((results) => Catalog.readMissing(Message.columnsOf(results))),
      Effect.flatMap((places) => {
        const isMissing = new Set(places)
        const missing = owed.filter((_, place) => isMissing.has(place))
        return Arr.isNonEmptyReadonlyArray(missing) ? Effect.fail(lacking(commands, missing)) : Effect.void
      })
    )
  }

const lacking = (
  commands: CommandLine.Setting,
  missing: Arr.NonEmptyReadonlyArray<Baseline.Owed>
): MigrationFailure.Failure => {
  const unfounded = Baseline.unfounded(missing)
  const ids = unfounded.map(({ migrationId }) => migrationId)
  const command = CommandLine.command(commands, "migrate", ids)
  return MigrationFailure.circumstance(({ asked }) => new BaselineUnfounded({ unfounded, command, ...asked }))
}

/** The new name fits the applied set. @since 0.1.0 @category conditions */
export const renameable =
  (graph: MigrationGraph, names: Renaming.Names): Condition =>
  ({ applied }) =>
    Option.match(Renaming.objection(graph, applied, names), {
      onNone: () => Effect.void,
      onSome: (objection) =>
        Effect.fail(
          MigrationFailure.circumstance(
            ({ asked }) =>
              new RenameRefused({ from: names.from, to: names.to.id, file: names.to.source, objection, ...asked })
          )
        )
    })
