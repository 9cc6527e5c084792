/**
 * The tools whose tables of migrations are known: by which table and columns each is recognised, what a row of it means, and which
 * hash of a file it keeps. All of it is data; `Sighting` recognises, and `../Adoption` gives the rows a meaning for our files.
 *
 * @internal
 */

/**
 * How a recorded name leads to a file. `name`: the file's name without folders and endings. `number`: the digits at its beginning.
 * `undashed`: the digits and dashes at its beginning, without the dashes. `dotted`: its version, as in `V1.2__users.sql`, or the name
 * where there is no version. `hash`: the file's hash, or the name where the tool records one.
 *
 * @since 0.1.0
 * @category models
 */
export type Naming = "name" | "number" | "undashed" | "dotted" | "hash"

/**
 * What a tool keeps of a file's text, so that an edit shows. `sha256`, `sha384`, `sha1` and `md5` are those of its bytes; `crc32` is of its
 * lines without their ends; `graphile` and `atlas` include the files before it; `statements` is the text itself, statement by statement.
 *
 * @since 0.1.0
 * @category models
 */
export type Keeping = "nothing" | "sha256" | "sha384" | "sha1" | "md5" | "crc32" | "graphile" | "atlas" | "statements"

/**
 * One tool's table.
 *
 * @since 0.1.0
 * @category models
 */
export interface Tool {
  readonly name: string
  readonly table: string
  /** Where the table always stands; by default any schema. */
  readonly schema?: string
  /** Columns without which a table of that name is another one. */
  readonly columns: ReadonlyArray<string>
  /** The name is a common one: a column more makes it another table. */
  readonly isCommonName?: true
  /** Another table in the same schema, without which it is another tool's. */
  readonly beside?: string
  readonly naming: Naming
  readonly keeping: Keeping
  /** The rows that count, in their order, as `name`, `at`, `hash` and `state`. `columns` are those that the table has. */
  readonly rows: (from: string, columns: ReadonlySet<string>) => string
}

interface Columns {
  readonly name: string
  readonly at?: string
  readonly hash?: string
  readonly state?: string
  readonly rest?: string
}

/** `state` is one of those of `Sighting.Recorded`. */
const select =
  ({ at = "NULL", hash = "NULL", name, rest = "", state = "'applied'" }: Columns) =>
  (from: string): string =>
    `SELECT ${name} AS name, ${at} AS at, ${hash} AS hash, ${state} AS state FROM ${from} AS t ${rest}`

const failedUnless = (condition: string): string => `CASE WHEN ${condition} THEN 'applied' ELSE 'failed' END`

/** Each version by its last row, which says whether it is applied now. */
const gooseRows = (from: string): string =>
  `SELECT version_id AS name, tstamp AS at, NULL AS hash, 'applied' AS state FROM (
    SELECT DISTINCT ON (version_id) version_id, tstamp, is_applied FROM ${from} ORDER BY version_id, id DESC) AS t
  WHERE is_applied AND version_id > 0 ORDER BY version_id`

/** Each script by its last row; what was undone or taken out of the history is not applied. */
const flywayRows = (from: string): string =>
  `SELECT CASE WHEN type = 'BASELINE' THEN version ELSE script END AS name, installed_on AS at, checksum AS hash,
    CASE WHEN NOT success THEN 'failed' WHEN type LIKE '%BASELINE' THEN 'baseline' ELSE 'applied' END AS state
  FROM (SELECT DISTINCT ON (coalesce(version, script)) * FROM ${from} WHERE type <> 'SCHEMA'
    ORDER BY coalesce(version, script), installed_rank DESC) AS t
  WHERE type <> 'DELETE' AND type NOT LIKE 'UNDO%' ORDER BY installed_rank`

const hasuraRows = (from: string): string =>
  `SELECT v.key AS name, NULL AS at, NULL AS hash, CASE WHEN v.value = 'true' THEN 'failed' ELSE 'applied' END AS state
  FROM ${from} AS t CROSS JOIN LATERAL jsonb_each(t.cli_state -> 'migrations') AS d
  CROSS JOIN LATERAL jsonb_each_text(d.value) AS v ORDER BY v.key`

const atlasRows = select({
  name: "version",
  at: "executed_at",
  hash: "hash",
  state: `CASE WHEN t.error <> '' OR applied < total THEN 'failed' WHEN type & 1 = 1 THEN 'baseline' ELSE 'applied' END`,
  rest: "WHERE version NOT LIKE '.%' ORDER BY version"
})

const drizzleRows = (from: string, columns: ReadonlySet<string>): string =>
  select({
    name: columns.has("name") ? "name" : "NULL",
    at: "created_at",
    hash: "hash",
    rest: "ORDER BY created_at, id"
  })(from)

const supabaseRows = (from: string, columns: ReadonlySet<string>): string =>
  select({
    name: "version",
    hash: columns.has("statements") ? "array_to_json(statements)::text" : "NULL",
    rest: "ORDER BY version"
  })(from)

const byName = (time: string, order = "id"): Pick<Tool, "keeping" | "naming" | "rows"> => ({
  naming: "name",
  keeping: "nothing",
  rows: select({ name: "name", at: time, rest: `ORDER BY ${order}` })
})

const byNumber = (rows: Tool["rows"]): Pick<Tool, "keeping" | "naming" | "rows"> => ({
  naming: "number",
  keeping: "nothing",
  rows
})

/** A table that holds nothing but the version that the database is at. */
const current = byNumber(select({ name: "version", state: "'below'", rest: "WHERE version > 0 ORDER BY version DESC" }))

const versions = byNumber(select({ name: "version", rest: "ORDER BY version" }))

const inTypeScript: ReadonlyArray<Tool> = [
  {
    name: "Prisma Migrate",
    table: "_prisma_migrations",
    columns: ["migration_name", "checksum", "started_at", "finished_at", "rolled_back_at"],
    naming: "name",
    keeping: "sha256",
    rows: select({
      name: "migration_name",
      at: "finished_at",
      hash: "checksum",
      state: failedUnless("finished_at IS NOT NULL"),
      rest: "WHERE rolled_back_at IS NULL ORDER BY started_at, migration_name"
    })
  },
  {
    name: "Drizzle",
    table: "__drizzle_migrations",
    columns: ["id", "hash", "created_at"],
    naming: "hash",
    keeping: "sha256",
    rows: drizzleRows
  },
  { name: "node-pg-migrate", table: "pgmigrations", columns: ["id", "name", "run_on"], ...byName("run_on") },
  {
    name: "Knex",
    table: "knex_migrations",
    columns: ["id", "name", "batch", "migration_time"],
    ...byName("migration_time")
  },
  { name: "Kysely", table: "kysely_migration", columns: ["name", "timestamp"], ...byName("timestamp", "name") },
  {
    name: "graphile-migrate",
    table: "migrations",
    schema: "graphile_migrate",
    columns: ["hash", "previous_hash", "filename", "date"],
    naming: "number",
    keeping: "graphile",
    rows: select({ name: "filename", at: "date", hash: "t.hash", rest: "ORDER BY filename" })
  },
  {
    name: "Effect's Migrator",
    table: "effect_sql_migrations",
    columns: ["migration_id", "name", "created_at"],
    naming: "name",
    keeping: "nothing",
    rows: select({ name: "migration_id || '_' || name", at: "created_at", rest: "ORDER BY migration_id" })
  },
  {
    name: "Postgrator",
    table: "schemaversion",
    columns: ["version", "name", "md5", "run_at"],
    naming: "number",
    keeping: "md5",
    rows: select({ name: "version", at: "run_at", hash: "md5", rest: "WHERE version > 0 ORDER BY version" })
  },
  {
    name: "TypeORM",
    table: "migrations",
    columns: ["id", "timestamp", "name"],
    isCommonName: true,
    naming: "number",
    keeping: "nothing",
    rows: select({ name: `"timestamp"`, rest: "ORDER BY id" })
  },
  {
    name: "db-migrate",
    table: "migrations",
    columns: ["id", "name", "run_on"],
    isCommonName: true,
    ...byName("run_on")
  },
  {
    name: "postgres-migrations",
    table: "migrations",
    columns: ["id", "name", "hash", "executed_at"],
    isCommonName: true,
    ...byNumber(select({ name: "id", at: "executed_at", rest: "WHERE id > 0 ORDER BY id" }))
  },
  {
    name: "Sequelize",
    table: "SequelizeMeta",
    columns: ["name"],
    naming: "name",
    keeping: "nothing",
    rows: select({ name: "name", rest: "ORDER BY name" })
  },
  {
    name: "MikroORM",
    table: "mikro_orm_migrations",
    columns: ["id", "name", "executed_at"],
    ...byName("executed_at")
  },
  {
    name: "AdonisJS",
    table: "adonis_schema",
    columns: ["id", "name", "batch", "migration_time"],
    ...byName("migration_time")
  }
]

const ofHostedServices: ReadonlyArray<Tool> = [
  {
    name: "Supabase",
    table: "schema_migrations",
    schema: "supabase_migrations",
    columns: ["version"],
    naming: "number",
    keeping: "statements",
    rows: supabaseRows
  },
  {
    name: "Hasura",
    table: "hdb_version",
    schema: "hdb_catalog",
    columns: ["hasura_uuid", "cli_state"],
    ...byNumber(hasuraRows)
  },
  {
    name: "Hasura",
    table: "schema_migrations",
    schema: "hdb_catalog",
    columns: ["version", "dirty"],
    ...byNumber(select({ name: "version", state: failedUnless("NOT dirty"), rest: "ORDER BY version" }))
  }
]

const elsewhere: ReadonlyArray<Tool> = [
  {
    name: "Flyway",
    table: "flyway_schema_history",
    columns: ["installed_rank", "version", "type", "script", "checksum", "installed_on", "success"],
    naming: "dotted",
    keeping: "crc32",
    rows: flywayRows
  },
  {
    name: "golang-migrate",
    table: "schema_migrations",
    columns: ["version", "dirty"],
    isCommonName: true,
    ...byNumber(select({ name: "version", state: "CASE WHEN dirty THEN 'unfinished' ELSE 'below' END" }))
  },
  {
    name: "Ecto",
    table: "schema_migrations",
    columns: ["version", "inserted_at"],
    isCommonName: true,
    ...byNumber(select({ name: "version", at: "inserted_at", rest: "ORDER BY version" }))
  },
  {
    name: "Rails",
    table: "schema_migrations",
    columns: ["version"],
    isCommonName: true,
    beside: "ar_internal_metadata",
    ...versions
  },
  { name: "dbmate", table: "schema_migrations", columns: ["version"], isCommonName: true, ...versions },
  {
    name: "goose",
    table: "goose_db_version",
    columns: ["id", "version_id", "is_applied", "tstamp"],
    ...byNumber(gooseRows)
  },
  {
    name: "micrate",
    table: "micrate_db_version",
    columns: ["id", "version_id", "is_applied", "tstamp"],
    ...byNumber(gooseRows)
  },
  {
    name: "Diesel",
    table: "__diesel_schema_migrations",
    columns: ["version", "run_on"],
    naming: "undashed",
    keeping: "nothing",
    rows: select({ name: "version", at: "run_on", rest: "ORDER BY version" })
  },
  {
    name: "SQLx",
    table: "_sqlx_migrations",
    columns: ["version", "installed_on", "success", "checksum"],
    naming: "number",
    keeping: "sha384",
    rows: select({
      name: "version",
      at: "installed_on",
      hash: "encode(checksum, 'hex')",
      state: failedUnless("success"),
      rest: "ORDER BY version"
    })
  },
  {
    name: "Atlas",
    table: "atlas_schema_revisions",
    columns: ["version", "type", "applied", "total", "executed_at", "error", "hash"],
    naming: "number",
    keeping: "atlas",
    rows: atlasRows
  },
  {
    name: "Sqitch",
    table: "changes",
    columns: ["change_id", "script_hash", "change", "project", "committed_at", "planned_at"],
    naming: "name",
    keeping: "sha1",
    rows: select({ name: "change", at: "committed_at", hash: "script_hash", rest: "ORDER BY committed_at" })
  },
  {
    name: "tern",
    table: "schema_version",
    columns: ["version"],
    isCommonName: true,
    ...current
  },
  {
    name: "sql-migrate",
    table: "gorp_migrations",
    columns: ["id", "applied_at"],
    naming: "name",
    keeping: "nothing",
    rows: select({ name: "id", at: "applied_at", rest: "ORDER BY id" })
  },
  {
    name: "Mojolicious",
    table: "mojo_migrations",
    columns: ["name", "version"],
    isCommonName: true,
    ...current
  },
  {
    name: "MyBatis Migrations",
    table: "changelog",
    columns: ["id", "applied_at", "description"],
    isCommonName: true,
    ...byNumber(select({ name: "id", at: "applied_at", rest: "ORDER BY id" }))
  },
  {
    name: "Rambler",
    table: "migrations",
    columns: ["migration"],
    isCommonName: true,
    naming: "name",
    keeping: "nothing",
    rows: select({ name: "migration", rest: "ORDER BY migration" })
  },
  {
    name: "Play Evolutions",
    table: "play_evolutions",
    columns: ["id", "hash", "applied_at", "apply_script", "revert_script", "state"],
    ...byNumber(
      select({ name: "id", at: "applied_at", state: failedUnless("t.state = 'applied'"), rest: "ORDER BY id" })
    )
  },
  {
    name: "Refinery",
    table: "refinery_schema_history",
    columns: ["version", "name", "applied_on", "checksum"],
    ...byNumber(select({ name: "version", at: "applied_on", rest: "ORDER BY version" }))
  },
  {
    name: "Liquibase",
    table: "databasechangelog",
    columns: ["id", "author", "filename", "dateexecuted", "orderexecuted"],
    naming: "name",
    keeping: "nothing",
    rows: select({ name: "filename", at: "dateexecuted", rest: "ORDER BY orderexecuted" })
  },
  {
    name: "Alembic",
    table: "alembic_version",
    columns: ["version_num"],
    naming: "name",
    keeping: "nothing",
    rows: select({ name: "version_num", rest: "ORDER BY version_num" })
  },
  {
    name: "Django",
    table: "django_migrations",
    columns: ["id", "app", "name", "applied"],
    naming: "name",
    keeping: "nothing",
    rows: select({ name: "app || '/' || name", at: "applied", rest: "ORDER BY id" })
  },
  {
    name: "Laravel",
    table: "migrations",
    columns: ["id", "migration", "batch"],
    isCommonName: true,
    naming: "name",
    keeping: "nothing",
    rows: select({ name: "migration", rest: "ORDER BY id" })
  },
  {
    name: "Entity Framework",
    table: "__EFMigrationsHistory",
    columns: ["MigrationId", "ProductVersion"],
    naming: "name",
    keeping: "nothing",
    rows: select({ name: `"MigrationId"`, rest: `ORDER BY "MigrationId"` })
  },
  {
    name: "Phinx",
    table: "phinxlog",
    columns: ["version", "migration_name", "start_time", "end_time"],
    ...byNumber(select({ name: "version", at: "end_time", rest: "ORDER BY version" }))
  },
  {
    name: "DbUp",
    table: "schemaversions",
    columns: ["schemaversionsid", "scriptname", "applied"],
    naming: "name",
    keeping: "nothing",
    rows: select({ name: "scriptname", at: "applied", rest: "ORDER BY schemaversionsid" })
  }
]

/** In the order in which they are tried. @since 0.1.0 @category constructors */
export const all: ReadonlyArray<Tool> = [...inTypeScript, ...ofHostedServices, ...elsewhere]

/** The names of the tables to look for. @since 0.1.0 @category constructors */
export const tables: ReadonlyArray<string> = [
  ...new Set(all.flatMap(({ beside, table }) => (beside === undefined ? [table] : [table, beside])))
]

/**
 * Schemas that a hosted service keeps for itself. The tables of migrations in there are the service's own and tell nothing about a program's.
 *
 * @since 0.1.0
 * @category constructors
 */
export const foreignSchemas: ReadonlyArray<string> = [
  "auth",
  "storage",
  "realtime",
  "_realtime",
  "_analytics",
  "_supavisor",
  "supabase_functions",
  "vault",
  "cron",
  "pgmq"
]
