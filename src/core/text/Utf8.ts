/**
 * Decodes UTF-8 strictly, with the line of the first invalid byte, and counts the bytes of a text.
 *
 * **Laws**
 *
 * 1. `decode` is the inverse of `encode` for every text without lone surrogates, a byte order mark included.
 * 2. The bytes before `byteOffset` are valid, and no run of bytes that starts there is.
 *
 * @internal
 */
import * as Either from "effect/Either"

/**
 * The first byte that is not valid UTF-8.
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

/** The text of bytes in UTF-8, or the first invalid byte. @since 0.1.0 @category conversions */
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

/** The lenient decoder puts it for invalid bytes; a valid text can contain it too. */
const replacement = "\uFFFD"

const isReplacement = (bytes: Uint8Array, at: number): boolean =>
  bytes[at] === 0xef && bytes[at + 1] === 0xbf && bytes[at + 2] === 0xbd

/** The number of bytes of a code point in UTF-8. @since 0.1.0 @category measuring */
export const byteWidth = (point: number): number => (point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4)

/** The number of bytes of a text in UTF-8. @since 0.1.0 @category measuring */
export const byteLength = (text: string): number => {
  let bytes = 0
  for (const character of text) bytes += byteWidth(character.codePointAt(0) ?? 0)
  return bytes
}

/** The UTF-16 offset of a byte. @since 0.1.0 @category measuring */
export const offsetOfByte = (text: string, byte: number): number => {
  let bytes = 0
  let offset = 0
  for (const character of text) {
    if (bytes >= byte) return offset
    bytes += byteWidth(character.codePointAt(0) ?? 0)
    offset += character.length
  }
  return offset
}
