/**
 * Any role that may connect can take the migration lock, whose key is public, and a writer of the ledger can take a lease for
 * up to a day. Each holder is named, with what ends it.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import { AutoMigration } from "effect-auto-migration"
import * as App from "../../support/program/App.js"
import * as CommandLine from "../../support/program/CommandLine.js"
import { ask, askWithin, failsWith, holding, inProgram, users } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Role from "../../support/server/Role.js"
import * as Server from "../../support/server/Server.js"

const key = "hashtextextended('effect-auto-migration/auto_migration', 0)"

/** A session of a role that may only connect, which has the lock. */
const intruderIn = (url: string) =>
  Effect.gen(function* () {
    const intruder = yield* Role.role(url, "intruder")
    const as = new URL(intruder.url)
    as.searchParams.set("application_name", "a job")
    const session = yield* Effect.fork(
      Database.query(as.href, `SELECT pg_advisory_lock(${key})`, "SELECT pg_sleep(600)").pipe(
        Effect.sandbox,
        Effect.ignore
      )
    )
    const [row] = yield* Effect.repeat(
      Database.query(
        url,
        `SELECT a.pid FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND l.granted
          AND a.usename = '${intruder.name}' AND a.query LIKE '%pg_sleep%'`
      ),
      { until: (rows) => rows.length > 0 }
    )
    return { name: intruder.name, pid: Number(row?.["pid"]), session }
  })

/** Ends the session of the error's own remedy. */
const endBy = (url: string, message: string) => {
  const [statement = ""] = /SELECT pg_catalog\.pg_terminate_backend\(\d+\)/.exec(message) ?? []
  return Database.query(url, statement)
}

describe("the migration lock in the hands of a stranger", () => {
  it.scopedLive("is told to the operator that waits and by status, with the statement that ends it", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const logged = yield* Queue.unbounded<string>()
      const logger = Logger.replace(
        Logger.defaultLogger,
        Logger.make(({ annotations }) =>
          Option.map(HashMap.get(annotations, "auto_migration.holders"), (held) =>
            Queue.unsafeOffer(logged, String(held))
          )
        )
      )
      yield* Effect.gen(function* () {
        const { name, pid } = yield* intruderIn(url)
        const migrating = yield* Effect.fork(AutoMigration.migrate)
        const waiting = yield* Queue.take(logged)
        for (const text of [waiting, ...(yield* AutoMigration.status).held]) {
          assert.include(text, `session ${pid} of role ${name} (application "a job", from 127.0.0.1, since 20`)
        }
        assert.include(yield* Queue.take(logged), `session ${pid}`)
        yield* endBy(url, waiting)
        deepStrictEqual<ReadonlyArray<string>>(yield* Fiber.join(migrating), ["001_users", "002_users_email"])
        deepStrictEqual((yield* AutoMigration.status).held, [])
      }).pipe(
        Effect.provide(App.layer({ url, migrations: users })),
        Effect.provide(Layer.merge(logger, Logger.minimumLogLevel(LogLevel.Debug)))
      )
    })
  )

  it.scopedLive("is told to a query that gives up on the lock", () =>
    inProgram(
      { migrations: users, options: { deadline: Duration.seconds(3), lockTimeout: Duration.millis(500) } },
      (url) =>
        Effect.gen(function* () {
          const { name, pid } = yield* intruderIn(url)
          const { message } = yield* failsWith("LockTimeout", ask("SELECT email FROM users"))
          assert.include(message, `session ${pid} of role ${name} (application "a job"`)
          yield* endBy(url, message)
          yield* ask("SELECT email FROM users")
        })
    )
  )

  it.scopedLive("is told to a role that may not see the session, with the grant that shows more", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const migrator = yield* Role.role(url, "migrator")
      const { name, pid } = yield* intruderIn(url)
      const { held } = yield* Effect.provide(AutoMigration.status, App.layer({ url: migrator.url, migrations: users }))
      assert.lengthOf(held, 1)
      assert.include(held[0], `session ${pid} of role ${name} (application "a job", this role may not see its address`)
      assert.include(held[0], "GRANT pg_read_all_stats")
    })
  )
})

describe("a table of the ledger that a writer has locked", () => {
  it.scopedLive("is told to a query and by status, with the statement that ends the session", () =>
    inProgram({ migrations: users, options: { lockTimeout: Duration.millis(500) } }, (url) =>
      Effect.gen(function* () {
        yield* askWithin("SELECT name FROM users")
        const writer = yield* Role.role(url, "writer")
        yield* Database.query(url, `SELECT auto_migration.grant_writer('${writer.name}')`)
        yield* holding(writer.url, "LOCK TABLE auto_migration.lease IN ACCESS EXCLUSIVE MODE")
        const holder = new RegExp(`session \\d+ of role ${writer.name} .*holds a lock on the ledger's table lease`)
        assert.match((yield* failsWith("DatabaseUnavailable", ask("SELECT email FROM users"))).message, holder)
        const [held = ""] = (yield* AutoMigration.status).held
        assert.match(held, holder)
        yield* endBy(url, held)
        yield* ask("SELECT email FROM users")
      })
    )
  )
})

describe("a lease that lasts for hours", () => {
  const holder = "00000000-0000-4000-8000-000000000001"
  const lease = (taken: string) => [
    "ALTER TABLE auto_migration.lease DISABLE TRIGGER time",
    `INSERT INTO auto_migration.lease VALUES ('001_users', 'sha256:00', '${holder}', '20 hours', 0, 'nothing', current_user,
      ${taken}, ${taken}, now() + interval '19 hours')`,
    "ALTER TABLE auto_migration.lease ENABLE ALWAYS TRIGGER time"
  ]

  it.scopedLive("whose holder is gone is named, with the command that ends it", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const folder = yield* CommandLine.folderOf({ "001_users": users["001_users"] })
      const type = (...words: ReadonlyArray<string>) => CommandLine.type([...words, "--folder", folder, "--url", url])
      yield* AutoMigration.migrate.pipe(Effect.provide(App.layer({ url, migrations: { "000_none": "SELECT 1;" } })))
      yield* Database.query(url, ...lease("now() - interval '1 hour'"))
      const { printed } = yield* type("status")
      assert.match(printed, /held +001_users has a lease .* the session of its holder is gone/)
      const [, command = ""] = /effect-auto-migration (release \S+)/.exec(printed) ?? []
      assert.strictEqual((yield* type(...command.split(" "))).code, 0)
      assert.strictEqual((yield* type(...command.split(" "))).code, 1)
      assert.match((yield* type("migrate")).printed, /applied {2}001_users/)
    })
  )

  it.scopedLive("whose holder works is not released", () =>
    inProgram({ migrations: users }, (url) =>
      Effect.gen(function* () {
        yield* AutoMigration.migrate
        yield* Database.query(url, ...lease("now() - interval '1 hour'"))
        const as = new URL(url)
        as.searchParams.set("application_name", `effect-auto-migration ${holder}`)
        yield* Database.transaction(
          as.href,
          ["SELECT 1"],
          Effect.gen(function* () {
            assert.isFalse(yield* Effect.orDie(release))
            const { held } = yield* Effect.orDie(status)
            assert.match(
              held[0] ?? "",
              /^session \d+ of role .* runs 001_users outside transactions, under a lease until 20/
            )
          }).pipe(Effect.provide(App.layer({ url, migrations: users })))
        )
        assert.isTrue(yield* AutoMigration.release("001_users"))
      })
    )
  )

  it.scopedLive("and whose name a session of a stranger bears is over and is released", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      yield* Effect.provide(AutoMigration.migrate, App.layer({ url, migrations: users }))
      const stranger = yield* Role.role(url, "stranger")
      const as = new URL(stranger.url)
      as.searchParams.set("application_name", `effect-auto-migration ${holder}`)
      yield* Effect.forkScoped(Effect.ignore(Effect.sandbox(Database.query(as.href, "SELECT pg_sleep(600)"))))
      const index = { ...users, "003_index": "CREATE INDEX CONCURRENTLY i ON users (name);" }
      const left = (lasts: string) => [
        "ALTER TABLE auto_migration.lease DISABLE TRIGGER time",
        `INSERT INTO auto_migration.lease VALUES ('003_index', 'sha256:00', '${holder}', '1 day', 0, 'next', current_user,
          now() - interval '1 hour', now() - interval '1 hour', now() + interval '${lasts}')`,
        "ALTER TABLE auto_migration.lease ENABLE ALWAYS TRIGGER time"
      ]
      yield* Effect.repeat(
        Database.query(url, `SELECT FROM pg_stat_activity WHERE usename = '${stranger.name}' AND state = 'active'`),
        { until: (rows) => rows.length > 0 }
      )
      yield* Effect.gen(function* () {
        yield* Database.query(url, ...left("1 hour"))
        assert.isTrue(yield* AutoMigration.release("003_index"))
        yield* Database.query(url, "DELETE FROM auto_migration.lease", ...left("-1 minute"))
        deepStrictEqual((yield* AutoMigration.status).held, [])
        deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.migrate, ["003_index"])
      }).pipe(Effect.provide(App.layer({ url, migrations: index })))
    })
  )

  const release = AutoMigration.release("001_users")
  const { status } = AutoMigration
})
