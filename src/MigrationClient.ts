/**
 * The connections that migrations run on: lazily opened, closed when idle, and never taken from the application's pool, so
 * that a pool whose connections are all held by waiting requests cannot starve the heal they wait for.
 *
 * Connections are reserved and never looked up: `SqlClient.TransactionConnection` is one global tag, and a look-up inside a
 * caller's transaction would find the caller's connection.
 *
 * @since 0.1.0
 */
import { Socket } from "node:net"
import type { Duplex } from "node:stream"
import * as Reactivity from "@effect/experimental/Reactivity"
import type { Connection } from "@effect/sql/SqlConnection"
import { SqlError } from "@effect/sql/SqlError"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as RcRef from "effect/RcRef"
import type * as Scope from "effect/Scope"
import * as Acquisition from "./Acquisition.js"
import { quote } from "./core/SchemaObject.js"
import * as Driver from "./Driver.js"
import * as Message from "./Message.js"

/**
 * A connection of one's own until the scope ends, with the client that made it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reserved {
  readonly client: PgClient.PgClient
  readonly connection: Connection
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Listener {
  /** From now on nothing goes unheard. */
  readonly onListening: Effect.Effect<void>
  readonly onMessage: (payload: string) => void
}

/**
 * @since 0.1.0
 * @category tags
 */
export class MigrationClient extends Context.Tag("effect-auto-migration/MigrationClient")<
  MigrationClient,
  {
    /** Connects on first use; the pool stays open a little while after the last scope has closed. */
    readonly reserve: Effect.Effect<Reserved, SqlError, Scope.Scope>
    /** Sends one message outside transactions. */
    readonly ask: (text: string) => Effect.Effect<unknown, SqlError>
    /**
     * Hears what is notified on a channel, on a connection that is reserved for that, until it breaks, which is an error.
     * `pooled`, and nothing is heard, where a pooler stands before the server, whose sessions are not ours to listen in.
     */
    readonly listen: (channel: string, listener: Listener) => Effect.Effect<"pooled", SqlError>
  }
>() {}

/**
 * One connection works; a second holds the migration lock while a statement runs that no transaction block may contain; a
 * third reads; a fourth listens. They are the ones to be taken; another one is left for what the driver does by itself, which
 * is to ask the server to cancel a statement that was interrupted.
 */
const connections = 4

const idle = Duration.seconds(10)

/**
 * Whether the server's process is the one that the driver was told of when it connected. A pooler cannot tell: it has not
 * chosen one by then.
 */
const isDirect = (connection: Connection): Effect.Effect<boolean, SqlError> =>
  Effect.map(
    connection.executeRaw("SELECT pg_catalog.pg_backend_pid()::text AS pid", []),
    (result) => Message.columnsOf(result)["pid"] === String(Driver.processIdOf(connection))
  )

/** Ends when the connection does. */
const hearing = (connection: Connection, channel: string, { onListening, onMessage }: Listener) =>
  Effect.gen(function* () {
    const end = yield* Deferred.make<never, SqlError>()
    yield* Driver.hearing(connection, channel, {
      onMessage,
      onEnd: (cause) =>
        Deferred.unsafeDone(end, Effect.fail(new SqlError({ cause, message: "The connection that listened is gone" })))
    })
    yield* connection.executeRaw(`LISTEN ${quote(channel)}`, [])
    yield* onListening
    return yield* Deferred.await(end)
  })

/** What was interrupted may still be unanswered, and nobody is to wait behind it. */
const askOn = (connection: Connection, text: string): Effect.Effect<unknown, SqlError> =>
  Effect.onInterrupt(connection.executeRaw(text, []), () => Driver.close(connection))

const unavailable = (reason: string): SqlError => new SqlError({ cause: new Error(reason) })

const closed = unavailable("the layer of the migrations' connections was closed")

/** A reference that is no more interrupts whoever asks for it, though nobody has interrupted that fiber. */
const orClosed = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError, R> =>
  Effect.catchAllCause(
    self,
    (cause): Effect.Effect<never, E | SqlError> =>
      Cause.isInterrupted(cause) ? Effect.fail(closed) : Effect.failCause(cause)
  )

const reserved = (client: PgClient.PgClient): Effect.Effect<Reserved, SqlError, Scope.Scope> =>
  Effect.map(Acquisition.inBackground(client.reserve), (connection) => ({ client, connection }))

/**
 * Opening the first connection, waiting for one's turn and taking a connection from the pool have one limit together. The
 * reference is got at once: nobody can leave it half-way, and whoever closes it waits for those who get it, so nothing that
 * waits for a server is done inside.
 */
const fromClients = Effect.fnUntraced(function* (
  acquire: Effect.Effect<PgClient.PgClient, SqlError, Scope.Scope | Reactivity.Reactivity>,
  limit: Duration.Duration
) {
  const late = unavailable(`no connection was to be had within ${Duration.format(limit)}`)
  const clients = yield* RcRef.make({
    acquire: Acquisition.shared(acquire, { ended: closed, late, limit }),
    idleTimeToLive: idle
  })
  const free = yield* Effect.makeSemaphore(connections)
  const turn = Effect.uninterruptibleMask((restore) =>
    Effect.zipRight(
      restore(free.take(1)),
      Effect.addFinalizer(() => free.release(1))
    )
  )
  const reservedFrom = (opening: Effect.Effect<PgClient.PgClient, SqlError>) =>
    Effect.zipLeft(opening, turn).pipe(Effect.flatMap(reserved), Acquisition.within(limit, late))
  const reserve = Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(orClosed(RcRef.get(clients)), (opening) => restore(reservedFrom(opening)))
  )
  const ask = (text: string) => Effect.scoped(Effect.flatMap(reserve, ({ connection }) => askOn(connection, text)))
  const listen = Effect.fnUntraced(function* (channel: string, listener: Listener) {
    const { connection } = yield* reserve
    yield* Effect.addFinalizer(() => Driver.close(connection))
    return (yield* isDirect(connection)) ? yield* hearing(connection, channel, listener) : ("pooled" as const)
  }, Effect.scoped)
  return { reserve, ask, listen }
})

/**
 * `PgClient.make` asks the server something over the first connection and cannot be interrupted until that is answered, or the
 * connection has ended: one that nobody waits for any more is ended, since a server that let it in may say no more.
 */
const opening = Effect.fnUntraced(function* (config: PgClient.PgClientConfig) {
  const first = yield* Deferred.make<Duplex>()
  const stream = () => {
    const socket = config.stream?.() ?? new Socket()
    Deferred.unsafeDone(first, Effect.succeed(socket))
    return socket
  }
  const hangUp = Effect.map(Deferred.await(first), (socket) => void socket.destroy())
  return yield* Acquisition.inBackground(PgClient.make({ ...config, stream }), hangUp)
})

const fromConfig = (config: PgClient.PgClientConfig) => {
  const connectTimeout = Duration.decode(config.connectTimeout ?? Driver.patience)
  const client = opening({
    ...config,
    connectTimeout,
    minConnections: 0,
    maxConnections: connections + 1,
    applicationName: "effect-auto-migration"
  })
  return Effect.map(fromClients(client, connectTimeout), MigrationClient.of)
}

/**
 * Connections of its own with credentials of their own, for instance of a role that may run DDL when the application's may not.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (config: PgClient.PgClientConfig): Layer.Layer<MigrationClient> =>
  Layer.scoped(MigrationClient, fromConfig(config)).pipe(Layer.provide(Reactivity.layer))

/** A migration's session is made to forget all that was set in it, and so what its pool had set. */
const usedOnce = ({ connection }: Reserved) => Effect.addFinalizer(() => Driver.close(connection))

/**
 * `connectTimeout`, ten seconds where none is given, is how long one may wait for a connection of the pool, be it full or the
 * server silent; the pool's own limit, which it may not have, is not asked about.
 *
 * @since 0.1.0
 * @category models
 */
export interface FromPoolOptions extends PgClient.PgClientFromPoolOptions {
  readonly connectTimeout?: Duration.DurationInput | undefined
}

/**
 * Connections from a pool that the program makes, with at least five of them; for programs whose own client comes from
 * `PgClient.fromPool`, whose pool may know more (a password that is a function, session options) than a client's configuration.
 * What the pool does to each new connection (a search path, a role) holds for each migration: the connection that one ran on is
 * closed. Whoever makes a pool listens for its errors: node-postgres ends the program over a lost idle connection of one that
 * nobody does.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerFromPool = (options: FromPoolOptions): Layer.Layer<MigrationClient> =>
  Layer.scoped(
    MigrationClient,
    Effect.map(
      fromClients(
        Acquisition.inBackground(PgClient.fromPool(options)),
        Duration.decode(options.connectTimeout ?? Driver.patience)
      ),
      (connections) => MigrationClient.of({ ...connections, reserve: Effect.tap(connections.reserve, usedOnce) })
    )
  ).pipe(Layer.provide(Reactivity.layer))

/**
 * Connections of its own to the application's server, with the application's configuration.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerFromApplication: Layer.Layer<MigrationClient, never, PgClient.PgClient> = Layer.scoped(
  MigrationClient,
  Effect.flatMap(PgClient.PgClient, (application) => fromConfig(application.config))
).pipe(Layer.provide(Reactivity.layer))
