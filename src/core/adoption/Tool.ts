/**
 * What is known of a tool that keeps a table of migrations: by which table and columns it is recognised, what a row means, and which
 * hash of a file it keeps.
 *
 * @internal
 */

/**
 * How a recorded name leads to a file. `name`: the file's name without folders and endings. `number`: the digits at its beginning.
 * `undashed`: the digits and dashes at its beginning, without the dashes. `dotted`: its version, as in `V1.2__users.sql`, or the name
 * where there is no version. `hash`: the file's hash, or the name where the tool records one.
 *
 * @since 0.1.0
 * @category models
 */
export type Naming = "name" | "number" | "undashed" | "dotted" | "hash"

/**
 * What a tool keeps of a file's text, so that an edit shows. `sha256`, `sha384`, `sha1` and `md5` are those of its bytes; `crc32` is of its
 * lines without their ends; `graphile` and `atlas` include the files before it; `statements` is the text itself, statement by statement.
 *
 * @since 0.1.0
 * @category models
 */
export type Keeping = "nothing" | "sha256" | "sha384" | "sha1" | "md5" | "crc32" | "graphile" | "atlas" | "statements"

/**
 * One tool's table.
 *
 * @since 0.1.0
 * @category models
 */
export interface Tool {
  readonly name: string
  readonly table: string
  /** Where the table always stands; by default any schema. */
  readonly schema?: string
  /** Columns without which a table of that name is another one. */
  readonly columns: ReadonlyArray<string>
  /** The name is a common one: a column more makes it another table. */
  readonly isCommonName?: true
  /** Another table in the same schema, without which it is another tool's. */
  readonly beside?: string
  readonly naming: Naming
  readonly keeping: Keeping
  /** The rows that count, in their order, as `name`, `at`, `hash` and `state`. `columns` are those that the table has. */
  readonly rows: (from: string, columns: ReadonlySet<string>) => string
}

/**
 * What the columns of a row are, as expressions, and what follows `FROM`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Columns {
  readonly name: string
  readonly at?: string
  readonly hash?: string
  readonly state?: string
  readonly rest?: string
}

/** `state` is one of those of `Sighting.Recorded`. @since 0.1.0 @category constructors */
export const select =
  ({ at = "NULL", hash = "NULL", name, rest = "", state = "'applied'" }: Columns) =>
  (from: string): string =>
    `SELECT ${name} AS name, ${at} AS at, ${hash} AS hash, ${state} AS state FROM ${from} AS t ${rest}`

/** A state. @since 0.1.0 @category constructors */
export const failedUnless = (condition: string): string => `CASE WHEN ${condition} THEN 'applied' ELSE 'failed' END`

/** By the file's name, and no hash is kept. @since 0.1.0 @category constructors */
export const byName = (time: string, order = "id"): Pick<Tool, "keeping" | "naming" | "rows"> => ({
  naming: "name",
  keeping: "nothing",
  rows: select({ name: "name", at: time, rest: `ORDER BY ${order}` })
})

/** By the digits at the beginning of the file's name, and no hash is kept. @since 0.1.0 @category constructors */
export const byNumber = (rows: Tool["rows"]): Pick<Tool, "keeping" | "naming" | "rows"> => ({
  naming: "number",
  keeping: "nothing",
  rows
})
