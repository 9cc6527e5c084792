/**
 * The ten laws of the library, each on the real server.
 */
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { AutoMigration, LedgerEvent, withAutoMigration } from "effect-auto-migration"
import * as fc from "fast-check"
import * as App from "../../support/program/App.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"
import * as WireTap from "../../support/server/WireTap.js"

const shop = {
  "001_users": "CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL);",
  "002_users_email": "ALTER TABLE users ADD COLUMN email text;",
  "003_orders": "CREATE TABLE orders (id integer PRIMARY KEY, user_id integer NOT NULL REFERENCES users (id));",
  "004_invoices": "CREATE TABLE invoices (id integer PRIMARY KEY);",
  "005_orders_total": "ALTER TABLE orders ADD COLUMN total numeric NOT NULL DEFAULT 0;"
}

const rowsOf = (text: string) => Effect.flatMap(SqlClient.SqlClient, (sql) => withAutoMigration(sql.unsafe(text)))

const appliedIds = Effect.map(AutoMigration.status, ({ applied }): ReadonlyArray<string> => applied)

describe("laws", () => {
  it.scopedLive("1. Nothing for nothing: a healthy query runs no extra query and opens no extra connection", () =>
    Effect.gen(function* () {
      const database = yield* Server.freshDatabase
      yield* Database.query(database, shop["001_users"])
      const tap = yield* WireTap.make(database)
      yield* Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* tap.reset
        for (let n = 0; n < 10; n++) yield* withAutoMigration(sql`SELECT id, name FROM users`)
        const { connections, statements } = yield* tap.heard
        deepStrictEqual(statements, Array(10).fill("SELECT id, name FROM users"))
        assert.strictEqual(connections, 0)
      }).pipe(Effect.provide(App.layer({ url: tap.url, migrations: shop, maxConnections: 1 })))
    })
  )

  it.scopedLive("2. Not ours, not touched: the same value with the same cause, after no database work", () =>
    Effect.gen(function* () {
      const tap = yield* WireTap.make(yield* Server.freshDatabase)
      yield* Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        for (const statement of ["SELECT * FROM nowhere", "SELECT 1/0", "SELEC", "SELECT no_such_function(1)"]) {
          const query = sql.unsafe(statement)
          const failed = yield* Effect.exit(query)
          const error = Exit.isFailure(failed) ? failed.cause : undefined
          if (error?._tag !== "Fail") return assert.fail(`${statement} did not fail`)
          yield* tap.reset
          const result = yield* Effect.exit(withAutoMigration(Effect.failCause(error)))
          assert.isTrue(Exit.isFailure(result) && result.cause === error)
          deepStrictEqual((yield* tap.heard).statements, [])
          const direct = yield* Effect.flip(withAutoMigration(query))
          assert.strictEqual(direct._tag, "SqlError")
          deepStrictEqual((yield* tap.heard).statements, [statement])
        }
      }).pipe(Effect.provide(App.layer({ url: tap.url, migrations: shop, maxConnections: 1 })))
    })
  )

  it.scopedLive("3. Confirmed: nothing runs where the catalog has what the error says is missing", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      yield* Database.query(url, "CREATE TABLE users (id integer PRIMARY KEY)")
      const before = yield* Database.query(url, "SELECT count(*)::int AS n FROM pg_class")
      yield* Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const forged = sql.unsafe(`DO $$ BEGIN
          RAISE EXCEPTION 'relation "users" does not exist' USING ERRCODE = '42P01';
        END $$`)
        const failure = yield* Effect.flip(forged)
        const disguised = Object.assign(failure, {
          cause: Object.assign(new Error('relation "users" does not exist'), { code: "42P01", severity: "ERROR" })
        })
        const error = yield* Effect.flip(withAutoMigration(Effect.fail(disguised)))
        assert.strictEqual(error, disguised)
        deepStrictEqual(yield* appliedIds, [])
      }).pipe(Effect.provide(App.layer({ url, migrations: shop })))
      const tables = yield* Database.query(url, "SELECT relname FROM pg_class WHERE relname IN ('orders', 'invoices')")
      deepStrictEqual(tables, [])
      assert.strictEqual(before.length, 1)
    })
  )

  it.scopedLive("4. Minimal: only the provider and its unapplied ancestors run", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      yield* Effect.gen(function* () {
        deepStrictEqual(yield* rowsOf("SELECT id, user_id FROM orders"), [])
        const ids = yield* appliedIds
        assert.includeMembers([...ids], ["001_users", "003_orders"])
        assert.notInclude(ids, "004_invoices")
      }).pipe(Effect.provide(App.layer({ url, migrations: shop })))
    })
  )

  it.scopedLive("5. Order-free: in any order of the queries, the migrations give the sequential schema", () =>
    Effect.gen(function* () {
      const questions = [
        "SELECT name FROM users",
        "SELECT email FROM users",
        "SELECT user_id FROM orders",
        "SELECT id FROM invoices",
        "SELECT total FROM orders"
      ]
      const columns = `SELECT table_name, column_name, ordinal_position, data_type, column_default
        FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 3`
      const sequential = yield* Server.freshDatabase
      yield* Database.query(sequential, ...Object.values(shop))
      const expected = yield* Database.query(sequential, columns)
      yield* Effect.forEach(fc.sample(fc.shuffledSubarray(questions, { minLength: questions.length }), 6), (order) =>
        Effect.scoped(
          Effect.gen(function* () {
            const url = yield* Server.freshDatabase
            yield* Effect.forEach(order, rowsOf).pipe(Effect.provide(App.layer({ url, migrations: shop })))
            deepStrictEqual(yield* Database.query(url, columns), expected, order.join("; "))
          })
        )
      )
    })
  )

  it.scopedLive("6. Once: many fibers of several programs need one migration, and it is applied once", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const program = Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        return yield* Effect.replicateEffect(withAutoMigration(sql`SELECT total FROM orders`), 20).pipe(
          Effect.withConcurrency("unbounded")
        )
      }).pipe(Effect.provide(Layer.fresh(App.layer({ url, migrations: shop, maxConnections: 5 }))))
      const results = yield* Effect.replicateEffect(program, 4).pipe(Effect.withConcurrency("unbounded"))
      assert.strictEqual(results.flat().length, 80)
      const events = yield* Database.query(
        url,
        `SELECT migration_id, count(*)::int AS times FROM auto_migration.event WHERE kind = 'Applied' GROUP BY 1`
      )
      assert.isTrue(events.length >= 5)
      assert.isTrue(events.every((event) => event["times"] === 1))
    })
  )

  it.scopedLive("7. Recorded: replaying the ledger gives the applied set after any events", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const migrations = { ...shop, "006_broken": "CREATE TABLE broken (id integer); SELECT 1/0;" }
      yield* Effect.gen(function* () {
        yield* rowsOf("SELECT total FROM orders")
        yield* Effect.flip(rowsOf("SELECT id FROM broken"))
        yield* AutoMigration.baseline(["004_invoices"], { unchecked: true })
        const events = Chunk.toReadonlyArray(yield* Stream.runCollect(AutoMigration.events))
        const { applied } = yield* AutoMigration.status
        const replayed = [...LedgerEvent.replay(events).checksumById.keys()].filter((id) => !id.includes("/"))
        assert.sameMembers<string>(replayed, [...applied])
        deepStrictEqual(
          events.map((event) => event.sequence),
          events.map((_, index) => index + 1)
        )
        assert.includeMembers(
          events.map((event) => event.kind),
          ["Applied", "Failed", "Baselined"]
        )
        assert.isTrue(Either.isRight(yield* AutoMigration.verify))
      }).pipe(Effect.provide(App.layer({ url, migrations })))
    })
  )

  it.scopedLive("8. Verified: a migration that does not bring what it promises is an error, and is rolled back", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const migrations = {
        "001_liar": "-- provides: table wishes\nCREATE TABLE other (id integer);"
      }
      yield* Effect.gen(function* () {
        const error = yield* Effect.flip(rowsOf("SELECT * FROM wishes"))
        if (error._tag !== "PromiseBroken") return assert.fail(`${error._tag}: ${error.message}`)
        deepStrictEqual([error.migrationId, error.file], ["001_liar", "record:001_liar"])
        assert.match(error.message, /wishes/)
        deepStrictEqual(yield* appliedIds, [])
      }).pipe(Effect.provide(App.layer({ url, migrations })))
      deepStrictEqual(yield* Database.query(url, "SELECT to_regclass('other') AS found"), [{ found: null }])
    })
  )

  it.scopedLive("9. No false success: a healed query returns what it returns on the up-to-date schema", () =>
    Effect.gen(function* () {
      const migrations = {
        "001_users": "CREATE TABLE users (id integer PRIMARY KEY, name text);",
        "002_first_user": "INSERT INTO users VALUES (1, 'Ada');",
        "003_email": "ALTER TABLE users ADD COLUMN email text; UPDATE users SET email = 'ada@example.org' WHERE id = 1;"
      }
      const statement = "SELECT id, name, email FROM users ORDER BY id"
      const url = yield* Server.freshDatabase
      const healed = yield* rowsOf(statement).pipe(Effect.provide(App.layer({ url, migrations })))
      const upToDate = yield* Server.freshDatabase
      yield* Database.query(upToDate, ...Object.values(migrations))
      deepStrictEqual(healed, yield* Database.query(upToDate, statement))
      deepStrictEqual(healed, [{ id: 1, name: "Ada", email: "ada@example.org" }])
    })
  )

  it.scopedLive("10. It ends: a gap that comes back after its provider ran is the original error", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      yield* Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        let runs = 0
        const first = yield* Effect.flip(sql`SELECT * FROM users`)
        const stubborn = Effect.suspend(() => {
          runs++
          return Effect.fail(first)
        })
        const error = yield* Effect.flip(withAutoMigration(stubborn))
        assert.strictEqual(error, first)
        assert.strictEqual(runs, 2)
      }).pipe(Effect.provide(App.layer({ url, migrations: shop })))
    })
  )

  it.scopedLive("10. It ends: the budget of a boundary limits how often it runs", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const migrations = Object.fromEntries(
        Array.from({ length: 6 }, (_, n) => [`00${n}_t${n}`, `CREATE TABLE t${n} (id integer);`])
      )
      yield* Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        let runs = 0
        const all = Effect.suspend(() => {
          runs++
          return Effect.forEach([0, 1, 2, 3, 4, 5], (n) => sql.unsafe(`SELECT * FROM t${n}`))
        })
        const error = yield* Effect.flip(withAutoMigration(all))
        assert.strictEqual(error._tag, "SqlError")
        assert.strictEqual(runs, 4)
        deepStrictEqual(yield* appliedIds, ["000_t0", "001_t1", "002_t2"])
      }).pipe(Effect.provide(App.layer({ url, migrations, options: { budget: 3 } })))
    })
  )
})
