/**
 * Keys of the one name space in which hazards are found. Relations, indexes, sequences, types and constraints stand by their
 * bare name (`users`): a schema that a search path adds or hides then makes no difference. Other kinds have a word before
 * the name: `schema app`, `routine f`, `extension citext`, `role app`, `operator ===`.
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

/** Says that a schema was there and is not: never a hazard, only a note for search paths. @since 0.1.0 @category constructors */
export const goneSchema = (name: string): HazardKey => `gone schema ${name}`

/** @since 0.1.0 @category constructors */
export const extension = (name: string): HazardKey => `extension ${name}`

/** @since 0.1.0 @category constructors */
export const role = (name: string): HazardKey => `role ${name}`

/** @since 0.1.0 @category constructors */
export const operator = (name: string): HazardKey => `operator ${name}`

/** @since 0.1.0 @category constructors */
export const collation = (name: string): HazardKey => `collation ${name}`

/** @since 0.1.0 @category constructors */
export const constraint = (name: string): HazardKey => `constraint ${name}`

/**
 * A column that an expression names, whatever its table: never a hazard, only a note of what a dropped column takes along.
 *
 * @since 0.1.0
 * @category constructors
 */
export const column = (name: string): HazardKey => `column ${name}`

/** A column of another table than the expression's own. @since 0.1.0 @category constructors */
export const columnOf = (table: string, name: string): HazardKey => `${column(name)} of ${table}`

/** Says that an expression groups rows, by a table's primary key perhaps. @since 0.1.0 @category constructors */
export const grouping: HazardKey = "grouping"

/** @since 0.1.0 @category constructors */
export const trigger = (name: string): HazardKey => `trigger ${name}`

/** @since 0.1.0 @category constructors */
export const policy = (name: string): HazardKey => `policy ${name}`

/**
 * The key under which an object's hazards are found: a column's is its table's, a label's is its type's.
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
  }
}
