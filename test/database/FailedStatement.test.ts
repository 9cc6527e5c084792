/**
 * The text of a failed statement by its error, with a connection that no server answers.
 */
import type { Connection } from "@effect/sql/SqlConnection"
import { SqlError } from "@effect/sql/SqlError"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as FailedStatement from "../../src/database/FailedStatement.js"

const text = "SELECT email FROM users"

const errorOf = (cause: unknown = new Error("no such column")): SqlError => new SqlError({ cause })

const failing = (cause: Cause.Cause<SqlError>): Connection => ({
  execute: () => Effect.failCause(cause),
  executeRaw: () => Effect.failCause(cause),
  executeStream: () => Stream.failCause(cause),
  executeUnprepared: () => Effect.failCause(cause),
  executeValues: () => Effect.failCause(cause)
})

const ways: Readonly<Record<string, (connection: Connection) => Effect.Effect<unknown, SqlError>>> = {
  execute: (_) => _.execute(text, [], undefined),
  executeRaw: (_) => _.executeRaw(text, []),
  executeStream: (_) => Stream.runDrain(_.executeStream(text, [], undefined)),
  executeUnprepared: (_) => _.executeUnprepared(text, [], undefined),
  executeValues: (_) => _.executeValues(text, [])
}

describe("a connection that notes texts", () => {
  for (const [way, run] of Object.entries(ways)) {
    it.effect(`tells the text of a statement that fails in ${way}, and keeps its cause`, () =>
      Effect.gen(function* () {
        const error = errorOf()
        const plain = failing(Cause.parallel(Cause.fail(error), Cause.die("beside it")))
        deepStrictEqual(yield* Effect.exit(run(FailedStatement.noting(plain))), yield* Effect.exit(run(plain)))
        deepStrictEqual(FailedStatement.textOf(error), Option.some(text))
      })
    )
  }

  it.effect("tells the text for an error of the application that has the server's error as its cause", () =>
    Effect.gen(function* () {
      const server = new Error("no such column")
      const connection = FailedStatement.noting(failing(Cause.fail(errorOf(server))))
      yield* Effect.ignore(connection.execute(text, [], undefined))
      deepStrictEqual(FailedStatement.textOf(new Error("unavailable", { cause: errorOf(server) })), Option.some(text))
      deepStrictEqual(FailedStatement.textOf(errorOf()), Option.none())
    })
  )

  it("is made once for a connection, and has its other parts", () => {
    const connection = Object.assign(failing(Cause.fail(errorOf())), { pg: "of the driver" })
    const noting = FailedStatement.noting(connection)
    strictEqual(FailedStatement.noting(connection), noting)
    strictEqual(FailedStatement.noting(noting), noting)
    strictEqual(Reflect.get(noting, "pg"), "of the driver")
  })

  it("ends in errors that are each other's causes", () => {
    const [one, other] = [new Error("one"), new Error("other")]
    one.cause = other
    other.cause = one
    deepStrictEqual(FailedStatement.textOf(one), Option.none())
  })
})
