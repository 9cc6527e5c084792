/**
 * Names the server's own operators and types in a statement of the library. An operator without a schema is looked up
 * along the search path, where a role that may create objects can define a better match: it would run with the rights
 * of the migrations' role. All SQL of the library passes this module on its way out, and so its source stays readable.
 * SQL of a migration never does.
 *
 * A qualified operator binds like `||` (PostgreSQL manual, section 4.1.6), so the library's statements have parentheses
 * where that would change their meaning. Functions are qualified in the source. `IN`, `LIKE`, `BETWEEN`, `CASE x WHEN`
 * and `USING` have operators without a place for a schema, and are not used. An `UPDATE` of several columns assigns them
 * as one row.
 *
 * @internal
 */

/** Type names that are key words: the grammar means the server's own by them. */
const keyWords: ReadonlySet<string> = new Set([
  ...["bigint", "bit", "boolean", "char", "character", "dec", "decimal", "double", "float", "int", "integer"],
  ...["interval", "national", "nchar", "numeric", "real", "smallint", "time", "timestamp", "varchar"]
])

/**
 * What stays as it is (a literal, a quoted name, a qualified operator, an assignment), a cast with its type, and an
 * operator.
 */
const token =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|OPERATOR\([^)]*\)|::\s*([a-z_][a-z0-9_]*)(?![a-z0-9_]|\.)|::|:=|\bSET\s+(?:LOCAL\s+)?(?:\w+|\([^)]*\))\s*=| ?([-+/<>=~!@#%^&|?]+) ?/g

/**
 * The statement with the schema of each operator and of each type in a cast. It may pass more than once.
 *
 * @since 0.1.0
 * @category statements
 */
export const qualified = (text: string): string =>
  text.replaceAll(token, (found: string, type: string | undefined, operator: string | undefined) => {
    if (operator !== undefined) return ` OPERATOR(pg_catalog.${operator}) `
    return type === undefined || keyWords.has(type) ? found : `::pg_catalog.${type}`
  })
