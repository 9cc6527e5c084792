/**
 * SQLSTATE, and the reader from any value to the server's error: what the library takes as evidence.
 *
 * **Laws**
 *
 * 1. `evidenceFrom` is total: it answers for any value (null, strings, cycles, proxies that throw) and never throws.
 * 2. Only a driver's error inside a `SqlError` (found along a bounded chain of `cause`) or a bare driver's error is evidence.
 *
 * Source: PostgreSQL manual, appendix A (error codes) and section 55.8 (error and notice message fields).
 *
 * @internal
 */
import type * as Brand from "effect/Brand"
import * as Option from "effect/Option"
import type { QualifiedName } from "../model/SchemaObject.js"

/** Five characters out of 0-9 and A-Z. @since 0.1.0 @category models */
export type SqlState = string & Brand.Brand<"effect-auto-migration/SqlState">

/**
 * The fields of a server's error. They are untrusted, since `RAISE` can forge them.
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
  /** Where the error was raised: the calls of functions, and the statements inside them, the innermost first. */
  readonly context: Option.Option<string>
  /** What the server names beside the message. */
  readonly about: Option.Option<About>
  /** The C function that raised the error: a hint, and no proof. */
  readonly routine: Option.Option<string>
  /** The text of the failed statement, where the caller knows it. */
  readonly statement: Option.Option<string>
}

/** A table, and its column or constraint. @since 0.1.0 @category models */
export interface About {
  readonly table: QualifiedName
  readonly column: Option.Option<string>
  readonly constraint: Option.Option<string>
}

/** The number of `cause` links that are followed. It also ends a cycle. */
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
 * The string as a SQLSTATE, if it has the form of one: `42P01` has, `42p01` has not.
 *
 * @since 0.1.0
 * @category constructors
 */
export const sqlState = (code: string): Option.Option<SqlState> =>
  isSqlState(code) ? Option.some(code) : Option.none()

/**
 * The evidence in a value, which may be any. Three shapes hold one: a value tagged `SqlError` whose `cause` leads to a driver's
 * error; an error of the application whose `cause` leads to such a value; and a driver's error by itself, which must then have a
 * `severity`. `statement` is the text that was sent, where the caller knows it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const evidenceFrom = (error: unknown, statement?: string): Option.Option<Evidence> =>
  evidenceAmong(undefined, error, statement)

/**
 * {@link evidenceFrom}, restricted to a few SQLSTATEs. For any other, it returns `None` without reading the fields.
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
 * Whether an error may be evidence with one of a few SQLSTATEs. It is cheaper than {@link evidenceAmong}, which decides.
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

/** The fields that are read from an unknown object. Each is read once, and its type is checked. */
interface Fields {
  readonly _tag?: unknown
  readonly cause?: unknown
  readonly code?: unknown
  readonly errno?: unknown
  readonly internalPosition?: unknown
  readonly internalQuery?: unknown
  readonly message?: unknown
  readonly column?: unknown
  readonly column_name?: unknown
  readonly constraint?: unknown
  readonly constraint_name?: unknown
  readonly position?: unknown
  readonly routine?: unknown
  readonly schema?: unknown
  readonly schema_name?: unknown
  readonly severity?: unknown
  readonly table?: unknown
  readonly table_name?: unknown
  readonly where?: unknown
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

/** Knows `SqlError` by its tag, since `ResultLengthMismatch` shares its type id. */
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

/** Node's `EPIPE` has the form of a SQLSTATE too, but such an error has an `errno`. */
const evidenceOf = (error: Fields, code: SqlState, statement: string | undefined): Option.Option<Evidence> => {
  const message = error.message
  if (typeof message !== "string" || error.errno !== undefined) return Option.none()
  return Option.some({
    sqlState: code,
    message,
    position: positionFrom(error.position),
    internalPosition: positionFrom(error.internalPosition),
    internalQuery: textFrom(error.internalQuery),
    context: textFrom(error.where),
    about: aboutFrom(error),
    routine: textFrom(error.routine),
    statement: textFrom(statement)
  })
}

/** Some drivers put `_name` behind the names of these fields. */
const aboutFrom = (error: Fields): Option.Option<About> =>
  Option.map(textFrom(error.table ?? error.table_name), (name) => ({
    table: { schema: textFrom(error.schema ?? error.schema_name), name },
    column: textFrom(error.column ?? error.column_name),
    constraint: textFrom(error.constraint ?? error.constraint_name)
  }))

const textFrom = (value: unknown): Option.Option<string> =>
  typeof value === "string" ? Option.some(value) : Option.none()

/** node-postgres gives positions as strings. */
const positionFrom = (value: unknown): Option.Option<number> => {
  if (value === undefined) return Option.none()
  const position = typeof value === "string" && value.length <= 10 ? Number(value) : value
  return typeof position === "number" && Number.isSafeInteger(position) && position > 0
    ? Option.some(position)
    : Option.none()
}
