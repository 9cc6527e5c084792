/**
 * Several processes with one ledger: what a process holds while it waits for the migration lock, and how it learns of
 * applied migrations.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import { AutoMigration, Policy } from "effect-auto-migration"
import pg from "pg"
import * as LedgerMigrations from "../../../src/ledger/OwnMigrations.js"
import * as App from "../../support/program/App.js"
import {
  advisoryLocks,
  ask,
  askWithin,
  failsWith,
  holding,
  inProgram,
  untilBlocked,
  users
} from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"
import { during, until } from "../../support/server/Until.js"
import * as WireTap from "../../support/server/WireTap.js"

const migrations = {
  ...users,
  "003_broken": "ALTER TABLE users ADD COLUMN broken integer; SELECT 1/0;",
  "004_later": "CREATE TABLE later (id integer);"
}

const listeners = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`

const listening = (url: string, count: number) =>
  until(Effect.map(Database.query(url, listeners), (rows) => rows.length === count))

/** The notifications of a channel, as any client of the server receives them. */
const hearing = (url: string, channel: string) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(async () => {
        const heard: Array<string> = []
        const client = new pg.Client({ connectionString: url })
        client.on("error", () => {})
        client.on("notification", ({ payload = "" }) => heard.push(payload))
        await client.connect()
        await client.query(`LISTEN ${channel}`)
        return { client, heard }
      }),
      ({ client }) => Effect.promise(() => client.end())
    ),
    ({ heard }): ReadonlyArray<string> => heard
  )

const elsewhere = (url: string, own: Readonly<Record<string, string>>) =>
  AutoMigration.migrate.pipe(Effect.provide(App.layer({ url, migrations: own })))

const isAnswered = ({ roundTrips, statements }: WireTap.Heard): boolean => roundTrips === statements.length

const readings = (tap: WireTap.WireTap) =>
  Effect.map(tap.heard, ({ statements }) => statements.filter((text) => text.includes("applied_set")).length)

describe("an applied migration", () => {
  it.scopedLive("is announced on the ledger's channel with its place in the log", () =>
    inProgram({ migrations: users }, (url) =>
      Effect.gen(function* () {
        const heard = yield* hearing(url, "auto_migration")
        yield* AutoMigration.migrate
        const own = LedgerMigrations.ids.length
        yield* until(Effect.sync(() => heard.length >= own + 2))
        deepStrictEqual(heard.slice(own), [`${own + 1} Applied 001_users`, `${own + 2} Applied 002_users_email`])
      })
    )
  )

  it.scopedLive("by another process is known without a question: a window that another process closed is over", () =>
    inProgram({ migrations, options: { breaker: { first: Duration.hours(1), cap: Duration.hours(1) } } }, (url) =>
      Effect.gen(function* () {
        yield* askWithin("SELECT email FROM users")
        yield* failsWith("MigrationFailed", ask("SELECT broken FROM users"))
        yield* listening(url, 1)
        yield* AutoMigration.baseline(["003_broken"], { unchecked: true }).pipe(
          Effect.provide(App.layer({ url, migrations }))
        )
        yield* until(Effect.map(Effect.flip(ask("SELECT broken FROM users")), (error) => error._tag === "SchemaDrift"))
      })
    )
  )

  it.scopedLive(
    "is listened for while a migration is pending, and not before the first failure nor after the last migration",
    () =>
      inProgram({ migrations: { ...users, "004_later": migrations["004_later"] } }, (url) =>
        Effect.gen(function* () {
          deepStrictEqual(yield* Database.query(url, listeners), [])
          yield* askWithin("SELECT email FROM users")
          yield* listening(url, 1)
          yield* ask("SELECT id FROM later")
          yield* listening(url, 0)
        })
      )
  )

  it.scopedLive("is listened for again after the connection broke", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const own = { ...migrations, "005_last": "CREATE TABLE last (id integer);" }
      yield* Effect.gen(function* () {
        yield* askWithin("SELECT email FROM users")
        yield* listening(url, 1)
        const [{ pid } = { pid: 0 }] = yield* Database.query(url, listeners)
        yield* Database.query(url, `SELECT pg_terminate_backend(${pid})`)
        yield* until(Effect.map(Database.query(url, listeners), (rows) => rows.every((row) => row["pid"] !== pid)))
        yield* ask("SELECT id FROM later")
        yield* listening(url, 1)
        deepStrictEqual(yield* ask("SELECT id FROM last"), [])
      }).pipe(Effect.provide(App.layer({ url, migrations: own })))
    })
  )

  it.scopedLive("is not listened for through a pooler, where another client would get the listening session", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const tap = yield* WireTap.make(url, undefined, WireTap.pooled)
      yield* Effect.gen(function* () {
        yield* askWithin("SELECT email FROM users")
        yield* until(
          Effect.map(
            tap.heard,
            (heard) => heard.statements.some((text) => text.includes("backend_pid")) && isAnswered(heard)
          )
        )
        deepStrictEqual(yield* ask("SELECT id FROM later"), [])
        const { statements } = yield* tap.heard
        deepStrictEqual(
          statements.filter((text) => /LISTEN "/.test(text)),
          []
        )
      }).pipe(Effect.provide(App.layerWithMigrator({ url, migratorUrl: tap.url, migrations })))
    })
  )

  it.scopedLive("through a pooler is read in the ledger: SchemaDrift where its table has been dropped since", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const tap = yield* WireTap.make(url, undefined, WireTap.pooled)
      const own = { ...users, "004_later": migrations["004_later"] }
      yield* Effect.gen(function* () {
        yield* askWithin("SELECT email FROM users")
        yield* elsewhere(url, own)
        yield* Database.query(url, "DROP TABLE later")
        yield* failsWith("SchemaDrift", ask("SELECT id FROM later"))
      }).pipe(Effect.provide(App.layerWithMigrator({ url, migratorUrl: tap.url, migrations: own })))
    })
  )

  it.scopedLive("that was announced falsely is looked up once in the ledger, and changes no outcome", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const tap = yield* WireTap.make(url)
      const options = { breaker: { first: Duration.hours(1), cap: Duration.hours(1) } }
      yield* Effect.gen(function* () {
        const lookingUp = Effect.gen(function* () {
          yield* tap.reset
          yield* failsWith("MigrationFailed", ask("SELECT broken FROM users"))
          return yield* readings(tap)
        })
        yield* askWithin("SELECT email FROM users")
        yield* listening(url, 1)
        yield* lookingUp
        yield* until(Effect.map(lookingUp, (count) => count === 0))
        yield* Database.query(url, "NOTIFY auto_migration, '9 Applied 003_broken'", "NOTIFY auto_migration, 'nonsense'")
        yield* until(Effect.map(lookingUp, (count) => count > 0))
        yield* until(Effect.map(lookingUp, (count) => count === 0))
      }).pipe(Effect.provide(App.layerWithMigrator({ url, migratorUrl: tap.url, migrations, options })))
    })
  )
})

describe("a process that waits for the migration lock", () => {
  /** Asks again after an hour, so that the pause does not end the wait. */
  const patient = { policy: Policy.always, lockRetry: Schedule.spaced("1 hour") }

  const lock = "SELECT pg_advisory_xact_lock(hashtextextended('effect-auto-migration/auto_migration', 0))"

  it.scopedLive("holds no transaction, no snapshot and no lock, and stops no CREATE INDEX CONCURRENTLY", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const tap = yield* WireTap.make(url)
      yield* Effect.gen(function* () {
        yield* askWithin("SELECT email FROM users")
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* holding(url, lock)
            yield* tap.reset
            const asking = yield* Effect.forkScoped(ask("SELECT id FROM later"))
            yield* during(asking, until(Effect.map(WireTap.lockTries(tap), (times) => times > 0)))
            yield* until(
              Effect.map(
                Database.query(
                  url,
                  `SELECT bool_and(state = 'idle' AND backend_xmin IS NULL AND backend_xid IS NULL AND xact_start IS NULL)
                    AND count(*) > 0 AND NOT EXISTS (SELECT FROM pg_locks l WHERE l.pid = ANY (array_agg(a.pid))) AS waits
                  FROM pg_stat_activity a WHERE datname = current_database() AND application_name = 'effect-auto-migration'`
                ),
                ([row]) => row?.["waits"] === true
              )
            )
            yield* Database.query(url, "CREATE INDEX CONCURRENTLY users_name ON users (name)")
          })
        )
      }).pipe(Effect.provide(App.layerWithMigrator({ url, migratorUrl: tap.url, migrations, options: patient })))
    })
  )

  it.scopedLive("asks again when it has begun to listen, and then at the announcement", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const tap = yield* WireTap.make(url)
      const gated = {
        ...users,
        "003_first": "CREATE TABLE first (id integer);",
        "004_later": "SELECT pg_advisory_xact_lock(42); CREATE TABLE later AS SELECT id FROM first;"
      }
      const attempts = WireTap.lockTries(tap)
      yield* elsewhere(url, users)
      yield* Effect.gen(function* () {
        const [applying, waiting] = yield* Effect.scoped(
          Effect.gen(function* () {
            yield* holding(url, "SELECT pg_advisory_xact_lock(42)")
            const applying = yield* Effect.forkDaemon(elsewhere(url, gated))
            yield* untilBlocked(url)
            const waiting = yield* Effect.forkDaemon(ask("SELECT id FROM later"))
            const hasAskedTwice = Effect.zipWith(
              attempts,
              tap.heard,
              (times, heard) => times === 2 && isAnswered(heard)
            )
            yield* during(waiting, until(hasAskedTwice))
            return [applying, waiting] as const
          })
        )
        yield* Fiber.join(applying)
        deepStrictEqual(yield* Fiber.join(waiting), [])
        assert.strictEqual(yield* attempts, 3)
        deepStrictEqual(yield* Database.query(url, advisoryLocks), [{ n: 0 }])
      }).pipe(Effect.provide(App.layerWithMigrator({ url, migratorUrl: tap.url, migrations: gated, options: patient })))
    })
  )
})
