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

/** In the order in which they are tried. @since 0.1.0 @category constructors */
export const otherTools: ReadonlyArray<Tool> = [
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
