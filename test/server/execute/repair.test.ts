/**
 * The catalog's finding for a statement whose attempt was interrupted: done, half-done, or not begun, for each kind of
 * statement with leftovers.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as OutsideScript from "../../../src/core/attempt/OutsideScript.js"
import * as Message from "../../../src/database/Message.js"
import * as Repair from "../../../src/execute/Repair.js"
import { parser } from "../../support/history/Parsing.js"
import { holding } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"

const finding = (url: string, sql: string) =>
  Effect.gen(function* () {
    const [unit] = OutsideScript.units(parser, sql)
    if (unit === undefined || unit.leftover._tag === "Harmless" || unit.leftover._tag === "None") {
      return yield* Effect.dieMessage(`${sql} leaves no leftovers`)
    }
    return yield* Repair.readFinding(
      Message.columnsOf({ rows: yield* Database.query(url, Repair.question(unit.leftover)) })
    )
  })

const stateOf = (url: string, sql: string) => Effect.map(finding(url, sql), ({ state }) => state)

/** The invalid index that is left when a lock is not granted. */
const interrupted = (url: string, table: string, sql: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      yield* holding(url, `INSERT INTO ${table} VALUES (1)`)
      const exit = yield* Effect.exit(Database.query(url, "SET lock_timeout = 100", sql))
      assert.strictEqual(exit._tag, "Failure")
    })
  )

/** The clean-up of an answer. */
const cleanUp = (url: string, sql: string) =>
  Effect.flatMap(finding(url, sql), (found) => Database.query(url, ...found.cleanUp))

const tables = ["CREATE TABLE t (a integer, b text)", "CREATE INDEX there ON t (b)"]

describe("an index that is built concurrently", () => {
  for (const [name, sql] of [
    ["with a name", "CREATE INDEX CONCURRENTLY i ON t (a)"],
    ["without a name", "CREATE INDEX CONCURRENTLY ON t (a)"]
  ] as const) {
    it.scopedLive(`${name} is not begun, half-done while it is invalid, and not begun once that is cleaned up`, () =>
      Effect.gen(function* () {
        const url = yield* Server.freshDatabase
        yield* Database.query(url, ...tables)
        deepStrictEqual(yield* stateOf(url, sql), "not-begun")
        yield* interrupted(url, "t", sql)
        deepStrictEqual(yield* stateOf(url, sql), "half-done")
        yield* cleanUp(url, sql)
        deepStrictEqual(yield* stateOf(url, sql), "not-begun")
      })
    )
  }

  it.scopedLive("is done when it is valid and has its name on its table; without a name the state is unknown", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      yield* Database.query(url, ...tables, "CREATE TABLE u (b text)", "CREATE INDEX ON t (b)")
      deepStrictEqual(yield* stateOf(url, "CREATE INDEX CONCURRENTLY there ON t (b)"), "done")
      deepStrictEqual(yield* stateOf(url, "CREATE INDEX CONCURRENTLY there ON u (b)"), "not-begun")
      deepStrictEqual(yield* stateOf(url, "CREATE INDEX CONCURRENTLY ON t (b)"), "unknown")
    })
  )
})

describe("an index that is rebuilt concurrently", () => {
  for (const sql of [
    "REINDEX INDEX CONCURRENTLY there",
    "REINDEX TABLE CONCURRENTLY t",
    "REINDEX SCHEMA CONCURRENTLY public",
    "REINDEX DATABASE CONCURRENTLY"
  ]) {
    it.scopedLive(`by ${sql} is half-done while there are leftovers, and always runs again`, () =>
      Effect.gen(function* () {
        const url = yield* Server.freshDatabase
        yield* Database.query(url, ...tables, "CREATE TABLE u (b text)", "CREATE INDEX ON u (b)")
        deepStrictEqual(yield* stateOf(url, sql), "not-begun")
        yield* interrupted(url, "t", "REINDEX INDEX CONCURRENTLY there")
        deepStrictEqual(yield* stateOf(url, sql), "half-done")
        deepStrictEqual(yield* stateOf(url, "REINDEX TABLE CONCURRENTLY u"), "not-begun")
        yield* cleanUp(url, sql)
        deepStrictEqual(yield* stateOf(url, sql), "not-begun")
      })
    )
  }
})

describe("an index that is dropped concurrently", () => {
  const sql = "DROP INDEX CONCURRENTLY there"

  it.scopedLive("is not done while it exists, invalid or not", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      yield* Database.query(url, ...tables)
      deepStrictEqual(yield* stateOf(url, sql), "not-begun")
      yield* interrupted(url, "t", sql)
      deepStrictEqual(yield* stateOf(url, sql), "not-begun")
      yield* Database.query(url, sql)
      deepStrictEqual(yield* stateOf(url, sql), "done")
    })
  )
})

describe("a partition that is detached concurrently", () => {
  const sql = "ALTER TABLE parted DETACH PARTITION one CONCURRENTLY"

  it.scopedLive("is half-done while it is pending, and done once that is finalized", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      yield* Database.query(
        url,
        "CREATE TABLE parted (a integer) PARTITION BY LIST (a)",
        "CREATE TABLE one PARTITION OF parted FOR VALUES IN (1)"
      )
      deepStrictEqual(yield* stateOf(url, sql), "not-begun")
      yield* interrupted(url, "parted", sql)
      deepStrictEqual(yield* stateOf(url, sql), "half-done")
      yield* cleanUp(url, sql)
      deepStrictEqual(yield* stateOf(url, sql), "done")
    })
  )
})

describe("an object of the whole server", () => {
  it.scopedLive("is done once it exists, or no longer exists", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const own = new URL(url).pathname.slice(1)
      const states = yield* Effect.forEach(
        [
          `CREATE DATABASE ${own}`,
          "CREATE DATABASE nowhere",
          "DROP DATABASE nowhere",
          "CREATE TABLESPACE pg_default LOCATION '/'",
          "DROP TABLESPACE pg_default",
          "CREATE SUBSCRIPTION nowhere CONNECTION '' PUBLICATION p",
          "DROP SUBSCRIPTION nowhere",
          "COMMIT PREPARED 'nothing'"
        ],
        (sql) => stateOf(url, sql)
      )
      deepStrictEqual(states, ["done", "not-begun", "done", "done", "not-begun", "not-begun", "done", "done"])
    })
  )

  it.scopedLive("may be a subscription's publication, which is listed or not", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const name = `s_${new URL(url).pathname.slice(6)}`
      yield* Effect.acquireRelease(
        Database.query(url, `CREATE SUBSCRIPTION ${name} CONNECTION 'dbname=d' PUBLICATION p WITH (connect = false)`),
        () => Database.query(url, `ALTER SUBSCRIPTION ${name} SET (slot_name = NONE)`, `DROP SUBSCRIPTION ${name}`)
      )
      deepStrictEqual(yield* stateOf(url, `ALTER SUBSCRIPTION ${name} ADD PUBLICATION p`), "done")
      deepStrictEqual(yield* stateOf(url, `ALTER SUBSCRIPTION ${name} DROP PUBLICATION p`), "not-begun")
      deepStrictEqual(yield* stateOf(url, `ALTER SUBSCRIPTION ${name} DROP PUBLICATION q`), "done")
      deepStrictEqual(yield* stateOf(url, `CREATE SUBSCRIPTION ${name} CONNECTION '' PUBLICATION p`), "done")
    })
  )
})

describe("an object that a plain statement makes or drops", () => {
  it.scopedLive("shows whether the statement took effect", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      yield* Database.query(url, ...tables, "CREATE TYPE mood AS ENUM ('sad')")
      const states = yield* Effect.forEach(
        [
          "CREATE TABLE t (a integer)",
          "CREATE TABLE u (a integer)",
          "ALTER TABLE t ADD COLUMN b text",
          "ALTER TABLE t ADD COLUMN c text",
          "ALTER TABLE t DROP COLUMN c",
          "DROP TABLE t",
          "ALTER TYPE mood ADD VALUE 'sad'",
          "ALTER TYPE mood ADD VALUE 'glad'",
          "BEGIN; INSERT INTO t VALUES (1); CREATE TABLE u (a integer); COMMIT"
        ],
        (sql) => stateOf(url, sql)
      )
      deepStrictEqual(states, [
        "done",
        "not-begun",
        "done",
        "not-begun",
        "done",
        "not-begun",
        "done",
        "not-begun",
        "not-begun"
      ])
    })
  )
})
