import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as fc from "fast-check"
import * as Wording from "../../../src/core/detect/Wording.js"
import * as Identifier from "../../support/arbitraries/Identifier.js"
import { arity, fill, formats } from "../../support/detect/Formats.js"

const texts = [...new Set([...formats.values()].flat().map(({ text }) => text))].filter((text) => arity(text) > 0)

const withNames = texts.filter((text) => !/%(?:\d\$)?[du]|%s\.%s/.test(text))

/** Names, and names that hold a part of a message: its end, or what stands between two of its places. */
const value = fc.oneof(
  Identifier.stored,
  fc
    .tuple(fc.constantFrom(...texts), Identifier.stored, Identifier.stored)
    .map(([text, before, after]) => `${before}${Wording.make(text).texts.at(-1) ?? ""}${after}`),
  fc
    .tuple(fc.constantFrom(...texts), Identifier.stored, Identifier.stored)
    .map(([text, before, after]) => `${before}${Wording.make(text).texts[1] ?? ""}${after}`)
)

describe("laws", () => {
  it.prop(
    "The values that are filled into a wording are among its readings",
    [fc.constantFrom(...withNames), value, value, value],
    ([text, ...three]) => {
      const values = three.slice(0, arity(text))
      deepStrictEqual(
        Wording.readingsOf(Wording.make(text), fill(text, values)).filter(
          (reading) => reading.join("\0") === values.join("\0")
        ),
        [values]
      )
    },
    { fastCheck: { numRuns: 1000 } }
  )

  it.prop(
    "Each reading, filled into the wording, gives the message",
    [fc.constantFrom(...withNames), value, value, value],
    ([text, ...three]) => {
      const message = fill(text, three)
      for (const reading of Wording.readingsOf(Wording.make(text), message)) {
        assert.strictEqual(fill(text, reading), message)
      }
    },
    { fastCheck: { numRuns: 1000 } }
  )

  it.prop("Reading answers for any message and never throws", [fc.fullUnicodeString()], ([message]) => {
    for (const text of texts) assert.isArray(Wording.readingsOf(Wording.make(text), message))
    assert.include(["object", "undefined"], typeof Wording.quotedIn(message))
  })
})

it("A number is read only where the format has one", () => {
  deepStrictEqual(
    Wording.readingsOf(Wording.make('column number %d of relation "%s" gone'), 'column number x of relation "t" gone'),
    []
  )
  deepStrictEqual(Wording.readingsOf(Wording.make('column number %d of "%s" gone'), 'column number 7 of "t" gone'), [
    ["7", "t"]
  ])
})
