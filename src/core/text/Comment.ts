/**
 * Finds the comments of a script that begin a line, without parsing it: a file that is not yet known to
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
import { skipToken } from "./Lexer.js"

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

/**
 * A comment that begins a line: only white space stands before it on that line.
 *
 * @since 0.1.0
 * @category models
 */
export interface Comment extends CommentLine {
  readonly kind: "line" | "block"
  /** UTF-16 offsets of the comment itself, end exclusive. */
  readonly start: number
  readonly end: number
  /** Where its first line begins. */
  readonly lineStart: number
}

/** The `--` comments of {@link commentsOf}. @since 0.1.0 @category operations */
export const linesOf = (text: string): ReadonlyArray<CommentLine> =>
  commentsOf(text)
    .filter(({ kind }) => kind === "line")
    .map(({ header, line, text }) => ({ text, line, header }))

/** In the order of the text; of a block comment the text between its marks. @since 0.1.0 @category operations */
export const commentsOf = (text: string): ReadonlyArray<Comment> => scan(text, (at) => startOfLine(text, at))

/** Those that stand behind something else on their line; their `lineStart` is where they begin. @since 0.1.0 @category operations */
export const commentsBehind = (text: string): ReadonlyArray<Comment> =>
  scan(text, (at) => (startOfLine(text, at) === undefined ? at : undefined))

/** The comments for which there is a beginning. */
const scan = (text: string, beginning: (at: number) => number | undefined): ReadonlyArray<Comment> => {
  const comments: Array<Comment> = []
  const lineAt = lineCounter(text)
  let header = true
  for (let at = 0; at < text.length; ) {
    const end = skipToken(text, at)
    const kind = text.startsWith("--", at) ? "line" : text.startsWith("/*", at) ? "block" : undefined
    const lineStart = kind === undefined ? undefined : beginning(at)
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
 * The offset of the first character that is neither white space nor part of a comment.
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

/** Where the line of an offset begins, if only white space stands before the offset on it. */
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
