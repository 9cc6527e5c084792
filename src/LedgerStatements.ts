/**
 * What is said to the server about the ledger, as text without parameters, so that it fits into one message together with
 * the statements around it; and the readers of what comes back.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import type { SchemaName } from "./AutoMigrationConfig.js"
import * as Checksum from "./core/Checksum.js"
import type { AppliedSet, Kind } from "./core/LedgerEvent.js"
import * as Migration from "./core/Migration.js"
import { literal } from "./Message.js"

/**
 * Tries to take the one lock of all migrations of a ledger until the transaction ends. One row, one column `locked`.
 *
 * @since 0.1.0
 * @category statements
 */
export const tryLock = (schema: SchemaName): string =>
  `SELECT pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended('effect-auto-migration/${schema}', 0)) AS locked`

/**
 * One row with one column `head`: the projection's single row, and the names of the bits set since `known`.
 *
 * @since 0.1.0
 * @category statements
 */
export const head = (schema: SchemaName, known: AppliedSet): string => `
SELECT pg_catalog.json_build_object(
  'sequence', s.sequence,
  'bits', pg_catalog.encode(s.bits, 'hex'),
  'news', coalesce((SELECT pg_catalog.json_agg(pg_catalog.json_build_array(b.migration_id, b.checksum))
    FROM "${schema}".migration_bit b WHERE b.applied_by > ${known.sequence}), '[]')
) AS head FROM "${schema}".applied_set s`

/** @since 0.1.0 @category models */
export const Head = Schema.Struct({
  sequence: Schema.Int,
  bits: Schema.String,
  news: Schema.Array(Schema.Tuple(Migration.MigrationId, Checksum.Checksum))
})

/**
 * Before the ledger exists: one row with one column `presence`, which of the ledger's own two migrations have run.
 *
 * @since 0.1.0
 * @category statements
 */
export const presence = (schema: SchemaName): string => `
SELECT pg_catalog.json_build_object(
  'log', pg_catalog.to_regclass('"${schema}".event') IS NOT NULL,
  'projection', pg_catalog.to_regclass('"${schema}".applied_set') IS NOT NULL
) AS presence`

/** @since 0.1.0 @category models */
export const Presence = Schema.Struct({ log: Schema.Boolean, projection: Schema.Boolean })

const populationCount = (hexadecimal: string): number => {
  let count = 0
  for (const digit of hexadecimal) {
    for (let bits = Number.parseInt(digit, 16); bits > 0; bits >>= 1) count += bits & 1
  }
  return count
}

/**
 * The applied set after a refresh; `None` of it is guessed: where the bitmap and the names known so far do not agree (the
 * ledger was restored from a backup, say), `Left` asks for everything from the beginning.
 *
 * @since 0.1.0
 * @category readers
 */
export const refreshed = (known: AppliedSet, found: typeof Head.Type): Either.Either<AppliedSet, "start again"> => {
  const checksumById = new Map(known.checksumById)
  for (const [id, checksum] of found.news) checksumById.set(id, checksum)
  return found.sequence >= known.sequence && populationCount(found.bits) === checksumById.size
    ? Either.right({ sequence: found.sequence, checksumById })
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
export const append = (schema: SchemaName, events: ReadonlyArray<NewEvent>): string => `
INSERT INTO "${schema}".event (kind, migration_id, checksum, detail) VALUES ${events
  .map(
    ({ detail, kind, migration }) =>
      `(${literal(kind)}, ${literal(migration.id)}, ${literal(migration.checksum)}, ${literal(JSON.stringify(detail))})`
  )
  .join(", ")}`

/**
 * A page of events after `sequence`, in order, with the columns of {@link LedgerEvent}.
 *
 * @since 0.1.0
 * @category statements
 */
export const eventsAfter = (schema: SchemaName, sequence: number, limit: number): string => `
SELECT e.sequence::int AS sequence, e.kind, e.migration_id AS "migrationId", e.checksum, e.detail::text AS detail,
  pg_catalog.to_char(e.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "recordedAt",
  e.recorded_by::text AS "recordedBy", e.previous_hash AS "previousHash", e.hash
FROM "${schema}".event e WHERE e.sequence > ${sequence} ORDER BY e.sequence LIMIT ${limit}`
