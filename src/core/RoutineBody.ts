/**
 * What a function, procedure or `DO` block does when it runs: its statements in order, its dynamic SQL as the expressions that
 * compute it, and its variables with everything assigned to them. Control flow is left out: whatever can run, counts.
 *
 * A body is read through the grammar of PL/pgSQL, which hands out the SQL inside as text; all of it is parsed in one go.
 *
 * @since 0.1.0
 */
import type { CreateFunctionStmt, FunctionParameter, Node } from "@pgsql/types"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { isRecord } from "effect/Predicate"
import { type Parser, statementsOf } from "./ParsedSql.js"
import { isBuiltIn, wordingOf } from "./ParsedType.js"
import { nameFrom, type QualifiedName, quote } from "./SchemaObject.js"
import { skipBlank, skipToken } from "./StatementText.js"
import { optionNamed, optionText, stringsOf } from "./SyntaxTree.js"

/** One step of a body. @since 0.1.0 @category models */
export type Step =
  | { readonly _tag: "Static"; readonly node: Node }
  /** An expression whose value is run as SQL. */
  | { readonly _tag: "Dynamic"; readonly node: Node }

/** Everything that a variable may hold. @since 0.1.0 @category models */
export interface Variable {
  readonly values: ReadonlyArray<Node>
  /** Arrays of which the variable holds an element. */
  readonly arrays: ReadonlyArray<Node>
  /** `false` where something else sets it: a query's result, a loop over rows. */
  readonly isKnown: boolean
}

/** @since 0.1.0 @category models */
export interface Code {
  readonly _tag: "Code"
  readonly language: "sql" | "plpgsql"
  readonly steps: ReadonlyArray<Step>
  readonly variables: ReadonlyMap<string, Variable>
  /** Input parameters in order; unnamed ones are empty. */
  readonly parameters: ReadonlyArray<string>
  /** Tables and types that the server looks up when the body is created: `%ROWTYPE`, `%TYPE`, types of variables. */
  readonly declared: ReadonlyArray<QualifiedName>
}

/** @since 0.1.0 @category models */
export type RoutineBody = Code | { readonly _tag: "Opaque"; readonly reason: string }

/** The body of what runs other routines only: an aggregate. @since 0.1.0 @category constructors */
export const calling = (routines: ReadonlyArray<ReadonlyArray<string>>): RoutineBody => {
  const call = (parts: ReadonlyArray<string>): Node => ({
    FuncCall: { funcname: parts.map((sval) => ({ String: { sval } })) }
  })
  const targetList = routines.map((parts) => ({ ResTarget: { val: call(parts) } }))
  return sqlBody([{ SelectStmt: { targetList, limitOption: "LIMIT_OPTION_DEFAULT", op: "SETOP_NONE" } }], [])
}

/** @since 0.1.0 @category constructors */
export const opaque = (reason: string): RoutineBody => ({ _tag: "Opaque", reason })

/** The body of a `CREATE FUNCTION` or `CREATE PROCEDURE`. @since 0.1.0 @category constructors */
export const bodyOfFunction = (parser: Parser, statement: CreateFunctionStmt): RoutineBody => {
  const parameters = inputsOf(statement).map(({ name }) => name ?? "")
  if (statement.sql_body !== undefined) return sqlBody(statementsIn(statement.sql_body), parameters)
  const language = Option.getOrElse(optionText(optionNamed(statement.options, "language")), () => "sql").toLowerCase()
  const source = sourceOf(statement)
  if (language === "plpgsql") return plpgsqlBody(parser, signatureOf(statement), source, parameters)
  if (language !== "sql") return opaque(`written in ${language}`)
  return Either.match(statementsOf(parser, source), {
    onLeft: ({ reason }) => opaque(`its body is not understood: ${reason}`),
    onRight: (statements) =>
      sqlBody(
        statements.map(({ node }) => node),
        parameters
      )
  })
}

/** The body of a `DO` block. @since 0.1.0 @category constructors */
export const bodyOfBlock = (parser: Parser, args: ReadonlyArray<Node> | undefined): RoutineBody => {
  const language = Option.getOrElse(optionText(optionNamed(args, "language")), () => "plpgsql").toLowerCase()
  const source = Option.getOrElse(optionText(optionNamed(args, "as")), () => "")
  return language === "plpgsql"
    ? plpgsqlBody(parser, "CREATE FUNCTION f() RETURNS void", source, [])
    : opaque(`a DO block in ${language}`)
}

/** Parameters that a call passes. @since 0.1.0 @category operations */
export const inputsOf = (statement: CreateFunctionStmt): ReadonlyArray<FunctionParameter> =>
  (statement.parameters ?? []).flatMap((node) => {
    if (!("FunctionParameter" in node)) return []
    const { mode } = node.FunctionParameter
    return mode === "FUNC_PARAM_OUT" || mode === "FUNC_PARAM_TABLE" ? [] : [node.FunctionParameter]
  })

const sqlBody = (nodes: ReadonlyArray<Node>, parameters: ReadonlyArray<string>): RoutineBody => ({
  _tag: "Code",
  language: "sql",
  steps: nodes.map((node) => ({ _tag: "Static", node })),
  variables: new Map(),
  parameters,
  declared: []
})

/** `BEGIN ATOMIC … END` is a list of lists; a body of one `RETURN` is that. */
const statementsIn = (body: Node): ReadonlyArray<Node> =>
  "List" in body ? (body.List.items ?? []).flatMap(statementsIn) : [body]

/** `AS 'body'` is a list of one string; of two for C. */
const sourceOf = (statement: CreateFunctionStmt): string => {
  const as = optionNamed(statement.options, "as")?.arg
  return as !== undefined && "List" in as ? (stringsOf(as.List.items).at(-1) ?? "") : ""
}

const modes: Readonly<Record<string, string>> = {
  FUNC_PARAM_OUT: "OUT ",
  FUNC_PARAM_INOUT: "INOUT ",
  FUNC_PARAM_VARIADIC: "VARIADIC "
}

/** A signature with the same variables, whose types the grammar can look up without a catalog. */
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
  const type = argType === undefined || argType.pct_type === true || !isBuiltIn(stringsOf(argType.names))
  const wording = type ? "record" : wordingOf(argType)
  return `${modes[mode ?? ""] ?? ""}${name === undefined ? "" : `${quote(name)} `}${wording}`
}

const resultOf = ({ returnType }: CreateFunctionStmt, columns: ReadonlyArray<string>): string => {
  if (columns.length > 0) return ` RETURNS TABLE(${columns.join(", ")})`
  if (returnType === undefined) return ""
  if (returnType.setof === true) return " RETURNS SETOF record"
  const name = stringsOf(returnType.names).at(-1) ?? ""
  return ` RETURNS ${["trigger", "event_trigger", "void"].includes(name) ? name : "record"}`
}

const rowType =
  /((?:"(?:[^"]|"")+"|[\w$\u0080-\uffff]+)(?:\s*\.\s*(?:"(?:[^"]|"")+"|[\w$\u0080-\uffff]+))*)\s*%\s*rowtype\b/gi

/** The grammar takes a row of a table it cannot look up for a single value; as a record it has fields. */
const plpgsqlBody = (
  parser: Parser,
  signature: string,
  source: string,
  parameters: ReadonlyArray<string>
): RoutineBody => {
  const rows: Array<string> = []
  const readable = source.replace(rowType, (_, name: string) => {
    rows.push(name)
    return "record"
  })
  const text = `${signature} LANGUAGE plpgsql AS '${readable.replaceAll("'", "''").replaceAll("\\", "\\")}'`
  return Either.match(parser.plpgsql(text), {
    onLeft: ({ reason }) => opaque(`its body is not understood: ${reason}`),
    onRight: (tree) => {
      const parts = collect(tree)
      return Either.match(parseAll(parser, parts.fragments), {
        onLeft: ({ reason }) => opaque(`its body is not understood: ${reason}`),
        onRight: (nodes): RoutineBody => ({
          _tag: "Code",
          language: "plpgsql",
          steps: stepsOf(parts, nodes),
          variables: variablesOf(parts, nodes),
          parameters,
          declared: [...rows, ...parts.types].flatMap((name) => Option.toArray(nameFrom(name)))
        })
      })
    }
  })
}

/** A piece of SQL in a body; `role` says what becomes of it. */
interface Fragment {
  readonly text: string
  readonly role: "static" | "dynamic" | "value" | "array"
  /** The variable that a value or an array goes to. */
  readonly variable: number | undefined
}

interface Parts {
  readonly fragments: ReadonlyArray<Fragment>
  readonly names: ReadonlyArray<string>
  readonly aliases: ReadonlyArray<readonly [string, number]>
  readonly unknown: ReadonlySet<number>
  readonly types: ReadonlyArray<string>
}

const collect = (tree: unknown): Parts => {
  const fragments: Array<Fragment> = []
  const names: Array<string> = []
  const aliases: Array<readonly [string, number]> = []
  const unknown = new Set<number>()
  const types: Array<string> = []

  const add = (value: unknown, role: Fragment["role"], variable?: number): void => {
    const expression = field(value, "PLpgSQL_expr")
    const query = field(expression, "query")
    if (typeof query !== "string") return
    const mode = numberOf(field(expression, "parseMode"))
    fragments.push({ text: mode === 0 ? query : `SELECT ${mode > 2 ? afterAssignment(query) : query}`, role, variable })
  }

  const target = (value: unknown): void => {
    for (const entry of arrayOf(field(field(value, "PLpgSQL_row"), "fields")))
      unknown.add(numberOf(field(entry, "varno")))
    const name = field(field(value, "PLpgSQL_var"), "refname")
    if (typeof name === "string") names.forEach((other, index) => void (other === name && unknown.add(index)))
  }

  const walk = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) walk(item)
    else if (isRecord(value)) for (const [kind, body] of Object.entries(value)) node(value, kind, body)
  }

  const node = (value: unknown, kind: string, body: unknown): void => {
    switch (kind) {
      case "PLpgSQL_expr":
        add(value, "static")
        break
      case "PLpgSQL_stmt_assign":
        add(field(body, "expr"), "value", numberOf(field(body, "varno")))
        break
      case "PLpgSQL_stmt_foreach_a":
        add(field(body, "expr"), "array", numberOf(field(body, "varno")))
        walk(field(body, "body"))
        break
      case "PLpgSQL_stmt_dynexecute":
      case "PLpgSQL_stmt_dynfors":
        add(field(body, "query"), "dynamic")
        target(field(body, "target"))
        target(field(body, "var"))
        walk(field(body, "params"))
        walk(field(body, "body"))
        break
      case "PLpgSQL_diag_item":
        unknown.add(numberOf(field(body, "target")))
        break
      case "dynquery":
        add(body, "dynamic")
        break
      case "target":
      case "var":
        target(body)
        break
      default:
        walk(body)
    }
  }

  for (const entry of arrayOf(field(tree, "plpgsql_funcs"))) {
    const fn = field(entry, "PLpgSQL_function")
    arrayOf(field(fn, "datums")).forEach((datum, index) => {
      const variable = field(datum, "PLpgSQL_var") ?? field(datum, "PLpgSQL_rec") ?? field(datum, "PLpgSQL_row")
      const name = field(variable, "refname")
      names.push(typeof name === "string" ? name : "")
      if (field(datum, "PLpgSQL_var") === undefined) unknown.add(index)
      const type = field(field(field(variable, "datatype"), "PLpgSQL_type"), "typname")
      if (typeof type === "string") types.push(...declaredName(type))
      add(field(variable, "default_val"), "value", index)
      add(field(variable, "cursor_explicit_expr"), "static")
    })
    for (const entry of arrayOf(field(fn, "aliases"))) {
      const alias = field(entry, "PLpgSQL_alias")
      const name = field(alias, "name")
      if (typeof name === "string") aliases.push([name, numberOf(field(alias, "varno"))])
    }
    walk(field(fn, "action"))
  }
  return { fragments, names, aliases, unknown, types }
}

/** `app.users.email%TYPE` names a table, `app.mood[]` a type; PostgreSQL's own are left out. */
const declaredName = (type: string): ReadonlyArray<string> => {
  const column = /^(.*)%type$/i.exec(type)
  if (column !== null) return (column[1] ?? "").includes(".") ? [(column[1] ?? "").replace(/\.[^.]*$/, "")] : []
  const plain = type
    .replace(/\(.*$/s, "")
    .replace(/(?:\[\d*\])+$/, "")
    .trim()
  return Option.match(nameFrom(plain), {
    onNone: () => [],
    onSome: ({ name, schema }) => (isBuiltIn([...Option.toArray(schema), name]) || sqlWords.has(name) ? [] : [plain])
  })
}

/** Words for types that only the grammar of SQL knows. */
const sqlWords: ReadonlySet<string> = new Set(
  "int integer smallint bigint real float decimal dec numeric boolean character varying nchar refcursor".split(" ")
)

const field = (value: unknown, key: string): unknown => (isRecord(value) ? value[key] : undefined)

const arrayOf = (value: unknown): ReadonlyArray<unknown> => (Array.isArray(value) ? value : [])

/** A zero is left out of the tree. */
const numberOf = (value: unknown): number => (typeof value === "number" ? value : 0)

/** `a.b[1] := x` without its left side. */
const afterAssignment = (text: string): string => {
  for (let at = skipBlank(text, 0); at < text.length; at = skipBlank(text, skipToken(text, at))) {
    if (text.startsWith(":=", at)) return text.slice(at + 2)
    if (text[at] === "=") return text.slice(at + 1)
  }
  return text
}

/** One pass of the grammar over all fragments; a fragment that is not one statement spoils the pass. */
const parseAll = (
  parser: Parser,
  fragments: ReadonlyArray<Fragment>
): Either.Either<ReadonlyArray<Node>, { readonly reason: string }> =>
  Either.flatMap(statementsOf(parser, fragments.map(({ text }) => text).join("\n;")), (statements) =>
    statements.length === fragments.length
      ? Either.right(statements.map(({ node }) => node))
      : Either.left({ reason: "a fragment is not one statement" })
  )

const stepsOf = ({ fragments }: Parts, nodes: ReadonlyArray<Node>): ReadonlyArray<Step> =>
  nodes.map((node, index) => ({ _tag: fragments[index]?.role === "dynamic" ? "Dynamic" : "Static", node }))

const variablesOf = (parts: Parts, nodes: ReadonlyArray<Node>): ReadonlyMap<string, Variable> => {
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
