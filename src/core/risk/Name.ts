/**
 * Candidates of statements that drop or rename an object which programs of the previous release use: their queries name
 * it, or it works behind their queries, such as a trigger. There is none if the same migration creates the object again
 * with all its parts.
 *
 * @since 0.1.0
 * @internal
 */
import type {
  AlterEnumStmt,
  AlterObjectSchemaStmt,
  DropStmt,
  Node,
  ObjectType,
  ObjectWithArgs,
  RenameStmt
} from "@pgsql/types"
import * as Option from "effect/Option"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import { matching } from "../footprint/Routine.js"
import type { QualifiedName } from "../model/SchemaObject.js"
import * as Path from "../reading/NameResolution.js"
import * as R from "../reading/Recorder.js"
import { nameOfNodes, nameOfObject, nameOfStrings, partsOfObject } from "../sql/SyntaxTree.js"
import { about, aboutType, general, onTable, type RiskCandidate, unless } from "./Candidate.js"

/** @since 0.1.0 @category operations */
export const ofDrop = (
  recorder: R.Recorder,
  { behavior, objects = [], removeType }: DropStmt
): ReadonlyArray<RiskCandidate> => {
  const isCascade = behavior === "DROP_CASCADE"
  switch (removeType) {
    case "OBJECT_TABLE":
    case "OBJECT_FOREIGN_TABLE":
    case "OBJECT_MATVIEW":
    case "OBJECT_SEQUENCE":
      return objects.flatMap((object) => about(recorder, "data-loss", Path.object(recorder, object)))
    case "OBJECT_SCHEMA":
    case "OBJECT_EXTENSION":
      return [general("data-loss")]
    case "OBJECT_TYPE":
    case "OBJECT_DOMAIN":
      return isCascade
        ? [general("data-loss")]
        : objects.flatMap((object) => ofGoneType(recorder, Path.type(recorder, nameOfObject(object))))
    case "OBJECT_POLICY":
      return objects.flatMap((object) =>
        about(recorder, "privilege-change", Path.relation(recorder, nameOfStrings(partsOfObject(object).slice(0, -1))))
      )
    case "OBJECT_VIEW":
      return objects.flatMap((object) => withCascade(ofGoneView(recorder, Path.object(recorder, object)), isCascade))
    case "OBJECT_AGGREGATE":
    case "OBJECT_FUNCTION":
    case "OBJECT_PROCEDURE":
    case "OBJECT_ROUTINE":
      return objects.flatMap((object) =>
        "ObjectWithArgs" in object ? withCascade(ofRoutine(recorder, object.ObjectWithArgs), isCascade) : []
      )
    case "OBJECT_TRIGGER":
      return objects.flatMap((object) => ofAttachment(recorder, object, "trigger"))
    case "OBJECT_RULE":
      return objects.flatMap((object) => ofAttachment(recorder, object, "rule"))
    case "OBJECT_INDEX":
      return objects.flatMap((object) => ofIndex(recorder, Path.object(recorder, object)))
    case "OBJECT_STATISTIC_EXT":
      return []
    default:
      return [general("incompatible-change")]
  }
}

/** With CASCADE, the migration cannot undo a drop: the dependent objects stay dropped. */
const withCascade = (candidates: ReadonlyArray<RiskCandidate>, isCascade: boolean): ReadonlyArray<RiskCandidate> =>
  isCascade ? candidates.map(({ kind, relation }) => ({ kind, relation })) : candidates

const hasAll = <A>(all: ReadonlyArray<A>, wanted: ReadonlyArray<A>): boolean => wanted.every((one) => all.includes(one))

const columnNames = (relation: Catalog.Relation | undefined): ReadonlyArray<string> =>
  relation?.columns.map(({ name }) => name) ?? []

const ofGoneView = (recorder: R.Recorder, name: QualifiedName): ReadonlyArray<RiskCandidate> => {
  const known = R.findRelation(recorder, name)
  return about(recorder, "incompatible-change", name).map(
    unless((end) => {
      const found = Catalog.findRelation(end, known?.name ?? name)
      return found !== undefined && hasAll(columnNames(found), columnNames(known))
    })
  )
}

const ofGoneType = (recorder: R.Recorder, name: QualifiedName): ReadonlyArray<RiskCandidate> => {
  const [known] = R.types(recorder, name)
  const row = R.findRelation(recorder, name)
  return aboutType(recorder, "incompatible-change", name).map(
    unless((end) => {
      const found = Catalog.findType(end, known?.name ?? name)
      const foundRow = Catalog.findRelation(end, row?.name ?? name)
      if (known === undefined) return foundRow !== undefined && hasAll(columnNames(foundRow), columnNames(row))
      return found !== undefined && found.kind === known.kind && hasAll(found.values, known.values)
    })
  )
}

/** A candidate about the overloads that a statement means; if none is known, about all routines of the name. */
const ofRoutine = (recorder: R.Recorder, object: ObjectWithArgs): ReadonlyArray<RiskCandidate> => {
  const name = Path.routine(recorder, nameOfNodes(object.objname))
  const isIn = (catalog: Catalog.SimulatedCatalog, routine: Catalog.Routine): boolean =>
    Catalog.routinesNamed(catalog, routine.name).some((other) => Catalog.isSameRoutine(other, routine))
  const known = matching(recorder, object)
  const old = known.filter((routine) => isIn(recorder.atStart, routine))
  if (known.length > 0 && old.length === 0 && known.every(({ isCertain }) => isCertain)) return []
  const candidate: RiskCandidate = { kind: "incompatible-change", relation: Option.some(old[0]?.name ?? name) }
  return [candidate].map(
    unless((end) =>
      old.length === 0 ? Catalog.routinesNamed(end, name).length > 0 : old.every((one) => isIn(end, one))
    )
  )
}

/**
 * Candidates about a change of an object's privileges or owner, unless the migration certainly creates the object.
 *
 * @since 0.1.0
 * @category operations
 */
export const ofAccess = (
  recorder: R.Recorder,
  kind: ObjectType | undefined,
  object: Node | undefined
): ReadonlyArray<RiskCandidate> => {
  switch (kind) {
    case "OBJECT_TABLE":
    case "OBJECT_SEQUENCE":
    case "OBJECT_VIEW":
    case "OBJECT_MATVIEW":
      return about(recorder, "privilege-change", Path.object(recorder, object))
    case "OBJECT_TYPE":
    case "OBJECT_DOMAIN":
      return aboutType(recorder, "privilege-change", Path.type(recorder, nameOfObject(object)))
    case "OBJECT_AGGREGATE":
    case "OBJECT_FUNCTION":
    case "OBJECT_PROCEDURE":
    case "OBJECT_ROUTINE":
      return object !== undefined && "ObjectWithArgs" in object
        ? ofRoutine(recorder, object.ObjectWithArgs).map(({ relation }) => ({ kind: "privilege-change", relation }))
        : [general("privilege-change")]
    case "OBJECT_SCHEMA":
      return recorder.schemas.has(nameOfObject(object).name) ? [] : [general("privilege-change")]
    default:
      return [general("privilege-change")]
  }
}

const ofAttachment = (
  recorder: R.Recorder,
  object: Node,
  kind: Catalog.Attachment["kind"]
): ReadonlyArray<RiskCandidate> => {
  const parts = partsOfObject(object)
  const table = Path.relation(recorder, nameOfStrings(parts.slice(0, -1)))
  return about(recorder, "incompatible-change", table).map(
    unless(
      (end) =>
        Catalog.findRelation(end, table)?.attachments.some((one) => one.kind === kind && one.name === parts.at(-1)) ===
        true
    )
  )
}

/** `ON CONFLICT` finds its unique index by its columns. */
const ofIndex = (recorder: R.Recorder, name: QualifiedName): ReadonlyArray<RiskCandidate> => {
  const index = R.findRelation(recorder, name)
  return index?.isUnique === true ? ofUnique(recorder, ownerOf(index), index.indexColumns) : []
}

const ownerOf = ({ name, owner }: Catalog.Relation): QualifiedName => Option.getOrElse(owner, () => name)

/**
 * Candidates about a dropped constraint. `ON CONFLICT` needs unique constraints, and an unknown constraint may be
 * unique.
 *
 * @since 0.1.0
 * @category operations
 */
export const ofGoneConstraint = (
  recorder: R.Recorder,
  table: QualifiedName,
  name: string
): ReadonlyArray<RiskCandidate> => {
  const known = R.findRelation(recorder, table)?.constraints.find((constraint) => constraint.name === name)
  if (known === undefined) return about(recorder, "incompatible-change", table)
  return known.kind === "primary key" || known.kind === "unique" || known.kind === "exclusion"
    ? ofUnique(recorder, table, known.columns)
    : []
}

const ofUnique = (
  recorder: R.Recorder,
  table: QualifiedName,
  columns: ReadonlyArray<string>
): ReadonlyArray<RiskCandidate> => {
  const wanted = columns.toSorted().join()
  return about(recorder, "incompatible-change", table).map(
    unless((end) =>
      (Catalog.findRelation(end, table)?.parts ?? []).some((part) => {
        const index = Catalog.findRelation(end, part)
        return index?.isUnique === true && index.indexColumns.toSorted().join() === wanted
      })
    )
  )
}

/** Kinds that no query names. */
const unnamedByQueries: ReadonlySet<ObjectType | undefined> = new Set([
  "OBJECT_DOMCONSTRAINT",
  "OBJECT_EVENT_TRIGGER",
  "OBJECT_INDEX",
  "OBJECT_POLICY",
  "OBJECT_RULE",
  "OBJECT_STATISTIC_EXT",
  "OBJECT_TABCONSTRAINT",
  "OBJECT_TRIGGER"
])

/** `ON CONFLICT ON CONSTRAINT` names a unique constraint. */
const ofRenamedConstraint = (
  recorder: R.Recorder,
  table: QualifiedName,
  name: string
): ReadonlyArray<RiskCandidate> => {
  const kind = R.findRelation(recorder, table)?.constraints.find((constraint) => constraint.name === name)?.kind
  const isArbiter = kind === "primary key" || kind === "unique" || kind === "exclusion"
  return isArbiter ? about(recorder, "incompatible-change", table) : []
}

/** Candidates of a rename. `ALTER INDEX … RENAME` may also name a table. @since 0.1.0 @category operations */
export const ofRename = (
  recorder: R.Recorder,
  { object, relation, renameType, subname = "" }: RenameStmt
): ReadonlyArray<RiskCandidate> => {
  if (renameType === "OBJECT_TABCONSTRAINT")
    return ofRenamedConstraint(recorder, Path.range(recorder, relation), subname)
  const isIndex =
    renameType === "OBJECT_INDEX" && R.findRelation(recorder, Path.range(recorder, relation))?.kind === "index"
  if (isIndex || (renameType !== "OBJECT_INDEX" && unnamedByQueries.has(renameType))) return []
  return relation === undefined ? ofNamed(recorder, object) : onTable(recorder, "incompatible-change", relation)
}

/** @since 0.1.0 @category operations */
export const ofNewSchema = (
  recorder: R.Recorder,
  { object, objectType, relation }: AlterObjectSchemaStmt
): ReadonlyArray<RiskCandidate> => {
  if (unnamedByQueries.has(objectType)) return []
  return relation === undefined ? ofNamed(recorder, object) : onTable(recorder, "incompatible-change", relation)
}

/** Candidates about a type, a routine, or an object outside the simulated catalog, such as a schema or a role. */
const ofNamed = (recorder: R.Recorder, object: Node | undefined): ReadonlyArray<RiskCandidate> => {
  if (object === undefined) return [general("incompatible-change")]
  if ("ObjectWithArgs" in object)
    return ofRoutine(recorder, object.ObjectWithArgs).map(({ kind, relation }) => ({ kind, relation }))
  const name = Path.type(recorder, nameOfObject(object))
  const isType = R.types(recorder, name).length > 0 || R.findRelation(recorder, name) !== undefined
  return isType ? aboutType(recorder, "incompatible-change", name) : [general("incompatible-change")]
}

/** Candidates of a renamed enum label: queries that use the old label fail. @since 0.1.0 @category operations */
export const ofEnum = (recorder: R.Recorder, { oldVal, typeName }: AlterEnumStmt): ReadonlyArray<RiskCandidate> =>
  oldVal === undefined ? [] : aboutType(recorder, "incompatible-change", Path.type(recorder, nameOfNodes(typeName)))
