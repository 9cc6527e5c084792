/**
 * Objects under a condition that only the server can answer: their names are uncertain, and no other name is.
 */
import { describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Either from "effect/Either"
import * as SimulatedCatalog from "../../../src/core/catalog/SimulatedCatalog.js"
import * as Footprint from "../../../src/core/migration/Footprint.js"
import { parser, sourcesOf } from "../../support/history/Parsing.js"

/** Uncertain names after these files, and for each file whether every statement certainly runs. */
const left = (...texts: ReadonlyArray<string>) => {
  let catalog = SimulatedCatalog.empty
  const certain = sourcesOf(texts).map((source) => {
    const inferred = Either.getOrThrow(Footprint.infer(parser, catalog, source))
    catalog = inferred.catalog
    return inferred.footprint.isCertain
  })
  return { uncertain: [...catalog.uncertain].toSorted(), certain }
}

const tables = "CREATE TABLE a (x int); CREATE TABLE b (x int)"

const asks = (then: string) => `DO $$ BEGIN IF (SELECT count(*) FROM a) > 0 THEN ${then}; END IF; END $$`

describe("a condition that only the server can answer", () => {
  it("makes the objects under it uncertain, and no others", () => {
    deepStrictEqual(left(tables, asks("ALTER TABLE a ADD COLUMN y int"), "ALTER TABLE b ADD COLUMN y int"), {
      uncertain: ["a"],
      certain: [true, false, true]
    })
  })

  it("makes an object uncertain that is made from an uncertain one", () => {
    const { uncertain } = left(tables, asks("CREATE TABLE c (x int)"), "CREATE VIEW v AS SELECT * FROM c")
    deepStrictEqual(uncertain, ["c", "v"])
  })

  it("makes no table uncertain whose rows change", () => {
    deepStrictEqual(left(tables, asks("UPDATE b SET x = 1")), { uncertain: [], certain: [true, false] })
  })

  it("lets no refusal be expected of an uncertain object", () => {
    const sources = sourcesOf([
      tables,
      asks("ALTER TABLE a ADD COLUMN y int"),
      "CREATE TABLE c AS SELECT * FROM a",
      "ALTER TABLE c ADD COLUMN y int"
    ])
    const expectedRefusals = Either.getOrThrow(Footprint.inferAll(parser, sources)).flatMap(
      (footprint) => footprint.expectedRefusals
    )
    deepStrictEqual(expectedRefusals, [])
  })

  it("leaves a later condition on its objects open", () => {
    const once = "DO $$ BEGIN IF to_regclass('c') IS NULL THEN CREATE TABLE c (x int); END IF; END $$"
    deepStrictEqual(left(tables, once).certain, [true, true])
    deepStrictEqual(left(tables, asks("CREATE TABLE c (x int)"), once).certain, [true, false, false])
  })

  it("is also which of two overloads a default calls, if CASCADE drops one of them", () => {
    const functions = ["int", "text"].map(
      (type) => `CREATE FUNCTION f(n ${type}) RETURNS int LANGUAGE sql AS 'SELECT 1'`
    )
    const [one = "", other = ""] = functions
    const table = "CREATE TABLE t (x int DEFAULT f(1))"
    deepStrictEqual(left(one, table, "DROP FUNCTION f CASCADE"), { uncertain: [], certain: [true, true, true] })
    deepStrictEqual(left(one, other, table, "DROP FUNCTION f(int) CASCADE"), {
      uncertain: ["routine f", "t"],
      certain: [true, true, true, false]
    })
  })
})
