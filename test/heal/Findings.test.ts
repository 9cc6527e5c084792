/**
 * A finding holds until the ledger changes, or a thousand newer findings replace it.
 */
import { describe, it } from "@effect/vitest"
import { assertNone, assertSome } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as LedgerEvent from "../../src/core/migration/LedgerEvent.js"
import * as Findings from "../../src/heal/Findings.js"

const then: LedgerEvent.AppliedSet = { ...LedgerEvent.empty, sequence: 7, hash: "seven" }

const now: LedgerEvent.AppliedSet = { ...then, sequence: 8, hash: "eight" }

describe("a finding", () => {
  it.effect("is recalled for the same question until the ledger changes", () =>
    Effect.gen(function* () {
      const findings = yield* Findings.make<string>()
      yield* findings.record("what is missing", then, "nothing")
      assertSome(findings.unsafeRecall("what is missing", then), "nothing")
      assertNone(findings.unsafeRecall("what is there", then))
      assertNone(findings.unsafeRecall("what is missing", now))
    })
  )

  it.effect("is dropped after a thousand newer ones", () =>
    Effect.gen(function* () {
      const findings = yield* Findings.make<number>()
      yield* Effect.forEach(Array.from({ length: 1001 }), (_, n) => findings.record(`question ${n}`, then, n))
      assertNone(findings.unsafeRecall("question 0", then))
      assertSome(findings.unsafeRecall("question 1", then), 1)
      assertSome(findings.unsafeRecall("question 1000", then), 1000)
    })
  )
})
