/**
 * Transactions under the one lock of all migrations of a ledger: what opens them asks all there is to know, and nobody works
 * in one while a migration runs outside transactions under a lease that lasts.
 *
 * @internal
 */
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Detector from "../core/detect/Detector.js"
import * as SqlState from "../core/detect/SqlState.js"
import * as TransactionMode from "../core/file/TransactionMode.js"
import { type AppliedSet, isApplied } from "../core/migration/LedgerEvent.js"
import type { Migration } from "../core/migration/Migration.js"
import * as Message from "../database/Message.js"
import { MigrationClient, type Reserved } from "../database/MigrationClient.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import * as Transaction from "../database/Transaction.js"
import type { Lease } from "../ledger/Lease.js"
import * as LedgerStatements from "../ledger/Statements.js"
import * as LedgerFailure from "../ledger/Unusable.js"
import { AutoMigrationConfig } from "../runtime/AutoMigrationConfig.js"
import * as Job from "./Job.js"
import * as Script from "./Script.js"
import * as StepMessages from "./StepMessages.js"

/** The migration lock is somebody else's at the moment, or a lease stands for it. @since 0.1.0 @category models */
export interface LockHeld {
  readonly _tag: "LockHeld"
  readonly lease: Option.Option<Lease>
  /** As it was then. */
  readonly applied: AppliedSet
}

/** There is no ledger, or not all of it. @since 0.1.0 @category models */
export interface NoLedger {
  readonly _tag: "NoLedger"
  readonly gap: Detector.MissingObject
}

type Ask = (text: string) => Effect.Effect<unknown, SqlError>

interface NotOpened {
  readonly _tag: "NotOpened"
  readonly error: SqlError
}

/** @since 0.1.0 @category models */
export type Setback = LockHeld | NoLedger | Script.StatementError | MigrationFailure.Failure

/**
 * A transaction that has tried to take the migration lock and has read the ledger.
 *
 * @since 0.1.0
 * @category models
 */
export interface Opened {
  readonly hindrance: Option.Option<LockHeld>
  readonly role: string
  /** Its major version. */
  readonly server: number
  readonly applied: AppliedSet
  readonly isMissing: boolean
  readonly isHeld: boolean
  readonly leases: ReadonlyArray<Lease>
}

/** What runs in such a transaction, asked only about what is not applied and, by the catalog, really missing. @since 0.1.0 @category models */
export type Work<A> = (
  opened: Opened,
  waiting: Arr.NonEmptyReadonlyArray<Migration>
) => Effect.Effect<Transaction.Ending<A>, Setback>

/** What runs none of its migrations needs no other transaction than any. One that says of which kind it is stands alone. */
const modeOf = ({ group, job }: Job.Task): TransactionMode.TransactionMode =>
  group.transaction === "none" || job.doing === "baseline"
    ? TransactionMode.unstated
    : Arr.headNonEmpty(group.steps).migration.mode

/** A duplicate key, or an update of what has changed since the snapshot. */
const takenMeanwhile: ReadonlySet<string> = new Set(["23505", "40001"])

const setAside = ({ applied, isHeld }: Opened): Job.Outcome => ({ _tag: isHeld ? "Held" : "Present", applied })

/** Whether the same again may succeed, and is known to be the first to take effect. @since 0.1.0 @category predicates */
export const isContended = (setback: Setback): boolean =>
  setback._tag === "StatementError" &&
  setback.place.remedies === undefined &&
  MigrationFailure.isContention(setback.error)

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.gen(function* () {
  const { reserve } = yield* MigrationClient
  const config = yield* AutoMigrationConfig
  const { schema } = config

  const { ofMessage } = yield* LedgerFailure.make

  const limits = ({ pace }: Job.Job) => Message.limits(config, pace, "LOCAL")

  /** Nothing but the ledger can be missing here. */
  const openingSetback = (error: SqlError): Effect.Effect<never, Setback> =>
    Detector.detect(error).pipe(
      Option.filter((gap) => gap._tag === "MissingObject"),
      Option.match({
        onNone: () => ofMessage("the start of a migration")(error),
        onSome: (gap) => Effect.fail<Setback>({ _tag: "NoLedger", gap })
      })
    )

  const openingOf = (task: Job.Task): StepMessages.Opening => ({
    schema,
    limits: limits(task.job),
    caller: task.job.caller,
    closes: task.closes,
    journal: task.job.journal.statement(task.known)
  })

  /** What it failed for is asked on another connection, so this one must have ended its transaction by then. */
  const begin = (connection: Connection, task: Job.Task): Effect.Effect<unknown, NotOpened> =>
    Effect.mapError(
      Transaction.send(connection, `${TransactionMode.begin(modeOf(task))};\n${StepMessages.opening(openingOf(task))}`),
      (error) => ({ _tag: "NotOpened", error })
    )

  /**
   * Where the transaction has one snapshot, that is older than the lock: what another process has committed in between, what the
   * ledger answered lacks. An event that is rehearsed shows it, since its place in the log is then taken already.
   */
  const settle = (connection: Connection, task: Job.Task, { applied }: Opened): Effect.Effect<void, Setback> => {
    const mode = modeOf(task)
    const { migration } = Arr.headNonEmpty(task.group.steps)
    const statements = [
      ...(TransactionMode.hasOneSnapshot(mode)
        ? [LedgerStatements.rehearse(schema, { kind: "Applied", migration, detail: {} })]
        : []),
      ...(mode.access === "read only" ? ["SET TRANSACTION READ ONLY"] : [])
    ]
    return Arr.isEmptyArray(statements)
      ? Effect.void
      : Transaction.send(connection, statements.join(";\n")).pipe(
          Effect.catchAll(
            (error): Effect.Effect<never, Setback> =>
              Option.isSome(SqlState.evidenceAmong(takenMeanwhile, error))
                ? Effect.fail({ _tag: "LockHeld", lease: Option.none(), applied })
                : ofMessage("the start of a migration")(error)
          ),
          Effect.asVoid
        )
  }

  /** A lease of `holder` is one's own. */
  const readOpening = Effect.fnUntraced(function* (
    askOn: Ask,
    { closes, job, known }: Job.Task,
    holder: Option.Option<string>,
    results: unknown
  ): Effect.fn.Return<Opened, Setback> {
    const columns = Message.columnsOf(results)
    const { isHeld, isLocked, missing, role, server } = yield* StepMessages.readOpening(columns)
    const leases = yield* job.journal.leases(columns)
    const other = Arr.findFirst(leases, (lease) => lease.isLive && !Option.contains(holder, lease.holder))
    const applied = yield* job.journal.read(known, columns, askOn)
    const hindrance =
      isLocked && Option.isNone(other)
        ? Option.none()
        : Option.some<LockHeld>({ _tag: "LockHeld", lease: other, applied })
    return { hindrance, role, server, applied, leases, isHeld, isMissing: closes.length === 0 || missing.length > 0 }
  })

  /** `Work` is what is left to do, by whoever has the lock. */
  const decide = (
    task: Job.Task,
    opened: Opened
  ): Effect.Effect<
    Job.Outcome | { readonly _tag: "Work"; readonly waiting: Arr.NonEmptyReadonlyArray<Migration> },
    LockHeld
  > => {
    if (Option.isSome(opened.hindrance) && Job.left(task.job, opened.applied, task.job.plan).length > 0) {
      return Effect.fail(opened.hindrance.value)
    }
    const waiting = Job.left(task.job, opened.applied, task.group)
    if (!Arr.isNonEmptyReadonlyArray(waiting)) return Effect.succeed(Job.done([], opened.applied))
    if (!isApplied(opened.applied, task.job.plan.upon)) {
      return Effect.succeed({ _tag: "Outdated", applied: opened.applied })
    }
    return Effect.succeed(opened.isMissing && !opened.isHeld ? { _tag: "Work", waiting } : setAside(opened))
  }

  /** All that is left of the plan, not only of this part of it. */
  const satisfied = (
    connection: Connection,
    job: Job.Job,
    opened: Opened
  ): Effect.Effect<void, MigrationFailure.Failure> => {
    const waiting = job.plan.steps
      .map(({ migration }) => migration)
      .filter(({ id }) => !opened.applied.checksumById.has(id))
    return Effect.zipRight(
      Option.isSome(Job.recordedAs(job)) ? Effect.void : MigrationFailure.unlessTooOld(waiting, opened.server),
      job.condition({ applied: opened.applied, waiting, ask: (text) => Transaction.send(connection, text) })
    )
  }

  return {
    limits,
    ofMessage,
    connect: Effect.catchAll(reserve, ofMessage("the connection for migrations")),

    /**
     * From lock to commit; whoever finds all of the plan applied needs no lock for that. While somebody else has the lock, what
     * is applied of the plan is left at that: who is at work will bring more of it.
     */
    locked: <A>(
      { connection }: Reserved,
      task: Job.Task,
      work: Work<A>,
      holder: Option.Option<string> = Option.none()
    ): Effect.Effect<A | Job.Outcome, Setback> =>
      Transaction.run<A | Job.Outcome, NotOpened, Setback>(connection, begin(connection, task), (results) =>
        Effect.flatMap(
          readOpening((text) => Transaction.send(connection, text), task, holder, results),
          (opened) =>
            Effect.flatMap(
              decide(task, opened),
              (decision): Effect.Effect<Transaction.Ending<A | Job.Outcome>, Setback> =>
                decision._tag === "Work"
                  ? satisfied(connection, task.job, opened).pipe(
                      Effect.zipRight(settle(connection, task, opened)),
                      Effect.zipRight(work(opened, decision.waiting))
                    )
                  : Effect.succeed(Transaction.rollback(decision))
            )
        )
      ).pipe(
        Effect.catchTag("NotOpened", ({ error }) => openingSetback(error)),
        Effect.catchTag("SqlError", (error) =>
          Effect.fail(Script.atEndOf(Arr.lastNonEmpty(task.group.steps).migration, "of the migrations")(error))
        )
      )
  }
})

/** @since 0.1.0 @category models */
export type MigrationLock = Effect.Effect.Success<typeof make>
