/**
 * Parses the names of Flyway's files: a letter, a version, two underscores and a description.
 *
 * ```
 * V1__users.sql  V1.1__email.sql  V2_1__orders.sql   versioned; dots and single underscores separate the numbers of a version
 * U1.1__email.sql                                    undoes version 1.1
 * B2__baseline.sql                                   stands for all versions up to 2, on an empty database
 * R__report.sql                                      repeatable
 * afterMigrate.sql, beforeEachMigrate__x.sql         callbacks
 * ```
 *
 * **Laws**
 *
 * 1. `byVersion` compares number by number and reads a missing number as 0: 1.10 comes after 1.9, and 1 is 1.0.
 *
 * @internal
 */
import * as Order from "effect/Order"
import { baseName } from "./Listing.js"

/** @since 0.1.0 @category models */
export type FlywayName =
  | { readonly kind: "V" | "U" | "B"; readonly version: Version; readonly description: string }
  | { readonly kind: "R"; readonly description: string }
  | { readonly kind: "callback" }

/** The numbers of a version, without leading zeros in a number and without zeros at the end. @since 0.1.0 @category models */
export type Version = ReadonlyArray<string>

/** `undefined` for a name that Flyway does not read. @since 0.1.0 @category operations */
export const parse = (path: string): FlywayName | undefined => {
  const name = baseName(path)
  const [, letter, version = "", description = ""] = /^([VUB])(\d+(?:[._]\d+)*)__(.*)\.sql$/.exec(name) ?? []
  if (letter === "V" || letter === "U" || letter === "B") {
    return { kind: letter, version: versionFrom(version), description }
  }
  const [, repeatable] = /^R__(.*)\.sql$/.exec(name) ?? []
  if (repeatable !== undefined) return { kind: "R", description: repeatable }
  return /^(?:before|after)[A-Z][A-Za-z]*(?:__.*)?\.sql$/.test(name) ? { kind: "callback" } : undefined
}

const versionFrom = (text: string): Version => {
  const numbers = text.split(/[._]/).map((digits) => digits.replace(/^0+(?=\d)/, ""))
  const last = numbers.findLastIndex((digits) => digits !== "0")
  return numbers.slice(0, last + 1)
}

/** @since 0.1.0 @category instances */
export const byVersion: Order.Order<Version> = Order.make((self, that) => {
  for (let at = 0; at < Math.max(self.length, that.length); at++) {
    const order = byNumeral(self[at] ?? "0", that[at] ?? "0")
    if (order !== 0) return order
  }
  return 0
})

/** Compares digits as a number of any length. */
const byNumeral: Order.Order<string> = Order.combine(
  Order.mapInput(Order.number, (digits: string) => digits.length),
  Order.string
)
