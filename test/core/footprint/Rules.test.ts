/**
 * The rules of docs/architecture.md, "From files to the graph", each by its number. `behind` passes if the last file must run
 * after the one before it; `free` passes if the two may run in either order.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { lastFootprint, staysBehind, told } from "../../support/history/Parsing.js"

const behind = (...texts: ReadonlyArray<string>) => assert.isTrue(staysBehind(...texts), texts.join("\n--\n"))
const free = (...texts: ReadonlyArray<string>) => {
  const { reads, writes, barriers } = told(lastFootprint(...texts))
  assert.isFalse(staysBehind(...texts), JSON.stringify({ texts, reads, writes, barriers }))
}
const barriers = (...texts: ReadonlyArray<string>) => told(lastFootprint(...texts)).barriers

const tables = "CREATE TABLE a (id int PRIMARY KEY, x int); CREATE TABLE b (id int PRIMARY KEY, a_id int, y text)"

describe("rule 1: a statement that is not understood is a barrier", () => {
  it("such as SQL that is computed from rows", () => {
    const text =
      "DO $$ DECLARE r record; BEGIN FOR r IN SELECT * FROM a LOOP EXECUTE 'DROP TABLE ' || r.x; END LOOP; END $$"
    deepStrictEqual(barriers(tables, text), ["runs SQL that a DO block computes"])
  })

  it("such as a body that is not SQL, and a body that does not parse", () => {
    deepStrictEqual(barriers("DO LANGUAGE plpython3u $$ x $$"), ["runs a DO block, a DO block in plpython3u"])
    assert.match(barriers("DO $$ BEGIN SELEC 1; END $$")[0] ?? "", /^runs a DO block, its body is not understood/)
  })

  it("and so is each later use of an object that no known migration creates", () => {
    const opaque = "DO LANGUAGE plpython3u $$ x $$"
    deepStrictEqual(barriers("SELECT * FROM outside, now()"), [])
    deepStrictEqual(barriers(opaque, "SELECT * FROM outside, now()"), [
      "relation outside is not created by any migration"
    ])
    deepStrictEqual(barriers(opaque, "SELECT foo()"), ["routine foo is not created by any migration"])
    deepStrictEqual(barriers(opaque, "CREATE TABLE t (x foo)"), ["type foo is not created by any migration"])
  })

  it("but no later use of a type of the server, such as that of a serial column", () => {
    const opaque = "DO LANGUAGE plpython3u $$ x $$"
    const serials = "CREATE TABLE t (a smallserial, b serial, c bigserial)"
    deepStrictEqual(barriers(opaque, serials, "INSERT INTO t DEFAULT VALUES; ALTER TABLE t ADD COLUMN z int"), [])
  })
})

describe("rule 2: one name space by bare name", () => {
  it("so that a search path makes no difference", () => {
    behind("CREATE SCHEMA s; CREATE TABLE s.t (x int)", "ALTER TABLE t ADD COLUMN y int")
    behind("CREATE TABLE t (x int)", "CREATE SCHEMA s; CREATE TYPE s.t AS ENUM ('x')")
  })

  it("and a name with a schema needs the schema", () => behind("CREATE SCHEMA s", "CREATE TABLE s.t (x int)"))

  it("and uses of one name that all write its schema are free of uses in another schema", () => {
    const table = (schema: string) =>
      `CREATE TABLE ${schema}.t (id serial PRIMARY KEY, x int UNIQUE CHECK (x > 0), p int REFERENCES ${schema}.t)`
    const use = (schema: string) =>
      `CREATE INDEX ON ${schema}.t (x); ALTER TABLE ${schema}.t ADD COLUMN y int; INSERT INTO ${schema}.t DEFAULT VALUES`
    const schemas = "CREATE SCHEMA a; CREATE SCHEMA b"
    free(schemas, table("a"), table("b"))
    free(schemas, table("a"), table("b"), use("a"), use("b"))
    free(
      schemas,
      "CREATE FUNCTION a.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
      "CREATE FUNCTION b.f() RETURNS int LANGUAGE sql AS 'SELECT 1'"
    )
    behind(schemas, table("a"), use("a"))
  })

  it("but not of uses without a schema, under any search path, and of moves into the schema", () => {
    const schemas = "CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE a.u (x int)"
    behind(schemas, "CREATE TABLE a.t (x int)", "CREATE TABLE t (x int)")
    behind(schemas, "CREATE TABLE a.t (x int)", "SET search_path = b; CREATE TABLE t (x int)")
    behind(`${schemas}; CREATE TABLE b.t (x int)`, "CREATE TABLE a.t (x int)", "SET search_path = a, b; DROP TABLE t")
    behind(schemas, "CREATE TABLE b.u (x int)", "ALTER TABLE a.u SET SCHEMA b")
    behind(schemas, "CREATE TABLE b.u (x int)", "ALTER SCHEMA b RENAME TO c")
  })

  it("while different names are free of each other", () => {
    free(tables, "ALTER TABLE a ADD COLUMN z int", "ALTER TABLE b ADD COLUMN z int")
    free("CREATE TABLE t (x int)", "CREATE FUNCTION t() RETURNS int LANGUAGE sql AS 'SELECT 1'")
  })
})

describe("rule 3: indexes, sequences and statistics write their table", () => {
  it("when they are altered, dropped or moved", () => {
    const parts = `${tables}; CREATE INDEX i ON a (x); CREATE SEQUENCE s OWNED BY a.x; CREATE STATISTICS st ON id, x FROM a`
    for (const text of [
      "DROP INDEX i",
      "ALTER SEQUENCE s RESTART",
      "DROP STATISTICS st",
      "SELECT nextval('s')",
      "REINDEX INDEX i"
    ]) {
      behind(parts, "ALTER TABLE a ADD COLUMN z int", text)
      free(parts, "ALTER TABLE b ADD COLUMN z int", text)
    }
  })

  it("and a part that no known migration creates is a barrier, unless IF EXISTS", () => {
    deepStrictEqual(barriers("DROP INDEX i"), ["i is not created by any migration: its table is not known"])
    deepStrictEqual(barriers("DROP INDEX IF EXISTS i"), [])
    deepStrictEqual(barriers("SELECT setval('s', 1)"), ["s is not created by any migration: its table is not known"])
  })
})

describe("rule 4: implied names are writes", () => {
  const written = (...texts: ReadonlyArray<string>) => [...lastFootprint(...texts).writes]

  it("of keys, indexes, sequences, checks and foreign keys", () => {
    const text =
      "CREATE TABLE t (a serial PRIMARY KEY, b int UNIQUE REFERENCES t, c int CHECK (c > 0), EXCLUDE (c WITH =))"
    assert.includeMembers(written(text), [
      "t_pkey",
      "t_a_seq",
      "t_b_key",
      "t_c_excl",
      "constraint t_b_fkey",
      "constraint t_c_check",
      "constraint t_a_not_null"
    ])
    assert.includeMembers(written("CREATE TABLE t (a int)", "CREATE INDEX ON t (a, lower(a::text))"), ["t_a_lower_idx"])
  })

  it("truncated to 63 bytes as by the server", () => {
    const long = "x".repeat(40)
    assert.include(written(`CREATE TABLE ${long} (${long}é int UNIQUE)`), `${"x".repeat(29)}_${"x".repeat(29)}_key`)
  })

  it("numbered if a relation of any kind has the name", () => {
    assert.includeMembers(written("CREATE TABLE t (a int)", "CREATE INDEX ON t (a); CREATE INDEX ON t (a)"), [
      "t_a_idx",
      "t_a_idx1"
    ])
    behind("CREATE TABLE t (a int)", "CREATE TABLE t_a_idx (x int)", "CREATE INDEX ON t (a)")
  })
})

describe("rule 5: a table reads the types of its columns, a call those of its signature", () => {
  const mood = "CREATE TYPE mood AS ENUM ('x'); CREATE DOMAIN feeling AS mood; CREATE TYPE pair AS (one feeling)"

  it("through domains and composites", () => {
    const table = `${mood}; CREATE TABLE t (p pair[])`
    behind(table, "ALTER TYPE mood ADD VALUE 'y'", "INSERT INTO t VALUES (NULL)")
    behind(table, "ALTER TYPE mood ADD VALUE 'y'", "ALTER TABLE t ADD COLUMN z int")
  })

  it("through a function that is called", () => {
    const fn = `${mood}; CREATE FUNCTION f(m mood DEFAULT 'x') RETURNS int LANGUAGE sql AS 'SELECT 1'`
    behind(fn, "ALTER TYPE mood RENAME TO m2", "SELECT f()")
  })
})

describe("rule 6: a statement that can remove a dependency reads all former dependencies", () => {
  it("so that it runs before the later drop of one of them", () => {
    const both = "CREATE TABLE a (id int); CREATE VIEW v AS SELECT id FROM a"
    behind(both, "DROP VIEW v", "DROP TABLE a")
    behind(both, "CREATE OR REPLACE VIEW v AS SELECT 1 AS id", "DROP TABLE a")
    const typed = "CREATE TYPE mood AS ENUM ('x'); CREATE TABLE t (m mood)"
    behind(typed, "ALTER TABLE t ALTER m TYPE text", "DROP TYPE mood")
    behind(typed, "ALTER TABLE t DROP COLUMN m", "DROP TYPE mood")
    const partitioned =
      "CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TABLE p (a int DEFAULT g()) PARTITION BY LIST (a); CREATE TABLE c PARTITION OF p DEFAULT"
    behind(partitioned, "ALTER TABLE p DETACH PARTITION c", "DROP TABLE p")
  })

  it("also where it replaces one definition by another", () => {
    const f = "CREATE FUNCTION f() RETURNS boolean LANGUAGE sql AS 'SELECT true'; CREATE TABLE t (x int)"
    const policy = "CREATE POLICY p ON t USING (f())"
    behind(f, policy, "ALTER POLICY p ON t USING (true)", "DROP FUNCTION f")
    behind(f, `${policy}; ALTER POLICY p ON t RENAME TO q`, "ALTER POLICY q ON t USING (true)", "DROP FUNCTION f")
    behind(
      "CREATE FUNCTION s(int, int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION z(int, int) RETURNS int LANGUAGE sql AS 'SELECT 2'; CREATE AGGREGATE a(int) (SFUNC = s, STYPE = int)",
      "CREATE OR REPLACE AGGREGATE a(int) (SFUNC = z, STYPE = int)",
      "DROP FUNCTION s"
    )
    behind(
      "CREATE FUNCTION rest(internal, oid, internal, int) RETURNS float8 LANGUAGE internal AS 'eqsel'; CREATE FUNCTION same(int, int) RETURNS boolean LANGUAGE sql AS 'SELECT true'; CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = same, RESTRICT = rest)",
      "ALTER OPERATOR === (int, int) SET (RESTRICT = NONE)",
      "DROP FUNCTION rest"
    )
    behind(
      "CREATE TABLE t (x int); CREATE TABLE u (x int); CREATE PUBLICATION p FOR TABLE t, u",
      "ALTER PUBLICATION p SET TABLE u",
      "DROP TABLE t"
    )
  })
})

describe("rule 7: CASCADE writes the dependent objects, a drop frees names, a rename writes both names", () => {
  it("DROP FUNCTION leaves a procedure of that name", () =>
    deepStrictEqual(
      told(
        lastFootprint(
          "CREATE PROCEDURE f() LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
          "DROP FUNCTION f"
        )
      ).removes,
      ["function f(integer)"]
    ))

  it("CASCADE writes and drops the dependent objects", () => {
    const text = `${tables}; CREATE VIEW v AS SELECT x FROM a; CREATE VIEW w AS SELECT x FROM v; ALTER TABLE b ADD FOREIGN KEY (a_id) REFERENCES a`
    const { removes, writes } = told(lastFootprint(text, "DROP TABLE a CASCADE"))
    assert.includeMembers([...removes], ["relation v", "relation w", "constraint b_a_id_fkey of relation b"])
    assert.includeMembers([...writes], ["a", "b", "v", "w", "a_pkey"])
    deepStrictEqual(told(lastFootprint(text, "ALTER TABLE a DROP COLUMN x CASCADE")).removes, [
      "column a.x",
      "relation v",
      "column v.x",
      "relation w",
      "column w.x"
    ])
  })

  it("CASCADE drops the columns of a type, and the callers of a function", () => {
    const typed =
      "CREATE TYPE mood AS ENUM ('x'); CREATE TABLE t (a int, m mood); CREATE FUNCTION f(mood) RETURNS int LANGUAGE sql AS 'SELECT 1'"
    assert.includeMembers(
      [...told(lastFootprint(typed, "DROP TYPE mood CASCADE")).removes],
      ["column t.m", "function f(mood)"]
    )
    const fn =
      "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TABLE t (a int DEFAULT f(), CONSTRAINT c CHECK (a > f())); CREATE VIEW v AS SELECT f()"
    assert.sameMembers(
      [...told(lastFootprint(fn, "DROP FUNCTION f CASCADE")).removes],
      ["constraint c of relation t", "relation v", "column v.f", "function f()"]
    )
  })

  it("a later file can take a name that a drop frees", () => {
    behind("CREATE TABLE t (a int UNIQUE)", "DROP TABLE t", "CREATE TABLE t_a_key (x int)")
    behind("CREATE TABLE t (a serial)", "ALTER TABLE t DROP COLUMN a", "CREATE SEQUENCE t_a_seq")
    behind(
      "CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY)",
      "ALTER TABLE t ALTER a DROP IDENTITY",
      "CREATE VIEW t_a_seq AS SELECT 1"
    )
  })

  it("a rename writes both names", () => {
    behind("CREATE TABLE t (a int)", "ALTER TABLE t RENAME TO u", "CREATE TABLE t (b int)")
    behind("CREATE TABLE t (a int); CREATE TABLE u (b int)", "DROP TABLE u", "ALTER TABLE t RENAME TO u")
  })
})

describe("rule 8: a view includes its tables, a parent its children", () => {
  it("reading a view reads its tables, and writing it writes them", () => {
    const view = `${tables}; CREATE VIEW v AS SELECT * FROM a; CREATE VIEW w AS SELECT * FROM v`
    behind(view, "UPDATE a SET x = 1", "CREATE TABLE c AS SELECT * FROM w")
    behind(view, "INSERT INTO w (id) VALUES (1)", "SELECT * FROM a")
    free(view, "UPDATE b SET y = 'x'", "SELECT * FROM w")
  })

  it("altering a parent writes its children, and a new child reads its parent", () => {
    const parent = "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE c PARTITION OF p DEFAULT"
    behind(parent, "ALTER TABLE p ADD COLUMN b int", "INSERT INTO c VALUES (1)")
    behind("CREATE TABLE p (a int)", "ALTER TABLE p ADD COLUMN b int", "CREATE TABLE c () INHERITS (p)")
    free("CREATE TABLE p (a int)", "CREATE TABLE c () INHERITS (p)", "CREATE TABLE d () INHERITS (p)")
  })
})

describe("rule 9: writing rows runs code", () => {
  const audit = "CREATE TABLE log (x int); CREATE TABLE t (a int, b int)"
  const fn =
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (1); RETURN NEW; END $$"

  it("triggers, which read and write what their functions do", () => {
    const trigger = `${audit}; ${fn}; CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()`
    behind(trigger, "DROP TABLE log", "INSERT INTO t VALUES (1)")
    behind(trigger, "ALTER TABLE log ADD COLUMN z int", "UPDATE t SET a = 1")
    free(`${audit}; ${fn}`, "ALTER TABLE log ADD COLUMN z int", "INSERT INTO t VALUES (1)")
  })

  it("an opaque trigger function makes the write opaque, and not the trigger", () => {
    const opaque =
      "CREATE FUNCTION o() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE NEW.a; RETURN NEW; END $$; CREATE TRIGGER tr BEFORE INSERT ON t EXECUTE FUNCTION o()"
    deepStrictEqual(barriers(audit, opaque), [])
    deepStrictEqual(barriers(audit, opaque, "INSERT INTO t VALUES (1)"), ["runs SQL that o computes"])
  })

  it("defaults, checks and expression indexes", () => {
    const calls = "CREATE FUNCTION g(int DEFAULT 1) RETURNS int LANGUAGE sql STABLE AS 'SELECT count(*)::int FROM log'"
    for (const use of [
      "ALTER TABLE t ALTER a SET DEFAULT g()",
      "ALTER TABLE t ADD CHECK (g(a) >= 0) NOT VALID",
      "CREATE INDEX ON t (g(a))"
    ]) {
      behind(`${audit}; ${calls}; ${use}`, "ALTER TABLE log ADD COLUMN z int", "INSERT INTO t VALUES (1)")
    }
    behind(
      `${audit}; CREATE SEQUENCE s; ALTER TABLE t ALTER a SET DEFAULT nextval('s')`,
      "SELECT setval('s', 5)",
      "INSERT INTO t VALUES (1)"
    )
  })

  it("sequences of serial columns, even without an owner", () =>
    behind(
      "CREATE TABLE t (id serial, x int); ALTER SEQUENCE t_id_seq OWNED BY NONE",
      "INSERT INTO t (x) VALUES (1)",
      "SELECT setval('t_id_seq', 50)"
    ))

  it("foreign keys, which are checked on both sides and whose actions write", () => {
    const keys = `${tables}; ALTER TABLE b ADD FOREIGN KEY (a_id) REFERENCES a ON DELETE CASCADE`
    behind(keys, "ALTER TABLE a ADD COLUMN z int", "INSERT INTO b (id) VALUES (1)")
    behind(keys, "INSERT INTO b (id) VALUES (1)", "DELETE FROM a")
    behind(keys, "CREATE VIEW v AS SELECT * FROM b", "DELETE FROM a")
  })

  it("calls, CALL, DO, CREATE TABLE AS and dynamic SQL in them", () => {
    const run = `${audit}; CREATE FUNCTION add(n int) RETURNS void LANGUAGE sql AS 'INSERT INTO log VALUES (n)'; CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'INSERT INTO ' || quote_ident('log') || ' VALUES (1)'; END $$`
    for (const text of [
      "SELECT add(1)",
      "CALL p()",
      "DO $$ BEGIN PERFORM add(1); END $$",
      "CREATE TABLE c AS SELECT add(1)"
    ]) {
      behind(run, "ALTER TABLE log ADD COLUMN z int", text)
      free(run, "ALTER TABLE t ADD COLUMN z int", text)
    }
  })

  it("rules, with the tables that they write", () => {
    const rule = `${audit}; CREATE RULE r AS ON INSERT TO t DO ALSO INSERT INTO log VALUES (1)`
    behind(rule, "ALTER TABLE log ADD COLUMN z int", "INSERT INTO t VALUES (1)")
  })

  it("a table that no known migration creates may have any trigger", () =>
    deepStrictEqual(barriers("INSERT INTO outside VALUES (1)"), [
      "writes rows of outside, whose triggers are not known"
    ]))

  it("a function that calls itself is run once", () => {
    const loop = "CREATE FUNCTION f(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN f(n - 1); END $$"
    deepStrictEqual(barriers(loop, "SELECT f(1)"), [])
  })
})

describe("rule 10: bodies in SQL are read when they are created, bodies in PL/pgSQL are not", () => {
  it("except for signatures and declared types", () => {
    behind(
      tables,
      "ALTER TABLE a ADD COLUMN z int",
      "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM a'"
    )
    const plpgsql = (declare: string) =>
      `CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ DECLARE ${declare}; BEGIN DELETE FROM a; END $$`
    free(tables, "ALTER TABLE a ADD COLUMN z int", plpgsql("n int"))
    behind(tables, "ALTER TABLE a ADD COLUMN z int", plpgsql("r a%ROWTYPE"))
    behind(tables, "ALTER TABLE a ADD COLUMN z int", plpgsql("n a.id%TYPE"))
    behind(
      "CREATE TYPE mood AS ENUM ('x')",
      "ALTER TYPE mood ADD VALUE 'y'",
      "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ DECLARE m mood; BEGIN END $$"
    )
    behind(
      tables,
      "ALTER TABLE a ADD COLUMN z int",
      "CREATE FUNCTION f(r a) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$"
    )
  })
})

describe("rule 11: names inside strings count", () => {
  it("in casts, in nextval and in SQL that functions compute from their arguments", () => {
    behind(tables, "ALTER TABLE a RENAME TO c", "SELECT 'a'::regclass")
    const fn =
      "CREATE FUNCTION add(t text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('ALTER TABLE %I ADD COLUMN z int', t); END $$"
    behind(`${tables}; ${fn}`, "UPDATE a SET x = 1", "SELECT add('a')")
    free(`${tables}; ${fn}`, "UPDATE a SET x = 1", "SELECT add(t => 'b')")
  })

  it("and a catalog query without a literal name is opaque", () => {
    deepStrictEqual(barriers("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), [
      "asks the catalog (pg_tables) about objects it does not name"
    ])
    deepStrictEqual(barriers("SELECT 1 FROM pg_tables WHERE tablename = 'a'"), [])
    deepStrictEqual(barriers("SELECT 1 FROM pg_namespace WHERE nspname = 'app'"), [])
    deepStrictEqual(barriers("SELECT setting FROM pg_settings"), [])
    behind(
      tables,
      "DO $$ BEGIN IF EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'a') THEN PERFORM 1; END IF; END $$",
      "ALTER TABLE a ADD COLUMN z int"
    )
  })

  it("a query for a constraint, trigger or policy finds it on any table", () => {
    const ask = "SELECT 1 FROM pg_constraint WHERE conname = 'c'"
    behind(tables, "ALTER TABLE a ADD CONSTRAINT c CHECK (x > 0)", ask)
    behind(tables, ask, "ALTER TABLE b ADD CONSTRAINT c CHECK (id > 0)")
    free(tables, "ALTER TABLE a ADD CONSTRAINT c CHECK (x > 0)", "ALTER TABLE b ADD CONSTRAINT c CHECK (id > 0)")
    behind(tables, "CREATE POLICY p ON a USING (true)", "SELECT 1 FROM pg_policies WHERE policyname = 'p'")
  })
})

describe("rule 12: extensions and barriers", () => {
  it("every later file waits for CREATE EXTENSION, and no earlier one", () => {
    behind("CREATE EXTENSION citext", "CREATE TABLE t (a int)")
    behind("CREATE EXTENSION citext", "CREATE TABLE t (a int)", "DROP EXTENSION citext")
    free("CREATE TABLE t (a int)", "CREATE EXTENSION citext")
  })

  it("statements with effects on unnamed objects are barriers", () => {
    for (const text of [
      "GRANT SELECT ON ALL TABLES IN SCHEMA public TO r",
      "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO r",
      "CREATE CAST (a AS b) WITHOUT FUNCTION",
      "CREATE OPERATOR CLASS o FOR TYPE int USING btree AS STORAGE int",
      "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f()",
      "CREATE FOREIGN TABLE t (a int) SERVER s",
      "DROP SCHEMA s",
      "DROP EXTENSION e",
      "ALTER SYSTEM SET work_mem = '1MB'",
      "ALTER DATABASE d SET work_mem = '1MB'",
      "ALTER ROLE r SET work_mem = '1MB'"
    ]) {
      assert.lengthOf(barriers(text), 1, text)
    }
  })
})

describe("rule 13: comments, grants and owners write their object; session state ends with the file", () => {
  it("of any kind", () => {
    for (const text of [
      "COMMENT ON TABLE a IS 'x'",
      "COMMENT ON COLUMN a.x IS 'x'",
      "GRANT SELECT ON a TO r",
      "ALTER TABLE a OWNER TO r"
    ]) {
      behind(tables, "ALTER TABLE a ADD COLUMN z int", text)
      free(tables, "ALTER TABLE b ADD COLUMN z int", text)
      free(tables, "CREATE TABLE t (x int)", text)
    }
    behind("CREATE ROLE r", "GRANT SELECT ON a TO r")
    behind(
      "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
      "COMMENT ON FUNCTION f() IS 'x'",
      "GRANT EXECUTE ON FUNCTION f() TO r"
    )
  })

  it("a search path and temporary tables do not reach the next file", () => {
    assert.include(
      told(lastFootprint("CREATE SCHEMA s; SET search_path = s", "CREATE TABLE t (x int)")).provides,
      "relation t"
    )
    assert.notInclude(
      [...lastFootprint("CREATE TEMP TABLE t (x int)", "CREATE TABLE u AS SELECT * FROM t").provides].map(
        ({ _tag }) => _tag
      ),
      "Column"
    )
  })
})

describe("two files that are free of each other", () => {
  it("reference or read the same table, or change different ones", () => {
    free(tables, "CREATE TABLE c (x int REFERENCES a)", "CREATE TABLE d (x int REFERENCES a)")
    free(tables, "CREATE VIEW v AS SELECT * FROM a", "CREATE VIEW w AS SELECT * FROM a")
    free(tables, "CREATE INDEX ON a (x)", "CREATE INDEX ON b (y)")
    free(tables, "INSERT INTO a (id) VALUES (1)", "INSERT INTO b (id) VALUES (1)")
  })

  it("use one name for a column and for a type", () =>
    free("CREATE TABLE t (mood int)", "CREATE TYPE mood AS ENUM ('x')"))
})
