/**
 * A program of twenty queries, written for the plain client, that one line protects.
 */
import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as SqlSchema from "@effect/sql/SqlSchema"
import * as PgClient from "@effect/sql-pg/PgClient"
import { it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as ParseResult from "effect/ParseResult"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { AutoMigrationConfig, MigrationSource, ProtectedClient } from "effect-auto-migration"
import { expectTypeOf } from "vitest"
import * as App from "../../support/program/App.js"
import * as Server from "../../support/server/Server.js"

const migrations = {
  "001_users": "CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL)",
  "002_orders":
    "CREATE TABLE orders (id integer PRIMARY KEY, user_id integer NOT NULL REFERENCES users, cents integer)",
  "003_users_email": "ALTER TABLE users ADD COLUMN email text",
  "004_status":
    "CREATE TYPE status AS ENUM ('open', 'paid'); ALTER TABLE orders ADD COLUMN status status DEFAULT 'open'",
  "005_total":
    "CREATE FUNCTION total(who integer) RETURNS bigint LANGUAGE sql AS 'SELECT sum(cents) FROM orders WHERE user_id = who'",
  "006_rich": "CREATE VIEW rich AS SELECT id, name FROM users WHERE total(id) > 100",
  "007_audit": "CREATE SCHEMA audit; CREATE TABLE audit.entry (id integer GENERATED ALWAYS AS IDENTITY, what text)",
  "008_email_unique": "ALTER TABLE users ADD CONSTRAINT email_unique UNIQUE (email)"
}

/** The program as it was before: it knows no library. */
const program: Effect.Effect<
  ReadonlyArray<unknown>,
  SqlError | ParseResult.ParseError,
  SqlClient.SqlClient | PgClient.PgClient
> = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const pg = yield* PgClient.PgClient
  const byId = SqlSchema.findAll({
    Request: Schema.Number,
    Result: Schema.Struct({ name: Schema.String, email: Schema.NullOr(Schema.String) }),
    execute: (id) => sql`SELECT name, email FROM users WHERE id = ${id}`
  })
  yield* sql`SELECT email, name FROM users`
  yield* sql`INSERT INTO users ${sql.insert({ id: 1, name: "Ada", email: "ada@example.org" })}`
  yield* sql`INSERT INTO users ${sql.insert([{ id: 2, name: "Grace" }])} RETURNING id`
  yield* sql`UPDATE users SET email = 'grace@example.org' WHERE id = 2`
  yield* byId(1)
  yield* sql.unsafe("SELECT count(*) FROM orders")
  yield* sql`INSERT INTO orders (id, user_id, cents) VALUES (1, 1, 900), (2, 2, 50)`
  yield* sql`UPDATE orders SET status = 'paid' WHERE id = 1`
  yield* sql`SELECT id FROM orders WHERE status = ${"paid"}::status`
  yield* sql`SELECT users.name, orders.cents FROM users JOIN orders ON orders.user_id = users.id`.values
  yield* sql`SELECT total(1)`
  yield* Stream.runDrain(sql`SELECT id, name FROM rich`.stream)
  yield* sql`INSERT INTO audit.entry (what) VALUES ('began')`.raw
  yield* pg`SELECT what FROM audit.entry`.withoutTransform
  yield* pg`SELECT ${pg.json({ a: 1 })}::jsonb`
  yield* sql`INSERT INTO users (id, name, email) VALUES (3, 'Ada', 'ada@example.org') ON CONFLICT (email) DO NOTHING`
  yield* sql`WITH paid AS (SELECT user_id FROM orders WHERE status = 'paid') SELECT name FROM users, paid WHERE id = user_id`
  yield* sql.withTransaction(Effect.zipRight(sql`DELETE FROM orders WHERE id = 2`, sql`DELETE FROM users WHERE id = 2`))
  yield* sql`SELECT name FROM rich`.unprepared
  return yield* sql`SELECT id, name, email, total(id) FROM users`
})

it.scopedLive("a program of twenty queries is protected by one line, and keeps its types", () =>
  Effect.flatMap(Server.freshDatabase, (url) => {
    const Client = PgClient.layer({ url: Redacted.make(url), connectTimeout: App.connectTimeout })
    const options = AutoMigrationConfig.layer({ deadline: App.deadline })
    const Protected = ProtectedClient.layerLive().pipe(Layer.provide(MigrationSource.layerRecord(migrations)))
    const plain = Effect.provide(program, Client)
    const healed = Effect.provide(program, Layer.provide(Protected, Layer.merge(options, Client)))
    expectTypeOf<Effect.Effect.Context<typeof healed>>().toEqualTypeOf<Effect.Effect.Context<typeof plain>>()
    expectTypeOf<Effect.Effect.Success<typeof healed>>().toEqualTypeOf<Effect.Effect.Success<typeof plain>>()
    return Effect.gen(function* () {
      deepStrictEqual((yield* Effect.exit(plain))._tag, "Failure")
      deepStrictEqual(yield* healed, [{ id: 1, name: "Ada", email: "ada@example.org", total: "900" }])
      // What the protected program has brought serves the plain one.
      const again = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT name FROM rich`)
      deepStrictEqual(yield* Effect.provide(again, Client), [{ name: "Ada" }])
    })
  })
)
