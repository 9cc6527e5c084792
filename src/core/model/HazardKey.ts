/**
 * A hazard key names the object about which two migrations can have a hazard. The key of a relation, index, sequence or
 * type is its bare name (`users`), so the search path makes no difference. Other kinds have a word before the name:
 * `schema app`, `routine f`, `extension citext`, `role app`, `operator ===`.
 *
 * @since 0.1.0
 * @internal
 */
import type { SchemaObject } from "./SchemaObject.js"

/** @since 0.1.0 @category models */
export type HazardKey = string

/** @since 0.1.0 @category constructors */
export const routine = (name: string): HazardKey => `routine ${name}`

/** @since 0.1.0 @category constructors */
export const schema = (name: string): HazardKey => `schema ${name}`

/** Marks a schema that was dropped: a note for search paths, never a hazard. @since 0.1.0 @category constructors */
export const goneSchema = (name: string): HazardKey => `gone schema ${name}`

/** @since 0.1.0 @category constructors */
export const extension = (name: string): HazardKey => `extension ${name}`

/** @since 0.1.0 @category constructors */
export const role = (name: string): HazardKey => `role ${name}`

/** @since 0.1.0 @category constructors */
export const operator = (name: string): HazardKey => `operator ${name}`

/** @since 0.1.0 @category constructors */
export const operatorClass = (name: string): HazardKey => `operator class ${name}`

/** Text search configurations, dictionaries, parsers and templates share their keys. @since 0.1.0 @category constructors */
export const textSearch = (name: string): HazardKey => `text search ${name}`

/** @since 0.1.0 @category constructors */
export const collation = (name: string): HazardKey => `collation ${name}`

/** @since 0.1.0 @category constructors */
export const constraint = (name: string): HazardKey => `constraint ${name}`

/**
 * A column of any table that an expression names: a note of what is dropped with the column, never a hazard.
 *
 * @since 0.1.0
 * @category constructors
 */
export const column = (name: string): HazardKey => `column ${name}`

/** A column of a table other than the one that the expression belongs to. @since 0.1.0 @category constructors */
export const columnOf = (table: string, name: string): HazardKey => `${column(name)} of ${table}`

/** Marks an expression that groups rows, possibly by a table's primary key. @since 0.1.0 @category constructors */
export const grouping: HazardKey = "grouping"

/** @since 0.1.0 @category constructors */
export const trigger = (name: string): HazardKey => `trigger ${name}`

/** @since 0.1.0 @category constructors */
export const policy = (name: string): HazardKey => `policy ${name}`

/**
 * The key of an object. A column has the key of its table, an enum label the key of its type.
 *
 * @since 0.1.0
 * @category constructors
 */
export const keyOf = (object: SchemaObject): HazardKey => {
  switch (object._tag) {
    case "Relation":
    case "Type":
      return object.name
    case "Column":
    case "Constraint":
    case "Relaxation":
      return object.relation._tag === "Some" ? object.relation.value.name : object.name
    case "ConflictTarget":
      return object.relation._tag === "Some" ? object.relation.value.name : object.columns.join(", ")
    case "EnumValue":
      return object.type.name
    case "Routine":
      return routine(object.name)
    case "Schema":
      return schema(object.name)
    case "Extension":
      return extension(object.name)
    case "Collation":
      return collation(object.name)
    case "Operator":
      return operator(object.name)
    case "TextSearchConfiguration":
      return textSearch(object.name)
    case "Role":
      return role(object.name)
  }
}
