/**
 * A transaction on a migration connection. A `COMMIT` that fails (by a deferred constraint or a lost connection) is a
 * typed error. However the work ends, also by interruption, the transaction is over or its connection is closed when
 * the connection goes back.
 *
 * `SqlClient.withTransaction` is not used: it turns a failing `COMMIT` into a defect, and joins a transaction of its
 * caller.
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
import { qualified } from "./Qualified.js"

/**
 * Sends statements of the library to the server as one message, see `Qualified`.
 *
 * @since 0.1.0
 * @category operations
 */
export const send = (connection: Connection, text: string): Effect.Effect<unknown, SqlError> =>
  connection.executeRaw(qualified(text), [])

/**
 * Sends SQL of a migration to the server as it is.
 *
 * @since 0.1.0
 * @category operations
 */
export const sendScript = (connection: Connection, text: string): Effect.Effect<unknown, SqlError> =>
  connection.executeRaw(text, [])

/**
 * How a transaction ends when its work succeeds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Ending<A> {
  readonly end: "COMMIT" | "ROLLBACK" | "ended"
  readonly value: A
}

/** @since 0.1.0 @category constructors */
export const commit = <A>(value: A): Ending<A> => ({ end: "COMMIT", value })

/** The end of a transaction whose last message has committed it. @since 0.1.0 @category constructors */
export const ended = <A>(value: A): Ending<A> => ({ end: "ended", value })

/** @since 0.1.0 @category constructors */
export const rollback = <A>(value: A): Ending<A> => ({ end: "ROLLBACK", value })

/**
 * The connection of the transaction that a fiber is in. A question on another connection could wait for this one, where
 * the pool has no further connection.
 *
 * @since 0.1.0
 * @category tags
 */
export class CurrentConnection extends Context.Tag("effect-auto-migration/CurrentConnection")<
  CurrentConnection,
  Connection
>() {}

/**
 * Asks for the reason of a failure: by `ask`, or, inside a transaction of {@link run}, on its connection, after a
 * `ROLLBACK`.
 *
 * @since 0.1.0
 * @category operations
 */
export const askWhy = (
  ask: (text: string) => Effect.Effect<unknown, SqlError>,
  text: string
): Effect.Effect<unknown, SqlError> =>
  Effect.flatMap(
    Effect.serviceOption(CurrentConnection),
    Option.match({ onNone: () => ask(text), onSome: (connection) => send(connection, `ROLLBACK;\n${text}`) })
  )

/**
 * Runs `begin` (a message that starts with `BEGIN`), gives its results to `work`, and ends the transaction as the work
 * says. A failing `COMMIT` is the `SqlError` in the result's error channel. The errors of `begin` and `work` stay as
 * they are.
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
      Effect.provideService(CurrentConnection, connection),
      Effect.exit,
      Effect.flatMap(
        Exit.matchEffect({
          onFailure: (cause) => Effect.zipRight(abandon(connection), Effect.failCause(cause)),
          onSuccess: ({ end, value }) =>
            end === "ended" ? Effect.succeed(value) : Effect.as(insist(connection, end, restore), value)
        })
      )
    )
  )

type Restore = <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E>

/**
 * Waits for the answer to a `COMMIT` even when interrupted: without it the outcome is unknown. Its fiber does not fail,
 * since the failure of a fiber is logged, with the server's message.
 */
const insist = (connection: Connection, text: string, restore: Restore): Effect.Effect<unknown, SqlError> =>
  Effect.flatMap(Effect.forkDaemon(Effect.exit(send(connection, text))), (answer) =>
    Effect.onError(Effect.flatten(restore(Fiber.join(answer))), () =>
      Effect.flatMap(
        Driver.orClose(connection, Fiber.join(answer)),
        Exit.match({ onFailure: () => abandon(connection), onSuccess: () => Effect.void })
      )
    )
  )

/**
 * Fails where no transaction is open, and else has no effect. It stands before the record of a migration: where the
 * migration has ended its transaction, the rest of the message would be a transaction of its own.
 *
 * Source: `DefineSavepoint` in the server's `access/transam/xact.c`, which refuses implicit transaction blocks.
 *
 * @since 0.1.0
 * @category statements
 */
export const confirm = "SAVEPOINT effect_auto_migration; RELEASE SAVEPOINT effect_auto_migration"

const noTransaction: ReadonlySet<string> = new Set(["25P01"])

/** Whether an error says that no transaction was open. @since 0.1.0 @category predicates */
export const isOver = (error: SqlError): boolean => Option.isSome(SqlState.evidenceAmong(noTransaction, error))

/**
 * Statements that remove all that a script may leave in a session: settings, a role, temporary tables (which hide real
 * ones), cursors, prepared statements, listeners and locks. `ROLLBACK` removes only some of it. Behind a pooler other
 * clients get the session next.
 *
 * @since 0.1.0
 * @category statements
 */
export const forget: ReadonlyArray<string> = [
  "RESET SESSION AUTHORIZATION",
  "RESET ROLE",
  "RESET ALL",
  "CLOSE ALL",
  "UNLISTEN *",
  "DEALLOCATE ALL",
  "DISCARD SEQUENCES",
  "DISCARD TEMP",
  "SELECT pg_catalog.pg_advisory_unlock_all()"
]

/**
 * The statements of {@link forget} that keep one cursor open, for the next migration of the same transaction.
 *
 * @since 0.1.0
 * @category statements
 */
export const forgetBut = (cursor: string): ReadonlyArray<string> =>
  forget.map((statement) =>
    statement === "CLOSE ALL"
      ? `DO $effect_auto_migration$
DECLARE
  cursor_name pg_catalog.text;
BEGIN
  FOREACH cursor_name IN ARRAY ARRAY(SELECT c.name FROM pg_catalog.pg_cursors AS c WHERE c.name <> ALL ('{"",${cursor}}')) LOOP
    EXECUTE pg_catalog.format('CLOSE %I', cursor_name);
  END LOOP;
END
$effect_auto_migration$`
      : statement
  )

/**
 * The beginning of a message on a session that a pooler may have given to other clients before. What they left there would
 * decide where the objects of a migration go and what its types mean: a search path, a role, temporary types named like the
 * server's. From here on the settings of the connection and the defaults of the role and the database hold.
 *
 * @since 0.1.0
 * @category statements
 */
export const renew: string = ["RESET SESSION AUTHORIZATION", "RESET ROLE", "RESET ALL", "DISCARD TEMP", ""].join(";\n")

/**
 * Ends the transaction of a connection, and resets the session for its next user. A connection that is broken or silent
 * is closed, and the server ends its transaction. The pool notices the end of a session a moment later than the last
 * query, and would offer the connection until then.
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
 * Runs an effect that uses `SqlClient` on the given connection, inside the transaction that is open on it. The
 * statement transformer of the calling fiber does not change its statements.
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
