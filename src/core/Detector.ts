/**
 * From the server's error to the schema object that is missing. A detector is a question put to an error, and detectors
 * form a monoid under {@link firstOf} with {@link silent} as its identity.
 *
 * @since 0.1.0
 */
import type * as Option from "effect/Option"
import type { SchemaObject } from "./SchemaObject.js"
import type { Evidence, SqlState } from "./SqlState.js"

/**
 * An object that a statement needed and the database lacks.
 *
 * @since 0.1.0
 * @category models
 */
export interface MissingObject {
  readonly _tag: "MissingObject"
  readonly object: SchemaObject
  /** What stood before a column's name: an alias or a table's name; the statement's text tells which. */
  readonly qualifier: Option.Option<string>
  readonly sqlState: SqlState
}

/**
 * The server's plan is older than the schema: the statement needs another try and no migration.
 *
 * @since 0.1.0
 * @category models
 */
export interface StalePlan {
  readonly _tag: "StalePlan"
  readonly sqlState: SqlState
}

/** @since 0.1.0 @category models */
export type SchemaGap = MissingObject | StalePlan

/** A question put to an error. `None` means "not mine", never "I failed". @since 0.1.0 @category models */
export type Detector = (evidence: Evidence) => Option.Option<SchemaGap>
