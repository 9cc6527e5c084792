/**
 * Regressions that were found in attempts to break the library.
 */
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { AutoMigration, AutoMigrationConfig, Policy, withAutoMigration } from "effect-auto-migration"
import * as LedgerMigrations from "../../../src/ledger/OwnMigrations.js"
import * as App from "../../support/program/App.js"
import { type } from "../../support/program/CommandLine.js"
import {
  advisoryLocks,
  appliedIds,
  ask,
  askWithin,
  failsWith,
  holding,
  inProgram,
  inStoppedProgram,
  inTappedProgram,
  kinds,
  migrationLock,
  untilBlocked,
  untilRefused,
  users
} from "../../support/program/Situation.js"
import { scripts } from "../../support/repository/OwnDefinitions.js"
import * as Database from "../../support/server/Database.js"
import * as Pause from "../../support/server/Pause.js"
import * as Role from "../../support/server/Role.js"
import * as Server from "../../support/server/Server.js"
import { during, until } from "../../support/server/Until.js"

const allowed = { policy: Policy.always }

/** An ordinary role, and the URL with which it connects. */
const role = (url: string, rights: (name: string) => ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.gen(function* () {
      const name = `ordinary_${new URL(url).pathname.slice(-8)}`
      yield* Database.query(url, `CREATE ROLE ${name} LOGIN PASSWORD 'secret'`, ...rights(name))
      const as = new URL(url)
      as.username = name
      as.password = "secret"
      return { name, url: as.href }
    }),
    ({ name }) =>
      Database.query(
        url,
        `REASSIGN OWNED BY ${name} TO CURRENT_USER`,
        `ALTER DATABASE "${new URL(url).pathname.slice(1)}" OWNER TO CURRENT_USER`,
        `DROP OWNED BY ${name} CASCADE`,
        `DROP ROLE ${name}`
      )
  )

describe("an owner who is no superuser", () => {
  it.scopedLive("heals, fails, baselines and verifies like any other", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const database = new URL(url).pathname.slice(1)
      const owner = yield* role(url, (name) => [`ALTER DATABASE "${database}" OWNER TO ${name}`])
      yield* Effect.gen(function* () {
        deepStrictEqual(yield* ask("SELECT id, email FROM users"), [{ id: 1, email: null }])
        yield* failsWith("MigrationFailed", ask("SELECT id FROM broken"))
        yield* AutoMigration.baseline(["004_later"], { unchecked: true })
        deepStrictEqual(yield* kinds, [
          "Applied 001_users",
          "Applied 002_users_email",
          "Failed 003_broken",
          "Baselined 004_later"
        ])
        assert.isTrue(Either.isRight(yield* AutoMigration.verify))
      }).pipe(
        Effect.provide(
          App.layer({
            url: owner.url,
            migrations: {
              ...users,
              "003_broken": "CREATE TABLE broken (id integer); INSERT INTO broken SELECT 1/0;",
              "004_later": "CREATE TABLE later (id integer);"
            }
          })
        )
      )
    })
  )

  it.scopedLive("uses a schema for the ledger that another role has created", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const owner = yield* role(url, (name) => [
        `CREATE SCHEMA auto_migration AUTHORIZATION ${name}`,
        `GRANT CREATE ON SCHEMA public TO ${name}`
      ])
      const rows = yield* ask("SELECT name FROM users").pipe(
        Effect.provide(App.layer({ url: owner.url, migrations: users }))
      )
      deepStrictEqual(rows, [{ name: "Ada" }])
    })
  )

  it.scopedLive("with the ledger's writer grant records events, and may not change them", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      yield* askWithin("SELECT name FROM users").pipe(Effect.provide(App.layer({ url, migrations: users })))
      const writer = yield* role(url, (name) => [
        `SELECT auto_migration.grant_writer('${name}')`,
        `GRANT CREATE ON SCHEMA public TO ${name}`
      ])
      yield* Effect.gen(function* () {
        yield* ask("SELECT id FROM own")
        const sql = yield* SqlClient.SqlClient
        const error = yield* Effect.flip(sql`UPDATE auto_migration.applied_set SET bits = ''`)
        assert.include(String(error.cause), "permission denied")
      }).pipe(
        Effect.provide(
          App.layer({ url: writer.url, migrations: { ...users, "003_own": "CREATE TABLE own (id integer);" } })
        )
      )
    })
  )
})

describe("a role with the ledger's writer grant and no more", () => {
  it.scopedLive("heals with the ledger of an earlier version, and leaves it to its owner to bring it up to date", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const old = LedgerMigrations.ids.slice(0, 4)
      const made = `('Applied', '${old.join("', 'sha256:aa'), ('Applied', '")}', 'sha256:aa')`
      yield* Database.query(
        url,
        ...scripts.slice(0, old.length),
        `INSERT INTO auto_migration.event (kind, migration_id, checksum) VALUES ${made}`
      )
      const writer = yield* role(url, (name) => [
        `SELECT auto_migration.grant_writer('${name}')`,
        `GRANT CREATE ON SCHEMA public TO ${name}`
      ])
      const recorded = Effect.map(Stream.runCollect(AutoMigration.events), (events) =>
        Array.from(events, ({ migrationId }): string => migrationId)
      )
      const healed = yield* Effect.zipRight(ask("SELECT email FROM users"), recorded).pipe(
        Effect.provide(App.layer({ url: writer.url, migrations: users }))
      )
      deepStrictEqual(healed, [...old, ...Object.keys(users)])
      const migrated = yield* Effect.zipRight(AutoMigration.migrate, recorded).pipe(
        Effect.provide(App.layer({ url, migrations: { ...users, "003_own": "CREATE TABLE own (id integer);" } }))
      )
      deepStrictEqual(migrated, [...healed, ...LedgerMigrations.ids.slice(old.length), "003_own"])
    })
  )

  it.scopedLive("runs a step outside transactions, and cannot take a lease that another role holds", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      yield* askWithin("SELECT name FROM users").pipe(Effect.provide(App.layer({ url, migrations: users })))
      const writer = yield* role(url, (name) => [
        `SELECT auto_migration.grant_writer('${name}')`,
        `GRANT CREATE ON SCHEMA public TO ${name}`
      ])
      const lease = "INSERT INTO auto_migration.lease (migration_id, checksum, holder, lasts, progress, in_doubt)"
      yield* Database.query(url, `${lease} VALUES ('other', 'a:1', gen_random_uuid(), '1 hour', 0, 'next')`)
      const take =
        "UPDATE auto_migration.lease SET holder = gen_random_uuid() WHERE migration_id = 'other' RETURNING held_by"
      deepStrictEqual(yield* Database.query(writer.url, take), [])
      yield* Database.query(url, "UPDATE auto_migration.lease SET lasts = '0'")
      const own = {
        "003_own": "CREATE TABLE own (id integer);",
        "004_index": "CREATE INDEX CONCURRENTLY i ON own (id);"
      }
      deepStrictEqual<ReadonlyArray<string>>(
        yield* AutoMigration.migrateTo(["004_index"]).pipe(
          Effect.provide(App.layer({ url: writer.url, migrations: own }))
        ),
        ["003_own", "004_index"]
      )
      assert.strictEqual((yield* Database.query(writer.url, take)).length, 1)
    })
  )
})

describe("requests that come and go", () => {
  it.scopedLive("interrupted while the ledger is asked, they leave the connections as they were", () =>
    inProgram({ migrations: users, options: { mode: "observe" } }, () =>
      Effect.gen(function* () {
        const hasty = (milliseconds: number) =>
          ask("SELECT email FROM users").pipe(Effect.timeout(Duration.millis(milliseconds)), Effect.exit)
        yield* Effect.forEach(
          Array.from({ length: 15 }, (_, round) => round),
          (round) => Effect.forEach([1, 4, 9, 16], (n) => hasty(n + round), { concurrency: "unbounded" })
        )
        yield* failsWith("MigrationPending", ask("SELECT email FROM users"))
      })
    )
  )

  it.scopedLive("two hundred at once ask the ledger and the catalog once", () =>
    inProgram({ migrations: users }, (url) =>
      Effect.gen(function* () {
        yield* askWithin("SELECT name FROM users")
        const rows = yield* Effect.replicateEffect(ask("SELECT email FROM users"), 200).pipe(
          Effect.withConcurrency("unbounded")
        )
        assert.strictEqual(rows.length, 200)
        deepStrictEqual(yield* kinds, ["Applied 001_users", "Applied 002_users_email"])
        deepStrictEqual(yield* Database.query(url, advisoryLocks), [{ n: 0 }])
      })
    )
  )

  it.scopedLive("an inner boundary answers for the outer one, which asks nothing more", () =>
    inProgram(
      {
        before: ["CREATE TABLE users (id integer); INSERT INTO users VALUES (1); CREATE TABLE orders (id integer)"],
        migrations: {
          "001_orders": "ALTER TABLE orders ADD COLUMN email text;",
          "002_users": "ALTER TABLE users ADD COLUMN email text UNIQUE;"
        }
      },
      () =>
        Effect.gen(function* () {
          const inner = Effect.map(ask("SELECT email FROM users u"), (rows) => rows)
          const error = yield* failsWith("MigrationRefused", withAutoMigration(inner))
          assert.strictEqual(Reflect.get(Object(error.cause), "_tag"), "SqlError")
          deepStrictEqual(yield* appliedIds, [])
        })
    )
  )

  it.scopedLive("the text of a statement inside a transaction reaches the boundary around it", () =>
    inProgram(
      {
        before: ["CREATE TABLE users (id integer); CREATE TABLE orders (id integer)"],
        migrations: {
          "001_orders": "ALTER TABLE orders ADD COLUMN email text;",
          "002_users": "ALTER TABLE users ADD COLUMN email text;"
        }
      },
      () =>
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          yield* withAutoMigration(sql.withTransaction(withAutoMigration(sql`SELECT email FROM users`)))
          deepStrictEqual(yield* appliedIds, ["002_users"])
        })
    )
  )

  it.scopedLive("no heal waits for a table lock of the transaction that waits for the heal", () =>
    inProgram({ migrations: { ...users, "002_users_email": "ALTER TABLE users ADD COLUMN email text UNIQUE;" } }, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* askWithin("SELECT name FROM users")
        const insert = sql.withTransaction(withAutoMigration(sql`INSERT INTO users (id, email) VALUES (2, 'x')`))
        const nested = sql.withTransaction(Effect.zipRight(sql`LOCK TABLE users IN ACCESS EXCLUSIVE MODE`, insert))
        yield* failsWith("TransactionMustRestart", nested)
      })
    )
  )
})

describe("sessions", () => {
  it.scopedLive("do not remember a migration's temporary tables, settings, roles, cursors or locks", () =>
    inProgram(
      {
        before: ["CREATE TABLE staging (id integer); CREATE SCHEMA other"],
        migrations: {
          "001_leaves": `CREATE TEMP TABLE staging AS SELECT 7 AS id; CREATE TABLE a AS SELECT * FROM staging;
            SET search_path = other; SET lock_timeout = '1h'; SELECT pg_advisory_lock(1); LISTEN somewhere;
            PREPARE p AS SELECT 1; DECLARE c CURSOR WITH HOLD FOR SELECT 1;`,
          "002_finds": "INSERT INTO staging VALUES (42); CREATE TABLE b (id integer); PREPARE p AS SELECT 1;"
        },
        options: allowed
      },
      (url) =>
        Effect.gen(function* () {
          yield* AutoMigration.migrate
          deepStrictEqual(yield* Database.query(url, "SELECT id FROM staging"), [{ id: 42 }])
          deepStrictEqual(yield* Database.query(url, "SELECT to_regclass('public.b')::text AS b"), [{ b: "b" }])
          deepStrictEqual(yield* Database.query(url, advisoryLocks), [{ n: 0 }])
        })
    )
  )

  it.scopedLive("do not remember them after a failure either, and the migration succeeds at the next attempt", () =>
    inProgram(
      {
        before: ["CREATE TABLE gate AS SELECT 0 AS n"],
        migrations: {
          "001_leaves": `SELECT pg_advisory_lock(1); PREPARE p AS SELECT 1; CREATE TABLE a AS SELECT 1 / n AS id FROM gate;`
        }
      },
      (url) =>
        Effect.gen(function* () {
          yield* failsWith("MigrationFailed", AutoMigration.migrate)
          deepStrictEqual(yield* Database.query(url, advisoryLocks), [{ n: 0 }])
          yield* Database.query(url, "UPDATE gate SET n = 1")
          deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.migrate, ["001_leaves"])
        })
    )
  )

  it.scopedLive("of a role with short timeouts and odd settings do not disturb an operator", () =>
    inProgram(
      {
        before: [
          `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET statement_timeout = ''1s''', current_database());
            EXECUTE format('ALTER DATABASE %I SET standard_conforming_strings = off', current_database());
            EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = ''serializable''', current_database());
          END $$`
        ],
        migrations: {
          "001_slow": String.raw`SELECT pg_sleep(1.5); CREATE TABLE paths (path text DEFAULT 'x\new\');`
        }
      },
      (url) =>
        Effect.gen(function* () {
          yield* AutoMigration.migrate
          const patient = "SET statement_timeout = 0"
          yield* Database.query(url, patient, "INSERT INTO paths DEFAULT VALUES")
          const rows = yield* Database.query(url, patient, "SELECT path FROM paths")
          deepStrictEqual(rows, [{ path: `${String.raw`x\new`}\\` }])
        })
    )
  )

  it.scopedLive("of a database that is read-only by default are left read-only", () =>
    inProgram(
      {
        before: [
          `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$`
        ],
        migrations: users
      },
      () => failsWith("ReadOnlyServer", ask("SELECT name FROM users"))
    )
  )
})

describe("deadlines", () => {
  const minute = { deadline: Duration.minutes(1), ...allowed }

  const locked = "LOCK TABLE auto_migration.applied_set IN ACCESS EXCLUSIVE MODE"

  it.scopedLive("hold for a heal whose ledger another session has locked: the read ends at the lock timeout", () =>
    inProgram({ migrations: users, options: { ...allowed, lockTimeout: Duration.millis(200) } }, (url) =>
      Effect.gen(function* () {
        yield* askWithin("SELECT name FROM users")
        yield* Effect.scoped(
          Effect.zipRight(holding(url, locked), failsWith("DatabaseUnavailable", ask("SELECT email FROM users")))
        )
        deepStrictEqual(yield* ask("SELECT email FROM users"), [{ email: null }])
      })
    )
  )

  it.scopedLive("hold for a heal whose ledger another session has locked: the query ends at its deadline", () =>
    inStoppedProgram({ migrations: users, options: { ...minute, lockTimeout: Duration.hours(1) } }, (url, { pass }) =>
      Effect.gen(function* () {
        yield* askWithin("SELECT name FROM users")
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* holding(url, locked)
            const asking = yield* Effect.fork(failsWith("HealTimeout", ask("SELECT email FROM users")))
            yield* during(asking, untilBlocked(url))
            yield* pass("1 minute")
            yield* Fiber.join(asking)
          })
        )
        const healed = Effect.map(Effect.either(ask("SELECT email FROM users")), Either.isRight)
        yield* until(Effect.zipRight(pass("1 hour"), healed))
      })
    )
  )

  it.scopedLive("end a migration that never ends, record it, open its window, and free the lock for others", () =>
    inStoppedProgram(
      {
        migrations: {
          "001_stuck": "CREATE TABLE stuck (id integer); SELECT pg_sleep(600);",
          "002_free": "CREATE TABLE free (id integer);"
        },
        options: { ...minute, breaker: { first: Duration.minutes(1), cap: Duration.minutes(1) } }
      },
      (url, { pass }) =>
        Effect.gen(function* () {
          const asking = yield* Effect.fork(failsWith("HealTimeout", ask("SELECT id FROM stuck")))
          yield* during(asking, Pause.untilSleeping(url))
          yield* pass("1 minute")
          yield* Fiber.join(asking)
          yield* until(Effect.map(kinds, (log) => log.length > 0))
          yield* failsWith("HealTimeout", ask("SELECT id FROM stuck"))
          deepStrictEqual(yield* kinds, ["Failed 001_stuck"])
          deepStrictEqual(yield* ask("SELECT id FROM free"), [])
        })
    )
  )
})

describe("steps outside transactions", () => {
  it.scopedLive("do not wait for each other, while other sessions migrate", () =>
    inProgram(
      {
        migrations: {
          ...users,
          "003_index": "CREATE INDEX CONCURRENTLY users_name ON users (name);",
          "004_vacuum": "VACUUM FULL users;"
        }
      },
      () =>
        Effect.gen(function* () {
          yield* AutoMigration.status
          yield* Effect.replicateEffect(AutoMigration.migrate, 6).pipe(Effect.withConcurrency("unbounded"))
          const log = yield* kinds
          deepStrictEqual(
            log.filter((event) => event.startsWith("Applied")),
            ["Applied 001_users", "Applied 002_users_email", "Applied 003_index", "Applied 004_vacuum"]
          )
        })
    )
  )

  it.scopedLive("that fail half-way say that their work stays", () =>
    inProgram(
      {
        migrations: { "001_half": "-- transaction: none\nCREATE TABLE half (id integer);\nSELECT 1/0;" },
        options: allowed
      },
      (url) =>
        Effect.gen(function* () {
          const error = yield* failsWith("MigrationFailed", AutoMigration.migrate)
          assert.isFalse(error.isRolledBack)
          assert.match(error.message, /its earlier statements stay/)
          deepStrictEqual(yield* Database.query(url, "SELECT to_regclass('half')::text AS half"), [{ half: "half" }])
        })
    )
  )
})

describe("the catalog's second look", () => {
  it.scopedLive("tells overloads of a function apart", () =>
    inProgram(
      {
        before: ["CREATE FUNCTION area(date) RETURNS integer LANGUAGE sql AS 'SELECT 1'"],
        migrations: { "001_area": "CREATE FUNCTION area(b point) RETURNS integer LANGUAGE sql AS 'SELECT 2';" }
      },
      () =>
        Effect.gen(function* () {
          deepStrictEqual(yield* ask("SELECT area('(1,1)'::point) AS area"), [{ area: 2 }])
        })
    )
  )

  it.scopedLive("knows that ON CONFLICT cannot use a partial unique index", () =>
    inProgram(
      {
        before: [
          "CREATE TABLE people (email text, gone boolean)",
          "CREATE UNIQUE INDEX people_living ON people (email) WHERE NOT gone"
        ],
        migrations: {
          "001_unique": "-- accept: blocking-index-build\nCREATE UNIQUE INDEX people_email ON people (email);"
        }
      },
      () =>
        Effect.gen(function* () {
          yield* ask("INSERT INTO people (email) VALUES ('a') ON CONFLICT (email) DO NOTHING")
          deepStrictEqual(yield* appliedIds, ["001_unique"])
        })
    )
  )
})

describe("a block whose condition only the server can answer", () => {
  it.scopedLive("promises only the objects that it creates", () =>
    inProgram(
      {
        migrations: {
          "001_t": "CREATE TABLE t (id integer);",
          "002_maybe": `DO $$ BEGIN IF current_setting('server_version_num')::int < 90000
            THEN ALTER TABLE t ADD COLUMN never integer; END IF; END $$; ALTER TABLE t ADD COLUMN always integer;`
        },
        options: allowed
      },
      () =>
        Effect.gen(function* () {
          deepStrictEqual(yield* ask("SELECT always FROM t"), [])
          assert.strictEqual((yield* Effect.flip(ask("SELECT never FROM t")))._tag, "SqlError")
        })
    )
  )
})

describe("a ledger", () => {
  it.scopedLive("that was built again while a program runs is read again", () =>
    inProgram(
      { migrations: { "001_a": "CREATE TABLE a (id integer);", "002_b": "CREATE TABLE b (id integer);" } },
      (url) =>
        Effect.gen(function* () {
          yield* ask("SELECT id FROM a")
          yield* AutoMigration.status
          yield* Database.query(url, "DROP SCHEMA auto_migration CASCADE", "DROP TABLE a")
          yield* Effect.provide(
            ask("SELECT id FROM b"),
            Layer.fresh(App.layer({ url, migrations: { "002_b": "CREATE TABLE b (id integer);" } }))
          )
          deepStrictEqual(yield* appliedIds, ["002_b"])
          deepStrictEqual(yield* ask("SELECT id FROM a"), [])
        })
    )
  )

  const chained = {
    "001_a": "CREATE TABLE a (id integer PRIMARY KEY);",
    "002_b": "CREATE TABLE b (id integer REFERENCES a);"
  }

  it.scopedLive(
    "that was dropped while a program runs is no base for a plan: the migrations it recorded run again",
    () =>
      inProgram({ migrations: chained }, (url) =>
        Effect.gen(function* () {
          yield* ask("SELECT id FROM a")
          yield* Database.query(url, "DROP SCHEMA auto_migration CASCADE", "DROP TABLE a")
          deepStrictEqual(yield* ask("SELECT id FROM b"), [])
          deepStrictEqual(yield* appliedIds, ["001_a", "002_b"])
        })
      )
  )

  it.scopedLive("that was reset while a program waits for the lock is read again before the plan runs", () =>
    inTappedProgram({ migrations: chained }, (url, tap) =>
      Effect.gen(function* () {
        yield* ask("SELECT id FROM a")
        yield* tap.reset
        const asking = yield* Effect.scoped(
          Effect.gen(function* () {
            yield* holding(url, migrationLock)
            const asking = yield* Effect.forkDaemon(ask("SELECT id FROM b"))
            yield* during(asking, untilRefused(tap))
            yield* Database.query(url, "DROP SCHEMA auto_migration CASCADE", "DROP TABLE a")
            return asking
          })
        )
        deepStrictEqual(yield* Fiber.join(asking), [])
        deepStrictEqual(yield* appliedIds, ["001_a", "002_b"])
      })
    )
  )

  it.scopedLive("in a schema that the application uses takes no privileges away, and gives none", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const reader = yield* Role.role(url, "reader")
      const auditor = yield* Role.role(url, "auditor")
      yield* Database.query(
        url,
        "CREATE TABLE mine (id integer)",
        "CREATE TABLE secret (id integer)",
        "CREATE FUNCTION ours() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        `GRANT SELECT ON mine TO ${reader.name}`
      )
      const schema = AutoMigrationConfig.SchemaName.make("public")
      yield* ask("SELECT id FROM users").pipe(
        Effect.provide(App.layer({ url, migrations: users, options: { schema } }))
      )
      deepStrictEqual(yield* Database.query(reader.url, "SELECT ours(), (SELECT count(*)::int FROM mine) AS n"), [
        { ours: 1, n: 0 }
      ])
      yield* Database.query(url, `SELECT grant_reader('${auditor.name}')`)
      const rights = `SELECT has_table_privilege('${auditor.name}', 'event', 'SELECT') AS log,
        has_table_privilege('${auditor.name}', 'lease', 'SELECT') AS leases,
        has_table_privilege('${auditor.name}', 'secret', 'SELECT') AS secret`
      deepStrictEqual(yield* Database.query(url, rights), [{ log: true, leases: true, secret: false }])
    })
  )

  it.scopedLive("does not touch tables of other programs that have its name", () =>
    inProgram(
      {
        before: ["CREATE SCHEMA auto_migration; CREATE TABLE auto_migration.applied_set (mine text)"],
        migrations: users
      },
      (url) =>
        Effect.gen(function* () {
          yield* failsWith("LedgerUnusable", ask("SELECT name FROM users"))
          deepStrictEqual(yield* Database.query(url, "SELECT to_regclass('users') AS users"), [{ users: null }])
        })
    )
  )

  it.scopedLive("in a schema of another name is named by the command in an error", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const schema = AutoMigrationConfig.SchemaName.make("my_ledger")
      const error = yield* failsWith("MigrationPending", ask("SELECT name FROM users")).pipe(
        Effect.provide(
          App.layer({
            url,
            migrations: users,
            options: { schema, mode: "observe", origin: { _tag: "Folder", path: "migrations" } }
          })
        )
      )
      assert.match(error.command, / --schema my_ledger$/)
      const environment = { DATABASE_URL: url, AUTO_MIGRATION_SCHEMA: "my_ledger" }
      const { code } = yield* type(["migrate", "--folder", "docs/examples/shop/migrations"], environment)
      assert.strictEqual(code, 0)
      deepStrictEqual(
        yield* Database.query(url, "SELECT nspname FROM pg_namespace WHERE nspname IN ('my_ledger', 'auto_migration')"),
        [{ nspname: "my_ledger" }]
      )
    })
  )
})
