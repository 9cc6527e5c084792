/**
 * Whether a text that failed has left no effect, so that it may run again from its start. One message of several
 * statements is one transaction of the server, unless a statement in it begins or ends one. A procedure and a `DO`
 * block may commit inside.
 *
 * Source: PostgreSQL manual, 55.2.2.1 (Multiple Statements in a Simple Query), CALL and DO.
 *
 * @since 0.1.0
 * @internal
 */
import { identifierAt, skipBlank, skipToken } from "../text/Lexer.js"

const leavesEffects: ReadonlySet<string> = new Set([
  "abort",
  "begin",
  "call",
  "commit",
  "do",
  "end",
  "prepare",
  "release",
  "rollback",
  "savepoint",
  "start"
])

/** Takes linear time, and is total. @since 0.1.0 @category predicates */
export const isRepeatable = (text: string): boolean => {
  let begins = true
  for (let at = skipBlank(text, 0); at < text.length; at = skipBlank(text, at)) {
    if (begins && leavesEffects.has(wordAt(text, at))) return false
    begins = text[at] === ";"
    at = skipToken(text, at)
  }
  return true
}

const wordAt = (text: string, start: number): string => identifierAt(text, start)?.value ?? ""
