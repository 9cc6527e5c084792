/**
 * A process listens while it lacks migrations: it begins a second later, and ends a second after it lacks none.
 */

import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import { MigrationClient } from "../../src/database/MigrationClient.js"
import * as Announcements from "../../src/ledger/Announcements.js"

/** Counts the fibers that listen now, and how often listening began. */
const listeners = () => {
  const seen = { listening: 0, begun: 0 }
  const client = MigrationClient.of({
    reserve: Effect.dieMessage("nothing is migrated here"),
    ask: () => Effect.dieMessage("nothing is asked here"),
    listen: (_, { onListening }) =>
      Effect.acquireUseRelease(
        Effect.sync(() => {
          seen.listening++
          seen.begun++
        }),
        () => Effect.zipRight(onListening, Effect.never),
        () => Effect.sync(() => seen.listening--)
      )
  })
  return { client, seen }
}

describe("a process that lacks a migration", () => {
  it.scoped(
    "listens from a second later until a second after it lacks none, and goes on if it lacks one again by then",
    () =>
      Effect.gen(function* () {
        const { client, seen } = listeners()
        const { follow } = yield* Announcements.make("ledger", new Set(["001"])).pipe(
          Effect.provideService(MigrationClient, client)
        )
        const isListening = (milliseconds: number, expected: 0 | 1) =>
          Effect.map(TestClock.adjust(milliseconds), () => assert.strictEqual(seen.listening, expected))
        yield* follow(["001"])
        yield* isListening(999, 0)
        yield* isListening(1, 1)
        yield* follow([])
        yield* isListening(999, 1)
        yield* follow(["001"])
        yield* isListening(60000, 1)
        yield* follow([])
        yield* isListening(500, 1)
        yield* follow([])
        yield* isListening(499, 1)
        yield* isListening(1, 0)
        assert.strictEqual(seen.begun, 1)
      })
  )
})

describe("a process whose layer was closed", () => {
  for (const lacking of [["001"], []]) {
    it.effect(
      `stops listening, and does not interrupt a caller who lacks ${lacking.length > 0 ? "a migration" : "none"}`,
      () =>
        Effect.gen(function* () {
          const { client, seen } = listeners()
          const scope = yield* Scope.make()
          const { follow } = yield* Announcements.make("ledger", new Set(["001"])).pipe(
            Effect.provideService(MigrationClient, client),
            Scope.extend(scope)
          )
          yield* follow(["001"])
          yield* TestClock.adjust("1 second")
          assert.strictEqual(seen.listening, 1)
          yield* Scope.close(scope, Exit.void)
          deepStrictEqual(yield* Effect.exit(follow(lacking)), Exit.void)
          yield* TestClock.adjust("1 minute")
          assert.strictEqual(seen.listening, 0)
        })
    )
  }
})
