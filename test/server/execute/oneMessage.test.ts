/**
 * A migration that needs no question is one message to the server, and its errors say as much as those of a script that is sent statement
 * by statement.
 */
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { AutoMigration, withAutoMigration } from "effect-auto-migration"
import * as App from "../../support/program/App.js"
import {
  appliedIds,
  ask,
  failsWith,
  inProgramWithLedger as inProgram,
  inStoppedProgram,
  inTappedProgram,
  kinds,
  patient,
  waitsInVain
} from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import { role } from "../../support/server/Role.js"

const first = { "001_first": "CREATE TABLE first (id integer);" }

/** The messages that hold DDL of the program or end its transactions. */
const ofMigrations = (statements: ReadonlyArray<string>): ReadonlyArray<string> =>
  statements.filter((text) => /made|COMMIT/.test(text))

describe("a migration of several statements", () => {
  const migrations = {
    ...first,
    "002_made":
      "CREATE TABLE made (id integer); -- the first\nINSERT INTO made VALUES (1);\nCREATE INDEX made_id ON made (id) -- the last",
    "003_made_too": "ALTER TABLE made ADD COLUMN name text;"
  }

  it.scopedLive("is one message with its COMMIT where an operator runs it", () =>
    inTappedProgram({ migrations }, (url, tap) =>
      Effect.gen(function* () {
        yield* AutoMigration.migrateTo(["001_first"])
        yield* tap.reset
        deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.migrate, ["002_made", "003_made_too"])
        const { statements } = yield* tap.heard
        strictEqual(ofMigrations(statements).length, 2)
        deepStrictEqual(yield* Database.query(url, "SELECT id, name FROM made"), [{ id: 1, name: null }])
        deepStrictEqual(yield* kinds, ["Applied 001_first", "Applied 002_made", "Applied 003_made_too"])
      })
    )
  )

  it.scopedLive("is one message and a COMMIT in a heal", () =>
    inTappedProgram({ migrations }, (_, tap) =>
      Effect.gen(function* () {
        yield* ask("SELECT id FROM first")
        yield* tap.reset
        deepStrictEqual(yield* ask("SELECT id, name FROM made"), [{ id: 1, name: null }])
        const { statements } = yield* tap.heard
        strictEqual(ofMigrations(statements).length, 4)
      })
    )
  )
})

describe("a statement of one message that the server refuses", () => {
  const failing = (text: string) =>
    inProgram({ migrations: { ...first, "002_made": text } }, (url) =>
      Effect.gen(function* () {
        yield* AutoMigration.migrateTo(["001_first"])
        const error = yield* failsWith("MigrationFailed", AutoMigration.migrate)
        deepStrictEqual(yield* Database.query(url, "SELECT to_regclass('made') AS made"), [{ made: null }])
        deepStrictEqual(yield* kinds, ["Applied 001_first", "Failed 002_made"])
        return error
      })
    )

  it.scopedLive("is named by line and column, behind characters of two UTF-16 units", () =>
    Effect.gen(function* () {
      const { column, line, sqlState, statement } = yield* failing(
        "CREATE TABLE made (id integer);\nCOMMENT ON TABLE made IS '🦣🦣 of 𝒳';\n  SELECT 1, '🦣', nowhere FROM made;"
      )
      deepStrictEqual([sqlState, line, column], ["42703", 3, 18])
      assert.match(statement, /nowhere/)
    })
  )

  it.scopedLive("is named by its line where the server tells no place", () =>
    Effect.gen(function* () {
      const { line, sqlState } = yield* failing(
        "CREATE TABLE made (id integer PRIMARY KEY);\nINSERT INTO made VALUES (1);\nINSERT INTO made VALUES (1);\nSELECT 1;"
      )
      deepStrictEqual([sqlState, line], ["23505", 3])
    })
  )

  it.scopedLive("is the last one where a deferred constraint fails at COMMIT", () =>
    Effect.gen(function* () {
      const { line, sqlState } = yield* failing(
        "CREATE TABLE made (id integer UNIQUE DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO made VALUES (1);\nINSERT INTO made VALUES (1);"
      )
      deepStrictEqual([sqlState, line], ["23505", 3])
    })
  )

  it.scopedLive("for want of a privilege names the role and the grant", () =>
    Effect.gen(function* () {
      const migrations = { ...first, "002_made": "CREATE TABLE made (id integer);\nINSERT INTO secret VALUES (1);" }
      yield* inProgram({ migrations, before: ["CREATE TABLE secret (id integer)"] }, (url) =>
        Effect.gen(function* () {
          yield* AutoMigration.migrateTo(["001_first"])
          const writer = yield* role(url, "writer")
          yield* Database.query(
            url,
            `SELECT auto_migration.grant_writer('${writer.name}')`,
            `GRANT CREATE ON SCHEMA public TO ${writer.name}`
          )
          const error = yield* failsWith("InsufficientPrivilege", AutoMigration.migrate).pipe(
            Effect.provide(App.layer({ url: writer.url, migrations }))
          )
          strictEqual(error.role, writer.name)
          assert.match(error.remedy, /GRANT INSERT ON TABLE public\.secret/)
        })
      )
    })
  )
})

describe("the server refuses the message", () => {
  it.scopedLive("where the ledger is another one than the program knows: what the migration needs runs first", () => {
    const migrations = {
      "001_first": "CREATE TABLE first (id integer PRIMARY KEY);",
      "002_made": "CREATE TABLE made (id integer REFERENCES first);"
    }
    return inProgram({ migrations }, (url) =>
      Effect.gen(function* () {
        yield* ask("SELECT id FROM first")
        yield* Database.query(url, "DROP SCHEMA auto_migration CASCADE", "DROP TABLE first")
        yield* Effect.provide(
          AutoMigration.migrate,
          App.layer({ url, migrations: { other: "CREATE TABLE other (id integer);" } })
        )
        deepStrictEqual(yield* ask("SELECT id FROM made"), [])
        deepStrictEqual(yield* kinds, ["Applied other", "Applied 001_first", "Applied 002_made"])
      })
    )
  })

  it.scopedLive("where another process has applied the migration: it runs once", () =>
    inProgram(
      { migrations: { ...first, "002_made": "CREATE TABLE made (id integer);\nINSERT INTO made VALUES (1);" } },
      (url) =>
        Effect.gen(function* () {
          const other = App.layer({
            url,
            migrations: { ...first, "002_made": "CREATE TABLE made (id integer);\nINSERT INTO made VALUES (1);" }
          })
          yield* ask("SELECT id FROM first")
          yield* Effect.provide(AutoMigration.migrate, other)
          yield* Database.query(url, "ALTER TABLE made RENAME TO hidden")
          yield* failsWith("SchemaDrift", ask("SELECT id FROM made"))
          deepStrictEqual(yield* Database.query(url, "SELECT id FROM hidden"), [{ id: 1 }])
          deepStrictEqual(yield* kinds, ["Applied 001_first", "Applied 002_made"])
        })
    )
  )

  it.scopedLive(
    "where another session has made the object meanwhile: the query runs again, and the migration does not",
    () =>
      inProgram({ migrations: { ...first, "002_made": "CREATE TABLE made (id integer);" } }, (url) =>
        Effect.gen(function* () {
          yield* ask("SELECT id FROM first")
          const sql = yield* SqlClient.SqlClient
          const query = Effect.tapError(sql.unsafe("SELECT id FROM made"), () =>
            Database.query(url, "CREATE TABLE made (id integer)")
          )
          deepStrictEqual(yield* withAutoMigration(query), [])
          deepStrictEqual(yield* kinds, ["Applied 001_first"])
        })
      )
  )

  it.scopedLive("where another process has a lease: the query waits for it", () =>
    inStoppedProgram(
      { migrations: { ...first, "002_made": "CREATE TABLE made (id integer);" }, options: patient },
      (url, clock) =>
        Effect.gen(function* () {
          yield* ask("SELECT id FROM first")
          yield* Database.query(
            url,
            `INSERT INTO auto_migration.lease (migration_id, checksum, holder, lasts, progress, in_doubt)
              VALUES ('other', 'sha256:00', '00000000-0000-4000-8000-000000000001', '1 hour', 0, 'nothing')`
          )
          const error = yield* waitsInVain(clock, ask("SELECT id FROM made"))
          strictEqual(error.waitingFor, "lease")
          yield* Database.query(url, "DELETE FROM auto_migration.lease")
          deepStrictEqual(yield* ask("SELECT id FROM made"), [])
        })
    )
  )

  it.scopedLive("where it reads backslashes as another server would: the script keeps its meaning", () =>
    inProgram(
      { migrations: { ...first, "002_made": String.raw`CREATE TABLE made AS SELECT 'a\\b' AS text;` } },
      (url) =>
        Effect.gen(function* () {
          yield* AutoMigration.migrateTo(["001_first"])
          const old = yield* role(url, "old")
          yield* Database.query(
            url,
            `ALTER ROLE ${old.name} SUPERUSER`,
            `ALTER ROLE ${old.name} SET standard_conforming_strings = off`
          )
          yield* AutoMigration.migrate.pipe(
            Effect.provide(
              App.layer({
                url: old.url,
                migrations: {
                  ...first,
                  "002_made": String.raw`CREATE TABLE made AS SELECT 'a\\b' AS text;`
                }
              })
            )
          )
          deepStrictEqual(yield* Database.query(url, "SELECT * FROM made"), [{ text: String.raw`a\\b` }])
        })
    )
  )
})

describe("a promise of one message", () => {
  const dropping = {
    "001_first": `CREATE TABLE first (id integer);
CREATE FUNCTION undo() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT FROM pg_class WHERE relname = 'made') THEN EXECUTE 'DROP TABLE made'; END IF;
END $$;
CREATE EVENT TRIGGER undo ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION undo();`,
    "002_made": "CREATE TABLE made (id integer, name text);"
  }

  it.scopedLive("is checked before its COMMIT", () =>
    inProgram({ migrations: dropping }, () =>
      Effect.gen(function* () {
        yield* AutoMigration.migrateTo(["001_first"])
        const error = yield* failsWith("PromiseBroken", AutoMigration.migrate)
        deepStrictEqual(error.missing, ["relation made", "column made.id", "column made.name"])
        deepStrictEqual(yield* kinds, ["Applied 001_first", "Failed 002_made"])
      })
    )
  )
})

it.scopedLive("the rows that a script reads may be many", () =>
  inProgram(
    {
      migrations: {
        ...first,
        "002_made":
          "CREATE TABLE made (id integer);\nSELECT n AS appended, n AS missing FROM generate_series(1, 200000) AS n;"
      }
    },
    () =>
      Effect.gen(function* () {
        yield* AutoMigration.migrateTo(["001_first"])
        yield* AutoMigration.migrate
        deepStrictEqual(yield* appliedIds, ["001_first", "002_made"])
      })
  )
)
