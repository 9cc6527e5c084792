import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as SingleFlight from "../src/SingleFlight.js"

describe("a single flight", () => {
  it.scoped("runs work once for all who ask for its key while it runs, and again for who asks later", () =>
    Effect.gen(function* () {
      const flights = yield* SingleFlight.make<number, string>("ended")
      const gate = yield* Deferred.make<void>()
      let runs = 0
      const work = Effect.zipRight(
        Deferred.await(gate),
        Effect.sync(() => ++runs)
      )
      const fibers = yield* Effect.forEach([1, 2, 3, 4], () => Effect.fork(flights.join("key", work)))
      yield* Effect.yieldNow()
      yield* Deferred.succeed(gate, undefined)
      deepStrictEqual(yield* Effect.forEach(fibers, Fiber.join), [1, 1, 1, 1])
      assert.strictEqual(yield* flights.join("key", work), 2)
    })
  )

  it.scoped("gives all of them the same failure", () =>
    Effect.gen(function* () {
      const flights = yield* SingleFlight.make<never, string>("ended")
      const gate = yield* Deferred.make<void>()
      const work = Effect.zipRight(Deferred.await(gate), Effect.fail("broken"))
      const fibers = yield* Effect.forEach([1, 2], () => Effect.fork(Effect.flip(flights.join("key", work))))
      yield* Effect.yieldNow()
      yield* Deferred.succeed(gate, undefined)
      deepStrictEqual(yield* Effect.forEach(fibers, Fiber.join), ["broken", "broken"])
    })
  )

  it.scoped("goes on when the fiber that started it is interrupted", () =>
    Effect.gen(function* () {
      const flights = yield* SingleFlight.make<string, string>("ended")
      const gate = yield* Deferred.make<void>()
      const work = Effect.as(Deferred.await(gate), "landed")
      const first = yield* Effect.fork(flights.join("key", work))
      yield* Effect.yieldNow()
      const second = yield* Effect.fork(flights.join("key", Effect.succeed("started again")))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(first)
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(second), "landed")
    })
  )

  it.effect("ends with the scope it belongs to: whoever waits, or asks later, fails, and is not interrupted", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const flights = yield* Scope.extend(SingleFlight.make<never, string>("ended"), scope)
      const waiting = yield* Effect.fork(flights.join("key", Effect.never))
      yield* Effect.yieldNow()
      yield* Scope.close(scope, Exit.void)
      deepStrictEqual(yield* Fiber.await(waiting), Exit.fail("ended"))
      deepStrictEqual(yield* Effect.exit(flights.join("key", Effect.never)), Exit.fail("ended"))
    })
  )

  it.scoped("interrupts whoever is interrupted while waiting, and nobody else", () =>
    Effect.gen(function* () {
      const flights = yield* SingleFlight.make<never, string>("ended")
      const waiting = yield* Effect.fork(flights.join("key", Effect.never))
      yield* Effect.yieldNow()
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(waiting)))
    })
  )
})
