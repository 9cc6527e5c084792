/**
 * Reads renames and moves to another schema. The old and the new name are written, and links to the object follow it.
 *
 * @since 0.1.0
 * @internal
 */
import type { AlterObjectSchemaStmt, ObjectType, RenameStmt } from "@pgsql/types"
import * as Option from "effect/Option"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import * as HazardKey from "../model/HazardKey.js"
import type { QualifiedName } from "../model/SchemaObject.js"
import * as SchemaObject from "../model/SchemaObject.js"
import * as Path from "../reading/NameResolution.js"
import * as R from "../reading/Recorder.js"
import * as Use from "../reading/Use.js"
import { listItems, nameOfObject, nameOfStrings, partsOfObject } from "../sql/SyntaxTree.js"
import { writeObject } from "./AnyObject.js"
import { moveRelation, moveRoutine, moveType, redirectColumn } from "./RenamedCatalog.js"
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
    if (missing_ok !== true) unknownRenamed(recorder, name, { ...name, name: newname })
    R.writeName(recorder, name)
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
}

const changeWhole = (recorder: R.Recorder, known: Catalog.Relation): void =>
  Option.isSome(known.owner) ? Use.changePart(recorder, known.name) : Use.change(recorder, known.name)

const renameConstraintOf = (recorder: R.Recorder, table: QualifiedName, from: string, to: string): void => {
  R.read(recorder, HazardKey.constraint(from))
  R.read(recorder, HazardKey.constraint(to))
  R.updateRelation(recorder, table, (known) => ({
    ...known,
    constraints: known.constraints.map((constraint) =>
      constraint.name === from ? { ...constraint, name: to } : constraint
    )
  }))
}

const column: Rename = (recorder, { newname = "", relation: range, subname = "" }) => {
  const name = Path.range(recorder, range)
  Use.change(recorder, name)
  const known = R.findRelation(recorder, name)
  if (known === undefined) R.disclaim(recorder, SchemaObject.column(subname, name))
  else renameColumnOf(recorder, known, subname, newname)
}

/** Renames a column of a table and, once, of each child at any depth: a child may have several parents. */
const renameColumnOf = (recorder: R.Recorder, table: Catalog.Relation, from: string, to: string): void => {
  const tables = new Map<string, QualifiedName>()
  const visit = (one: Catalog.Relation): void => {
    const id = `${Catalog.schemaOf(one.name)}.${one.name.name}`
    if (tables.has(id)) return
    tables.set(id, one.name)
    renameColumnIn(recorder, one, from, to)
    for (const child of one.children) {
      const found = R.findRelation(recorder, child)
      if (found !== undefined) visit(found)
    }
  }
  visit(table)
  redirectColumn(recorder, [...tables.values()], from, to)
}

const renameColumnIn = (recorder: R.Recorder, table: Catalog.Relation, from: string, to: string): void => {
  const renamed = (name: string): string => (name === from ? to : name)
  const key = (uses: ReadonlyArray<HazardKey.HazardKey>) =>
    uses.map((use) => (use === HazardKey.column(from) ? HazardKey.column(to) : use))
  R.updateRelation(recorder, table.name, (known) => ({
    ...known,
    columns: known.columns.map((other) => ({ ...other, name: renamed(other.name), uses: key(other.uses) })),
    constraints: known.constraints.map((one) => ({ ...one, columns: one.columns.map(renamed), uses: key(one.uses) })),
    attachments: known.attachments.map((one) => ({ ...one, uses: key(one.uses) }))
  }))
  for (const other of table.referencedBy) {
    R.updateLinks(recorder, other, (known) => ({
      ...known,
      constraints: known.constraints.map((constraint) =>
        Option.exists(constraint.references, (target) => Catalog.isSameName(target, table.name))
          ? { ...constraint, referencedColumns: constraint.referencedColumns.map(renamed) }
          : constraint
      )
    }))
  }
  for (const part of table.parts) {
    R.updateRelation(recorder, part, (known) => ({
      ...known,
      indexColumns: known.indexColumns.map(renamed),
      included: known.included.map(renamed),
      ownerColumn: Option.map(known.ownerColumn, renamed),
      uses: key(known.uses)
    }))
  }
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
  const known = R.types(recorder, name)[0]
  const row = R.findRelation(recorder, name)
  if (known !== undefined) {
    R.readAll(recorder, known.dependencies)
    moveType(recorder, known, { ...known.name, name: newname })
  } else if (row !== undefined) {
    R.readAll(recorder, row.dependencies)
    moveRelation(recorder, row, { ...row.name, name: newname })
  }
}

const routine: Rename = (recorder, { newname = "", object }) => {
  writeObject(recorder, "OBJECT_FUNCTION", object)
  R.write(recorder, HazardKey.routine(newname))
  if (object === undefined || !("ObjectWithArgs" in object)) return
  for (const found of matching(recorder, object.ObjectWithArgs)) {
    R.readAll(recorder, found.dependencies)
    moveRoutine(recorder, found, { ...found.name, name: newname })
  }
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
}

/** Renames a schema: each object in it gets another qualified name. */
const schema: Rename = (recorder, { newname = "", subname = "" }) => {
  R.barrier(recorder, `renames schema ${subname}`)
  R.write(recorder, HazardKey.schema(subname))
  R.write(recorder, HazardKey.schema(newname))
  R.forgetThing(recorder, HazardKey.schema(subname))
  R.saveThing(recorder, HazardKey.schema(newname), [SchemaObject.schema(newname)])
  const isInside = ({ name }: { readonly name: QualifiedName }): boolean => Option.contains(name.schema, subname)
  const moved = (name: QualifiedName): QualifiedName => ({ ...name, schema: Option.some(newname) })
  const { catalog } = recorder
  for (const known of Catalog.allRelations(catalog).filter(isInside)) moveRelation(recorder, known, moved(known.name))
  for (const known of Catalog.allTypes(catalog).filter(isInside)) moveType(recorder, known, moved(known.name))
  for (const known of Catalog.allRoutines(catalog).filter(isInside)) moveRoutine(recorder, known, moved(known.name))
}

const role: Rename = (recorder, { newname = "", subname = "" }) => {
  R.write(recorder, HazardKey.role(subname))
  R.write(recorder, HazardKey.role(newname))
}

const other: Rename = (recorder, { renameType, subname }) =>
  R.barrier(recorder, `renames ${subname ?? "an object"} (${renameType})`)

const renames: Readonly<Partial<Record<ObjectType, Rename>>> = {
  OBJECT_AGGREGATE: routine,
  OBJECT_ATTRIBUTE: column,
  OBJECT_COLUMN: column,
  OBJECT_DOMAIN: type,
  OBJECT_DOMCONSTRAINT: domainConstraint,
  OBJECT_FOREIGN_TABLE: relation,
  OBJECT_FUNCTION: routine,
  OBJECT_INDEX: relation,
  OBJECT_MATVIEW: relation,
  OBJECT_POLICY: attachment("policy", HazardKey.policy),
  OBJECT_PROCEDURE: routine,
  OBJECT_ROLE: role,
  OBJECT_ROUTINE: routine,
  OBJECT_RULE: attachment("rule", HazardKey.policy),
  OBJECT_SCHEMA: schema,
  OBJECT_SEQUENCE: relation,
  OBJECT_TABCONSTRAINT: constraint,
  OBJECT_TABLE: relation,
  OBJECT_TRIGGER: attachment("trigger", HazardKey.trigger),
  OBJECT_TYPE: type,
  OBJECT_VIEW: relation
}

/** @since 0.1.0 @category statements */
export const setSchema = (recorder: R.Recorder, statement: AlterObjectSchemaStmt): void => {
  const { missing_ok, newschema = "", object, objectType, relation: range } = statement
  R.read(recorder, HazardKey.schema(newschema))
  const to = Option.some(newschema)
  if (range !== undefined) {
    const known = R.findRelation(recorder, Path.range(recorder, range))
    R.writeName(recorder, Path.range(recorder, range))
    if (known === undefined) {
      if (missing_ok !== true) R.disclaim(recorder, SchemaObject.relation(Path.range(recorder, range)))
      return
    }
    changeWhole(recorder, known)
    R.readAll(recorder, known.dependencies)
    for (const part of known.parts) R.write(recorder, part.name)
    moveRelation(recorder, known, { ...known.name, schema: to })
    return
  }
  writeObject(recorder, objectType, object)
  if (object !== undefined && "ObjectWithArgs" in object) {
    for (const found of matching(recorder, object.ObjectWithArgs)) {
      R.readAll(recorder, found.dependencies)
      moveRoutine(recorder, found, { ...found.name, schema: to })
    }
    return
  }
  const name = Path.type(recorder, nameOfObject(object))
  const known = R.types(recorder, name)[0]
  const row = R.findRelation(recorder, name)
  if (known !== undefined) moveType(recorder, known, { ...known.name, schema: to })
  else if (row !== undefined) moveRelation(recorder, row, { ...row.name, schema: to })
}
