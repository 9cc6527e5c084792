/**
 * The tools of languages other than JavaScript and TypeScript, and their tables.
 *
 * @internal
 */
import { byNumber, failedUnless, select, type Tool } from "./Tool.js"

/** The last row of each version says whether the version is applied now. */
const gooseRows = (from: string): string =>
  `SELECT version_id AS name, tstamp AS at, NULL AS hash, 'applied' AS state FROM (
    SELECT DISTINCT ON (version_id) version_id, tstamp, is_applied FROM ${from} ORDER BY version_id, id DESC) AS t
  WHERE is_applied AND version_id > 0 ORDER BY version_id`

/** The last row of each version or script counts. One that was undone or deleted from the history is not applied. */
const flywayRows = (from: string): string =>
  `SELECT CASE WHEN type = 'BASELINE' THEN version ELSE script END AS name, installed_on AS at, checksum AS hash,
    CASE WHEN NOT success THEN 'failed' WHEN type ~~ '%BASELINE' THEN 'baseline' ELSE 'applied' END AS state
  FROM (SELECT DISTINCT ON (coalesce(version, script)) * FROM ${from} WHERE type <> 'SCHEMA'
    ORDER BY coalesce(version, script), installed_rank DESC) AS t
  WHERE type <> 'DELETE' AND type !~~ 'UNDO%' ORDER BY installed_rank`

const atlasRows = select({
  name: "version",
  at: "executed_at",
  hash: "hash",
  state: `CASE WHEN t.error <> '' OR applied < total THEN 'failed' WHEN type & 1 = 1 THEN 'baseline' ELSE 'applied' END`,
  rest: "WHERE version !~~ '.%' ORDER BY version"
})

/** The rows of a table that holds only the current version of the database. */
const current = byNumber(select({ name: "version", state: "'below'", rest: "WHERE version > 0 ORDER BY version DESC" }))

const versions = byNumber(select({ name: "version", rest: "ORDER BY version" }))

/** Before version 5, the table was called `schema_version`. */
const flyway = (table: string): Tool => ({
  name: "Flyway",
  table,
  columns: ["installed_rank", "version", "type", "script", "checksum", "installed_on", "success"],
  naming: "dotted",
  keeping: "crc32",
  rows: flywayRows
})

const named = (
  name: string,
  table: string,
  columns: readonly [name: string, ...others: ReadonlyArray<string>]
): Tool => ({
  name,
  table,
  columns,
  naming: "name",
  keeping: "nothing",
  rows: select({ name: `"${columns[0]}"`, rest: `ORDER BY "${columns[0]}"` })
})

/** In the order in which they are tried: a table with more columns of its own comes first. @since 0.1.0 @category constructors */
export const otherTools: ReadonlyArray<Tool> = [
  flyway("flyway_schema_history"),
  flyway("schema_version"),
  {
    name: "golang-migrate",
    table: "schema_migrations",
    columns: ["version", "dirty"],
    ...byNumber(select({ name: "version", state: "CASE WHEN dirty THEN 'unfinished' ELSE 'below' END" }))
  },
  {
    name: "Ecto",
    table: "schema_migrations",
    columns: ["version", "inserted_at"],
    ...byNumber(select({ name: "version", at: "inserted_at", rest: "ORDER BY version" }))
  },
  {
    name: "Rails",
    table: "schema_migrations",
    columns: ["version"],
    beside: "ar_internal_metadata",
    ...versions
  },
  {
    name: "Migratus",
    table: "schema_migrations",
    columns: ["id", "applied", "description"],
    ...byNumber(select({ name: "id", at: "applied", rest: "WHERE id > 0 ORDER BY id" }))
  },
  {
    name: "Sequel",
    table: "schema_migrations",
    columns: ["filename"],
    naming: "name",
    keeping: "nothing",
    rows: select({ name: "filename", rest: "ORDER BY filename" })
  },
  { name: "dbmate", table: "schema_migrations", columns: ["version"], ...versions },
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
      hash: "pg_catalog.encode(checksum, 'hex')",
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
    ...byNumber(
      select({ name: "version", state: "'below'", rest: "WHERE version::pg_catalog.text <> '0' ORDER BY version DESC" })
    )
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
    name: "Laravel",
    table: "migrations",
    columns: ["id", "migration", "batch"],
    naming: "name",
    keeping: "nothing",
    rows: select({ name: "migration", rest: "ORDER BY id" })
  },
  {
    name: "Rambler",
    table: "migrations",
    columns: ["migration"],
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
  named("Entity Framework", "__EFMigrationsHistory", ["MigrationId", "ProductVersion"]),
  named("Entity Framework", "__EFMigrationsHistory", ["migration_id", "product_version"]),
  named("SeaORM", "seaql_migrations", ["version", "applied_at"]),
  named("Doctrine", "doctrine_migration_versions", ["version", "executed_at"]),
  named("Doctrine", "migration_versions", ["version"]),
  {
    name: "Bun",
    table: "bun_migrations",
    columns: ["id", "name", "group_id"],
    ...byNumber(select({ name: "name", rest: "ORDER BY id" }))
  },
  {
    name: "FluentMigrator",
    table: "VersionInfo",
    columns: ["Version", "AppliedOn", "Description"],
    ...byNumber(select({ name: `"Version"`, at: `"AppliedOn"`, rest: `ORDER BY "Version"` }))
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
