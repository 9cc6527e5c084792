/**
 * Reads statements about code in the database: functions and procedures, whose bodies run later; triggers, policies and
 * rules, which attach them to tables; `DO` and `CALL`, which run at once.
 *
 * @since 0.1.0
 * @internal
 */
import type {
  AlterFunctionStmt,
  CallStmt,
  CreateFunctionStmt,
  CreatePolicyStmt,
  CreateTrigStmt,
  DoStmt,
  Node,
  ObjectWithArgs,
  RuleStmt,
  TypeName
} from "@pgsql/types"
import * as Option from "effect/Option"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import * as HazardKey from "../model/HazardKey.js"
import { nameFrom, type QualifiedName, routine } from "../model/SchemaObject.js"
import { runBlock } from "../reading/BodyRun.js"
import * as Path from "../reading/NameResolution.js"
import * as R from "../reading/Recorder.js"
import * as Use from "../reading/Use.js"
import { mentionsOf } from "../sql/Mentions.js"
import { isBuiltIn, wordingOf } from "../sql/ParsedType.js"
import { bodyOfBlock, bodyOfFunction, declaredBody, inputsOf, type RoutineBody } from "../sql/RoutineBody.js"
import { nameOfNodes, optionNamed, optionsOf, partsOfObject, stringsOf } from "../sql/SyntaxTree.js"

/**
 * Creates a routine. Its signature and a body in SQL are read now. Of a body in PL/pgSQL, only the declared types are
 * read now.
 *
 * @since 0.1.0
 * @category statements
 */
export const createFunction = (recorder: R.Recorder, statement: CreateFunctionStmt): void => {
  const name = Path.placed(recorder, nameOfNodes(statement.funcname))
  const inputs = inputsOf(statement)
  const body = bodyOfFunction(recorder.parser, statement)
  parsedNow(recorder, body)
  R.readSchema(recorder, name)
  const signature = Use.useStored(recorder, statement.parameters, statement.returnType)
  const settings = readOptions(recorder, statement)
  const defaults = mentionsOf(inputs.map(({ defexpr }) => defexpr))
  const uses = body._tag === "Code" && body.language === "sql" ? readBody(recorder, statement, body.steps) : []
  if (body._tag === "Code") for (const declared of body.declared) declaredNow(recorder, declared)
  R.write(recorder, HazardKey.routine(name.name), name)
  const wordings = inputs.map(({ argType }) =>
    argType === undefined ? "" : Path.resolvedType(recorder, argType).wording
  )
  const isVariadic = inputs.some(({ mode }) => mode === "FUNC_PARAM_VARIADIC")
  const withDefault = inputs.filter(({ defexpr }) => defexpr !== undefined).length
  const next: Catalog.Routine = {
    name,
    kind: statement.is_procedure === true ? "procedure" : "function",
    inputs: wordings,
    minArity: inputs.length - withDefault - (isVariadic ? 1 : 0),
    maxArity: isVariadic ? Number.POSITIVE_INFINITY : inputs.length,
    types: ownTypes(signature.types),
    body,
    declared: declaredBody(statement, recorder.file),
    isCertain: statement.replace !== true && !recorder.statement.runsCode,
    uses: [...uses, ...settings, ...Use.directKeys(recorder, defaults)],
    onCall: Use.hiddenCalls(recorder, defaults),
    dependencies: new Set()
  }
  const before = Catalog.routinesNamed(recorder.catalog, name).find((other) => Catalog.isSameRoutine(other, next))
  if (before !== undefined) R.readAll(recorder, before.dependencies)
  if (statement.replace !== true) R.claim(recorder, routine(name, wordings))
  R.saveRoutine(recorder, { ...next, dependencies: before?.dependencies ?? new Set() })
}

/** Reads the planner support function and the types of transforms. Returns the keys of what its settings name, which each call reads. */
const readOptions = (recorder: R.Recorder, { options }: CreateFunctionStmt): ReadonlyArray<HazardKey.HazardKey> => {
  const support = partsOfObject(optionNamed(options, "support")?.arg)
  if (support.length > 0) Use.calledFrom(recorder, support)
  Use.useStored(recorder, optionNamed(options, "transform")?.arg)
  return settingsOf(recorder, options)
}

/** Reads the text search configurations that the settings of a routine name, and returns their keys. */
const settingsOf = (
  recorder: R.Recorder,
  options: ReadonlyArray<Node> | undefined
): ReadonlyArray<HazardKey.HazardKey> => {
  const set = optionsOf(options).flatMap(({ arg, defname }) => (defname === "set" && arg !== undefined ? [arg] : []))
  return Use.directKeys(recorder, Use.useStored(recorder, set))
}

/** The types of these that are not built in. @since 0.1.0 @category queries */
export const ownTypes = (names: ReadonlyArray<QualifiedName>): ReadonlyArray<QualifiedName> =>
  names.filter(({ name, schema }) => !isBuiltIn([...Option.toArray(schema), name]))

/**
 * The dependencies of a body. Only `BEGIN ATOMIC` and `RETURN` have any: the server does not track a body in a string.
 */
const readBody = (
  recorder: R.Recorder,
  { sql_body }: CreateFunctionStmt,
  steps: ReadonlyArray<{ readonly node: unknown }>
): ReadonlyArray<HazardKey.HazardKey> => {
  const mentions = Use.useStored(
    recorder,
    steps.map(({ node }) => node)
  )
  return sql_body === undefined ? [] : Use.directKeys(recorder, mentions)
}

const declaredNow = (recorder: R.Recorder, given: QualifiedName): void => {
  const name = Path.type(recorder, given)
  R.relations(recorder, name).length > 0 ? Use.touch(recorder, name) : Use.touchType(recorder, name)
}

/** @since 0.1.0 @category statements */
export const alterFunction = (recorder: R.Recorder, { actions, func, objtype }: AlterFunctionStmt): void => {
  for (const found of matching(recorder, func)) {
    R.readAll(recorder, found.dependencies)
    R.saveRoutine(recorder, { ...found, uses: [...found.uses, ...settingsOf(recorder, actions)] })
  }
  const support = optionNamed(actions, "support")
  if (support !== undefined) R.opaqueBarrier(recorder, `alters a ${objtype} with a support function`)
  changeRoutine(recorder, func)
}

/** Writes a routine with all of its overloads. @since 0.1.0 @category writing */
export const changeRoutine = (recorder: R.Recorder, object: ObjectWithArgs | undefined): void => {
  const name = nameOfNodes(object?.objname)
  for (const known of matching(recorder, object)) Use.touchRoutine(recorder, known.name, Option.none())
  Use.touchRoutine(recorder, Path.routine(recorder, name), Option.none())
  R.readSchema(recorder, name)
  R.write(recorder, HazardKey.routine(name.name))
}

/** The overloads that a name means, with or without argument types. @since 0.1.0 @category queries */
export const matching = (recorder: R.Recorder, object: ObjectWithArgs | undefined): ReadonlyArray<Catalog.Routine> => {
  const all = Path.routines(recorder, nameOfNodes(object?.objname))
  if (object?.args_unspecified === true) return all
  const inputs = argumentsOf(object)
  const exact = all.filter((candidate) => candidate.inputs.join() === inputs.join())
  const byName = all.filter((candidate) => candidate.inputs.map(bare).join() === inputs.map(bare).join())
  return exact.length > 0 ? exact : byName
}

/** The input types of a routine in a statement, without `OUT` parameters. @since 0.1.0 @category queries */
export const argumentsOf = (object: ObjectWithArgs | undefined): ReadonlyArray<string> => {
  const parameters = (object?.objfuncargs ?? []).flatMap((node) =>
    "FunctionParameter" in node && node.FunctionParameter.mode !== "FUNC_PARAM_OUT"
      ? [node.FunctionParameter.argType]
      : []
  )
  const types = (object?.objargs ?? []).flatMap(
    (node): ReadonlyArray<TypeName> => ("TypeName" in node ? [node.TypeName] : [])
  )
  return (parameters.length > 0 ? parameters : types).map(wordingOf)
}

/** The wording of a type without its schema. */
const bare = (wording: string): string => wording.replace(/^.*\./, "")

/** @since 0.1.0 @category statements */
export const runDo = (recorder: R.Recorder, { args }: DoStmt): void => {
  const body = bodyOfBlock(recorder.parser, args)
  parsedNow(recorder, body)
  runBlock(recorder, body)
}

/** Records a body that the server parses as a whole, even if only a part of it runs. */
const parsedNow = (recorder: R.Recorder, body: RoutineBody): void => {
  if (body._tag === "Code") recorder.statement.bodies.push(body.steps.map(({ node }) => node))
}

/** @since 0.1.0 @category statements */
export const call = (recorder: R.Recorder, { funccall }: CallStmt): void => {
  if (funccall !== undefined) Use.useNow(recorder, { FuncCall: funccall })
}

const attach = (recorder: R.Recorder, table: QualifiedName, attachment: Catalog.Attachment): void => {
  const known = R.findRelation(recorder, table)
  if (known === undefined) R.saveRelation(recorder, { ...Catalog.relation("table", table), isExternal: true })
  R.updateRelation(recorder, table, (relation) => ({
    ...relation,
    attachments: [
      ...relation.attachments.filter(({ kind, name }) => kind !== attachment.kind || name !== attachment.name),
      attachment
    ]
  }))
}

/** @since 0.1.0 @category statements */
export const createTrigger = (recorder: R.Recorder, statement: CreateTrigStmt): void => {
  const table = Path.range(recorder, statement.relation)
  const name = Path.routine(recorder, nameOfNodes(statement.funcname))
  const { trigname = "" } = statement
  Use.change(recorder, table)
  if (statement.replace === true)
    for (const known of R.relations(recorder, table)) R.readAll(recorder, known.dependencies)
  if (statement.constrrel !== undefined) Use.touch(recorder, Path.range(recorder, statement.constrrel))
  Use.touchRoutine(recorder, name, Option.none())
  const args = stringsOf(statement.args)
  if (name.name === "tsvector_update_trigger")
    R.readAll(
      recorder,
      args.slice(1, 2).flatMap((text) => Option.toArray(Option.map(nameFrom(text), configuration)))
    )
  const condition = Use.useStored(recorder, statement.whenClause, args.map(constant))
  R.read(recorder, HazardKey.trigger(trigname))
  const transitions = (statement.transitionRels ?? []).flatMap((node) =>
    "TriggerTransition" in node ? [node.TriggerTransition.name ?? ""] : []
  )
  attach(recorder, table, {
    kind: "trigger",
    name: trigname,
    uses: [
      HazardKey.routine(name.name),
      ...Use.directKeys(recorder, condition),
      ...stringsOf(statement.columns).map(HazardKey.column)
    ],
    calls: [{ name, arity: Option.none(), transitions, isPart: false }, ...Use.hiddenCalls(recorder, condition)],
    alsoWrites: []
  })
}

/** The server looks the configuration up when the trigger runs, so it may be made later. */
const configuration = ({ name }: QualifiedName): HazardKey.HazardKey => HazardKey.textSearch(name)

/** An argument of a trigger, as an expression has it: it may name a text search configuration. */
const constant = (sval: string): Node => ({ A_Const: { sval: { sval } } })

/** @since 0.1.0 @category statements */
export const createPolicy = (
  recorder: R.Recorder,
  { policy_name = "", qual, roles, table, with_check }: CreatePolicyStmt
): void => {
  const name = Path.range(recorder, table)
  Use.change(recorder, name)
  for (const node of roles ?? []) {
    if ("RoleSpec" in node && node.RoleSpec.rolename !== undefined)
      R.read(recorder, HazardKey.role(node.RoleSpec.rolename))
  }
  const mentions = Use.useStored(recorder, qual, with_check)
  R.read(recorder, HazardKey.policy(policy_name))
  const known = R.findRelation(recorder, name)
  const before = known?.attachments.find((_) => _.kind === "policy" && _.name === policy_name)
  if (before !== undefined) R.readAll(recorder, known?.dependencies ?? [])
  attach(recorder, name, {
    kind: "policy",
    name: policy_name,
    uses: [...(before?.uses ?? []), ...Use.directKeys(recorder, mentions)],
    calls: [...(before?.calls ?? []), ...Use.hiddenCalls(recorder, mentions)],
    alsoWrites: []
  })
}

/** Creates a rule, whose actions run with or instead of a statement on the table. @since 0.1.0 @category statements */
export const createRule = (recorder: R.Recorder, { actions, relation, rulename = "", whereClause }: RuleStmt): void => {
  const name = Path.range(recorder, relation)
  Use.change(recorder, name)
  for (const known of R.relations(recorder, name)) R.readAll(recorder, known.dependencies)
  const locals = ["new", "old"].filter((local) => !recorder.locals.has(local))
  for (const local of locals) recorder.locals.add(local)
  const mentions = Use.useStored(recorder, actions, whereClause)
  for (const local of locals) recorder.locals.delete(local)
  attach(recorder, name, {
    kind: "rule",
    name: rulename,
    uses: Use.directKeys(recorder, mentions),
    calls: Use.hiddenCalls(recorder, mentions),
    alsoWrites: Path.mentioned(recorder, mentionsOf(actions)).relations.flatMap((mention) =>
      mention.access === "read" || mention.name.name === name.name ? [] : [mention.name]
    )
  })
}
