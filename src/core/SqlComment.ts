/**
 * Finds the `--` comments of a script that stand on a line of their own, without parsing it: a file that is not yet known to
 * be valid SQL can be asked as well. What only looks like a comment, inside a string, a quoted identifier, a dollar quote or
 * a block comment, is passed over as the server's own lexer would (PostgreSQL manual, section 4.1).
 *
 * **Laws**
 *
 * 1. `linesOf` is total: unclosed quotes and comments reach to the end of the text.
 * 2. A comment's line and text are those of the file, whatever its line endings.
 *
 * @internal
 */

/**
 * @since 0.1.0
 * @category models
 */
export interface CommentLine {
  /** What follows the dashes, without white space around it. */
  readonly text: string
  /** 1-based. */
  readonly line: number
  /** Whether it stands before the first statement. */
  readonly header: boolean
}

/** In the order of the text. @since 0.1.0 @category operations */
export const linesOf = (text: string): ReadonlyArray<CommentLine> => {
  const comments: Array<CommentLine> = []
  const lineAt = lineCounter(text)
  let header = true
  let at = 0
  while (at < text.length) {
    const end = tokenEnd(text, at)
    if (text.startsWith("--", at)) {
      if (isAloneOnItsLine(text, at)) comments.push({ text: text.slice(at + 2, end).trim(), line: lineAt(at), header })
    } else if (header && !text.startsWith("/*", at) && /[^\s\uFEFF]/.test(text.slice(at, end))) {
      header = false
    }
    at = end
  }
  return comments
}

/** The end, exclusive, of the comment, literal, word or single character that begins here. */
const tokenEnd = (text: string, at: number): number => {
  switch (text[at]) {
    case "-":
      return text.startsWith("--", at) ? nextMatch(lineEnd, text, at) : at + 1
    case "/":
      return text.startsWith("/*", at) ? blockCommentEnd(text, at) : at + 1
    case "'":
    case '"':
      return closing(text, text.charAt(at), at + 1)
    case "$":
      return dollarQuoteEnd(text, at)
    case "e":
    case "E":
      return text[at + 1] === "'" ? escapeStringEnd(text, at + 2) : nextMatch(wordEnd, text, at)
    default:
      return wordCharacter.test(text.charAt(at)) ? nextMatch(wordEnd, text, at) : at + 1
  }
}

const lineEnd = /[\r\n]/g
const wordCharacter = /[\w\u0080-\uffff]/
/** A dollar sign inside a word opens nothing. */
const wordEnd = /[^\w$\u0080-\uffff]/g
const dollarTag = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y

/** Where a pattern matches next, or the end of the text. */
const nextMatch = (pattern: RegExp, text: string, at: number): number => {
  pattern.lastIndex = at
  return pattern.exec(text)?.index ?? text.length
}

/** A doubled quote closes one literal and opens the next: to a reader of comments that is the same. */
const closing = (text: string, quote: string, at: number): number => {
  const end = text.indexOf(quote, at)
  return end === -1 ? text.length : end + quote.length
}

/** In `E'…'` a backslash takes the next character with it, and so does a quote that is doubled. */
const escapeStringEnd = (text: string, at: number): number => {
  let end = at
  while (end < text.length && (text[end] !== "'" || text[end + 1] === "'")) {
    end += text[end] === "\\" || text[end] === "'" ? 2 : 1
  }
  return Math.min(end + 1, text.length)
}

const dollarQuoteEnd = (text: string, at: number): number => {
  dollarTag.lastIndex = at
  const tag = dollarTag.exec(text)
  return tag === null ? at + 1 : closing(text, tag[0], at + tag[0].length)
}

/** Block comments nest. */
const blockCommentEnd = (text: string, at: number): number => {
  let depth = 1
  const marks = /\/\*|\*\//g
  marks.lastIndex = at + 2
  for (let mark = marks.exec(text); mark !== null; mark = marks.exec(text)) {
    depth += mark[0] === "/*" ? 1 : -1
    if (depth === 0) return marks.lastIndex
  }
  return text.length
}

const isAloneOnItsLine = (text: string, at: number): boolean => {
  for (let i = at - 1; i >= 0; i--) {
    const character = text.charAt(i)
    if (character === "\n" || character === "\r") return true
    if (!/[\s\uFEFF]/.test(character)) return false
  }
  return true
}

/** Counts lines up to growing offsets in one pass; `\r\n`, `\n` and `\r` each end a line. */
const lineCounter = (text: string) => {
  const ends = /\r\n|\n|\r/g
  let line = 1
  let next = ends.exec(text)
  return (at: number): number => {
    while (next !== null && next.index < at) {
      line++
      next = ends.exec(text)
    }
    return line
  }
}
