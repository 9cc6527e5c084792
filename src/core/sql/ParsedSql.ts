/**
 * Splits SQL text into statements with the server's own grammar, gives the exact place of each, and renders places for
 * people. The caller passes the parser, so that this module is pure.
 *
 * **Laws**
 *
 * 1. Spans are in order, do not overlap, and each begins and ends with a character of its statement.
 * 2. All offsets are UTF-16 code units. The grammar counts bytes and code points; this module converts both.
 * 3. `locate` gives a place for any offset, inside the text or not.
 *
 * @internal
 */
import type { Node, ParseResult } from "@pgsql/types"
import * as Either from "effect/Either"
import type * as Option from "effect/Option"
import { skipBlank, skipToken } from "../text/Lexer.js"
import * as Redaction from "../text/Redaction.js"
import { byteWidth } from "../text/Utf8.js"

/**
 * A syntax error and its place.
 *
 * @since 0.1.0
 * @category models
 */
export interface SyntaxError {
  readonly reason: string
  /** In UTF-16 code units from the start of the text. */
  readonly offset: number
  /** The next step, if it is more than a correction of the statement. */
  readonly remedy?: string
}

/**
 * The grammar of PostgreSQL. `plpgsql` takes a whole `CREATE FUNCTION` or `DO` and gives the tree of its body.
 *
 * @since 0.1.0
 * @category models
 */
export interface Parser {
  readonly sql: (text: string) => Either.Either<ParseResult, SyntaxError>
  readonly plpgsql: (text: string) => Either.Either<unknown, SyntaxError>
  /** A hash of the syntax without its constants: statements that differ in values only have one. `None` for no SQL. */
  readonly fingerprint: (text: string) => Option.Option<string>
}

/**
 * One statement and its place.
 *
 * @since 0.1.0
 * @category models
 */
export interface ParsedStatement {
  readonly node: Node
  /** UTF-16 offsets, end exclusive, without surrounding white space, comments and the semicolon. */
  readonly start: number
  readonly end: number
  /** 1-based. */
  readonly line: number
}

/**
 * A place in a text, for messages.
 *
 * @since 0.1.0
 * @category models
 */
export interface Place {
  /** 1-based. */
  readonly line: number
  /** 1-based, in characters as an editor counts them. */
  readonly column: number
  /** The line without its literals and comments, and a caret below the column. */
  readonly excerpt: string
}

/**
 * The statements of a text in order, or its first syntax error.
 *
 * @since 0.1.0
 * @category operations
 */
export const statementsOf = (
  parser: Parser,
  text: string
): Either.Either<ReadonlyArray<ParsedStatement>, SyntaxError> =>
  Either.map(parser.sql(text), (result) => {
    const utf16 = utf16Cursor(text)
    const lineAt = lineCursor(text)
    const statements: Array<ParsedStatement> = []
    for (const raw of result.stmts ?? []) {
      if (raw.stmt === undefined) continue
      const from = raw.stmt_location ?? 0
      const start = skipBlank(text, utf16(from))
      const limit = raw.stmt_len === undefined ? text.length : utf16(from + raw.stmt_len)
      statements.push({ node: raw.stmt, start, end: endOfTokens(text, start, limit), line: lineAt(start) })
    }
    return statements
  })

/**
 * The line, column and excerpt of an offset in UTF-16 code units. An offset outside the text counts as its nearest end.
 *
 * @since 0.1.0
 * @category operations
 */
export const locate = (text: string, offset: number): Place => {
  const at = Number.isNaN(offset) ? 0 : Math.trunc(Math.min(Math.max(offset, 0), text.length))
  const before = text.slice(0, at)
  const line = before.split("\n").length
  const lineStart = before.lastIndexOf("\n") + 1
  const newline = text.indexOf("\n", at)
  const content = Redaction.between(text, lineStart, newline === -1 ? text.length : newline).replace(/\r$/, "")
  const gutter = `${line} | `
  const shownLead = [...Redaction.between(text, lineStart, at)]
  const indent = " ".repeat(gutter.length) + shownLead.map((character) => (character === "\t" ? "\t" : " ")).join("")
  return { line, column: [...text.slice(lineStart, at)].length + 1, excerpt: `${gutter}${content}\n${indent}^` }
}

/**
 * The UTF-16 offset of a 0-based count of code points.
 *
 * @since 0.1.0
 * @category operations
 */
export const offsetOfCodePoint = (text: string, count: number): number => {
  let offset = 0
  for (let seen = 0; seen < count && offset < text.length; seen++) offset += widthAt(text, offset)
  return offset
}

const widthAt = (text: string, offset: number): number => ((text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1)

/** Turns growing byte offsets into UTF-16 offsets in one pass over the text. */
const utf16Cursor = (text: string) => {
  let byte = 0
  let offset = 0
  return (target: number): number => {
    while (byte < target && offset < text.length) {
      const point = text.codePointAt(offset) ?? 0
      byte += byteWidth(point)
      offset += point > 0xffff ? 2 : 1
    }
    return offset
  }
}

/** Counts lines up to growing offsets in one pass over the text. */
const lineCursor = (text: string) => {
  let line = 1
  let from = 0
  return (target: number): number => {
    for (let at = text.indexOf("\n", from); at !== -1 && at < target; at = text.indexOf("\n", from)) {
      line++
      from = at + 1
    }
    return line
  }
}

const endOfTokens = (text: string, start: number, limit: number): number => {
  const trimmed = start + text.slice(start, limit).trimEnd().length
  const tail = text.slice(text.lastIndexOf("\n", trimmed - 1) + 1, trimmed)
  if (!tail.includes("--") && !tail.endsWith("*/")) return trimmed
  let end = start
  for (let at = start; at < limit; at = skipBlank(text, end)) end = skipToken(text, at)
  return Math.min(end, limit)
}
