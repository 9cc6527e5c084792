import { ResultLengthMismatch, SqlError } from "@effect/sql/SqlError"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Option from "effect/Option"
import * as fc from "fast-check"
import * as SqlState from "../../../src/core/detect/SqlState.js"
import * as Arbitrary from "../../support/arbitraries/Evidence.js"

const driverError = (fields: Readonly<Record<string, unknown>> = {}): object =>
  Object.assign(new Error('relation "users" does not exist'), {
    severity: "ERROR",
    code: "42P01",
    position: "15",
    routine: "parserOpenTable",
    ...fields
  })

const evidence: SqlState.Evidence = {
  sqlState: Option.getOrThrow(SqlState.sqlState("42P01")),
  message: 'relation "users" does not exist',
  position: Option.some(15),
  internalPosition: Option.none(),
  internalQuery: Option.none(),
  context: Option.none(),
  about: Option.none(),
  routine: Option.some("parserOpenTable"),
  statement: Option.none()
}

/** An error of an application, with so many links of `cause` down to another error. */
const wrapped = (cause: unknown, links: number): unknown =>
  links === 0 ? cause : { _tag: "AppError", message: "no luck", cause: wrapped(cause, links - 1) }

describe("laws", () => {
  it.prop(
    "evidenceFrom is total: it answers for any value (null, strings, cycles, proxies that throw) and never throws",
    [Arbitrary.anything, fc.option(fc.string(), { nil: undefined })],
    ([value, statement]) => assert.isTrue(Option.isOption(SqlState.evidenceFrom(value(), statement)))
  )

  it.prop(
    "only a driver's error inside a SqlError (found along a bounded chain of cause) or a bare driver's error is evidence",
    [Arbitrary.driverError, fc.integer({ min: 0, max: 12 }), fc.boolean(), fc.boolean()],
    ([error, links, hasSeverity, isInside]) => {
      const driver = hasSeverity ? error : Object.assign(error, { severity: undefined })
      const value = wrapped(isInside ? new SqlError({ cause: driver }) : driver, links)
      const depth = links + (isInside ? 2 : 1)
      assert.strictEqual(Option.isSome(SqlState.evidenceFrom(value)), depth <= 8 && (isInside || hasSeverity))
    }
  )

  it.prop("a value without a driver's error is no evidence", [fc.anything()], ([value]) => {
    deepStrictEqual(SqlState.evidenceFrom(value), Option.none())
    deepStrictEqual(SqlState.evidenceFrom(new SqlError({ cause: value })), Option.none())
  })

  it.prop("evidenceAmong is evidenceFrom for the SQLSTATEs that are asked for", [Arbitrary.error], ([error]) => {
    const all = SqlState.evidenceFrom(error)
    deepStrictEqual(
      SqlState.evidenceAmong(new Set(["42P01"]), error),
      Option.filter(all, ({ sqlState }) => sqlState === "42P01")
    )
  })

  it.prop(
    "isAmong holds for every error that evidenceAmong reads, and never throws",
    [Arbitrary.anything],
    ([value]) => {
      for (const error of [value(), new SqlError({ cause: value() })]) {
        const states = new Set(Option.toArray(SqlState.evidenceFrom(error)).map(({ sqlState }) => sqlState))
        assert.strictEqual(SqlState.isAmong(states, error), states.size > 0)
      }
    }
  )

  it.prop(
    "isAmong holds for the SQLSTATEs that are asked for, and for no other",
    [Arbitrary.driverError],
    ([error]) => {
      const wrong = new SqlError({ cause: error })
      const isEvident = Option.exists(SqlState.evidenceFrom(wrong), ({ sqlState }) => sqlState === "42P01")
      assert.strictEqual(SqlState.isAmong(new Set(["42P01"]), wrong), isEvident)
    }
  )
})

describe("a SQLSTATE", () => {
  it.prop("has five characters out of 0-9 and A-Z, and no others", [fc.string({ maxLength: 7 })], ([text]) =>
    assert.strictEqual(Option.isSome(SqlState.sqlState(text)), /^[0-9A-Z]{5}$/.test(text))
  )

  it.prop("is kept as it is", [Arbitrary.sqlState], ([code]) =>
    deepStrictEqual(SqlState.sqlState(code), Option.some(code))
  )

  it("has no lower-case and no full-width characters", () => {
    for (const code of ["42p01", "４２Ｐ０１", "42P0", "42P011", "42P0\n", ""]) {
      deepStrictEqual(SqlState.sqlState(code), Option.none())
    }
  })
})

describe("evidence", () => {
  it("is read from SqlError, from an error of an application around it, and from the driver's error itself", () => {
    const sqlError = new SqlError({ cause: driverError(), message: "Failed to execute statement" })
    for (const error of [sqlError, wrapped(sqlError, 3), driverError(), wrapped(driverError(), 2)]) {
      deepStrictEqual(SqlState.evidenceFrom(error), Option.some(evidence))
    }
  })

  it("is found if another library wraps the driver's error inside SqlError", () => {
    const error = new SqlError({ cause: Object.assign(new Error("Failed query"), { cause: driverError() }) })
    deepStrictEqual(SqlState.evidenceFrom(error), Option.some(evidence))
  })

  it("needs a severity outside SqlError, and none inside", () => {
    const silent = driverError({ severity: undefined })
    deepStrictEqual(SqlState.evidenceFrom(new SqlError({ cause: silent })), Option.some(evidence))
    deepStrictEqual(SqlState.evidenceFrom(silent), Option.none())
  })

  it("knows SqlError by its tag: ResultLengthMismatch shares its type id", () => {
    const mismatch = Object.assign(new ResultLengthMismatch({ expected: 1, actual: 2 }), {
      cause: driverError({ severity: undefined })
    })
    deepStrictEqual(SqlState.evidenceFrom(mismatch), Option.none())
  })

  it("is not read from values of a wrong shape", () => {
    for (const fields of [
      { code: 42701 },
      { code: "42p01" },
      { code: "ECONNREFUSED" },
      { code: undefined },
      { message: undefined },
      { message: 42 },
      { code: ["42P01"] }
    ]) {
      deepStrictEqual(SqlState.evidenceFrom(new SqlError({ cause: driverError(fields) })), Option.none())
    }
  })

  it("is not Node's EPIPE, though that has the form of a SQLSTATE", () => {
    const broken = Object.assign(new Error("write EPIPE"), { code: "EPIPE", errno: -32, syscall: "write" })
    deepStrictEqual(SqlState.evidenceFrom(new SqlError({ cause: broken })), Option.none())
  })

  it("takes positions as strings, as node-postgres hands them over, and as numbers", () => {
    const position = (value: unknown) =>
      Option.flatMap(SqlState.evidenceFrom(driverError({ position: value })), (found) => found.position)
    deepStrictEqual(position("7"), Option.some(7))
    deepStrictEqual(position(7), Option.some(7))
    for (const wrong of ["", "0", "-1", "1.5", "x", " ", "1e400", "99999999999", 0, -3, Number.NaN, {}, undefined]) {
      deepStrictEqual(position(wrong), Option.none())
    }
  })

  it("holds the statement of a function's body, and the text that the caller knows", () => {
    const error = driverError({ position: undefined, internalPosition: "8", internalQuery: "SELECT x" })
    deepStrictEqual(
      SqlState.evidenceFrom(error, "SELECT f()"),
      Option.some({
        ...evidence,
        position: Option.none(),
        internalPosition: Option.some(8),
        internalQuery: Option.some("SELECT x"),
        statement: Option.some("SELECT f()")
      })
    )
  })
})
