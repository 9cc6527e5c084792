/**
 * A checksum shows that a migration was edited after it had been applied. It ignores what editors and version control
 * change without changing the SQL: line endings, a byte order mark, trailing white space and trailing empty lines.
 *
 * The caller passes the digest function, because the core has no cryptography.
 *
 * **Laws**
 *
 * 1. `normalise` is idempotent.
 * 2. Texts that differ only in line endings, a byte order mark, trailing white space or trailing empty lines have one
 *    checksum.
 * 3. Texts that differ in anything else have different checksums, as far as the digest goes.
 *
 * @internal
 */
import * as Schema from "effect/Schema"

/** The server refuses an event with a longer one, since each process reads it. @since 0.1.0 @category constants */
export const maxLength = 1024

/** `algorithm:hex`, for instance `sha256:9f86…`. @since 0.1.0 @category models */
export const Checksum = Schema.String.pipe(
  Schema.pattern(/^[a-z0-9]+:[0-9a-f]+$/),
  Schema.maxLength(maxLength),
  Schema.brand("effect-auto-migration/Checksum")
)

/** @since 0.1.0 @category models */
export type Checksum = typeof Checksum.Type

/** SHA-256 over the UTF-8 bytes of a text, in hexadecimal. @since 0.1.0 @category models */
export type Digest = (text: string) => string

/**
 * The text that is hashed. Form feeds and vertical tabs count as white space, as they do for the server.
 *
 * @since 0.1.0
 * @category conversions
 */
export const normalise = (text: string): string => {
  const lines = withoutByteOrderMark(text).replace(/\r\n?/g, "\n").split("\n").map(withoutTrailingSpace)
  return lines.slice(0, lines.findLastIndex((line) => line !== "") + 1).join("\n")
}

/** The checksum of a text. @since 0.1.0 @category constructors */
export const make = (text: string, digest: Digest): Checksum => Checksum.make(`sha256:${digest(normalise(text))}`)

/** Removes the byte order mark, which the server reports as a syntax error. @since 0.1.0 @category conversions */
export const withoutByteOrderMark = (text: string): string => text.replace(/^\uFEFF+/, "")

const withoutTrailingSpace = (line: string): string => {
  let end = line.length
  while (end > 0 && " \t\f\v".includes(line.charAt(end - 1))) end--
  return line.slice(0, end)
}
