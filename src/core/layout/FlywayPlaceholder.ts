/**
 * Finds Flyway's placeholders, such as `${schema}`, which Flyway replaces by values from its configuration. The folder does not hold
 * these values: a placeholder outside strings and comments is an error, and one in a string is a warning.
 *
 * @internal
 */

/** @since 0.1.0 @category models */
export interface Placeholder {
  readonly text: string
  /** 1-based. */
  readonly line: number
  /** Whether it stands inside quotation marks, single or double. */
  readonly isQuoted: boolean
}

/** The placeholders in the order of the text. The body of a dollar quote is read as SQL. @since 0.1.0 @category operations */
export const placeholdersIn = (text: string): ReadonlyArray<Placeholder> => {
  if (!text.includes("${")) return []
  const found: Array<Placeholder> = []
  let line = 1
  let lineKnownAt = 0
  for (const match of text.matchAll(token)) {
    const [piece] = match
    const isQuoted = piece.startsWith("'") || piece.startsWith('"')
    if (!isQuoted && !piece.startsWith("${")) continue
    for (const inner of piece.matchAll(placeholder)) {
      const at = match.index + inner.index
      line += lineEndsIn(text.slice(lineKnownAt, at))
      lineKnownAt = at
      found.push({ text: inner[0], line, isQuoted })
    }
  }
  return found
}

const lineEndsIn = (text: string): number => (text.match(/\r\n|\n|\r/g) ?? []).length

const placeholder = /\$\{[^}\s]*\}/g

/** A comment, a string, a quoted name or a placeholder, whichever comes first. Nested block comments are not recognised. */
const token = /--[^\r\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^'])*'?|"[^"]*"?|\$\{[^}\s]*\}/g
