/**
 * Records what a statement reads, writes, creates and drops. The records of all statements of a file become its
 * `Footprint`.
 *
 * @since 0.1.0
 * @internal
 */

import * as Option from "effect/Option"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import * as HazardKey from "../model/HazardKey.js"
import type { QualifiedName } from "../model/SchemaObject.js"
import * as SchemaObject from "../model/SchemaObject.js"
import * as ExpectedRefusal from "./ExpectedRefusal.js"
import type { Recorder, SavedObject } from "./Reading.js"
import { makeUncertain } from "./Uncertainty.js"

export { make, type Recorder, type SavedObject, type StatementRecord, statementAt } from "./Reading.js"

/**
 * Notes in which schema a key is used. Without a name, or where the statement does not write its schema, it may be any.
 */
const place = (recorder: Recorder, key: HazardKey.HazardKey, name: QualifiedName | undefined): void => {
  const isWritten = name !== undefined && !recorder.located.has(name) && !recorder.assumed.has(name)
  const known = recorder.places.get(key)
  if (!isWritten || Option.isNone(name.schema)) recorder.places.set(key, "any")
  else if (known === undefined) recorder.places.set(key, new Set([name.schema.value]))
  else if (known !== "any") known.add(name.schema.value)
}

/** Reads a key. `name` tells the schema: the object's own, or one of another object in it. @since 0.1.0 @category recording */
export const read = (recorder: Recorder, key: HazardKey.HazardKey, name?: QualifiedName): void => {
  recorder.reads.add(key)
  recorder.statement.keys.add(key)
  place(recorder, key, name)
}

/** @since 0.1.0 @category recording */
export const readAll = (recorder: Recorder, keys: Iterable<HazardKey.HazardKey>): void => {
  for (const key of keys) read(recorder, key)
}

/** @since 0.1.0 @category recording */
export const write = (recorder: Recorder, key: HazardKey.HazardKey, name?: QualifiedName): void => {
  recorder.writes.add(key)
  recorder.statement.keys.add(key)
  place(recorder, key, name)
}

/** Records a barrier: a statement that no other statement may pass. @since 0.1.0 @category recording */
export const barrier = (recorder: Recorder, reason: string): void => {
  const { line } = recorder.statement
  const isKnown = recorder.barriers.some((other) => other.reason === reason && other.line === line)
  if (!isKnown) recorder.barriers.push({ reason, line })
}

/**
 * Records a barrier at a statement that is not understood. From here on, objects may exist that the catalog does not
 * know.
 *
 * @since 0.1.0
 * @category recording
 */
export const opaqueBarrier = (recorder: Recorder, reason: string): void => {
  barrier(recorder, reason)
  recorder.statement.isOpaque = true
  const { isComplete, isUnderstood } = recorder.catalog
  if (isComplete || isUnderstood) {
    recorder.catalog = { ...recorder.catalog, isComplete: false, isUnderstood: false }
  }
}

/**
 * Records a barrier at the use of an object that no known migration creates, unless the catalog is complete. An opaque
 * statement before it may have created the object, as an object of any kind.
 *
 * @since 0.1.0
 * @category recording
 */
export const unlessComplete = (recorder: Recorder, reason: string): void => {
  if (recorder.catalog.isComplete) return
  if (recorder.catalog.isUnderstood) barrier(recorder, reason)
  else opaqueBarrier(recorder, reason)
}

/**
 * Records code that runs and is not understood: an opaque barrier, which may write rows of any table.
 *
 * @since 0.1.0
 * @category recording
 */
export const runUnknown = (recorder: Recorder, reason: string): void => {
  opaqueBarrier(recorder, reason)
  recorder.statement.runsUnknownCode = true
}

const predefinedSchemas: ReadonlySet<string> = new Set(["information_schema", "pg_catalog", "pg_temp", "public"])

/** Whether a schema belongs to the server. @since 0.1.0 @category predicates */
export const isSystemSchema = (schema: string): boolean =>
  schema === "pg_catalog" || schema === "information_schema" || schema === "pg_toast"

/** Reads the schema of a qualified name, unless every database has that schema. @since 0.1.0 @category recording */
export const readSchema = (recorder: Recorder, { schema }: QualifiedName): void => {
  if (Option.isSome(schema) && !predefinedSchemas.has(schema.value)) read(recorder, HazardKey.schema(schema.value))
}

/** @since 0.1.0 @category recording */
export const readName = (recorder: Recorder, name: QualifiedName): void => {
  readSchema(recorder, name)
  read(recorder, name.name, name)
}

/** @since 0.1.0 @category recording */
export const writeName = (recorder: Recorder, name: QualifiedName): void => {
  readSchema(recorder, name)
  write(recorder, name.name, name)
}

/** @since 0.1.0 @category queries */
export const relations = (recorder: Recorder, name: QualifiedName): ReadonlyArray<Catalog.Relation> =>
  Catalog.relationsNamed(recorder.catalog, name)

/** @since 0.1.0 @category queries */
export const findRelation = (recorder: Recorder, name: QualifiedName): Catalog.Relation | undefined =>
  relations(recorder, name)[0]

/** @since 0.1.0 @category queries */
export const types = (recorder: Recorder, name: QualifiedName): ReadonlyArray<Catalog.Type> =>
  Catalog.typesNamed(recorder.catalog, name)

/** @since 0.1.0 @category queries */
export const routines = (recorder: Recorder, name: QualifiedName): ReadonlyArray<Catalog.Routine> =>
  Catalog.routinesNamed(recorder.catalog, name)

/** @since 0.1.0 @category queries */
export const isKnownNamed = (recorder: Recorder, key: HazardKey.HazardKey): boolean =>
  Catalog.findNamed(recorder.catalog, key) !== undefined

const identityOf = (saved: SavedObject): string => {
  switch (saved._tag) {
    case "Relation":
    case "Type":
      return `${saved._tag} ${Catalog.schemaOf(saved.name)}.${saved.name.name}`
    case "Routine":
      return `Routine ${Catalog.schemaOf(saved.routine.name)}.${saved.routine.name.name}(${saved.routine.inputs.join()})`
    case "NamedObject":
      return saved.key
  }
}

const keyOf = (saved: SavedObject): HazardKey.HazardKey => {
  switch (saved._tag) {
    case "Relation":
    case "Type":
      return saved.name.name
    case "Routine":
      return HazardKey.routine(saved.routine.name.name)
    case "NamedObject":
      return saved.key
  }
}

const recordChange = (recorder: Recorder, saved: SavedObject): string => {
  recorder.statement.changesSchema = true
  const identity = identityOf(saved)
  recorder.statement.changed.add(keyOf(saved))
  if (recorder.isUncertain) {
    recorder.isCertain = false
    makeUncertain(recorder, [keyOf(saved)])
  }
  if (!recorder.changed.has(identity)) recorder.changed.set(identity, saved)
  return identity
}

const recordSave = (recorder: Recorder, saved: SavedObject): void => {
  recorder.statement.saved.set(recordChange(recorder, saved), saved)
}

/** @since 0.1.0 @category changes */
export const saveRelation = (recorder: Recorder, relation: Catalog.Relation): void => {
  recorder.catalog = Catalog.putRelation(recorder.catalog, relation)
  recordSave(recorder, { _tag: "Relation", name: relation.name })
}

/** @since 0.1.0 @category changes */
export const updateRelation = (
  recorder: Recorder,
  name: QualifiedName,
  change: (relation: Catalog.Relation) => Catalog.Relation
): void => {
  const known = findRelation(recorder, name)
  if (known !== undefined) saveRelation(recorder, change(known))
}

/**
 * Updates the links of a relation to others, such as its children. This is no change of the relation itself.
 *
 * @since 0.1.0
 * @category changes
 */
export const updateLinks = (
  recorder: Recorder,
  name: QualifiedName,
  change: (relation: Catalog.Relation) => Catalog.Relation
): void => {
  const known = findRelation(recorder, name)
  if (known !== undefined) recorder.catalog = Catalog.putRelation(recorder.catalog, change(known))
}

/** Adds a constraint to a table, or replaces the one of the same name. @since 0.1.0 @category changes */
export const saveConstraint = (recorder: Recorder, table: QualifiedName, constraint: Catalog.Constraint): void =>
  updateRelation(recorder, table, (known) => ({
    ...known,
    constraints: [...known.constraints.filter(({ name }) => name !== constraint.name), constraint]
  }))

/**
 * Records that an object did not exist before: a CREATE without `IF NOT EXISTS` shows it, even against the catalog. To
 * be called before the catalog gets the object.
 *
 * @since 0.1.0
 * @category changes
 */
export const claim = (recorder: Recorder, object: SchemaObject.SchemaObject): void => {
  ExpectedRefusal.creation(recorder, object)
  recorder.claimed.push(object)
}

/**
 * Records that an object existed before: a DROP without `IF EXISTS` shows it, even against the catalog.
 *
 * @since 0.1.0
 * @category changes
 */
export const disclaim = (recorder: Recorder, object: SchemaObject.SchemaObject): void => {
  ExpectedRefusal.removal(recorder, object)
  recorder.disclaimed.push(object)
}

/** @since 0.1.0 @category changes */
export const forgetRelation = (recorder: Recorder, name: QualifiedName): void => {
  recorder.dropped.add(SchemaObject.key(SchemaObject.relation(name)))
  recorder.catalog = Catalog.removeRelation(recorder.catalog, name)
  recordChange(recorder, { _tag: "Relation", name })
}

/** @since 0.1.0 @category changes */
export const saveType = (recorder: Recorder, type: Catalog.Type): void => {
  recorder.catalog = Catalog.putType(recorder.catalog, type)
  recordSave(recorder, { _tag: "Type", name: type.name })
}

/** @since 0.1.0 @category changes */
export const forgetType = (recorder: Recorder, name: QualifiedName): void => {
  recorder.dropped.add(SchemaObject.key(SchemaObject.type(name)))
  recorder.catalog = Catalog.removeType(recorder.catalog, name)
  recordChange(recorder, { _tag: "Type", name })
}

/** @since 0.1.0 @category changes */
export const saveRoutine = (recorder: Recorder, routine: Catalog.Routine): void => {
  recorder.catalog = Catalog.putRoutine(recorder.catalog, routine)
  recordSave(recorder, { _tag: "Routine", routine })
}

/** @since 0.1.0 @category changes */
export const forgetRoutine = (recorder: Recorder, routine: Catalog.Routine): void => {
  recorder.dropped.add(SchemaObject.key(SchemaObject.routine(routine.name, routine.inputs)))
  recorder.catalog = Catalog.removeRoutine(recorder.catalog, routine)
  recordChange(recorder, { _tag: "Routine", routine })
}

/** @since 0.1.0 @category changes */
export const saveNamed = (
  recorder: Recorder,
  key: HazardKey.HazardKey,
  objects: ReadonlyArray<SchemaObject.SchemaObject> = [],
  runs: ReadonlyArray<Catalog.HiddenCall> = []
): void => {
  const known = Catalog.findNamed(recorder.catalog, key)
  const dependencies = known?.dependencies ?? new Set()
  recorder.catalog = Catalog.putNamed(recorder.catalog, {
    key,
    objects,
    runs: [...(known?.runs ?? []), ...runs],
    dependencies
  })
  recordSave(recorder, { _tag: "NamedObject", key })
}

/**
 * Keeps an object as it is, with all that the statement reads. It reads what the object depended on before.
 *
 * @since 0.1.0
 * @category changes
 */
export const resaveNamed = (recorder: Recorder, key: HazardKey.HazardKey): void => {
  const known = Catalog.findNamed(recorder.catalog, key)
  readAll(recorder, known?.dependencies ?? [])
  saveNamed(recorder, key, known?.objects)
}

/** @since 0.1.0 @category changes */
export const forgetThing = (recorder: Recorder, key: HazardKey.HazardKey): void => {
  recorder.catalog = Catalog.removeNamed(recorder.catalog, key)
  recordChange(recorder, { _tag: "NamedObject", key })
}
