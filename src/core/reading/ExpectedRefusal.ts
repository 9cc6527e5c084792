/**
 * Expects a refusal where the server will refuse a statement as far as the files tell: a plain CREATE of an object that
 * exists, or a plain DROP of one that does not. It is no error, since a database may have objects from elsewhere. No
 * refusal is expected after an opaque statement, of an object that a body created or dropped, or of an object that an
 * extension brings.
 *
 * @since 0.1.0
 * @internal
 */
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as KnownExtensions from "../catalog/KnownExtensions.js"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import * as HazardKey from "../model/HazardKey.js"
import * as SchemaObject from "../model/SchemaObject.js"
import type { ExpectedRefusal, Recorder } from "./Reading.js"

/** Expects the refusal of a CREATE if the object exists. @since 0.1.0 @category operations */
export const creation = (recorder: Recorder, object: SchemaObject.SchemaObject): void => {
  if (isThere(recorder.catalog, object)) expectRefusal(recorder, "CreatedTwice", object)
}

/** Expects the refusal of a DROP of an object that the caller did not find. @since 0.1.0 @category operations */
export const removal = (recorder: Recorder, object: SchemaObject.SchemaObject): void => {
  if (!mayBeBrought(recorder.catalog, object)) expectRefusal(recorder, "DropsUnknownObject", object)
}

const expectRefusal = (recorder: Recorder, kind: ExpectedRefusal["kind"], object: SchemaObject.SchemaObject): void => {
  const { catalog, isCertain, statement } = recorder
  const key = HazardKey.keyOf(object)
  const isOpen = catalog.changedInBodies.has(key) || catalog.uncertain.has(key)
  const isTold = catalog.isComplete && isCertain && !statement.runsCode && !isOpen
  if (isTold && !isSystemName(object)) recorder.expectedRefusals.push({ kind, object, line: statement.line })
}

/** Whether a migration has certainly created the object, and not as a temporary one. */
const isThere = (catalog: Catalog.SimulatedCatalog, object: SchemaObject.SchemaObject): boolean => {
  switch (object._tag) {
    case "Relation":
      return Catalog.relationsNamed(catalog, object).some(
        ({ isExternal, isTemporary, name }) => Catalog.isSameName(name, object) && !isExternal && !isTemporary
      )
    case "Type":
      return Catalog.typesNamed(catalog, object).some(
        ({ isExternal, name }) => Catalog.isSameName(name, object) && !isExternal
      )
    case "Routine":
      return Catalog.routinesNamed(catalog, object).some(
        ({ inputs, name }) =>
          Catalog.isSameName(name, object) && inputs.join() === Option.getOrElse(object.arguments, () => []).join()
      )
    case "EnumValue":
      return Catalog.findType(catalog, object.type)?.values.includes(object.value) === true
    case "Column":
      return ownerOf(catalog, object)?.columns.some(({ name }) => name === object.name) === true
    case "Constraint":
      return ownerOf(catalog, object)?.constraints.some(({ isLocal, name }) => name === object.name && isLocal) === true
    case "Schema":
    case "Extension":
    case "Collation":
    case "Role":
      return Catalog.findNamed(catalog, HazardKey.keyOf(object)) !== undefined
    case "Operator":
    case "TextSearchConfiguration":
      return hasMade(catalog, object)
    case "ConflictTarget":
    case "Relaxation":
      return false
  }
}

/** Operators of other types, and other text search objects, have the same key. */
const hasMade = (catalog: Catalog.SimulatedCatalog, object: SchemaObject.SchemaObject): boolean => {
  const made = Catalog.findNamed(catalog, HazardKey.keyOf(object))?.objects ?? []
  return made.some((one) => SchemaObject.key(one) === SchemaObject.key(object))
}

const ownerOf = (
  catalog: Catalog.SimulatedCatalog,
  { relation }: SchemaObject.Column | SchemaObject.Constraint
): Catalog.Relation | undefined =>
  Option.getOrUndefined(Option.map(relation, (name) => Catalog.findRelation(catalog, name)))

/** Whether an extension may bring the object. An extension that is not listed may bring any. */
const mayBeBrought = (
  { brought, readByAll, named }: Catalog.SimulatedCatalog,
  object: SchemaObject.SchemaObject
): boolean => {
  const isListed = (key: HazardKey.HazardKey): boolean => listed.has(key)
  if (!readByAll.every(isListed) || (object._tag === "Routine" && brought.has(object.name))) return true
  const key = SchemaObject.key(object)
  return readByAll.some((extension) =>
    Option.exists(HashMap.get(named, extension), ({ objects }) => objects.some((one) => SchemaObject.key(one) === key))
  )
}

const listed: ReadonlySet<HazardKey.HazardKey> = new Set(KnownExtensions.known().map(HazardKey.extension))

const isSystemName = (object: SchemaObject.SchemaObject): boolean => {
  const schema =
    "schema" in object
      ? object.schema
      : "relation" in object
        ? Option.flatMap(object.relation, (name) => name.schema)
        : Option.none()
  return Option.exists(schema, (name) => name.startsWith("pg_") || name === "information_schema")
}
