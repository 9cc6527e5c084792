/**
 * The net effect of a migration: what exists after it and did not before, and the reverse. It is the difference of two
 * catalogs, taken where something changed; what a file creates and drops again is in neither list.
 *
 * **Laws**
 *
 * 1. What a migration provides and what it removes have nothing in common.
 * 2. A catalog that did not change provides and removes nothing.
 *
 * @since 0.1.0
 * @internal
 */
import type { Recorder, SavedObject } from "./FootprintRecorder.js"
import * as SchemaObject from "./SchemaObject.js"
import * as Catalog from "./SimulatedCatalog.js"

/** @since 0.1.0 @category models */
export interface NetEffect {
  readonly provides: ReadonlyArray<SchemaObject.SchemaObject>
  readonly removes: ReadonlyArray<SchemaObject.SchemaObject>
}

/** @since 0.1.0 @category operations */
export const netEffect = (recorder: Recorder): NetEffect => {
  const before = new Map<string, SchemaObject.SchemaObject>()
  const after = new Map<string, SchemaObject.SchemaObject>()
  for (const changed of recorder.changed.values()) {
    put(before, objectsAt(recorder.atStart, changed))
    put(after, objectsAt(recorder.catalog, changed))
  }
  for (const object of recorder.claimed) {
    const key = SchemaObject.key(object)
    if (object._tag === "Relation" && Catalog.hasRelation(recorder.catalog, object)) after.set(key, object)
    if (after.has(key) && !recorder.dropped.has(key)) before.delete(key)
  }
  put(before, recorder.disclaimed)
  return {
    provides: [...after].flatMap(([key, object]) => (before.has(key) ? [] : [object])),
    removes: [...before].flatMap(([key, object]) => (after.has(key) ? [] : [object]))
  }
}

const put = (map: Map<string, SchemaObject.SchemaObject>, objects: ReadonlyArray<SchemaObject.SchemaObject>): void => {
  for (const object of objects) map.set(SchemaObject.key(object), object)
}

const objectsAt = (
  catalog: Catalog.SimulatedCatalog,
  changed: SavedObject
): ReadonlyArray<SchemaObject.SchemaObject> => {
  switch (changed._tag) {
    case "Relation":
      return Catalog.relationsNamed(catalog, changed.name)
        .filter(({ name }) => Catalog.isSameName(name, changed.name))
        .flatMap((relation) => objectsOfRelation(catalog, relation))
    case "Type":
      return Catalog.typesNamed(catalog, changed.name)
        .filter(({ name }) => Catalog.isSameName(name, changed.name))
        .flatMap(objectsOfType)
    case "Routine":
      return Catalog.routinesNamed(catalog, changed.routine.name)
        .filter((routine) => Catalog.isSameRoutine(routine, changed.routine))
        .map(({ inputs, name }) => SchemaObject.routine(name, inputs))
    case "Thing":
      return Catalog.findThing(catalog, changed.key)?.objects ?? []
  }
}

/** A relation with all that an error can say is missing of it. */
const objectsOfRelation = (
  catalog: Catalog.SimulatedCatalog,
  relation: Catalog.Relation
): ReadonlyArray<SchemaObject.SchemaObject> => {
  if (relation.isTemporary || relation.kind === "statistics") return []
  const { name } = relation
  const self = relation.kind === "composite type" ? SchemaObject.type(name) : SchemaObject.relation(name)
  const isInvisible = relation.kind === "index" || relation.kind === "sequence"
  return [
    ...(relation.isExternal ? [] : [self]),
    ...(isInvisible ? [] : relation.columns.map((column) => SchemaObject.column(column.name, name))),
    ...relation.constraints.flatMap((constraint) =>
      constraint.kind === "not null" ? [] : [SchemaObject.constraint(constraint.name, name)]
    ),
    ...conflictTargets(catalog, relation)
  ]
}

/** Every set of columns that `ON CONFLICT` can name. */
const conflictTargets = (
  catalog: Catalog.SimulatedCatalog,
  relation: Catalog.Relation
): ReadonlyArray<SchemaObject.SchemaObject> =>
  relation.parts.flatMap((part) => {
    const index = Catalog.findRelation(catalog, part)
    const isTarget = index?.kind === "index" && index.isUnique && index.hasOnlyColumns && index.indexColumns.length > 0
    return isTarget ? [SchemaObject.conflictTarget(index.indexColumns.toSorted(), relation.name)] : []
  })

const objectsOfType = (type: Catalog.Type): ReadonlyArray<SchemaObject.SchemaObject> => [
  ...(type.isExternal ? [] : [SchemaObject.type(type.name)]),
  ...type.values.map((value) => SchemaObject.enumValue(type.name, value))
]
