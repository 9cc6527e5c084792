/**
 * The data of the simulated catalog: for each kind of object, the facts that decide what later statements read, write,
 * create and drop. It keeps no expressions, only the names in them.
 *
 * @since 0.1.0
 * @internal
 */
import type * as HashMap from "effect/HashMap"
import type * as Option from "effect/Option"
import type { Arbiter } from "../model/Arbiter.js"
import type { DeclaredBody } from "../model/DeclaredRoutine.js"
import type { HazardKey } from "../model/HazardKey.js"
import type { QualifiedName, SchemaObject } from "../model/SchemaObject.js"
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
  /** The type, or the element of an array type. */
  readonly type: QualifiedName
  /** The type as the server words it, without modifiers. */
  readonly wording: string
  /** The key of its `COLLATE` clause. */
  readonly collation: Option.Option<HazardKey>
  /** The type's length, or its precision and scale. */
  readonly modifiers: ReadonlyArray<number>
  readonly isNotNull: boolean
  readonly hasDefault: boolean
  /** Whether its value is computed. A drop of an object in the expression drops the column too. */
  readonly isGenerated: boolean
  /** `false` where the column is only inherited from a parent. */
  readonly isLocal: boolean
  /** Keys of the columns and routines in the expression of a generated column or a default. */
  readonly uses: ReadonlyArray<HazardKey>
}

/** @since 0.1.0 @category models */
export type ConstraintKind = "primary key" | "unique" | "exclusion" | "foreign key" | "check" | "not null"

/** @since 0.1.0 @category models */
export interface Constraint {
  readonly name: string
  readonly kind: ConstraintKind
  readonly columns: ReadonlyArray<string>
  /** The table that a foreign key references. */
  readonly references: Option.Option<QualifiedName>
  /** The referenced columns; empty where they are not known. */
  readonly referencedColumns: ReadonlyArray<string>
  /** The text of a check. */
  readonly condition: Option.Option<string>
  /** The action on referencing rows when a referenced row changes: they are only checked, or written too. */
  readonly onReferenced: "check" | "write"
  /** `false` where existing rows may violate it, because it was added as NOT VALID. */
  readonly isValidated: boolean
  /** `false` where the constraint is only inherited from a parent. */
  readonly isLocal: boolean
  /** Keys of the routines in the expression of a check. */
  readonly uses: ReadonlyArray<HazardKey>
}

/**
 * A call that no statement writes out: of a trigger's function, or of a function in a default, a check or an index.
 *
 * @since 0.1.0
 * @category models
 */
export interface HiddenCall {
  readonly name: QualifiedName
  readonly arity: Option.Option<number>
  /** Transition tables, which are relations only in the function's body. */
  readonly transitions: ReadonlyArray<string>
  /** Whether the routine is a part of an operator, a cast, a type or an operator class, which may not run at all. */
  readonly isPart: boolean
}

/**
 * The creation of a relation by a plain statement of a file: without `IF NOT EXISTS`, and not in a body of code.
 *
 * @since 0.1.0
 * @category models
 */
export interface Creation {
  /** The schema in the statement; `None` where it writes none. */
  readonly schema: Option.Option<string>
  /** The value of `Recorder.path` at the statement: equal values mean the same search path. */
  readonly path: number
}

/** @since 0.1.0 @category models */
export interface Relation {
  readonly name: QualifiedName
  /** `None` where the relation may have existed before the statement. */
  readonly creation: Option.Option<Creation>
  readonly kind: RelationKind
  /** Whether no migration creates it: its columns and triggers are then unknown. */
  readonly isExternal: boolean
  readonly isTemporary: boolean
  readonly isPartitioned: boolean
  /** Whether it is the default partition. The server scans its rows when a partition is added. */
  readonly isDefaultPartition: boolean
  readonly columns: ReadonlyArray<Column>
  readonly constraints: ReadonlyArray<Constraint>
  readonly attachments: ReadonlyArray<Attachment>
  /** Calls when rows are written: functions in defaults, checks and indexes. */
  readonly onWrite: ReadonlyArray<HiddenCall>
  /** Calls when rows are read: the functions of a view. */
  readonly onRead: ReadonlyArray<HiddenCall>
  /** Other relations and sequences that a write changes, because of defaults and rules. */
  readonly alsoWrites: ReadonlyArray<QualifiedName>
  /** Indexes, owned sequences and statistics of a table. */
  readonly parts: ReadonlyArray<QualifiedName>
  /** The table of an index, an owned sequence or statistics. */
  readonly owner: Option.Option<QualifiedName>
  /** The column of an owned sequence. */
  readonly ownerColumn: Option.Option<string>
  /** Of a sequence: whether it belongs to an identity column and is dropped with it. */
  readonly isIdentity: boolean
  /** Of an index: whether it belongs to a constraint. */
  readonly isConstraint: boolean
  /** Of an index: its columns, without expressions. */
  readonly indexColumns: ReadonlyArray<string>
  /** Of an index: the columns of its `INCLUDE` clause. */
  readonly included: ReadonlyArray<string>
  readonly isUnique: boolean
  /** Of an index: what it offers to `ON CONFLICT`. */
  readonly arbiter: Option.Option<Arbiter>
  /** Of an index: whether it has no expressions. */
  readonly hasOnlyColumns: boolean
  /** Of an index: whether it has a `WHERE` condition. */
  readonly isPartial: boolean
  /**
   * Of a table: the tables that it inherits from, its partitioned table, or the type in `CREATE TABLE … OF type`. Of an
   * index: the index of the partitioned table.
   */
  readonly parents: ReadonlyArray<QualifiedName>
  readonly children: ReadonlyArray<QualifiedName>
  /** Tables with a foreign key to this one. */
  readonly referencedBy: ReadonlyArray<QualifiedName>
  /** Of a view: keys of the objects in its query. */
  readonly uses: ReadonlyArray<HazardKey>
  /** Of a view: the relations that it reads. */
  readonly base: ReadonlyArray<QualifiedName>
  /** Keys of everything that a statement about the relation has read. */
  readonly dependencies: ReadonlySet<HazardKey>
}

/** A trigger, policy or rule. @since 0.1.0 @category models */
export interface Attachment {
  readonly kind: "trigger" | "policy" | "rule"
  readonly name: string
  readonly uses: ReadonlyArray<HazardKey>
  /** The routines that it runs. */
  readonly calls: ReadonlyArray<HiddenCall>
  /** The relations that its commands write. */
  readonly alsoWrites: ReadonlyArray<QualifiedName>
}

/** @since 0.1.0 @category models */
export interface DomainConstraint {
  readonly name: string
  /** Keys of the routines in its expression. */
  readonly uses: ReadonlyArray<HazardKey>
}

/** @since 0.1.0 @category models */
export interface Type {
  readonly name: QualifiedName
  readonly kind: "enum" | "domain" | "range" | "base"
  /** The extension that contains it. */
  readonly extension: Option.Option<string>
  readonly isExternal: boolean
  /** Whether its creation fails if a type of this name exists. */
  readonly isCertain: boolean
  readonly values: ReadonlyArray<string>
  /** The types that it consists of. */
  readonly parts: ReadonlyArray<QualifiedName>
  readonly constraints: ReadonlyArray<DomainConstraint>
  readonly onWrite: ReadonlyArray<HiddenCall>
  /** Calls for its values: its input and output, its casts, and the functions of its operator classes. */
  readonly runs: ReadonlyArray<HiddenCall>
  /** Keys of the operators of its operator classes. */
  readonly uses: ReadonlyArray<HazardKey>
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
  /** The body as the server stores it. */
  readonly declared: DeclaredBody
  /** Whether its creation fails if a routine of this name and these inputs exists. */
  readonly isCertain: boolean
  /** Keys of the objects in a body in `BEGIN ATOMIC`, and in the defaults of its parameters. */
  readonly uses: ReadonlyArray<HazardKey>
  /** Calls in the defaults of its parameters. */
  readonly onCall: ReadonlyArray<HiddenCall>
  readonly dependencies: ReadonlySet<HazardKey>
}

/**
 * An object of which only the name matters: a schema, role, extension, collation, publication, …
 *
 * @since 0.1.0
 * @category models
 */
export interface NamedObject {
  readonly key: HazardKey
  /** The objects that an error can name: such as the extension and its contents, or the operators of the name. */
  readonly objects: ReadonlyArray<SchemaObject>
  /** Calls when it is used: the functions of an operator, of all its overloads, or of an operator class. */
  readonly runs: ReadonlyArray<HiddenCall>
  readonly dependencies: ReadonlySet<HazardKey>
}

/** @since 0.1.0 @category models */
export interface SimulatedCatalog {
  readonly relations: HashMap.HashMap<string, ReadonlyArray<Relation>>
  readonly types: HashMap.HashMap<string, ReadonlyArray<Type>>
  readonly routines: HashMap.HashMap<string, ReadonlyArray<Routine>>
  readonly named: HashMap.HashMap<HazardKey, NamedObject>
  /** The tables with a constraint, by the constraint's name. */
  readonly constrained: HashMap.HashMap<string, ReadonlyArray<QualifiedName>>
  /** Keys of extensions, which every later migration reads. */
  readonly readByAll: ReadonlyArray<HazardKey>
  /** Bare names of the functions of extensions. */
  readonly brought: ReadonlySet<string>
  /**
   * Keys of objects that a body of code creates, changes or drops, possibly under a condition that only the server can
   * answer.
   */
  readonly changedInBodies: ReadonlySet<HazardKey>
  /** Keys of objects that may differ from this catalog, because a condition that only the server can answer decides. */
  readonly uncertain: ReadonlySet<HazardKey>
  /** `false` after code or SQL whose effect is not known: an object that is missing here may then exist. */
  readonly isComplete: boolean
  /**
   * `false` after SQL that is not understood. It stays `true` where a query of the database can answer the question.
   */
  readonly isUnderstood: boolean
}
