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
  return printed.includes(".") ? (writtenAs(evidence, printed) ?? partsWithoutText(printed)) : [printed]
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
  if (!printed.endsWith("[]") || printed.length === 2) return partsOf(evidence, printed)
  const pointed = partsAtPosition(evidence)
  const written = pointed === undefined ? writtenAs(evidence, printed) : pointed
  return written !== undefined && isPrintedAs(written, printed) ? written : partsOf(evidence, printed.slice(0, -2))
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

/** The texts of the string constants, each as the name that it may be. */
const namesInConstants = (evidence: Evidence): ReadonlyArray<ReadonlyArray<string>> => {
  const text = Option.getOrElse(textOf(evidence), () => "")
  const names: Array<ReadonlyArray<string>> = []
  for (let i = skipBlank(text, 0); i < text.length; i = skipBlank(text, skipToken(text, i))) {
    const literal = literalAt(text, i)
    const name = literal === undefined ? undefined : dottedAt(literal.value, skipBlank(literal.value, 0))
    if (name !== undefined) names.push(name.value)
  }
  return names
}

/** The first name in the text that the server prints like this. */
const writtenAs = (evidence: Evidence, printed: string): ReadonlyArray<string> | undefined =>
  [...namesIn(evidence), ...namesInConstants(evidence)].find((parts) => isPrintedAs(parts, printed))

/**
 * The parts of a name of which the server prints only the last: those of the first name in the text that ends in it.
 *
 * @since 0.1.0
 * @category reading
 */
export const partsBehind = (evidence: Evidence, printed: string): ReadonlyArray<string> =>
  namesIn(evidence).find((parts) => parts.at(-1) === printed) ?? [printed]

/**
 * The parts of an index, which is in the schema of its table: the first name with a schema in the text, or that of the table, where
 * the server prints it.
 *
 * @since 0.1.0
 * @category reading
 */
export const partsOfIndex = (evidence: Evidence, index: string, table?: string): ReadonlyArray<string> => {
  const own = partsBehind(evidence, index)
  if (own.length > 1) return own
  const of = namesIn(evidence).find((parts) => parts.length > 1 && (table === undefined || parts.at(-1) === table))
  return of === undefined ? own : [...of.slice(0, -1), index]
}

const textOf = ({ internalQuery, statement }: Evidence): Option.Option<string> =>
  Option.orElse(internalQuery, () => statement)

const partsWithoutText = (printed: string): ReadonlyArray<string> => {
  const dot = printed.indexOf(".")
  return dot < 1 || dot === printed.length - 1 ? [printed] : [printed.slice(0, dot), printed.slice(dot + 1)]
}

/**
 * The table whose trigger failed: that of the statement that has fired it, if it changes only one. The statement stands in the error's
 * context, or else it is the one that was sent.
 *
 * @since 0.1.0
 * @category reading
 */
export const changedTable = (evidence: Evidence): ReadonlyArray<string> | undefined => {
  const outside = Option.match(evidence.context, { onNone: () => "", onSome: outsideOf })
  const tables = changedIn(outside === "" ? Option.getOrElse(evidence.statement, () => "") : statementBefore(outside))
  return new Set(tables.map((parts) => parts.join("\0"))).size === 1 ? tables[0] : undefined
}

/**
 * A line about a function in PL/pgSQL, in any language: it tells a line of the function. A line about a part of its code begins or ends
 * like a quotation, or has one that goes on in the next line.
 */
const calls = (line: string): boolean =>
  line.includes("PL/pgSQL") &&
  !line.startsWith('PL/pgSQL assignment "') &&
  !/["«»“”」]\s*$/.test(line) &&
  (line.match(/[«»“”„「」]/g) ?? []).length % 2 === 0 &&
  /\d/.test(line.replaceAll(/\([^()]*\)/g, ""))

/** The lines of a context behind the innermost function: what was before it has run inside it. */
const outsideOf = (context: string): string => {
  const lines = context.split("\n")
  return lines.slice(lines.findIndex(calls) + 1).join("\n")
}

/** The lines before the next function: the statement that it has run. */
const statementBefore = (outside: string): string => {
  const lines = outside.split("\n")
  const next = lines.findIndex(calls)
  return (next === -1 ? lines : lines.slice(0, next)).join("\n")
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
 * The text of the statement that failed: in a body it stands between quotation marks in the error's context.
 *
 * @since 0.1.0
 * @category reading
 */
export const failedText = ({ context, statement }: Evidence): Option.Option<string> => {
  const inside = Option.flatMapNullable(
    context,
    (text) => /(?<![\w$])insert\s+into[\s\S]*/i.exec(statementBefore(text))?.[0]
  )
  return Option.orElse(
    Option.map(inside, (text) => text.replace(/["«»“”」]\s*$/, "")),
    () => statement
  )
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
    if (table === undefined || !isRowsAt(text, behindTarget(text, table.end)) || found !== undefined) return undefined
    found = nameOfStrings(table.value)
  }
  return found
}

/** The offset behind `AS alias` and `OVERRIDING … VALUE`. */
const behindTarget = (text: string, start: number): number => {
  const at = skipBlank(text, start)
  const alias = wordAt(text, at, "as")
  if (alias !== undefined) return behindTarget(text, skipToken(text, skipBlank(text, alias)))
  for (const kind of ["system", "user"]) {
    const overriding = wordsAt(text, at, "overriding", kind)
    if (overriding !== undefined) return skipBlank(text, skipToken(text, skipBlank(text, overriding)))
  }
  return at
}

/** Whether rows stand here, and no list of columns. */
const isRowsAt = (text: string, start: number): boolean => {
  const at = text.charAt(start) === "(" ? skipBlank(text, start + 1) : start
  const isInside = at !== start
  return ["values", "select", "with", "table"].some((word) => {
    const end = wordAt(text, at, word)
    return end !== undefined && !(isInside && /[,)]/.test(text.charAt(skipBlank(text, end))))
  })
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
