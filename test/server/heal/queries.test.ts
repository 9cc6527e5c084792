/**
 * The ways in which the packages around `@effect/sql` send a query: each heals by a boundary around it, and with a protected
 * client.
 */

import * as Model from "@effect/sql/Model"
import * as SqlClient from "@effect/sql/SqlClient"
import * as SqlResolver from "@effect/sql/SqlResolver"
import * as SqlSchema from "@effect/sql/SqlSchema"
import * as PgDrizzle from "@effect/sql-drizzle/Pg"
import * as PgKysely from "@effect/sql-kysely/Pg"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { eq } from "drizzle-orm"
import { integer, pgTable, text } from "drizzle-orm/pg-core"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { AutoMigration, ProtectedClient, withAutoMigration, withAutoMigrationStream } from "effect-auto-migration"
import * as App from "../../support/program/App.js"
import { appliedIds, users } from "../../support/program/Situation.js"
import * as Server from "../../support/server/Server.js"

const client = SqlClient.SqlClient

const Row = Schema.Struct({ id: Schema.Number, name: Schema.String, email: Schema.NullOr(Schema.String) })

const ada = { id: 1, name: "Ada", email: null }

class User extends Model.Class<User>("User")(Row.fields) {}

const repository = Model.makeRepository(User, { tableName: "users", spanPrefix: "users", idColumn: "id" })

/** The types of `@effect/sql-drizzle` are those of a CommonJS module, and do not fit drizzle-orm's own in an ES module. */
const drizzleUsers = Object(pgTable("users", { id: integer().primaryKey(), name: text().notNull(), email: text() }))

interface Tables {
  readonly users: { readonly id: number; readonly name: string; readonly email: string | null }
}

const kysely = PgKysely.make<Tables>()

const byId = (sql: SqlClient.SqlClient, ids: ReadonlyArray<number>) =>
  sql`SELECT id, name, email FROM users WHERE ${sql.in("id", ids)}`

type Way = Effect.Effect<unknown, unknown, SqlClient.SqlClient>

/** Each gives the one row of the table, with the column that is missing at first. */
const ways: Readonly<Record<string, Way>> = {
  "a statement": Effect.flatMap(client, (sql) => sql`SELECT id, name, email FROM users`),
  "sql.unsafe": Effect.flatMap(client, (sql) => sql.unsafe("SELECT id, name, email FROM users")),
  "a cursor": Effect.flatMap(client, (sql) =>
    sql.withTransaction(
      Effect.zipRight(
        sql`DECLARE everyone CURSOR FOR SELECT id, name, email FROM users`,
        sql`FETCH FORWARD 10 FROM everyone`
      )
    )
  ),
  "SqlSchema.findAll": Effect.flatMap(client, (sql) =>
    SqlSchema.findAll({ Request: Schema.Number, Result: Row, execute: (id) => byId(sql, [id]) })(1)
  ),
  "SqlSchema.findOne": Effect.flatMap(client, (sql) =>
    Effect.map(
      SqlSchema.findOne({ Request: Schema.Number, Result: Row, execute: (id) => byId(sql, [id]) })(1),
      Option.toArray
    )
  ),
  "SqlResolver.findById": Effect.flatMap(client, (sql) =>
    Effect.flatMap(
      SqlResolver.findById("UserById", {
        Id: Schema.Number,
        Result: Row,
        ResultId: ({ id }) => id,
        execute: (ids) => byId(sql, ids)
      }),
      (resolver) => Effect.map(resolver.execute(1), Option.toArray)
    )
  ),
  "a repository of Model": Effect.flatMap(repository, ({ update }) =>
    Effect.map(update(new User(ada)), (user) => [{ ...user }])
  ),
  "a query of Drizzle": Effect.flatMap(PgDrizzle.make(), (db) =>
    db
      .select()
      .from(drizzleUsers)
      .where(Object(eq(drizzleUsers.id, 1)))
  ),
  "a transaction with a query of Drizzle": Effect.flatMap(Effect.all([client, PgDrizzle.make()]), ([sql, db]) =>
    sql.withTransaction(Effect.zipRight(sql`SELECT 1`, db.select().from(drizzleUsers)))
  ),
  "a query of Kysely": Effect.flatMap(kysely, (db) => db.selectFrom("users").select(["id", "name", "email"])),
  "a transaction with a query of Kysely": Effect.flatMap(kysely, (db) =>
    db.withTransaction(Effect.flatMap(Effect.void, () => db.selectFrom("users").select(["id", "name", "email"])))
  )
}

const isTransaction = (way: string): boolean => /transaction|cursor/.test(way)

/** A program on a database of its own, which has the first migration's table, gets the row. */
const heals = <E, R extends SqlClient.SqlClient | AutoMigration.AutoMigration>(
  query: Effect.Effect<unknown, E, R>,
  layer = App.layer
) =>
  Effect.flatMap(Server.freshDatabase, (url) =>
    Effect.gen(function* () {
      yield* Effect.orDie(AutoMigration.migrateTo(["001_users"]))
      deepStrictEqual(yield* query, [ada])
      deepStrictEqual(yield* appliedIds, Object.keys(users))
    }).pipe(Effect.provide(layer({ url, migrations: users })))
  )

describe("a boundary around", () => {
  for (const [way, query] of Object.entries(ways)) {
    it.scopedLive(`${way} heals`, () => heals(withAutoMigration(query)))
  }

  it.scopedLive("a stream heals", () =>
    heals(
      Effect.flatMap(client, (sql) =>
        sql`SELECT id, name, email FROM users`.stream.pipe(
          withAutoMigrationStream,
          Stream.runCollect,
          Effect.map(Chunk.toReadonlyArray)
        )
      )
    )
  )

  it.scopedLive("the statement of a SqlResolver heals, and its requests share it", () =>
    heals(
      Effect.gen(function* () {
        const sql = yield* client
        const resolver = yield* SqlResolver.findById("UserById", {
          Id: Schema.Number,
          Result: Row,
          ResultId: ({ id }) => id,
          withContext: true,
          execute: (ids) => withAutoMigration(byId(sql, ids))
        })
        const found = yield* Effect.forEach([1, 2], (id) => resolver.execute(id), { batching: true })
        return found.flatMap(Option.toArray)
      })
    )
  )
})

describe("a protected client heals", () => {
  for (const [way, query] of Object.entries(ways)) {
    const transactions = isTransaction(way) ? "restart" : "fail"
    it.scopedLive(way, () =>
      heals(query, (program) => Layer.provideMerge(ProtectedClient.layer({ transactions }), App.layer(program)))
    )
  }
})

it.scopedLive("a data loader of Model heals with a boundary around each request", () =>
  heals(
    Effect.gen(function* () {
      const { insert } = yield* Model.makeDataLoaders(User, {
        tableName: "users",
        spanPrefix: "users",
        idColumn: "id",
        window: "10 millis"
      })
      const sent = [2, 3].map((id) => withAutoMigration(insert(new User({ ...ada, id }))))
      deepStrictEqual(
        Array.from(yield* Effect.all(sent, { concurrency: "unbounded" }), ({ id }) => id),
        [2, 3]
      )
      return yield* Effect.flatMap(client, (sql) => byId(sql, [1]))
    }).pipe(Effect.scoped)
  )
)

it.scopedLive("what SELECT * lacks is no error of the server, so a repository's findById heals no column", () =>
  Effect.flatMap(Server.freshDatabase, (url) =>
    Effect.gen(function* () {
      yield* Effect.orDie(AutoMigration.migrateTo(["001_users"]))
      const { findById } = yield* repository
      const cause = yield* Effect.flip(Effect.sandbox(withAutoMigration(findById(1))))
      assert.match(Cause.pretty(cause), /"email"\]\s+└─ is missing/)
      deepStrictEqual(yield* appliedIds, ["001_users"])
    }).pipe(Effect.provide(App.layer({ url, migrations: users })))
  )
)

it.scopedLive("a query of Kysely dies in its own pipe, before it is sent", () =>
  heals(
    Effect.gen(function* () {
      const query = (yield* kysely).selectFrom("users").select(["id", "name", "email"])
      const cause = yield* Effect.flip(Effect.sandbox(query.pipe(withAutoMigration)))
      assert.isTrue(Cause.isDie(cause))
      return yield* withAutoMigration(query)
    })
  )
)
