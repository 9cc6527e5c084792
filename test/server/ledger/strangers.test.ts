/**
 * `SqlClient.TransactionConnection` is one tag for all clients: an effect inside a caller's transaction finds the
 * caller's connection under it. The library must not use that connection.
 */
import * as Migrator from "@effect/sql/Migrator"
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { AutoMigration, MigrationClient, MigrationSource } from "effect-auto-migration"
import * as App from "../../support/program/App.js"
import { appliedIds, ask, failsWith, kinds, type Services, users } from "../../support/program/Situation.js"
import * as Pause from "../../support/server/Pause.js"
import * as Server from "../../support/server/Server.js"
import { during } from "../../support/server/Until.js"
import * as WireTap from "../../support/server/WireTap.js"

/** Runs the body in a transaction of the application, and returns the statements on the application's connections. */
const overheard = <A, E>(
  { migrations, options = {} }: Pick<App.Program, "migrations" | "options">,
  body: (sql: SqlClient.SqlClient, url: string) => Effect.Effect<A, E, Services>
) =>
  Effect.gen(function* () {
    const url = yield* Server.freshDatabase
    const tap = yield* WireTap.make(url)
    return yield* Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* tap.reset
      const result = yield* sql.withTransaction(body(sql, url))
      const { connections, statements } = yield* tap.heard
      assert.strictEqual(connections, 0)
      return { result, statements }
    }).pipe(Effect.provide(App.layerWithMigrator({ url: tap.url, migratorUrl: url, migrations, options })))
  })

const nothing = ["BEGIN", "COMMIT"]

describe("inside a caller's transaction the library does not use the caller's connection for", () => {
  const operations: Readonly<Record<string, Effect.Effect<unknown, unknown, AutoMigration.AutoMigration>>> = {
    "migrate, which builds the ledger": AutoMigration.migrate,
    migrateTo: AutoMigration.migrateTo(["001_users"]),
    baseline: AutoMigration.baseline(["001_users"], { unchecked: true }),
    "status, plan and isApplied": Effect.all([
      AutoMigration.status,
      AutoMigration.plan,
      AutoMigration.isApplied("001_users")
    ]),
    "events, as a stream, and verify": Effect.all([Stream.runCollect(AutoMigration.events), AutoMigration.verify])
  }

  for (const [name, operation] of Object.entries(operations)) {
    it.scopedLive(name, () =>
      Effect.gen(function* () {
        const { statements } = yield* overheard({ migrations: users }, () => operation)
        deepStrictEqual(statements, nothing)
        const twice = yield* overheard({ migrations: users }, () =>
          Effect.zipRight(AutoMigration.migrate, Effect.zipRight(operation, operation))
        )
        deepStrictEqual(twice.statements, nothing)
      })
    )
  }

  it.scopedLive("a step outside transactions", () =>
    Effect.gen(function* () {
      const { result, statements } = yield* overheard(
        { migrations: { ...users, "003_index": "CREATE INDEX CONCURRENTLY users_name ON users (name);" } },
        () => AutoMigration.migrate
      )
      deepStrictEqual([result, statements], [["001_users", "002_users_email", "003_index"], nothing])
    })
  )

  it.scopedLive("a migration that fails, and its record", () =>
    Effect.gen(function* () {
      const { result, statements } = yield* overheard({ migrations: { "001_broken": "SELECT 1/0;" } }, () =>
        Effect.zipRight(failsWith("MigrationFailed", AutoMigration.migrate), kinds)
      )
      deepStrictEqual([result, statements], [["Failed 001_broken"], nothing])
    })
  )

  it.scopedLive("a migration that is interrupted, and the request to cancel it", () =>
    Effect.gen(function* () {
      const { result, statements } = yield* overheard(
        { migrations: { "001_slow": "SELECT pg_sleep(600);" } },
        (_, url) =>
          Effect.gen(function* () {
            const migrating = yield* Effect.fork(AutoMigration.migrate)
            yield* during(migrating, Pause.untilSleeping(url))
            yield* Fiber.interrupt(migrating)
            return yield* kinds
          })
      )
      deepStrictEqual([result, statements], [[], nothing])
    })
  )

  it.scopedLive("questions about a gap", () =>
    Effect.gen(function* () {
      const { statements } = yield* overheard({ migrations: users }, (sql) =>
        failsWith("TransactionMustRestart", sql.withTransaction(ask("SELECT name FROM users")))
      )
      deepStrictEqual(statements, [
        "BEGIN",
        "SAVEPOINT effect_sql_1",
        "SELECT name FROM users",
        "ROLLBACK TO SAVEPOINT effect_sql_1",
        "COMMIT"
      ])
    })
  )

  it.scopedLive("a migration that is an Effect, even one that uses the application's client", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const tap = yield* WireTap.make(url)
      yield* Effect.gen(function* () {
        const application = yield* SqlClient.SqlClient
        const loader = Migrator.fromRecord({
          "1_own": Effect.flatMap(SqlClient.SqlClient, (sql) =>
            Effect.asVoid(sql.withTransaction(sql`CREATE TABLE own (id integer)`))
          ),
          "2_captured": Effect.asVoid(application`CREATE TABLE captured (id integer)`)
        })
        const library = AutoMigration.layer.pipe(
          Layer.provide(MigrationClient.layer({ url: Redacted.make(url) })),
          Layer.provide(MigrationSource.fromEffectMigrator(loader, { provides: {} }))
        )
        yield* tap.reset
        yield* application.withTransaction(Effect.provide(Effect.zip(AutoMigration.migrate, appliedIds), library))
        deepStrictEqual((yield* tap.heard).statements, nothing)
        deepStrictEqual(yield* application`SELECT to_regclass('own')::text, to_regclass('captured')::text AS b`, [
          { to_regclass: "own", b: "captured" }
        ])
      }).pipe(Effect.provide(App.client({ url: tap.url })))
    })
  )
})
