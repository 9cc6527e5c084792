/**
 * Reads folders whose migrations are known by their names alone: `x.sql`, `x.up.sql` beside `x.down.sql` (golang-migrate, sqlx),
 * `x/up.sql` beside `x/down.sql` (diesel, Hasura), and `x/migration.sql` (Prisma, Drizzle). The id is `x`. The order is that of the
 * tool if it is known; else the option decides, or the names must have the same order by number and as text.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { AmbiguousOrder } from "../error/MigrationDefinitionError.js"
import * as AtlasSum from "./AtlasSum.js"
import {
  type ArrangeError,
  type Arrangement,
  baseName,
  type Chosen,
  type Entry,
  folderOf,
  invalid,
  type Listing,
  linesOf,
  type PassedOver,
  passOver,
  read,
  withoutEnding
} from "./Listing.js"
import { type NameOrder, numbered, ordered, undecided } from "./NameOrder.js"
import { besideOf, isReversal } from "./Reversal.js"

/** The form of a path that makes it a migration. */
type Form = "file" | "pair" | "up" | "folder"

/** The tools that write files of a form. */
const toolsOf: Readonly<Record<Form, string>> = {
  file: "plain files",
  pair: "golang-migrate and sqlx (x.up.sql)",
  up: "diesel and Hasura (x/up.sql)",
  folder: "Prisma and Drizzle (x/migration.sql)"
}

interface Named extends Chosen {
  readonly form: Form
}

/** The layouts whose forms occur in a listing. @since 0.1.0 @category queries */
export const layoutsOf = (listing: Listing): ReadonlyArray<string> =>
  [...new Set(namedIn(listing)[1].map(({ form }) => form))].map((form) => toolsOf[form])

/** @since 0.1.0 @category operations */
export const arrange = (listing: Listing, order: Option.Option<NameOrder>): Either.Either<Arrangement, ArrangeError> =>
  Either.gen(function* () {
    yield* checkProvider(listing)
    const [passedOver, named] = namedIn(listing)
    const isSummed = AtlasSum.isIn(listing)
    const sorted = yield* isSummed ? Either.right(ordered(named, "text")) : sort(listing, named, order)
    const all = yield* Either.all(sorted.map((one) => entryOf(listing, one, isSummed)))
    const warnings = textOrderWarnings(listing, named, order)
    if (!isSummed) return { layout: layoutsOf(listing)[0] ?? toolsOf.file, entries: all, passedOver, warnings }
    const [checkpoints, entries] = Arr.partitionMap(yield* AtlasSum.checked(listing, all), withoutCheckpoint)
    return { layout: "Atlas", entries, passedOver: [...passedOver, ...checkpoints], warnings: [] }
  })

/** Atlas writes a checkpoint so that an empty database can skip the migrations before it. */
const withoutCheckpoint = (entry: Entry, index: number): Either.Either<Entry, PassedOver> =>
  index > 0 && /^--\s*atlas:checkpoint\b/m.test(entry.text)
    ? Either.left({ path: entry.path, reason: "it stands for the migrations before it", kind: "undo" })
    : Either.right(entry)

const namedIn = (listing: Listing): [Array<PassedOver>, Array<Named>] => {
  const beside = besideOf(listing.paths)
  return Arr.partitionMap(listing.paths, (path) => namedFrom(path, (one) => isReversal(one, beside)))
}

const namedFrom = (path: string, undoes: (path: string) => boolean): Either.Either<Named, PassedOver> => {
  const [first = "", second, third] = path.split("/")
  const isSql = /\.sql$/i.test(path) && !path.startsWith(".") && !baseName(path).startsWith(".")
  if (!isSql) return Either.left(passOver(path, ""))
  if (undoes(path)) return Either.left({ path, reason: "it undoes a migration", kind: "undo" })
  if (second === undefined) {
    return /\.up\.sql$/i.test(first)
      ? Either.right({ id: withoutEnding(first).slice(0, -".up".length), path, form: "pair" })
      : Either.right({ id: withoutEnding(first), path, form: "file" })
  }
  if (third === undefined && /^migration\.sql$/i.test(second)) return Either.right({ id: first, path, form: "folder" })
  if (third === undefined && /^up\.sql$/i.test(second)) return Either.right({ id: first, path, form: "up" })
  return Either.left(passOver(path, "it lies in a subfolder that no known layout has"))
}

/** The option, or the order of the tool where the files show which tool it is, or the order that names have by themselves. */
const sort = (
  listing: Listing,
  named: ReadonlyArray<Named>,
  order: Option.Option<NameOrder>
): Either.Either<ReadonlyArray<Named>, AmbiguousOrder> => {
  if (Option.isSome(order)) return Either.right(ordered(named, order.value))
  const areAll = (form: Form, pattern: RegExp) => named.every((one) => one.form === form && pattern.test(one.id))
  if (isOrderedAsText(listing, named)) return Either.right(ordered(named, "text"))
  if (areAll("pair", /^\d+_/) || areAll("file", /^\d+\.do\./)) return Either.right(numbered(named))
  return Either.mapLeft(
    undecided(named),
    ([natural, text]) =>
      new AmbiguousOrder({
        files: [listing.nameOf(natural.path), listing.nameOf(text.path)],
        ids: [natural.id, text.id]
      })
  )
}

/** Prisma, Drizzle and diesel sort as text. Diesel is known by a file that Hasura does not write. */
const isOrderedAsText = ({ paths }: Listing, named: ReadonlyArray<Named>): boolean =>
  named.every(({ form }) => form === "folder") ||
  (named.every(({ form }) => form === "up") &&
    paths.some((path) => /^[^/]+\/metadata\.toml$|^0+_diesel_initial_setup\//.test(path)))

/** Warns if no file proves that the folders are those of Prisma or Drizzle, and the numbers of their names contradict text order. */
const textOrderWarnings = (
  listing: Listing,
  named: ReadonlyArray<Named>,
  order: Option.Option<NameOrder>
): ReadonlyArray<string> => {
  const isProved = listing.paths.some((path) => path === lockFile || /^[^/]+\/snapshot\.json$/.test(path))
  if (Option.isSome(order) || isProved || !named.every(({ form }) => form === "folder")) return []
  return Either.match(undecided(named), {
    onLeft: ([natural, text]) => [
      `${listing.nameOf(text.path)} comes before ${listing.nameOf(natural.path)}, in text order, as in Prisma and Drizzle. For the order of the numbers, use { order: "natural" }, or --order natural on the command line.`
    ],
    onRight: () => []
  })
}

const lockFile = "migration_lock.toml"

/** Prisma's `migration_lock.toml` names the database that the migrations were written for. */
const checkProvider = (listing: Listing): Either.Either<void, ArrangeError> => {
  if (!listing.paths.includes(lockFile)) return Either.right(undefined)
  return Either.flatMap(listing.text(lockFile), (text) => {
    const lines = linesOf(text).map((line) => /^\s*provider\s*=\s*"([^"]*)"/.exec(line)?.[1])
    const at = lines.findIndex(
      (provider) => provider !== undefined && !/^(?:postgres(?:ql)?|cockroachdb)$/.test(provider)
    )
    return at === -1
      ? Either.right(undefined)
      : invalid("Prisma", listing, lockFile)(
          at + 1,
          `its migrations are for ${lines[at]}`,
          "Name the folder of the migrations for PostgreSQL."
        )
  })
}

const entryOf = (listing: Listing, named: Named, isSummed: boolean): Either.Either<Entry, ArrangeError> =>
  Either.gen(function* () {
    const { form, ...chosen } = named
    const entry = yield* read(listing)(chosen)
    const isOutside =
      form === "up"
        ? yield* runsOutside(listing, `${folderOf(named.path)}metadata.toml`)
        : /^\uFEFF?-- no-transaction/.test(entry.text) || (isSummed && atlasOutside.test(entry.text))
    return isOutside ? { ...entry, transaction: "none" } : entry
  })

const atlasOutside = /^--\s*atlas:txmode\s+none\b/m

/** Reads diesel's `metadata.toml` beside an `up.sql`. */
const runsOutside = (listing: Listing, path: string): Either.Either<boolean, ArrangeError> => {
  if (!listing.paths.includes(path)) return Either.right(false)
  return Either.flatMap(listing.text(path), (text) => {
    const values = linesOf(text).map((line) => /^\s*run_in_transaction\s*=\s*([^#]*)/.exec(line)?.[1]?.trim())
    const at = values.findIndex((value) => value !== undefined)
    const value = values[at]
    return value === undefined || value === "true" || value === "false"
      ? Either.right(value === "false")
      : invalid("diesel", listing, path)(
          at + 1,
          `run_in_transaction does not take ${value}`,
          "Write true or false, or remove the line."
        )
  })
}
