/**
 * The migrations of a program that has grown for years: tables that many others point at, columns that come later, indexes, views and
 * functions on top. The same length gives the same files.
 */

/** Numbers that look like chance. */
const chance = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const areas = ["account", "billing", "catalog", "chat", "delivery", "invoice", "media", "report", "search", "stock"]

const parts = ["entry", "event", "item", "label", "link", "note", "plan", "rule", "state", "step", "tag", "task"]

const columns = ["archived_at", "color", "comment", "created_by", "position", "price", "quantity", "slug", "weight"]

interface File {
  readonly name: string
  readonly text: string
}

/** One table, and a reference to an earlier one. */
const tableFile = (table: string, parent: string | undefined): File => ({
  name: `create_${table}`,
  text: [
    `CREATE TABLE ${table} (`,
    "  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,",
    ...(parent === undefined ? [] : [`  parent_id bigint NOT NULL REFERENCES ${parent},`]),
    "  name text NOT NULL,",
    "  created_at timestamptz NOT NULL DEFAULT now()",
    ");"
  ].join("\n")
})

const changeFile = (kind: number, table: string, at: number): File => {
  const column = `${columns[at % columns.length]}_${at}`
  switch (kind) {
    case 0:
      return { name: `${table}_by_name_${at}`, text: `CREATE INDEX ${table}_by_name_${at} ON ${table} (name);` }
    case 1:
      return {
        name: `${table}_view_${at}`,
        text: `CREATE VIEW ${table}_view_${at} AS\nSELECT id, name FROM ${table} WHERE name <> '';`
      }
    case 2:
      return {
        name: `${table}_index_${at}`,
        text: `CREATE INDEX CONCURRENTLY ${table}_index_${at} ON ${table} (created_at);`
      }
    case 3:
      return {
        name: `${table}_drop_${at}`,
        text: `ALTER TABLE ${table} DROP COLUMN created_at;\nALTER TABLE ${table} ADD COLUMN created_at date;`
      }
    default:
      return {
        name: `${table}_${column}`,
        text: `ALTER TABLE ${table} ADD COLUMN ${column} text; -- asked for in ${at}`
      }
  }
}

/** By their ids, in their order. */
export const migrations = (length: number): Readonly<Record<string, string>> => {
  const below = chance(length)
  const tables: Array<string> = []
  const files = Array.from({ length }, (_, at): File => {
    if (tables.length < 3 || below(10) < 3) {
      const table = `${areas[below(areas.length)]}_${parts[below(parts.length)]}_${at}`
      const parent = tables[below(2) === 0 ? below(Math.min(tables.length, 12)) : below(tables.length)]
      tables.push(table)
      return tableFile(table, below(6) === 0 ? undefined : parent)
    }
    return changeFile(below(12), tables[tables.length - 1 - below(Math.min(tables.length, 40))] ?? "", at)
  })
  return Object.fromEntries(files.map(({ name, text }, at) => [`${String(at + 1).padStart(4, "0")}_${name}`, text]))
}
