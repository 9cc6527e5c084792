/**
 * Reads names out of messages. A wording is a pattern with one or two places, `$1` and `$2`: `column "$1" of relation "$2" does not
 * exist`. Languages differ in which place comes first. {@link quotedIn} needs no wording: it reads the one name that a message has
 * between quotation marks of any kind.
 *
 * **Laws**
 *
 * 1. A message filled into a wording reads back, among all the wordings of its kind.
 * 2. Reading answers for any message and never throws.
 *
 * @internal
 */

/**
 * A message with places in it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Wording {
  readonly prefix: string
  /** The text between the two places; empty if there is one place. */
  readonly middle: string
  readonly suffix: string
  readonly places: "$1" | "$1$2" | "$2$1"
}

/**
 * Several wordings of one error, by the first character of the message. Those without a prefix may fit any message.
 *
 * @since 0.1.0
 * @category models
 */
export interface Wordings {
  readonly byFirst: ReadonlyMap<number, ReadonlyArray<Wording>>
  readonly withoutPrefix: ReadonlyArray<Wording>
}

/**
 * The texts at the places; `second` is empty if there is one place.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reading {
  readonly first: string
  readonly second: string
}

/**
 * Wordings from patterns. Longer ones are tried first: `aggregate function $1` before `function $1`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (...patterns: ReadonlyArray<string>): Wordings => {
  const byFirst = new Map<number, Array<Wording>>()
  const withoutPrefix: Array<Wording> = []
  for (const wording of patterns.toSorted((a, b) => b.length - a.length).map(compile)) {
    const first = wording.prefix.charCodeAt(0)
    const others = byFirst.get(first)
    if (wording.prefix === "") withoutPrefix.push(wording)
    else if (others === undefined) byFirst.set(first, [wording])
    else others.push(wording)
  }
  return { byFirst, withoutPrefix }
}

/**
 * Reads a message by the first wording that fits.
 *
 * @since 0.1.0
 * @category reading
 */
export const read = ({ byFirst, withoutPrefix }: Wordings, message: string): Reading | undefined => {
  const likely = byFirst.get(message.charCodeAt(0))
  return (likely === undefined ? undefined : readAny(likely, message)) ?? readAny(withoutPrefix, message)
}

const readAny = (wordings: ReadonlyArray<Wording>, message: string): Reading | undefined => {
  for (const wording of wordings) {
    const reading = readOne(wording, message)
    if (reading !== undefined) return reading
  }
  return undefined
}

const readOne = ({ middle, places, prefix, suffix }: Wording, message: string): Reading | undefined => {
  const start = prefix.length
  const end = message.length - suffix.length
  if (end <= start || !message.endsWith(suffix) || !message.startsWith(prefix)) return undefined
  if (places === "$1") return { first: message.slice(start, end), second: "" }
  const between = message.indexOf(middle, start)
  if (between === -1 || between + middle.length > end) return undefined
  const left = message.slice(start, between)
  const right = message.slice(between + middle.length, end)
  return places === "$1$2" ? { first: left, second: right } : { first: right, second: left }
}

/**
 * The one name that a message puts between quotation marks of any kind, and the text around it. The last mark closes, so a name
 * may hold marks itself. A message that seems to hold two names has no answer.
 *
 * @since 0.1.0
 * @category reading
 */
export const quotedIn = (message: string): { readonly name: string; readonly around: string } | undefined => {
  for (let start = 0; start < message.length; start++) {
    const unit = message.charCodeAt(start)
    const closing = unit < 128 && unit !== 34 ? undefined : closingMarks.get(unit)
    if (closing === undefined) continue
    const end = lastOf(message, closing, start)
    if (end === -1) return undefined
    const inside = message.slice(start + 1, end)
    if (holdsTwo(inside, message.charAt(start), closing)) return undefined
    const name = isSpaced(inside) ? inside.slice(1, -1) : inside
    return name === "" ? undefined : { name, around: `${message.slice(0, start)} ${message.slice(end + 1)}` }
  }
  return undefined
}

/**
 * A text without the quoted name at its end: `number 7 of relation ` for `number 7 of relation "a.b"`. Marks inside a word belong
 * to the word.
 *
 * @since 0.1.0
 * @category reading
 */
export const beforeQuoted = (text: string): string => {
  for (let start = 0; start < text.length; start++) {
    const closing = start > 0 && text.charAt(start - 1) !== " " ? undefined : closingMarks.get(text.charCodeAt(start))
    if (closing !== undefined) return closing.includes(text.slice(-1)) ? text.slice(0, start) : text
  }
  return text
}

const closingMarks: ReadonlyMap<number, string> = new Map(
  ['""', "«»", "»«»", "„“”", "“”“", "””", "「」", "『』", "《》", "‹›", "＂＂"].map((marks) => [
    marks.charCodeAt(0),
    marks.slice(1)
  ])
)

/** French and Indonesian put a space inside the marks. */
const isSpaced = (inside: string): boolean => spaces.includes(inside.charAt(0)) && spaces.includes(inside.slice(-1))

const spaces = " \u00a0\u202f"

const lastOf = (message: string, closing: string, start: number): number => {
  for (let end = message.length - 1; end > start; end--) {
    if (closing.includes(message.charAt(end))) return end
  }
  return -1
}

const holdsTwo = (inside: string, opening: string, closing: string): boolean => {
  for (let i = 0; i < inside.length; i++) {
    if (closing.includes(inside.charAt(i))) return inside.indexOf(opening, i + 1) !== -1
  }
  return false
}

const compile = (pattern: string): Wording => {
  const [prefix = "", middle = "", suffix] = pattern.split(/\$[12]/)
  if (suffix === undefined) return { prefix, middle: "", suffix: middle, places: "$1" }
  return { prefix, middle, suffix, places: pattern.indexOf("$1") < pattern.indexOf("$2") ? "$1$2" : "$2$1" }
}
