/**
 * Which of the tables that bear the name of a tool's table are that tool's: told by their columns, and never by the name alone.
 *
 * @internal
 */
import * as Schema from "effect/Schema"
import { quote } from "../model/SchemaObject.js"
import { quoteIdent } from "../sql/QuotedIdentifier.js"
import type { Tool } from "./Tool.js"
import { all } from "./Tools.js"

/**
 * A table as the catalog shows it.
 *
 * @since 0.1.0
 * @category models
 */
export const Sighting = Schema.Struct({
  schema: Schema.String,
  table: Schema.String,
  columns: Schema.Array(Schema.String),
  /** Found by its bare name. */
  isVisible: Schema.Boolean,
  /** `false` for a role without the right, and where row level security may hide rows from it. */
  isReadable: Schema.Boolean
})

/** @since 0.1.0 @category models */
export type Sighting = typeof Sighting.Type

/**
 * What a row of a tool's table says. `below`: this one and all before it are applied. `baseline`: the same, and there need not be a
 * file of that version. `unfinished`: all before it are applied, and this one failed.
 *
 * @since 0.1.0
 * @category models
 */
export const Recorded = Schema.Struct({
  /** `null` where the tool records a hash and no name. */
  name: Schema.NullOr(Schema.String),
  at: Schema.NullOr(Schema.String),
  hash: Schema.NullOr(Schema.String),
  state: Schema.Literal("applied", "failed", "below", "baseline", "unfinished")
})

/** @since 0.1.0 @category models */
export type Recorded = typeof Recorded.Type

/**
 * A tool's table.
 *
 * @since 0.1.0
 * @category models
 */
export interface Recognised {
  readonly tool: Tool
  readonly sighting: Sighting
  /** As a reader may type it: with its schema where the search path does not lead to it. */
  readonly table: string
}

/**
 * The tools whose tables these are, in the order in which tools are tried.
 *
 * @since 0.1.0
 * @category queries
 */
export const recognised = (sightings: ReadonlyArray<Sighting>): ReadonlyArray<Recognised> => {
  const found = sightings.flatMap((sighting) => {
    const tool = all.find((candidate) => isOf(candidate, sighting, sightings))
    return tool === undefined ? [] : [{ tool, sighting, table: nameOf(sighting) }]
  })
  const rank = ({ tool }: Recognised): number => all.indexOf(tool)
  return found.toSorted((self, that) => rank(self) - rank(that))
}

/**
 * The rows of a tool's table, as a query with the columns of {@link Recorded}.
 *
 * @since 0.1.0
 * @category queries
 */
export const rowsOf = ({ sighting, tool }: Recognised): string =>
  tool.rows(`${quote(sighting.schema)}.${quote(sighting.table)}`, new Set(sighting.columns))

const isOf = (
  { beside, columns, isCommonName, schema, table }: Tool,
  sighting: Sighting,
  all: ReadonlyArray<Sighting>
): boolean =>
  sighting.table === table &&
  (schema === undefined || sighting.schema === schema) &&
  columns.every((column) => sighting.columns.includes(column)) &&
  (isCommonName === undefined || sighting.columns.length === columns.length) &&
  (beside === undefined || all.some((other) => other.schema === sighting.schema && other.table === beside))

const nameOf = ({ isVisible, schema, table }: Sighting): string =>
  isVisible ? quoteIdent(table) : `${quoteIdent(schema)}.${quoteIdent(table)}`
