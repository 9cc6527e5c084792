/**
 * A step that no transaction can hold: `CREATE INDEX CONCURRENTLY`, `VACUUM` and their like. One transaction takes a lease and
 * records the start; then the script runs on a connection of its own while a heartbeat renews the lease; another transaction
 * records the end, and the lease is gone. Meanwhile nobody holds a transaction, a snapshot or a lock that the step could wait
 * for.
 *
 * Whoever takes over a lease that is over ends the sessions of its holder, so that nothing of it runs any more, and goes on
 * where it stopped.
 *
 * @internal
 */
import { randomUUID } from "node:crypto"
import type { SqlError } from "@effect/sql/SqlError"
import * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import { AutoMigrationConfig, commandSuffix } from "./AutoMigrationConfig.js"
import * as Catalog from "./Catalog.js"
import { LeaseLost } from "./core/AutoMigrationError.js"
import { including } from "./core/LedgerEvent.js"
import * as OutsideScript from "./core/OutsideScript.js"
import * as Plan from "./core/Plan.js"
import * as Driver from "./Driver.js"
import * as Job from "./Job.js"
import * as Lease from "./Lease.js"
import * as LedgerStatements from "./LedgerStatements.js"
import * as Message from "./Message.js"
import { MigrationClient } from "./MigrationClient.js"
import * as MigrationFailure from "./MigrationFailure.js"
import type { MigrationLock, Setback } from "./MigrationLock.js"
import * as OutsideRun from "./OutsideRun.js"
import * as Script from "./Script.js"
import { SqlParser } from "./SqlParser.js"
import * as StepMessages from "./StepMessages.js"
import * as Telemetry from "./Telemetry.js"
import * as Transaction from "./Transaction.js"

/** A lease that was taken, and what the attempt before it left. */
interface Taken extends Lease.Claim {
  readonly _tag: "Taken"
  readonly role: string
  readonly earlier: Lease.Before["lease"]
  readonly resumption: OutsideScript.Resumption
}

/** What giving the lease back depends on. */
interface Hold {
  /** It may be ours. */
  readonly isTaken: Ref.Ref<boolean>
  /** See `OutsideRun.Attempt`. */
  readonly isCertain: Ref.Ref<boolean>
}

const doing = "a step outside transactions"

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function* ({ connect, limits, locked, ofMessage }: MigrationLock) {
  const { ask } = yield* MigrationClient
  const config = yield* AutoMigrationConfig
  const parser = yield* SqlParser
  const { lease, lockRetry, schema } = config

  /** Sends what answers `isOurs`. */
  const claim = ({ job }: Job.Task, text: string): Effect.Effect<boolean, SqlError> =>
    Effect.flatMap(ask(Message.changing(config, job.pace, text)), (results) =>
      Lease.readIsOurs(Message.columnsOf(results))
    )

  const ofStep = ofMessage(doing, "what ran")

  const lost = ({ migration }: Lease.Claim): MigrationFailure.Failure =>
    MigrationFailure.circumstance(
      ({ cause }) =>
        new LeaseLost({
          migrationId: migration.id,
          file: migration.source,
          milliseconds: Duration.toMillis(lease),
          cause
        })
    )

  /** Once it is committed the lease is ours, whoever is interrupted meanwhile. */
  const take = (
    task: Job.Task,
    own: Lease.Claim,
    { isCertain, isTaken }: Hold
  ): Effect.Effect<Taken | Job.Outcome, Setback> =>
    Effect.scoped(
      Effect.flatMap(connect, (ledger) =>
        locked<Taken>(ledger, task, ({ role }, [migration]) =>
          Effect.gen(function* () {
            const message = [
              Lease.before(schema, own),
              Lease.take(schema, own, lease),
              LedgerStatements.append(schema, [{ kind: "Started", migration, detail: task.job.detail }])
            ].join(";\n")
            const results = yield* Effect.catchAll(
              Transaction.send(ledger.connection, message),
              ofMessage(`the start of ${doing}`)
            )
            const { lastKind, lease: earlier } = yield* Lease.readBefore(Message.columnsOf(results))
            const resumption = OutsideScript.resumption(earlier, { checksum: migration.checksum, lastKind })
            const { doubt } = resumption
            yield* Ref.set(isCertain, doubt.about === "nothing" || doubt.was === "refused")
            yield* Ref.set(isTaken, true)
            return Transaction.commit<Taken>({ _tag: "Taken", ...own, role, earlier, resumption })
          })
        )
      )
    )

  /** Where that cannot be said, the lease runs out by itself. */
  const giveBack = (task: Job.Task, own: Lease.Claim, isCertain: boolean): Effect.Effect<boolean> =>
    claim(task, Lease.giveBack(schema, own, { isCertain })).pipe(
      Effect.interruptible,
      Effect.timeout(Driver.patience),
      Effect.catchAll((error) =>
        Effect.as(Effect.logWarning("Could not give a lease back", own.migration.id, error.cause), true)
      )
    )

  /** A beat that fails is no reason to stop: the lease may still be ours, and the server tells when it is not. */
  const heartbeat = (task: Job.Task, own: Lease.Claim): Effect.Effect<never, MigrationFailure.Failure> =>
    claim(task, Lease.renew(schema, own)).pipe(
      Effect.catchAll((error) => Effect.as(Effect.logDebug("A heartbeat was not heard", error.cause), true)),
      Effect.filterOrFail(
        (isOurs) => isOurs,
        () => lost(own)
      ),
      Effect.delay(Duration.times(lease, 1 / 3)),
      Effect.forever
    )

  const advance = (task: Job.Task, own: Lease.Claim) => (progress: number, inDoubt: "next" | "all") =>
    claim(task, Lease.advance(schema, own, progress, inDoubt)).pipe(
      Effect.retry({ while: MigrationFailure.isContention, schedule: lockRetry }),
      Effect.catchAll(ofStep),
      Effect.filterOrFail(
        (isOurs) => isOurs,
        () => lost(own)
      ),
      Effect.asVoid
    )

  /** What waits for others without keeping anybody waiting may do so for as long as it takes. */
  const openWork = Effect.fnUntraced(function* (task: Job.Task, taken: Taken, isPatient: boolean) {
    const { earlier } = taken
    if (earlier !== null) yield* Effect.catchAll(ask(Lease.endSessions(earlier.holder)), ofStep)
    const work = yield* Effect.acquireRelease(connect, ({ connection }) => Transaction.abandon(connection))
    const settings = [
      Lease.sign(taken.holder),
      Message.limits(config, task.job.pace, "SESSION"),
      ...(isPatient ? ["SET lock_timeout = 0"] : [])
    ]
    yield* Effect.catchAll(Transaction.send(work.connection, settings.join("; ")), ofStep)
    return work
  })

  const remediesFor = (id: string) => {
    const suffix = commandSuffix(schema)
    return {
      again: `${Plan.commandFor("again", [id])}${suffix}`,
      record: `${Plan.commandFor("baseline", [id])}${suffix}`
    }
  }

  const perform = Effect.fnUntraced(function* (
    task: Job.Task,
    taken: Taken,
    patience: OutsideRun.Patience,
    isCertain: Ref.Ref<boolean>
  ) {
    const { migration, resumption, role } = taken
    const units = OutsideScript.units(parser, migration.script._tag === "Sql" ? migration.script.text : "")
    const isPatient = units.some((unit) => unit.isPatient) && units.every((unit) => unit.isPatient || unit.isSetting)
    const work = yield* openWork(task, taken, isPatient)
    return yield* OutsideRun.run({
      migration,
      units,
      work,
      sign: Transaction.send(work.connection, Lease.sign(taken.holder)),
      role,
      resumption,
      again: task.job.doing === "again",
      remedies: remediesFor(migration.id),
      patience,
      advance: advance(task, taken),
      isCertain
    })
  }, Effect.scoped)

  const record = (task: Job.Task, own: Lease.Claim, elapsed: Duration.Duration) =>
    Effect.scoped(
      Effect.flatMap(connect, (ledger) =>
        locked<Job.Outcome>(
          ledger,
          { ...task, closes: [], yields: false },
          ({ applied, leases }, [migration]) =>
            Effect.gen(function* () {
              if (!leases.some(({ holder }) => holder === own.holder)) return yield* Effect.fail(lost(own))
              const message = StepMessages.closing({
                schema,
                before: [],
                after: [Lease.end(schema, [migration])],
                limits: limits(task.job),
                migration,
                detail: { ...task.job.detail, milliseconds: Job.milliseconds(elapsed) }
              })
              const results = yield* Effect.catchAll(
                Transaction.send(ledger.connection, message),
                ofMessage(`the record of migration ${migration.id}`, "what ran")
              )
              yield* Effect.flatMap(Catalog.readMissing(Message.columnsOf(results)), (missing) =>
                Script.keepsPromises(migration, missing)
              )
              yield* Metric.increment(Telemetry.applied)
              return Transaction.commit(Job.done([migration], including(applied, [migration])))
            }),
          Option.some(own.holder)
        )
      )
    ).pipe(
      Effect.tapErrorTag("LockHeld", () => Effect.ignore(claim(task, Lease.renew(schema, own)))),
      Effect.retry({ while: (setback) => setback._tag === "LockHeld", schedule: lockRetry })
    )

  const work = (
    task: Job.Task,
    taken: Taken,
    patience: OutsideRun.Patience,
    isCertain: Ref.Ref<boolean>,
    give: Effect.Effect<boolean>
  ): Effect.Effect<Job.Outcome, Setback> =>
    perform(task, taken, patience, isCertain).pipe(
      Effect.raceFirst(heartbeat(task, taken)),
      Effect.timed,
      Effect.flatMap(([elapsed]) => record(task, taken, elapsed)),
      Effect.onInterrupt(() => give),
      Effect.catchAll((setback) =>
        Effect.flatMap(give, (isOurs) => Effect.fail<Setback>(isOurs ? setback : lost(taken)))
      )
    )

  return {
    run: Effect.fnUntraced(function* (
      task: Job.Task,
      patience: OutsideRun.Patience
    ): Effect.fn.Return<Job.Outcome, Setback> {
      const { migration } = Arr.headNonEmpty(task.group.steps)
      const own = { migration, holder: yield* Effect.sync(() => randomUUID()) }
      const hold: Hold = { isTaken: yield* Ref.make(false), isCertain: yield* Ref.make(false) }
      const give = Ref.set(hold.isTaken, false).pipe(
        Effect.zipRight(Ref.get(hold.isCertain)),
        Effect.flatMap((certain) => giveBack(task, own, certain))
      )
      return yield* take(task, own, hold).pipe(
        Effect.flatMap((taken) =>
          taken._tag === "Taken"
            ? Job.inTime(task.job, migration, work(task, taken, patience, hold.isCertain, give))
            : Effect.succeed(taken)
        ),
        Effect.onInterrupt(() => Effect.whenEffect(give, Ref.get(hold.isTaken)))
      )
    })
  }
})
