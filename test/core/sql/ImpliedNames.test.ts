import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Either from "effect/Either"
import * as fc from "fast-check"
import { choose, columnsPart, indexColumnNames, join } from "../../../src/core/sql/ImpliedNames.js"
import { truncate } from "../../../src/core/text/Lexer.js"
import { parser } from "../../support/history/Parsing.js"

const bytes = (text: string) => new TextEncoder().encode(text).length

const word = fc.string({ unit: fc.constantFrom("a", "b", "é", "名", "😀"), minLength: 1, maxLength: 40 })
const label = fc.constantFrom("pkey", "key", "idx", "seq", "fkey", "check", "not_null", "idx12")

describe("laws", () => {
  it.prop("No name is longer than 63 bytes, and none is cut inside a character.", [word, word, label], ([a, b, c]) => {
    for (const name of [join(a, b, c), join(a, undefined, c), truncate(a.repeat(3))]) {
      assert.isAtMost(bytes(name), 63)
      assert.strictEqual(new TextDecoder().decode(new TextEncoder().encode(name)), name)
    }
  })

  it.prop(
    "`choose` never gives a name that is taken, and gives the plain name when it is free.",
    [word, word, label, fc.nat(12)],
    ([a, b, c, count]) => {
      const taken = new Set<string>()
      for (let i = 0; i <= count; i++) {
        const name = choose(a, b, c, (candidate) => taken.has(candidate))
        assert.isFalse(taken.has(name))
        if (i === 0) assert.strictEqual(name, join(a, b, c))
        taken.add(name)
      }
    }
  )

  it.prop("A name that fits is its parts joined by underscores.", [word, word, label], ([a, b, c]) => {
    const whole = `${a}_${b}_${c}`
    fc.pre(bytes(whole) <= 63)
    assert.strictEqual(join(a, b, c), whole)
  })
})

describe("columnsPart", () => {
  it("stops at 64 bytes", () => {
    assert.strictEqual(columnsPart(["a", "b"]), "a_b")
    assert.strictEqual(columnsPart(["x".repeat(63), "y", "z"]), `${"x".repeat(63)}_y`)
  })
})

describe("indexColumnNames", () => {
  const names = (elements: string) => {
    const [statement] = Either.getOrThrow(parser.sql(`CREATE INDEX ON t (${elements})`)).stmts ?? []
    return statement?.stmt !== undefined && "IndexStmt" in statement.stmt
      ? indexColumnNames(statement.stmt.IndexStmt.indexParams ?? [])
      : []
  }

  it("names an expression after its outermost function, and numbers a repeated name", () =>
    deepStrictEqual(
      names(
        "a, lower(b), lower(c), (a + 1), (a + 2), (b::text), (c ->> 'x'), (COALESCE(a, 1)), (NULLIF(a, 1)), (GREATEST(a, 1)), " +
          "(LEAST(a, 1)), (CASE WHEN a > 1 THEN 1 END), (CASE WHEN a > 1 THEN 1 ELSE b END), (ARRAY[a]), (ROW(a, b)), ((x).y), " +
          '(b COLLATE "C"), (CURRENT_DATE), (upper(b)::varchar), (1::int), ((a[1]))'
      ),
      [
        "a",
        "lower",
        "lower1",
        "expr",
        "expr1",
        "b",
        "expr2",
        "coalesce",
        "nullif",
        "greatest",
        "least",
        "case",
        "b1",
        "array",
        "row",
        "y",
        "b2",
        "current_date",
        "upper",
        "int4",
        "a1"
      ]
    ))
})
