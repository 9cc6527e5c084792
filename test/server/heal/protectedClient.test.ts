/**
 * The protected client: a program without a pipe, whose types do not change.
 */
import * as SqlClient from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import * as SqlSchema from "@effect/sql/SqlSchema"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Chunk from "effect/Chunk"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import {
  AutoMigration,
  type AutoMigrationConfig,
  AutoMigrationError,
  ProtectedClient,
  withAutoMigration
} from "effect-auto-migration"
import * as App from "../../support/program/App.js"
import { appliedIds, failsWith, holding, type Services, users } from "../../support/program/Situation.js"
import * as Server from "../../support/server/Server.js"
import * as WireTap from "../../support/server/WireTap.js"

const wanted = "SELECT email FROM users"

const healed = [{ email: null }]

const client = SqlClient.SqlClient

/** A program on a database of its own, which has the first migration's table. */
const protectedBy =
  (
    options?: ProtectedClient.Options,
    migrations: Readonly<Record<string, string>> = users,
    ofHeals?: Partial<AutoMigrationConfig.Options>
  ) =>
  <A, E>(
    body: Effect.Effect<A, E, Services | Scope.Scope> | ((url: string) => Effect.Effect<A, E, Services | Scope.Scope>)
  ): Effect.Effect<A, E, Scope.Scope> =>
    Effect.flatMap(Server.freshDatabase, (url) =>
      Effect.zipRight(
        AutoMigration.migrateTo(["001_users"]).pipe(Effect.orDie),
        Effect.isEffect(body) ? body : body(url)
      ).pipe(
        Effect.provide(
          Layer.provideMerge(
            ProtectedClient.layer(options),
            App.layer({ url, migrations, ...(ofHeals === undefined ? {} : { options: ofHeals }) })
          )
        )
      )
    )

/** Counts the runs of an effect. */
const counting = <A, E, R>(self: Effect.Effect<A, E, R>) => {
  let runs = 0
  return {
    self: Effect.suspend(() =>
      Effect.zipRight(
        Effect.sync(() => runs++),
        self
      )
    ),
    runs: () => runs
  }
}

const ways: Readonly<
  Record<string, (sql: SqlClient.SqlClient) => Effect.Effect<ReadonlyArray<unknown>, unknown, never>>
> = {
  "a statement": (sql) => sql.unsafe(wanted),
  "a statement with a parameter": (sql) => sql`SELECT email FROM users WHERE id = ${1}`,
  "a statement without transforms": (sql) => sql.unsafe(wanted).withoutTransform,
  "an unprepared statement": (sql) => sql.unsafe(wanted).unprepared,
  "a client without transforms": (sql) => sql.withoutTransforms().unsafe(wanted),
  "a stream": (sql) => Effect.map(Stream.runCollect(sql.unsafe(wanted).stream), Chunk.toArray),
  "a schema": (sql) =>
    SqlSchema.findAll({
      Request: Schema.Void,
      Result: Schema.Struct({ email: Schema.Null }),
      execute: () => sql.unsafe(wanted)
    })()
}

describe("a protected client", () => {
  for (const [way, run] of Object.entries(ways)) {
    it.scopedLive(`heals ${way}`, () =>
      protectedBy()(
        Effect.gen(function* () {
          deepStrictEqual(yield* run(yield* client), healed)
          deepStrictEqual(yield* appliedIds, Object.keys(users))
        })
      )
    )
  }

  it.scopedLive("heals values and the driver's own result", () =>
    protectedBy()(
      Effect.gen(function* () {
        const sql = yield* client
        deepStrictEqual(yield* sql.unsafe(wanted).values, [[null]])
        assert.containSubset(yield* sql.unsafe(wanted).raw, { command: "SELECT", rows: healed })
      })
    )
  )

  it.scopedLive("gives an error of the library as the cause of a SqlError", () =>
    protectedBy(
      {},
      { ...users, "002_users_email": "-- risky\nALTER TABLE users ADD COLUMN email text; DELETE FROM users;" }
    )(
      Effect.gen(function* () {
        const sql = yield* client
        const error = yield* Effect.flip(sql.unsafe(wanted))
        assert.instanceOf(error, SqlError)
        const refused = yield* failsWith("MigrationRefused", Effect.fail(Object(error.cause)))
        assert.include(error.message, "002_users_email")
        strictEqual(error.message, refused.message)
        yield* failsWith(
          "MigrationRefused",
          Effect.mapError(withAutoMigration(sql.unsafe(wanted)), (_) => Object(_.cause))
        )
      })
    )
  )

  it.scopedLive("leaves an error that no migration explains as it came", () =>
    protectedBy()(
      Effect.gen(function* () {
        const sql = yield* client
        const error = yield* Effect.flip(sql`SELECT nothing FROM users`)
        strictEqual(Reflect.get(Object(error.cause), "code"), "42703")
        deepStrictEqual(yield* appliedIds, ["001_users"])
      })
    )
  )

  for (const text of [
    "CALL tally()",
    "DO $$ BEGIN PERFORM count_up(); PERFORM email FROM users; END $$",
    "SELECT count_up(); COMMIT; SELECT email FROM users"
  ]) {
    it.scopedLive(`runs once: ${text}`, () =>
      protectedBy()(
        Effect.gen(function* () {
          const sql = yield* client
          yield* sql`CREATE SEQUENCE runs`
          yield* sql`CREATE FUNCTION count_up() RETURNS bigint LANGUAGE sql AS $$ SELECT nextval('runs') $$`
          yield* sql`CREATE PROCEDURE tally() LANGUAGE plpgsql AS $$ BEGIN
            PERFORM count_up(); COMMIT; PERFORM email FROM users; END $$`
          const error = yield* Effect.flip(sql.unsafe(text))
          strictEqual(Reflect.get(Object(error.cause), "code"), "42703")
          deepStrictEqual(yield* sql`SELECT nextval('runs') AS next`, [{ next: "2" }])
          deepStrictEqual(yield* appliedIds, ["001_users"])
        })
      )
    )
  }

  it.scopedLive("leaves a statement on a reserved connection as it is", () =>
    protectedBy()(
      Effect.gen(function* () {
        const connection = yield* Effect.flatMap(client, (sql) => sql.reserve)
        const error = yield* Effect.flip(connection.execute(wanted, [], undefined))
        strictEqual(Reflect.get(Object(error.cause), "code"), "42703")
        deepStrictEqual(yield* appliedIds, ["001_users"])
      })
    )
  )
})

describe("a transaction of a protected client", () => {
  it.scopedLive("is healed, and fails with TransactionMustRestart", () =>
    protectedBy()(
      Effect.gen(function* () {
        const sql = yield* client
        const { runs, self } = counting(Effect.zipRight(sql`SELECT 1`, sql.unsafe(wanted)))
        const error = yield* Effect.flip(sql.withTransaction(self))
        assert.instanceOf(error, SqlError)
        const { migrationIds } = yield* failsWith("TransactionMustRestart", Effect.fail(Object(error.cause)))
        deepStrictEqual(migrationIds, ["002_users_email"])
        deepStrictEqual([runs(), yield* appliedIds], [1, Object.keys(users)])
        deepStrictEqual(yield* sql.withTransaction(self), healed)
      })
    )
  )

  it.scopedLive("waits for the locks of its heal: its own have ended with it", () =>
    protectedBy({}, users, { lockTimeout: Duration.millis(50) })((url) =>
      Effect.gen(function* () {
        yield* holding(url, "LOCK TABLE users IN ACCESS SHARE MODE")
        const sql = yield* client
        const error = yield* Effect.flip(sql.withTransaction(sql.unsafe(wanted)))
        assert.instanceOf(error, SqlError)
        yield* failsWith("LockTimeout", Effect.fail(Object(error.cause)))
      })
    )
  )

  it.scopedLive("runs again from its start where the layer says so, however deep the gap is", () =>
    protectedBy({ transactions: "restart" })(
      Effect.gen(function* () {
        const sql = yield* client
        const write = sql`INSERT INTO users (id, name) VALUES (7, 'Grace')`
        const inner = counting(sql.withTransaction(sql.unsafe(`${wanted} WHERE id = 7`)))
        const outer = counting(Effect.zipRight(write, inner.self))
        deepStrictEqual(yield* sql.withTransaction(outer.self), healed)
        deepStrictEqual([outer.runs(), inner.runs()], [2, 2])
        deepStrictEqual(yield* sql`SELECT id FROM users ORDER BY id`, [{ id: 1 }, { id: 7 }])
      })
    )
  )

  it.scopedLive("keeps the errors of the program, also those of the library that it made itself", () =>
    protectedBy({ transactions: "restart" })(
      Effect.gen(function* () {
        const sql = yield* client
        const own = new AutoMigrationError.LedgerUnusable({
          schema: "x",
          reason: "is gone",
          remedy: "Go.",
          cause: null
        })
        strictEqual((yield* Effect.flip(sql.withTransaction(Effect.fail(own))))._tag, "LedgerUnusable")
        strictEqual(yield* Effect.flip(sql.withTransaction(Effect.fail("no"))), "no")
      })
    )
  )
})

it.scopedLive("a protected client sends the same messages as the plain one where all goes well", () =>
  Effect.gen(function* () {
    const url = yield* Server.freshDatabase
    const body = Effect.gen(function* () {
      const sql = yield* client
      yield* sql`SELECT 1`
      yield* sql.withTransaction(Effect.zipRight(sql`SELECT ${2}::integer`, sql.withTransaction(sql`SELECT 3`)))
      yield* Stream.runDrain(sql`SELECT 4`.stream)
      const exit = yield* Effect.exit(sql`SELECT 1/0`)
      /** One more message on the one connection, since the driver reports an error before the server has ended its answer. */
      yield* sql`SELECT 5`
      return exit
    })
    const tap = yield* WireTap.make(url)
    const listen = <E>(layer: Layer.Layer<SqlClient.SqlClient, E>) =>
      Effect.gen(function* () {
        yield* tap.reset
        assert.isTrue(Exit.isFailure(yield* body))
        return yield* tap.heard
      }).pipe(Effect.provide(Layer.fresh(layer)))
    const plain = App.client({ url: tap.url, maxConnections: 1 })
    const library = App.layerWithMigrator({ url: tap.url, migratorUrl: url, migrations: users, maxConnections: 1 })
    const [ours, theirs] = [yield* listen(Layer.provide(ProtectedClient.layer(), library)), yield* listen(plain)]
    deepStrictEqual([ours.statements, ours.roundTrips], [theirs.statements, theirs.roundTrips])
  })
)
