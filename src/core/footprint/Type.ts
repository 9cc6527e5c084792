/**
 * Reads statements about types: enums with their labels, domains with their checks, ranges and composite types. Reads
 * also `CREATE AGGREGATE`, `CREATE OPERATOR` and other statements that define an object from parts.
 *
 * @since 0.1.0
 * @internal
 */
import type {
  AlterDomainStmt,
  AlterEnumStmt,
  AlterTypeStmt,
  CompositeTypeStmt,
  Constraint,
  CreateDomainStmt,
  CreateEnumStmt,
  CreateRangeStmt,
  DefineStmt,
  Node,
  ObjectType
} from "@pgsql/types"
import * as Option from "effect/Option"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import * as HazardKey from "../model/HazardKey.js"
import * as SchemaObject from "../model/SchemaObject.js"
import * as ToldRoutine from "../model/ToldRoutine.js"
import { freeConstraintName } from "../reading/ChosenNames.js"
import * as Path from "../reading/NameResolution.js"
import * as R from "../reading/Recorder.js"
import * as Use from "../reading/Use.js"
import { elementName, wordingOf } from "../sql/ParsedType.js"
import * as RoutineBody from "../sql/RoutineBody.js"
import {
  lastString,
  listItems,
  nameOfNodes,
  nameOfStrings,
  optionNamed,
  partsOfObject,
  stringsOf
} from "../sql/SyntaxTree.js"
import { addColumn } from "./Column.js"
import { ownTypes } from "./Routine.js"
import { newRelation } from "./Table.js"

const newType = (
  recorder: R.Recorder,
  nodes: ReadonlyArray<Node> | undefined,
  shape: Pick<Catalog.Type, "kind"> & Partial<Catalog.Type>
): SchemaObject.QualifiedName => {
  const name = Path.placed(recorder, nameOfNodes(nodes))
  R.writeName(recorder, name)
  R.claim(recorder, SchemaObject.type(name))
  const isThere = R.types(recorder, name).some((other) => Catalog.isSameName(other.name, name))
  if (isThere && recorder.isUncertain) return name
  R.saveType(recorder, {
    name,
    isExternal: false,
    isCertain: !recorder.statement.runsCode,
    extension: Option.none(),
    values: [],
    parts: [],
    constraints: [],
    onWrite: [],
    dependencies: new Set(),
    ...shape
  })
  return name
}

/** @since 0.1.0 @category statements */
export const createEnum = (recorder: R.Recorder, { typeName, vals }: CreateEnumStmt): void => {
  newType(recorder, typeName, { kind: "enum", values: stringsOf(vals) })
}

/** @since 0.1.0 @category statements */
export const alterEnum = (recorder: R.Recorder, statement: AlterEnumStmt): void => {
  const { newVal = "", oldVal, typeName } = statement
  const name = Path.type(recorder, nameOfNodes(typeName))
  R.writeName(recorder, name)
  const known = R.types(recorder, name)[0] ?? external(Path.placed(recorder, name))
  const isThere = known.values.includes(newVal)
  if (isThere && statement.skipIfNewValExists === true) return
  if (oldVal === undefined) R.claim(recorder, SchemaObject.enumValue(known.name, newVal))
  R.saveType(recorder, { ...known, values: withValue(known.values, statement) })
}

const withValue = (values: ReadonlyArray<string>, statement: AlterEnumStmt): ReadonlyArray<string> => {
  const { newVal = "", newValIsAfter, newValNeighbor, oldVal } = statement
  if (oldVal !== undefined) return values.map((value) => (value === oldVal ? newVal : value))
  const neighbour = newValNeighbor === undefined ? -1 : values.indexOf(newValNeighbor)
  return neighbour === -1
    ? [...values, newVal]
    : values.toSpliced(newValIsAfter === true ? neighbour + 1 : neighbour, 0, newVal)
}

/** A type that no migration creates: only the labels that migrations add are known. */
const external = (name: SchemaObject.QualifiedName): Catalog.Type => ({
  name,
  kind: "enum",
  isExternal: true,
  isCertain: false,
  extension: Option.none(),
  values: [],
  parts: [],
  constraints: [],
  onWrite: [],
  dependencies: new Set()
})

/** @since 0.1.0 @category statements */
export const createDomain = (recorder: R.Recorder, statement: CreateDomainStmt): void => {
  const { collClause, constraints, domainname, typeName } = statement
  Use.useStored(recorder, typeName, collClause)
  const base = typeName === undefined ? [] : [Path.type(recorder, elementName(typeName))]
  const name = newType(recorder, domainname, { kind: "domain", parts: ownTypes(base) })
  for (const node of constraints ?? []) if ("Constraint" in node) addDomainConstraint(recorder, name, node.Constraint)
}

const addDomainConstraint = (
  recorder: R.Recorder,
  name: SchemaObject.QualifiedName,
  { conname, contype, raw_expr }: Constraint
): void => {
  const mentions = Use.useStored(recorder, raw_expr)
  const known = R.types(recorder, name)[0]
  if (known === undefined || contype === "CONSTR_DEFAULT" || contype === "CONSTR_NULL") return
  const label = contype === "CONSTR_NOTNULL" ? "not_null" : "check"
  const chosen = conname ?? freeConstraintName(recorder, name, undefined, label)
  R.read(recorder, HazardKey.constraint(chosen))
  R.saveType(recorder, {
    ...known,
    constraints:
      contype === "CONSTR_CHECK"
        ? [...known.constraints, { name: chosen, uses: Use.directKeys(recorder, mentions) }]
        : known.constraints,
    onWrite: [...known.onWrite, ...Use.hiddenCalls(mentions)]
  })
}

/** Alters a domain. Its constraint is checked in every column of that type. @since 0.1.0 @category statements */
export const alterDomain = (recorder: R.Recorder, statement: AlterDomainStmt): void => {
  const name = Path.type(recorder, nameOfNodes(statement.typeName))
  Use.touchType(recorder, name)
  R.writeName(recorder, name)
  const known = R.types(recorder, name)[0]
  if (known === undefined) {
    R.opaqueBarrier(recorder, `domain ${name.name} is not created by any migration`)
    return
  }
  R.readAll(recorder, known.dependencies)
  Use.useNow(recorder, statement.def)
  for (const table of Use.tablesWithType(recorder, known.name)) Use.change(recorder, table)
  if (statement.def !== undefined && "Constraint" in statement.def) {
    addDomainConstraint(recorder, known.name, statement.def.Constraint)
  } else if (statement.subtype === "X") {
    R.read(recorder, HazardKey.constraint(statement.name ?? ""))
    R.saveType(recorder, {
      ...known,
      constraints: known.constraints.filter(({ name: other }) => other !== statement.name)
    })
  }
}

/** @since 0.1.0 @category statements */
export const createRange = (recorder: R.Recorder, { params, typeName }: CreateRangeStmt): void => {
  Use.useStored(recorder, params)
  const subtype = optionNamed(params, "subtype")?.arg
  const parts =
    subtype !== undefined && "TypeName" in subtype ? [Path.type(recorder, elementName(subtype.TypeName))] : []
  for (const option of ["subtype_diff", "canonical"]) {
    const name = partsOfObject(optionNamed(params, option)?.arg)
    if (name.length > 0) Use.touchRoutine(recorder, Path.routine(recorder, nameOfStrings(name)), Option.none())
  }
  const name = newType(recorder, typeName, { kind: "range", parts: ownTypes(parts) })
  const given = partsOfObject(optionNamed(params, "multirange_type_name")?.arg).at(-1)
  const multi = given ?? multirangeName(name.name)
  R.write(recorder, multi)
  R.saveType(recorder, { ...external({ ...name, name: multi }), isExternal: false, kind: "range", parts: [name] })
  R.write(recorder, HazardKey.routine(name.name))
}

/** See makeMultirangeTypeName in src/backend/catalog/pg_type.c. */
const multirangeName = (range: string): string =>
  range.includes("range") ? range.replace("range", "multirange") : `${range}_multirange`

/** @since 0.1.0 @category statements */
export const createComposite = (recorder: R.Recorder, { coldeflist, typevar }: CompositeTypeStmt): void => {
  const name = newRelation(recorder, typevar, "composite type", false)
  if (name === undefined) return
  R.claim(recorder, SchemaObject.type(name))
  for (const node of coldeflist ?? []) if ("ColumnDef" in node) addColumn(recorder, name, node.ColumnDef, [])
}

/** Alters the storage or the functions of a base type. @since 0.1.0 @category statements */
export const alterType = (recorder: R.Recorder, { options, typeName }: AlterTypeStmt): void => {
  const name = Path.type(recorder, nameOfNodes(typeName))
  Use.touchType(recorder, name)
  R.writeName(recorder, name)
  Use.useStored(recorder, options)
}

/**
 * Reads `CREATE AGGREGATE`, `OPERATOR`, `TYPE`, `COLLATION` and those of text search objects.
 *
 * @since 0.1.0
 * @category statements
 */
export const define = (recorder: R.Recorder, statement: DefineStmt): void => {
  const rule = definitions[statement.kind ?? "OBJECT_TRANSFORM"]
  if (rule === undefined) R.opaqueBarrier(recorder, `defines an object of an unexpected kind (${statement.kind})`)
  else rule(recorder, statement)
}

type Definition = (recorder: R.Recorder, statement: DefineStmt) => void

const readParts: Definition = (recorder, { definition }) => {
  for (const node of definition ?? []) {
    if (!("DefElem" in node)) continue
    const { arg } = node.DefElem
    if (arg !== undefined && "TypeName" in arg) readTypeOrRoutine(recorder, arg)
    else if (arg !== undefined && "List" in arg)
      for (const part of partsOfObject(arg))
        Use.touchRoutine(recorder, Path.routine(recorder, nameOfStrings([part])), Option.none())
  }
}

/** Reads a type or a routine: the grammar does not tell `sfunc = f` from `basetype = t`. */
const readTypeOrRoutine = (recorder: R.Recorder, node: Node): void => {
  const name = Path.routine(recorder, nameOfStrings(partsOfObject(node)))
  if (R.routines(recorder, name).length > 0) Use.touchRoutine(recorder, name, Option.none())
  else Use.useStored(recorder, node)
}

const aggregate: Definition = (recorder, statement) => {
  readParts(recorder, statement)
  const name = Path.placed(recorder, nameOfNodes(statement.defnames))
  const parameters = (statement.args ?? []).flatMap((node) => listItems(node))
  const types = parameters.flatMap((node) => ("FunctionParameter" in node ? [node.FunctionParameter.argType] : []))
  Use.useStored(recorder, types)
  R.readSchema(recorder, name)
  R.write(recorder, HazardKey.routine(name.name))
  const inputs = types.map(wordingOf)
  if (statement.replace !== true) R.claim(recorder, SchemaObject.routine(name, inputs))
  const support = (statement.definition ?? []).flatMap((node) => {
    const parts = "DefElem" in node ? partsOfObject(node.DefElem.arg) : []
    return parts.length > 0 && R.routines(recorder, Path.routine(recorder, nameOfStrings(parts))).length > 0
      ? [parts]
      : []
  })
  R.saveRoutine(recorder, {
    name,
    kind: "aggregate",
    inputs,
    minArity: inputs.length,
    maxArity: inputs.length,
    types: ownTypes(types.flatMap((type) => (type === undefined ? [] : [Path.type(recorder, elementName(type))]))),
    body: RoutineBody.calling(support),
    told: { language: ToldRoutine.ofAggregate, source: Option.some(functionsOf(statement)), file: recorder.file },
    isCertain: statement.replace !== true && !recorder.statement.runsCode,
    uses: support.map((parts) => HazardKey.routine(parts.at(-1) ?? "")),
    dependencies: new Set()
  })
}

/** Options that name a function of an aggregate; see `pg_aggregate` in the PostgreSQL manual. */
const supporting: ReadonlySet<string> = new Set([
  "combinefunc",
  "deserialfunc",
  "finalfunc",
  "mfinalfunc",
  "minvfunc",
  "msfunc",
  "serialfunc",
  "sfunc"
])

const functionsOf = ({ definition }: DefineStmt): string => {
  const names = (definition ?? []).flatMap((node) =>
    "DefElem" in node && supporting.has(node.DefElem.defname ?? "") ? partsOfObject(node.DefElem.arg).slice(-1) : []
  )
  return [...new Set(names)].sort().join("\n")
}

const operator: Definition = (recorder, statement) => {
  readParts(recorder, statement)
  const name = lastString(statement.defnames) ?? ""
  const key = HazardKey.operator(name)
  R.write(recorder, key)
  R.saveThing(recorder, key)
}

const baseType: Definition = (recorder, statement) => {
  readParts(recorder, statement)
  newType(recorder, statement.defnames, { kind: "base" })
}

const thing =
  (word: string): Definition =>
  (recorder, statement) => {
    readParts(recorder, statement)
    const name = Path.placed(recorder, nameOfNodes(statement.defnames))
    R.readSchema(recorder, name)
    const key = `${word} ${name.name}`
    R.write(recorder, key)
    R.saveThing(recorder, key, word === "collation" ? [SchemaObject.collation(name)] : [])
  }

const definitions: Readonly<Partial<Record<ObjectType, Definition>>> = {
  OBJECT_AGGREGATE: aggregate,
  OBJECT_COLLATION: thing("collation"),
  OBJECT_OPERATOR: operator,
  OBJECT_TSCONFIGURATION: thing("text search"),
  OBJECT_TSDICTIONARY: thing("text search"),
  OBJECT_TSPARSER: thing("text search"),
  OBJECT_TSTEMPLATE: thing("text search"),
  OBJECT_TYPE: baseType
}
