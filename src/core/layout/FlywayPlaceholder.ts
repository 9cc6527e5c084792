/**
 * Placeholders of Flyway, `${schema}`, which it replaces by values from its own configuration. What they stand for is not in the
 * folder: outside strings and comments they are an error, inside a string they are text that Flyway would have changed.
 *
 * @internal
 */

/** @since 0.1.0 @category models */
export interface Placeholder {
  readonly text: string
  /** 1-based. */
  readonly line: number
  /** Inside quotation marks. */
  readonly isQuoted: boolean
}

/** In the order of the text; the body of a dollar quote is read as SQL. @since 0.1.0 @category operations */
export const placeholdersIn = (text: string): ReadonlyArray<Placeholder> => {
  if (!text.includes("${")) return []
  const found: Array<Placeholder> = []
  let line = 1
  let counted = 0
  for (const match of text.matchAll(token)) {
    const [piece] = match
    const isQuoted = piece.startsWith("'") || piece.startsWith('"')
    if (!isQuoted && !piece.startsWith("${")) continue
    for (const inner of piece.matchAll(placeholder)) {
      const at = match.index + inner.index
      line += lineEndsIn(text.slice(counted, at))
      counted = at
      found.push({ text: inner[0], line, isQuoted })
    }
  }
  return found
}

const lineEndsIn = (text: string): number => (text.match(/\r\n|\n|\r/g) ?? []).length

const placeholder = /\$\{[^}\s]*\}/g

/** A comment, a string, a quoted name or a placeholder, the one that stands first. Block comments within each other are rare. */
const token = /--[^\r\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^'])*'?|"[^"]*"?|\$\{[^}\s]*\}/g
