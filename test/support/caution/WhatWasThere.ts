/**
 * What the tables of a database hold, and what of it is gone or changed later. New tables, columns and rows are no difference.
 *
 * A table is known by its oid, a column by its name, a row by its text. A table shows the rows of its partitions and its
 * inheritance children as well, so that a child that leaves counts as rows that are gone.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Rows } from "../server/Database.js"

const Listed = Schema.Array(
  Schema.Struct({ oid: Schema.Number, name: Schema.String, columns: Schema.Array(Schema.String) })
)

const Row = Schema.Array(Schema.Struct({ oid: Schema.Number, row: Schema.String }))

export interface Table {
  readonly oid: number
  readonly name: string
  /** Quoted where that is needed. */
  readonly columns: ReadonlyArray<string>
  readonly rows: ReadonlyArray<string>
}

const listing = `SELECT c.oid::int AS oid, format('%I.%I', n.nspname, c.relname) AS name,
    ARRAY(SELECT quote_ident(attname) FROM pg_attribute
      WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum) AS columns
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'auto_migration')
  ORDER BY 2`

/** Asks as a user whom row security hides nothing from. */
type Ask = (text: string) => Effect.Effect<Rows>

const tables = (ask: Ask) => Effect.map(ask(listing), Schema.decodeUnknownSync(Listed))

type Shown = Pick<Table, "columns" | "name" | "oid">

const rowsOf = (ask: Ask, shown: ReadonlyArray<Shown>) =>
  shown.length === 0
    ? Effect.succeed<typeof Row.Type>([])
    : Effect.map(
        ask(
          shown
            .map(
              ({ columns, name, oid }) => `SELECT ${oid} AS oid, ROW(${columns.join(", ")})::text AS row FROM ${name}`
            )
            .join(" UNION ALL ")
        ),
        Schema.decodeUnknownSync(Row)
      )

export const look = (ask: Ask): Effect.Effect<ReadonlyArray<Table>> =>
  Effect.gen(function* () {
    const listed = yield* tables(ask)
    const rows = yield* rowsOf(ask, listed)
    return listed.map((table) => ({
      ...table,
      rows: rows.filter(({ oid }) => oid === table.oid).map(({ row }) => row)
    }))
  })

/** One line for each table, column and row that was there and is not there unchanged. */
export const losses = (ask: Ask, before: ReadonlyArray<Table>): Effect.Effect<ReadonlyArray<string>> =>
  Effect.gen(function* () {
    const now = new Map((yield* tables(ask)).map((table) => [table.oid, table]))
    const comparable: Array<Shown> = []
    const lines = before.flatMap(({ columns, name, oid }) => {
      const found = now.get(oid)
      if (found === undefined) return [`the table ${name} is gone`]
      const gone = columns.filter((column) => !found.columns.includes(column))
      if (gone.length === 0) comparable.push({ oid, name: found.name, columns })
      return [
        ...(found.name === name ? [] : [`the table ${name} is called ${found.name}`]),
        ...gone.map((column) => `the column ${name}.${column} is gone`)
      ]
    })
    const left = yield* rowsOf(ask, comparable)
    const isComparable = new Set(comparable.map(({ oid }) => oid))
    return [...lines, ...before.filter(({ oid }) => isComparable.has(oid)).flatMap((table) => missingFrom(left, table))]
  })

/** Rows that were there as often as they were, and are not. */
const missingFrom = (left: typeof Row.Type, { name, oid, rows }: Table): ReadonlyArray<string> => {
  const found = left.filter((row) => row.oid === oid).map(({ row }) => row)
  return rows.flatMap((row) => {
    const place = found.indexOf(row)
    if (place !== -1) found.splice(place, 1)
    return place === -1 ? [`${name} has no longer ${row}`] : []
  })
}
