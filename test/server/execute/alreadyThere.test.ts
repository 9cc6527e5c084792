/**
 * A migration creates an object that the database already has, although the ledger does not record it: the database is
 * ahead. The error says so, and names the commands that adopt or record the object.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { AutoMigration, AutoMigrationConfig } from "effect-auto-migration"
import { ask, failsWith, inProgramWithLedger as inProgram } from "../../support/program/Situation.js"

const orders = { "001_t": "CREATE TABLE orders (id integer);" }

const adopt = 'take over what that tool has recorded: AutoMigration.adopt({ by: "table" })'
const record = 'then record it as applied: AutoMigration.baseline(["002_t"])'

describe("a migration that creates an object that was made by hand", () => {
  for (const [sqlState, byHand, file] of [
    ["42P07", "CREATE TABLE bills (id integer)", "CREATE TABLE bills (id integer);"],
    ["42P07", "CREATE INDEX by_id ON orders (id)", "CREATE INDEX by_id ON orders (id);"],
    ["42701", "ALTER TABLE orders ADD COLUMN paid_at date", "ALTER TABLE orders ADD COLUMN paid_at date;"],
    [
      "42710",
      "ALTER TABLE orders ADD CONSTRAINT c CHECK (id > 0)",
      "ALTER TABLE orders ADD CONSTRAINT c CHECK (id > 0);"
    ],
    ["42710", "CREATE TYPE mood AS ENUM ('sad')", "CREATE TYPE mood AS ENUM ('sad');"],
    ["42710", "CREATE POLICY p ON orders", "CREATE POLICY p ON orders;"],
    [
      "42723",
      "CREATE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
      "CREATE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 1';"
    ],
    ["42P06", "CREATE SCHEMA shop", "CREATE SCHEMA shop;"],
    ["42P16", "ALTER TABLE orders ADD PRIMARY KEY (id)", "ALTER TABLE orders ADD PRIMARY KEY (id);"],
    ["42P16", "CREATE VIEW v AS SELECT 1 AS a, 2 AS b", "CREATE OR REPLACE VIEW v AS SELECT 1 AS a;"]
  ] as const) {
    it.scopedLive(`fails with ${sqlState} (${byHand}) and names adopt and baseline`, () =>
      inProgram({ migrations: { ...orders, "002_t": file }, before: [orders["001_t"], byHand] }, () =>
        Effect.gen(function* () {
          yield* AutoMigration.baseline(["001_t"])
          const error = yield* failsWith("MigrationFailed", AutoMigration.migrate)
          assert.strictEqual(error.sqlState, sqlState)
          assert.include(error.message, "record:002_t:1")
          assert.include(error.message, adopt)
          assert.isTrue(error.message.endsWith(record), error.message)
          assert.notMatch(error.message, /correct the file/i)
        })
      )
    )
  }

  it.scopedLive("names the folder, and the ledger's schema where it is not the default, in both commands", () =>
    inProgram(
      {
        migrations: orders,
        before: orders["001_t"].split("\n"),
        options: { schema: AutoMigrationConfig.SchemaName.make("log"), origin: { _tag: "Folder", path: "db/own" } }
      },
      () =>
        Effect.gen(function* () {
          const error = yield* failsWith("MigrationFailed", AutoMigration.migrate)
          deepStrictEqual(error.alreadyThere, {
            adopt: "npx effect-auto-migration adopt --folder db/own --schema log",
            record: "npx effect-auto-migration baseline 001_t --folder db/own --schema log"
          })
        })
    )
  )

  it.scopedLive("outside transactions tells what stays, and names both commands", () =>
    inProgram(
      {
        migrations: { ...orders, "002_t": "CREATE INDEX CONCURRENTLY by_id ON orders (id);" },
        before: ["CREATE TABLE orders (id integer)", "CREATE INDEX by_id ON orders (id)"]
      },
      () =>
        Effect.gen(function* () {
          yield* AutoMigration.baseline(["001_t"])
          const error = yield* failsWith("MigrationFailed", AutoMigration.migrate)
          assert.include(error.message, "its earlier statements stay")
          assert.include(error.message, adopt)
          assert.isTrue(error.message.endsWith(record), error.message)
        })
    )
  )

  it.scopedLive("no longer hinders queries that need later migrations once it is recorded", () =>
    inProgram(
      {
        migrations: {
          ...orders,
          "002_t": "ALTER TABLE orders ADD COLUMN paid_at date;",
          "003_t": "ALTER TABLE orders ADD COLUMN sent_at date;"
        },
        before: ["CREATE TABLE orders (id integer, paid_at date)"]
      },
      () =>
        Effect.gen(function* () {
          yield* AutoMigration.baseline(["001_t"])
          const error = yield* failsWith("MigrationFailed", ask("SELECT sent_at FROM orders"))
          assert.isTrue(error.message.endsWith(record), error.message)
          yield* AutoMigration.baseline(["002_t"])
          deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.migrate, ["003_t"])
          deepStrictEqual(yield* ask("SELECT sent_at FROM orders"), [])
        })
    )
  )
})

describe("a migration that contradicts itself", () => {
  for (const [what, file] of [
    ["a table", "CREATE TABLE a (id integer);\nCREATE TABLE a (id integer);"],
    ["a column in one statement", "SELECT 1;\nCREATE TABLE a (id integer, id integer);"],
    ["a column", "CREATE TABLE a (id integer);\nALTER TABLE a ADD COLUMN id integer;"],
    ["a primary key", "CREATE TABLE a (id integer PRIMARY KEY);\nALTER TABLE a ADD PRIMARY KEY (id);"],
    [
      "a primary key by two names",
      "CREATE TABLE a (id integer PRIMARY KEY);\nALTER TABLE a ADD CONSTRAINT k PRIMARY KEY (id);"
    ],
    ["a primary key in one statement", "SELECT 1;\nCREATE TABLE a (id integer PRIMARY KEY, PRIMARY KEY (id));"],
    ["a view", "CREATE VIEW a AS SELECT 1 AS one, 2 AS two;\nCREATE OR REPLACE VIEW a AS SELECT 1 AS one;"]
  ] as const) {
    it.scopedLive(`by creating ${what} twice has to be corrected, and is not offered for adoption`, () =>
      inProgram({ migrations: { "001_a": file } }, () =>
        Effect.gen(function* () {
          const error = yield* failsWith("MigrationFailed", AutoMigration.migrate)
          assert.include(error.message, "record:001_a:2")
          assert.match(error.message, /Correct the file, then query again\.$/)
        })
      )
    )
  }
})
