/**
 * The net effect of a migration: the objects that exist after it and did not before, and the reverse. It is the
 * difference of the two catalogs. An object that a file creates and drops again is in neither list.
 *
 * **Laws**
 *
 * 1. A migration does not remove an object that it provides.
 * 2. A migration that does not change the catalog provides and removes no object.
 *
 * @since 0.1.0
 * @internal
 */

import * as Option from "effect/Option"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import * as SchemaObject from "../model/SchemaObject.js"
import type { Recorder, SavedObject } from "./Reading.js"
import { partitions, relaxations } from "./Relaxations.js"

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
    put(before, objectsAt(recorder.atStart, changed, recorder.catalog))
    put(after, objectsAt(recorder.catalog, changed, recorder.atStart))
  }
  for (const object of recorder.claimed) {
    const key = SchemaObject.key(object)
    if (object._tag === "Relation" && Catalog.hasRelation(recorder.catalog, object)) after.set(key, object)
    if (after.has(key) && !recorder.dropped.has(key)) before.delete(key)
  }
  put(before, recorder.disclaimed)
  const { relaxed, restored } = rulesOf(recorder)
  return {
    provides: [...[...after].flatMap(([key, object]) => (before.has(key) ? [] : [object])), ...relaxed],
    removes: [...[...before].flatMap(([key, object]) => (after.has(key) ? [] : [object])), ...restored]
  }
}

/** What the file relaxes, and the rules that it makes: an earlier relaxation of one ends with it. */
const rulesOf = ({ atStart, catalog, changed }: Recorder) => {
  const tables = [...changed.values()].flatMap((one) =>
    one._tag === "Relation"
      ? (Catalog.relationsNamed(catalog, one.name).find((table) => Catalog.isSameName(table.name, one.name)) ?? [])
      : []
  )
  const pairs = tables
    .filter(({ kind }) => kind === "table")
    .map((table) => ({ now: { catalog, table }, old: sameRelation(atStart, table) }))
  const relaxed = pairs.flatMap(({ now, old }) => [
    ...(old === undefined ? [] : relaxations({ catalog: atStart, table: old }, now)),
    ...partitions(old, now)
  ])
  const keys = new Set(relaxed.map(SchemaObject.key))
  const restored = pairs
    .flatMap(({ now, old }) => (old === undefined ? [] : relaxations(now, { catalog: atStart, table: old })))
    .filter((one) => !keys.has(SchemaObject.key(one)))
  return { relaxed, restored }
}

const put = (map: Map<string, SchemaObject.SchemaObject>, objects: ReadonlyArray<SchemaObject.SchemaObject>): void => {
  for (const object of objects) map.set(SchemaObject.key(object), object)
}

/** The objects in one catalog; a column or constraint that is the same in both catalogs is left out. */
const objectsAt = (
  catalog: Catalog.SimulatedCatalog,
  changed: SavedObject,
  other: Catalog.SimulatedCatalog
): ReadonlyArray<SchemaObject.SchemaObject> => {
  switch (changed._tag) {
    case "Relation":
      return Catalog.relationsNamed(catalog, changed.name)
        .filter(({ name }) => Catalog.isSameName(name, changed.name))
        .flatMap((relation) => objectsOfRelation(catalog, relation, sameRelation(other, relation)))
    case "Type":
      return Catalog.typesNamed(catalog, changed.name)
        .filter(({ name }) => Catalog.isSameName(name, changed.name))
        .flatMap(objectsOfType)
    case "Routine":
      return Catalog.routinesNamed(catalog, changed.routine.name)
        .filter((routine) => Catalog.isSameRoutine(routine, changed.routine))
        .map(({ inputs, name }) => SchemaObject.routine(name, inputs))
    case "NamedObject":
      return Catalog.findNamed(catalog, changed.key)?.objects ?? []
  }
}

/** The relation of the same name, kind and persistence in the other catalog. */
const sameRelation = (
  catalog: Catalog.SimulatedCatalog,
  { isTemporary, kind, name }: Catalog.Relation
): Catalog.Relation | undefined =>
  Catalog.relationsNamed(catalog, name).find(
    (other) => other.name === name && other.kind === kind && other.isTemporary === isTemporary
  )

/**
 * A relation and its parts that an error can call missing, without the columns and constraints that `other` has too.
 */
const objectsOfRelation = (
  catalog: Catalog.SimulatedCatalog,
  relation: Catalog.Relation,
  other: Catalog.Relation | undefined
): ReadonlyArray<SchemaObject.SchemaObject> => {
  if (relation.isTemporary || relation.kind === "statistics") return []
  const { name } = relation
  const self = relation.kind === "composite type" ? SchemaObject.type(name) : SchemaObject.relation(name)
  const isInvisible = relation.kind === "index" || relation.kind === "sequence"
  const columns = isInvisible ? [] : without(relation.columns, other?.columns)
  return [
    ...(relation.isExternal ? [] : [self]),
    ...columns.map((column) => SchemaObject.column(column.name, name)),
    ...without(relation.constraints, other?.constraints).flatMap((constraint) =>
      constraint.kind === "not null" ? [] : [SchemaObject.constraint(constraint.name, name)]
    ),
    ...conflictTargets(catalog, relation)
  ]
}

const without = <A>(all: ReadonlyArray<A>, known: ReadonlyArray<A> = []): ReadonlyArray<A> =>
  all === known ? [] : all.filter((one) => !known.includes(one))

/** What `ON CONFLICT` can ask for. */
const conflictTargets = (
  catalog: Catalog.SimulatedCatalog,
  relation: Catalog.Relation
): ReadonlyArray<SchemaObject.SchemaObject> =>
  relation.parts.flatMap((part) => {
    const offered = Option.flatMap(Option.fromNullable(Catalog.findRelation(catalog, part)), ({ arbiter }) => arbiter)
    return Option.isSome(offered)
      ? [SchemaObject.conflictTarget(offered.value.columns, relation.name, offered.value)]
      : []
  })

const objectsOfType = (type: Catalog.Type): ReadonlyArray<SchemaObject.SchemaObject> => [
  ...(type.isExternal ? [] : [SchemaObject.type(type.name)]),
  ...type.values.map((value) => SchemaObject.enumValue(type.name, value))
]
