/**
 * Operations for a start-up, a command line or a test: apply migrations, show their status, record those that are
 * applied already, and check the ledger. No policy judges a plan that an operator runs.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import * as Option from "effect/Option"
import type * as Stream from "effect/Stream"
import type * as Adoption from "../core/adoption/Adoption.js"
import { type AdoptionError, type AutoMigrationError, UnknownMigration } from "../core/error/AutoMigrationError.js"
import * as MigrationGraph from "../core/graph/MigrationGraph.js"
import type * as Plan from "../core/graph/Plan.js"
import * as Resolver from "../core/graph/Resolver.js"
import {
  type AppliedSet,
  type BrokenLink,
  type ChainHead,
  isCurrent,
  type LedgerEvent
} from "../core/migration/LedgerEvent.js"
import type { Migration, MigrationId } from "../core/migration/Migration.js"
import type * as MigrationWarning from "../core/migration/MigrationWarning.js"
import * as DataLoss from "../core/policy/DataLoss.js"
import * as Renaming from "../core/policy/Renaming.js"
import * as Catalog from "../database/Catalog.js"
import * as Message from "../database/Message.js"
import { MigrationClient } from "../database/MigrationClient.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import * as Presence from "../database/Presence.js"
import * as Job from "../execute/Job.js"
import * as Waits from "../execute/Waits.js"
import * as Holders from "../ledger/Holders.js"
import * as LedgerMigrations from "../ledger/OwnMigrations.js"
import { Knowledge } from "../runner/Knowledge.js"
import { Ledger } from "../runner/Ledger.js"
import * as OldNames from "../runner/OldNames.js"
import * as PlanRunner from "../runner/PlanRunner.js"
import { AutoMigrationConfig, type Options, type SchemaName } from "../runtime/AutoMigrationConfig.js"
import * as Telemetry from "../runtime/Telemetry.js"
import * as Adopter from "./Adopter.js"
import * as RecordingCondition from "./RecordingCondition.js"

/**
 * How the program's migrations compare with the ledger.
 *
 * @since 0.1.0
 * @category models
 */
export interface Status {
  /** In the graph's order. */
  readonly applied: ReadonlyArray<MigrationId>
  /** In the order in which `migrate` would run them. */
  readonly pending: ReadonlyArray<MigrationId>
  /** Recorded in the ledger and not in this program: a newer deployment has them, or their files were deleted. */
  readonly unknown: ReadonlyArray<MigrationId>
  /** Edited after they were applied. `migrate` runs the repeatable ones again, and refuses the others. */
  readonly edited: ReadonlyArray<MigrationId>
  /**
   * Pending, with exactly the text of a migration that is applied under an id that no file has: their files were
   * renamed, and `rename` has not recorded that yet. `unknown` never lists the old ids.
   */
  readonly renamed: ReadonlyArray<{ readonly from: MigrationId; readonly to: MigrationId }>
  /** Pending, though an applied migration comes after them: their files were added too low in the order. */
  readonly overtaken: ReadonlyArray<MigrationId>
  /** Warnings about pending migrations. `graph.warnings` has those of all migrations. */
  readonly warnings: ReadonlyArray<MigrationWarning.MigrationWarning>
  /** Tables of other tools that record migrations. */
  readonly elsewhere: ReadonlyArray<Adopter.HistoryStatus>
  /** A sentence for each session that holds the migration lock, and for each lease: who holds it, and what ends it. */
  readonly held: ReadonlyArray<string>
}

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

type Recording = Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError | UnknownMigration>

/**
 * @since 0.1.0
 * @category models
 */
export interface Operator {
  readonly graph: MigrationGraph.MigrationGraph
  readonly migrate: Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError>
  readonly migrateTo: (
    ids: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError | UnknownMigration>
  readonly migrateAgain: (
    ids: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError | UnknownMigration>
  readonly plan: Effect.Effect<Option.Option<Plan.Plan>, AutoMigrationError>
  readonly status: Effect.Effect<Status, AutoMigrationError>
  readonly isApplied: (id: string) => Effect.Effect<boolean, AutoMigrationError | UnknownMigration>
  readonly losses: Effect.Effect<ReadonlyArray<Plan.StepRisk>, AutoMigrationError>
  readonly lossesTo: (
    ids: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyArray<Plan.StepRisk>, AutoMigrationError | UnknownMigration>
  readonly baseline: (ids: ReadonlyArray<string>, options?: BaselineOptions) => Recording
  readonly baselineAll: (options?: BaselineOptions) => Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError>
  readonly baselineTo: (id: string, options?: BaselineOptions) => Recording
  readonly adoption: (
    options: Adoption.AdoptOptions
  ) => Effect.Effect<Adoption.Adoption, AutoMigrationError | AdoptionError>
  readonly adopt: (
    options: Adoption.AdoptOptions
  ) => Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError | AdoptionError>
  readonly release: (id: string) => Effect.Effect<boolean, AutoMigrationError>
  readonly rename: (from: string, to: string) => Effect.Effect<void, AutoMigrationError | UnknownMigration>
  readonly events: Stream.Stream<LedgerEvent, AutoMigrationError>
  readonly verify: Effect.Effect<Either.Either<ChainHead, BrokenLink>, AutoMigrationError>
  readonly rebuild: Effect.Effect<void, AutoMigrationError>
}

/** The options of every operator's run: no deadline, and no policy. */
const forOperator: Omit<PlanRunner.RunOptions, "plan" | "doing"> = {
  pace: "operator",
  judgement: Option.none(),
  caller: "in view",
  deadlineAt: Number.POSITIVE_INFINITY,
  onDeadline: (migration) => MigrationFailure.effectFailed(migration, "it was not done in time"),
  detail: { by: "operator" }
}

type OperatorRun = Pick<PlanRunner.RunOptions, "plan" | "doing"> &
  Partial<Pick<PlanRunner.RunOptions, "condition" | "detail" | "details">>

interface Services {
  readonly schema: SchemaName
  readonly graph: MigrationGraph.MigrationGraph
  /** In the graph's order. */
  readonly migrations: ReadonlyArray<Migration>
  /** Reads the ledger at each run. */
  readonly applied: Effect.Effect<AppliedSet, AutoMigrationError>
  readonly catalog: Context.Tag.Service<Catalog.Catalog>
  readonly ledger: Context.Tag.Service<Ledger>
  readonly runner: Context.Tag.Service<PlanRunner.PlanRunner>
  readonly adopter: Adopter.Adopter
  readonly waits: Effect.Effect<ReadonlyArray<string>>
  readonly release: (id: string) => Effect.Effect<boolean, AutoMigrationError>
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.gen(function* () {
  const config = yield* AutoMigrationConfig
  const { schema } = config
  const { ask } = yield* MigrationClient
  const { graph, refresh } = yield* Knowledge
  const runner = yield* PlanRunner.PlanRunner
  const applied = Effect.map(withoutQuery(refresh), (view) => view.applied)
  const ledger = yield* Ledger
  return operatorFrom({
    schema,
    graph,
    migrations: graph.nodes.map(({ migration }) => migration),
    applied,
    catalog: yield* Catalog.Catalog,
    ledger,
    runner,
    waits: Waits.holders({ ask, config }),
    release: (id) => Effect.zipRight(applied, release(ask, config, id)),
    adopter: yield* Adopter.make({
      applied,
      events: ledger.events,
      record: (plan, details) => Effect.map(run(runner, { plan, doing: "adopt", details }), idsOf)
    })
  })
})

const operatorFrom = (services: Services): Operator => {
  const { adopter, applied, graph, ledger, migrations } = services
  const known = (ids: ReadonlyArray<string>) => Effect.forEach(ids, (id) => migrationOf(services, id))
  const all: Choose = (set) => Resolver.pending(graph, set)
  const upTo =
    (chosen: ReadonlyArray<Migration>): Choose =>
    (set) =>
      Resolver.upTo(graph, set, chosen.map(idOf))
  return {
    graph,
    events: ledger.events,
    verify: ledger.verify,
    rebuild: withoutQuery(ledger.rebuild),
    plan: Effect.map(applied, (set) => all(current(services, set))),
    losses: lossesOf(services, all),
    lossesTo: (ids) => Effect.flatMap(known(ids), (chosen) => lossesOf(services, upTo(chosen))),
    migrate: migrate(services, all, "apply"),
    migrateTo: (ids) => Effect.flatMap(known(ids), (chosen) => migrate(services, upTo(chosen), "apply")),
    migrateAgain: (ids) => Effect.flatMap(known(ids), (chosen) => migrate(services, upTo(chosen), "again")),
    status: Effect.flatMap(applied, (set) => status(services, set)),
    isApplied: (id) => isApplied(services, id),
    baseline: (ids, options) => Effect.flatMap(known(ids), (chosen) => baseline(services, chosen, options)),
    baselineAll: (options) => baseline(services, migrations, options),
    baselineTo: (id, options) =>
      Effect.flatMap(migrationOf(services, id), (last) =>
        baseline(services, migrations.slice(0, migrations.indexOf(last) + 1), options)
      ),
    adopt: adopter.adopt,
    adoption: adopter.adoption,
    rename: (from, to) => rename(services, from, to),
    release: services.release
  }
}

const release = (ask: Message.Ask, config: Options, id: string): Effect.Effect<boolean, AutoMigrationError> =>
  ask(Message.changing(config, "operator", Holders.release(config.schema, id))).pipe(
    Effect.mapError((error) => MigrationFailure.withoutQuery(MigrationFailure.ofMessage(error, "the end of a lease"))),
    Effect.flatMap((results) => Holders.readIsReleased(Message.columnsOf(results)))
  )

const migrationOf = ({ migrations }: Services, id: string): Effect.Effect<Migration, UnknownMigration> =>
  Effect.mapError(
    Arr.findFirst(migrations, (migration) => migration.id === id),
    () => new UnknownMigration({ id, known: migrations.map(idOf) })
  )

/** Chooses a plan from the migrations that an applied set lacks. */
type Choose = (applied: AppliedSet["checksumById"]) => Option.Option<Plan.Plan>

/**
 * Applies the chosen plan. Fails before the first step where the file of an applied migration was edited. The span gets the
 * error as it is told to others, since exporters print it.
 */
const migrate = (
  services: Services,
  choose: Choose,
  doing: "apply" | "again"
): Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError> =>
  Effect.mapError(Effect.withSpan(applyChosen(services, choose, doing), Telemetry.span.migrate), (error) =>
    "failure" in error ? forItsRunner(error) : error
  )

const forItsRunner = ({ failure, retryAt }: PlanRunner.RunFailure): AutoMigrationError =>
  failure.toError({ cause: undefined, retryAt, toItsRunner: true })

const applyChosen = (
  services: Services,
  choose: Choose,
  doing: "apply" | "again"
): Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError | PlanRunner.RunFailure> =>
  Effect.gen(function* () {
    const set = yield* appliedUnlessEdited(services)
    const plan = choose(current(services, set))
    if (Option.isNone(plan)) return []
    yield* services.adopter.unlessDue(set, plan.value)
    const result = yield* services.runner.run({ ...forOperator, plan: plan.value, doing })
    return result._tag === "Outdated" ? yield* applyChosen(services, choose, doing) : idsOf(result)
  })

/** The applied set. Fails if the file of an applied migration was edited, and the migration is not repeatable. */
const appliedUnlessEdited = ({ applied, migrations }: Services): Effect.Effect<AppliedSet, AutoMigrationError> =>
  Effect.tap(applied, (set) =>
    Option.match(
      Arr.findFirst(migrations, (migration) => !migration.isRepeatable && isEdited(set, migration)),
      {
        onNone: () => Effect.void,
        onSome: (migration) => Effect.fail(MigrationFailure.edited(migration, set.checksumById.get(migration.id) ?? ""))
      }
    )
  )

const isEdited = ({ checksumById }: AppliedSet, { checksum, id }: Migration): boolean => {
  const recorded = checksumById.get(id)
  return recorded !== undefined && recorded !== checksum
}

/** The applied set without repeatable migrations that were edited: an operator runs these again. */
const current = ({ migrations }: Services, set: AppliedSet): AppliedSet["checksumById"] => {
  const again = new Set(migrations.filter((migration) => !isCurrent(set, migration)).map(idOf))
  return new Map([...set.checksumById].filter(([id]) => !again.has(id)))
}

const run = (runner: Services["runner"], request: OperatorRun): Effect.Effect<PlanRunner.Result, AutoMigrationError> =>
  Effect.mapError(runner.run({ ...forOperator, ...request }), forItsRunner)

const idsOf = (result: PlanRunner.Result): ReadonlyArray<MigrationId> =>
  result._tag === "Done" ? result.ran.map(idOf) : []

const idOf = (migration: Migration): MigrationId => migration.id

/** The statements of the chosen plan that lose data. Fails where the plan would not begin. */
const lossesOf = Effect.fnUntraced(function* (
  services: Services,
  choose: Choose
): Effect.fn.Return<ReadonlyArray<Plan.StepRisk>, AutoMigrationError> {
  const { adopter, catalog, graph, runner, schema } = services
  const set = yield* appliedUnlessEdited(services)
  const plan = choose(current(services, set))
  if (Option.isNone(plan)) return []
  const waiting = plan.value.steps.map(({ migration }) => migration)
  const renamed = OldNames.renamed(graph, schema, { applied: set, waiting })
  if (Option.isSome(renamed)) return yield* MigrationFailure.withoutQuery(renamed.value)
  yield* Effect.mapError(runner.unlessElsewhere(set), ({ failure }) => MigrationFailure.withoutQuery(failure))
  yield* adopter.unlessDue(set, plan.value)
  const answers = yield* withoutQuery(catalog.presence(DataLoss.questions(plan.value)))
  return DataLoss.real(plan.value, Presence.unlockedFacts(answers))
})

const withoutQuery = <A>(effect: Effect.Effect<A, MigrationFailure.Failure>): Effect.Effect<A, AutoMigrationError> =>
  Effect.mapError(effect, MigrationFailure.withoutQuery)

const isApplied = (services: Services, id: string): Effect.Effect<boolean, AutoMigrationError | UnknownMigration> =>
  Effect.flatMap(services.applied, ({ checksumById }) =>
    [...checksumById.keys()].some((other) => other === id)
      ? Effect.succeed(true)
      : Effect.as(migrationOf(services, id), false)
  )

/** Records all of the migrations or none. */
const baseline = (
  { graph, migrations, runner, schema }: Services,
  chosen: ReadonlyArray<Migration>,
  { unchecked = false }: BaselineOptions = {}
): Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError> => {
  const wanted = new Set(chosen)
  const steps = migrations
    .filter((migration) => wanted.has(migration))
    .map((migration): Plan.Step => ({ migration, reason: "pending" }))
  if (!Arr.isNonEmptyReadonlyArray(steps)) return Effect.succeed([])
  const request = unchecked
    ? { condition: Job.unconditional, detail: { ...forOperator.detail, unchecked } }
    : { condition: RecordingCondition.founded(graph, schema) }
  return Effect.map(
    run(runner, { plan: { steps, targets: [], prerequisites: [] }, doing: "baseline", ...request }),
    idsOf
  )
}

/** Begins again where another process has changed the ledger meanwhile. */
const rename = (
  services: Services,
  from: string,
  to: string
): Effect.Effect<void, AutoMigrationError | UnknownMigration> =>
  Effect.gen(function* () {
    const migration = yield* migrationOf(services, to)
    const condition = RecordingCondition.renameable(services.graph, { from, to: migration })
    const applied = yield* services.applied
    yield* withoutQuery(condition({ applied, waiting: [], ask: () => Effect.void }))
    const plan: Plan.Plan = { steps: [{ migration, reason: "pending" }], targets: [], prerequisites: [] }
    const detail = { ...forOperator.detail, from }
    const result = yield* run(services.runner, { plan, doing: "rename", condition, detail })
    if (idsOf(result).length === 0) yield* rename(services, from, to)
  })

const status = Effect.fnUntraced(function* (
  services: Services,
  set: AppliedSet
): Effect.fn.Return<Status, AutoMigrationError> {
  const { adopter, graph, migrations } = services
  const [pending, done] = Arr.partition(migrations, (migration) => set.checksumById.has(migration.id))
  const renamed = Renaming.renamings(graph, set).flatMap(({ from, migration, oldIds }) =>
    oldIds === "free" ? from.map((old) => ({ from: old, to: migration.id })) : []
  )
  const known = new Set([...migrations.map(idOf), ...renamed.map(({ from }) => from)])
  return {
    applied: done.map(idOf),
    pending: pending.map(idOf),
    unknown: yield* withoutRenamed(
      services,
      set,
      [...set.checksumById.keys()].filter((id) => !known.has(id) && !LedgerMigrations.isOwn(id))
    ),
    edited: done.filter((migration) => isEdited(set, migration)).map(idOf),
    renamed,
    overtaken: MigrationGraph.overtaken(graph, new Set(done.map(idOf))).map(idOf),
    warnings: graph.warnings.filter(({ migration }) => pending.some(({ id }) => id === migration)),
    elsewhere: yield* adopter.histories(set),
    held: yield* services.waits
  }
})

/**
 * Leaves out old ids of migrations whose new names are recorded. Such a migration is applied under two ids with one
 * checksum. Only then the log is asked for the old ids.
 */
const withoutRenamed = Effect.fnUntraced(function* (
  { ledger, migrations }: Services,
  { checksumById }: AppliedSet,
  ids: ReadonlyArray<MigrationId>
): Effect.fn.Return<ReadonlyArray<MigrationId>, AutoMigrationError> {
  const own = new Set(migrations.map(({ id }) => checksumById.get(id)))
  if (ids.every((id) => !own.has(checksumById.get(id)))) return ids
  const before = yield* withoutQuery(ledger.renamed)
  return ids.filter((id) => !before.has(id))
})
