/**
 * Reads a folder of Drizzle's. `meta/_journal.json` lists the migrations in their order; a file that it does not list is not a
 * migration. The marks between statements, `--> statement-breakpoint`, are comments to the server. Drizzle's newer layout has a
 * folder for each migration and no journal; it is recognised together with Prisma's.
 *
 * @internal
 */
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { type ArrangeError, type Arrangement, invalid, type Listing, passOver, read } from "./Listing.js"

const journalFile = "meta/_journal.json"
const layout = "Drizzle"

const Journal = Schema.parseJson(
  Schema.Struct({
    dialect: Schema.optional(Schema.String),
    entries: Schema.Array(Schema.Struct({ tag: Schema.String }))
  })
)

/** @since 0.1.0 @category predicates */
export const matches = ({ paths }: Listing): boolean => paths.includes(journalFile)

/** @since 0.1.0 @category operations */
export const arrange = (listing: Listing): Either.Either<Arrangement, ArrangeError> =>
  Either.gen(function* () {
    const fail = invalid(layout, listing, journalFile)
    const text = yield* listing.text(journalFile)
    const { dialect = "postgresql", entries } = yield* Either.orElse(Schema.decodeUnknownEither(Journal)(text), () =>
      fail(1, "it is not a Drizzle journal", "Restore it, or generate it again with drizzle-kit.")
    )
    if (!["postgresql", "pg"].includes(dialect)) {
      return yield* fail(1, `its migrations are for ${dialect}`, "Name the folder of the migrations for PostgreSQL.")
    }
    const readEntry = read(listing)
    const chosen = yield* Either.all(entries.map(({ tag }) => readEntry({ id: tag, path: `${tag}.sql` })))
    const taken = new Set(chosen.map(({ path }) => path))
    return {
      layout,
      entries: chosen,
      passedOver: listing.paths
        .filter((path) => !taken.has(path))
        .map((path) => passOver(path, `${journalFile} does not list it`)),
      warnings: []
    }
  })
