import { describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { lastFootprint } from "../../support/history/Parsing.js"

const isNeutral = (text: string): boolean => lastFootprint(text).isNeutral

describe("a statement", () => {
  for (const sql of [
    "CREATE INDEX ON t (a, b DESC)",
    "CREATE INDEX CONCURRENTLY i ON t USING gin (a)",
    "COMMENT ON TABLE t IS 'x'",
    "CREATE STATISTICS s ON a, b FROM t",
    "REINDEX TABLE t",
    "VACUUM FULL t",
    "ANALYZE t",
    "CLUSTER t",
    "CHECKPOINT",
    ""
  ]) {
    it(`that changes no result of a query is neutral: ${sql}`, () => deepStrictEqual(isNeutral(sql), true))
  }

  for (const sql of [
    "CREATE UNIQUE INDEX ON t (a)",
    "CREATE INDEX ON t (f(a))",
    "CREATE INDEX ON t (a) WHERE f(b)",
    "DROP INDEX i",
    "UPDATE t SET a = 1",
    "ALTER TABLE t ADD COLUMN c text",
    "CREATE INDEX ON t (a); DELETE FROM t",
    "-- provides: table t\nCOMMENT ON TABLE t IS 'x'; SELECT 1"
  ]) {
    it(`that may change the result of a query is not neutral: ${sql}`, () => deepStrictEqual(isNeutral(sql), false))
  }
})
