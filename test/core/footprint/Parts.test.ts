/**
 * Functions that run without a call: those of an operator, a cast, a type, an aggregate, an operator class; and objects that only a
 * clause or a string names: collations, text search configurations, what the `reg…` types look up. `test/server/core/dependencies.test.ts`
 * compares with what the server records; here is what runs.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { lastFootprint, staysBehind, told } from "../../support/history/Parsing.js"

const behind = (...texts: ReadonlyArray<string>) => assert.isTrue(staysBehind(...texts), texts.join("\n--\n"))
const free = (...texts: ReadonlyArray<string>) => assert.isFalse(staysBehind(...texts), texts.join("\n--\n"))

const same = (answer: string) =>
  `CREATE OR REPLACE FUNCTION same(integer, integer) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT ${answer}'`

const operator = `${same("true")}; CREATE OPERATOR === (LEFTARG = integer, RIGHTARG = integer, FUNCTION = same);
  CREATE TABLE t (x integer); CREATE TABLE log (b boolean)`

describe("an operator runs its function", () => {
  it("in a query, and wherever the server keeps an expression and runs it later", () => {
    const kept: ReadonlyArray<readonly [made: string, runs: string]> = [
      ["SELECT 1", "INSERT INTO log SELECT 1 === 2"],
      ["SELECT 1", "UPDATE t SET x = 1 WHERE x === 2"],
      ["SELECT 1", "CREATE INDEX ON t ((x === 1))"],
      ["ALTER TABLE t ADD b boolean DEFAULT (1 === 2)", "INSERT INTO t VALUES (1)"],
      ["ALTER TABLE t ADD CONSTRAINT k CHECK (x === 1)", "INSERT INTO t VALUES (1)"],
      ["ALTER TABLE t ADD b boolean GENERATED ALWAYS AS (x === 1) STORED", "INSERT INTO t VALUES (1)"],
      ["CREATE INDEX ON t (x) WHERE x === 1", "INSERT INTO t VALUES (1)"],
      ["CREATE INDEX i ON t ((x === 1))", "REINDEX INDEX i"],
      ["CREATE INDEX ON t ((x === 1))", "CLUSTER t"],
      ["ALTER TABLE t ADD CONSTRAINT k CHECK (x === 1) NOT VALID", "ALTER TABLE t VALIDATE CONSTRAINT k"],
      ["CREATE TABLE u (x integer, EXCLUDE ((x === 1) WITH =))", "INSERT INTO u VALUES (1)"],
      ["CREATE TABLE u (x integer) PARTITION BY LIST ((x === 1))", "INSERT INTO u VALUES (1)"],
      ["CREATE DOMAIN d AS integer CHECK (VALUE === 1); CREATE TABLE u (x d)", "INSERT INTO u VALUES (1)"],
      ["CREATE VIEW v AS SELECT x === 1 AS b FROM t", "CREATE TABLE w AS SELECT b FROM v"],
      ["CREATE POLICY p ON t USING (x === 1)", "CREATE TABLE w AS SELECT x FROM t"],
      [
        "CREATE FUNCTION f() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN 1 === 2; END $$",
        "INSERT INTO log SELECT f()"
      ],
      [
        "CREATE FUNCTION f(b boolean DEFAULT (1 === 2)) RETURNS boolean LANGUAGE sql AS 'SELECT $1'",
        "INSERT INTO log SELECT f()"
      ],
      [
        "CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'; CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW WHEN (new.x === 1) EXECUTE FUNCTION g()",
        "INSERT INTO t VALUES (1)"
      ]
    ]
    for (const [made, runs] of kept) {
      behind(operator, made, same("false"), runs)
      behind(operator, made, runs, same("false"))
      free(operator, made, "CREATE FUNCTION other() RETURNS integer LANGUAGE sql AS 'SELECT 1'", runs)
    }
  })

  it("where the statement that runs it writes what the function writes", () => {
    const writing = `CREATE TABLE seen (x integer); CREATE FUNCTION see(integer, integer) RETURNS boolean LANGUAGE sql AS 'INSERT INTO seen VALUES ($1) RETURNING true'; CREATE OPERATOR ==> (LEFTARG = integer, RIGHTARG = integer, FUNCTION = see)`
    behind(writing, "CREATE TABLE copy AS SELECT * FROM seen", "SELECT 1 ==> 2")
  })

  it("and those of its negator and commutator, in whichever order the two are made", () => {
    const other = (answer: string) =>
      `CREATE OR REPLACE FUNCTION other(integer, integer) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN ${answer}; END'`
    const make = (symbol: string, name: string, more = "") =>
      `CREATE OPERATOR ${symbol} (LEFTARG = integer, RIGHTARG = integer, FUNCTION = ${name}${more})`
    const asked = "CREATE TABLE answers AS SELECT NOT (1 === 2) AS b"
    for (const partner of ["NEGATOR", "COMMUTATOR"]) {
      const pair = [make("===", "same", `, ${partner} = !==`), make("!==", "other")]
      for (const made of [pair, pair.toReversed()]) {
        behind([same("true"), other("true"), ...made].join(";"), asked, other("false"))
        behind([same("true"), other("true"), ...made].join(";"), other("false"), asked)
      }
    }
    free([same("true"), other("true"), make("===", "same"), make("!==", "other")].join(";"), asked, other("false"))
  })

  it("where one of its overloads is dropped and another one is left", () => {
    const overloads = `${operator}; CREATE FUNCTION same(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true'; CREATE OPERATOR === (LEFTARG = text, RIGHTARG = text, FUNCTION = same)`
    behind(overloads, "DROP OPERATOR === (text, text)", same("false"), "INSERT INTO log SELECT 1 === 2")
  })

  it("and a function in C behind it is read and is no barrier, since it computes a value", () => {
    const inC =
      "CREATE FUNCTION near(integer, integer) RETURNS boolean LANGUAGE c AS 'lib'; CREATE OPERATOR < (LEFTARG = integer, RIGHTARG = integer, FUNCTION = near)"
    deepStrictEqual(told(lastFootprint(inC, "SELECT 1 < 2")).barriers, [])
    assert.include([...lastFootprint(inC, "SELECT 1 < 2").reads], "routine near")
  })
})

describe("a cast, a type and an aggregate run their functions", () => {
  it("of a cast, where a value of the one type becomes one of the other", () => {
    const cast = (answer: string) =>
      `CREATE OR REPLACE FUNCTION cast_mood(mood) RETURNS integer LANGUAGE sql AS 'SELECT ${answer}'`
    const casts = `CREATE TYPE mood AS ENUM ('a'); CREATE TABLE t (x integer); ${cast("1")}; CREATE CAST (mood AS integer) WITH FUNCTION cast_mood(mood) AS ASSIGNMENT`
    behind(casts, "INSERT INTO t SELECT ('a'::mood)::integer", cast("2"))
    behind(casts, "INSERT INTO t SELECT 'a'::mood", cast("2"))
  })

  it("of a domain, where a value is cast to it", () => {
    const check = (answer: string) =>
      `CREATE OR REPLACE FUNCTION fits(integer) RETURNS boolean LANGUAGE sql AS 'SELECT ${answer}'`
    behind(`${check("true")}; CREATE DOMAIN d AS integer CHECK (fits(VALUE))`, "SELECT 1::d", check("false"))
  })

  it("of an aggregate in its old form", () => {
    const state = (answer: string) =>
      `CREATE OR REPLACE FUNCTION state(integer, integer) RETURNS integer LANGUAGE sql AS 'SELECT ${answer}'`
    behind(
      `${state("1")}; CREATE AGGREGATE total(BASETYPE = integer, SFUNC = state, STYPE = integer); CREATE TABLE t (x integer)`,
      "CREATE TABLE u AS SELECT total(x) FROM t",
      state("2")
    )
  })

  it("of an operator class, where an index compares", () => {
    const order = (answer: string) =>
      `CREATE OR REPLACE FUNCTION ordered(integer, integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT ${answer}'`
    behind(
      `${order("1")}; CREATE OPERATOR CLASS ours FOR TYPE integer USING btree AS OPERATOR 1 <, FUNCTION 1 ordered(integer, integer); CREATE TABLE t (x integer)`,
      "CREATE INDEX ON t (x ours)",
      order("2")
    )
  })
})

describe("a name in a clause or a string is read", () => {
  it("of a text search configuration, in every form that finds one", () => {
    const made = "CREATE TEXT SEARCH CONFIGURATION ours (COPY = simple)"
    const texts = "CREATE TABLE texts (t text, v tsvector)"
    for (const use of [
      "CREATE INDEX ON texts USING gin (to_tsvector('ours', t))",
      "SELECT to_tsvector('ours'::regconfig, 'x')",
      "ALTER TABLE texts ADD w tsvector GENERATED ALWAYS AS (to_tsvector('public.ours', t)) STORED",
      "CREATE TRIGGER u BEFORE INSERT ON texts FOR EACH ROW EXECUTE FUNCTION tsvector_update_trigger(v, 'public.ours', t)",
      "SET default_text_search_config = 'ours'",
      "CREATE TEXT SEARCH CONFIGURATION theirs (COPY = ours)"
    ]) {
      behind(texts, made, use)
      free(texts, "CREATE TEXT SEARCH CONFIGURATION theirs_too (COPY = simple)", use)
    }
  })

  it("of a text search configuration, with the dictionaries that it maps words to", () => {
    const made = `CREATE TEXT SEARCH DICTIONARY words (TEMPLATE = simple); CREATE TEXT SEARCH CONFIGURATION ours (COPY = simple);
      ALTER TEXT SEARCH CONFIGURATION ours ALTER MAPPING FOR asciiword WITH words;
      CREATE TEXT SEARCH CONFIGURATION theirs (COPY = ours); CREATE TEXT SEARCH CONFIGURATION free (COPY = simple)`
    const changed = "ALTER TEXT SEARCH DICTIONARY words (accept = false)"
    for (const configuration of ["ours", "theirs"]) {
      behind(made, `CREATE TABLE texts AS SELECT to_tsvector('${configuration}', 'Running') AS v`, changed)
    }
    free(made, "CREATE TABLE texts AS SELECT to_tsvector('free', 'Running') AS v", changed)
  })

  it("of a text search configuration, where an expression that names it is kept and runs later", () => {
    const made = "CREATE TEXT SEARCH CONFIGURATION ours (COPY = simple); CREATE TABLE texts (t text, v tsvector)"
    const trigger = (name: string) =>
      `CREATE TRIGGER u BEFORE INSERT ON texts FOR EACH ROW EXECUTE FUNCTION tsvector_update_trigger(v, 'public.${name}', t)`
    const added = "INSERT INTO texts (t) VALUES ('words')"
    for (const [kept, runs] of [
      ["ALTER TABLE texts ADD w tsvector GENERATED ALWAYS AS (to_tsvector('ours', t)) STORED", added],
      ["ALTER TABLE texts ALTER v SET DEFAULT to_tsvector('public.ours'::regconfig, 'x')", added],
      ["ALTER TABLE texts ADD CHECK (to_tsvector('ours', t) @@ 'x')", added],
      ["CREATE INDEX ON texts USING gin (to_tsvector('ours', t))", added],
      ["CREATE DOMAIN d AS text CHECK (to_tsvector('ours', VALUE) @@ 'x'); ALTER TABLE texts ADD d d", added],
      ["CREATE VIEW v AS SELECT to_tsvector('ours', t) AS v FROM texts", "CREATE TABLE w AS SELECT v FROM v"],
      ["CREATE MATERIALIZED VIEW m AS SELECT to_tsvector('ours', t) AS v FROM texts", "REFRESH MATERIALIZED VIEW m"],
      [trigger("ours"), added],
      [
        "CREATE FUNCTION f(text) RETURNS tsvector LANGUAGE sql SET default_text_search_config = 'public.ours' AS 'SELECT to_tsvector($1)'",
        "SELECT f('x')"
      ],
      [
        "CREATE FUNCTION f(text) RETURNS tsvector LANGUAGE sql AS 'SELECT to_tsvector($1)'; ALTER FUNCTION f SET default_text_search_config = 'public.ours'",
        "SELECT f('x')"
      ]
    ] as const) {
      behind(made, kept, "ALTER TEXT SEARCH CONFIGURATION ours ALTER MAPPING FOR word WITH english_stem", runs)
      behind(made, kept, runs, "ALTER TEXT SEARCH CONFIGURATION ours ALTER MAPPING FOR word WITH english_stem")
    }
    behind(made, trigger("later"), "ALTER TEXT SEARCH CONFIGURATION ours RENAME TO later", added)
    free(made, added, "ALTER TEXT SEARCH CONFIGURATION ours ALTER MAPPING FOR word WITH english_stem")
  })

  it("of a collation, in a clause of a column, a domain, an attribute, a key and a copy", () => {
    const made = "CREATE COLLATION ours (LOCALE = 'C')"
    for (const use of [
      "CREATE TABLE words (w text COLLATE ours)",
      "ALTER TABLE texts ALTER t TYPE text COLLATE ours",
      "CREATE DOMAIN word AS text COLLATE ours",
      "CREATE TYPE pair AS (one text COLLATE ours)",
      "CREATE TABLE parted (w text) PARTITION BY RANGE (w COLLATE ours)",
      "CREATE COLLATION theirs FROM ours"
    ]) {
      behind("CREATE TABLE texts (t text)", made, use)
    }
  })

  it("of an operator, a role, a schema and what a function of the server looks up", () => {
    behind(operator, "ALTER OPERATOR === (integer, integer) OWNER TO CURRENT_USER", "SELECT '==='::regoper")
    behind("CREATE ROLE r", "SELECT 'r'::regrole")
    behind("CREATE ROLE r", "SELECT set_config('role', 'r', true)")
    behind("CREATE ROLE r", "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET role = r AS 'SELECT 1'")
    behind("CREATE SCHEMA s", "SELECT 's'::regnamespace")
    behind("CREATE ROLE r", "SELECT has_table_privilege('r', 'pg_class', 'SELECT')")
    behind("CREATE TABLE t (x integer)", "SELECT pg_get_viewdef('t'), pg_table_size('t')")
    behind("CREATE TABLE t (x integer)", "SELECT pg_partition_root('t')")
    behind("CREATE TABLE t (x integer)", "SELECT has_column_privilege('t', 'x', 'SELECT')")
    behind("CREATE TABLE t (x integer)", "SELECT has_column_privilege('public', 't', 'x', 'SELECT')")
  })
})
