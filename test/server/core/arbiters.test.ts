/** Whether a partial index is an arbiter for `ON CONFLICT … WHERE`: the server's answer, for each pair of conditions. */
import { SqlClient } from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Arbiter from "../../../src/core/model/Arbiter.js"
import * as SchemaObject from "../../../src/core/model/SchemaObject.js"
import { footprints } from "../../support/history/Parsing.js"
import * as Server from "../../support/server/Server.js"

const table = "CREATE TABLE t (a integer, x boolean, n integer, s text, v varchar(9), e e)"

const forms = [
  ["x", "x = true", "NOT NOT x", "x <> false"],
  ["NOT x", "x = false"],
  ["n > 5", "5 < n", "NOT n <= 5"],
  ["n BETWEEN 1 AND 3", "n >= 1 AND n <= 3", "3 >= n AND NOT n < 1"],
  ["s = 'a'", "'a' = s", "s = 'a'::text", "s IN ('a')", "s = ANY (ARRAY['a'])"],
  ["s IN ('a', 'b')", "s = ANY (ARRAY['b', 'a'])", "s IN ('b', 'a', 'b')"],
  ["s NOT IN ('a', 'b')", "s <> 'a' AND s <> 'b'", "NOT s IN ('b', 'a')"],
  ["v = 'a'", "(v)::text = 'a'::text"],
  ["v IN ('a', 'b')", "(v)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])"],
  ["s IS NOT NULL", "NOT s IS NULL", "NOT (s IS NULL OR s IS NULL)"],
  ["e = 'q'", "e = 'q'::e"],
  ["n = 1"],
  ["n IN (1, 2, 3)"],
  ["n IS NOT NULL"],
  ["x IS NOT NULL"],
  ["v IS NULL"],
  ["lower(s) = 'a'"],
  ["n = 1 OR x"]
]

const conditions = forms.flat()

const arbiterOf = (condition: string): Arbiter.Arbiter => {
  const [, last] = footprints(
    `CREATE TYPE e AS ENUM ('q'); ${table}`,
    `CREATE UNIQUE INDEX ON t (a) WHERE ${condition}`
  )
  const found = last?.provides.find((object) => object._tag === "ConflictTarget")
  return found?._tag === "ConflictTarget" ? found : assert.fail(condition)
}

describe("a partial index", () => {
  it.scopedLive(
    "is an arbiter for a condition only where the server takes it, and for each form of its own condition",
    () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient
        yield* sql.unsafe(`CREATE TYPE e AS ENUM ('q'); ${table}`)
        const arbiters = new Map(conditions.map((condition) => [condition, arbiterOf(condition)]))
        const wrong: Array<string> = []
        const missed: Array<string> = []
        for (const offered of conditions) {
          yield* sql.unsafe(`DROP INDEX IF EXISTS i; CREATE UNIQUE INDEX i ON t (a) WHERE ${offered}`)
          for (const asked of conditions) {
            const upsert = `EXPLAIN INSERT INTO t VALUES (1) ON CONFLICT (a) WHERE ${asked} DO NOTHING`
            const isTaken = Either.isRight(yield* Effect.either(sql.unsafe(upsert)))
            const [index, target] = [arbiters.get(offered), arbiters.get(asked)]
            const isFound = index !== undefined && target !== undefined && Arbiter.isArbiterFor(index, target)
            if (isFound && !isTaken) wrong.push(`${offered} for ${asked}`)
            if (isTaken && !isFound) missed.push(`${offered} for ${asked}`)
          }
        }
        deepStrictEqual(wrong, [])
        const isOwnForm = (pair: string) =>
          forms.some((same) => same.some((one) => same.some((other) => pair === `${one} for ${other}`)))
        deepStrictEqual(missed.filter(isOwnForm), [])
        // What the server works out from numbers, from `OR` and from functions that are strict.
        deepStrictEqual(
          missed.filter((pair) => !/^(?:n BETWEEN|n >= 1|3 >= n|n = 1 OR x)|for lower/.test(pair)),
          []
        )
      }).pipe(Effect.provide(Server.layer))
  )

  it("keeps its condition in one form", () => {
    const render = (condition: string) => Arbiter.render(arbiterOf(condition), SchemaObject.quote)
    deepStrictEqual(render("NOT (5 >= n OR s IS NULL)"), ` over ("a") where "s" is not null and ("n" > 5)`)
  })
})
