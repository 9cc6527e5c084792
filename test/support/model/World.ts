/**
 * The real thing beside the model: a database, perhaps with a replica, a role whose rights can be taken away, and programs that
 * are started, asked and killed.
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
import { AutoMigration, AutoMigrationConfig, Policy, withAutoMigration } from "effect-auto-migration"
import * as App from "../program/App.js"
import * as SettableClock from "../program/SettableClock.js"
import { advisoryLocks, nothingIsLeft } from "../program/Situation.js"
import * as Database from "../server/Database.js"
import * as WireTap from "../server/WireTap.js"
import * as Model from "./LedgerModel.js"

type Body<A> = Effect.Effect<A, { readonly _tag: string }, AutoMigration.AutoMigration | SqlClient.SqlClient>

interface Program {
  readonly run: <A>(body: Body<A>) => Effect.Effect<A, { readonly _tag: string }>
  readonly cut: Effect.Effect<void>
  /** Has all deadlines pass. */
  readonly giveUp: Effect.Effect<void>
  /** Whether it has asked if its server has replayed what it waits for. */
  readonly waits: Effect.Effect<boolean>
  readonly close: Effect.Effect<void>
}

/** A database on the server of all tests, or on a primary of its own with a replica. */
export interface Place {
  /** Of a superuser, on the server that may be written. */
  readonly url: string
  readonly pair: Pair | undefined
}

export interface Pair {
  /** The same database. */
  readonly replica: string
  readonly restart: (mode: "fast" | "crash") => Effect.Effect<void>
}

export interface World {
  readonly start: (who: Model.Who, files: ReadonlyArray<Model.File>) => Effect.Effect<void>
  readonly query: (who: Model.Who, table: number, column: number) => Effect.Effect<Model.Answer>
  readonly migrate: (who: Model.Who) => Effect.Effect<Model.Answer>
  /** A query of the reader, and what happens when it waits for its replica. */
  readonly read: (
    table: number,
    column: number,
    whenItWaits: "wait" | "resume" | "give up"
  ) => Effect.Effect<Model.Answer>
  /** Stops the replica's replay when it shows everything. */
  readonly pause: Effect.Effect<void>
  readonly resume: Effect.Effect<void>
  /** The primary stops in that way and starts again; programs lose their connections. */
  readonly restart: (mode: "fast" | "crash") => Effect.Effect<void>
  /** Begins a query and breaks all connections of its program after that many milliseconds. */
  readonly crash: (who: Model.Who, table: number, column: number, after: number) => Effect.Effect<void>
  readonly allow: (may: boolean) => Effect.Effect<void>
  readonly tamper: (id: string) => Effect.Effect<void>
  /** The ids of the migrations of ours that the log says are applied, in its order. */
  readonly applied: Effect.Effect<ReadonlyArray<string>>
  /** Log, projection, catalog and chain say what the model says. */
  readonly agrees: (state: Model.State) => Effect.Effect<void>
  /** When all programs are closed: no lease that lasts, and no session, transaction or lock of anybody's. */
  readonly leavesNothing: Effect.Effect<void>
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

const columnsIn = (url: string) =>
  Effect.map(
    Database.query(
      url,
      `SELECT table_name || '.' || column_name AS name FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1`
    ),
    (columns) => columns.map(({ name }) => name)
  )

const columnsOf = (files: ReadonlyArray<Model.File>) =>
  files.map(({ column, table }) => `t${table}.${Model.nameOf(table, column)}`).toSorted()

const until = (url: string, question: string) =>
  Effect.repeat(Effect.delay(Database.query(url, question), "10 millis"), { until: ([row]) => row?.["yes"] === true })

/** Waits until one server has replayed what the other has committed by now. */
export const replayed = (standby: string, primary: string) =>
  Effect.flatMap(Database.query(primary, "SELECT pg_current_wal_flush_lsn()::text AS lsn"), ([row]) =>
    until(standby, `SELECT pg_last_wal_replay_lsn() >= '${row?.["lsn"]}'::pg_lsn AS yes`)
  )

/** Lives as long as the scope, in an empty database. */
export const make = ({ pair, url }: Place): Effect.Effect<World, never, Scope.Scope> =>
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
    const asRole = (of: string): string => {
      const changed = new URL(of)
      changed.username = role
      changed.password = "secret"
      return changed.href
    }

    const ofPair = <A>(use: (pair: Pair) => Effect.Effect<A>): Effect.Effect<A> =>
      pair === undefined ? Effect.dieMessage("there is no replica") : use(pair)

    const caughtUp = ofPair(({ replica }) => replayed(replica, url))

    const resume = ofPair(({ replica }) => Effect.asVoid(Database.query(replica, "SELECT pg_wal_replay_resume()")))
    if (pair !== undefined) yield* Effect.acquireRelease(caughtUp, () => resume)

    const program = (who: Model.Who): Effect.Effect<Program> =>
      Effect.suspend(() => Effect.orDie(Effect.fromNullable(programs.get(who))))

    const run = <A>(who: Model.Who, body: Body<A>) => Effect.flatMap(program(who), (_) => _.run(body))

    const observer = { url, migrations: {}, options: { ledgerOwner: AutoMigrationConfig.RoleName.make(role) } }

    const observed = <A>(body: Body<A>) => Effect.provide(body, App.layer(observer)).pipe(Effect.orDie)

    const idle = `SELECT 1 FROM pg_stat_activity WHERE usename = '${role}'`

    const world: World = {
      start: (who, files) =>
        Effect.gen(function* () {
          yield* programs.get(who)?.close ?? Effect.void
          const from = who === "reader" ? yield* ofPair(({ replica }) => Effect.succeed(replica)) : url
          programs.set(who, yield* started(asRole(from), asRole(url), files).pipe(Scope.extend(scope)))
        }),
      query: (who, table, column) =>
        answered(run(who, asking(table, column)), (rows) => ({ _tag: "Value", value: rows[0]?.value ?? 0 })),
      read: (table, column, whenItWaits) =>
        Effect.gen(function* () {
          const reader = yield* program("reader")
          if (whenItWaits === "wait") yield* caughtUp
          yield* Effect.orDie(reader.run(AutoMigration.status))
          const reading = yield* Effect.fork(world.query("reader", table, column))
          if (whenItWaits !== "wait") {
            const waiting = Effect.repeat(Effect.delay(reader.waits, "10 millis"), { until: (is) => is })
            const then = whenItWaits === "resume" ? resume : reader.giveUp
            yield* Effect.raceFirst(Fiber.await(reading), Effect.zipRight(waiting, then))
          }
          return yield* Fiber.join(reading)
        }),
      pause: Effect.zipRight(
        caughtUp,
        ofPair(({ replica }) =>
          Effect.zipRight(
            Database.query(replica, "SELECT pg_wal_replay_pause()"),
            Effect.asVoid(until(replica, "SELECT pg_get_wal_replay_pause_state() = 'paused' AS yes"))
          )
        )
      ),
      resume,
      restart: (mode) => ofPair(({ restart }) => restart(mode)),
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
          deepStrictEqual(yield* columnsIn(url), columnsOf(state.applied))
          if (pair !== undefined) {
            if (state.shown === undefined) yield* caughtUp
            deepStrictEqual(yield* columnsIn(pair.replica), columnsOf(state.shown ?? state.applied))
          }
          const broken = Model.brokenAt(state)
          if (broken === undefined) return deepStrictEqual(Either.isRight(verdict), true)
          const sequence = Either.isLeft(verdict) ? verdict.left.sequence : -1
          const found = yield* Database.query(
            url,
            `SELECT migration_id AS id FROM auto_migration.event WHERE sequence = ${sequence}`
          )
          deepStrictEqual(found, [{ id: broken }])
        }).pipe(Effect.orDie),
      leavesNothing: Effect.gen(function* () {
        yield* Effect.forEach([...programs.values()], (_) => _.close, { discard: true })
        programs.clear()
        yield* nothingIsLeft(url)
        if (pair !== undefined) yield* nothingIsLeft(pair.replica)
        deepStrictEqual(yield* Database.query(url, advisoryLocks), [{ n: 0 }])
        const [row] = yield* Database.query(url, "SELECT to_regclass('auto_migration.lease') AS leases")
        if (row?.["leases"] === null) return
        deepStrictEqual(yield* Database.query(url, "SELECT migration_id FROM auto_migration.lease"), [])
      })
    }
    return world
  })

/** A program behind a tap: cutting it is to the server what the death of the process is. */
const started = (url: string, migratorUrl: string, files: ReadonlyArray<Model.File>) =>
  Effect.gen(function* () {
    const tap = yield* WireTap.make(url)
    const { clock, pass } = yield* SettableClock.make
    const scope = yield* Scope.make()
    const own = { url: tap.url, migrations: migrationsOf(files), options }
    const layer = url === migratorUrl ? App.layer(own) : App.layerWithMigrator({ ...own, migratorUrl })
    const context = yield* Layer.buildWithScope(layer, scope).pipe(Effect.withClock(clock))
    return {
      run: (body) => Effect.zipRight(tap.reset, Effect.provide(body, context)).pipe(Effect.withClock(clock)),
      cut: tap.cut,
      giveUp: pass("1 hour"),
      waits: WireTap.isReplayAsked(tap),
      close: Scope.close(scope, Exit.void)
    } satisfies Program
  })
