/**
 * Scripts that state the mode of their transaction. They get it, and are applied once.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { AutoMigration, Policy } from "effect-auto-migration"
import * as App from "../../support/program/App.js"
import {
  ask,
  failsWith,
  inProgramWithLedger as inProgram,
  kinds,
  untilBlocked
} from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"
import * as WireTap from "../../support/server/WireTap.js"

const level = "CREATE TABLE iso AS SELECT current_setting('transaction_isolation') AS level;"

describe("the isolation level that a script states", () => {
  for (const [text, expected] of [
    [`BEGIN;\nSET TRANSACTION ISOLATION LEVEL REPEATABLE READ;\n${level}\nCOMMIT;`, "repeatable read"],
    [`BEGIN ISOLATION LEVEL SERIALIZABLE;\n${level}\nEND;`, "serializable"],
    [`START TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ WRITE;\n${level}\nCOMMIT;`, "repeatable read"],
    [`BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE DEFERRABLE;\n${level}\nCOMMIT;`, "serializable"],
    [
      `BEGIN;\nSET lock_timeout = '1s';\nSET TRANSACTION ISOLATION LEVEL SERIALIZABLE, DEFERRABLE;\n${level}\nCOMMIT;`,
      "serializable"
    ],
    [`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;\n${level}`, "repeatable read"],
    [`SET LOCAL transaction_isolation = 'serializable';\n${level}`, "serializable"],
    [`SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE;\n${level}`, "serializable"],
    [`SET default_transaction_isolation TO 'repeatable read';\n${level}`, "repeatable read"],
    [
      `BEGIN ISOLATION LEVEL SERIALIZABLE;\nSET TRANSACTION ISOLATION LEVEL READ COMMITTED;\n${level}\nCOMMIT;`,
      "read committed"
    ],
    [`SELECT 1;\nBEGIN;\nSET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\n${level}\nCOMMIT;`, "serializable"],
    [
      `SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE;\nBEGIN;\n${level}\nCOMMIT;`,
      "serializable"
    ]
  ] as const) {
    it.scopedLive(`holds: ${text.replaceAll("\n", " ").replace(level, "…")}`, () =>
      inProgram({ migrations: { "001_iso": text, "002_after": "ALTER TABLE iso ADD COLUMN after text;" } }, (url) =>
        Effect.gen(function* () {
          deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.migrate, ["001_iso", "002_after"])
          deepStrictEqual(yield* Database.query(url, "SELECT level FROM iso"), [{ level: expected }])
        })
      )
    )
  }

  it.scopedLive("holds in a heal, and with one transaction per plan", () =>
    inProgram(
      {
        migrations: {
          "001_users": "CREATE TABLE users (id integer);",
          "002_iso": `BEGIN;\nSET TRANSACTION ISOLATION LEVEL REPEATABLE READ;\nALTER TABLE users ADD COLUMN a text;\n${level}\nCOMMIT;`,
          "003_both": "ALTER TABLE users ADD COLUMN b text;\nALTER TABLE iso ADD COLUMN b text;"
        },
        options: { transaction: "plan", policy: Policy.always }
      },
      () =>
        Effect.gen(function* () {
          deepStrictEqual(yield* ask("SELECT level, b FROM iso"), [{ level: "repeatable read", b: null }])
          deepStrictEqual(yield* kinds, ["Applied 001_users", "Applied 002_iso", "Applied 003_both"])
        })
    )
  )

  it.scopedLive("is refused by the server after the first query of the transaction", () =>
    inProgram({ migrations: { "001_iso": `SELECT 1;\nSET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\n${level}` } }, () =>
      Effect.gen(function* () {
        const error = yield* failsWith("MigrationFailed", AutoMigration.migrate)
        deepStrictEqual([error.sqlState, error.line], ["25001", 2])
      })
    )
  )
})

describe("the access mode that a script states", () => {
  it.scopedLive("lets it write where transactions are read only by default", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const users = { "001_users": "CREATE TABLE users (id integer);" }
      const program = (migrations: Readonly<Record<string, string>>) =>
        Effect.provide(AutoMigration.migrate, App.layer({ url, migrations }))
      yield* program(users)
      const database = new URL(url).pathname.slice(1)
      yield* Database.query(url, `ALTER DATABASE ${database} SET default_transaction_read_only = on`)
      const more = "ALTER TABLE users ADD COLUMN email text;"
      yield* failsWith("ReadOnlyServer", program({ ...users, "002_email": more }))
      deepStrictEqual<ReadonlyArray<string>>(
        yield* program({ ...users, "002_email": `BEGIN READ WRITE;\n${more}\nCOMMIT;` }),
        ["002_email"]
      )
    })
  )

  for (const text of [
    "BEGIN READ ONLY;\nCREATE TABLE users (id integer);\nCOMMIT;",
    "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE;\nCREATE TABLE users (id integer);\nCOMMIT;"
  ]) {
    it.scopedLive(`keeps it from writing: ${text.split("\n")[0]}`, () =>
      inProgram({ migrations: { "001_users": text } }, () => failsWith("ReadOnlyServer", AutoMigration.migrate))
    )
  }
})

/** A session that keeps the locks of its statement until it is told to release them. */
const holder = (url: string, statement: string) => Effect.tap(Database.session(url), (query) => query(statement))

/** Takes the migration lock late: after the statement that takes it has its snapshot. */
const lockLate = `CREATE FUNCTION lock_late(key bigint) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_advisory_lock_shared(42), pg_advisory_unlock_shared(42);
    RETURN pg_try_advisory_xact_lock(key);
  END $$`

/** Puts `lock_late` in the place of the server's function, in as many bytes. */
const withLateLock = (chunk: Buffer): Buffer => {
  const name = "pg_catalog.pg_try_advisory_xact_lock"
  const text = chunk.toString("latin1").replaceAll(name, "public.lock_late".padEnd(name.length))
  return Buffer.from(text, "latin1")
}

describe("a transaction with one snapshot", () => {
  it.scopedLive(
    "whose snapshot is older than the migration lock begins anew, and does not repeat the migration that it lacked",
    () =>
      Effect.gen(function* () {
        const url = yield* Server.freshDatabase
        const migrations = { "001_iso": `BEGIN ISOLATION LEVEL REPEATABLE READ;\n${level}\nCOMMIT;` }
        const first = App.layer({ url, migrations })
        yield* Effect.provide(AutoMigration.migrate, App.layer({ url, migrations: { "000": "SELECT 1;" } }))
        yield* Database.query(url, lockLate)
        const tap = yield* WireTap.make(url, withLateLock)
        const stop = yield* holder(url, "SELECT pg_advisory_lock(42)")
        const late = yield* Effect.fork(Effect.provide(AutoMigration.migrate, App.layer({ url: tap.url, migrations })))
        yield* untilBlocked(url)
        deepStrictEqual<ReadonlyArray<string>>(yield* Effect.provide(AutoMigration.migrate, first), ["001_iso"])
        yield* stop("SELECT pg_advisory_unlock(42)")
        deepStrictEqual(yield* Fiber.join(late), [])
        const log = yield* Effect.provide(kinds, first)
        deepStrictEqual(
          log.filter((event) => event.includes("001_iso")),
          ["Applied 001_iso"]
        )
      })
  )

  it.scopedLive("that is refused with a serialization failure runs again", () =>
    inProgram(
      {
        migrations: {
          "001_counted": `BEGIN ISOLATION LEVEL SERIALIZABLE;\nINSERT INTO counted SELECT count(*) FROM users;
            SELECT pg_advisory_xact_lock(42);\nCOMMIT;`
        },
        before: ["CREATE TABLE users (id integer)", "CREATE TABLE counted (users integer)"]
      },
      (url) =>
        Effect.gen(function* () {
          const stop = yield* holder(url, "SELECT pg_advisory_lock(42)")
          const migrating = yield* Effect.fork(AutoMigration.migrate)
          yield* untilBlocked(url)
          yield* Database.query(
            url,
            "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT * FROM counted; INSERT INTO users VALUES (1); COMMIT"
          )
          yield* stop("SELECT pg_advisory_unlock(42)")
          deepStrictEqual<ReadonlyArray<string>>(yield* Fiber.join(migrating), ["001_counted"])
          deepStrictEqual(yield* Database.query(url, "SELECT users FROM counted"), [{ users: 1 }])
          deepStrictEqual(yield* kinds, ["Applied 001_counted"])
        })
    )
  )

  it.scopedLive("is applied once by programs that start together", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const migrations = { "001_iso": `BEGIN ISOLATION LEVEL SERIALIZABLE;\n${level}\nCOMMIT;` }
      const applied = yield* Effect.all(
        Array.from({ length: 6 }, () =>
          Effect.provide(AutoMigration.migrate, App.layer({ url, migrations, maxConnections: 1 }))
        ),
        { concurrency: "unbounded" }
      )
      deepStrictEqual<ReadonlyArray<string>>(applied.flat(), ["001_iso"])
      assert.lengthOf(yield* Database.query(url, "SELECT level FROM iso"), 1)
    })
  )
})
