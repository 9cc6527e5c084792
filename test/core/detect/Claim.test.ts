/**
 * Each message of the server in each language, with names that hold what the message itself is made of: what is claimed is the
 * object that was printed, or there is no claim.
 */
import { assert, describe, it } from "@effect/vitest"
import * as SchemaObject from "../../../src/core/model/SchemaObject.js"
import { claimIn, evidenceOf, hostile, plain, printing } from "../../support/detect/Printings.js"

describe("a message of the server, in every language", () => {
  it.prop(
    "with hostile names, has exactly its object claimed, or none, if its C function is known",
    [hostile],
    ([{ each, first, second }]) => {
      const { claim, text } = printing(each, first, second)
      const statement = `${SchemaObject.quote(first)}, ${SchemaObject.quote(second)}`
      for (const routine of each.message.routines) {
        assert.include([claim, "nothing"], claimIn(evidenceOf(each.message, text, routine)), text)
        assert.include([claim, "nothing"], claimIn(evidenceOf(each.message, text, routine, statement)), text)
      }
    },
    { fastCheck: { numRuns: 5000 } }
  )

  it.prop(
    "with plain names, has its object claimed, whether its C function is known or not",
    [plain],
    ([{ each, first, second }]) => {
      const { claim, text } = printing(each, first, second)
      for (const routine of [undefined, ...each.message.routines]) {
        assert.strictEqual(claimIn(evidenceOf(each.message, text, routine)), claim, text)
      }
    },
    { fastCheck: { numRuns: 3000 } }
  )
})
