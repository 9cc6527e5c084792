/**
 * The server interrupts a heal: it restarts, ends the backend, or enforces a limit. After each interruption the next
 * query heals, no migration is applied twice, ledger and catalog agree, and no session is left.
 */
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import { AutoMigration, Policy, withAutoMigration } from "effect-auto-migration"
import * as Fleet from "../../support/fleet/Fleet.js"
import * as App from "../../support/program/App.js"
import { blocking, builders, building, index, noLease, onlyOnce, until } from "../../support/program/Outside.js"
import { ask, failsWith, kinds, nothingIsLeft, users } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as EmbeddedServer from "../../support/server/EmbeddedServer.js"
import * as Pause from "../../support/server/Pause.js"
import * as Server from "../../support/server/Server.js"
import { during } from "../../support/server/Until.js"
import * as WireTap from "../../support/server/WireTap.js"

const migrations = {
  "001_first": "CREATE TABLE first (id integer);",
  "002_slow": `CREATE TABLE slow AS SELECT count(*)::int AS n FROM first;\n${Pause.statement}`
}

const short = { first: Duration.millis(10), cap: Duration.millis(10) }
const options = { policy: Policy.always, breaker: short }

const slow = ask("SELECT n FROM slow")

/** The pool may still hold dead connections, which it notices when it uses them. */
const eventually = <A, R>(query: Effect.Effect<A, unknown, R>) =>
  Effect.retry(query, Schedule.intersect(Schedule.spaced("100 millis"), Schedule.recurs(600)))

const healsOnce = Effect.gen(function* () {
  deepStrictEqual(yield* eventually(slow), [{ n: 0 }])
  const applied = (yield* kinds).filter((event) => event.startsWith("Applied"))
  deepStrictEqual(applied, ["Applied 001_first", "Applied 002_slow"])
  assert.isTrue(Either.isRight(yield* AutoMigration.verify))
})

/** Interrupts a heal while its migration runs, checks the state afterwards, and returns the heal's error. */
const interrupted = <E>(url: string, interrupt: Effect.Effect<unknown, E>) =>
  Effect.gen(function* () {
    yield* Pause.lasts(url, 600)
    const error = yield* Effect.gen(function* () {
      const heal = yield* Effect.fork(Effect.flip(slow))
      yield* during(heal, Pause.untilSleeping(url))
      yield* interrupt
      const error = yield* Fiber.join(heal)
      yield* Pause.lasts(url, 0)
      yield* healsOnce
      return error
    }).pipe(Effect.provide(App.layer({ url, migrations, options })))
    yield* nothingIsLeft(url)
    return error
  })

describe("in the middle of a migration", () => {
  for (const mode of ["fast", "crash"] as const) {
    it.scopedLive(`the server restarts (${mode}): DatabaseUnavailable, and the next query heals, once`, () =>
      Effect.gen(function* () {
        const server = yield* EmbeddedServer.make({ settings: { max_connections: "20" } })
        const url = yield* Database.fresh(server.url)
        const error = yield* interrupted(url, server.restart(mode))
        assert.strictEqual(error._tag, "DatabaseUnavailable")
      })
    )
  }

  for (const end of ["pg_cancel_backend", "pg_terminate_backend"] as const) {
    it.scopedLive(`${end} ends it: DatabaseUnavailable, and the next query heals, once`, () =>
      Effect.gen(function* () {
        const url = yield* Server.freshDatabase
        const error = yield* interrupted(
          url,
          Database.query(url, `SELECT ${end}(pid) FROM (${Pause.sleeping}) AS migrating`)
        )
        assert.strictEqual(error._tag, "DatabaseUnavailable")
      })
    )
  }
})

describe("in the middle of a step outside transactions", () => {
  const concurrent = { ...users, "003_index": "CREATE INDEX CONCURRENTLY users_name ON users (name);" }
  const lease = Duration.seconds(2)
  const durable = { max_connections: "20", synchronous_commit: "on" }

  const built = (url: string) => Effect.map(Database.query(url, index), ([row]) => row)

  /** Interrupts a build that waits. The next attempt brings the index once. Returns the index before and after that. */
  const repaired = <E>(url: string, through: string, interrupt: Effect.Effect<unknown, E>) =>
    Effect.gen(function* () {
      yield* AutoMigration.migrateTo(["002_users_email"])
      const release = yield* blocking(url)
      const build = yield* Effect.fork(failsWith("DatabaseUnavailable", AutoMigration.migrate))
      yield* during(build, until(url, building))
      const before = yield* built(url)
      yield* interrupt
      const error = yield* Fiber.join(build)
      assert.match(error.message, /what it has done stays.*Apply it again/)
      yield* release
      deepStrictEqual<ReadonlyArray<string>>(yield* eventually(AutoMigration.migrate), ["003_index"])
      onlyOnce(yield* kinds)
      yield* noLease(url)
      return { before, after: yield* built(url) }
    }).pipe(
      Effect.provide(App.layer({ url: through, migrations: concurrent, options: { lease } })),
      Effect.tap(({ after }) => assert.isTrue(after?.["indisvalid"])),
      Effect.tap(() => nothingIsLeft(url))
    )

  const isBuiltAgain = <E>(url: string, interrupt: Effect.Effect<unknown, E>) =>
    Effect.map(repaired(url, url, interrupt), ({ after, before }) =>
      assert.notStrictEqual(after?.["indexrelid"], before?.["indexrelid"])
    )

  for (const end of ["pg_cancel_backend", "pg_terminate_backend"] as const) {
    it.scopedLive(`${end} ends it: the next attempt repairs its leftovers`, () =>
      Effect.gen(function* () {
        const url = yield* Server.freshDatabase
        yield* isBuiltAgain(url, Database.query(url, `SELECT ${end}(pid) FROM ${builders} AND state = 'active'`))
      })
    )
  }

  it.scopedLive(
    "its connections are cut, and the server goes on with it: the next attempt does not build the index again",
    () =>
      Effect.gen(function* () {
        const url = yield* Server.freshDatabase
        const tap = yield* WireTap.make(url)
        const { after, before } = yield* repaired(url, tap.url, tap.cut)
        assert.strictEqual(after?.["indexrelid"], before?.["indexrelid"])
      })
  )

  it.scopedLive("the server crashes: the next attempt repairs the leftovers", () =>
    Effect.gen(function* () {
      const server = yield* EmbeddedServer.make({ settings: durable })
      const url = yield* Database.fresh(server.url)
      yield* isBuiltAgain(url, server.restart("crash"))
    })
  )

  it.scopedLive("the server restarts, and may end the blocking session before the build: the index exists once", () =>
    Effect.gen(function* () {
      const server = yield* EmbeddedServer.make({ settings: durable })
      const url = yield* Database.fresh(server.url)
      yield* repaired(url, url, server.restart("fast"))
    })
  )
})

describe("a role or a database whose sessions", () => {
  const limited = (...settings: ReadonlyArray<string>) =>
    Effect.tap(Server.freshDatabase, (url) =>
      Database.query(
        url,
        ...settings.map((setting) => `ALTER DATABASE "${new URL(url).pathname.slice(1)}" SET ${setting}`)
      )
    )

  it.scopedLive(
    "may be idle in a transaction only for a moment does not end a heal, which sends its statements one by one",
    () =>
      Effect.gen(function* () {
        const url = yield* limited("idle_in_transaction_session_timeout = '1ms'")
        yield* Pause.lasts(url, 0)
        yield* healsOnce.pipe(Effect.provide(App.layer({ url, migrations, options })))
        yield* nothingIsLeft(url)
      })
  )

  it.scopedLive("may not run a statement for long does not end a heal, which has a deadline of its own", () =>
    Effect.gen(function* () {
      const url = yield* limited("statement_timeout = '1500ms'")
      yield* Pause.lasts(url, 2)
      yield* healsOnce.pipe(Effect.provide(App.layer({ url, migrations, options })))
      yield* nothingIsLeft(url)
    })
  )

  it.scopedLive(
    "may write only small temporary files: MigrationFailed, and the next query heals when they may be larger",
    () =>
      Effect.gen(function* () {
        const url = yield* limited("temp_file_limit = '64kB'", "work_mem = '64kB'")
        const sorted = {
          "001_sorted": "CREATE TABLE sorted AS SELECT n FROM generate_series(1, 50000) AS n ORDER BY md5(n::text);"
        }
        const count = Effect.flatMap(SqlClient.SqlClient, (sql) =>
          withAutoMigration(sql`SELECT count(*)::int AS n FROM sorted`)
        )
        const error = yield* Effect.flip(count).pipe(Effect.provide(App.layer({ url, migrations: sorted, options })))
        assert.strictEqual(error._tag, "MigrationFailed")
        assert.strictEqual(Reflect.get(error, "sqlState"), "53400")
        yield* nothingIsLeft(url)
        yield* Database.query(url, `ALTER DATABASE "${new URL(url).pathname.slice(1)}" RESET temp_file_limit`)
        yield* Effect.gen(function* () {
          deepStrictEqual(yield* count, [{ n: 50_000 }])
          deepStrictEqual(yield* kinds, ["Failed 001_sorted", "Applied 001_sorted"])
        }).pipe(Effect.provide(App.layer({ url, migrations: sorted, options })))
      })
  )
})

describe("a process that is suspended in the middle of a migration", () => {
  const users = { "001_users": "CREATE TABLE users (id integer);" }
  const migrations = {
    ...users,
    "002_email": `ALTER TABLE users ADD COLUMN email text;\n${Pause.gate}`
  }

  it.scopedLive("locks a table for at most twice its deadline, and applies no migration when it goes on", () =>
    Effect.gen(function* () {
      const file = yield* Fleet.build
      const url = yield* Server.freshDatabase
      yield* Pause.closeGate(url)
      yield* Effect.provide(ask("SELECT id FROM users"), App.layer({ url, migrations: users }))
      yield* Effect.gen(function* () {
        const program = { url, migrations, maxConnections: 2, policy: "always", deadline: Duration.seconds(5) } as const
        const other = yield* Fleet.start(file, { ...program, clock: "stopped" })
        yield* other.ready
        yield* other.tell({ _tag: "Query", queries: [{ place: 0, text: "SELECT email FROM users" }] })
        yield* Pause.untilSleeping(url)
        yield* other.signal("SIGSTOP")
        yield* Pause.openGate(url)
        deepStrictEqual(yield* Database.query(url, "SELECT id FROM users"), [])
        deepStrictEqual(yield* ask("SELECT email FROM users"), [])
        yield* other.signal("SIGCONT")
        yield* Effect.exit(other.finished)
        deepStrictEqual(yield* kinds, ["Applied 001_users", "Applied 002_email"])
      }).pipe(Effect.provide(App.layer({ url, migrations, options })), Effect.scoped)
      yield* nothingIsLeft(url)
    })
  )
})
