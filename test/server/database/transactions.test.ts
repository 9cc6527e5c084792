/**
 * A caller's transaction, the migrations' own, and the locks between them.
 */
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import { AutoMigration, withAutoMigration } from "effect-auto-migration"
import * as App from "../../support/program/App.js"
import * as SettableClock from "../../support/program/SettableClock.js"
import {
  appliedIds,
  ask,
  askWithin,
  failsWith,
  holding,
  inProgram,
  inStoppedProgram,
  inTappedProgram,
  kinds,
  migrationLock,
  patient,
  users,
  waitsInVain
} from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"
import { during, until } from "../../support/server/Until.js"
import * as WireTap from "../../support/server/WireTap.js"

describe("inside a caller's transaction", () => {
  const insert = Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql.withTransaction(
      Effect.gen(function* () {
        yield* sql`INSERT INTO users (id, name) VALUES (2, 'Grace')`
        yield* withAutoMigration(sql`UPDATE users SET email = 'grace@example.org' WHERE id = 2`)
      })
    )
  )

  it.scopedLive("a boundary inside fails with TransactionMustRestart and applies nothing", () =>
    inProgram({ migrations: users }, () =>
      Effect.gen(function* () {
        yield* askWithin("SELECT name FROM users")
        const error = yield* failsWith("TransactionMustRestart", insert)
        assert.strictEqual(error.gap._tag, "MissingObject")
        deepStrictEqual([...error.migrationIds], ["002_users_email"])
        deepStrictEqual(yield* appliedIds, ["001_users"])
      })
    )
  )

  it.scopedLive("a boundary around the transaction heals, and runs the whole transaction again once", () =>
    inProgram({ migrations: users, maxConnections: 1 }, () =>
      Effect.gen(function* () {
        yield* askWithin("SELECT name FROM users")
        yield* withAutoMigration(insert)
        deepStrictEqual(yield* ask("SELECT id, email FROM users ORDER BY id"), [
          { id: 1, email: null },
          { id: 2, email: "grace@example.org" }
        ])
      })
    )
  )

  for (const level of ["REPEATABLE READ", "SERIALIZABLE"]) {
    it.scopedLive(`${level}: only the boundary around the transaction can heal, on a fresh snapshot`, () =>
      inProgram({ migrations: users }, () =>
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const read = sql.withTransaction(
            Effect.zipRight(
              sql.unsafe(`SET TRANSACTION ISOLATION LEVEL ${level}`),
              withAutoMigration(sql`SELECT name, email FROM users`)
            )
          )
          deepStrictEqual(yield* withAutoMigration(read), [{ name: "Ada", email: null }])
        })
      )
    )
  }

  it.scopedLive("that is nested: the boundary inside the outer transaction passes the error on", () =>
    inProgram({ migrations: users }, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* askWithin("SELECT name FROM users")
        const nested = sql.withTransaction(
          withAutoMigration(sql.withTransaction(withAutoMigration(sql`SELECT email FROM users`)))
        )
        yield* failsWith("TransactionMustRestart", nested)
        deepStrictEqual(yield* withAutoMigration(nested), [{ email: null }])
      })
    )
  )
})

describe("a new enum value that the next migration uses", () => {
  for (const transaction of ["migration", "plan"] as const) {
    it.scopedLive(`is committed before its use, with transactions per ${transaction}`, () =>
      inProgram(
        {
          migrations: {
            "001_mood": "CREATE TYPE mood AS ENUM ('happy');",
            "002_people": "CREATE TABLE people (name text, mood mood);",
            "003_sad": "ALTER TYPE mood ADD VALUE 'sad';",
            "004_use": "INSERT INTO people VALUES ('Eeyore', 'sad'); ALTER TABLE people ADD COLUMN age integer;"
          },
          options: { transaction }
        },
        () =>
          Effect.gen(function* () {
            yield* askWithin("SELECT name FROM people")
            deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.migrate, ["003_sad", "004_use"])
            deepStrictEqual(yield* ask("SELECT name, mood, age FROM people"), [
              { name: "Eeyore", mood: "sad", age: null }
            ])
          })
      )
    )
  }
})

describe("transaction per plan", () => {
  it.scopedLive("applies all steps of the plan or none", () =>
    inProgram(
      {
        migrations: { ...users, "003_broken": "ALTER TABLE users ADD COLUMN n integer; SELECT 1/0;" },
        options: { transaction: "plan" }
      },
      (url) =>
        Effect.gen(function* () {
          yield* failsWith("MigrationFailed", AutoMigration.migrate)
          deepStrictEqual(yield* Database.query(url, "SELECT to_regclass('users') AS found"), [{ found: null }])
          deepStrictEqual(yield* appliedIds, [])
        })
    )
  )
})

describe("locks", () => {
  /** Of the server, which says at once that a lock is not to be had. */
  const short = Duration.millis(100)

  it.scopedLive("a table lock that is not granted in time: LockTimeout, and no migration is applied", () =>
    inStoppedProgram({ migrations: users, options: { ...patient, lockTimeout: short } }, (url, clock) =>
      Effect.gen(function* () {
        yield* askWithin("SELECT name FROM users")
        yield* holding(url, "LOCK TABLE users IN ACCESS SHARE MODE")
        const error = yield* waitsInVain(clock, ask("SELECT email FROM users"))
        assert.strictEqual(error.waitingFor, "table-lock")
        deepStrictEqual(yield* kinds, ["Applied 001_users"])
      })
    )
  )

  it.scopedLive("a table lock that is not granted in time pauses the migration: later queries do not ask for it", () =>
    Effect.flatMap(SettableClock.stopped, (clock) =>
      inTappedProgram({ migrations: users, options: { ...patient, lockTimeout: short } }, (url, tap) =>
        Effect.gen(function* () {
          const attempts = Effect.map(
            tap.heard,
            ({ statements }) => statements.filter((text) => text.includes("ADD COLUMN email")).length
          )
          yield* askWithin("SELECT name FROM users")
          yield* holding(url, "LOCK TABLE users IN ACCESS SHARE MODE")
          yield* waitsInVain(clock, ask("SELECT email FROM users"))
          const before = yield* attempts
          assert.isAtLeast(before, 1)
          for (const columns of ["email", "id, email", "id, email"]) {
            yield* failsWith("LockTimeout", ask(`SELECT ${columns} FROM users`))
          }
          assert.strictEqual(yield* attempts, before)
          deepStrictEqual(yield* kinds, ["Applied 001_users"])
        })
      ).pipe(Effect.withClock(clock.clock))
    )
  )

  it.scopedLive(
    "a query that asks each second for a column that no lock is granted for queues others for a twentieth of a minute at most",
    () =>
      Effect.gen(function* () {
        const { clock, pass, start, untilSleeping } = yield* SettableClock.stopped
        /** The default, and a little more: no other pause is as long. */
        const lockTimeout = "1001 millis"
        const url = yield* Server.freshDatabase
        let attempts = 0
        const tap = yield* WireTap.make(url, (chunk) => {
          if (chunk.includes("ADD COLUMN email")) {
            attempts++
            // More than is counted: the wait of an attempt counts for `lockTimeout` at most.
            Effect.runSync(pass("1010 millis"))
          }
          return chunk
        })
        const options = { lockTimeout: Duration.decode(lockTimeout), lockRetry: Schedule.spaced("50 millis") }
        /** Between two attempts a heal pauses for as long as it waited, and then for `lockRetry`. */
        const passing = Effect.forEach(
          [lockTimeout, "50 millis"] as const,
          (pause) => Effect.forever(Effect.zipRight(untilSleeping(pause), pass(pause))),
          { concurrency: "unbounded" }
        )
        yield* Effect.gen(function* () {
          yield* askWithin("SELECT name FROM users")
          yield* holding(url, "LOCK TABLE users IN ACCESS SHARE MODE")
          const began = yield* Clock.currentTimeMillis
          while ((yield* Clock.currentTimeMillis) - began < 60_000) {
            yield* Effect.raceFirst(failsWith("LockTimeout", ask("SELECT email FROM users")), passing)
            yield* pass("1 second")
          }
          yield* start
        }).pipe(
          Effect.provide(App.layerWithMigrator({ url, migratorUrl: tap.url, migrations: users, options })),
          Effect.withClock(clock)
        )
        const limits = (yield* tap.heard).statements.flatMap((text) =>
          [...text.matchAll(/'lock_timeout', '(\d+)'/g)].map(([, limit]) => Number(limit))
        )
        deepStrictEqual([...new Set(limits)], [Duration.toMillis(lockTimeout)])
        assert.isAtLeast(attempts, 1)
        assert.isAtMost(attempts * Duration.toMillis(lockTimeout), 60_000 / 20)
      }),
    120_000
  )

  it.scopedLive(
    "the server limits the lock waits of a migration's statements by the options, and those of no other statement",
    () =>
      inProgram(
        {
          migrations: {
            "001_limits": "CREATE TABLE limits AS SELECT current_setting('lock_timeout') AS lock_timeout;"
          },
          options: { lockTimeout: Duration.millis(800) },
          maxConnections: 1
        },
        () =>
          Effect.gen(function* () {
            deepStrictEqual(yield* ask("SELECT lock_timeout FROM limits"), [{ lock_timeout: "800ms" }])
            deepStrictEqual(yield* ask("SELECT current_setting('lock_timeout') AS after"), [{ after: "0" }])
          })
      )
  )

  it.scopedLive("a table lock that is released in time: the transaction runs again and the query succeeds", () =>
    inTappedProgram({ migrations: users, options: { lockTimeout: short } }, (url, tap) =>
      Effect.gen(function* () {
        const attempts = Effect.map(
          tap.heard,
          ({ statements }) => statements.filter((text) => text.includes("ADD COLUMN email")).length
        )
        yield* askWithin("SELECT name FROM users")
        const fiber = yield* Effect.scoped(
          Effect.gen(function* () {
            yield* holding(url, "LOCK TABLE users IN ACCESS SHARE MODE")
            const waiting = yield* Effect.forkDaemon(ask("SELECT email FROM users"))
            yield* during(waiting, until(Effect.map(attempts, (count) => count > 1)))
            return waiting
          })
        )
        deepStrictEqual(yield* Fiber.join(fiber), [{ email: null }])
      })
    )
  )

  it.scopedLive(
    "the migration lock held by another process: LockTimeout names it, and a waiter holds no transaction",
    () =>
      inStoppedProgram({ migrations: users, options: patient }, (url, clock) =>
        Effect.gen(function* () {
          yield* holding(url, migrationLock)
          const error = yield* waitsInVain(clock, ask("SELECT name FROM users"))
          assert.strictEqual(error.waitingFor, "migration-lock")
        })
      )
  )
})
