/**
 * Files that would take away what was there before without a word of it in plain sight, one row for each way to look harmless;
 * and files that only add.
 */
import type * as ThereBefore from "./ThereBefore.js"

/** A kind, what was there, and the files of one history; a file that stands alone is followed by one that makes `other`. */
export type Case = readonly [kind: string, before: ReadonlyArray<ThereBefore.Name>, ...files: ReadonlyArray<string>]

/** What queries ask for. */
export const other = "CREATE TABLE other (id integer);"

const users = "CREATE TABLE IF NOT EXISTS users (id integer PRIMARY KEY, name text);"

const guarded = (statement: string): Case => [
  `CREATE TABLE IF NOT EXISTS, then ${statement}`,
  ["users"],
  `${users}\n${statement};`
]

/** Makes `users` in a way that leaves it alone where it is there already, and then empties it. */
const looksNew = (kind: string, statement: string): Case => [kind, ["users"], `${statement};\nTRUNCATE users;`]

/** Calls `wipe()`, which the file makes itself. */
const runs = (kind: string, statement: string): Case => [
  kind,
  ["users"],
  `CREATE FUNCTION wipe() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN DELETE FROM public.users; RETURN 1; END $$;\n${statement};`
]

/** Runs a statement on the table as a whole, by code that the file makes, beside a change that is allowed. */
const hides = (kind: string, harm: string, statement: string): Case => [
  kind,
  ["users"],
  `CREATE FUNCTION wipe(n integer DEFAULT 1) RETURNS integer LANGUAGE plpgsql AS $$ BEGIN ${harm}; RETURN n; END $$;
   ALTER TABLE users ADD COLUMN email text;\n${statement};`
]

const domain = "CREATE DOMAIN checked AS integer CHECK (wipe(VALUE) > 0)"

/** Calls what no file tells of. */
const runsOld = (kind: string, before: ReadonlyArray<ThereBefore.Name>, statement: string): Case => [
  kind,
  before,
  `${statement};`
]

/** What a function does that was replaced by hand, and no look afterwards shows. */
export const replaced: ReadonlyArray<Case> = [
  runsOld("RENAME VALUE in a function", ["relabelling"], "SELECT relabelling()"),
  runsOld(
    "a function that empties a table beside a new column of it",
    ["truncating"],
    "ALTER TABLE users ADD COLUMN email text;\nSELECT truncating()"
  ),
  runsOld(
    "a function that narrows a table beside a new column of it",
    ["narrowing"],
    "ALTER TABLE users ADD COLUMN email text;\nSELECT narrowing()"
  ),
  runsOld(
    "a function that empties a table beside a new namesake",
    ["truncating"],
    "CREATE SCHEMA attic;\nCREATE TABLE attic.users (id integer);\nSELECT truncating()"
  )
]

/** Waits for all rows and changes none. */
export const blocks: ReadonlyArray<Case> = [
  "CREATE INDEX ON users (name)",
  "ALTER TABLE users ADD COLUMN at timestamptz DEFAULT clock_timestamp()",
  "ALTER TABLE users ADD UNIQUE (name)",
  "ALTER TABLE users ALTER COLUMN name SET NOT NULL"
].map(guarded)

/** Takes away views and functions that were there and are made to depend on what is new. */
export const cascades: ReadonlyArray<Case> = [
  ...[
    "DROP TABLE made CASCADE",
    "ALTER TABLE made DROP COLUMN id CASCADE",
    "CREATE VIEW between AS SELECT id, name FROM made; CREATE OR REPLACE VIEW people AS SELECT id, name FROM between; DROP VIEW between CASCADE",
    "CREATE VIEW between AS SELECT id, name FROM made; CREATE OR REPLACE VIEW people AS SELECT id, name FROM between; DROP TABLE made CASCADE",
    "DO $$ BEGIN DROP TABLE made CASCADE; END $$"
  ].map(
    (statement): Case => [
      `a view that is made again, then ${statement}`,
      ["view"],
      `CREATE TABLE made (id integer, name text);\nCREATE OR REPLACE VIEW people AS SELECT id, name FROM made;\n${statement};`
    ]
  ),
  [
    "a view that is made again, DROP FUNCTION … CASCADE",
    ["view"],
    "CREATE FUNCTION made() RETURNS text LANGUAGE sql AS $$ SELECT 'x'::text $$;\nCREATE OR REPLACE VIEW people AS SELECT id, made() AS name FROM users;\nDROP FUNCTION made CASCADE;"
  ],
  [
    "a default of a table, DROP FUNCTION … CASCADE",
    ["users"],
    "CREATE FUNCTION made() RETURNS text LANGUAGE sql AS $$ SELECT 'x'::text $$;\nALTER TABLE users ALTER COLUMN name SET DEFAULT made();\nDROP FUNCTION made CASCADE;"
  ],
  [
    "a trigger that is made again, DROP FUNCTION … CASCADE",
    ["log"],
    "CREATE FUNCTION made() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;\nCREATE OR REPLACE TRIGGER after_log AFTER INSERT ON log FOR EACH ROW EXECUTE FUNCTION made();\nDROP FUNCTION made CASCADE;"
  ],
  [
    "a function that is made again, DROP TABLE … CASCADE",
    ["twice"],
    "CREATE TABLE made (id integer);\nCREATE OR REPLACE FUNCTION twice(n integer) RETURNS integer LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT id FROM made; END;\nDROP TABLE made CASCADE;"
  ]
]

export const groups: Readonly<Record<string, ReadonlyArray<Case>>> = {
  "code that reading does not follow": [
    ...[
      "SELECT '{1}'::checked[]",
      "DO $$ DECLARE n checked := 1; BEGIN END $$",
      "SELECT * FROM json_to_record('{\"n\": 1}') AS t (n checked)"
    ].map((use) => hides(use, "DROP TABLE public.users", `${domain};\n${use}`)),
    hides(
      "a domain's check empties",
      "TRUNCATE public.users",
      `${domain};\nDO $$ DECLARE n checked := 1; BEGIN END $$`
    ),
    hides(
      "a domain's check narrows",
      "ALTER TABLE public.users DROP COLUMN name",
      `${domain};\nDO $$ DECLARE n checked := 1; BEGIN END $$`
    ),
    ...["DROP TABLE public.users", "TRUNCATE public.users"].map((harm) =>
      hides(
        `the bound of a partition: ${harm}`,
        harm,
        "CREATE TABLE made (id integer) PARTITION BY LIST (id);\nCREATE TABLE part PARTITION OF made FOR VALUES IN (wipe())"
      )
    ),
    hides(
      "functional notation",
      "DROP TABLE public.users",
      "CREATE TABLE made (id integer);\nINSERT INTO made VALUES (1);\nCREATE FUNCTION zap(m made) RETURNS integer LANGUAGE sql AS 'SELECT wipe(m.id)';\nSELECT m.zap FROM made m"
    ),
    hides(
      "an operator that drops",
      "DROP TABLE public.users",
      "CREATE FUNCTION eat(n integer) RETURNS integer LANGUAGE sql AS 'SELECT wipe(n)';\nCREATE OPERATOR ### (RIGHTARG = integer, FUNCTION = eat);\nSELECT ### 1"
    )
  ],
  "a table that is new only where it is not there": [
    ...[
      "TRUNCATE users",
      "DELETE FROM users",
      "DELETE FROM ONLY users WHERE id = 1",
      "UPDATE users SET name = 'x'",
      "UPDATE users SET name = 'x' WHERE id = 1",
      "DROP TABLE users",
      "DROP TABLE IF EXISTS users CASCADE",
      "ALTER TABLE users DROP COLUMN name",
      "ALTER TABLE users ALTER COLUMN name TYPE integer USING 0",
      "ALTER TABLE users RENAME TO people",
      "ALTER TABLE users RENAME COLUMN name TO label",
      "CREATE SCHEMA attic; ALTER TABLE users SET SCHEMA attic",
      "INSERT INTO users VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = excluded.name",
      "MERGE INTO users USING (SELECT 1 AS id) s ON users.id = s.id WHEN MATCHED THEN DELETE",
      "MERGE INTO users USING (SELECT 1 AS id) s ON users.id = s.id WHEN MATCHED THEN UPDATE SET name = 'x'",
      "WITH gone AS (DELETE FROM users RETURNING id) SELECT count(*) FROM gone",
      "EXPLAIN ANALYZE DELETE FROM users",
      "PREPARE emptying AS DELETE FROM users; EXECUTE emptying",
      "DO $$ BEGIN DELETE FROM users; END $$",
      "DO $$ BEGIN EXECUTE format('DELETE FROM %I', 'users'); END $$"
    ].map(guarded),
    looksNew("CREATE TABLE IF NOT EXISTS … AS", "CREATE TABLE IF NOT EXISTS users AS SELECT 1 AS id, 'x' AS name"),
    looksNew(
      "a DO block that swallows duplicate_table",
      "DO $$ BEGIN CREATE TABLE users (id integer); EXCEPTION WHEN duplicate_table THEN NULL; END $$"
    ),
    looksNew(
      "a DO block that swallows all errors",
      "DO $$ BEGIN CREATE TABLE users (id integer); EXCEPTION WHEN OTHERS THEN NULL; END $$"
    ),
    looksNew(
      "a guard that asks pg_tables",
      "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_tables WHERE tablename = 'users') THEN CREATE TABLE users (id integer); END IF; END $$"
    ),
    looksNew(
      "a guard that asks to_regclass",
      "DO $$ BEGIN IF to_regclass('users') IS NULL THEN CREATE TABLE users (id integer); END IF; END $$"
    ),
    looksNew(
      "a guard that asks for a setting of the server",
      "DO $$ BEGIN IF current_setting('server_version_num')::int < 90000 THEN CREATE TABLE users (id integer); END IF; END $$"
    ),
    looksNew(
      "a loop that runs no time",
      "DO $$ BEGIN FOR i IN 1 .. 0 LOOP CREATE TABLE users (id integer); END LOOP; END $$"
    ),
    looksNew(
      "a function that makes it under a condition",
      "CREATE FUNCTION make() RETURNS void LANGUAGE plpgsql AS $$ BEGIN IF to_regclass('users') IS NULL THEN CREATE TABLE users (id integer); END IF; END $$;\nSELECT make()"
    ),
    looksNew(
      "a block that returns before it makes it",
      "DO $$ BEGIN IF to_regclass('users') IS NOT NULL THEN RETURN; END IF; CREATE TABLE users (id integer); END $$"
    ),
    looksNew(
      "a table that a rolled back part made",
      `BEGIN;\nSAVEPOINT one;\nCREATE TABLE app_users (id integer);\nROLLBACK TO one;\nCOMMIT;\n${users}`
    ),
    ["the guard in one file and the harm in the next", ["users"], users, `TRUNCATE users;\n${other}`],
    [
      "the guard two files before",
      ["users"],
      users,
      "ALTER TABLE users ADD COLUMN at date;",
      `DELETE FROM users;\n${other}`
    ],
    [
      "an empty table that others point at, TRUNCATE … CASCADE",
      ["coupons"],
      "CREATE TABLE IF NOT EXISTS coupons (id integer PRIMARY KEY);\nTRUNCATE coupons CASCADE;"
    ],
    ["an empty table, DROP TABLE", ["drafts"], "CREATE TABLE IF NOT EXISTS drafts (id integer);\nDROP TABLE drafts;"],
    [
      "a partition that is there already",
      ["events"],
      "CREATE TABLE IF NOT EXISTS events_low PARTITION OF events FOR VALUES FROM (0) TO (100);\nTRUNCATE events_low;"
    ],
    [
      "a type that is there already, DROP TYPE … CASCADE",
      ["mood"],
      "DO $$ BEGIN CREATE TYPE mood AS ENUM ('sad'); EXCEPTION WHEN duplicate_object THEN NULL; END $$;\nDROP TYPE mood CASCADE;"
    ],
    [
      "a type that is there already, RENAME VALUE",
      ["mood"],
      "DO $$ BEGIN CREATE TYPE mood AS ENUM ('sad'); EXCEPTION WHEN duplicate_object THEN NULL; END $$;\nALTER TYPE mood RENAME VALUE 'sad' TO 'blue';"
    ],
    [
      "a domain that is there already, DROP DOMAIN … CASCADE",
      ["posint"],
      "DO $$ BEGIN CREATE DOMAIN posint AS integer; EXCEPTION WHEN duplicate_object THEN NULL; END $$;\nDROP DOMAIN posint CASCADE;"
    ],
    [
      "a composite type that is there already, DROP ATTRIBUTE … CASCADE",
      ["pair"],
      "DO $$ BEGIN CREATE TYPE pair AS (one integer, two integer); EXCEPTION WHEN duplicate_object THEN NULL; END $$;\nALTER TYPE pair DROP ATTRIBUTE two CASCADE;"
    ],
    [
      "a schema that is there already, DROP SCHEMA … CASCADE",
      ["app"],
      "CREATE SCHEMA IF NOT EXISTS app;\nDROP SCHEMA app CASCADE;"
    ],
    [
      "an extension that is there already, DROP EXTENSION … CASCADE",
      ["citext"],
      "CREATE EXTENSION IF NOT EXISTS citext;\nDROP EXTENSION citext CASCADE;"
    ],
    [
      "a function that is there already, DROP FUNCTION … CASCADE",
      ["twice"],
      "CREATE OR REPLACE FUNCTION twice(n integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT n * 2';\nDROP FUNCTION twice(integer) CASCADE;"
    ]
  ],

  "a table under another name": [
    [
      "a namesake in another schema",
      ["users"],
      "CREATE SCHEMA app;\nCREATE TABLE app.users (id integer);\nTRUNCATE users;"
    ],
    [
      "a namesake under SET search_path",
      ["users"],
      "CREATE SCHEMA app;\nSET search_path = app;\nCREATE TABLE users (id integer);\nSET search_path = public;\nTRUNCATE users;\nRESET search_path;"
    ],
    [
      "a namesake under set_config",
      ["users"],
      "CREATE SCHEMA app;\nCREATE TABLE app.users (id integer);\nSELECT set_config('search_path', 'app', true);\nSELECT set_config('search_path', 'public', true);\nTRUNCATE users;"
    ],
    [
      "a namesake under SET LOCAL of a computed path",
      ["app"],
      "CREATE TABLE notes (id integer);\nSELECT set_config('search_path', 'a' || 'pp', true);\nTRUNCATE notes;\nRESET search_path;"
    ],
    [
      "a namesake that the database's own search_path prefers",
      ["path"],
      "CREATE TABLE public.notes (id integer);\nTRUNCATE notes;"
    ],
    [
      "a namesake within a function's own search_path",
      ["app"],
      "CREATE TABLE notes (id integer);\nCREATE FUNCTION f() RETURNS void LANGUAGE plpgsql SET search_path = app AS $$ BEGIN DELETE FROM notes; END $$;\nSELECT f();"
    ],
    [
      "a temporary namesake that is dropped",
      ["users"],
      "CREATE TEMPORARY TABLE users (id integer);\nDROP TABLE users;\nTRUNCATE users;"
    ],
    [
      "a temporary namesake beside a schema",
      ["users"],
      "CREATE TEMPORARY TABLE users (id integer);\nTRUNCATE public.users;\nDROP TABLE pg_temp.users;"
    ],
    [
      "a temporary namesake of the file before",
      ["users"],
      "CREATE TEMPORARY TABLE users (id integer);",
      `TRUNCATE users;\n${other}`
    ],
    [
      "a temporary table ON COMMIT DROP",
      ["users"],
      "BEGIN;\nCREATE TEMPORARY TABLE users (id integer) ON COMMIT DROP;\nDROP TABLE users;\nDELETE FROM users;\nCOMMIT;"
    ],
    [
      "a new name that is moved on",
      ["users"],
      "CREATE SCHEMA IF NOT EXISTS app;\nCREATE TABLE app.users (id integer);\nALTER TABLE app.users RENAME TO users_2;\nTRUNCATE users;"
    ],
    [
      "a table that takes another's place",
      ["users"],
      "CREATE TABLE users_new (LIKE users);\nALTER TABLE users RENAME TO users_old;\nALTER TABLE users_new RENAME TO users;\nDROP TABLE users_old;"
    ],
    [
      "a new table of a name that is free later",
      ["users"],
      `${users}\nALTER TABLE users RENAME TO gone;\nCREATE TABLE users (id integer);\nDROP TABLE gone;`
    ],
    ["a new view over it, DELETE", ["users"], "CREATE VIEW seen AS SELECT id, name FROM users;\nDELETE FROM seen;"],
    [
      "a new view over it, UPDATE",
      ["users"],
      "CREATE VIEW seen AS SELECT id, name FROM users;\nUPDATE seen SET name = 'x';"
    ],
    [
      "a new view over it, MERGE",
      ["users"],
      "CREATE VIEW seen AS SELECT id, name FROM users;\nMERGE INTO seen USING (SELECT 1 AS id) s ON seen.id = s.id WHEN MATCHED THEN UPDATE SET name = 'x';"
    ],
    [
      "a new view over it, ON CONFLICT DO UPDATE",
      ["users"],
      "CREATE VIEW seen AS SELECT id, name FROM users;\nINSERT INTO seen VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = 'x';"
    ],
    [
      "a temporary view over it, DELETE",
      ["users"],
      "CREATE TEMPORARY VIEW seen AS SELECT id, name FROM users;\nDELETE FROM seen;\nDROP VIEW seen;"
    ],
    ["a new view over a view, DELETE", ["view"], "CREATE VIEW seen AS SELECT * FROM people;\nDELETE FROM seen;"],
    [
      "a view that is made again, DELETE",
      ["view"],
      "CREATE OR REPLACE VIEW people AS SELECT id, name FROM users;\nDELETE FROM people;"
    ],
    [
      "a new view with an INSTEAD OF trigger, DELETE",
      ["users"],
      "CREATE VIEW seen AS SELECT 1 AS id;\nCREATE FUNCTION tg() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM users; RETURN OLD; END $$;\nCREATE TRIGGER t INSTEAD OF DELETE ON seen FOR EACH ROW EXECUTE FUNCTION tg();\nDELETE FROM seen;"
    ],
    [
      "a new parent of it, DELETE",
      ["users"],
      "CREATE TABLE parent (id integer, name text);\nALTER TABLE users INHERIT parent;\nDELETE FROM parent;"
    ],
    [
      "a new parent of it, TRUNCATE",
      ["users"],
      "CREATE TABLE parent (id integer, name text);\nALTER TABLE users INHERIT parent;\nTRUNCATE parent;"
    ],
    [
      "a new parent of it, DROP COLUMN",
      ["users"],
      "CREATE TABLE parent (name text);\nALTER TABLE users INHERIT parent;\nALTER TABLE parent ALTER COLUMN name TYPE integer USING 0;"
    ],
    [
      "a new partitioned table of it, DELETE",
      ["app"],
      "CREATE TABLE parent (id integer, name text) PARTITION BY RANGE (id);\nALTER TABLE parent ATTACH PARTITION app.notes FOR VALUES FROM (0) TO (100);\nDELETE FROM parent;"
    ],
    [
      "a new partitioned table of it, DROP TABLE",
      ["app"],
      "CREATE TABLE parent (id integer, name text) PARTITION BY RANGE (id);\nALTER TABLE parent ATTACH PARTITION app.notes DEFAULT;\nDROP TABLE parent;"
    ]
  ],

  "rows elsewhere than in the table itself": [
    ["a parent whose child has rows, UPDATE", ["animals"], "UPDATE animals SET name = 'x';"],
    [
      "a parent whose child has rows, type of a column",
      ["animals"],
      "ALTER TABLE animals ALTER COLUMN name TYPE integer USING 0;"
    ],
    ["a partitioned table with rows at depth two, UPDATE", ["events"], "UPDATE events SET name = 'x';"],
    [
      "a partitioned table with rows at depth two, type of a column",
      ["events"],
      "ALTER TABLE events ALTER COLUMN name TYPE integer USING 0;"
    ],
    ["a partition that leaves", ["events"], "ALTER TABLE events DETACH PARTITION events_low;"],
    ["a child that leaves", ["animals"], "ALTER TABLE cats NO INHERIT animals;"],
    [
      "a guarded parent whose child has rows, DELETE",
      ["animals"],
      "CREATE TABLE IF NOT EXISTS animals (id integer, name text);\nDELETE FROM animals;"
    ],
    [
      "a foreign key from rows to a new table, ON DELETE CASCADE",
      ["users"],
      "CREATE TABLE keys (id integer PRIMARY KEY);\nINSERT INTO keys SELECT id FROM users;\nALTER TABLE users ADD FOREIGN KEY (id) REFERENCES keys ON DELETE CASCADE NOT VALID;\nDELETE FROM keys;"
    ],
    [
      "a foreign key from rows to a new table, ON UPDATE CASCADE",
      ["users"],
      "CREATE TABLE keys (id integer PRIMARY KEY);\nINSERT INTO keys SELECT id FROM users;\nALTER TABLE users ADD FOREIGN KEY (id) REFERENCES keys ON UPDATE CASCADE NOT VALID;\nUPDATE keys SET id = id + 10;"
    ],
    [
      "a foreign key from rows to a new table, TRUNCATE … CASCADE",
      ["users"],
      "CREATE TABLE keys (id integer PRIMARY KEY);\nALTER TABLE users ADD FOREIGN KEY (id) REFERENCES keys NOT VALID;\nTRUNCATE keys CASCADE;"
    ],
    ["an upsert", ["users"], "INSERT INTO users VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = excluded.name;"],
    [
      "a writable CTE below INSERT",
      ["users"],
      "CREATE TABLE moved (id integer, name text);\nWITH gone AS (DELETE FROM users RETURNING *) INSERT INTO moved SELECT * FROM gone;"
    ]
  ],

  "what tables stand on": [
    ["a label in the server's own catalog", ["mood"], "UPDATE pg_enum SET enumlabel = 'blue' WHERE enumlabel = 'sad';"],
    [
      "a column in the server's own catalog",
      ["users"],
      "UPDATE pg_catalog.pg_attribute SET attname = 'label' WHERE attname = 'name' AND attrelid = 'users'::regclass;"
    ],
    [
      "a column of a temporary type",
      ["drafts"],
      "CREATE TEMPORARY TABLE session_row (n integer);\nALTER TABLE drafts ALTER COLUMN name TYPE session_row USING NULL;"
    ],
    ["a table under ALTER INDEX … RENAME", ["users"], "ALTER INDEX users RENAME TO people;"],
    ["a schema that is renamed", ["app"], "CREATE SCHEMA IF NOT EXISTS app;\nALTER SCHEMA app RENAME TO attic;"],
    ["an attribute that is renamed", ["pair"], "ALTER TYPE pair RENAME ATTRIBUTE two TO second CASCADE;"],
    ["an attribute of another type", ["pair"], "ALTER TYPE pair ALTER ATTRIBUTE two TYPE numeric(3, 1) CASCADE;"],
    [
      "a collation that is there already",
      ["collation"],
      'CREATE COLLATION IF NOT EXISTS plain FROM "C";\nDROP COLLATION plain CASCADE;'
    ],
    ["an operator, DROP … CASCADE", ["operator"], "DROP OPERATOR ### (integer, integer) CASCADE;"],
    ["a function of an operator, DROP … CASCADE", ["operator"], "DROP FUNCTION join_two CASCADE;"],
    ["a routine of a generated column, DROP … CASCADE", ["twice"], "DROP ROUTINE twice CASCADE;"],
    ["an access method of a table, DROP … CASCADE", ["method"], "DROP ACCESS METHOD stack CASCADE;"],
    ["a table that is renamed as an index, DROP", ["users"], "ALTER INDEX users RENAME TO people;\nDROP TABLE people;"],
    [
      "rows that an extension's function removes",
      ["users"],
      "CREATE EXTENSION pg_surgery;\nSELECT heap_force_kill('users'::regclass, ARRAY['(0,1)']::tid[]);"
    ],
    ["a text search configuration, DROP … CASCADE", ["search"], "DROP TEXT SEARCH CONFIGURATION plain_words CASCADE;"]
  ],

  "code that a file makes": [
    runs("SELECT", "SELECT wipe()"),
    runs("FROM", "SELECT * FROM wipe()"),
    runs("VALUES", "VALUES (wipe())"),
    runs("WHERE", "SELECT 1 WHERE wipe() = 1"),
    runs("EXPLAIN ANALYZE", "EXPLAIN ANALYZE SELECT wipe()"),
    runs("EXECUTE of a prepared statement", "PREPARE p AS SELECT wipe();\nEXECUTE p"),
    runs("FETCH", "DECLARE c CURSOR FOR SELECT wipe();\nFETCH c"),
    runs("COPY TO", "COPY (SELECT wipe()) TO '/dev/null'"),
    runs("SELECT … INTO", "SELECT wipe() AS n INTO made"),
    runs("CREATE TABLE … AS", "CREATE TABLE made AS SELECT wipe() AS n"),
    runs("CREATE TABLE … AS EXECUTE", "PREPARE p AS SELECT wipe() AS n;\nCREATE TABLE made AS EXECUTE p"),
    runs("a materialized view", "CREATE MATERIALIZED VIEW made AS SELECT public.wipe() AS n"),
    runs("a default", "CREATE TABLE made (id integer DEFAULT wipe());\nINSERT INTO made DEFAULT VALUES"),
    runs(
      "a default of a new column",
      "CREATE TABLE made (id integer);\nINSERT INTO made VALUES (1);\nALTER TABLE made ADD COLUMN n integer DEFAULT wipe()"
    ),
    runs("a check", "CREATE TABLE made (id integer CHECK (wipe() = 1));\nINSERT INTO made VALUES (1)"),
    runs(
      "a check that is added",
      "CREATE TABLE made (id integer);\nINSERT INTO made VALUES (1);\nALTER TABLE made ADD CHECK (wipe() = 1)"
    ),
    runs(
      "a new type USING",
      "CREATE TABLE made (id integer);\nINSERT INTO made VALUES (1);\nALTER TABLE made ALTER COLUMN id TYPE integer USING wipe()"
    ),
    runs("the check of a domain", "CREATE DOMAIN checked AS integer CHECK (VALUE = wipe());\nSELECT 1::checked"),
    runs("a view that is read", "CREATE VIEW made AS SELECT wipe() AS n;\nSELECT * FROM made"),
    runs(
      "another function",
      "CREATE FUNCTION outer_one() RETURNS integer LANGUAGE sql AS 'SELECT wipe()';\nSELECT outer_one()"
    ),
    runs("DO", "DO $$ BEGIN PERFORM wipe(); END $$"),
    runs("query_to_xml", "SELECT query_to_xml('SELECT wipe()', true, false, '')"),
    runs("ts_stat", "SELECT * FROM ts_stat('SELECT to_tsvector(wipe()::text)')"),
    runs(
      "an aggregate",
      "CREATE FUNCTION step(state integer, n integer) RETURNS integer LANGUAGE sql AS 'SELECT wipe()';\nCREATE AGGREGATE total(integer) (SFUNC = step, STYPE = integer);\nSELECT total(n) FROM (VALUES (1)) v (n)"
    ),
    runs(
      "an operator",
      "CREATE FUNCTION either(a integer, b integer) RETURNS integer LANGUAGE sql AS 'SELECT wipe()';\nCREATE OPERATOR ### (LEFTARG = integer, RIGHTARG = integer, FUNCTION = either);\nSELECT 1 ### 2"
    ),
    runs(
      "a generated column",
      "CREATE FUNCTION calm(n integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.wipe(); RETURN n; END $$;\nCREATE TABLE made (id integer, n integer GENERATED ALWAYS AS (calm(id)) STORED);\nINSERT INTO made VALUES (1)"
    ),
    runs(
      "an index expression",
      "CREATE FUNCTION calm(n integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.wipe(); RETURN n; END $$;\nCREATE TABLE made (id integer);\nINSERT INTO made VALUES (1);\nCREATE INDEX ON made (calm(id))"
    ),
    [
      "a trigger on a new table",
      ["users"],
      "CREATE TABLE made (id integer);\nCREATE FUNCTION tg() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM users; RETURN NEW; END $$;\nCREATE TRIGGER t AFTER INSERT ON made FOR EACH ROW EXECUTE FUNCTION tg();\nINSERT INTO made VALUES (1);"
    ],
    [
      "a rule on a new table",
      ["users"],
      "CREATE TABLE made (id integer);\nCREATE RULE r AS ON INSERT TO made DO ALSO DELETE FROM users;\nINSERT INTO made VALUES (1);"
    ],
    ["a procedure", ["users"], "CREATE PROCEDURE clear() LANGUAGE sql AS 'DELETE FROM users';\nCALL clear();"],
    [
      "a body in SQL that upserts",
      ["users"],
      "CREATE FUNCTION put() RETURNS void LANGUAGE sql AS $$ INSERT INTO users VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = 'x' $$;\nSELECT put();"
    ],
    [
      "a body BEGIN ATOMIC",
      ["users"],
      "CREATE PROCEDURE clear() LANGUAGE sql BEGIN ATOMIC DELETE FROM users; END;\nCALL clear();"
    ],
    [
      "SQL that is computed",
      ["users"],
      "DO $$ DECLARE t text; BEGIN FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP EXECUTE 'TRUNCATE ' || t; END LOOP; END $$;"
    ],
    [
      "a function in one file that the next one calls",
      ["users"],
      "CREATE FUNCTION wipe() RETURNS void LANGUAGE sql AS 'DELETE FROM users';",
      `SELECT wipe();\n${other}`
    ],
    [
      "a function made again that a trigger calls which was there",
      ["users", "log"],
      "CREATE OR REPLACE FUNCTION on_log() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM users; RETURN NEW; END $$;\nINSERT INTO log VALUES (1);"
    ]
  ],

  "code that was there": [
    runsOld("SELECT", ["wipe"], "SELECT wipe()"),
    runsOld("CALL", ["purge"], "CALL purge()"),
    runsOld(
      "a default of a new table",
      ["wipe"],
      "CREATE TABLE made (id integer DEFAULT wipe());\nINSERT INTO made DEFAULT VALUES"
    ),
    runsOld("a view that is read", ["wiping"], "CREATE TABLE made AS SELECT * FROM wiping"),
    runsOld("a trigger of a table that a row is put into", ["audit"], "INSERT INTO audit VALUES (1)"),
    runsOld(
      "a trigger function put on a new table",
      ["audit"],
      "CREATE TABLE made (id integer);\nCREATE TRIGGER t AFTER INSERT ON made FOR EACH ROW EXECUTE FUNCTION on_audit();\nINSERT INTO made VALUES (1)"
    ),
    runsOld(
      "a trigger of a table beside a new column of that table",
      ["log", "audit"],
      "ALTER TABLE audit ADD COLUMN at date;\nINSERT INTO audit (id) VALUES (1)"
    ),
    ...["by_default", "by_check", "by_domain", "by_rule", "by_partition", "by_view"].map((table) =>
      runsOld(`a row put into ${table}`, ["running"], `INSERT INTO ${table} (id) VALUES (1)`)
    ),
    runsOld("a row put into by_array", ["running"], "INSERT INTO by_array DEFAULT VALUES"),
    runsOld(
      "a default that LIKE takes over",
      ["running"],
      "CREATE TABLE made (LIKE by_default INCLUDING ALL);\nINSERT INTO made (id) VALUES (1)"
    ),
    runsOld(
      "a check that is inherited",
      ["running"],
      "CREATE TABLE made () INHERITS (by_check);\nINSERT INTO made (id) VALUES (1)"
    ),
    runsOld("a trigger that is deferred", ["deferred"], "INSERT INTO journal VALUES (1)"),
    runsOld("TRUNCATE in a function", ["truncating"], "SELECT truncating()"),
    runsOld("DROP TABLE in a function", ["dropping"], "SELECT dropping()"),
    runsOld("DROP COLUMN in a function", ["narrowing"], "SELECT narrowing()"),
    runsOld("DROP SCHEMA in a function", ["leaving"], "SELECT leaving()"),
    runsOld("an event trigger", ["onTables"], "CREATE VIEW seen AS SELECT 1 AS id"),
    runsOld(
      "a function that changes a table beside a reference to it",
      ["wipe"],
      "CREATE TABLE made (id integer, user_id integer REFERENCES users);\nSELECT wipe()"
    ),
    runsOld(
      "a function that changes a table beside a namesake that is new only where it is not there",
      ["tidying"],
      "CREATE TABLE IF NOT EXISTS public.notes (id integer);\nDELETE FROM public.notes;\nSELECT tidying()"
    ),
    runsOld("a function while nothing is counted", ["wipe"], "SET LOCAL track_counts = off;\nSELECT wipe()"),
    runsOld(
      "a trigger that a foreign key's check does not see",
      ["audit"],
      "CREATE TABLE made (id integer, user_id integer REFERENCES users);\nINSERT INTO audit VALUES (1)"
    ),
    ...replaced,
    runsOld(
      "a namesake with other arguments",
      ["tidy"],
      "CREATE FUNCTION tidy(n bigint) RETURNS integer LANGUAGE sql AS 'SELECT 1';\nSELECT tidy(1)"
    )
  ]
}

/** Files that add beside what was there. */
export const harmless: ReadonlyArray<Case> = [
  [
    "a new table with rows, an index, a view and a comment",
    ["users"],
    "CREATE TABLE made (id integer PRIMARY KEY, name text);\nINSERT INTO made VALUES (1, 'a');\nCREATE INDEX ON made (name);\nCREATE VIEW seen AS SELECT * FROM made;\nCOMMENT ON TABLE made IS 'ours';"
  ],
  [
    "a new table that is emptied, changed and dropped",
    ["users"],
    "CREATE TABLE made (id integer PRIMARY KEY, name text);\nINSERT INTO made VALUES (1, 'a');\nUPDATE made SET name = 'b';\nDELETE FROM made;\nTRUNCATE made;\nALTER TABLE made DROP COLUMN name;\nDROP TABLE made;"
  ],
  [
    "what depends on a new table and goes with it",
    ["users"],
    "CREATE TABLE made (id integer PRIMARY KEY);\nCREATE VIEW seen AS SELECT id FROM made;\nCREATE OR REPLACE VIEW seen_too AS SELECT id FROM seen;\nDROP TABLE made CASCADE;"
  ],
  ...[
    "INSERT INTO users VALUES (3, 'Edsger')",
    "INSERT INTO users SELECT 3, 'Edsger' ON CONFLICT DO NOTHING",
    "INSERT INTO users VALUES (3, 'Edsger');\nCREATE TABLE made (user_id integer);\nINSERT INTO made SELECT id FROM users",
    "INSERT INTO events VALUES (2, 'stop')",
    "INSERT INTO diary VALUES (2, 'ok')",
    "DO $$ BEGIN INSERT INTO users VALUES (3, 'Edsger'); END $$",
    "CREATE TABLE made (LIKE users INCLUDING ALL);\nINSERT INTO made VALUES (1, 'Ada')",
    "CREATE TABLE made (n integer) INHERITS (users);\nINSERT INTO made VALUES (3, 'Edsger', 1)",
    "CREATE TABLE events_high PARTITION OF events FOR VALUES FROM (100) TO (200);\nINSERT INTO events VALUES (150, 'stop')"
  ].map(
    (statement): Case => [`of a table that no file makes: ${statement}`, ["users", "events", "mood"], `${statement};`]
  ),
  ...(
    [
      ["a type of an extension", "citext", "INSERT INTO tags VALUES (2, 'Blue')"],
      ["a default of an extension", "keyed", "INSERT INTO keyed (n) VALUES (2)"],
      ["a domain that the server checks alone", "posint", "INSERT INTO stock VALUES ('nut', 2)"],
      ["a trigger of updates", "touched", "INSERT INTO touched VALUES (2)"]
    ] as const
  ).map(([what, part, statement]): Case => [`of a table that no file makes, with ${what}`, [part], `${statement};`]),
  [
    "a grant on all tables of a new schema",
    ["users"],
    "CREATE SCHEMA fresh;\nCREATE TABLE fresh.made (id integer);\nGRANT SELECT ON ALL TABLES IN SCHEMA fresh TO PUBLIC;"
  ],
  ["a new column of a table with rows", ["users"], "ALTER TABLE users ADD COLUMN email text;"],
  ["IF NOT EXISTS of what is there, and nothing more", ["users"], users],
  ["IF NOT EXISTS of what is not there, an index on it", [], `${users}\nCREATE INDEX ON users (name);`],
  ["an index on a table without a row that has a page", ["drafts"], "CREATE INDEX ON drafts (id);"],
  [
    "a foreign key from a new table to one with rows",
    ["users"],
    "CREATE TABLE made (id integer, user_id integer REFERENCES users ON DELETE CASCADE);"
  ],
  [
    "a function that deletes and is not called",
    ["users"],
    "CREATE FUNCTION wipe() RETURNS void LANGUAGE sql AS 'DELETE FROM users';"
  ]
]
