import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import { AutoMigrationError, Migration } from "effect-auto-migration"
import * as fc from "fast-check"
import * as Breaker from "../src/Breaker.js"
import * as MigrationFailure from "../src/MigrationFailure.js"

const id = Migration.MigrationId.make("001_a")
const other = Migration.MigrationId.make("002_b")
const failure = MigrationFailure.circumstance(
  ({ cause }) => new AutoMigrationError.DatabaseUnavailable({ doing: "a test", sqlState: null, reason: "none", cause })
)
const windows = { first: Duration.seconds(1), cap: Duration.seconds(60) }

describe("laws", () => {
  it.effect("1. Between a failure and the end of its window the migration is not tried.", () =>
    Effect.gen(function* () {
      const breaker = yield* Breaker.make(windows)
      const { retryAt } = yield* breaker.failed(id, failure)
      assert.isAtLeast(retryAt, 750)
      yield* TestClock.adjust(Duration.millis(retryAt - 1))
      assert.isTrue(Option.isSome(yield* breaker.openFor([other, id])))
      assert.isTrue(Option.isNone(yield* breaker.openFor([other])))
    })
  )

  it.effect(
    "2. After the window one attempt is allowed; its success forgets all failures, its failure opens a longer window.",
    () =>
      Effect.gen(function* () {
        const breaker = yield* Breaker.make(windows)
        const first = yield* breaker.failed(id, failure)
        yield* TestClock.setTime(first.retryAt)
        assert.isTrue(Option.isNone(yield* breaker.openFor([id])))
        const second = yield* breaker.failed(id, failure)
        assert.strictEqual(second.failures, 2)
        assert.isAbove(second.retryAt - first.retryAt, first.retryAt)
        yield* breaker.succeeded([id])
        assert.isTrue(Option.isNone(yield* breaker.openFor([id])))
        assert.strictEqual((yield* breaker.failed(id, failure)).failures, 1)
      })
  )

  it.prop(
    "3. No window is longer than the cap.",
    [fc.integer({ min: 1, max: 2000 }), fc.double({ min: 0, max: 1, noNaN: true })],
    ([failures, jitter]) => {
      const millis = Breaker.windowMillis(windows, failures, jitter)
      assert.isAtMost(millis, 60_000)
      assert.isAtLeast(millis, 750)
    }
  )
})
