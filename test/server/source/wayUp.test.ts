/**
 * Tests files that hold a way up and a way down, on a database with rows: the way up runs, by a query and ahead of time, and the way down
 * never runs.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { AutoMigration } from "effect-auto-migration"
import * as App from "../../support/program/App.js"
import { appliedIds, ask, inProgram, startError } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"

const before = ["CREATE TABLE users (id integer PRIMARY KEY)", "INSERT INTO users VALUES (1)"]
const up = "CREATE TABLE IF NOT EXISTS users (id integer PRIMARY KEY);\nCREATE TABLE orders (id integer);"
const down = "DROP TABLE orders;\nDROP TABLE users;"

const files: Readonly<Record<string, string>> = {
  goose: `-- +goose Up\n-- +goose StatementBegin\n${up}\n-- +goose StatementEnd\n-- +goose Down\n${down}`,
  "sql-migrate": `-- +migrate Up\n${up}\n-- +migrate Down\n${down}`,
  micrate: `-- +micrate Up\n${up}\n-- +micrate Down\n${down}`,
  dbmate: `-- migrate:up\n${up}\n\n-- migrate:down\n${down}`,
  "node-pg-migrate": `-- Up Migration\n${up}\n\n-- Down Migration\n${down}`,
  "node-pg-migrate with the way down first": `-- Down Migration\n${down}\n-- Up Migration\n${up}`,
  tern: `${up}\n\n---- create above / drop below ----\n\n${down}`,
  MyBatis: `-- // users\n${up}\n\n-- //@UNDO\n${down}`,
  rambler: `-- rambler up\n${up}\n-- rambler down\n${down}\n-- rambler up\nSELECT 1;\n-- rambler down\nSELECT 2;`,
  Play: `# Users\n\n# --- !Ups\n${up}\n\n# --- !Downs\n${down}`
}

describe("a way down in the same file", () => {
  for (const [tool, text] of Object.entries(files)) {
    it.scopedLive(`is never run: ${tool}`, () =>
      inProgram({ migrations: { "001_users": text }, before }, (url) =>
        Effect.gen(function* () {
          deepStrictEqual(yield* ask("SELECT id FROM orders"), [])
          deepStrictEqual(yield* AutoMigration.migrate, [])
          deepStrictEqual(yield* Database.query(url, "SELECT id FROM users"), [{ id: 1 }])
          deepStrictEqual(yield* Database.query(url, "SELECT id FROM orders"), [])
        })
      )
    )
  }

  it.scopedLive("is not a part of the checksum", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const migrating = (text: string) =>
        Effect.provide(AutoMigration.migrate, App.layer({ url, migrations: { "001_users": text } }))
      const text = `-- Down Migration\n${down}\n-- Up Migration\n${up}`
      deepStrictEqual<ReadonlyArray<string>>(yield* migrating(text), ["001_users"])
      deepStrictEqual(yield* migrating(text.replace(down, `-- nothing\n\n${down}\nSELECT 1;`)), [])
    })
  )

  for (const heading of [
    "-- ROLLBACK",
    "-- Rollback script",
    "/* --- Rollback --- */",
    "-- =====[ Undo ]=====",
    "-- revert changes",
    "-- to undo this migration, run:",
    "-- @rollback",
    "-- This is the down migration",
    "-- Undoes the above"
  ]) {
    it.scopedLive(`stops the start with file and line below a heading that no known tool writes: ${heading}`, () =>
      inProgram({ migrations: { "000_none": "SELECT 1" }, before }, (url) =>
        Effect.gen(function* () {
          const text = `CREATE TABLE IF NOT EXISTS users (id integer PRIMARY KEY);\n\n${heading}\nDROP TABLE users;`
          const error = yield* startError(url, { "001_users": text })
          assert.match(error, /^InvalidDirective: record:001_users:3: ".*" announces a part that undoes/)
          deepStrictEqual(yield* Database.query(url, "SELECT id FROM users"), [{ id: 1 }])
        })
      )
    )
  }
})

describe("a file of Mojolicious", () => {
  const first = `-- 1 up\n${up}\n-- 1 down\n${down}\n`
  const second = "-- 2 up\nALTER TABLE orders ADD COLUMN note text;\n-- 2 down\nALTER TABLE orders DROP COLUMN note;\n"

  it.scopedLive("grows by a version, which becomes a migration of its own", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      yield* Database.query(url, ...before)
      const program = (text: string) => Effect.provide(App.layer({ url, migrations: { migrations: text } }))
      deepStrictEqual<ReadonlyArray<string>>(yield* program(first)(AutoMigration.migrate), ["migrations/1"])
      yield* Effect.gen(function* () {
        deepStrictEqual(yield* ask("SELECT note FROM orders"), [])
        deepStrictEqual(yield* appliedIds, ["migrations/1", "migrations/2"])
      }).pipe(program(first + second))
      deepStrictEqual(yield* Database.query(url, "SELECT id FROM users"), [{ id: 1 }])
    })
  )
})

describe("another tool's mark for running outside a transaction", () => {
  const index = "CREATE INDEX CONCURRENTLY users_id ON users (id);\nVACUUM users;"
  for (const text of [
    `-- +goose NO TRANSACTION\n-- +goose Up\n${index}\n-- +goose Down\n${down}`,
    `-- +migrate Up notransaction\n${index}\n-- +migrate Down notransaction\n${down}`,
    `-- migrate:up transaction:false\n${index}\n-- migrate:down transaction:false\n${down}`,
    `---- tern: disable-tx ----\n${index}\n---- create above / drop below ----\n${down}`
  ]) {
    it.scopedLive(`holds: ${text.split("\n")[0]}`, () =>
      inProgram({ migrations: { "001_index": text }, before }, (url) =>
        Effect.gen(function* () {
          deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.migrate, ["001_index"])
          const valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'users_id'::regclass"
          deepStrictEqual(yield* Database.query(url, valid), [{ indisvalid: true }])
        })
      )
    )
  }
})
