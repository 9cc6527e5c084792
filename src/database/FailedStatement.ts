/**
 * The text of a failed statement, found again by its error. A boundary around a transaction, a repository or a request
 * sees only the error; with the text it can bring all that the statement needs.
 *
 * A connection notes a text only after a failure. An entry ends with its error.
 *
 * @internal
 */
import type { Connection } from "@effect/sql/SqlConnection"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"

const texts = new WeakMap<object, string>()

/** How many errors are wrapped around each other at most. */
const depth = 8

/** An error and its causes, the outermost first. @since 0.1.0 @category queries */
export function* chainOf(error: unknown): Generator<object> {
  let value = error
  for (let level = 0; level < depth && Predicate.isObject(value); level++) {
    yield value
    value = Reflect.get(value, "cause")
  }
}

/** The text of the statement that an error came from, where its connection noted it. @since 0.1.0 @category queries */
export const textOf = (error: unknown): Option.Option<string> => {
  for (const one of chainOf(error)) {
    const text = texts.get(one)
    if (text !== undefined) return Option.some(text)
  }
  return Option.none()
}

/** An application may make a new error with the same cause, so each error of the chain is noted. */
const note = (cause: Cause.Cause<unknown>, text: string): void => {
  for (const error of Cause.failures(cause)) for (const one of chainOf(error)) texts.set(one, text)
}

const noted = <A, E, R>(self: Effect.Effect<A, E, R>, text: string): Effect.Effect<A, E, R> =>
  Effect.catchAllCause(self, (cause) => {
    note(cause, text)
    return Effect.failCause(cause)
  })

const notedStream = <A, E, R>(self: Stream.Stream<A, E, R>, text: string): Stream.Stream<A, E, R> =>
  Stream.catchAllCause(self, (cause) => {
    note(cause, text)
    return Stream.failCause(cause)
  })

const wrapped = new WeakMap<Connection, Connection>()

const wrap = (connection: Connection): Connection => {
  const self: Connection = Object.assign(Object.create(connection), {
    execute: (text, params, transform) => noted(connection.execute(text, params, transform), text),
    executeRaw: (text, params) => noted(connection.executeRaw(text, params), text),
    executeStream: (text, params, transform) => notedStream(connection.executeStream(text, params, transform), text),
    executeUnprepared: (text, params, transform) => noted(connection.executeUnprepared(text, params, transform), text),
    executeValues: (text, params) => noted(connection.executeValues(text, params), text)
  } satisfies Connection)
  wrapped.set(connection, self)
  wrapped.set(self, self)
  return self
}

/** The same connection, which notes the text of each statement that fails. @since 0.1.0 @category constructors */
export const noting = (connection: Connection): Connection => wrapped.get(connection) ?? wrap(connection)
