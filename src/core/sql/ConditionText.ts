/**
 * What an index offers and `ON CONFLICT` asks for, from the syntax tree. Conditions are text in one form: the server takes `5 > x`, `x < 5` and `NOT x >= 5`
 * for the same, and so does this. `pg_dump` writes conditions with casts, which are left out where a text is compared.
 *
 * Source: `canonicalize_qual` in src/backend/optimizer/prep/prepqual.c, `CommuteOpExpr` and `negate_clause`.
 *
 * @since 0.1.0
 * @internal
 */
import type { A_Expr, Node, NullTest } from "@pgsql/types"
import * as Arbiter from "../model/Arbiter.js"
import { quote } from "../model/SchemaObject.js"
import { textOf } from "./ExpressionText.js"
import { lastString, listItems } from "./SyntaxTree.js"

/** What the elements and the `WHERE` of an index or of `ON CONFLICT` say. @since 0.1.0 @category operations */
export const arbiterOf = (elements: ReadonlyArray<Node>, where: Node | undefined): Arbiter.Arbiter => {
  const columns: Array<string> = []
  const expressions: Array<string> = []
  const classes: Array<string> = []
  for (const node of elements) {
    if (!("IndexElem" in node)) continue
    const { collation, expr, name, opclass } = node.IndexElem
    const text = name === undefined ? textOf(expr) : quote(name)
    if (name === undefined) expressions.push(text)
    else columns.push(name)
    if (collation !== undefined) classes.push(`${text} collate ${lastString(collation)}`)
    if (opclass !== undefined) classes.push(`${text} ${lastString(opclass)}`)
  }
  return Arbiter.make({ columns, expressions, classes, conditions: where === undefined ? [] : conditionsOf(where) })
}

/** The conditions that all have to hold. @since 0.1.0 @category operations */
export const conditionsOf = (node: Node, isNegated = false): ReadonlyArray<string> => {
  if ("BoolExpr" in node) {
    const { args = [], boolop } = node.BoolExpr
    if (boolop === "NOT_EXPR") return args.flatMap((arg) => conditionsOf(arg, !isNegated))
    if (boolop === (isNegated ? "OR_EXPR" : "AND_EXPR")) return args.flatMap((arg) => conditionsOf(arg, isNegated))
  }
  if ("A_Expr" in node) return comparisons(node.A_Expr, isNegated)
  if ("NullTest" in node) return [nullTest(node.NullTest, isNegated)]
  return [negatedIf(isNegated, textOf(node))]
}

const negatedIf = (isNegated: boolean, text: string): string => (isNegated ? `not ${text}` : text)

const nullTest = ({ arg, nulltesttype }: NullTest, isNegated: boolean): string =>
  `${textOf(arg)} is ${(nulltesttype === "IS_NULL") === isNegated ? "not null" : "null"}`

/** Each operator, as it reads from right to left, and its opposite. */
const operators: ReadonlyMap<string, { readonly mirrored: string; readonly opposite: string }> = new Map([
  ["=", { mirrored: "=", opposite: "<>" }],
  ["<>", { mirrored: "<>", opposite: "=" }],
  ["<", { mirrored: ">", opposite: ">=" }],
  [">", { mirrored: "<", opposite: "<=" }],
  ["<=", { mirrored: ">=", opposite: ">" }],
  [">=", { mirrored: "<=", opposite: "<" }]
])

const comparisons = (node: A_Expr, isNegated: boolean): ReadonlyArray<string> => {
  const { kind, lexpr, name, rexpr } = node
  const operator = lastString(name) ?? ""
  const whole = [negatedIf(isNegated, textOf({ A_Expr: node }))]
  if (lexpr === undefined) return whole
  if (kind === "AEXPR_OP")
    return comparison(lexpr, isNegated ? operators.get(operator)?.opposite : operator, rexpr) ?? whole
  if (kind === "AEXPR_IN") return among(lexpr, (operator === "=") !== isNegated, listItems(rexpr))
  const items = kind === "AEXPR_OP_ANY" && operator === "=" ? itemsOf(rexpr) : undefined
  if (items !== undefined) return among(lexpr, !isNegated, items)
  if (kind === (isNegated ? "AEXPR_NOT_BETWEEN" : "AEXPR_BETWEEN")) {
    const [low, high] = listItems(rexpr)
    return [...(comparison(lexpr, ">=", low) ?? whole), ...(comparison(lexpr, "<=", high) ?? whole)]
  }
  return whole
}

const comparison = (
  left: Node,
  operator: string | undefined,
  right: Node | undefined
): ReadonlyArray<string> | undefined => {
  const known = operators.get(operator ?? "")
  if (operator === undefined || known === undefined || right === undefined) return undefined
  if (isConstant(left) && !isConstant(right)) return comparison(right, known.mirrored, left)
  const [one, other] = [operandText(left, right), operandText(right, left)]
  if ((operator === "=" || operator === "<>") && (other === "true" || other === "false")) {
    return [negatedIf((operator === "=") !== (other === "true"), one)]
  }
  return [`(${one} ${operator} ${other})`]
}

/** The server looks for each value of a list, and excludes each of a list with `NOT`. One value is a comparison. */
const among = (left: Node, isWithin: boolean, items: ReadonlyArray<Node>): ReadonlyArray<string> => {
  const values = [...new Set(items.map((item) => operandText(item, left)))].toSorted()
  const one = operandText(left, items[0])
  return values.length > 1 && isWithin
    ? [`(${one} in (${values.join(", ")}))`]
    : values.map((value) => `(${one} ${isWithin ? "=" : "<>"} ${value})`)
}

/** The elements of `ARRAY[…]`, with or without casts around it. */
const itemsOf = (node: Node | undefined): ReadonlyArray<Node> | undefined => {
  if (node === undefined) return undefined
  if ("TypeCast" in node) return itemsOf(node.TypeCast.arg)
  return "A_ArrayExpr" in node ? (node.A_ArrayExpr.elements ?? []) : undefined
}

const withoutCasts = (node: Node): Node =>
  "TypeCast" in node && node.TypeCast.arg !== undefined ? withoutCasts(node.TypeCast.arg) : node

const isConstant = (node: Node): boolean => "A_Const" in withoutCasts(node)

const isText = (node: Node | undefined): boolean => {
  const inner = node === undefined ? undefined : withoutCasts(node)
  return inner !== undefined && "A_Const" in inner && inner.A_Const.sval !== undefined
}

/** A text has the type of what it is compared with, with a cast and without one. */
const operandText = (node: Node, other: Node | undefined): string =>
  isText(node) || (isText(other) && "ColumnRef" in withoutCasts(node)) ? textOf(withoutCasts(node)) : textOf(node)
