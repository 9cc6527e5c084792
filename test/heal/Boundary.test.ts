/**
 * The boundary alone: no database, a closer that answers what the test wants.
 */
import * as SqlClient from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import { SqlError } from "@effect/sql/SqlError"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
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

/** What every statement is told that comes after the one that failed. */
const aborted = (): SqlError =>
  new SqlError({
    cause: Object.assign(new Error("current transaction is aborted"), { code: "25P02", severity: "ERROR" })
  })

/** Nothing is ever sent over it. */
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

/** Answers from a list, and remembers what it was asked. */
const closer = (answers: ReadonlyArray<Boundary.Closing>, budget = 16) => {
  const asked: Array<Boundary.Request> = []
  const remaining = [...answers]
  return {
    asked,
    service: Effect.succeed<Boundary.Closer>({
      budget,
      close: (request) =>
        Effect.sync(() => {
          asked.push(request)
          return remaining.shift() ?? "Retry"
        }),
      denied: () => Effect.succeed(Option.none())
    })
  }
}

const unread = Effect.dieMessage("the closer was read")

const protect = <A, E>(self: Effect.Effect<A, E>, service: Effect.Effect<Boundary.Closer>) =>
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
  it.effect("1. An effect that succeeds is run once, and no service is read.", () =>
    Effect.map(protect(failing([]), unread), (runs) => assert.strictEqual(runs, 1))
  )

  it.effect("2. An error that is no gap leaves with the cause it came with, and no service is read.", () =>
    Effect.forEach(
      [
        Cause.fail(new Error("not ours")),
        Cause.fail(new SqlError({ cause: Object.assign(new Error("division by zero"), { code: "22012" }) })),
        Cause.die(missing("users")),
        Cause.parallel(Cause.fail(missing("users")), Cause.die("a defect beside it")),
        Cause.interrupt(FiberId.none)
      ],
      (cause) =>
        Effect.map(Effect.exit(protect(Effect.failCause<unknown>(cause), unread)), (exit) =>
          assert.isTrue(Exit.isFailure(exit) && exit.cause === cause)
        )
    )
  )

  it.effect("3. A gap that comes back after it was closed leaves with the cause it first came with.", () =>
    Effect.gen(function* () {
      const [first, second] = [missing("users"), missing("users")]
      const { asked, service } = closer(["Retry", "NotOurs"])
      const error = yield* Effect.flip(protect(failing([first, second]), service))
      assert.strictEqual(error, first)
      deepStrictEqual(
        asked.map((request) => request.closedBefore),
        [0, 1]
      )
    })
  )

  it.prop(
    "4. However often gaps are closed, the effect is run at most `budget + 1` times, and once more for each closing that its server had to be waited for.",
    [fc.nat(10), fc.nat(20), fc.array(fc.constantFrom<Boundary.Closing>("Retry", "CaughtUp"), { maxLength: 20 })],
    ([budget, failures, answers]) => {
      let runs = 0
      const always = Effect.suspend(() => (runs++ < failures ? Effect.fail(missing(`t${runs}`)) : Effect.succeed(runs)))
      Effect.runSyncExit(protect(always, closer([], budget).service))
      assert.strictEqual(runs, Math.min(budget, failures) + 1)
      runs = 0
      const { asked, service } = closer(answers, budget)
      Effect.runSyncExit(protect(always, service))
      const waits = answers.slice(0, asked.length).filter((answer) => answer === "CaughtUp").length
      assert.isAtMost(runs, budget + 1 + Math.min(waits, budget))
    }
  )
})

describe("law 5: An effect that meets a transaction which a gap has aborted leaves with `TransactionMustRestart` and that gap.", () => {
  const gapOf = (error: unknown) =>
    error instanceof AutoMigrationError.TransactionMustRestart
      ? [Detector.render(error.gap), error.cause]
      : assert.fail(`expected TransactionMustRestart, got ${error}`)

  it.effect("the boundary's own: only its next run shows that there was a transaction", () =>
    Effect.gen(function* () {
      const { asked, service } = closer([])
      const first = missing("users")
      const error = yield* Effect.flip(protect(failing([first, aborted()]), service))
      deepStrictEqual(gapOf(error), ["missing relation users", first])
      assert.strictEqual(asked.length, 1)
    })
  )

  it.effect("another boundary's: what the connection remembers", () =>
    Effect.gen(function* () {
      const { asked, service } = closer(["Retry"])
      const first = missing("users")
      yield* Effect.ignore(protect(Effect.fail(first), service))
      const error = yield* Effect.flip(protect(Effect.fail(aborted()), unread))
      deepStrictEqual(gapOf(error), ["missing relation users", first])
      assert.isNotEmpty(asked)
    }).pipe(Effect.provideService(SqlClient.TransactionConnection, [connection(), 0]))
  )

  it.effect("but not one that another error has aborted, nor a gap that is nobody's", () =>
    Effect.gen(function* () {
      const { service } = closer(["NotOurs"])
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
      const { asked, service } = closer([])
      assert.strictEqual(yield* protect(failing([missing("a"), missing("b"), missing("c")]), service), 4)
      deepStrictEqual(
        asked.map((request) => Detector.render(request.gap)),
        ["missing relation a", "missing relation b", "missing relation c"]
      )
    })
  )

  it.effect("runs again without counting it when its server had to catch up, once for each closing", () =>
    Effect.gen(function* () {
      const { asked, service } = closer(["Retry", "CaughtUp"], 1)
      assert.strictEqual(yield* protect(failing([missing("a"), missing("a")]), service), 3)
      deepStrictEqual(
        asked.map(({ closingsLeft, waitsLeft }) => [closingsLeft, waitsLeft]),
        [
          [1, 0],
          [0, 1]
        ]
      )
      const first = missing("a")
      const error = yield* Effect.flip(
        protect(failing([first, missing("a"), missing("a")]), closer(["Retry", "CaughtUp", "CaughtUp"], 1).service)
      )
      assert.strictEqual(error, first)
    })
  )

  it.effect("in doubt is run again, and says so when it meets the gap again", () =>
    Effect.gen(function* () {
      const { asked, service } = closer(["Doubt", "Retry", "NotOurs"])
      const errors = [missing("users"), missing("users"), missing("users")]
      assert.strictEqual(yield* Effect.flip(protect(failing(errors), service)), errors[0])
      deepStrictEqual(
        asked.map(({ closedBefore, doubted }) => [closedBefore, doubted]),
        [
          [0, false],
          [0, true],
          [1, true]
        ]
      )
    })
  )

  it.effect("in doubt finds out by its next statement that it stands in a transaction", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(protect(failing([missing("users"), aborted()]), closer(["Doubt"]).service))
      assert.instanceOf(error, AutoMigrationError.TransactionMustRestart)
    })
  )

  it.effect("finds the gap among failures that ran side by side", () =>
    Effect.gen(function* () {
      const { asked, service } = closer(["NotOurs"])
      const cause = Cause.parallel(Cause.fail("something else"), Cause.fail(missing("users")))
      const exit = yield* Effect.exit(protect(Effect.failCause(cause), service))
      assert.isTrue(Exit.isFailure(exit) && exit.cause === cause)
      assert.strictEqual(asked.length, 1)
    })
  )

  it.effect("leaves a new error that comes after a gap as it came", () =>
    Effect.gen(function* () {
      const { service } = closer([])
      const error = yield* Effect.flip(protect(failing<unknown>([missing("users"), "later"]), service))
      assert.strictEqual(error, "later")
    })
  )

  it.effect("takes the gap out of a TransactionMustRestart", () =>
    Effect.gen(function* () {
      const { asked, service } = closer([])
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
  it.effect("from a boundary further in is no gap, though its cause is one", () =>
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
      const { service } = closer([])
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
