/**
 * What the executor is asked to do, and what it needs to know for it.
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
 * Judges a plan under the migration lock: `waiting` is what is left of it, and `ask` asks on the connection of the transaction that
 * goes on if the condition holds.
 *
 * @since 0.1.0
 * @category models
 */
export type Condition = (circumstances: {
  readonly applied: AppliedSet
  readonly waiting: ReadonlyArray<Migration>
  readonly ask: (text: string) => Effect.Effect<unknown, SqlError>
}) => Effect.Effect<void, MigrationFailure.Failure>

/** Holds always. @since 0.1.0 @category constructors */
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
   * From now on: what completes when all that an applied set lacks of the plan has been announced, or may have been before this
   * process listened.
   */
  readonly attend: Effect.Effect<(known: AppliedSet) => Effect.Effect<void>>
  readonly transaction: Options["transaction"]
  /** A heal is over at its deadline; an operator waits for the migration lock as long as it takes. */
  readonly pace: "request" | "operator"
  /** When whoever asked gives up, in milliseconds of `Clock.currentTimeNanos`: what is not done by then is cancelled. */
  readonly deadlineAt: number
  /** The error of a migration that is not done by then. */
  readonly onDeadline: (migration: Migration) => MigrationFailure.Failure
  /**
   * `baseline`, `adopt` and `rename` record the plan as applied and run nothing of it; `again` runs what is in doubt once more; `build` says that
   * the scripts are the library's own, which need not be told apart: they and their record are one message.
   */
  readonly doing: "apply" | "again" | "baseline" | "adopt" | "rename" | "build"
  /** What must hold before anything of the plan is run or recorded. */
  readonly condition: Condition
  /** `out of view`: whoever asks may stand in a transaction of its own, and hold what the migration would wait for. */
  readonly caller: "in view" | "out of view"
  /** What allowed the plan, where a policy had to: it is asked again while the plan runs. An operator needs none. */
  readonly judgement: Option.Option<Judge.Judgement>
  /** Goes into the events beside what the executor knows itself. */
  readonly detail: Readonly<Record<string, unknown>>
  /** The same for single migrations that are only recorded. */
  readonly details?: ReadonlyMap<MigrationId, Readonly<Record<string, unknown>>>
}

/**
 * `Done` names what this job applied, which is nothing where another process was faster. `Present`: the catalog shows that
 * what the plan was to bring is there, though not by way of the ledger. `Held`: a session in an aborted transaction, perhaps
 * the caller's, holds a table. `Outdated`: the ledger lacks something that the plan was made upon, so it was reset or restored
 * since. `NoLedger`: there is no ledger to record in.
 *
 * @since 0.1.0
 * @category models
 */
export type Outcome =
  | { readonly _tag: "Done"; readonly ran: ReadonlyArray<Migration>; readonly applied: AppliedSet }
  | { readonly _tag: "Present" | "Held" | "Outdated"; readonly applied: AppliedSet }
  | { readonly _tag: "NoLedger"; readonly gap: Detector.MissingObject }

/**
 * The part of a job that one transaction, or one step outside transactions, carries.
 *
 * @since 0.1.0
 * @category models
 */
export interface Task {
  readonly job: Job
  readonly judge: Judge.Judge
  readonly group: Plan.Group
  readonly known: AppliedSet
  /** What the catalog must lack: asked once, before anything of the plan has run. */
  readonly closes: Plan.Plan["closes"]
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
 * What is left of these steps to do, as of an applied set. A request runs nothing again, and what is recorded is recorded once; an
 * operator runs a repeatable migration again that was edited.
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
 * What commits together. What is only recorded is recorded as a whole or not at all.
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
 * A migration that is not done at the deadline is cancelled, and is at fault like one that failed.
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

/** With microseconds: a migration may take less than one millisecond. @since 0.1.0 @category conversions */
export const milliseconds = (elapsed: Duration.Duration): number => Math.round(Duration.toMillis(elapsed) * 1000) / 1000
