/**
 * Transactions under the migration lock, which all migrations of a ledger share. The message that opens one tries to
 * take the lock and asks all that the transaction has to know. While a live lease stands for a migration that runs
 * outside transactions, no transaction does any work.
 *
 * @internal
 */
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Detector from "../core/detect/Detector.js"
import * as SqlState from "../core/detect/SqlState.js"
import * as TransactionMode from "../core/file/TransactionMode.js"
import * as Plan from "../core/graph/Plan.js"
import { type AppliedSet, isApplied } from "../core/migration/LedgerEvent.js"
import type { Migration } from "../core/migration/Migration.js"
import * as Changes from "../database/Changes.js"
import * as Message from "../database/Message.js"
import { MigrationClient, type Reserved } from "../database/MigrationClient.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import * as Transaction from "../database/Transaction.js"
import * as Appending from "../ledger/Appending.js"
import type { Lease } from "../ledger/Lease.js"
import * as LedgerFailure from "../ledger/Unusable.js"
import { AutoMigrationConfig, type Options } from "../runtime/AutoMigrationConfig.js"
import * as Job from "./Job.js"
import type * as Judge from "./Judge.js"
import * as Script from "./Script.js"
import * as StepMessages from "./StepMessages.js"

/** Another session has the migration lock, or another process has a live lease. @since 0.1.0 @category models */
export interface LockHeld {
  readonly _tag: "LockHeld"
  readonly lease: Option.Option<Lease>
  /** The applied set at that time. */
  readonly applied: AppliedSet
}

/** A table of the ledger is missing, or all of them. @since 0.1.0 @category models */
export interface NoLedger {
  readonly _tag: "NoLedger"
  readonly gap: Detector.MissingObject
}

/** @since 0.1.0 @category models */
export type Setback = LockHeld | NoLedger | Judge.Uncounted | Script.StatementError | MigrationFailure.Failure

/**
 * A transaction that has tried to take the migration lock and has read the ledger.
 *
 * @since 0.1.0
 * @category models
 */
export interface Opened {
  readonly hindrance: Option.Option<LockHeld>
  readonly role: string
  /** The server's major version. */
  readonly server: number
  readonly applied: AppliedSet
  /** Whether the catalog lacks a target of the task. `true` for a task without targets. */
  readonly isMissing: boolean
  /** Whether a session in an aborted transaction holds a table. */
  readonly isHeld: boolean
  readonly leases: ReadonlyArray<Lease>
  /** Rows that the session has not reported, for a judge. Empty where the task has no judgement. */
  readonly counts: Changes.Counts
}

/**
 * The work of a transaction under the lock. `waiting` are the migrations that are not applied. The work runs only where
 * the catalog lacks what the plan closes.
 *
 * @since 0.1.0
 * @category models
 */
export type Work<A> = (
  opened: Opened,
  waiting: Arr.NonEmptyReadonlyArray<Migration>
) => Effect.Effect<Transaction.Ending<A>, Setback>

/** @since 0.1.0 @category models */
export interface MigrationLock {
  /** The statement that limits each statement of a transaction of the job. */
  readonly limits: (job: Job.Job) => string
  /** See `LedgerFailure`. */
  readonly ofMessage: LedgerFailure.LedgerFailure["ofMessage"]
  readonly connect: Effect.Effect<Reserved, MigrationFailure.Failure, Scope.Scope>
  /**
   * Runs the work of a task under the lock, until the commit. A lease of `holder` does not hinder it. Where the whole
   * plan is applied, the outcome is `Done`, with or without the lock. Else it fails with `LockHeld` while another
   * process has the lock, even where the task itself is applied: that process may apply more of the plan.
   */
  readonly locked: <A>(
    reserved: Reserved,
    task: Job.Task,
    work: Work<A>,
    holder?: Option.Option<string>
  ) => Effect.Effect<A | Job.Outcome, Setback>
}

interface Dependencies {
  readonly config: Options
  readonly ofMessage: LedgerFailure.LedgerFailure["ofMessage"]
}

/** A task, and the connection that its transaction runs on. */
interface ConnectedTask extends Dependencies {
  readonly connection: Connection
  readonly renew: string
  readonly task: Job.Task
}

/** The message that opens a transaction failed. */
interface NotOpened {
  readonly _tag: "NotOpened"
  readonly error: SqlError
}

/**
 * Whether another attempt may succeed, and is known to be the first to take effect.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isContended = (setback: Setback): boolean =>
  setback._tag === "StatementError" &&
  setback.place.remedies === undefined &&
  MigrationFailure.isContention(setback.error)

/**
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<MigrationLock, never, MigrationClient> = Effect.gen(function* () {
  const { reserve } = yield* MigrationClient
  const config = yield* AutoMigrationConfig
  const { ofMessage } = yield* LedgerFailure.make
  return {
    limits: (job) => limitsOf(config, job),
    ofMessage,
    connect: Effect.catchAll(reserve, ofMessage("the connection for migrations")),
    locked: ({ connection, renew }, task, work, holder = Option.none()) =>
      runLocked({ config, ofMessage, connection, renew, task }, work, holder)
  }
})

const limitsOf = (config: Options, { pace }: Job.Job): string => Message.limits(config, pace, "LOCAL")

const runLocked = <A>(
  connected: ConnectedTask,
  work: Work<A>,
  holder: Option.Option<string>
): Effect.Effect<A | Job.Outcome, Setback> =>
  Transaction.run<A | Job.Outcome, NotOpened, Setback>(connected.connection, begin(connected), (results) =>
    Effect.flatMap(readOpening(connected, holder, results), (opened) => runOpened(connected, opened, work))
  ).pipe(
    Effect.catchTag("NotOpened", ({ error }) => failOpening(connected, error)),
    Effect.catchTag("SqlError", (error) =>
      Effect.fail(Script.atEndOf(Arr.lastNonEmpty(connected.task.group.steps).migration, "of the migrations")(error))
    )
  )

const runOpened = <A>(
  connected: ConnectedTask,
  opened: Opened,
  work: Work<A>
): Effect.Effect<Transaction.Ending<A | Job.Outcome>, Setback> =>
  Effect.flatMap(
    decide(connected.task, opened),
    (decision): Effect.Effect<Transaction.Ending<A | Job.Outcome>, Setback> =>
      decision._tag === "Work"
        ? checkCondition(connected, opened).pipe(
            Effect.zipRight(settleMode(connected, opened)),
            Effect.zipRight(work(opened, decision.waiting))
          )
        : Effect.succeed(Transaction.rollback(decision))
  )

/** The reason of a failure is asked on another connection, after this one has ended its transaction. */
const begin = Effect.fnUntraced(function* ({
  config,
  connection,
  renew,
  task
}: ConnectedTask): Effect.fn.Return<unknown, NotOpened> {
  const opening = StepMessages.opening({
    schema: config.schema,
    limits: limitsOf(config, task.job),
    caller: task.job.caller,
    targets: task.targets,
    journal: task.job.journal.statement(task.known, Plan.ids(task.group)),
    after: yield* task.judge.opening(task.group.steps.length)
  })
  return yield* Effect.mapError(
    Transaction.send(connection, `${TransactionMode.begin(modeOf(task))};\n${renew}${opening}`),
    (error): NotOpened => ({ _tag: "NotOpened", error })
  )
})

/** A transaction that runs no migration has no mode. A migration that states a mode is the only one of its group. */
const modeOf = ({ group, job }: Job.Task): TransactionMode.TransactionMode =>
  group.transaction === "none" || job.doing === "baseline"
    ? TransactionMode.unstated
    : Arr.headNonEmpty(group.steps).migration.mode

const openingName = "the start of a migration"

/** Only tables of the ledger can be missing here. */
const failOpening = ({ ofMessage }: Dependencies, error: SqlError): Effect.Effect<never, Setback> =>
  Detector.detect(error).pipe(
    Option.filter((gap) => gap._tag === "MissingObject"),
    Option.match({
      onNone: () => ofMessage(openingName)(error),
      onSome: (gap) => Effect.fail<Setback>({ _tag: "NoLedger", gap })
    })
  )

const readOpening = Effect.fnUntraced(function* (
  { connection, task: { targets, job, known } }: ConnectedTask,
  holder: Option.Option<string>,
  results: unknown
): Effect.fn.Return<Opened, Setback> {
  const columns = Message.columnsOf(results)
  const { isHeld, isLocked, missing, role, server } = yield* StepMessages.readOpening(columns)
  const leases = yield* job.journal.leases(columns)
  const other = Arr.findFirst(leases, (lease) => lease.isLive && !Option.contains(holder, lease.holder))
  const applied = yield* job.journal.read(known, columns, (text) => Transaction.send(connection, text))
  const counts: Changes.Counts = Option.isSome(job.judgement) ? yield* Changes.readCounts(columns) : new Map()
  const hindrance =
    isLocked && Option.isNone(other)
      ? Option.none()
      : Option.some<LockHeld>({ _tag: "LockHeld", lease: other, applied })
  return {
    hindrance,
    role,
    server,
    applied,
    leases,
    isHeld,
    counts,
    isMissing: targets.length === 0 || missing.length > 0
  }
})

/** Migrations that are left for this process to run. */
interface WorkLeft {
  readonly _tag: "Work"
  readonly waiting: Arr.NonEmptyReadonlyArray<Migration>
}

const decide = (task: Job.Task, opened: Opened): Effect.Effect<Job.Outcome | WorkLeft, LockHeld> => {
  const { applied, hindrance, isHeld, isMissing } = opened
  if (Option.isSome(hindrance) && Job.left(task.job, applied, task.job.plan).length > 0) {
    return Effect.fail(hindrance.value)
  }
  const waiting = Job.left(task.job, applied, task.group)
  if (!Arr.isNonEmptyReadonlyArray(waiting)) return Effect.succeed(Job.done([], applied))
  if (!isApplied(applied, task.job.plan.prerequisites)) return Effect.succeed({ _tag: "Outdated", applied })
  if (isHeld) return Effect.succeed({ _tag: "Held", applied })
  return Effect.succeed(isMissing ? { _tag: "Work", waiting } : { _tag: "Present", applied })
}

/** Checks the job's condition, and the server's version, for all migrations of the plan that are not applied. */
const checkCondition = (
  { connection, task: { job } }: ConnectedTask,
  { applied, server }: Opened
): Effect.Effect<void, MigrationFailure.Failure> => {
  const waiting = job.plan.steps.map(({ migration }) => migration).filter(({ id }) => !applied.checksumById.has(id))
  return Effect.zipRight(
    Option.isSome(Job.recordedAs(job)) ? Effect.void : MigrationFailure.unlessTooOld(waiting, server),
    job.condition({ applied, waiting, ask: (text) => Transaction.send(connection, text) })
  )
}

/** A duplicate key, or an update of a row that has changed since the snapshot. */
const takenMeanwhile: ReadonlySet<string> = new Set(["23505", "40001"])

/**
 * Prepares a transaction for the mode of its migration. A transaction with one snapshot took it before it had the lock,
 * so its ledger may lack an event that another process committed in between. It rehearses an event to find out: the
 * place of that event in the log is then taken already. A read-only transaction becomes one only after that.
 */
const settleMode = (
  { config, connection, ofMessage, task }: ConnectedTask,
  { applied }: Opened
): Effect.Effect<void, Setback> => {
  const mode = modeOf(task)
  const { migration } = Arr.headNonEmpty(task.group.steps)
  const statements = [
    ...(TransactionMode.hasOneSnapshot(mode)
      ? [Appending.rehearse(config.schema, { kind: "Applied", migration, detail: {} })]
      : []),
    ...(mode.access === "read only" ? ["SET TRANSACTION READ ONLY"] : [])
  ]
  if (Arr.isEmptyArray(statements)) return Effect.void
  return Transaction.send(connection, statements.join(";\n")).pipe(
    Effect.catchAll(
      (error): Effect.Effect<never, Setback> =>
        Option.isSome(SqlState.evidenceAmong(takenMeanwhile, error))
          ? Effect.fail({ _tag: "LockHeld", lease: Option.none(), applied })
          : ofMessage(openingName)(error)
    ),
    Effect.asVoid
  )
}
