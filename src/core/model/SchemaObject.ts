/**
 * What a statement can need and a database can lack. Names are kept as PostgreSQL stores them: folded, unquoted and cut to
 * 63 bytes, so that two spellings of one object are one value.
 *
 * **Laws**
 *
 * 1. `identifierFrom(quote(x))` is `x`, for every identifier `x` that PostgreSQL can store.
 * 2. `identifierFrom` is idempotent on what `quote` makes of its result.
 * 3. `Order` is total, and `Equivalence` agrees with it and with `key`.
 * 4. An object survives being written and read by its codec.
 *
 * Source: PostgreSQL manual, section 4.1.1, Identifiers and Key Words.
 *
 * @since 0.1.0
 */
import * as Eq from "effect/Equivalence"
import * as Option from "effect/Option"
import * as Ord from "effect/Order"
import * as S from "effect/Schema"
import { dottedAt, identifierAt, skipBlank } from "../text/Lexer.js"

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

/**
 * A name and, where it is known, its schema; both as the server stores them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const qualifiedName = (name: string, schema?: string): QualifiedName => ({
  schema: schema === undefined ? Option.none() : Option.some(schema),
  name
})

/** @since 0.1.0 @category constructors */
export const relation = ({ name, schema }: QualifiedName): Relation => ({ _tag: "Relation", schema, name })

/** @since 0.1.0 @category constructors */
export const column = (name: string, relation?: QualifiedName): Column => ({
  _tag: "Column",
  relation: Option.fromNullable(relation),
  name
})

/**
 * `types` are the input types as the server words them (`integer`, not `int4`); leave them out where they are not known.
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

/**
 * The order of the columns means nothing to `ON CONFLICT`: they are kept sorted.
 *
 * @since 0.1.0
 * @category constructors
 */
export const conflictTarget = (columns: ReadonlyArray<string>, relation?: QualifiedName): ConflictTarget => ({
  _tag: "ConflictTarget",
  relation: Option.fromNullable(relation),
  columns: columns.toSorted()
})

/** @since 0.1.0 @category constructors */
export const collation = ({ name, schema }: QualifiedName): Collation => ({ _tag: "Collation", schema, name })

/** @since 0.1.0 @category constructors */
export const extension = (name: string): Extension => ({ _tag: "Extension", name })

/**
 * The identifier in quotes, so that it reads back as itself wherever SQL expects a name.
 *
 * @example
 * import { SchemaObject } from "effect-auto-migration"
 *
 * SchemaObject.quote('say "hi"') // "\"say \"\"hi\"\"\""
 *
 * @since 0.1.0
 * @category identifiers
 */
export const quote = (identifier: string): string => `"${identifier.replaceAll('"', '""')}"`

/**
 * One identifier as SQL writes it, turned into what the server stores: quotes are read, ASCII letters outside quotes become
 * lower case, and what exceeds 63 bytes of UTF-8 is cut. `None` when the text is anything but one identifier.
 *
 * @since 0.1.0
 * @category identifiers
 */
export const identifierFrom = (sql: string): Option.Option<string> => {
  const cut = identifierAt(sql, 0)
  return cut !== undefined && cut.end === sql.length ? Option.some(cut.value) : Option.none()
}

/**
 * A name of one to three parts as SQL writes it. Of three parts the first is the database, which a statement can only name
 * when it is the one it runs in: it is dropped.
 *
 * @example
 * import { SchemaObject } from "effect-auto-migration"
 *
 * SchemaObject.nameFrom('App."Users"') // Option.some({ schema: Option.some("app"), name: "Users" })
 *
 * @since 0.1.0
 * @category identifiers
 */
export const nameFrom = (sql: string): Option.Option<QualifiedName> => {
  const cut = dottedAt(sql, skipBlank(sql, 0))
  return cut !== undefined && skipBlank(sql, cut.end) === sql.length ? nameOfParts(cut.value) : Option.none()
}

/**
 * The name made of one to three parts that are already as the server stores them.
 *
 * @since 0.1.0
 * @category identifiers
 */
export const nameOfParts = (parts: ReadonlyArray<string>): Option.Option<QualifiedName> => {
  const name = parts[parts.length - 1]
  return name === undefined || parts.length > 3
    ? Option.none()
    : Option.some(qualifiedName(name, parts[parts.length - 2]))
}

/**
 * For people: `column users.email`, `function app.f(integer)`, `value "sad" of enum mood`.
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
      return `function ${renderName(object)}${Option.match(object.arguments, {
        onNone: () => "",
        onSome: (types) => `(${types.join(", ")})`
      })}`
    case "Type":
      return `type ${renderName(object)}`
    case "Schema":
      return `schema ${renderIdentifier(object.name)}`
    case "EnumValue":
      return `value ${quote(object.value)} of enum ${renderName(object.type)}`
    case "Constraint":
      return `constraint ${renderIdentifier(object.name)}${Option.match(object.relation, {
        onNone: () => "",
        onSome: (table) => ` of relation ${renderName(table)}`
      })}`
    case "ConflictTarget":
      return renderConflictTarget(object)
    case "Collation":
      return `collation ${renderName(object)}`
    case "Extension":
      return `extension ${renderIdentifier(object.name)}`
  }
}

/**
 * A string that two objects share exactly when they are equal: for maps, sets and order.
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
      return `conflict ${Option.isSome(object.relation) ? keyOfName(object.relation.value) : ""}${keyOfList(object.columns)}`
    case "Collation":
      return `collation ${keyOfName(object)}`
    case "Extension":
      return `extension ${quote(object.name)}`
  }
}

/** By {@link key}: kinds stay together, then schema, then name. @since 0.1.0 @category instances */
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
  S.TaggedStruct("ConflictTarget", { relation: relationOrNull, columns: S.Array(S.String) }),
  S.TaggedStruct("Collation", name),
  S.TaggedStruct("Extension", { name: S.String })
)

/**
 * A {@link SchemaObject} as JSON: the same fields, with `null` where there is nothing.
 *
 * @since 0.1.0
 * @category codecs
 */
export type SchemaObjectEncoded = S.Schema.Encoded<typeof codec>

/**
 * Reads and writes objects, for errors and ledger events that carry them.
 *
 * @since 0.1.0
 * @category codecs
 */
export const SchemaObject: S.Schema<SchemaObject, SchemaObjectEncoded> = codec

/** Quotes only where SQL would need them for the spelling. */
const renderIdentifier = (identifier: string): string =>
  /^[a-z_\u0080-\uffff][a-z0-9_$\u0080-\uffff]*$/.test(identifier) ? identifier : quote(identifier)

const renderName = ({ name, schema }: QualifiedName): string =>
  Option.isSome(schema) ? `${renderIdentifier(schema.value)}.${renderIdentifier(name)}` : renderIdentifier(name)

const renderMember = (relation: Option.Option<QualifiedName>, name: string): string =>
  Option.isSome(relation) ? `${renderName(relation.value)}.${renderIdentifier(name)}` : renderIdentifier(name)

const renderConflictTarget = ({ columns, relation }: ConflictTarget): string => {
  const table = Option.isSome(relation) ? ` of relation ${renderName(relation.value)}` : ""
  const list = columns.length === 0 ? "" : ` over (${columns.map(renderIdentifier).join(", ")})`
  return `unique constraint${table}${list}`
}

const keyOfName = ({ name, schema }: QualifiedName): string =>
  Option.isSome(schema) ? `${quote(schema.value)}.${quote(name)}` : quote(name)

const keyOfMember = (relation: Option.Option<QualifiedName>, name: string): string =>
  Option.isSome(relation) ? `${keyOfName(relation.value)}.${quote(name)}` : quote(name)

const keyOfList = (members: ReadonlyArray<string>): string => `(${members.map(quote).join(",")})`
