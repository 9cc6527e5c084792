/**
 * Recognises a folder by its layout and puts its migrations in the order of the tool that wrote it. A file of the tool's own that
 * lists the migrations decides first, then names that only one tool has, then names that several have.
 *
 * **Laws**
 *
 * 1. Every path of a listing is a migration or passed over for a reason, and never both.
 * 2. The migrations do not depend on the order in which the paths are given.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import type * as Option from "effect/Option"
import { listed, NothingToApply } from "../error/MigrationDefinitionError.js"
import * as Drizzle from "./Drizzle.js"
import * as Flyway from "./Flyway.js"
import * as Graphile from "./Graphile.js"
import * as Liquibase from "./Liquibase.js"
import type { ArrangeError, Arrangement, Listing, PassedOver } from "./Listing.js"
import * as Named from "./Named.js"
import type { NameOrder } from "./NameOrder.js"
import * as Sqitch from "./Sqitch.js"

/**
 * The paths come back as the listing calls them. Fails where a file of the layout is wrong, where nothing says in which order names
 * are meant, and where files were passed over and nothing is left.
 *
 * @since 0.1.0
 * @category operations
 */
export const arrange = (listing: Listing, order: Option.Option<NameOrder>): Either.Either<Arrangement, ArrangeError> =>
  Either.gen(function* () {
    yield* Liquibase.refused(listing)
    const own = tools.find(({ matches }) => matches(listing))
    const arrangement = yield* own === undefined ? Named.arrange(listing, order) : own.arrange(listing)
    yield* unlessEmpty(listing, arrangement)
    const name = <A extends { readonly path: string }>(file: A): A => ({ ...file, path: listing.nameOf(file.path) })
    return {
      layout: arrangement.layout,
      entries: arrangement.entries.map(name),
      passedOver: arrangement.passedOver.map(name),
      warnings: [...arrangement.warnings, ...warningsOf(listing, arrangement)]
    }
  })

/** Whether a layout, or the refusal of one, may ask for the text of a path. @since 0.1.0 @category predicates */
export const isRead = (path: string): boolean =>
  /\.sql$|\.sql\.conf$|(?:^|\/)(?:metadata|migration_lock)\.toml$|^atlas\.sum$|^sqitch\.plan$|^meta\/_journal\.json$/i.test(
    path
  ) || Liquibase.mayBeChangelog(path)

interface Tool {
  readonly name: string
  readonly matches: (listing: Listing) => boolean
  readonly arrange: (listing: Listing) => Either.Either<Arrangement, ArrangeError>
}

const tools: ReadonlyArray<Tool> = [
  { name: "Sqitch", matches: Sqitch.matches, arrange: Sqitch.arrange },
  { name: "Drizzle", matches: Drizzle.matches, arrange: Drizzle.arrange },
  { name: "graphile-migrate", matches: Graphile.matches, arrange: Graphile.arrange },
  { name: "Flyway", matches: Flyway.matches, arrange: Flyway.arrange }
]

const named = (listing: Listing, files: ReadonlyArray<PassedOver>) =>
  files.map(({ path, reason }) => ({ path: listing.nameOf(path), reason }))

const unlessEmpty = (listing: Listing, { entries, passedOver }: Arrangement): Either.Either<void, NothingToApply> => {
  const missed = passedOver.filter(({ kind }) => kind !== "companion")
  return entries.length > 0 || missed.length === 0
    ? Either.right(undefined)
    : Either.left(new NothingToApply({ folder: listing.nameOf(""), passedOver: named(listing, missed) }))
}

/** What fits two layouts is read as one of them; a file that none explains may be a migration that is missed. */
const warningsOf = (listing: Listing, { entries, layout, passedOver }: Arrangement): ReadonlyArray<string> => {
  const folder = listing.nameOf("")
  const unexplained = passedOver.filter(({ kind }) => kind === "unexplained")
  const others = tools.filter(({ matches, name }) => name !== layout && matches(listing)).map(({ name }) => name)
  const forms = Named.layoutsOf(listing)
  const isOwn = tools.some(({ name }) => name === layout)
  const fits = isOwn ? [layout, ...others] : forms
  const examples = isOwn ? [] : forms.length > 1 ? entries.map(({ path }) => listing.nameOf(path)) : []
  return [
    ...(fits.length > 1 ? [mixed(folder, fits, isOwn ? layout : "all of these", examples)] : []),
    ...(Arr.isNonEmptyReadonlyArray(unexplained)
      ? [
          `${folder} is read as ${layout}, which does not explain these files; they are not run: ${listed(named(listing, unexplained))}. Move them elsewhere, or give them names that this layout has.`
        ]
      : [])
  ]
}

const mixed = (folder: string, fits: ReadonlyArray<string>, taken: string, files: ReadonlyArray<string>): string => {
  const shown = files.length === 0 ? "" : ` (${files.slice(0, 10).join(", ")}${files.length > 10 ? ", …" : ""})`
  return `${folder} fits ${fits.join(" and ")}, and is read as ${taken}${shown}. Keep the migrations of one tool in a folder of their own.`
}
