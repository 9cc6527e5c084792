import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as fc from "fast-check"
import * as Columns from "../../../src/core/text/Columns.js"

const text = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.string({ unit: fc.constantFrom("a", "é", "e\u0301", "名", "😀", " ", "ש"), maxLength: 60 })
)
const room = fc.integer({ min: 2, max: 80 })

describe("laws", () => {
  it.prop("1. a cut text and each line of a wrapped one fit", [text, room], ([text, room]) => {
    const cuts = [Columns.cut(text, room), Columns.cutFront(text, room), Columns.around(text, 3, room).text]
    for (const line of [...cuts, ...Columns.wrapped(text, room)]) assert.isAtMost(Columns.columns(line), room)
  })

  it.prop("2. a text that fits is not cut", [text], ([text]) => {
    const room = Columns.columns(text) + 2
    deepStrictEqual(
      [Columns.cut(text, room), Columns.cutFront(text, room), Columns.around(text, 0, room).text],
      [text, text, text]
    )
  })

  it.prop("a wrapped text loses no character but blanks", [text, room], ([text, room]) =>
    strictEqual(Columns.wrapped(text, room).join("").replaceAll(" ", ""), text.replaceAll(" ", ""))
  )
})

describe("columns", () => {
  it("counts two for a wide character and none for a combining mark", () =>
    deepStrictEqual(["a", "é", "e\u0301", "名", "한", "😀", "Ａ"].map(Columns.columns), [1, 1, 1, 2, 2, 2, 2]))
})

describe("around", () => {
  it("keeps the place, and what follows it", () => {
    const { mark, text } = Columns.around(`${"a".repeat(50)} name ${"b".repeat(50)}`, 51, 30)
    strictEqual(text, "…aaaaaaaa name bbbbbbbbbbbbbb…")
    strictEqual(text.slice(mark, mark + 4), "name")
  })

  it("shows only what lies before a mark that fills the room", () =>
    deepStrictEqual(Columns.around("abcd", 3, 2), { text: "…c", mark: 2 }))
})
