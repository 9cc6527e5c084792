/**
 * A boundary is an effect that runs again from its start after a gap was closed. A query that succeeds meets no other
 * part of the library, and pays one error handler.
 *
 * **Laws**
 *
 * 1. An effect that succeeds runs once, and no service is read.
 * 2. An error that is no gap keeps its cause, and no service is read.
 * 3. A gap that comes back after it was closed leaves with the cause of its first time.
 * 4. An effect runs at most `budget + 1` times, and once more for each retry after which its server had to catch up.
 * 5. An effect in a transaction that a gap has aborted leaves with `TransactionMustRestart` and that gap.
 *
 * @internal
 */
import * as SqlClient from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import type * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Detector from "../core/detect/Detector.js"
import * as SqlState from "../core/detect/SqlState.js"
import { type AutoMigrationError, TransactionMustRestart } from "../core/error/AutoMigrationError.js"
import * as AbortedTransaction from "../database/AbortedTransaction.js"
import * as Recognition from "./Recognition.js"

/**
 * A failure of a boundary's effect, and where it happened.
 *
 * @since 0.1.0
 * @category models
 */
export interface QueryFailure {
  readonly error: unknown
  /** The text of the failed statement, where it is known. */
  readonly statement: Option.Option<string>
  /** `false` where the effect may have begun a transaction by hand, which may still hold locks. */
  readonly isInView: boolean
  /** `inside a transaction`: one of the caller, which the server has aborted. */
  readonly place: "inside a transaction" | "outside transactions"
  /** The client in the context of the boundary's fiber. */
  readonly application: Option.Option<SqlClient.SqlClient>
}

/**
 * A gap that a boundary asks the healer to close.
 *
 * @since 0.1.0
 * @category models
 */
export interface HealRequest extends QueryFailure {
  readonly gap: Detector.SchemaGap
  /** How often this boundary has run its effect again for this gap. */
  readonly retriesForGap: number
  /** How often this boundary may still run its effect again. */
  readonly retriesLeft: number
  /** After how many retries the application's server has not been waited for yet. */
  readonly waitsLeft: number
  /** Whether the effect has met the gap again after a `RetryBeforeWait`. */
  readonly retriedBeforeWait: boolean
}

/**
 * What a boundary does about a gap.
 *
 * - `Retry`: it runs the effect again.
 * - `CaughtUp`: it runs the effect again, since the application's server is a replica that has replayed the migration
 *   only now.
 * - `RetryBeforeWait`: it runs the effect again before a migration waits for a lock. The effect may have begun a
 *   transaction by hand that holds that lock; then its next statement fails, which shows the transaction.
 * - `NotOurs`: it leaves the error as it came, since no migration explains the gap.
 *
 * @since 0.1.0
 * @category models
 */
export type Answer = "Retry" | "CaughtUp" | "RetryBeforeWait" | "NotOurs"

/**
 * @since 0.1.0
 * @category models
 */
export interface Healer {
  /** How often one boundary may run its effect again. */
  readonly budget: number
  readonly heal: (request: HealRequest) => Effect.Effect<Answer, AutoMigrationError>
  /**
   * The error of a query that may not use what a migration brought. `None` where the query is denied for another
   * reason.
   */
  readonly denied: (failure: QueryFailure) => Effect.Effect<Option.Option<AutoMigrationError>>
}

/** A gap that this boundary has met. */
interface MetGap<out E> {
  /** Of the first time. */
  readonly cause: Cause.Cause<E>
  readonly retries: number
  readonly retriedBeforeWait: boolean
}

/**
 * What a boundary remembers from one run of its effect to the next.
 *
 * @since 0.1.0
 * @category models
 */
export interface Memory<out E> {
  readonly retries: number
  /** How often the application's server was waited for. */
  readonly waits: number
  /** By `Detector.key`. */
  readonly metGaps: ReadonlyMap<string, MetGap<E>>
  /** The gap for which the effect ran again. */
  readonly last: Option.Option<AbortedTransaction.Breach>
}

/** @since 0.1.0 @category constructors */
export const emptyMemory: Memory<never> = {
  retries: 0,
  waits: 0,
  metGaps: new Map(),
  last: Option.none()
}

interface Surroundings {
  readonly application: Option.Option<SqlClient.SqlClient>
  /** The connection of the transaction around the effect, where its client opened one. */
  readonly transaction: Option.Option<Connection>
}

const surroundingsIn = (context: Context.Context<never>): Surroundings => ({
  application: Context.getOption(context, SqlClient.SqlClient),
  transaction: Option.map(Context.getOption(context, SqlClient.TransactionConnection), ([connection]) => connection)
})

const surroundings: Effect.Effect<Surroundings> = Effect.contextWith(surroundingsIn)

/**
 * Asks the healer to close the gap in a cause. Succeeds with the memory for the next run of the boundary's effect, and
 * fails where the effect may not run again. Reads the healer only for a gap, or for a denial after a retry.
 *
 * @since 0.1.0
 * @category operations
 */
export const advance = <E, R>(
  subject: Recognition.Subject,
  cause: Cause.Cause<E>,
  healer: Effect.Effect<Healer, never, R>,
  memory: Memory<E>
): Effect.Effect<Memory<E>, E | AutoMigrationError, R> =>
  Option.match(Recognition.recogniseIn(subject, cause), {
    onNone: () => {
      if (Chunk.some(Recognition.errorsIn(cause), AbortedTransaction.isMetBy)) return aborted(cause, memory)
      return memory.retries > 0 ? unlessDenied(subject, cause, healer) : Effect.failCause(cause)
    },
    onSome: (breach) =>
      Effect.contextWithEffect((context: Context.Context<never>) => {
        const around = surroundingsIn(context)
        Option.map(around.transaction, (_) =>
          AbortedTransaction.remember(_, AbortedTransaction.mustRestart(breach, []))
        )
        return Effect.flatMap(healer, (service) =>
          askHealer(service, cause, { ...breach, isInView: subject.isInView }, memory, around)
        )
      })
  })

/**
 * The failure of a statement in an aborted transaction. Where the client opened it, the connection remembers the gap
 * that aborted it. A transaction that was begun by hand on a reserved connection shows only when the effect runs again.
 */
const aborted = <E>(cause: Cause.Cause<E>, { last }: Memory<E>): Effect.Effect<never, E | AutoMigrationError> =>
  Effect.flatMap(surroundings, ({ transaction }) =>
    Option.match(
      Option.orElse(Option.flatMap(transaction, AbortedTransaction.recall), () =>
        Option.map(last, (breach) => AbortedTransaction.mustRestart(breach, []))
      ),
      { onNone: (): Effect.Effect<never, E | AutoMigrationError> => Effect.failCause(cause), onSome: Effect.fail }
    )
  )

const denials: ReadonlySet<string> = new Set(["42501"])

/** Names the missing grant where the application's role may not use what a migration brought. */
const unlessDenied = <E, R>(
  subject: Recognition.Subject,
  cause: Cause.Cause<E>,
  healer: Effect.Effect<Healer, never, R>
): Effect.Effect<never, E | AutoMigrationError, R> =>
  Option.match(
    Chunk.findFirst(Recognition.errorsIn(cause), (error) => Option.isSome(SqlState.evidenceAmong(denials, error))),
    {
      onNone: () => Effect.failCause(cause),
      onSome: (error) =>
        Option.isSome(Recognition.ownErrorIn(error))
          ? Effect.failCause(cause)
          : Effect.zipWith(surroundings, healer, ({ application, transaction }, { denied }) =>
              denied({
                error,
                statement: Recognition.textOf(subject, error),
                isInView: subject.isInView,
                application,
                place: placeOf(transaction)
              })
            ).pipe(
              Effect.flatten,
              Effect.flatMap(
                Option.match({
                  onNone: (): Effect.Effect<never, E | AutoMigrationError> => Effect.failCause(cause),
                  onSome: Effect.fail
                })
              )
            )
    }
  )

const placeOf = (transaction: Option.Option<Connection>): QueryFailure["place"] =>
  Option.isSome(transaction) ? "inside a transaction" : "outside transactions"

/**
 * Remembers what the healer's answer says about the transaction: the migrations that it must restart for, or that no
 * migration explains the gap.
 */
const rememberingAnswer = (
  transaction: Connection,
  { error }: AbortedTransaction.Breach,
  answer: Effect.Effect<Answer, AutoMigrationError>
): Effect.Effect<Answer, AutoMigrationError> => {
  const note = (answer: Answer | AutoMigrationError): Effect.Effect<void> =>
    Effect.sync(() => {
      if (error instanceof TransactionMustRestart) return
      if (answer instanceof TransactionMustRestart) AbortedTransaction.remember(transaction, answer)
      if (answer === "NotOurs") AbortedTransaction.forget(transaction)
    })
  return Effect.tapBoth(answer, { onFailure: note, onSuccess: note })
}

const after = <E>(before: MetGap<E>, answer: Answer): MetGap<E> =>
  answer === "RetryBeforeWait" ? { ...before, retriedBeforeWait: true } : { ...before, retries: before.retries + 1 }

const askHealer = <E>(
  { budget, heal }: Healer,
  cause: Cause.Cause<E>,
  breach: AbortedTransaction.Breach & Pick<QueryFailure, "isInView">,
  memory: Memory<E>,
  { application, transaction }: Surroundings
): Effect.Effect<Memory<E>, E | AutoMigrationError> => {
  const key = Detector.key(breach.gap)
  const before = memory.metGaps.get(key) ?? { cause, retries: 0, retriedBeforeWait: false }
  const retriesLeft = budget - memory.retries
  const waitsLeft = memory.retries - memory.waits
  if (retriesLeft <= 0 && waitsLeft <= 0) return Effect.failCause(before.cause)
  const { retriedBeforeWait, retries: retriesForGap } = before
  const place = placeOf(transaction)
  const answered = heal({
    gap: breach.gap,
    statement: breach.statement,
    error: breach.error,
    isInView: breach.isInView,
    application,
    place,
    retriesForGap,
    retriesLeft,
    retriedBeforeWait,
    waitsLeft
  })
  return Effect.flatMap(
    Option.isSome(transaction) ? rememberingAnswer(transaction.value, breach, answered) : answered,
    (answer) => {
      if (answer === "CaughtUp" && waitsLeft > 0) return Effect.succeed({ ...memory, waits: memory.waits + 1 })
      return (answer === "Retry" || answer === "RetryBeforeWait") && retriesLeft > 0
        ? Effect.succeed({
            retries: memory.retries + 1,
            waits: answer === "RetryBeforeWait" ? memory.waits + 1 : memory.waits,
            metGaps: new Map(memory.metGaps).set(key, after(before, answer)),
            last: Option.some(breach)
          })
        : Effect.failCause(before.cause)
    }
  )
}

/**
 * Runs an effect again after each gap that is closed.
 *
 * @since 0.1.0
 * @category combinators
 */
export const recover = <A, E, R, R2>(
  self: Effect.Effect<A, E, R>,
  cause: Cause.Cause<E>,
  healer: Effect.Effect<Healer, never, R2>,
  {
    memory = emptyMemory,
    subject = Recognition.subjectOf(self)
  }: { readonly memory?: Memory<E>; readonly subject?: Recognition.Subject } = {}
): Effect.Effect<A, E | AutoMigrationError, R | R2> =>
  Effect.flatMap(advance(subject, cause, healer, memory), (next) =>
    Effect.catchAllCause(self, (again) => recover(self, again, healer, { memory: next, subject }))
  )

/**
 * Begins a stream again after each gap that is closed, as long as it has not emitted.
 *
 * @since 0.1.0
 * @category combinators
 */
export const recoverStream = <A, E, R, R2>(
  self: Stream.Stream<A, E, R>,
  healer: Effect.Effect<Healer, never, R2>,
  subject: Recognition.Subject = Recognition.subjectOf(self),
  memory: Memory<E> = emptyMemory
): Stream.Stream<A, E | AutoMigrationError, R | R2> =>
  Stream.suspend(() => {
    let hasEmitted = false
    return self.pipe(
      Stream.mapChunks((chunk) => {
        hasEmitted = hasEmitted || Chunk.isNonEmpty(chunk)
        return chunk
      }),
      Stream.catchAllCause((cause) =>
        hasEmitted
          ? Stream.failCause(cause)
          : Stream.unwrap(
              Effect.map(advance(subject, cause, healer, memory), (next) => recoverStream(self, healer, subject, next))
            )
      )
    )
  })
