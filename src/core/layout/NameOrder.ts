/**
 * Orders migrations by their names. Natural order compares runs of digits as numbers (`9_users`, `10_orders`); text order compares
 * character by character (`10_orders`, `9_users`). If numbers make the two differ, an option has to decide; if other characters do
 * (`1_b`, `1.a`), natural order holds. Timestamps of several lengths, such as dates of 8 digits beside 14 digits, are in text order,
 * which is their order in time.
 *
 * **Laws**
 *
 * 1. The result of each order is a permutation of its input.
 * 2. Ids whose numbers are padded to one width have the same order as `"natural"`, as `"text"` and by `undecided`.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Order from "effect/Order"
import * as MigrationId from "../model/MigrationId.js"

/** @since 0.1.0 @category models */
export type NameOrder = "natural" | "text"

/** A name to put in order, and the path that errors name. @since 0.1.0 @category models */
export interface Item {
  readonly id: string
  readonly path: string
}

/** Two names whose numbers give one order and whose texts give the other. @since 0.1.0 @category models */
export type Contradiction<A> = readonly [firstByNumber: A, firstAsText: A]

const byPath: Order.Order<Item> = Order.mapInput(Order.string, (item: Item) => item.path)

const natural: Order.Order<Item> = Order.combine(
  Order.mapInput(MigrationId.Order, (item: Item) => item.id),
  byPath
)

const text: Order.Order<Item> = Order.combine(
  Order.mapInput(Order.string, (item: Item) => item.id),
  byPath
)

/** @since 0.1.0 @category operations */
export const ordered = <A extends Item>(items: ReadonlyArray<A>, order: NameOrder): ReadonlyArray<A> =>
  Arr.sort(items, order === "natural" ? natural : text)

/**
 * Natural order, unless numbers contradict text order. If all of these numbers are timestamps, it is text order; else it fails with
 * two names that contradict.
 *
 * @since 0.1.0
 * @category operations
 */
export const undecided = <A extends Item>(
  items: ReadonlyArray<A>
): Either.Either<ReadonlyArray<A>, Contradiction<A>> => {
  if (Option.isNone(contradictionIn(items))) return Either.right(ordered(items, "natural"))
  const lengths = new Set(items.map(({ id }) => timestampLength(id)))
  const contradiction = Arr.findFirst(lengths, (length) =>
    contradictionIn(items.filter(({ id }) => [undefined, length].includes(timestampLength(id))))
  )
  return Option.match(contradiction, {
    onNone: () => Either.right(ordered(items, "text")),
    onSome: Either.left
  })
}

/**
 * Natural order, for tools that read the leading digits as a number; text order for timestamps of several lengths.
 *
 * @since 0.1.0
 * @category operations
 */
export const numbered = <A extends Item>(items: ReadonlyArray<A>): ReadonlyArray<A> =>
  Either.getOrElse(undecided(items), () => ordered(items, "natural"))

/** The first name in natural order whose text sorts before that of an earlier name, with the nearest such earlier name. */
const contradictionIn = <A extends Item>(items: ReadonlyArray<A>): Option.Option<Contradiction<A>> => {
  const byNumber = ordered(items, "natural")
  if (byNumber.every(({ id }, index) => id >= (byNumber[index - 1]?.id ?? ""))) return Option.none()
  for (const [index, item] of byNumber.entries()) {
    const before = Arr.findLast(byNumber.slice(0, index), ({ id }) => id > item.id && differInNumber(id, item.id))
    if (Option.isSome(before)) return Option.some([before.value, item])
  }
  return Option.none()
}

/** Whether the first difference of two ids is a run of digits in both. `1.a` and `1_b` differ first in other characters. */
const differInNumber = (self: string, that: string): boolean => {
  const parts = partsOf(self)
  const others = partsOf(that)
  const at = parts.findIndex((part, index) => part !== others[index])
  return [parts[at], others[at]].every((part) => part !== undefined && /^\d/.test(part))
}

const partsOf = (id: string): ReadonlyArray<string> => id.match(/\d+|\D/g) ?? []

/** The number of digits of the timestamp that an id begins with: a date, or a date and a time to the hour or finer. */
const timestampLength = (id: string): number | undefined => {
  const [digits = ""] = /^\d*/.exec(id) ?? []
  return /^(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:(?:[01]\d|2[0-3])(?:[0-5]\d){0,2}|\d{9})?$/.test(
    digits
  )
    ? digits.length
    : undefined
}
