import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Option from "effect/Option"
import { describe as explain } from "../../../src/core/model/Risk.js"
import { riskKinds } from "../../support/arbitraries/Migration.js"
import { lastFootprint } from "../../support/history/Parsing.js"

const before = `CREATE TABLE t (id int PRIMARY KEY, v varchar(10), n numeric(5, 2), x int NOT NULL, ts timestamptz);
  CREATE TABLE u (id int PRIMARY KEY, t_id int); CREATE INDEX i ON t (v); CREATE MATERIALIZED VIEW m AS SELECT 1 AS a;
  CREATE FUNCTION own() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE DOMAIN posint AS int CHECK (VALUE > 0);
  CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE w (d posint, e posint[], c varchar(5) CHECK (c <> ''), k varchar(5));
  CREATE INDEX ON w (lower(k)); CREATE UNIQUE INDEX w_k ON w (k); CREATE TABLE x (u_id int REFERENCES u, CONSTRAINT x_key UNIQUE (u_id));
  CREATE TABLE y (x_id int REFERENCES x (u_id)); CREATE VIEW seen AS SELECT id, v FROM t;
  CREATE FUNCTION fires() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER fire BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION fires();
  CREATE TABLE part (id int, at int) PARTITION BY RANGE (at); CREATE TABLE part_0 PARTITION OF part FOR VALUES FROM (0) TO (1);
  CREATE TABLE part_rest PARTITION OF part DEFAULT; CREATE TABLE part_new (id int, at int);
  CREATE SEQUENCE q; CREATE TYPE pair AS (a int, b int)`

const risks = (text: string) =>
  lastFootprint(before, text).risks.flatMap(({ kind, relation, declared }) =>
    Option.isSome(declared)
      ? []
      : [`${kind}${Option.match(relation, { onNone: () => "", onSome: ({ name }) => ` ${name}` })}`]
  )

const runs = (text: string) =>
  lastFootprint(before, text).risks.flatMap(({ kind, declared }) =>
    Option.toArray(declared).map(
      ({ arity, bodies, name }) =>
        `${kind} ${name.name}/${Option.getOrElse(arity, () => "any")}: ${bodies.map(({ language }) => language)}`
    )
  )

/** Each statement, with all of its risks. */
const table: ReadonlyArray<readonly [statement: string, ...risks: ReadonlyArray<string>]> = [
  ["DROP TABLE t", "data-loss t"],
  ["DROP MATERIALIZED VIEW m", "data-loss m"],
  ["DROP SCHEMA s CASCADE", "data-loss"],
  ["DROP TYPE mood CASCADE", "data-loss"],
  ["DROP VIEW IF EXISTS v", "incompatible-change v"],
  ["DROP VIEW seen", "incompatible-change seen"],
  ["DROP VIEW seen; CREATE VIEW seen AS SELECT id, v, x FROM t"],
  ["DROP VIEW seen; CREATE VIEW seen AS SELECT id FROM t", "incompatible-change seen"],
  ["DROP VIEW seen CASCADE; CREATE VIEW seen AS SELECT id, v FROM t", "incompatible-change seen"],
  ["DROP FUNCTION own()", "incompatible-change own"],
  ["DROP FUNCTION IF EXISTS foreign_function(int)", "incompatible-change foreign_function"],
  ["DROP FUNCTION own(); CREATE FUNCTION own() RETURNS text LANGUAGE sql AS 'SELECT 1'"],
  ["DROP FUNCTION own(); CREATE FUNCTION own(int) RETURNS int LANGUAGE sql AS 'SELECT 1'", "incompatible-change own"],
  ["CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; DROP FUNCTION f()"],
  ["DROP TRIGGER fire ON t", "incompatible-change t"],
  ["DROP TRIGGER fire ON t; CREATE TRIGGER fire AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION fires()"],
  ["ALTER TABLE t DISABLE TRIGGER fire", "incompatible-change t"],
  ["ALTER TABLE t DISABLE TRIGGER USER", "incompatible-change t"],
  ["ALTER TABLE t DISABLE TRIGGER ALL", "incompatible-change t"],
  ["ALTER TABLE t ENABLE TRIGGER fire"],
  ["ALTER TABLE t ENABLE REPLICA TRIGGER fire", "incompatible-change t"],
  ["ALTER TABLE t DISABLE RULE r", "incompatible-change t"],
  ["ALTER TABLE t ENABLE REPLICA RULE r", "incompatible-change t"],
  ["CREATE OR REPLACE TRIGGER fire BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION fires()"],
  [
    "CREATE OR REPLACE TRIGGER by_hand BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION fires()",
    "incompatible-change t"
  ],
  ["ALTER EVENT TRIGGER e DISABLE", "incompatible-change"],
  ["ALTER EVENT TRIGGER e ENABLE"],
  ["ALTER PUBLICATION p DROP TABLE t", "incompatible-change"],
  ["ALTER PUBLICATION p SET TABLE t", "incompatible-change"],
  ["ALTER PUBLICATION p ADD TABLE t"],
  ["CREATE PUBLICATION p FOR ALL TABLES", "incompatible-change"],
  ["CREATE PUBLICATION p FOR TABLE t"],
  ["ALTER TEXT SEARCH CONFIGURATION c DROP MAPPING FOR word", "incompatible-change"],
  ["ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR word WITH simple"],
  ["CREATE TEXT SEARCH CONFIGURATION c (COPY = simple); ALTER TEXT SEARCH CONFIGURATION c DROP MAPPING FOR word"],
  [
    "CREATE TEXT SEARCH CONFIGURATION app.c (COPY = simple); ALTER TEXT SEARCH CONFIGURATION c DROP MAPPING FOR word",
    "incompatible-change"
  ],
  [
    "CREATE TEXT SEARCH CONFIGURATION simple (COPY = english); ALTER TEXT SEARCH CONFIGURATION simple DROP MAPPING FOR word",
    "incompatible-change"
  ],
  ["ALTER TABLE t ALTER COLUMN id SET GENERATED ALWAYS"],
  ["ALTER TABLE t ALTER COLUMN id RESTART WITH 1", "incompatible-change t"],
  ["ALTER TABLE t ALTER COLUMN id SET INCREMENT BY -1", "incompatible-change t"],
  ["CREATE SEQUENCE s; ALTER SEQUENCE s RESTART WITH 7"],
  ["ALTER SEQUENCE q RESTART WITH 1", "incompatible-change q"],
  ["ALTER SEQUENCE q OWNED BY t.id"],
  ["ALTER TABLE t ALTER COLUMN n DROP EXPRESSION", "incompatible-change t"],
  ["ALTER TABLE x RENAME CONSTRAINT x_key TO x_other", "incompatible-change x"],
  ["ALTER TABLE w RENAME CONSTRAINT w_c_check TO w_other"],
  ["SET standard_conforming_strings = on; SET client_encoding = 'utf-8'; SET client_encoding = UTF8"],
  ["SET standard_conforming_strings = off", "opaque"],
  ["SET LOCAL client_encoding TO 'LATIN1'", "opaque"],
  ["SELECT set_config('client_encoding', 'LATIN1', false)", "opaque"],
  ["RESET standard_conforming_strings", "opaque"],
  ["RESET ALL", "opaque"],
  ["DROP TYPE mood", "incompatible-change mood"],
  ["DROP TYPE mood; CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')"],
  ["DROP TYPE mood; CREATE TYPE mood AS ENUM ('sad')", "incompatible-change mood"],
  ["DROP COLLATION c", "incompatible-change"],
  ["DROP INDEX i"],
  ["DROP INDEX w_k", "incompatible-change w"],
  ["DROP INDEX w_k; CREATE UNIQUE INDEX w_other ON w (k)", "blocking-index-build w"],
  ["ALTER TABLE x DROP CONSTRAINT x_key", "incompatible-change x"],
  ["ALTER TABLE x DROP CONSTRAINT x_u_id_fkey"],
  ["ALTER TABLE x DROP CONSTRAINT unknown_constraint", "incompatible-change x"],
  ["ALTER TABLE t DROP COLUMN v", "data-loss t"],
  ["ALTER TABLE t RENAME TO s", "incompatible-change t"],
  ["ALTER TABLE t RENAME TO s; TRUNCATE s", "incompatible-change t", "data-loss s"],
  ["ALTER TABLE t RENAME COLUMN x TO y", "incompatible-change t"],
  ["ALTER VIEW v RENAME TO w", "incompatible-change v"],
  ["ALTER TABLE t SET SCHEMA s", "incompatible-change t"],
  ["ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'", "incompatible-change mood"],
  ["CREATE TYPE m AS ENUM ('a'); ALTER TYPE m RENAME VALUE 'a' TO 'b'"],
  ["ALTER TYPE mood RENAME TO temper", "incompatible-change mood"],
  ["ALTER TYPE pair RENAME ATTRIBUTE a TO c", "incompatible-change pair"],
  ["ALTER TYPE pair DROP ATTRIBUTE a", "data-loss pair"],
  ["ALTER TYPE mood SET SCHEMA s", "incompatible-change mood"],
  ["ALTER DOMAIN posint RENAME TO natural_number", "incompatible-change posint"],
  ["ALTER SCHEMA s RENAME TO r", "incompatible-change"],
  ["ALTER FUNCTION own() RENAME TO mine", "incompatible-change own"],
  ["ALTER FUNCTION own() SET SCHEMA s", "incompatible-change own"],
  ["ALTER TRIGGER fire ON t RENAME TO water"],
  ["ALTER INDEX i RENAME TO j"],
  ["ALTER TABLE t RENAME CONSTRAINT c TO d"],
  ["TRUNCATE t, u", "data-loss t", "data-loss u"],
  ["TRUNCATE u CASCADE", "data-loss u", "data-loss x", "data-loss y"],
  ["TRUNCATE part CASCADE", "data-loss part", "data-loss part_0", "data-loss part_rest"],
  ["TRUNCATE outside CASCADE", "data-loss outside", "data-loss", "opaque"],
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
  ["INSERT INTO u VALUES (1, 1) ON CONFLICT (id) DO NOTHING"],
  ["INSERT INTO u VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET t_id = 1", "row-update u"],
  ["ALTER TABLE t ALTER x TYPE bigint", "table-rewrite t"],
  ["ALTER TABLE t ALTER v TYPE varchar(20)"],
  ["ALTER TABLE w ALTER c TYPE varchar(20)", "validation-scan w"],
  ["ALTER TABLE w ALTER k TYPE varchar(20)", "blocking-index-build w"],
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
  ["ALTER TABLE t ADD COLUMN a int NOT NULL", "table-scan t", "incompatible-change t"],
  ["ALTER TABLE t ADD COLUMN a int NOT NULL DEFAULT 1, ALTER a DROP DEFAULT", "incompatible-change t"],
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
  ["ALTER TABLE t ADD CONSTRAINT n NOT NULL v", "table-scan t"],
  ["ALTER TABLE t ADD CONSTRAINT n NOT NULL v NOT VALID"],
  ["ALTER TABLE t ADD CONSTRAINT n NOT NULL v NOT VALID, ALTER v SET NOT NULL", "table-scan t"],
  ["ALTER TABLE t ADD CONSTRAINT n NOT NULL v NOT VALID; ALTER TABLE t ALTER v SET NOT NULL", "table-scan t"],
  [
    "ALTER TABLE t ADD CONSTRAINT n NOT NULL v NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT n; ALTER TABLE t ALTER v SET NOT NULL",
    "validation-scan t"
  ],
  ["ALTER TABLE t ADD CONSTRAINT n NOT NULL x"],
  ["ALTER TABLE t ALTER v SET DEFAULT 'a', ALTER x DROP NOT NULL"],
  ["ALTER TABLE t ALTER x DROP DEFAULT", "incompatible-change t"],
  ["ALTER TABLE t ALTER v DROP DEFAULT"],
  ["ALTER DOMAIN posint ADD CHECK (VALUE < 9)", "validation-scan w"],
  ["ALTER DOMAIN posint ADD CHECK (VALUE < 9) NOT VALID"],
  ["ALTER DOMAIN posint VALIDATE CONSTRAINT c", "validation-scan w"],
  ["ALTER DOMAIN posint SET NOT NULL", "table-scan w"],
  ["ALTER DOMAIN posint DROP NOT NULL"],
  ["ALTER DOMAIN posint DROP CONSTRAINT posint_check"],
  ["CREATE DOMAIN d AS int; ALTER DOMAIN d ADD CHECK (VALUE > 0)"],
  ["ALTER TABLE t ADD CHECK (x > 0)", "validation-scan t"],
  ["ALTER TABLE t ADD CHECK (x > 0) NOT VALID"],
  ["ALTER TABLE t VALIDATE CONSTRAINT c", "validation-scan t"],
  ["ALTER TABLE u ADD FOREIGN KEY (t_id) REFERENCES t", "validation-scan u", "referenced-table-lock t"],
  ["ALTER TABLE u ADD FOREIGN KEY (t_id) REFERENCES t NOT VALID", "referenced-table-lock t"],
  ["ALTER TABLE x ALTER CONSTRAINT x_u_id_fkey ENFORCED", "validation-scan x"],
  ["ALTER TABLE x ALTER CONSTRAINT x_u_id_fkey NOT ENFORCED"],
  ["ALTER TABLE x ALTER CONSTRAINT x_u_id_fkey DEFERRABLE"],
  ["ALTER TABLE t ADD UNIQUE (v)", "blocking-index-build t"],
  ["ALTER TABLE t ADD UNIQUE USING INDEX i"],
  ["ALTER TABLE w ADD PRIMARY KEY USING INDEX w_k", "table-scan w"],
  ["ALTER TABLE w ADD PRIMARY KEY USING INDEX unknown", "table-scan w", "opaque"],
  ["ALTER TABLE u ATTACH PARTITION t DEFAULT", "validation-scan t"],
  [
    "ALTER TABLE part ATTACH PARTITION part_new FOR VALUES FROM (1) TO (2)",
    "validation-scan part_new",
    "validation-scan part_rest"
  ],
  ["CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (1) TO (2)", "validation-scan part_rest"],
  ["ALTER TABLE part DETACH PARTITION part_0", "incompatible-change part_0"],
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
  ["GRANT SELECT ON t TO r", "privilege-change t"],
  ["GRANT SELECT ON ALL TABLES IN SCHEMA public TO r", "privilege-change"],
  ["SELECT set_config('track_counts', 'off', true)", "opaque"],
  ["SET LOCAL track_counts = off", "opaque"],
  ["DO $$ BEGIN SET LOCAL track_counts = off; END $$", "opaque"],
  ["CREATE FUNCTION f() RETURNS int LANGUAGE sql SET track_counts = off AS 'SELECT 1'", "opaque"],
  ["CREATE FOREIGN TABLE p (line text) SERVER s OPTIONS (program 'rm')", "opaque"],
  ["CREATE FOREIGN TABLE p (line text) SERVER s OPTIONS (filename 'f')"],
  ["SELECT lo_unlink(1)", "opaque"],
  ["SELECT pg_terminate_backend(1)", "opaque"],
  ["REVOKE SELECT ON t FROM r", "privilege-change t"],
  ["ALTER TABLE t OWNER TO r", "privilege-change t"],
  ["ALTER VIEW v OWNER TO r", "privilege-change v"],
  ["ALTER FUNCTION own() SECURITY DEFINER", "privilege-change"],
  ["CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'", "privilege-change"],
  ["CREATE ROLE r", "privilege-change"],
  ["CREATE POLICY p ON t USING (true)", "privilege-change t"],
  ["DROP POLICY IF EXISTS p ON t", "privilege-change t"],
  ["ALTER TABLE t ENABLE ROW LEVEL SECURITY", "privilege-change t"],
  ["DO LANGUAGE plpython3u $$ x $$", "opaque"],
  ["COMMENT ON TABLE t IS 'x'"],
  ["ALTER TYPE mood ADD VALUE 'x'"],
  ["CREATE VIEW v AS SELECT * FROM t"]
]

describe("risks of statements", () => {
  it.each(table)("%s", (statement, ...expected) => deepStrictEqual(risks(statement), expected))

  it.each([
    ["SELECT own()", "opaque own/0: sql"],
    ["SELECT own(), own()", "opaque own/0: sql"],
    ["INSERT INTO t (id, x) VALUES (1, 1)", "opaque fires/any: plpgsql"],
    ["DO $$ BEGIN PERFORM own(); END $$", "opaque own/0: sql"],
    [
      "CREATE FUNCTION own(a int, b int DEFAULT 1) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN own(); END'; SELECT own(1)",
      "opaque own/0: sql",
      "opaque own/1: plpgsql"
    ],
    ["CREATE FUNCTION more() RETURNS int LANGUAGE sql AS 'SELECT own()'"],
    ["CREATE VIEW v AS SELECT own() AS n"],
    ["SELECT lower('A')"]
  ])("name the bodies that %s runs", (statement, ...expected) => deepStrictEqual(runs(statement), expected))

  it("are of each kind that there is", () => {
    const pinned = table.flatMap(([, ...expected]) => expected.map((risk) => risk.split(" ")[0]))
    deepStrictEqual(
      riskKinds.filter((kind) => !pinned.includes(kind)),
      []
    )
  })

  it("are about older tables, and never about one that the same migration creates", () =>
    deepStrictEqual(
      risks(
        `CREATE TABLE n (a int, b text); CREATE INDEX ON n (a); ALTER TABLE n ALTER a TYPE bigint, ALTER b SET NOT NULL,
         ADD CHECK (a > 0), DROP COLUMN b; UPDATE n SET a = 1; DELETE FROM n; TRUNCATE n; DROP TABLE n`
      ),
      []
    ))

  it("are also about tables that no known migration creates", () =>
    deepStrictEqual(risks("ALTER TABLE outside DROP COLUMN a"), ["data-loss outside"]))

  it("name the line and the statement on one line", () => {
    const [risk] = lastFootprint(
      before,
      `-- first\nSELECT 1;\n\nDROP TABLE\n  t\n  CASCADE; -- ${"x".repeat(200)}`
    ).risks
    assert.deepInclude({ ...risk }, { line: 4, statement: "DROP TABLE t CASCADE" })
    const [long] = lastFootprint(before, `DELETE FROM t WHERE v IN (${Array(200).fill("v").join()})`).risks
    assert.lengthOf(long?.statement ?? "", 120)
    assert.match(long?.statement ?? "", /…$/)
  })
})

describe("describe", () => {
  it("gives each kind a reason and a safer way, in one sentence each", () => {
    for (const { rationale, safer } of riskKinds.map(explain)) {
      assert.match(rationale, /^[A-Z][^.]+\.$/)
      assert.match(safer, /^[A-Z][^.]+\.$/)
    }
    assert.strictEqual(new Set(riskKinds.map((kind) => explain(kind).safer)).size, riskKinds.length)
  })
})
