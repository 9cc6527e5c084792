/**
 * Runs a plan for whoever asks, a query or an operator: builds the ledger where it is missing, tells what has been learnt,
 * and keeps the windows of migrations that fail.
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
import * as Schedule from "effect/Schedule"
import { AutoMigrationConfig } from "./AutoMigrationConfig.js"
import * as Breaker from "./Breaker.js"
import { LedgerUnusable } from "./core/AutoMigrationError.js"
import type * as Detector from "./core/Detector.js"
import { type AppliedSet, isApplied } from "./core/LedgerEvent.js"
import type { Migration } from "./core/Migration.js"
import * as Plan from "./core/Plan.js"
import * as Executor from "./Executor.js"
import * as ForeignHistory from "./ForeignHistory.js"
import * as Job from "./Job.js"
import { Knowledge } from "./Knowledge.js"
import { Ledger } from "./Ledger.js"
import * as LedgerMigrations from "./LedgerMigrations.js"
import type { MigrationClient } from "./MigrationClient.js"
import * as MigrationFailure from "./MigrationFailure.js"
import * as Monotonic from "./Monotonic.js"
import * as Telemetry from "./Telemetry.js"

/**
 * A failure, and when the migration at fault may be tried again: milliseconds since 1970, 0 where none is at fault.
 *
 * @since 0.1.0
 * @category models
 */
export interface Refusal {
  readonly failure: MigrationFailure.Failure
  readonly retryAt: number
}

/**
 * What was done; see `Executor.Outcome`. After `Outdated` whoever asked reads the ledger anew, and makes another plan.
 *
 * @since 0.1.0
 * @category models
 */
export type Result =
  | { readonly _tag: "Done"; readonly ran: ReadonlyArray<Migration> }
  | { readonly _tag: "Present" | "Held" | "Outdated" }

/**
 * A job as far as whoever asks decides it.
 *
 * @since 0.1.0
 * @category models
 */
export type Request = Omit<Executor.Job, "attend" | "journal" | "known" | "pauses" | "transaction" | "yields">

/** @since 0.1.0 @category tags */
export class PlanRunner extends Context.Tag("effect-auto-migration/PlanRunner")<
  PlanRunner,
  {
    /** The window that is open for a migration of a plan, which refuses it. */
    readonly refusal: (plan: Plan.Plan) => Effect.Effect<Option.Option<Breaker.Window>>
    /** Fails where another tool has migrated the database, and the ledger is without migrations of the program. */
    readonly unlessElsewhere: (applied: AppliedSet) => Effect.Effect<void, Refusal>
    readonly run: (options: Request) => Effect.Effect<Result, Refusal>
  }
>() {}

/** Whose window stands for that of every migration. */
const everything = LedgerMigrations.emptyAdoption.id

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.gen(function* () {
  const { breaker: windows, lockRetry, schema, transaction } = yield* AutoMigrationConfig
  const executor = yield* Executor.Executor
  const knowledge = yield* Knowledge
  const ledger = yield* Ledger
  const foreign = yield* ForeignHistory.make
  const breaker = yield* Breaker.make(windows)
  const windowOf = (plan: Plan.Plan): Effect.Effect<Option.Option<Breaker.Window>> =>
    Effect.flatMap(knowledge.remembered, (known) =>
      breaker.openFor(Option.exists(known, ForeignHistory.isBegun) ? Plan.ids(plan) : [...Plan.ids(plan), everything])
    )
  /** In one process plans run one at a time: they would wait for the same lock, and hold connections while they do. */
  const turn = yield* Effect.makeSemaphore(1)

  const vanishes = MigrationFailure.circumstance(
    ({ cause }) =>
      new LedgerUnusable({
        schema,
        reason: "it is missing again right after it was built",
        remedy: "Look for what drops it.",
        cause
      })
  )

  /** Of queries that waited for their turn together, the first may have brought what the others came for. */
  const isDone = ({ pace, plan }: Request, applied: AppliedSet): boolean =>
    pace === "request" && isApplied(applied, Plan.ids(plan))

  /** What only records is the remedy for a history elsewhere. */
  const guardingFor = (request: Request): ForeignHistory.ForeignHistory["guarding"] =>
    Option.isSome(Job.recordedAs(request)) ? identity : foreign.guarding

  const execute = Effect.fnUntraced(function* (options: Request) {
    const { applied, isMoving } = yield* knowledge.view
    if (isDone(options, applied)) return { _tag: "Done", ran: [], applied } satisfies Executor.Outcome
    const ids = Plan.ids(options.plan)
    const attend = Effect.map(knowledge.attend, ({ awaiting, silence }) => ({
      silence,
      announced: ({ checksumById }: AppliedSet) => awaiting(ids.filter((id) => !checksumById.has(id)))
    }))
    const pauses = yield* Schedule.driver(lockRetry)
    const guarding = guardingFor(options)
    const job: Executor.Job = {
      ...options,
      known: applied,
      yields: isMoving,
      journal: guarding(ledger.journal),
      pauses,
      transaction,
      attend
    }
    const build = (gap: Option.Option<Detector.MissingObject>) =>
      Effect.map(
        ledger.build(gap, job, guarding),
        (builder): Executor.Job => ({ ...job, yields: builder === "another" })
      )
    const outcome = yield* Effect.flatMap(
      applied.sequence === 0 ? build(Option.none()) : Effect.succeed(job),
      executor.run
    )
    if (outcome._tag !== "NoLedger") return outcome
    const second = yield* Effect.flatMap(build(Option.some(outcome.gap)), executor.run)
    return second._tag === "NoLedger" ? yield* Effect.fail(vanishes) : second
  })

  const windowFor = (failure: MigrationFailure.Failure): Effect.Effect<Option.Option<Breaker.Window>> => {
    if (failure.isEverywhere) return Effect.asSome(breaker.failed(everything, failure))
    if (Option.isSome(failure.blames)) return Effect.asSome(breaker.failed(failure.blames.value.migration.id, failure))
    return Option.isSome(failure.suspects) ? breaker.suspected(failure.suspects.value, failure) : Effect.succeedNone
  }

  const refuse = (failure: MigrationFailure.Failure): Effect.Effect<never, Refusal> =>
    Effect.flatMap(
      windowFor(failure),
      Option.match({ onNone: () => Effect.fail<Refusal>({ failure, retryAt: 0 }), onSome: Effect.fail })
    )

  const attempt = (options: Request): Effect.Effect<Result, Refusal> =>
    execute(options).pipe(
      Effect.tap(({ _tag, applied }) => (_tag === "Outdated" ? Effect.void : knowledge.learn(applied))),
      Effect.tap(({ _tag }) =>
        _tag === "Held" || _tag === "Outdated"
          ? Effect.void
          : breaker.succeeded([...Plan.ids(options.plan), everything])
      ),
      Effect.catchAll(refuse)
    )

  /** Whoever waited for the turn until the deadline has gone; no migration is at fault for that. */
  const stillWanted = ({ deadlineAt, onDeadline, plan }: Request): Effect.Effect<void, Refusal> =>
    Effect.flatMap(Monotonic.milliseconds, (now) =>
      now < deadlineAt
        ? Effect.void
        : Effect.fail({ failure: onDeadline(Arr.headNonEmpty(plan.steps).migration), retryAt: 0 })
    )

  /** … or have failed and opened a window, which all the others are told. An operator tries in spite of it. */
  const stillClosed = ({ pace, plan }: Request): Effect.Effect<void, Refusal> =>
    pace === "operator"
      ? Effect.void
      : Effect.flatMap(windowOf(plan), Option.match({ onNone: () => Effect.void, onSome: Effect.fail }))

  return PlanRunner.of({
    refusal: windowOf,
    unlessElsewhere: (applied) =>
      Effect.flatMap(
        breaker.openFor([everything]),
        Option.match({ onNone: () => Effect.catchAll(foreign.refuse(applied), refuse), onSome: Effect.fail })
      ),
    run: (options) =>
      turn
        .withPermits(1)(Effect.zipRight(stillWanted(options), Effect.zipRight(stillClosed(options), attempt(options))))
        .pipe(
          Effect.tapErrorCause(() => Metric.increment(Telemetry.failed)),
          Metric.trackDurationWith(Telemetry.duration, Duration.toMillis)
        )
  })
})

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<PlanRunner, never, Executor.Executor | Knowledge | Ledger | MigrationClient> =
  Layer.effect(PlanRunner, make)
