/**
 * A schema object is an object that a statement needs and a database may lack, for instance `column users.email`. Names
 * are kept as PostgreSQL stores them (folded, unquoted, cut to 63 bytes), so two spellings of one object are the same
 * value.
 *
 * **Laws**
 *
 * 1. `identifierFrom(quote(x))` is `x`, for every identifier `x` that PostgreSQL can store.
 * 2. `identifierFrom` is idempotent: reading the quoted result again gives the same result.
 * 3. `Order` is total, and `Equivalence` agrees with it and with `key`.
 * 4. The codec decodes an encoded object to the same object.
 *
 * Source: PostgreSQL manual, section 4.1.1, Identifiers and Key Words.
 *
 * @since 0.1.0
 */
import * as Eq from "effect/Equivalence"
import * as Option from "effect/Option"
import * as Ord from "effect/Order"
import * as S from "effect/Schema"
import * as Arbiter from "./Arbiter.js"
import { type QualifiedName, quote } from "./QualifiedName.js"
import * as TableRule from "./TableRule.js"

export { identifierFrom, nameFrom, nameOfParts, type QualifiedName, qualifiedName, quote } from "./QualifiedName.js"

/** A table, view, sequence or index, which the server calls "relation". @since 0.1.0 @category models */
export interface Relation extends QualifiedName {
  readonly _tag: "Relation"
}

/** A column and, where it is known, its table. @since 0.1.0 @category models */
export interface Column {
  readonly _tag: "Column"
  readonly relation: Option.Option<QualifiedName>
  readonly name: string
}

/**
 * A function, procedure or aggregate. `arguments` are the input types as the server words them; `None` where unknown.
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
 * A unique index, primary key or exclusion constraint over exactly these columns, which `ON CONFLICT (columns)` needs.
 * Table and columns come from the statement's text; without it they are unknown.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConflictTarget extends Arbiter.Arbiter {
  readonly _tag: "ConflictTarget"
  readonly relation: Option.Option<QualifiedName>
}

/** @since 0.1.0 @category models */
export interface Collation extends QualifiedName {
  readonly _tag: "Collation"
}

/** `operands` are the types of its one or two operands, where they are known. @since 0.1.0 @category models */
export interface Operator extends QualifiedName {
  readonly _tag: "Operator"
  readonly operands: Option.Option<ReadonlyArray<string>>
}

/** @since 0.1.0 @category models */
export interface TextSearchConfiguration extends QualifiedName {
  readonly _tag: "TextSearchConfiguration"
}

/** A role of the cluster. @since 0.1.0 @category models */
export interface Role {
  readonly _tag: "Role"
  readonly name: string
}

/**
 * A rule of a table that a migration drops or widens. `name` is the column or the constraint; of a length, the column and
 * its type, such as `code character varying(5)`; of a partition, its name.
 *
 * @since 0.1.0
 * @category models
 */
export interface Relaxation {
  readonly _tag: "Relaxation"
  readonly rule: TableRule.Rule
  readonly relation: Option.Option<QualifiedName>
  readonly name: string
}

/** @since 0.1.0 @category models */
export interface Extension {
  readonly _tag: "Extension"
  readonly name: string
}

/** @since 0.1.0 @category models */
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
  | Operator
  | TextSearchConfiguration
  | Role
  | Relaxation
  | Extension

/** @since 0.1.0 @category constructors */
export const relation = ({ name, schema }: QualifiedName): Relation => ({ _tag: "Relation", schema, name })

/** @since 0.1.0 @category constructors */
export const column = (name: string, relation?: QualifiedName): Column => ({
  _tag: "Column",
  relation: Option.fromNullable(relation),
  name
})

/**
 * `types` are the input types as the server words them (`integer`, not `int4`). Defaults to unknown.
 *
 * @since 0.1.0
 * @category constructors
 */
export const routine = ({ name, schema }: QualifiedName, types?: ReadonlyArray<string>): Routine => ({
  _tag: "Routine",
  schema,
  name,
  arguments: Option.fromNullable(types)
})

/** @since 0.1.0 @category constructors */
export const type = ({ name, schema }: QualifiedName): Type => ({ _tag: "Type", schema, name })

/** @since 0.1.0 @category constructors */
export const schema = (name: string): Schema => ({ _tag: "Schema", name })

/** @since 0.1.0 @category constructors */
export const enumValue = (type: QualifiedName, value: string): EnumValue => ({ _tag: "EnumValue", type, value })

/** @since 0.1.0 @category constructors */
export const constraint = (name: string, relation?: QualifiedName): Constraint => ({
  _tag: "Constraint",
  relation: Option.fromNullable(relation),
  name
})

/** A target of columns only has no `others`. @since 0.1.0 @category constructors */
export const conflictTarget = (
  columns: ReadonlyArray<string>,
  relation?: QualifiedName,
  others: Partial<Arbiter.Arbiter> = {}
): ConflictTarget => ({
  _tag: "ConflictTarget",
  relation: Option.fromNullable(relation),
  ...Arbiter.make({ ...others, columns })
})

/** @since 0.1.0 @category constructors */
export const collation = ({ name, schema }: QualifiedName): Collation => ({ _tag: "Collation", schema, name })

/** `types` default to unknown. @since 0.1.0 @category constructors */
export const operator = ({ name, schema }: QualifiedName, types?: ReadonlyArray<string>): Operator => ({
  _tag: "Operator",
  schema,
  name,
  operands: Option.fromNullable(types)
})

/** @since 0.1.0 @category constructors */
export const textSearchConfiguration = ({ name, schema }: QualifiedName): TextSearchConfiguration => ({
  _tag: "TextSearchConfiguration",
  schema,
  name
})

/** @since 0.1.0 @category constructors */
export const role = (name: string): Role => ({ _tag: "Role", name })

/** @since 0.1.0 @category constructors */
export const relaxation = (rule: TableRule.Rule, name: string, relation?: QualifiedName): Relaxation => ({
  _tag: "Relaxation",
  rule,
  relation: Option.fromNullable(relation),
  name
})

/** @since 0.1.0 @category constructors */
export const extension = (name: string): Extension => ({ _tag: "Extension", name })

/**
 * Renders an object for messages: `column users.email`, `function app.f(integer)`, `value "sad" of enum mood`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { SchemaObject } from "effect-auto-migration"
 *
 * const users = SchemaObject.qualifiedName("users", "app")
 *
 * assert.equal(SchemaObject.render(SchemaObject.relation(users)), "relation app.users")
 * assert.equal(SchemaObject.render(SchemaObject.column("email", users)), "column app.users.email")
 * ```
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (object: SchemaObject): string => {
  switch (object._tag) {
    case "Relation":
      return `relation ${renderName(object)}`
    case "Column":
      return `column ${renderMember(object.relation, object.name)}`
    case "Routine":
      return `function ${renderName(object)}${renderTypes(object.arguments)}`
    case "Type":
      return `type ${renderName(object)}`
    case "Schema":
      return `schema ${renderIdentifier(object.name)}`
    case "EnumValue":
      return `value ${quote(object.value)} of enum ${renderName(object.type)}`
    case "Constraint":
      return `constraint ${renderIdentifier(object.name)}${renderOwner(object.relation)}`
    case "ConflictTarget":
      return `unique constraint${renderOwner(object.relation)}${Arbiter.render(object, renderIdentifier)}`
    case "Collation":
      return `collation ${renderName(object)}`
    case "Operator":
      return `operator ${Option.match(object.schema, { onNone: () => "", onSome: (schema) => `${renderIdentifier(schema)}.` })}${object.name}${renderTypes(object.operands)}`
    case "TextSearchConfiguration":
      return `text search configuration ${renderName(object)}`
    case "Role":
      return `role ${renderIdentifier(object.name)}`
    case "Relaxation":
      return TableRule.render(object.rule, object.name, Option.getOrUndefined(Option.map(object.relation, renderName)))
    case "Extension":
      return `extension ${renderIdentifier(object.name)}`
  }
}

/**
 * A string that identifies an object in maps, sets and orders: two objects have the same key exactly when they are
 * equal.
 *
 * @since 0.1.0
 * @category rendering
 */
export const key = (object: SchemaObject): string => {
  switch (object._tag) {
    case "Relation":
      return `relation ${keyOfName(object)}`
    case "Column":
      return `column ${keyOfMember(object.relation, object.name)}`
    case "Routine":
      return `routine ${keyOfName(object)}${Option.isSome(object.arguments) ? keyOfList(object.arguments.value) : ""}`
    case "Type":
      return `type ${keyOfName(object)}`
    case "Schema":
      return `schema ${quote(object.name)}`
    case "EnumValue":
      return `value ${keyOfName(object.type)} ${quote(object.value)}`
    case "Constraint":
      return `constraint ${keyOfMember(object.relation, object.name)}`
    case "ConflictTarget":
      return `conflict ${Option.isSome(object.relation) ? keyOfName(object.relation.value) : ""}${[object.columns, object.expressions, object.classes, object.conditions].map(keyOfList).join("")}`
    case "Collation":
      return `collation ${keyOfName(object)}`
    case "Operator":
      return `operator ${keyOfName(object)}${Option.isSome(object.operands) ? keyOfList(object.operands.value) : ""}`
    case "TextSearchConfiguration":
      return `text search configuration ${keyOfName(object)}`
    case "Role":
      return `role ${quote(object.name)}`
    case "Relaxation":
      return `relaxation ${object.rule} ${keyOfMember(object.relation, object.name)}`
    case "Extension":
      return `extension ${quote(object.name)}`
  }
}

/** Orders by {@link key}: by kind, then schema, then name. @since 0.1.0 @category instances */
export const Order: Ord.Order<SchemaObject> = Ord.mapInput(Ord.string, key)

/** @since 0.1.0 @category instances */
export const Equivalence: Eq.Equivalence<SchemaObject> = Eq.mapInput(Eq.string, key)

const name = { schema: S.OptionFromNullOr(S.String), name: S.String }
const Name = S.Struct(name)
const relationOrNull = S.OptionFromNullOr(Name)

const codec = S.Union(
  S.TaggedStruct("Relation", name),
  S.TaggedStruct("Column", { relation: relationOrNull, name: S.String }),
  S.TaggedStruct("Routine", { ...name, arguments: S.OptionFromNullOr(S.Array(S.String)) }),
  S.TaggedStruct("Type", name),
  S.TaggedStruct("Schema", { name: S.String }),
  S.TaggedStruct("EnumValue", { type: Name, value: S.String }),
  S.TaggedStruct("Constraint", { relation: relationOrNull, name: S.String }),
  S.TaggedStruct("ConflictTarget", { relation: relationOrNull, ...Arbiter.fields }),
  S.TaggedStruct("Collation", name),
  S.TaggedStruct("Operator", { ...name, operands: S.OptionFromNullOr(S.Array(S.String)) }),
  S.TaggedStruct("TextSearchConfiguration", name),
  S.TaggedStruct("Role", { name: S.String }),
  S.TaggedStruct("Relaxation", { rule: TableRule.Rule, relation: relationOrNull, name: S.String }),
  S.TaggedStruct("Extension", { name: S.String })
)

/** A {@link SchemaObject} as JSON: the same fields, with `null` for `None`. @since 0.1.0 @category codecs */
export type SchemaObjectEncoded = S.Schema.Encoded<typeof codec>

/** The codec of schema objects, for errors and ledger events. @since 0.1.0 @category codecs */
export const SchemaObject: S.Schema<SchemaObject, SchemaObjectEncoded> = codec

/** Quotes an identifier only where SQL needs quotes. */
const renderIdentifier = (identifier: string): string =>
  /^[a-z_\u0080-\uffff][a-z0-9_$\u0080-\uffff]*$/.test(identifier) ? identifier : quote(identifier)

const renderTypes = (types: Option.Option<ReadonlyArray<string>>): string =>
  Option.match(types, { onNone: () => "", onSome: (list) => `(${list.join(", ")})` })

const renderName = ({ name, schema }: QualifiedName): string =>
  Option.isSome(schema) ? `${renderIdentifier(schema.value)}.${renderIdentifier(name)}` : renderIdentifier(name)

const renderMember = (relation: Option.Option<QualifiedName>, name: string): string =>
  Option.isSome(relation) ? `${renderName(relation.value)}.${renderIdentifier(name)}` : renderIdentifier(name)

const renderOwner = (relation: Option.Option<QualifiedName>): string =>
  Option.isSome(relation) ? ` of relation ${renderName(relation.value)}` : ""

const keyOfName = ({ name, schema }: QualifiedName): string =>
  Option.isSome(schema) ? `${quote(schema.value)}.${quote(name)}` : quote(name)

const keyOfMember = (relation: Option.Option<QualifiedName>, name: string): string =>
  Option.isSome(relation) ? `${keyOfName(relation.value)}.${quote(name)}` : quote(name)

const keyOfList = (members: ReadonlyArray<string>): string => `(${members.map(quote).join(",")})`
