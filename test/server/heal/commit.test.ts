/**
 * A transaction whose error was swallowed inside. The server rolls it back without an error, and the program must not take that for
 * success.
 */
import * as SqlClient from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { AutoMigrationLive, CheckedClient, MigrationSource, withAutoMigration } from "effect-auto-migration"
import * as App from "../../support/program/App.js"
import { appliedIds, ask, askWithin, failsWith, inProgram, users } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"
import * as WireTap from "../../support/server/WireTap.js"

/** A transaction that swallows the error of a statement. */
const swallowing = <R>(statement: Effect.Effect<unknown, unknown, R>) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql.withTransaction(
      Effect.gen(function* () {
        yield* sql`INSERT INTO users (id, name) VALUES (2, 'Grace')`
        yield* Effect.ignore(statement)
        return "done"
      })
    )
  )

const names = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT name FROM users ORDER BY id`)

const both = [{ name: "Ada" }, { name: "Grace" }]

const unprotected = (text: string) => Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(text))

describe("a swallowed error", () => {
  it.scopedLive("of a gap that an inner boundary has seen: the outer one heals and runs all of it again", () =>
    inProgram({ migrations: users }, () =>
      Effect.gen(function* () {
        yield* askWithin("SELECT name FROM users")
        assert.strictEqual(yield* withAutoMigration(swallowing(ask("SELECT email FROM users"))), "done")
        deepStrictEqual(yield* appliedIds, ["001_users", "002_users_email"])
        deepStrictEqual(yield* names, both)
      })
    )
  )

  it.scopedLive("of such a gap, with no outer boundary: a SqlError that carries it", () =>
    inProgram({ migrations: users }, () =>
      Effect.gen(function* () {
        yield* askWithin("SELECT name FROM users")
        const error = yield* Effect.flip(swallowing(ask("SELECT email FROM users")))
        assert.instanceOf(error, SqlError)
        const restart = yield* failsWith("TransactionMustRestart", Effect.fail(Object(error.cause)))
        deepStrictEqual([restart.statement, restart.migrationIds], ["SELECT email FROM users", ["002_users_email"]])
        deepStrictEqual(yield* names, [{ name: "Ada" }])
      })
    )
  )

  for (const [what, text] of [
    ["of a gap that no boundary inside has seen", "SELECT email FROM users"],
    ["that is no gap", "INSERT INTO users (id) VALUES (1)"]
  ] as const) {
    it.scopedLive(`${what}: a SqlError that says that the transaction was rolled back`, () =>
      inProgram({ migrations: users }, () =>
        Effect.gen(function* () {
          yield* askWithin("SELECT name FROM users")
          const error = yield* Effect.flip(withAutoMigration(swallowing(unprotected(text))))
          assert.strictEqual(error._tag, "SqlError")
          assert.match(error.message, /rolled back, and nothing of it is there/)
          deepStrictEqual(yield* names, [{ name: "Ada" }])
        })
      )
    )
  }

  it.scopedLive("of a gap that no migration explains: the same error, which asks for no restart", () =>
    inProgram({ migrations: users }, () =>
      Effect.gen(function* () {
        yield* askWithin("SELECT name FROM users")
        const error = yield* Effect.flip(withAutoMigration(swallowing(ask("SELECT nonsense FROM users"))))
        assert.match(error.message, /rolled back, and nothing of it is there/)
      })
    )
  )

  it.scopedLive("inside a savepoint that was rolled back is forgotten: the transaction commits", () =>
    inProgram({ migrations: users }, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* askWithin("SELECT name FROM users")
        const savepoint = sql.withTransaction(ask("SELECT email FROM users"))
        assert.strictEqual(yield* withAutoMigration(swallowing(savepoint)), "done")
        deepStrictEqual(yield* names, both)
        const second = swallowing(Effect.zipRight(Effect.ignore(savepoint), unprotected("SELECT 1/0")))
        yield* sql`DELETE FROM users WHERE id = 2`
        const error = yield* Effect.flip(second)
        assert.match(error.message, /rolled back, and nothing of it is there/)
        deepStrictEqual(yield* appliedIds, ["001_users"])
      })
    )
  )

  it.scopedLive("inside a savepoint that was not rolled back fails the outer transaction", () =>
    inProgram({ migrations: users }, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* askWithin("SELECT name FROM users")
        const savepoint = sql.withTransaction(Effect.ignore(ask("SELECT email FROM users")))
        assert.strictEqual(yield* withAutoMigration(swallowing(savepoint)), "done")
        deepStrictEqual([yield* appliedIds, yield* names], [["001_users", "002_users_email"], both])
      })
    )
  )
})

describe("a transaction that swallows nothing", () => {
  /** The plain client and the checked one, through one tap. */
  const heard = <A, E>(body: Effect.Effect<A, E, SqlClient.SqlClient | PgClient.PgClient>) =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const prepare = Database.query(
        url,
        "DROP TABLE IF EXISTS child, parent",
        "CREATE TABLE parent (id integer PRIMARY KEY)",
        "CREATE TABLE child (parent integer REFERENCES parent DEFERRABLE INITIALLY DEFERRED)"
      )
      const tap = yield* WireTap.make(url)
      const listen = (layer: Layer.Layer<PgClient.PgClient | SqlClient.SqlClient>) =>
        Effect.gen(function* () {
          yield* tap.reset
          const exit = yield* Effect.exit(body)
          /** One more message, since the driver reports an error before the server has ended its answer. */
          yield* Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT 1`)
          return { exit, ...(yield* tap.heard) }
        }).pipe(Effect.provide(Layer.fresh(layer)), (run) => Effect.zipRight(prepare, run))
      const plain = App.client({ url: tap.url })
      return [yield* listen(plain), yield* listen(Layer.provide(CheckedClient.layer, plain))] as const
    })

  const within = <A, E, R>(body: (sql: SqlClient.SqlClient) => Effect.Effect<A, E, R>) =>
    Effect.flatMap(SqlClient.SqlClient, (sql) => sql.withTransaction(body(sql)))

  const bodies: Readonly<Record<string, Effect.Effect<unknown, unknown, SqlClient.SqlClient>>> = {
    "an ordinary one": within((sql) => Effect.zipRight(sql`INSERT INTO parent VALUES (1)`, sql`TABLE parent`)),
    "one with nested ones, one of which fails and is caught": within((sql) =>
      Effect.all([
        sql.withTransaction(sql`INSERT INTO parent VALUES (1)`),
        Effect.ignore(sql.withTransaction(sql.withTransaction(sql`SELECT 1/0`))),
        sql`TABLE parent`
      ])
    ),
    "one that fails": within((sql) => Effect.zipRight(sql`INSERT INTO parent VALUES (1)`, Effect.fail("no"))),
    "one whose statement fails": within((sql) => sql`SELECT 1/0`),
    "one that dies": within((sql) => Effect.zipRight(sql`INSERT INTO parent VALUES (1)`, Effect.die("no"))),
    "one that interrupts itself": within((sql) => Effect.zipRight(sql`TABLE parent`, Effect.interrupt)),
    "one whose COMMIT fails": within((sql) => sql`INSERT INTO child VALUES (7)`)
  }

  /** An error and its causes as text. */
  const described = (error: unknown): string =>
    error instanceof Error ? `${error.name}: ${error.message} <- ${described(error.cause)}` : String(error)

  const shape = Exit.match({
    onSuccess: (value: unknown) => JSON.stringify(value),
    onFailure: (cause: Cause.Cause<unknown>) => `${cause._tag} ${described(Cause.squash(cause))}`.replace(/#\d+/g, "#")
  })

  for (const [what, body] of Object.entries(bodies)) {
    it.scopedLive(`sends the same messages and gives the same result as the plain client: ${what}`, () =>
      Effect.gen(function* () {
        const [plain, checked] = yield* heard(body)
        deepStrictEqual(checked.statements, plain.statements)
        assert.strictEqual(checked.roundTrips, plain.roundTrips)
        assert.strictEqual(checked.connections, plain.connections)
        assert.strictEqual(shape(checked.exit), shape(plain.exit))
        assert.include(plain.statements, "BEGIN")
      })
    )
  }

  it.scopedLive("is rolled back when it is interrupted, and gives its connection back", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      yield* Database.query(url, "CREATE TABLE parent (id integer PRIMARY KEY)")
      yield* Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const inserted = yield* Deferred.make<void>()
        const fiber = yield* Effect.fork(
          sql.withTransaction(
            sql`INSERT INTO parent VALUES (1)`.pipe(
              Effect.zipRight(Deferred.succeed(inserted, undefined)),
              Effect.zipRight(Effect.never)
            )
          )
        )
        yield* Deferred.await(inserted)
        assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
        deepStrictEqual(yield* sql`TABLE parent`, [])
      }).pipe(Effect.provide(Layer.provide(CheckedClient.layer, App.client({ url, maxConnections: 1 }))))
    })
  )
})

describe("the checked client", () => {
  const isSame = Effect.map(Effect.all([SqlClient.SqlClient, PgClient.PgClient]), ([sql, pg]) => Object.is(sql, pg))

  /** Whether the client in the context is checked. */
  const isChecked = Effect.map(Effect.either(swallowing(unprotected("SELECT 1/0"))), (result) => result._tag === "Left")

  const prepared = Effect.tap(Server.freshDatabase, (url) =>
    Database.query(url, "CREATE TABLE users (id int, name text)")
  )

  it.scopedLive("reaches a program in every order of provide and provideMerge", () =>
    Effect.gen(function* () {
      const url = yield* prepared
      const client = PgClient.layer({ url: Redacted.make(url), maxConnections: 2 })
      const source = MigrationSource.layerRecord(users)
      const orders = [
        AutoMigrationLive.pipe(Layer.provide(source), Layer.provideMerge(client)),
        AutoMigrationLive.pipe(Layer.provideMerge(client), Layer.provide(source)),
        AutoMigrationLive.pipe(Layer.provideMerge(Layer.merge(client, source))),
        AutoMigrationLive.pipe(Layer.provide(Layer.merge(client, source))),
        Layer.empty.pipe(Layer.provideMerge(AutoMigrationLive), Layer.provide(source), Layer.provideMerge(client)),
        CheckedClient.layer.pipe(Layer.provideMerge(client))
      ]
      for (const order of orders) {
        deepStrictEqual(yield* Effect.provide(Effect.all([isSame, isChecked]), Layer.fresh(order)), [true, true])
      }
      deepStrictEqual(yield* Effect.provide(Effect.all([isSame, isChecked]), Layer.fresh(client)), [true, false])
    })
  )

  it.scopedLive("reaches a layer that needs both it and the library", () =>
    Effect.gen(function* () {
      const url = yield* prepared
      const repository = Layer.effectDiscard(
        Effect.flatMap(isChecked, (checked) => Effect.sync(() => assert.isTrue(checked)))
      )
      yield* Layer.build(
        repository.pipe(
          Layer.provide(AutoMigrationLive),
          Layer.provide(MigrationSource.layerRecord(users)),
          Layer.provide(PgClient.layer({ url: Redacted.make(url) }))
        )
      )
    })
  )

  it.scopedLive("does not replace a SqlClient that is not the PgClient", () =>
    Effect.gen(function* () {
      const url = yield* prepared
      const other = Layer.effect(
        SqlClient.SqlClient,
        Effect.map(PgClient.PgClient, (client) => Object.assign(client.bind(undefined), client, { label: "other" }))
      )
      const layer = CheckedClient.layer.pipe(
        Layer.provideMerge(other),
        Layer.provideMerge(PgClient.layer({ url: Redacted.make(url) }))
      )
      const sql = yield* Effect.provide(SqlClient.SqlClient, layer)
      assert.strictEqual(Reflect.get(sql, "label"), "other")
    })
  )

  it.scopedLive("has all parts of the original client: statements, helpers, transforms, streams, spans", () =>
    Effect.gen(function* () {
      const url = yield* prepared
      const client = PgClient.layer({
        url: Redacted.make(url),
        transformResultNames: (name) => name.toUpperCase(),
        spanAttributes: { "service.name": "shop" }
      })
      yield* Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        yield* sql`INSERT INTO ${sql("users")} ${sql.insert({ id: 1, name: "Ada" })}`
        deepStrictEqual(yield* sql`SELECT name FROM users`, [{ NAME: "Ada" }])
        const bare = sql.withoutTransforms()
        deepStrictEqual(yield* bare`SELECT name FROM users`, [{ name: "Ada" }])
        const lost = bare.withTransaction(Effect.ignore(bare`SELECT 1/0`))
        assert.match((yield* Effect.flip(lost)).message, /rolled back/)
        assert.match(
          (yield* Effect.flip(sql.safe.withTransaction(Effect.ignore(sql`SELECT 1/0`)))).message,
          /rolled back/
        )
        const attributes = sql.withTransaction(Effect.map(Effect.currentSpan, (span) => [...span.attributes.keys()]))
        assert.includeMembers(yield* attributes, ["service.name", "db.system.name", "db.namespace"])
      }).pipe(Effect.provide(Layer.provide(CheckedClient.layer, client)))
    })
  )
})
