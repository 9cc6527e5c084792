/** A few notes over HTTP: the endpoints, and the queries behind them. */
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "@effect/platform"
import { SqlClient } from "@effect/sql"
import { Effect, Schema } from "effect"
import { HttpAutoMigration } from "effect-auto-migration"

const Note = Schema.Struct({ id: Schema.Number, text: Schema.String })

const id = HttpApiSchema.param("id", Schema.NumberFromString)

export const Api = HttpApi.make("api").add(
  HttpApiGroup.make("notes")
    .add(HttpApiEndpoint.get("list", "/notes").addSuccess(Schema.Array(Note)))
    .add(
      HttpApiEndpoint.post("add", "/notes")
        .setPayload(Schema.Struct({ text: Schema.String }))
        .addSuccess(Schema.Void)
    )
    .add(HttpApiEndpoint.put("finish")`/notes/${id}/done`.addSuccess(Schema.Void))
)

/** An error of the database is no answer of the API. As a defect it still reaches the middleware. */
const query = <A, E>(run: (sql: SqlClient.SqlClient) => Effect.Effect<A, E>) =>
  Effect.orDie(Effect.flatMap(SqlClient.SqlClient, run))

const run = <E>(statement: (sql: SqlClient.SqlClient) => Effect.Effect<unknown, E>) => Effect.asVoid(query(statement))

export const Notes = HttpApiBuilder.group(Api, "notes", (handlers) =>
  handlers
    .handle("list", () => query((sql) => sql<typeof Note.Type>`SELECT id, text FROM open_notes ORDER BY id`))
    .handle("add", ({ payload }) => run((sql) => sql`INSERT INTO notes ${sql.insert(payload)}`))
    // It may run twice, so the client does not have to send it again.
    .handle("finish", ({ path }) =>
      HttpAutoMigration.repeatable(run((sql) => sql`INSERT INTO done (note) VALUES (${path.id})`))
    )
)
