/**
 * Histories that nobody wrote: 100 of them here, the same in every run; 5,000 others by `npm run test:deep`.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Differential from "../../support/history/Differential.js"

const seed = 20_244_484

const runs = 100

describe(`${runs} histories that nobody wrote (seed ${seed})`, () => {
  it.live(
    "leave, in any order that their graph allows, the schema and the rows of their own order, as the simulated catalog lists it",
    () =>
      Effect.gen(function* () {
        const { difference, inverted } = yield* Differential.check({ runs, seed })
        assert.isTrue(
          Option.isNone(difference),
          Option.match(difference, { onNone: () => "", onSome: Differential.told })
        )
        assert.isAbove(inverted, 10 * runs)
      }),
    1_200_000
  )
})
