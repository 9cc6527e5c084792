/**
 * What the driver beneath a reserved connection tells and does, for which `@effect/sql` has no words. Its client stands on
 * each connection of `@effect/sql-pg`, though not in the type, so it is recognised and not assumed: beneath another driver
 * nothing is heard, and nothing can be closed.
 *
 * Source: the documentation of node-postgres, section "pg.Client", and PostgreSQL manual, section 54.7, BackendKeyData.
 *
 * @internal
 */
import type { Connection } from "@effect/sql/SqlConnection"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Scope from "effect/Scope"

/** As much of node-postgres' `Client` as is used here. */
interface Client {
  readonly processID: unknown
  readonly on: (event: string, listener: (value: unknown) => void) => unknown
  readonly off: (event: string, listener: (value: unknown) => void) => unknown
  readonly unref: () => void
  readonly end: (done: () => void) => void
}

/** @since 0.1.0 @category models */
export interface Hearer {
  readonly onMessage: (payload: string) => void
  /** The connection is gone. */
  readonly onEnd: (cause: unknown) => void
}

/** How long a server that is alive may take to answer what costs it nothing. @since 0.1.0 @category models */
export const patience = Duration.seconds(10)

const property = (value: unknown, name: string): unknown =>
  Predicate.hasProperty(value, name) ? value[name] : undefined

const isClient = (value: unknown): value is Client =>
  ["on", "off", "unref", "end"].every((name) => Predicate.isFunction(property(value, name)))

const clientOf = (connection: Connection): Option.Option<Client> =>
  Option.liftPredicate(isClient)(property(connection, "pg"))

/** The server's process, as it introduced itself; a pooler makes one up. @since 0.1.0 @category queries */
export const processIdOf = (connection: Connection): unknown =>
  Option.getOrUndefined(Option.map(clientOf(connection), ({ processID }) => processID))

/**
 * Ends the session now, whatever the server does: a message that is still unanswered fails, the pool takes the connection back
 * to throw it away, and no program stays alive for it, unless it has made the socket itself and left that out.
 *
 * @since 0.1.0
 * @category operations
 */
export const close = (connection: Connection): Effect.Effect<void> =>
  Effect.ignore(
    Effect.try(() =>
      Option.map(clientOf(connection), (client) => {
        client.end(() => {})
        client.unref()
      })
    )
  )

/**
 * Waits for an answer that cannot be done without, though no longer than for a server that is alive: then the connection is
 * closed, and the answer is that.
 *
 * @since 0.1.0
 * @category operations
 */
export const orClose = <A, E>(connection: Connection, answer: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.forkDaemon(Effect.interruptible(Effect.delay(close(connection), patience))), (alarm) =>
      Effect.ensuring(restore(answer), Fiber.interruptFork(alarm))
    )
  )

/**
 * Passes on what is notified on a channel, until the scope ends. That the session listens is up to whoever asks.
 *
 * @since 0.1.0
 * @category operations
 */
export const hearing = (
  connection: Connection,
  channel: string,
  { onEnd, onMessage }: Hearer
): Effect.Effect<void, never, Scope.Scope> => {
  const notified = (message: unknown) => {
    const payload = property(message, "payload")
    if (property(message, "channel") === channel && Predicate.isString(payload)) onMessage(payload)
  }
  const listeners = Object.entries({ notification: notified, error: onEnd, end: onEnd })
  return Option.match(clientOf(connection), {
    onNone: () => Effect.void,
    onSome: (client) =>
      Effect.acquireRelease(
        Effect.sync(() => listeners.forEach(([event, listener]) => client.on(event, listener))),
        () => Effect.sync(() => listeners.forEach(([event, listener]) => client.off(event, listener)))
      )
  })
}
