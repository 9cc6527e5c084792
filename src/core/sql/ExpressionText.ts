/**
 * Expressions as text in one form, so that two that are written alike are equal: without places, blanks, comments and
 * the names of tables. Only columns are in double quotes.
 *
 * @since 0.1.0
 * @internal
 */
import type { A_Const, A_Expr, BoolExpr, FuncCall, Node } from "@pgsql/types"
import { isRecord } from "effect/Predicate"
import { quote } from "../model/SchemaObject.js"
import { wordingOf } from "./ParsedType.js"
import { isNode, lastString, listItems, stringsOf } from "./SyntaxTree.js"

/** The text of an expression. Two expressions of one text mean the same. @since 0.1.0 @category operations */
export const textOf = (node: Node | undefined): string => {
  if (node === undefined) return ""
  if ("ColumnRef" in node) return quote(lastString(node.ColumnRef.fields) ?? "*")
  if ("A_Const" in node) return constant(node.A_Const)
  if ("FuncCall" in node && Object.keys(node.FuncCall).every((field) => ofCalls.has(field))) return call(node.FuncCall)
  if ("A_Expr" in node && node.A_Expr.kind === "AEXPR_OP") return operation(node.A_Expr)
  if ("A_Expr" in node && node.A_Expr.kind === "AEXPR_IN") return listed(node.A_Expr)
  if ("BoolExpr" in node) return logical(node.BoolExpr)
  if ("NullTest" in node)
    return `${textOf(node.NullTest.arg)} is ${node.NullTest.nulltesttype === "IS_NULL" ? "null" : "not null"}`
  if ("TypeCast" in node && (node.TypeCast.typeName?.typmods ?? []).length === 0)
    return `${textOf(node.TypeCast.arg)}::${wordingOf(node.TypeCast.typeName)}`
  return anyText(node)
}

/** Renames a column in the text of an expression. @since 0.1.0 @category operations */
export const renamed = (text: string, rename: (column: string) => string): string =>
  text.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, (token) =>
    token.startsWith("'") ? token : quote(rename(token.slice(1, -1).replaceAll('""', '"')))
  )

const constant = ({ boolval, fval, ival, sval }: A_Const): string => {
  if (sval !== undefined) return `'${(sval.sval ?? "").replaceAll("'", "''")}'`
  if (boolval !== undefined) return String(boolval.boolval ?? false)
  if (ival !== undefined) return String(ival.ival ?? 0)
  return fval?.fval ?? "null"
}

/** `funcformat` only says how the call was written. */
const ofCalls: ReadonlySet<string> = new Set(["funcname", "args", "funcformat", "location"])

const nameOf = (parts: ReadonlyArray<string>): string => (parts[0] === "pg_catalog" ? parts.slice(1) : parts).join(".")

const call = ({ args, funcname }: FuncCall): string =>
  `${nameOf(stringsOf(funcname))}(${(args ?? []).map(textOf).join(", ")})`

/** The server makes `x = true` to `x`, and `x = false` to `NOT x`. */
const operation = ({ lexpr, name, rexpr }: A_Expr): string => {
  const [left, operator, right] = [textOf(lexpr), nameOf(stringsOf(name)), textOf(rexpr)]
  if (operator === "=" && right === "true") return left
  if (operator === "=" && right === "false") return `not ${left}`
  return `(${left} ${operator} ${right})`
}

const listed = ({ lexpr, name, rexpr }: A_Expr): string =>
  `(${textOf(lexpr)} ${lastString(name) === "=" ? "in" : "not in"} (${listItems(rexpr).map(textOf).join(", ")}))`

const logical = ({ args, boolop }: BoolExpr): string =>
  boolop === "NOT_EXPR"
    ? `not ${textOf(args?.[0])}`
    : `(${(args ?? []).map(textOf).join(boolop === "AND_EXPR" ? " and " : " or ")})`

const isPlace = (field: string): boolean => /location$|_list_(?:start|end)$/.test(field)

/** The text of any part of a tree, with the names of its fields. */
const anyText = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(partText).join(", ")}]`
  if (typeof value === "string") return `'${value.replaceAll("'", "''")}'`
  if (!isRecord(value)) return String(value)
  const fields = Object.entries(value).flatMap(([field, child]) =>
    isPlace(field) ? [] : [`${field}: ${partText(child)}`]
  )
  return `{${fields.join(", ")}}`
}

const partText = (value: unknown): string => (isNode(value) ? textOf(value) : anyText(value))
