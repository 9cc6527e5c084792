/**
 * A step in one transaction: it begins under the migration lock, runs the scripts, records them and commits. A
 * migration and the event about it commit together, so the ledger never has one without the other.
 *
 * `OneMessage` applies a migration by one message where it can. Else a migration costs three messages beside its own statements: the
 * opening (with the lock, the ledger and the catalog), the record (with the check of what the migration promises) and `COMMIT`.
 * `OutsideStep` is the step that no transaction can hold.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import { including, type Kind } from "../core/migration/LedgerEvent.js"
import type { Migration } from "../core/migration/Migration.js"
import * as Catalog from "../database/Catalog.js"
import * as Message from "../database/Message.js"
import { qualified } from "../database/Qualified.js"
import * as Transaction from "../database/Transaction.js"
import * as Appending from "../ledger/Appending.js"
import * as Lease from "../ledger/Lease.js"
import * as Trust from "../ledger/Trust.js"
import type { SchemaName } from "../runtime/AutoMigrationConfig.js"
import * as Telemetry from "../runtime/Telemetry.js"
import * as Closing from "./Closing.js"
import * as Job from "./Job.js"
import type * as Judge from "./Judge.js"
import type { MigrationLock, Setback } from "./MigrationLock.js"
import * as OneMessage from "./OneMessage.js"
import * as Script from "./Script.js"
import * as StepMessages from "./StepMessages.js"

/** @since 0.1.0 @category models */
export interface Dependencies {
  readonly schema: SchemaName
  readonly lock: MigrationLock
}

/** A task inside its transaction. */
interface LockedTask extends Dependencies {
  readonly task: Job.Task
  readonly place: Judge.Place
  /** The migrations that are left to do. */
  readonly waiting: Arr.NonEmptyReadonlyArray<Migration>
}

/**
 * Runs a task, or records it where the job only records. The first attempt tries to do it by one message.
 *
 * @since 0.1.0
 * @category operations
 */
export const run = (dependencies: Dependencies, task: Job.Task): Effect.Effect<Job.Outcome, Setback> =>
  Effect.flatMap(
    task.isFirstAttempt ? OneMessage.run(dependencies, task) : Effect.succeedNone,
    Option.match({ onNone: () => runLocked(dependencies, task), onSome: Effect.succeed })
  )

const runLocked = ({ lock, schema }: Dependencies, task: Job.Task): Effect.Effect<Job.Outcome, Setback> =>
  Effect.scoped(
    Effect.flatMap(lock.connect, (reserved) =>
      lock.locked<Job.Outcome>(reserved, task, ({ applied, counts, role }, waiting) => {
        const place = { reserved, role, migrations: waiting, limits: lock.limits(task.job), counts }
        return Effect.map(carryOut({ lock, schema, task, place, waiting }), (last) =>
          Transaction.commit(Job.done(waiting, including(applied, waiting, last)))
        )
      })
    )
  )

/** Carries out a task, and gives the place of its last event in the log. */
const carryOut = (locked: LockedTask): Effect.Effect<Appending.Appended, Setback> => {
  const { job } = locked.task
  if (job.doing === "build") return buildLedger(locked)
  return Option.match(Job.recordedAs(job), {
    onNone: () => applyAll(locked),
    onSome: (kind) => recordOnly(locked, kind)
  })
}

const applyAll = (locked: LockedTask): Effect.Effect<Appending.Appended, Setback> => {
  const { place, task, waiting } = locked
  const judged = task.judge.begin(place, "locked")
  return Effect.zipRight(
    Job.inTime(task.job, Arr.headNonEmpty(waiting), judged),
    Effect.map(
      Effect.forEach(waiting, (migration) => Job.inTime(task.job, migration, applyOne(locked, migration))),
      Arr.lastNonEmpty
    )
  )
}

const applyOne = Effect.fnUntraced(function* (
  locked: LockedTask,
  migration: Migration
): Effect.fn.Return<Appending.Appended, Setback> {
  const { judge } = locked.task
  const { place } = locked
  const [elapsed] = yield* Effect.timed(
    Script.run(place.reserved, place.role, migration, (span) => judge.before(place, migration, span))
  )
  const columns = Message.columnsOf(yield* recordApplied(locked, migration, elapsed))
  yield* judge.end(place, migration, columns)
  yield* Effect.flatMap(Catalog.readMissing(columns), (missing) => Script.keepsPromises(migration, missing))
  yield* Metric.increment(Telemetry.applied)
  return yield* Appending.readAppended(columns)
})

const recordApplied = (
  { lock, place, schema, task: { job, judge } }: LockedTask,
  migration: Migration,
  elapsed: Duration.Duration
): Effect.Effect<unknown, Setback> => {
  return Effect.catchAll(
    Transaction.send(
      place.reserved.connection,
      StepMessages.closing({
        schema,
        before: Closing.before({ job, judge }, place, migration),
        after: [],
        limits: lock.limits(job),
        migration,
        detail: Job.appliedDetail(job, migration, elapsed)
      })
    ),
    (error): Effect.Effect<never, Setback> =>
      Option.match(Closing.errorOfScript(migration, schema, error), {
        onNone: () => lock.ofMessage(`the record of migration ${migration.id}`)(error),
        onSome: Effect.fail
      })
  )
}

/**
 * The ledger's own scripts and their record are one message: other processes that start at the same time wait for it.
 * Their names mean the server's own objects: the transaction runs no other script.
 */
const buildLedger = ({
  lock,
  place,
  schema,
  task,
  waiting
}: LockedTask): Effect.Effect<Appending.Appended, Setback> => {
  const [first, last] = [Arr.headNonEmpty(waiting), Arr.lastNonEmpty(waiting)]
  const scripts = waiting.map(({ script }) => (script._tag === "Sql" ? script.text : ""))
  const events = waiting.map((migration) => ({ kind: "Applied" as const, migration, detail: task.job.detail }))
  const record = qualified(Appending.append(schema, events))
  const questions = task.judge.closing(place, last)
  const look = [...Closing.runDeferred(task.job, true), ...questions.before, ...questions.after].map(qualified)
  const before = (task.job.before ?? []).map(qualified)
  const message = [Message.pinned, ...before, ...scripts, record, ...look].join(";\n")
  return Transaction.sendScript(place.reserved.connection, message).pipe(
    Effect.catchAll(
      (error): Effect.Effect<never, Setback> =>
        Option.isSome(Trust.faultOf(error))
          ? lock.ofMessage("the build of the ledger")(error)
          : Effect.fail(Script.atEndOf(first, place.role)(error))
    ),
    (sent) => Job.inTime(task.job, first, sent),
    Effect.map(Message.columnsOf),
    Effect.tap((columns) => task.judge.end(place, last, columns)),
    Effect.tap(() => Metric.incrementBy(Telemetry.ledgerApplied, waiting.length)),
    Effect.flatMap(Appending.readAppended)
  )
}

const recordOnly = (
  { lock, place, schema, task: { job }, waiting }: LockedTask,
  kind: Kind
): Effect.Effect<Appending.Appended, Setback> => {
  const events = waiting.map((migration) => ({
    kind,
    migration,
    detail: { ...job.detail, ...job.details?.get(migration.id) }
  }))
  const message = [Appending.append(schema, events), Lease.end(schema, waiting)].join(";\n")
  return Effect.flatMap(
    Effect.catchAll(
      Transaction.send(place.reserved.connection, message),
      lock.ofMessage(`a record of migrations (${job.doing})`)
    ),
    (results) => Appending.readAppended(Message.columnsOf(results))
  )
}
