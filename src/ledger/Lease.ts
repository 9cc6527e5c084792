/**
 * The lease of a migration that runs outside transactions, as text for the server and readers of what comes back: who holds
 * it, how far the script is, and whether it lasts. Only the server's clock is read, and only the server tells whether the
 * session of a holder who went silent still runs a statement.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import * as Migration from "../core/migration/Migration.js"
import * as Checksum from "../core/text/Checksum.js"
import { answering, literal, reader } from "../database/Message.js"
import type { Options } from "../runtime/AutoMigrationConfig.js"

type SchemaName = Options["schema"]

/**
 * @since 0.1.0
 * @category models
 */
export const Lease = Schema.Struct({
  migrationId: Migration.MigrationId,
  checksum: Checksum.Checksum,
  holder: Schema.String,
  heldBy: Schema.String,
  progress: Schema.Int,
  /** What may have been begun after that; `nothing`: the server refused it. */
  inDoubt: Schema.Literal("nothing", "next", "all"),
  /** Its time is not over, or the server still runs a statement of its holder. */
  isLive: Schema.Boolean
})

/** @since 0.1.0 @category models */
export type Lease = typeof Lease.Type

/** What `leases` answers. @since 0.1.0 @category models */
export const Leases = Schema.parseJson(Schema.Array(Lease))

/**
 * What is known of earlier attempts when a lease is taken: the lease as it was, and the last event.
 *
 * @since 0.1.0
 * @category models
 */
const Before = Schema.Struct({
  lease: Schema.NullOr(Schema.Struct({ ...Lease.omit("isLive").fields })),
  lastKind: Schema.NullOr(Schema.String)
})

/** @since 0.1.0 @category models */
export type Before = typeof Before.Type

/**
 * Which attempt of which migration.
 *
 * @since 0.1.0
 * @category models
 */
export interface Claim {
  readonly migration: Migration.Migration
  /** A UUID. */
  readonly holder: string
}

/** How the session of a holder calls itself: it fits into the 63 bytes of an application name. @since 0.1.0 @category statements */
export const applicationName = (holder: string): string => `effect-auto-migration ${holder}`

/** Names a session by its holder, whatever the script has called it. @since 0.1.0 @category statements */
export const sign = (holder: string): string => `SET application_name = ${literal(applicationName(holder))}`

const interval = (duration: Duration.Duration): string => `'${Math.ceil(Duration.toMillis(duration))} milliseconds'`

const fields = `'migrationId', l.migration_id, 'checksum', l.checksum, 'holder', l.holder, 'heldBy', l.held_by,
  'progress', l.progress, 'inDoubt', l.in_doubt`

/**
 * An answer `leases`: all there are. Whose time is over is still live while its session works: a process that was stopped or
 * lost its connection cannot renew its lease, and yet the server goes on with its statement. The function is what the view
 * `pg_stat_activity` stands on, without the names of databases and roles, which cost a new session more than all the rest.
 *
 * @since 0.1.0
 * @category statements
 */
export const all = (schema: SchemaName): string =>
  answering(
    "leases",
    `coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(${fields}, 'isLive',
  CASE WHEN l.expires_at > pg_catalog.clock_timestamp() THEN true ELSE EXISTS (
    SELECT FROM pg_catalog.pg_stat_get_activity(NULL) a
    WHERE a.application_name = 'effect-auto-migration ' || l.holder AND a.state = 'active') END)), '[]')`,
    `FROM "${schema}".lease l`
  )

/**
 * An answer `before`, asked just before the lease is taken and the start recorded.
 *
 * @since 0.1.0
 * @category statements
 */
export const before = (schema: SchemaName, { migration }: Claim): string =>
  answering(
    "before",
    `pg_catalog.json_build_object(
  'lease', (SELECT pg_catalog.json_build_object(${fields}) FROM "${schema}".lease l
    WHERE l.migration_id = ${literal(migration.id)} FOR UPDATE),
  'lastKind', (SELECT e.kind FROM "${schema}".event e WHERE e.migration_id = ${literal(migration.id)}
    ORDER BY e.sequence DESC LIMIT 1))`
  )

/**
 * Takes a lease that is nobody's, or over. The progress of an earlier attempt at the same text stays; of another text, or
 * where nobody counted, everything is in doubt.
 *
 * @since 0.1.0
 * @category statements
 */
export const take = (schema: SchemaName, { holder, migration }: Claim, lasts: Duration.Duration): string => `
INSERT INTO "${schema}".lease AS l (migration_id, checksum, holder, lasts, progress, in_doubt)
SELECT ${literal(migration.id)}, ${literal(migration.checksum)}, '${holder}', ${interval(lasts)}, 0,
  CASE (SELECT e.kind FROM "${schema}".event e WHERE e.migration_id = ${literal(migration.id)} ORDER BY e.sequence DESC LIMIT 1)
    WHEN 'Started' THEN 'all' ELSE 'next' END
ON CONFLICT (migration_id) DO UPDATE SET checksum = excluded.checksum, holder = excluded.holder, lasts = excluded.lasts,
  progress = CASE WHEN l.checksum = excluded.checksum THEN l.progress ELSE 0 END,
  in_doubt = CASE WHEN l.in_doubt = 'all' OR l.in_doubt = 'next' AND l.checksum <> excluded.checksum THEN 'all' ELSE 'next' END`

const change = (schema: SchemaName, { holder, migration }: Claim, assignments: string): string =>
  `WITH changed AS (UPDATE "${schema}".lease SET ${assignments}
  WHERE migration_id = ${literal(migration.id)} AND holder = '${holder}' RETURNING 1)
${answering("isOurs", "pg_catalog.to_json(EXISTS (SELECT FROM changed))")}`

/** A heartbeat: an answer `isOurs`. @since 0.1.0 @category statements */
export const renew = (schema: SchemaName, claim: Claim): string => change(schema, claim, "lasts = lasts")

/**
 * So many statements are done, and the next may begin: an answer `isOurs`.
 *
 * @since 0.1.0
 * @category statements
 */
export const advance = (schema: SchemaName, claim: Claim, progress: number, inDoubt: "next" | "all"): string =>
  change(schema, claim, `progress = ${progress}, in_doubt = '${inDoubt}'`)

/**
 * Ends an attempt that did not succeed, and leaves its progress to the next one: an answer `isOurs`.
 *
 * @since 0.1.0
 * @category statements
 */
export const giveBack = (schema: SchemaName, claim: Claim, { isCertain }: { readonly isCertain: boolean }): string =>
  change(schema, claim, `lasts = '0'${isCertain ? ", in_doubt = 'nothing'" : ""}`)

/** What is recorded as applied leaves nothing to go on with. @since 0.1.0 @category statements */
export const end = (schema: SchemaName, migrations: ReadonlyArray<Migration.Migration>): string =>
  `DELETE FROM "${schema}".lease WHERE migration_id IN (${migrations.map(({ id }) => literal(id)).join(", ")})`

/**
 * Ends the sessions of a holder whose lease was taken over, so that nothing of it runs any more: the server waits until they
 * are gone. Sessions of roles that are not ours to end are left to the server's own locks.
 *
 * @since 0.1.0
 * @category statements
 */
export const endSessions = (holder: string): string => `
SELECT pg_catalog.pg_terminate_backend(a.pid, 5000) FROM pg_catalog.pg_stat_activity a
WHERE a.application_name = ${literal(applicationName(holder))} AND a.pid <> pg_catalog.pg_backend_pid()
  AND pg_catalog.pg_has_role(a.usesysid, 'USAGE')`

/** @since 0.1.0 @category readers */
export const readIsOurs = reader("isOurs", Schema.Boolean)

/** @since 0.1.0 @category readers */
export const readBefore = reader("before", Before)
