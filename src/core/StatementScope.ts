/**
 * The names that one statement uses: the relations it touches with their aliases, and the columns, routines and types it
 * mentions. Read from its syntax tree; it lets one heal close every gap of a statement at once, and turns an alias into a table.
 *
 * @since 0.1.0
 */
import type * as Option from "effect/Option"
import type { QualifiedName } from "./SchemaObject.js"

/** @since 0.1.0 @category models */
export interface ScopedRelation {
  readonly relation: QualifiedName
  readonly alias: Option.Option<string>
}

/** A column as the statement writes it. @since 0.1.0 @category models */
export interface ScopedColumn {
  /** The alias or table name before the dot. */
  readonly qualifier: Option.Option<string>
  readonly name: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface StatementScope {
  /** Real relations only: names of common table expressions are left out. */
  readonly relations: ReadonlyArray<ScopedRelation>
  readonly columns: ReadonlyArray<ScopedColumn>
  readonly routines: ReadonlyArray<QualifiedName>
  readonly types: ReadonlyArray<QualifiedName>
  /** Of an `INSERT … ON CONFLICT (columns)`: its table and its columns. */
  readonly conflictTarget: Option.Option<{ readonly relation: QualifiedName; readonly columns: ReadonlyArray<string> }>
}
