/**
 * The names that an error points at in the text of the failed statement. The text is the caller's, or that of the statement inside
 * a function body. It keeps the quotes, which the message loses, and it does not depend on the server's language.
 *
 * @internal
 */

import * as Option from "effect/Option"
import type { QualifiedName } from "../model/SchemaObject.js"
import { nameOfStrings } from "../sql/SyntaxTree.js"
import { type Cut, dottedAt, identifierAt, literalAt, offsetOf, skipBlank, skipToken } from "../text/Lexer.js"
import type { Evidence } from "./SqlState.js"

/**
 * The parts of the name at the error's position. The name may stand inside a string constant: the server points at the whole
 * constant when it casts one to `regclass`.
 *
 * @since 0.1.0
 * @category reading
 */
export const partsAtPosition = (evidence: Evidence): ReadonlyArray<string> | undefined => {
  const inside = Option.isSome(evidence.internalQuery) && Option.isSome(evidence.internalPosition)
  const text = inside ? evidence.internalQuery : evidence.statement
  const position = inside ? evidence.internalPosition : evidence.position
  if (Option.isNone(text) || Option.isNone(position)) return undefined
  const offset = offsetOf(text.value, position.value)
  return offset === -1 ? undefined : partsAt(text.value, offset)
}

/**
 * The parts of a name that the server printed with bare dots. The text at the error's position decides, if it agrees with the
 * message; else the first place in the text that agrees. Without such a place, the first dot ends the schema.
 *
 * @since 0.1.0
 * @category reading
 */
export const partsOf = (evidence: Evidence, printed: string): ReadonlyArray<string> => {
  const pointed = partsAtPosition(evidence)
  if (pointed !== undefined && isPrintedAs(pointed, printed)) return pointed
  return printed.includes(".")
    ? (namesIn(evidence).find((parts) => isPrintedAs(parts, printed)) ?? partsWithoutText(printed))
    : [printed]
}

/**
 * {@link partsOf} for a table whose column the statement names behind it: `s.t.c`. `undefined` if a text is known in which no such
 * name is.
 *
 * @since 0.1.0
 * @category reading
 */
export const partsOfTable = (
  evidence: Evidence,
  printed: string,
  column: string
): ReadonlyArray<string> | undefined => {
  if (Option.isNone(textOf(evidence))) return partsWithoutText(printed)
  return namesIn(evidence)
    .filter((parts) => parts.length > 1 && parts.at(-1) === column)
    .map((parts) => parts.slice(0, -1))
    .find((parts) => isPrintedAs(parts, printed))
}

/**
 * {@link partsOf} for a type, without the brackets of an array. A type's own name may end in brackets too: the text tells.
 *
 * @since 0.1.0
 * @category reading
 */
export const partsOfType = (evidence: Evidence, printed: string): ReadonlyArray<string> => {
  if (!printed.endsWith("[]")) return partsOf(evidence, printed)
  const pointed = partsAtPosition(evidence)
  const written = pointed === undefined ? namesIn(evidence) : [pointed]
  return written.find((parts) => isPrintedAs(parts, printed)) ?? partsOf(evidence, printed.slice(0, -2))
}

/**
 * All names in the text of the statement, or of the statement inside a function's body: a name in a string constant is none of them.
 *
 * @since 0.1.0
 * @category reading
 */
export const namesIn = (evidence: Evidence): ReadonlyArray<ReadonlyArray<string>> => {
  const text = Option.getOrElse(textOf(evidence), () => "")
  const names: Array<ReadonlyArray<string>> = []
  for (let i = skipBlank(text, 0); i < text.length; i = skipBlank(text, i)) {
    const name = dottedAt(text, i)
    if (name !== undefined) names.push(name.value)
    i = name?.end ?? skipToken(text, i)
  }
  return names
}

const textOf = ({ internalQuery, statement }: Evidence): Option.Option<string> =>
  Option.orElse(internalQuery, () => statement)

const partsWithoutText = (printed: string): ReadonlyArray<string> => {
  const dot = printed.indexOf(".")
  return dot < 1 || dot === printed.length - 1 ? [printed] : [printed.slice(0, dot), printed.slice(dot + 1)]
}

/**
 * The table whose rows the failed statement changes: the innermost statement of the error's context, or else the only table that the
 * text inserts into, updates or deletes from.
 *
 * @since 0.1.0
 * @category reading
 */
export const changedTable = (evidence: Evidence): ReadonlyArray<string> | undefined => {
  const inside = Option.isSome(evidence.context) ? changedIn(evidence.context.value) : []
  if (inside.length > 0) return inside[0]
  const tables = Option.isSome(evidence.statement) ? changedIn(evidence.statement.value) : []
  return new Set(tables.map((parts) => parts.join("\0"))).size === 1 ? tables[0] : undefined
}

/** The words before a changed table; a context has them inside quotation marks. */
const changing = /(?<![\w$])(?:insert\s+into|delete\s+from|merge\s+into|update)\s+(?:only\s+)?/gi

/** `DO UPDATE SET`, `FOR UPDATE OF`. */
const behindUpdate: ReadonlySet<string> = new Set(["set", "of", "nowait", "skip"])

const changedIn = (text: string): ReadonlyArray<ReadonlyArray<string>> =>
  [...text.matchAll(changing)].flatMap((match) => {
    const name = dottedAt(text, match.index + match[0].length)
    return name === undefined || behindUpdate.has(name.value.join(".")) ? [] : [name.value]
  })

/**
 * Whether the server prints a name like this: as its last two parts with a bare dot, or as the last part alone.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isPrintedAs = (parts: ReadonlyArray<string>, printed: string): boolean => {
  const name = parts[parts.length - 1] ?? ""
  return parts.length === 1 ? name === printed : `${parts[parts.length - 2]}.${name}` === printed || name === printed
}

/**
 * The table and the columns of the only `INSERT … ON CONFLICT (…)` in a text. `columns` is empty if the list holds an expression:
 * a unique index on columns does not help then.
 *
 * @since 0.1.0
 * @category reading
 */
export const conflictTargetIn = (
  text: string
): { readonly relation: QualifiedName; readonly columns: ReadonlyArray<string> } | undefined => {
  let table: ReadonlyArray<string> | undefined
  let found: { readonly relation: QualifiedName; readonly columns: ReadonlyArray<string> } | undefined
  for (let i = skipBlank(text, 0); i < text.length; i = skipBlank(text, skipToken(text, i))) {
    const into = wordsAt(text, i, "insert", "into")
    if (into !== undefined) table = dottedAt(text, skipBlank(text, into))?.value ?? table
    const conflict = wordsAt(text, i, "on", "conflict")
    if (conflict === undefined || table === undefined) continue
    const list = skipBlank(text, conflict)
    if (text.charAt(list) !== "(") continue
    if (found !== undefined) return undefined
    found = { relation: nameOfStrings(table), columns: columnsAt(text, list + 1) }
  }
  return found
}

/**
 * The table of the only `INSERT` in a text, if it has no list of columns.
 *
 * @since 0.1.0
 * @category reading
 */
export const openInsertIn = (text: string): QualifiedName | undefined => {
  let found: QualifiedName | undefined
  for (let i = skipBlank(text, 0); i < text.length; i = skipBlank(text, skipToken(text, i))) {
    const into = wordsAt(text, i, "insert", "into")
    if (into === undefined) continue
    const table = dottedAt(text, skipBlank(text, into))
    const rows = table === undefined ? undefined : wordAt(text, skipBlank(text, table.end), "values")
    if (table === undefined || rows === undefined || found !== undefined) return undefined
    found = nameOfStrings(table.value)
  }
  return found
}

const partsAt = (text: string, start: number): ReadonlyArray<string> | undefined => {
  const literal = literalAt(text, start)
  if (literal !== undefined) return dottedAt(literal.value, skipBlank(literal.value, 0))?.value
  const name = dottedAt(text, start)
  const isCollate = name?.value.length === 1 && name.value[0] === "collate" && text.charAt(start) !== '"'
  return isCollate ? dottedAt(text, skipBlank(text, name.end))?.value : name?.value
}

/** The offset behind an unquoted word, if it stands at `start`. */
const wordAt = (text: string, start: number, word: string): number | undefined => {
  const cut: Cut<string> | undefined = text.charAt(start) === '"' ? undefined : identifierAt(text, start)
  return cut?.value === word ? cut.end : undefined
}

const wordsAt = (text: string, start: number, first: string, second: string): number | undefined => {
  const end = wordAt(text, start, first)
  return end === undefined ? undefined : wordAt(text, skipBlank(text, end), second)
}

/** The columns of a list; empty if one is an expression. A collation or operator class behind a column is skipped. */
const columnsAt = (text: string, start: number): ReadonlyArray<string> => {
  const columns: Array<string> = []
  for (let i = skipBlank(text, start); i < text.length; i = skipBlank(text, i + 1)) {
    const column = identifierAt(text, i)
    if (column === undefined) return []
    columns.push(column.value)
    i = skipBlank(text, column.end)
    if (text.charAt(i) === "(" || text.charAt(i) === ".") return []
    while (i < text.length && text.charAt(i) !== "," && text.charAt(i) !== ")") i = skipBlank(text, skipToken(text, i))
    if (text.charAt(i) === ")") return columns
  }
  return []
}
