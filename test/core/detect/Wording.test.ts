import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as fc from "fast-check"
import * as MessageCatalog from "../../../src/core/detect/MessageCatalog.js"
import * as MessageCatalogNames from "../../../src/core/detect/MessageCatalogNames.js"
import * as Wording from "../../../src/core/detect/Wording.js"
import * as Identifier from "../../support/arbitraries/Identifier.js"

const all: ReadonlyArray<Wording.Wordings> = [MessageCatalog, MessageCatalogNames].flatMap((_) => Object.values(_))

const each = ({ byFirst, withoutPrefix }: Wording.Wordings): ReadonlyArray<Wording.Wording> => [
  ...[...byFirst.values()].flat(),
  ...withoutPrefix
]

const fill = ({ middle, places, prefix, suffix }: Wording.Wording, first: string, second: string): string => {
  if (places === "$1") return `${prefix}${first}${suffix}`
  return places === "$1$2"
    ? `${prefix}${first}${middle}${second}${suffix}`
    : `${prefix}${second}${middle}${first}${suffix}`
}

describe("laws", () => {
  it.prop(
    "A message filled into a wording reads back, among all the wordings of its kind",
    [Identifier.simple, Identifier.simple],
    ([first, second]) => {
      for (const wordings of all) {
        for (const wording of each(wordings)) {
          const expected = { first: first.stored, second: wording.places === "$1" ? "" : second.stored }
          const message = fill(wording, first.stored, second.stored)
          deepStrictEqual(Wording.read(wordings, message), expected, message)
        }
      }
    },
    { fastCheck: { numRuns: 10 } }
  )

  it.prop("Reading answers for any message and never throws", [fc.fullUnicodeString()], ([message]) => {
    for (const wordings of all) assert.include(["object", "undefined"], typeof Wording.read(wordings, message))
    assert.include(["object", "undefined"], typeof Wording.quotedIn(message))
  })
})
