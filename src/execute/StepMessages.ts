/**
 * The two messages around a migration. The opening begins its transaction and asks all that the transaction has to
 * know. The closing records the event and checks the migration's promises.
 *
 * @since 0.1.0
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type Migration, promises } from "../core/migration/Migration.js"
import type { SchemaObject } from "../core/model/SchemaObject.js"
import * as Catalog from "../database/Catalog.js"
import * as Message from "../database/Message.js"
import * as Appending from "../ledger/Appending.js"
import * as LedgerStatements from "../ledger/Statements.js"
import type { Options } from "../runtime/AutoMigrationConfig.js"
import type { Job } from "./Job.js"

/**
 * Whether a session in an aborted transaction still holds a lock on a table, as it does after a savepoint. Such a
 * session waits for its client, which may wait for this migration. Only `pg_read_all_stats` may see the state of other
 * roles' sessions.
 */
const held = `EXISTS (SELECT FROM pg_catalog.pg_stat_activity a JOIN pg_catalog.pg_locks l ON l.pid = a.pid
  WHERE a.state = 'idle in transaction (aborted)' AND a.datname = pg_catalog.current_database()
  AND l.locktype = 'relation' AND l.granted)`

/** @since 0.1.0 @category models */
export interface Opening {
  readonly schema: Options["schema"]
  readonly limits: string
  readonly caller: Job["caller"]
  readonly targets: ReadonlyArray<SchemaObject>
  readonly journal: string
  /** Further statements, after the questions. */
  readonly after: ReadonlyArray<string>
}

const session = ({ caller }: Opening): string =>
  Message.answering(
    "session",
    `pg_catalog.json_build_object('role', current_user::text,
  'server', pg_catalog.current_setting('server_version_num')::int / 10000, 'isHeld', ${caller === "in view" ? "false" : held})`
  )

/**
 * The first statements of a transaction of migrations: its limits, the migration lock, and then the questions. Under
 * the lock no other process records an event, so the answers stay true. The migration's own statements may be compiled.
 *
 * @since 0.1.0
 * @category statements
 */
export const opening = (options: Opening): string =>
  [
    options.limits,
    LedgerStatements.tryLock(options.schema),
    session(options),
    Catalog.missing(options.targets, "visible"),
    options.journal,
    ...options.after,
    "RESET jit"
  ].join(";\n")

/**
 * The conditions of a message that applies a migration: it takes the migration lock, the ledger is as it is known, and the catalog
 * lacks a target. The message ends at the first one that does not hold.
 *
 * @since 0.1.0
 * @category statements
 */
export const conditions = (options: Omit<Opening, "journal"> & { readonly unchanged: string }): string =>
  [
    options.limits,
    LedgerStatements.takeLock(options.schema),
    Message.unless(
      [
        options.unchanged,
        ...(options.caller === "in view" ? [] : [`NOT ${held}`]),
        ...(options.targets.length === 0 ? [] : [`${missingIn(Catalog.missing(options.targets, "visible"))} <> '[]'`])
      ].join("\n  AND ")
    ),
    ...options.after,
    "RESET jit"
  ].join(";\n")

const missingIn = (question: string): string => `(SELECT m.missing FROM (${question}) AS m)`

/**
 * Fails unless the catalog has the objects, and tells the places of those that are missing.
 *
 * @since 0.1.0
 * @category statements
 */
export const keeping = (objects: ReadonlyArray<SchemaObject>): string =>
  Message.unless("m.missing = '[]'", "m.missing", `FROM (${Catalog.missing(objects, "anywhere")}) AS m`)

/** Reads what {@link keeping} told: places in the promises. @since 0.1.0 @category readers */
export const readTold = Schema.decodeUnknownOption(Schema.parseJson(Schema.Array(Schema.Int)))

const readLocked = Message.reader("locked", Schema.Boolean)

const readSession = Message.reader(
  "session",
  Schema.Struct({ role: Schema.String, server: Schema.Int, isHeld: Schema.Boolean })
)

/**
 * Reads the answers of the opening, except the journal's: whether the lock was taken, the session, and the missing
 * objects.
 *
 * @since 0.1.0
 * @category readers
 */
export const readOpening = (columns: Message.Columns) =>
  Effect.zipWith(
    Effect.zip(readLocked(columns), readSession(columns)),
    Catalog.readMissing(columns),
    ([isLocked, session], missing) => ({ ...session, isLocked, missing })
  )

/**
 * Records a migration and asks whether the catalog lacks its promises. `before` are statements that first reset the
 * session, `after` are further changes to the ledger.
 *
 * @since 0.1.0
 * @category statements
 */
export const closing = (options: {
  readonly schema: Options["schema"]
  readonly before: ReadonlyArray<string>
  readonly after: ReadonlyArray<string>
  readonly limits: string
  readonly migration: Migration
  readonly detail: Readonly<Record<string, unknown>>
}): string =>
  [
    ...options.before,
    options.limits,
    Appending.append(options.schema, [{ kind: "Applied", migration: options.migration, detail: options.detail }]),
    ...options.after,
    Catalog.missing(promises(options.migration), "anywhere")
  ].join(";\n")
