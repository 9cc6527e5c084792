import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as fc from "fast-check"
import { locate, statementsOf } from "../../src/core/sql/ParsedSql.js"
import { scopeFrom } from "../../src/core/statement/StatementScope.js"
import * as SqlParser from "../../src/runtime/SqlParser.js"
import * as arb from "../support/arbitraries/Sql.js"
import { lastFootprint, parser } from "../support/history/Parsing.js"

const errorOf = (text: string) => Either.getOrThrow(Either.flip(parser.sql(text)))

describe("laws of ParsedSql", () => {
  it.prop(
    "Spans are in order, do not overlap, and each begins and ends with a character of its statement.",
    [arb.script],
    ([{ statements, text }]) => {
      const parsed = Either.getOrThrow(statementsOf(parser, text))
      deepStrictEqual(
        parsed.map(({ end, start }) => ({ start, text: text.slice(start, end) })),
        statements
      )
      deepStrictEqual(
        parsed.map(({ line }) => line),
        statements.map(({ start }) => text.slice(0, start).split("\n").length)
      )
    }
  )

  it.prop(
    "All offsets are UTF-16 code units: the grammar counts in bytes and code points, and neither leaves this module.",
    [arb.script],
    ([{ text }]) => {
      const prefix = `${text};\n`
      assert.strictEqual(errorOf(`${prefix}selec 1`).offset, prefix.length)
    }
  )

  it.prop(
    "`locate` answers for any offset, inside the text or not.",
    [fc.string({ unit: "binary" }), fc.oneof(fc.integer(), fc.double())],
    ([text, offset]) => {
      const { column, excerpt, line } = locate(text, offset)
      assert.isAtLeast(line, 1)
      assert.isAtLeast(column, 1)
      assert.strictEqual(excerpt.split("\n").length, 2)
    }
  )
})

describe("locate", () => {
  it("points at the character, counting characters as an editor does", () => {
    const text = 'SELECT 1;\nSELECT "😀é" frm;\r\nSELECT 2'
    deepStrictEqual(locate(text, text.indexOf("frm")), {
      line: 2,
      column: 13,
      excerpt: '2 | SELECT "😀é" frm;\n                ^'
    })
  })

  it("keeps tabs, so that the caret stands where the character is shown", () => {
    assert.strictEqual(locate("\tx y", 3).excerpt, "1 | \tx y\n    \t  ^")
  })
})

describe("SqlParser", () => {
  it("reads an empty text and one of comments as no statement", () => {
    for (const text of ["", " \n", "-- nothing", "/* nothing */;;"]) {
      deepStrictEqual(Either.getOrThrow(statementsOf(parser, text)), [])
    }
  })

  it("says in the grammar's words why a text is not SQL", () => {
    assert.strictEqual(errorOf("SELECT 1 +").reason, "syntax error at end of input")
    assert.strictEqual(errorOf("SELECT 'x").reason, `unterminated quoted string at or near "'x"`)
  })

  it("refuses a NUL, because the grammar would ignore the text after it", () => {
    deepStrictEqual(errorOf("SELECT 1; \0 DROP TABLE users"), {
      reason: "a NUL character cannot be part of SQL",
      offset: 10
    })
  })

  it("survives statements nested deeper than its stack, and goes on working", () => {
    assert.include(errorOf(`SELECT ${"(".repeat(20_000)}1${")".repeat(20_000)}`).reason, "memory exhausted")
    assert.include(errorOf(`SELECT 1${"+1".repeat(100_000)}`).reason, "nested too deeply")
    assert.isTrue(Either.isRight(parser.sql("SELECT 1")))
  })

  it("gives no tree that its readers have no stack for", () => {
    const deep = [`SELECT ${"1+".repeat(4500)}1`, `SELECT ${"(SELECT ".repeat(1000)}1${")".repeat(1000)}`]
    for (const text of [...deep, `SELECT ${"-+".repeat(1500)} 1`]) assert.include(errorOf(text).reason, "too deeply")
    const most = [`SELECT ${"1+".repeat(900)}1`, `SELECT ${"(SELECT ".repeat(250)}1${")".repeat(250)}`]
    for (const text of most) {
      assert.isTrue(Option.isSome(scopeFrom(parser, text)))
      assert.strictEqual(lastFootprint(`CREATE VIEW v AS ${text}`).statements.length, 1)
    }
  })

  it("reads bodies of PL/pgSQL, and says why it does not understand one", () => {
    assert.isTrue(Either.isRight(parser.plpgsql("DO $$ BEGIN PERFORM 1; END $$")))
    const wrong = parser.plpgsql("CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN; $$")
    deepStrictEqual(Either.flip(wrong), Either.right({ reason: 'syntax error at or near ";"', offset: 0 }))
  })

  it.effect("loads the grammar once", () =>
    Effect.gen(function* () {
      const twice = yield* Effect.all([SqlParser.SqlParser, SqlParser.SqlParser]).pipe(Effect.provide(SqlParser.layer))
      assert.strictEqual(twice[0], twice[1])
    })
  )
})
