/**
 * Clients that a program makes from a pool of its own, and clients that transform names.
 */
import * as Migrator from "@effect/sql/Migrator"
import * as SqlClient from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as String from "effect/String"
import { AutoMigration, AutoMigrationConfig, MigrationClient, MigrationSource, Policy } from "effect-auto-migration"
import pg from "pg"
import { ask, users } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"

/** A pool whose password is a function, and whose sessions begin with settings of the program. */
const poolOf = (url: string, name: string) => {
  const { hostname, password, pathname, port, username } = new URL(url)
  let asked = 0
  const acquire = Effect.acquireRelease(
    Effect.try({
      try: () =>
        new pg.Pool({
          host: hostname,
          port: Number(port),
          user: username,
          database: pathname.slice(1),
          password: () => {
            asked++
            return decodeURIComponent(password)
          },
          application_name: name,
          max: 5
        }).on("error", () => {}),
      catch: (cause) => new SqlError({ cause })
    }),
    (pool) => Effect.promise(() => pool.end())
  )
  return { acquire, asked: () => asked }
}

describe("a pool that the program makes", () => {
  it.scopedLive("carries all migrations, and no other connection does", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const application = poolOf(url, "shop")
      const migrations = poolOf(url, "shop migrations")
      yield* Effect.gen(function* () {
        deepStrictEqual(yield* ask("SELECT id, email FROM users"), [{ id: 1, email: null }])
        deepStrictEqual(
          yield* Database.query(
            url,
            `SELECT DISTINCT application_name AS name FROM pg_stat_activity
              WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name <> 'shop migrations'`
          ),
          [{ name: "shop" }]
        )
        assert.isAtLeast(migrations.asked(), 1)
        assert.isAtLeast(application.asked(), 1)
      }).pipe(
        Effect.provide(
          AutoMigration.layer.pipe(
            Layer.provide(MigrationClient.layerFromPool({ acquire: migrations.acquire })),
            Layer.provide(
              MigrationSource.layerRecord({
                ...users,
                "003_who": `DO $$ BEGIN
                  IF current_setting('application_name') <> 'shop migrations' THEN RAISE 'who?'; END IF;
                END $$; ALTER TABLE users ADD COLUMN who text;`
              })
            ),
            Layer.provide(AutoMigrationConfig.layer({ policy: Policy.always })),
            Layer.provideMerge(PgClient.layerFromPool({ acquire: application.acquire }))
          )
        )
      )
    })
  )
})

describe("a pool that sets up each new connection", () => {
  it.scopedLive("has its settings in each migration, although a migration's session is reset after it", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      yield* Database.query(url, "CREATE SCHEMA tenant")
      const { acquire } = poolOf(url, "migrations")
      // The library may end a connection that it opened to listen before the answer comes.
      const acquireTenant = Effect.tap(acquire, (pool) =>
        Effect.sync(() => pool.on("connect", (client) => client.query("SET search_path = tenant", () => {})))
      )
      yield* AutoMigration.migrate.pipe(
        Effect.provide(
          AutoMigration.layer.pipe(
            Layer.provide(MigrationClient.layerFromPool({ acquire: acquireTenant })),
            Layer.provide(
              MigrationSource.layerRecord({
                "001_a": "CREATE TABLE a (id integer);",
                "002_b": "CREATE TABLE b (id integer);",
                "003_c": "-- transaction: none\nCREATE TABLE c (id integer);",
                "004_d": "CREATE TABLE d (id integer);"
              })
            )
          )
        )
      )
      deepStrictEqual(
        yield* Database.query(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'tenant' ORDER BY 1"),
        ["a", "b", "c", "d"].map((tablename) => ({ tablename }))
      )
    })
  )
})

const loader = Migrator.fromRecord({
  "1_cats": Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql`CREATE TABLE ${sql("petCats")} (${sql("catId")} integer, ${sql("fullName")} text)`.pipe(Effect.asVoid)
  ),
  "2_tom": Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* sql`INSERT INTO ${sql("petCats")} ${sql.insert({ catId: 1, fullName: "Tom" })}`
    const [tom] = yield* sql<{ readonly fullName: string }>`SELECT ${sql("fullName")} FROM ${sql("petCats")}`
    if (tom?.fullName !== "Tom") return yield* Effect.dieMessage(`found ${JSON.stringify(tom)}`)
    yield* sql`ALTER TABLE ${sql("petCats")} ADD COLUMN ${sql("catAge")} integer`
  })
})

describe("names that a client transforms", () => {
  const names = { transformQueryNames: String.camelToSnake, transformResultNames: String.snakeToCamel }

  const clients = {
    "the application's client": () => MigrationClient.layerFromApplication,
    "a client with credentials of its own": (url: string) =>
      MigrationClient.layer({ url: Redacted.make(url), ...names }),
    "a pool's client": (url: string) =>
      MigrationClient.layerFromPool({ acquire: poolOf(url, "migrations").acquire, ...names })
  }

  for (const [whose, client] of Object.entries(clients)) {
    it.scopedLive(`are transformed in migrations that are Effects, on ${whose}`, () =>
      Effect.gen(function* () {
        const url = yield* Server.freshDatabase
        const rows = yield* Effect.provide(
          ask("SELECT cat_id, full_name, cat_age FROM pet_cats"),
          AutoMigration.layer.pipe(
            Layer.provide(client(url)),
            Layer.provide(
              MigrationSource.fromEffectMigrator(loader, {
                provides: { "1_cats": ["table pet_cats"], "2_tom": ["column pet_cats.cat_age"] }
              })
            ),
            Layer.provide(AutoMigrationConfig.layer({ policy: Policy.always })),
            Layer.provideMerge(PgClient.layer({ url: Redacted.make(url), ...names }))
          )
        )
        deepStrictEqual(rows, [{ catId: 1, fullName: "Tom", catAge: null }])
      })
    )
  }
})
