/**
 * Recognises the layout of a folder and puts its migrations in the order of the tool that wrote it. A file that lists the migrations
 * decides first, then names that only one tool uses, then names that several tools use.
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
 * Arranges a folder. The paths of the result are those of `listing.nameOf`; `order` decides between two orders of names. Fails with
 * `InvalidLayout` for a wrong file of the layout, with `UnsupportedLayout` for Liquibase, with `AmbiguousOrder` for names that have two
 * orders, with `NothingToApply` if files were passed over and no migration is left, and where a listed file is missing or unknown.
 *
 * @since 0.1.0
 * @category operations
 */
export const arrange = (listing: Listing, order: Option.Option<NameOrder>): Either.Either<Arrangement, ArrangeError> =>
  Either.gen(function* () {
    yield* Liquibase.refused(listing)
    const tool = tools.find(({ matches }) => matches(listing))
    const arrangement = yield* tool === undefined ? Named.arrange(listing, order) : tool.arrange(listing)
    yield* failIfEmpty(listing, arrangement)
    const name = <A extends { readonly path: string }>(file: A): A => ({ ...file, path: listing.nameOf(file.path) })
    return {
      layout: arrangement.layout,
      entries: arrangement.entries.map(name),
      passedOver: arrangement.passedOver.map(name),
      warnings: [...arrangement.warnings, ...warningsOf(listing, arrangement)]
    }
  })

/** Whether `arrange` may ask for the text of a path. @since 0.1.0 @category predicates */
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

const failIfEmpty = (listing: Listing, { entries, passedOver }: Arrangement): Either.Either<void, NothingToApply> => {
  const missed = passedOver.filter(({ kind }) => kind !== "companion")
  return entries.length > 0 || missed.length === 0
    ? Either.right(undefined)
    : Either.left(new NothingToApply({ folder: listing.nameOf(""), passedOver: named(listing, missed) }))
}

/** Warns of a folder that fits several layouts, and of files that the layout does not explain. */
const warningsOf = (listing: Listing, { entries, layout, passedOver }: Arrangement): ReadonlyArray<string> => {
  const folder = listing.nameOf("")
  const unexplained = passedOver.filter(({ kind }) => kind === "unexplained")
  const others = tools.filter(({ matches, name }) => name !== layout && matches(listing)).map(({ name }) => name)
  const forms = Named.layoutsOf(listing)
  const isOwn = tools.some(({ name }) => name === layout)
  const fits = isOwn ? [layout, ...others] : forms
  const examples = isOwn ? [] : forms.length > 1 ? entries.map(({ path }) => listing.nameOf(path)) : []
  return [
    ...(fits.length > 1 ? [fitsSeveral(folder, fits, isOwn ? layout : "all of these", examples)] : []),
    ...(Arr.isNonEmptyReadonlyArray(unexplained)
      ? [
          `${folder} is read as ${layout}, which has no such files; they are not run: ${listed(named(listing, unexplained))}. Move them elsewhere, or give them names of this layout.`
        ]
      : [])
  ]
}

const fitsSeveral = (
  folder: string,
  fits: ReadonlyArray<string>,
  taken: string,
  files: ReadonlyArray<string>
): string => {
  const shown = files.length === 0 ? "" : ` (${files.slice(0, 10).join(", ")}${files.length > 10 ? ", …" : ""})`
  return `${folder} fits ${fits.join(" and ")}, and is read as ${taken}${shown}. Keep the migrations of one tool in a folder of their own.`
}
