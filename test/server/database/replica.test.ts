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
import * as Schedule from "effect/Schedule"
import { AutoMigration, withAutoMigration } from "effect-auto-migration"
import * as App from "../../support/program/App.js"
import { ask, askWithin, failsWith, kinds, users } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as EmbeddedServer from "../../support/server/EmbeddedServer.js"
import * as Server from "../../support/server/Server.js"
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
  Effect.repeat(Database.query(url, question), {
    until: (rows) => rows[0]?.["yes"] === true,
    schedule: Schedule.intersect(Schedule.spaced("20 millis"), Schedule.recurs(500))
  })

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

/** Resumes the replay as soon as the primary has this relation. */
const resumeAfter = (urls: { readonly primary: string; readonly standby: string }, question: string) =>
  Effect.zipRight(until(urls.primary, question), Effect.delay(resume(urls.standby), "300 millis"))

const program = (
  { primary, standby }: { readonly primary: string; readonly standby: string },
  options: App.Program["options"] = {},
  migrations: App.Program["migrations"] = users
) => App.layerWithMigrator({ url: standby, migratorUrl: primary, migrations, options })

const hasEmail =
  "SELECT count(*) = 1 AS yes FROM information_schema.columns WHERE table_name = 'users' AND column_name = 'email'"

layer(Layer.scoped(Servers, pair), { excludeTestServices: true, timeout: Duration.minutes(2) })("a replica", (it) => {
  it.scoped("makes a heal wait until it has replayed the migrations, and a budget of one retry is enough", () =>
    Effect.gen(function* () {
      const urls = yield* freshPair
      yield* pause(urls.standby)
      const resumed = yield* Effect.fork(resumeAfter(urls, hasEmail))
      deepStrictEqual(yield* ask("SELECT name, email FROM users").pipe(Effect.provide(program(urls, { budget: 1 }))), [
        { name: "Ada", email: null }
      ])
      yield* Fiber.join(resumed)
    })
  )

  it.scoped("makes a heal wait until the deadline only, where the primary falls silent meanwhile", () =>
    Effect.gen(function* () {
      const urls = yield* freshPair
      const tap = yield* WireTap.make(urls.primary)
      yield* pause(urls.standby)
      yield* Effect.gen(function* () {
        const sprung = yield* tap.trap(1, "before", "pg_logical_emit_message")
        const asking = yield* Effect.fork(failsWith("DatabaseUnavailable", ask("SELECT name, email FROM users")))
        yield* sprung
        yield* Fiber.join(asking)
        yield* tap.release
      }).pipe(
        Effect.provide(program({ ...urls, primary: tap.url }, { deadline: Duration.seconds(3) })),
        Effect.timeout("1 minute")
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
        yield* Effect.fork(Effect.delay(resume(urls.standby), "1 second"))
        yield* Effect.gen(function* () {
          deepStrictEqual(yield* askWithin("SELECT email FROM users"), [{ email: null }])
          deepStrictEqual(yield* kinds, ["Applied 001_users", "Applied 002_users_email"])
        }).pipe(Effect.provide(program(urls)))
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
        yield* Effect.fork(Effect.delay(resume(urls.standby), "1 second"))
        const edited = { ...users, "001_users": `-- edited\n${users["001_users"]}` }
        const rows = yield* ask("SELECT email FROM users").pipe(Effect.provide(program(urls, {}, edited)))
        deepStrictEqual(rows, [{ email: null }])
      })
  )

  it.scoped("that does not catch up within the deadline: ReplicaBehind with the facts; later the query works", () =>
    Effect.gen(function* () {
      const urls = yield* freshPair
      yield* pause(urls.standby)
      yield* Effect.gen(function* () {
        const error = yield* failsWith("ReplicaBehind", ask("SELECT email FROM users"))
        assert.isTrue(error.isPaused)
        assert.strictEqual(Reflect.get(Object(error.cause), "_tag"), "SqlError")
        const behind = `SELECT '${error.replayed}'::pg_lsn < '${error.target}'::pg_lsn AS yes`
        deepStrictEqual(yield* Database.query(urls.primary, behind), [{ yes: true }])
        assert.match(error.message, /pg_wal_replay_resume/)
        yield* resume(urls.standby)
        deepStrictEqual(yield* ask("SELECT email FROM users"), [{ email: null }])
      }).pipe(Effect.provide(program(urls, { deadline: Duration.seconds(2) })))
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
        yield* Effect.gen(function* () {
          for (const _ of ["first", "second"]) {
            const error = yield* failsWith("ReplicaBehind", ask("SELECT email FROM users"))
            assert.isFalse(error.isPaused)
          }
          deepStrictEqual(yield* kinds, ["Applied 001_users", "Applied 002_users_email"])
          yield* reset
          deepStrictEqual(yield* ask("SELECT email FROM users"), [{ email: null }])
        }).pipe(Effect.provide(program(urls, { deadline: Duration.seconds(3) })))
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
      yield* Effect.fork(resumeAfter(urls, hasEmail))
      const both = { primary: as(urls.primary), standby: urls.standby }
      deepStrictEqual(yield* ask("SELECT email FROM users").pipe(Effect.provide(program(both))), [{ email: null }])
    })
  )

  it.scoped(
    "is asked through the client that the boundary runs with, not through the one the layer was built with",
    () =>
      Effect.gen(function* () {
        const urls = yield* freshPair
        yield* pause(urls.standby)
        yield* Effect.fork(resumeAfter(urls, hasEmail))
        const reads = Effect.provide(ask("SELECT email FROM users"), Layer.fresh(App.client({ url: urls.standby })))
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
        yield* Effect.fork(resumeAfter(urls, hasEmail))
        const context = yield* Layer.build(program(urls))
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
      yield* Effect.fork(resumeAfter(urls, hasEmail))
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
      const error = yield* Effect.flip(ask("SELECT email, pg_sleep(20) FROM users")).pipe(Effect.provide(program(urls)))
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
      yield* Effect.fork(
        Effect.zipRight(
          until(urls.primary, hasEmail),
          Effect.delay(Database.query(urls.standby, "SELECT pg_promote()"), "1 second")
        )
      )
      const rows = yield* ask("SELECT email FROM users").pipe(Effect.provide(program(urls)))
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
