/**
 * A pooler gives a session to one client after the other. What another client left in it must not decide where the objects of a
 * migration go, which types they have, or how the ledger is read. The pool here makes each session dirty, and the tap changes the
 * number of the server's process, as a pooler does.
 */
import { describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { AutoMigration, AutoMigrationConfig, MigrationClient, MigrationSource, Policy } from "effect-auto-migration"
import pg from "pg"
import * as App from "../../support/program/App.js"
import { ask } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import { role } from "../../support/server/Role.js"
import * as Server from "../../support/server/Server.js"
import * as WireTap from "../../support/server/WireTap.js"

const migrations = {
  "001_users":
    "CREATE TABLE users (id integer PRIMARY KEY, name text);\nCREATE FUNCTION f(a text) RETURNS text LANGUAGE sql AS 'SELECT a';",
  "002_email": "ALTER TABLE users ADD COLUMN email text, ADD COLUMN born date DEFAULT '01/02/2020';",
  "003_index": "CREATE INDEX CONCURRENTLY users_name ON users (name);"
}

const leftovers: Readonly<Record<string, ReadonlyArray<string>>> = {
  "a search path": ["SET search_path = other, public"],
  "types named like the server's": [
    ...["text", "jsonb", "name", "oid", "integer"].map(
      (name) => `CREATE DOMAIN pg_temp.${name === "integer" ? "int4" : name} AS boolean`
    )
  ],
  "a table named like the ledger's, and one like the migration's": [
    "CREATE TEMP TABLE event (sequence integer)",
    "CREATE TEMP TABLE users (id integer)"
  ],
  "a role": ["SET ROLE other"],
  settings: [
    "SET row_security = off",
    "SET standard_conforming_strings = off",
    "SET transform_null_equals = on",
    "SET check_function_bodies = off",
    "SET session_replication_role = replica",
    "SET default_table_access_method = heap",
    "SET bytea_output = escape",
    "SET DateStyle = 'SQL, DMY'",
    "SET lock_timeout = '1ms'"
  ]
}

/** Where the objects are, who owns them, and which types and defaults they have. */
const found = `SELECT (SELECT json_agg(n.nspname || '.' || c.relname || ' of ' || pg_get_userbyid(c.relowner) ORDER BY c.relname)::text
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname IN ('users', 'users_name') AND c.relpersistence = 'p') AS relations,
  (SELECT json_agg(attname || ' ' || atttypid::int ORDER BY attnum)::text FROM pg_attribute
    WHERE attrelid = 'public.users'::regclass AND attnum > 0) AS columns,
  (SELECT json_agg(pg_get_expr(adbin, adrelid))::text FROM pg_attrdef WHERE adrelid = 'public.users'::regclass) AS defaults,
  (SELECT json_agg(p.oid::regprocedure::text)::text FROM pg_proc p WHERE p.proname = 'f') AS functions`

const outcome = (leave: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const url = yield* Server.freshDatabase
    const other = yield* role(url, "other")
    const tap = yield* WireTap.make(url, undefined, WireTap.pooled)
    yield* Database.query(url, "CREATE SCHEMA other", `GRANT ALL ON SCHEMA other, public TO ${other.name}`)
    /** A connection that is closed meanwhile refuses nothing. */
    const refused: Array<string> = []
    const pool = () => {
      const sessions = new pg.Pool({ connectionString: tap.url, max: 5 })
      sessions.on("error", () => {})
      sessions.on("connect", (client) => {
        for (const statement of leave) {
          client.query(statement.replace("ROLE other", `ROLE ${other.name}`)).catch((error: unknown) => {
            if (error instanceof pg.DatabaseError) refused.push(error.message)
          })
        }
      })
      return sessions
    }
    const acquire = Effect.acquireRelease(Effect.sync(pool), (sessions) => Effect.promise(() => sessions.end()))
    const live = AutoMigration.layer.pipe(
      Layer.provide(MigrationClient.layerFromPool({ acquire })),
      Layer.provide(MigrationSource.layerRecord(migrations)),
      Layer.provide(AutoMigrationConfig.layer({ policy: Policy.always })),
      Layer.provideMerge(App.client({ url })),
      Layer.orDie
    )
    const answers = yield* Effect.all([
      ask("SELECT name FROM users"),
      ask("SELECT email FROM users"),
      AutoMigration.migrate,
      Effect.map(AutoMigration.status, ({ applied, pending }) => ({ applied, pending })),
      Effect.map(AutoMigration.verify, ({ _tag }) => _tag)
    ]).pipe(Effect.provide(live))
    deepStrictEqual(refused, [])
    return { answers, database: yield* Database.query(url, found) }
  })

describe("behind a pooler, a session in which another client left", () => {
  for (const [what, leave] of Object.entries(leftovers)) {
    it.scopedLive(`${what} changes nothing about a migration and the ledger`, () =>
      Effect.gen(function* () {
        deepStrictEqual(yield* outcome(leave), yield* outcome([]))
      })
    )
  }
})

describe("the defaults of a role", () => {
  it.scopedLive("hold for each migration of a process: a role that it takes, and a search path", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const owner = yield* role(url, "owner")
      const migrator = yield* role(url, "migrator")
      yield* Database.query(
        url,
        `GRANT ${owner.name} TO ${migrator.name}`,
        `GRANT CREATE ON DATABASE ${new URL(url).pathname.slice(1)} TO ${owner.name}`,
        `CREATE SCHEMA shop AUTHORIZATION ${owner.name}`,
        `ALTER ROLE ${migrator.name} SET role = ${owner.name}`,
        `ALTER ROLE ${migrator.name} SET search_path = shop`
      )
      const tables = { "001_a": "CREATE TABLE a (id integer);", "002_b": "CREATE TABLE b (id integer);" }
      yield* AutoMigration.migrate.pipe(Effect.provide(App.layer({ url: migrator.url, migrations: tables })))
      const made =
        "SELECT tablename || ' of ' || tableowner AS made FROM pg_tables WHERE schemaname = 'shop' ORDER BY 1"
      deepStrictEqual(yield* Database.query(url, made), [
        { made: `a of ${owner.name}` },
        { made: `b of ${owner.name}` }
      ])
    })
  )
})
