/**
 * Application and migrations through PgBouncer in transaction mode: no statement may count on the session of the one before.
 */
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { SqlClient } from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { AutoMigration, Policy, withAutoMigration } from "effect-auto-migration"
import pg from "pg"
import * as App from "../support/program/App.js"
import {
  blocking,
  builders,
  building,
  index,
  leaseIsOver,
  noLease,
  onlyOnce,
  until
} from "../support/program/Outside.js"
import * as Process from "../support/program/Process.js"
import {
  advisoryLocks,
  appliedIds,
  ask,
  failsWith,
  isError,
  kinds,
  type Services,
  users
} from "../support/program/Situation.js"
import * as Database from "../support/server/Database.js"
import * as Pause from "../support/server/Pause.js"
import * as PgBouncer from "../support/server/PgBouncer.js"
import * as Server from "../support/server/Server.js"
import * as Sessions from "./Sessions.js"

type Pool = Omit<PgBouncer.Options, "serverUrl">

const kept = PgBouncer.keepsPreparedStatements() ? [undefined, 50] : [undefined]

const pools: ReadonlyArray<Pool> = [1, 20].flatMap((poolSize) =>
  kept.map((maxPreparedStatements) =>
    maxPreparedStatements === undefined ? { poolSize } : { poolSize, maxPreparedStatements }
  )
)

const name = ({ maxPreparedStatements, poolSize }: Pool): string =>
  `a pool of ${poolSize}, ${maxPreparedStatements === undefined ? "without" : "with"} max_prepared_statements`

interface Place {
  readonly direct: string
  readonly pooled: string
}

/** What sessions of the database begin with, so that a setting which somebody resets to the server's own shows as well. */
const opinions = (database: string): string =>
  [
    "lock_timeout = '71s'",
    "statement_timeout = '72s'",
    "idle_in_transaction_session_timeout = '73s'",
    "work_mem = '5MB'"
  ]
    .map((setting) => `ALTER DATABASE ${database} SET ${setting}`)
    .join(";")

const place = (pool: Pool): Effect.Effect<Place, never, Scope.Scope> =>
  Effect.gen(function* () {
    const direct = yield* Server.freshDatabase
    yield* Database.query(direct, opinions(new URL(direct).pathname.slice(1)))
    const pooler = yield* PgBouncer.make({ serverUrl: direct, ...pool })
    return { direct, pooled: pooler.through(direct) }
  })

/** Runs a program through the pooler; afterwards no session behind the pooler may remember it. */
const through = <A, E>(
  pool: Pool,
  program: Omit<App.Program, "url">,
  body: (place: Place) => Effect.Effect<A, E, Services | Scope.Scope>
) =>
  Effect.gen(function* () {
    const at = yield* place(pool)
    yield* Effect.scoped(body(at)).pipe(Effect.provide(App.layer({ ...program, url: at.pooled })))
    yield* nothingIsLeft(at)
  })

const nothingIsLeft = ({ direct, pooled }: Place) =>
  Effect.gen(function* () {
    yield* untilIs(direct, advisoryLocks, { n: 0 })
    deepStrictEqual(yield* Sessions.left(direct, pooled), [])
  })

/** Waits for the answer of a query on a connection of its own. */
const untilIs = (url: string, query: string, answer: Readonly<Record<string, unknown>>) =>
  Effect.suspend(() => Database.query(url, query)).pipe(
    Effect.flatMap((rows) => Effect.try(() => deepStrictEqual(rows, [answer]))),
    Effect.retry(Schedule.intersect(Schedule.spaced("50 millis"), Schedule.recurs(1200))),
    Effect.orDie
  )

const many = Object.fromEntries(
  Arr.range(1, 4).map((n) => [`00${n}_t${n}`, `CREATE TABLE t${n} (id integer); INSERT INTO t${n} VALUES (${n});`])
)

const opinionated = {
  "001_settings": `
    SET search_path = pg_temp, public;
    SET work_mem = '77MB';
    SET TIME ZONE 'Asia/Tokyo';
    SET standard_conforming_strings = off;
    SET statement_timeout = '1h';
    SELECT set_config('app.tenant', 'x', false);
    CREATE TEMPORARY TABLE leak (id integer);
    PREPARE leak AS SELECT 1;
    LISTEN leak;
    SELECT pg_advisory_lock(4711);
    DECLARE leak CURSOR WITH HOLD FOR SELECT 1;
    SET ROLE pg_monitor;
    RESET ROLE;
    CREATE TABLE public.settings (id integer);`
}

const outside = {
  ...users,
  "003_index": "CREATE INDEX CONCURRENTLY users_name ON users (name);",
  "004_vacuum": "VACUUM (ANALYZE) users;",
  "005_index": "SET work_mem = '77MB';\nREINDEX INDEX CONCURRENTLY users_name;"
}

describe.each(pools.map((pool) => ({ called: name(pool), pool })))("$called", ({ pool }) => {
  it.scopedLive("a query heals, and so does the next one", () =>
    through(pool, { migrations: users }, () =>
      Effect.gen(function* () {
        deepStrictEqual(yield* ask("SELECT name FROM users"), [{ name: "Ada" }])
        deepStrictEqual(yield* ask("SELECT email FROM users"), [{ email: null }])
        deepStrictEqual(yield* appliedIds, ["001_users", "002_users_email"])
      })
    )
  )

  it.scopedLive("sixteen fibers with four gaps heal together, each migration once", () =>
    through(pool, { migrations: many, maxConnections: 16 }, () =>
      Effect.gen(function* () {
        const asked = Arr.range(0, 15).map((n) => (n % 4) + 1)
        const rows = yield* Effect.forEach(asked, (n) => ask(`SELECT id FROM t${n}`), { concurrency: "unbounded" })
        deepStrictEqual(
          rows,
          asked.map((id) => [{ id }])
        )
        deepStrictEqual(yield* appliedIds, Object.keys(many))
      })
    )
  )

  it.scopedLive("three programs race to build the ledger, and none holds a connection while it asks on another", () =>
    through(pool, { migrations: users }, ({ pooled }) =>
      Effect.gen(function* () {
        const one = ask("SELECT name, email FROM users").pipe(
          Effect.provide(Layer.fresh(App.layer({ url: pooled, migrations: users })))
        )
        const row = { name: "Ada", email: null }
        deepStrictEqual(yield* Effect.all([one, one, one], { concurrency: "unbounded" }), [[row], [row], [row]])
        deepStrictEqual(yield* appliedIds, ["001_users", "002_users_email"])
      })
    )
  )

  it.scopedLive("three processes heal one gap, once", () =>
    through(pool, { migrations: users }, ({ pooled }) =>
      Effect.gen(function* () {
        const argument = JSON.stringify({ url: pooled, migrations: users, query: "SELECT name, email FROM users" })
        const processes = yield* Effect.forEach(Arr.range(1, 4), () => started(argument), {
          concurrency: "unbounded"
        })
        for (const child of processes) child.send("go")
        const said = yield* Effect.forEach(processes, message, { concurrency: "unbounded" })
        deepStrictEqual(
          said.map(String),
          processes.map(() => JSON.stringify([{ name: "Ada", email: null }]))
        )
        deepStrictEqual(yield* appliedIds, ["001_users", "002_users_email"])
      })
    )
  )

  it.scopedLive("a boundary around a transaction heals and runs it again; one inside it says so", () =>
    through(pool, { migrations: users }, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient
        yield* AutoMigration.migrateTo(["001_users"])
        const error = yield* Effect.flip(sql.withTransaction(ask("SELECT email FROM users")))
        isError("TransactionMustRestart")(error)
        const rows = yield* withAutoMigration(sql.withTransaction(sql`SELECT email FROM users`))
        deepStrictEqual(rows, [{ email: null }])
      })
    )
  )

  it.scopedLive("what a migration does to its session reaches no other client", () =>
    through(pool, { migrations: opinionated, options: { policy: Policy.always } }, () =>
      Effect.map(ask("SELECT id FROM settings"), (rows) => deepStrictEqual(rows, []))
    )
  )

  it.scopedLive("steps outside transactions run ahead of time, and leave nothing behind", () =>
    through(pool, { migrations: outside }, ({ direct }) =>
      Effect.gen(function* () {
        deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.migrate, Object.keys(outside))
        const valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'users_name'::regclass"
        deepStrictEqual(yield* Database.query(direct, valid), [{ indisvalid: true }])
      })
    )
  )

  it.scopedLive("a migration that is not done by the deadline is rolled back, and the next query is answered", () =>
    through(
      pool,
      {
        migrations: { ...users, "003_slow": "CREATE TABLE slow (id integer);\nSELECT pg_sleep(600);" },
        options: { policy: Policy.always, deadline: Duration.seconds(4) }
      },
      ({ direct }) =>
        Effect.gen(function* () {
          const exit = yield* Effect.exit(ask("SELECT id FROM slow"))
          assert.isTrue(Exit.isFailure(exit))
          yield* untilIs(
            direct,
            "SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND query ~ '^SELECT pg_sleep' AND state <> 'idle'",
            { n: 0 }
          )
          deepStrictEqual(yield* Database.query(direct, "SELECT to_regclass('slow') AS found"), [{ found: null }])
          deepStrictEqual(yield* ask("SELECT name FROM users"), [{ name: "Ada" }])
          deepStrictEqual(yield* appliedIds, ["001_users", "002_users_email"])
        })
    )
  )

  it.scopedLive("a migration that fails is a typed error, recorded, and leaves nothing behind", () =>
    through(pool, { migrations: { "001_broken": "CREATE TABLE broken (id integer);\nSELECT 1/0;" } }, () =>
      Effect.gen(function* () {
        yield* failsWith("MigrationFailed", ask("SELECT id FROM broken"))
        deepStrictEqual(yield* appliedIds, [])
      })
    )
  )
})

describe("behind a pooler nobody hears an announcement, and what another process applies is learnt by asking:", () => {
  const pool = { poolSize: 20 }

  const slow = { ...users, "003_slow": `CREATE TABLE slow (id integer);\n${Pause.statement}` }

  const elsewhere = (url: string, migrations: Readonly<Record<string, string>>) =>
    Layer.fresh(App.layer({ url, migrations, options: { policy: Policy.always } }))

  const begun = (body: (place: Place) => Effect.Effect<unknown, unknown, Services | Scope.Scope>) =>
    through(pool, { migrations: slow, options: { policy: Policy.always, breaker: short } }, (place) =>
      Effect.gen(function* () {
        deepStrictEqual(yield* ask("SELECT name FROM users"), [{ name: "Ada" }])
        yield* body(place)
      })
    )

  const short = { first: Duration.millis(50), cap: Duration.millis(50) }

  it.scopedLive("by whoever looks at the status", () =>
    begun(({ direct }) =>
      Effect.gen(function* () {
        yield* Pause.lasts(direct, 0)
        yield* AutoMigration.migrate.pipe(Effect.provide(elsewhere(direct, slow)))
        deepStrictEqual(yield* appliedIds, Object.keys(slow))
        deepStrictEqual(yield* AutoMigration.migrate, [])
      })
    )
  )

  it.scopedLive("by a query that waits for what the other is applying, and applies nothing itself", () =>
    begun(({ direct }) =>
      Effect.gen(function* () {
        yield* Pause.lasts(direct, 2)
        const other = yield* Effect.fork(AutoMigration.migrate.pipe(Effect.provide(elsewhere(direct, slow))))
        yield* Pause.untilSleeping(direct)
        deepStrictEqual(yield* ask("SELECT id FROM slow"), [])
        deepStrictEqual<ReadonlyArray<string>>(yield* Fiber.join(other), ["003_slow"])
        deepStrictEqual(
          yield* kinds,
          Object.keys(slow).map((id) => `Applied ${id}`)
        )
      })
    )
  )

  it.scopedLive("by a query of what the other has applied and somebody has dropped since: SchemaDrift", () =>
    begun(({ direct }) =>
      Effect.gen(function* () {
        yield* Pause.lasts(direct, 0)
        yield* AutoMigration.migrate.pipe(Effect.provide(elsewhere(direct, slow)))
        yield* Database.query(direct, "DROP TABLE slow")
        yield* failsWith("SchemaDrift", ask("SELECT id FROM slow"))
      })
    )
  )

  it.scopedLive("by the next attempt at a migration that failed here and was brought by the other", () =>
    begun(({ direct }) =>
      Effect.gen(function* () {
        yield* failsWith("MigrationFailed", ask("SELECT id FROM slow"))
        yield* Pause.lasts(direct, 0)
        yield* AutoMigration.migrate.pipe(Effect.provide(elsewhere(direct, slow)))
        yield* Database.query(direct, "ALTER TABLE slow RENAME TO hidden")
        yield* Effect.sleep("200 millis")
        yield* failsWith("SchemaDrift", ask("SELECT id FROM slow"))
        deepStrictEqual((yield* kinds).slice(-2), ["Failed 003_slow", "Applied 003_slow"])
      })
    )
  )
})

describe("a process that is killed in the middle of a step, behind a pooler", () => {
  const migrations = { ...users, "003_index": outside["003_index"] }
  const lease = Duration.seconds(2)

  /** The pooler ends the session of a client that is gone in the middle of a statement, which the server goes on with. */
  const killed = (
    body: (situation: {
      readonly url: string
      readonly release: Effect.Effect<void>
      readonly oid: unknown
    }) => Effect.Effect<unknown, unknown, Services | Scope.Scope>
  ) =>
    through({ poolSize: 20 }, { migrations, options: { lease } }, ({ direct: url, pooled }) =>
      Effect.gen(function* () {
        yield* AutoMigration.migrateTo(["002_users_email"])
        const release = yield* blocking(url)
        const child = yield* Process.migrating({ url: pooled, migrations, lease })
        yield* until(url, building)
        yield* until(url, "(SELECT heartbeat_at > taken_at FROM auto_migration.lease)")
        const [{ indexrelid: oid } = { indexrelid: 0 }] = yield* Database.query(url, index)
        yield* child.signal("SIGKILL")
        yield* child.outcome
        yield* body({ url, release, oid })
        onlyOnce(yield* kinds)
        yield* noLease(url)
      })
    )

  it.scopedLive("while the server goes on with it: the next one waits for that, and builds nothing again", () =>
    killed(({ oid, release, url }) =>
      Effect.gen(function* () {
        yield* until(url, leaseIsOver)
        const next = yield* Effect.fork(AutoMigration.migrate)
        yield* Effect.sleep("500 millis")
        deepStrictEqual(yield* Database.query(url, `SELECT count(*)::int AS n FROM ${builders} AND state = 'active'`), [
          { n: 1 }
        ])
        yield* release
        deepStrictEqual<ReadonlyArray<string>>(yield* Fiber.join(next), ["003_index"])
        deepStrictEqual(yield* Database.query(url, index), [{ indexrelid: oid, indisvalid: true }])
      })
    )
  )

  it.scopedLive("and whose statement ends with it: the next one drops the invalid index and builds it again", () =>
    killed(({ oid, release, url }) =>
      Effect.gen(function* () {
        yield* Database.query(url, `SELECT pg_terminate_backend(pid, 5000) FROM ${builders} AND state = 'active'`)
        deepStrictEqual(yield* Database.query(url, index), [{ indexrelid: oid, indisvalid: false }])
        yield* release
        deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.migrate, ["003_index"])
        const [{ indexrelid, indisvalid } = { indexrelid: oid, indisvalid: false }] = yield* Database.query(url, index)
        assert.isTrue(indisvalid)
        assert.notStrictEqual(indexrelid, oid)
        deepStrictEqual((yield* kinds).slice(-3), ["Started 003_index", "Started 003_index", "Applied 003_index"])
      })
    )
  )
})

describe("prepared statements of the pooler", () => {
  for (const pool of pools.filter(({ maxPreparedStatements }) => maxPreparedStatements !== undefined)) {
    it.scopedLive(`are there after a migration on the same connection: ${name(pool)}`, () =>
      through(pool, { migrations: users }, ({ pooled }) =>
        Effect.gen(function* () {
          const client = yield* Effect.acquireRelease(
            Effect.promise(async () => {
              const client = new pg.Client({ connectionString: pooled })
              await client.connect()
              return client
            }),
            (client) => Effect.promise(() => client.end())
          )
          const named = Effect.promise(() => client.query({ name: "one", text: "SELECT 1 AS one" }))
          deepStrictEqual((yield* named).rows, [{ one: 1 }])
          deepStrictEqual(yield* ask("SELECT name FROM users"), [{ name: "Ada" }])
          deepStrictEqual((yield* named).rows, [{ one: 1 }])
        })
      )
    )
  }

  it.scopedLive("are known since PgBouncer 1.21, and refused as a setting before", () =>
    Effect.gen(function* () {
      const serverUrl = yield* Server.freshDatabase
      const exit = yield* Effect.exit(PgBouncer.make({ serverUrl, poolSize: 1, maxPreparedStatements: 50 }))
      if (PgBouncer.keepsPreparedStatements()) return assert.isTrue(Exit.isSuccess(exit))
      assert.match(Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "", /max_prepared_statements/)
    })
  )
})

const program = fileURLToPath(new URL("./program.ts", import.meta.url))

/** A process that is ready to ask. */
const started = (argument: string) =>
  Effect.acquireRelease(
    Effect.sync(() => fork(program, [argument], { execArgv: ["--import", "tsx"] })),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  ).pipe(Effect.tap(message))

const message = (child: ChildProcess) =>
  Effect.promise(async (signal) => {
    const said = once(child, "message", { signal }).then(([value]): unknown => value)
    const ended = once(child, "exit", { signal }).then(([code]) => {
      throw new Error(`a process ended with ${code}`)
    })
    return Promise.race([said, ended])
  })
