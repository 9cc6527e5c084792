/**
 * A window refuses equal requests while it is open.
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
import * as Refusals from "../../src/heal/Refusals.js"
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

const then: LedgerEvent.AppliedSet = { ...LedgerEvent.empty, sequence: 7, hash: "seven" }

const recorded = Effect.gen(function* () {
  const remembered = yield* Ref.make(Option.some(then))
  const refusals = yield* Refusals.make(Ref.get(remembered))
  yield* refusals.record("a table", window)
  return { refusals, remembered }
})

describe("a window", () => {
  it.effect("refuses equal requests only", () =>
    Effect.gen(function* () {
      const { refusals } = yield* recorded
      assertSome(yield* refusals.recall("a table"), window)
      assertNone(yield* refusals.recall("another table"))
    })
  )

  it.effect("refuses until it ends", () =>
    Effect.gen(function* () {
      const { refusals } = yield* recorded
      yield* TestClock.adjust(Duration.millis(999))
      assertSome(yield* refusals.recall("a table"), window)
      yield* TestClock.adjust(Duration.millis(1))
      assertNone(yield* refusals.recall("a table"))
    })
  )

  it.effect("refuses until the ledger changes, and only while the applied set is known without asking", () =>
    Effect.gen(function* () {
      const { refusals, remembered } = yield* recorded
      yield* Ref.set(remembered, Option.some({ ...then, sequence: 8, hash: "eight" }))
      assertNone(yield* refusals.recall("a table"))
      yield* Ref.set(remembered, Option.none())
      assertNone(yield* refusals.recall("a table"))
      yield* Ref.set(remembered, Option.some(then))
      assertSome(yield* refusals.recall("a table"), window)
    })
  )
})
