/**
 * Processes that start together, wait for each other, and starve each other's pools: each gets what it came for.
 */
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Chunk from "effect/Chunk"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import {
  AutoMigration,
  AutoMigrationConfig,
  MigrationClient,
  MigrationSource,
  Policy,
  withAutoMigration
} from "effect-auto-migration"
import pg from "pg"
import * as Fleet from "../../support/fleet/Fleet.js"
import * as App from "../../support/program/App.js"
import * as SettableClock from "../../support/program/SettableClock.js"
import {
  ask,
  askWithin,
  failsWith,
  holding,
  inProgram,
  kinds,
  untilBlocked,
  users
} from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"
import { during, until } from "../../support/server/Until.js"
import * as WireTap from "../../support/server/WireTap.js"

const program = (url: string) => Effect.provide(App.layer({ url, migrations: users }))

describe("the first processes of a database", () => {
  /** All connected before one word sets them off; none may fail, and the ledger is built once. */
  const race = (url: string, processes: number) =>
    Effect.gen(function* () {
      const file = yield* Fleet.build
      const rows: Array<unknown> = []
      const fleet = yield* Effect.replicateEffect(
        Fleet.start(file, { url, migrations: users, maxConnections: 1, policy: "default" }, (_, answer) => {
          rows.push(...answer)
        }),
        processes
      )
      yield* Effect.forEach(fleet, ({ ready }) => ready)
      const word = { _tag: "Query", queries: [{ place: 0, text: "SELECT name, email FROM users" }] } as const
      yield* Effect.forEach(fleet, ({ tell }) => tell(word))
      const applied = yield* Effect.forEach(fleet, ({ finished }) => finished)
      deepStrictEqual(
        rows,
        applied.map(() => ({ name: "Ada", email: null }))
      )
      yield* Effect.gen(function* () {
        const events = Chunk.toReadonlyArray(yield* Stream.runCollect(AutoMigration.events))
        const ids = events.map(({ kind, migrationId }) => `${kind} ${migrationId}`)
        deepStrictEqual(ids.toSorted(), [...new Set(ids)].toSorted())
        assert.isTrue(events.every(({ kind }) => kind === "Applied"))
        assert.isTrue(Either.isRight(yield* AutoMigration.verify))
      }).pipe(program(url))
    })

  it.scopedLive(
    "race for building the ledger, and none of them fails",
    () => Effect.flatMap(Server.freshDatabase, (url) => race(url, 8)),
    600_000
  )

  it.scopedLive(
    "race for completing a ledger that was half-built, and none of them fails",
    () =>
      Effect.gen(function* () {
        const url = yield* Server.freshDatabase
        yield* askWithin("SELECT name FROM users").pipe(program(url))
        yield* Database.query(
          url,
          "DROP TRIGGER project ON auto_migration.event",
          "DROP FUNCTION auto_migration.project_event(), auto_migration.fold_event(auto_migration.event)",
          "DROP TABLE auto_migration.applied_set, auto_migration.migration_bit, auto_migration.lease",
          "DROP FUNCTION auto_migration.time_lease()",
          "ALTER TABLE auto_migration.event DISABLE TRIGGER USER",
          "DELETE FROM auto_migration.event WHERE migration_id <> 'effect-auto-migration/001_zero_trust_schema'",
          "ALTER TABLE auto_migration.event ENABLE ALWAYS TRIGGER chain",
          "ALTER TABLE auto_migration.event ENABLE ALWAYS TRIGGER append_only",
          "ALTER TABLE auto_migration.event ENABLE ALWAYS TRIGGER never_truncated",
          "DROP TABLE users"
        )
        yield* race(url, 8)
      }),
    600_000
  )
})

describe("waiting for the migration lock", () => {
  const lock = "SELECT pg_advisory_xact_lock(hashtextextended('effect-auto-migration/auto_migration', 0))"

  /** On a stopped clock the process asks a second time when it has begun to listen, and then sleeps with no message under way. */
  it.scopedLive("has no end for an operator, who migrates as soon as the lock is free", () =>
    Effect.gen(function* () {
      const { clock, pass, untilSleeping } = yield* SettableClock.stopped
      const url = yield* Server.freshDatabase
      const tap = yield* WireTap.make(url)
      const tries = WireTap.lockTries(tap)
      yield* Effect.gen(function* () {
        yield* AutoMigration.status
        const migrating = yield* Effect.scoped(
          Effect.gen(function* () {
            yield* holding(url, lock)
            const migrating = yield* Effect.forkDaemon(AutoMigration.migrate)
            yield* during(migrating, until(Effect.map(tries, (count) => count === 2)))
            yield* during(migrating, untilSleeping("1 hour"))
            yield* pass("1 hour")
            yield* during(migrating, untilSleeping("1 hour"))
            assert.strictEqual(yield* tries, 3)
            return migrating
          })
        )
        yield* pass("1 hour")
        deepStrictEqual<ReadonlyArray<string>>(yield* Fiber.join(migrating), ["001_users", "002_users_email"])
      }).pipe(
        Effect.provide(
          App.layerWithMigrator({
            url,
            migratorUrl: tap.url,
            migrations: users,
            options: { lockRetry: Schedule.spaced("1 hour") }
          })
        ),
        Effect.withClock(clock)
      )
    })
  )
})

describe("what another process brings meanwhile", () => {
  const pets = { "003_pets": "CREATE TABLE pets (id integer);\nSELECT pg_advisory_xact_lock_shared(42);" }

  it.scopedLive("answers a query whose plan begins with something else", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const tap = yield* WireTap.make(url)
      const waits = Effect.map(WireTap.lockTries(tap), (times) => times > 0)
      const elsewhere = (migrations: Readonly<Record<string, string>>) =>
        AutoMigration.migrate.pipe(Effect.provide(Layer.fresh(App.layer({ url, migrations }))))
      yield* elsewhere({ "001_users": users["001_users"] })
      yield* Effect.gen(function* () {
        const [bringing, asking] = yield* Effect.scoped(
          Effect.gen(function* () {
            yield* holding(url, "SELECT pg_advisory_xact_lock(42)")
            const bringing = yield* Effect.forkDaemon(elsewhere({ "001_users": users["001_users"], ...pets }))
            yield* untilBlocked(url)
            const asking = yield* Effect.forkDaemon(ask("SELECT name, pets.id FROM users LEFT JOIN pets ON true"))
            yield* until(waits)
            return [bringing, asking] as const
          })
        )
        deepStrictEqual<ReadonlyArray<string>>(yield* Fiber.join(bringing), ["003_pets"])
        deepStrictEqual(yield* Fiber.join(asking), [{ name: "Ada", id: null }])
      }).pipe(
        Effect.provide(
          App.layerWithMigrator({
            url,
            migratorUrl: tap.url,
            migrations: { ...users, ...pets },
            options: { policy: Policy.always }
          })
        )
      )
    })
  )
})

describe("a failure", () => {
  it.scopedLive("that cannot be recorded at once, since somebody locks the log, is recorded a moment later", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const tap = yield* WireTap.make(url)
      const { clock, pass, untilSleeping } = yield* SettableClock.stopped
      const attempts = Effect.map(
        tap.heard,
        ({ statements }) =>
          statements.filter((text) => text.includes("(E'Failed'") || text.includes("SELECT E'Failed'")).length
      )
      yield* AutoMigration.migrate.pipe(program(url))
      yield* Effect.gen(function* () {
        const migrating = yield* Effect.scoped(
          Effect.gen(function* () {
            yield* holding(url, "LOCK TABLE auto_migration.event IN SHARE MODE")
            const migrating = yield* Effect.forkDaemon(failsWith("MigrationFailed", AutoMigration.migrate))
            yield* during(migrating, untilSleeping("1 hour"))
            yield* pass("1 hour")
            yield* during(migrating, untilSleeping("1 hour"))
            assert.strictEqual(yield* attempts, 2)
            return migrating
          })
        )
        yield* pass("1 hour")
        yield* Fiber.join(migrating)
        deepStrictEqual((yield* kinds).slice(2), ["Failed 003_broken"])
      }).pipe(
        Effect.provide(
          App.layerWithMigrator({
            url,
            migratorUrl: tap.url,
            migrations: { ...users, "003_broken": "SELECT 1/0;" },
            options: { lockTimeout: Duration.millis(100), lockRetry: Schedule.spaced("1 hour") }
          })
        ),
        Effect.withClock(clock)
      )
    })
  )
})

describe("an application's pool of one connection", () => {
  const write = (n: number) =>
    Effect.flatMap(SqlClient.SqlClient, (sql) =>
      sql.withTransaction(
        Effect.zipRight(
          sql`INSERT INTO users (id, name) VALUES (${n}, 'Grace')`,
          withAutoMigration(sql`UPDATE users SET email = 'grace@example.org' WHERE id = ${n}`)
        )
      )
    )

  const everybody = Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const reserving = Effect.scoped(
      Effect.flatMap(sql.reserve, (connection) =>
        withAutoMigration(connection.execute("SELECT email FROM users WHERE id = 1", [], undefined))
      )
    )
    yield* Effect.all(
      [reserving, ...Array.from({ length: 10 }, (_, n) => withAutoMigration(write(n + 2))), reserving],
      { concurrency: "unbounded", discard: true }
    )
    return yield* sql`SELECT count(*)::int AS n, count(email)::int AS emails FROM users`
  })

  it.scopedLive("held by callers that wait for a heal, inside transactions and out: healing completes", () =>
    inProgram({ migrations: users, maxConnections: 1 }, () =>
      Effect.gen(function* () {
        deepStrictEqual(yield* everybody, [{ n: 11, emails: 10 }])
        deepStrictEqual(yield* kinds, ["Applied 001_users", "Applied 002_users_email"])
      })
    )
  )

  it.scopedLive("beside a pool for migrations that the program makes: healing completes", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const pool = MigrationClient.layerFromPool({
        acquire: Effect.acquireRelease(
          Effect.sync(() => new pg.Pool({ connectionString: url, max: 5 })),
          (made) => Effect.promise(() => made.end())
        ),
        connectTimeout: App.connectTimeout
      })
      const live = AutoMigration.layer.pipe(
        Layer.provide(pool),
        Layer.provide(MigrationSource.layerRecord(users)),
        Layer.provide(AutoMigrationConfig.layer({ deadline: App.deadline })),
        Layer.provideMerge(App.client({ url, maxConnections: 1 }))
      )
      deepStrictEqual(yield* Effect.provide(everybody, live), [{ n: 11, emails: 10 }])
    })
  )
})
