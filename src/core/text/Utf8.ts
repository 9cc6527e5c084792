/**
 * Bytes to text, with the place of the first byte that is not UTF-8: an editor shows it by its line. And how many bytes a text takes.
 *
 * **Laws**
 *
 * 1. What `encode` makes of a text without lone surrogates, `decode` turns back into that text, a byte order mark included.
 * 2. What is before `byteOffset` is valid, and no longer part of the input that starts there is.
 *
 * @internal
 */
import * as Either from "effect/Either"

/**
 * Where a text stops being UTF-8.
 *
 * @since 0.1.0
 * @category models
 */
export interface InvalidByte {
  /** 0-based. */
  readonly byteOffset: number
  /** 1-based. */
  readonly line: number
}

/** @since 0.1.0 @category conversions */
export const decode = (bytes: Uint8Array): Either.Either<string, InvalidByte> => {
  const text = lenient.decode(bytes)
  let byteOffset = 0
  let line = 1
  for (const character of text) {
    if (character === replacement && !isReplacement(bytes, byteOffset)) return Either.left({ byteOffset, line })
    if (character === "\n") line++
    byteOffset += byteLength(character)
  }
  return Either.right(text)
}

const lenient = new TextDecoder("utf-8", { ignoreBOM: true })

/** Stands for what cannot be read, and can stand in a text by itself. */
const replacement = "\uFFFD"

const isReplacement = (bytes: Uint8Array, at: number): boolean =>
  bytes[at] === 0xef && bytes[at + 1] === 0xbf && bytes[at + 2] === 0xbd

/** How many bytes a code point takes. @since 0.1.0 @category measuring */
export const byteWidth = (point: number): number => (point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4)

/** How many bytes a text takes. @since 0.1.0 @category measuring */
export const byteLength = (text: string): number => {
  let bytes = 0
  for (const character of text) bytes += byteWidth(character.codePointAt(0) ?? 0)
  return bytes
}
