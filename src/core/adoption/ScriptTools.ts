/**
 * The tools for programs in JavaScript and TypeScript, those of hosted services, and their tables.
 *
 * @internal
 */
import { byName, byNumber, failedUnless, select, type Tool } from "./Tool.js"

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
    hash: columns.has("statements") ? "pg_catalog.array_to_json(statements)::text" : "NULL",
    rest: "ORDER BY version"
  })(from)

const hasuraRows = (from: string): string =>
  `SELECT v.key AS name, NULL AS at, NULL AS hash, CASE WHEN v.value = 'true' THEN 'failed' ELSE 'applied' END AS state
  FROM ${from} CROSS JOIN LATERAL pg_catalog.jsonb_each(t.cli_state -> 'migrations') AS d
  CROSS JOIN LATERAL pg_catalog.jsonb_each_text(d.value) AS v ORDER BY v.key`

/** In the order in which they are tried. @since 0.1.0 @category constructors */
export const scriptTools: ReadonlyArray<Tool> = [
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
    naming: "number",
    keeping: "nothing",
    rows: select({ name: `"timestamp"`, rest: "ORDER BY id" })
  },
  {
    name: "db-migrate",
    table: "migrations",
    columns: ["id", "name", "run_on"],
    ...byName("run_on")
  },
  {
    name: "postgres-migrations",
    table: "migrations",
    columns: ["id", "name", "hash", "executed_at"],
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
    name: "Payload",
    table: "payload_migrations",
    columns: ["id", "name", "batch"],
    ...byName("NULL")
  },
  {
    name: "AdonisJS",
    table: "adonis_schema",
    columns: ["id", "name", "batch", "migration_time"],
    ...byName("migration_time")
  }
]

/** In the order in which they are tried. @since 0.1.0 @category constructors */
export const hostedTools: ReadonlyArray<Tool> = [
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
