/**
 * Databases that another tool has migrated: its table as that tool makes it, with two migrations recorded and a third in the folder.
 */
import { createHash } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { AutoMigration } from "effect-auto-migration"
import { ask, failsWith, inProgram, kinds } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"

const accounts = "CREATE TABLE accounts (id integer PRIMARY KEY, amount integer);\n"
const cents = "UPDATE accounts SET amount = amount * 100;\n"
const note = "ALTER TABLE accounts ADD COLUMN note text;\n"

/** The table after the first two migrations. A migration that runs again changes it. */
const migrated = [
  "CREATE TABLE accounts (id integer PRIMARY KEY, amount integer)",
  "INSERT INTO accounts VALUES (1, 1250)"
]

const hash = (algorithm: string, text: string, encoding: "hex" | "base64" = "hex"): string =>
  createHash(algorithm).update(text).digest(encoding)

interface Case {
  readonly tool: string
  readonly table: string
  /** Two recorded migrations, and a third. */
  readonly ids: readonly [string, string, string]
  readonly before: ReadonlyArray<string>
  /** Defaults to the two above. */
  readonly texts?: readonly [string, string]
  /** How many rows count, or the version that the table is at. */
  readonly says?: string
}

const named = (tool: string, table: string, columns: string, rows: string, ids: Case["ids"]): Case => ({
  tool,
  table,
  ids,
  before: [`CREATE TABLE ${table} (${columns})`, `INSERT INTO ${table} VALUES ${rows}`]
})

const numbered = ["0001_accounts", "0002_cents", "0003_note"] as const
const stamped = ["20240101000000_accounts", "20240102000000_cents", "20240103000000_note"] as const

/** CRC-32 of the two texts without line ends. */
const crcOf = (text: string): number => {
  let crc = ~0
  for (const byte of Buffer.from(text.replaceAll("\n", ""))) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return ~crc
}

const graphile = (previous: string | null, body: string) => {
  const own = `sha1:${hash("sha1", `${`${previous ?? ""}\n${body.trim()}`.trim()}\n`)}`
  return { hash: own, text: `--! Previous: ${previous ?? "-"}\n--! Hash: ${own}\n\n${body}` }
}

const first = graphile(null, accounts)
const second = graphile(first.hash, cents)

const flyway = (table: string): Case => ({
  tool: "Flyway",
  table,
  ids: ["V1__accounts", "V1.1__cents", "V2__note"],
  before: [
    `CREATE TABLE ${table} (installed_rank int PRIMARY KEY, version varchar(50), description varchar(200) NOT NULL,
        type varchar(20) NOT NULL, script varchar(1000) NOT NULL, checksum int, installed_by varchar(100) NOT NULL,
        installed_on timestamp NOT NULL DEFAULT now(), execution_time int NOT NULL, success boolean NOT NULL)`,
    `INSERT INTO ${table} VALUES (0, NULL, '<< Flyway Schema Creation >>', 'SCHEMA', '"public"', NULL, 'ada', now(), 0, true),
        (1, '1', 'accounts', 'SQL', 'V1__accounts.sql', ${crcOf(accounts)}, 'ada', now(), 1, true),
        (2, '1.1', 'cents', 'SQL', 'V1.1__cents.sql', ${crcOf(cents)}, 'ada', now(), 1, true),
        (3, '2', 'note', 'SQL', 'V2__note.sql', 1, 'ada', now(), 1, true), (4, '2', 'note', 'UNDO_SQL', 'U2__note.sql', 1, 'ada', now(), 1, true)`
  ]
})

/** Two names without folders, as values of a table's first column. */
const both = "('0001_accounts'), ('0002_cents')"

const cases: ReadonlyArray<Case> = [
  {
    tool: "Prisma Migrate",
    table: "_prisma_migrations",
    ids: stamped,
    before: [
      `CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz,
        migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz, started_at timestamptz NOT NULL DEFAULT now(),
        applied_steps_count integer NOT NULL DEFAULT 0)`,
      `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, rolled_back_at) VALUES
        ('1', '${hash("sha256", accounts)}', now(), '20240101000000_accounts', NULL),
        ('2', 'x', NULL, '20240102000000_cents', now()),
        ('3', '${hash("sha256", cents)}', now(), '20240102000000_cents', NULL)`
    ]
  },
  {
    tool: "Drizzle",
    table: "drizzle.__drizzle_migrations",
    ids: ["0000_accounts", "0001_cents", "0002_note"],
    before: [
      "CREATE SCHEMA drizzle",
      "CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint)",
      `INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES
        ('${hash("sha256", accounts)}', 1795972842250), ('${hash("sha256", cents)}', 1795972842251)`
    ]
  },
  named(
    "node-pg-migrate",
    "pgmigrations",
    "id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL",
    "(1, '1795972814250_accounts', now()), (2, '1795972814251_cents', now())",
    ["1795972814250_accounts", "1795972814251_cents", "1795972814252_note"]
  ),
  named(
    "Knex",
    "knex_migrations",
    "id serial PRIMARY KEY, name varchar(255), batch integer, migration_time timestamptz",
    "(1, '20240101000000_accounts.js', 1, now()), (2, '20240102000000_cents.js', 1, now())",
    stamped
  ),
  named(
    "Kysely",
    "kysely_migration",
    `name varchar(255) PRIMARY KEY, "timestamp" varchar(255) NOT NULL`,
    "('20240101000000_accounts', '2026-11-29T17:21:23.186Z'), ('20240102000000_cents', '2026-11-29T17:21:23.187Z')",
    stamped
  ),
  {
    tool: "graphile-migrate",
    table: "graphile_migrate.migrations",
    ids: ["000001-accounts", "000002", "000003-note"],
    texts: [first.text, second.text],
    before: [
      "CREATE SCHEMA graphile_migrate",
      `CREATE TABLE graphile_migrate.migrations (hash text PRIMARY KEY, previous_hash text REFERENCES graphile_migrate.migrations,
        filename text NOT NULL, date timestamptz NOT NULL DEFAULT now())`,
      `INSERT INTO graphile_migrate.migrations VALUES ('${first.hash}', NULL, '000001.sql'),
        ('${second.hash}', '${first.hash}', '000002.sql')`
    ]
  },
  named(
    "Effect's Migrator",
    "effect_sql_migrations",
    "migration_id integer PRIMARY KEY, created_at timestamptz NOT NULL DEFAULT now(), name text NOT NULL",
    "(1, now(), 'accounts'), (2, now(), 'cents')",
    ["1_accounts", "0002_cents", "0003_note"]
  ),
  named(
    "Postgrator",
    "schemaversion",
    "version bigint PRIMARY KEY, name text, md5 text, run_at timestamptz",
    `(0, NULL, NULL, NULL), (1, 'accounts', '${hash("md5", accounts)}', now()), (2, 'cents', '${hash("md5", cents)}', now())`,
    ["001.do.accounts", "002.do.cents", "003.do.note"]
  ),
  named(
    "TypeORM",
    "migrations",
    `id serial PRIMARY KEY, "timestamp" bigint NOT NULL, name varchar NOT NULL`,
    "(1, 1795973346973, 'Accounts1795973346973'), (2, 1795973346974, 'Cents1795973346974')",
    ["1795973346973-Accounts", "1795973346974-Cents", "1795973346975-Note"]
  ),
  named(
    "db-migrate",
    "migrations",
    "id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL",
    "(1, '/20240101000000-accounts', now()), (2, '/20240102000000-cents', now())",
    ["20240101000000-accounts", "20240102000000-cents", "20240103000000-note"]
  ),
  named(
    "Sequelize",
    `"SequelizeMeta"`,
    "name varchar(255) PRIMARY KEY",
    "('2026.11.29T17.20.00.accounts.sql'), ('2026.11.29T17.20.01.cents.sql')",
    ["2026.11.29T17.20.00.accounts", "2026.11.29T17.20.01.cents", "2026.11.29T17.20.02.note"]
  ),
  {
    tool: "Supabase",
    table: "supabase_migrations.schema_migrations",
    ids: stamped,
    before: [
      "CREATE SCHEMA supabase_migrations",
      "DO $$ BEGIN CREATE ROLE supabase_auth_admin; EXCEPTION WHEN duplicate_object OR unique_violation THEN END $$",
      "CREATE SCHEMA auth",
      "CREATE TABLE auth.schema_migrations (version varchar(255) PRIMARY KEY)",
      "ALTER TABLE auth.schema_migrations OWNER TO supabase_auth_admin",
      "INSERT INTO auth.schema_migrations VALUES ('00')",
      "CREATE TABLE supabase_migrations.schema_migrations (version text PRIMARY KEY, statements text[], name text)",
      `INSERT INTO supabase_migrations.schema_migrations VALUES
        ('20240101000000', ARRAY['${accounts.replace(";\n", "")}'], 'accounts'), ('20240102000000', NULL, 'cents')`
    ]
  },
  {
    tool: "Hasura",
    table: "hdb_catalog.hdb_version",
    ids: ["1620000000001_accounts", "1620000000002_cents", "1620000000003_note"],
    before: [
      "CREATE SCHEMA hdb_catalog",
      `CREATE TABLE hdb_catalog.hdb_version (hasura_uuid uuid PRIMARY KEY, version text NOT NULL, upgraded_on timestamptz NOT NULL,
        cli_state jsonb NOT NULL DEFAULT '{}', console_state jsonb NOT NULL DEFAULT '{}')`,
      `INSERT INTO hdb_catalog.hdb_version VALUES ('11111111-1111-4111-8111-111111111111', '48', now(),
        '{"migrations": {"default": {"1620000000001": false, "1620000000002": false}}}')`
    ]
  },
  flyway("flyway_schema_history"),
  flyway("schema_version"),
  flyway('"FLYWAY_SCHEMA_HISTORY"'),
  {
    ...named(
      "golang-migrate",
      "schema_migrations",
      "version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL",
      "(2, false)",
      numbered
    ),
    says: "version 2"
  },
  named(
    "Ecto",
    "schema_migrations",
    "version bigint NOT NULL PRIMARY KEY, inserted_at timestamp(0)",
    "(20240101000000, now()), (20240102000000, now())",
    stamped
  ),
  {
    tool: "Rails",
    table: "schema_migrations",
    ids: stamped,
    before: [
      "CREATE TABLE schema_migrations (version varchar NOT NULL PRIMARY KEY)",
      "CREATE TABLE ar_internal_metadata (key varchar PRIMARY KEY, value varchar)",
      "INSERT INTO schema_migrations VALUES ('20240101000000'), ('20240102000000')"
    ]
  },
  named(
    "dbmate",
    "schema_migrations",
    "version varchar PRIMARY KEY",
    "('20240101000000'), ('20240102000000')",
    stamped
  ),
  named(
    "goose",
    "goose_db_version",
    `id integer PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, version_id bigint NOT NULL, is_applied boolean NOT NULL,
      tstamp timestamp NOT NULL DEFAULT now()`,
    "(1, 0, true), (2, 1, true), (3, 2, true), (4, 3, true), (5, 3, false)",
    numbered
  ),
  named(
    "Diesel",
    "__diesel_schema_migrations",
    "version varchar(50) PRIMARY KEY, run_on timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP",
    "('20240101000000'), ('20240102000000')",
    ["2024-01-01-000000_accounts", "2024-01-02-000000_cents", "2024-01-03-000000_note"]
  ),
  named(
    "SQLx",
    "_sqlx_migrations",
    `version bigint PRIMARY KEY, description text NOT NULL, installed_on timestamptz NOT NULL DEFAULT now(), success boolean NOT NULL,
      checksum bytea NOT NULL, execution_time bigint NOT NULL`,
    `(20240101000000, 'accounts', now(), true, '\\x${hash("sha384", accounts)}', 1),
      (20240102000000, 'cents', now(), true, '\\x${hash("sha384", cents)}', 1)`,
    stamped
  ),
  {
    tool: "Atlas",
    table: "atlas_schema_revisions.atlas_schema_revisions",
    ids: stamped,
    before: [
      "CREATE SCHEMA atlas_schema_revisions",
      `CREATE TABLE atlas_schema_revisions.atlas_schema_revisions (version varchar PRIMARY KEY, description varchar NOT NULL,
        type bigint NOT NULL DEFAULT 2, applied bigint NOT NULL DEFAULT 0, total bigint NOT NULL DEFAULT 0, executed_at timestamptz NOT NULL,
        execution_time bigint NOT NULL, error text, error_stmt text, hash varchar NOT NULL, partial_hashes jsonb, operator_version varchar NOT NULL)`,
      `INSERT INTO atlas_schema_revisions.atlas_schema_revisions (version, description, executed_at, execution_time, hash, operator_version) VALUES
        ('.atlas_cloud_identifier', 'x', now(), 0, '', ''),
        ('20240101000000', 'accounts', now(), 1, '${hash("sha256", `record:20240101000000_accounts${accounts}`, "base64")}', ''),
        ('20240102000000', 'cents', now(), 1,
          '${hash("sha256", `record:20240101000000_accounts${accounts}record:20240102000000_cents${cents}`, "base64")}', '')`
    ]
  },
  {
    tool: "Sqitch",
    table: "sqitch.changes",
    ids: ["accounts", "cents", "note"],
    before: [
      "CREATE SCHEMA sqitch",
      `CREATE TABLE sqitch.changes (change_id text PRIMARY KEY, script_hash text, change text NOT NULL, project text NOT NULL,
        note text NOT NULL DEFAULT '', committed_at timestamptz NOT NULL DEFAULT clock_timestamp(), committer_name text NOT NULL,
        committer_email text NOT NULL, planned_at timestamptz NOT NULL, planner_name text NOT NULL, planner_email text NOT NULL)`,
      `INSERT INTO sqitch.changes VALUES
        ('1', '${hash("sha1", accounts)}', 'accounts', 'shop', '', now(), 'Ada', 'ada@example.org', now(), 'Ada', 'ada@example.org'),
        ('2', '${hash("sha1", cents)}', 'cents', 'shop', '', now(), 'Ada', 'ada@example.org', now(), 'Ada', 'ada@example.org')`
    ]
  },
  { ...named("tern", "schema_version", "version int4 NOT NULL", "(2)", numbered), says: "version 2" },
  named(
    "sql-migrate",
    "gorp_migrations",
    "id text NOT NULL PRIMARY KEY, applied_at timestamptz",
    "('0001_accounts.sql', now()), ('0002_cents.sql', now())",
    numbered
  ),
  {
    ...named(
      "Mojolicious",
      "mojo_migrations",
      "name text NOT NULL UNIQUE, version bigint NOT NULL CHECK (version >= 0)",
      "('migrations', 2)",
      numbered
    ),
    says: "version 2"
  },
  named(
    "MyBatis Migrations",
    "changelog",
    "id numeric(20,0) NOT NULL, applied_at varchar(25) NOT NULL, description varchar(255) NOT NULL",
    "(20240101000000, '2024-01-01', 'accounts'), (20240102000000, '2024-01-02', 'cents')",
    stamped
  ),
  named(
    "Rambler",
    "migrations",
    "migration varchar(255) NOT NULL",
    "('0001_accounts.sql'), ('0002_cents.sql')",
    numbered
  ),
  {
    ...named(
      "dbmate",
      "auth.schema_migrations",
      "version varchar PRIMARY KEY, name text",
      "('0001'), ('0002')",
      numbered
    ),
    before: [
      "CREATE SCHEMA auth",
      "CREATE TABLE auth.schema_migrations (version varchar PRIMARY KEY, name text)",
      "INSERT INTO auth.schema_migrations VALUES ('0001'), ('0002')"
    ]
  },
  { ...named("tern", "schema_version", "version text NOT NULL", "('2')", numbered), says: "version 2" },
  named(
    "Sequel",
    "schema_migrations",
    "filename text PRIMARY KEY",
    "('0001_accounts.rb'), ('0002_cents.rb')",
    numbered
  ),
  named(
    "Migratus",
    "schema_migrations",
    "id bigint UNIQUE NOT NULL, applied timestamp, description varchar(1024)",
    "(-1, NULL, 'reserved'), (20240101000000, now(), 'accounts'), (20240102000000, now(), 'cents')",
    stamped
  ),
  named(
    "Entity Framework",
    `"__EFMigrationsHistory"`,
    `"MigrationId" varchar, "ProductVersion" varchar`,
    both,
    numbered
  ),
  named("Entity Framework", `"__EFMigrationsHistory"`, "migration_id varchar, product_version varchar", both, numbered),
  named("Entity Framework", "__efmigrationshistory", "migrationid varchar, productversion varchar", both, numbered),
  named("SeaORM", "seaql_migrations", "version varchar PRIMARY KEY, applied_at bigint", both, numbered),
  named(
    "Doctrine",
    "doctrine_migration_versions",
    "version varchar, executed_at timestamp, execution_time int",
    both,
    numbered
  ),
  named(
    "Payload",
    "payload_migrations",
    "name varchar, batch numeric, id serial, updated_at timestamptz",
    both,
    numbered
  ),
  named(
    "Bun",
    "bun_migrations",
    "name varchar, id bigserial, group_id bigint",
    "('20240101000000'), ('20240102000000')",
    stamped
  ),
  named(
    "FluentMigrator",
    `"VersionInfo"`,
    `"Version" bigint, "AppliedOn" timestamp, "Description" varchar(1024)`,
    "(20240101000000, now(), 'Accounts'), (20240102000000, now(), 'Cents')",
    stamped
  ),
  named(
    "Play Evolutions",
    "play_evolutions",
    `id int NOT NULL PRIMARY KEY, hash varchar(255) NOT NULL, applied_at timestamp NOT NULL, apply_script text, revert_script text,
      state varchar(255), last_problem text`,
    "(1, 'x', now(), '', '', 'applied'), (2, 'x', now(), '', '', 'applied')",
    ["1", "2", "3"]
  )
]

const textsOf = ({ ids: [one, two, three], texts = [accounts, cents] }: Case): Readonly<Record<string, string>> => ({
  [one]: texts[0],
  [two]: texts[1],
  [three]: note
})

describe.each(cases)("a database that $tool has migrated", (one) => {
  it.scopedLive("stays as it is until its history is adopted, and then goes on from there", () =>
    inProgram({ migrations: textsOf(one), before: [...migrated, ...one.before] }, (url) =>
      Effect.gen(function* () {
        const [first, second, third] = one.ids
        const refused = yield* failsWith("HistoryElsewhere", ask("SELECT note FROM accounts"))
        deepStrictEqual([refused.tool, refused.table], [one.tool, one.table])
        assert.include(refused.message, `records ${one.says ?? "2 migrations"},`)
        assert.match(refused.message, /: AutoMigration\.adopt\(\{ by: "table" \}\)$/)
        yield* failsWith("HistoryElsewhere", AutoMigration.migrate)
        const { elsewhere } = yield* AutoMigration.status
        deepStrictEqual(
          elsewhere.map(({ due, table, tool }) => [tool, table, ...due]),
          [[one.tool, one.table, first, second]]
        )
        const adoption = yield* AutoMigration.adoption({ by: "table" })
        deepStrictEqual(adoption.misfits, [])
        deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.adopt({ by: "table" }), [first, second])
        deepStrictEqual(
          (yield* AutoMigration.status).elsewhere.flatMap(({ due }) => due),
          []
        )
        deepStrictEqual(yield* ask("SELECT amount, note FROM accounts"), [{ amount: 1250, note: null }])
        deepStrictEqual(yield* kinds, [`Adopted ${first}`, `Adopted ${second}`, `Applied ${third}`])
        const [event] = yield* Database.query(
          url,
          "SELECT detail FROM auto_migration.event WHERE kind = 'Adopted' LIMIT 1"
        )
        assert.include(JSON.stringify(event), JSON.stringify(one.tool))
      })
    )
  )
})
