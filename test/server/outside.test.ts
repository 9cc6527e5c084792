/**
 * Steps that no transaction can hold: one process builds and the others wait, and whatever becomes of the one, the next finds
 * what it left and finishes it once.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import { AutoMigration } from "effect-auto-migration"
import pg from "pg"
import * as App from "../support/App.js"
import * as Database from "../support/Database.js"
import * as Process from "../support/Process.js"
import * as SettableClock from "../support/SettableClock.js"
import { ask, failsWith, inProgram, kinds, type Services, users } from "../support/Situation.js"

const lease = Duration.millis(600)

const migrations = { ...users, "003_index": "CREATE INDEX CONCURRENTLY users_name ON users (name);" }

/** A transaction that `CREATE INDEX CONCURRENTLY` waits for, until the effect in the result is run. */
const blocking = (url: string) =>
  Effect.gen(function* () {
    const client = new pg.Client({ connectionString: url })
    const end = yield* Effect.cached(Effect.promise(() => client.end()))
    client.on("error", () => {})
    yield* Effect.promise(() => client.connect())
    yield* Effect.addFinalizer(() => end)
    yield* Effect.promise(() =>
      client.query("BEGIN ISOLATION LEVEL REPEATABLE READ; INSERT INTO users VALUES (7, 'x')")
    )
    return end
  })

const until = (url: string, condition: string) =>
  Effect.repeat(Effect.delay(Database.query(url, `SELECT (${condition}) AS yes`), "20 millis"), {
    until: ([row]) => row?.["yes"] === true
  })

const building = "EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('users_name'))"

const leaseIsOver = "(SELECT expires_at < clock_timestamp() FROM auto_migration.lease)"

/** The server's side of whoever runs a step, whatever became of the client. */
const builders =
  "pg_stat_activity WHERE application_name LIKE 'effect-auto-migration %' AND datname = current_database()"

const index = "SELECT indexrelid, indisvalid FROM pg_index WHERE indexrelid = 'users_name'::regclass"

const onlyOnce = (log: ReadonlyArray<string>) =>
  deepStrictEqual(
    log.filter((event) => event === "Applied 003_index"),
    ["Applied 003_index"]
  )

const noLease = (url: string) =>
  Effect.map(Database.query(url, "SELECT * FROM auto_migration.lease"), (rows) => deepStrictEqual(rows, []))

/** The first two migrations are applied, and a process is building the index of the third, which waits. */
const inTheMiddle = <A, E>(
  body: (situation: {
    readonly url: string
    readonly release: Effect.Effect<void>
    readonly child: Process.Process
    readonly oid: unknown
  }) => Effect.Effect<A, E, Services | Scope.Scope>
) =>
  inProgram({ migrations, options: { lease, lockTimeout: Duration.millis(300) } }, (url) =>
    Effect.gen(function* () {
      yield* AutoMigration.migrateTo(["002_users_email"])
      const release = yield* blocking(url)
      const child = yield* Process.migrating({ url, migrations, lease })
      yield* until(url, building)
      const [{ indexrelid: oid } = { indexrelid: 0 }] = yield* Database.query(url, index)
      return yield* body({ url, release, child, oid })
    })
  )

describe("while one process runs a step outside transactions", () => {
  it.scopedLive("nobody holds a transaction or the lock, others wait for its lease, and all of it happens once", () =>
    inProgram({ migrations, options: { lease } }, (url) =>
      Effect.gen(function* () {
        yield* AutoMigration.migrateTo(["002_users_email"])
        const release = yield* blocking(url)
        const builder = yield* Effect.fork(AutoMigration.migrate)
        yield* until(url, building)
        const held = `SELECT
          (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory'
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS locks,
          (SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database()
            AND application_name LIKE 'effect-auto-migration%' AND state LIKE 'idle in transaction%') AS idle`
        deepStrictEqual(yield* Database.query(url, held), [{ locks: 0, idle: 0 }])

        const later = { ...migrations, "004_pets": "CREATE TABLE pets (id integer);" }
        const options = { lease, deadline: Duration.seconds(1) }
        const error = yield* failsWith("LockTimeout", ask("SELECT id FROM pets")).pipe(
          Effect.provide(App.layer({ url, migrations: later, options }))
        )
        assert.strictEqual(error.waitingFor, "lease")
        assert.strictEqual(error.lease?.migrationId, "003_index")

        const waiter = yield* Effect.fork(
          Effect.provide(AutoMigration.migrate, App.layer({ url, migrations: later, options }))
        )
        yield* Effect.sleep("1 second")
        deepStrictEqual(yield* Database.query(url, `SELECT ${leaseIsOver} AS over`), [{ over: false }])
        yield* release
        deepStrictEqual<ReadonlyArray<string>>(yield* Fiber.join(builder), ["003_index"])
        deepStrictEqual<ReadonlyArray<string>>(yield* Fiber.join(waiter), ["004_pets"])
        onlyOnce(yield* kinds)
        yield* noLease(url)
      })
    )
  )

  it.scopedLive("a clock that jumps by days gives the lease to nobody else", () =>
    inProgram({ migrations, options: { lease } }, (url) =>
      Effect.gen(function* () {
        yield* AutoMigration.migrateTo(["002_users_email"])
        const release = yield* blocking(url)
        const { clock, setDate } = yield* SettableClock.make
        const builder = yield* Effect.fork(Effect.withClock(AutoMigration.migrate, clock))
        yield* until(url, building)
        for (const days of [1, -3]) {
          yield* setDate(days * 86_400_000)
          yield* Effect.sleep("500 millis")
        }
        deepStrictEqual(
          yield* Database.query(
            url,
            `SELECT ${leaseIsOver} AS over, expires_at - heartbeat_at = lasts AS exact, heartbeat_at > taken_at AS beats
            FROM auto_migration.lease`
          ),
          [{ over: false, exact: true, beats: true }]
        )
        yield* release
        yield* Fiber.join(builder)
        onlyOnce(yield* kinds)
      })
    )
  )
})

describe("a process that is killed in the middle of a step", () => {
  it.scopedLive("while the server goes on with it: the next one waits for that, and builds nothing again", () =>
    inTheMiddle(({ child, oid, release, url }) =>
      Effect.gen(function* () {
        yield* child.signal("SIGKILL")
        yield* child.outcome
        yield* until(url, leaseIsOver)
        const next = yield* Effect.fork(AutoMigration.migrate)
        yield* Effect.sleep("500 millis")
        deepStrictEqual(yield* Database.query(url, `SELECT count(*)::int AS n FROM ${builders}`), [{ n: 1 }])
        yield* release
        deepStrictEqual<ReadonlyArray<string>>(yield* Fiber.join(next), ["003_index"])
        deepStrictEqual(yield* Database.query(url, index), [{ indexrelid: oid, indisvalid: true }])
        onlyOnce(yield* kinds)
        yield* noLease(url)
      })
    )
  )

  it.scopedLive("and whose statement ends with it: the next one drops the invalid index and builds it again", () =>
    inTheMiddle(({ child, oid, release, url }) =>
      Effect.gen(function* () {
        yield* child.signal("SIGKILL")
        yield* child.outcome
        yield* Database.query(url, `SELECT pg_terminate_backend(pid, 5000) FROM ${builders}`)
        deepStrictEqual(yield* Database.query(url, index), [{ indexrelid: oid, indisvalid: false }])
        yield* release
        deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.migrate, ["003_index"])
        const [{ indexrelid, indisvalid } = { indexrelid: oid, indisvalid: false }] = yield* Database.query(url, index)
        assert.isTrue(indisvalid)
        assert.notStrictEqual(indexrelid, oid)
        deepStrictEqual((yield* kinds).slice(-3), ["Started 003_index", "Started 003_index", "Applied 003_index"])
        yield* noLease(url)
      })
    )
  )
})

describe("a process that is suspended for longer than its lease", () => {
  it.scopedLive("finds its lease lost when it goes on, and nothing is applied twice", () =>
    inTheMiddle(({ child, release, url }) =>
      Effect.gen(function* () {
        yield* child.signal("SIGSTOP")
        yield* release
        yield* until(url, leaseIsOver)
        deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.migrate, ["003_index"])
        yield* child.signal("SIGCONT")
        assert.strictEqual(yield* child.outcome, "LeaseLost")
        onlyOnce(yield* kinds)
        yield* noLease(url)
      })
    )
  )
})
