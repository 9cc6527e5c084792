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
import type * as Option from "effect/Option"

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
