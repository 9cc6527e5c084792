/**
 * What a statement can need and a database can lack. Names are kept as PostgreSQL stores them: folded, unquoted and cut to
 * 63 bytes, so that two spellings of one object are one value.
 *
 * **Laws**
 *
 * 1. `identifierFrom(quote(x))` is `x`, for every identifier `x` that PostgreSQL can store.
 * 2. `identifierFrom` is idempotent on what `quote` makes of its result.
 * 3. `Order` is total, and `Equivalence` agrees with it and with `key`.
 *
 * Source: PostgreSQL manual, section 4.1.1, Identifiers and Key Words.
 *
 * @since 0.1.0
 */
import type * as Option from "effect/Option"

/**
 * A name with its schema, where the schema is written; both as the server stores them.
 *
 * @since 0.1.0
 * @category models
 */
export interface QualifiedName {
  readonly schema: Option.Option<string>
  readonly name: string
}

/**
 * Table, view, materialized view, sequence, index or foreign table: all are "relation" to the server.
 *
 * @since 0.1.0
 * @category models
 */
export interface Relation extends QualifiedName {
  readonly _tag: "Relation"
}

/**
 * A column, with its table where that is known.
 *
 * @since 0.1.0
 * @category models
 */
export interface Column {
  readonly _tag: "Column"
  readonly relation: Option.Option<QualifiedName>
  readonly name: string
}

/**
 * A function, procedure or aggregate; `arguments` are the input types as the server words them, where known.
 *
 * @since 0.1.0
 * @category models
 */
export interface Routine extends QualifiedName {
  readonly _tag: "Routine"
  readonly arguments: Option.Option<ReadonlyArray<string>>
}

/** @since 0.1.0 @category models */
export interface Type extends QualifiedName {
  readonly _tag: "Type"
}

/** A namespace, called schema in SQL. @since 0.1.0 @category models */
export interface Schema {
  readonly _tag: "Schema"
  readonly name: string
}

/** One label of an enum type. @since 0.1.0 @category models */
export interface EnumValue {
  readonly _tag: "EnumValue"
  readonly type: QualifiedName
  readonly value: string
}

/** A named constraint of a table. @since 0.1.0 @category models */
export interface Constraint {
  readonly _tag: "Constraint"
  readonly relation: Option.Option<QualifiedName>
  readonly name: string
}

/**
 * What `ON CONFLICT (columns)` needs: a unique index, primary key or exclusion constraint over exactly these columns.
 * Without the statement's text neither table nor columns are known.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConflictTarget {
  readonly _tag: "ConflictTarget"
  readonly relation: Option.Option<QualifiedName>
  readonly columns: ReadonlyArray<string>
}

/** @since 0.1.0 @category models */
export interface Collation extends QualifiedName {
  readonly _tag: "Collation"
}

/** @since 0.1.0 @category models */
export interface Extension {
  readonly _tag: "Extension"
  readonly name: string
}

/**
 * @since 0.1.0
 * @category models
 */
export type SchemaObject =
  | Relation
  | Column
  | Routine
  | Type
  | Schema
  | EnumValue
  | Constraint
  | ConflictTarget
  | Collation
  | Extension
