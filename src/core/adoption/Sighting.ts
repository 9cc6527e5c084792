/**
 * Recognises the table of a tool by its name and its columns, never by its name alone.
 *
 * @internal
 */
import * as Schema from "effect/Schema"
import { quote } from "../model/SchemaObject.js"
import { quoteIdent } from "../sql/QuotedIdentifier.js"
import type { Tool } from "./Tool.js"
import { all } from "./Tools.js"

/**
 * A table in the catalog that has the name of a tool's table.
 *
 * @since 0.1.0
 * @category models
 */
export const Sighting = Schema.Struct({
  schema: Schema.String,
  table: Schema.String,
  columns: Schema.Array(Schema.String),
  /** Whether the search path leads to it. */
  isVisible: Schema.Boolean,
  /** `false` if the role may not read it, or if row level security may hide rows from the role. */
  isReadable: Schema.Boolean,
  /** Whether it is a table. A view may read another tool's table under this name. */
  isTable: Schema.Boolean,
  /** `false` if a query on it would run code of the database. */
  isHarmless: Schema.Boolean
})

/** @since 0.1.0 @category models */
export type Sighting = typeof Sighting.Type

/**
 * A row of a tool's table. `below`: this migration and all before it are applied. `baseline`: the same, and this version may have no
 * file. `unfinished`: all before it are applied, and this one failed.
 *
 * @since 0.1.0
 * @category models
 */
export const Recorded = Schema.Struct({
  /** `null` if the tool records only a hash. */
  name: Schema.NullOr(Schema.String),
  at: Schema.NullOr(Schema.String),
  hash: Schema.NullOr(Schema.String),
  state: Schema.Literal("applied", "failed", "below", "baseline", "unfinished")
})

/** @since 0.1.0 @category models */
export type Recorded = typeof Recorded.Type

/**
 * A table that is recognised as a tool's.
 *
 * @since 0.1.0
 * @category models
 */
export interface Recognised {
  readonly tool: Tool
  readonly sighting: Sighting
  /** The name as a user types it, with its schema if the search path does not lead to it. */
  readonly table: string
}

/**
 * The tables that belong to a tool, in the order of the tools.
 *
 * @since 0.1.0
 * @category queries
 */
export const recognised = (sightings: ReadonlyArray<Sighting>): ReadonlyArray<Recognised> => {
  const found = sightings.flatMap((sighting) => {
    const tool = all.find((candidate) => belongsTo(candidate, sighting, sightings))
    return tool === undefined ? [] : [{ tool, sighting, table: nameOf(sighting) }]
  })
  const rank = ({ tool }: Recognised): number => all.indexOf(tool)
  return found.toSorted((self, that) => rank(self) - rank(that))
}

/**
 * The query for the rows of a tool's table, with the columns of {@link Recorded}. A table whose columns differ from the tool's in their
 * case is read under the tool's names.
 *
 * @since 0.1.0
 * @category queries
 */
export const rowsOf = ({ sighting, tool }: Recognised): string => {
  const { columns, schema, table } = sighting
  const names = columns.map((column) => tool.columns.find((one) => isSame(one, column)) ?? column)
  const from = `${quote(schema)}.${quote(table)}`
  const renamed = columns.map((column, place) => `${quote(column)} AS ${quote(names[place] ?? column)}`).join(", ")
  return tool.rows(
    columns.every((column, place) => column === names[place])
      ? `${from} AS t`
      : `(SELECT ${renamed} FROM ${from}) AS t`,
    new Set(names)
  )
}

/** Whether two names differ at most in their case: a tool that quotes names may write them in capitals. */
const isSame = (self: string, that: string): boolean => self.toLowerCase() === that.toLowerCase()

const belongsTo = (
  { beside, columns, isCommonName, schema, table }: Tool,
  sighting: Sighting,
  all: ReadonlyArray<Sighting>
): boolean =>
  isSame(sighting.table, table) &&
  (schema === undefined || sighting.schema === schema) &&
  columns.every((column) => sighting.columns.some((one) => isSame(one, column))) &&
  (isCommonName === undefined || sighting.columns.length === columns.length) &&
  (beside === undefined || all.some((other) => other.schema === sighting.schema && isSame(other.table, beside)))

const nameOf = ({ isVisible, schema, table }: Sighting): string =>
  isVisible ? quoteIdent(table) : `${quoteIdent(schema)}.${quoteIdent(table)}`
