/**
 * The lease of a migration that runs outside transactions: statements about it, and readers of their answers. A lease
 * tells who holds it, how far the script is, and until when it lasts. Only the server's clock counts, and only the
 * server tells whether the session of a silent holder still runs a statement.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import * as Migration from "../core/migration/Migration.js"
import * as Checksum from "../core/text/Checksum.js"
import { answering, literal, reader } from "../database/Message.js"
import type { Options } from "../runtime/AutoMigrationConfig.js"
import { limitedChecksum } from "./Statements.js"

type SchemaName = Options["schema"]

/**
 * @since 0.1.0
 * @category models
 */
export const Lease = Schema.Struct({
  migrationId: Migration.RecordedId,
  checksum: Checksum.Checksum,
  holder: Schema.String,
  heldBy: Schema.String,
  /** How many statements are done. */
  progress: Schema.Int,
  /**
   * The statements after those that may have begun: the next one, or all. `nothing`: the server refused the next one.
   */
  inDoubt: Schema.Literal("nothing", "next", "all"),
  /** Whether it has not expired, or the server still runs a statement of its holder. */
  isLive: Schema.Boolean
})

/** @since 0.1.0 @category models */
export type Lease = typeof Lease.Type

/** The answer `leases`. @since 0.1.0 @category models */
export const Leases = Schema.parseJson(Schema.Array(Lease))

/**
 * Traces of earlier attempts when a lease is taken: the lease before that, and the kind of the migration's last event.
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
 * One attempt at a migration.
 *
 * @since 0.1.0
 * @category models
 */
export interface Claim {
  readonly migration: Migration.Migration
  /** A UUID. */
  readonly holder: string
}

/**
 * The application name of a holder's session. It fits into the 63 bytes that the server keeps.
 *
 * @since 0.1.0
 * @category statements
 */
export const applicationName = (holder: string): string => `effect-auto-migration ${holder}`

/** Names the session by its holder. A script may have named it otherwise. @since 0.1.0 @category statements */
export const sign = (holder: string): string => `SET application_name = ${literal(applicationName(holder))}`

/** The server refuses a longer lease, and a reader does not believe it. A holder renews its lease long before that. */
const limit = Duration.days(1)

const interval = (duration: Duration.Duration): string => `'${Math.ceil(Duration.toMillis(duration))} milliseconds'`

const fields = `'migrationId', l.migration_id, 'checksum', ${limitedChecksum("l")}, 'holder', l.holder, 'heldBy', l.held_by,
  'progress', l.progress, 'inDoubt', l.in_doubt`

/**
 * The condition that session `a` is the holder's of lease `l`. Each role can read the name of a holder's session, and give it to a
 * session of its own.
 *
 * @since 0.1.0
 * @category expressions
 */
export const isHolder = `(a.application_name = ('effect-auto-migration ' || (l.holder::text)))
    AND (pg_catalog.pg_get_userbyid(a.usesysid) = l.held_by)`

/**
 * An answer `leases`: all leases. A lease that has expired, or would end after more than a
 * day, is live while its holder's session is active: a process that was
 * stopped or lost its connection cannot renew its lease, and the server still goes on with its statement. The query
 * calls the function below the view `pg_stat_activity`: the names of databases and roles, which the view adds, cost a
 * new session more than all the rest.
 *
 * @since 0.1.0
 * @category statements
 */
export const all = (schema: SchemaName): string =>
  answering(
    "leases",
    `coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(${fields}, 'isLive',
  CASE WHEN (l.expires_at > pg_catalog.clock_timestamp())
    AND (l.expires_at <= (pg_catalog.clock_timestamp() + ${interval(limit)}::interval)) THEN true ELSE EXISTS (
    SELECT FROM pg_catalog.pg_stat_get_activity(NULL) a
    WHERE ${isHolder} AND a.state = 'active') END)), '[]')`,
    `FROM "${schema}".lease l`
  )

/**
 * An answer `before`. It is asked just before the lease is taken and the start is recorded.
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
 * Takes a lease that is free or has expired. The progress of an earlier attempt at the same text stays. After an
 * attempt at another text, or one without a lease, all statements are in doubt.
 *
 * @since 0.1.0
 * @category statements
 */
export const take = (schema: SchemaName, { holder, migration }: Claim, lasts: Duration.Duration): string => `
INSERT INTO "${schema}".lease AS l (migration_id, checksum, holder, lasts, progress, in_doubt)
SELECT ${literal(migration.id)}, ${literal(migration.checksum)}, '${holder}', ${interval(Duration.min(lasts, limit))}, 0,
  CASE WHEN (SELECT e.kind FROM "${schema}".event e WHERE e.migration_id = ${literal(migration.id)} ORDER BY e.sequence DESC LIMIT 1)
    = 'Started' THEN 'all' ELSE 'next' END
ON CONFLICT (migration_id) DO UPDATE SET (checksum, holder, lasts, progress, in_doubt) = (
  excluded.checksum, excluded.holder, excluded.lasts,
  CASE WHEN l.checksum = excluded.checksum THEN l.progress ELSE 0 END,
  CASE WHEN l.in_doubt = 'all' OR l.in_doubt = 'next' AND l.checksum <> excluded.checksum THEN 'all' ELSE 'next' END)`

const change = (schema: SchemaName, { holder, migration }: Claim, assignments: string): string =>
  `WITH changed AS (UPDATE "${schema}".lease SET ${assignments}
  WHERE migration_id = ${literal(migration.id)} AND holder = '${holder}' RETURNING 1)
${answering("isOurs", "pg_catalog.to_json(EXISTS (SELECT FROM changed))")}`

/** Renews the lease, as a heartbeat: an answer `isOurs`. @since 0.1.0 @category statements */
export const renew = (schema: SchemaName, claim: Claim): string => change(schema, claim, "lasts = lasts")

/**
 * Records how many statements are done, before the next one begins: an answer `isOurs`.
 *
 * @since 0.1.0
 * @category statements
 */
export const advance = (schema: SchemaName, claim: Claim, progress: number, inDoubt: "next" | "all"): string =>
  change(schema, claim, `(progress, in_doubt) = (${progress}, '${inDoubt}')`)

/**
 * Ends an attempt that did not succeed, and keeps its progress for the next one: an answer `isOurs`.
 *
 * @since 0.1.0
 * @category statements
 */
export const giveBack = (schema: SchemaName, claim: Claim, { isCertain }: { readonly isCertain: boolean }): string =>
  change(schema, claim, isCertain ? "(lasts, in_doubt) = ('0', 'nothing')" : "lasts = '0'")

/** Removes the leases of migrations that are recorded as applied. @since 0.1.0 @category statements */
export const end = (schema: SchemaName, migrations: ReadonlyArray<Migration.Migration>): string =>
  `DELETE FROM "${schema}".lease WHERE migration_id = ANY (ARRAY[${migrations.map(({ id }) => literal(id)).join(", ")}])`

/**
 * Ends the sessions of a holder whose lease was taken over. The server waits until they are gone, for at most 5
 * seconds. It does not end sessions of roles that the asking role is no member of: the server's locks keep those apart.
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
