/**
 * Reads statements that define an object from parts: `CREATE AGGREGATE`, `OPERATOR`, `TYPE`, `COLLATION` and those of
 * text search objects, operator classes, casts and transforms. The functions among the parts run where the object is
 * used.
 *
 * @since 0.1.0
 * @internal
 */
import type {
  AlterOperatorStmt,
  AlterOpFamilyStmt,
  CreateCastStmt,
  CreateOpClassStmt,
  CreateTransformStmt,
  DefElem,
  DefineStmt,
  Node,
  ObjectType,
  ObjectWithArgs,
  TypeName
} from "@pgsql/types"
import * as Option from "effect/Option"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import * as DeclaredRoutine from "../model/DeclaredRoutine.js"
import * as HazardKey from "../model/HazardKey.js"
import * as SchemaObject from "../model/SchemaObject.js"
import * as Path from "../reading/NameResolution.js"
import * as R from "../reading/Recorder.js"
import * as Use from "../reading/Use.js"
import { elementName, wordingOf } from "../sql/ParsedType.js"
import * as RoutineBody from "../sql/RoutineBody.js"
import { listItems, nameOfNodes, nameOfStrings, optionNamed, optionsOf, partsOfObject } from "../sql/SyntaxTree.js"
import { ownTypes } from "./Routine.js"
import { addRuns, newType, typeFunctions } from "./Type.js"

/** @since 0.1.0 @category statements */
export const define = (recorder: R.Recorder, statement: DefineStmt): void => {
  const rule = definitions[statement.kind ?? "OBJECT_TRANSFORM"]
  if (rule === undefined) R.opaqueBarrier(recorder, `defines an object of an unexpected kind (${statement.kind})`)
  else rule(recorder, statement)
}

type Definition = (recorder: R.Recorder, statement: DefineStmt) => void

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

/** Options that name a function: of an aggregate, an operator, a type, a text search parser or template. */
const functions: ReadonlySet<string> = new Set([
  ...supporting,
  ...typeFunctions,
  ..."sfunc1 sfunc2 function procedure restrict join start gettoken end lextypes headline init lexize".split(" ")
])

const typed: ReadonlySet<string> = new Set(["basetype", "element", "leftarg", "like", "mstype", "rightarg", "stype"])

/** Options that name another operator, whose entry the server changes. */
const partners: ReadonlySet<string> = new Set(["commutator", "negator"])

/** Reads the object that an option names, and returns the call of a function. */
const readOption = (recorder: R.Recorder, { arg, defname = "" }: DefElem): ReadonlyArray<Catalog.HiddenCall> => {
  const parts = partsOfObject(arg)
  const name = parts.at(-1)
  if (name === undefined) return []
  if (functions.has(defname)) return [Use.calledFrom(recorder, parts)]
  if (typed.has(defname)) Use.useStored(recorder, arg)
  else if (partners.has(defname)) R.write(recorder, HazardKey.operator(name))
  else if (defname === "sortop") Use.useThing(recorder, HazardKey.operator(name))
  else if (defname === "from") Use.useThing(recorder, HazardKey.collation(name))
  else if (["copy", "dictionary", "parser", "template"].includes(defname))
    Use.useThing(recorder, HazardKey.textSearch(name))
  return []
}

const readParts = (
  recorder: R.Recorder,
  definition: ReadonlyArray<Node> | undefined
): ReadonlyArray<Catalog.HiddenCall> => optionsOf(definition).flatMap((option) => readOption(recorder, option))

const aggregate: Definition = (recorder, statement) => {
  readParts(recorder, statement.definition)
  const name = Path.placed(recorder, nameOfNodes(statement.defnames))
  const types = aggregated(statement)
  Use.useStored(recorder, types)
  R.readSchema(recorder, name)
  R.write(recorder, HazardKey.routine(name.name))
  const inputs = types.map(wordingOf)
  if (statement.replace !== true) R.claim(recorder, SchemaObject.routine(name, inputs))
  for (const before of Catalog.routinesNamed(recorder.catalog, name)) R.readAll(recorder, before.dependencies)
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
    declared: {
      language: DeclaredRoutine.ofAggregate,
      source: Option.some(functionsOf(statement)),
      file: recorder.file
    },
    isCertain: statement.replace !== true && !recorder.statement.runsCode,
    uses: support.map((parts) => HazardKey.routine(parts.at(-1) ?? "")),
    onCall: [],
    dependencies: new Set()
  })
}

/** The input types. In the old form an option has the only one. */
const aggregated = ({ args, definition, oldstyle }: DefineStmt): ReadonlyArray<TypeName | undefined> => {
  if (oldstyle !== true)
    return (args ?? [])
      .flatMap((node) => listItems(node))
      .flatMap((node) => ("FunctionParameter" in node ? [node.FunctionParameter.argType] : []))
  const base = optionNamed(definition, "basetype")?.arg
  return base !== undefined && "TypeName" in base ? [base.TypeName] : []
}

const functionsOf = ({ definition }: DefineStmt): string => {
  const names = (definition ?? []).flatMap((node) =>
    "DefElem" in node && supporting.has(node.DefElem.defname ?? "") ? partsOfObject(node.DefElem.arg).slice(-1) : []
  )
  return [...new Set(names)].sort().join("\n")
}

const operator: Definition = (recorder, { definition, defnames }) => {
  const runs = readParts(recorder, definition)
  const name = Path.placed(recorder, nameOfNodes(defnames))
  R.readSchema(recorder, name)
  const operands = ["leftarg", "rightarg"].flatMap((side) => {
    const type = optionNamed(definition, side)?.arg
    return type !== undefined && "TypeName" in type ? [wordingOf(type.TypeName)] : []
  })
  const key = HazardKey.operator(name.name)
  addToThing(recorder, key, [SchemaObject.operator(name, operands)], runs)
  pair(recorder, key, partnersIn(definition))
}

const partnersIn = (definition: ReadonlyArray<Node> | undefined): ReadonlyArray<HazardKey.HazardKey> =>
  optionsOf(definition).flatMap(({ arg, defname = "" }) =>
    partners.has(defname) ? partsOfObject(arg).slice(-1).map(HazardKey.operator) : []
  )

/**
 * Gives an operator and its commutator and negator the functions of each other: the server may run one in place of the other. An
 * operator that names one before it is made has noted its key.
 */
const pair = (recorder: R.Recorder, key: HazardKey.HazardKey, named: ReadonlyArray<HazardKey.HazardKey>): void => {
  const before = Catalog.allNamed(recorder.catalog).filter(
    (other) => other.key.startsWith(HazardKey.operator("")) && other.dependencies.has(key)
  )
  const own = Catalog.findNamed(recorder.catalog, key)
  for (const other of new Set([...named, ...before.map((one) => one.key)])) {
    const known = other === key ? undefined : Catalog.findNamed(recorder.catalog, other)
    if (known === undefined || own === undefined) continue
    R.readAll(recorder, known.dependencies)
    R.saveNamed(recorder, other, known.objects, without(own.runs, known.runs))
    R.saveNamed(recorder, key, own.objects, without(known.runs, own.runs))
  }
}

const without = (
  calls: ReadonlyArray<Catalog.HiddenCall>,
  known: ReadonlyArray<Catalog.HiddenCall>
): ReadonlyArray<Catalog.HiddenCall> => calls.filter(({ name }) => !known.some((one) => one.name.name === name.name))

/** Operators of one name share a key, and so do text search objects of one name. */
const addToThing = (
  recorder: R.Recorder,
  key: HazardKey.HazardKey,
  objects: ReadonlyArray<SchemaObject.SchemaObject>,
  runs: ReadonlyArray<Catalog.HiddenCall>
): void => {
  R.write(recorder, key)
  R.saveNamed(recorder, key, [...(Catalog.findNamed(recorder.catalog, key)?.objects ?? []), ...objects], runs)
}

/** @since 0.1.0 @category statements */
export const alterOperator = (recorder: R.Recorder, { opername, options }: AlterOperatorStmt): void => {
  const key = HazardKey.operator(nameOfNodes(opername?.objname).name)
  R.readAll(recorder, Catalog.findNamed(recorder.catalog, key)?.dependencies ?? [])
  addToThing(recorder, key, [], readParts(recorder, options))
}

/** A type without parts is a shell: only functions can name it, until a second statement completes it. */
const baseType: Definition = (recorder, { definition, defnames }) => {
  const runs = readParts(recorder, definition)
  newType(recorder, defnames, { kind: "base", runs, isExternal: definition === undefined })
}

const thing =
  (word: string, make?: (name: SchemaObject.QualifiedName) => SchemaObject.SchemaObject): Definition =>
  (recorder, statement) => {
    const runs = readParts(recorder, statement.definition)
    const name = Path.placed(recorder, nameOfNodes(statement.defnames))
    R.readSchema(recorder, name)
    addToThing(recorder, `${word} ${name.name}`, make === undefined ? [] : [make(name)], runs)
  }

const definitions: Readonly<Partial<Record<ObjectType, Definition>>> = {
  OBJECT_AGGREGATE: aggregate,
  OBJECT_COLLATION: thing("collation", SchemaObject.collation),
  OBJECT_OPERATOR: operator,
  OBJECT_TSCONFIGURATION: thing("text search", SchemaObject.textSearchConfiguration),
  OBJECT_TSDICTIONARY: thing("text search"),
  OBJECT_TSPARSER: thing("text search"),
  OBJECT_TSTEMPLATE: thing("text search"),
  OBJECT_TYPE: baseType
}

/**
 * Reads the operators and functions of an operator class or family. They run where values of the type are compared, so
 * the type gets their calls.
 */
const readItems = (
  recorder: R.Recorder,
  items: ReadonlyArray<Node> | undefined,
  datatype: TypeName | undefined
): ReadonlyArray<Catalog.HiddenCall> =>
  (items ?? []).flatMap((node) => {
    if (!("CreateOpClassItem" in node)) return []
    const { class_args, itemtype, name, order_family, storedtype } = node.CreateOpClassItem
    Use.useStored(recorder, class_args, storedtype, name?.objargs)
    if (order_family !== undefined) Use.useThing(recorder, HazardKey.operatorClass(nameOfNodes(order_family).name))
    const operator = HazardKey.operator(nameOfNodes(name?.objname).name)
    const runs = itemtype === 2 ? [calledBy(recorder, name)] : Use.useThing(recorder, operator)
    const uses = itemtype === 1 ? [operator] : []
    for (const type of [datatype, ...typesIn(class_args), ...typesIn(name?.objargs)]) {
      if (type !== undefined) addRuns(recorder, Path.type(recorder, elementName(type)), runs, uses)
    }
    return runs
  })

const calledBy = (recorder: R.Recorder, routine: ObjectWithArgs | undefined): Catalog.HiddenCall =>
  Use.calledFrom(recorder, partsOfObject(routine === undefined ? undefined : { ObjectWithArgs: routine }))

const typesIn = (nodes: ReadonlyArray<Node> | undefined): ReadonlyArray<TypeName> =>
  (nodes ?? []).flatMap((node) => ("TypeName" in node ? [node.TypeName] : []))

const addRunsOf = (recorder: R.Recorder, type: TypeName | undefined, runs: ReadonlyArray<Catalog.HiddenCall>): void => {
  if (type !== undefined) addRuns(recorder, Path.type(recorder, elementName(type)), runs)
}

/** @since 0.1.0 @category statements */
export const createOperatorClass = (recorder: R.Recorder, statement: CreateOpClassStmt): void => {
  const { datatype, items, opclassname, opfamilyname } = statement
  R.barrier(recorder, "creates an operator class")
  Use.useStored(recorder, datatype)
  const name = Path.placed(recorder, nameOfNodes(opclassname))
  R.readSchema(recorder, name)
  if (opfamilyname !== undefined) Use.useThing(recorder, HazardKey.operatorClass(nameOfNodes(opfamilyname).name))
  const key = HazardKey.operatorClass(name.name)
  R.write(recorder, key)
  R.saveNamed(recorder, key, [], readItems(recorder, items, datatype))
}

/** @since 0.1.0 @category statements */
export const alterOperatorFamily = (recorder: R.Recorder, { items, opfamilyname }: AlterOpFamilyStmt): void => {
  R.barrier(recorder, "alters an operator family")
  R.write(recorder, HazardKey.operatorClass(nameOfNodes(opfamilyname).name))
  readItems(recorder, items, undefined)
}

/** A cast runs where a value of its source becomes one of its target. @since 0.1.0 @category statements */
export const createCast = (recorder: R.Recorder, { func, sourcetype, targettype }: CreateCastStmt): void => {
  R.barrier(recorder, "creates a cast")
  Use.useStored(recorder, sourcetype, targettype)
  const runs = func === undefined ? [] : [calledBy(recorder, func)]
  for (const type of [sourcetype, targettype]) addRunsOf(recorder, type, runs)
}

/** @since 0.1.0 @category statements */
export const createTransform = (recorder: R.Recorder, { fromsql, tosql, type_name }: CreateTransformStmt): void => {
  R.barrier(recorder, "creates a transform")
  Use.useStored(recorder, type_name)
  const runs = [fromsql, tosql].flatMap((routine) => (routine === undefined ? [] : [calledBy(recorder, routine)]))
  addRunsOf(recorder, type_name, runs)
}
