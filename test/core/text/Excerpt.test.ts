import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as fc from "fast-check"
import * as Excerpt from "../../../src/core/text/Excerpt.js"

const at = (text: string, name: string, read: Excerpt.Reader = Excerpt.asItIs) =>
  Excerpt.around(text, text.indexOf(name), read)

describe("an excerpt", () => {
  it("is one line, and keeps the place of the error", () =>
    deepStrictEqual(at("  SELECT id,\n\t  email\n  FROM users", "email"), {
      statement: "SELECT id, email FROM users",
      position: 12
    }))

  it("without literals shows no value, and counts the place without them", () =>
    deepStrictEqual(at("SELECT 'secret', email FROM users", "email", Excerpt.withoutLiterals), {
      statement: "SELECT '…', email FROM users",
      position: 13
    }))

  it("of a long statement is the part around the place", () => {
    const { position, statement } = at(`SELECT ${"a, ".repeat(300)}email ${", b".repeat(300)}`, "email")
    strictEqual([...statement].length, 200)
    assert.isTrue(statement.startsWith("…") && statement.endsWith("…"))
    strictEqual([...statement].slice((position ?? 0) - 1, (position ?? 0) + 4).join(""), "email")
  })

  it("without a place is the start of the statement", () =>
    deepStrictEqual(Excerpt.around("SELECT 1", undefined, Excerpt.asItIs), { statement: "SELECT 1", position: null }))

  it.prop("has at most 200 characters", [fc.string({ maxLength: 2000 }), fc.nat(2500)], ([text, offset]) =>
    assert.isAtMost([...Excerpt.around(text, offset, Excerpt.asItIs).statement].length, 200)
  )
})
