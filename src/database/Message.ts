/**
 * Text messages to the server, and readers of their answers. The statements have no parameters, so that several of them
 * travel in one message. Their answers are JSON as text, so that no type parser of the program changes them.
 *
 * @internal
 */
import type { SqlError } from "@effect/sql/SqlError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as SqlState from "../core/detect/SqlState.js"
import type { Options } from "../runtime/AutoMigrationConfig.js"

/** Sends a message to the server, and returns its results. @since 0.1.0 @category models */
export type Ask = (text: string) => Effect.Effect<unknown, SqlError>

/**
 * A text literal that means the same under each value of `standard_conforming_strings`.
 *
 * @since 0.1.0
 * @category statements
 */
export const literal = (text: string): string => `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`

/**
 * Until the transaction ends, each name without a schema means an object of the server.
 *
 * @since 0.1.0
 * @category statements
 */
export const pinned = "SET LOCAL search_path = pg_catalog, pg_temp"

/**
 * The condition that the session holds the migration lock. In a transaction that did not get the lock, two statements of one
 * message may see the ledger before and after an event of another process.
 *
 * @since 0.1.0
 * @category statements
 */
export const isLocked =
  "EXISTS (SELECT FROM pg_catalog.pg_locks AS l WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'advisory')"

/**
 * A query that answers with one row and one column `name`: the expression `json` as text.
 *
 * @since 0.1.0
 * @category statements
 */
export const answering = (name: string, json: string, from = ""): string =>
  `SELECT (${json})::text AS "${name}" ${from}`

const refusal = "effect_auto_migration refuses"

/**
 * A statement that fails unless the condition holds, and so ends its message. `told` is an expression of text for the error.
 *
 * @since 0.1.0
 * @category statements
 */
export const unless = (condition: string, told = "''", from = ""): string =>
  `SELECT (CASE WHEN ${condition} THEN '0' ELSE '${refusal} ' || ${told} END)::integer ${from}`

/** What a statement {@link unless} told. @since 0.1.0 @category readers */
export const toldBy = (error: SqlError): Option.Option<string> =>
  Option.flatMap(SqlState.evidenceFrom(error), ({ message, sqlState }) =>
    Option.fromNullable(sqlState === "22P02" ? quoted.exec(message)?.[1] : undefined)
  )

/** The server quotes the text that is no number, in each of its languages. */
const quoted = new RegExp(`${refusal} ([^"]*)"`)

const rowsOf = (result: unknown): ReadonlyArray<unknown> =>
  Predicate.hasProperty(result, "rows") && Array.isArray(result.rows) ? result.rows : []

/** The answers of a message, by name. @since 0.1.0 @category models */
export type Columns = Readonly<Record<string, unknown>>

/**
 * All columns of all rows of one message, as one record. Each of the library's statements answers with one row, and has
 * column names of its own.
 *
 * @since 0.1.0
 * @category readers
 */
export const columnsOf = (raw: unknown): Columns =>
  Object.assign({}, ...(Array.isArray(raw) ? raw : [raw]).flatMap(rowsOf))

/**
 * The answers of a message before the first statement with a command tag, and those after the statements of a script that
 * follow it.
 *
 * @since 0.1.0
 * @category readers
 */
export const aroundScript = (raw: unknown, tag: string, length: number): readonly [before: Columns, after: Columns] => {
  const results: ReadonlyArray<unknown> = Array.isArray(raw) ? raw : [raw]
  const at = results.findIndex((result) => Predicate.hasProperty(result, "command") && result.command === tag)
  return [columnsOf(results.slice(0, at)), columnsOf(results.slice(at + 1 + length))]
}

/**
 * A reader of the answer `name`. An answer that does not fit `schema` is a defect, since the library wrote the
 * statement.
 *
 * @since 0.1.0
 * @category readers
 */
export const reader = <A, I>(name: string, schema: Schema.Schema<A, I>): ((columns: Columns) => Effect.Effect<A>) => {
  const decode = Schema.decodeUnknown(Schema.parseJson(schema))
  return (columns) => Effect.orDie(decode(columns[name]))
}

/** The server's settings are 32-bit milliseconds. 0 means no limit. */
const milliseconds = (duration: Duration.Duration): number =>
  Math.min(Math.max(Math.ceil(Duration.toMillis(duration)), 1), 2_147_483_647)

/**
 * Sets the limits for the statements of a migration, in place of the role's or the database's settings. The library
 * itself cancels a heal at its deadline. Where it cannot (its process may be suspended), the server ends the heal at
 * twice the deadline, busy with a statement or idle. `transaction_timeout` came with version 17.
 *
 * While a statement runs, the server does not notice that its client has died, unless a setting tells it to look.
 * Without the setting, the transaction of a dead process would hold the migration lock until its statement ends. The
 * server refuses the setting on operating systems where it cannot look. Outside transactions the setting is not needed:
 * a statement there holds no such lock.
 *
 * Until the transaction ends, the server compiles no plan: a question to the catalog takes less time than its compiler.
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
    ...(scope === "LOCAL" ? [set("jit", "off"), lookingForTheClient] : [])
  ].join(", ")}`
}

/**
 * Version 14 can look on Linux only. Source: `check_client_connection_check_interval` in the server's
 * `tcop/postgres.c`.
 */
const lookingForTheClient = `CASE WHEN pg_catalog.version() ~~ '%linux%'
    THEN pg_catalog.set_config('client_connection_check_interval', '1s', true) END`

/**
 * A message with a question, under the limits of a migration. Several statements in one message are one transaction, so
 * the limits end with the message.
 *
 * @since 0.1.0
 * @category statements
 */
export const briefly = (config: Pick<Options, "deadline" | "lockTimeout">, question: string): string =>
  `${limits(config, "request", "LOCAL")};\n${question}`

/**
 * A message with a change, under the limits of a migration. It sees each row that is committed before the change, even
 * where the role or the database has another isolation level by default.
 *
 * @since 0.1.0
 * @category statements
 */
export const changing = (
  config: Pick<Options, "deadline" | "lockTimeout">,
  pace: "request" | "operator",
  change: string
): string => `SET TRANSACTION ISOLATION LEVEL READ COMMITTED;\n${limits(config, pace, "LOCAL")};\n${change}`
