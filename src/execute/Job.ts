/**
 * The executor's jobs and their outcomes. A job is a plan with the rules to run it: a heal's, an operator's, or the
 * ledger's own. A task is the part of a job in one transaction, or in one step outside transactions.
 *
 * @internal
 */
import type { SqlError } from "@effect/sql/SqlError"
import type * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Detector from "../core/detect/Detector.js"
import * as Plan from "../core/graph/Plan.js"
import { type AppliedSet, isCurrent, type Kind } from "../core/migration/LedgerEvent.js"
import type { Migration, MigrationId } from "../core/migration/Migration.js"
import type * as MigrationFailure from "../database/MigrationFailure.js"
import type { Journal } from "../ledger/Journal.js"
import type { Options } from "../runtime/AutoMigrationConfig.js"
import * as Monotonic from "../runtime/Monotonic.js"
import type * as Judge from "./Judge.js"

export type { Journal }

/**
 * Checks a plan under the migration lock. `waiting` are its migrations that are not applied. `ask` is the connection of
 * the transaction that goes on if the condition holds.
 *
 * @since 0.1.0
 * @category models
 */
export type Condition = (circumstances: {
  readonly applied: AppliedSet
  readonly waiting: ReadonlyArray<Migration>
  readonly ask: (text: string) => Effect.Effect<unknown, SqlError>
}) => Effect.Effect<void, MigrationFailure.Failure>

/** The condition that always holds. @since 0.1.0 @category constructors */
export const unconditional: Condition = () => Effect.void

/**
 * @since 0.1.0
 * @category models
 */
export interface Job {
  readonly plan: Plan.Plan
  readonly journal: Journal
  readonly known: AppliedSet
  /**
   * Takes note of what has been announced so far. The inner effect completes when all migrations of the plan that an
   * applied set lacks have been announced, or may have been before this process listened.
   */
  readonly attend: Effect.Effect<(known: AppliedSet) => Effect.Effect<void>>
  readonly transaction: Options["transaction"]
  /** A request's heal ends at its deadline. An operator waits for the migration lock without a limit. */
  readonly pace: "request" | "operator"
  /** The deadline, in milliseconds of `Clock.currentTimeNanos`. A migration that is not done by then is cancelled. */
  readonly deadlineAt: number
  /** The error of a migration that is not done at the deadline. */
  readonly onDeadline: (migration: Migration) => MigrationFailure.Failure
  /**
   * `baseline`, `adopt` and `rename` record the plan as applied and do not run it. `again` runs statements in doubt
   * once more. `build` runs the library's own scripts, which are one message with their record.
   */
  readonly doing: "apply" | "again" | "baseline" | "adopt" | "rename" | "build"
  /** The library's statements before the scripts of a job that builds the ledger, in the same message. */
  readonly before?: ReadonlyArray<string>
  /** Must hold before a migration of the plan runs or is recorded. */
  readonly condition: Condition
  /** `out of view`: the caller may be in a transaction that holds a lock which the migration would wait for. */
  readonly caller: "in view" | "out of view"
  /** The policy's judgement, which is repeated while the plan runs. `None` for an operator, who needs no policy. */
  readonly judgement: Option.Option<Judge.Judgement>
  /** Fields for the detail of each event, beside the executor's own. */
  readonly detail: Readonly<Record<string, unknown>>
  /** The same fields for single migrations, in a job that only records. */
  readonly details?: ReadonlyMap<MigrationId, Readonly<Record<string, unknown>>>
}

/**
 * `Done`: the plan is applied. `ran` are the migrations that this job applied: none where another process was faster.
 * `Present`: the catalog has the objects of the plan, although the ledger lacks its migrations. `Held`: a session in an
 * aborted transaction, perhaps the caller's, holds a table. `Outdated`: the ledger lacks migrations that the plan
 * builds upon, so it was reset or restored. `NoLedger`: a table of the ledger is missing.
 *
 * @since 0.1.0
 * @category models
 */
export type Outcome =
  | { readonly _tag: "Done"; readonly ran: ReadonlyArray<Migration>; readonly applied: AppliedSet }
  | { readonly _tag: "Present" | "Held" | "Outdated"; readonly applied: AppliedSet }
  | { readonly _tag: "NoLedger"; readonly gap: Detector.MissingObject }

/**
 * The part of a job in one transaction, or in one step outside transactions.
 *
 * @since 0.1.0
 * @category models
 */
export interface Task {
  readonly job: Job
  readonly judge: Judge.Judge
  readonly group: Plan.Group
  readonly known: AppliedSet
  /** Objects that the catalog must lack. It is asked once, before the plan's first migration. */
  readonly targets: Plan.Plan["targets"]
  readonly isFirstAttempt: boolean
}

/**
 * The kind of event by which a job records its plan as applied without running it; `None` for a job that runs it.
 *
 * @since 0.1.0
 * @category queries
 */
export const recordedAs = ({ doing }: Pick<Job, "doing">): Option.Option<Kind> => {
  switch (doing) {
    case "baseline":
      return Option.some("Baselined")
    case "rename":
      return Option.some("Renamed")
    case "adopt":
      return Option.some("Adopted")
    default:
      return Option.none()
  }
}

/**
 * The migrations of these steps that are left to do, by an applied set. Only an operator runs a migration again: a
 * repeatable one that was edited.
 *
 * @since 0.1.0
 * @category queries
 */
export const left = (
  job: Pick<Job, "pace" | "doing">,
  applied: AppliedSet,
  { steps }: Pick<Plan.Plan, "steps">
): ReadonlyArray<Migration> => {
  const runsAgain = job.pace === "operator" && Option.isNone(recordedAs(job))
  return steps
    .map(({ migration }) => migration)
    .filter((migration) => (runsAgain ? !isCurrent(applied, migration) : !applied.checksumById.has(migration.id)))
}

/**
 * The steps that commit together. A job that only records a plan records all of it or none.
 *
 * @since 0.1.0
 * @category queries
 */
export const groups = (job: Job): Arr.NonEmptyReadonlyArray<Plan.Group> =>
  Option.isSome(recordedAs(job))
    ? [{ steps: job.plan.steps, transaction: "own", because: Option.none() }]
    : Plan.groups(job.plan, job.transaction)

/** @since 0.1.0 @category constructors */
export const done = (ran: ReadonlyArray<Migration>, applied: AppliedSet): Outcome => ({ _tag: "Done", ran, applied })

/**
 * Runs a step of a migration until the deadline. Then the step is cancelled, and fails with `onDeadline`.
 *
 * @since 0.1.0
 * @category operations
 */
export const inTime = <A, E>(
  { deadlineAt, onDeadline }: Job,
  migration: Migration,
  step: Effect.Effect<A, E>
): Effect.Effect<A, E | MigrationFailure.Failure> =>
  Effect.flatMap(
    Monotonic.milliseconds,
    (now): Effect.Effect<A, E | MigrationFailure.Failure> =>
      Number.isFinite(deadlineAt)
        ? Effect.timeoutFail(step, { duration: deadlineAt - now, onTimeout: () => onDeadline(migration) })
        : step
  )

/**
 * The detail of the event of a migration that ran for a time.
 *
 * @since 0.1.0
 * @category conversions
 */
export const appliedDetail = (job: Job, migration: Migration, elapsed: Duration.Duration) => ({
  ...runDetail(job, migration),
  milliseconds: milliseconds(elapsed)
})

/**
 * The same where the server measures the time.
 *
 * @since 0.1.0
 * @category conversions
 */
export const runDetail = ({ detail }: Job, { footprint, script }: Migration) => ({
  ...detail,
  ...(script._tag === "Sql" ? { statements: footprint.statements.length } : {})
})

/**
 * Milliseconds with three decimals, since a migration may take less than one millisecond.
 *
 * @since 0.1.0
 * @category conversions
 */
export const milliseconds = (elapsed: Duration.Duration): number => Math.round(Duration.toMillis(elapsed) * 1000) / 1000
