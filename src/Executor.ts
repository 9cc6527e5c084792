/**
 * Runs a plan: takes the lock, reads the ledger again, asks the catalog, applies, checks, records, commits. What was applied
 * and the event that says so are one transaction, so neither exists without the other.
 *
 * One migration costs three messages to the server beside its own statements: begin (with lock, ledger and catalog), record
 * (with the check of what was promised), and commit.
 *
 * @since 0.1.0
 */

import type { SqlError } from "@effect/sql/SqlError"
import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import { AutoMigrationConfig, type Options } from "./AutoMigrationConfig.js"
import { LockTimeout } from "./core/AutoMigrationError.js"
import * as Detector from "./core/Detector.js"
import { type AppliedSet, including } from "./core/LedgerEvent.js"
import type { Migration } from "./core/Migration.js"
import * as Plan from "./core/Plan.js"
import * as LedgerFailure from "./LedgerFailure.js"
import * as LedgerStatements from "./LedgerStatements.js"
import * as Message from "./Message.js"
import { MigrationClient, type Reserved } from "./MigrationClient.js"
import * as MigrationFailure from "./MigrationFailure.js"
import * as Monotonic from "./Monotonic.js"
import * as Rights from "./Rights.js"
import * as Script from "./Script.js"
import { SqlParser } from "./SqlParser.js"
import * as StepMessages from "./StepMessages.js"
import * as Telemetry from "./Telemetry.js"
import * as Transaction from "./Transaction.js"

/**
 * How the applied set is read inside the transaction: from the ledger, or, while the ledger itself is being built, from
 * what the catalog shows of it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Journal {
  /** A statement that answers with one row. */
  readonly statement: (known: AppliedSet) => string
  readonly read: (
    known: AppliedSet,
    columns: Readonly<Record<string, unknown>>
  ) => Effect.Effect<AppliedSet, MigrationFailure.Failure>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Job {
  readonly plan: Plan.Plan
  readonly journal: Journal
  readonly known: AppliedSet
  readonly transaction: Options["transaction"]
  /** A heal is over at its deadline; an operator waits for the migration lock as long as it takes. */
  readonly pace: "request" | "operator"
  /** When whoever asked gives up, in milliseconds of `Clock.currentTimeNanos`: what is not done by then is cancelled. */
  readonly deadlineAt: number
  /** The error of a migration that is not done by then. */
  readonly onDeadline: (migration: Migration) => MigrationFailure.Failure
  /** `baseline` records the plan as applied and runs nothing of it. */
  readonly doing: "apply" | "baseline"
  /** Goes into the events beside what the executor knows itself. */
  readonly detail: Readonly<Record<string, unknown>>
}

/**
 * `Done` names what this job applied, which is nothing where another process was faster. `Present`: the catalog shows that
 * what the plan was to bring is there, though not by way of the ledger. `NoLedger`: there is no ledger to record in.
 *
 * @since 0.1.0
 * @category models
 */
export type Outcome =
  | { readonly _tag: "Done"; readonly ran: ReadonlyArray<Migration>; readonly applied: AppliedSet }
  | { readonly _tag: "Present"; readonly applied: AppliedSet }
  | { readonly _tag: "NoLedger"; readonly gap: Detector.MissingObject }

/** @since 0.1.0 @category tags */
export class Executor extends Context.Tag("effect-auto-migration/Executor")<
  Executor,
  { readonly run: (job: Job) => Effect.Effect<Outcome, MigrationFailure.Failure> }
>() {}

/** The migration lock is somebody else's at the moment. */
interface LockHeld {
  readonly _tag: "LockHeld"
}

interface NoLedger {
  readonly _tag: "NoLedger"
  readonly gap: Detector.MissingObject
}

type Setback = LockHeld | NoLedger | Script.StatementError | MigrationFailure.Failure

/** A transaction that holds the migration lock and has read the ledger. */
interface Opened {
  readonly role: string
  /** Its major version. */
  readonly server: number
  readonly applied: AppliedSet
  readonly isMissing: boolean
}

/** The part of a job that one transaction, or one step outside transactions, carries. */
interface Task {
  readonly job: Job
  readonly group: Plan.Group
  readonly known: AppliedSet
  /** What the catalog must lack: asked once, before anything of the plan has run. */
  readonly closes: Plan.Plan["closes"]
}

/** Where a script runs, and where it is recorded. */
interface Stage {
  readonly work: Reserved
  readonly ledger: Reserved
  readonly role: string
}

/** With microseconds: a migration may take less than one millisecond. */
const millisecondsOf = (elapsed: Duration.Duration): number => Math.round(Duration.toMillis(elapsed) * 1000) / 1000

const done = (ran: ReadonlyArray<Migration>, applied: AppliedSet): Outcome => ({ _tag: "Done", ran, applied })

const isContended = (setback: Setback): boolean =>
  setback._tag === "StatementError" && MigrationFailure.isContention(setback.error)

const isOutside = ({ group, job }: Task): boolean => group.transaction === "none" && job.doing === "apply"

/** What was read under the lock just now need not be asked again. */
const isAppliedIn = ({ checksumById }: AppliedSet, { steps }: Plan.Group): boolean =>
  steps.every(({ migration }) => checksumById.has(migration.id))

const lastOf = ({ group }: Task): Migration => Arr.lastNonEmpty(group.steps).migration

/** Those steps of a group that the ledger does not know as applied. */
const waitingSteps = ({ group }: Task, { applied }: Opened): ReadonlyArray<Migration> =>
  group.steps.map((step) => step.migration).filter((migration) => !applied.checksumById.has(migration.id))

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.gen(function* () {
  const { ask, reserve } = yield* MigrationClient
  const config = yield* AutoMigrationConfig
  const { deadline, lockRetry, lockTimeout, schema } = config

  const parser = yield* SqlParser
  const { ofMessage } = yield* LedgerFailure.make

  const limits = ({ pace }: Job) => Message.limits(config, pace, "LOCAL")

  /** Nothing but the ledger can be missing here. */
  const openingSetback = (error: SqlError): Effect.Effect<never, Setback> =>
    Detector.detect(error).pipe(
      Option.filter((gap) => gap._tag === "MissingObject"),
      Option.match({
        onNone: () => ofMessage("the start of a migration")(error),
        onSome: (gap) => Effect.fail<Setback>({ _tag: "NoLedger", gap })
      })
    )

  const begin = ({ connection }: Reserved, task: Task): Effect.Effect<unknown, Setback> =>
    Effect.catchAll(
      Transaction.send(
        connection,
        StepMessages.opening({
          schema,
          limits: limits(task.job),
          afterLock: isOutside(task) ? StepMessages.markReading : [],
          closes: task.closes,
          journal: task.job.journal.statement(task.known)
        })
      ),
      openingSetback
    )

  const readOpening = Effect.fnUntraced(function* ({ closes, job, known }: Task, results: unknown) {
    const columns = Message.columnsOf(results)
    const { isLocked, missing, role, server } = yield* StepMessages.readOpening(columns)
    if (!isLocked) return yield* Effect.fail<Setback>({ _tag: "LockHeld" })
    const applied = yield* job.journal.read(known, columns)
    return { role, server, applied, isMissing: closes.length === 0 || missing.length > 0 } satisfies Opened
  })

  /** From lock to commit. `work` is asked only about what is not applied and, by the catalog, really missing. */
  const locked = (
    ledger: Reserved,
    task: Task,
    work: (opened: Opened, waiting: ReadonlyArray<Migration>) => Effect.Effect<Transaction.Ending<Outcome>, Setback>
  ): Effect.Effect<Outcome, Setback> =>
    Transaction.run(ledger.connection, begin(ledger, task), (results) =>
      Effect.flatMap(readOpening(task, results), (opened) => {
        const waiting = waitingSteps(task, opened)
        if (waiting.length === 0) return Effect.succeed(Transaction.rollback(done([], opened.applied)))
        return opened.isMissing
          ? Effect.zipRight(MigrationFailure.unlessTooOld(task.job, opened), work(opened, waiting))
          : Effect.succeed(Transaction.rollback<Outcome>({ _tag: "Present", applied: opened.applied }))
      })
    ).pipe(
      Effect.catchTag("SqlError", (error) => Effect.fail(Script.atEndOf(lastOf(task), "of the migrations")(error)))
    )

  const record = (ledger: Reserved, doing: string, events: ReadonlyArray<LedgerStatements.NewEvent>) =>
    Effect.catchAll(Transaction.send(ledger.connection, LedgerStatements.append(schema, events)), ofMessage(doing))

  const applyStep = Effect.fnUntraced(function* ({ job }: Task, { ledger, role, work }: Stage, migration: Migration) {
    const [elapsed] = yield* Effect.timed(Script.run(work, role, migration))
    const message = StepMessages.closing({
      schema,
      before: work === ledger ? Script.forget : [],
      limits: limits(job),
      migration,
      detail: { ...job.detail, milliseconds: millisecondsOf(elapsed) }
    })
    const recorded = yield* Effect.catchAll(
      Transaction.send(ledger.connection, message),
      ofMessage(`the record of migration ${migration.id}`)
    )
    yield* Effect.flatMap(StepMessages.readClosing(Message.columnsOf(recorded)), (missing) =>
      Script.keepsPromises(migration, missing)
    )
    yield* Metric.increment(Telemetry.applied)
  })

  /** A migration that is not done at the deadline is cancelled and rolled back, and is at fault like one that failed. */
  const inTime = <E>(
    { deadlineAt, onDeadline }: Job,
    migration: Migration,
    step: Effect.Effect<void, E>
  ): Effect.Effect<void, E | MigrationFailure.Failure> =>
    Effect.flatMap(Monotonic.milliseconds, (now) =>
      Number.isFinite(deadlineAt)
        ? Effect.timeoutFail(step, { duration: deadlineAt - now, onTimeout: () => onDeadline(migration) })
        : step
    )

  const applySteps = (task: Task, stage: Stage, waiting: ReadonlyArray<Migration>) =>
    Effect.forEach(waiting, (_) => inTime(task.job, _, applyStep(task, stage, _)), { discard: true })

  const connect = Effect.catchAll(reserve, ofMessage("the connection for migrations"))

  const together = Effect.fnUntraced(function* (task: Task) {
    const reserved = yield* connect
    return yield* locked(reserved, task, ({ applied, role }, waiting) =>
      Effect.as(
        task.job.doing === "baseline"
          ? record(
              reserved,
              "a baseline",
              waiting.map((migration) => ({ kind: "Baselined", migration, detail: task.job.detail }))
            )
          : applySteps(task, { ledger: reserved, work: reserved, role }, waiting),
        Transaction.commit(done(waiting, including(applied, waiting)))
      )
    )
  })

  /**
   * What no transaction block may contain runs on a connection of its own, while the lock is held by a transaction that
   * has neither a snapshot nor a lock on a table: `CREATE INDEX CONCURRENTLY` would wait for the one, `VACUUM FULL` for the
   * other.
   */
  const outside = Effect.fnUntraced(function* (task: Task) {
    const ledger = yield* connect
    const started = yield* locked(ledger, task, ({ applied }, waiting) =>
      Effect.as(
        record(
          ledger,
          "the start of a step outside transactions",
          waiting.map((migration) => ({ kind: "Started", migration, detail: task.job.detail }))
        ),
        Transaction.commit(done(waiting, applied))
      )
    )
    if (started._tag !== "Done" || started.ran.length === 0) return started
    return yield* locked(ledger, { ...task, closes: [] }, ({ applied, role }, waiting) =>
      Effect.gen(function* () {
        yield* Effect.catchAll(
          Transaction.send(ledger.connection, StepMessages.releaseReading),
          ofMessage("a step outside transactions")
        )
        const work = yield* Effect.acquireRelease(connect, ({ connection }) => Script.leaveClean(connection))
        yield* Effect.catchAll(
          Transaction.send(work.connection, Message.limits(config, task.job.pace, "SESSION").join("; ")),
          ofMessage("a step outside transactions")
        )
        yield* applySteps(task, { ledger, work, role }, waiting)
        return Transaction.commit(done(waiting, including(applied, waiting)))
      }).pipe(Effect.scoped)
    )
  })

  const failureFrom =
    (task: Task, since: number) =>
    (setback: Exclude<Setback, NoLedger>): Effect.Effect<never, MigrationFailure.Failure> => {
      if (setback._tag === "Failure") return Effect.fail(setback)
      if (setback._tag === "StatementError" && !isContended(setback)) {
        return Effect.flatMap(Rights.statementFailure(ask, parser, setback), Effect.fail)
      }
      return Effect.flatMap(Monotonic.milliseconds, (now) =>
        Effect.fail(
          MigrationFailure.circumstance(
            ({ cause }) =>
              new LockTimeout({
                migrationIds: Arr.map(task.group.steps, (step) => step.migration.id),
                waitingFor: setback._tag === "LockHeld" ? "migration-lock" : "table-lock",
                milliseconds: Math.round(now - since),
                cause
              })
          )
        )
      )
    }

  /**
   * In a transaction of its own (several statements in one message are one), since the migration's is gone. The failure
   * itself is what the caller must hear of, so one that cannot be recorded is logged.
   */
  const recordFailure = ({ job }: Task, { blames }: MigrationFailure.Failure): Effect.Effect<void> =>
    Option.match(blames, {
      onNone: () => Effect.void,
      onSome: ({ detail, migration }) =>
        ask(
          [
            ...limits(job),
            LedgerStatements.append(schema, [{ kind: "Failed", migration, detail: { ...job.detail, ...detail } }])
          ].join(";\n")
        ).pipe(
          Effect.retry({ while: MigrationFailure.isContention, schedule: lockRetry, times: 10 }),
          Effect.catchAll((error) =>
            Effect.logWarning("Could not record that a migration failed", migration.id, error)
          ),
          Effect.asVoid
        )
    })

  /** The last attempt begins early enough to say what it waited for before the deadline cuts it off. */
  const lastAttempt = ({ deadlineAt }: Job, now: number): number => {
    const left = Math.min(deadlineAt - now, Duration.toMillis(deadline))
    return now + left - Math.min(2 * Duration.toMillis(lockTimeout), left / 2)
  }

  /** Waiting for the migration lock holds nothing: an operator does it as long as somebody else migrates. */
  const mayPass =
    ({ pace }: Job, until: number) =>
    (setback: Setback): Effect.Effect<boolean> => {
      if (setback._tag === "LockHeld" && pace === "operator") return Effect.succeed(true)
      return setback._tag === "LockHeld" || isContended(setback)
        ? Effect.map(Monotonic.milliseconds, (now) => now < until)
        : Effect.succeed(false)
    }

  const runTask = (task: Task): Effect.Effect<Outcome, MigrationFailure.Failure> =>
    Effect.flatMap(Monotonic.milliseconds, (now) =>
      Effect.scoped(isOutside(task) ? outside(task) : together(task)).pipe(
        Effect.retry({ while: mayPass(task.job, lastAttempt(task.job, now)), schedule: lockRetry }),
        Effect.catchTag("NoLedger", (missing) => Effect.succeed<Outcome>(missing)),
        Effect.catchAll(failureFrom(task, now)),
        Effect.tapError((failure) => recordFailure(task, failure)),
        Effect.withSpan(Telemetry.span.step)
      )
    )

  return Executor.of({
    run: Effect.fnUntraced(function* (job: Job) {
      const ran: Array<Migration> = []
      let known = job.known
      for (const [index, group] of Plan.groups(job.plan, job.transaction).entries()) {
        if (index > 0 && isAppliedIn(known, group)) continue
        const outcome = yield* runTask({ job, group, known, closes: index === 0 ? job.plan.closes : [] })
        if (outcome._tag !== "Done") return outcome
        ran.push(...outcome.ran)
        known = outcome.applied
      }
      return done(ran, known)
    })
  })
})

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Executor, never, MigrationClient | SqlParser> = Layer.effect(Executor, make)
