/**
 * What a database holds, with all rows as they are. Lines are sorted, so that equal dumps are equal lists.
 */

import * as SqlClient from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { definitions } from "../../../src/database/SchemaDump.js"

/** The dump of the schemas that are not the server's own. */
export const dump: Effect.Effect<ReadonlyArray<string>, SqlError, SqlClient.SqlClient> = Effect.scoped(
  Effect.flatMap(SqlClient.SqlClient, (sql) => Effect.flatMap(sql.reserve, fromConnection))
)

/** The same over a connection at hand: two messages, whatever the number of tables. */
export const fromConnection = (connection: Connection): Effect.Effect<ReadonlyArray<string>, SqlError> =>
  Effect.gen(function* () {
    const lines = yield* linesOf(connection, definitions)
    const tables = yield* linesOf(
      connection,
      `SELECT format('%I.%I', nspname, relname) AS line FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
       WHERE relkind IN ('r', 'm') AND nspname !~ '^pg_' AND nspname <> 'information_schema'`
    )
    const contents = tables.map((name) => `SELECT '${name.replaceAll("'", "''")}: ' || t::text AS line FROM ${name} t`)
    const rows = contents.length === 0 ? [] : yield* linesOf(connection, contents.join(" UNION ALL "))
    return [...lines, ...rows].toSorted()
  })

/** The column `line` of what a query answers. */
export const linesOf = (connection: Connection, query: string): Effect.Effect<ReadonlyArray<string>, SqlError> =>
  Effect.map(connection.execute(query, [], undefined), (rows) => rows.map(({ line }) => String(line)))
