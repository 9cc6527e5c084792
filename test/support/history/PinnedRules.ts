/**
 * The rules of docs/architecture.md, "From files to the graph", by their numbers: for each the smallest histories that break without
 * it. What is called `hidden` only SQL makes that is not understood.
 */
/** Two files whose order the rule keeps, and one that makes what they are about. */
export interface Pinned {
  readonly about: string
  readonly before: string
  readonly first: string
  readonly second: string
}

const pinned = (about: string, before: string, first: string, second: string): Pinned => ({
  about,
  before,
  first,
  second
})

const tables = "CREATE TABLE a (id int PRIMARY KEY, x int); CREATE TABLE log (x int)"

export const rules: ReadonlyArray<readonly [rule: string, histories: ReadonlyArray<Pinned>]> = [
  [
    "1: what is not understood is a barrier",
    [
      pinned(
        "dynamic SQL that does not fold to constants",
        "CREATE TABLE job (work text); INSERT INTO job VALUES ('DELETE FROM log'); CREATE TABLE log (x int)",
        "INSERT INTO log VALUES (1)",
        "DO $$ BEGIN EXECUTE (SELECT work FROM job); END $$"
      ),
      pinned(
        "what no migration is known to make, once something was not understood",
        `${tables}; DO $$ BEGIN EXECUTE (SELECT 'CREATE VIEW hidden AS SELECT * FROM log'); END $$`,
        "INSERT INTO log VALUES (1)",
        "INSERT INTO log SELECT x FROM hidden"
      )
    ]
  ],
  [
    "2: one name space, by bare names",
    [
      pinned(
        "whatever the search path is",
        "CREATE SCHEMA s1",
        "SELECT set_config('search_path', 's1', true); DROP TABLE IF EXISTS t",
        "CREATE TABLE s1.t (x int)"
      ),
      pinned("of tables and types", "CREATE TABLE t (x int)", "DROP TABLE t", "CREATE TYPE t AS ENUM ('x')"),
      pinned(
        "in which a write reads what it changes",
        tables,
        "ALTER TABLE a ADD COLUMN y int",
        "ALTER TABLE a ADD COLUMN z int"
      )
    ]
  ],
  [
    "3: an index, a sequence or statistics write their table",
    [
      pinned(
        "as an index that goes, where another can stand in for it",
        `${tables}; CREATE UNIQUE INDEX i ON log (x); CREATE UNIQUE INDEX j ON log (x)`,
        "DROP INDEX i",
        "CREATE TABLE b (x int REFERENCES log (x))"
      ),
      pinned(
        "and one that nobody is known to make may be of any table",
        `${tables}; DO $$ BEGIN EXECUTE (SELECT 'CREATE UNIQUE INDEX hidden ON log (x)'); END $$`,
        "DROP INDEX hidden",
        "INSERT INTO log VALUES (1), (1)"
      )
    ]
  ],
  [
    "4: names that the server makes up are writes",
    [
      pinned("of an index", tables, "CREATE TABLE a_x_idx (y int)", "CREATE INDEX ON a (x)"),
      pinned("of a sequence", tables, "CREATE TABLE t_x_seq (y int)", "CREATE TABLE t (x serial)"),
      pinned("of a key", tables, "CREATE TABLE a_x_key (y int)", "ALTER TABLE a ADD UNIQUE (x)"),
      pinned(
        "cut to 63 bytes",
        tables,
        `CREATE TABLE ${"t".repeat(29)}_${"x".repeat(29)}_key (y int)`,
        `CREATE TABLE ${"t".repeat(40)} (${"x".repeat(40)} int UNIQUE)`
      ),
      pinned(
        "of a check, which another constraint of the schema may have",
        "CREATE TABLE t (x int); CREATE DOMAIN d AS int",
        "ALTER TABLE t ADD CONSTRAINT t_x_check CHECK (x > 1)",
        "ALTER TABLE t ADD CHECK (x > 0)"
      )
    ]
  ],
  [
    "5: a table reads its columns' types, a call its signature's",
    [
      pinned(
        "as rows with a new label",
        "CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE t (m mood)",
        "ALTER TYPE mood ADD VALUE 'ok'",
        "INSERT INTO t VALUES ('ok')"
      ),
      pinned(
        "through a domain and a row type",
        "CREATE TYPE mood AS ENUM ('sad'); CREATE DOMAIN state AS mood; CREATE TYPE pair AS (m state); CREATE TABLE t (p pair[])",
        "ALTER TYPE mood ADD VALUE 'ok'",
        "INSERT INTO t VALUES (ARRAY[ROW('ok')::pair])"
      ),
      pinned(
        "through a function's arguments",
        "CREATE TYPE mood AS ENUM ('sad'); CREATE FUNCTION f(m mood) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN m; END $$",
        "ALTER TYPE mood ADD VALUE 'ok'",
        "SELECT f('ok')"
      )
    ]
  ],
  [
    "6: what can remove a dependency reads all that the object depended on",
    [
      pinned(
        "as a table that goes",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TABLE t (x int DEFAULT f())",
        "DROP TABLE t",
        "DROP FUNCTION f"
      ),
      pinned(
        "as a default that goes",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TABLE t (x int DEFAULT f())",
        "ALTER TABLE t ALTER x DROP DEFAULT",
        "DROP FUNCTION f"
      ),
      pinned(
        "as a view that is replaced",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE VIEW v AS SELECT f() AS x",
        "CREATE OR REPLACE VIEW v AS SELECT 1 AS x",
        "DROP FUNCTION f"
      )
    ]
  ],
  [
    "7: CASCADE writes what it takes, a drop the names it frees, a rename both names",
    [
      pinned(
        "CASCADE",
        `${tables}; CREATE VIEW v AS SELECT * FROM a`,
        "DROP TABLE a CASCADE",
        "CREATE VIEW v AS SELECT 1 AS x"
      ),
      pinned("DROP TABLE", "CREATE TABLE t (x int UNIQUE)", "DROP TABLE t", "CREATE TABLE t_x_key (y int)"),
      pinned(
        "DROP TABLE, for who has read the name",
        "CREATE TABLE t (x int UNIQUE)",
        "SELECT 't_x_key'::regclass",
        "DROP TABLE t"
      ),
      pinned("DROP COLUMN", "CREATE TABLE t (x serial)", "ALTER TABLE t DROP COLUMN x", "CREATE SEQUENCE t_x_seq"),
      pinned(
        "DROP IDENTITY",
        "CREATE TABLE t (x int GENERATED ALWAYS AS IDENTITY)",
        "ALTER TABLE t ALTER x DROP IDENTITY",
        "CREATE SEQUENCE t_x_seq"
      ),
      pinned("RENAME, the old name", tables, "ALTER TABLE a RENAME TO b", "CREATE TABLE a (y int)"),
      pinned("RENAME, the new name", tables, "DROP TABLE log", "ALTER TABLE a RENAME TO log"),
      pinned(
        "RENAME, with what depended on the old name",
        "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE k (p int CONSTRAINT fk REFERENCES p); INSERT INTO p VALUES (1); INSERT INTO k VALUES (1); ALTER TABLE p RENAME TO q",
        "ALTER TABLE k DROP CONSTRAINT fk",
        "TRUNCATE q CASCADE"
      )
    ]
  ],
  [
    "8: views stand for their tables, parents for their children",
    [
      pinned(
        "when a view is read",
        `${tables}; CREATE VIEW v AS SELECT * FROM log; CREATE VIEW w AS SELECT * FROM v`,
        "INSERT INTO log VALUES (1)",
        "CREATE TABLE copy AS SELECT * FROM w"
      ),
      pinned(
        "when a view is written",
        `${tables}; CREATE VIEW v AS SELECT * FROM log`,
        "INSERT INTO v VALUES (1)",
        "CREATE TABLE copy AS SELECT * FROM log"
      ),
      pinned(
        "when a parent changes",
        "CREATE TABLE p (x int); CREATE TABLE c () INHERITS (p)",
        "ALTER TABLE p ADD COLUMN y int",
        "CREATE TABLE copy AS SELECT * FROM c"
      ),
      pinned(
        "when a parent's rows change",
        "CREATE TABLE p (x int); CREATE TABLE c () INHERITS (p); INSERT INTO c VALUES (1)",
        "UPDATE p SET x = 2",
        "CREATE TABLE copy AS SELECT * FROM c"
      ),
      pinned(
        "when a child is new",
        "CREATE TABLE p (x int)",
        "ALTER TABLE p ADD COLUMN y int",
        "CREATE TABLE c (z int) INHERITS (p)"
      )
    ]
  ],
  [
    "9: writing rows runs code, with what it reads and writes",
    [
      pinned(
        "of operators",
        `${tables}; CREATE FUNCTION same(int, int) RETURNS boolean LANGUAGE sql AS 'SELECT true';
         CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = same)`,
        "INSERT INTO log SELECT 1 WHERE 1 === 2",
        "CREATE OR REPLACE FUNCTION same(int, int) RETURNS boolean LANGUAGE sql AS 'SELECT false'"
      ),
      pinned(
        "of casts",
        `${tables}; CREATE TYPE mood AS ENUM ('sad'); CREATE FUNCTION depth(mood) RETURNS int LANGUAGE sql AS 'SELECT 1';
         CREATE CAST (mood AS int) WITH FUNCTION depth(mood)`,
        "INSERT INTO log SELECT ('sad'::mood)::int",
        "CREATE OR REPLACE FUNCTION depth(mood) RETURNS int LANGUAGE sql AS 'SELECT 2'"
      ),
      pinned(
        "of triggers",
        `${tables}; CREATE FUNCTION tg() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (1); RETURN NEW; END $$;
         CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW EXECUTE FUNCTION tg()`,
        "INSERT INTO a VALUES (1)",
        "UPDATE log SET x = 2"
      ),
      pinned(
        "of rules",
        `${tables}; CREATE RULE r AS ON INSERT TO a DO ALSO INSERT INTO log VALUES (1)`,
        "INSERT INTO a VALUES (1)",
        "UPDATE log SET x = 2"
      ),
      pinned(
        "of defaults",
        `${tables}; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT count(*)::int FROM log'; ALTER TABLE a ALTER x SET DEFAULT f()`,
        "INSERT INTO log VALUES (1)",
        "INSERT INTO a (id) VALUES (1)"
      ),
      pinned(
        "of checks",
        `${tables}; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT count(*)::int FROM log'; ALTER TABLE a ADD CHECK (f() > 0)`,
        "INSERT INTO log VALUES (1)",
        "INSERT INTO a (id) VALUES (1)"
      ),
      pinned(
        "of foreign keys",
        `${tables}; CREATE TABLE b (a_id int REFERENCES a ON DELETE CASCADE); INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)`,
        "CREATE TABLE copy AS SELECT * FROM b",
        "DELETE FROM a"
      ),
      pinned(
        "of functions that are called",
        `${tables}; CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (1); END $$`,
        "SELECT f()",
        "UPDATE log SET x = 2"
      ),
      pinned(
        "of procedures and DO",
        `${tables}; CREATE PROCEDURE f() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (1); END $$`,
        "DO $$ BEGIN CALL f(); END $$",
        "UPDATE log SET x = 2"
      ),
      pinned(
        "of index expressions",
        `${tables}; INSERT INTO a VALUES (1, 1); CREATE FUNCTION f(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN n / (SELECT count(*) FROM public.log); END $$`,
        "INSERT INTO log VALUES (1)",
        "CREATE INDEX ON a (f(x))"
      ),
      pinned(
        "which is not understood before it runs",
        `${tables}; CREATE FUNCTION tg() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE (SELECT 'DELETE FROM ' || max('log')); RETURN NEW; END $$;
         CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW EXECUTE FUNCTION tg()`,
        "INSERT INTO log VALUES (1)",
        "INSERT INTO a VALUES (1)"
      )
    ]
  ],
  [
    "10: bodies in SQL are read when they are made, bodies in PL/pgSQL their signature and declared types",
    [
      pinned(
        "a body in SQL",
        tables,
        "ALTER TABLE a ADD COLUMN y int",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT y FROM a'"
      ),
      pinned(
        "%TYPE",
        tables,
        "ALTER TABLE a ADD COLUMN y int",
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ DECLARE n a.y%TYPE; BEGIN END $$"
      ),
      pinned(
        "%ROWTYPE",
        "SELECT 1",
        "CREATE TABLE t (x int)",
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ DECLARE n t%ROWTYPE; BEGIN END $$"
      ),
      pinned(
        "a signature",
        "SELECT 1",
        "CREATE TABLE t (x int)",
        "CREATE FUNCTION f(n t) RETURNS void LANGUAGE plpgsql AS $$ BEGIN END $$"
      )
    ]
  ],
  [
    "11: names inside strings count",
    [
      pinned("in nextval", tables, "CREATE SEQUENCE s", "SELECT nextval('s')"),
      pinned("in COLLATE", tables, "CREATE COLLATION ours (LOCALE = 'C')", "CREATE TABLE words (w text COLLATE ours)"),
      pinned(
        "of a text search configuration",
        "CREATE TABLE texts (t text)",
        "CREATE TEXT SEARCH CONFIGURATION ours (COPY = simple)",
        "CREATE INDEX ON texts USING gin (to_tsvector('ours', t))"
      ),
      pinned("in a cast to regclass", tables, "ALTER TABLE a RENAME TO b", "SELECT 'b'::regclass"),
      pinned(
        "in the arguments of a function that computes SQL",
        `${tables}; CREATE FUNCTION f(name text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('DELETE FROM %I', name); END $$`,
        "INSERT INTO log VALUES (1)",
        "SELECT f('log')"
      ),
      pinned(
        "and a catalog query that names nothing reads everything",
        tables,
        "CREATE TABLE t (x int)",
        "INSERT INTO log SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
      )
    ]
  ],
  [
    "12: extensions, and what touches what it does not name",
    [
      pinned("CREATE EXTENSION", tables, "CREATE EXTENSION btree_gist", "CREATE INDEX ON log USING gist (x)"),
      pinned("GRANT ON ALL", tables, "CREATE TABLE t (x int)", "GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC"),
      pinned(
        "default privileges",
        tables,
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO PUBLIC",
        "CREATE TABLE t (x int)"
      ),
      pinned(
        "casts",
        `CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE log (x int); CREATE FUNCTION as_int(mood) RETURNS int LANGUAGE sql AS 'SELECT 1'`,
        "CREATE CAST (mood AS int) WITH FUNCTION as_int(mood) AS ASSIGNMENT",
        "INSERT INTO log VALUES ('sad'::mood)"
      ),
      pinned(
        "operator classes",
        "CREATE TABLE t (x int)",
        "CREATE OPERATOR CLASS ops FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int, int)",
        "CREATE INDEX ON t (x ops)"
      ),
      pinned(
        "event triggers",
        `CREATE TABLE log (x int); CREATE FUNCTION et() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (1); END $$`,
        "CREATE EVENT TRIGGER et ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION et()",
        "CREATE TABLE t (x int)"
      ),
      pinned(
        "DROP SCHEMA",
        "CREATE SCHEMA s1; CREATE TABLE s1.t (x int)",
        "DROP SCHEMA s1 CASCADE",
        "DROP TABLE IF EXISTS s1.t; CREATE SCHEMA s1"
      ),
      pinned(
        "DROP EXTENSION",
        "CREATE EXTENSION btree_gist; CREATE TABLE log (x int)",
        "CREATE INDEX ON log USING gist (x)",
        "DROP EXTENSION btree_gist CASCADE"
      )
    ]
  ],
  [
    "13: COMMENT, GRANT and OWNER TO are writes of their object, and nothing is left of a session",
    [
      pinned("COMMENT", tables, "COMMENT ON TABLE a IS 'x'", "COMMENT ON TABLE a IS 'y'"),
      pinned("GRANT", tables, "GRANT SELECT ON a TO PUBLIC", "REVOKE ALL ON a FROM PUBLIC"),
      pinned(
        "OWNER TO",
        tables,
        "ALTER TABLE a OWNER TO pg_monitor",
        "DO $$ BEGIN ALTER TABLE a OWNER TO CURRENT_USER; END $$"
      ),
      pinned(
        "a search path that another file has set",
        "CREATE SCHEMA s1; SET search_path = s1",
        "CREATE TABLE t (x int)",
        "INSERT INTO public.t VALUES (1)"
      )
    ]
  ],
  [
    "14: `-- requires:` adds an edge",
    [
      pinned(
        "to what no name in the SQL tells",
        "SELECT 1",
        "SELECT lo_create(4711)",
        "-- after: lo_create\nSELECT lo_unlink(4711)"
      )
    ]
  ]
]
