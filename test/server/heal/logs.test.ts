/**
 * What an operator reads in the log of a program: a line for each heal, with facts and without texts.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import { AutoMigration, Policy } from "effect-auto-migration"
import {
  ask,
  failsWith,
  holding,
  inProgram,
  inStoppedProgram,
  patient,
  users,
  waitsInVain
} from "../../support/program/Situation.js"

interface Line {
  readonly level: string
  readonly message: string
  readonly facts: Readonly<Record<string, unknown>>
}

/** Runs an effect with a log, and gives its lines of at least a level. */
const linesOf = <A, E, R>(self: Effect.Effect<A, E, R>, level = LogLevel.Info) =>
  Effect.gen(function* () {
    const lines: Array<Line> = []
    const logger = Logger.make(({ annotations, cause, logLevel, message }) => {
      const text = Cause.isEmpty(cause) ? String(message) : `${message} with a cause`
      lines.push({ level: logLevel.label, message: text, facts: Object.fromEntries(annotations) })
    })
    yield* self.pipe(Effect.provide(Logger.replace(Logger.defaultLogger, logger)), Logger.withMinimumLogLevel(level))
    return lines
  })

const summary = ({ level, message }: Line): string => `${level} ${message}`

const facts = (line: Line | undefined): Line["facts"] => {
  const { "auto_migration.milliseconds": milliseconds, ...rest } = line?.facts ?? {}
  strictEqual(Number.isInteger(milliseconds), true)
  return rest
}

describe("the log of a heal", () => {
  it.scopedLive("is one line with the gap, the migrations, the time and the SQLSTATE", () =>
    Effect.gen(function* () {
      const twice = Effect.all([ask("SELECT email FROM users"), ask("SELECT email FROM users")], { concurrency: 2 })
      const lines = yield* linesOf(inProgram({ migrations: users }, () => twice))
      deepStrictEqual(lines.map(summary), ["INFO Closed a gap in the schema"])
      deepStrictEqual(facts(lines[0]), {
        "auto_migration.gap": "relation users",
        "auto_migration.migrations": "001_users, 002_users_email",
        "auto_migration.trigger": "42P01"
      })
    })
  )

  for (const [what, error, migration, options] of [
    ["the policy refuses", "MigrationRefused", "CREATE TABLE users (id integer);", { policy: Policy.never }],
    ["the mode observes", "MigrationPending", "CREATE TABLE users (id integer);", { mode: "observe" }],
    ["a migration fails", "MigrationFailed", "CREATE TABLE users (id integer); SELECT 1 / 0;", {}]
  ] as const) {
    it.scopedLive(`is a warning where ${what}`, () =>
      Effect.gen(function* () {
        const lines = yield* linesOf(
          inProgram({ migrations: { "001_users": migration }, options }, () =>
            failsWith(error, ask("SELECT id FROM users"))
          )
        )
        deepStrictEqual(lines.map(summary), ["WARN Did not close a gap in the schema"])
        const { "auto_migration.retry_at": retryAt, ...rest } = facts(lines[0])
        strictEqual(Number.isNaN(Date.parse(String(retryAt))), error !== "MigrationFailed")
        deepStrictEqual(rest, {
          "auto_migration.error": error,
          "auto_migration.gap": "relation users",
          "auto_migration.migrations": "001_users",
          "auto_migration.trigger": "42P01"
        })
      })
    )
  }

  it.scopedLive("says at the level of debugging that a heal waits", () =>
    Effect.gen(function* () {
      const lines = yield* linesOf(
        inStoppedProgram(
          { migrations: users, options: { ...patient, lockTimeout: Duration.millis(100) } },
          (url, clock) =>
            Effect.gen(function* () {
              yield* AutoMigration.migrateTo(["001_users"])
              yield* holding(url, "LOCK TABLE users IN ACCESS SHARE MODE")
              yield* waitsInVain(clock, ask("SELECT email FROM users"))
            })
        ),
        LogLevel.Debug
      )
      assert.includeDeepMembers(lines, [
        { level: "DEBUG", message: "Waits for a lock", facts: { "auto_migration.lock": "table-lock" } }
      ])
    })
  )
})
