import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { appliedIds, ask, failsWith, inProgram, kinds, users } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"

describe("a migration that fails", () => {
  const broken = {
    ...users,
    "003_broken": "CREATE TABLE audit (id integer);\n\nINSERT INTO audit\n  VALUES (1/0);"
  }

  it.scopedLive(
    "is rolled back, recorded, and named with file, line, column, statement, SQLSTATE and the query's error",
    () =>
      inProgram({ migrations: broken }, (url) =>
        Effect.gen(function* () {
          const error = yield* failsWith("MigrationFailed", ask("SELECT id FROM audit"))
          deepStrictEqual(
            [error.migrationId, error.file, error.line, error.statement, error.sqlState],
            ["003_broken", "record:003_broken", 3, "INSERT INTO audit VALUES (1/0)", "22012"]
          )
          deepStrictEqual(
            [error.cause, error.query?.error].map((of) => Reflect.get(Object(of), "_tag")),
            ["SqlError", "SqlError"]
          )
          deepStrictEqual(
            [error.cause, error.query?.error].map((of) =>
              Reflect.get(Object(Reflect.get(Object(of), "cause")), "code")
            ),
            ["22012", "42P01"]
          )
          deepStrictEqual([error.query?.statement, error.query?.position], ["SELECT id FROM audit", 16])
          deepStrictEqual(yield* Database.query(url, "SELECT to_regclass('audit') AS found"), [{ found: null }])
          deepStrictEqual(yield* kinds, ["Failed 003_broken"])
        })
      )
  )

  it.scopedLive("names the line and column of the server's error in the whole file", () =>
    inProgram(
      {
        migrations: {
          "001_typo": "CREATE TABLE fine (id integer);\n-- ünïcödé\nALTER TABLE fine ADD COLUMN n nosuchtype;"
        }
      },
      () =>
        Effect.gen(function* () {
          const error = yield* failsWith("MigrationFailed", ask("SELECT n FROM fine"))
          deepStrictEqual([error.line, error.column, error.sqlState], [3, 31, "42704"])
          deepStrictEqual(
            [error.statement.slice((error.position ?? 0) - 1), error.statement],
            ["nosuchtype", "ALTER TABLE fine ADD COLUMN n nosuchtype"]
          )
        })
    )
  )

  it.scopedLive(
    "opens the breaker: until its window ends no query tries again, and each fails at once with its own error",
    () =>
      inProgram(
        { migrations: broken, options: { breaker: { first: Duration.minutes(1), cap: Duration.minutes(1) } } },
        () =>
          Effect.gen(function* () {
            const first = yield* failsWith("MigrationFailed", ask("SELECT id FROM audit"))
            const rest = yield* Effect.replicateEffect(
              failsWith("MigrationFailed", ask("SELECT id FROM audit")),
              20
            ).pipe(Effect.withConcurrency("unbounded"))
            assert.isTrue(
              rest.every((error) => error.retryAt === first.retryAt && error.query?.error !== first.query?.error)
            )
            deepStrictEqual(yield* kinds, ["Failed 003_broken"])
          })
      )
  )

  it.scopedLive("is tried again when its window has ended", () =>
    inProgram(
      { migrations: broken, options: { breaker: { first: Duration.millis(10), cap: Duration.millis(10) } } },
      () =>
        Effect.gen(function* () {
          yield* failsWith("MigrationFailed", ask("SELECT id FROM audit"))
          yield* Effect.sleep("30 millis")
          yield* failsWith("MigrationFailed", ask("SELECT id FROM audit"))
          deepStrictEqual(yield* kinds, ["Failed 003_broken", "Failed 003_broken"])
        })
    )
  )

  it.scopedLive("at COMMIT, by a deferred constraint, is a typed error as well", () =>
    inProgram(
      {
        migrations: {
          "001_deferred": `CREATE TABLE parent (id integer PRIMARY KEY);
            CREATE TABLE child (id integer REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED);
            INSERT INTO child VALUES (1);`
        }
      },
      () =>
        Effect.gen(function* () {
          const error = yield* failsWith("MigrationFailed", ask("SELECT id FROM child"))
          assert.strictEqual(error.sqlState, "23503")
          deepStrictEqual(yield* appliedIds, [])
        })
    )
  )
})
