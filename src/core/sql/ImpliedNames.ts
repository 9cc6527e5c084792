/**
 * An implied name is the name that PostgreSQL chooses when a statement gives none: `users_pkey`, `users_email_key`,
 * `users_id_seq`. Other statements can drop it, rename it or collide with it, so this module chooses exactly the
 * server's name, with its truncation and its numbers.
 *
 * **Laws**
 *
 * 1. No name is longer than 63 bytes, and none is cut inside a character.
 * 2. `choose` never gives a name that is taken, and gives the plain name when it is free.
 * 3. A name that fits is its parts joined by underscores.
 *
 * Source: makeObjectName, ChooseRelationName, ChooseIndexName (src/backend/commands/indexcmds.c), ChooseConstraintName
 * (src/backend/catalog/pg_constraint.c), FigureColname (src/backend/parser/parse_target.c).
 *
 * @since 0.1.0
 * @internal
 */
import type { Node } from "@pgsql/types"
import { maxIdentifierBytes, truncate } from "../text/Lexer.js"
import { byteLength } from "../text/Utf8.js"
import { lastString } from "./SyntaxTree.js"

/**
 * Joins the parts to `first_second_label`, and shortens the longer of the first two until the name fits into 63 bytes.
 *
 * @since 0.1.0
 * @category operations
 */
export const join = (first: string, second: string | undefined, label: string): string => {
  const overhead = byteLength(label) + 1 + (second === undefined ? 0 : 1)
  let firstBytes = byteLength(first)
  let secondBytes = second === undefined ? 0 : byteLength(second)
  while (firstBytes + secondBytes > maxIdentifierBytes - overhead) {
    if (firstBytes > secondBytes) firstBytes--
    else secondBytes--
  }
  const parts = [truncate(first, firstBytes), ...(second === undefined ? [] : [truncate(second, secondBytes)]), label]
  return parts.join("_")
}

/**
 * Joins the parts with the first of `label`, `label1`, `label2`, … that gives a free name.
 *
 * @since 0.1.0
 * @category operations
 */
export const choose = (
  first: string,
  second: string | undefined,
  label: string,
  isTaken: (name: string) => boolean
): string => {
  for (let pass = 0; ; pass++) {
    const name = join(first, second, pass === 0 ? label : `${label}${pass}`)
    if (!isTaken(name)) return name
  }
}

/**
 * The middle part of the name of an index or foreign key: its columns joined by underscores, up to 64 bytes or more.
 *
 * @since 0.1.0
 * @category operations
 */
export const columnsPart = (columns: ReadonlyArray<string>): string => {
  let part = ""
  for (const column of columns) {
    part = part === "" ? column : `${part}_${column}`
    if (byteLength(part) >= maxIdentifierBytes + 1) break
  }
  return part
}

/**
 * The names of an index's columns: an expression has the name of its outermost function, and a repeated name gets a
 * number.
 *
 * @since 0.1.0
 * @category operations
 */
export const indexColumnNames = (elements: ReadonlyArray<Node>): ReadonlyArray<string> => {
  const names: Array<string> = []
  for (const element of elements) {
    if (!("IndexElem" in element)) continue
    const { expr, indexcolname, name } = element.IndexElem
    const original = indexcolname ?? name ?? (expr === undefined ? undefined : figure(expr)?.name) ?? "expr"
    let current = original
    for (let i = 1; names.includes(current); i++) {
      current = `${truncate(original, maxIdentifierBytes - byteLength(String(i)))}${i}`
    }
    names.push(current)
  }
  return names
}

interface Figured {
  readonly name: string
  /** 1: a weak name, which an enclosing expression may replace. 2: a real name. */
  readonly strength: 1 | 2
}

const figured = (name: string | undefined, strength: 1 | 2 = 2): Figured | undefined =>
  name === undefined ? undefined : { name, strength }

const sqlValueFunctions: Readonly<Record<string, string>> = {
  SVFOP_CURRENT_DATE: "current_date",
  SVFOP_CURRENT_TIME: "current_time",
  SVFOP_CURRENT_TIME_N: "current_time",
  SVFOP_CURRENT_TIMESTAMP: "current_timestamp",
  SVFOP_CURRENT_TIMESTAMP_N: "current_timestamp",
  SVFOP_LOCALTIME: "localtime",
  SVFOP_LOCALTIME_N: "localtime",
  SVFOP_LOCALTIMESTAMP: "localtimestamp",
  SVFOP_LOCALTIMESTAMP_N: "localtimestamp",
  SVFOP_CURRENT_ROLE: "current_role",
  SVFOP_CURRENT_USER: "current_user",
  SVFOP_USER: "user",
  SVFOP_SESSION_USER: "session_user",
  SVFOP_CURRENT_CATALOG: "current_catalog",
  SVFOP_CURRENT_SCHEMA: "current_schema"
}

/**
 * The name that a result or index column gets from its expression; `undefined` where the server uses a constant name.
 *
 * @since 0.1.0
 * @category operations
 */
export const figureColumnName = (node: Node): string | undefined => figure(node)?.name

const figure = (node: Node): Figured | undefined => {
  if ("ColumnRef" in node) return figured(lastString(node.ColumnRef.fields))
  if ("A_Indirection" in node) {
    const field = lastString(node.A_Indirection.indirection)
    return field === undefined ? optionalFigure(node.A_Indirection.arg) : figured(field)
  }
  if ("FuncCall" in node) return figured(lastString(node.FuncCall.funcname))
  if ("A_Expr" in node) return node.A_Expr.kind === "AEXPR_NULLIF" ? figured("nullif") : undefined
  if ("TypeCast" in node) {
    const inner = optionalFigure(node.TypeCast.arg)
    return inner?.strength === 2 ? inner : (figured(lastString(node.TypeCast.typeName?.names), 1) ?? inner)
  }
  if ("CollateClause" in node) return optionalFigure(node.CollateClause.arg)
  if ("GroupingFunc" in node) return figured("grouping")
  if ("SubLink" in node) return figureSubLink(node.SubLink.subLinkType, node.SubLink.subselect)
  if ("CaseExpr" in node) {
    const inner = optionalFigure(node.CaseExpr.defresult)
    return inner?.strength === 2 ? inner : figured("case", 1)
  }
  if ("A_ArrayExpr" in node) return figured("array")
  if ("RowExpr" in node) return figured("row")
  if ("CoalesceExpr" in node) return figured("coalesce")
  if ("MinMaxExpr" in node) return figured(node.MinMaxExpr.op === "IS_LEAST" ? "least" : "greatest")
  if ("SQLValueFunction" in node) return figured(sqlValueFunctions[node.SQLValueFunction.op ?? ""])
  return undefined
}

const optionalFigure = (node: Node | undefined): Figured | undefined => (node === undefined ? undefined : figure(node))

const figureSubLink = (kind: string | undefined, subselect: Node | undefined): Figured | undefined => {
  if (kind === "EXISTS_SUBLINK") return figured("exists")
  if (kind === "ARRAY_SUBLINK") return figured("array")
  if (kind !== "EXPR_SUBLINK" || subselect === undefined || !("SelectStmt" in subselect)) return undefined
  const first = subselect.SelectStmt.targetList?.[0]
  if (first === undefined || !("ResTarget" in first)) return undefined
  return first.ResTarget.name === undefined ? optionalFigure(first.ResTarget.val) : figured(first.ResTarget.name)
}
