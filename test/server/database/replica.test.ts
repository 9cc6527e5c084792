/**
 * The application reads from a streaming replica, and migrations go to the primary. The tests run on a real pair of
 * servers.
 */
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, it, layer } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { AutoMigration, withAutoMigration } from "effect-auto-migration"
import * as App from "../../support/program/App.js"
import * as SettableClock from "../../support/program/SettableClock.js"
import { ask, askWithin, failsWith, kinds, users } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as EmbeddedServer from "../../support/server/EmbeddedServer.js"
import * as Server from "../../support/server/Server.js"
import * as Until from "../../support/server/Until.js"
import * as WireTap from "../../support/server/WireTap.js"

interface Pair {
  readonly primary: EmbeddedServer.EmbeddedServer
  readonly standby: EmbeddedServer.EmbeddedServer
}

class Servers extends Context.Tag("test/replica/Servers")<Servers, Pair>() {}

/** An asynchronous commit reaches the replica late. */
const small = { max_connections: "40", synchronous_commit: "on", wal_writer_delay: "10s" }

const pair = Effect.gen(function* () {
  const primary = yield* EmbeddedServer.make({ settings: small })
  const standby = yield* primary.standby({ max_standby_streaming_delay: "0" })
  return { primary, standby }
})

const on = (serverUrl: string, database: string): string => {
  const url = new URL(serverUrl)
  url.pathname = new URL(database).pathname
  return url.href
}

const until = (url: string, question: string) =>
  Until.until(Effect.map(Database.query(url, question), ([row]) => row?.["yes"] === true))

/** An empty database on both servers. */
const freshPair = Effect.gen(function* () {
  const { primary, standby } = yield* Servers
  const written = yield* Database.fresh(primary.url)
  yield* until(
    standby.url,
    `SELECT count(*) = 1 AS yes FROM pg_database WHERE datname = '${new URL(written).pathname.slice(1)}'`
  )
  return { primary: written, standby: on(standby.url, written) }
})

const pause = (standby: string) =>
  Effect.acquireRelease(
    Effect.zipRight(
      Database.query(standby, "SELECT pg_wal_replay_pause()"),
      until(standby, "SELECT pg_get_wal_replay_pause_state() = 'paused' AS yes")
    ),
    () => resume(standby)
  )

const resume = (standby: string) => Database.query(standby, "SELECT pg_wal_replay_resume()")

const untilAsked = (tap: WireTap.WireTap) => Until.until(WireTap.isReplayAsked(tap))

/** A way to the replica, which goes on as soon as a heal has asked it there. */
const resumedWhenAsked = (standby: string) =>
  Effect.gen(function* () {
    const tap = yield* WireTap.make(standby)
    yield* Effect.forkScoped(Effect.zipRight(untilAsked(tap), resume(standby)))
    return tap.url
  })

/** The error of a heal whose time passes while it waits for the replica. */
const isBehind = (tap: WireTap.WireTap, { pass }: SettableClock.SettableClock) =>
  Effect.gen(function* () {
    yield* tap.reset
    const asking = yield* Effect.fork(failsWith("ReplicaBehind", ask("SELECT email FROM users")))
    yield* Until.during(asking, untilAsked(tap))
    yield* pass(App.deadline)
    return yield* Fiber.join(asking)
  })

const program = (
  { primary, standby }: { readonly primary: string; readonly standby: string },
  options: App.Program["options"] = {},
  migrations: App.Program["migrations"] = users
) => App.layerWithMigrator({ url: standby, migratorUrl: primary, migrations, options })

layer(Layer.scoped(Servers, pair), { excludeTestServices: true, timeout: Duration.minutes(2) })("a replica", (it) => {
  it.scoped("makes a heal wait until it has replayed the migrations, and a budget of one retry is enough", () =>
    Effect.gen(function* () {
      const urls = yield* freshPair
      yield* pause(urls.standby)
      const standby = yield* resumedWhenAsked(urls.standby)
      const rows = yield* ask("SELECT name, email FROM users").pipe(
        Effect.provide(program({ ...urls, standby }, { budget: 1 }))
      )
      deepStrictEqual(rows, [{ name: "Ada", email: null }])
    })
  )

  it.scoped("makes a heal wait until the deadline only, where the primary falls silent meanwhile", () =>
    Effect.gen(function* () {
      const urls = yield* freshPair
      const tap = yield* WireTap.make(urls.primary)
      const { clock, pass } = yield* SettableClock.make
      yield* pause(urls.standby)
      yield* Effect.gen(function* () {
        const sprung = yield* tap.trap(1, "before", "pg_logical_emit_message")
        const asking = yield* Effect.fork(failsWith("DatabaseUnavailable", ask("SELECT name, email FROM users")))
        yield* Until.during(asking, sprung)
        yield* pass("1 minute")
        yield* Fiber.join(asking)
        yield* tap.release
      }).pipe(
        Effect.provide(program({ ...urls, primary: tap.url }, { deadline: Duration.minutes(1) })),
        Effect.withClock(clock)
      )
    })
  )

  it.scoped(
    "that lags makes a heal wait even if another process migrated long ago, and no migration is applied twice",
    () =>
      Effect.gen(function* () {
        const urls = yield* freshPair
        yield* pause(urls.standby)
        yield* AutoMigration.migrate.pipe(
          Effect.provide(Layer.fresh(App.layer({ url: urls.primary, migrations: users })))
        )
        const standby = yield* resumedWhenAsked(urls.standby)
        yield* Effect.gen(function* () {
          deepStrictEqual(yield* askWithin("SELECT email FROM users"), [{ email: null }])
          deepStrictEqual(yield* kinds, ["Applied 001_users", "Applied 002_users_email"])
        }).pipe(Effect.provide(program({ ...urls, standby })))
      })
  )

  it.scoped(
    "that lags makes a heal wait even if the applied file was edited: the primary's catalog has the file's promises",
    () =>
      Effect.gen(function* () {
        const urls = yield* freshPair
        yield* pause(urls.standby)
        yield* AutoMigration.migrate.pipe(
          Effect.provide(Layer.fresh(App.layer({ url: urls.primary, migrations: users })))
        )
        const standby = yield* resumedWhenAsked(urls.standby)
        const edited = { ...users, "001_users": `-- edited\n${users["001_users"]}` }
        const rows = yield* ask("SELECT email FROM users").pipe(
          Effect.provide(program({ ...urls, standby }, {}, edited))
        )
        deepStrictEqual(rows, [{ email: null }])
      })
  )

  it.scoped("that does not catch up within the deadline: ReplicaBehind with the facts; later the query works", () =>
    Effect.gen(function* () {
      const urls = yield* freshPair
      const tap = yield* WireTap.make(urls.standby)
      const clock = yield* SettableClock.make
      yield* pause(urls.standby)
      yield* Effect.gen(function* () {
        const error = yield* isBehind(tap, clock)
        assert.isTrue(error.isPaused)
        assert.strictEqual(Reflect.get(Object(error.cause), "_tag"), "SqlError")
        const behind = `SELECT '${error.replayed}'::pg_lsn < '${error.target}'::pg_lsn AS yes`
        deepStrictEqual(yield* Database.query(urls.primary, behind), [{ yes: true }])
        assert.match(error.message, /pg_wal_replay_resume/)
        yield* resume(urls.standby)
        deepStrictEqual(yield* ask("SELECT email FROM users"), [{ email: null }])
      }).pipe(Effect.provide(program({ ...urls, standby: tap.url })), Effect.withClock(clock.clock))
    })
  )

  it.scoped(
    "that applies late on purpose (recovery_min_apply_delay): ReplicaBehind, and no migration is applied twice",
    () =>
      Effect.gen(function* () {
        const urls = yield* freshPair
        const reset = Database.query(
          urls.standby,
          "ALTER SYSTEM RESET recovery_min_apply_delay",
          "SELECT pg_reload_conf()"
        )
        yield* Effect.acquireRelease(
          Database.query(urls.standby, "ALTER SYSTEM SET recovery_min_apply_delay = '1h'", "SELECT pg_reload_conf()"),
          () => reset
        )
        yield* until(urls.standby, "SELECT current_setting('recovery_min_apply_delay') = '1h' AS yes")
        const tap = yield* WireTap.make(urls.standby)
        const clock = yield* SettableClock.make
        yield* Effect.gen(function* () {
          for (const _ of ["first", "second"]) {
            const error = yield* isBehind(tap, clock)
            assert.isFalse(error.isPaused)
          }
          deepStrictEqual(yield* kinds, ["Applied 001_users", "Applied 002_users_email"])
          yield* reset
          deepStrictEqual(yield* ask("SELECT email FROM users"), [{ email: null }])
        }).pipe(Effect.provide(program({ ...urls, standby: tap.url })), Effect.withClock(clock.clock))
      })
  )

  it.scoped("follows a primary that commits asynchronously, as a role without any privilege", () =>
    Effect.gen(function* () {
      const urls = yield* freshPair
      const name = new URL(urls.primary).pathname.slice(1)
      yield* Effect.acquireRelease(
        Database.query(
          urls.primary,
          `CREATE ROLE ${name} LOGIN PASSWORD 'secret'`,
          `ALTER DATABASE ${name} OWNER TO ${name}`,
          `ALTER DATABASE ${name} SET synchronous_commit = off`
        ),
        () =>
          Database.query(
            urls.primary,
            `ALTER DATABASE ${name} OWNER TO CURRENT_USER`,
            `DROP OWNED BY ${name} CASCADE`,
            `DROP ROLE ${name}`
          )
      )
      const as = (url: string) => url.replace(/\/\/[^@]*@/, `//${name}:secret@`)
      yield* pause(urls.standby)
      const both = { primary: as(urls.primary), standby: yield* resumedWhenAsked(urls.standby) }
      deepStrictEqual(yield* ask("SELECT email FROM users").pipe(Effect.provide(program(both))), [{ email: null }])
    })
  )

  it.scoped(
    "is asked through the client that the boundary runs with, not through the one the layer was built with",
    () =>
      Effect.gen(function* () {
        const urls = yield* freshPair
        yield* pause(urls.standby)
        const standby = yield* resumedWhenAsked(urls.standby)
        const reads = Effect.provide(ask("SELECT email FROM users"), Layer.fresh(App.client({ url: standby })))
        const rows = yield* reads.pipe(Effect.provide(App.layer({ url: urls.primary, migrations: users })))
        deepStrictEqual(rows, [{ email: null }])
      })
  )

  it.scoped(
    "is asked through the client that the layer was built with, where a service holds a client of its own",
    () =>
      Effect.gen(function* () {
        const urls = yield* freshPair
        yield* pause(urls.standby)
        const standby = yield* resumedWhenAsked(urls.standby)
        const context = yield* Layer.build(program({ ...urls, standby }))
        const sql = Context.get(context, SqlClient.SqlClient)
        const rows = yield* sql`SELECT email FROM users`.pipe(
          withAutoMigration,
          Effect.provideService(AutoMigration.AutoMigration, Context.get(context, AutoMigration.AutoMigration))
        )
        deepStrictEqual(rows, [{ email: null }])
      })
  )

  it.scoped("restarts a transaction after it has caught up, and is not asked inside the transaction", () =>
    Effect.gen(function* () {
      const urls = yield* freshPair
      const tap = yield* WireTap.make(urls.standby)
      yield* pause(urls.standby)
      yield* Effect.forkScoped(Effect.zipRight(untilAsked(tap), resume(urls.standby)))
      const rows = yield* Effect.flatMap(SqlClient.SqlClient, (sql) =>
        withAutoMigration(sql.withTransaction(withAutoMigration(sql`SELECT email FROM users`)))
      ).pipe(Effect.provide(program({ ...urls, standby: tap.url }, { budget: 1 })))
      deepStrictEqual(rows, [{ email: null }])
      const { statements } = yield* tap.heard
      const questions = statements.flatMap((statement, index) =>
        statement.includes("pg_is_in_recovery") ? [statements[index - 1] ?? ""] : []
      )
      assert.isNotEmpty(questions)
      assert.isTrue(questions.every((before) => before === "ROLLBACK" || before.includes("pg_is_in_recovery")))
    })
  )

  it.scoped("may cancel the query that runs again, as any other: that error leaves unchanged", () =>
    Effect.gen(function* () {
      const urls = yield* freshPair
      const conflict = Effect.zipRight(
        until(urls.standby, "SELECT count(*) = 1 AS yes FROM pg_stat_activity WHERE wait_event = 'PgSleep'"),
        Database.query(urls.primary, "ALTER TABLE users ADD COLUMN later text")
      )
      yield* Effect.fork(conflict)
      const error = yield* Effect.flip(ask("SELECT email, pg_sleep(600) FROM users")).pipe(
        Effect.provide(program(urls))
      )
      assert.strictEqual(error._tag, "SqlError")
      assert.strictEqual(Reflect.get(Object(error.cause), "code"), "40001")
    })
  )

  it.scoped("that is the migrations' server as well: ReadOnlyServer names the remedy, with and without a ledger", () =>
    Effect.gen(function* () {
      const urls = yield* freshPair
      const wrong = App.layer({ url: urls.standby, migrations: users })
      const first = yield* failsWith("ReadOnlyServer", ask("SELECT name FROM users")).pipe(Effect.provide(wrong))
      assert.match(first.message, /Point MigrationClient at the primary server/)
      yield* AutoMigration.migrateTo(["001_users"]).pipe(
        Effect.provide(App.layer({ url: urls.primary, migrations: users }))
      )
      yield* until(urls.standby, "SELECT to_regclass('users') IS NOT NULL AS yes")
      yield* failsWith("ReadOnlyServer", ask("SELECT email FROM users")).pipe(Effect.provide(Layer.fresh(wrong)))
    })
  )

  it.scoped("that becomes the primary meanwhile ends the wait", () =>
    Effect.gen(function* () {
      const { primary } = yield* Servers
      const standby = yield* primary.standby()
      const written = yield* Database.fresh(primary.url)
      const urls = { primary: written, standby: on(standby.url, written) }
      yield* until(
        standby.url,
        `SELECT count(*) = 1 AS yes FROM pg_database WHERE datname = '${written.split("/").at(-1)}'`
      )
      yield* Database.query(urls.standby, "SELECT pg_wal_replay_pause()")
      const tap = yield* WireTap.make(urls.standby)
      yield* Effect.forkScoped(Effect.zipRight(untilAsked(tap), Database.query(urls.standby, "SELECT pg_promote()")))
      const rows = yield* ask("SELECT email FROM users").pipe(Effect.provide(program({ ...urls, standby: tap.url })))
      deepStrictEqual(rows, [{ email: null }])
    })
  )
})

describe("without a replica", () => {
  it.scopedLive("the application's connection carries only the query, and one question where a gap comes back", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const tap = yield* WireTap.make(url)
      yield* Database.query(url, "CREATE SCHEMA hidden")
      const migrations = { ...users, "003_hidden": "CREATE TABLE hidden.secrets (id integer);" }
      yield* Effect.gen(function* () {
        const questions = Effect.map(tap.heard, ({ statements }) =>
          statements.filter((statement) => statement.includes("pg_is_in_recovery"))
        )
        yield* ask("SELECT email FROM users")
        deepStrictEqual(yield* questions, [])
        yield* AutoMigration.migrate
        assert.strictEqual((yield* Effect.flip(ask("SELECT id FROM secrets")))._tag, "SqlError")
        assert.strictEqual((yield* questions).length, 1)
        assert.strictEqual((yield* Effect.flip(ask("SELECT id FROM secrets")))._tag, "SqlError")
        assert.strictEqual((yield* questions).length, 1)
      }).pipe(Effect.provide(App.layerWithMigrator({ url: tap.url, migratorUrl: url, migrations })))
    })
  )
})
