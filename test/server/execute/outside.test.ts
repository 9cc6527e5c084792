/**
 * Steps that no transaction can hold. One process runs the step and the others wait. When that process is interrupted,
 * the next one finds its leftovers and finishes the step once.
 */

import { readFile } from "node:fs/promises"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { AutoMigration, Policy } from "effect-auto-migration"
import * as LedgerMigrations from "../../../src/ledger/OwnMigrations.js"
import * as App from "../../support/program/App.js"
import {
  blocking,
  builders,
  building,
  index,
  leaseIsOver,
  noLease,
  onlyOnce,
  until
} from "../../support/program/Outside.js"
import * as Process from "../../support/program/Process.js"
import * as SettableClock from "../../support/program/SettableClock.js"
import {
  ask,
  failsWith,
  inProgram,
  inStoppedProgram,
  inTappedProgram,
  kinds,
  patient,
  type Services,
  untilRefused,
  users,
  waitsInVain
} from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"
import { since, unchanged } from "../../support/server/Unchanged.js"
import * as Until from "../../support/server/Until.js"
import * as WireTap from "../../support/server/WireTap.js"

/** Long enough that a live process can renew it on a busy machine. */
const lease = Duration.seconds(2)

const migrations = { ...users, "003_index": "CREATE INDEX CONCURRENTLY users_name ON users (name);" }

/**
 * Runs migrations whose last one is outside transactions, and kills the process and its session in the middle of the
 * second half.
 */
const killedAt = <A, E>(
  options: {
    readonly migrations: Readonly<Record<string, string>>
    readonly isInside: string
  },
  body: (url: string) => Effect.Effect<A, E, Services | Scope.Scope>
) =>
  inProgram(
    { migrations: options.migrations, before: ["CREATE TABLE blocker (id integer)"], options: { lease } },
    (url) =>
      Effect.gen(function* () {
        const release = yield* blocking(url, "INSERT INTO blocker VALUES (1)")
        const child = yield* Process.migrating({ url, migrations: options.migrations, lease })
        yield* until(url, options.isInside)
        yield* child.signal("SIGKILL")
        yield* child.outcome
        yield* Database.query(url, `SELECT pg_terminate_backend(pid, 5000) FROM ${builders}`)
        yield* release
        yield* until(url, leaseIsOver)
        return yield* body(url)
      })
  )

/** Another process, with a tap on the connections of its migrations. */
const migratingThrough = (tap: WireTap.WireTap, url: string, migrations: App.Program["migrations"]) =>
  Effect.provide(
    AutoMigration.migrate,
    App.layerWithMigrator({ url, migratorUrl: tap.url, migrations, options: { lease } })
  )

/** The first two migrations are applied. A process builds the index of the third one, and the build waits. */
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

/** The error of a query of another process that waits for the lease. */
const leaseTimeout = ({ options, ...program }: App.Program) =>
  Effect.flatMap(SettableClock.stopped, (clock) =>
    waitsInVain(clock, ask("SELECT id FROM pets")).pipe(
      Effect.provide(App.layer({ ...program, options: { ...options, ...patient } })),
      Effect.withClock(clock.clock)
    )
  )

describe("while one process runs a step outside transactions", () => {
  it.scopedLive(
    "no process holds a transaction or the lock, the others wait for its lease, and the step runs once",
    () =>
      inProgram({ migrations, options: { lease, lockTimeout: Duration.millis(100) } }, (url) =>
        Effect.gen(function* () {
          yield* AutoMigration.migrateTo(["002_users_email"])
          const release = yield* blocking(url)
          const builder = yield* Effect.fork(AutoMigration.migrate)
          yield* until(url, building)
          const built = yield* Database.query(url, index)
          const held = `SELECT
          (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory'
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS locks,
          (SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database()
            AND application_name LIKE 'effect-auto-migration%' AND state LIKE 'idle in transaction%') AS idle`
          deepStrictEqual(yield* Database.query(url, held), [{ locks: 0, idle: 0 }])

          const later = { ...migrations, "004_pets": "CREATE TABLE pets (id integer);" }
          const error = yield* leaseTimeout({ url, migrations: later, options: { lease } })
          assert.strictEqual(error.waitingFor, "lease")
          assert.strictEqual(error.lease?.migrationId, "003_index")

          const waiter = yield* Effect.fork(
            Effect.provide(AutoMigration.migrate, App.layer({ url, migrations: later, options: { lease } }))
          )
          yield* Until.during(
            waiter,
            until(url, `(SELECT heartbeat_at - taken_at > lasts FROM auto_migration.lease) AND NOT ${leaseIsOver}`)
          )
          yield* release
          deepStrictEqual<ReadonlyArray<string>>(yield* Fiber.join(builder), ["003_index"])
          deepStrictEqual(yield* Database.query(url, index), [{ ...built[0], indisvalid: true }])
          deepStrictEqual<ReadonlyArray<string>>(yield* Fiber.join(waiter), ["004_pets"])
          onlyOnce(yield* kinds)
          yield* noLease(url)
        })
      )
  )

  it.scopedLive("a clock that jumps by days gives the lease to no other process", () =>
    inProgram({ migrations, options: { lease } }, (url) =>
      Effect.gen(function* () {
        yield* AutoMigration.migrateTo(["002_users_email"])
        const release = yield* blocking(url)
        const { clock, setDate } = yield* SettableClock.make
        const builder = yield* Effect.fork(Effect.withClock(AutoMigration.migrate, clock))
        yield* until(url, building)
        for (const days of [1, -3]) {
          yield* setDate(days * 86_400_000)
          const [row] = yield* Database.query(url, "SELECT clock_timestamp()::text AS now")
          yield* Until.during(
            builder,
            until(url, `(SELECT heartbeat_at > '${row?.["now"]}' FROM auto_migration.lease)`)
          )
        }
        yield* until(url, `NOT ${leaseIsOver}`)
        deepStrictEqual(
          yield* Database.query(
            url,
            `SELECT expires_at - heartbeat_at = lasts AS exact, heartbeat_at > taken_at AS beats
            FROM auto_migration.lease`
          ),
          [{ exact: true, beats: true }]
        )
        yield* release
        yield* Fiber.join(builder)
        onlyOnce(yield* kinds)
      })
    )
  )
})

describe("a process that is killed in the middle of a step", () => {
  it.scopedLive(
    "while the server goes on with it: the next process waits for the server, and does not build the index again",
    () =>
      inTheMiddle(({ child, oid, release, url }) =>
        Effect.gen(function* () {
          yield* child.signal("SIGKILL")
          yield* child.outcome
          yield* until(url, leaseIsOver)
          const tap = yield* WireTap.make(url)
          const next = yield* Effect.fork(migratingThrough(tap, url, migrations))
          yield* Until.during(next, untilRefused(tap))
          deepStrictEqual(yield* Database.query(url, `SELECT count(*)::int AS n FROM ${builders}`), [{ n: 1 }])
          yield* release
          deepStrictEqual<ReadonlyArray<string>>(yield* Fiber.join(next), ["003_index"])
          deepStrictEqual(yield* Database.query(url, index), [{ indexrelid: oid, indisvalid: true }])
          onlyOnce(yield* kinds)
          yield* noLease(url)
        })
      )
  )

  it.scopedLive("and whose statement ends with it: the next process drops the invalid index and builds it again", () =>
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
  it.scopedLive("finds its lease lost when it goes on, and no migration is applied twice", () =>
    inTheMiddle(({ child, release, url }) =>
      Effect.gen(function* () {
        yield* child.signal("SIGSTOP")
        yield* release
        yield* until(url, leaseIsOver)
        deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.migrate, ["003_index"])
        deepStrictEqual(yield* Database.query(url, `SELECT count(*)::int AS n FROM ${builders}`), [{ n: 0 }])
        const same = yield* since(url)
        yield* child.signal("SIGCONT")
        assert.strictEqual(yield* child.outcome, "LeaseLost")
        yield* same
        onlyOnce(yield* kinds)
        yield* noLease(url)
      })
    )
  )
})

describe("a live process that cannot renew its lease", () => {
  const later = { ...migrations, "004_pets": "CREATE TABLE pets (id integer);" }

  it.scopedLive(
    "keeps it while the server runs its statement: other processes report the holder, and change no state",
    () =>
      inTheMiddle(({ child, release, url }) =>
        Effect.gen(function* () {
          yield* child.signal("SIGSTOP")
          yield* until(url, leaseIsOver)
          const options = { lease, policy: Policy.always }
          const error = yield* unchanged(url, leaseTimeout({ url, migrations: later, options }))
          assert.strictEqual(error.waitingFor, "lease")
          yield* child.signal("SIGCONT")
          yield* until(url, `NOT ${leaseIsOver}`)
          yield* release
          assert.strictEqual(yield* child.outcome, "003_index")
          onlyOnce(yield* kinds)
          yield* noLease(url)
        })
      )
  )
})

describe("a script that was interrupted", () => {
  const halves = {
    "001_log":
      "-- transaction: none\nCREATE TABLE log (what text);\nCREATE SCHEMA app;\nSET search_path = app;\n" +
      "CREATE TABLE t (id integer);\nINSERT INTO public.log VALUES ('once');\n" +
      "CREATE INDEX CONCURRENTLY t_id ON t (id);\nINSERT INTO public.log VALUES ('last');"
  }

  it.scopedLive("goes on where it stopped, with its settings, and runs no statement twice", () =>
    killedAt(
      {
        migrations: halves,
        isInside: "EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('app.t_id'))"
      },
      (url) =>
        Effect.gen(function* () {
          deepStrictEqual(yield* Database.query(url, "SELECT progress, in_doubt FROM auto_migration.lease"), [
            { progress: 5, in_doubt: "next" }
          ])
          deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.migrate, ["001_log"])
          deepStrictEqual(yield* Database.query(url, "SELECT what FROM log"), [{ what: "once" }, { what: "last" }])
          const valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'app.t_id'::regclass"
          deepStrictEqual(yield* Database.query(url, valid), [{ indisvalid: true }])
          yield* noLease(url)
        })
    )
  )

  const doubtful = {
    "001_rows":
      "-- transaction: none\nCREATE TABLE rows (n integer);\n\nINSERT INTO rows SELECT 1 FROM pg_sleep(100);\n" +
      "INSERT INTO rows VALUES (2);"
  }

  const isSleeping = `EXISTS (SELECT FROM ${builders} AND query LIKE 'INSERT INTO rows%' AND state = 'active')`

  it.scopedLive("in a statement that may have run or not: an error names it until an operator decides", () =>
    killedAt({ migrations: doubtful, isInside: isSleeping }, (url) =>
      Effect.gen(function* () {
        for (const _ of ["first", "second"]) {
          const error = yield* failsWith("StatementInDoubt", AutoMigration.migrate)
          deepStrictEqual([error.file, error.line], ["record:001_rows", 4])
          assert.match(error.statement, /^INSERT INTO rows SELECT 1 FROM pg_sleep/)
          assert.match(
            error.message,
            /AutoMigration\.migrateAgain\(\["001_rows"\]\).* AutoMigration\.baseline\(\["001_rows"\]\)/
          )
        }
        deepStrictEqual(yield* Database.query(url, "SELECT * FROM rows"), [])
        const again = yield* Effect.fork(AutoMigration.migrateAgain(["001_rows"]))
        yield* until(url, isSleeping)
        yield* Fiber.interrupt(again)
        yield* failsWith("StatementInDoubt", AutoMigration.migrate)
        yield* AutoMigration.baseline(["001_rows"])
        deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.migrate, [])
        yield* noLease(url)
      })
    )
  )

  it.scopedLive(
    "without a lease, by an older version of the library: statements that the catalog shows do not run again",
    () =>
      inProgram({ migrations, options: { lease } }, (url) =>
        Effect.gen(function* () {
          yield* AutoMigration.migrateTo(["002_users_email"])
          const checksum = (yield* AutoMigration.AutoMigration).graph.migrations.at(-1)?.checksum
          yield* Database.query(
            url,
            `INSERT INTO auto_migration.event (kind, migration_id, checksum) VALUES ('Started', '003_index', '${checksum}')`,
            "CREATE INDEX CONCURRENTLY users_name ON users (name)"
          )
          const built = yield* Database.query(url, index)
          yield* AutoMigration.migrate
          deepStrictEqual(yield* Database.query(url, index), built)
          onlyOnce(yield* kinds)
        })
      )
  )
})

/** Waits until a statement has been sent a second time. */
const untilSaidAgain = (tap: WireTap.WireTap, words: string) =>
  Until.until(Effect.map(tap.heard, ({ statements }) => statements.filter((text) => text.includes(words)).length > 1))

describe("a statement that the server refuses half-way", () => {
  const unique = { ...users, "003_unique": "CREATE UNIQUE INDEX CONCURRENTLY users_name ON users (name);" }

  it.scopedLive("leaves an invalid index, and the next attempt drops it first", () =>
    inProgram({ migrations: unique, options: { lease } }, (url) =>
      Effect.gen(function* () {
        yield* AutoMigration.migrateTo(["002_users_email"])
        yield* Database.query(url, "INSERT INTO users VALUES (2, 'Ada')")
        const error = yield* failsWith("MigrationFailed", AutoMigration.migrate)
        assert.strictEqual(error.sqlState, "23505")
        deepStrictEqual(yield* Database.query(url, "SELECT lasts = '0' AS over, in_doubt FROM auto_migration.lease"), [
          { over: true, in_doubt: "nothing" }
        ])
        yield* failsWith("MigrationFailed", AutoMigration.migrate)
        yield* Database.query(url, "DELETE FROM users WHERE id = 2")
        deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.migrate, ["003_unique"])
        const [{ indisvalid } = { indisvalid: false }] = yield* Database.query(url, index)
        assert.isTrue(indisvalid)
        yield* noLease(url)
      })
    )
  )

  it.scopedLive("since its lock was not granted runs again, without a second start", () =>
    inTappedProgram(
      {
        migrations: { ...users, "003_full": "VACUUM FULL users;" },
        options: { lease, lockTimeout: Duration.millis(100) }
      },
      (url, tap) =>
        Effect.gen(function* () {
          yield* AutoMigration.migrateTo(["002_users_email"])
          const release = yield* blocking(url)
          const vacuum = yield* Effect.fork(AutoMigration.migrate)
          yield* Until.during(vacuum, untilSaidAgain(tap, "VACUUM FULL"))
          yield* release
          yield* Fiber.join(vacuum)
          deepStrictEqual((yield* kinds).slice(-2), ["Started 003_full", "Applied 003_full"])
        })
    )
  )
})

describe("a statement that commits before it fails", () => {
  const tables = "CREATE TABLE log (n integer);\nCREATE TABLE busy (n integer);\nINSERT INTO busy VALUES (0);"

  const failing = (then: string): ReadonlyArray<readonly [kind: string, sql: string]> => [
    ["a block", `DO $$ BEGIN INSERT INTO log VALUES (1); COMMIT; ${then}; COMMIT; END $$;`],
    [
      "a procedure",
      `CREATE OR REPLACE PROCEDURE p() LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO log VALUES (1); COMMIT; ${then}; COMMIT; END $$;\nCALL p();`
    ],
    [
      "a chain of transactions",
      `BEGIN; INSERT INTO log VALUES (1); COMMIT AND CHAIN; ${then.replace("PERFORM", "SELECT")}; COMMIT;`
    ]
  ]

  const isLeftToSomebody = (url: string, sqlState: string, cause: Effect.Effect<void>) =>
    Effect.gen(function* () {
      const error = yield* failsWith("MigrationFailed", AutoMigration.migrate)
      assert.strictEqual(error.sqlState, sqlState)
      assert.match(
        error.message,
        /AutoMigration\.migrateAgain\(\["002_twice"\]\).* AutoMigration\.baseline\(\["002_twice"\]\)/
      )
      yield* cause
      for (const _ of ["first", "second"]) yield* failsWith("StatementInDoubt", AutoMigration.migrate)
      deepStrictEqual(yield* Database.query(url, "SELECT n FROM log"), [{ n: 1 }])
    })

  for (const [kind, sql] of failing("UPDATE busy SET n = n + 1")) {
    it.scopedLive(`${kind}, for a lock, does not run again until an operator decides`, () =>
      inProgram(
        {
          migrations: { "001_tables": tables, "002_twice": sql },
          options: { lease, lockTimeout: Duration.millis(100) }
        },
        (url) =>
          Effect.gen(function* () {
            yield* AutoMigration.migrateTo(["001_tables"])
            const release = yield* blocking(url, "LOCK TABLE busy")
            yield* isLeftToSomebody(url, "55P03", release)
            deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.migrateAgain(["002_twice"]), ["002_twice"])
            deepStrictEqual(yield* Database.query(url, "SELECT n FROM log"), [{ n: 1 }, { n: 1 }])
            deepStrictEqual(yield* Database.query(url, "SELECT n FROM busy"), [{ n: 1 }])
            yield* noLease(url)
          })
      )
    )
  }

  for (const [kind, sql] of failing("PERFORM 1 / (SELECT n FROM busy)")) {
    it.scopedLive(`${kind}, for an error of its own, does not run again in the next attempt`, () =>
      inProgram({ migrations: { "001_tables": tables, "002_twice": sql }, options: { lease } }, (url) =>
        Effect.gen(function* () {
          yield* isLeftToSomebody(url, "22012", Effect.asVoid(Database.query(url, "UPDATE busy SET n = 1")))
          yield* AutoMigration.baseline(["002_twice"])
          deepStrictEqual(yield* AutoMigration.migrate, [])
          yield* noLease(url)
        })
      )
    )
  }

  it.scopedLive("differs from a block that ends no transaction, which runs again when its lock was not granted", () =>
    inTappedProgram(
      {
        migrations: {
          "001_tables": tables,
          "002_once": "-- transaction: none\nDO $$ BEGIN INSERT INTO log VALUES (1); UPDATE busy SET n = n + 1; END $$;"
        },
        options: { lease, lockTimeout: Duration.millis(100) }
      },
      (url, tap) =>
        Effect.gen(function* () {
          yield* AutoMigration.migrateTo(["001_tables"])
          const release = yield* blocking(url, "LOCK TABLE busy")
          const block = yield* Effect.fork(AutoMigration.migrate)
          yield* Until.during(block, untilSaidAgain(tap, "UPDATE busy"))
          yield* release
          yield* Fiber.join(block)
          deepStrictEqual(yield* Database.query(url, "SELECT n FROM log"), [{ n: 1 }])
        })
    )
  )
})

describe("a script that gives its session another name", () => {
  const slow = `CREATE PROCEDURE slow() LANGUAGE plpgsql AS
    $$ BEGIN LOOP EXIT WHEN EXISTS (SELECT FROM gate); PERFORM pg_sleep(0.02); END LOOP; END $$`

  const calling = `SELECT count(*)::int AS n FROM pg_stat_activity
    WHERE datname = current_database() AND query ~ '^CALL slow' AND state = 'active'`

  for (const script of [
    "SET application_name = 'mine'; CALL slow();",
    "RESET ALL; CALL slow();",
    "DISCARD ALL; CALL slow();",
    "BEGIN; SET application_name = 'mine'; CALL slow(); COMMIT;"
  ]) {
    it.scopedLive(`is found by its lease as long as the server runs it: ${script}`, () => {
      const migrations = { "001_slow": `-- transaction: none\n${script}` }
      const before = ["CREATE TABLE gate (n integer)", slow]
      return inProgram({ migrations, before, options: { lease } }, (url) =>
        Effect.gen(function* () {
          const child = yield* Process.migrating({ url, migrations, lease })
          yield* until(url, `(${calling}) = 1`)
          yield* child.signal("SIGKILL")
          yield* child.outcome
          yield* until(url, leaseIsOver)
          const tap = yield* WireTap.make(url)
          const next = yield* Effect.fork(
            Effect.zipRight(
              failsWith("StatementInDoubt", migratingThrough(tap, url, migrations)),
              Database.query(url, calling)
            )
          )
          yield* Until.during(next, untilRefused(tap))
          yield* Database.query(url, "INSERT INTO gate VALUES (1)")
          deepStrictEqual(yield* Fiber.join(next), [{ n: 0 }])
        })
      )
    })
  }
})

describe("a step that a query waits for", () => {
  it.scopedLive("is cancelled at the deadline, gives its lease back, and is repaired by the next attempt", () =>
    inStoppedProgram(
      {
        migrations: { ...migrations, "004_age": "-- requires: 003_index\nALTER TABLE users ADD COLUMN age integer;" },
        options: { lease, policy: Policy.always, deadline: Duration.minutes(1) }
      },
      (url, { pass }) =>
        Effect.gen(function* () {
          yield* AutoMigration.migrateTo(["002_users_email"])
          const release = yield* blocking(url)
          const asking = yield* Effect.fork(failsWith("HealTimeout", ask("SELECT age FROM users")))
          yield* Until.during(asking, until(url, building))
          yield* pass("1 minute")
          yield* Fiber.join(asking)
          yield* until(url, "(SELECT lasts = '0' FROM auto_migration.lease)")
          yield* until(url, `NOT EXISTS (SELECT FROM ${builders})`)
          yield* release
          yield* pass("1 minute")
          deepStrictEqual(yield* ask("SELECT age FROM users"), [{ age: null }])
          deepStrictEqual((yield* kinds).slice(-4), [
            "Failed 003_index",
            "Started 003_index",
            "Applied 003_index",
            "Applied 004_age"
          ])
          yield* noLease(url)
        })
    )
  )
})

describe("a ledger from before there were leases", () => {
  it.scopedLive("is brought up to date by the next migration, and its writers keep their privileges", () =>
    inProgram({ migrations, before: ["CREATE TABLE elsewhere (id integer)"], options: { lease } }, (url) =>
      Effect.gen(function* () {
        const role = `auditor_${new URL(url).pathname.slice(6, 20)}`
        yield* Effect.acquireRelease(Database.query(url, `CREATE ROLE ${role}`), () =>
          Database.query(url, `DROP OWNED BY ${role}`, `DROP ROLE ${role}`)
        )
        const files = ["001_zero_trust_schema", "002_add_bitmap_sequences"]
        const texts = yield* Effect.forEach(files, (file) =>
          Effect.promise(() => readFile(new URL(`../../../migrations/${file}.sql`, import.meta.url), "utf8"))
        )
        yield* Database.query(url, ...texts, `SELECT auto_migration.grant_writer('${role}')`)
        deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.migrate, Object.keys(migrations))
        deepStrictEqual(
          (yield* Stream.runCollect(AutoMigration.events))
            .pipe(Chunk.take(LedgerMigrations.ids.length - 2), Chunk.toReadonlyArray)
            .map(({ migrationId }): string => migrationId),
          LedgerMigrations.ids.slice(2)
        )
        deepStrictEqual(
          yield* Database.query(
            url,
            `SELECT has_table_privilege('${role}', 'auto_migration.lease', 'SELECT, INSERT') AS may,
            has_table_privilege('${role}', 'auto_migration.lease', 'UPDATE') AS renews`
          ),
          [{ may: true, renews: true }]
        )
      })
    )
  )
})

describe("a statement that cannot run inside a transaction because of its object", () => {
  const parts = `CREATE TABLE parts (id integer PRIMARY KEY) PARTITION BY RANGE (id);
    CREATE TABLE part PARTITION OF parts DEFAULT;
    CREATE PROCEDURE fill(n integer) LANGUAGE plpgsql AS $$
      BEGIN FOR i IN 1..n LOOP INSERT INTO parts SELECT count(*) FROM parts; COMMIT; END LOOP; END $$;`

  const statements = {
    "002_table": "REINDEX TABLE parts;",
    "003_index": "REINDEX INDEX parts_pkey;",
    "004_call": "CALL fill(3);",
    "005_block": "DO $$ BEGIN CALL fill(2); INSERT INTO parts VALUES (-1); ROLLBACK; END $$;"
  }

  it.scopedLive("is a step of its own, without a directive in the file", () =>
    inProgram({ migrations: { "001_parts": parts, ...statements }, options: { lease } }, (url) =>
      Effect.gen(function* () {
        yield* AutoMigration.migrate
        deepStrictEqual(yield* kinds, [
          "Applied 001_parts",
          ...Object.keys(statements).flatMap((id) => [`Started ${id}`, `Applied ${id}`])
        ])
        const written = "SELECT count(*)::int AS rows, count(DISTINCT xmin::text)::int AS transactions FROM parts"
        deepStrictEqual(yield* Database.query(url, written), [{ rows: 5, transactions: 5 }])
      })
    )
  )

  it.scopedLive("is left to an operator where a query waits", () =>
    inProgram(
      { migrations: { "001_parts": parts, "002_more": "ALTER TABLE parts ADD COLUMN more integer; CALL fill(1);" } },
      () =>
        Effect.gen(function* () {
          const error = yield* failsWith("MigrationRefused", ask("SELECT more FROM parts"))
          assert.match(error.reasons.join(), /CALL fill\(1\): it cannot be rolled back/)
        })
    )
  )
})

describe("a transaction that a file begins and never ends", () => {
  it.scopedLive("is an error before any migration runs", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const migrations = { "001_t": "CREATE TABLE t (id integer);", "002_open": "BEGIN;\nINSERT INTO t VALUES (1);" }
      const exit = yield* Effect.exit(Effect.provide(AutoMigration.migrate, App.layer({ url, migrations })))
      assert.match(
        Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "",
        /InvalidSql: record:002_open:1:1: the transaction/
      )
      deepStrictEqual(yield* Database.query(url, "SELECT to_regclass('t') AS t"), [{ t: null }])
    })
  )
})

describe("a transaction that a file begins at its end", () => {
  for (const [place, directive] of [
    ["inside a transaction", ""],
    ["outside of one", "-- transaction: none\n"]
  ] as const) {
    it.scopedLive(`is left out, and the file is applied ${place}`, () =>
      inProgram({ migrations: { "001_t": `${directive}CREATE TABLE t (id integer);\nBEGIN;` } }, (url) =>
        Effect.gen(function* () {
          yield* AutoMigration.migrate
          deepStrictEqual(yield* Database.query(url, "SELECT count(*)::int AS n FROM t"), [{ n: 0 }])
        })
      )
    )
  }
})

describe("a new enum value that its own file uses", () => {
  it.scopedLive("is an error that names the line and the remedy", () =>
    inProgram(
      {
        migrations: {
          "001_mood": "CREATE TYPE mood AS ENUM ('happy');\nCREATE TABLE people (mood mood);",
          "002_sad": "ALTER TYPE mood ADD VALUE 'sad';\nINSERT INTO people VALUES ('sad');"
        }
      },
      () =>
        Effect.gen(function* () {
          const error = yield* failsWith("MigrationFailed", AutoMigration.migrate)
          deepStrictEqual([error.sqlState, error.line], ["55P04", 2])
          assert.match(error.message, /Move this statement into a migration of its own/)
        })
    )
  )
})
