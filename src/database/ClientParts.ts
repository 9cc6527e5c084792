/**
 * The parts that a client of the application makes its statements of, and a client on the same pool with other parts.
 *
 * @internal
 */
import * as SqlClient from "@effect/sql/SqlClient"
import type * as SqlConnection from "@effect/sql/SqlConnection"
import * as Statement from "@effect/sql/Statement"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"

/** Only a statement holds them. @since 0.1.0 @category models */
export interface Parts {
  /** The connection of a statement: that of the transaction around it, or else one of the pool. */
  readonly acquirer: SqlConnection.Connection.Acquirer
  readonly compiler: Statement.Compiler
  readonly spanAttributes: ReadonlyArray<readonly [string, unknown]>
  readonly transformRows: Parameters<typeof Statement.make>[3]
}

const isParts = (statement: unknown): statement is Parts =>
  Predicate.hasProperty(statement, "acquirer") &&
  Effect.isEffect(statement.acquirer) &&
  Predicate.hasProperty(statement, "compiler") &&
  Predicate.hasProperty(statement.compiler, "compile") &&
  Predicate.hasProperty(statement, "spanAttributes") &&
  Array.isArray(statement.spanAttributes) &&
  Predicate.hasProperty(statement, "transformRows")

/** Throws for a version of `@effect/sql` outside the peer range. @since 0.1.0 @category queries */
export const partsOf = (client: PgClient.PgClient): Parts => {
  const statement: unknown = client.unsafe("")
  if (isParts(statement)) return statement
  throw new Error("effect-auto-migration does not know the statements of this version of @effect/sql")
}

/** @since 0.1.0 @category models */
export interface Replacements extends Pick<PgClient.PgClient, "reserve" | "withTransaction"> {
  readonly acquirer: Parts["acquirer"]
}

/** A client on the same pool, with these parts in the place of its own. @since 0.1.0 @category constructors */
export const replacing = (
  client: PgClient.PgClient,
  { acquirer, ...replacements }: Replacements
): PgClient.PgClient => {
  const { compiler, spanAttributes, transformRows } = partsOf(client)
  const over = (statement: Statement.Constructor): PgClient.PgClient => {
    const self = Object.assign(statement, { ...client, ...statement, ...replacements, withoutTransforms })
    return Object.assign(self, { safe: self })
  }
  const withoutTransforms = (): PgClient.PgClient =>
    transformRows === undefined
      ? self
      : over(Statement.make(acquirer, compiler.withoutTransform, spanAttributes, undefined))
  const self = over(Statement.make(acquirer, compiler, spanAttributes, transformRows))
  return self
}

/**
 * A client in the place of the application's. A `SqlClient` that is not the application's `PgClient` stays as it is: it
 * belongs to another database, or the program has wrapped it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const inPlaceOf = (
  original: PgClient.PgClient,
  client: PgClient.PgClient
): Effect.Effect<Context.Context<PgClient.PgClient | SqlClient.SqlClient>> =>
  Effect.map(Effect.serviceOption(SqlClient.SqlClient), (general) => {
    const other = Option.filter(general, (_) => _ !== original)
    return Context.make(PgClient.PgClient, client).pipe(
      Context.add(
        SqlClient.SqlClient,
        Option.getOrElse(other, (): SqlClient.SqlClient => client)
      )
    )
  })
