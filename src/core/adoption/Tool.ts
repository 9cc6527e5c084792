/**
 * Describes a tool that keeps a table of migrations: the table and columns that show the tool, the meaning of a row, and the hash of a
 * file that it keeps.
 *
 * @internal
 */

/**
 * The part of a file's name that a tool records. `name`: the name without folders and endings. `number`: the digits at its beginning.
 * `undashed`: the digits and dashes at its beginning, without the dashes. `dotted`: its version, as in `V1.2__users.sql`, or the name
 * if it has no version. `hash`: the file's hash instead of a name, or the name if the tool records one.
 *
 * @since 0.1.0
 * @category models
 */
export type Naming = "name" | "number" | "undashed" | "dotted" | "hash"

/**
 * The record of a file's text that a tool keeps, so that an edit shows. `sha256`, `sha384`, `sha1` and `md5` are hashes of its bytes.
 * `crc32` is one of its lines without their ends. `graphile` and `atlas` are hashes that include the files before it. `statements` is the
 * text itself, statement by statement.
 *
 * @since 0.1.0
 * @category models
 */
export type Keeping = "nothing" | "sha256" | "sha384" | "sha1" | "md5" | "crc32" | "graphile" | "atlas" | "statements"

/**
 * A tool and its table.
 *
 * @since 0.1.0
 * @category models
 */
export interface Tool {
  readonly name: string
  readonly table: string
  /** The schema of the table. Defaults to any schema. */
  readonly schema?: string
  /** The table has all of these columns, in any case of letters. */
  readonly columns: ReadonlyArray<string>
  /** Tables of programs have this name as well, so the table must have no other columns. */
  readonly isCommonName?: true
  /** Another table that the tool keeps in the same schema. */
  readonly beside?: string
  readonly naming: Naming
  readonly keeping: Keeping
  /**
   * The query for the rows that count, in order, as `name`, `at`, `hash` and `state`. `from` ends in the alias `t`. `columns` are those of
   * the actual table.
   */
  readonly rows: (from: string, columns: ReadonlySet<string>) => string
}

/**
 * SQL expressions for the columns of a row, and the clauses after `FROM`.
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

/** The query for rows of a table. `state` is a state of `Sighting.Recorded`. @since 0.1.0 @category constructors */
export const select =
  ({ at = "NULL", hash = "NULL", name, rest = "", state = "'applied'" }: Columns) =>
  (from: string): string =>
    `SELECT ${name} AS name, ${at} AS at, ${hash} AS hash, ${state} AS state FROM ${from} ${rest}`

/** The expression for the state of a row that failed unless a condition holds. @since 0.1.0 @category constructors */
export const failedUnless = (condition: string): string => `CASE WHEN ${condition} THEN 'applied' ELSE 'failed' END`

/** A tool that records the file's name and no hash. @since 0.1.0 @category constructors */
export const byName = (time: string, order = "id"): Pick<Tool, "keeping" | "naming" | "rows"> => ({
  naming: "name",
  keeping: "nothing",
  rows: select({ name: "name", at: time, rest: `ORDER BY ${order}` })
})

/** A tool that records the digits at the beginning of the file's name and no hash. @since 0.1.0 @category constructors */
export const byNumber = (rows: Tool["rows"]): Pick<Tool, "keeping" | "naming" | "rows"> => ({
  naming: "number",
  keeping: "nothing",
  rows
})
