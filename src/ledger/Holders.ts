/**
 * Questions about the holders of the migration lock, of leases and of locks on the ledger's tables. Each role may ask them: the server shows every session's
 * role and application, and hides address and times from roles without `pg_read_all_stats`.
 *
 * @internal
 */
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { LockHolder } from "../core/model/LockHolder.js"
import { type Ask, answering, briefly, type Columns, columnsOf, literal, reader } from "../database/Message.js"
import type { Options, SchemaName } from "../runtime/AutoMigrationConfig.js"
import * as Lease from "./Lease.js"
import * as LedgerLock from "./Statements.js"

const time = (expression: string): string =>
  `pg_catalog.to_char((${expression}) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`

const address = "pg_catalog.host(a.client_addr)"

const lockFields = `'migrationId', NULL, 'pid', a.pid, 'role', pg_catalog.pg_get_userbyid(a.usesysid),
  'application', a.application_name, 'address', ${address}, 'since', ${time("coalesce(a.xact_start, a.backend_start)")},
  'until', NULL, 'isHidden', a.backend_start IS NULL`

/** The two halves of the lock's key stand in two columns. `pg_locks` numbers a key of 64 bits by 1. */
const lockHolders = (schema: SchemaName): string =>
  answering(
    "lockHolders",
    `coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(${lockFields})), '[]')`,
    `FROM (SELECT ${LedgerLock.lockKey(schema)} AS key) k, pg_catalog.pg_locks l,
  LATERAL pg_catalog.pg_stat_get_activity(l.pid) a
  WHERE (l.locktype = 'advisory') AND l.granted AND (l.objsubid = 1)
  AND (l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()))
  AND ((l.classid::bigint) = ((k.key >> 32) & 4294967295)) AND ((l.objid::bigint) = (k.key & 4294967295))`
  )

const sessionOf = `(SELECT a.* FROM pg_catalog.pg_stat_get_activity(NULL) a
  WHERE ${Lease.isHolder} LIMIT 1)`

const leaseHolders = (schema: SchemaName): string =>
  answering(
    "leaseHolders",
    `coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('migrationId', l.migration_id, 'pid', a.pid,
  'role', l.held_by, 'application', NULL, 'address', ${address}, 'since', ${time("l.taken_at")},
  'until', ${time("l.expires_at")}, 'isHidden', (a.pid IS NOT NULL) AND (a.backend_start IS NULL))), '[]')`,
    `FROM "${schema}".lease l LEFT JOIN LATERAL ${sessionOf} a ON true
  WHERE (l.expires_at > pg_catalog.clock_timestamp()) OR (a.pid IS NOT NULL)`
  )

/**
 * An answer `tableHolders`: sessions with a lock that a reader or a writer of the ledger waits for. A role that may update a
 * table may take each of them.
 *
 * @since 0.1.0
 * @category statements
 */
export const tableHolders = (schema: SchemaName): string =>
  answering(
    "tableHolders",
    `coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(${lockFields}, 'table', c.relname)), '[]')`,
    `FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace, LATERAL pg_catalog.pg_stat_get_activity(l.pid) a
  WHERE (n.nspname = '${schema}') AND (c.relkind = 'r') AND l.granted AND (l.pid <> pg_catalog.pg_backend_pid())
  AND (l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()))
  AND (l.mode = ANY ('{ShareLock,ShareRowExclusiveLock,ExclusiveLock,AccessExclusiveLock}'))`
  )

const readTableHolders = reader("tableHolders", Schema.Array(LockHolder))

/** The sessions that have locked a table of the ledger; none where the server does not answer. @since 0.1.0 @category questions */
export const ofTables = (
  asked: (question: string) => Effect.Effect<Columns, SqlError>,
  schema: SchemaName
): Effect.Effect<ReadonlyArray<LockHolder>> => orNone(Effect.flatMap(asked(tableHolders(schema)), readTableHolders))

const readLockHolders = reader("lockHolders", Schema.Array(LockHolder))

const readLeaseHolders = reader("leaseHolders", Schema.Array(LockHolder))

/**
 * The holders as of now; none where the server does not answer. They serve a message about a wait, which must not fail for
 * another reason.
 *
 * @since 0.1.0
 * @category questions
 */
export const find = (ask: Ask, config: Options): Effect.Effect<ReadonlyArray<LockHolder>> => {
  const asked = (question: string) => Effect.map(ask(briefly(config, question)), columnsOf)
  const locks = Effect.flatMap(asked(lockHolders(config.schema)), readLockHolders)
  const leases = Effect.flatMap(asked(leaseHolders(config.schema)), readLeaseHolders)
  const found = Effect.all([orNone(locks), ofTables(asked, config.schema), orNone(leases)])
  return Effect.map(found, (holders) => holders.flat())
}

const orNone = <A, E>(holders: Effect.Effect<ReadonlyArray<A>, E>): Effect.Effect<ReadonlyArray<A>> =>
  Effect.orElseSucceed(holders, () => [])

/**
 * Ends a lease whose holder has no session any more, and keeps its progress: an answer `isReleased`. A holder that has just
 * taken its lease has no session for a moment.
 *
 * @since 0.1.0
 * @category statements
 */
export const release = (schema: SchemaName, migrationId: string): string =>
  `WITH released AS (UPDATE "${schema}".lease AS l SET lasts = '0'
  WHERE (l.migration_id = ${literal(migrationId)}) AND (l.expires_at > pg_catalog.clock_timestamp())
  AND (l.taken_at < (pg_catalog.clock_timestamp() - interval '10 seconds')) AND NOT EXISTS ${sessionOf} RETURNING 1)
${answering("isReleased", "pg_catalog.to_json(EXISTS (SELECT FROM released))")}`

/** @since 0.1.0 @category readers */
export const readIsReleased = reader("isReleased", Schema.Boolean)
