/**
 * The connection that migrations run on: lazily opened, closed when idle, and never taken from the application's pool, so
 * that a pool whose connections are all held by waiting requests cannot starve the heal they wait for.
 *
 * @since 0.1.0
 */
import * as Reactivity from "@effect/experimental/Reactivity"
import type { SqlError } from "@effect/sql/SqlError"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as RcRef from "effect/RcRef"
import type * as Scope from "effect/Scope"

/**
 * @since 0.1.0
 * @category tags
 */
export class MigrationClient extends Context.Tag("effect-auto-migration/MigrationClient")<
  MigrationClient,
  {
    /** Connects on first use; the connection stays open a little while after the last scope has closed. */
    readonly get: Effect.Effect<PgClient.PgClient, SqlError, Scope.Scope>
    /** Sends one message outside transactions: the connection is taken from the pool and not from the caller's context. */
    readonly ask: (text: string) => Effect.Effect<unknown, SqlError>
  }
>() {}

/**
 * One connection works; a second holds the migration lock while a statement runs that no transaction block may contain; a
 * third carries the request to cancel when a migration is interrupted.
 */
const connections = 3

const idle = Duration.seconds(10)

const lazily = (config: PgClient.PgClientConfig) =>
  Effect.map(
    RcRef.make({
      acquire: PgClient.make({
        ...config,
        transformQueryNames: undefined,
        transformResultNames: undefined,
        types: undefined,
        minConnections: 0,
        maxConnections: connections,
        applicationName: "effect-auto-migration"
      }),
      idleTimeToLive: idle
    }),
    (reference) => {
      const get = RcRef.get(reference)
      return MigrationClient.of({
        get,
        ask: (text) =>
          get.pipe(
            Effect.flatMap((client) => client.reserve),
            Effect.flatMap((connection) => connection.executeRaw(text, [])),
            Effect.scoped
          )
      })
    }
  )

/**
 * Connections of its own with credentials of their own, for instance of a role that may run DDL when the application's may not.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (config: PgClient.PgClientConfig): Layer.Layer<MigrationClient> =>
  Layer.scoped(MigrationClient, lazily(config)).pipe(Layer.provide(Reactivity.layer))

/**
 * Connections of its own to the application's server, with the application's credentials.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerFromApplication: Layer.Layer<MigrationClient, never, PgClient.PgClient> = Layer.scoped(
  MigrationClient,
  Effect.flatMap(PgClient.PgClient, (application) => lazily(application.config))
).pipe(Layer.provide(Reactivity.layer))
