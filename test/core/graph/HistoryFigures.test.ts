import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as HistoryFigures from "../../../src/core/graph/HistoryFigures.js"
import * as MigrationGraph from "../../../src/core/graph/MigrationGraph.js"
import * as SqlParser from "../../../src/runtime/SqlParser.js"
import * as MigrationSource from "../../../src/source/MigrationSource.js"

const figuresOf = (files: Readonly<Record<string, string>>) =>
  MigrationSource.loadMigrations.pipe(
    Effect.provide(Layer.merge(MigrationSource.layerRecord(files), SqlParser.layer)),
    Effect.flatMap(MigrationGraph.make),
    Effect.map(HistoryFigures.of)
  )

describe("the figures of a history", () => {
  it.effect("count barriers, closures, plans of ten pending, and pairs without an order", () =>
    Effect.gen(function* () {
      deepStrictEqual(
        yield* figuresOf({
          "1_users": "CREATE TABLE users (id integer)",
          "2_orders": "CREATE TABLE orders (id integer)",
          "3_name": "ALTER TABLE users ADD COLUMN name text",
          "4_email": "ALTER TABLE users ADD COLUMN email text"
        }),
        {
          migrations: 4,
          barriers: [],
          opaqueShare: 0,
          closureShare: (100 * (1 + 1 + 2 + 3)) / 4 / 4,
          plan: (1 + 1 + 2 + 3) / 4,
          columnPlan: (2 + 3) / 2,
          statementPlans: [2, 3],
          unorderedPairs: 3
        }
      )
    })
  )

  it.effect("name what is not understood by file and line", () =>
    Effect.gen(function* () {
      const { barriers, opaqueShare } = yield* figuresOf({
        "1_a": "SELECT 1",
        "2_b": "SELECT 1;\nGRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC"
      })
      deepStrictEqual(
        barriers.map(({ id, line }) => ({ id: String(id), line })),
        [{ id: "2_b", line: 2 }]
      )
      assert.strictEqual(opaqueShare, 50)
    })
  )

  it("are all 0 without migrations", () => {
    const { barriers, statementPlans, ...numbers } = HistoryFigures.of(MigrationGraph.empty)
    deepStrictEqual([...new Set(Object.values(numbers))], [0])
    deepStrictEqual([...barriers, ...statementPlans], [])
  })
})
