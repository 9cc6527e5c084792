/**
 * The application's client with every statement protected, so that an existing program needs no pipe and keeps its
 * types. An error of the library is the cause of a `SqlError`.
 *
 * A statement outside a transaction runs again after its gap was closed. A transaction that meets a gap fails, after
 * the gap was closed, with `TransactionMustRestart` as the cause; with `transactions: "restart"` it runs again from its
 * start. No other effect runs twice: a statement on a reserved connection, and a text that begins or ends a transaction
 * or runs a procedure or a `DO` block, keeps its error.
 *
 * @since 0.1.0
 */

import * as SqlClient from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import { SqlError } from "@effect/sql/SqlError"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as AutoMigration from "./AutoMigration.js"
import * as CheckedClient from "./CheckedClient.js"
import {
  type AutoMigrationError,
  isAutoMigrationError,
  type MigrationDefinitionError
} from "./core/error/AutoMigrationError.js"
import { isRepeatable } from "./core/statement/Repeatable.js"
import * as ClientParts from "./database/ClientParts.js"
import * as MigrationClient from "./database/MigrationClient.js"
import * as Boundary from "./heal/Boundary.js"
import type * as Recognition from "./heal/Recognition.js"
import type { MigrationSource } from "./source/MigrationSource.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * What a transaction does that has met a gap: `fail` ends it with `TransactionMustRestart`, `restart` runs it again from
   * its start, with all that the program does in it. Defaults to `fail`.
   */
  readonly transactions?: "fail" | "restart"
}

const asSqlError = (error: AutoMigrationError | SqlError): SqlError =>
  isAutoMigrationError(error) ? new SqlError({ cause: error, message: error.message }) : error

/** Leaves a text outside transactions as it came unless it may run again. */
const healerFor = (healer: Boundary.Healer, text: string): Effect.Effect<Boundary.Healer> =>
  Effect.succeed({
    ...healer,
    heal: (request) =>
      request.place === "inside a transaction" || isRepeatable(text) ? healer.heal(request) : Effect.succeed("NotOurs")
  })

const subjectOf = (text: string): Recognition.Subject => ({ isInView: true, text: () => Option.some(text) })

const protect = <A>(healer: Boundary.Healer, self: Effect.Effect<A, SqlError>, text: string) =>
  Effect.catchAllCause(self, (cause) =>
    Effect.mapError(Boundary.recover(self, cause, healerFor(healer, text), { subject: subjectOf(text) }), asSqlError)
  )

const protectStream = <A>(healer: Boundary.Healer, self: Stream.Stream<A, SqlError>, text: string) =>
  Stream.mapError(Boundary.recoverStream(self, healerFor(healer, text), subjectOf(text)), asSqlError)

/** The connection of a statement, which is protected. The connection itself sends what controls its transaction. */
const protecting = (healer: Boundary.Healer) => {
  const known = new WeakMap<Connection, Connection>()
  const wrap = (_: Connection): Connection => {
    const self: Connection = Object.assign(Object.create(_), {
      execute: (text, params, transform) => protect(healer, _.execute(text, params, transform), text),
      executeRaw: (text, params) => protect(healer, _.executeRaw(text, params), text),
      executeStream: (text, params, transform) => protectStream(healer, _.executeStream(text, params, transform), text),
      executeUnprepared: (text, params, transform) =>
        protect(healer, _.executeUnprepared(text, params, transform), text),
      executeValues: (text, params) => protect(healer, _.executeValues(text, params), text)
    } satisfies Connection)
    known.set(_, self)
    return self
  }
  return (connection: Connection): Connection => known.get(connection) ?? wrap(connection)
}

/** It has ended, and with it all its locks. */
const wholeTransaction: Recognition.Subject = { isInView: true, text: Option.none }

/**
 * Closes the gap that has ended a transaction, once the server has rolled it back. Then runs the transaction again, or
 * fails with its error. Errors of the program are not wrapped, even where they are errors of the library.
 */
const afterGap = <A, E, R>(
  self: Effect.Effect<A, E | SqlError, R>,
  cause: Cause.Cause<E | SqlError>,
  healer: Boundary.Healer,
  transactions: Options["transactions"],
  memory: Boundary.Memory<E | SqlError> = Boundary.emptyMemory
): Effect.Effect<A, E | SqlError, R> => {
  const causes = [cause, ...[...memory.metGaps.values()].map((met) => met.cause)]
  const own = new Set<unknown>(causes.flatMap((one) => [...Cause.failures(one)]))
  const isOwn = (error: E | SqlError | AutoMigrationError): error is E | SqlError => own.has(error)
  return Effect.matchCauseEffect(Boundary.advance(wholeTransaction, cause, Effect.succeed(healer), memory), {
    onFailure: (failure): Effect.Effect<never, E | SqlError> =>
      Effect.failCause(Cause.map(failure, (error) => (isOwn(error) ? error : asSqlError(error)))),
    onSuccess: (next) =>
      transactions === "restart"
        ? Effect.catchAllCause(self, (again) => afterGap(self, again, healer, transactions, next))
        : Effect.failCause(cause)
  })
}

const isOutermost = Effect.map(Effect.serviceOption(SqlClient.TransactionConnection), Option.isNone)

const withTransaction =
  (
    run: PgClient.PgClient["withTransaction"],
    healer: Boundary.Healer,
    { transactions }: Options
  ): PgClient.PgClient["withTransaction"] =>
  (effect) => {
    const self = run(effect)
    return Effect.catchAllCause(self, (cause) =>
      Effect.flatMap(isOutermost, (outermost) =>
        outermost ? afterGap(self, cause, healer, transactions) : Effect.failCause(cause)
      )
    )
  }

/**
 * A client on the same pool that is a `CheckedClient` as well, and protects each statement.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (client: PgClient.PgClient, healer: Boundary.Healer, options: Options = {}): PgClient.PgClient => {
  const checked = CheckedClient.make(client)
  return ClientParts.replacing(checked, {
    acquirer: Effect.map(ClientParts.partsOf(checked).acquirer, protecting(healer)),
    reserve: checked.reserve,
    withTransaction: withTransaction(checked.withTransaction, healer, options)
  })
}

/**
 * Gives the protected client in the place of the application's. A `SqlClient` that is not the `PgClient` stays as it is.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options?: Options
): Layer.Layer<PgClient.PgClient | SqlClient.SqlClient, never, AutoMigration.AutoMigration | PgClient.PgClient> =>
  Layer.effectContext(
    Effect.flatMap(Effect.all([PgClient.PgClient, AutoMigration.AutoMigration]), ([client, healer]) =>
      ClientParts.inPlaceOf(client, make(client, healer, options))
    )
  )

/**
 * All that an existing program needs, in the place of `AutoMigrationLive`: right on top of the layer of its client.
 *
 * @example
 * ```ts check
 * import { PgClient } from "@effect/sql-pg"
 * import { MigrationSource, ProtectedClient } from "effect-auto-migration"
 * import { Config, Layer } from "effect"
 *
 * export const Database = ProtectedClient.layerLive().pipe(
 *   Layer.provide(MigrationSource.layerDirectory("migrations")),
 *   Layer.provide(PgClient.layerConfig({ url: Config.redacted("DATABASE_URL") }))
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerLive = (
  options?: Options
): Layer.Layer<
  AutoMigration.AutoMigration | PgClient.PgClient | SqlClient.SqlClient,
  MigrationDefinitionError,
  MigrationSource | PgClient.PgClient
> => layer(options).pipe(Layer.provideMerge(Layer.provide(AutoMigration.layer, MigrationClient.layerFromApplication)))
