/**
 * Functions of the driver (node-postgres) that `@effect/sql` does not offer: its process id, its notifications and its
 * end. Each connection of `@effect/sql-pg` has the driver's client as a property that its type does not show. So the
 * client is recognised by its functions. With another driver there are no notifications, and a connection cannot be
 * closed.
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
import * as Telemetry from "../runtime/Telemetry.js"

/** The part of node-postgres' `Client` that is used here. */
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
  /** Called when the connection is lost. */
  readonly onEnd: (cause: unknown) => void
}

/** How long a live server may take to answer a cheap message. @since 0.1.0 @category models */
export const patience = Duration.seconds(10)

const property = (value: unknown, name: string): unknown =>
  Predicate.hasProperty(value, name) ? value[name] : undefined

const isClient = (value: unknown): value is Client =>
  ["on", "off", "unref", "end"].every((name) => Predicate.isFunction(property(value, name)))

/** The driver's reader of the protocol, which emits each message of the server. */
const protocolOf = (client: Client): unknown => property(client, "connection")

const isEmitter = (value: unknown): value is Pick<Client, "on" | "off"> =>
  ["on", "off"].every((name) => Predicate.isFunction(property(value, name)))

const clientOf = (connection: Connection): Option.Option<Client> =>
  Option.liftPredicate(isClient)(property(connection, "pg"))

/**
 * The id of the server's process, as the server told it at the start. A pooler makes one up.
 *
 * @since 0.1.0
 * @category queries
 */
export const processIdOf = (connection: Connection): unknown =>
  Option.getOrUndefined(Option.map(clientOf(connection), ({ processID }) => processID))

/**
 * The attributes by which OpenTelemetry names the server and the database of a connection.
 *
 * @since 0.1.0
 * @category queries
 */
export const attributesOf = (connection: Connection): Readonly<Record<string, unknown>> =>
  Option.match(clientOf(connection), {
    onNone: () => ({}),
    onSome: (client) => ({
      [Telemetry.database.namespace]: property(client, "database"),
      [Telemetry.database.address]: property(client, "host"),
      [Telemetry.database.port]: property(client, "port")
    })
  })

/**
 * Ends the session at once, even where the server is silent. An unanswered message fails, and the pool discards the
 * connection. The connection no longer keeps the program alive, unless the program has made a socket of its own that
 * has no `unref`.
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
 * Waits for an answer that must come. When the server has been silent for {@link patience}, it closes the connection,
 * and the answer is that error.
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
 * Calls back for each statement that the server completes, with its command tag, until the scope ends. The answer to a message of
 * several statements holds none of them where one failed. `false` where the driver does not tell.
 *
 * @since 0.1.0
 * @category operations
 */
export const completing = (
  connection: Connection,
  onCompleted: (tag: string) => void
): Effect.Effect<boolean, never, Scope.Scope> => {
  const completed = (message: unknown) => {
    onCompleted(String(property(message, "text")))
  }
  return Option.match(Option.filter(Option.map(clientOf(connection), protocolOf), isEmitter), {
    onNone: () => Effect.succeed(false),
    onSome: (protocol) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          protocol.on("commandComplete", completed)
          return true
        }),
        () => Effect.sync(() => protocol.off("commandComplete", completed))
      )
  })
}

/**
 * Passes on the notifications of a channel until the scope ends. The caller sends `LISTEN`.
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
