/**
 * One migration: its identity, its script, what it does to the schema, and the checksum that notices later edits.
 *
 * @since 0.1.0
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import type * as Brand from "effect/Brand"
import type { Effect } from "effect/Effect"
import type { Footprint } from "./Footprint.js"

/** Not empty; by default the file's name without its ending. @since 0.1.0 @category models */
export type MigrationId = string & Brand.Brand<"effect-auto-migration/MigrationId">

/** `algorithm:hex`, for instance `sha256:9f86…`. @since 0.1.0 @category models */
export type Checksum = string & Brand.Brand<"effect-auto-migration/Checksum">

/** What runs. @since 0.1.0 @category models */
export type Script =
  | { readonly _tag: "Sql"; readonly text: string }
  | { readonly _tag: "Effect"; readonly effect: Effect<unknown, unknown, SqlClient> }

/**
 * @since 0.1.0
 * @category models
 */
export interface Migration {
  readonly id: MigrationId
  /** Where it comes from: a file's path or a label such as `record:002_users`; every error message names it. */
  readonly source: string
  readonly script: Script
  readonly checksum: Checksum
  /** Ids of `-- requires:`. */
  readonly requires: ReadonlyArray<MigrationId>
  /** `"none"` for `-- transaction: none`, and for a script with a statement that cannot run inside a transaction block. */
  readonly transaction: "own" | "none"
  readonly footprint: Footprint
}
