/**
 * The application's client, except that its transactions succeed only when the server has committed them.
 *
 * PostgreSQL answers the `COMMIT` of an aborted transaction with the tag `ROLLBACK` and no error.
 * `SqlClient.withTransaction` does not look at the tag. So a program that swallows the error of a statement inside gets
 * a success, and its rows are lost. This client reads the tag, which costs no further message, and a boundary around
 * the transaction learns of the gap.
 *
 * Source: PostgreSQL manual, section "COMMIT", and 55.7 (CommandComplete).
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
import * as Predicate from "effect/Predicate"
import * as Scope from "effect/Scope"
import * as AbortedTransaction from "./database/AbortedTransaction.js"
import * as ClientParts from "./database/ClientParts.js"
import * as FailedStatement from "./database/FailedStatement.js"

/** A defect that becomes a failure again, since `withTransaction` makes each failure of `COMMIT` a defect. */
interface NotCommitted {
  readonly _tag: "effect-auto-migration/NotCommitted"
  readonly error: SqlError
}

const notCommitted = (error: SqlError): NotCommitted => ({ _tag: "effect-auto-migration/NotCommitted", error })

const isNotCommitted = (defect: unknown): defect is NotCommitted =>
  Predicate.isTagged(defect, "effect-auto-migration/NotCommitted")

const restarting = (cause: unknown): SqlError =>
  new SqlError({ cause, message: "The transaction was rolled back, since a statement in it met a gap in the schema" })

const swallowed = (): SqlError =>
  new SqlError({
    cause: new Error("COMMIT was answered with ROLLBACK"),
    message:
      "The transaction was rolled back, and nothing of it is there: a statement in it failed, and its error was caught " +
      "inside. Let the error out of the transaction, or put the statement into a nested withTransaction."
  })

const isRolledBack = (answer: unknown): boolean =>
  Predicate.hasProperty(answer, "command") && answer.command === "ROLLBACK"

const send = (connection: Connection, text: string) => connection.executeUnprepared(text, [], undefined)

const commit = (connection: Connection): Effect.Effect<void, SqlError> =>
  Effect.flatMap(connection.executeRaw("COMMIT", []), (answer) =>
    isRolledBack(answer)
      ? Effect.die(
          notCommitted(Option.match(AbortedTransaction.recall(connection), { onNone: swallowed, onSome: restarting }))
        )
      : Effect.void
  )

const rollbackSavepoint = (connection: Connection, id: number) =>
  Effect.zipRight(
    send(connection, `ROLLBACK TO SAVEPOINT effect_sql_${id}`),
    Effect.sync(() => AbortedTransaction.forget(connection))
  )

/** Whether an error is the server's own 25P02, and not an application's error around it. */
const isAbort = (error: unknown): boolean => Predicate.isTagged(error, "SqlError") && AbortedTransaction.isMetBy(error)

/**
 * Replaces 25P02, the error of each statement after the failed one or beside it, by the gap that aborted the
 * transaction.
 */
const explained = <E>(cause: Cause.Cause<E>): Effect.Effect<never, E | SqlError> =>
  AbortedTransaction.isMetIn(cause)
    ? Effect.flatMap(Effect.serviceOption(SqlClient.TransactionConnection), (transaction) =>
        Effect.failCause(
          Option.match(
            Option.flatMap(transaction, ([connection]) => AbortedTransaction.recall(connection)),
            {
              onNone: (): Cause.Cause<E | SqlError> => cause,
              onSome: (restart) => Cause.map(cause, (error) => (isAbort(error) ? restarting(restart) : error))
            }
          )
        )
      )
    : Effect.failCause(cause)

const failed = <E>(cause: Cause.Cause<E>): Effect.Effect<never, E | SqlError> =>
  Option.match(Option.filter(Cause.dieOption(cause), isNotCommitted), {
    onNone: (): Effect.Effect<never, E | SqlError> => Effect.failCause(cause),
    onSome: ({ error }) => Effect.fail(error)
  })

const withTransaction = (
  reserve: PgClient.PgClient["reserve"],
  spanAttributes: ClientParts.Parts["spanAttributes"]
): PgClient.PgClient["withTransaction"] => {
  const run = SqlClient.makeWithTransaction({
    transactionTag: SqlClient.TransactionConnection,
    spanAttributes,
    acquireConnection: Effect.flatMap(Scope.make(), (scope) =>
      Effect.map(Scope.extend(reserve, scope), (connection) => [scope, connection] as const)
    ),
    begin: (connection) => send(connection, "BEGIN"),
    savepoint: (connection, id) => send(connection, `SAVEPOINT effect_sql_${id}`),
    commit,
    rollback: (connection) => send(connection, "ROLLBACK"),
    rollbackSavepoint
  })
  return (effect) => Effect.catchAllCause(run(Effect.catchAllCause(effect, explained)), failed)
}

/**
 * A client on the same pool, whose `withTransaction` fails with a `SqlError` when the transaction was rolled back
 * because an error inside was swallowed. The cause is `TransactionMustRestart` where a boundary inside has recognised
 * the gap. 25P02 after such a gap gets the same cause. Boundaries around its statements know the text of the one that
 * failed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (client: PgClient.PgClient): PgClient.PgClient => {
  const { acquirer, spanAttributes } = ClientParts.partsOf(client)
  const reserve = Effect.map(client.reserve, FailedStatement.noting)
  return ClientParts.replacing(client, {
    acquirer: Effect.map(acquirer, FailedStatement.noting),
    reserve,
    withTransaction: withTransaction(reserve, spanAttributes)
  })
}

/**
 * Gives the checked client in the place of the original. A `SqlClient` that is not the `PgClient` stays as it is: it
 * belongs to another database, or the program has wrapped it.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { SqlClient } from "@effect/sql"
 * import { PgClient } from "@effect/sql-pg"
 * import { CheckedClient } from "effect-auto-migration"
 * import { Config, Effect, Layer } from "effect"
 *
 * const swallowing = Effect.flatMap(SqlClient.SqlClient, (sql) =>
 *   sql.withTransaction(Effect.ignore(sql`SELECT 1 FROM no_such_table`)))
 *
 * const Checked = Layer.provide(CheckedClient.layer, PgClient.layerConfig({ url: Config.redacted("DATABASE_URL") }))
 *
 * // The server has rolled the transaction back, and the client says so.
 * assert.equal((await Effect.runPromise(Effect.provide(Effect.flip(swallowing), Checked)))._tag, "SqlError")
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<PgClient.PgClient | SqlClient.SqlClient, never, PgClient.PgClient> =
  Layer.effectContext(Effect.flatMap(PgClient.PgClient, (client) => ClientParts.inPlaceOf(client, make(client))))
