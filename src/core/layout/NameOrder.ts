/**
 * The order of migrations whose names decide it. Natural order compares runs of digits as numbers (`9_users`, `10_orders`), text
 * order compares character by character (`10_orders`, `9_users`). Where numbers make the two differ, an option has to say which is meant;
 * where other characters do (`1_b`, `1.a`), natural order holds. Timestamps
 * of several lengths side by side, such as dates of 8 digits beside 14 digits, are the exception: their text order is that of time.
 *
 * **Laws**
 *
 * 1. What is ordered is a permutation of what is given.
 * 2. Ids that are all padded to one width come in the same order by number, as text, and undecided.
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

/** What is ordered, and how errors name it. @since 0.1.0 @category models */
export interface Named {
  readonly id: string
  readonly path: string
}

/** Stand in one order by number and in the other as text. @since 0.1.0 @category models */
export type Contradiction<A> = readonly [firstByNumber: A, firstAsText: A]

const byPath: Order.Order<Named> = Order.mapInput(Order.string, (named: Named) => named.path)

const natural: Order.Order<Named> = Order.combine(
  Order.mapInput(MigrationId.Order, (named: Named) => named.id),
  byPath
)

const text: Order.Order<Named> = Order.combine(
  Order.mapInput(Order.string, (named: Named) => named.id),
  byPath
)

/** @since 0.1.0 @category operations */
export const ordered = <A extends Named>(items: ReadonlyArray<A>, order: NameOrder): ReadonlyArray<A> =>
  Arr.sort(items, order === "natural" ? natural : text)

/**
 * Natural order where no number says otherwise as text, text order where only timestamps do; else two that contradict.
 *
 * @since 0.1.0
 * @category operations
 */
export const undecided = <A extends Named>(
  items: ReadonlyArray<A>
): Either.Either<ReadonlyArray<A>, Contradiction<A>> => {
  if (Option.isNone(contradictionIn(items))) return Either.right(ordered(items, "natural"))
  const lengths = new Set(items.map(({ id }) => stampOf(id)))
  const contradiction = Arr.findFirst(lengths, (length) =>
    contradictionIn(items.filter(({ id }) => [undefined, length].includes(stampOf(id))))
  )
  return Option.match(contradiction, {
    onNone: () => Either.right(ordered(items, "text")),
    onSome: Either.left
  })
}

/**
 * By number, as tools do that read the digits in front as a number; but timestamps of several lengths as text.
 *
 * @since 0.1.0
 * @category operations
 */
export const numbered = <A extends Named>(items: ReadonlyArray<A>): ReadonlyArray<A> =>
  Either.getOrElse(undecided(items), () => ordered(items, "natural"))

/** In natural order the first that stands behind one which its text comes before, with the nearest such one. */
const contradictionIn = <A extends Named>(items: ReadonlyArray<A>): Option.Option<Contradiction<A>> => {
  const byNumber = ordered(items, "natural")
  if (byNumber.every(({ id }, index) => id >= (byNumber[index - 1]?.id ?? ""))) return Option.none()
  for (const [index, item] of byNumber.entries()) {
    const before = Arr.findLast(byNumber.slice(0, index), ({ id }) => id > item.id && differInNumber(id, item.id))
    if (Option.isSome(before)) return Option.some([before.value, item])
  }
  return Option.none()
}

/** Whether what first tells two ids apart is a run of digits in both: `1.a` and `1_b` are told apart by other characters. */
const differInNumber = (self: string, that: string): boolean => {
  const parts = partsOf(self)
  const others = partsOf(that)
  const at = parts.findIndex((part, index) => part !== others[index])
  return [parts[at], others[at]].every((part) => part !== undefined && /^\d/.test(part))
}

const partsOf = (id: string): ReadonlyArray<string> => id.match(/\d+|\D/g) ?? []

/** The number of digits of a date that an id begins with, or of a date and a time down to hours, minutes, seconds or milliseconds. */
const stampOf = (id: string): number | undefined => {
  const [digits = ""] = /^\d*/.exec(id) ?? []
  return /^(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:(?:[01]\d|2[0-3])(?:[0-5]\d){0,2}|\d{9})?$/.test(
    digits
  )
    ? digits.length
    : undefined
}
