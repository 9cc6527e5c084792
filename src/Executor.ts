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
import * as Ref from "effect/Ref"
import * as AbortedTransaction from "./AbortedTransaction.js"
import { AutoMigrationConfig } from "./AutoMigrationConfig.js"
import * as Catalog from "./Catalog.js"
import { LockTimeout } from "./core/AutoMigrationError.js"
import type { StatementSpan } from "./core/Footprint.js"
import { including, type Kind } from "./core/LedgerEvent.js"
import type { Migration } from "./core/Migration.js"
import * as Plan from "./core/Plan.js"
import * as TransactionMode from "./core/TransactionMode.js"
import * as Job from "./Job.js"
import * as Judge from "./Judge.js"
import * as Lease from "./Lease.js"
import * as LedgerStatements from "./LedgerStatements.js"
import * as Message from "./Message.js"
import { MigrationClient, type Reserved } from "./MigrationClient.js"
import * as MigrationFailure from "./MigrationFailure.js"
import * as MigrationLock from "./MigrationLock.js"
import * as Monotonic from "./Monotonic.js"
import type { Patience } from "./OutsideRun.js"
import * as OutsideStep from "./OutsideStep.js"
import * as Rights from "./Rights.js"
import * as Script from "./Script.js"
import { SqlParser } from "./SqlParser.js"
import * as StepMessages from "./StepMessages.js"
import * as Telemetry from "./Telemetry.js"
import * as Transaction from "./Transaction.js"
import * as Waiting from "./Waiting.js"

export type { Job, Journal, Outcome } from "./Job.js"

/** @since 0.1.0 @category tags */
export class Executor extends Context.Tag("effect-auto-migration/Executor")<
  Executor,
  { readonly run: (job: Job.Job) => Effect.Effect<Job.Outcome, MigrationFailure.Failure> }
>() {}

type Setback = MigrationLock.Setback

type Steps = Arr.NonEmptyReadonlyArray<Migration>

const waitedFor = (setback: Setback): Pick<LockTimeout, "waitingFor" | "lease"> => {
  if (setback._tag !== "LockHeld") return { waitingFor: "table-lock", lease: undefined }
  return Option.match(setback.lease, {
    onNone: () => ({ waitingFor: "migration-lock", lease: undefined }),
    onSome: ({ heldBy, holder, migrationId }) => ({ waitingFor: "lease", lease: { heldBy, holder, migrationId } })
  })
}

/** After a statement that failed the server takes no other in the transaction, whether or not its error was caught. */
const swallowed =
  "a statement in it failed and its error was caught, which does not undo it: put the statement into withTransaction"

const mayBeFree = (error: SqlError | "locked"): boolean => error === "locked" || MigrationFailure.isContention(error)

const isOutside = ({ group }: Job.Task): boolean => group.transaction === "none"

/** What is judged has run its deferred triggers by then; a plan in one transaction may owe a check to its next migration. */
const deferred = ({ judgement, transaction }: Job.Job): ReadonlyArray<string> =>
  Option.isSome(judgement) && transaction === "migration" ? ["SET CONSTRAINTS ALL IMMEDIATE"] : []

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.gen(function* () {
  const { ask } = yield* MigrationClient
  const config = yield* AutoMigrationConfig
  const { deadline, lockRetry, lockTimeout, schema } = config
  const parser = yield* SqlParser
  const lock = yield* MigrationLock.make
  const outside = yield* OutsideStep.make(lock)

  const record = (ledger: Reserved, text: string, doing: string) =>
    Effect.catchAll(Transaction.send(ledger.connection, text), lock.ofMessage(doing))

  /** A transaction with one snapshot may be refused at any of its statements, and the same again may succeed. */
  const recordApplied = ({ connection }: Reserved, text: string, migration: Migration) =>
    Effect.catchAll(Transaction.send(connection, text), (error): Effect.Effect<never, Setback> => {
      const isRefusedLate = TransactionMode.hasOneSnapshot(migration.mode) && MigrationFailure.isContention(error)
      if (isRefusedLate || MigrationFailure.isOfDeferred(error, schema)) {
        return Effect.fail(Script.atEndOf(migration, "of the migrations")(error))
      }
      if (AbortedTransaction.isMetBy(error)) return Effect.fail(MigrationFailure.effectFailed(migration, swallowed))
      return Transaction.isOver(error)
        ? Effect.fail(MigrationFailure.endedItself(migration))
        : lock.ofMessage(`the record of migration ${migration.id}`)(error)
    })

  const applyStep = Effect.fnUntraced(function* ({ job, judge }: Job.Task, place: Judge.Place, migration: Migration) {
    const { reserved, role } = place
    const before = (span: StatementSpan) => judge.before(place, migration, span)
    const [elapsed] = yield* Effect.timed(Script.run(reserved, role, migration, before))
    const message = StepMessages.closing({
      schema,
      before: [Transaction.confirm, ...deferred(job), ...Transaction.forget, ...judge.closing(place, migration)],
      after: [],
      limits: lock.limits(job),
      migration,
      detail: { ...job.detail, milliseconds: Job.milliseconds(elapsed) }
    })
    const recorded = yield* recordApplied(reserved, message, migration)
    const columns = Message.columnsOf(recorded)
    yield* judge.end(migration, columns)
    yield* Effect.flatMap(Catalog.readMissing(columns), (missing) => Script.keepsPromises(migration, missing))
    yield* Metric.increment(Telemetry.applied)
  })

  const applySteps = (task: Job.Task, place: Judge.Place, waiting: Steps) =>
    Effect.zipRight(
      Job.inTime(task.job, Arr.headNonEmpty(waiting), task.judge.begin(place, waiting, "locked")),
      Effect.forEach(waiting, (_) => Job.inTime(task.job, _, applyStep(task, place, _)), { discard: true })
    )

  /** Nothing between two of these messages needs to be asked, and while a hundred processes start each would wait its turn. */
  const build = (task: Job.Task, role: string, { connection }: Reserved, waiting: Steps) => {
    const first = Arr.headNonEmpty(waiting)
    const scripts = waiting.map(({ script }) => (script._tag === "Sql" ? script.text : ""))
    const events = waiting.map((migration) => ({ kind: "Applied" as const, migration, detail: task.job.detail }))
    const message = [...scripts, LedgerStatements.append(schema, events)].join(";\n")
    return Effect.mapError(Transaction.send(connection, message), Script.atEndOf(first, role)).pipe(
      (sent) => Job.inTime(task.job, first, sent),
      Effect.zipRight(Metric.incrementBy(Telemetry.applied, waiting.length))
    )
  }

  const recordOnly = ({ job }: Job.Task, kind: Kind, reserved: Reserved, waiting: ReadonlyArray<Migration>) =>
    record(
      reserved,
      [
        LedgerStatements.append(
          schema,
          waiting.map((migration) => ({
            kind,
            migration,
            detail: { ...job.detail, ...job.details?.get(migration.id) }
          }))
        ),
        Lease.end(schema, waiting)
      ].join(";\n"),
      `a record of migrations (${job.doing})`
    )

  const carryOut = (task: Job.Task, place: Judge.Place, waiting: Steps) => {
    const { reserved, role } = place
    if (task.job.doing === "build") return build(task, role, reserved, waiting)
    return Option.match(Job.recordedAs(task.job), {
      onNone: () => applySteps(task, place, waiting),
      onSome: (kind) => recordOnly(task, kind, reserved, waiting)
    })
  }

  const together = Effect.fnUntraced(function* (task: Job.Task) {
    const reserved = yield* lock.connect
    return yield* lock.locked<Job.Outcome>(reserved, task, ({ applied, role, server }, waiting) =>
      Effect.as(
        carryOut(task, { reserved, role, server, limits: lock.limits(task.job) }, waiting),
        Transaction.commit(Job.done(waiting, including(applied, waiting)))
      )
    )
  }, Effect.scoped)

  const failureFrom =
    (task: Job.Task, since: number) =>
    (setback: Exclude<Setback, MigrationLock.NoLedger>): Effect.Effect<never, MigrationFailure.Failure> => {
      if (setback._tag === "Failure") return Effect.fail(setback)
      if (setback._tag === "StatementError" && !MigrationLock.isContended(setback)) {
        return Effect.flatMap(Rights.statementFailure(ask, parser, schema, setback), Effect.fail)
      }
      return Effect.flatMap(Monotonic.milliseconds, (now) =>
        Effect.fail(
          MigrationFailure.circumstance(
            ({ cause }) =>
              new LockTimeout({
                migrationIds: Arr.map(task.group.steps, (step) => step.migration.id),
                ...waitedFor(setback),
                milliseconds: Math.round(now - since),
                cause
              })
          )
        )
      )
    }

  const appendIfFree = (job: Job.Job, event: LedgerStatements.NewEvent): Effect.Effect<void, SqlError | "locked"> =>
    Effect.flatMap(ask(Message.changing(config, job.pace, LedgerStatements.appendIfFree(schema, event))), (results) =>
      Effect.flatMap(LedgerStatements.readIsRecorded(Message.columnsOf(results)), (is) =>
        is ? Effect.void : Effect.fail("locked" as const)
      )
    )

  /**
   * In a transaction of its own (several statements in one message are one), since the migration's is gone. Like whoever waits for
   * the migration lock it waits with nothing in its hands. The failure itself is what the caller must hear of, so one that
   * cannot be recorded is logged.
   */
  const recordFailure = ({ job }: Job.Task, { blames }: MigrationFailure.Failure): Effect.Effect<void> =>
    Option.match(
      Option.filter(blames, () => job.journal.recordsFailures),
      {
        onNone: () => Effect.void,
        onSome: ({ detail, migration }) =>
          appendIfFree(job, { kind: "Failed", migration, detail: { ...job.detail, ...detail } }).pipe(
            Effect.retry({ while: mayBeFree, schedule: lockRetry, times: 10 }),
            Effect.catchAll((error) =>
              Effect.logWarning("Could not record that a migration failed", migration.id, error)
            )
          )
      }
    )

  /** The last attempt begins early enough to say what it waited for before the deadline cuts it off. */
  const lastAttempt = ({ deadlineAt }: Job.Job, now: number): number => {
    const left = Math.min(deadlineAt - now, Duration.toMillis(deadline))
    return now + left - Math.min(2 * Duration.toMillis(lockTimeout), left / 2)
  }

  /** Waiting for the migration lock holds nothing: an operator does it as long as somebody else migrates. */
  const mayPass =
    ({ pace }: Job.Job, until: number) =>
    (setback: Setback): Effect.Effect<boolean> => {
      if (setback._tag === "LockHeld" && pace === "operator") return Effect.succeed(true)
      return setback._tag === "LockHeld" || MigrationLock.isContended(setback)
        ? Effect.map(Monotonic.milliseconds, (now) => now < until)
        : Effect.succeed(false)
    }

  /** A pause ends in time for the last attempt; there is none after that. */
  const notAfter = (until: number): Effect.Effect<void> =>
    Effect.flatMap(Monotonic.milliseconds, (now) => (now < until ? Effect.sleep(until - now) : Effect.never))

  /** Who waits for somebody else looks before it begins: that takes no connection where one listens. */
  const once = (task: Job.Task, patience: Patience): Effect.Effect<Job.Outcome, Setback> =>
    Effect.flatMap(
      task.yields ? lock.look(task) : Effect.succeedNone,
      Option.match({
        onNone: () => (isOutside(task) ? outside.run(task, patience) : together(task)),
        onSome: (outcome) => Effect.succeed(outcome)
      })
    )

  /** Each attempt knows what the one before it saw. */
  const attempts = (task: Job.Task, patience: Patience): Effect.Effect<Effect.Effect<Job.Outcome, Setback>> =>
    Effect.map(Ref.make(task), (next) =>
      Effect.flatMap(Ref.get(next), (now) =>
        Effect.tapErrorTag(once(now, patience), "LockHeld", ({ applied }) =>
          Ref.set(next, { ...now, known: applied, yields: true })
        )
      )
    )

  const runTask = (task: Job.Task): Effect.Effect<Job.Outcome, MigrationFailure.Failure> =>
    Effect.flatMap(Monotonic.milliseconds, (now) => {
      const until = lastAttempt(task.job, now)
      const patience: Patience = { while: mayPass(task.job, until), schedule: lockRetry }
      const news = Effect.map(
        task.job.attend,
        ({ announced, silence }) =>
          (setback: Setback): Waiting.News =>
            setback._tag === "LockHeld"
              ? { told: Effect.race(announced(setback.applied), notAfter(until)), silence }
              : { told: notAfter(until), silence: Effect.void }
      )
      return Effect.flatMap(attempts(task, patience), (attempt) =>
        Waiting.retry(attempt, { while: patience.while, pauses: task.job.pauses }, news)
      ).pipe(
        Effect.catchTag("NoLedger", (missing) => Effect.succeed<Job.Outcome>(missing)),
        Effect.catchAll(failureFrom(task, now)),
        Effect.tapError((failure) => recordFailure(task, failure)),
        Effect.withSpan(Telemetry.span.step, {
          attributes: { [Telemetry.attribute.migrations]: Plan.ids(task.group).join(", ") }
        })
      )
    })

  return Executor.of({
    run: Effect.fnUntraced(function* (job: Job.Job) {
      const ran: Array<Migration> = []
      const judge = yield* Option.match(job.judgement, {
        onNone: () => Effect.succeed(Judge.none),
        onSome: (judgement) => Judge.make(judgement, schema)
      })
      let known = job.known
      let { yields } = job
      for (const [index, group] of Job.groups(job).entries()) {
        if (index > 0 && Job.left(job, known, group).length === 0) continue
        const closes = index === 0 ? job.plan.closes : []
        const outcome: Job.Outcome = yield* runTask({ job, judge, group, known, yields, closes })
        if (outcome._tag !== "Done") return outcome
        yields = outcome.ran.length === 0
        if (!yields) yield* job.pauses.reset
        ran.push(...outcome.ran)
        known = outcome.applied
      }
      return Job.done(ran, known)
    })
  })
})

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Executor, never, MigrationClient | SqlParser> = Layer.effect(Executor, make)
