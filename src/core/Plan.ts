/**
 * A non-empty, ordered list of migrations that closes one gap.
 *
 * @since 0.1.0
 */
import type { NonEmptyReadonlyArray } from "effect/Array"
import type { Migration } from "./Migration.js"
import type { SchemaObject } from "./SchemaObject.js"

/** Why a step is in the plan. @since 0.1.0 @category models */
export type Reason = "provider" | "ancestor" | "pending"

/** @since 0.1.0 @category models */
export interface Step {
  readonly migration: Migration
  readonly reason: Reason
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Plan {
  /** In an order that respects the graph: id order wherever the graph allows. */
  readonly steps: NonEmptyReadonlyArray<Step>
  /**
   * What the gap's providers promise, with schema and table as they spell them: the catalog must lack at least one of these
   * before the plan runs. Empty for a plan made ahead of time.
   */
  readonly closes: ReadonlyArray<SchemaObject>
}
