/**
 * What is said to the server about the ledger, as text without parameters, so that it fits into one message together with
 * the statements around it; and the readers of what comes back.
 *
 * @internal
 */
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import type { AppliedSet, Kind } from "../core/migration/LedgerEvent.js"
import * as Migration from "../core/migration/Migration.js"
import * as SchemaObject from "../core/model/SchemaObject.js"
import * as Checksum from "../core/text/Checksum.js"
import { answering, literal, reader } from "../database/Message.js"
import type { SchemaName } from "../runtime/AutoMigrationConfig.js"

/**
 * What lets a role read and write the ledger.
 *
 * @since 0.1.0
 * @category statements
 */
export const writerGrant = (schema: SchemaName, role: string): string =>
  `SELECT "${schema}".grant_writer('${role.replaceAll("'", "''")}')`

/**
 * What lets a role build the ledger in a schema that is there, or make the schema.
 *
 * @since 0.1.0
 * @category statements
 */
export const builderGrant = (schema: SchemaName, role: string): string =>
  `GRANT CREATE, USAGE ON SCHEMA "${schema}" TO ${SchemaObject.quote(role)}`

/**
 * An answer `identity`: who asks, and whether there is a ledger to grant rights on. The catalog says so whatever the rights.
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
 * An answer `own`: which of the library's own migrations the log names.
 *
 * @since 0.1.0
 * @category statements
 */
export const ownIds = (schema: SchemaName): string =>
  answering(
    "own",
    "coalesce(pg_catalog.json_agg(DISTINCT e.migration_id), '[]')",
    `FROM "${schema}".event e WHERE e.migration_id LIKE 'effect-auto-migration/%'`
  )

/** @since 0.1.0 @category readers */
export const readOwnIds = reader("own", Schema.Array(Schema.String))

const lock = (schema: SchemaName): string =>
  `pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended('effect-auto-migration/${schema}', 0))`

/**
 * Tries to take the one lock of all migrations of a ledger until the transaction ends: an answer `locked`.
 *
 * @since 0.1.0
 * @category statements
 */
export const tryLock = (schema: SchemaName): string => answering("locked", `pg_catalog.to_json(${lock(schema)})`)

/**
 * An answer `head`: the projection's single row, the hash of its last event, the names of the bits set since `known`, the hash
 * that the log now has where `known` ended, and where the log itself ends. The log comes first: where there is no ledger, it is
 * what the server names as missing.
 *
 * @since 0.1.0
 * @category statements
 */
export const head = (schema: SchemaName, known: AppliedSet): string =>
  answering(
    "head",
    `pg_catalog.json_build_object(
  'sequence', s.sequence,
  'bits', pg_catalog.encode(s.bits, 'hex'),
  'hash', (SELECT e.hash FROM "${schema}".event e WHERE e.sequence = s.sequence),
  'hashAtKnown', (SELECT e.hash FROM "${schema}".event e WHERE e.sequence = ${known.sequence}),
  'last', log.sequence,
  'news', coalesce((SELECT pg_catalog.json_agg(pg_catalog.json_build_array(b.migration_id, b.checksum))
    FROM "${schema}".migration_bit b WHERE b.applied_by > ${known.sequence}), '[]'))`,
    `FROM (SELECT coalesce(max(e.sequence), 0) AS sequence FROM "${schema}".event e) log CROSS JOIN "${schema}".applied_set s`
  )

/** @since 0.1.0 @category models */
export const Head = Schema.Struct({
  sequence: Schema.Int,
  bits: Schema.String,
  hash: Schema.NullOr(Schema.String),
  hashAtKnown: Schema.NullOr(Schema.String),
  last: Schema.Int,
  news: Schema.Array(Schema.Tuple(Migration.MigrationId, Checksum.Checksum))
})

/**
 * A statement that fails where the kinds of events have no table: the transaction that is about to record one brings the ledger
 * up to date first.
 *
 * @since 0.1.0
 * @category statements
 */
export const kinds = (schema: SchemaName): string => `SELECT FROM "${schema}".event_kind LIMIT 0`

/**
 * An answer `renamed`: the ids under which migrations were applied before their new names were recorded.
 *
 * @since 0.1.0
 * @category statements
 */
export const renamed = (schema: SchemaName): string =>
  answering(
    "renamed",
    "coalesce(pg_catalog.json_agg(DISTINCT e.detail->>'from'), '[]')",
    `FROM "${schema}".event e WHERE e.kind = 'Renamed'`
  )

/** @since 0.1.0 @category readers */
export const readRenamed = reader("renamed", Schema.Array(Schema.NullOr(Schema.String)))

/** What each of the ledger's own migrations leaves behind. */
const traces = { log: "event", projection: "applied_set", leases: "lease", kinds: "event_kind" }

/**
 * Before the ledger exists: an answer `presence`, which of the ledger's own migrations have run, by what the catalog shows. It
 * is read as rows: a session may remember until its transaction ends that a name which it looked up was missing.
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
    `pg_catalog.json_build_object(${fields.join(", ")})`,
    `FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = '${schema}' AND c.relname IN ('${Object.values(traces).join("', '")}')`
  )
}

const Presence = Schema.Struct({
  log: Schema.Boolean,
  projection: Schema.Boolean,
  leases: Schema.Boolean,
  kinds: Schema.Boolean
})

/** @since 0.1.0 @category models */
export type Presence = typeof Presence.Type

/** @since 0.1.0 @category readers */
export const readPresence = reader("presence", Presence)

const populationCount = (hexadecimal: string): number => {
  let count = 0
  for (const digit of hexadecimal) {
    for (let bits = Number.parseInt(digit, 16); bits > 0; bits >>= 1) count += bits & 1
  }
  return count
}

/**
 * The applied set after a refresh. Nothing of it is guessed: where the log is another one than before (it was restored from a
 * backup, or built anew), or bitmap and names do not agree, `Left` asks for everything from the beginning.
 *
 * @since 0.1.0
 * @category readers
 */
export const refreshed = (known: AppliedSet, found: typeof Head.Type): Either.Either<AppliedSet, "start again"> => {
  const isSameLog = known.sequence === 0 || found.hashAtKnown === known.hash
  const checksumById = new Map(isSameLog ? known.checksumById : [])
  for (const [id, checksum] of found.news) checksumById.set(id, checksum)
  return isSameLog && populationCount(found.bits) === checksumById.size
    ? Either.right({ sequence: found.sequence, hash: found.hash ?? known.hash, checksumById })
    : Either.left("start again")
}

/**
 * What a writer may say about an event; the rest is the server's.
 *
 * @since 0.1.0
 * @category models
 */
export interface NewEvent {
  readonly kind: Kind
  readonly migration: Migration.Migration
  readonly detail: Readonly<Record<string, unknown>>
}

/**
 * Appends events, in order.
 *
 * @since 0.1.0
 * @category statements
 */
export const append = (schema: SchemaName, events: ReadonlyArray<NewEvent>): string =>
  `${appending(schema)} VALUES ${events.map((event) => `(${valuesOf(event)})`).join(", ")}`

/**
 * Appends an event and takes it back: it fails where the transaction's snapshot lacks an event that is committed, since both
 * would have the same place in the log.
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

const valuesOf = ({ detail, kind, migration }: NewEvent): string =>
  `${literal(kind)}, ${literal(migration.id)}, ${literal(migration.checksum)}, ${literal(JSON.stringify(detail))}::pg_catalog.jsonb`

/**
 * Appends an event if nobody has the lock of the migrations: an answer `isRecorded`. The event's trigger would wait for it, and
 * hold its transaction and its snapshot meanwhile.
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

/**
 * An answer `events`: a page of events after `sequence`, in order, with the fields of `LedgerEvent`.
 *
 * @since 0.1.0
 * @category statements
 */
export const eventsAfter = (schema: SchemaName, sequence: number, limit: number): string =>
  answering(
    "events",
    `coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
  'sequence', e.sequence, 'kind', e.kind, 'migrationId', e.migration_id, 'checksum', e.checksum, 'detail', e.detail::text,
  'recordedAt', pg_catalog.to_char(e.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
  'recordedBy', e.recorded_by::text, 'previousHash', e.previous_hash, 'hash', e.hash) ORDER BY e.sequence), '[]')`,
    `FROM (SELECT * FROM "${schema}".event WHERE sequence > ${sequence} ORDER BY sequence LIMIT ${limit}) AS e`
  )
