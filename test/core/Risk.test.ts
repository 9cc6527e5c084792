import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Option from "effect/Option"
import { describe as explain, type RiskKind } from "../../src/core/Risk.js"
import { lastFootprint } from "../support/Parsing.js"

const before = `CREATE TABLE t (id int PRIMARY KEY, v varchar(10), n numeric(5, 2), x int NOT NULL, ts timestamptz);
  CREATE TABLE u (id int PRIMARY KEY, t_id int); CREATE INDEX i ON t (v); CREATE MATERIALIZED VIEW m AS SELECT 1 AS a;
  CREATE FUNCTION own() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE DOMAIN posint AS int CHECK (VALUE > 0)`

const risks = (text: string) =>
  lastFootprint(before, text).risks.map(
    ({ kind, relation }) => `${kind}${Option.match(relation, { onNone: () => "", onSome: ({ name }) => ` ${name}` })}`
  )

/** Each statement, with all of its risks. */
const table: ReadonlyArray<readonly [statement: string, ...risks: ReadonlyArray<string>]> = [
  ["DROP TABLE t", "data-loss t"],
  ["DROP MATERIALIZED VIEW m", "data-loss m"],
  ["DROP SCHEMA s CASCADE", "data-loss"],
  ["DROP TYPE mood CASCADE", "data-loss"],
  ["DROP VIEW IF EXISTS v"],
  ["DROP INDEX i"],
  ["ALTER TABLE t DROP COLUMN v", "data-loss t"],
  ["ALTER TABLE t RENAME TO s", "incompatible-change t"],
  ["ALTER TABLE t RENAME COLUMN x TO y", "incompatible-change t"],
  ["ALTER VIEW v RENAME TO w", "incompatible-change v"],
  ["ALTER TABLE t SET SCHEMA s", "incompatible-change t"],
  ["ALTER INDEX i RENAME TO j"],
  ["ALTER TABLE t RENAME CONSTRAINT c TO d"],
  ["TRUNCATE t, u", "data-loss t", "data-loss u"],
  ["DELETE FROM t WHERE id = 1", "data-loss t"],
  ["WITH d AS (DELETE FROM t RETURNING 1) SELECT * FROM d", "data-loss t"],
  ["CREATE TABLE n AS WITH d AS (UPDATE t SET x = 1 WHERE x = 2 RETURNING x) SELECT x FROM d", "table-scan t"],
  ["EXPLAIN ANALYZE DELETE FROM t", "data-loss t"],
  ["DO $$ BEGIN EXECUTE 'DROP TABLE t'; END $$", "data-loss t"],
  ["CREATE FUNCTION wipes() RETURNS void LANGUAGE sql AS 'DELETE FROM t'; SELECT wipes()", "data-loss t"],
  ["CREATE FUNCTION wipes() RETURNS void LANGUAGE sql AS 'DELETE FROM t'"],
  ["UPDATE t SET x = 1", "table-rewrite t"],
  ["UPDATE t SET x = 1 WHERE id = 1", "table-scan t"],
  ["MERGE INTO t USING u ON u.t_id = t.id WHEN MATCHED THEN DELETE", "data-loss t"],
  ["INSERT INTO t (id, x) VALUES (1, 1)"],
  ["ALTER TABLE t ALTER x TYPE bigint", "table-rewrite t"],
  ["ALTER TABLE t ALTER v TYPE varchar(20)"],
  ["ALTER TABLE t ALTER v TYPE varchar(5)", "table-rewrite t"],
  ["ALTER TABLE t ALTER v TYPE text"],
  ["ALTER TABLE t ALTER v TYPE text USING lower(v)", "table-rewrite t"],
  ["ALTER TABLE t ALTER n TYPE numeric(9, 2)"],
  ["ALTER TABLE t ALTER n TYPE numeric(9, 3)", "table-rewrite t"],
  ["ALTER TABLE t ALTER ts TYPE timestamp", "table-rewrite t"],
  ["ALTER TABLE t SET UNLOGGED", "table-rewrite t"],
  ["ALTER TABLE t SET TABLESPACE s", "table-rewrite t"],
  ["ALTER TABLE t ADD COLUMN a int"],
  ["ALTER TABLE t ADD COLUMN a int NOT NULL DEFAULT 1"],
  ["ALTER TABLE t ADD COLUMN a timestamptz DEFAULT now()"],
  ["ALTER TABLE t ADD COLUMN a int NOT NULL", "table-scan t"],
  ["ALTER TABLE t ADD COLUMN a uuid DEFAULT gen_random_uuid()", "volatile-default t"],
  ["ALTER TABLE t ADD COLUMN a int DEFAULT own()", "volatile-default t"],
  ["ALTER TABLE t ADD COLUMN a serial", "table-rewrite t"],
  ["ALTER TABLE t ADD COLUMN a int GENERATED ALWAYS AS IDENTITY", "table-rewrite t"],
  ["ALTER TABLE t ADD COLUMN a int GENERATED ALWAYS AS (x * 2) STORED", "table-rewrite t"],
  ["ALTER TABLE t ADD COLUMN a int GENERATED ALWAYS AS (x * 2) VIRTUAL"],
  ["ALTER TABLE t ADD COLUMN a posint", "table-rewrite t"],
  ["ALTER TABLE t ADD COLUMN a int UNIQUE", "blocking-index-build t"],
  ["ALTER TABLE t ADD COLUMN a int REFERENCES u", "validation-scan t", "referenced-table-lock u"],
  ["ALTER TABLE t ALTER v SET NOT NULL", "table-scan t"],
  ["ALTER TABLE t ALTER x SET NOT NULL"],
  ["ALTER TABLE t ALTER v SET DEFAULT 'a', ALTER x DROP NOT NULL"],
  ["ALTER TABLE t ADD CHECK (x > 0)", "validation-scan t"],
  ["ALTER TABLE t ADD CHECK (x > 0) NOT VALID"],
  ["ALTER TABLE t VALIDATE CONSTRAINT c", "validation-scan t"],
  ["ALTER TABLE u ADD FOREIGN KEY (t_id) REFERENCES t", "validation-scan u", "referenced-table-lock t"],
  ["ALTER TABLE u ADD FOREIGN KEY (t_id) REFERENCES t NOT VALID", "referenced-table-lock t"],
  ["ALTER TABLE t ADD UNIQUE (v)", "blocking-index-build t"],
  ["ALTER TABLE t ADD UNIQUE USING INDEX i"],
  ["ALTER TABLE u ATTACH PARTITION t DEFAULT", "validation-scan t"],
  ["CREATE INDEX ON t (x)", "blocking-index-build t"],
  ["CREATE INDEX CONCURRENTLY ON t (x)", "not-transactional"],
  ["REINDEX TABLE t", "blocking-index-build t"],
  ["REINDEX INDEX i", "blocking-index-build t"],
  ["REINDEX INDEX CONCURRENTLY i", "not-transactional"],
  ["REFRESH MATERIALIZED VIEW m", "table-rewrite m"],
  ["REFRESH MATERIALIZED VIEW CONCURRENTLY m"],
  ["CLUSTER t USING i", "table-rewrite t"],
  ["VACUUM FULL t", "not-transactional", "table-rewrite t"],
  ["VACUUM t", "not-transactional"],
  ["CREATE TABLE n (t_id int REFERENCES t)", "referenced-table-lock t"],
  ["CREATE TABLE n (id int, FOREIGN KEY (id) REFERENCES t)", "referenced-table-lock t"],
  ["GRANT SELECT ON t TO r", "privilege-change"],
  ["REVOKE SELECT ON t FROM r", "privilege-change"],
  ["ALTER TABLE t OWNER TO r", "privilege-change t"],
  ["ALTER VIEW v OWNER TO r", "privilege-change"],
  ["ALTER FUNCTION own() SECURITY DEFINER", "privilege-change"],
  ["CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'", "privilege-change"],
  ["CREATE ROLE r", "privilege-change"],
  ["CREATE POLICY p ON t USING (true)", "privilege-change"],
  ["DROP POLICY IF EXISTS p ON t", "privilege-change"],
  ["ALTER TABLE t ENABLE ROW LEVEL SECURITY", "privilege-change t"],
  ["DO LANGUAGE plpython3u $$ x $$", "opaque"],
  ["COMMENT ON TABLE t IS 'x'"],
  ["ALTER TYPE mood ADD VALUE 'x'"],
  ["CREATE VIEW v AS SELECT * FROM t"]
]

describe("risks of statements", () => {
  it.each(table)("%s", (statement, ...expected) => deepStrictEqual(risks(statement), expected))

  it("are those of a table that was there before, and never of one that the same migration makes", () =>
    deepStrictEqual(
      risks(
        `CREATE TABLE n (a int, b text); CREATE INDEX ON n (a); ALTER TABLE n ALTER a TYPE bigint, ALTER b SET NOT NULL,
         ADD CHECK (a > 0), DROP COLUMN b; UPDATE n SET a = 1; DELETE FROM n; TRUNCATE n; DROP TABLE n`
      ),
      []
    ))

  it("count for tables that no migration is known to make", () =>
    deepStrictEqual(risks("ALTER TABLE outside DROP COLUMN a"), ["data-loss outside"]))

  it("name the line and the statement on one line", () => {
    const [risk] = lastFootprint(
      before,
      `-- first\nSELECT 1;\n\nDROP TABLE\n  t\n  CASCADE; -- ${"x".repeat(200)}`
    ).risks
    assert.deepInclude({ ...risk }, { line: 4, statement: "DROP TABLE t CASCADE" })
    const [long] = lastFootprint(before, `DELETE FROM t WHERE v IN ('${"x".repeat(200)}')`).risks
    assert.lengthOf(long?.statement ?? "", 120)
    assert.match(long?.statement ?? "", /…$/)
  })
})

describe("describe", () => {
  it("gives each kind a reason and a way around it, in one sentence each", () => {
    const kinds: ReadonlyArray<RiskKind> = [
      "data-loss",
      "incompatible-change",
      "table-rewrite",
      "table-scan",
      "blocking-index-build",
      "validation-scan",
      "volatile-default",
      "referenced-table-lock",
      "not-transactional",
      "privilege-change",
      "opaque"
    ]
    for (const { rationale, safer } of kinds.map(explain)) {
      assert.match(rationale, /^[A-Z][^.]+\.$/)
      assert.match(safer, /^[A-Z][^.]+\.$/)
    }
    assert.strictEqual(new Set(kinds.map((kind) => explain(kind).safer)).size, kinds.length)
  })
})
