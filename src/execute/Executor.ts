/**
 * Runs a plan, one task after another. A task waits while another process has the migration lock or a table lock. An
 * error becomes a typed failure. The ledger records the failure where a migration is at fault.
 *
 * @internal
 */
import type { SqlError } from "@effect/sql/SqlError"
import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import { LockTimeout } from "../core/error/AutoMigrationError.js"
import * as Plan from "../core/graph/Plan.js"
import type { Migration } from "../core/migration/Migration.js"
import type { Parser } from "../core/sql/ParsedSql.js"
import * as Message from "../database/Message.js"
import { MigrationClient } from "../database/MigrationClient.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import * as Privileges from "../database/Privileges.js"
import * as Appending from "../ledger/Appending.js"
import { AutoMigrationConfig, type Options } from "../runtime/AutoMigrationConfig.js"
import * as Monotonic from "../runtime/Monotonic.js"
import { SqlParser } from "../runtime/SqlParser.js"
import * as Telemetry from "../runtime/Telemetry.js"
import * as Waiting from "../runtime/Waiting.js"
import * as Job from "./Job.js"
import * as Judge from "./Judge.js"
import * as LockWait from "./LockWait.js"
import * as MigrationLock from "./MigrationLock.js"
import type { Patience } from "./OutsideRun.js"
import * as OutsideStep from "./OutsideStep.js"
import * as TransactionStep from "./TransactionStep.js"
import * as Waits from "./Waits.js"

export type { Job, Journal, Outcome } from "./Job.js"

/** @since 0.1.0 @category tags */
export class Executor extends Context.Tag("effect-auto-migration/Executor")<
  Executor,
  { readonly run: (job: Job.Job) => Effect.Effect<Job.Outcome, MigrationFailure.Failure> }
>() {}

interface Dependencies {
  readonly ask: Message.Ask
  readonly config: Options
  readonly counted: Judge.Counted
  readonly lock: MigrationLock.MigrationLock
  readonly parser: Parser
}

type Setback = Exclude<MigrationLock.Setback, Judge.Uncounted>

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.gen(function* () {
  const { ask } = yield* MigrationClient
  const config = yield* AutoMigrationConfig
  const lock = yield* MigrationLock.make
  const parser = yield* SqlParser
  const counted = yield* Ref.make<ReadonlySet<number>>(new Set())
  return Executor.of({ run: (job) => runJob({ ask, config, counted, lock, parser }, job) })
})

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Executor, never, MigrationClient | SqlParser> = Layer.effect(Executor, make)

const runJob = Effect.fnUntraced(function* (
  dependencies: Dependencies,
  job: Job.Job
): Effect.fn.Return<Job.Outcome, MigrationFailure.Failure> {
  const ran: Array<Migration> = []
  const judge = yield* Option.match(job.judgement, {
    onNone: () => Effect.succeed(Judge.none),
    onSome: (judgement) => Judge.make(judgement, dependencies.config.schema, dependencies.counted)
  })
  let { known } = job
  for (const [index, group] of Job.groups(job).entries()) {
    if (index > 0 && Job.left(job, known, group).length === 0) continue
    const targets = index === 0 ? job.plan.targets : []
    const outcome = yield* runTask(dependencies, { job, judge, group, known, targets, isFirstAttempt: true })
    if (outcome._tag !== "Done") return outcome
    ran.push(...outcome.ran)
    known = outcome.applied
  }
  return Job.done(ran, known)
})

const runTask = (dependencies: Dependencies, task: Job.Task): Effect.Effect<Job.Outcome, MigrationFailure.Failure> =>
  Effect.flatMap(Effect.all([Monotonic.milliseconds, Ref.make(0)]), ([startedAt, lockWait]) => {
    const lastAttemptAt = lastAttemptOf(task.job, dependencies.config, startedAt)
    const tell = Waits.make({ ask: dependencies.ask, config: dependencies.config })
    const waits = LockWait.make(startedAt)
    const mayWait = mayRunAgain(dependencies.config, task.job, { lastAttemptAt, lockWait, tell })
    const patience: Patience = {
      while: (setback) => Effect.tap(mayWait(setback), (may) => (may ? waits.waits : Effect.void)),
      schedule: dependencies.config.lockRetry
    }
    const measured = measuringLockWait(dependencies.config, lockWait)
    let isFirstAttempt = true
    const attempt = measured(
      Effect.flatMap(waits.begin, (detail) => {
        const now = { ...adding(detail, task), isFirstAttempt }
        isFirstAttempt = false
        return runStep(dependencies, now, patience)
      })
    )
    return Waiting.retry(attempt, patience, newsFor(task.job, lastAttemptAt)).pipe(
      Effect.catchTag("NoLedger", (missing) => Effect.succeed<Job.Outcome>(missing)),
      Effect.catchAll(failureFrom(dependencies, task, startedAt, lockWait)),
      Effect.tapError((failure) => recordFailure(dependencies, task.job, failure, startedAt)),
      Effect.ensuring(waits.end),
      Effect.withSpan(Telemetry.span.step, {
        attributes: { [Telemetry.attribute.migrations]: Plan.ids(task.group).join(", ") }
      })
    )
  })

const adding = (detail: Job.Job["detail"], task: Job.Task): Job.Task => ({
  ...task,
  job: { ...task.job, detail: { ...task.job.detail, ...detail } }
})

/** When the last attempt begins: early enough before the deadline to report which lock it waited for. */
const lastAttemptOf = ({ deadlineAt }: Job.Job, { deadline, lockTimeout }: Options, startedAt: number): number => {
  const left = Math.min(deadlineAt - startedAt, Duration.toMillis(deadline))
  return startedAt + left - Math.min(2 * Duration.toMillis(lockTimeout), left / 2)
}

/** What decides whether a task goes on waiting. */
interface Waited {
  readonly lastAttemptAt: number
  /** How long the task has waited for locks of tables, in milliseconds. */
  readonly lockWait: Ref.Ref<number>
  /** Tells an operator what the task waits for. */
  readonly tell: Effect.Effect<void>
}

/** Adds how long an attempt waited for a lock that it did not get: at most `lockTimeout`. */
const measuringLockWait =
  ({ lockTimeout }: Options, lockWait: Ref.Ref<number>) =>
  <A>(attempt: Effect.Effect<A, Setback>): Effect.Effect<A, Setback> =>
    Effect.flatMap(Monotonic.milliseconds, (begunAt) =>
      Effect.tapError(attempt, (setback) =>
        MigrationLock.isContended(setback)
          ? Effect.flatMap(Monotonic.milliseconds, (now) =>
              Ref.update(lockWait, (before) => before + Math.min(now - begunAt, Duration.toMillis(lockTimeout)))
            )
          : Effect.void
      )
    )

/**
 * A process that waits for the migration lock holds no other: an operator waits as long as another process migrates.
 * One that waits for a table's lock lets later users of the table wait. So a heal gives up when it has waited twice for
 * the whole `lockTimeout`, and lets them through in between.
 */
const mayRunAgain =
  ({ lockTimeout }: Options, { pace }: Job.Job, { lastAttemptAt, lockWait, tell }: Waited) =>
  (setback: MigrationLock.Setback): Effect.Effect<boolean> => {
    const isInTime = Effect.map(Monotonic.milliseconds, (now) => now < lastAttemptAt)
    if (setback._tag === "LockHeld") {
      return pace === "operator" ? Effect.as(tell, true) : Effect.zipRight(logWait("migration-lock"), isInTime)
    }
    if (!MigrationLock.isContended(setback)) return Effect.succeed(false)
    if (pace === "operator") return isInTime
    return Effect.flatMap(Ref.get(lockWait), (waited) =>
      waited < 1.5 * Duration.toMillis(lockTimeout)
        ? Effect.zipRight(logWait("table-lock"), Effect.delay(isInTime, waited))
        : Effect.succeed(false)
    )
  }

const logWait = (lock: LockTimeout["waitingFor"]): Effect.Effect<void> =>
  Effect.annotateLogs(Effect.logDebug("Waits for a lock"), Telemetry.attribute.lock, lock)

/** An announcement ends a pause, and so does the time of the last attempt. */
const newsFor = (
  { attend }: Job.Job,
  lastAttemptAt: number
): Effect.Effect<(setback: Setback) => Effect.Effect<void>> =>
  Effect.map(
    attend,
    (announced) => (setback) =>
      setback._tag === "LockHeld"
        ? Effect.race(announced(setback.applied), sleepUntil(lastAttemptAt))
        : sleepUntil(lastAttemptAt)
  )

/** Never ends when the time has passed, since an operator's pauses go on after the deadline. */
const sleepUntil = (time: number): Effect.Effect<void> =>
  Effect.flatMap(Monotonic.milliseconds, (now) => (now < time ? Effect.sleep(time - now) : Effect.never))

/** A transaction whose judge lacks counts of rows is rolled back, and the next one has them. */
const runStep = (dependencies: Dependencies, task: Job.Task, patience: Patience): Effect.Effect<Job.Outcome, Setback> =>
  Effect.catchTag(
    task.group.transaction === "none"
      ? OutsideStep.run(dependencies, task, patience)
      : TransactionStep.run({ lock: dependencies.lock, schema: dependencies.config.schema }, task),
    "Uncounted",
    () => runStep(dependencies, { ...task, isFirstAttempt: false }, patience)
  )

const failureFrom =
  ({ ask, config, parser }: Dependencies, task: Job.Task, startedAt: number, lockWait: Ref.Ref<number>) =>
  (setback: Exclude<Setback, MigrationLock.NoLedger>): Effect.Effect<never, MigrationFailure.Failure> => {
    if (setback._tag === "Failure") return Effect.fail(setback)
    if (setback._tag === "StatementError" && !MigrationLock.isContended(setback)) {
      return Effect.flatMap(Privileges.statementFailure(ask, parser, config, setback), Effect.fail)
    }
    const holders = setback._tag === "LockHeld" ? Waits.holders({ ask, config }) : Effect.succeed([])
    return Effect.flatMap(Effect.all([Monotonic.milliseconds, Ref.get(lockWait), holders]), ([now, waited, held]) => {
      const toError: MigrationFailure.Failure["toError"] = ({ asked }) =>
        new LockTimeout({
          migrationIds: Arr.map(task.group.steps, (step) => step.migration.id),
          ...waitedFor(setback),
          holders: held,
          milliseconds: Math.round(now - startedAt),
          ...asked
        })
      return Effect.fail(
        setback._tag === "StatementError"
          ? MigrationFailure.locked({ id: setback.place.migration.id, milliseconds: waited }, toError)
          : MigrationFailure.circumstance(toError)
      )
    })
  }

const waitedFor = (setback: Setback): Pick<LockTimeout, "waitingFor" | "lease"> => {
  if (setback._tag !== "LockHeld") return { waitingFor: "table-lock", lease: undefined }
  return Option.match(setback.lease, {
    onNone: () => ({ waitingFor: "migration-lock", lease: undefined }),
    onSome: ({ heldBy, holder, migrationId }) => ({ waitingFor: "lease", lease: { heldBy, holder, migrationId } })
  })
}

/**
 * The record has a transaction of its own, since the migration's is rolled back, and it waits for the migration lock
 * without holding a lock itself. A failure that cannot be recorded is logged: the caller must hear of the failure
 * itself.
 */
const recordFailure = (
  dependencies: Dependencies,
  job: Job.Job,
  { blames }: MigrationFailure.Failure,
  startedAt: number
): Effect.Effect<void> =>
  Option.match(
    Option.filter(blames, () => job.journal.recordsFailures),
    {
      onNone: () => Effect.void,
      onSome: ({ detail, migration }) =>
        Effect.flatMap(Monotonic.milliseconds, (now) => {
          const milliseconds = Math.round(now - startedAt)
          const event = { kind: "Failed", migration, detail: { ...job.detail, ...detail, milliseconds } } as const
          return appendIfFree(dependencies, job, event).pipe(
            Effect.retry({ while: mayBeFreeLater, schedule: dependencies.config.lockRetry, times: 10 }),
            Effect.catchAll((error) =>
              Effect.annotateLogs(Effect.logWarning("Could not record that a migration failed"), {
                [Telemetry.attribute.migrations]: migration.id,
                [Telemetry.attribute.error]: error === "locked" ? "LockTimeout" : MigrationFailure.sqlStateOf(error)
              })
            )
          )
        })
    }
  )

const appendIfFree = (
  { ask, config }: Dependencies,
  { pace }: Job.Job,
  event: Appending.NewEvent
): Effect.Effect<void, SqlError | "locked"> =>
  ask(Message.changing(config, pace, Appending.appendIfFree(config.schema, event))).pipe(
    Effect.flatMap((results) => Appending.readIsRecorded(Message.columnsOf(results))),
    Effect.flatMap((isRecorded) => (isRecorded ? Effect.void : Effect.fail("locked" as const)))
  )

const mayBeFreeLater = (error: SqlError | "locked"): boolean =>
  error === "locked" || MigrationFailure.isContention(error)
