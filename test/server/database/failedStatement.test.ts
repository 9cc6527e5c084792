/**
 * Every statement's text is known to the boundary around it, however large the boundary's effect is: the last
 * migration changes only rows, and runs only where the library knows that the statement reads their table.
 */
import * as Model from "@effect/sql/Model"
import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as SqlResolver from "@effect/sql/SqlResolver"
import * as SqlSchema from "@effect/sql/SqlSchema"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { type AutoMigration, Policy, withAutoMigration, withAutoMigrationStream } from "effect-auto-migration"
import { appliedIds, inProgram, users } from "../../support/program/Situation.js"

const migrations = { ...users, "003_fill": "UPDATE users SET email = lower(name) || '@example.org';" }

const wanted = "SELECT id, email FROM users"

class User extends Model.Class<User>("User")({ id: Model.Generated(Schema.Int), email: Schema.String }) {}

class Unavailable extends Schema.TaggedError<Unavailable>()("Unavailable", { cause: Schema.Defect }) {}

const client = SqlClient.SqlClient

type Rows = ReadonlyArray<object>

const found = (rows: Effect.Effect<ReadonlyArray<unknown>, unknown, SqlClient.SqlClient>) =>
  Effect.flatMap(rows, Schema.decodeUnknown(Schema.Array(Schema.Struct({ email: Schema.String }))))

const statement = (
  run: (
    statement: ReturnType<SqlClient.SqlClient["unsafe"]>
  ) => Effect.Effect<ReadonlyArray<unknown>, SqlError, SqlClient.SqlClient>
) => Effect.flatMap(client, (sql) => Effect.map(run(sql.unsafe(wanted)), (rows) => rows))

const byResolver = Effect.gen(function* () {
  const sql = yield* client
  const resolver = yield* SqlResolver.findById("user", {
    Id: Schema.Number,
    Result: Schema.Struct({ id: Schema.Number, email: Schema.String }),
    ResultId: ({ id }) => id,
    execute: (ids) => sql`SELECT id, email FROM users WHERE ${sql.in("id", ids)}`
  })
  return yield* Effect.map(resolver.execute(1), Option.toArray)
})

const byRepository = Effect.gen(function* () {
  const repository = yield* Model.makeRepository(User, { tableName: "users", spanPrefix: "users", idColumn: "id" })
  return yield* Effect.map(repository.findById(1), Option.toArray)
})

const ways: Readonly<Record<string, Effect.Effect<ReadonlyArray<unknown>, unknown, SqlClient.SqlClient>>> = {
  "a transaction": Effect.flatMap(client, (sql) => sql.withTransaction(sql.unsafe(wanted))),
  "a transaction in a transaction": Effect.flatMap(client, (sql) =>
    sql.withTransaction(Effect.zipRight(sql`SELECT 1`, sql.withTransaction(sql.unsafe(wanted))))
  ),
  "several statements": Effect.flatMap(client, (sql) =>
    Effect.zipRight(sql`SELECT name FROM users`, sql.unsafe(wanted))
  ),
  "a reserved connection": Effect.scoped(
    Effect.flatMap(client, (sql) =>
      Effect.flatMap(sql.reserve, (connection) => connection.execute(wanted, [], undefined))
    )
  ),
  "a stream": Effect.flatMap(client, (sql) => Effect.map(Stream.runCollect(sql.unsafe(wanted).stream), Chunk.toArray)),
  "a statement without transforms": statement((_) => _.withoutTransform),
  "an unprepared statement": statement((_) => _.unprepared),
  "a client without transforms": Effect.flatMap(client, (sql) =>
    Effect.map(sql.withoutTransforms().unsafe(wanted), (rows) => rows)
  ),
  "a schema": Effect.flatMap(client, (sql) =>
    SqlSchema.findAll({ Request: Schema.Void, Result: Schema.Unknown, execute: () => sql.unsafe<Rows>(wanted) })()
  ),
  "a resolver": byResolver,
  "a repository": byRepository,
  "an error of the application around the server's": Effect.flatMap(client, (sql) =>
    Effect.mapError(sql.unsafe(wanted), (cause) => new Unavailable({ cause }))
  )
}

const all = [...Object.keys(users), "003_fill"]

const inSituation = <E>(
  self: Effect.Effect<unknown, E, AutoMigration.AutoMigration | SqlClient.SqlClient>
): Effect.Effect<void, unknown, never> =>
  Effect.scoped(
    inProgram({ migrations, options: { policy: Policy.always } }, () =>
      Effect.gen(function* () {
        deepStrictEqual(yield* self, [{ email: "ada@example.org" }])
        deepStrictEqual(yield* appliedIds, all)
      })
    )
  )

describe("a boundary", () => {
  for (const [way, self] of Object.entries(ways)) {
    it.live(`around ${way} brings all that the failed statement needs`, () =>
      inSituation(withAutoMigration(found(self)))
    )
  }

  it.live("around a stream brings all that the failed statement needs", () =>
    inSituation(
      Stream.unwrap(
        Effect.map(client, (sql) =>
          Stream.map(sql.unsafe<{ email: string }>(wanted).stream, ({ email }) => ({ email }))
        )
      ).pipe(withAutoMigrationStream, Stream.runCollect, Effect.map(Chunk.toArray))
    )
  )
})
