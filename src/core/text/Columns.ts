/**
 * Text measured in the columns of a terminal: a wide character takes two, a combining mark none.
 *
 * **Laws**
 *
 * 1. `cut` and each line of `wrapped` have at most as many columns as there is room for, if there is room for two.
 * 2. A text that fits is not cut.
 *
 * Source: Unicode Standard Annex 11, East Asian Width. A character of which terminals differ counts as wide.
 *
 * @internal
 */

const combining = /\p{Mn}|\p{Me}/u

const wide =
  /[\p{Emoji_Presentation}\u{1100}-\u{115F}\u{231A}-\u{231B}\u{2329}-\u{232A}\u{2630}-\u{2637}\u{268A}-\u{268F}\u{2E80}-\u{303E}\u{3041}-\u{A4CF}\u{A960}-\u{A97F}\u{AC00}-\u{D7A3}\u{F900}-\u{FAFF}\u{FE10}-\u{FE19}\u{FE30}-\u{FE6F}\u{FF01}-\u{FF60}\u{FFE0}-\u{FFE6}\u{16FE0}-\u{1B2FF}\u{1D300}-\u{1D376}\u{1F200}-\u{1F2FF}\u{20000}-\u{3FFFD}]/u

const widthOf = (character: string): number => {
  if (character <= "~") return 1
  return combining.test(character) ? 0 : wide.test(character) ? 2 : 1
}

/** The number of columns that a text takes. @since 0.1.0 @category measuring */
export const columns = (text: string): number => {
  let sum = 0
  for (const character of text) sum += widthOf(character)
  return sum
}

/** The longest beginning of a text that fits. @since 0.1.0 @category cutting */
export const beginning = (text: string, room: number): string => {
  let taken = 0
  let end = 0
  for (const character of text) {
    taken += widthOf(character)
    if (taken > room) return text.slice(0, end)
    end += character.length
  }
  return text
}

/** The longest end of a text that fits. */
const ending = (text: string, room: number): string => {
  let left = room
  const characters = [...text]
  let start = characters.length
  while (start > 0) {
    left -= widthOf(characters[start - 1] ?? "")
    if (left < 0) break
    start--
  }
  return characters.slice(start).join("")
}

/** The text, or its beginning with an ellipsis. @since 0.1.0 @category cutting */
export const cut = (text: string, room: number): string =>
  columns(text) <= room ? text : room < 1 ? "" : `${beginning(text, room - 1)}…`

/** The text, or its end behind an ellipsis. @since 0.1.0 @category cutting */
export const cutFront = (text: string, room: number): string =>
  columns(text) <= room ? text : `…${ending(text, room - 1)}`

/**
 * The text on lines that break between words, and inside of a word that is longer than a line.
 *
 * @since 0.1.0
 * @category cutting
 */
export const wrapped = (text: string, room: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let line = ""
  for (const word of text.split(" ")) {
    const joined = line === "" ? word : `${line} ${word}`
    if (columns(joined) <= room) {
      line = joined
      continue
    }
    if (line !== "") lines.push(line)
    line = word
    while (columns(line) > room) {
      const head = beginning(line, room)
      lines.push(head)
      line = line.slice(head.length)
    }
  }
  return [...lines, line]
}

/**
 * A part of a text that fits, with the mark at an offset in it: at most a third of the room lies before the mark.
 *
 * @since 0.1.0
 * @category cutting
 */
export const around = (
  text: string,
  offset: number,
  room: number
): { readonly text: string; readonly mark: number } => {
  if (columns(text) <= room) return { text, mark: columns(text.slice(0, offset)) }
  const lead = cutFront(text.slice(0, offset), Math.max(2, Math.floor(room / 3)))
  const mark = columns(lead)
  return { text: `${lead}${cut(text.slice(offset), room - mark)}`, mark }
}
