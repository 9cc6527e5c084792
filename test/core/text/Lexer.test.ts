import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as fc from "fast-check"
import * as Lexer from "../../../src/core/text/Lexer.js"
import * as Identifier from "../../support/arbitraries/Identifier.js"
import * as Sql from "../../support/arbitraries/Sql.js"

/** Random text, and text made of the marks that the lexer looks for. */
const text = fc.oneof(
  fc.fullUnicodeString({ maxLength: 40 }),
  fc.array(fc.constantFrom(...Sql.marks), { maxLength: 20 }).map((pieces) => pieces.join(""))
)

const place = fc.integer({ min: -3, max: 60 })

describe("laws", () => {
  const readers = {
    identifierAt: Lexer.identifierAt,
    dottedAt: Lexer.dottedAt,
    literalAt: Lexer.literalAt
  }

  it.prop("A reader never throws, for any text and any offset", [text, place], ([sql, start]) => {
    for (const read of Object.values(readers)) assert.isTrue(["undefined", "object"].includes(typeof read(sql, start)))
    assert.isNumber(Lexer.skipBlank(sql, start))
    assert.isNumber(Lexer.skipToken(sql, start))
    assert.isNumber(Lexer.offsetOf(sql, start))
  })

  it.prop("A token ends after its start, and within the text", [text, fc.nat(60)], ([sql, at]) => {
    const start = Math.min(at, sql.length)
    for (const read of Object.values(readers)) {
      const cut = read(sql, start)
      if (cut !== undefined) assert.isTrue(cut.end > start && cut.end <= sql.length, JSON.stringify(cut))
    }
    const blank = Lexer.skipBlank(sql, start)
    assert.isTrue(blank >= start && blank <= sql.length)
    if (start < sql.length) {
      const token = Lexer.skipToken(sql, start)
      assert.isTrue(token > start && token <= sql.length)
    }
  })
})

describe("a position", () => {
  it.prop("counts characters and not UTF-16 code units", [fc.fullUnicodeString({ minLength: 1 })], ([sql]) => {
    const characters = [...sql]
    characters.forEach((character, i) => {
      const offset = Lexer.offsetOf(sql, i + 1)
      assert.strictEqual(sql.slice(offset, offset + character.length), character)
    })
    assert.strictEqual(Lexer.offsetOf(sql, characters.length + 1), -1)
  })
})

describe("a dotted name", () => {
  it.prop(
    "is read part by part out of any text",
    [fc.array(Identifier.spelling, { minLength: 1, maxLength: 4 })],
    ([parts]) => {
      const before = "SELECT 'é\u{1F600}' FROM "
      const sql = `${before}${parts.map(({ written }) => written).join(" /* . */ . ")} AS x`
      deepStrictEqual(
        Lexer.dottedAt(sql, before.length)?.value,
        parts.map(({ stored }) => stored)
      )
    }
  )

  it("ends before a dot that no name follows", () => {
    deepStrictEqual(Lexer.dottedAt("a.*", 0), { value: ["a"], end: 1 })
    deepStrictEqual(Lexer.dottedAt("a . b(1)", 0), { value: ["a", "b"], end: 5 })
    assert.strictEqual(Lexer.dottedAt("(a)", 0), undefined)
  })
})

describe("a string constant", () => {
  it.prop("is read in every quotation", [fc.string()], ([value]) => {
    const quoted = `'${value.replaceAll("'", "''")}'`
    deepStrictEqual(Lexer.literalAt(quoted, 0), { value, end: quoted.length })
    const dollars = `$é_1$${value}$é_1$`
    deepStrictEqual(Lexer.literalAt(dollars, 0), { value, end: dollars.length })
  })

  it("is skipped and not read when it has escapes", () => {
    assert.strictEqual(Lexer.literalAt("E'a\\'b'", 0), undefined)
    assert.strictEqual(Lexer.skipToken("e'a\\'b''c' x", 0), 10)
    deepStrictEqual(Lexer.literalAt("E'ab'", 0), { value: "ab", end: 5 })
  })

  it("is not a parameter, an unfinished text or a name", () => {
    for (const sql of ["$1", "'a", "$a$ b", "a", "$", ""]) assert.strictEqual(Lexer.literalAt(sql, 0), undefined)
  })
})

describe("a token", () => {
  it("reaches to the end of the text when it is not closed", () => {
    for (const text of ["E'a b", "'a b", "'a '' b", '"a b', "$$ a $", "$x$ a $$", "/* /* a */ b", "-- a b"]) {
      assert.strictEqual(Lexer.skipToken(text, 0), text.length, text)
    }
  })

  it("ends where the server's lexer ends it", () => {
    for (const text of ["/* a */", "-- a", "'a '' b'", "$x$ a $$ $x$", "a$b", "1e5", "$", "-"]) {
      assert.strictEqual(Lexer.skipToken(`${text}\n 1`, 0), text.length, text)
    }
    assert.strictEqual(Lexer.skipToken("$1", 0), 1)
  })
})

describe("a blank", () => {
  it("is white space and comments, which nest", () => {
    const sql = " \t\n-- a\n/* b /* c */ -- */x"
    assert.strictEqual(Lexer.skipBlank(sql, 0), sql.length - 1)
    assert.strictEqual(Lexer.skipBlank("/* a", 0), 4)
    assert.strictEqual(Lexer.skipBlank("-- a", 0), 4)
    assert.strictEqual(Lexer.skipBlank("-- a\r\nb", 0), 6)
    assert.strictEqual(Lexer.skipBlank("-- a\rb", 0), 5)
    assert.strictEqual(Lexer.skipBlank("- a", 0), 0)
  })
})
