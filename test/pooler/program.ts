/**
 * A process of its own that asks once, when it is told to, and says what it got. Its argument is the program as JSON.
 */
import { once } from "node:events"
import * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { withAutoMigration } from "effect-auto-migration"
import * as App from "../support/program/App.js"

const Program = Schema.parseJson(
  Schema.Struct({
    url: Schema.String,
    migrations: Schema.Record({ key: Schema.String, value: Schema.String }),
    query: Schema.String
  })
)

const { query, ...program } = Schema.decodeUnknownSync(Program)(process.argv[2])
process.once("disconnect", () => process.exit(1))
const go = once(process, "message")
process.send?.("ready")
await go
const said = await Effect.runPromise(
  Effect.flatMap(SqlClient.SqlClient, (sql) => withAutoMigration(sql.unsafe(query))).pipe(
    Effect.match({ onFailure: (error) => error.message, onSuccess: (rows) => JSON.stringify(rows) }),
    Effect.provide(App.layer(program))
  )
)
process.send?.(said, () => process.exit(0))
