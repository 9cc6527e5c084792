/**
 * What the simulated catalog keeps of each kind of object: as much as decides what later statements read, write, add and take
 * away, and no expression as such.
 *
 * @since 0.1.0
 * @internal
 */
import type * as HashMap from "effect/HashMap"
import type * as Option from "effect/Option"
import type { HazardKey } from "../model/HazardKey.js"
import type { QualifiedName, SchemaObject } from "../model/SchemaObject.js"
import type { ToldBody } from "../model/ToldRoutine.js"
import type { RoutineBody } from "../sql/RoutineBody.js"

/** @since 0.1.0 @category models */
export type RelationKind =
  | "table"
  | "foreign table"
  | "view"
  | "materialized view"
  | "index"
  | "sequence"
  | "composite type"
  | "statistics"

/** @since 0.1.0 @category models */
export interface Column {
  readonly name: string
  /** The type's element, where the type is an array. */
  readonly type: QualifiedName
  /** As the server words it, without modifiers. */
  readonly wording: string
  /** Length or precision and scale. */
  readonly modifiers: ReadonlyArray<number>
  readonly isNotNull: boolean
  readonly hasDefault: boolean
  /** Whether its value is computed: what the expression needs, the column cannot live without. */
  readonly isGenerated: boolean
  /** `false` where the column is there only because a parent has it. */
  readonly isLocal: boolean
  /** Bare names of the columns and routines that a generated column's or default's expression uses. */
  readonly uses: ReadonlyArray<HazardKey>
}

/** @since 0.1.0 @category models */
export type ConstraintKind = "primary key" | "unique" | "exclusion" | "foreign key" | "check" | "not null"

/** @since 0.1.0 @category models */
export interface Constraint {
  readonly name: string
  readonly kind: ConstraintKind
  readonly columns: ReadonlyArray<string>
  /** The table that a foreign key points at. */
  readonly references: Option.Option<QualifiedName>
  /** Columns of that table, as far as they are known. */
  readonly referencedColumns: ReadonlyArray<string>
  /** What happens to referencing rows: they are only checked, or written as well. */
  readonly onReferenced: "check" | "write"
  /** `false` where rows from before it may break it: it was added as NOT VALID. */
  readonly isValidated: boolean
  /** `false` where the constraint is there only because a parent has it. */
  readonly isLocal: boolean
  /** Routines of a check's expression. */
  readonly uses: ReadonlyArray<HazardKey>
}

/**
 * A call that the server makes by itself: a trigger's function, a function in a default, a check or an index.
 *
 * @since 0.1.0
 * @category models
 */
export interface HiddenCall {
  readonly name: QualifiedName
  readonly arity: Option.Option<number>
  /** Transition tables, which are relations to the function's body only. */
  readonly transitions: ReadonlyArray<string>
}

/**
 * How a statement that stands alone in its file has made a relation: without `IF NOT EXISTS`, outside any body of code.
 *
 * @since 0.1.0
 * @category models
 */
export interface Creation {
  /** As the statement writes it. */
  readonly schema: Option.Option<string>
  /** See `Recorder.path`. */
  readonly path: number
}

/** @since 0.1.0 @category models */
export interface Relation {
  readonly name: QualifiedName
  /** `None` where the server may have found a relation of this name instead of making it. */
  readonly creation: Option.Option<Creation>
  readonly kind: RelationKind
  /** Not created by any migration: its columns and triggers are not known. */
  readonly isExternal: boolean
  readonly isTemporary: boolean
  readonly isPartitioned: boolean
  /** The partition for what no other takes: a new one looks at its rows. */
  readonly isDefaultPartition: boolean
  readonly columns: ReadonlyArray<Column>
  readonly constraints: ReadonlyArray<Constraint>
  readonly attachments: ReadonlyArray<Attachment>
  /** What the server runs when rows are written: functions in defaults, checks and indexes. */
  readonly onWrite: ReadonlyArray<HiddenCall>
  /** What the server runs when rows are read: a view's functions. */
  readonly onRead: ReadonlyArray<HiddenCall>
  /** Relations and sequences that writing rows touches: in defaults, in rules. */
  readonly alsoWrites: ReadonlyArray<QualifiedName>
  /** Indexes, owned sequences and statistics of a table. */
  readonly parts: ReadonlyArray<QualifiedName>
  /** The table of an index, an owned sequence or statistics. */
  readonly owner: Option.Option<QualifiedName>
  readonly ownerColumn: Option.Option<string>
  /** Of a sequence: it belongs to an identity column and cannot live without it. */
  readonly isIdentity: boolean
  /** Of an index: the constraint that it carries. */
  readonly isConstraint: boolean
  /** Of an index: its columns, empty where it has expressions only. */
  readonly indexColumns: ReadonlyArray<string>
  /** Of an index: columns that it carries along. */
  readonly included: ReadonlyArray<string>
  readonly isUnique: boolean
  readonly hasOnlyColumns: boolean
  /** Of an index: it holds the rows of a condition only. */
  readonly isPartial: boolean
  /** Of a table: what it inherits from, is a partition of, or has the rows of. Of an index: the one of the partitioned table. */
  readonly parents: ReadonlyArray<QualifiedName>
  readonly children: ReadonlyArray<QualifiedName>
  /** Tables with a foreign key to this one. */
  readonly referencedBy: ReadonlyArray<QualifiedName>
  /** Of a view: what its query names directly. */
  readonly uses: ReadonlyArray<HazardKey>
  readonly base: ReadonlyArray<QualifiedName>
  /** All that any statement about it has read. */
  readonly dependencies: ReadonlySet<HazardKey>
}

/** A trigger, policy or rule. @since 0.1.0 @category models */
export interface Attachment {
  readonly kind: "trigger" | "policy" | "rule"
  readonly name: string
  readonly uses: ReadonlyArray<HazardKey>
  /** What it runs, and which relations that writes. */
  readonly calls: ReadonlyArray<HiddenCall>
  readonly alsoWrites: ReadonlyArray<QualifiedName>
}

/** @since 0.1.0 @category models */
export interface DomainConstraint {
  readonly name: string
  /** Routines of its expression. */
  readonly uses: ReadonlyArray<HazardKey>
}

/** @since 0.1.0 @category models */
export interface Type {
  readonly name: QualifiedName
  readonly kind: "enum" | "domain" | "range" | "base"
  /** The extension that brought it. */
  readonly extension: Option.Option<string>
  readonly isExternal: boolean
  /** Whether the statement that makes it fails where a type of this name is there. */
  readonly isCertain: boolean
  readonly values: ReadonlyArray<string>
  /** The types it is made of. */
  readonly parts: ReadonlyArray<QualifiedName>
  readonly constraints: ReadonlyArray<DomainConstraint>
  readonly onWrite: ReadonlyArray<HiddenCall>
  readonly dependencies: ReadonlySet<HazardKey>
}

/** @since 0.1.0 @category models */
export interface Routine {
  readonly name: QualifiedName
  readonly kind: "function" | "procedure" | "aggregate"
  /** Input types as the server words them. */
  readonly inputs: ReadonlyArray<string>
  readonly minArity: number
  readonly maxArity: number
  readonly types: ReadonlyArray<QualifiedName>
  readonly body: RoutineBody
  /** The same as the server keeps it. */
  readonly told: ToldBody
  /** Whether the statement that makes it fails where a routine of this name and these inputs is there. */
  readonly isCertain: boolean
  readonly uses: ReadonlyArray<HazardKey>
  readonly dependencies: ReadonlySet<HazardKey>
}

/**
 * Everything with a name and no structure of interest: schemas, roles, extensions, collations, publications, …
 *
 * @since 0.1.0
 * @category models
 */
export interface Thing {
  readonly key: HazardKey
  /** What an error can name: the schema, the extension and what it brings, the collation. */
  readonly objects: ReadonlyArray<SchemaObject>
  readonly dependencies: ReadonlySet<HazardKey>
}

/** @since 0.1.0 @category models */
export interface SimulatedCatalog {
  readonly relations: HashMap.HashMap<string, ReadonlyArray<Relation>>
  readonly types: HashMap.HashMap<string, ReadonlyArray<Type>>
  readonly routines: HashMap.HashMap<string, ReadonlyArray<Routine>>
  readonly things: HashMap.HashMap<HazardKey, Thing>
  /** By a constraint's name the tables that have one of that name. */
  readonly constrained: HashMap.HashMap<string, ReadonlyArray<QualifiedName>>
  /** Keys that every later migration reads: extensions. */
  readonly readByAll: ReadonlyArray<HazardKey>
  /** Functions that extensions brought. */
  readonly brought: ReadonlySet<string>
  /** Keys of what a body of code has made, changed or dropped: it may do so under conditions that only the server can answer. */
  readonly unsure: ReadonlySet<HazardKey>
  /** Names of what may be otherwise than it is said here: a condition that only the server can answer decides. */
  readonly uncertain: ReadonlySet<HazardKey>
  /** `false` once a migration was not understood: what is unknown may then be anything. */
  readonly isComplete: boolean
  /** `false` once that was more than a question which the database can answer. */
  readonly isUnderstood: boolean
}
