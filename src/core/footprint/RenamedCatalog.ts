/**
 * Moves an object of the simulated catalog to another name, and turns every pointer at it (`catalog/Pointers.ts`).
 *
 * @since 0.1.0
 * @internal
 */
import * as Option from "effect/Option"
import * as Pointers from "../catalog/Pointers.js"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import * as HazardKey from "../model/HazardKey.js"
import type * as SchemaObject from "../model/SchemaObject.js"
import type { QualifiedName } from "../model/SchemaObject.js"
import * as R from "../reading/Recorder.js"
import { makeUncertain } from "../reading/Uncertainty.js"

type Keys = readonly [old: HazardKey.HazardKey, next: HazardKey.HazardKey]

/**
 * Turns every pointer. To be called when the catalog has the object under its new name. Where a condition decides whether
 * the rename runs, both keys are kept.
 */
const turn = (recorder: R.Recorder, changes: Partial<Pointers.Turn>, renamed: ReadonlyArray<Keys>): void => {
  const isKept = (old: HazardKey.HazardKey): boolean => recorder.isUncertain || Pointers.isNamed(recorder.catalog, old)
  const keys = new Map(
    renamed.flatMap(([old, next]) => (old === next ? [] : [[old, isKept(old) ? [next, old] : [next]] as const]))
  )
  const { catalog, resigned } = Pointers.turnAll(recorder.catalog, { ...Pointers.still, ...changes, keys })
  recorder.catalog = catalog
  recorder.statement.renamed = [...recorder.statement.renamed, keys]
  for (const { after, before } of resigned) {
    R.forgetRoutine(recorder, before)
    R.saveRoutine(recorder, after)
  }
}

/**
 * Moves a relation. Its indexes and sequences follow it into another schema; its statistics do not.
 *
 * @since 0.1.0
 * @category updates
 */
export const moveRelation = (recorder: R.Recorder, relation: Catalog.Relation, to: QualifiedName): void => {
  const { name: old } = relation
  R.forgetRelation(recorder, old)
  const isMoved = Catalog.schemaOf(old) !== Catalog.schemaOf(to)
  R.saveRelation(recorder, { ...relation, name: to, creation: isMoved ? Option.none() : relation.creation })
  turnRelation(recorder, old, to)
  if (!isMoved) return
  for (const part of relation.parts) {
    const found = R.findRelation(recorder, part)
    const moves = found !== undefined && found.kind !== "statistics"
    if (moves) moveRelation(recorder, found, { ...found.name, schema: to.schema })
  }
}

/** Turns the pointers at a relation, also at one that no migration creates. @since 0.1.0 @category updates */
export const turnRelation = (recorder: R.Recorder, old: QualifiedName, to: QualifiedName): void => {
  const relation = Pointers.from(old, to)
  const isRowType = Catalog.typesCalled(recorder.catalog, old.name).length === 0
  turn(recorder, { relation, ...(isRowType ? { type: relation } : {}) }, [[old.name, to.name]])
}

/** @since 0.1.0 @category updates */
export const moveType = (recorder: R.Recorder, type: Catalog.Type, to: QualifiedName): void => {
  R.forgetType(recorder, type.name)
  R.saveType(recorder, { ...type, name: to })
  turn(recorder, { type: Pointers.from(type.name, to) }, [[type.name.name, to.name]])
}

/**
 * Moves a routine. Where an overload keeps the name, a call may mean either, and what is made from them is uncertain.
 *
 * @since 0.1.0
 * @category updates
 */
export const moveRoutine = (recorder: R.Recorder, routine: Catalog.Routine, to: QualifiedName): void => {
  R.forgetRoutine(recorder, routine)
  R.saveRoutine(recorder, { ...routine, name: to })
  turnRoutine(recorder, routine.name, to)
}

/** Turns the calls of a routine, also of one that no migration creates. @since 0.1.0 @category updates */
export const turnRoutine = (recorder: R.Recorder, old: QualifiedName, to: QualifiedName): void => {
  const keys: Keys = [HazardKey.routine(old.name), HazardKey.routine(to.name)]
  const isKept = Catalog.routinesCalled(recorder.catalog, old.name).some(({ name }) => Catalog.isSameName(name, old))
  const isShared = Catalog.routinesCalled(recorder.catalog, old.name).length > 0
  if (isShared && keys[0] !== keys[1]) makeUncertain(recorder, keys)
  const turned = Pointers.from(old, to)
  const routine = (name: QualifiedName): ReadonlyArray<QualifiedName> => {
    const next = turned(name)
    return isKept && next !== name ? [next, name] : [next]
  }
  turn(recorder, { routine }, [keys])
}

/** The new name of a part that was renamed in these tables, which change with it. */
const partOf = (recorder: R.Recorder, tables: ReadonlyArray<QualifiedName>, old: string, to: string) => {
  for (const name of tables) R.updateRelation(recorder, name, (same) => same)
  const isIn = (table: QualifiedName): boolean => tables.some((one) => Catalog.isSameName(one, table))
  return (table: QualifiedName, name: string): string => (name === old && isIn(table) ? to : name)
}

/** Turns the pointers at a column that was renamed in several tables. @since 0.1.0 @category updates */
export const turnColumn = (
  recorder: R.Recorder,
  tables: ReadonlyArray<QualifiedName>,
  old: string,
  to: string
): void => {
  const column = partOf(recorder, tables, old, to)
  const keys = tables.map(({ name }): Keys => [HazardKey.columnOf(name, old), HazardKey.columnOf(name, to)])
  turn(recorder, { column }, [])
  turn(recorder, {}, keys)
}

/** Turns the name of a constraint of these tables, and of its index. @since 0.1.0 @category updates */
export const turnConstraint = (
  recorder: R.Recorder,
  tables: ReadonlyArray<QualifiedName>,
  old: string,
  to: string
): void => {
  const constraint = partOf(recorder, tables, old, to)
  turn(recorder, { constraint }, [])
  turn(recorder, {}, [
    [HazardKey.constraint(old), HazardKey.constraint(to)],
    [old, to]
  ])
}

/** Turns the key of an object that has no record in the catalog. @since 0.1.0 @category updates */
export const turnKey = (recorder: R.Recorder, old: HazardKey.HazardKey, to: HazardKey.HazardKey): void =>
  turn(recorder, {}, [[old, to]])

/**
 * Moves an object of which only the name matters, with the objects that an error can name. Objects that `change` gives
 * back as they are keep the key.
 *
 * @since 0.1.0
 * @category updates
 */
export const moveNamed = (
  recorder: R.Recorder,
  old: HazardKey.HazardKey,
  to: HazardKey.HazardKey,
  change: (object: SchemaObject.SchemaObject) => SchemaObject.SchemaObject
): void => {
  R.write(recorder, old)
  R.write(recorder, to)
  const known = Catalog.findNamed(recorder.catalog, old)
  if (known !== undefined) {
    R.readAll(recorder, known.dependencies)
    const left = known.objects.filter((one) => change(one) === one)
    const moved = known.objects.map(change).filter((one) => !left.includes(one))
    const there = old === to ? left : (Catalog.findNamed(recorder.catalog, to)?.objects ?? [])
    R.forgetThing(recorder, old)
    recorder.catalog = Catalog.putNamed(recorder.catalog, { ...known, key: to })
    R.saveNamed(recorder, to, [...there, ...moved])
    if (old !== to && left.length > 0) R.saveNamed(recorder, old, left)
  }
  turnKey(recorder, old, to)
}

/**
 * Moves every object of a schema.
 *
 * @since 0.1.0
 * @category updates
 */
export const moveSchema = (recorder: R.Recorder, old: string, to: string): void => {
  const isInside = ({ name }: { readonly name: QualifiedName }): boolean => Catalog.schemaOf(name) === old
  const moved = (name: QualifiedName): QualifiedName => ({ ...name, schema: Option.some(to) })
  const { catalog } = recorder
  for (const known of Catalog.allRelations(catalog).filter(isInside)) moveRelation(recorder, known, moved(known.name))
  for (const known of Catalog.allTypes(catalog).filter(isInside)) moveType(recorder, known, moved(known.name))
  for (const known of Catalog.allRoutines(catalog).filter(isInside)) moveRoutine(recorder, known, moved(known.name))
  turn(recorder, { object: (object) => inSchema(object, old, to) }, [[HazardKey.schema(old), HazardKey.schema(to)]])
}

/** The object in another schema, if it is in the old one. @since 0.1.0 @category operations */
export const inSchema = (object: SchemaObject.SchemaObject, old: string, to: string): SchemaObject.SchemaObject =>
  "schema" in object && Option.contains(object.schema, old) ? { ...object, schema: Option.some(to) } : object
