import { SqlClient } from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import { AutoMigration } from "effect-auto-migration"
import * as App from "../support/program/App.js"
import { appliedIds, holding, kinds, untilBlocked, users } from "../support/program/Situation.js"
import * as Database from "../support/server/Database.js"
import * as EmbeddedServer from "../support/server/EmbeddedServer.js"
import * as LedgerTemplate from "../support/server/LedgerTemplate.js"
import * as Server from "../support/server/Server.js"
import * as WireTap from "../support/server/WireTap.js"

describe("the server of this run", () => {
  it.effect("gives every use an empty database of its own", () => {
    const create = Effect.flatMap(SqlClient, (sql) => sql`CREATE TABLE only_once (id integer)`).pipe(
      Effect.provide(Server.layer)
    )
    return Effect.zipRight(create, create)
  })

  it.effect("drops the database at the end, whoever is still connected", () =>
    Effect.gen(function* () {
      const name = yield* Effect.scoped(
        Effect.flatMap(Server.freshDatabase, (url) => Database.query(url, "SELECT current_database() AS name"))
      )
      const found = yield* Effect.flatMap(Server.url, (url) =>
        Database.query(url, `SELECT 1 FROM pg_database WHERE datname = '${String(name[0]?.["name"])}'`)
      )
      deepStrictEqual(found, [])
    })
  )
})

describe("a copy of the run's ledger", () => {
  it.scopedLive("has the library's own migrations and no others, so that no program builds it again", () =>
    Effect.gen(function* () {
      const url = yield* LedgerTemplate.freshDatabase
      const ledger = "SELECT oid::int FROM pg_class WHERE relnamespace = 'auto_migration'::regnamespace ORDER BY 1"
      const before = yield* Database.query(url, ledger)
      assert.isNotEmpty(before)
      yield* Effect.gen(function* () {
        deepStrictEqual(yield* appliedIds, [])
        deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.migrate, Object.keys(users))
        deepStrictEqual(yield* kinds, ["Applied 001_users", "Applied 002_users_email"])
        assert.isTrue(Either.isRight(yield* AutoMigration.verify))
      }).pipe(Effect.provide(App.layer({ url, migrations: users })))
      deepStrictEqual(yield* Database.query(url, ledger), before)
    })
  )
})

describe("a tap on the wire", () => {
  it.scoped("hears every statement and row and counts round trips and connections", () =>
    Effect.gen(function* () {
      const tap = yield* Effect.flatMap(Server.freshDatabase, WireTap.make)
      yield* Database.query(tap.url, "SELECT 1", "SELECT 'é\u{1F600}'", `SELECT '${"x".repeat(100_000)}'`)
      const heard = yield* tap.heard
      assert.strictEqual(heard.connections, 1)
      assert.strictEqual(heard.roundTrips, 3)
      const columnCount = 2
      const columnLength = 4
      const columns = [1, 6, 100_000]
      deepStrictEqual(
        heard.rows,
        columns.map((length) => columnCount + columnLength + length)
      )
      deepStrictEqual(heard.statements.slice(0, 2), ["SELECT 1", "SELECT 'é\u{1F600}'"])
      yield* Effect.flatMap(SqlClient, (sql) => sql`SELECT ${1}::integer`).pipe(
        Effect.provide(Database.client(tap.url))
      )
      assert.deepInclude((yield* tap.heard).statements, "SELECT $1::integer")
      yield* tap.reset
      deepStrictEqual(yield* tap.heard, { connections: 0, statements: [], roundTrips: 0, rows: [] })
    })
  )

  it.scopedLive("counts no answer to a message that it heard before it was reset", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const tap = yield* WireTap.make(url)
      const asked = yield* Effect.scoped(
        Effect.gen(function* () {
          yield* holding(url, "SELECT pg_advisory_xact_lock(1)")
          const asked = yield* Effect.forkDaemon(Database.query(tap.url, "SELECT pg_advisory_lock(1)", "SELECT 1"))
          yield* untilBlocked(url)
          yield* tap.reset
          return asked
        })
      )
      yield* Fiber.join(asked)
      const columnCount = 2
      const columnLength = 4
      deepStrictEqual(yield* tap.heard, {
        connections: 0,
        statements: ["SELECT 1"],
        roundTrips: 1,
        rows: [columnCount + columnLength + 1]
      })
    })
  )

  it.scopedLive("cuts connections in the middle of a statement", () =>
    Effect.gen(function* () {
      const tap = yield* Effect.flatMap(Server.freshDatabase, WireTap.make)
      const sleeper = yield* Effect.fork(Effect.exit(Database.query(tap.url, "SELECT pg_sleep(60)")))
      yield* Effect.repeat(Effect.delay(tap.heard, "10 millis"), { until: ({ statements }) => statements.length > 0 })
      yield* tap.cut
      assert.isTrue(Exit.isFailure(yield* Fiber.join(sleeper)))
    })
  )
})

describe("an embedded server", () => {
  it.scopedLive("keeps its address and what was committed when it is restarted, and when it crashes", () =>
    Effect.gen(function* () {
      const server = yield* EmbeddedServer.make({ settings: { max_connections: "20" } })
      yield* Database.query(server.url, "CREATE TABLE survivors AS SELECT 1 AS id")
      for (const mode of ["fast", "crash"] as const) {
        yield* server.restart(mode)
        deepStrictEqual(yield* Database.query(server.url, "TABLE survivors"), [{ id: 1 }])
      }
    })
  )

  it.scopedLive("is of the version that the run asks for", () =>
    Effect.gen(function* () {
      const wanted = process.env["TEST_POSTGRES_VERSION"] || "18"
      const own = yield* EmbeddedServer.make({ settings: { max_connections: "20" } })
      const urls = [own.url, ...(process.env["TEST_DATABASE_URL"] ? [] : [yield* Server.url])]
      for (const url of urls) {
        const rows = yield* Database.query(url, "SELECT current_setting('server_version_num')::int / 10000 AS major")
        deepStrictEqual(rows, [{ major: Number(wanted) }])
      }
    })
  )

  it.scopedLive("has a replica that follows it, lags when told to, and can be promoted", () =>
    Effect.gen(function* () {
      const primary = yield* EmbeddedServer.make({ settings: { max_connections: "20" } })
      yield* Database.query(primary.url, "CREATE TABLE items AS SELECT 1 AS id")
      const standby = yield* primary.standby()
      const caughtUp = (ids: number) =>
        Effect.repeat(Database.query(standby.url, "SELECT count(*)::int AS n FROM items"), {
          until: (rows) => rows[0]?.["n"] === ids,
          schedule: Schedule.spaced("20 millis")
        })
      yield* caughtUp(1)
      yield* Database.query(standby.url, "SELECT pg_wal_replay_pause()")
      yield* Database.query(primary.url, "INSERT INTO items VALUES (2)")
      yield* Effect.repeat(
        Database.query(standby.url, "SELECT pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn() AS behind"),
        {
          until: (rows) => rows[0]?.["behind"] === true,
          schedule: Schedule.spaced("20 millis")
        }
      )
      deepStrictEqual(yield* Database.query(standby.url, "SELECT count(*)::int AS n FROM items"), [{ n: 1 }])
      yield* Database.query(standby.url, "SELECT pg_wal_replay_resume()")
      yield* caughtUp(2)
      yield* Database.query(standby.url, "SELECT pg_promote()", "INSERT INTO items VALUES (3)")
      yield* caughtUp(3)
    })
  )

  it.scopedLive("says what to do where there is none", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(EmbeddedServer.make({ version: "0" }))
      assert.match(error.message, /^Cannot start the embedded PostgreSQL: [\s\S]*TEST_DATABASE_URL/)
    })
  )
})
