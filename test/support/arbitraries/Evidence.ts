/** Errors as drivers make them, evidence, and values that are neither. */
import { SqlError } from "@effect/sql/SqlError"
import * as Option from "effect/Option"
import * as fc from "fast-check"
import { type Evidence, isSqlState, type SqlState } from "../../../src/core/detect/SqlState.js"
import * as Identifier from "./Identifier.js"

const characters = [..."0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"]

/** Any SQLSTATE, with those that detectors look at more often than chance would have it. */
export const sqlState: fc.Arbitrary<SqlState> = fc
  .oneof(
    fc.constantFrom("0A000", "22P02", "3F000", "42703", "42704", "42883", "42P01", "42P10"),
    fc.constantFrom("00000", "23505", "25P02", "40001", "42501", "42601", "42702", "42804", "55P03", "57014", "XX000"),
    fc.array(fc.constantFrom(...characters), { minLength: 5, maxLength: 5 }).map((five) => five.join(""))
  )
  .filter(isSqlState)

/** Messages that look like the server's, in a few languages, and messages that only nearly do. */
export const message: fc.Arbitrary<string> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(
        'relation "$" does not exist',
        'column "$" does not exist',
        "column u.$ does not exist",
        'column "$" of relation "$" does not exist',
        "function $(integer) does not exist",
        'function "$" does not exist',
        'type "$" does not exist',
        'schema "$" does not exist',
        'invalid input value for enum mood: "$"',
        'constraint "$" for table "$" does not exist',
        'collation "$" for encoding "UTF8" does not exist',
        "there is no unique or exclusion constraint matching the ON CONFLICT specification",
        "cached plan must not change result type",
        "Relation »$« existiert nicht",
        "la colonne « $ » n'existe pas",
        "関数$(integer)は存在しません",
        'missing FROM-clause entry for table "$"',
        "operator does not exist: $ + integer"
      ),
      Identifier.stored
    )
    .map(([pattern, name]) => pattern.replaceAll("$", () => name)),
  fc.fullUnicodeString({ maxLength: 60 })
)

const optional = <A>(arbitrary: fc.Arbitrary<A>): fc.Arbitrary<Option.Option<A>> =>
  fc.option(arbitrary, { nil: undefined }).map(Option.fromNullable)

export const evidence: fc.Arbitrary<Evidence> = fc.record({
  sqlState,
  message,
  position: optional(fc.integer({ min: 1, max: 60 })),
  internalPosition: optional(fc.integer({ min: 1, max: 60 })),
  internalQuery: optional(fc.fullUnicodeString({ maxLength: 60 })),
  about: optional(
    fc.record({
      table: fc.record({ schema: optional(Identifier.stored), name: Identifier.stored }),
      column: optional(Identifier.stored),
      constraint: optional(Identifier.stored)
    })
  ),
  context: optional(fc.fullUnicodeString({ maxLength: 60 })),
  routine: optional(fc.constantFrom("parserOpenTable", "exec_stmt_raise", "typenameType", "infer_arbiter_indexes")),
  statement: optional(
    fc.oneof(
      fc.fullUnicodeString({ maxLength: 60 }),
      Identifier.spelling.map(({ written }) => `SELECT * FROM ${written}`)
    )
  )
})

/** What node-postgres throws: positions are strings there. */
export const driverError: fc.Arbitrary<object> = fc
  .tuple(sqlState, message, fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined }))
  .map(([code, text, position]) =>
    Object.assign(new Error(text), {
      severity: "ERROR",
      code,
      position: position === undefined ? undefined : String(position)
    })
  )

/** The same inside `SqlError`, by itself, and inside errors of an application. */
export const error: fc.Arbitrary<unknown> = fc.oneof(
  driverError,
  driverError.map((cause) => new SqlError({ cause })),
  fc
    .tuple(driverError, fc.integer({ min: 1, max: 3 }))
    .map(([cause, depth]) =>
      Array.from({ length: depth }).reduce<unknown>(
        (inner) => ({ _tag: "AppError", cause: inner }),
        new SqlError({ cause })
      )
    )
)

/** Objects that do their worst when they are looked at. */
const hostiles: ReadonlyArray<() => unknown> = [
  () =>
    new Proxy(
      {},
      {
        get: () => {
          throw new Error("get")
        }
      }
    ),
  () =>
    new Proxy(
      {},
      {
        get: () => {
          throw undefined
        },
        has: () => {
          throw new Error("has")
        },
        getPrototypeOf: () => {
          throw new Error("getPrototypeOf")
        }
      }
    ),
  () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    return proxy
  },
  () => {
    const cycle: { _tag: string; cause?: unknown } = { _tag: "SqlError" }
    cycle.cause = cycle
    return cycle
  },
  () => {
    const deep: { cause?: unknown } = {}
    deep.cause = { cause: deep }
    return deep
  },
  () => ({
    _tag: "SqlError",
    get cause(): unknown {
      throw new Error("cause")
    }
  }),
  () => ({
    _tag: "SqlError",
    cause: {
      code: "42P01",
      get message(): string {
        throw new Error("message")
      }
    }
  }),
  () => ({ _tag: "SqlError", cause: new Proxy({ code: "42P01" }, { get: (_, key) => Symbol.for(String(key)) }) }),
  () => ({
    get _tag(): string {
      return Math.max(0, 1) === 1 ? "SqlError" : ""
    },
    cause: null
  }),
  () => Object.create(null),
  () => () => "42P01"
]

/** Gives any value at all. The value comes out of a function: fast-check looks at values, which some of these do not survive. */
export const anything: fc.Arbitrary<() => unknown> = fc.oneof(
  fc.constantFrom(...hostiles),
  fc
    .oneof(
      fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withSet: true }),
      error,
      fc.constantFrom<Array<unknown>>(null, undefined, "42P01", 42, Symbol("42P01"), [], new Error("42P01"))
    )
    .map((value) => () => value)
)
