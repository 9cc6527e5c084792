/**
 * Finds migrations of a plan that are applied under an old name. Such a plan is neither run nor recorded.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { MigrationRenamed } from "../core/error/AutoMigrationError.js"
import type { MigrationGraph } from "../core/graph/MigrationGraph.js"
import type { AppliedSet } from "../core/migration/LedgerEvent.js"
import type { Migration } from "../core/migration/Migration.js"
import * as Renaming from "../core/policy/Renaming.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import type { Condition } from "../execute/Job.js"
import * as CommandLine from "../runtime/CommandLine.js"

/**
 * The failure for the first waiting migration that is applied under another name.
 *
 * @since 0.1.0
 * @category queries
 */
export const renamed = (
  graph: MigrationGraph,
  commands: CommandLine.Setting,
  { applied, waiting }: { readonly applied: AppliedSet; readonly waiting: ReadonlyArray<Migration> }
): Option.Option<MigrationFailure.Failure> =>
  Option.map(
    Arr.findFirst(Renaming.renamings(graph, applied), ({ migration }) => waiting.includes(migration)),
    ({ from, migration: { id, source }, oldIds }) =>
      MigrationFailure.circumstance(
        ({ asked }) =>
          new MigrationRenamed({
            migrationId: id,
            file: source,
            from,
            commands:
              oldIds === "taken" ? [] : Arr.map(from, (old) => CommandLine.command(commands, "rename", [old, id])),
            ...asked
          })
      )
  )

/** No migration of the plan is applied under another name. @since 0.1.0 @category conditions */
export const notRenamed =
  (graph: MigrationGraph, commands: CommandLine.Setting): Condition =>
  (circumstances) =>
    Option.match(renamed(graph, commands, circumstances), { onNone: () => Effect.void, onSome: Effect.fail })
