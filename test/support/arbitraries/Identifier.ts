/**
 * Identifiers as SQL writes them, each with what the server makes of it. The rules are written down a second time here,
 * through bytes and regular expressions, so that a mistake in the library is not repeated by its tests.
 */
import { Buffer } from "node:buffer"
import * as fc from "fast-check"

/** One identifier: how a statement spells it, and how the catalog stores it. */
export interface Spelling {
  readonly written: string
  readonly stored: string
}

/** The start of a text that fits into 63 bytes, cut between characters. */
export const cut = (text: string): string => {
  let kept = ""
  for (const character of text) {
    if (Buffer.byteLength(kept + character) > 63) break
    kept += character
  }
  return kept
}

const quoted = (text: string): Spelling => ({ written: `"${text.replace(/"/g, '""')}"`, stored: cut(text) })

const characters = (alphabet: string, range: { readonly minLength: number; readonly maxLength: number }) =>
  fc.array(fc.constantFrom(...alphabet), range).map((some) => some.join(""))

const letters = "abcxyz_09$"

/** Signs that mean something to the server, to quotation, or to a reader that looks for them. */
const strange = "aB1 .,;'\"()[]{}<>$%\\/*+-=?!@#&|~^`«»„“”「」éßİıÀж日本한\u00a0\u{1F600}\t\n"

/** `q_` keeps it from being a keyword. */
const plain = characters(letters, { minLength: 0, maxLength: 12 }).map((rest): Spelling => {
  return { written: `q_${rest}`, stored: `q_${rest}` }
})

const mixedCase = characters("aZbYéÉßİжЖ", { minLength: 1, maxLength: 12 }).map((rest): Spelling => {
  const written = `Q_${rest}`
  return { written, stored: written.replace(/[A-Z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 32)) }
})

const long = fc
  .tuple(characters("aBé日\u{1F600}. ", { minLength: 50, maxLength: 90 }), fc.boolean())
  .map(([text, isQuoted]): Spelling => {
    const word = `q_${text.replace(/[B. \u{1F600}]/gu, "b")}`
    return isQuoted ? quoted(text) : { written: word, stored: cut(word) }
  })

const unicodeEscaped = characters("a\\é日\u{1F600}", { minLength: 1, maxLength: 6 }).map((text): Spelling => {
  const escapes = [...text].map((character) => {
    const point = character.codePointAt(0) ?? 0
    return point > 0xffff ? `\\+${point.toString(16).padStart(6, "0")}` : `\\${point.toString(16).padStart(4, "0")}`
  })
  return { written: `U&"${escapes.join("")}"`, stored: cut(text) }
})

/** Any text that the server can store as a name. */
export const stored: fc.Arbitrary<string> = characters(strange, { minLength: 1, maxLength: 60 }).map(cut)

/** Any way to write an identifier that keeps the server from reading something else. */
export const spelling: fc.Arbitrary<Spelling> = fc.oneof(
  { weight: 3, arbitrary: characters(strange, { minLength: 1, maxLength: 20 }).map(quoted) },
  { weight: 1, arbitrary: plain },
  { weight: 1, arbitrary: mixedCase },
  { weight: 1, arbitrary: long },
  { weight: 1, arbitrary: unicodeEscaped }
)

/** An identifier without anything that messages or signatures need quotes for. */
export const simple: fc.Arbitrary<Spelling> = plain
