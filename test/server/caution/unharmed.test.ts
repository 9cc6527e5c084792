/**
 * Generated folders on generated databases that were there before: 40 of them here, the same in every run; others each time by
 * `npm run test:deep`.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Unharmed from "../../support/caution/Unharmed.js"

const seed = 16_000

const runs = 40

describe(`${runs} databases that were there before (seed ${seed})`, () => {
  it.live(
    "keep every table, column and row, whatever a program asks for, while what only adds is applied",
    () =>
      Effect.gen(function* () {
        const { faults, harmless, overcautious, spared } = yield* Unharmed.check({ runs, seed, until: "first fault" })
        deepStrictEqual(faults.map(Unharmed.told), [])
        deepStrictEqual(overcautious, [])
        assert.isAtLeast(harmless, runs / 10)
        assert.isAtLeast(spared, runs / 4, "folders whose files would have done harm by hand")
      }),
    600_000
  )
})
