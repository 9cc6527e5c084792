/**
 * Finds the comments of a script without parsing it, so the script need not be valid SQL. Text that only looks like a
 * comment (inside a string, a quoted identifier, a dollar quote or a block comment) is skipped, as the server's lexer
 * skips it (PostgreSQL manual, section 4.1).
 *
 * **Laws**
 *
 * 1. `linesOf` is total: unclosed quotes and comments reach to the end of the text.
 * 2. A comment's line and text are those of the file, with any line endings.
 *
 * @internal
 */
import { skipToken } from "./Lexer.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface CommentLine {
  /** The text behind the dashes, without white space around it. */
  readonly text: string
  /** 1-based. */
  readonly line: number
  /** Whether the comment stands before the first statement. */
  readonly header: boolean
}

/**
 * A comment and its place in the text.
 *
 * @since 0.1.0
 * @category models
 */
export interface Comment extends CommentLine {
  readonly kind: "line" | "block"
  /** UTF-16 offsets of the comment itself, end exclusive. */
  readonly start: number
  readonly end: number
  /** UTF-16 offset of the start of its line; of a comment behind other text, the same as `start`. */
  readonly lineStart: number
}

/** The `--` comments that begin a line. @since 0.1.0 @category operations */
export const linesOf = (text: string): ReadonlyArray<CommentLine> =>
  commentsOf(text)
    .filter(({ kind }) => kind === "line")
    .map(({ header, line, text }) => ({ text, line, header }))

/**
 * The comments with only white space before them on their line, in the order of the text.
 *
 * @since 0.1.0
 * @category operations
 */
export const commentsOf = (text: string): ReadonlyArray<Comment> => scan(text, (at) => startOfLine(text, at))

/**
 * The comments with other text before them on their line, in the order of the text.
 *
 * @since 0.1.0
 * @category operations
 */
export const commentsBehind = (text: string): ReadonlyArray<Comment> =>
  scan(text, (at) => (startOfLine(text, at) === undefined ? at : undefined))

/** The comments for which `lineStartOf` gives an offset. */
const scan = (text: string, lineStartOf: (at: number) => number | undefined): ReadonlyArray<Comment> => {
  const comments: Array<Comment> = []
  const lineAt = lineCounter(text)
  let header = true
  for (let at = 0; at < text.length; ) {
    const end = skipToken(text, at)
    const kind = text.startsWith("--", at) ? "line" : text.startsWith("/*", at) ? "block" : undefined
    const lineStart = kind === undefined ? undefined : lineStartOf(at)
    if (kind !== undefined && lineStart !== undefined) {
      const inner = kind === "line" ? text.slice(at + 2, end) : text.slice(at + 2, end).replace(/\*\/$/, "")
      comments.push({ kind, text: inner.trim(), line: lineAt(at), header, start: at, end, lineStart })
    }
    header &&= kind !== undefined || !/[^\s\uFEFF]/.test(text.slice(at, end))
    at = end
  }
  return comments
}

/**
 * The UTF-16 offset of the first character that is neither white space nor part of a comment.
 *
 * @since 0.1.0
 * @category operations
 */
export const firstToken = (text: string): number | undefined => {
  for (let at = 0; at < text.length; ) {
    const end = skipToken(text, at)
    const isComment = text.startsWith("--", at) || text.startsWith("/*", at)
    if (!isComment && /[^\s\uFEFF]/.test(text.slice(at, end))) return at
    at = end
  }
  return undefined
}

/** The offset of the start of a line, if the line has only white space before `at`. */
const startOfLine = (text: string, at: number): number | undefined => {
  for (let i = at - 1; i >= 0; i--) {
    const character = text.charAt(i)
    if (character === "\n" || character === "\r") return i + 1
    if (!/[\s\uFEFF]/.test(character)) return undefined
  }
  return 0
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
