/**
 * A migration in the words of a newer PostgreSQL: applied where the server knows them, and a typed error where it does not.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { Policy } from "effect-auto-migration"
import * as Database from "../support/Database.js"
import { appliedIds, ask, failsWith, inProgram, kinds } from "../support/Situation.js"

/** Every query below needs the first as well. */
const base = "CREATE TABLE known (id integer PRIMARY KEY, n integer); INSERT INTO known VALUES (1, 2);"

/** `since` is the first major version of PostgreSQL that knows the statement; those before answer with the SQLSTATE. */
const words = [
  {
    about: "UNIQUE NULLS NOT DISTINCT",
    since: 15,
    before: "42601",
    statement: "ALTER TABLE known ADD COLUMN m integer; CREATE UNIQUE INDEX only_one ON known (m) NULLS NOT DISTINCT",
    query: "SELECT m AS answer FROM known",
    answer: null
  },
  {
    about: "MERGE",
    since: 15,
    before: "42601",
    statement: `ALTER TABLE known ADD COLUMN m integer;
      MERGE INTO known USING (SELECT 1 AS id) AS x ON known.id = x.id WHEN MATCHED THEN UPDATE SET m = n * 2`,
    query: "SELECT m AS answer FROM known",
    answer: 4
  },
  {
    about: "a statistics object without a name",
    since: 16,
    before: "42601",
    statement: "ALTER TABLE known ADD COLUMN m integer; CREATE STATISTICS ON n, m FROM known",
    query: "SELECT m AS answer FROM known",
    answer: null
  },
  {
    about: "MERGE with RETURNING",
    since: 17,
    before: "42601",
    statement: `ALTER TABLE known ADD COLUMN m integer;
      WITH merged AS (
        MERGE INTO known USING (SELECT 1 AS id) AS x ON known.id = x.id WHEN MATCHED THEN UPDATE SET n = 8 RETURNING n
      ) SELECT n FROM merged`,
    query: "SELECT m AS answer FROM known",
    answer: null
  },
  {
    about: "a virtual generated column",
    since: 18,
    before: "42601",
    statement: "ALTER TABLE known ADD COLUMN m integer GENERATED ALWAYS AS (n * 2) VIRTUAL",
    query: "SELECT m AS answer FROM known",
    answer: 4
  },
  {
    about: "a NOT NULL constraint that is not validated",
    since: 18,
    before: "42601",
    statement: "ALTER TABLE known ADD COLUMN m integer; ALTER TABLE known ADD CONSTRAINT full_n NOT NULL n NOT VALID",
    query: "SELECT m AS answer FROM known",
    answer: null
  }
] as const

describe("a migration in the words of a newer server", () => {
  for (const { about, answer, before, query, since, statement } of words) {
    it.scopedLive(`${about} is healed from PostgreSQL ${since} on, and MigrationFailed with ${before} before`, () =>
      inProgram(
        { migrations: { "001_known": base, "002_new": statement }, options: { policy: Policy.always } },
        (url) =>
          Effect.gen(function* () {
            const [row] = yield* Database.query(url, "SELECT current_setting('server_version_num')::int / 10000 AS v")
            if (Number(row?.["v"]) >= since) {
              deepStrictEqual(yield* ask(query), [{ answer }])
              return deepStrictEqual(yield* appliedIds, ["001_known", "002_new"])
            }
            const error = yield* failsWith("MigrationFailed", ask(query))
            assert.include(error.message, before)
            deepStrictEqual(yield* appliedIds, ["001_known"])
            deepStrictEqual(yield* kinds, ["Applied 001_known", "Failed 002_new"])
            deepStrictEqual(
              yield* Database.query(url, "SELECT FROM information_schema.columns WHERE column_name = 'm'"),
              []
            )
          })
      )
    )
  }

  it.scopedLive("the name of a NOT NULL constraint is no promise: before PostgreSQL 18 nothing has it", () =>
    inProgram({ migrations: { "001_named": "CREATE TABLE named (id integer CONSTRAINT filled NOT NULL)" } }, () =>
      Effect.map(ask("SELECT id FROM named"), (rows) => deepStrictEqual(rows, []))
    )
  )
})
