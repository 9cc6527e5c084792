/**
 * Writes an object by its kind and name, for statements that apply to many kinds of object: comments, grants, owners
 * and labels. The compiler checks that the table has every kind.
 *
 * @since 0.1.0
 * @internal
 */
import type {
  AlterOwnerStmt,
  CommentStmt,
  GrantRoleStmt,
  GrantStmt,
  Node,
  ObjectType,
  RoleSpec,
  SecLabelStmt
} from "@pgsql/types"
import * as Option from "effect/Option"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import * as HazardKey from "../model/HazardKey.js"
import type * as SchemaObject from "../model/SchemaObject.js"
import type { QualifiedName } from "../model/SchemaObject.js"
import * as Path from "../reading/NameResolution.js"
import * as R from "../reading/Recorder.js"
import * as Use from "../reading/Use.js"
import { listItems, nameOfObject, nameOfStrings, partsOfObject } from "../sql/SyntaxTree.js"
import { argumentsOf, changeRoutine, matching } from "./Routine.js"

type Write = (recorder: R.Recorder, object: Node) => void

const relation: Write = (recorder, object) => Use.change(recorder, Path.object(recorder, object))

const part: Write = (recorder, object) => Use.changePart(recorder, Path.object(recorder, object))

/** A column, constraint, trigger, policy or rule: its name follows the name of the table. */
const memberOf =
  (note: (name: string) => HazardKey.HazardKey | undefined): Write =>
  (recorder, object) => {
    const parts = partsOfObject(object)
    const key = note(parts.at(-1) ?? "")
    if (key !== undefined) R.read(recorder, key)
    Use.change(recorder, Path.relation(recorder, nameOfStrings(parts.slice(0, -1))))
  }

/** Writes a type, or a table as the type of its rows. @since 0.1.0 @category writing */
export const changeType = (recorder: R.Recorder, name: QualifiedName): void => {
  Use.touchType(recorder, name)
  R.writeName(recorder, name)
  for (const table of R.relations(recorder, name)) Use.change(recorder, table.name)
}

const type: Write = (recorder, object) => changeType(recorder, Path.type(recorder, nameOfObject(object)))

const routine: Write = (recorder, object) => {
  if ("ObjectWithArgs" in object) changeRoutine(recorder, object.ObjectWithArgs)
  else R.opaqueBarrier(recorder, "names a routine in an unknown form")
}

const thing =
  (word: string): Write =>
  (recorder, object) => {
    const name = nameOfObject(object)
    R.readSchema(recorder, name)
    R.write(recorder, `${word} ${name.name}`)
  }

const barrier =
  (what: string): Write =>
  (recorder) =>
    R.barrier(recorder, `changes a property of ${what}`)

/** How an object of each kind is written. @since 0.1.0 @category writing */
export const writes: Readonly<Record<ObjectType, Write>> = {
  OBJECT_ACCESS_METHOD: thing("access method"),
  OBJECT_AGGREGATE: routine,
  OBJECT_AMOP: barrier("an operator class"),
  OBJECT_AMPROC: barrier("an operator class"),
  OBJECT_ATTRIBUTE: memberOf(() => undefined),
  OBJECT_CAST: barrier("a cast"),
  OBJECT_COLLATION: thing("collation"),
  OBJECT_COLUMN: memberOf(() => undefined),
  OBJECT_CONVERSION: thing("conversion"),
  OBJECT_DATABASE: thing("database"),
  OBJECT_DEFACL: barrier("default privileges"),
  OBJECT_DEFAULT: memberOf(() => undefined),
  OBJECT_DOMAIN: type,
  OBJECT_DOMCONSTRAINT: (recorder, object) => {
    const [domain] = listItems(object)
    changeType(recorder, Path.type(recorder, nameOfObject(domain)))
  },
  OBJECT_EVENT_TRIGGER: barrier("an event trigger"),
  OBJECT_EXTENSION: thing("extension"),
  OBJECT_FDW: barrier("a foreign data wrapper"),
  OBJECT_FOREIGN_SERVER: barrier("a foreign server"),
  OBJECT_FOREIGN_TABLE: relation,
  OBJECT_FUNCTION: routine,
  OBJECT_INDEX: part,
  OBJECT_LANGUAGE: thing("language"),
  OBJECT_LARGEOBJECT: thing("large object"),
  OBJECT_MATVIEW: relation,
  OBJECT_OPCLASS: barrier("an operator class"),
  OBJECT_OPERATOR: thing("operator"),
  OBJECT_OPFAMILY: barrier("an operator family"),
  OBJECT_PARAMETER_ACL: barrier("a configuration parameter"),
  OBJECT_POLICY: memberOf(HazardKey.policy),
  OBJECT_PROCEDURE: routine,
  OBJECT_PUBLICATION: thing("publication"),
  OBJECT_PUBLICATION_NAMESPACE: barrier("a publication of a schema"),
  OBJECT_PUBLICATION_REL: barrier("a publication's table"),
  OBJECT_ROLE: thing("role"),
  OBJECT_ROUTINE: routine,
  OBJECT_RULE: memberOf(() => undefined),
  OBJECT_SCHEMA: thing("schema"),
  OBJECT_SEQUENCE: part,
  OBJECT_STATISTIC_EXT: part,
  OBJECT_SUBSCRIPTION: thing("subscription"),
  OBJECT_TABCONSTRAINT: memberOf(HazardKey.constraint),
  OBJECT_TABLE: relation,
  OBJECT_TABLESPACE: thing("tablespace"),
  OBJECT_TRANSFORM: barrier("a transform"),
  OBJECT_TRIGGER: memberOf(HazardKey.trigger),
  OBJECT_TSCONFIGURATION: thing("text search"),
  OBJECT_TSDICTIONARY: thing("text search"),
  OBJECT_TSPARSER: thing("text search"),
  OBJECT_TSTEMPLATE: thing("text search"),
  OBJECT_TYPE: type,
  OBJECT_USER_MAPPING: barrier("a user mapping"),
  OBJECT_VIEW: relation
}

/** Writes an object of any kind. @since 0.1.0 @category writing */
export const writeObject = (recorder: R.Recorder, kind: ObjectType | undefined, object: Node | undefined): void => {
  if (kind === undefined || object === undefined)
    R.opaqueBarrier(recorder, "changes a property of an object without a kind")
  else writes[kind](recorder, object)
}

/**
 * Whether a statement about an object of this kind means this one of the objects that share its key: operators of other
 * types, and a text search configuration beside a dictionary, have the same.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isMeant = (
  kind: ObjectType | undefined,
  object: Node | undefined,
  one: SchemaObject.SchemaObject
): boolean => {
  if (one._tag === "TextSearchConfiguration") return kind === "OBJECT_TSCONFIGURATION"
  if (one._tag !== "Operator") return true
  const { schema } = nameOfObject(object)
  const operands = argumentsOf(object !== undefined && "ObjectWithArgs" in object ? object.ObjectWithArgs : undefined)
  return (
    Option.getOrElse(one.operands, () => operands).join() === operands.join() &&
    (Option.isNone(schema) || Catalog.schemaOf({ ...one, schema }) === Catalog.schemaOf(one))
  )
}

/** @since 0.1.0 @category statements */
export const comment = (recorder: R.Recorder, { object, objtype }: CommentStmt): void =>
  writeObject(recorder, objtype, object)

/** @since 0.1.0 @category statements */
export const label = (recorder: R.Recorder, { object, objtype }: SecLabelStmt): void =>
  writeObject(recorder, objtype, object)

/** @since 0.1.0 @category reading */
export const readRole = (recorder: R.Recorder, role: RoleSpec | undefined): void => {
  if (role?.rolename !== undefined) R.read(recorder, HazardKey.role(role.rolename))
}

const readRoles = (recorder: R.Recorder, nodes: ReadonlyArray<Node> | undefined): void => {
  for (const node of nodes ?? []) if ("RoleSpec" in node) readRole(recorder, node.RoleSpec)
}

/** @since 0.1.0 @category statements */
export const changeOwner = (recorder: R.Recorder, statement: AlterOwnerStmt): void => {
  readRole(recorder, statement.newowner)
  writeObject(recorder, statement.objectType, statement.object)
  resave(recorder, statement.objectType, statement.object)
}

/** Keeps the new owner among what an object depends on, and reads the former one. Tables have an action for it. */
const resave = (recorder: R.Recorder, kind: ObjectType | undefined, object: Node | undefined): void => {
  if (object !== undefined && "ObjectWithArgs" in object && kind !== "OBJECT_OPERATOR") {
    for (const found of matching(recorder, object.ObjectWithArgs)) {
      R.readAll(recorder, found.dependencies)
      R.saveRoutine(recorder, found)
    }
  } else if (kind === "OBJECT_TYPE" || kind === "OBJECT_DOMAIN") {
    const known = R.types(recorder, Path.type(recorder, nameOfObject(object)))[0]
    if (known === undefined) return
    R.readAll(recorder, known.dependencies)
    R.saveType(recorder, known)
  } else {
    const word = words[kind ?? "OBJECT_TYPE"]
    const key = `${word} ${nameOfObject(object).name}`
    if (word !== undefined && R.isKnownNamed(recorder, key)) R.resaveNamed(recorder, key)
  }
}

const words: Readonly<Partial<Record<ObjectType, string>>> = {
  OBJECT_COLLATION: "collation",
  OBJECT_OPERATOR: "operator",
  OBJECT_PUBLICATION: "publication",
  OBJECT_SCHEMA: "schema",
  OBJECT_TSCONFIGURATION: "text search",
  OBJECT_TSDICTIONARY: "text search"
}

/** @since 0.1.0 @category statements */
export const grant = (recorder: R.Recorder, statement: GrantStmt): void => {
  readRoles(recorder, statement.grantees)
  if (statement.targtype !== "ACL_TARGET_OBJECT") {
    R.barrier(recorder, "grants on all objects of a schema")
    return
  }
  for (const object of statement.objects ?? []) writeGranted(recorder, statement.objtype, object)
}

/** Writes the object of a `GRANT`. `GRANT … ON TABLE` may name a view or a sequence. */
const writeGranted = (recorder: R.Recorder, kind: ObjectType | undefined, object: Node): void => {
  const known = kind === "OBJECT_TABLE" ? R.findRelation(recorder, Path.object(recorder, object)) : undefined
  writeObject(recorder, known?.kind === "sequence" ? "OBJECT_SEQUENCE" : kind, object)
}

/** @since 0.1.0 @category statements */
export const grantRole = (recorder: R.Recorder, { granted_roles, grantee_roles }: GrantRoleStmt): void => {
  for (const node of granted_roles ?? []) {
    if ("AccessPriv" in node) R.write(recorder, HazardKey.role(node.AccessPriv.priv_name ?? ""))
  }
  for (const node of grantee_roles ?? []) {
    if ("RoleSpec" in node) R.write(recorder, HazardKey.role(node.RoleSpec.rolename ?? ""))
  }
}
