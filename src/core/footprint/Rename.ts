/**
 * Reads renames and moves to another schema. The old and the new name are written, and links to the object follow it.
 *
 * @since 0.1.0
 * @internal
 */
import type { AlterObjectSchemaStmt, Node, ObjectType, RenameStmt } from "@pgsql/types"
import * as Option from "effect/Option"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import * as HazardKey from "../model/HazardKey.js"
import type { QualifiedName } from "../model/SchemaObject.js"
import * as SchemaObject from "../model/SchemaObject.js"
import * as Path from "../reading/NameResolution.js"
import * as R from "../reading/Recorder.js"
import * as Use from "../reading/Use.js"
import { listItems, nameOfObject, nameOfStrings, partsOfObject } from "../sql/SyntaxTree.js"
import { isMeant, writeObject } from "./AnyObject.js"
import {
  moveNamed,
  moveRelation,
  moveRoutine,
  moveSchema,
  moveType,
  turnColumn,
  turnConstraint,
  turnKey,
  turnRelation,
  turnRoutine
} from "./RenamedCatalog.js"
import { matching } from "./Routine.js"

/** @since 0.1.0 @category statements */
export const rename = (recorder: R.Recorder, statement: RenameStmt): void =>
  (renames[statement.renameType ?? "OBJECT_DEFACL"] ?? other)(recorder, statement)

type Rename = (recorder: R.Recorder, statement: RenameStmt) => void

/** Renames a table, view, index or sequence. The server accepts `ALTER TABLE` for each of them. */
const relation: Rename = (recorder, { missing_ok, newname = "", relation: range }) => {
  const name = Path.range(recorder, range)
  const known = R.findRelation(recorder, name)
  R.write(recorder, newname)
  if (known === undefined) {
    R.writeName(recorder, name)
    if (missing_ok !== true) unknownRenamed(recorder, name, { ...name, name: newname })
    return
  }
  changeWhole(recorder, known)
  R.readAll(recorder, known.dependencies)
  moveRelation(recorder, known, { schema: known.name.schema, name: newname })
  if (known.isConstraint && Option.isSome(known.owner)) {
    renameConstraintOf(recorder, known.owner.value, known.name.name, newname)
  }
}

/** Renames a relation that no migration creates. */
const unknownRenamed = (recorder: R.Recorder, name: QualifiedName, to: QualifiedName): void => {
  R.unlessComplete(recorder, `relation ${name.name} is not created by any migration`)
  R.disclaim(recorder, SchemaObject.relation(name))
  R.claim(recorder, SchemaObject.relation(to))
  R.saveRelation(recorder, { ...Catalog.relation("table", to), isExternal: true })
  turnRelation(recorder, name, to)
}

const changeWhole = (recorder: R.Recorder, known: Catalog.Relation): void =>
  Option.isSome(known.owner) ? Use.changePart(recorder, known.name) : Use.change(recorder, known.name)

/** Renames a constraint of a table, and the one that its children inherit. */
const renameConstraintOf = (recorder: R.Recorder, table: QualifiedName, from: string, to: string): void => {
  R.read(recorder, HazardKey.constraint(from))
  R.read(recorder, HazardKey.constraint(to))
  const isInherited = (kind: Catalog.ConstraintKind): boolean => kind === "check" || kind === "not null"
  const known = R.findRelation(recorder, table)
  const constraint = known?.constraints.find(({ name }) => name === from)
  const tables =
    known === undefined
      ? []
      : constraint !== undefined && isInherited(constraint.kind)
        ? familyOf(recorder, known)
        : [known.name]
  turnConstraint(recorder, tables, from, to)
}

const column: Rename = (recorder, { newname = "", relation: range, subname = "" }) => {
  const name = Path.range(recorder, range)
  Use.change(recorder, name)
  const known = R.findRelation(recorder, name)
  if (known === undefined) R.disclaim(recorder, SchemaObject.column(subname, name))
  else {
    for (const part of known.parts) R.updateRelation(recorder, part, (same) => same)
    turnColumn(recorder, familyOf(recorder, known), subname, newname)
  }
}

/** A table and, once, each child at any depth: a child may have several parents. */
const familyOf = (recorder: R.Recorder, table: Catalog.Relation): ReadonlyArray<QualifiedName> => {
  const tables = new Map<string, QualifiedName>()
  const visit = (one: Catalog.Relation): void => {
    const id = `${Catalog.schemaOf(one.name)}.${one.name.name}`
    if (tables.has(id)) return
    tables.set(id, one.name)
    for (const child of one.children) {
      const found = R.findRelation(recorder, child)
      if (found !== undefined) visit(found)
    }
  }
  visit(table)
  return [...tables.values()]
}

const constraint: Rename = (recorder, { newname = "", relation: range, subname = "" }) => {
  const name = Path.range(recorder, range)
  Use.change(recorder, name)
  R.write(recorder, subname)
  R.write(recorder, newname)
  const table = R.findRelation(recorder, name)
  renameConstraintOf(recorder, name, subname, newname)
  const carrier = table?.parts.find((part) => part.name === subname)
  const index = carrier === undefined ? undefined : R.findRelation(recorder, carrier)
  if (index?.isConstraint === true) moveRelation(recorder, index, { ...index.name, name: newname })
}

const type: Rename = (recorder, { newname = "", object }) => {
  const name = Path.type(recorder, nameOfObject(object))
  Use.touchType(recorder, name)
  R.writeName(recorder, name)
  R.write(recorder, newname)
  moveTypeOrRow(recorder, name, (known) => ({ ...known, name: newname }))
}

/** Moves a type, a composite type, or whatever points at a type that no migration creates. */
const moveTypeOrRow = (
  recorder: R.Recorder,
  name: QualifiedName,
  moved: (name: QualifiedName) => QualifiedName
): void => {
  const known = R.types(recorder, name)[0]
  const row = R.findRelation(recorder, name)
  if (known !== undefined) {
    R.readAll(recorder, known.dependencies)
    moveType(recorder, known, moved(known.name))
  } else if (row !== undefined) {
    R.readAll(recorder, row.dependencies)
    moveRelation(recorder, row, moved(row.name))
  } else turnRelation(recorder, name, moved(name))
}

const routine: Rename = (recorder, { newname = "", object }) => {
  writeObject(recorder, "OBJECT_FUNCTION", object)
  R.write(recorder, HazardKey.routine(newname))
  moveRoutines(recorder, object, (name) => ({ ...name, name: newname }))
}

const moveRoutines = (
  recorder: R.Recorder,
  object: Node | undefined,
  moved: (name: QualifiedName) => QualifiedName
): void => {
  if (object === undefined || !("ObjectWithArgs" in object)) return
  const found = matching(recorder, object.ObjectWithArgs)
  for (const known of found) {
    R.readAll(recorder, known.dependencies)
    moveRoutine(recorder, known, moved(known.name))
  }
  const name = Path.routine(recorder, nameOfObject(object))
  if (found.length === 0) turnRoutine(recorder, name, moved(name))
}

const attachment =
  (kind: Catalog.Attachment["kind"], key: (name: string) => HazardKey.HazardKey): Rename =>
  (recorder, { newname = "", relation: range, subname = "" }) => {
    const name = Path.range(recorder, range)
    Use.change(recorder, name)
    R.read(recorder, key(subname))
    R.read(recorder, key(newname))
    R.updateRelation(recorder, name, (known) => ({
      ...known,
      attachments: known.attachments.map((one) =>
        one.kind === kind && one.name === subname ? { ...one, name: newname } : one
      )
    }))
    turnKey(recorder, key(subname), key(newname))
  }

const domainConstraint: Rename = (recorder, { newname = "", object, subname = "" }) => {
  const [domain] = listItems(object)
  const parts = partsOfObject(domain ?? object)
  const name = Path.type(recorder, nameOfStrings(parts))
  Use.touchType(recorder, name)
  R.writeName(recorder, name)
  R.read(recorder, HazardKey.constraint(subname))
  R.read(recorder, HazardKey.constraint(newname))
  const known = R.types(recorder, name)[0]
  if (known === undefined) return
  const constraints = known.constraints.map((one) => (one.name === subname ? { ...one, name: newname } : one))
  R.saveType(recorder, { ...known, constraints })
  turnKey(recorder, HazardKey.constraint(subname), HazardKey.constraint(newname))
}

/** Renames a schema: each object in it gets another qualified name. */
const schema: Rename = (recorder, { newname = "", subname = "" }) => {
  R.barrier(recorder, `renames schema ${subname}`)
  R.write(recorder, HazardKey.schema(subname))
  R.write(recorder, HazardKey.schema(newname))
  R.forgetThing(recorder, HazardKey.schema(subname))
  R.saveNamed(recorder, HazardKey.schema(newname), [SchemaObject.schema(newname)])
  if (recorder.schemas.delete(subname)) recorder.schemas.add(newname)
  moveSchema(recorder, subname, newname)
}

const role: Rename = (recorder, { newname = "", subname = "" }) =>
  moveNamed(recorder, HazardKey.role(subname), HazardKey.role(newname), () => SchemaObject.role(newname))

/** An object of which only the name matters. The name is in `object`, and for some kinds in `subname`. */
const thing =
  (word: string): Rename =>
  (recorder, { newname = "", object, renameType, subname }) => {
    const name = nameOfObject(object)
    R.readSchema(recorder, name)
    moveNamed(recorder, `${word} ${subname ?? name.name}`, `${word} ${newname}`, (one) =>
      "name" in one && isMeant(renameType, object, one) ? { ...one, name: newname } : one
    )
  }

const barrier =
  (word: string): Rename =>
  (recorder, statement) => {
    other(recorder, statement)
    thing(word)(recorder, statement)
  }

const statistics: Rename = (recorder, { newname = "", object }) => {
  const name = Path.object(recorder, object)
  R.write(recorder, newname)
  Use.changePart(recorder, name)
  const known = R.findRelation(recorder, name)
  if (known === undefined) return
  R.readAll(recorder, known.dependencies)
  moveRelation(recorder, known, { ...known.name, name: newname })
}

const other: Rename = (recorder, { renameType, subname }) =>
  R.barrier(recorder, `renames ${subname ?? "an object"} (${renameType})`)

const renames: Readonly<Partial<Record<ObjectType, Rename>>> = {
  OBJECT_AGGREGATE: routine,
  OBJECT_ATTRIBUTE: column,
  OBJECT_COLLATION: thing("collation"),
  OBJECT_COLUMN: column,
  OBJECT_CONVERSION: barrier("conversion"),
  OBJECT_DOMAIN: type,
  OBJECT_DOMCONSTRAINT: domainConstraint,
  OBJECT_FOREIGN_TABLE: relation,
  OBJECT_FUNCTION: routine,
  OBJECT_INDEX: relation,
  OBJECT_LANGUAGE: barrier("language"),
  OBJECT_MATVIEW: relation,
  OBJECT_POLICY: attachment("policy", HazardKey.policy),
  OBJECT_PROCEDURE: routine,
  OBJECT_PUBLICATION: thing("publication"),
  OBJECT_ROLE: role,
  OBJECT_ROUTINE: routine,
  OBJECT_RULE: attachment("rule", HazardKey.policy),
  OBJECT_SCHEMA: schema,
  OBJECT_SEQUENCE: relation,
  OBJECT_STATISTIC_EXT: statistics,
  OBJECT_SUBSCRIPTION: barrier("subscription"),
  OBJECT_TABCONSTRAINT: constraint,
  OBJECT_TABLE: relation,
  OBJECT_TABLESPACE: barrier("tablespace"),
  OBJECT_TRIGGER: attachment("trigger", HazardKey.trigger),
  OBJECT_TSCONFIGURATION: thing("text search"),
  OBJECT_TSDICTIONARY: thing("text search"),
  OBJECT_TSPARSER: thing("text search"),
  OBJECT_TSTEMPLATE: thing("text search"),
  OBJECT_TYPE: type,
  OBJECT_VIEW: relation
}

/** @since 0.1.0 @category statements */
export const setSchema = (recorder: R.Recorder, statement: AlterObjectSchemaStmt): void => {
  const { newschema = "", objectType = "OBJECT_DEFACL" } = statement
  R.read(recorder, HazardKey.schema(newschema))
  const move = moves[objectType] ?? (statement.relation === undefined ? otherMove : relationMove)
  move(recorder, statement, (name) => ({ ...name, schema: Option.some(newschema) }))
}

type Move = (
  recorder: R.Recorder,
  statement: AlterObjectSchemaStmt,
  moved: (name: QualifiedName) => QualifiedName
) => void

const relationMove: Move = (recorder, { missing_ok, relation: range }, moved) => {
  const name = Path.range(recorder, range)
  const known = R.findRelation(recorder, name)
  R.writeName(recorder, name)
  if (known === undefined) {
    if (missing_ok === true) return
    R.disclaim(recorder, SchemaObject.relation(name))
    turnRelation(recorder, name, moved(name))
    return
  }
  changeWhole(recorder, known)
  R.write(recorder, known.name.name)
  R.readAll(recorder, known.dependencies)
  for (const part of known.parts) R.write(recorder, part.name)
  moveRelation(recorder, known, moved(known.name))
}

const routineMove: Move = (recorder, { object, objectType }, moved) => {
  writeObject(recorder, objectType, object)
  R.write(recorder, HazardKey.routine(nameOfObject(object).name))
  moveRoutines(recorder, object, moved)
}

const typeMove: Move = (recorder, { object, objectType }, moved) => {
  writeObject(recorder, objectType, object)
  R.write(recorder, nameOfObject(object).name)
  moveTypeOrRow(recorder, Path.type(recorder, nameOfObject(object)), moved)
}

const statisticsMove: Move = (recorder, { object, objectType }, moved) => {
  writeObject(recorder, objectType, object)
  R.write(recorder, nameOfObject(object).name)
  const known = R.findRelation(recorder, Path.object(recorder, object))
  if (known === undefined) return
  R.readAll(recorder, known.dependencies)
  moveRelation(recorder, known, moved(known.name))
}

/** Moves a collation, an operator or a text search object, whose key has no schema. */
const thingMove =
  (word: string): Move =>
  (recorder, { newschema = "", object, objectType }) => {
    writeObject(recorder, objectType, object)
    const key = `${word} ${nameOfObject(object).name}`
    moveNamed(recorder, key, key, (one) =>
      "schema" in one && isMeant(objectType, object, one) ? { ...one, schema: Option.some(newschema) } : one
    )
  }

/** Moves an extension: all that it contains, which only the server knows. */
const extensionMove: Move = (recorder, { newschema = "", object }, moved) => {
  const name = nameOfObject(object).name
  R.barrier(recorder, `moves extension ${name}`)
  for (const type of Catalog.allTypes(recorder.catalog)) {
    if (Option.contains(type.extension, name)) moveType(recorder, type, moved(type.name))
  }
  const key = HazardKey.extension(name)
  moveNamed(recorder, key, key, (one) => ("schema" in one ? { ...one, schema: Option.some(newschema) } : one))
}

const otherMove: Move = (recorder, { object, objectType }) => writeObject(recorder, objectType, object)

const moves: Readonly<Partial<Record<ObjectType, Move>>> = {
  OBJECT_AGGREGATE: routineMove,
  OBJECT_COLLATION: thingMove("collation"),
  OBJECT_CONVERSION: thingMove("conversion"),
  OBJECT_DOMAIN: typeMove,
  OBJECT_EXTENSION: extensionMove,
  OBJECT_FUNCTION: routineMove,
  OBJECT_OPERATOR: thingMove("operator"),
  OBJECT_PROCEDURE: routineMove,
  OBJECT_ROUTINE: routineMove,
  OBJECT_STATISTIC_EXT: statisticsMove,
  OBJECT_TSCONFIGURATION: thingMove("text search"),
  OBJECT_TSDICTIONARY: thingMove("text search"),
  OBJECT_TSPARSER: thingMove("text search"),
  OBJECT_TSTEMPLATE: thingMove("text search"),
  OBJECT_TYPE: typeMove
}
