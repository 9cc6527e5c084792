/**
 * Where a migration's file provides an object, or removes it: a place that a person looks up.
 *
 * @internal
 */
import * as Option from "effect/Option"
import type { Migration } from "../migration/Migration.js"
import type { SchemaObject } from "../model/SchemaObject.js"
import type { Plan } from "./Plan.js"

/** A file, and a line in it. @since 0.1.0 @category models */
export interface ProvidedAt {
  readonly migrationId: string
  readonly file: string
  /** 1-based. `null` where no statement names the object, as in a migration that is an Effect. */
  readonly line: number | null
}

/** The words by which a statement names an object. */
const wordsOf = (object: SchemaObject): ReadonlyArray<string> => {
  const own = "value" in object ? object.value : "name" in object ? object.name : undefined
  const table = "relation" in object ? Option.getOrUndefined(object.relation)?.name : undefined
  return [own, table].filter((word) => word !== undefined).map((word) => word.toLowerCase())
}

/**
 * The first statement of a migration that names the object, and a member's table with it.
 *
 * @since 0.1.0
 * @category queries
 */
export const find = ({ footprint, id, script, source }: Migration, object: SchemaObject): ProvidedAt => {
  const words = wordsOf(object)
  const text = script._tag === "Sql" ? script.text : ""
  const naming = footprint.statements.find(({ end, start }) => {
    const statement = text.slice(start, end).toLowerCase()
    return words.every((word) => statement.includes(word))
  })
  return { migrationId: id, file: source, line: naming?.line ?? null }
}

/** The files of a plan that provide the object. @since 0.1.0 @category queries */
export const inPlan = ({ steps }: Pick<Plan, "steps">, object: SchemaObject): ReadonlyArray<ProvidedAt> =>
  steps.flatMap(({ migration, reason }) => (reason === "provider" ? [find(migration, object)] : []))
