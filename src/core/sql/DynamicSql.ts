/**
 * Constant folding of dynamic SQL: `'DROP TABLE ' || name` folds to `DROP TABLE users` if `name` is always `users`. It
 * knows concatenation, `format`, `quote_ident` and similar functions, and variables that hold only constants. The
 * result is every text that the expression may give; `None` means that the texts are unknown.
 *
 * **Laws**
 *
 * 1. A constant folds to itself alone.
 * 2. Folding gives only texts that the server computes from some of the given values.
 *
 * Source: PostgreSQL manual, sections 9.4.1 (format) and 41.5.4 (dynamic commands).
 *
 * @since 0.1.0
 * @internal
 */
import type { Node } from "@pgsql/types"
import * as Option from "effect/Option"
import { quoteIdent } from "./QuotedIdentifier.js"
import { lastString, stringsOf } from "./SyntaxTree.js"

/** Every text that an expression may give; `None` if they are unknown or more than {@link maxTexts}. */
type Texts = Option.Option<ReadonlyArray<string>>

/**
 * The texts that a variable or parameter may hold; the elements of an array `a` have the name `a[]`.
 *
 * @since 0.1.0
 * @category models
 */
export type Lookup = (name: string) => Option.Option<ReadonlyArray<string>>

const maxTexts = 256

/** The most characters of all texts together, since each variable may hold the text of another one twice. */
const maxLength = 65_536

const isShort = (texts: ReadonlyArray<string>): boolean =>
  texts.reduce((length, text) => length + text.length, 0) <= maxLength

/**
 * The texts that an expression can compute.
 *
 * @since 0.1.0
 * @category operations
 */
export const fold = (node: Node | undefined, lookup: Lookup): Texts => {
  if (node === undefined) return Option.none()
  if ("A_Const" in node) return constant(node)
  if ("SelectStmt" in node) return fold(onlyTarget(node), lookup)
  if ("TypeCast" in node)
    return isTextual(lastString(node.TypeCast.typeName?.names)) ? fold(node.TypeCast.arg, lookup) : Option.none()
  if ("ColumnRef" in node) return lookup(stringsOf(node.ColumnRef.fields).join("."))
  if ("ParamRef" in node) return lookup(`$${node.ParamRef.number ?? 0}`)
  if ("A_Expr" in node && node.A_Expr.kind === "AEXPR_OP" && lastString(node.A_Expr.name) === "||") {
    return combine([fold(node.A_Expr.lexpr, lookup), fold(node.A_Expr.rexpr, lookup)], (parts) => parts.join(""))
  }
  if ("FuncCall" in node) return call(lastString(node.FuncCall.funcname) ?? "", node.FuncCall.args ?? [], lookup)
  if ("CollateClause" in node) return fold(node.CollateClause.arg, lookup)
  return Option.none()
}

/**
 * The texts in an array that an expression can compute.
 *
 * @since 0.1.0
 * @category operations
 */
export const foldElements = (node: Node | undefined, lookup: Lookup): Texts => {
  if (node === undefined) return Option.none()
  if ("SelectStmt" in node) return foldElements(onlyTarget(node), lookup)
  if ("TypeCast" in node) return foldElements(node.TypeCast.arg, lookup)
  if ("A_ArrayExpr" in node) return union((node.A_ArrayExpr.elements ?? []).map((element) => fold(element, lookup)))
  if ("A_Const" in node) return Option.flatMap(constant(node), ([text]) => arrayLiteral(text ?? ""))
  if ("ColumnRef" in node) return lookup(`${stringsOf(node.ColumnRef.fields).join(".")}[]`)
  return Option.none()
}

/** All texts of all lists; `None` if one list is unknown. @since 0.1.0 @category operations */
export const union = (all: ReadonlyArray<Texts>): Texts =>
  Option.filter(
    Option.map(Option.all(all), (lists) => [...new Set(lists.flat())]),
    (texts) => texts.length <= maxTexts
  )

const constant = (node: Extract<Node, { readonly A_Const: unknown }>): Texts => {
  const { boolval, fval, isnull, ival, sval } = node.A_Const
  if (isnull === true) return Option.none()
  if (sval !== undefined) return Option.some([sval.sval ?? ""])
  if (ival !== undefined) return Option.some([String(ival.ival ?? 0)])
  if (fval !== undefined) return Option.some([fval.fval ?? "0"])
  return boolval === undefined ? Option.none() : Option.some([boolval.boolval === true ? "t" : "f"])
}

/** The expression of `SELECT expression`: the parser gives an expression of a body in this form. */
const onlyTarget = (node: Extract<Node, { readonly SelectStmt: unknown }>): Node | undefined => {
  const { fromClause, op, targetList } = node.SelectStmt
  const [target, ...more] = targetList ?? []
  const isExpression = fromClause === undefined && op === "SETOP_NONE" && more.length === 0
  return isExpression && target !== undefined && "ResTarget" in target ? target.ResTarget.val : undefined
}

const isTextual = (type: string | undefined): boolean =>
  type !== undefined && ["text", "varchar", "name", "bpchar", "regclass", "int4", "int8"].includes(type)

const call = (name: string, args: ReadonlyArray<Node>, lookup: Lookup): Texts => {
  const folded = args.map((arg) => fold(arg, lookup))
  switch (name) {
    case "concat":
      return combine(folded, (parts) => parts.join(""))
    case "concat_ws":
      return combine(folded, ([separator = "", ...parts]) => parts.join(separator))
    case "format":
      return Option.flatMap(combineAll(folded), (rows) => union(rows.map(formatted)))
    case "lower":
      return combine(folded, ([text = ""]) => text.toLowerCase())
    case "upper":
      return combine(folded, ([text = ""]) => text.toUpperCase())
    case "btrim":
      return args.length === 1 ? combine(folded, ([text = ""]) => text.replace(/^ +| +$/g, "")) : Option.none()
    case "quote_ident":
      return combine(folded, ([text = ""]) => quoteIdent(text))
    case "quote_literal":
      return combine(folded, ([text = ""]) => quoteLiteral(text))
    case "replace":
      return Option.flatMap(combineAll(folded), (rows) => union(rows.map(replaced)))
    default:
      return Option.none()
  }
}

/** Every combination of one text from each list. */
const combineAll = (lists: ReadonlyArray<Texts>): Option.Option<ReadonlyArray<ReadonlyArray<string>>> =>
  lists.reduce<Option.Option<ReadonlyArray<ReadonlyArray<string>>>>(
    (rows, list) =>
      Option.filter(
        Option.zipWith(rows, list, (sofar, texts) => sofar.flatMap((row) => texts.map((text) => [...row, text]))),
        (next) => next.length <= maxTexts && isShort(next.flat())
      ),
    Option.some([[]])
  )

const combine = (lists: ReadonlyArray<Texts>, join: (parts: ReadonlyArray<string>) => string): Texts =>
  Option.map(combineAll(lists), (rows) => rows.map(join))

const replaced = ([text = "", from = "", to = ""]: ReadonlyArray<string>): Texts => {
  if (from === "") return Option.some([text])
  const parts = text.split(from)
  return text.length + parts.length * to.length > maxLength ? Option.none() : Option.some([parts.join(to)])
}

const quoteLiteral = (text: string): string => {
  const quoted = `'${text.replaceAll("'", "''")}'`
  return text.includes("\\") ? `E${quoted.replaceAll("\\", "\\\\")}` : quoted
}

/** Replaces `%I`, `%L`, `%s` and `%%`, with positions. A format with a width is unknown. */
const formatted = (parts: ReadonlyArray<string>): Texts => {
  const [pattern = "", ...values] = parts
  let next = 0
  let isKnown = true
  const text = pattern.replace(/%(?:(\d+)\$)?(.)/gs, (_, position: string | undefined, kind: string) => {
    if (kind === "%") return "%"
    if (position !== undefined) next = Number(position) - 1
    const value = values[next++]
    if (value === undefined || !"ILs".includes(kind)) isKnown = false
    return kind === "I" ? quoteIdent(value ?? "") : kind === "L" ? quoteLiteral(value ?? "") : (value ?? "")
  })
  return isKnown ? Option.some([text]) : Option.none()
}

/** The elements of `{a,b}`; an array with quotes is unknown. */
const arrayLiteral = (text: string): Texts => {
  const inner = /^\{([^{}"\\]*)\}$/.exec(text.trim())?.[1]
  return inner === undefined
    ? Option.none()
    : Option.some(inner.trim() === "" ? [] : inner.split(",").map((_) => _.trim()))
}
