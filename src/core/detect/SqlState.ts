/**
 * SQLSTATE, and the total reader from any value at all to what the server said.
 *
 * **Laws**
 *
 * 1. `evidenceFrom` is total: whatever the value (null, strings, cycles, proxies that throw), it answers and never throws.
 * 2. Only a driver's error inside a `SqlError` (found along a bounded chain of `cause`) or a bare driver's error is evidence.
 *
 * Source: PostgreSQL manual, appendix A (error codes) and section 55.8 (error and notice message fields).
 *
 * @since 0.1.0
 */
import type * as Brand from "effect/Brand"
import * as Option from "effect/Option"

/** Five characters out of 0-9 and A-Z. @since 0.1.0 @category models */
export type SqlState = string & Brand.Brand<"effect-auto-migration/SqlState">

/**
 * What the server said: untrusted, since `RAISE` can forge every field.
 *
 * @since 0.1.0
 * @category models
 */
export interface Evidence {
  readonly sqlState: SqlState
  readonly message: string
  /** 1-based, in characters, into `statement`. */
  readonly position: Option.Option<number>
  /** 1-based, in characters, into `internalQuery`. */
  readonly internalPosition: Option.Option<number>
  /** The statement inside a function body that failed, as the server ran it. */
  readonly internalQuery: Option.Option<string>
  /** The C function that raised the error: a hint, never proof. */
  readonly routine: Option.Option<string>
  /** The text of the failed statement, where the caller knows it. */
  readonly statement: Option.Option<string>
}

/** How many links of `cause` are followed; a cycle ends here too. */
const maxDepth = 8

/**
 * @since 0.1.0
 * @category refinements
 */
export const isSqlState = (code: string): code is SqlState => {
  if (code.length !== 5) return false
  for (let i = 0; i < 5; i++) {
    const unit = code.charCodeAt(i)
    if (!((unit >= 48 && unit <= 57) || (unit >= 65 && unit <= 90))) return false
  }
  return true
}

/**
 * The string as a SQLSTATE, if it has the form of one.
 *
 * @example
 * import { SqlState } from "effect-auto-migration"
 *
 * SqlState.sqlState("42P01") // Option.some("42P01")
 * SqlState.sqlState("42p01") // Option.none()
 *
 * @since 0.1.0
 * @category constructors
 */
export const sqlState = (code: string): Option.Option<SqlState> =>
  isSqlState(code) ? Option.some(code) : Option.none()

/**
 * What the server said, read from any value at all. Three shapes count: a value tagged `SqlError` whose `cause` leads to a
 * driver's error, an error of the application whose `cause` leads to such a value, and a driver's error by itself, which must
 * then carry a `severity` too. `statement` is the text that was sent, where the caller knows it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const evidenceFrom = (error: unknown, statement?: string): Option.Option<Evidence> =>
  evidenceAmong(undefined, error, statement)

/**
 * {@link evidenceFrom} for whoever looks at a few SQLSTATEs only: any other costs next to nothing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const evidenceAmong = (
  sqlStates: ReadonlySet<string> | undefined,
  error: unknown,
  statement?: string
): Option.Option<Evidence> => {
  try {
    return read(sqlStates, error, statement)
  } catch {
    return Option.none()
  }
}

/**
 * Whether the error may be evidence with one of a few SQLSTATEs: for whoever has to ask often, and reads it then.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isAmong = (sqlStates: ReadonlySet<string>, error: unknown): boolean => {
  try {
    const found = driverErrorIn(error)
    return found !== undefined && sqlStates.has(found.code)
  } catch {
    return false
  }
}

/** The fields that are looked at, of an object that may be anything: each is read once and believed only after a check. */
interface Fields {
  readonly _tag?: unknown
  readonly cause?: unknown
  readonly code?: unknown
  readonly errno?: unknown
  readonly internalPosition?: unknown
  readonly internalQuery?: unknown
  readonly message?: unknown
  readonly position?: unknown
  readonly routine?: unknown
  readonly severity?: unknown
}

const isObject = (value: unknown): value is Fields => typeof value === "object" && value !== null

const read = (
  sqlStates: ReadonlySet<string> | undefined,
  error: unknown,
  statement: string | undefined
): Option.Option<Evidence> => {
  const found = driverErrorIn(error)
  return found !== undefined && (sqlStates === undefined || sqlStates.has(found.code))
    ? evidenceOf(found.fields, found.code, statement)
    : Option.none()
}

/** `SqlError` is known by its tag: `ResultLengthMismatch` shares its type id. */
const driverErrorIn = (error: unknown): { readonly fields: Fields; readonly code: SqlState } | undefined => {
  let value = error
  let insideSqlError = false
  for (let depth = 0; depth < maxDepth && isObject(value); depth++) {
    if (value._tag === "SqlError") {
      insideSqlError = true
    } else {
      const code = value.code
      if (typeof code === "string" && isSqlState(code) && (insideSqlError || typeof value.severity === "string")) {
        return { fields: value, code }
      }
    }
    value = value.cause
  }
  return undefined
}

/** Node's `EPIPE` has the form of a SQLSTATE; what gives it away is its `errno`. */
const evidenceOf = (error: Fields, code: SqlState, statement: string | undefined): Option.Option<Evidence> => {
  const message = error.message
  if (typeof message !== "string" || error.errno !== undefined) return Option.none()
  return Option.some({
    sqlState: code,
    message,
    position: positionFrom(error.position),
    internalPosition: positionFrom(error.internalPosition),
    internalQuery: textFrom(error.internalQuery),
    routine: textFrom(error.routine),
    statement: textFrom(statement)
  })
}

const textFrom = (value: unknown): Option.Option<string> =>
  typeof value === "string" ? Option.some(value) : Option.none()

/** node-postgres hands positions over as strings, as the wire does. */
const positionFrom = (value: unknown): Option.Option<number> => {
  if (value === undefined) return Option.none()
  const position = typeof value === "string" && value.length <= 10 ? Number(value) : value
  return typeof position === "number" && Number.isSafeInteger(position) && position > 0
    ? Option.some(position)
    : Option.none()
}
