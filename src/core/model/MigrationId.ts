/**
 * The id of a migration, and the natural order of ids.
 *
 * **Laws**
 *
 * 1. `Order` is total: two ids are equal only when they are the same text.
 * 2. `Order` is natural: of two ids that differ only in one run of digits, the one with the smaller number comes first.
 *
 * @internal
 */
import * as Ordering from "effect/Order"
import * as Schema from "effect/Schema"
import { byteLength } from "../text/Utf8.js"

/** The server refuses an event with a longer id, since each process reads it. */
const maxBytes = 1024

/**
 * The id of a migration. Defaults to the file's name without its ending. An empty text, white space at an end and a
 * control character are refused, because such an id cannot be typed into a directive or a command. Half of a surrogate
 * pair is refused, because the server stores another character for it and the ledger then never shows the migration as
 * applied. An id has at most 1,024 bytes.
 *
 * @since 0.1.0
 * @category models
 */
export const MigrationId = Schema.NonEmptyTrimmedString.pipe(
  Schema.pattern(/^[^\p{Cc}\p{Cs}]*$/u, {
    message: () => "an id cannot hold a control character or half of a surrogate pair"
  }),
  Schema.filter((id) => byteLength(id) <= maxBytes, { message: () => `an id has at most ${maxBytes} bytes` }),
  Schema.brand("effect-auto-migration/MigrationId")
)

/** @since 0.1.0 @category models */
export type MigrationId = typeof MigrationId.Type

/**
 * An id as the ledger has recorded it. A writer of the ledger could record any text until the server refused what
 * {@link MigrationId} refuses: such an id is no migration's, and a reader goes on.
 *
 * @since 0.1.0
 * @category models
 */
export const RecordedId = Schema.String.pipe(Schema.brand("effect-auto-migration/MigrationId"))

/**
 * The natural order of ids: `9_users` comes before `10_orders`, because runs of digits compare as numbers. Other
 * characters compare by UTF-16 code units, except that an underscore comes first: `V1__a` comes before `V1.1__b`.
 *
 * @example
 * import * as Migration from "effect-auto-migration/Migration"
 *
 * const ids = ["10_orders", "9_users", "V1.1__b", "V1__a"]
 * ids.sort(Migration.Order) // ["9_users", "10_orders", "V1__a", "V1.1__b"]
 *
 * @since 0.1.0
 * @category instances
 */
export const Order: Ordering.Order<string> = Ordering.make((self, that) => {
  const natural = compareNaturally(self, that)
  return natural === 0 ? Ordering.string(self, that) : natural
})

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39

const underscore = 0x5f

const weight = (code: number): number => (code === underscore ? -1 : code)

/** Answers 0 for ids that differ only in leading zeros. */
const compareNaturally = (self: string, that: string): -1 | 0 | 1 => {
  let i = 0
  let j = 0
  while (i < self.length && j < that.length) {
    const a = self.charCodeAt(i)
    const b = that.charCodeAt(j)
    if (isDigit(a) && isDigit(b)) {
      const left = digitsFrom(self, i)
      const right = digitsFrom(that, j)
      const order = compareNumerals(self.slice(left.start, left.end), that.slice(right.start, right.end))
      if (order !== 0) return order
      i = left.end
      j = right.end
    } else {
      if (a !== b) return weight(a) < weight(b) ? -1 : 1
      i++
      j++
    }
  }
  return i < self.length ? 1 : j < that.length ? -1 : 0
}

/** The offsets of a run of digits without its leading zeros, end exclusive. */
const digitsFrom = (text: string, at: number): { readonly start: number; readonly end: number } => {
  let end = at
  while (end < text.length && isDigit(text.charCodeAt(end))) end++
  let start = at
  while (start < end && text.charCodeAt(start) === 0x30) start++
  return { start, end }
}

/** Compares as text, because a timestamp with a suffix does not fit into a number. */
const compareNumerals = (self: string, that: string): -1 | 0 | 1 =>
  self.length === that.length ? Ordering.string(self, that) : self.length < that.length ? -1 : 1
