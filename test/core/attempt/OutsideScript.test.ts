import { describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import type * as Leftover from "../../../src/core/attempt/Leftover.js"
import * as OutsideScript from "../../../src/core/attempt/OutsideScript.js"
import * as SchemaObject from "../../../src/core/model/SchemaObject.js"
import * as arb from "../../support/arbitraries/Sql.js"
import { lastFootprint, parser } from "../../support/history/Parsing.js"

const unitsOf = (text: string) => OutsideScript.units(parser, text)

/** A leftover as words. */
const told = (leftover: Leftover.Leftover): string => {
  switch (leftover._tag) {
    case "Harmless":
    case "None":
      return leftover._tag
    case "Index":
      return `Index ${leftover.name} of ${leftover.table.name}${leftover.isImplied ? ", implied" : ""}`
    case "Rebuilt":
      return `Rebuilt ${leftover.of} ${leftover.name.name}`
    case "Detached":
      return `Detached ${leftover.partition.name} of ${leftover.table.name}`
    case "OnServer":
      return `${leftover.exists ? "New" : "No"} ${leftover.kind} ${leftover.name}`
    case "Publications":
      return `${leftover.exists ? "With" : "Without"} ${leftover.names.join(", ")} in ${leftover.subscription}`
    case "Objects":
      return `${leftover.exist ? "New" : "No"} ${leftover.objects.map(SchemaObject.render).join(", ")}`
  }
}

const leftovers: ReadonlyArray<readonly [sql: string, leftover: string]> = [
  ["CREATE INDEX CONCURRENTLY i ON app.t (a)", "Index i of t"],
  ["CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)", "Index i of t"],
  ["CREATE INDEX CONCURRENTLY ON t (a, lower(b))", "Index t_a_lower_idx of t, implied"],
  ["DROP INDEX CONCURRENTLY i", "No relation i"],
  ["DROP INDEX CONCURRENTLY IF EXISTS i", "Harmless"],
  ["REINDEX INDEX CONCURRENTLY i", "Rebuilt relation i"],
  ["REINDEX (CONCURRENTLY) TABLE t", "Rebuilt relation t"],
  ["REINDEX SCHEMA CONCURRENTLY s", "Rebuilt schema s"],
  ["REINDEX DATABASE CONCURRENTLY", "Rebuilt database "],
  ["REINDEX DATABASE", "Harmless"],
  ["ALTER TABLE p DETACH PARTITION c CONCURRENTLY", "Detached c of p"],
  ["ALTER TABLE p DETACH PARTITION c FINALIZE", "Detached c of p"],
  ["CREATE DATABASE d", "New database d"],
  ["DROP DATABASE d", "No database d"],
  ["ALTER DATABASE d SET TABLESPACE s", "Harmless"],
  ["CREATE TABLESPACE s LOCATION '/s'", "New tablespace s"],
  ["DROP TABLESPACE s", "No tablespace s"],
  ["CREATE SUBSCRIPTION s CONNECTION 'dbname=d' PUBLICATION p", "New subscription s"],
  ["DROP SUBSCRIPTION s", "No subscription s"],
  ["ALTER SUBSCRIPTION s REFRESH PUBLICATION", "Harmless"],
  ["ALTER SUBSCRIPTION s SET PUBLICATION p", "Harmless"],
  ["ALTER SUBSCRIPTION s ADD PUBLICATION p, q", "With p, q in s"],
  ["ALTER SUBSCRIPTION s DROP PUBLICATION p", "Without p in s"],
  ["COMMIT PREPARED 'x'", "No prepared transaction x"],
  ["VACUUM t", "Harmless"],
  ["CLUSTER", "Harmless"],
  ["ALTER SYSTEM SET work_mem = '8MB'", "Harmless"],
  ["DISCARD ALL", "Harmless"],
  ["REFRESH MATERIALIZED VIEW CONCURRENTLY m", "Harmless"],
  ["ALTER TYPE mood ADD VALUE 'sad'", `New value "sad" of enum mood`],
  ["ALTER TYPE mood ADD VALUE IF NOT EXISTS 'sad'", "Harmless"],
  ["CREATE TABLE t (id integer)", "New relation t, column t.id"],
  ["CREATE TABLE IF NOT EXISTS t (id integer)", "Harmless"],
  ["CREATE TABLE t AS SELECT 1 AS a", "New relation t, column t.a"],
  ["ALTER TABLE t ADD COLUMN a integer", "New column t.a"],
  ["ALTER TABLE t DROP COLUMN a", "No column t.a"],
  ["ALTER TABLE t ALTER COLUMN a SET NOT NULL", "None"],
  ["DROP TABLE t", "No relation t"],
  ["CREATE OR REPLACE VIEW v AS SELECT 1 AS a", "Harmless"],
  ["INSERT INTO t VALUES (1)", "None"],
  ["UPDATE t SET a = 1", "None"],
  ["SELECT f()", "None"],
  ["CALL p()", "None"],
  ["DO $$ BEGIN CREATE TABLE t (id integer); COMMIT; END $$", "None"],
  ["BEGIN; INSERT INTO t VALUES (1); CREATE TABLE u (id integer); COMMIT", "New relation u, column u.id"],
  ["BEGIN; INSERT INTO t VALUES (1); COMMIT", "None"],
  ["BEGIN; CREATE TABLE t (id integer); COMMIT AND CHAIN; CREATE TABLE u (id integer); COMMIT", "None"]
]

describe("laws", () => {
  it.prop("The units of a script are all of its statements, in order, each once.", [arb.script], ([{ text }]) => {
    const units = unitsOf(text)
    deepStrictEqual(
      units.flatMap(({ statements }) => statements.map(({ start }) => start)),
      lastFootprint(text).statements.map(({ start }) => start)
    )
    deepStrictEqual(
      units.map(({ from }) => from),
      [0, ...units.map(({ to }) => to)].slice(0, -1)
    )
  })

  it("A unit that may have taken effect as a whole or in part is neither run nor skipped if the catalog does not show it.", () => {
    const begun = { about: "next", was: "begun" } as const
    deepStrictEqual(OutsideScript.firstDecision(begun, { _tag: "None" }), "stop")
    deepStrictEqual(OutsideScript.decisionByCatalog(begun, "unknown"), "stop")
    deepStrictEqual(OutsideScript.firstDecision({ about: "next", was: "refused" }, { _tag: "None" }), "run")
  })
})

describe("the leftover of", () => {
  for (const [sql, leftover] of leftovers) {
    it(`${sql}: ${leftover}`, () =>
      deepStrictEqual(
        unitsOf(sql).map((unit) => told(unit.leftover)),
        [leftover]
      ))
  }
})

describe("the units of a script", () => {
  it("are its statements, and the transaction blocks that it begins and ends", () => {
    const text =
      "SET x.y = 1; BEGIN; SELECT 1; COMMIT; VACUUM; START TRANSACTION; SELECT 2; COMMIT AND CHAIN; SELECT 3; ROLLBACK"
    deepStrictEqual(
      unitsOf(text).map(({ from, isSetting, to }) => [from, to, isSetting]),
      [
        [0, 1, true],
        [1, 4, false],
        [4, 5, false],
        [5, 10, false]
      ]
    )
  })

  it("may have committed a part before they fail, if they end transactions themselves", () => {
    const units: ReadonlyArray<readonly [sql: string, mayCommit: boolean]> = [
      ["CALL p()", true],
      ["DO $$ BEGIN INSERT INTO t VALUES (1); COMMIT; INSERT INTO t VALUES (2); END $$", true],
      ["DO $$ BEGIN IF random() > 0.5 THEN RollBack; END IF; END $$", true],
      ["DO $$ BEGIN CALL p(); END $$", true],
      ["DO LANGUAGE plpython3u 'f()'", true],
      ["BEGIN; INSERT INTO t VALUES (1); COMMIT AND CHAIN; INSERT INTO t VALUES (2); COMMIT", true],
      ["BEGIN; INSERT INTO t VALUES (1); CALL p(); COMMIT", false],
      ["DO LANGUAGE plpgsql $$ BEGIN INSERT INTO t VALUES (1); PERFORM f(); END $$", false],
      ["INSERT INTO t VALUES (1)", false],
      ["CREATE INDEX CONCURRENTLY i ON t (a)", false]
    ]
    for (const [sql, mayCommit] of units) {
      deepStrictEqual([sql, ...unitsOf(sql).map((unit) => unit.mayCommit)], [sql, mayCommit])
    }
  })

  it("are patient if they block neither readers nor writers", () =>
    deepStrictEqual(
      unitsOf("CREATE INDEX CONCURRENTLY i ON t (a); VACUUM FULL t; REINDEX TABLE t; DROP INDEX CONCURRENTLY i").map(
        ({ isPatient }) => isPatient
      ),
      [true, false, false, true]
    ))
})

describe("a new attempt", () => {
  const left = { checksum: "a", progress: 2, inDoubt: "next" } as const

  it("continues where the last one stopped, if the text is the same", () => {
    deepStrictEqual(OutsideScript.resumption(left, { checksum: "a", lastKind: "Started" }), {
      progress: 2,
      doubt: { about: "next", was: "begun" }
    })
    deepStrictEqual(OutsideScript.resumption({ ...left, inDoubt: "nothing" }, { checksum: "a", lastKind: "Failed" }), {
      progress: 2,
      doubt: { about: "next", was: "refused" }
    })
  })

  it("doubts all units if the text has changed, or if no progress is recorded", () => {
    const all: OutsideScript.Resumption = { progress: 0, doubt: { about: "all", was: "begun" } }
    deepStrictEqual(OutsideScript.resumption(left, { checksum: "b", lastKind: "Started" }), all)
    deepStrictEqual(OutsideScript.resumption(null, { checksum: "a", lastKind: "Started" }), all)
    deepStrictEqual(OutsideScript.resumption(null, { checksum: "a", lastKind: null }), {
      progress: 0,
      doubt: { about: "nothing" }
    })
  })

  it("has no more doubt after a unit that had not been begun; one that may run again does not show it", () => {
    const all = { about: "all", was: "begun" } as const
    const index = { _tag: "Index", table: SchemaObject.qualifiedName("t"), name: "i", isImplied: false } as const
    deepStrictEqual(OutsideScript.remainingDoubt(all, index, "run"), { about: "nothing" })
    deepStrictEqual(OutsideScript.remainingDoubt(all, index, "skip"), all)
    deepStrictEqual(OutsideScript.remainingDoubt(all, { _tag: "Harmless" }, "run"), all)
  })
})
