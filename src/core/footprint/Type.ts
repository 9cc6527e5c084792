/**
 * Reads statements about types: enums with their labels, domains with their checks, ranges and composite types.
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
  Node
} from "@pgsql/types"
import * as Option from "effect/Option"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import * as HazardKey from "../model/HazardKey.js"
import * as SchemaObject from "../model/SchemaObject.js"
import { freeConstraintName } from "../reading/ChosenNames.js"
import * as Path from "../reading/NameResolution.js"
import * as R from "../reading/Recorder.js"
import * as Use from "../reading/Use.js"
import { elementName, isBuiltIn } from "../sql/ParsedType.js"
import { nameOfNodes, optionNamed, optionsOf, partsOfObject, stringsOf } from "../sql/SyntaxTree.js"
import { addColumn } from "./Column.js"
import { ownTypes } from "./Routine.js"
import { newRelation } from "./Table.js"

/** Adds a new type to the catalog, and returns its name. @since 0.1.0 @category statements */
export const newType = (
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
    runs: [],
    uses: [],
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
  runs: [],
  uses: [],
  dependencies: new Set()
})

/** @since 0.1.0 @category statements */
export const createDomain = (recorder: R.Recorder, statement: CreateDomainStmt): void => {
  const { collClause, constraints, domainname, typeName } = statement
  Use.useStored(recorder, typeName, collClause)
  const base = typeName === undefined ? [] : [Path.type(recorder, elementName(typeName))]
  const name = newType(recorder, domainname, {
    kind: "domain",
    parts: ownTypes(base),
    uses: collated(collClause?.collname)
  })
  for (const node of constraints ?? []) if ("Constraint" in node) addDomainConstraint(recorder, name, node.Constraint)
}

/** The key of a collation. A read of it, where no migration creates it, meets no write. */
const collated = (names: ReadonlyArray<Node> | undefined): ReadonlyArray<HazardKey.HazardKey> =>
  stringsOf(names).slice(-1).map(HazardKey.collation)

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
    onWrite: [...known.onWrite, ...Use.hiddenCalls(recorder, mentions)]
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
  const mentions = Use.useNow(recorder, statement.def)
  for (const table of Catalog.tablesWithType(recorder.catalog, known.name)) Use.change(recorder, table)
  if (statement.def !== undefined && "Constraint" in statement.def) {
    addDomainConstraint(recorder, known.name, statement.def.Constraint)
  } else if (statement.subtype === "T") {
    R.saveType(recorder, { ...known, onWrite: [...known.onWrite, ...Use.hiddenCalls(recorder, mentions)] })
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
  const subtype = optionNamed(params, "subtype")?.arg
  Use.useStored(recorder, subtype, collationOf(params))
  const parts =
    subtype !== undefined && "TypeName" in subtype ? [Path.type(recorder, elementName(subtype.TypeName))] : []
  const runs = ["subtype_diff", "canonical"].flatMap((option) => {
    const name = partsOfObject(optionNamed(params, option)?.arg)
    return name.length > 0 ? [Use.calledFrom(recorder, name)] : []
  })
  const operatorClass = partsOfObject(optionNamed(params, "subtype_opclass")?.arg).at(-1)
  if (operatorClass !== undefined) Use.useThing(recorder, HazardKey.operatorClass(operatorClass))
  const name = newType(recorder, typeName, {
    kind: "range",
    parts: ownTypes(parts),
    runs,
    uses: partsOfObject(optionNamed(params, "collation")?.arg).slice(-1).map(HazardKey.collation)
  })
  const given = partsOfObject(optionNamed(params, "multirange_type_name")?.arg).at(-1)
  const multi = given ?? multirangeName(name.name)
  R.write(recorder, multi)
  R.saveType(recorder, { ...external({ ...name, name: multi }), isExternal: false, kind: "range", parts: [name] })
  R.write(recorder, HazardKey.routine(name.name))
}

/** The collation of a range, as an expression has it. */
const collationOf = (params: ReadonlyArray<Node> | undefined): unknown => ({
  collname: partsOfObject(optionNamed(params, "collation")?.arg).map((sval) => ({ String: { sval } }))
})

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
  const runs = optionsOf(options).flatMap((option) =>
    typeFunctions.has(option.defname ?? "") ? [Use.calledFrom(recorder, partsOfObject(option.arg))] : []
  )
  addRuns(recorder, name, runs)
}

/** Options of a base type that name a function. @since 0.1.0 @category constants */
export const typeFunctions: ReadonlySet<string> = new Set([
  "analyze",
  "input",
  "output",
  "receive",
  "send",
  "subscript",
  "typmod_in",
  "typmod_out"
])

/**
 * Adds calls for the values of a type: of a cast, or of an operator class. A type of the server gets a record then.
 *
 * @since 0.1.0
 * @category statements
 */
export const addRuns = (
  recorder: R.Recorder,
  name: SchemaObject.QualifiedName,
  runs: ReadonlyArray<Catalog.HiddenCall>,
  uses: ReadonlyArray<HazardKey.HazardKey> = []
): void => {
  if (runs.length + uses.length === 0 || R.relations(recorder, name).length > 0) return
  const isServers = isBuiltIn([...Option.toArray(name.schema), name.name])
  const given = isServers ? { ...name, schema: Option.some("pg_catalog") } : name
  const known = R.types(recorder, name)[0] ?? { ...external(given), kind: "base" as const }
  R.saveType(recorder, { ...known, runs: [...known.runs, ...runs], uses: [...known.uses, ...uses] })
}
