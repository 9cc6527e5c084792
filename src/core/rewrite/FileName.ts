/**
 * Names for the files that a rewriting adds behind its original: by the folder's own convention, before the next file.
 *
 * **Laws**
 *
 * 1. The ids come after that of the original and before that of the next file, in natural order.
 * 2. Numbers keep their width.
 *
 * @since 0.1.0
 * @internal
 */
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { baseName, folderOf, withoutEnding } from "../layout/Listing.js"
import { Order } from "../model/MigrationId.js"

/** The place of the original in its folder. @since 0.1.0 @category models */
export interface Place {
  /** `migrations/005_users.sql` or `migrations/005_users/migration.sql` */
  readonly path: string
  readonly id: string
  /** The id of the next migration. */
  readonly next: Option.Option<string>
  /** See `Arrangement.layout`. */
  readonly layout: string
}

/**
 * The paths of the added files, one for each slug. Fails with a sentence where the layout has no such names, or where
 * there is no room before the next file.
 *
 * @since 0.1.0
 * @category operations
 */
export const added = (place: Place, slugs: ReadonlyArray<string>): Either.Either<ReadonlyArray<string>, string> => {
  const ways = waysOf(place.layout)
  if (ways.length === 0)
    return Either.left(
      `The folder is that of ${place.layout}, which keeps a list of its files or their pairs: add the files with that tool.`
    )
  const fitting = Option.firstSomeOf(
    ways.map((way) =>
      Option.filter(
        Option.some(slugs.flatMap((slug, index) => Option.toArray(way(place.id, index + 1, slug)))),
        (ids) => ids.length === slugs.length && isBetween(place, ids)
      )
    )
  )
  return Either.map(
    Either.fromOption(
      fitting,
      () =>
        `There is no room for ${slugs.length} more between ${place.id} and ${Option.getOrElse(place.next, () => "the end")}: rename one of the two.`
    ),
    (ids) => ids.map((id) => pathOf(place, id))
  )
}

/** An id of the nth file behind another one. */
type Way = (id: string, nth: number, slug: string) => Option.Option<string>

const waysOf = (layout: string): ReadonlyArray<Way> => {
  switch (layout) {
    case "Flyway":
      return [flyway]
    case "plain files":
    case "Prisma and Drizzle (x/migration.sql)":
      return [byNumber, bySuffix]
    default:
      return []
  }
}

const flyway: Way = (id, nth, slug) =>
  Option.map(
    Option.fromNullable(/^(V[\d._]*?\d)__(.*)$/.exec(id)),
    ([, version, name]) => `${version}.${nth}__${name}_${slug}`
  )

/** The numbers that follow that of the original. */
const byNumber: Way = (id, nth, slug) =>
  Option.filterMap(Option.fromNullable(/^(\d+)(\D.*)?$/.exec(id)), ([, digits = "", rest = ""]) => {
    const number = String(BigInt(digits) + BigInt(nth)).padStart(digits.length, "0")
    return number.length === digits.length
      ? Option.some(`${number}${rest === "" ? "_" : `${rest}_`}${slug}`)
      : Option.none()
  })

/** The original's own id, with a number behind it. */
const bySuffix: Way = (id, nth, slug) => Option.some(`${id}_${String(nth + 1).padStart(2, "0")}_${slug}`)

/** Whether each id comes after the one before it. */
const isBetween = ({ id, next }: Place, ids: ReadonlyArray<string>): boolean => {
  const all = [id, ...ids, ...Option.toArray(next)]
  return Arr.zip(all, all.slice(1)).every(([one, other]) => Order(one, other) < 0) && !sharesNumber(ids, next)
}

/** A number that two files share says no order to other tools. */
const sharesNumber = (ids: ReadonlyArray<string>, next: Option.Option<string>): boolean =>
  Option.exists(next, (other) => ids.some((id) => numberOf(id) !== "" && numberOf(id) === numberOf(other)))

const numberOf = (id: string): string => /^\d*/.exec(id)?.[0] ?? ""

const pathOf = ({ path }: Place, id: string): string => {
  const folder = folderOf(path)
  return /^migration\.sql$/i.test(baseName(path))
    ? `${folderOf(folder.slice(0, -1))}${id}/${baseName(path)}`
    : `${folder}${id}${baseName(path).slice(withoutEnding(baseName(path)).length)}`
}
