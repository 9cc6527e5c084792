/**
 * Data stays where it is: the server's message about a row goes to the caller that ran the statement, and to no other
 * caller, event or command.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { AutoMigration, Policy } from "effect-auto-migration"
import * as CommandLine from "../../support/program/CommandLine.js"
import { ask, failsWith, inProgram, users } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"

const tenMinutes = Duration.minutes(10)

/** The window is open until the test ends. */
const options = { policy: Policy.always, deadline: tenMinutes, breaker: { first: tenMinutes, cap: tenMinutes } }

/** The failed events as text: their details, and all else that a reader of the ledger sees. */
const failedEvents = (url: string) =>
  Effect.map(
    Database.query(url, "SELECT e::text AS event, e.detail FROM auto_migration.event e WHERE kind = 'Failed'"),
    (rows) => ({ text: rows.map(({ event }) => event).join("\n"), details: rows.map(({ detail }) => detail) })
  )

const before = ["CREATE TABLE people (code text)", `INSERT INTO people VALUES ('x" card 4111111111111111')`]

/** Each way in which a statement that fails on data can quote it, and the constant part of its message. */
const quoting: Readonly<Record<string, readonly [statement: string, message: string]>> = {
  "a conversion, whose message quotes the value": [
    "ALTER TABLE people ALTER COLUMN code TYPE integer USING code::integer;",
    "invalid input syntax for type integer: …"
  ],
  "code of the database, which writes the message itself": [
    "DO $$ DECLARE c text; BEGIN SELECT code INTO c FROM people; RAISE EXCEPTION '% is no code', c USING ERRCODE = '22P02'; END $$;",
    "only the caller that ran it sees the message, which may hold data"
  ],
  "a name made from the value": [
    "DO $$ DECLARE c text; BEGIN SELECT code INTO c FROM people; EXECUTE format('SELECT %I()', c); END $$;",
    "only the caller that ran it sees the message, which may hold data"
  ],
  "a literal of the file": [`SELECT 'x" card 4111111111111111'::integer;`, "invalid input syntax for type integer: …"]
}

describe("a message about data", () => {
  for (const [way, [statement, message]] of Object.entries(quoting)) {
    it.scopedLive(`of ${way}, is told to the query that ran the migration, and to no other query`, () =>
      inProgram(
        { before, options, migrations: { "001_email": `${statement}\nALTER TABLE people ADD COLUMN email text;` } },
        (url) =>
          Effect.gen(function* () {
            const asking = failsWith("MigrationFailed", ask("SELECT email FROM people"))
            const atOnce = yield* Effect.all([asking, asking, asking], { concurrency: "unbounded" })
            const later = yield* asking
            const [runner, ...others] = [...atOnce.filter(holdsCard), ...atOnce.filter((_) => !holdsCard(_)), later]
            assert.isTrue(runner !== undefined && holdsCard(runner))
            for (const other of others) {
              assert.isFalse(holdsCard(other))
              assert.strictEqual(other.reason, message)
            }
            const { details, text } = yield* failedEvents(url)
            assert.notInclude(text, "41111111")
            assert.notInclude(text, "card")
            assert.lengthOf(details, 1)
            assert.deepInclude(details[0], { line: 1, message })
          })
      )
    )
  }

  const holdsCard = ({ message }: { readonly message: string }) => message.includes("card 4111111111111111")

  it.scopedLive("is told to the operator that runs the migration, with the statement", () =>
    inProgram({ before, migrations: { "001_code": "SELECT 'Ada' || code::integer FROM people;" } }, (url) =>
      Effect.gen(function* () {
        const error = yield* failsWith("MigrationFailed", AutoMigration.migrate)
        assert.isTrue(holdsCard(error))
        assert.include(error.statement, "'Ada'")
        const { details } = yield* failedEvents(url)
        assert.lengthOf(details, 1)
        assert.deepInclude(details[0], {
          by: "operator",
          sqlState: "22P02",
          line: 1,
          column: 1,
          message: "invalid input syntax for type integer: …"
        })
      })
    )
  )
})

describe("a password", () => {
  const statements = {
    "of a role": "CREATE ROLE r_of_none PASSWORD 'hunter2' IN ROLE no_such_role;",
    "of a role, in a body":
      "DO $$ BEGIN EXECUTE 'CREATE ROLE r_of_none /* */ PASSWORD ''hunter2'' IN ROLE no_such_role'; END $$;",
    "of a role, in a setting of it": "ALTER ROLE no_such_role PASSWORD 'hunter2';",
    "of a user mapping":
      "CREATE USER MAPPING FOR CURRENT_USER SERVER no_such_server OPTIONS (user 'u', password 'hunter2');",
    "of a user mapping, behind a comment":
      "CREATE USER -- the other one\nMAPPING FOR CURRENT_USER SERVER no_such_server OPTIONS (user 'u', password 'hunter2');",
    "of a subscription": "CREATE SUBSCRIPTION s CONNECTION 'host=/nowhere password=hunter2' PUBLICATION p;"
  }
  for (const [whose, statement] of Object.entries(statements)) {
    it.scopedLive(`${whose} is shown to no caller, not even the one that ran the statement`, () =>
      inProgram({ migrations: { "001_secret": statement } }, (url) =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(AutoMigration.migrate)
          assert.include(error.message, "001_secret")
          assert.notInclude(error.message, "hunter2")
          assert.notInclude(JSON.stringify(error), "hunter2")
          assert.notInclude((yield* failedEvents(url)).text, "hunter2")
        })
      )
    )
  }

  it.scopedLive("in a statement that is not valid SQL is not in the error of the program that does not start", () =>
    Effect.gen(function* () {
      const folder = yield* CommandLine.folderOf({
        "001_role": "CREATE ROLE r PASSWORD\n  'hunter2' 'hunter2 again' IN ROL x;"
      })
      const { printed } = yield* CommandLine.type(["plan", "--folder", folder, "--url", yield* Server.freshDatabase])
      assert.include(printed, "001_role.sql:2")
      assert.notInclude(printed, "hunter2")
    })
  )
})

describe("events that an earlier version has written", () => {
  it.scopedLive("with messages of the server are counted by verify, which names the query that finds them", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const folder = yield* CommandLine.folderOf(users)
      const type = (command: string) => CommandLine.type([command, "--folder", folder, "--url", url])
      yield* type("migrate")
      assert.notInclude((yield* type("verify")).printed, "SELECT")
      yield* Database.query(
        url,
        `INSERT INTO auto_migration.event (kind, migration_id, checksum, detail)
          VALUES ('Failed', '001_users', 'sha256:00', '{"reason": "invalid input syntax for type integer: \\"hunter2\\""}')`
      )
      const { code, printed } = yield* type("verify")
      assert.strictEqual(code, 0)
      assert.match(printed, /1 event holds a message of the server/)
      assert.notInclude(printed, "hunter2")
      const [query = ""] = /SELECT .*/.exec(printed) ?? []
      deepStrictEqual((yield* Database.query(url, query)).length, 1)
    })
  )
})
