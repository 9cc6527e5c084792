/**
 * Checks a folder against Atlas's `atlas.sum`. Its first line is a sum over the lines below. Each line below holds a migration's name
 * and a running SHA-256 over all names and texts up to it, so an edit, addition, removal or renaming without Atlas shows.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as Order from "effect/Order"
import { type ArrangeError, type Entry, invalid, type Listing, linesOf, type Unreadable } from "./Listing.js"

const layout = "Atlas"

const sumFile = "atlas.sum"

/** @since 0.1.0 @category predicates */
export const isIn = ({ paths }: Listing): boolean => paths.includes(sumFile)

interface Line {
  readonly path: string
  readonly hash: string
}

/**
 * Checks every migration against its sum and returns the migrations in the order of the sums.
 *
 * @since 0.1.0
 * @category operations
 */
export const checked = (
  listing: Listing,
  entries: ReadonlyArray<Entry>
): Either.Either<ReadonlyArray<Entry>, ArrangeError> =>
  Either.gen(function* () {
    const fail = invalid(layout, listing, sumFile)
    const remedy = "Restore the file, or run atlas migrate hash if the folder is right as it is."
    const [first = "", ...rest] = linesOf(yield* listing.text(sumFile)).filter((line) => line !== "")
    const lines = rest.map(lineFrom)
    for (const [index, { path }] of lines.entries()) {
      if (path === "") return yield* fail(index + 2, "it does not hold a name and a sum", remedy)
      if (!listing.paths.includes(path)) return yield* fail(index + 2, `${path} is not there`, remedy)
    }
    const place = new Map(lines.map(({ path }, index) => [path, index]))
    const unsummed = entries.filter(({ path, text }) => !place.has(path) && isUnsummed(text)).map(({ path }) => path)
    const hashes = yield* hashesOf(listing, lines, unsummed.toSorted())
    const edited = lines.findIndex(({ hash, path }) => hashes.get(path) !== hash)
    if (edited !== -1) {
      const path = lines[edited]?.path ?? ""
      return yield* fail(edited + 2, `${path}, or a file before it, was changed after its sum was made`, remedy)
    }
    const unlisted = entries.find(({ path }) => !place.has(path) && !unsummed.includes(path))
    if (unlisted !== undefined) return yield* fail(1, `${unlisted.path} has no sum`, remedy)
    if (first !== `h1:${sumOf(listing, lines)}`) return yield* fail(1, "it is not the sum of the lines below", remedy)
    const placed = (entry: Entry): number =>
      place.get(entry.path) ?? lines.filter(({ path }) => path < entry.path).length - 0.5
    return Arr.sort(entries, Order.mapInput(Order.number, placed))
  })

const lineFrom = (text: string): Line => {
  const [, path = "", hash = ""] = /^(.*\S)\s+h1:(\S+)\s*$/.exec(text) ?? []
  return { path, hash }
}

const isUnsummed = (text: string): boolean => /^--\s*atlas:sum\s+ignore\b/m.test(text)

/** The running hash of each line. A file that says `-- atlas:sum ignore` has no line; its name alone enters the hash. */
const hashesOf = (
  listing: Listing,
  lines: ReadonlyArray<Line>,
  unsummed: ReadonlyArray<string>
): Either.Either<ReadonlyMap<string, string>, Unreadable> =>
  Either.gen(function* () {
    const running = listing.hashes.sha256()
    const hashes = new Map<string, string>()
    const before = [...unsummed]
    for (const { path } of lines) {
      while (before[0] !== undefined && before[0] < path) running.add(before.shift() ?? "")
      running.add(path)
      running.add(yield* listing.text(path))
      hashes.set(path, running.base64())
    }
    return hashes
  })

const sumOf = (listing: Listing, lines: ReadonlyArray<Line>): string => {
  const running = listing.hashes.sha256()
  for (const { hash, path } of lines) {
    running.add(path)
    running.add(hash)
  }
  return running.base64()
}
