import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as fc from "fast-check"
import * as Redaction from "../../../src/core/text/Redaction.js"

/** A literal with letters that occur nowhere else. */
const literal = fc
  .tuple(
    fc.stringOf(fc.constantFrom("q", "Q", "9", " ", '"', "--", "/*", "\\\\", "''", "$"), { minLength: 1 }),
    fc.constantFrom(
      (text: string) => `'${text}'`,
      (text: string) => `E'${text}'`,
      (text: string) => `U&'${text}'`,
      (text: string) => `$b$${text}$b$`,
      (text: string) => `-- ${text}\n`
    )
  )
  .map(([text, quoted]) => quoted(text))

const keyword = fc.constantFrom("SELECT", " ", "(", ",", "x", '"a b"', "=", "::text", "$1", "12")

describe("laws", () => {
  it.prop(
    "1. A string constant, a body in dollar quotes and a number of more than three digits leave no character of their content.",
    [fc.array(fc.oneof(keyword, literal), { maxLength: 8 }), fc.nat({ max: 1e9 })],
    ([parts, number]) => {
      const text = [...parts, String(number + 1000)].join(" ")
      const shown = Redaction.withoutLiterals(text)
      assert.notMatch(shown, /[qQ9]/)
      assert.notMatch(shown, /\d{4}/)
      assert.isTrue(shown.endsWith("…"))
    }
  )

  it("2. Comments are left out, since they may hold anything.", () => {
    assert.strictEqual(Redaction.withoutLiterals("SELECT/* a /* b */ c */1 -- d"), "SELECT 1  ")
  })

  it("3. Keywords, names, operators and parameters stay as they are.", () => {
    const text = 'ALTER TABLE "a ""b".c ADD d numeric(10, 2), ADD v1 int4; SELECT $1::text || é'
    assert.strictEqual(Redaction.withoutLiterals(text), text)
  })
})

it("a part of a text shows no half of a literal that begins before it or ends behind it", () => {
  const text = "SELECT 'one\ntwo\nthree', x\nFROM t"
  deepStrictEqual(Redaction.between(text, 12, 15), "'…'")
  deepStrictEqual(Redaction.between(text, 16, 25), "'…', x")
})

describe("a number", () => {
  for (const number of ["1234", "12.34", "1_234", "0xff", "1e9", "12345678901234567890"]) {
    it(`such as ${number} is withheld`, () => {
      assert.strictEqual(Redaction.withoutLiterals(`VALUES (${number})`), "VALUES (…)")
    })
  }
})
