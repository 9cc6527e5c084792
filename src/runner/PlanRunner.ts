/**
 * Runs a plan for a query or an operator. It builds the ledger where it is missing, remembers the applied set that a
 * run has read, and refuses migrations that failed a short time ago.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import type * as Detector from "../core/detect/Detector.js"
import { LedgerUnusable } from "../core/error/AutoMigrationError.js"
import * as Plan from "../core/graph/Plan.js"
import { type AppliedSet, isApplied } from "../core/migration/LedgerEvent.js"
import type { Migration } from "../core/migration/Migration.js"
import { MigrationClient } from "../database/MigrationClient.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import * as Executor from "../execute/Executor.js"
import * as Job from "../execute/Job.js"
import * as LedgerMigrations from "../ledger/OwnMigrations.js"
import { AutoMigrationConfig, type Options, type SchemaName } from "../runtime/AutoMigrationConfig.js"
import * as Monotonic from "../runtime/Monotonic.js"
import * as Telemetry from "../runtime/Telemetry.js"
import * as Breaker from "./Breaker.js"
import * as ForeignHistory from "./ForeignHistory.js"
import { Knowledge } from "./Knowledge.js"
import { Ledger } from "./Ledger.js"
import * as OldNames from "./OldNames.js"
import * as WindowGauge from "./WindowGauge.js"

/**
 * A failure, and when the migration at fault may be tried again: in milliseconds since 1970, or 0 where no migration is
 * at fault.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunFailure {
  readonly failure: MigrationFailure.Failure
  readonly retryAt: number
}

/**
 * The result of a run; see `Executor.Outcome`. After `Outdated` the caller reads the ledger again and makes another
 * plan.
 *
 * @since 0.1.0
 * @category models
 */
export type Result =
  | { readonly _tag: "Done"; readonly ran: ReadonlyArray<Migration> }
  | { readonly _tag: "Present" | "Held" | "Outdated" }

/**
 * The part of a job that the caller decides.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunOptions extends Omit<Executor.Job, "attend" | "condition" | "journal" | "known" | "transaction"> {
  /** Defaults to `OldNames.notRenamed`, and to no condition for a job that only records. */
  readonly condition?: Executor.Job["condition"]
}

/** @since 0.1.0 @category tags */
export class PlanRunner extends Context.Tag("effect-auto-migration/PlanRunner")<
  PlanRunner,
  {
    /** The window that is open for a migration of a plan. The plan is refused until it ends. */
    readonly openWindow: (plan: Plan.Plan) => Effect.Effect<Option.Option<Breaker.Window>>
    /** All windows that are open in this process. */
    readonly openWindows: Effect.Effect<ReadonlyArray<Breaker.OpenWindow>>
    /** Fails where another tool has migrated the database, and the ledger holds no migration of the program. */
    readonly unlessElsewhere: (applied: AppliedSet) => Effect.Effect<void, RunFailure>
    readonly run: (options: RunOptions) => Effect.Effect<Result, RunFailure>
  }
>() {}

interface Dependencies {
  readonly config: Options
  readonly executor: Context.Tag.Service<Executor.Executor>
  readonly knowledge: Context.Tag.Service<Knowledge>
  readonly ledger: Context.Tag.Service<Ledger>
  readonly foreign: ForeignHistory.ForeignHistory
  readonly breaker: Breaker.Breaker
  /** The name that the application gives its sessions. */
  readonly application: string | undefined
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.gen(function* () {
  const config = yield* AutoMigrationConfig
  const dependencies: Dependencies = {
    config,
    executor: yield* Executor.Executor,
    knowledge: yield* Knowledge,
    ledger: yield* Ledger,
    foreign: yield* ForeignHistory.make,
    breaker: yield* WindowGauge.observed(yield* Breaker.make(config.breaker)),
    application: (yield* MigrationClient).application
  }
  // Two plans of one process would wait for the same lock, and hold a connection each while they wait.
  const turn = yield* Effect.makeSemaphore(1)
  return PlanRunner.of({
    openWindow: (plan) => openWindow(dependencies, plan),
    openWindows: dependencies.breaker.open,
    unlessElsewhere: (applied) => unlessElsewhere(dependencies, applied),
    run: (options) =>
      turn
        .withPermits(1)(runInTurn(dependencies, options))
        .pipe(Metric.trackDurationWith(Telemetry.duration, Duration.toMillis))
  })
})

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<PlanRunner, never, Executor.Executor | Knowledge | Ledger | MigrationClient> =
  Layer.scoped(PlanRunner, make)

const runInTurn = (dependencies: Dependencies, options: RunOptions): Effect.Effect<Result, RunFailure> =>
  Effect.zipRight(
    unlessLate(options),
    Effect.zipRight(
      unlessRefused(dependencies, options),
      execute(dependencies, options).pipe(
        Effect.tap((ended) => learn(dependencies, options, ended)),
        Effect.catchAll((failure) => refuse(dependencies, failure))
      )
    )
  )

/** Fails where the turn comes after the deadline. No migration is at fault for that. */
const unlessLate = ({ deadlineAt, onDeadline, plan }: RunOptions): Effect.Effect<void, RunFailure> =>
  Effect.flatMap(Monotonic.milliseconds, (now) =>
    now < deadlineAt
      ? Effect.void
      : Effect.fail({ failure: onDeadline(Arr.headNonEmpty(plan.steps).migration), retryAt: 0 })
  )

/** Fails while a window is open: the run before may have opened one. An operator runs the plan in spite of it. */
const unlessRefused = (dependencies: Dependencies, { pace, plan }: RunOptions): Effect.Effect<void, RunFailure> =>
  pace === "operator"
    ? Effect.void
    : Effect.flatMap(openWindow(dependencies, plan), Option.match({ onNone: () => Effect.void, onSome: Effect.fail }))

/** A window under this id holds for every migration. */
const everyMigration = LedgerMigrations.emptyAdoption.id

const openWindow = (
  { breaker, knowledge }: Dependencies,
  plan: Plan.Plan
): Effect.Effect<Option.Option<Breaker.Window>> =>
  Effect.flatMap(knowledge.remembered, (known) =>
    breaker.openFor(
      Option.exists(known, (applied) => ForeignHistory.isOfProgram(knowledge.graph, applied))
        ? Plan.ids(plan)
        : [...Plan.ids(plan), everyMigration]
    )
  )

const unlessElsewhere = (dependencies: Dependencies, applied: AppliedSet): Effect.Effect<void, RunFailure> => {
  const { breaker, foreign, knowledge } = dependencies
  if (ForeignHistory.isOfProgram(knowledge.graph, applied)) return Effect.void
  return Effect.flatMap(
    breaker.openFor([everyMigration]),
    Option.match({
      onNone: () => Effect.catchAll(foreign.refuse(applied), (failure) => refuse(dependencies, failure)),
      onSome: Effect.fail
    })
  )
}

/** The outcome of a run where the ledger exists. */
type Ended = Exclude<Executor.Outcome, { readonly _tag: "NoLedger" }>

const execute = Effect.fnUntraced(function* (
  dependencies: Dependencies,
  options: RunOptions
): Effect.fn.Return<Ended, MigrationFailure.Failure> {
  const { config, executor, knowledge } = dependencies
  const { applied } = yield* knowledge.view
  if (isDone(options, applied)) return { _tag: "Done", ran: [], applied }
  const job = jobFor(dependencies, options, applied)
  const first = yield* applied.sequence === 0 ? buildAndRun(dependencies, job, Option.none()) : executor.run(job)
  if (first._tag !== "NoLedger") return first
  const second = yield* buildAndRun(dependencies, job, Option.some(first.gap))
  return second._tag === "NoLedger" ? yield* Effect.fail(missingAgain(config.schema)) : second
})

/** Whether a query that waited before this one has run the same plan. */
const isDone = ({ pace, plan }: RunOptions, applied: AppliedSet): boolean =>
  pace === "request" && isApplied(applied, Plan.ids(plan))

const jobFor = (
  { application, config, knowledge, ledger, foreign }: Dependencies,
  options: RunOptions,
  applied: AppliedSet
): Executor.Job => ({
  condition: Option.isSome(Job.recordedAs(options)) ? Job.unconditional : OldNames.notRenamed(knowledge.graph, config),
  ...options,
  detail: { ...options.detail, ...(application === undefined ? {} : { application }) },
  known: applied,
  journal: guardingFor(foreign, options)(ledger.journal),
  transaction: config.transaction,
  attend: Effect.map(
    knowledge.attend,
    (announced) => (known) => announced(Job.left(options, known, options.plan).map(({ id }) => id))
  )
})

/** No condition for a job that only records: it is the remedy for the history of another tool. */
const guardingFor = (
  { guarding }: ForeignHistory.ForeignHistory,
  job: Pick<Executor.Job, "doing">
): ForeignHistory.ForeignHistory["guarding"] => (Option.isSome(Job.recordedAs(job)) ? identity : guarding)

const buildAndRun = (
  { executor, foreign, ledger }: Dependencies,
  job: Executor.Job,
  gap: Option.Option<Detector.MissingObject>
): Effect.Effect<Executor.Outcome, MigrationFailure.Failure> =>
  Effect.zipRight(ledger.build(gap, job, guardingFor(foreign, job)), executor.run(job))

const missingAgain = (schema: SchemaName): MigrationFailure.Failure =>
  MigrationFailure.circumstance(
    ({ asked }) =>
      new LedgerUnusable({
        schema,
        reason: "it is missing again right after it was built",
        remedy: "Look for what drops it.",
        ...asked
      })
  )

const learn = (
  { breaker, knowledge }: Dependencies,
  { plan }: RunOptions,
  { _tag, applied }: Ended
): Effect.Effect<void> => {
  if (_tag === "Outdated") return Effect.void
  const learnt = knowledge.learn(applied)
  return _tag === "Held" ? learnt : Effect.zipRight(learnt, breaker.succeeded([...Plan.ids(plan), everyMigration]))
}

const refuse = ({ breaker }: Dependencies, failure: MigrationFailure.Failure): Effect.Effect<never, RunFailure> =>
  Effect.flatMap(
    windowFor(breaker, failure),
    Option.match({ onNone: () => Effect.fail<RunFailure>({ failure, retryAt: 0 }), onSome: Effect.fail })
  )

const windowFor = (
  breaker: Breaker.Breaker,
  failure: MigrationFailure.Failure
): Effect.Effect<Option.Option<Breaker.Window>> => {
  if (failure.isEverywhere) return Effect.asSome(breaker.failed(everyMigration, failure))
  if (Option.isSome(failure.blames)) return Effect.asSome(breaker.failed(failure.blames.value.migration.id, failure))
  const { lockWait } = failure
  if (lockWait !== undefined) {
    return Effect.asSome(breaker.failed(lockWait.id, failure, Breaker.lockShare * lockWait.milliseconds))
  }
  return Option.isSome(failure.suspects) ? breaker.suspected(failure.suspects.value, failure) : Effect.succeedNone
}
