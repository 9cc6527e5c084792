/**
 * Statements that append events to the log, and readers of their answers.
 *
 * @internal
 */
import * as Schema from "effect/Schema"
import { type Kind, maxDetail } from "../core/migration/LedgerEvent.js"
import type { Migration } from "../core/migration/Migration.js"
import { answering, literal, reader } from "../database/Message.js"
import type { SchemaName } from "../runtime/AutoMigrationConfig.js"
import { libraryVersion, processName } from "../runtime/Process.js"
import { lock } from "./Statements.js"

/**
 * The fields of an event that its writer gives. The server adds the others.
 *
 * @since 0.1.0
 * @category models
 */
export interface NewEvent {
  readonly kind: Kind
  readonly migration: Migration
  readonly detail: Readonly<Record<string, unknown>>
}

/**
 * Appends events, in order: an answer `appended`, the place of the last one in the log.
 *
 * @since 0.1.0
 * @category statements
 */
export const append = (schema: SchemaName, events: ReadonlyArray<NewEvent>): string =>
  `${appending(schema)} VALUES ${events.map((event) => `(${valuesOf(event)})`).join(", ")} ${returningPlace}`

const returningPlace = "RETURNING pg_catalog.json_build_object('sequence', sequence, 'hash', hash)::text AS appended"

const Appended = Schema.Struct({ sequence: Schema.Int, hash: Schema.String })

/** @since 0.1.0 @category models */
export type Appended = typeof Appended.Type

/** @since 0.1.0 @category readers */
export const readAppended = reader("appended", Appended)

/**
 * Appends the event of a migration that runs in the same message, with an answer `appended`. Its `milliseconds` count from the server's
 * receipt of the message.
 *
 * @since 0.1.0
 * @category statements
 */
export const appendRun = (schema: SchemaName, event: NewEvent): string =>
  `${appending(schema)} VALUES (${valuesOf(event)} || pg_catalog.jsonb_build_object('milliseconds', ${sinceReceipt}))
${returningPlace}`

const sinceReceipt =
  "pg_catalog.round((pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - pg_catalog.statement_timestamp()) OPERATOR(pg_catalog.*) 1000)::numeric, 3)"

/**
 * Appends an event and takes it back. It fails where the transaction's snapshot lacks a committed event, since both
 * events would have the same place in the log.
 *
 * @since 0.1.0
 * @category statements
 */
export const rehearse = (schema: SchemaName, event: NewEvent): string =>
  [
    "SAVEPOINT effect_auto_migration",
    append(schema, [event]),
    "ROLLBACK TO SAVEPOINT effect_auto_migration",
    "RELEASE SAVEPOINT effect_auto_migration"
  ].join(";\n")

const appending = (schema: SchemaName): string => `INSERT INTO "${schema}".event (kind, migration_id, checksum, detail)`

const valuesOf = ({ detail, kind, migration }: NewEvent): string => {
  const own = limitedDetail({ ...detail, library: libraryVersion, process: processName })
  return `${literal(kind)}, ${literal(migration.id)}, ${literal(migration.checksum)}, ${literal(own)}::pg_catalog.jsonb || ${session}`
}

/** Without the plan where the server could refuse the detail with it. The server prints more bytes than the client. */
const limitedDetail = (detail: NewEvent["detail"]): string => {
  const whole = JSON.stringify(detail)
  return whole.length <= maxDetail / 8 ? whole : JSON.stringify({ ...detail, plan: undefined })
}

/** What the server says about the session that records: its own version, and the address of the client. */
const session = `pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
  'server', pg_catalog.split_part(pg_catalog.current_setting('server_version'), ' ', 1),
  'address', pg_catalog.host(pg_catalog.inet_client_addr())))`

/**
 * Appends an event if the migration lock is free: an answer `isRecorded`. The trigger of the log would wait for the
 * lock, and keep the transaction and its snapshot open meanwhile.
 *
 * @since 0.1.0
 * @category statements
 */
export const appendIfFree = (schema: SchemaName, event: NewEvent): string =>
  `WITH free AS MATERIALIZED (SELECT ${lock(schema)} AS "is"),
  recorded AS (${appending(schema)} SELECT ${valuesOf(event)} FROM free WHERE free."is" RETURNING 1)
${answering("isRecorded", "pg_catalog.to_json(EXISTS (SELECT FROM recorded))")}`

/** @since 0.1.0 @category readers */
export const readIsRecorded = reader("isRecorded", Schema.Boolean)
