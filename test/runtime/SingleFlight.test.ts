import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import * as SingleFlight from "../../src/runtime/SingleFlight.js"

const limit = Duration.seconds(10)

describe("a single flight", () => {
  it.scoped("runs work once for all fibers that ask for its key while it runs, and again for a later one", () =>
    Effect.gen(function* () {
      const flights = yield* SingleFlight.make<number, string>("ended", limit)
      const gate = yield* Deferred.make<void>()
      let runs = 0
      const work = Effect.zipRight(
        Deferred.await(gate),
        Effect.sync(() => ++runs)
      )
      const fibers = yield* Effect.forEach([1, 2, 3, 4], () => Effect.fork(flights.join("key", work, "late")))
      yield* Effect.yieldNow()
      yield* Deferred.succeed(gate, undefined)
      deepStrictEqual(yield* Effect.forEach(fibers, Fiber.join), [1, 1, 1, 1])
      assert.strictEqual(yield* flights.join("key", work, "late"), 2)
    })
  )

  it.scoped("gives all of them the same failure", () =>
    Effect.gen(function* () {
      const flights = yield* SingleFlight.make<never, string>("ended", limit)
      const gate = yield* Deferred.make<void>()
      const work = Effect.zipRight(Deferred.await(gate), Effect.fail("broken"))
      const fibers = yield* Effect.forEach([1, 2], () => Effect.fork(Effect.flip(flights.join("key", work, "late"))))
      yield* Effect.yieldNow()
      yield* Deferred.succeed(gate, undefined)
      deepStrictEqual(yield* Effect.forEach(fibers, Fiber.join), ["broken", "broken"])
    })
  )

  it.scoped("goes on when the fiber that started it is interrupted", () =>
    Effect.gen(function* () {
      const flights = yield* SingleFlight.make<string, string>("ended", limit)
      const gate = yield* Deferred.make<void>()
      const work = Effect.as(Deferred.await(gate), "landed")
      const first = yield* Effect.fork(flights.join("key", work, "late"))
      yield* Effect.yieldNow()
      const second = yield* Effect.fork(flights.join("key", Effect.succeed("started again"), "late"))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(first)
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(second), "landed")
    })
  )

  it.effect("ends with its scope: fibers that wait or ask later fail and are not interrupted", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const flights = yield* Scope.extend(SingleFlight.make<never, string>("ended", limit), scope)
      const waiting = yield* Effect.fork(flights.join("key", Effect.never, "late"))
      yield* Effect.yieldNow()
      yield* Scope.close(scope, Exit.void)
      deepStrictEqual(yield* Fiber.await(waiting), Exit.fail("ended"))
      deepStrictEqual(yield* Effect.exit(flights.join("key", Effect.never, "late")), Exit.fail("ended"))
    })
  )

  it.scoped("interrupts a waiting fiber that is interrupted, and no other", () =>
    Effect.gen(function* () {
      const flights = yield* SingleFlight.make<never, string>("ended", limit)
      const waiting = yield* Effect.fork(flights.join("key", Effect.never, "late"))
      yield* Effect.yieldNow()
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(waiting)))
    })
  )

  it.scoped("goes on when its fibers stop waiting at the limit", () =>
    Effect.gen(function* () {
      const flights = yield* SingleFlight.make<string, string>("ended", limit)
      const gate = yield* Deferred.make<void>()
      const waiting = Effect.fork(flights.join("key", Effect.as(Deferred.await(gate), "landed"), "late"))
      const seenAfter = (duration: Duration.DurationInput, fiber: Fiber.RuntimeFiber<string, string>) =>
        Effect.zipRight(TestClock.adjust(duration), Fiber.poll(fiber))
      const first = yield* waiting
      deepStrictEqual(yield* seenAfter("6 seconds", first), Option.none())
      const second = yield* waiting
      deepStrictEqual(yield* seenAfter("3999 millis", first), Option.none())
      deepStrictEqual(yield* seenAfter("1 millis", first), Option.some(Exit.fail("late")))
      deepStrictEqual(yield* seenAfter("5999 millis", second), Option.none())
      deepStrictEqual(yield* seenAfter("1 millis", second), Option.some(Exit.fail("late")))
      deepStrictEqual(yield* seenAfter("20 seconds", second), Option.some(Exit.fail("late")))
      const third = yield* waiting
      deepStrictEqual(yield* seenAfter("9999 millis", third), Option.none())
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(third), "landed")
    })
  )
})
