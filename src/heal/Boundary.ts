/**
 * A boundary is an effect that is run again from its start after a gap has been closed. It is the only part of the library
 * on the path of a query that succeeds, and there it is one error handler.
 *
 * **Laws**
 *
 * 1. An effect that succeeds is run once, and no service is read.
 * 2. An error that is no gap leaves with the cause it came with, and no service is read.
 * 3. A gap that comes back after it was closed leaves with the cause it first came with.
 * 4. However often gaps are closed, the effect is run at most `budget + 1` times, and once more for each closing that its
 *    server had to be waited for.
 * 5. An effect that meets a transaction which a gap has aborted leaves with `TransactionMustRestart` and that gap.
 *
 * @internal
 */
import * as SqlClient from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import type { Statement } from "@effect/sql/Statement"
import * as SqlStatement from "@effect/sql/Statement"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import * as Detector from "../core/detect/Detector.js"
import * as SqlState from "../core/detect/SqlState.js"
import {
  type AutoMigrationError,
  isAutoMigrationError,
  TransactionMustRestart
} from "../core/error/AutoMigrationError.js"
import * as AbortedTransaction from "../database/AbortedTransaction.js"

/**
 * A failure of a boundary's effect, and where it happened.
 *
 * @since 0.1.0
 * @category models
 */
export interface Mishap {
  readonly error: unknown
  /** The text of the failed statement, where it is known. */
  readonly statement: Option.Option<string>
  /** Where it is not: texts of statements that the effect had begun, the failed one perhaps among them. */
  readonly begun: ReadonlySet<string>
  /** Whether the failed statement stood in a transaction of the caller, which the server has aborted. */
  readonly place: "inside a transaction" | "outside transactions"
  /** The client of whoever runs the boundary, as far as its fiber knows one. */
  readonly application: Option.Option<SqlClient.SqlClient>
}

/**
 * What a boundary asks to have closed.
 *
 * @since 0.1.0
 * @category models
 */
export interface Request extends Mishap {
  readonly gap: Detector.SchemaGap
  /** How often this boundary has been told to retry after this same gap. */
  readonly closedBefore: number
  /** How many gaps this boundary may still have closed. */
  readonly closingsLeft: number
  /** How many of its closings the application's server has not been waited for yet. */
  readonly waitsLeft: number
  /** Whether the effect was run again after a `Doubt` about this gap, and has met it again. */
  readonly doubted: boolean
}

/**
 * `Retry`: the effect may be run again. `CaughtUp`: so it may, since its server has heard only now of what was closed before.
 * `Doubt`: the effect may stand in a transaction that it holds locks in, and whose next statement will say so; it is run again
 * before anything waits for those locks. `NotOurs`: nothing explains the gap, and the error goes back as it came.
 *
 * @since 0.1.0
 * @category models
 */
export type Closing = "Retry" | "CaughtUp" | "Doubt" | "NotOurs"

/**
 * @since 0.1.0
 * @category models
 */
export interface Closer {
  readonly budget: number
  readonly close: (request: Request) => Effect.Effect<Closing, AutoMigrationError>
  /** The error of a query that is denied the use of what was brought for it; none where that is not why it is denied. */
  readonly denied: (mishap: Mishap) => Effect.Effect<Option.Option<AutoMigrationError>>
}

/** One gap, as this boundary has met it. */
interface Met<out E> {
  readonly cause: Cause.Cause<E>
  /** How often it was told to retry. */
  readonly times: number
  readonly doubted: boolean
}

/**
 * What a boundary remembers from one run to the next: how many gaps were closed, how often its server was waited for after
 * that, and for each gap the cause it first came with.
 *
 * @since 0.1.0
 * @category models
 */
export interface Memory<out E> {
  readonly closings: number
  readonly waits: number
  readonly first: ReadonlyMap<string, Met<E>>
  /** The gap that the effect was run again for. */
  readonly last: Option.Option<AbortedTransaction.Breach>
  /** What the effect began when it was run again; see `Mishap`. */
  readonly begun: ReadonlySet<string>
}

const isStatement = (self: unknown): self is Statement<unknown> =>
  SqlStatement.isFragment(self) && Predicate.hasProperty(self, "compile")

/** Compiled again on the failure path only. */
const textOf = (self: unknown): Option.Option<string> =>
  isStatement(self) ? Option.some(self.compile()[0]) : Option.none()

/** An error of ours along a chain of causes, which an application may have wrapped. */
const ownErrorIn = (error: unknown): Option.Option<AutoMigrationError> => {
  let value = error
  for (let depth = 0; depth < 8 && Predicate.isObject(value); depth++) {
    if (isAutoMigrationError(value)) return Option.some(value)
    value = Reflect.get(value, "cause")
  }
  return Option.none()
}

/** What a boundary further in has already answered is no gap, except that it asks for a fresh transaction. */
const recognise = (self: unknown, error: unknown): Option.Option<AbortedTransaction.Breach> => {
  if (!SqlState.isAmong(Detector.sqlStates, error)) return Option.none()
  const own = ownErrorIn(error)
  if (Option.isSome(own)) {
    return own.value instanceof TransactionMustRestart
      ? Option.some({ gap: own.value.gap, statement: Option.fromNullable(own.value.statement), error: own.value })
      : Option.none()
  }
  const statement = textOf(self)
  return Option.map(Detector.detect(error, Option.getOrUndefined(statement)), (gap) => ({ gap, statement, error }))
}

/**
 * The gap in a cause, if it holds one: among its failures the first that a detector claims. Defects are left alone.
 */
const recogniseIn = <E>(self: unknown, cause: Cause.Cause<E>): Option.Option<AbortedTransaction.Breach> => {
  if (cause._tag === "Fail") return recognise(self, cause.error)
  return Cause.isDie(cause)
    ? Option.none()
    : Option.firstSomeOf(Chunk.map(Cause.failures(cause), (error) => recognise(self, error)))
}

/** @since 0.1.0 @category constructors */
export const nothingClosed: Memory<never> = {
  closings: 0,
  waits: 0,
  first: new Map(),
  last: Option.none(),
  begun: new Set()
}

interface Surroundings {
  readonly application: Option.Option<SqlClient.SqlClient>
  /** Of the transaction that the effect stands in, where its client opened it. */
  readonly transaction: Option.Option<Connection>
}

const surroundingsIn = (context: Context.Context<never>): Surroundings => ({
  application: Context.getOption(context, SqlClient.SqlClient),
  transaction: Option.map(Context.getOption(context, SqlClient.TransactionConnection), ([connection]) => connection)
})

const surroundings: Effect.Effect<Surroundings> = Effect.contextWith(surroundingsIn)

/**
 * Has the gap in a cause closed: succeeds where the boundary's effect may be run again, with what to remember then, and
 * fails where it may not. The closer is read when a gap has been recognised, and not before. `self` is looked at for the
 * text of its statement only.
 *
 * @since 0.1.0
 * @category operations
 */
export const advance = <E, R>(
  self: unknown,
  cause: Cause.Cause<E>,
  closer: Effect.Effect<Closer, never, R>,
  memory: Memory<E>
): Effect.Effect<Memory<E>, E | AutoMigrationError, R> =>
  Option.match(recogniseIn(self, cause), {
    onNone: () => {
      if (AbortedTransaction.isMetIn(cause)) return aborted(cause, memory)
      return memory.closings > 0 ? unlessDenied(self, cause, closer, memory) : Effect.failCause(cause)
    },
    onSome: (breach) =>
      Effect.contextWithEffect((context: Context.Context<never>) => {
        const around = surroundingsIn(context)
        Option.map(around.transaction, (_) =>
          AbortedTransaction.remember(_, AbortedTransaction.mustRestart(breach, []))
        )
        return Effect.flatMap(closer, (service) => closed(service, cause, breach, memory, around))
      })
  })

/**
 * The statement met a transaction that had been aborted. Either the client opened it, and what aborted it is remembered; or
 * it was opened by hand on a reserved connection, which shows only when the effect is run again.
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

/** Outside transactions a boundary that had a gap closed may lack a grant on what was brought. */
const unlessDenied = <E, R>(
  self: unknown,
  cause: Cause.Cause<E>,
  closer: Effect.Effect<Closer, never, R>,
  { begun }: Memory<E>
): Effect.Effect<never, E | AutoMigrationError, R> =>
  Option.match(
    Chunk.findFirst(Cause.failures(cause), (error) => Option.isSome(SqlState.evidenceAmong(denials, error))),
    {
      onNone: () => Effect.failCause(cause),
      onSome: (error) =>
        Option.isSome(ownErrorIn(error))
          ? Effect.failCause(cause)
          : Effect.zipWith(surroundings, closer, ({ application, transaction }, { denied }) =>
              denied({ error, statement: textOf(self), begun, application, place: placeOf(transaction) })
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

const placeOf = (transaction: Option.Option<Connection>): Mishap["place"] =>
  Option.isSome(transaction) ? "inside a transaction" : "outside transactions"

/** What the closer's answer says about the transaction: which migrations it waits for, or that no gap of ours aborted it. */
const learning = (
  transaction: Connection,
  { error }: AbortedTransaction.Breach,
  answer: Effect.Effect<Closing, AutoMigrationError>
): Effect.Effect<Closing, AutoMigrationError> => {
  const learn = (answer: Closing | AutoMigrationError): Effect.Effect<void> =>
    Effect.sync(() => {
      if (error instanceof TransactionMustRestart) return
      if (answer instanceof TransactionMustRestart) AbortedTransaction.remember(transaction, answer)
      if (answer === "NotOurs") AbortedTransaction.forget(transaction)
    })
  return Effect.tapBoth(answer, { onFailure: learn, onSuccess: learn })
}

const after = <E>(before: Met<E>, closing: Closing): Met<E> =>
  closing === "Doubt" ? { ...before, doubted: true } : { ...before, times: before.times + 1 }

const closed = <E>(
  { budget, close }: Closer,
  cause: Cause.Cause<E>,
  breach: AbortedTransaction.Breach,
  memory: Memory<E>,
  { application, transaction }: Surroundings
): Effect.Effect<Memory<E>, E | AutoMigrationError> => {
  const key = Detector.key(breach.gap)
  const before = memory.first.get(key) ?? { cause, times: 0, doubted: false }
  const closingsLeft = budget - memory.closings
  const waitsLeft = memory.closings - memory.waits
  if (closingsLeft <= 0 && waitsLeft <= 0) return Effect.failCause(before.cause)
  const { doubted, times: closedBefore } = before
  const place = placeOf(transaction)
  const answer = close({
    gap: breach.gap,
    statement: breach.statement,
    error: breach.error,
    begun: memory.begun,
    application,
    place,
    closedBefore,
    closingsLeft,
    doubted,
    waitsLeft
  })
  return Effect.flatMap(
    Option.isSome(transaction) ? learning(transaction.value, breach, answer) : answer,
    (closing) => {
      if (closing === "CaughtUp" && waitsLeft > 0) return Effect.succeed({ ...memory, waits: memory.waits + 1 })
      return (closing === "Retry" || closing === "Doubt") && closingsLeft > 0
        ? Effect.succeed({
            closings: memory.closings + 1,
            waits: closing === "Doubt" ? memory.waits + 1 : memory.waits,
            first: new Map(memory.first).set(key, after(before, closing)),
            last: Option.some(breach),
            begun: new Set()
          })
        : Effect.failCause(before.cause)
    }
  )
}

/** An effect may go on for long after it was healed. */
const noted = 100

/** Notes what an effect begins: a denial says neither which statement it is about nor which privilege that takes. */
const noting = <A, E, R>(self: Effect.Effect<A, E, R>, begun: Set<string>): Effect.Effect<A, E, R> =>
  isStatement(self)
    ? self
    : Effect.flatMap(FiberRef.get(SqlStatement.currentTransformer), (outer) =>
        SqlStatement.withTransformer(self, (statement, sql, context, span) =>
          Effect.tap(
            Option.match(outer, {
              onNone: () => Effect.succeed(statement),
              onSome: (transform) => transform(statement, sql, context, span)
            }),
            (sent) => {
              if (begun.size < noted) begun.add(sent.compile()[0])
            }
          )
        )
      )

/**
 * Runs an effect again after each gap that is closed.
 *
 * @since 0.1.0
 * @category combinators
 */
export const recover = <A, E, R, R2>(
  self: Effect.Effect<A, E, R>,
  cause: Cause.Cause<E>,
  closer: Effect.Effect<Closer, never, R2>,
  memory: Memory<E> = nothingClosed
): Effect.Effect<A, E | AutoMigrationError, R | R2> =>
  Effect.flatMap(advance(self, cause, closer, memory), (next) => {
    const begun = new Set<string>()
    return Effect.catchAllCause(noting(self, begun), (again) => recover(self, again, closer, { ...next, begun }))
  })

/**
 * Begins a stream again after each gap that is closed, as long as it has not emitted.
 *
 * @since 0.1.0
 * @category combinators
 */
export const recoverStream = <A, E, R, R2>(
  self: Stream.Stream<A, E, R>,
  closer: Effect.Effect<Closer, never, R2>,
  memory: Memory<E> = nothingClosed
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
          : Stream.unwrap(Effect.map(advance(self, cause, closer, memory), (next) => recoverStream(self, closer, next)))
      )
    )
  })
