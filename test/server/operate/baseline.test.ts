/**
 * Recording migrations as applied without running them: their objects must exist, and all are recorded or none.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { AutoMigration, AutoMigrationConfig, type MigrationSource } from "effect-auto-migration"
import * as CommandLine from "../../support/program/CommandLine.js"
import { failsWith, inProgram, kinds } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"

const shop = {
  "001_users": "CREATE TABLE users (id integer, fax text);",
  "002_orders": "CREATE TABLE orders (id integer);",
  "003_no_fax": "ALTER TABLE users DROP COLUMN fax;",
  "004_people": "ALTER TABLE users RENAME TO people;",
  "005_index": "-- transaction: none\nCREATE UNIQUE INDEX orders_by_id ON orders (id);",
  "006_rows": "UPDATE orders SET id = 1;",
  "007_no_index": "DROP INDEX orders_by_id;"
}

const ids = Object.keys(shop)

const built = ["CREATE TABLE people (id integer)", "CREATE TABLE orders (id integer)"]

const recorded = (effect: Effect.Effect<ReadonlyArray<string>, unknown, AutoMigration.AutoMigration>) =>
  Effect.map(effect, (found): ReadonlyArray<string> => found)

const origin: MigrationSource.Origin = { _tag: "Folder", path: "migrations" }

describe("a baseline", () => {
  it.scopedLive("of all migrations is checked against the final schema of the files: drops and renames count", () =>
    inProgram({ migrations: shop, before: built }, () =>
      Effect.gen(function* () {
        deepStrictEqual(yield* recorded(AutoMigration.baselineAll()), ids)
        deepStrictEqual(
          yield* kinds,
          ids.map((id) => `Baselined ${id}`)
        )
        deepStrictEqual(yield* recorded(AutoMigration.baselineAll()), [])
      })
    )
  )

  it.scopedLive("names each migration with its file and missing objects, and records none of them", () =>
    inProgram({ migrations: shop, before: ["CREATE TABLE people (id integer)"] }, () =>
      Effect.gen(function* () {
        const error = yield* failsWith("BaselineUnfounded", AutoMigration.baselineAll())
        deepStrictEqual(error.unfounded, [
          {
            migrationId: "002_orders",
            file: "record:002_orders",
            missing: ["relation orders", "column orders.id"]
          }
        ])
        assert.include(error.message, "relation orders, column orders.id of 002_orders (record:002_orders)")
        assert.isTrue(error.message.endsWith('AutoMigration.migrateTo(["002_orders"])'), error.message)
        deepStrictEqual(yield* kinds, [])
      })
    )
  )

  it.scopedLive("ignores a removal that it does not record", () =>
    inProgram({ migrations: shop, before: built }, () =>
      Effect.gen(function* () {
        const error = yield* failsWith("BaselineUnfounded", AutoMigration.baselineTo("003_no_fax"))
        deepStrictEqual(
          error.unfounded.map(({ migrationId }) => migrationId),
          ["001_users"]
        )
        yield* AutoMigration.baseline(["003_no_fax", "004_people"])
        deepStrictEqual(yield* recorded(AutoMigration.baselineTo("003_no_fax")), ["001_users", "002_orders"])
      })
    )
  )

  it.scopedLive("up to an id records that migration and all before it, in the graph's order", () =>
    inProgram(
      { migrations: shop, before: ["CREATE TABLE users (id integer, fax text)", "CREATE TABLE orders (id integer)"] },
      () =>
        Effect.gen(function* () {
          deepStrictEqual(yield* recorded(AutoMigration.baselineTo("002_orders")), ["001_users", "002_orders"])
          const error = yield* Effect.flip(AutoMigration.baselineTo("008_none"))
          assert.strictEqual(error._tag, "UnknownMigration")
        })
    )
  )

  it.scopedLive("that is unchecked records migrations whose objects are missing, and says so in its events", () =>
    inProgram({ migrations: shop }, () =>
      Effect.gen(function* () {
        yield* AutoMigration.baseline(["002_orders"], { unchecked: true })
        const events = Chunk.toReadonlyArray(yield* Stream.runCollect(AutoMigration.events))
        deepStrictEqual(
          events
            .filter(({ kind }) => kind === "Baselined")
            .map(({ detail }) => JSON.parse(detail))
            .map(({ by, unchecked }) => ({ by, unchecked })),
          [{ by: "operator", unchecked: true }]
        )
      })
    )
  )

  it.scopedLive("names the ledger's schema in its command where that is not the default", () =>
    inProgram({ migrations: shop, options: { schema: AutoMigrationConfig.SchemaName.make("log"), origin } }, () =>
      Effect.gen(function* () {
        const error = yield* failsWith("BaselineUnfounded", AutoMigration.baseline(["002_orders"]))
        assert.isTrue(error.message.endsWith("migrate 002_orders --schema log"), error.message)
      })
    )
  )
})

describe("the command baseline", () => {
  it.scopedLive("takes --all, --to and --unchecked", () =>
    Effect.gen(function* () {
      const [url, folder] = yield* Effect.all([Server.freshDatabase, CommandLine.folderOf(shop)])
      const typed = (...words: ReadonlyArray<string>) => CommandLine.type([...words, "--folder", folder, "--url", url])
      const refused = yield* typed("baseline", "--all")
      assert.strictEqual(refused.code, 1)
      assert.include(refused.printed, "--unchecked")
      deepStrictEqual(yield* typed("baseline", "--to", "002_orders", "--unchecked"), {
        code: 0,
        printed: "recorded 001_users, 002_orders"
      })
      yield* Database.query(url, ...built)
      deepStrictEqual(yield* typed("baseline", "--all"), { code: 0, printed: `recorded ${ids.slice(2).join(", ")}` })
    })
  )
})
