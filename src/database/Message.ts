/**
 * Text messages to the server and what comes back: statements without parameters, so that several travel together, whose
 * answers are JSON as text, so that no type parser of the program can change them.
 *
 * @internal
 */
import type { SqlError } from "@effect/sql/SqlError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type { Options } from "../runtime/AutoMigrationConfig.js"

/** Sends a message to the server, and brings back its results. @since 0.1.0 @category models */
export type Ask = (text: string) => Effect.Effect<unknown, SqlError>

/**
 * A text literal that is read alike whatever `standard_conforming_strings` says.
 *
 * @since 0.1.0
 * @category statements
 */
export const literal = (text: string): string => `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`

/**
 * A query whose answer is one row with one column of that name: `json` as text.
 *
 * @since 0.1.0
 * @category statements
 */
export const answering = (name: string, json: string, from = ""): string =>
  `SELECT (${json})::text AS "${name}" ${from}`

const rowsOf = (result: unknown): ReadonlyArray<unknown> =>
  Predicate.hasProperty(result, "rows") && Array.isArray(result.rows) ? result.rows : []

/** What a message brought back, by name. @since 0.1.0 @category models */
export type Columns = Readonly<Record<string, unknown>>

/**
 * All columns of all rows that one message brought back, as one record: each statement of ours answers with one row and
 * columns of its own.
 *
 * @since 0.1.0
 * @category readers
 */
export const columnsOf = (raw: unknown): Columns =>
  Object.assign({}, ...(Array.isArray(raw) ? raw : [raw]).flatMap(rowsOf))

/**
 * A reader of the answers of that name. The statements are ours and the server's JSON is JSON: anything else is a defect.
 *
 * @since 0.1.0
 * @category readers
 */
export const reader = <A, I>(name: string, schema: Schema.Schema<A, I>): ((columns: Columns) => Effect.Effect<A>) => {
  const decode = Schema.decodeUnknown(Schema.parseJson(schema))
  return (columns) => Effect.orDie(decode(columns[name]))
}

/** The server's settings are 32-bit milliseconds, and 0 stands for no limit. */
const milliseconds = (duration: Duration.Duration): number =>
  Math.min(Math.max(Math.ceil(Duration.toMillis(duration)), 1), 2_147_483_647)

/**
 * What holds for the statements of a migration, whatever the role's or the database's own settings say. Time is kept by
 * the library, which cancels what takes too long; where it can no longer do that (its process is suspended, say), the server ends
 * a heal at twice its deadline, whether it is busy with a statement or waits for the next one. `transaction_timeout` came with
 * version 17.
 *
 * A server that is busy with a statement does not notice that its client has died, unless it is told to look; else a dead
 * process's transaction would hold the migration lock as long as its statement lasts. Not every operating system has a way to
 * look, and where it has none the setting is refused. Outside transactions a statement may as well go on: it holds no such lock.
 *
 * @since 0.1.0
 * @category statements
 */
export const limits = (
  { deadline, lockTimeout }: Pick<Options, "deadline" | "lockTimeout">,
  pace: "request" | "operator",
  scope: "LOCAL" | "SESSION"
): string => {
  const set = (name: string, value: string | number): string =>
    `pg_catalog.set_config('${name}', '${value}', ${scope === "LOCAL"})`
  const atMost = pace === "request" ? milliseconds(Duration.times(deadline, 2)) : 0
  return `SELECT ${[
    set("lock_timeout", milliseconds(lockTimeout)),
    set("statement_timeout", atMost),
    set("idle_in_transaction_session_timeout", atMost),
    set("standard_conforming_strings", "on"),
    `CASE WHEN pg_catalog.current_setting('transaction_timeout', true) IS NOT NULL THEN ${set("transaction_timeout", atMost)} END`,
    ...(scope === "LOCAL" ? [lookingForTheClient] : [])
  ].join(", ")}`
}

/** Source: `check_client_connection_check_interval` in the server's `tcop/postgres.c`; version 14 can on Linux only. */
const lookingForTheClient = `CASE WHEN pg_catalog.version() LIKE '%linux%'
    THEN pg_catalog.set_config('client_connection_check_interval', '1s', true) END`

/**
 * A question to the server that waits for nothing longer than a migration would. Several statements in one message are one
 * transaction, so the limits end with it.
 *
 * @since 0.1.0
 * @category statements
 */
export const briefly = (config: Pick<Options, "deadline" | "lockTimeout">, question: string): string =>
  `${limits(config, "request", "LOCAL")};\n${question}`

/**
 * The same for a change, which sees what others have committed until it is made, whatever isolation the role or the database has
 * for its transactions.
 *
 * @since 0.1.0
 * @category statements
 */
export const changing = (
  config: Pick<Options, "deadline" | "lockTimeout">,
  pace: "request" | "operator",
  change: string
): string => `SET TRANSACTION ISOLATION LEVEL READ COMMITTED;\n${limits(config, pace, "LOCAL")};\n${change}`
