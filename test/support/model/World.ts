/**
 * The real thing beside the model: a database, a role whose rights can be taken away, and programs that are started, asked and
 * killed.
 */
import * as SqlClient from "@effect/sql/SqlClient"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { AutoMigration, Policy, withAutoMigration } from "effect-auto-migration"
import * as App from "../App.js"
import * as Database from "../Database.js"
import * as WireTap from "../WireTap.js"
import * as Model from "./LedgerModel.js"

type Body<A> = Effect.Effect<A, { readonly _tag: string }, AutoMigration.AutoMigration | SqlClient.SqlClient>

interface Program {
  readonly run: <A>(body: Body<A>) => Effect.Effect<A, { readonly _tag: string }>
  readonly cut: Effect.Effect<void>
  readonly close: Effect.Effect<void>
}

export interface World {
  readonly start: (who: Model.Who, files: ReadonlyArray<Model.File>) => Effect.Effect<void>
  readonly query: (who: Model.Who, table: number, column: number) => Effect.Effect<Model.Answer>
  readonly migrate: (who: Model.Who) => Effect.Effect<Model.Answer>
  /** Begins a query and breaks all connections of its program after that many milliseconds. */
  readonly crash: (who: Model.Who, table: number, column: number, after: number) => Effect.Effect<void>
  readonly allow: (may: boolean) => Effect.Effect<void>
  readonly tamper: (id: string) => Effect.Effect<void>
  /** The ids of the migrations of ours that the log says are applied, in its order. */
  readonly applied: Effect.Effect<ReadonlyArray<string>>
  /** Log, projection, catalog and chain say what the model says. */
  readonly agrees: (state: Model.State) => Effect.Effect<void>
}

const appliedEvents = `SELECT migration_id AS id FROM auto_migration.event
  WHERE kind = 'Applied' AND migration_id NOT LIKE '%/%' ORDER BY sequence`

const Ids = Schema.Array(Schema.Struct({ id: Schema.String }))

/** Rights that come back are used at once: the pause after a failure has tests of its own. */
const options = { policy: Policy.always, breaker: { first: Duration.millis(1), cap: Duration.millis(1) } }

const migrationsOf = (files: ReadonlyArray<Model.File>) =>
  Object.fromEntries(files.map((file) => [file.id, Model.textOf(file)]))

const answered = <A>(effect: Effect.Effect<A, { readonly _tag: string }>, onSuccess: (value: A) => Model.Answer) =>
  Effect.match(effect, { onFailure: ({ _tag }): Model.Answer => ({ _tag: "Error", tag: _tag }), onSuccess })

const asking = (table: number, column: number) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    withAutoMigration(
      sql.unsafe<{ readonly value: number }>(`SELECT ${Model.nameOf(table, column)} AS value FROM t${table}`)
    )
  )

/** Lives as long as the scope. The URL is a superuser's, of an empty database. */
export const make = (url: string): Effect.Effect<World, never, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const database = new URL(url).pathname.slice(1)
    const role = `model_${database.slice(-12)}`
    const programs = new Map<Model.Who, Program>()
    yield* Effect.acquireRelease(
      Database.query(
        url,
        `CREATE ROLE ${role} LOGIN PASSWORD 'secret'`,
        `GRANT CREATE ON DATABASE ${database} TO ${role}`,
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        `GRANT CREATE ON SCHEMA public TO ${role}`
      ),
      () => Database.query(url, `DROP OWNED BY ${role} CASCADE`, `DROP ROLE ${role}`)
    )
    yield* Effect.addFinalizer(() => Effect.forEach([...programs.values()], (_) => _.close, { discard: true }))
    const asRole = new URL(url)
    asRole.username = role
    asRole.password = "secret"

    const program = (who: Model.Who): Effect.Effect<Program> =>
      Effect.suspend(() => Effect.orDie(Effect.fromNullable(programs.get(who))))

    const run = <A>(who: Model.Who, body: Body<A>) => Effect.flatMap(program(who), (_) => _.run(body))

    const observed = <A>(body: Body<A>) => Effect.provide(body, App.layer({ url, migrations: {} })).pipe(Effect.orDie)

    const idle = `SELECT 1 FROM pg_stat_activity WHERE usename = '${role}'`

    const world: World = {
      start: (who, files) =>
        Effect.gen(function* () {
          yield* programs.get(who)?.close ?? Effect.void
          programs.set(who, yield* started(asRole.href, files).pipe(Scope.extend(scope)))
        }),
      query: (who, table, column) =>
        answered(run(who, asking(table, column)), (rows) => ({ _tag: "Value", value: rows[0]?.value ?? 0 })),
      migrate: (who) => answered(run(who, AutoMigration.migrate), (ids) => ({ _tag: "Applied", ids })),
      crash: (who, table, column, after) =>
        Effect.gen(function* () {
          const victim = yield* program(who)
          const fiber = yield* Effect.fork(Effect.exit(victim.run(asking(table, column))))
          yield* Effect.sleep(after)
          yield* victim.cut
          yield* Effect.forkDaemon(victim.close)
          programs.delete(who)
          yield* Effect.repeat(Database.query(url, "SELECT pg_sleep(0.01)", `${idle} AND state <> 'idle'`), {
            until: (rows) => rows.length === 0
          })
          yield* Effect.forkDaemon(Fiber.interrupt(fiber))
        }),
      allow: (may) =>
        Database.query(url, `${may ? "GRANT" : "REVOKE"} CREATE ON SCHEMA public ${may ? "TO" : "FROM"} ${role}`),
      tamper: (id) =>
        Database.query(
          url,
          "ALTER TABLE auto_migration.event DISABLE TRIGGER append_only",
          `UPDATE auto_migration.event SET detail = detail || '{"tampered": true}' WHERE migration_id = '${id}'`,
          "ALTER TABLE auto_migration.event ENABLE TRIGGER append_only"
        ),
      applied: Effect.flatMap(Database.query(url, "SELECT to_regclass('auto_migration.event') AS log"), (rows) =>
        rows[0]?.["log"] === null ? Effect.succeed([]) : Database.query(url, appliedEvents)
      ).pipe(
        Effect.flatMap(Schema.decodeUnknown(Ids)),
        Effect.map((rows) => rows.map(({ id }) => id)),
        Effect.orDie
      ),
      agrees: (state) =>
        Effect.gen(function* () {
          const ids = state.applied.map(({ id }) => id)
          deepStrictEqual(yield* world.applied, ids)
          const { status, verdict } = yield* observed(
            Effect.all({ status: AutoMigration.status, verdict: AutoMigration.verify })
          )
          const { unknown } = status
          deepStrictEqual(unknown.map(String).toSorted(), ids.toSorted())
          const columns = yield* Database.query(
            url,
            `SELECT table_name || '.' || column_name AS name FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1`
          )
          deepStrictEqual(
            columns.map(({ name }) => name),
            state.applied.map(({ column, table }) => `t${table}.${Model.nameOf(table, column)}`).toSorted()
          )
          const broken = Model.brokenAt(state)
          if (broken === undefined) return deepStrictEqual(Either.isRight(verdict), true)
          const sequence = Either.isLeft(verdict) ? verdict.left.sequence : -1
          const found = yield* Database.query(
            url,
            `SELECT migration_id AS id FROM auto_migration.event WHERE sequence = ${sequence}`
          )
          deepStrictEqual(found, [{ id: broken }])
        }).pipe(Effect.orDie)
    }
    return world
  })

/** A program behind a tap: cutting it is to the server what the death of the process is. */
const started = (url: string, files: ReadonlyArray<Model.File>) =>
  Effect.gen(function* () {
    const tap = yield* WireTap.make(url)
    const scope = yield* Scope.make()
    const context = yield* Layer.buildWithScope(
      App.layer({ url: tap.url, migrations: migrationsOf(files), options }),
      scope
    )
    return {
      run: (body) => Effect.provide(body, context),
      cut: tap.cut,
      close: Scope.close(scope, Exit.void)
    } satisfies Program
  })
