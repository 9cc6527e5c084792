/**
 * Runs a plan: takes the lock, reads the ledger again, asks the catalog, applies, checks, records, commits. What was applied
 * and the event that says so are one transaction, so neither exists without the other.
 *
 * One migration costs three messages to the server beside its own statements: begin (with lock, ledger and catalog), record
 * (with the check of what was promised), and commit.
 *
 * @since 0.1.0
 */

import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import type * as PgClient from "@effect/sql-pg/PgClient"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { AutoMigrationConfig, type Options } from "./AutoMigrationConfig.js"
import * as Catalog from "./Catalog.js"
import { LockTimeout } from "./core/AutoMigrationError.js"
import * as Detector from "./core/Detector.js"
import type { AppliedSet } from "./core/LedgerEvent.js"
import type { Migration } from "./core/Migration.js"
import * as Plan from "./core/Plan.js"
import * as LedgerStatements from "./LedgerStatements.js"
import * as Message from "./Message.js"
import { MigrationClient } from "./MigrationClient.js"
import * as MigrationFailure from "./MigrationFailure.js"
import * as Script from "./Script.js"
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
  /** When whoever asked gives up, in milliseconds since 1970; an operator does not, and gives each step the configured time. */
  readonly deadlineAt: number
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

const Opening = Schema.Struct({ locked: Schema.Boolean, role: Schema.String, missing: Schema.Array(Schema.Int) })

/** A transaction that holds the migration lock and has read the ledger. */
interface Opened {
  readonly role: string
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

/** With microseconds: a migration may take less than one millisecond. */
const millisecondsOf = (elapsed: Duration.Duration): number => Math.round(Duration.toMillis(elapsed) * 1000) / 1000

const done = (ran: ReadonlyArray<Migration>, applied: AppliedSet): Outcome => ({ _tag: "Done", ran, applied })

/** What a table lock that is not granted in time looks like, or a deadlock resolved against us. */
const isContended = (setback: Setback): boolean =>
  setback._tag === "StatementError" && MigrationFailure.isContention(setback.error)

const isPassing = (setback: Setback): boolean => setback._tag === "LockHeld" || isContended(setback)

const atOpening: MigrationFailure.Circumstances = {
  doing: "the start of a migration",
  role: "of the migration connection",
  at: Option.none()
}

const openingSetback = (error: SqlError): Setback =>
  Option.match(Detector.detect(error), {
    onNone: () => ({ _tag: "StatementError", error, circumstances: atOpening }),
    onSome: (gap) =>
      gap._tag === "MissingObject"
        ? { _tag: "NoLedger", gap }
        : { _tag: "StatementError", error, circumstances: atOpening }
  })

/** Those steps of a group that the ledger does not know as applied. */
const waitingSteps = ({ group }: Task, { applied }: Opened): ReadonlyArray<Migration> =>
  group.steps.map((step) => step.migration).filter((migration) => !applied.checksumById.has(migration.id))

const including = (applied: AppliedSet, ran: ReadonlyArray<Migration>): AppliedSet => ({
  sequence: applied.sequence,
  checksumById: new Map([...applied.checksumById, ...ran.map(({ checksum, id }) => [id, checksum] as const)])
})

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.gen(function* () {
  const { ask, get } = yield* MigrationClient
  const { deadline, lockRetry, lockTimeout, schema } = yield* AutoMigrationConfig
  const limits = ({ deadlineAt }: Job): ReadonlyArray<string> => [
    `SET LOCAL lock_timeout = ${Duration.toMillis(lockTimeout)}`,
    ...(Number.isFinite(deadlineAt) ? [`SET LOCAL statement_timeout = ${Duration.toMillis(deadline)}`] : [])
  ]

  const begin = (connection: Connection, { closes, job, known }: Task): Effect.Effect<unknown, Setback> =>
    Effect.mapError(
      Transaction.send(
        connection,
        [
          "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
          ...limits(job),
          "SET LOCAL idle_in_transaction_session_timeout = 0",
          LedgerStatements.tryLock(schema),
          "SELECT current_user AS role",
          Catalog.missing(closes, "visible"),
          job.journal.statement(known)
        ].join(";\n")
      ),
      openingSetback
    )

  const readOpening = Effect.fnUntraced(function* ({ closes, job, known }: Task, results: unknown) {
    const columns = Message.columnsOf(results)
    const { locked, missing, role } = yield* Effect.orDie(Schema.decodeUnknown(Opening)(columns))
    if (!locked) return yield* Effect.fail<Setback>({ _tag: "LockHeld" })
    const applied = yield* job.journal.read(known, columns)
    return { role, applied, isMissing: closes.length === 0 || missing.length > 0 } satisfies Opened
  })

  /** From lock to commit. `work` is asked only about what is not applied and, by the catalog, really missing. */
  const locked = (
    connection: Connection,
    task: Task,
    work: (opened: Opened, waiting: ReadonlyArray<Migration>) => Effect.Effect<Transaction.Ending<Outcome>, Setback>
  ): Effect.Effect<Outcome, Setback> =>
    Transaction.run(connection, begin(connection, task), (results) =>
      Effect.flatMap(readOpening(task, results), (opened) => {
        const waiting = waitingSteps(task, opened)
        if (waiting.length === 0) return Effect.succeed(Transaction.rollback(done([], opened.applied)))
        return opened.isMissing
          ? work(opened, waiting)
          : Effect.succeed(Transaction.rollback<Outcome>({ _tag: "Present", applied: opened.applied }))
      })
    ).pipe(
      Effect.catchTag("SqlError", (error) =>
        Effect.fail(Script.atEndOf(Arr.lastNonEmpty(task.group.steps).migration, "of the migration connection")(error))
      )
    )

  /** A migration leaves no setting behind: neither for the next one nor, behind a pooler, in somebody else's session. */
  const closing = (job: Job, migration: Migration, elapsed: Duration.Duration): string =>
    [
      "RESET SESSION AUTHORIZATION",
      "RESET ALL",
      ...limits(job),
      LedgerStatements.append(schema, [
        { kind: "Applied", migration, detail: { ...job.detail, milliseconds: millisecondsOf(elapsed) } }
      ]),
      Catalog.missing(migration.footprint.provides, "anywhere")
    ].join(";\n")

  const baseline = (task: Task, connection: Connection, role: string, waiting: ReadonlyArray<Migration>) =>
    Effect.mapError(
      Transaction.send(
        connection,
        LedgerStatements.append(
          schema,
          waiting.map((migration) => ({ kind: "Baselined", migration, detail: task.job.detail }))
        )
      ),
      Script.atEndOf(Arr.lastNonEmpty(task.group.steps).migration, role)
    )

  /** Runs a script on `work` and records it on `ledger`, which is the same connection inside a transaction. */
  const applyStep = Effect.fnUntraced(function* (
    { job }: Task,
    { client, ledger, role, work }: Stage,
    migration: Migration
  ) {
    const [elapsed] = yield* Effect.timed(Script.run(client, work, role, migration))
    const recorded = yield* Effect.mapError(
      Transaction.send(ledger, closing(job, migration, elapsed)),
      Script.atEndOf(migration, role)
    )
    yield* Script.keepsPromises(migration, Message.columnsOf(recorded))
    yield* Metric.increment(Telemetry.applied)
  })

  const connect = Effect.mapError(
    get,
    (error): Setback => ({ _tag: "StatementError", error, circumstances: { ...atOpening, doing: "connecting" } })
  )

  const reserve = (client: PgClient.PgClient) =>
    Effect.mapError(client.reserve, (error): Setback => ({ _tag: "StatementError", error, circumstances: atOpening }))

  const together = Effect.fnUntraced(function* (task: Task) {
    const client = yield* connect
    const connection = yield* reserve(client)
    return yield* locked(connection, task, ({ applied, role }, waiting) =>
      Effect.as(
        task.job.doing === "baseline"
          ? baseline(task, connection, role, waiting)
          : Effect.forEach(waiting, (_) => applyStep(task, { client, ledger: connection, role, work: connection }, _)),
        Transaction.commit(done(waiting, including(applied, waiting)))
      )
    )
  })

  /**
   * What no transaction block may contain runs on a connection of its own, while the lock is held by a transaction that
   * has no snapshot: `CREATE INDEX CONCURRENTLY` would wait for any other.
   */
  const outside = Effect.fnUntraced(function* (task: Task) {
    const client = yield* connect
    const ledger = yield* reserve(client)
    const work = yield* Effect.acquireRelease(reserve(client), Script.leaveClean)
    const started = yield* locked(ledger, task, ({ applied }, waiting) =>
      Effect.mapBoth(
        Transaction.send(
          ledger,
          LedgerStatements.append(
            schema,
            waiting.map((migration) => ({ kind: "Started", migration, detail: task.job.detail }))
          )
        ),
        {
          onFailure: (error): Setback => ({ _tag: "StatementError", error, circumstances: atOpening }),
          onSuccess: () => Transaction.commit(done(waiting, applied))
        }
      )
    )
    if (started._tag !== "Done" || started.ran.length === 0) return started
    return yield* locked(ledger, { ...task, closes: [] }, ({ applied, role }, waiting) =>
      Effect.as(
        Effect.forEach(waiting, (_) => applyStep(task, { client, ledger, role, work }, _), { discard: true }),
        Transaction.commit(done(waiting, including(applied, waiting)))
      )
    )
  })

  const failureFrom =
    (task: Task) =>
    (setback: Exclude<Setback, NoLedger>): MigrationFailure.Failure => {
      if (setback._tag === "Failure") return setback
      if (setback._tag === "StatementError" && !isContended(setback)) {
        return MigrationFailure.failureFrom(setback.error, setback.circumstances)
      }
      return MigrationFailure.circumstance(
        ({ cause }) =>
          new LockTimeout({
            migrationIds: Arr.map(task.group.steps, (step) => step.migration.id),
            waitingFor: setback._tag === "LockHeld" ? "migration-lock" : "table-lock",
            milliseconds: Duration.toMillis(deadline),
            cause
          })
      )
    }

  /**
   * In a transaction of its own (several statements in one message are one), since the migration's is gone. The failure
   * itself is what the caller must hear of.
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
          Effect.catchAll((error) =>
            Effect.logWarning("Could not record that a migration failed", migration.id, error)
          ),
          Effect.asVoid
        )
    })

  /** The last attempt begins early enough to say what it waited for before the deadline cuts it off. */
  const lastAttemptOf = ({ deadlineAt }: Job): Effect.Effect<number> =>
    Effect.map(
      Clock.currentTimeMillis,
      (now) => Math.min(deadlineAt, now + Duration.toMillis(deadline)) - 2 * Duration.toMillis(lockTimeout)
    )

  const mayPass = (setback: Setback, lastAttempt: number): Effect.Effect<boolean> =>
    isPassing(setback) ? Effect.map(Clock.currentTimeMillis, (now) => now < lastAttempt) : Effect.succeed(false)

  const runTask = (task: Task): Effect.Effect<Outcome, MigrationFailure.Failure> =>
    Effect.flatMap(lastAttemptOf(task.job), (lastAttempt) => attemptUntil(task, lastAttempt))

  const attemptUntil = (task: Task, lastAttempt: number): Effect.Effect<Outcome, MigrationFailure.Failure> =>
    Effect.scoped(
      task.group.transaction === "none" && task.job.doing === "apply" ? outside(task) : together(task)
    ).pipe(
      Effect.retry({ while: (setback) => mayPass(setback, lastAttempt), schedule: lockRetry }),
      Effect.catchTag("NoLedger", (missing) => Effect.succeed<Outcome>(missing)),
      Effect.mapError(failureFrom(task)),
      Effect.tapError((failure) => recordFailure(task, failure)),
      Effect.withSpan(Telemetry.span.step)
    )

  return Executor.of({
    run: Effect.fnUntraced(function* (job: Job) {
      const ran: Array<Migration> = []
      let known = job.known
      for (const [index, group] of Plan.groups(job.plan, job.transaction).entries()) {
        const outcome = yield* runTask({ job, group, known, closes: index === 0 ? job.plan.closes : [] })
        if (outcome._tag !== "Done") return outcome
        ran.push(...outcome.ran)
        known = outcome.applied
      }
      return done(ran, known)
    })
  })
})

/** Where a step runs and where it is recorded. */
interface Stage {
  readonly client: PgClient.PgClient
  readonly ledger: Connection
  readonly role: string
  readonly work: Connection
}

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Executor, never, MigrationClient> = Layer.effect(Executor, make)
