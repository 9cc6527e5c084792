/**
 * What must hold, under the migration lock, before a plan is run or recorded: no migration of it is applied under another name,
 * and what is only recorded is really there.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { BaselineUnfounded, MigrationRenamed, RenameRefused } from "../core/error/AutoMigrationError.js"
import type { MigrationGraph } from "../core/graph/MigrationGraph.js"
import * as Plan from "../core/graph/Plan.js"
import type { AppliedSet } from "../core/migration/LedgerEvent.js"
import type { Migration } from "../core/migration/Migration.js"
import * as Baseline from "../core/policy/Baseline.js"
import * as Renaming from "../core/policy/Renaming.js"
import * as Catalog from "../database/Catalog.js"
import * as Message from "../database/Message.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import type { Condition } from "../execute/Job.js"
import { commandSuffix, type SchemaName } from "../runtime/AutoMigrationConfig.js"

/**
 * The first of some migrations that is applied under another name, as a failure.
 *
 * @since 0.1.0
 * @category queries
 */
export const renamed = (
  graph: MigrationGraph,
  schema: SchemaName,
  { applied, waiting }: { readonly applied: AppliedSet; readonly waiting: ReadonlyArray<Migration> }
): Option.Option<MigrationFailure.Failure> =>
  Option.map(
    Arr.findFirst(Renaming.renamings(graph, applied), ({ migration }) => waiting.includes(migration)),
    ({ from, migration: { id, source } }) =>
      MigrationFailure.circumstance(
        ({ cause }) =>
          new MigrationRenamed({
            migrationId: id,
            file: source,
            from,
            commands: Arr.map(from, (old) => `${Plan.commandFor("rename", [old, id])}${commandSuffix(schema)}`),
            cause
          })
      )
  )

/** Nothing of the plan is applied under another name. @since 0.1.0 @category conditions */
export const notRenamed =
  (graph: MigrationGraph, schema: SchemaName): Condition =>
  (circumstances) =>
    Option.match(renamed(graph, schema, circumstances), { onNone: () => Effect.void, onSome: Effect.fail })

/** The catalog shows all that the plan promises. @since 0.1.0 @category conditions */
export const founded =
  (graph: MigrationGraph, schema: SchemaName): Condition =>
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
        return Arr.isNonEmptyReadonlyArray(missing) ? Effect.fail(lacking(schema, missing)) : Effect.void
      })
    )
  }

const lacking = (schema: SchemaName, missing: Arr.NonEmptyReadonlyArray<Baseline.Owed>): MigrationFailure.Failure => {
  const unfounded = Baseline.unfounded(missing)
  const ids = unfounded.map(({ migrationId }) => migrationId)
  const command = `${Plan.commandFor("migrate", ids)}${commandSuffix(schema)}`
  return MigrationFailure.circumstance(({ cause }) => new BaselineUnfounded({ unfounded, command, cause }))
}

/** A new name may be recorded. @since 0.1.0 @category conditions */
export const renameable =
  (graph: MigrationGraph, names: Renaming.Names): Condition =>
  ({ applied }) =>
    Option.match(Renaming.objection(graph, applied, names), {
      onNone: () => Effect.void,
      onSome: (objection) =>
        Effect.fail(
          MigrationFailure.circumstance(
            ({ cause }) =>
              new RenameRefused({ from: names.from, to: names.to.id, file: names.to.source, objection, cause })
          )
        )
    })
