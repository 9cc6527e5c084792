/**
 * Effect's own Migrator is a library: it migrates in this process, and its folder is a record of Effects.
 */
import * as Migrator from "@effect/sql/Migrator"
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { AutoMigration, AutoMigrationLive, MigrationSource } from "effect-auto-migration"
import * as App from "../support/program/App.js"
import { ask, failsWith, kinds } from "../support/program/Situation.js"
import * as Database from "../support/server/Database.js"
import * as Server from "../support/server/Server.js"
import { after, before, type Step } from "./Tool.js"

const loaderOf = (steps: ReadonlyArray<Step>) =>
  Migrator.fromRecord(
    Object.fromEntries(
      steps.map(({ name, up }, index) => [
        `${index + 1}_${name}`,
        Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(up))
      ])
    )
  )

const migrated = (url: string, steps: ReadonlyArray<Step>) =>
  Effect.provide(Migrator.make({})({ loader: loaderOf(steps) }), App.client({ url }))

const program = (url: string) =>
  AutoMigrationLive.pipe(
    Layer.provide(
      MigrationSource.fromEffectMigrator(loaderOf([...before, ...after]), {
        provides: { "1_users": ["table users"], "3_orders": ["table orders"], "4_note": ["column orders.note"] },
        accepts: { "3_orders": ["opaque"], "4_note": ["opaque"] }
      })
    ),
    Layer.provideMerge(App.client({ url })),
    Layer.orDie
  )

const needingAll = "SELECT note FROM orders"

describe("Effect's Migrator", () => {
  it.scopedLive("stops everything as long as its history has not been adopted, and is followed then", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      yield* migrated(url, before)
      yield* Effect.gen(function* () {
        for (const attempt of [ask(needingAll), AutoMigration.migrate]) {
          const error = yield* failsWith("HistoryElsewhere", attempt)
          deepStrictEqual([error.tool, error.table], ["Effect's Migrator", "effect_sql_migrations"])
          assert.include(error.message, "AutoMigration.adopt(")
        }
        yield* AutoMigration.adopt({ by: "table" })
        deepStrictEqual(yield* ask(needingAll), [])
        deepStrictEqual(yield* kinds, ["Adopted 1_users", "Adopted 2_seed", "Applied 3_orders", "Applied 4_note"])
      }).pipe(Effect.provide(program(url)))
      deepStrictEqual(yield* Database.query(url, "SELECT credit FROM users"), [{ credit: 100 }])
    })
  )

  it.scopedLive("is followed, too, when it has gone on after it had been adopted", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      yield* migrated(url, before)
      yield* Effect.gen(function* () {
        yield* AutoMigration.adopt({ by: "table" })
        yield* migrated(url, [...before, ...after])
        yield* AutoMigration.adopt({ by: "table" })
        deepStrictEqual(yield* kinds, ["Adopted 1_users", "Adopted 2_seed", "Adopted 3_orders", "Adopted 4_note"])
      }).pipe(Effect.provide(program(url)))
    })
  )
})
