/**
 * The boundary alone, with no database and a healer that gives the test's answers.
 */
import * as SqlClient from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import { SqlError } from "@effect/sql/SqlError"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { AutoMigrationError, Detector } from "effect-auto-migration"
import * as fc from "fast-check"
import * as Boundary from "../../src/heal/Boundary.js"

const missing = (relation: string): SqlError =>
  new SqlError({
    cause: Object.assign(new Error(`relation "${relation}" does not exist`), { code: "42P01", severity: "ERROR" })
  })

/** The error of each statement after the one that failed. */
const aborted = (): SqlError =>
  new SqlError({
    cause: Object.assign(new Error("current transaction is aborted"), { code: "25P02", severity: "ERROR" })
  })

/** A connection that fails on each message. */
const connection = (): Connection => {
  const sent = Effect.dieMessage("something was sent")
  return {
    execute: () => sent,
    executeRaw: () => sent,
    executeStream: () => Stream.fromEffect(sent),
    executeUnprepared: () => sent,
    executeValues: () => sent
  }
}

/** A healer that answers from a list, and keeps the requests. */
const healer = (answers: ReadonlyArray<Boundary.Answer>, budget = 16) => {
  const asked: Array<Boundary.HealRequest> = []
  const remaining = [...answers]
  return {
    asked,
    service: Effect.succeed<Boundary.Healer>({
      budget,
      heal: (request) =>
        Effect.sync(() => {
          asked.push(request)
          return remaining.shift() ?? "Retry"
        }),
      denied: () => Effect.succeed(Option.none())
    })
  }
}

const unread = Effect.dieMessage("the healer was read")

const protect = <A, E>(self: Effect.Effect<A, E>, service: Effect.Effect<Boundary.Healer>) =>
  Effect.catchAllCause(self, (cause) => Boundary.recover(self, cause, service))

/** Fails with each error in turn, then succeeds with the number of its runs. */
const failing = <E>(errors: ReadonlyArray<E>) => {
  let runs = 0
  return Effect.suspend((): Effect.Effect<number, E> => {
    const error = errors[runs++]
    return error === undefined ? Effect.succeed(runs) : Effect.fail(error)
  })
}

describe("laws", () => {
  it.effect("1. An effect that succeeds runs once, and no service is read.", () =>
    Effect.map(protect(failing([]), unread), (runs) => assert.strictEqual(runs, 1))
  )

  it.effect("2. An error that is no gap keeps its cause, and no service is read.", () =>
    Effect.forEach(
      [
        Cause.fail(new Error("not ours")),
        Cause.fail(new SqlError({ cause: Object.assign(new Error("division by zero"), { code: "22012" }) })),
        Cause.die(new Error("not ours")),
        Cause.parallel(Cause.fail(missing("users")), Cause.die("a defect beside it")),
        Cause.interrupt(FiberId.none)
      ],
      (cause) =>
        Effect.map(Effect.exit(protect(Effect.failCause<unknown>(cause), unread)), (exit) =>
          assert.isTrue(Exit.isFailure(exit) && exit.cause === cause)
        )
    )
  )

  it.effect("takes the defect that a repository makes of a statement's error for that error", () =>
    Effect.gen(function* () {
      const { asked, service } = healer(["Retry"])
      strictEqual(yield* protect(Effect.orDie(failing([missing("users")])), service), 2)
      strictEqual(asked.length, 1)
    })
  )

  it.effect("3. A gap that comes back after it was closed leaves with the cause of its first time.", () =>
    Effect.gen(function* () {
      const [first, second] = [missing("users"), missing("users")]
      const { asked, service } = healer(["Retry", "NotOurs"])
      const error = yield* Effect.flip(protect(failing([first, second]), service))
      assert.strictEqual(error, first)
      deepStrictEqual(
        asked.map((request) => request.retriesForGap),
        [0, 1]
      )
    })
  )

  it.prop(
    "4. An effect runs at most `budget + 1` times, and once more for each retry after which its server had to catch up.",
    [fc.nat(10), fc.nat(20), fc.array(fc.constantFrom<Boundary.Answer>("Retry", "CaughtUp"), { maxLength: 20 })],
    ([budget, failures, answers]) => {
      let runs = 0
      const always = Effect.suspend(() => (runs++ < failures ? Effect.fail(missing(`t${runs}`)) : Effect.succeed(runs)))
      Effect.runSyncExit(protect(always, healer([], budget).service))
      assert.strictEqual(runs, Math.min(budget, failures) + 1)
      runs = 0
      const { asked, service } = healer(answers, budget)
      Effect.runSyncExit(protect(always, service))
      const waits = answers.slice(0, asked.length).filter((answer) => answer === "CaughtUp").length
      assert.isAtMost(runs, budget + 1 + Math.min(waits, budget))
    }
  )
})

describe("law 5: An effect in a transaction that a gap has aborted leaves with `TransactionMustRestart` and that gap.", () => {
  const gapOf = (error: unknown) =>
    error instanceof AutoMigrationError.TransactionMustRestart
      ? [Detector.render(error.gap), error.cause]
      : assert.fail(`expected TransactionMustRestart, got ${error}`)

  it.effect("the boundary's own gap: only its next run shows the transaction", () =>
    Effect.gen(function* () {
      const { asked, service } = healer([])
      const first = missing("users")
      const error = yield* Effect.flip(protect(failing([first, aborted()]), service))
      deepStrictEqual(gapOf(error), ["missing relation users", first])
      assert.strictEqual(asked.length, 1)
    })
  )

  it.effect("another boundary's gap: the connection remembers it", () =>
    Effect.gen(function* () {
      const { asked, service } = healer(["Retry"])
      const first = missing("users")
      yield* Effect.ignore(protect(Effect.fail(first), service))
      const error = yield* Effect.flip(protect(Effect.fail(aborted()), unread))
      deepStrictEqual(gapOf(error), ["missing relation users", first])
      assert.isNotEmpty(asked)
    }).pipe(Effect.provideService(SqlClient.TransactionConnection, [connection(), 0]))
  )

  it.effect("but not in one that another error has aborted, nor for a gap that no migration explains", () =>
    Effect.gen(function* () {
      const { service } = healer(["NotOurs"])
      const error = aborted()
      assert.strictEqual(yield* Effect.flip(protect(Effect.fail(error), unread)), error)
      yield* Effect.ignore(protect(Effect.fail(missing("users")), service))
      assert.strictEqual(yield* Effect.flip(protect(Effect.fail(error), unread)), error)
    }).pipe(Effect.provideService(SqlClient.TransactionConnection, [connection(), 0]))
  )
})

describe("a boundary", () => {
  it.effect("closes one gap after another and gives the result", () =>
    Effect.gen(function* () {
      const { asked, service } = healer([])
      assert.strictEqual(yield* protect(failing([missing("a"), missing("b"), missing("c")]), service), 4)
      deepStrictEqual(
        asked.map((request) => Detector.render(request.gap)),
        ["missing relation a", "missing relation b", "missing relation c"]
      )
    })
  )

  it.effect("runs once more for each retry after which its server had to catch up", () =>
    Effect.gen(function* () {
      const { asked, service } = healer(["Retry", "CaughtUp"], 1)
      assert.strictEqual(yield* protect(failing([missing("a"), missing("a")]), service), 3)
      deepStrictEqual(
        asked.map(({ retriesLeft, waitsLeft }) => [retriesLeft, waitsLeft]),
        [
          [1, 0],
          [0, 1]
        ]
      )
      const first = missing("a")
      const error = yield* Effect.flip(
        protect(failing([first, missing("a"), missing("a")]), healer(["Retry", "CaughtUp", "CaughtUp"], 1).service)
      )
      assert.strictEqual(error, first)
    })
  )

  it.effect("runs again before a migration waits, and says so when it meets the gap again", () =>
    Effect.gen(function* () {
      const { asked, service } = healer(["RetryBeforeWait", "Retry", "NotOurs"])
      const errors = [missing("users"), missing("users"), missing("users")]
      assert.strictEqual(yield* Effect.flip(protect(failing(errors), service)), errors[0])
      deepStrictEqual(
        asked.map(({ retriesForGap, retriedBeforeWait }) => [retriesForGap, retriedBeforeWait]),
        [
          [0, false],
          [0, true],
          [1, true]
        ]
      )
    })
  )

  it.effect("finds out by its next statement that it stands in a transaction", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        protect(failing([missing("users"), aborted()]), healer(["RetryBeforeWait"]).service)
      )
      assert.instanceOf(error, AutoMigrationError.TransactionMustRestart)
    })
  )

  it.effect("finds the gap among failures that ran side by side", () =>
    Effect.gen(function* () {
      const { asked, service } = healer(["NotOurs"])
      const cause = Cause.parallel(Cause.fail("something else"), Cause.fail(missing("users")))
      const exit = yield* Effect.exit(protect(Effect.failCause(cause), service))
      assert.isTrue(Exit.isFailure(exit) && exit.cause === cause)
      assert.strictEqual(asked.length, 1)
    })
  )

  it.effect("leaves a new error that comes after a gap as it came", () =>
    Effect.gen(function* () {
      const { service } = healer([])
      const error = yield* Effect.flip(protect(failing<unknown>([missing("users"), "later"]), service))
      assert.strictEqual(error, "later")
    })
  )

  it.effect("takes the gap from a TransactionMustRestart", () =>
    Effect.gen(function* () {
      const { asked, service } = healer([])
      const gap = Detector.detect(missing("users"))
      if (gap._tag === "None") return assert.fail("no gap")
      const restart = new AutoMigrationError.TransactionMustRestart({
        gap: gap.value,
        statement: "SELECT * FROM users",
        migrationIds: ["001"],
        cause: missing("users")
      })
      const wrapped = Object.assign(new Error("an application's own error"), { cause: restart })
      assert.strictEqual(yield* protect(failing<unknown>([restart, wrapped]), service), 3)
      deepStrictEqual(
        asked.map((request) => [request.gap, request.statement]),
        Array(2).fill([gap.value, Option.some("SELECT * FROM users")])
      )
    })
  )
})

describe("an error of the library itself", () => {
  it.effect("from an inner boundary is no gap, though its cause is one", () =>
    Effect.gen(function* () {
      const inner = new AutoMigrationError.MigrationPending({
        gap: "relation users",
        migrationIds: ["001"],
        command: "none",
        cause: missing("users")
      })
      const wrapped = Object.assign(new Error("an application's own error"), { cause: inner })
      assert.strictEqual(yield* Effect.flip(protect(failing([inner]), unread)), inner)
      assert.strictEqual(yield* Effect.flip(protect(failing([wrapped]), unread)), wrapped)
    })
  )
})

describe("a protected stream", () => {
  it.effect("is begun again only before its first element", () =>
    Effect.gen(function* () {
      let begun = 0
      const { service } = healer([])
      const stream = Stream.suspend(() =>
        begun++ < 2 ? Stream.fail(missing(`t${begun}`)) : Stream.concat(Stream.make(1, 2), Stream.fail(missing("late")))
      )
      const seen: Array<number> = []
      const error = yield* Boundary.recoverStream(stream, service).pipe(
        Stream.runForEach((n) => Effect.sync(() => seen.push(n))),
        Effect.flip
      )
      assert.instanceOf(error, SqlError)
      deepStrictEqual([begun, seen], [3, [1, 2]])
    })
  )

  it.effect("that succeeds reads no service", () =>
    Effect.map(Stream.runCollect(Boundary.recoverStream(Stream.make(1, 2, 3), unread)), (chunk) =>
      deepStrictEqual(Chunk.toReadonlyArray(chunk), [1, 2, 3])
    )
  )
})
