/**
 * The picture of a program's migrations, with what its database says about each.
 */
import { describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { AutoMigration } from "effect-auto-migration"
import { inProgram } from "../../support/program/Situation.js"

const shop = {
  "001_users": "CREATE TABLE users (id integer, fax text);",
  "002_orders": "CREATE TABLE orders (id integer);",
  "003_no_fax": "ALTER TABLE users DROP COLUMN fax;",
  "004_index": "CREATE INDEX CONCURRENTLY orders_by_id ON orders (id);",
  "005_broken": "SELECT 1 / 0;"
}

const states = Effect.map(AutoMigration.picture, ({ nodes }) =>
  nodes.map(({ id, isOutside, state }) => `${id} ${state}${isOutside ? " outside" : ""}`)
)

describe("a picture", () => {
  it.scopedLive("shows all as pending, or refused, before the first run", () =>
    inProgram({ migrations: shop, before: [] }, () =>
      Effect.gen(function* () {
        deepStrictEqual(yield* states, [
          "001_users pending",
          "002_orders pending",
          "003_no_fax pending",
          "004_index refused outside",
          "005_broken pending"
        ])
      })
    )
  )

  it.scopedLive("shows what is applied, what failed, and what the policy refuses because a table is there", () =>
    inProgram({ migrations: shop, before: [] }, () =>
      Effect.gen(function* () {
        yield* AutoMigration.migrateTo(["001_users"])
        yield* Effect.either(AutoMigration.migrateTo(["005_broken"]))
        deepStrictEqual(yield* states, [
          "001_users applied",
          "002_orders pending",
          "003_no_fax refused",
          "004_index refused outside",
          "005_broken failed"
        ])
        const { nodes } = yield* AutoMigration.picture
        deepStrictEqual(
          nodes.map(({ events }) => events.map(({ kind }) => kind)),
          [["Applied"], [], [], [], ["Failed"]]
        )
        deepStrictEqual(nodes[2]?.refusals, [
          "record:003_no_fax:1: ALTER TABLE users DROP COLUMN fax: it would lose data"
        ])
      })
    )
  )
})
