/**
 * Equal requests get the same error while it holds.
 */
import { describe, it } from "@effect/vitest"
import { assertNone, assertSome } from "@effect/vitest/utils"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as TestClock from "effect/TestClock"
import { AutoMigrationError } from "effect-auto-migration"
import * as LedgerEvent from "../../src/core/migration/LedgerEvent.js"
import * as MigrationFailure from "../../src/database/MigrationFailure.js"
import * as WindowErrors from "../../src/heal/WindowErrors.js"
import type * as Breaker from "../../src/runner/Breaker.js"

const error = new AutoMigrationError.DatabaseUnavailable({
  doing: "a test",
  sqlState: null,
  reason: "none",
  isRolledBack: true
})

const window: Breaker.Window = {
  failures: 1,
  endsAt: 1000,
  retryAt: 1000,
  failure: MigrationFailure.circumstance(() => error)
}

const then: LedgerEvent.AppliedSet = { ...LedgerEvent.nothing, sequence: 7, hash: "seven" }

const recorded = Effect.gen(function* () {
  const remembered = yield* Ref.make(Option.some(then))
  const windowErrors = yield* WindowErrors.make(Ref.get(remembered))
  yield* windowErrors.record("a table", window, error)
  return { windowErrors, remembered }
})

describe("the error of a window", () => {
  it.effect("is given to equal requests only", () =>
    Effect.gen(function* () {
      const { windowErrors } = yield* recorded
      assertSome(yield* windowErrors.recall("a table"), error)
      assertNone(yield* windowErrors.recall("another table"))
    })
  )

  it.effect("holds until its window ends", () =>
    Effect.gen(function* () {
      const { windowErrors } = yield* recorded
      yield* TestClock.adjust(Duration.millis(999))
      assertSome(yield* windowErrors.recall("a table"), error)
      yield* TestClock.adjust(Duration.millis(1))
      assertNone(yield* windowErrors.recall("a table"))
    })
  )

  it.effect("holds until the ledger changes, and only while the applied set is known without asking", () =>
    Effect.gen(function* () {
      const { windowErrors, remembered } = yield* recorded
      yield* Ref.set(remembered, Option.some({ ...then, sequence: 8, hash: "eight" }))
      assertNone(yield* windowErrors.recall("a table"))
      yield* Ref.set(remembered, Option.none())
      assertNone(yield* windowErrors.recall("a table"))
      yield* Ref.set(remembered, Option.some(then))
      assertSome(yield* windowErrors.recall("a table"), error)
    })
  )
})
