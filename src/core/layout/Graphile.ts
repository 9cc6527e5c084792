/**
 * Reads a folder of graphile-migrate's. The migrations are the files of `committed/`; the header of each holds the hash of the one
 * before it, and the headers are checked as the tool checks them. `current.sql` beside `committed/` is work in progress.
 *
 * ```
 * --! Previous: sha1:2fd4e1c67a2d28fced849ee1bb76e7391b93eb12
 * --! Hash: sha1:de9f2c7fd25e1b3afad3e85a0bd17d9b100db4b3
 *
 * --! no-transaction
 * CREATE INDEX CONCURRENTLY …
 * ```
 *
 * @internal
 */
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import {
  type ArrangeError,
  type Arrangement,
  baseName,
  type Entry,
  invalid,
  type Listing,
  type PassedOver,
  passOver,
  read,
  withoutEnding
} from "./Listing.js"
import { ordered } from "./NameOrder.js"

const layout = "graphile-migrate"
const fileName = /^\d{6,}(?:-[-_a-zA-Z0-9]*)?\.sql$/

/**
 * The named folder may be `committed/` itself, whose files are recognised by their headers, or may hold only the work in progress,
 * before the first commit.
 *
 * @since 0.1.0
 * @category predicates
 */
export const matches = (listing: Listing): boolean => {
  const { paths } = listing
  const first = paths.find((path) => fileName.test(path))
  return (
    paths.some(isCommitted) ||
    (first === undefined
      ? paths.some(isInProgress) && !paths.some((path) => /^\d[^/]*\.sql$/i.test(path))
      : Either.getOrElse(listing.text(first), () => "").startsWith("--! Previous:"))
  )
}

const isInProgress = (path: string): boolean => path === "current.sql" || /^current\/.*\.sql$/.test(path)

const isCommitted = (path: string): boolean => path.startsWith("committed/") && fileName.test(baseName(path))

/** @since 0.1.0 @category operations */
export const arrange = (listing: Listing): Either.Either<Arrangement, ArrangeError> =>
  Either.gen(function* () {
    const isMigration = (path: string) => isCommitted(path) || fileName.test(path)
    const [others, paths] = Arr.partition(listing.paths, isMigration)
    const named = ordered(
      paths.map((path) => ({ id: withoutEnding(baseName(path)), path })),
      "natural"
    )
    const entries: Array<Entry> = []
    let previous = "-"
    for (const chosen of named) {
      const entry = yield* read(listing)(chosen)
      const header = headerOf(entry.text)
      yield* checkHeader(listing, entry, header, previous)
      previous = header.hash
      entries.push(/^--!\s*no-transaction\b/.test(header.body) ? { ...entry, transaction: "none" } : entry)
    }
    return { layout, entries, passedOver: others.map(passedOverFrom), warnings: [] }
  })

interface Header {
  readonly previous: string
  readonly hash: string
  readonly allowsInvalidHash: boolean
  readonly body: string
}

const headerOf = (text: string): Header => {
  const unix = text.replace(/^\uFEFF/, "").replace(/\r\n/g, "\n")
  const [head = "", ...rest] = unix.split("\n\n")
  const valueOf = (key: string) => new RegExp(`^--! ${key}:[ \\t]*(.*)$`, "m").exec(head)?.[1]?.trim() ?? ""
  return {
    previous: valueOf("Previous"),
    hash: valueOf("Hash"),
    allowsInvalidHash: /^--! AllowInvalidHash\b/m.test(head),
    body: rest.join("\n\n")
  }
}

/** The hash that graphile-migrate computes: over the previous hash and the body, trimmed. */
const hashOf = ({ hashes }: Listing, previous: string, body: string): string =>
  `sha1:${hashes.sha1(`${`${previous === "-" ? "" : previous}\n${body.trim()}`.trim()}\n`)}`

const checkHeader = (
  listing: Listing,
  { path }: Entry,
  { body, hash, allowsInvalidHash, previous }: Header,
  expected: string
): Either.Either<void, ArrangeError> => {
  const fail = invalid(layout, listing, path)
  const restore = "Restore the folder from version control, or uncommit and commit again with graphile-migrate."
  if (previous === "" || hash === "") {
    return fail(1, "its header lacks --! Previous: or --! Hash:", restore)
  }
  if (previous !== expected) {
    return fail(
      1,
      `its header says --! Previous: ${previous}, but the hash of the migration before it is ${expected}`,
      restore
    )
  }
  if (!allowsInvalidHash && hash !== hashOf(listing, previous, body)) {
    return fail(2, "its text was changed after its hash was made", restore)
  }
  return Either.right(undefined)
}

const passedOverFrom = (path: string): PassedOver =>
  isInProgress(path)
    ? { path, reason: "it is work in progress until graphile-migrate commit", kind: "undo" }
    : path.startsWith("fixtures/")
      ? { path, reason: "it is a part that other files include", kind: "companion" }
      : passOver(path, "it is not in committed/, or not named as graphile-migrate names a migration")
