import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as TestClock from "effect/TestClock"
import { AutoMigrationError, Migration } from "effect-auto-migration"
import * as fc from "fast-check"
import * as MigrationFailure from "../../src/database/MigrationFailure.js"
import * as Breaker from "../../src/runner/Breaker.js"

const id = Migration.MigrationId.make("001_a")
const other = Migration.MigrationId.make("002_b")
const failure = MigrationFailure.circumstance(
  ({ asked }) =>
    new AutoMigrationError.DatabaseUnavailable({
      doing: "a test",
      sqlState: null,
      reason: "none",
      isRolledBack: true,
      ...asked
    })
)
const windows = { first: Duration.seconds(1), cap: Duration.seconds(60) }

const arbMillis = fc.integer({ min: 1, max: 100_000 }).map((millis) => Duration.millis(millis))
const arbWindows = fc.record({ first: arbMillis, cap: arbMillis })
const arbFailures = fc.integer({ min: 1, max: 2000 })
const arbJitter = fc.double({ min: 0, max: 1, noNaN: true })

/** In milliseconds. Lengths are rounded, so twice a length differs from its double by up to 1.5 ms. */
const rounding = 2

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
    "2. After the window one attempt is allowed. Its success forgets all failures, and its failure opens a longer window.",
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

  it.prop("3. No window is longer than the cap.", [arbWindows, arbFailures, arbJitter], (drawn) => {
    const [windows, failures, jitter] = drawn
    assert.isAtMost(Breaker.windowMillis(windows, failures, jitter), Duration.toMillis(windows.cap))
  })
})

describe("law 5: A window is at least as long as it must be, unless that is longer than the cap.", () => {
  it.effect("a migration that waited for a lock pauses for many times as long", () =>
    Effect.gen(function* () {
      const breaker = yield* Breaker.make(windows)
      assert.strictEqual((yield* breaker.failed(id, failure, 30_000)).retryAt, 30_000)
      assert.strictEqual((yield* breaker.failed(id, failure, 90_000)).retryAt, 60_000)
    })
  )
})

describe("the length of a window", () => {
  it.prop("begins with the first, and doubles with each failure up to the cap", [arbWindows, arbFailures], (drawn) => {
    const [windows, failures] = drawn
    const cap = Duration.toMillis(windows.cap)
    const length = (n: number) => Breaker.windowMillis(windows, n, 0)
    assert.strictEqual(length(1), Math.min(cap, Duration.toMillis(windows.first)))
    assert.strictEqual(length(failures + 1), Math.min(cap, 2 * length(failures)))
  })

  it.prop("doubles with any jitter", [arbWindows, arbFailures, arbJitter], ([windows, failures, jitter]) => {
    const length = (n: number) => Breaker.windowMillis(windows, n, jitter)
    const longest = Duration.toMillis(windows.cap) * (1 - jitter / 4)
    assert.isAtMost(Math.abs(length(failures + 1) - Math.min(longest, 2 * length(failures))), rounding)
  })

  it.prop("shrinks with jitter, by up to a quarter", [arbWindows, arbFailures, arbJitter, arbJitter], (drawn) => {
    const [windows, failures, one, other] = drawn
    const length = (jitter: number) => Breaker.windowMillis(windows, failures, jitter)
    assert.isAtMost(length(Math.max(one, other)), length(Math.min(one, other)))
    assert.isAtMost(Math.abs(length(1) - 0.75 * length(0)), rounding)
  })

  it.effect("differs from process to process", () =>
    Effect.gen(function* () {
      const first = Effect.map(
        Effect.flatMap(Breaker.make(windows), (breaker) => breaker.failed(id, failure)),
        ({ retryAt }) => retryAt
      )
      const lengths = yield* Effect.forEach([1, 2, 3, 4], (seed) => Effect.withRandom(first, Random.make(seed)))
      assert.strictEqual(new Set(lengths).size, lengths.length)
      for (const length of lengths) assert.isTrue(length >= 750 && length <= 1000)
    })
  )

  it.effect("doubles with each failure of one migration until the cap", () =>
    Effect.gen(function* () {
      const breaker = yield* Breaker.make({ first: Duration.seconds(1), cap: Duration.seconds(6) })
      const opened = yield* Effect.replicateEffect(breaker.failed(id, failure), 5)
      for (const [n, longest] of [1000, 2000, 4000, 6000, 6000].entries()) {
        const { failures, retryAt } = opened[n] ?? assert.fail()
        assert.strictEqual(failures, n + 1)
        assert.isTrue(retryAt >= 0.75 * longest && retryAt <= longest)
      }
    })
  )
})
