/**
 * A step that no transaction can hold: `CREATE INDEX CONCURRENTLY`, `VACUUM` and their like. A first transaction takes
 * a lease and records the start. Then the script runs on a connection of its own, while a heartbeat renews the lease. A
 * last transaction records the end and removes the lease. Between the two no transaction, snapshot or lock of ours is
 * open that the step could wait for.
 *
 * A lease expires when its holder goes silent. The process that takes it over ends the sessions of that holder first,
 * and then goes on where the holder stopped.
 *
 * @internal
 */
import { randomUUID } from "node:crypto"
import * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import * as OutsideScript from "../core/attempt/OutsideScript.js"
import { LeaseLost } from "../core/error/AutoMigrationError.js"
import { including } from "../core/migration/LedgerEvent.js"
import type { MigrationId } from "../core/migration/Migration.js"
import type { Parser } from "../core/sql/ParsedSql.js"
import * as Catalog from "../database/Catalog.js"
import * as Driver from "../database/Driver.js"
import * as Message from "../database/Message.js"
import type { Reserved } from "../database/MigrationClient.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import * as Transaction from "../database/Transaction.js"
import * as Appending from "../ledger/Appending.js"
import * as Lease from "../ledger/Lease.js"
import type { Options } from "../runtime/AutoMigrationConfig.js"
import * as CommandLine from "../runtime/CommandLine.js"
import * as Telemetry from "../runtime/Telemetry.js"
import * as Job from "./Job.js"
import type { MigrationLock, Opened, Setback } from "./MigrationLock.js"
import * as OutsideRun from "./OutsideRun.js"
import * as Script from "./Script.js"
import * as StepMessages from "./StepMessages.js"

/** @since 0.1.0 @category models */
export interface Dependencies {
  readonly ask: Message.Ask
  readonly config: Options
  readonly lock: MigrationLock
  readonly parser: Parser
}

/** A task, and its lease. */
interface LeasedTask extends Dependencies {
  readonly task: Job.Task
  readonly claim: Lease.Claim
  readonly patience: OutsideRun.Patience
  /** Whether the lease may be ours, and has to be given back. */
  readonly isTaken: Ref.Ref<boolean>
  /** See `OutsideRun.Attempt`. */
  readonly isCertain: Ref.Ref<boolean>
}

/** A lease that was taken, and the traces of the attempt before it. */
interface Taken {
  readonly _tag: "Taken"
  readonly role: string
  readonly earlier: Lease.Before["lease"]
  readonly resumption: OutsideScript.Resumption
}

const doing = "a step outside transactions"

/**
 * Runs a task of one migration.
 *
 * @since 0.1.0
 * @category operations
 */
export const run = Effect.fnUntraced(function* (
  dependencies: Dependencies,
  task: Job.Task,
  patience: OutsideRun.Patience
): Effect.fn.Return<Job.Outcome, Setback> {
  const { migration } = Arr.headNonEmpty(task.group.steps)
  const leased: LeasedTask = {
    ...dependencies,
    task,
    claim: { migration, holder: yield* Effect.sync(() => randomUUID()) },
    patience,
    isTaken: yield* Ref.make(false),
    isCertain: yield* Ref.make(false)
  }
  return yield* takeLease(leased).pipe(
    Effect.flatMap((taken) =>
      taken._tag === "Taken" ? Job.inTime(task.job, migration, runLeased(leased, taken)) : Effect.succeed(taken)
    ),
    Effect.onInterrupt(() => Effect.whenEffect(giveBack(leased), Ref.get(leased.isTaken)))
  )
})

/** Marks the lease as taken before the commit, since an interruption may hide that it was committed. */
const takeLease = (leased: LeasedTask): Effect.Effect<Taken | Job.Outcome, Setback> =>
  Effect.scoped(
    Effect.flatMap(leased.lock.connect, (ledger) =>
      leased.lock.locked<Taken>(ledger, leased.task, (opened, waiting) =>
        Effect.gen(function* () {
          const place = {
            reserved: ledger,
            role: opened.role,
            migrations: waiting,
            limits: limitsOf(leased),
            counts: opened.counts
          }
          yield* leased.task.judge.begin(place, "as they are")
          const { lastKind, lease: earlier } = yield* sendStart(leased, ledger)
          const { checksum } = leased.claim.migration
          const resumption = OutsideScript.resumption(earlier, { checksum, lastKind })
          const { doubt } = resumption
          yield* Ref.set(leased.isCertain, doubt.about === "nothing" || doubt.was === "refused")
          yield* Ref.set(leased.isTaken, true)
          return Transaction.commit<Taken>({ _tag: "Taken", role: opened.role, earlier, resumption })
        })
      )
    )
  )

const limitsOf = ({ lock, task }: LeasedTask): string => lock.limits(task.job)

const sendStart = (
  { claim, config: { lease, schema }, lock, task }: LeasedTask,
  { connection }: Reserved
): Effect.Effect<Lease.Before, Setback> => {
  const started = { kind: "Started", migration: claim.migration, detail: task.job.detail } as const
  const message = [
    Lease.before(schema, claim),
    Lease.take(schema, claim, lease),
    Appending.append(schema, [started])
  ].join(";\n")
  return Transaction.send(connection, message).pipe(
    Effect.catchAll(lock.ofMessage(`the start of ${doing}`)),
    Effect.flatMap((results) => Lease.readBefore(Message.columnsOf(results)))
  )
}

/** Where the lease was lost, that is the failure, and not the script's own. */
const runLeased = (leased: LeasedTask, taken: Taken): Effect.Effect<Job.Outcome, Setback> =>
  runScript(leased, taken).pipe(
    Effect.raceFirst(heartbeat(leased)),
    Effect.timed,
    Effect.flatMap(([elapsed]) => recordEnd(leased, elapsed)),
    Effect.onInterrupt(() => giveBack(leased)),
    Effect.catchAll((setback) =>
      Effect.flatMap(giveBack(leased), (isOurs) => Effect.fail<Setback>(isOurs ? setback : lost(leased)))
    )
  )

const runScript = (leased: LeasedTask, taken: Taken): Effect.Effect<void, Setback> => {
  const { claim, config, isCertain, parser, patience, task } = leased
  const { holder, migration } = claim
  const units = OutsideScript.units(parser, migration.script._tag === "Sql" ? migration.script.text : "")
  return Effect.scoped(
    Effect.flatMap(openSession(leased, taken, units), (work) =>
      OutsideRun.run({
        migration,
        units,
        work,
        sign: Transaction.send(work.connection, Lease.sign(holder)),
        role: taken.role,
        resumption: taken.resumption,
        again: task.job.doing === "again",
        remedies: remediesFor(config, migration.id),
        patience,
        advance: (progress, inDoubt) => advance(leased, progress, inDoubt),
        isCertain
      })
    )
  )
}

const openSession = Effect.fnUntraced(function* (
  leased: LeasedTask,
  { earlier }: Taken,
  units: ReadonlyArray<OutsideScript.Unit>
): Effect.fn.Return<Reserved, Setback, Scope.Scope> {
  const { ask, claim, config, lock, task } = leased
  if (earlier !== null) yield* Effect.catchAll(ask(Lease.endSessions(earlier.holder)), ofStep(leased))
  const work = yield* Effect.acquireRelease(lock.connect, ({ connection }) => Transaction.abandon(connection))
  const settings = [
    Lease.sign(claim.holder),
    Message.limits(config, task.job.pace, "SESSION"),
    ...(waitsWithoutLimit(units) ? ["SET lock_timeout = 0"] : [])
  ]
  yield* Effect.catchAll(Transaction.send(work.connection, `${work.renew}${settings.join("; ")}`), ofStep(leased))
  return work
})

/** Whether a script only waits for other sessions and blocks none. Then it needs no lock timeout. */
const waitsWithoutLimit = (units: ReadonlyArray<OutsideScript.Unit>): boolean =>
  units.some((unit) => unit.isPatient) && units.every((unit) => unit.isPatient || unit.isSetting)

const remediesFor = (commands: CommandLine.Setting, id: MigrationId): MigrationFailure.Remedies => ({
  again: CommandLine.command(commands, "again", [id]),
  record: CommandLine.command(commands, "baseline", [id])
})

const advance = (
  leased: LeasedTask,
  progress: number,
  inDoubt: "next" | "all"
): Effect.Effect<void, MigrationFailure.Failure> =>
  changeLease(leased, Lease.advance(leased.config.schema, leased.claim, progress, inDoubt)).pipe(
    Effect.retry({ while: MigrationFailure.isContention, schedule: leased.config.lockRetry }),
    Effect.catchAll(ofStep(leased)),
    Effect.flatMap((isOurs) => (isOurs ? Effect.void : Effect.fail(lost(leased))))
  )

/** A heartbeat that fails does not stop the step: the lease may still be ours, and the server tells when it is not. */
const heartbeat = (leased: LeasedTask): Effect.Effect<never, MigrationFailure.Failure> =>
  renew(leased).pipe(
    Effect.catchAll((error) => Effect.as(Effect.logDebug("A heartbeat was not heard", error.cause), true)),
    Effect.filterOrFail(
      (isOurs) => isOurs,
      () => lost(leased)
    ),
    Effect.delay(Duration.times(leased.config.lease, 1 / 3)),
    Effect.forever
  )

/** While another process has the migration lock, the lease is renewed between two attempts. */
const recordEnd = (leased: LeasedTask, elapsed: Duration.Duration): Effect.Effect<Job.Outcome, Setback> => {
  const { claim, config, lock, task } = leased
  return Effect.scoped(
    Effect.flatMap(lock.connect, (ledger) =>
      lock.locked<Job.Outcome>(
        ledger,
        { ...task, targets: [] },
        (opened) => sendEnd(leased, ledger, opened, elapsed),
        Option.some(claim.holder)
      )
    )
  ).pipe(
    Effect.tapErrorTag("LockHeld", () => Effect.ignore(renew(leased))),
    Effect.retry({ while: (setback) => setback._tag === "LockHeld", schedule: config.lockRetry })
  )
}

const sendEnd = Effect.fnUntraced(function* (
  leased: LeasedTask,
  { connection }: Reserved,
  { applied, leases }: Opened,
  elapsed: Duration.Duration
): Effect.fn.Return<Transaction.Ending<Job.Outcome>, Setback> {
  const { claim, config, lock, task } = leased
  const { holder, migration } = claim
  if (!leases.some((lease) => lease.holder === holder)) return yield* Effect.fail(lost(leased))
  const message = StepMessages.closing({
    schema: config.schema,
    before: [],
    after: [Lease.end(config.schema, [migration])],
    limits: limitsOf(leased),
    migration,
    detail: Job.appliedDetail(task.job, migration, elapsed)
  })
  const results = yield* Effect.catchAll(
    Transaction.send(connection, message),
    lock.ofMessage(`the record of migration ${migration.id}`, "what ran")
  )
  yield* Effect.flatMap(Catalog.readMissing(Message.columnsOf(results)), (missing) =>
    Script.keepsPromises(migration, missing)
  )
  yield* Metric.increment(Telemetry.applied)
  return Transaction.commit(Job.done([migration], including(applied, [migration])))
})

/**
 * Returns whether the lease was still ours. Without an answer of the server the lease counts as ours, and will expire.
 */
const giveBack = (leased: LeasedTask): Effect.Effect<boolean> =>
  Ref.set(leased.isTaken, false).pipe(
    Effect.zipRight(Ref.get(leased.isCertain)),
    Effect.flatMap((isCertain) =>
      changeLease(leased, Lease.giveBack(leased.config.schema, leased.claim, { isCertain })).pipe(
        Effect.interruptible,
        Effect.timeout(Driver.patience),
        Effect.catchAll((error) =>
          Effect.as(
            Effect.annotateLogs(Effect.logWarning("Could not give a lease back"), {
              [Telemetry.attribute.migrations]: leased.claim.migration.id,
              [Telemetry.attribute.error]: error._tag === "SqlError" ? MigrationFailure.sqlStateOf(error) : error._tag
            }),
            true
          )
        )
      )
    )
  )

const renew = (leased: LeasedTask) => changeLease(leased, Lease.renew(leased.config.schema, leased.claim))

/** Returns whether the lease is still ours. */
const changeLease = ({ ask, config, task }: LeasedTask, change: string) =>
  Effect.flatMap(ask(Message.changing(config, task.job.pace, change)), (results) =>
    Lease.readIsOurs(Message.columnsOf(results))
  )

const ofStep = ({ lock }: LeasedTask) => lock.ofMessage(doing, "what ran")

const lost = ({ claim: { migration }, config }: LeasedTask): MigrationFailure.Failure =>
  MigrationFailure.circumstance(
    ({ asked }) =>
      new LeaseLost({
        migrationId: migration.id,
        file: migration.source,
        milliseconds: Duration.toMillis(config.lease),
        ...asked
      })
  )
