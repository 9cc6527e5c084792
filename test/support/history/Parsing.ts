/** The real grammar and the reading built on it, as plain functions. */

import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Footprint from "../../../src/core/migration/Footprint.js"
import * as SchemaObject from "../../../src/core/model/SchemaObject.js"
import type { Parser } from "../../../src/core/sql/ParsedSql.js"
import * as SqlParser from "../../../src/runtime/SqlParser.js"

export const parser: Parser = await Effect.runPromise(Effect.provide(SqlParser.SqlParser, SqlParser.layer))

/** Files called `1.sql`, `2.sql`, … */
export const sourcesOf = (texts: ReadonlyArray<string>): ReadonlyArray<Footprint.Source> =>
  texts.map((text, index) => ({ source: `${index + 1}.sql`, script: { _tag: "Sql", text } }))

/** The footprints of files that are valid SQL. */
export const footprints = (...texts: ReadonlyArray<string>): ReadonlyArray<Footprint.Footprint> =>
  Either.getOrThrowWith(Footprint.inferAll(parser, sourcesOf(texts)), (error) => error)

/** The footprint of the last of these files. */
export const lastFootprint = (...texts: ReadonlyArray<string>): Footprint.Footprint =>
  footprints(...texts).at(-1) ?? Footprint.empty

/** What a footprint says, in words that read well in an assertion. */
export const told = (footprint: Footprint.Footprint) => ({
  provides: footprint.provides.map(SchemaObject.render),
  removes: footprint.removes.map(SchemaObject.render),
  reads: [...footprint.reads].toSorted(),
  writes: [...footprint.writes].toSorted(),
  barriers: footprint.barriers.map(({ reason }) => reason)
})

/** Whether two footprints use a key in one schema, or one of them in any. */
const meet = (one: Footprint.Footprint, other: Footprint.Footprint, key: string): boolean => {
  const [places, others] = [one.places.get(key), other.places.get(key)]
  return places === undefined || others === undefined || [...places].some((schema) => others.has(schema))
}

/**
 * Whether the last of these files must stay behind the one before it: it reads or writes what that one writes, or writes what
 * that one reads, or one of the two is a barrier.
 */
export const staysBehind = (...texts: ReadonlyArray<string>): boolean => {
  const [earlier, later] = footprints(...texts).slice(-2)
  if (earlier === undefined || later === undefined) return false
  const isBarrier = earlier.barriers.length + later.barriers.length > 0
  const touches = ({ reads, writes }: Footprint.Footprint, key: string): boolean => reads.has(key) || writes.has(key)
  const isShared = (key: string): boolean => touches(earlier, key) && touches(later, key) && meet(earlier, later, key)
  return isBarrier || [...earlier.writes, ...later.writes].some(isShared)
}
