/**
 * Records an operator's word in the ledger, and runs no migration: a baseline, and a new id.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { AutoMigrationError } from "../core/error/AutoMigrationError.js"
import type { MigrationGraph } from "../core/graph/MigrationGraph.js"
import type * as Plan from "../core/graph/Plan.js"
import type { AppliedSet } from "../core/migration/LedgerEvent.js"
import type { Migration, MigrationId } from "../core/migration/Migration.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import * as Job from "../execute/Job.js"
import type { PlanRunner } from "../runner/PlanRunner.js"
import type * as CommandLine from "../runtime/CommandLine.js"
import * as OperatorRun from "./OperatorRun.js"
import * as RecordingCondition from "./RecordingCondition.js"

/**
 * Options of a baseline.
 *
 * @since 0.1.0
 * @category models
 */
export interface BaselineOptions {
  /** Records migrations without asking the catalog for the objects that they promise. Defaults to `false`. */
  readonly unchecked?: boolean
}

/** @since 0.1.0 @category models */
export interface Services {
  readonly commands: CommandLine.Setting
  readonly graph: MigrationGraph
  /** In the graph's order. */
  readonly migrations: ReadonlyArray<Migration>
  /** Reads the ledger at each run. */
  readonly applied: Effect.Effect<AppliedSet, AutoMigrationError>
  readonly runner: Context.Tag.Service<PlanRunner>
}

/** Records all of the chosen migrations or none. @since 0.1.0 @category operations */
export const baseline = (
  { commands, graph, migrations, runner }: Services,
  chosen: ReadonlyArray<Migration>,
  { unchecked = false }: BaselineOptions = {}
): Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError> => {
  const wanted = new Set(chosen)
  const steps = migrations
    .filter((migration) => wanted.has(migration))
    .map((migration): Plan.Step => ({ migration, reason: "pending" }))
  if (!Arr.isNonEmptyReadonlyArray(steps)) return Effect.succeed([])
  const request = unchecked
    ? { condition: Job.unconditional, detail: { ...OperatorRun.options.detail, unchecked } }
    : { condition: RecordingCondition.founded(graph, commands) }
  return Effect.map(
    OperatorRun.run(runner, { plan: { steps, targets: [], prerequisites: [] }, doing: "baseline", ...request }),
    OperatorRun.idsOf
  )
}

/**
 * Records that a migration has a new id. Begins again where another process has changed the ledger meanwhile.
 *
 * @since 0.1.0
 * @category operations
 */
export const rename = (
  services: Services,
  from: string,
  migration: Migration
): Effect.Effect<void, AutoMigrationError> =>
  Effect.gen(function* () {
    const condition = RecordingCondition.renameable(services.graph, { from, to: migration })
    const applied = yield* services.applied
    yield* Effect.mapError(condition({ applied, waiting: [], ask: () => Effect.void }), MigrationFailure.withoutQuery)
    const plan: Plan.Plan = { steps: [{ migration, reason: "pending" }], targets: [], prerequisites: [] }
    const detail = { ...OperatorRun.options.detail, from }
    const result = yield* OperatorRun.run(services.runner, { plan, doing: "rename", condition, detail })
    if (OperatorRun.idsOf(result).length === 0) yield* rename(services, from, migration)
  })
