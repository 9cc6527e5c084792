/**
 * SQL text without the data in it, for errors, plans and logs. A reader learns which statement it is, and no value that
 * the statement holds.
 *
 * **Laws**
 *
 * 1. A string constant, a body in dollar quotes and a number of more than three digits leave no character of their content.
 * 2. Comments are left out, since they may hold anything.
 * 3. Keywords, names, operators and parameters stay as they are.
 *
 * @internal
 */
import { skipToken } from "./Lexer.js"

/** Stands for text that is withheld. @since 0.1.0 @category constants */
export const withheld = "…"

const number = /\d[\w.]*(?:(?<=[eE])[+-]\d+)?/y

/** Sizes, precisions and places such as `numeric(10, 2)` have fewer. */
const fewDigits = 3

const numberAt = (text: string, at: number): string => {
  number.lastIndex = at
  return number.exec(text)?.[0] ?? text.charAt(at)
}

const isDigit = (character: string): boolean => character >= "0" && character <= "9"

/**
 * The statement without its literals and comments.
 *
 * @since 0.1.0
 * @category operations
 */
export const withoutLiterals = (statement: string): string => between(statement, 0, statement.length)

/**
 * A part of a text without literals and comments. The text is read from its start: a literal may have begun before. It ends
 * with a backslash, which begins a command of psql and is not SQL.
 *
 * @since 0.1.0
 * @category operations
 */
export const between = (text: string, from: number, to: number): string => {
  const parts: Array<string> = []
  for (let at = 0; at < to; ) {
    if (at >= from && text.charAt(at) === "\\") return `${parts.join("")}\\${withheld}`
    const end = isDigit(text.charAt(at)) ? at + numberAt(text, at).length : skipToken(text, at)
    const token = text.slice(at, end)
    const isCut = at < from || end > to
    if (end > from)
      parts.push(isCut && shown(token) === token ? text.slice(Math.max(at, from), Math.min(end, to)) : shown(token))
    at = end
  }
  return parts.join("")
}

/**
 * The message of a syntax error, which may quote the token that it found.
 *
 * @since 0.1.0
 * @category operations
 */
export const withoutQuotedLiteral = (message: string): string => {
  const start = message.indexOf('"') + 1
  const end = message.length - 1
  return start > 0 && start <= end && message.endsWith('"')
    ? `${message.slice(0, start)}${withoutLiterals(message.slice(start, end))}"`
    : message
}

const shown = (token: string): string => {
  const [first = ""] = token
  if (token.startsWith("--") || token.startsWith("/*")) return " "
  if (isDigit(first)) return token.replace(/\D/g, "").length > fewDigits || /[a-z_]/i.test(token) ? withheld : token
  if (first === "'" || /^[eE]'/.test(token)) return `'${withheld}'`
  return first === "$" && token.length > 1 ? `$$${withheld}$$` : token
}

/**
 * Whether a statement may hold a password: of a role, a user mapping, a foreign server, a subscription or a connection. It
 * also looks into bodies, and takes a word too many for one.
 *
 * @since 0.1.0
 * @category predicates
 */
export const mayHoldPassword = (statement: string): boolean => passwords.test(withoutComments(statement))

const passwords =
  /passw|\buser\s+mapping\b|\b(?:create|alter)\s+(?:role|user|group|server|subscription)\b|\bconnection\b|dblink|conninfo/i

const commentEnd = "*/"

/**
 * The text without comments, also without what looks like one in a literal. No block comment begins after the last end of one,
 * so the pattern looks for no end in vain.
 *
 * @since 0.1.0
 * @category operations
 */
export const withoutComments = (text: string): string => {
  const end = text.includes(commentEnd) ? text.lastIndexOf(commentEnd) + commentEnd.length : 0
  return `${text.slice(0, end).replace(/--[^\r\n]*|\/\*[\s\S]*?\*\//g, " ")}${text.slice(end).replace(/--[^\r\n]*/g, " ")}`
}
