/**
 * The connections that migrations run on, when the program ends or the server falls silent at any moment.
 */
import * as SqlClient from "@effect/sql/SqlClient"
import type * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import {
  AutoMigration,
  AutoMigrationConfig,
  MigrationClient,
  MigrationSource,
  withAutoMigration
} from "effect-auto-migration"
import pg from "pg"
import * as App from "../../support/program/App.js"
import * as SettableClock from "../../support/program/SettableClock.js"
import { ask, failsWith, isError, kinds, nothingIsLeft, users } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import { role } from "../../support/server/Role.js"
import * as Server from "../../support/server/Server.js"
import { during, until } from "../../support/server/Until.js"
import * as WireTap from "../../support/server/WireTap.js"

type Connections = Context.Tag.Service<MigrationClient.MigrationClient>

const sessions = `SELECT FROM pg_stat_activity
  WHERE datname = current_database() AND application_name = 'effect-auto-migration'`

/** A layer that the test closes. */
const built = Effect.fnUntraced(function* (layer: Layer.Layer<MigrationClient.MigrationClient>) {
  const scope = yield* Scope.make()
  const context = yield* Layer.buildWithScope(layer, scope)
  return { client: Context.get(context, MigrationClient.MigrationClient), close: Scope.close(scope, Exit.void) }
})

/** Connections through a tap. They stay open until the test closes them. */
const connectionsWith = Effect.fnUntraced(function* (config: PgClient.PgClientConfig) {
  const url = yield* Server.freshDatabase
  const tap = yield* WireTap.make(url)
  const layer = MigrationClient.layer({ url: Redacted.make(tap.url), idleTimeout: Duration.hours(1), ...config })
  return { ...(yield* built(layer)), tap, url }
})

const connections = connectionsWith({})

describe("a connection that opens while the program ends", () => {
  const uses: Readonly<Record<string, (client: Connections) => Effect.Effect<unknown, unknown, Scope.Scope>>> = {
    "to ask on": ({ ask }) => ask("SELECT 1"),
    "to work on": ({ reserve }) => Effect.zipRight(reserve, Effect.never),
    "to listen on": ({ listen }) => listen("channel", { onListening: Effect.void, onMessage: () => {} })
  }

  for (const [use, open] of Object.entries(uses)) {
    for (const [which, others] of [
      ["the first", 0],
      ["another", 1]
    ] as const) {
      it.scopedLive(`${use}, ${which}, is closed`, () =>
        Effect.gen(function* () {
          const { client, close, tap, url } = yield* connections
          yield* Effect.replicateEffect(client.reserve, others)
          const using = yield* Effect.scoped(
            Effect.gen(function* () {
              const begun = yield* tap.delaying
              const using = yield* Effect.forkDaemon(Effect.scoped(open(client)))
              yield* begun(1)
              yield* Fiber.interruptFork(using)
              return using
            })
          )
          yield* Fiber.await(using)
          yield* close
          yield* until(Effect.map(tap.open, (open) => open === others))
          deepStrictEqual((yield* Database.query(url, sessions)).length, others)
        })
      )
    }
  }
})

describe("a server that accepts a connection and then is silent", () => {
  /** Longer than the test may take. */
  const goodWhile = Duration.hours(1)

  const nothingIsOpen = (tap: WireTap.WireTap) => until(Effect.map(tap.open, (open) => open === 0))

  it.scopedLive("fails all waiting callers after the connect timeout, and is asked again afterwards", () =>
    Effect.gen(function* () {
      const { clock, pass } = yield* SettableClock.stopped
      const { client, close, tap, url } = yield* connectionsWith({ connectTimeout: "1 minute" })
      const sprung = yield* tap.trap(1, "before")
      const asking = Effect.withClock(Effect.flip(client.ask("SELECT 1")), clock)
      const waiting = yield* Effect.forkAll(
        [asking, Effect.uninterruptible(asking)].flatMap((one) => Effect.replicate(one, 5))
      )
      yield* during(waiting, sprung)
      yield* pass("1 minute")
      const errors = yield* Fiber.join(waiting)
      for (const { cause } of errors) assert.match(String(cause), /no connection was to be had within 1m/)
      assert.strictEqual((yield* tap.heard).connections, 1)
      yield* nothingIsOpen(tap)
      yield* tap.release
      yield* client.ask("SELECT 1")
      yield* close
      yield* nothingIsLeft(url)
    })
  )

  it.scopedLive("delays neither a caller that is interrupted nor the end of the program", () =>
    Effect.gen(function* () {
      const { client, close, tap, url } = yield* connectionsWith({ connectTimeout: goodWhile })
      const sprung = yield* tap.trap(1, "before")
      const asking = yield* Effect.forkDaemon(client.ask("SELECT 1"))
      yield* sprung
      yield* Fiber.interrupt(asking)
      yield* close
      yield* nothingIsOpen(tap)
      yield* nothingIsLeft(url)
    })
  )

  it.scopedLive("fails a waiting caller when the program ends, and says so", () =>
    Effect.gen(function* () {
      const { client, close, tap } = yield* connectionsWith({ connectTimeout: goodWhile })
      const sprung = yield* tap.trap(1, "before")
      const asking = yield* Effect.forkDaemon(client.ask("SELECT 1"))
      yield* sprung
      yield* close
      assert.match(
        String((yield* Effect.flip(Fiber.join(asking))).cause),
        /layer of the migrations' connections was closed/
      )
      yield* nothingIsOpen(tap)
    })
  )

  it.scopedLive("makes a migration fail with DatabaseUnavailable, and is migrated when it answers again", () =>
    Effect.gen(function* () {
      const { clock, pass } = yield* SettableClock.stopped
      const url = yield* Server.freshDatabase
      const tap = yield* WireTap.make(url)
      yield* Effect.gen(function* () {
        const sprung = yield* tap.trap(1, "before")
        const migrating = yield* Effect.fork(
          Effect.withClock(failsWith("DatabaseUnavailable", AutoMigration.migrate), clock)
        )
        yield* during(migrating, sprung)
        yield* pass("1 minute")
        const error = yield* Fiber.join(migrating)
        assert.match(error.message, /no connection was to be had within 1m/)
        yield* tap.release
        deepStrictEqual(yield* ask("SELECT name FROM users"), [{ name: "Ada" }])
      }).pipe(Effect.provide(App.layerWithMigrator({ url, migratorUrl: tap.url, migrations: users })))
      yield* nothingIsLeft(url)
    })
  )
})

describe("a pool that the program makes", () => {
  const poolOf = (connectionString: string) => new pg.Pool({ connectionString, max: 1 }).on("error", () => {})

  it.scopedLive(
    "and that is full fails a caller after the timeout, and gets a connection back that it gives later",
    () =>
      Effect.gen(function* () {
        const url = yield* Server.freshDatabase
        const pool = poolOf(url)
        const acquire = Effect.succeed(pool)
        const impatient = yield* built(MigrationClient.layerFromPool({ acquire, connectTimeout: "1 second" }))
        const patient = yield* built(MigrationClient.layerFromPool({ acquire, connectTimeout: "1 hour" }))
        const other = yield* Effect.promise(() => pool.connect())
        const error = yield* Effect.flip(impatient.client.ask("SELECT 1"))
        assert.match(String(error.cause), /no connection was to be had within 1s/)
        const asking = yield* Effect.forkDaemon(patient.client.ask("SELECT 1"))
        yield* until(Effect.sync(() => pool.waitingCount === 2))
        yield* Fiber.interrupt(asking)
        yield* impatient.close
        other.release()
        yield* patient.client.ask("SELECT 1")
        yield* until(Effect.sync(() => pool.waitingCount === 0 && pool.idleCount === 1))
        yield* patient.close
        yield* Effect.promise(() => pool.end())
        yield* nothingIsLeft(url)
      })
  )

  it.scopedLive("and that cannot end, since it waits for a server, does not delay the end of the program", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const tap = yield* WireTap.make(url)
      const acquire = Effect.acquireRelease(
        Effect.sync(() => poolOf(tap.url)),
        (pool) => Effect.promise(() => pool.end())
      )
      const { client, close } = yield* built(MigrationClient.layerFromPool({ acquire, connectTimeout: "1 second" }))
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* tap.delaying
          assert.match(String((yield* Effect.flip(client.ask("SELECT 1"))).cause), /no connection was to be had/)
          yield* close
        })
      )
      yield* until(Effect.map(tap.open, (open) => open === 0))
      yield* nothingIsLeft(url)
    })
  )
})

describe("a statement that is interrupted", () => {
  const sleeping =
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep(1000)'"

  it.scopedLive("is cancelled even when all connections that can be reserved are reserved", () =>
    Effect.gen(function* () {
      const { client, close, url } = yield* connections
      const all = yield* Effect.forEach(Array.from({ length: 10 }), () =>
        Effect.forkDaemon(
          Effect.scoped(
            Effect.flatMap(client.reserve, ({ connection }) => connection.executeRaw("SELECT pg_sleep(1000)", []))
          )
        )
      )
      const count = Effect.map(Database.query(url, `${sleeping} AND state = 'active'`), ({ length }) => length)
      yield* until(Effect.map(count, (n) => n === 4))
      yield* Fiber.interruptAll(all)
      yield* until(Effect.map(count, (n) => n === 0))
      yield* close
    })
  )
})

describe("a server that falls silent", () => {
  const migrations = { ...users, "003_later": "CREATE TABLE later (id integer);" }

  for (const [what, message, side] of [
    ["before a migration reaches it", 1, "before"],
    ["before COMMIT reaches it", 2, "before"],
    ["before its answer to COMMIT arrives", 2, "after"]
  ] as const) {
    it.scopedLive(`${what}: the query ends at its deadline, and the next one heals when the server is back`, () =>
      Effect.gen(function* () {
        const url = yield* Server.freshDatabase
        const tap = yield* WireTap.make(url)
        const { clock, pass, start } = yield* SettableClock.stopped
        yield* Effect.gen(function* () {
          yield* ask("SELECT id FROM users")
          const sprung = yield* tap.trap(message, side)
          const asking = yield* Effect.fork(failsWith("HealTimeout", ask("SELECT id FROM later")))
          yield* during(asking, sprung)
          yield* pass("5 seconds")
          yield* Fiber.join(asking)
          yield* start
          yield* tap.release
          deepStrictEqual(yield* Effect.retry(ask("SELECT id FROM later"), { while: isError("HealTimeout") }), [])
          deepStrictEqual((yield* kinds).filter((kind) => kind === "Applied 003_later").length, 1)
        }).pipe(
          Effect.provide(
            App.layerWithMigrator({ url, migratorUrl: tap.url, migrations, options: { deadline: Duration.seconds(5) } })
          ),
          Effect.withClock(clock)
        )
        yield* nothingIsLeft(url)
      })
    )
  }
})

describe("where only one connection is available", () => {
  const items = { "001_items": "CREATE TABLE items (id integer, name text);" }

  const live = (url: string, migratorUrl: string, migrations: App.Program["migrations"]) =>
    AutoMigration.layer.pipe(
      Layer.provide(
        MigrationClient.layerFromPool({
          acquire: Effect.acquireRelease(
            Effect.sync(() => new pg.Pool({ connectionString: migratorUrl, max: 1 }).on("error", () => {})),
            (pool) => Effect.promise(() => pool.end())
          ),
          connectTimeout: App.connectTimeout
        })
      ),
      Layer.provide(MigrationSource.layerRecord(migrations)),
      Layer.provide(AutoMigrationConfig.layer({ deadline: App.deadline })),
      Layer.provideMerge(App.client({ url, maxConnections: 1 }))
    )

  it.scopedLive("for migrations, the error of a ledger that cannot be built gives the reason", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      yield* ask("SELECT id FROM items").pipe(Effect.provide(live(url, url, items)))
      yield* Database.query(url, "DROP TABLE auto_migration.event CASCADE", "DROP TABLE items")
      const error = yield* failsWith("LedgerUnusable", ask("SELECT id FROM items")).pipe(
        Effect.provide(live(url, url, items))
      )
      assert.match(error.message, /applied_set and no log/)
    })
  )

  it.scopedLive("for migrations, the error of an event that the role may not record names the grant", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const reader = yield* role(url, "reader")
      yield* AutoMigration.status.pipe(Effect.provide(live(url, url, items)))
      yield* ask("SELECT id FROM items").pipe(Effect.provide(live(url, url, items)))
      yield* Database.query(
        url,
        `SELECT auto_migration.grant_reader('${reader.name}')`,
        `GRANT CREATE ON SCHEMA public TO ${reader.name}`
      )
      const more = { ...items, "002_more": "CREATE TABLE more (id integer);" }
      const error = yield* failsWith("InsufficientPrivilege", ask("SELECT id FROM more")).pipe(
        Effect.provide(live(url, reader.url, more))
      )
      assert.match(error.remedy, /grant_writer/)
      assert.strictEqual(error.role, reader.name)
    })
  )

  it.scopedLive("for the application, and its boundary holds it: an unexplained error leaves unchanged", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const app = yield* role(url, "app")
      const asking = Effect.scoped(
        Effect.flatMap(SqlClient.SqlClient, (sql) =>
          Effect.flatMap(sql.reserve, (connection) =>
            withAutoMigration(connection.execute("SELECT id FROM items", [], undefined))
          )
        )
      )
      const error = yield* Effect.flip(asking).pipe(Effect.provide(live(app.url, url, items)))
      assert.strictEqual(error._tag, "SqlError")
      assert.strictEqual(Reflect.get(Object(error.cause), "code"), "42501")
    })
  )
})
