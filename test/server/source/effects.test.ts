/**
 * Tests migrations that are Effects and do things that a SQL file could not do unnoticed.
 */
import * as Migrator from "@effect/sql/Migrator"
import * as SqlClient from "@effect/sql/SqlClient"
import * as SqlStatement from "@effect/sql/Statement"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { AutoMigration, AutoMigrationConfig, AutoMigrationLive, MigrationSource, Policy } from "effect-auto-migration"
import * as App from "../../support/program/App.js"
import { appliedIds, ask, failsWith, kinds } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"

type Migration = (sql: SqlClient.SqlClient) => Effect.Effect<unknown, unknown>

const program = (url: string, cats: Migration) =>
  AutoMigrationLive.pipe(
    Layer.provide(
      MigrationSource.fromEffectMigrator(Migrator.fromRecord({ "1_cats": Effect.flatMap(SqlClient.SqlClient, cats) }), {
        provides: { "1_cats": ["table cats"] }
      })
    ),
    Layer.provide(
      AutoMigrationConfig.layer({
        policy: Policy.always,
        breaker: { first: Duration.hours(1), cap: Duration.hours(1) }
      })
    ),
    Layer.provideMerge(App.client({ url }))
  )

const cats = "SELECT id FROM cats"

const isThere = (url: string) => Database.query(url, "SELECT to_regclass('cats')::text AS cats")

/** Checks that an attempt fails, is recorded as failed and opens a window. Returns the error. */
const isAtFault = (url: string, migration: Migration) =>
  Effect.gen(function* () {
    const error = yield* failsWith("MigrationFailed", ask(cats))
    assert.isAbove(error.retryAt, 0)
    deepStrictEqual(yield* kinds, ["Failed 1_cats"])
    deepStrictEqual(yield* appliedIds, [])
    return error
  }).pipe(Effect.provide(program(url, migration)))

describe("a migration that is an Effect", () => {
  it.scopedLive(
    "and catches the error of a statement fails, is told that the catch does not undo the error, and leaves no trace",
    () =>
      Effect.gen(function* () {
        const url = yield* Server.freshDatabase
        const error = yield* isAtFault(url, (sql) =>
          Effect.zipRight(sql`CREATE TABLE cats (id integer)`, Effect.ignore(sql`SELECT nothing FROM nowhere`))
        )
        assert.match(error.message, /error was caught.*withTransaction.* .*nothing of it remains/)
        deepStrictEqual(yield* isThere(url), [{ cats: null }])
      })
  )

  it.scopedLive("may catch an error around a transaction of its own, which is a savepoint", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const rows = ask(cats).pipe(
        Effect.provide(
          program(url, (sql) =>
            Effect.zipRight(
              Effect.ignore(sql.withTransaction(sql`SELECT nothing FROM nowhere`)),
              sql`CREATE TABLE cats (id integer)`
            )
          )
        )
      )
      deepStrictEqual(yield* rows, [])
    })
  )

  it.scopedLive("and sends a COPY that waits for rows fails, and the connection is still there", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const error = yield* isAtFault(url, (sql) =>
        Effect.zipRight(sql`CREATE TABLE cats (id integer)`, sql.unsafe("COPY cats FROM STDIN"))
      )
      assert.strictEqual(error.sqlState, "57014")
      deepStrictEqual(yield* isThere(url), [{ cats: null }])
    })
  )

  for (const [end, cats] of [
    ["ROLLBACK", null],
    ["COMMIT", "cats"]
  ] as const) {
    it.scopedLive(`and ends its surrounding transaction by ${end} is not recorded as applied`, () =>
      Effect.gen(function* () {
        const url = yield* Server.freshDatabase
        const error = yield* isAtFault(url, (sql) =>
          Effect.zipRight(sql`CREATE TABLE cats (id integer)`, sql.unsafe(end))
        )
        assert.match(error.message, /ended the transaction.* .*committed stays/)
        deepStrictEqual(yield* isThere(url), [{ cats }])
      })
    )
  }

  it.scopedLive("sends its own statements unchanged, even if the query that needs it transforms its statements", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const seen: Array<string> = []
      yield* SqlStatement.withTransformer(ask(cats), (statement) =>
        Effect.sync(() => {
          seen.push(statement.compile()[0])
          return statement
        })
      ).pipe(Effect.provide(program(url, (sql) => sql`CREATE TABLE cats (id integer)`)))
      deepStrictEqual(seen, [cats, cats])
    })
  )
})

describe("an operator's migrate of an Effect that ended its transaction", () => {
  it.scopedLive("fails each time, until the file is corrected", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      yield* Effect.gen(function* () {
        yield* failsWith("MigrationFailed", AutoMigration.migrate)
        yield* failsWith("MigrationFailed", AutoMigration.migrate)
      }).pipe(
        Effect.provide(
          program(url, (sql) => Effect.zipRight(sql`CREATE TABLE cats (id integer)`, sql.unsafe("ROLLBACK")))
        )
      )
      yield* AutoMigration.migrate.pipe(
        Effect.provide(Layer.fresh(program(url, (sql) => sql`CREATE TABLE cats (id integer)`)))
      )
      deepStrictEqual(yield* isThere(url), [{ cats: "cats" }])
    })
  )
})
