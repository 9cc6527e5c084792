/**
 * Reads names out of messages. A wording is a format of the server's, such as `column "%s" of relation "%s" does not exist`;
 * other languages may have the places in another order (`%2$s`). A name may hold any text, that of the message included, so a
 * message can be read in more than one way. {@link quotedIn} needs no wording: it reads the one name that a message has between
 * quotation marks of any kind.
 *
 * **Laws**
 *
 * 1. The values that are filled into a wording are among its readings.
 * 2. Each reading, filled into the wording, gives the message.
 * 3. Reading answers for any message and never throws.
 *
 * @internal
 */

/**
 * A format with at least one place. A schema, a dot and a name at a place are one value.
 *
 * @since 0.1.0
 * @category models
 */
export interface Wording {
  /** The texts around the places: one more than there are places. */
  readonly texts: ReadonlyArray<string>
  /** For each place, the argument that is printed there. */
  readonly places: ReadonlyArray<Place>
  /** The number of its characters that are the same in each message. */
  readonly weight: number
}

/** @since 0.1.0 @category models */
export interface Place {
  readonly argument: number
  readonly isNumber: boolean
}

/** A wording from a format of C. @since 0.1.0 @category constructors */
export const make = (format: string): Wording => {
  const texts = format.replaceAll(withSchema, "%$1s").split(place)
  const constant = texts.filter((_, index) => index % 3 === 0)
  const places = constant.slice(1).map((_, index) => ({
    argument: Number(texts[3 * index + 1]?.slice(0, -1) ?? index + 1) - 1,
    isNumber: texts[3 * index + 2] !== "s"
  }))
  return { texts: constant, places, weight: constant.join("").length }
}

const withSchema = /%(1\$)?s\.%(?:2\$)?s/g

const place = /%(\d\$)?([sdu])/

/** The most ways to read a message by one wording that are tried. */
const mostTries = 32

/**
 * The values of the arguments, in each way that the message can be read.
 *
 * @since 0.1.0
 * @category reading
 */
export const readingsOf = (wording: Wording, message: string): ReadonlyArray<ReadonlyArray<string>> => {
  const { places, texts } = wording
  const start = texts[0] ?? ""
  const last = texts[places.length] ?? ""
  const end = message.length - last.length
  if (end <= start.length || !message.startsWith(start) || !message.endsWith(last)) return none
  if (places.length === 1) {
    const value = message.slice(start.length, end)
    return isPossible(places[0], value) ? [[value]] : none
  }
  const between = texts[1] ?? ""
  const at = message.indexOf(between, start.length + 1)
  if (at === -1 || at + between.length >= end) return none
  const isOnly = places.length === 2 && message.indexOf(between, at + 1) === -1
  return isOnly
    ? inOrder(places, [message.slice(start.length, at), message.slice(at + between.length, end)])
    : split(wording, message, end)
}

const none: ReadonlyArray<ReadonlyArray<string>> = []

/** The readings of a message with several places, the last of which ends at `end`. */
const split = ({ places, texts }: Wording, message: string, end: number): ReadonlyArray<ReadonlyArray<string>> => {
  const found: Array<ReadonlyArray<string>> = []
  let tries = 0
  const read = (at: number, from: number, values: ReadonlyArray<string>): void => {
    if (at === places.length - 1) {
      found.push(...inOrder(places, [...values, message.slice(from, end)]))
      return
    }
    const between = texts[at + 1] ?? ""
    for (
      let next = message.indexOf(between, from + 1);
      next !== -1 && next + between.length < end && tries < mostTries;
      next = message.indexOf(between, next + 1)
    ) {
      tries++
      read(at + 1, next + between.length, [...values, message.slice(from, next)])
    }
  }
  read(0, texts[0]?.length ?? 0, [])
  return found
}

const isPossible = (of: Place | undefined, value: string): boolean => of?.isNumber !== true || /^-?\d+$/.test(value)

/** The values in the order of the arguments, unless one is no number where the format has one. */
const inOrder = (places: ReadonlyArray<Place>, values: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> => {
  const ordered = [...values]
  for (const [index, of] of places.entries()) {
    const value = values[index] ?? ""
    if (!isPossible(of, value)) return none
    ordered[of.argument] = value
  }
  return [ordered]
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
