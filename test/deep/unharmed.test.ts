/**
 * Generated folders on generated databases that were there before, more than a run of `npm test` has time for, and others each
 * time. `UNHARMED_RUNS` sets their number; `UNHARMED_SEED` runs again from the seed that a fault is printed with;
 * `UNHARMED_UNTIL=end` goes on after a fault and prints them all.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Unharmed from "../support/caution/Unharmed.js"

const runs = Number(process.env["UNHARMED_RUNS"] ?? 1000)

const seed = Number(process.env["UNHARMED_SEED"] ?? Math.trunc(Math.random() * 0x4000_0000))

const until = process.env["UNHARMED_UNTIL"] === "end" ? "end" : "first fault"

describe(`${runs} databases that were there before (seed ${seed})`, () => {
  it.live(
    "keep every table, column and row, whatever a program asks for, while what only adds is applied",
    () =>
      Effect.gen(function* () {
        const { faults, ...figures } = yield* Unharmed.check({ runs, seed, until })
        yield* Effect.log(`seed ${seed}`, figures)
        deepStrictEqual(faults.map(Unharmed.told), [])
        deepStrictEqual(figures.overcautious, [])
        assert.isAtLeast(figures.spared, runs / 4, "folders whose files would have done harm by hand")
      }),
    { timeout: 60_000 + runs * 20_000 }
  )
})
