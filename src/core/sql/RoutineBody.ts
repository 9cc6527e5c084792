/**
 * The body of a function, procedure or `DO` block: its statements in order, the expressions that compute its dynamic
 * SQL, and its variables with every value assigned to them. Of control flow, only conditions are kept. Every statement
 * counts as run, unless its condition is known to be false.
 *
 * The grammar of PL/pgSQL gives the SQL of a body as text fragments; one pass of the SQL grammar parses them all.
 *
 * @since 0.1.0
 * @internal
 */
import type { CreateFunctionStmt, FunctionParameter, Node } from "@pgsql/types"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { DeclaredBody } from "../model/DeclaredRoutine.js"
import { nameFrom, type QualifiedName, quote } from "../model/SchemaObject.js"
import { dottedAt, identifierAt, skipBlank, skipToken } from "../text/Lexer.js"
import { type Parser, statementsOf } from "./ParsedSql.js"
import { isBuiltIn, wordingOf } from "./ParsedType.js"
import { type Fragment, type Fragments, fragmentsOf } from "./PlpgsqlTree.js"
import { optionNamed, optionText, stringsOf } from "./SyntaxTree.js"

/** A condition that holds, or does not hold, where a step stands. @since 0.1.0 @category models */
export interface Guard {
  readonly condition: Node
  readonly holds: boolean
}

/** One step of a body. @since 0.1.0 @category models */
export interface Step {
  /** A static step runs. A dynamic step is an expression whose value runs as SQL. */
  readonly _tag: "Static" | "Dynamic"
  readonly node: Node
  readonly guards: ReadonlyArray<Guard>
  /** Whether it stands in an exception handler, and so runs only after an error. */
  readonly isHandler: boolean
  /** Whether an exception handler may roll it back without an error. */
  readonly mayBeUndone: boolean
}

/** The values that a variable may hold. @since 0.1.0 @category models */
export interface Variable {
  readonly values: ReadonlyArray<Node>
  /** Arrays of which the variable holds an element. */
  readonly arrays: ReadonlyArray<Node>
  /** `false` where another source sets it: a query's result, a loop over rows. */
  readonly isKnown: boolean
}

/** @since 0.1.0 @category models */
export interface Code {
  readonly _tag: "Code"
  readonly language: "sql" | "plpgsql"
  readonly steps: ReadonlyArray<Step>
  readonly variables: ReadonlyMap<string, Variable>
  /** The names of the input parameters in order; empty for a parameter without name. */
  readonly parameters: ReadonlyArray<string>
  /** Tables and types of variables (`%ROWTYPE`, `%TYPE`), which the server looks up when it creates the routine. */
  readonly declared: ReadonlyArray<QualifiedName>
  /** Whether the server keeps references to objects in the place of their names. */
  readonly isBound: boolean
}

/** A body, or the reason why it cannot be read. @since 0.1.0 @category models */
export type RoutineBody = Code | { readonly _tag: "Opaque"; readonly reason: string }

/**
 * The body of an aggregate, which only calls other routines; a routine is the parts of its name.
 *
 * @since 0.1.0
 * @category constructors
 */
export const calling = (routines: ReadonlyArray<ReadonlyArray<string>>): RoutineBody => {
  const call = (parts: ReadonlyArray<string>): Node => ({
    FuncCall: { funcname: parts.map((sval) => ({ String: { sval } })) }
  })
  const targetList = routines.map((parts) => ({ ResTarget: { val: call(parts) } }))
  return sqlBody([{ SelectStmt: { targetList, limitOption: "LIMIT_OPTION_DEFAULT", op: "SETOP_NONE" } }], [], true)
}

/** @since 0.1.0 @category constructors */
export const opaque = (reason: string): RoutineBody => ({ _tag: "Opaque", reason })

/** The body of a `CREATE FUNCTION` or `CREATE PROCEDURE`. @since 0.1.0 @category constructors */
export const bodyOfFunction = (parser: Parser, statement: CreateFunctionStmt): RoutineBody => {
  const parameters = inputsOf(statement).map(({ name }) => name ?? "")
  if (statement.sql_body !== undefined) return sqlBody(statementsIn(statement.sql_body), parameters, true)
  const language = languageOf(statement)
  const source = sourceOf(statement)
  if (language === "plpgsql") return plpgsqlBody(parser, signatureOf(statement), source, parameters)
  if (language !== "sql") return opaque(`written in ${language}`)
  return Either.match(statementsOf(parser, source), {
    onLeft: ({ reason }) => opaque(`its body is not understood: ${reason}`),
    onRight: (statements) =>
      sqlBody(
        statements.map(({ node }) => node),
        parameters,
        false
      )
  })
}

/** The body as the server stores it. @since 0.1.0 @category queries */
export const declaredBody = (statement: CreateFunctionStmt, file: string): DeclaredBody => ({
  language: languageOf(statement),
  source: statement.sql_body === undefined ? Option.some(sourceOf(statement)) : Option.none(),
  file
})

/** The body of a `DO` block. @since 0.1.0 @category constructors */
export const bodyOfBlock = (parser: Parser, args: ReadonlyArray<Node> | undefined): RoutineBody => {
  const language = Option.getOrElse(optionText(optionNamed(args, "language")), () => "plpgsql").toLowerCase()
  const source = Option.getOrElse(optionText(optionNamed(args, "as")), () => "")
  return language === "plpgsql"
    ? plpgsqlBody(parser, "CREATE FUNCTION f() RETURNS void", source, [])
    : opaque(`a DO block in ${language}`)
}

/** The parameters that a call passes: all but `OUT` and the columns of `TABLE`. @since 0.1.0 @category operations */
export const inputsOf = (statement: CreateFunctionStmt): ReadonlyArray<FunctionParameter> =>
  (statement.parameters ?? []).flatMap((node) => {
    if (!("FunctionParameter" in node)) return []
    const { mode } = node.FunctionParameter
    return mode === "FUNC_PARAM_OUT" || mode === "FUNC_PARAM_TABLE" ? [] : [node.FunctionParameter]
  })

const sqlBody = (nodes: ReadonlyArray<Node>, parameters: ReadonlyArray<string>, isBound: boolean): RoutineBody => ({
  _tag: "Code",
  language: "sql",
  steps: nodes.map((node) => ({ _tag: "Static", node, guards: [], isHandler: false, mayBeUndone: false })),
  variables: new Map(),
  parameters,
  declared: [],
  isBound
})

/** The statements of `BEGIN ATOMIC … END`, which is a list of lists, or of a single `RETURN`. */
const statementsIn = (body: Node): ReadonlyArray<Node> =>
  "List" in body ? (body.List.items ?? []).flatMap(statementsIn) : [body]

const languageOf = ({ options }: CreateFunctionStmt): string =>
  Option.getOrElse(optionText(optionNamed(options, "language")), () => "sql").toLowerCase()

/** The text of `AS 'body'`, which is a list of one string, or of two strings for C. */
const sourceOf = (statement: CreateFunctionStmt): string => {
  const as = optionNamed(statement.options, "as")?.arg
  return as !== undefined && "List" in as ? (stringsOf(as.List.items).at(-1) ?? "") : ""
}

const modes: Readonly<Record<string, string>> = {
  FUNC_PARAM_OUT: "OUT ",
  FUNC_PARAM_INOUT: "INOUT ",
  FUNC_PARAM_VARIADIC: "VARIADIC "
}

/**
 * A signature with the same parameters, in which `record` replaces each type that the grammar of PL/pgSQL does not
 * know.
 */
const signatureOf = (statement: CreateFunctionStmt): string => {
  const parameters = (statement.parameters ?? []).flatMap((node) =>
    "FunctionParameter" in node ? [node.FunctionParameter] : []
  )
  const columns = parameters.filter(({ mode }) => mode === "FUNC_PARAM_TABLE").map(declarationOf)
  const list = parameters.filter(({ mode }) => mode !== "FUNC_PARAM_TABLE").map(declarationOf)
  const kind = statement.is_procedure === true ? "PROCEDURE" : "FUNCTION"
  return `CREATE ${kind} f(${list.join(", ")})${resultOf(statement, columns)}`
}

const declarationOf = ({ argType, mode, name }: FunctionParameter): string => {
  const isUnknown = argType === undefined || argType.pct_type === true || !isBuiltIn(stringsOf(argType.names))
  const wording = isUnknown ? "record" : wordingOf(argType)
  return `${modes[mode ?? ""] ?? ""}${name === undefined ? "" : `${quote(name)} `}${wording}`
}

const resultOf = ({ returnType }: CreateFunctionStmt, columns: ReadonlyArray<string>): string => {
  if (columns.length > 0) return ` RETURNS TABLE(${columns.join(", ")})`
  if (returnType === undefined) return ""
  if (returnType.setof === true) return " RETURNS SETOF record"
  const name = stringsOf(returnType.names).at(-1) ?? ""
  return ` RETURNS ${["trigger", "event_trigger", "void"].includes(name) ? name : "record"}`
}

/**
 * A body in which `record` replaces `users%ROWTYPE`, because the grammar reads a row of an unknown table as a single
 * value. `tables` are the replaced names.
 *
 * @since 0.1.0
 * @category operations
 */
export const withoutRowTypes = (source: string): { readonly text: string; readonly tables: ReadonlyArray<string> } => {
  const tables: Array<string> = []
  let text = ""
  let copied = 0
  for (let at = skipBlank(source, 0); at < source.length; at = skipBlank(source, at)) {
    const name = dottedAt(source, at)
    const percent = skipBlank(source, name?.end ?? at)
    const word = source.charAt(percent) === "%" ? identifierAt(source, skipBlank(source, percent + 1)) : undefined
    if (name !== undefined && word?.value === "rowtype") {
      tables.push(source.slice(at, name.end))
      text += `${source.slice(copied, at)}record`
      copied = word.end
    }
    at = copied > at ? copied : (name?.end ?? skipToken(source, at))
  }
  return { text: text + source.slice(copied), tables }
}

const plpgsqlBody = (
  parser: Parser,
  signature: string,
  source: string,
  parameters: ReadonlyArray<string>
): RoutineBody => {
  const { tables: rowTables, text: readable } = withoutRowTypes(source)
  const text = `${signature} LANGUAGE plpgsql AS '${readable.replaceAll("'", "''")}'`
  const body = Either.flatMap(parser.plpgsql(text), (tree) => {
    const parts = fragmentsOf(tree)
    return Either.map(parseAll(parser, parts.fragments), (nodes) => codeFrom(parts, nodes, rowTables, parameters))
  })
  return Either.getOrElse(body, ({ reason }) => opaque(`its body is not understood: ${reason}`))
}

const codeFrom = (
  parts: Fragments,
  nodes: ReadonlyArray<Node>,
  rowTables: ReadonlyArray<string>,
  parameters: ReadonlyArray<string>
): RoutineBody => ({
  _tag: "Code",
  language: "plpgsql",
  steps: nodes.map((node, index) => stepOf(parts, nodes, node, index)),
  variables: variablesOf(parts, nodes),
  parameters,
  declared: [...rowTables, ...parts.types].flatMap((name) => Option.toArray(nameFrom(name))),
  isBound: false
})

/** Parses all fragments in one pass. It fails if a fragment is not exactly one statement. */
const parseAll = (
  parser: Parser,
  fragments: ReadonlyArray<Fragment>
): Either.Either<ReadonlyArray<Node>, { readonly reason: string }> =>
  Either.flatMap(statementsOf(parser, fragments.map(({ text }) => text).join("\n;")), (statements) =>
    statements.length === fragments.length
      ? Either.right(statements.map(({ node }) => node))
      : Either.left({ reason: "a fragment is not one statement" })
  )

const stepOf = ({ fragments }: Fragments, nodes: ReadonlyArray<Node>, node: Node, index: number): Step => {
  const fragment = fragments[index]
  const guards = (fragment?.guards ?? []).flatMap(({ condition, holds }) => {
    const tested = nodes[condition]
    return tested === undefined ? [] : [{ condition: tested, holds }]
  })
  return {
    _tag: fragment?.role === "dynamic" ? "Dynamic" : "Static",
    node,
    guards,
    isHandler: fragment?.isHandler === true,
    mayBeUndone: fragment?.mayBeUndone === true
  }
}

const variablesOf = (parts: Fragments, nodes: ReadonlyArray<Node>): ReadonlyMap<string, Variable> => {
  const variables = new Map<string, Variable>()
  const assigned = (variable: number, role: Fragment["role"]): ReadonlyArray<Node> =>
    nodes.filter((_, index) => parts.fragments[index]?.variable === variable && parts.fragments[index]?.role === role)
  const put = (name: string, index: number): void => {
    const known = variables.get(name)
    variables.set(name, {
      values: [...(known?.values ?? []), ...assigned(index, "value")],
      arrays: [...(known?.arrays ?? []), ...assigned(index, "array")],
      isKnown: (known?.isKnown ?? true) && !parts.unknown.has(index)
    })
  }
  parts.names.forEach((name, index) => {
    if (name !== "") put(name, index)
  })
  for (const [alias, index] of parts.aliases) put(alias, index)
  return variables
}
