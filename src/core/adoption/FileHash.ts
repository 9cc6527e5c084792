/**
 * Compares a file with the hash that another tool recorded when it ran the file.
 *
 * Sources: Prisma's schema engine, drizzle-orm's `migrator.ts`, sqlx's `migrate/migration.rs`, Flyway's `ChecksumCalculator`,
 * graphile-migrate's `hash.ts`, Atlas' `migrate.NewHashFile`, Sqitch's `App::Sqitch::Plan::Change`, Postgrator's `createChecksum`.
 *
 * @internal
 */
import { withoutByteOrderMark } from "../text/Checksum.js"
import { withoutComments } from "../text/Redaction.js"
import type { Keeping } from "./Tool.js"

/** @since 0.1.0 @category models */
export type Algorithm = "sha256" | "sha384" | "sha1" | "md5"

/** Computes the digest of bytes, or of a text in UTF-8. @since 0.1.0 @category models */
export type Digests = (algorithm: Algorithm, content: Uint8Array | string, encoding: "hex" | "base64") => string

/**
 * The content of a file on disk.
 *
 * @since 0.1.0
 * @category models
 */
export interface Content {
  /** The file's name, without folders. */
  readonly name: string
  readonly bytes: Uint8Array
  readonly text: string
}

/**
 * Whether a file fits its record: a hash, or the statements as a JSON array. `undefined` if the record does not tell.
 *
 * @since 0.1.0
 * @category queries
 */
export const fits = (
  digests: Digests,
  keeping: Keeping,
  file: Content,
  recorded: string,
  folder: ReadonlyArray<Content>
): boolean | undefined => {
  switch (keeping) {
    case "nothing":
      return undefined
    case "sha256":
    case "sha384":
    case "sha1":
    case "md5":
      return digests(keeping, file.bytes, "hex") === recorded.toLowerCase()
    case "crc32":
      return String(crc32(file.text)) === recorded
    case "graphile":
      return graphileHash(digests, file.text) === recorded || /^--! AllowInvalidHash/m.test(file.text)
    case "atlas":
      return atlasHash(digests, file, folder) === recorded
    case "statements":
      return holdsStatements(file.text, recorded)
  }
}

/** Adds a byte to a CRC-32 as in zip and PNG, with the polynomial 0xEDB88320. */
const crcByte = (crc: number, byte: number): number => {
  let value = (crc ^ byte) & 0xff
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return (crc >>> 8) ^ value
}

/** The CRC-32 of all lines without their ends, as a signed 32-bit number. */
const crc32 = (text: string): number => {
  const lines = new TextEncoder().encode(withoutByteOrderMark(text).replace(/[\r\n]+/g, ""))
  return ~lines.reduce(crcByte, 0xffffffff) | 0
}

/** The hash over the previous hash and the body; a header of `--!` lines and an empty line stand before the body. */
const graphileHash = (digests: Digests, text: string): string => {
  const unix = text.replace(/\r\n?/g, "\n")
  const end = unix.indexOf("\n\n")
  const body = end < 0 ? "" : unix.slice(end + 2)
  const previous = /^--! Previous: (\S+)/m.exec(unix)?.[1] ?? "-"
  const hashed = `${`${previous === "-" ? "" : previous}\n${body.trim()}`.trim()}\n`
  return `sha1:${digests("sha1", hashed, "hex")}`
}

/** The hash over the names and texts of all files up to this one, in the order of their names. */
const atlasHash = (digests: Digests, file: Content, folder: ReadonlyArray<Content>): string => {
  const before = folder
    .filter(({ name }) => name <= file.name)
    .toSorted((self, that) => (self.name < that.name ? -1 : 1))
  const parts = before.flatMap(({ bytes, name, text }) =>
    /^-- atlas:sum ignore/m.test(text) ? [encoded(name)] : [encoded(name), bytes]
  )
  return digests("sha256", concatenated(parts), "base64")
}

const encoded = (text: string): Uint8Array => new TextEncoder().encode(text)

const concatenated = (parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Whether the file holds the recorded statements in their order, with only comments, spaces and semicolons between them. */
const holdsStatements = (text: string, recorded: string): boolean | undefined => {
  const statements: unknown = JSON.parse(recorded)
  if (!Array.isArray(statements) || statements.length === 0) return undefined
  const unix = text.replace(/\r\n?/g, "\n")
  let from = 0
  for (const statement of statements) {
    const wanted = String(statement).replace(/\r\n?/g, "\n").trim()
    const at = unix.indexOf(wanted, from)
    if (at < 0 || !isBlank(unix.slice(from, at))) return false
    from = at + wanted.length
  }
  return isBlank(unix.slice(from))
}

const isBlank = (text: string): boolean => withoutComments(text).replace(/[\s;]+/g, "") === ""
