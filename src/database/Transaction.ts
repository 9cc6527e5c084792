/**
 * One transaction on the migration connection, with every outcome a value: a `COMMIT` that fails (a deferred constraint, a
 * lost connection) is an error like any other, and whatever ends the work, interruption included, the transaction is over
 * when the connection goes back, or the connection is closed.
 *
 * `SqlClient.withTransaction` is not used, since it turns a failing `COMMIT` into a defect and joins whatever transaction its
 * caller is in.
 *
 * @internal
 */

import * as SqlClient from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import * as SqlStatement from "@effect/sql/Statement"
import type * as PgClient from "@effect/sql-pg/PgClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as SqlState from "../core/detect/SqlState.js"
import * as Driver from "./Driver.js"

/**
 * Sends text to the server as it is; several statements travel as one message.
 *
 * @since 0.1.0
 * @category operations
 */
export const send = (connection: Connection, text: string): Effect.Effect<unknown, SqlError> =>
  connection.executeRaw(text, [])

/**
 * How a transaction ends when its work has gone well.
 *
 * @since 0.1.0
 * @category models
 */
export interface Ending<A> {
  readonly end: "COMMIT" | "ROLLBACK"
  readonly value: A
}

/** @since 0.1.0 @category constructors */
export const commit = <A>(value: A): Ending<A> => ({ end: "COMMIT", value })

/** @since 0.1.0 @category constructors */
export const rollback = <A>(value: A): Ending<A> => ({ end: "ROLLBACK", value })

/**
 * The connection of the transaction that a fiber stands in: where there is only one connection to be had, to ask on another
 * one would wait for itself.
 *
 * @since 0.1.0
 * @category tags
 */
export class Standing extends Context.Tag("effect-auto-migration/Standing")<Standing, Connection>() {}

/**
 * Asks why something has failed: by `ask`, or, inside a transaction of ours, on its connection, which ends the transaction.
 *
 * @since 0.1.0
 * @category operations
 */
export const askWhy = (
  ask: (text: string) => Effect.Effect<unknown, SqlError>,
  text: string
): Effect.Effect<unknown, SqlError> =>
  Effect.flatMap(
    Effect.serviceOption(Standing),
    Option.match({ onNone: () => ask(text), onSome: (connection) => send(connection, `ROLLBACK;\n${text}`) })
  )

/**
 * Runs `begin` (a message that starts with `BEGIN`), hands its results on, and ends the transaction as the work says. The
 * error of a failing `COMMIT` is the `SqlError` in the result's error channel; those of `begin` and `work` are theirs.
 *
 * @since 0.1.0
 * @category operations
 */
export const run = <A, E0, E>(
  connection: Connection,
  begin: Effect.Effect<unknown, E0>,
  work: (results: unknown) => Effect.Effect<Ending<A>, E>
): Effect.Effect<A, E0 | E | SqlError> =>
  Effect.uninterruptibleMask((restore) =>
    restore(Effect.flatMap(begin, work)).pipe(
      Effect.provideService(Standing, connection),
      Effect.exit,
      Effect.flatMap(
        Exit.matchEffect({
          onFailure: (cause) => Effect.zipRight(abandon(connection), Effect.failCause(cause)),
          onSuccess: ({ end, value }) => Effect.as(insist(connection, end, restore), value)
        })
      )
    )
  )

type Restore = <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E>

/** Once begun, a `COMMIT` is waited for in spite of an interruption: what it did would not be known. */
const insist = (connection: Connection, text: string, restore: Restore): Effect.Effect<unknown, SqlError> =>
  Effect.flatMap(Effect.forkDaemon(send(connection, text)), (answer) =>
    Effect.onError(restore(Fiber.join(answer)), () =>
      Effect.flatMap(
        Driver.orClose(connection, Fiber.await(answer)),
        Exit.match({ onFailure: () => abandon(connection), onSuccess: () => Effect.void })
      )
    )
  )

/**
 * Says nothing where a transaction is open, and is an error where whoever worked in it has ended it: what comes after in the
 * same message would be a transaction of its own.
 *
 * Source: `DefineSavepoint` in the server's `access/transam/xact.c`, which refuses implicit transaction blocks.
 *
 * @since 0.1.0
 * @category statements
 */
export const confirm = "SAVEPOINT effect_auto_migration; RELEASE SAVEPOINT effect_auto_migration"

const noTransaction: ReadonlySet<string> = new Set(["25P01"])

/** Whether that was the error. @since 0.1.0 @category predicates */
export const isOver = (error: SqlError): boolean => Option.isSome(SqlState.evidenceAmong(noTransaction, error))

/**
 * What a script may leave in a session: settings, a role, temporary tables (which hide real ones), cursors, prepared
 * statements, listeners and locks. `ROLLBACK` takes back some of it. All but the last end with the session, and behind a
 * pooler the session is somebody else's.
 *
 * @since 0.1.0
 * @category statements
 */
export const forget: ReadonlyArray<string> = [
  "RESET SESSION AUTHORIZATION",
  "RESET ALL",
  "CLOSE ALL",
  "UNLISTEN *",
  "DEALLOCATE ALL",
  "DISCARD SEQUENCES",
  "DISCARD TEMP",
  "SELECT pg_catalog.pg_advisory_unlock_all()"
]

/**
 * Ends what has been begun on a connection, and leaves it as others may find it. One that cannot even do that is broken or
 * silent: it is closed, and the server ends its transaction. The driver's pool hears of a session that the server has ended a
 * moment later than who asked last, and would offer it until then.
 *
 * @since 0.1.0
 * @category operations
 */
export const abandon = (connection: Connection): Effect.Effect<void> =>
  Driver.orClose(connection, send(connection, ["ROLLBACK", ...forget].join("; "))).pipe(
    Effect.catchAll((error) =>
      Effect.zipRight(
        Effect.logDebug("The migration connection broke before it could be cleaned", error.cause),
        Driver.close(connection)
      )
    ),
    Effect.asVoid
  )

/**
 * Runs an effect that uses `SqlClient` on the given connection, as if inside the transaction that is open on it. What whoever
 * asked for it does to its own statements is not done to these.
 *
 * @since 0.1.0
 * @category operations
 */
export const inside = <A, E>(
  client: PgClient.PgClient,
  connection: Connection,
  effect: Effect.Effect<A, E, SqlClient.SqlClient>
): Effect.Effect<A, E> =>
  effect.pipe(
    Effect.locally(SqlStatement.currentTransformer, Option.none()),
    Effect.provideService(SqlClient.TransactionConnection, [connection, 0]),
    Effect.provideService(SqlClient.SqlClient, client)
  )
