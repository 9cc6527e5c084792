/**
 * Windows and deadlines: how often and by how many queries a failing migration is tried, and that a jumping clock changes neither.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { AutoMigration, AutoMigrationConfig, Policy } from "effect-auto-migration"
import * as Breaker from "../../../src/runner/Breaker.js"
import * as Fleet from "../../support/fleet/Fleet.js"
import * as App from "../../support/program/App.js"
import * as SettableClock from "../../support/program/SettableClock.js"
import {
  ask,
  askWithin,
  failsWith,
  holding,
  inProgram,
  inStoppedProgram,
  kinds,
  migrationLock,
  patient,
  waitsInVain
} from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Pause from "../../support/server/Pause.js"
import * as Role from "../../support/server/Role.js"
import * as Server from "../../support/server/Server.js"
import { since, unchanged } from "../../support/server/Unchanged.js"
import { during, until } from "../../support/server/Until.js"
import * as WireTap from "../../support/server/WireTap.js"

const minutes = (first: number) => ({ breaker: { first: Duration.minutes(first), cap: Duration.hours(1) } })

const columns = Array.from({ length: 1000 }, (_, n) => `c${n}`)

const broken = {
  "001_wide": "CREATE TABLE wide (id integer);",
  "002_broken": `ALTER TABLE wide ${columns.map((name) => `ADD COLUMN ${name} integer`).join(", ")};\nSELECT pg_sleep(1);\nSELECT 1/0;`,
  "003_healthy": "CREATE TABLE healthy (id integer);"
}

const options = { policy: Policy.always, ...minutes(1) }

const askForAll = (names: ReadonlyArray<string>) =>
  Effect.forEach(names, (name) => failsWith("MigrationFailed", ask(`SELECT ${name} FROM wide`)), {
    concurrency: "unbounded"
  })

describe("a migration that fails", () => {
  it.scopedLive(
    "is tried once though a thousand queries with as many gaps need it, and each gets its own query",
    () =>
      inProgram({ migrations: broken, options }, () =>
        Effect.gen(function* () {
          yield* askWithin("SELECT id FROM wide")
          const errors = yield* askForAll(columns)
          assert.isTrue(
            errors.every(({ migrationId, sqlState }) => migrationId === "002_broken" && sqlState === "22012")
          )
          assert.strictEqual(new Set(errors.map(({ retryAt }) => retryAt)).size, 1)
          assert.strictEqual(new Set(errors.map(({ query }) => query?.error)).size, columns.length)
          deepStrictEqual(yield* kinds, ["Applied 001_wide", "Failed 002_broken"])
          deepStrictEqual(yield* ask("SELECT id FROM healthy"), [])
        })
      ),
    600_000
  )

  it.scopedLive("is tried by one of many when its window has ended, and the next window is longer", () =>
    Effect.gen(function* () {
      const { clock, pass } = yield* SettableClock.stopped
      yield* inProgram({ migrations: broken, options }, () =>
        Effect.gen(function* () {
          yield* askWithin("SELECT id FROM wide")
          yield* failsWith("MigrationFailed", ask("SELECT c0 FROM wide"))
          yield* pass("61 seconds")
          const [again, ...others] = yield* askForAll(columns.slice(0, 50))
          assert.isTrue(others.every(({ retryAt }) => retryAt === again?.retryAt))
          deepStrictEqual(yield* kinds, ["Applied 001_wide", "Failed 002_broken", "Failed 002_broken"])
          yield* pass("61 seconds")
          yield* askForAll(columns.slice(0, 50))
          assert.strictEqual((yield* kinds).length, 3)
        })
      ).pipe(Effect.withClock(clock))
    })
  )
})

describe("a migration whose statement is cancelled", () => {
  const impatient = (limit: string) => ({
    "001_slow": `${limit}CREATE TABLE slow AS SELECT 1 AS id FROM pg_sleep(600);`
  })

  it.scopedLive("by a limit that it sets itself is at fault, and is not tried during its window", () =>
    inProgram(
      { migrations: impatient("SET LOCAL statement_timeout = '50ms';\n"), options: { ...options, ...minutes(60) } },
      () =>
        Effect.gen(function* () {
          const first = yield* failsWith("MigrationFailed", ask("SELECT FROM slow"))
          assert.strictEqual(first.sqlState, "57014")
          assert.strictEqual((yield* failsWith("MigrationFailed", ask("SELECT FROM slow"))).retryAt, first.retryAt)
          deepStrictEqual(yield* kinds, ["Failed 001_slow"])
        })
    )
  )

  it.scopedLive("by another session is tried by the next query, and twice in a row opens its window", () =>
    inProgram({ migrations: impatient(""), options: { ...options, ...minutes(60) } }, (url) =>
      Effect.gen(function* () {
        const cancelled = Effect.gen(function* () {
          const asking = yield* Effect.fork(failsWith("DatabaseUnavailable", ask("SELECT FROM slow")))
          yield* Pause.untilSleeping(url)
          yield* Database.query(url, `SELECT pg_cancel_backend(pid) FROM (${Pause.sleeping}) AS migrating`)
          yield* Fiber.join(asking)
        })
        yield* cancelled
        yield* cancelled
        yield* unchanged(url, failsWith("DatabaseUnavailable", ask("SELECT FROM slow")))
      })
    )
  )
})

describe("a migration that fails slowly, in two processes whose queries need it again and again", () => {
  const seconds = 0.5
  /** Sequences keep their values when a transaction is rolled back: the start and the role of each attempt. */
  const first = {
    "000_first": `CREATE SEQUENCE attempts;
DO $$ BEGIN
  FOR n IN 1..100 LOOP EXECUTE format('CREATE SEQUENCE start_%s; CREATE SEQUENCE role_%s', n, n); END LOOP;
END $$;`
  }
  const migrations = {
    ...first,
    "001_failing": `DO $$
DECLARE
  since constant bigint := 1000000 * extract(epoch FROM clock_timestamp());
  n constant bigint := nextval('attempts');
BEGIN
  PERFORM setval('role_' || n, (SELECT oid::bigint FROM pg_roles WHERE rolname = session_user));
  PERFORM setval('start_' || n, CASE WHEN pg_try_advisory_xact_lock(42) THEN since ELSE 1 END);
  PERFORM pg_sleep(${seconds});
  RAISE EXCEPTION 'again in vain';
END $$;
CREATE TABLE failing (id integer);`
  }

  interface Attempt {
    readonly process: string
    /** The start of the attempt in milliseconds. `NaN` for one that ran beside another. */
    readonly since: number
  }

  /** The attempts, in the order of their start. */
  const attempts = (url: string) =>
    Effect.map(
      Database.query(
        url,
        `SELECT r.rolname AS process, CASE WHEN s.last_value > 1 THEN s.last_value / 1000.0 END AS since
          FROM pg_sequences s JOIN pg_sequences o ON o.sequencename = replace(s.sequencename, 'start_', 'role_')
          JOIN pg_roles r ON r.oid = o.last_value WHERE s.sequencename LIKE 'start%' AND s.last_value IS NOT NULL ORDER BY since`
      ),
      (rows) =>
        rows.map(({ process, since }): Attempt => ({ process: String(process), since: Number(since ?? Number.NaN) }))
    )

  /** How much two clocks that count in milliseconds may differ. */
  const rounding = 2

  const gaps = (times: ReadonlyArray<number>) => times.slice(1).map((time, n) => time - (times[n] ?? Number.NaN))

  /** A process that is ready to ask, with its own role in the ledger. */
  const processOf = (url: string, kind: string, file: string) =>
    Effect.gen(function* () {
      const role = yield* Role.role(url, kind)
      yield* Database.query(url, `ALTER ROLE ${role.name} SUPERUSER`)
      const process = yield* Fleet.start(file, { url: role.url, migrations, maxConnections: 4, policy: "always" })
      yield* process.ready
      return { name: role.name, ...process }
    })

  it.scopedLive(
    "is tried by one of them at a time, and by each at most once per window",
    () =>
      Effect.gen(function* () {
        const url = yield* Server.freshDatabase
        const file = yield* Fleet.build
        yield* AutoMigration.migrate.pipe(Effect.provide(App.layer({ url, migrations: first })))
        const processes = yield* Effect.forEach(["one", "other"], (kind) => processOf(url, kind, file))
        for (const { tell } of processes) {
          yield* tell({ _tag: "QueryInVain", text: "SELECT id FROM failing", fibers: 4 })
        }
        const times = (found: ReadonlyArray<Attempt>, name: string) =>
          found.filter(({ process }) => process === name).map(({ since }) => since)
        const found = yield* Effect.repeat(Effect.delay(attempts(url), "100 millis"), {
          until: (found) => processes.every(({ name }) => times(found, name).length >= 3)
        })
        for (const gap of gaps(found.map(({ since }) => since))) assert.isAtLeast(gap, 1000 * seconds - rounding)
        for (const { name } of processes) {
          for (const [n, gap] of gaps(times(found, name)).entries()) {
            const shortest = Breaker.windowMillis(AutoMigrationConfig.defaults.breaker, n + 1, 1)
            assert.isAtLeast(gap, 1000 * seconds + shortest - rounding)
          }
        }
      }),
    600_000
  )
})

describe("a migration that many gaps need", () => {
  it.scopedLive("is brought once, and queries that waited for their turn do not ask for the lock", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const tap = yield* WireTap.make(url)
      const migrations = { ...broken, "002_broken": broken["002_broken"].replace("SELECT 1/0;", "") }
      yield* Effect.gen(function* () {
        yield* askWithin("SELECT id FROM wide")
        yield* tap.reset
        yield* Effect.forEach(columns.slice(0, 200), (name) => ask(`SELECT ${name} FROM wide`), {
          concurrency: "unbounded"
        })
        const { statements } = yield* tap.heard
        assert.strictEqual(statements.filter((text) => text.includes("pg_try_advisory_xact_lock")).length, 1)
        deepStrictEqual(yield* kinds, ["Applied 001_wide", "Applied 002_broken"])
      }).pipe(Effect.provide(App.layerWithMigrator({ url, migratorUrl: tap.url, migrations, options })))
    })
  )
})

describe("a clock that jumps", () => {
  const hours = Duration.toMillis("5 hours")
  const slow = { "001_slow": "CREATE TABLE slow (id integer);\nSELECT pg_sleep(600);" }
  const minute = { policy: Policy.always, ...patient }

  for (const [way, by] of [
    ["back", -hours],
    ["forward", hours]
  ] as const) {
    it.scopedLive(`${way} during a heal changes no deadline: the migration is cancelled at its deadline`, () =>
      Effect.gen(function* () {
        const { clock, pass, setDate } = yield* SettableClock.stopped
        yield* inProgram({ migrations: slow, options: minute }, (url) =>
          Effect.gen(function* () {
            const asking = yield* Effect.fork(failsWith("HealTimeout", ask("SELECT id FROM slow")))
            yield* during(asking, Pause.untilSleeping(url))
            yield* setDate(by)
            yield* pass("1 minute")
            yield* Fiber.join(asking)
            yield* until(Effect.map(kinds, (log) => log.length > 0))
            deepStrictEqual(yield* kinds, ["Failed 001_slow"])
            deepStrictEqual(yield* Database.query(url, "SELECT to_regclass('slow') AS slow"), [{ slow: null }])
          })
        ).pipe(Effect.withClock(clock))
      })
    )

    it.scopedLive(`${way} during the wait for the migration lock changes no deadline: LockTimeout`, () =>
      inStoppedProgram({ migrations: { "001_t": "CREATE TABLE t (id integer);" }, options: minute }, (url, clock) =>
        Effect.gen(function* () {
          yield* holding(url, migrationLock)
          const same = yield* since(url)
          const jumping = {
            ...clock,
            pass: (time: Duration.DurationInput) => Effect.zipRight(clock.setDate(by), clock.pass(time))
          }
          const { milliseconds } = yield* waitsInVain(jumping, ask("SELECT id FROM t"))
          yield* same
          assert.strictEqual(milliseconds, 59_900)
        })
      )
    )

    it.scopedLive(`${way} during a window neither ends nor prolongs it`, () =>
      Effect.gen(function* () {
        const { clock, pass, setDate } = yield* SettableClock.stopped
        yield* inProgram({ migrations: broken, options }, (url) =>
          Effect.gen(function* () {
            yield* askWithin("SELECT id FROM wide")
            yield* failsWith("MigrationFailed", ask("SELECT c0 FROM wide"))
            yield* setDate(by)
            yield* unchanged(url, failsWith("MigrationFailed", ask("SELECT c0 FROM wide")))
            assert.strictEqual((yield* kinds).length, 2)
            yield* pass("61 seconds")
            yield* failsWith("MigrationFailed", ask("SELECT c0 FROM wide"))
            assert.strictEqual((yield* kinds).length, 3)
          })
        ).pipe(Effect.withClock(clock))
      })
    )
  }
})
