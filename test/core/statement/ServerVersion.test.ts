import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { byName, bySyntax, old } from "../../support/history/NewSyntax.js"
import { lastFootprint } from "../../support/history/Parsing.js"

const needs = (text: string): ReadonlyArray<number> => lastFootprint(text).versionRequirements.map(({ since }) => since)

describe("the version that a statement needs", () => {
  it.each([...bySyntax, ...byName])("PostgreSQL %i: %s", (since, statement) =>
    deepStrictEqual(needs(statement), [since])
  )

  it.each(old)("none newer than PostgreSQL 14: %s", (statement) => deepStrictEqual(needs(statement), []))

  it("is the version of its newest feature, with the feature's name and the statement's line and text", () =>
    deepStrictEqual(
      lastFootprint("SELECT 1;\n\nMERGE INTO t USING (SELECT 1) ON true\nWHEN MATCHED THEN DELETE").versionRequirements,
      [
        {
          since: 16,
          feature: "a subquery without an alias",
          line: 3,
          statement: "MERGE INTO t USING (SELECT 1) ON true WHEN MATCHED THEN DELETE"
        }
      ]
    ))

  it("counts the bodies of functions and blocks, because the server parses them even if they do not run", () => {
    const merge = "MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE"
    for (const statement of [
      `CREATE FUNCTION f() RETURNS void LANGUAGE sql AS '${merge}'`,
      `CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS 'BEGIN IF false THEN ${merge}; END IF; END'`,
      `DO $$ BEGIN IF false THEN ${merge}; END IF; END $$`,
      `CREATE TABLE a AS WITH b AS (SELECT 1 AS c) SELECT * FROM b; DO $$ BEGIN ${merge}; END $$`
    ]) {
      deepStrictEqual(needs(statement), [15], statement)
    }
  })

  it("leaves out dynamic SQL, which may never run", () =>
    assert.isEmpty(
      needs("DO $$ BEGIN EXECUTE 'DO $x$ BEGIN MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE; END $x$'; END $$")
    ))
})
