/**
 * Tests pauses: they last as long as the schedule says, or until there is news.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import * as TestClock from "effect/TestClock"
import * as Waiting from "../../src/runtime/Waiting.js"

/** Runs attempts that all fail, a tenth of a second apart. Returns their number after a time. */
const attempts = (told: Effect.Effect<void>) =>
  Effect.gen(function* () {
    const count = yield* Ref.make(0)
    const schedule = Schedule.spaced("100 millis")
    const attempt = Effect.zipRight(
      Ref.update(count, (n) => n + 1),
      Effect.fail("not yet")
    )
    const news = Effect.map(Ref.get(count), (n) => () => (n === 0 ? told : Effect.never))
    yield* Effect.fork(Waiting.retry(attempt, { while: () => Effect.succeed(true), schedule }, news))
    return (duration: Duration.DurationInput) => Effect.zipRight(TestClock.adjust(duration), Ref.get(count))
  })

describe("waiting", () => {
  it.effect("asks again after each pause of the schedule", () =>
    Effect.gen(function* () {
      const countAfter = yield* attempts(Effect.never)
      assert.strictEqual(yield* countAfter("99 millis"), 1)
      assert.strictEqual(yield* countAfter("1 millis"), 2)
      assert.strictEqual(yield* countAfter("1 seconds"), 12)
    })
  )

  it.effect("asks at once when there is news", () =>
    Effect.gen(function* () {
      const told = yield* Deferred.make<void>()
      const countAfter = yield* attempts(Deferred.await(told))
      assert.strictEqual(yield* countAfter("50 millis"), 1)
      yield* Deferred.succeed(told, undefined)
      assert.strictEqual(yield* countAfter("1 millis"), 2)
      assert.strictEqual(yield* countAfter("98 millis"), 2)
      assert.strictEqual(yield* countAfter("1 millis"), 3)
    })
  )

  it.effect("ends with an error that is not retried", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.fork(
        Effect.flip(
          Waiting.retry(
            Effect.fail("for good"),
            { while: () => Effect.succeed(false), schedule: Schedule.spaced("100 millis") },
            Effect.succeed(() => Effect.never)
          )
        )
      )
      assert.strictEqual(yield* Fiber.join(fiber), "for good")
    })
  )
})
