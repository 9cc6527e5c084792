/**
 * Statements about the ledger, and readers of their answers. The statements are text without parameters, so that
 * several of them travel in one message.
 *
 * @internal
 */
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import * as LedgerEvent from "../core/migration/LedgerEvent.js"
import * as Migration from "../core/migration/Migration.js"
import * as SchemaObject from "../core/model/SchemaObject.js"
import * as Checksum from "../core/text/Checksum.js"
import { answering, isLocked, literal, reader, unless } from "../database/Message.js"
import type { SchemaName } from "../runtime/AutoMigrationConfig.js"

/**
 * Lets a role read and write the ledger.
 *
 * @since 0.1.0
 * @category statements
 */
export const writerGrant = (schema: SchemaName, role: string): string =>
  `SELECT "${schema}".grant_writer('${role.replaceAll("'", "''")}'::pg_catalog.name)`

/**
 * Lets a role build the ledger in a schema that exists.
 *
 * @since 0.1.0
 * @category statements
 */
export const builderGrant = (schema: SchemaName, role: string): string =>
  `GRANT CREATE, USAGE ON SCHEMA "${schema}" TO ${SchemaObject.quote(role)}`

/**
 * An answer `identity`: the asking role, and whether there is a ledger to grant rights on. Any role may read this in
 * the catalog.
 *
 * @since 0.1.0
 * @category statements
 */
export const identity = (schema: SchemaName): string =>
  answering(
    "identity",
    `pg_catalog.json_build_object('role', current_user::text, 'isBuilt', EXISTS (
  SELECT FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  WHERE n.nspname = '${schema}' AND p.proname = 'grant_writer'))`
  )

/** @since 0.1.0 @category readers */
export const readIdentity = reader("identity", Schema.Struct({ role: Schema.String, isBuilt: Schema.Boolean }))

/**
 * An answer `own`: the library's own migrations that the log names.
 *
 * @since 0.1.0
 * @category statements
 */
export const ownIds = (schema: SchemaName): string =>
  answering(
    "own",
    "coalesce(pg_catalog.json_agg(DISTINCT e.migration_id), '[]')",
    `FROM "${schema}".event e WHERE e.migration_id ~~ 'effect-auto-migration/%'`
  )

/** @since 0.1.0 @category readers */
export const readOwnIds = reader("own", Schema.Array(Schema.String))

/**
 * Makes the schema of a ledger where there is none, as the first of the ledger's own scripts does. Another role may make it in the
 * moment before, so the owner is asked after this statement, and before there is an object in it.
 *
 * @since 0.1.0
 * @category statements
 */
export const makeSchema = (schema: SchemaName): string => `DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace n WHERE n.nspname = '${schema}') THEN
    CREATE SCHEMA "${schema}";
    REVOKE ALL ON SCHEMA "${schema}" FROM PUBLIC;
  END IF;
END $$`

/** The key of the migration lock of a ledger. @since 0.1.0 @category statements */
export const lockKey = (schema: SchemaName): string =>
  `pg_catalog.hashtextextended('effect-auto-migration/${schema}', 0)`

/** An expression that tries to take the migration lock until the transaction ends. @since 0.1.0 @category statements */
export const lock = (schema: SchemaName): string => `pg_catalog.pg_try_advisory_xact_lock(${lockKey(schema)})`

/**
 * Tries to take the migration lock of a ledger until the transaction ends: an answer `locked`.
 *
 * @since 0.1.0
 * @category statements
 */
export const tryLock = (schema: SchemaName): string => answering("locked", `pg_catalog.to_json(${lock(schema)})`)

/**
 * Takes the migration lock of a ledger until the transaction ends, or fails where another session has it.
 *
 * @since 0.1.0
 * @category statements
 */
export const takeLock = (schema: SchemaName): string => unless(lock(schema))

/**
 * An answer `head`, see `Head`. The query names the log first: where there is no ledger, the server then reports the
 * log as missing.
 *
 * @since 0.1.0
 * @category statements
 */
export const head = (schema: SchemaName, known: LedgerEvent.AppliedSet, since = String(known.sequence)): string =>
  answering(
    "head",
    `pg_catalog.json_build_object(
  'sequence', s.sequence,
  'bits', pg_catalog.encode(s.bits, 'hex'),
  'hash', (SELECT e.hash FROM "${schema}".event e WHERE e.sequence = s.sequence),
  'hashAtKnown', (SELECT e.hash FROM "${schema}".event e WHERE e.sequence = ${known.sequence}),
  'last', log.sequence,
  'news', coalesce((SELECT pg_catalog.json_agg(pg_catalog.json_build_array(b.migration_id, ${limitedChecksum("b")}))
    FROM "${schema}".migration_bit b WHERE b.applied_by > ${since}), '[]'))`,
    `FROM (SELECT coalesce(pg_catalog.max(e.sequence), 0) AS sequence FROM "${schema}".event e) log CROSS JOIN "${schema}".applied_set s`
  )

/**
 * The same, with all migrations where the log no longer holds the event that is known.
 *
 * @since 0.1.0
 * @category statements
 */
export const wholeHead = (schema: SchemaName, known: LedgerEvent.AppliedSet): string =>
  head(
    schema,
    known,
    `(SELECT coalesce(pg_catalog.max(e.sequence), 0) FROM "${schema}".event e
      WHERE e.sequence = ${known.sequence} AND e.hash = ${literal(known.hash)})`
  )

/** @since 0.1.0 @category models */
export const Head = Schema.Struct({
  /** The last event of the projection. */
  sequence: Schema.Int,
  /** The projection's bitmap, in hexadecimal digits: one bit for each applied migration. */
  bits: Schema.String,
  /** The hash of the projection's last event. */
  hash: Schema.NullOr(Schema.String),
  /** The hash that the log now has at the last event that is known. */
  hashAtKnown: Schema.NullOr(Schema.String),
  /** The last event of the log. */
  last: Schema.Int,
  /** The migrations whose bits were set since the last event that is known. */
  news: Schema.Array(Schema.Tuple(Migration.RecordedId, Checksum.Checksum))
})

/**
 * A statement that fails where the table of event kinds is missing. A transaction that is about to record a newer kind
 * brings the ledger up to date first.
 *
 * @since 0.1.0
 * @category statements
 */
export const kinds = (schema: SchemaName): string => `SELECT FROM "${schema}".event_kind LIMIT 0`

/**
 * A statement that fails where an earlier version of the library made the ledger, as if a table `size_limits` were missing: the
 * ledger is then brought up to date first. It succeeds for a role that may not do so, which uses the ledger as it is.
 *
 * @since 0.1.0
 * @category statements
 */
export const current = (schema: SchemaName): string =>
  `SELECT CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = '${schema}' AND c.relname = 'event' AND pg_catalog.pg_has_role(c.relowner, 'USAGE'))
  AND NOT (${isGuarded(schema)} AND ${isLimited(schema)} AND ${isSized(schema)}) THEN '"${schema}".size_limits'::text::regclass END`

const isGuarded = (schema: SchemaName): string => `EXISTS (SELECT FROM pg_catalog.pg_trigger t
  JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = '${schema}' AND c.relname = 'migration_bit' AND t.tgname = 'guard')`

/**
 * An answer `logged`: those of the migrations that the log itself says are applied. A process that did not get the
 * migration lock gets none.
 *
 * @since 0.1.0
 * @category statements
 */
export const logged = (schema: SchemaName, ids: ReadonlyArray<string>): string =>
  answering(
    "logged",
    "coalesce(pg_catalog.json_agg(DISTINCT e.migration_id), '[]')",
    `FROM "${schema}".event e JOIN "${schema}".event_kind k ON k.kind = e.kind
  WHERE k.is_application AND e.migration_id = ANY (ARRAY[${ids.map(literal).join(", ")}]::text[]) AND ${isLocked}`
  )

/** @since 0.1.0 @category readers */
export const readLogged = reader("logged", Schema.Array(Schema.String))

/** Makes the projection anew from the log. @since 0.1.0 @category statements */
export const rebuild = (schema: SchemaName): string => `SELECT "${schema}".rebuild()`

/**
 * An answer `renamed`: the ids under which migrations were applied before their new names were recorded.
 *
 * @since 0.1.0
 * @category statements
 */
export const renamed = (schema: SchemaName): string =>
  answering(
    "renamed",
    `coalesce(pg_catalog.json_agg(DISTINCT pg_catalog.left(e.detail->>'from', ${Checksum.maxLength})), '[]')`,
    `FROM "${schema}".event e WHERE e.kind = 'Renamed'`
  )

/** @since 0.1.0 @category readers */
export const readRenamed = reader("renamed", Schema.Array(Schema.NullOr(Schema.String)))

const hasConstraint = (
  schema: SchemaName,
  table: string,
  name: string
): string => `EXISTS (SELECT FROM pg_catalog.pg_constraint k
  JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = '${schema}' AND c.relname = '${table}' AND k.conname = '${name}')`

const isLimited = (schema: SchemaName): string => hasConstraint(schema, "lease", "lease_lasts_limit")

/** The table of leases may be made anew, without the constraint. */
const isSized = (schema: SchemaName): string =>
  `${hasConstraint(schema, "event", "event_detail_size")} AND ${hasConstraint(schema, "lease", "lease_size")}`

/**
 * The checksum of a row, or one that no migration has: the ledger of an earlier version may hold one that no process can read.
 *
 * @since 0.1.0
 * @category expressions
 */
export const limitedChecksum = (row: string): string =>
  `CASE WHEN pg_catalog.octet_length(${row}.checksum) > ${Checksum.maxLength} THEN 'large:0' ELSE ${row}.checksum END`

/** A table that each of the ledger's own migrations brings. The last three bring a trigger and constraints. */
const traces = { log: "event", projection: "applied_set", leases: "lease", kinds: "event_kind" }

/**
 * An answer `presence`, for a ledger that may not exist: the ledger's own migrations that have run, by the tables in
 * the catalog. It reads rows and looks no name up: a session may remember a name that was missing until its transaction
 * ends.
 *
 * @since 0.1.0
 * @category statements
 */
export const presence = (schema: SchemaName): string => {
  const fields = Object.entries(traces).map(
    ([name, table]) => `'${name}', coalesce(pg_catalog.bool_or(c.relname = '${table}'), false)`
  )
  return answering(
    "presence",
    `pg_catalog.json_build_object(${fields.join(", ")}, 'guard', ${isGuarded(schema)}, 'limits', ${isLimited(schema)},
  'sizes', ${isSized(schema)})`,
    `FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = '${schema}' AND c.relname = ANY ('{${Object.values(traces).join(",")}}')`
  )
}

const Presence = Schema.Struct({
  log: Schema.Boolean,
  projection: Schema.Boolean,
  leases: Schema.Boolean,
  kinds: Schema.Boolean,
  guard: Schema.Boolean,
  limits: Schema.Boolean,
  sizes: Schema.Boolean
})

/** @since 0.1.0 @category models */
export type Presence = typeof Presence.Type

/** @since 0.1.0 @category readers */
export const readPresence = reader("presence", Presence)

/** How many bits of a bitmap are set. @since 0.1.0 @category queries */
export const populationCount = (hexadecimal: string): number => {
  let count = 0
  for (const digit of hexadecimal) count += bitsOf.get(digit) ?? 0
  return count
}

const bitsOf: ReadonlyMap<string, number> = new Map(
  Array.from({ length: 16 }, (_, digit) => [digit.toString(16), digit.toString(2).replaceAll("0", "").length])
)

/**
 * The applied set after a refresh. `Left` asks to read the whole ledger again: the log is not the one that was known
 * (it was restored from a backup, or built anew), or bitmap and names do not agree.
 *
 * @since 0.1.0
 * @category readers
 */
export const refreshed = (
  known: LedgerEvent.AppliedSet,
  found: typeof Head.Type
): Either.Either<LedgerEvent.AppliedSet, "start again"> => {
  const isSameLog = known.sequence === 0 || found.hashAtKnown === known.hash
  const before = isSameLog ? known.checksumById : LedgerEvent.empty.checksumById
  const checksumById = found.news.length === 0 ? before : LedgerEvent.extended(before, found.news)
  return isSameLog && populationCount(found.bits) === checksumById.size
    ? Either.right({ sequence: found.sequence, hash: found.hash ?? known.hash, checksumById })
    : Either.left("start again")
}

/**
 * The condition that the log and its projection end where they are known to end and are guarded, that no migration has a lease, and that
 * the log has no event about these. It looks nothing up that has to be planned for longer.
 *
 * @since 0.1.0
 * @category statements
 */
export const isUnchanged = (
  schema: SchemaName,
  { hash, sequence }: LedgerEvent.AppliedSet,
  ids: ReadonlyArray<string>
): string => `(SELECT e.sequence = ${sequence} AND e.hash = ${literal(hash)} FROM "${schema}".event e ORDER BY e.sequence DESC LIMIT 1)
  AND EXISTS (SELECT FROM "${schema}".applied_set s WHERE s.sequence = ${sequence})
  AND NOT EXISTS (SELECT FROM "${schema}".lease)
  AND NOT EXISTS (SELECT FROM "${schema}".event e WHERE e.migration_id = ANY (ARRAY[${ids.map(literal).join(", ")}]::text[]))
  AND EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = '"${schema}".migration_bit'::regclass AND t.tgname = 'guard')
  AND EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid = '"${schema}".lease'::regclass AND k.conname = 'lease_lasts_limit')
  AND EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid = '"${schema}".event'::regclass AND k.conname = 'event_detail_size')`

const limitedText = `CASE WHEN pg_catalog.octet_length(e.checksum) > ${Checksum.maxLength}
  OR pg_catalog.octet_length(e.detail::text) > ${LedgerEvent.maxDetail} THEN '' ELSE e.detail::text END`

/**
 * An answer `events`: at most `limit` events after `sequence`, in order, with the fields of `LedgerEvent`.
 *
 * @since 0.1.0
 * @category statements
 */
export const eventsAfter = (schema: SchemaName, sequence: number, limit: number): string =>
  answering(
    "events",
    `coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
  'sequence', e.sequence, 'kind', e.kind, 'migrationId', e.migration_id, 'checksum', ${limitedChecksum("e")}, 'detail', ${limitedText},
  'recordedAt', pg_catalog.to_char(e.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
  'recordedBy', e.recorded_by::text, 'previousHash', e.previous_hash, 'hash', e.hash) ORDER BY e.sequence), '[]')`,
    `FROM (SELECT * FROM "${schema}".event WHERE sequence > ${sequence} ORDER BY sequence LIMIT ${limit}) AS e`
  )
