/**
 * The connections that migrations run on. They open on first use, close when idle, and never come from the
 * application's pool: requests that wait for a heal may hold all connections of that pool.
 *
 * Connections are reserved and never looked up: `SqlClient.TransactionConnection` is one global tag, and a look-up
 * inside a caller's transaction would find the caller's connection.
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
import { quote } from "../core/model/SchemaObject.js"
import * as Acquisition from "../runtime/Acquisition.js"
import * as Cancellation from "./Cancellation.js"
import * as Driver from "./Driver.js"
import * as Message from "./Message.js"
import { qualified } from "./Qualified.js"
import * as Transaction from "./Transaction.js"

/**
 * A connection that is reserved until the scope ends, with the client that made it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reserved {
  readonly client: PgClient.PgClient
  readonly connection: Connection
  /** The beginning of each transaction on the connection, see `Transaction.renew`. */
  readonly renew: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Listener {
  /** Runs when the connection listens. Each later message is heard. */
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
    /** Connects on first use. The pool closes ten seconds after the last scope. */
    readonly reserve: Effect.Effect<Reserved, SqlError, Scope.Scope>
    /** Sends one message on a connection of its own, outside transactions. */
    readonly ask: (text: string) => Effect.Effect<unknown, SqlError>
    /**
     * Listens to a channel on a connection of its own. Fails when the connection breaks. Returns `pooled` at once where
     * a pooler stands before the server: its sessions serve other clients as well.
     */
    readonly listen: (channel: string, listener: Listener) => Effect.Effect<"pooled", SqlError>
    /** The name that the application gives its sessions, for the events of the ledger. */
    readonly application?: string
  }
>() {}

/**
 * One connection runs a migration. A second holds the migration lock while a statement runs outside transactions. A
 * third reads, and a fourth listens. The pool has one more, on which a statement that was interrupted is cancelled.
 */
const reservable = 4

const idle = Duration.seconds(10)

const fromClients = Effect.fnUntraced(function* (
  acquire: Effect.Effect<PgClient.PgClient, SqlError, Scope.Scope | Reactivity.Reactivity>,
  limit: Duration.Duration,
  renewFor: (connection: Connection) => Effect.Effect<string, SqlError>
) {
  const reserve = Effect.flatMap(yield* reserving(acquire, limit), (reserved) =>
    Effect.map(renewFor(reserved.connection), (renew): Reserved => ({ ...reserved, renew }))
  )
  const ask = (text: string) =>
    Effect.scoped(Effect.flatMap(reserve, ({ connection, renew }) => askOn(connection, `${renew}${text}`)))
  return { reserve, ask, listen: (channel: string, listener: Listener) => listen(reserve, channel, listener) }
})

/**
 * One limit covers the wait for the first connection, for a turn and for a connection from the pool. The reference
 * itself is taken at once, and no wait for a server happens inside it: a fiber cannot leave it half-way, and its end
 * waits for all fibers that take it.
 */
const reserving = Effect.fnUntraced(function* (
  acquire: Effect.Effect<PgClient.PgClient, SqlError, Scope.Scope | Reactivity.Reactivity>,
  limit: Duration.Duration
) {
  const late = unavailable(`no connection was to be had within ${Duration.format(limit)}`)
  const clients = yield* RcRef.make({
    acquire: Acquisition.shared(acquire, { ended: closed, late, limit }),
    idleTimeToLive: idle
  })
  const free = yield* Effect.makeSemaphore(reservable)
  const turn = Effect.uninterruptibleMask((restore) =>
    Effect.zipRight(
      restore(free.take(1)),
      Effect.addFinalizer(() => free.release(1))
    )
  )
  const reservedFrom = (opening: Effect.Effect<PgClient.PgClient, SqlError>) =>
    Effect.zipLeft(opening, turn).pipe(Effect.flatMap(reserved), Acquisition.within(limit, late))
  return Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(orClosed(RcRef.get(clients)), (opening) => restore(reservedFrom(opening)))
  )
})

const unavailable = (reason: string): SqlError => new SqlError({ cause: new Error(reason) })

const closed = unavailable("the layer of the migrations' connections was closed")

/** A closed reference interrupts the fiber that takes it. That fiber was not interrupted, so it fails. */
const orClosed = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError, R> =>
  Effect.catchAllCause(
    self,
    (cause): Effect.Effect<never, E | SqlError> =>
      Cause.isInterrupted(cause) ? Effect.fail(closed) : Effect.failCause(cause)
  )

const reserved = (client: PgClient.PgClient): Effect.Effect<Omit<Reserved, "renew">, SqlError, Scope.Scope> =>
  Effect.map(Acquisition.inBackground(client.reserve), (connection) => ({
    client,
    connection: Cancellation.guarded(client, connection)
  }))

/** An interruption closes the connection: the next message must not wait behind one that is unanswered. */
const askOn = (connection: Connection, text: string): Effect.Effect<unknown, SqlError> =>
  Effect.onInterrupt(connection.executeRaw(qualified(text), []), () => Driver.close(connection))

const listen = Effect.fnUntraced(function* (
  reserve: Effect.Effect<Reserved, SqlError, Scope.Scope>,
  channel: string,
  listener: Listener
) {
  const { connection } = yield* reserve
  yield* Effect.addFinalizer(() => Driver.close(connection))
  return (yield* isDirect(connection)) ? yield* hearing(connection, channel, listener) : ("pooled" as const)
}, Effect.scoped)

/**
 * Whether the server's process is the one that it named when the driver connected. A pooler names another one, since it
 * has not chosen a session by then.
 */
const isDirect = (connection: Connection): Effect.Effect<boolean, SqlError> =>
  Effect.map(
    connection.executeRaw("SELECT pg_catalog.pg_backend_pid()::pg_catalog.text AS pid", []),
    (result) => Message.columnsOf(result)["pid"] === String(Driver.processIdOf(connection))
  )

/** Fails when the connection ends. */
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

/**
 * `PgClient.make` asks the server a question over the first connection, and cannot be interrupted before the answer or
 * the end of the connection. A server may accept a connection and never answer, so an interruption ends the connection.
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

/** The driver's own name says nothing about the application. */
const named = ({ applicationName }: Pick<PgClient.PgClientConfig, "applicationName">) =>
  applicationName === undefined || applicationName === "@effect/sql-pg" ? {} : { application: applicationName }

const fromConfig = (config: PgClient.PgClientConfig) => {
  const connectTimeout = Duration.decode(config.connectTimeout ?? Driver.patience)
  const client = opening({
    ...config,
    connectTimeout,
    minConnections: 0,
    maxConnections: reservable + 1,
    applicationName: "effect-auto-migration"
  })
  return Effect.map(
    fromClients(client, connectTimeout, () => Effect.succeed(Transaction.renew)),
    (connections) => MigrationClient.of({ ...connections, ...named(config) })
  )
}

/**
 * Connections with their own configuration, for instance with the credentials of a role that may run DDL.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { PgClient } from "@effect/sql-pg"
 * import { AutoMigration, MigrationClient, MigrationSource } from "effect-auto-migration"
 * import { Config, Effect, Layer } from "effect"
 *
 * // In a program this is the URL of a role that owns the schema.
 * const Owner = Layer.unwrapEffect(Effect.map(Config.redacted("DATABASE_URL"), (url) => MigrationClient.layer({ url })))
 *
 * const Live = AutoMigration.layer.pipe(
 *   Layer.provide(Owner),
 *   Layer.provide(MigrationSource.layerRecord({ "001_users": "CREATE TABLE users (id integer)" })),
 *   Layer.provideMerge(PgClient.layerConfig({ url: Config.redacted("DATABASE_URL") }))
 * )
 *
 * assert.deepEqual(await Effect.runPromise(Effect.provide(AutoMigration.migrate, Live)), ["001_users"])
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (config: PgClient.PgClientConfig): Layer.Layer<MigrationClient> =>
  Layer.scoped(MigrationClient, fromConfig(config)).pipe(Layer.provide(Reactivity.layer))

/** A session is reset after a migration, and so loses the pool's settings. */
const usedOnce = ({ connection }: Reserved) => Effect.addFinalizer(() => Driver.close(connection))

/**
 * Options of {@link layerFromPool}.
 *
 * @since 0.1.0
 * @category models
 */
export interface FromPoolOptions extends PgClient.PgClientFromPoolOptions {
  /**
   * How long to wait for a connection when the pool is full or the server does not answer. Defaults to `10 seconds`.
   */
  readonly connectTimeout?: Duration.DurationInput | undefined
}

/**
 * Connections from a pool that the program makes, with at least five connections. It is for programs whose own client
 * comes from `PgClient.fromPool`: a pool may have what a client's configuration cannot hold, such as a password that is
 * a function.
 *
 * Settings that the pool gives to each new connection (a search path, a role) hold for each migration: its connection
 * is closed afterwards. Behind a pooler they do not hold, since the server's session has served other clients. The program has to listen for the pool's errors: without a listener, node-postgres ends the
 * program when an idle connection is lost.
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
        Duration.decode(options.connectTimeout ?? Driver.patience),
        (connection) => Effect.map(isDirect(connection), (is) => (is ? "" : Transaction.renew))
      ),
      (connections) =>
        MigrationClient.of({ ...connections, ...named(options), reserve: Effect.tap(connections.reserve, usedOnce) })
    )
  ).pipe(Layer.provide(Reactivity.layer))

/**
 * Connections to the application's server, with the application's configuration.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerFromApplication: Layer.Layer<MigrationClient, never, PgClient.PgClient> = Layer.scoped(
  MigrationClient,
  Effect.flatMap(PgClient.PgClient, (application) => fromConfig(application.config))
).pipe(Layer.provide(Reactivity.layer))
