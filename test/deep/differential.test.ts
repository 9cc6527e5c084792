/**
 * Histories that nobody wrote, more than a run of `npm test` has time for, and others each time. `DIFFERENTIAL_RUNS` sets their
 * number; `DIFFERENTIAL_SEED` runs again from the seed that a difference is printed with.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Differential from "../support/history/Differential.js"

const runs = Number(process.env["DIFFERENTIAL_RUNS"] ?? 5000)

const seed = Number(process.env["DIFFERENTIAL_SEED"] ?? Math.trunc(Math.random() * 0x4000_0000))

describe(`${runs} histories that nobody wrote (seed ${seed})`, () => {
  it.live(
    "leave, in any order that their graph allows, the schema and the rows of their own order, as the simulated catalog lists it",
    () =>
      Effect.gen(function* () {
        const { difference, ...figures } = yield* Differential.check({ runs, seed })
        yield* Effect.log(`seed ${seed}`, figures)
        assert.isTrue(
          Option.isNone(difference),
          Option.match(difference, { onNone: () => "", onSome: Differential.told })
        )
      }),
    { timeout: 60_000 + runs * 2_000 }
  )
})
