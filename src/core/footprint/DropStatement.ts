/**
 * Reads `DROP`, with one rule for each kind of object. The compiler checks that the table has every kind. A name that
 * `IF EXISTS` does not find is written too, since another migration may create it.
 *
 * @since 0.1.0
 * @internal
 */
import type { DropStmt, Node, ObjectType } from "@pgsql/types"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import * as HazardKey from "../model/HazardKey.js"
import * as SchemaObject from "../model/SchemaObject.js"
import * as Path from "../reading/NameResolution.js"
import * as R from "../reading/Recorder.js"
import { makeUncertain } from "../reading/Uncertainty.js"
import * as Use from "../reading/Use.js"
import { nameOfObject, nameOfStrings, partsOfObject } from "../sql/SyntaxTree.js"
import { isMeant, writeObject } from "./AnyObject.js"
import { type Behavior, cascade, dropRelation, dropRoutine, dropType } from "./Drop.js"
import { argumentsOf, matching } from "./Routine.js"

/** @since 0.1.0 @category statements */
export const drop = (recorder: R.Recorder, statement: DropStmt): void => {
  const behavior: Behavior = statement.behavior === "DROP_CASCADE" ? "cascade" : "restrict"
  const kind = statement.removeType
  for (const object of statement.objects ?? []) {
    if (kind === undefined) R.opaqueBarrier(recorder, "drops an object without a kind")
    else drops[kind](recorder, object, behavior, statement.missing_ok === true ? "if exists" : "certain", kind)
  }
}

type Drop = (
  recorder: R.Recorder,
  object: Node,
  behavior: Behavior,
  presence: "if exists" | "certain",
  kind: ObjectType
) => void

const relation: Drop = (recorder, object, behavior, presence) => {
  const name = Path.object(recorder, object)
  R.writeName(recorder, name)
  const known = R.findRelation(recorder, name)
  if (known !== undefined) dropRelation(recorder, known, behavior)
  else unknown(recorder, SchemaObject.relation(name), name, presence)
}

/** An index, a sequence or statistics. If it is unknown, its table is unknown too. */
const part: Drop = (recorder, object, behavior, presence, kind) => {
  const name = Path.object(recorder, object)
  const isUnknown = R.findRelation(recorder, name) === undefined && presence === "certain"
  if (!isUnknown) relation(recorder, object, behavior, presence, kind)
  else {
    R.writeName(recorder, name)
    R.disclaim(recorder, SchemaObject.relation(name))
    R.opaqueBarrier(recorder, `${name.name} is not created by any migration: its table is not known`)
  }
}

const unknown = (
  recorder: R.Recorder,
  object: SchemaObject.SchemaObject,
  { name }: SchemaObject.QualifiedName,
  presence: "if exists" | "certain"
): void => {
  if (presence === "certain") R.disclaim(recorder, object)
  R.unlessComplete(recorder, `drops ${name}, which no migration is known to create`)
}

const type: Drop = (recorder, object, behavior, presence) => {
  const name = Path.type(recorder, nameOfObject(object))
  R.writeName(recorder, name)
  const known = R.types(recorder, name)[0]
  const row = R.findRelation(recorder, name)
  if (known !== undefined) dropType(recorder, known, behavior)
  else if (row?.kind === "composite type") dropRelation(recorder, row, behavior)
  else unknown(recorder, SchemaObject.type(name), name, presence)
}

const routine: Drop = (recorder, object, behavior, presence, dropped) => {
  const given = "ObjectWithArgs" in object ? object.ObjectWithArgs : undefined
  const name = Path.routine(recorder, nameOfObject(object))
  R.readSchema(recorder, name)
  R.write(recorder, HazardKey.routine(name.name), name)
  Use.useStored(recorder, given?.objargs)
  const isMeant = ({ kind }: Catalog.Routine): boolean => dropped === "OBJECT_ROUTINE" || kind === kinds[dropped]
  const found = matching(recorder, given).filter(isMeant)
  for (const known of found) dropRoutine(recorder, known, behavior)
  if (found.length > 0) return
  const inputs = given?.args_unspecified === true ? undefined : argumentsOf(given)
  unknown(recorder, SchemaObject.routine(name, inputs), name, presence)
  if (behavior === "cascade") cascade(recorder, HazardKey.routine(name.name), undefined, undefined)
}

const kinds: Readonly<Partial<Record<ObjectType, Catalog.Routine["kind"]>>> = {
  OBJECT_AGGREGATE: "aggregate",
  OBJECT_FUNCTION: "function",
  OBJECT_PROCEDURE: "procedure"
}

const attachment =
  (of: Catalog.Attachment["kind"], key: (name: string) => HazardKey.HazardKey): Drop =>
  (recorder, object) => {
    const parts = partsOfObject(object)
    const name = parts.at(-1) ?? ""
    const table = Path.relation(recorder, nameOfStrings(parts.slice(0, -1)))
    R.read(recorder, key(name))
    Use.change(recorder, table)
    for (const known of R.relations(recorder, table)) R.readAll(recorder, known.dependencies)
    R.updateRelation(recorder, table, (known) => ({
      ...known,
      attachments: known.attachments.filter((one) => one.kind !== of || one.name !== name)
    }))
  }

/** An object of which only the name matters. Others that share its key stay. */
const thing =
  (keyOf: (name: string) => HazardKey.HazardKey): Drop =>
  (recorder, object, behavior, _, kind) => {
    writeObject(recorder, kind, object)
    const name = nameOfObject(object).name
    const key = keyOf(name)
    const known = Catalog.findNamed(recorder.catalog, key)
    if (known !== undefined) {
      R.readAll(recorder, known.dependencies)
      const left = known.objects.filter((one) => !isMeant(kind, object, one))
      if (left.length > 0) R.saveNamed(recorder, key, left)
      else if (known.objects.length > 0 || known.runs.length < 2) R.forgetThing(recorder, key)
    }
    if (behavior !== "cascade") return
    R.barrier(recorder, `drops ${name} and all that depends on it`)
    const isUser = ({ dependencies }: Pick<Catalog.Relation, "dependencies">): boolean => dependencies.has(key)
    makeUncertain(recorder, [
      ...Catalog.allRelations(recorder.catalog)
        .filter(isUser)
        .map((relation) => relation.name.name),
      ...Catalog.allTypes(recorder.catalog)
        .filter(isUser)
        .map((type) => type.name.name),
      ...Catalog.allRoutines(recorder.catalog)
        .filter(isUser)
        .map((one) => HazardKey.routine(one.name.name))
    ])
  }

const schema: Drop = (recorder, object) => {
  const name = nameOfObject(object).name
  R.barrier(recorder, `drops schema ${name}`)
  R.write(recorder, HazardKey.schema(name))
  R.forgetThing(recorder, HazardKey.schema(name))
  R.saveNamed(recorder, HazardKey.goneSchema(name))
  const inside = SchemaObject.qualifiedName("", name)
  const isInside = (other: { readonly name: SchemaObject.QualifiedName }): boolean =>
    Catalog.schemaOf(other.name) === Catalog.schemaOf(inside)
  for (const known of Catalog.allRelations(recorder.catalog).filter(isInside)) dropRelation(recorder, known, "cascade")
  for (const known of Catalog.allRoutines(recorder.catalog).filter(isInside)) dropRoutine(recorder, known, "cascade")
  for (const known of Catalog.allTypes(recorder.catalog).filter(isInside)) dropType(recorder, known, "cascade")
  for (const { key, objects } of HashMap.values(recorder.catalog.named)) {
    const left = objects.filter((one) => !("schema" in one && isInside({ name: one })))
    if (left.length === 0 && objects.length > 0) R.forgetThing(recorder, key)
    else if (left.length < objects.length) R.saveNamed(recorder, key, left)
  }
}

/** The users of an extension are not known: with CASCADE any object may be dropped. */
const extension: Drop = (recorder, object, behavior) => {
  const name = nameOfObject(object).name
  R.barrier(recorder, `drops extension ${name}`)
  R.write(recorder, HazardKey.extension(name))
  R.forgetThing(recorder, HazardKey.extension(name))
  for (const known of Catalog.allTypes(recorder.catalog)) {
    if (Option.contains(known.extension, name)) dropType(recorder, known, "cascade")
  }
  if (behavior !== "cascade") return
  recorder.isCertain = false
  makeUncertain(recorder, [
    ...Catalog.allRelations(recorder.catalog).map((relation) => relation.name.name),
    ...Catalog.allRoutines(recorder.catalog).map((known) => HazardKey.routine(known.name.name))
  ])
}

const barrier: Drop = (recorder, object, _, __, kind) =>
  R.barrier(recorder, `drops ${nameOfObject(object).name || "an object"} (${kind})`)

const impossible: Drop = (recorder, _, __, ___, kind) => R.opaqueBarrier(recorder, `drops an object of kind ${kind}`)

const drops: Readonly<Record<ObjectType, Drop>> = {
  OBJECT_ACCESS_METHOD: barrier,
  OBJECT_AGGREGATE: routine,
  OBJECT_AMOP: impossible,
  OBJECT_AMPROC: impossible,
  OBJECT_ATTRIBUTE: impossible,
  OBJECT_CAST: barrier,
  OBJECT_COLLATION: thing(HazardKey.collation),
  OBJECT_COLUMN: impossible,
  OBJECT_CONVERSION: thing((name) => `conversion ${name}`),
  OBJECT_DATABASE: impossible,
  OBJECT_DEFACL: impossible,
  OBJECT_DEFAULT: impossible,
  OBJECT_DOMAIN: type,
  OBJECT_DOMCONSTRAINT: impossible,
  OBJECT_EVENT_TRIGGER: barrier,
  OBJECT_EXTENSION: extension,
  OBJECT_FDW: barrier,
  OBJECT_FOREIGN_SERVER: barrier,
  OBJECT_FOREIGN_TABLE: relation,
  OBJECT_FUNCTION: routine,
  OBJECT_INDEX: part,
  OBJECT_LANGUAGE: barrier,
  OBJECT_LARGEOBJECT: impossible,
  OBJECT_MATVIEW: relation,
  OBJECT_OPCLASS: barrier,
  OBJECT_OPERATOR: thing(HazardKey.operator),
  OBJECT_OPFAMILY: barrier,
  OBJECT_PARAMETER_ACL: impossible,
  OBJECT_POLICY: attachment("policy", HazardKey.policy),
  OBJECT_PROCEDURE: routine,
  OBJECT_PUBLICATION: thing((name) => `publication ${name}`),
  OBJECT_PUBLICATION_NAMESPACE: impossible,
  OBJECT_PUBLICATION_REL: impossible,
  OBJECT_ROLE: impossible,
  OBJECT_ROUTINE: routine,
  OBJECT_RULE: attachment("rule", HazardKey.policy),
  OBJECT_SCHEMA: schema,
  OBJECT_SEQUENCE: part,
  OBJECT_STATISTIC_EXT: part,
  OBJECT_SUBSCRIPTION: impossible,
  OBJECT_TABCONSTRAINT: impossible,
  OBJECT_TABLE: relation,
  OBJECT_TABLESPACE: impossible,
  OBJECT_TRANSFORM: barrier,
  OBJECT_TRIGGER: attachment("trigger", HazardKey.trigger),
  OBJECT_TSCONFIGURATION: thing(HazardKey.textSearch),
  OBJECT_TSDICTIONARY: thing(HazardKey.textSearch),
  OBJECT_TSPARSER: thing(HazardKey.textSearch),
  OBJECT_TSTEMPLATE: thing(HazardKey.textSearch),
  OBJECT_TYPE: type,
  OBJECT_USER_MAPPING: impossible,
  OBJECT_VIEW: relation
}
