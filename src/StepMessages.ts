/**
 * The two messages around a migration: what opens its transaction and asks all there is to know, and what closes it with
 * the event and the check of its promises.
 *
 * @since 0.1.0
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Options } from "./AutoMigrationConfig.js"
import * as Catalog from "./Catalog.js"
import { type Migration, promises } from "./core/Migration.js"
import type { SchemaObject } from "./core/SchemaObject.js"
import type { Job } from "./Job.js"
import * as LedgerStatements from "./LedgerStatements.js"
import * as Message from "./Message.js"

/**
 * Whether a session stands in an aborted transaction and holds on to a table: only a savepoint leaves it its locks. It waits
 * for its client, which may be waiting for us. Sessions of other roles show their state to `pg_read_all_stats` only.
 */
const held = `EXISTS (SELECT FROM pg_catalog.pg_stat_activity a JOIN pg_catalog.pg_locks l ON l.pid = a.pid
  WHERE a.state = 'idle in transaction (aborted)' AND a.datname = pg_catalog.current_database()
  AND l.locktype = 'relation' AND l.granted)`

/**
 * Opens a transaction: its limits, the migration lock, and the questions.
 *
 * @since 0.1.0
 * @category statements
 */
export const opening = (options: {
  readonly schema: Options["schema"]
  readonly limits: ReadonlyArray<string>
  readonly caller: Job["caller"]
  /** A condition, without which the lock is not asked for. */
  readonly lockIf: string
  readonly closes: ReadonlyArray<SchemaObject>
  readonly journal: string
}): string =>
  [
    "BEGIN ISOLATION LEVEL READ COMMITTED",
    ...options.limits,
    LedgerStatements.tryLock(options.schema, options.lockIf),
    Message.answering("role", "pg_catalog.to_json(current_user::text)"),
    Message.answering("server", "pg_catalog.to_json(pg_catalog.current_setting('server_version_num')::int / 10000)"),
    Message.answering("held", options.caller === "in view" ? "false" : held),
    Catalog.missing(options.closes, "visible"),
    options.journal
  ].join(";\n")

/**
 * What the opening answered, beside the journal.
 *
 * @since 0.1.0
 * @category readers
 */
export const readOpening = (columns: Readonly<Record<string, unknown>>) =>
  Effect.all({
    isLocked: Message.answer("locked", Schema.Boolean, columns),
    isHeld: Message.answer("held", Schema.Boolean, columns),
    role: Message.answer("role", Schema.String, columns),
    server: Message.answer("server", Schema.Int, columns),
    missing: Message.answer("missing", Schema.Array(Schema.Int), columns)
  })

/**
 * Records a migration and asks for what it promised; `before` makes the session forget the script that
 * ran in it, and `after` whatever else the record takes along.
 *
 * @since 0.1.0
 * @category statements
 */
export const closing = (options: {
  readonly schema: Options["schema"]
  readonly before: ReadonlyArray<string>
  readonly after: ReadonlyArray<string>
  readonly limits: ReadonlyArray<string>
  readonly migration: Migration
  readonly detail: Readonly<Record<string, unknown>>
}): string =>
  [
    ...options.before,
    ...options.limits,
    LedgerStatements.append(options.schema, [
      { kind: "Applied", migration: options.migration, detail: options.detail }
    ]),
    ...options.after,
    Catalog.missing(promises(options.migration), "anywhere")
  ].join(";\n")

/** Places in the migration's promises. @since 0.1.0 @category readers */
export const readClosing = (columns: Readonly<Record<string, unknown>>): Effect.Effect<ReadonlyArray<number>> =>
  Message.answer("missing", Schema.Array(Schema.Int), columns)
