/**
 * A statement on one line for an error: a part of at most 200 characters with the place of the error in it.
 *
 * @internal
 */
import * as Redaction from "./Redaction.js"
import { visibleName } from "./Visible.js"

/** @since 0.1.0 @category models */
export interface Excerpt {
  readonly statement: string
  /** 1-based, in characters, in `statement`. `null` where no place is known. */
  readonly position: number | null
}

/** The characters of a statement that an excerpt shows. */
const most = 200

/** The characters before the place, where the statement is longer. */
const lead = 80

/** Reads a part of a text: as it is, or without its literals. @since 0.1.0 @category models */
export type Reader = (text: string, from: number, to: number) => string

/** @since 0.1.0 @category constants */
export const asItIs: Reader = (text, from, to) => text.slice(from, to)

/** @since 0.1.0 @category constants */
export const withoutLiterals: Reader = Redaction.between

const onOneLine = (text: string): string => visibleName(text.replace(/\s+/g, " "))

/** The UTF-16 units of a statement that are read on each side of the place: white space may take most of them. */
const window = 4 * most

/**
 * The excerpt around an offset in UTF-16 code units, or from the start of the statement.
 *
 * @since 0.1.0
 * @category constructors
 */
export const around = (text: string, offset: number | undefined, read: Reader): Excerpt => {
  const at = Math.min(offset ?? 0, text.length)
  const from = Math.max(0, at - window)
  const before = [...onOneLine(read(text, from, at)).trimStart()]
  const after = [...onOneLine(read(text, at, Math.min(text.length, at + window))).trimEnd()]
  const isWhole = from === 0 && before.length + after.length <= most
  const kept = isWhole || before.length <= lead ? before : ["…", ...before.slice(1 - lead)]
  const room = most - kept.length
  const isCut = after.length > room || at + window < text.length
  const rest = isCut ? [...after.slice(0, room - 1), "…"] : after
  return { statement: [...kept, ...rest].join(""), position: offset === undefined ? null : kept.length + 1 }
}
