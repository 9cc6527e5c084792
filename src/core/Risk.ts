/**
 * The hazards of running a statement on a live database, read from its syntax tree.
 *
 * @since 0.1.0
 */
import type { Node } from "@pgsql/types"
import type * as Option from "effect/Option"
import type { Recorder } from "./FootprintRecorder.js"
import type { QualifiedName } from "./SchemaObject.js"

/**
 * What can go wrong.
 *
 * @since 0.1.0
 * @category models
 */
export type RiskKind =
  | "data-loss"
  | "table-rewrite"
  | "table-scan"
  | "blocking-index-build"
  | "validation-scan"
  | "volatile-default"
  | "referenced-table-lock"
  | "not-transactional"
  | "privilege-change"
  | "opaque"

/**
 * One hazard of one statement.
 *
 * @since 0.1.0
 * @category models
 */
export interface Risk {
  readonly kind: RiskKind
  /** The table that loses data or is locked, where the statement names one that existed before this migration. */
  readonly relation: Option.Option<QualifiedName>
  /** 1-based line of the statement in its file. */
  readonly line: number
  /** The statement's own text, shortened to one line. */
  readonly statement: string
}

/** A hazard before its place is known. @since 0.1.0 @category models */
export type Hazard = Pick<Risk, "kind" | "relation">

/** @since 0.1.0 @category operations */
export const risksOf = (_recorder: Recorder, _node: Node): ReadonlyArray<Hazard> => []
