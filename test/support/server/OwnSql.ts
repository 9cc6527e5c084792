/**
 * What in the library's own SQL is looked up along the search path, by the server's own grammar. The tests capture the SQL on the
 * wire. Only constructs of key words (`coalesce`, `CASE WHEN`, `EXISTS`, `AT TIME ZONE`, …) need no schema: the server means its own by
 * them.
 */
import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import type { Parser } from "../../../src/core/sql/ParsedSql.js"

/** Operators that the grammar makes from key words and that have no place for a schema. */
const keyWordOperators = new Set([
  ...["AEXPR_IN", "AEXPR_LIKE", "AEXPR_ILIKE", "AEXPR_SIMILAR", "AEXPR_BETWEEN", "AEXPR_NOT_BETWEEN"],
  ...["AEXPR_BETWEEN_SYM", "AEXPR_NOT_BETWEEN_SYM", "AEXPR_DISTINCT", "AEXPR_NOT_DISTINCT", "AEXPR_NULLIF"]
])

type Tree = Readonly<Record<string, unknown>>

const isTree = (value: unknown): value is Tree => Predicate.isReadonlyRecord(value) && !Array.isArray(value)

const textOf = (name: unknown): string => {
  const string = isTree(name) ? name["String"] : undefined
  return isTree(string) ? String(string["sval"]) : ""
}

const namesOf = (list: unknown): ReadonlyArray<string> => (Array.isArray(list) ? list.map(textOf) : [])

/** All nodes of a tree, each with its kind. */
const nodesOf = function* (value: unknown, kind = ""): Generator<readonly [kind: string, node: Tree]> {
  if (Array.isArray(value)) for (const one of value) yield* nodesOf(one, kind)
  else if (isTree(value)) {
    yield [kind, value]
    for (const [key, child] of Object.entries(value)) yield* nodesOf(child, key)
  }
}

/** Fields of statements that have their kind's fields without the kind's name. */
const kindOf: Readonly<Record<string, string>> = {
  typeName: "TypeName",
  relation: "RangeVar",
  collClause: "CollateClause"
}

const complaintAbout = (kind: string, node: Tree, isCommonTable: (name: string) => boolean): string | undefined => {
  const bare = (what: string, list: unknown): string | undefined => {
    const names = namesOf(list)
    return names.length < 2 ? `${what} ${names.join()}` : undefined
  }
  switch (kindOf[kind] ?? kind) {
    case "FuncCall":
      return bare("function", node["funcname"])
    case "A_Expr":
      return keyWordOperators.has(String(node["kind"])) ? `${node["kind"]}` : bare("operator", node["name"])
    case "SubLink":
      return node["subLinkType"] === "ANY_SUBLINK" || node["subLinkType"] === "ALL_SUBLINK"
        ? bare("operator of a subquery", node["operName"])
        : undefined
    case "CaseExpr":
      return "arg" in node ? "CASE with an operand" : undefined
    case "TypeName":
      return bare("type", node["names"])
    case "CollateClause":
      return bare("collation", node["collname"])
    case "JoinExpr":
      return "usingClause" in node || node["isNatural"] === true ? "a join by names" : undefined
    case "SortBy":
      return "useOp" in node ? bare("operator of an order", node["useOp"]) : undefined
    case "RangeVar":
      return "schemaname" in node || isCommonTable(String(node["relname"])) ? undefined : `relation ${node["relname"]}`
    default:
      return undefined
  }
}

const complaintsIn = (tree: unknown): ReadonlyArray<string> => {
  const nodes = [...nodesOf(tree)]
  const common = new Set(nodes.flatMap(([kind, node]) => (kind === "CommonTableExpr" ? [String(node["ctename"])] : [])))
  return nodes.flatMap(([kind, node]) => complaintAbout(kind, node, (name) => common.has(name)) ?? [])
}

/** The queries, expressions and types in the body of a `DO` block. */
const bodyOf = function* (parser: Parser, text: string): Generator<string> {
  for (const [kind, node] of nodesOf(Either.getOrThrow(parser.plpgsql(text)))) {
    if (kind === "PLpgSQL_var" && !isImplicit.has(String(node["refname"]))) {
      for (const [inner, type] of nodesOf(node["datatype"])) {
        if (inner === "PLpgSQL_type") yield `SELECT NULL::${type["typname"]}`
      }
    }
    if (kind !== "PLpgSQL_expr") continue
    const query = String(node["query"])
    yield Either.isRight(parser.sql(query)) ? query : `SELECT ${query.replace(/^\s*\w+\s*:=/, "")}`
  }
}

/** Variables that each block has, with types of the server. */
const isImplicit = new Set(["found", "sqlstate", "sqlerrm"])

/** Sets the path of a transaction to the server's own schema: the statements after it are looked up there alone. */
const pin = /SET LOCAL search_path = pg_catalog, pg_temp/

const block = /DO \$(\w*)\$[\s\S]*?\$\1\$/g

/** The statements of a message, and those in its `DO` blocks. */
const statementsIn = (parser: Parser, text: string): ReadonlyArray<string> => [
  text.replaceAll(block, "SELECT true"),
  ...[...text.matchAll(block)].flatMap(([body]) => [...bodyOf(parser, body)])
]

/** All that a message leaves to the search path. */
export const unqualified = (parser: Parser, text: string): ReadonlyArray<string> =>
  statementsIn(parser, text.split(pin)[0] ?? "").flatMap((statement) =>
    complaintsIn(Either.getOrThrow(parser.sql(statement)).stmts)
  )

const withoutPlaces = (tree: unknown): unknown =>
  JSON.parse(
    JSON.stringify(tree, (key, value) =>
      /^(?:location|stmt_len|stmt_location|list_start|list_end)$/.test(key) ? undefined : value
    )
  )

const withoutSchemas = (text: string): string => text.replaceAll(/ ?OPERATOR\(pg_catalog\.([^)]+)\) ?/g, " $1 ")

/** The tree of a statement in which each operator is bare. */
const bare = (parser: Parser, text: string): string =>
  withoutSchemas(JSON.stringify(withoutPlaces(Either.getOrThrow(parser.sql(text)).stmts))).replaceAll(
    /"(name|operName)":\[\{"String":\{"sval":"pg_catalog"\}\},/g,
    `"$1":[`
  )

/** Whether a message means the same as it does without the schemas of its operators. */
export const meansTheSame = (parser: Parser, text: string): boolean =>
  statementsIn(parser, text.split(pin)[0] ?? "").every(
    (statement) => bare(parser, statement) === bare(parser, withoutSchemas(statement))
  )

/** The functions, operators, types and relations that messages name in the server's own schema. */
export const named = (parser: Parser, texts: ReadonlyArray<string>) => {
  const nodes = texts
    .flatMap((text) => statementsIn(parser, text.split(pin)[0] ?? ""))
    .flatMap((statement) => [...nodesOf(Either.getOrThrow(parser.sql(statement)).stmts)])
  const names = (kind: string, field: string) =>
    new Set(
      nodes.flatMap(([found, node]) =>
        (kindOf[found] ?? found) === kind && namesOf(node[field])[0] === "pg_catalog"
          ? [namesOf(node[field])[1] ?? ""]
          : []
      )
    )
  const relations = nodes.flatMap(([, node]) => (node["schemaname"] === "pg_catalog" ? [String(node["relname"])] : []))
  return {
    functions: [...names("FuncCall", "funcname")],
    operators: [...names("A_Expr", "name")],
    types: [...names("TypeName", "names")],
    relations: [...new Set(relations)]
  }
}
