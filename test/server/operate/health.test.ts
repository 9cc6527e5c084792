/** What a readiness probe learns, and what it costs. */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { AutoMigration } from "effect-auto-migration"
import * as App from "../../support/program/App.js"
import { ask, failsWith, inProgram, inTappedProgram, users } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"

const broken = { ...users, "003_broken": "ALTER TABLE users ADD COLUMN broken int; SELECT 1/0;" }

const anHour = { breaker: { first: Duration.hours(1), cap: Duration.hours(1) } }

const elsewhere = (url: string, migrations: Readonly<Record<string, string>>) =>
  AutoMigration.migrate.pipe(Effect.provide(App.layer({ url, migrations })))

const told = Effect.map(AutoMigration.health, ({ failing, pending, state }) => ({
  state,
  pending: pending.map(String),
  failing: failing.map(({ error, failures, migrationId }) => `${migrationId} ${error} ${failures}`)
}))

const both = Object.keys(users)

describe("the health of a program", () => {
  it.scopedLive("is behind and then ready, at one message for each look, with or without a ledger", () =>
    inTappedProgram({ migrations: users }, (url, tap) =>
      Effect.gen(function* () {
        const look = Effect.gen(function* () {
          yield* tap.reset
          const found = yield* told
          // The end of the answer to a failing message may come after its error.
          return { ...found, messages: (yield* tap.heard).statements.length }
        })
        yield* AutoMigration.health
        deepStrictEqual(yield* look, { state: "behind", pending: both, failing: [], messages: 1 })
        yield* elsewhere(url, { "001_users": users["001_users"] })
        deepStrictEqual(yield* look, { state: "behind", pending: ["002_users_email"], failing: [], messages: 1 })
        yield* elsewhere(url, users)
        deepStrictEqual(yield* look, { state: "ready", pending: [], failing: [], messages: 1 })
        yield* Database.query(url, "DROP SCHEMA auto_migration CASCADE")
        deepStrictEqual(yield* look, { state: "behind", pending: both, failing: [], messages: 1 })
      })
    )
  )

  it.scopedLive("does not take the applied set of one ledger for that of another which stands in its place", () =>
    inTappedProgram({ migrations: users }, (url, tap) =>
      Effect.gen(function* () {
        yield* elsewhere(url, users)
        deepStrictEqual((yield* told).state, "ready")
        yield* Database.query(url, "DROP SCHEMA auto_migration CASCADE; DROP TABLE users")
        yield* elsewhere(url, { "000_others": "SELECT 1;", "001_users": users["001_users"] })
        yield* tap.reset
        deepStrictEqual(yield* told, { state: "behind", pending: ["002_users_email"], failing: [] })
        strictEqual((yield* tap.heard).statements.length, 1)
      })
    )
  )

  it.scopedLive("names the migrations that have failed until another process has applied them", () =>
    inProgram({ migrations: broken, options: anHour }, (url) =>
      Effect.gen(function* () {
        yield* failsWith("MigrationFailed", ask("SELECT broken FROM users"))
        const { failing, problem } = yield* AutoMigration.health
        assert.isFalse(Number.isNaN(Date.parse(failing[0]?.retryAt ?? "")))
        deepStrictEqual(problem, Option.none())
        const found = yield* told
        strictEqual(found.state, "failing")
        deepStrictEqual(found.failing, ["003_broken MigrationFailed 1"])
        yield* AutoMigration.baselineAll({ unchecked: true }).pipe(
          Effect.provide(App.layer({ url, migrations: broken }))
        )
        deepStrictEqual(yield* told, { state: "ready", pending: [], failing: [] })
      })
    )
  )

  it.scopedLive("is unreachable where no server answers, with the error and no failure", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const nowhere = new URL(url)
      nowhere.port = "1"
      const { pending, problem, state } = yield* Effect.provide(
        AutoMigration.health,
        App.layerWithMigrator({ url, migratorUrl: nowhere.href, migrations: users })
      )
      deepStrictEqual([state, pending], ["unreachable", []])
      strictEqual(Option.getOrThrow(problem)._tag, "DatabaseUnavailable")
    })
  )

  it.scopedLive("is unreachable where the ledger is another role's work, which is not read", () =>
    inProgram(
      { migrations: users, before: ["CREATE SCHEMA auto_migration", "CREATE TABLE auto_migration.event (id integer)"] },
      () =>
        Effect.gen(function* () {
          const { problem, state } = yield* AutoMigration.health
          deepStrictEqual([state, Option.getOrThrow(problem)._tag], ["unreachable", "LedgerUnusable"])
        })
    )
  )
})
