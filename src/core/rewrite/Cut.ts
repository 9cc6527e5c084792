/**
 * Cuts a statement into the parts that a rewriting keeps word for word: its tokens, and of `ALTER TABLE` its head and its
 * commands. Text is only cut and inserted, so comments, quotes and spelling stay.
 *
 * **Laws**
 *
 * 1. Tokens are in order, do not overlap, and hold no blank and no comment.
 * 2. The head and the commands of an `ALTER TABLE`, joined with commas, are the statement again, apart from the blanks
 *    around the commas.
 *
 * @since 0.1.0
 * @internal
 */
import * as Option from "effect/Option"
import { dottedAt, skipBlank, skipToken } from "../text/Lexer.js"

/** @since 0.1.0 @category models */
export interface Token {
  readonly start: number
  readonly end: number
  /** As it is written; a word without quotes in lower case. */
  readonly text: string
}

/** @since 0.1.0 @category operations */
export const tokensOf = (sql: string): ReadonlyArray<Token> => {
  const tokens: Array<Token> = []
  for (let at = skipBlank(sql, 0); at < sql.length; ) {
    const end = skipToken(sql, at)
    const text = sql.slice(at, end)
    tokens.push({ start: at, end, text: /^\w/.test(text) ? text.toLowerCase() : text })
    at = skipBlank(sql, end)
  }
  return tokens
}

/** @since 0.1.0 @category models */
export interface AlterTable {
  /** `ALTER TABLE IF EXISTS ONLY app.users` */
  readonly head: string
  /** `app.users` */
  readonly table: string
  readonly commands: ReadonlyArray<string>
}

/** The parts of an `ALTER TABLE`. `None` for another statement. @since 0.1.0 @category operations */
export const alterTable = (sql: string): Option.Option<AlterTable> => {
  const words = tokensOf(sql)
  if (words[0]?.text !== "alter" || words[1]?.text !== "table") return Option.none()
  let next = words[2]?.text === "if" ? 4 : 2
  if (words[next]?.text === "only") next++
  const start = words[next]?.start ?? sql.length
  const name = dottedAt(sql, start)
  if (name === undefined) return Option.none()
  const star = skipBlank(sql, name.end)
  const end = sql.charAt(star) === "*" ? star + 1 : name.end
  return Option.some({ head: sql.slice(0, end), table: sql.slice(start, name.end), commands: byCommas(sql.slice(end)) })
}

/** The parts of a list, without the blanks around them, but with their comments. */
const byCommas = (list: string): ReadonlyArray<string> => {
  const parts: Array<string> = []
  let depth = 0
  let from = 0
  for (const { end, start, text } of tokensOf(list)) {
    if (text === "(" || text === "[") depth++
    else if (text === ")" || text === "]") depth--
    else if (text === "," && depth === 0) {
      parts.push(list.slice(from, start).trim())
      from = end
    }
  }
  return [...parts, list.slice(from).trim()]
}

/** The text with something behind its last token. @since 0.1.0 @category operations */
export const append = (sql: string, text: string): string => {
  const end = tokensOf(sql).at(-1)?.end ?? sql.length
  return `${sql.slice(0, end)}${text}${sql.slice(end)}`
}

/** The text with something before its first token, behind the comments. @since 0.1.0 @category operations */
export const prepend = (sql: string, text: string): string => {
  const start = skipBlank(sql, 0)
  return `${sql.slice(0, start)}${text}${sql.slice(start)}`
}

/** The text without its first token. @since 0.1.0 @category operations */
export const withoutFirst = (sql: string): string => {
  const [first] = tokensOf(sql)
  return first === undefined ? sql : `${sql.slice(0, first.start)}${sql.slice(first.end).trimStart()}`
}

/** The token after the parenthesis that closes the one at `from`. @since 0.1.0 @category operations */
export const afterGroup = (tokens: ReadonlyArray<Token>, from: number): number => {
  let depth = 0
  for (let at = from; at < tokens.length; at++) {
    if (tokens[at]?.text === "(") depth++
    if (tokens[at]?.text === ")" && --depth === 0) return at + 1
  }
  return tokens.length
}

/** The text from one token up to another, end exclusive. @since 0.1.0 @category operations */
export const between = (sql: string, tokens: ReadonlyArray<Token>, from: number, to: number): string =>
  from < to ? sql.slice(tokens[from]?.start ?? sql.length, tokens[to - 1]?.end ?? sql.length) : ""
