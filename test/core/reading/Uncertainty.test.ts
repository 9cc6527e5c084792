/**
 * What a condition leaves open that only the server can answer: it is uncertain by name, and nothing else is.
 */
import { describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Either from "effect/Either"
import * as SimulatedCatalog from "../../../src/core/catalog/SimulatedCatalog.js"
import * as Footprint from "../../../src/core/migration/Footprint.js"
import { parser, sourcesOf } from "../../support/history/Parsing.js"

/** Uncertain names after these files, and for each file whether all of it is sure to run. */
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

describe("what only the server can answer", () => {
  it("leaves what stands under it uncertain, and nothing else", () => {
    deepStrictEqual(left(tables, asks("ALTER TABLE a ADD COLUMN y int"), "ALTER TABLE b ADD COLUMN y int"), {
      uncertain: ["a"],
      certain: [true, false, true]
    })
  })

  it("leaves what is made of something uncertain uncertain", () => {
    const { uncertain } = left(tables, asks("CREATE TABLE c (x int)"), "CREATE VIEW v AS SELECT * FROM c")
    deepStrictEqual(uncertain, ["c", "v"])
  })

  it("leaves rows alone: they are not in the catalog", () => {
    deepStrictEqual(left(tables, asks("UPDATE b SET x = 1")), { uncertain: [], certain: [true, false] })
  })

  it("is no reason to doubt a file that makes it", () => {
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

  it("answers no later condition", () => {
    const once = "DO $$ BEGIN IF to_regclass('c') IS NULL THEN CREATE TABLE c (x int); END IF; END $$"
    deepStrictEqual(left(tables, once).certain, [true, true])
    deepStrictEqual(left(tables, asks("CREATE TABLE c (x int)"), once).certain, [true, false, false])
  })

  it("is also which of two functions of one name a default calls, when CASCADE takes one of them", () => {
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
