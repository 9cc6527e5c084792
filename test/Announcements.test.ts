/**
 * Listening begins a while after something is lacking and ends a while after nothing is; what is heard meanwhile, others wait for.
 */

import { SqlError } from "@effect/sql/SqlError"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import * as Announcements from "../src/Announcements.js"
import { MigrationClient } from "../src/MigrationClient.js"

/** How many listen at the moment, how often somebody began to, what makes them hear, and what breaks their connection. */
const listeners = () => {
  const seen = { listening: 0, begun: 0, announce: (_: string): void => {}, hangUp: (): void => {} }
  const client = MigrationClient.of({
    reserve: Effect.dieMessage("nothing is migrated here"),
    ask: () => Effect.dieMessage("nothing is asked here"),
    askInPassing: () => Effect.dieMessage("nothing is asked here"),
    listen: (_, { onListening, onMessage }) =>
      Effect.acquireUseRelease(
        Effect.tap(Deferred.make<never, SqlError>(), (end) => {
          seen.listening++
          seen.begun++
          seen.announce = onMessage
          seen.hangUp = () => Deferred.unsafeDone(end, Effect.fail(new SqlError({ cause: "hung up", message: "gone" })))
        }),
        (end) => Effect.zipRight(onListening, Deferred.await(end)),
        () => Effect.sync(() => seen.listening--)
      )
  })
  return { client, seen }
}

describe("a process that lacks a migration", () => {
  it.scoped("listens a second later, until a second after it lacks none, if it does not lack one again by then", () =>
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

describe("silence", () => {
  it.scoped("comes when for a second no more of the program's own has been announced", () =>
    Effect.gen(function* () {
      const { client, seen } = listeners()
      const ids = ["001", "002", "003"]
      const { attend, follow } = yield* Announcements.make("ledger", new Set(ids)).pipe(
        Effect.provideService(MigrationClient, client)
      )
      yield* follow(ids)
      yield* TestClock.adjust("1 second")
      seen.announce("1 Applied 001")
      const silent = yield* Effect.flatMap(attend, ({ silence }) => Effect.fork(silence))
      const isSilent = (milliseconds: number, expected: boolean) =>
        Effect.flatMap(Effect.zipRight(TestClock.adjust(milliseconds), Fiber.poll(silent)), (exit) =>
          Effect.sync(() => assert.strictEqual(Option.isSome(exit), expected))
        )
      yield* isSilent(900, false)
      seen.announce("2 Applied 002")
      yield* isSilent(1000, false)
      seen.announce("3 Baselined 003")
      yield* isSilent(1000, false)
      // What counts no more, or never did, within the second that begins after the last that counts.
      for (const again of ["4 Applied 003", "5 Applied elsewhere", "6 Failed 001", "nonsense"]) seen.announce(again)
      yield* isSilent(99, false)
      yield* isSilent(1, true)
    })
  )

  it.scoped("is where something may have gone unheard, though more has been announced", () =>
    Effect.gen(function* () {
      const { client, seen } = listeners()
      const ids = ["001", "002"]
      const { attend, follow } = yield* Announcements.make("ledger", new Set(ids)).pipe(
        Effect.provideService(MigrationClient, client)
      )
      yield* follow(ids)
      yield* TestClock.adjust("1 second")
      const silent = yield* Effect.flatMap(attend, ({ silence }) => Effect.fork(silence))
      yield* TestClock.adjust("100 millis")
      seen.announce("1 Applied 001")
      seen.hangUp()
      yield* TestClock.adjust("900 millis")
      assert.isTrue(Option.isSome(yield* Fiber.poll(silent)))
    })
  )

  it.scoped("is at once where nothing is ever heard", () =>
    Effect.gen(function* () {
      const { client } = listeners()
      const { attend, follow } = yield* Announcements.make("ledger", new Set(["001"])).pipe(
        Effect.provideService(MigrationClient, { ...client, listen: () => Effect.succeed("pooled") })
      )
      yield* follow(["001"])
      yield* TestClock.adjust("1 second")
      yield* Effect.flatMap(attend, ({ silence }) => silence)
    })
  )
})

describe("a process whose layer was closed", () => {
  for (const lacking of [["001"], []]) {
    it.effect(
      `listens no more and interrupts nobody who ${lacking.length > 0 ? "lacks something" : "lacks nothing"}`,
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
