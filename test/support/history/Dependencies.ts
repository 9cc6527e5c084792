/**
 * What the server records as dependencies (`pg_depend`, `pg_shdepend`), for pairs of a kind of object and a kind of use. The uses are
 * made from a grammar: every expression below in every place that takes one, every type in every place of a type, and so on.
 */
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as SimulatedCatalog from "../../../src/core/catalog/SimulatedCatalog.js"
import * as Footprint from "../../../src/core/migration/Footprint.js"
import * as Transaction from "../../../src/database/Transaction.js"
import { parser, sourcesOf } from "./Parsing.js"

/** Objects of every kind, each in a file of its own. */
export const definitions: ReadonlyArray<string> = [
  "CREATE ROLE d_role",
  "CREATE SCHEMA d_schema",
  "CREATE TABLE host (id int, x int, y text)",
  "CREATE TABLE d_table (id int PRIMARY KEY, x int UNIQUE, y text)",
  "CREATE TABLE d_parted (id int) PARTITION BY LIST (id)",
  "CREATE VIEW d_view AS SELECT id, y FROM d_table",
  "CREATE MATERIALIZED VIEW d_matview AS SELECT id FROM d_table",
  "CREATE SEQUENCE d_sequence",
  "CREATE TYPE d_enum AS ENUM ('a', 'b')",
  "CREATE TYPE d_composite AS (one int, two text)",
  "CREATE FUNCTION d_positive(int) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1 > 0'",
  "CREATE DOMAIN d_domain AS int CHECK (d_positive(VALUE))",
  "CREATE FUNCTION d_diff(float8, float8) RETURNS float8 IMMUTABLE LANGUAGE sql AS 'SELECT $1 - $2'",
  "CREATE TYPE d_range AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = d_diff)",
  "CREATE FUNCTION d_function(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1'",
  "CREATE FUNCTION d_trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'",
  "CREATE PROCEDURE d_procedure(int) LANGUAGE sql AS 'SELECT $1'",
  "CREATE FUNCTION d_state(int, int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1'",
  "CREATE FUNCTION d_final(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1'",
  "CREATE AGGREGATE d_aggregate(int) (SFUNC = d_state, STYPE = int, FINALFUNC = d_final)",
  "CREATE FUNCTION d_same(int, int) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1 = $2'",
  "CREATE FUNCTION d_other(int, int) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1 <> $2'",
  "CREATE OPERATOR !== (LEFTARG = int, RIGHTARG = int, FUNCTION = d_other)",
  "CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = d_same, COMMUTATOR = ===, NEGATOR = !==)",
  "CREATE FUNCTION d_minus(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT -$1'",
  "CREATE OPERATOR !! (RIGHTARG = int, FUNCTION = d_minus)",
  "CREATE FUNCTION d_less(int, int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 - $2'",
  "CREATE OPERATOR CLASS d_class FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 3 =, FUNCTION 1 d_less(int, int)",
  "CREATE FUNCTION d_cast(d_enum) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1'",
  "CREATE CAST (d_enum AS int) WITH FUNCTION d_cast(d_enum) AS ASSIGNMENT",
  "CREATE FUNCTION d_build(int) RETURNS d_composite IMMUTABLE LANGUAGE sql AS 'SELECT NULL::d_composite'",
  "CREATE CAST (int AS d_composite) WITH FUNCTION d_build(int)",
  "CREATE TYPE d_base",
  "CREATE FUNCTION d_in(cstring) RETURNS d_base IMMUTABLE STRICT LANGUAGE internal AS 'int4in'",
  "CREATE FUNCTION d_out(d_base) RETURNS cstring IMMUTABLE STRICT LANGUAGE internal AS 'int4out'",
  "CREATE TYPE d_base (INPUT = d_in, OUTPUT = d_out, LIKE = int4)",
  ...[
    ["lt", "<", ">", ">="],
    ["le", "<=", ">=", ">"],
    ["eq", "=", "=", "<>"],
    ["ge", ">=", "<=", "<"],
    ["gt", ">", "<", "<="]
  ].flatMap(([word, symbol, commutator]) => [
    `CREATE FUNCTION d_${word}(d_base, d_base) RETURNS boolean IMMUTABLE STRICT LANGUAGE internal AS 'int4${word}'`,
    `CREATE OPERATOR ${symbol} (LEFTARG = d_base, RIGHTARG = d_base, FUNCTION = d_${word}, COMMUTATOR = ${commutator})`
  ]),
  "CREATE FUNCTION d_cmp(d_base, d_base) RETURNS int IMMUTABLE STRICT LANGUAGE internal AS 'btint4cmp'",
  "CREATE OPERATOR CLASS d_base_class DEFAULT FOR TYPE d_base USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 d_cmp(d_base, d_base)",
  "CREATE TABLE d_bases (b d_base, c d_base)",
  "CREATE COLLATION d_collation (LOCALE = 'C')",
  "CREATE TEXT SEARCH DICTIONARY d_dictionary (TEMPLATE = simple)",
  "CREATE TEXT SEARCH CONFIGURATION d_configuration (COPY = simple)",
  "CREATE TABLE d_words (w text COLLATE d_collation UNIQUE, e d_enum, d d_domain, r d_range, c d_composite, b d_base)",
  "CREATE TABLE d_sorted (w text COLLATE d_collation) PARTITION BY RANGE (w)",
  "CREATE DOMAIN d_word AS text COLLATE d_collation",
  "CREATE FUNCTION d_optional(n int DEFAULT d_function(1)) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1'",
  "CREATE FUNCTION d_schema.inner_function(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1'",
  "CREATE TABLE d_schema.inner_table (id int)",
  "CREATE TYPE d_schema.inner_enum AS ENUM ('a')"
]

/** Boolean expressions that use an object, without columns. */
const constants: ReadonlyArray<string> = [
  "d_function(1) > 0",
  "d_positive(1)",
  "d_optional() > 0",
  "d_schema.inner_function(1) > 0",
  "1 === 2",
  "1 OPERATOR(public.===) 2",
  "!! 1 > 0",
  "1 === ANY (ARRAY[1, 2])",
  "1 !== ALL ('{1,2}'::int[])",
  "NOT (1 === 2 AND true)",
  "('a' COLLATE d_collation) < 'b'",
  "'a'::d_enum IS NOT NULL",
  "CAST('a' AS d_enum) = 'b'",
  "'a'::d_schema.inner_enum IS NOT NULL",
  "'{a}'::d_enum[] IS NOT NULL",
  "('a'::d_enum)::int > 0",
  "'(1,x)'::d_composite IS NOT NULL",
  "1::d_composite IS NOT NULL",
  "('(1,x)'::d_composite).one > 0",
  "1::d_domain > 0",
  "'[1,2)'::d_range IS NOT NULL",
  "d_range(1, 2) IS NOT NULL",
  "'1'::d_base IS NOT NULL",
  "'1'::d_base < '2'::d_base",
  "'1'::d_base = '2'::d_base",
  "'1'::d_base BETWEEN '1'::d_base AND '2'::d_base",
  "'1'::d_base BETWEEN SYMMETRIC '1'::d_base AND '2'::d_base",
  "'1'::d_base IN ('1'::d_base, '2'::d_base)",
  "NULLIF('1'::d_base, '2'::d_base) IS NULL",
  "'1'::d_base IS DISTINCT FROM '2'::d_base",
  "CASE '1'::d_base WHEN '2'::d_base THEN true END",
  "CASE WHEN 1 === 2 THEN true END",
  "GREATEST('1'::d_base, '2'::d_base) IS NULL",
  "('1'::d_base, 1) < ('2'::d_base, 2)",
  "COALESCE(d_function(1), 2) > 0",
  "ARRAY[d_function(1)] IS NULL",
  "nextval('d_sequence') > 0",
  "nextval('public.d_sequence'::regclass) > 0",
  "'d_table'::regclass IS NOT NULL",
  "'d_schema.inner_table'::regclass IS NOT NULL",
  "'d_enum'::regtype IS NOT NULL",
  "'d_composite[]'::regtype IS NOT NULL",
  "'d_positive'::regproc IS NOT NULL",
  "'d_function(int)'::regprocedure IS NOT NULL",
  "'==='::regoper IS NOT NULL",
  "'!==(int,int)'::regoperator IS NOT NULL",
  "'d_collation'::regcollation IS NOT NULL",
  "'d_configuration'::regconfig IS NOT NULL",
  "'public.d_dictionary'::regdictionary IS NOT NULL",
  "'d_schema'::regnamespace IS NOT NULL",
  "to_tsvector('d_configuration', 'x') IS NOT NULL",
  "to_tsvector('public.d_configuration'::regconfig, 'x') @@ to_tsquery('d_configuration', 'x')",
  "ts_lexize('d_dictionary', 'x') IS NOT NULL"
]

/** Boolean expressions that only a query may hold. */
const queries: ReadonlyArray<string> = [
  "EXISTS (SELECT FROM d_table)",
  "EXISTS (SELECT FROM d_view)",
  "EXISTS (SELECT y FROM d_table GROUP BY id)",
  "1 IN (SELECT id FROM d_matview)",
  "1 === ANY (SELECT 1)",
  "1 = ALL (SELECT x FROM d_schema.inner_table AS t(x))",
  "'1'::d_base IN (SELECT b FROM d_bases)",
  "(SELECT d_aggregate(id) FROM d_table) > 0",
  "(SELECT sum(d_function(id)) OVER () FROM d_table LIMIT 1) > 0",
  "EXISTS (SELECT 1 FROM d_table AS t WHERE t IS NOT NULL)",
  "EXISTS (SELECT 1 FROM d_bases JOIN d_bases AS o USING (b))",
  "EXISTS (SELECT 1 FROM d_bases NATURAL JOIN d_bases AS o)",
  "EXISTS (SELECT b FROM d_bases ORDER BY b)",
  "EXISTS (SELECT b FROM d_bases ORDER BY b USING <)",
  "EXISTS (SELECT DISTINCT b FROM d_bases)",
  "EXISTS (SELECT b FROM d_bases GROUP BY b)",
  "EXISTS (SELECT b FROM d_bases UNION SELECT c FROM d_bases)",
  "EXISTS (SELECT row_number() OVER (PARTITION BY b ORDER BY c) FROM d_bases)",
  "EXISTS (SELECT y COLLATE d_collation FROM d_table)",
  "EXISTS (SELECT y FROM d_table ORDER BY y COLLATE d_collation)",
  "EXISTS (SELECT FROM jsonb_to_recordset('[]') AS r(m d_enum, n text COLLATE d_collation))",
  "EXISTS (WITH d AS (SELECT id FROM d_table) SELECT FROM d)",
  "EXISTS (SELECT FROM d_table TABLESAMPLE system (d_function(1)))",
  "EXISTS (SELECT FROM d_table, LATERAL (SELECT d_function(d_table.id)) AS l)"
]

/** A use of objects, and a statement that ends it. */
export interface Use {
  readonly place: string
  readonly text: string
  readonly end: string
}

type Place = readonly [place: string, text: (expression: string) => string, end: string]

/** Places of an expression. */
const storing: ReadonlyArray<Place> = [
  ["a default", (e) => `CREATE TABLE u (a boolean DEFAULT (${e}))`, "ALTER TABLE u ALTER a DROP DEFAULT"],
  ["a new default", (e) => `ALTER TABLE host ADD a boolean DEFAULT (${e})`, "ALTER TABLE host DROP a"],
  [
    "a set default",
    (e) => `ALTER TABLE host ALTER y SET DEFAULT (${e})::text`,
    "ALTER TABLE host ALTER y DROP DEFAULT"
  ],
  ["a generated column", (e) => `CREATE TABLE u (a boolean GENERATED ALWAYS AS (${e}) STORED)`, "DROP TABLE u"],
  ["a check", (e) => `CREATE TABLE u (a int, CONSTRAINT k CHECK (${e}))`, "ALTER TABLE u DROP CONSTRAINT k"],
  [
    "a new check",
    (e) => `ALTER TABLE host ADD CONSTRAINT k CHECK (${e}) NOT VALID`,
    "ALTER TABLE host DROP CONSTRAINT k"
  ],
  [
    "a check of a domain",
    (e) => `CREATE DOMAIN u AS int CONSTRAINT k CHECK (${e})`,
    "ALTER DOMAIN u DROP CONSTRAINT k"
  ],
  ["a default of a domain", (e) => `CREATE DOMAIN u AS boolean DEFAULT (${e})`, "DROP DOMAIN u"],
  [
    "a new check of a domain",
    (e) => `ALTER DOMAIN d_domain ADD CONSTRAINT k CHECK (${e})`,
    "ALTER DOMAIN d_domain DROP CONSTRAINT k"
  ],
  [
    "a new default of a domain",
    (e) => `ALTER DOMAIN d_domain SET DEFAULT (${e})::int`,
    "ALTER DOMAIN d_domain DROP DEFAULT"
  ],
  ["an index", (e) => `CREATE INDEX u ON host ((${e}))`, "DROP INDEX u"],
  ["the predicate of an index", (e) => `CREATE INDEX u ON host (id) WHERE ${e}`, "DROP INDEX u"],
  ["statistics", (e) => `CREATE STATISTICS u ON (${e}), id FROM host`, "DROP STATISTICS u"],
  [
    "an exclusion",
    (e) => `CREATE TABLE u (a int, CONSTRAINT k EXCLUDE ((${e}) WITH =))`,
    "ALTER TABLE u DROP CONSTRAINT k"
  ],
  [
    "the predicate of an exclusion",
    (e) => `ALTER TABLE host ADD CONSTRAINT k EXCLUDE (id WITH =) WHERE (${e})`,
    "ALTER TABLE host DROP CONSTRAINT k"
  ],
  ["a partition key", (e) => `CREATE TABLE u (a int) PARTITION BY LIST ((a > 0 AND (${e})))`, "DROP TABLE u"],
  [
    "the condition of a trigger",
    (e) => `CREATE TRIGGER u BEFORE INSERT ON host FOR EACH ROW WHEN (${e}) EXECUTE FUNCTION d_trigger()`,
    "DROP TRIGGER u ON host"
  ],
  [
    "a parameter",
    (e) => `CREATE FUNCTION u(a boolean DEFAULT (${e})) RETURNS int LANGUAGE sql AS 'SELECT 1'`,
    "DROP FUNCTION u"
  ],
  ["a returned value", (e) => `CREATE FUNCTION u() RETURNS boolean LANGUAGE sql RETURN (${e})`, "DROP FUNCTION u"],
  [
    "an atomic body",
    (e) => `CREATE FUNCTION u() RETURNS boolean LANGUAGE sql BEGIN ATOMIC SELECT (${e}); END`,
    "DROP FUNCTION u"
  ],
  ["a view", (e) => `CREATE VIEW u AS SELECT (${e}) AS a`, "DROP VIEW u"],
  ["the condition of a view", (e) => `CREATE VIEW u AS SELECT id FROM host WHERE ${e}`, "DROP VIEW u"],
  ["a join in a view", (e) => `CREATE VIEW u AS SELECT 1 AS a FROM host JOIN host AS o ON ${e}`, "DROP VIEW u"],
  ["a group in a view", (e) => `CREATE VIEW u AS SELECT 1 AS a FROM host GROUP BY (${e}) HAVING (${e})`, "DROP VIEW u"],
  ["the order of a view", (e) => `CREATE VIEW u AS SELECT id FROM host ORDER BY (${e})`, "DROP VIEW u"],
  [
    "a filter of a view",
    (e) => `CREATE VIEW u AS SELECT count(*) FILTER (WHERE ${e}) OVER (ORDER BY (${e})) FROM host`,
    "DROP VIEW u"
  ],
  [
    "a replaced view",
    (e) => `CREATE OR REPLACE VIEW d_view AS SELECT id, y FROM d_table WHERE ${e}`,
    "CREATE OR REPLACE VIEW d_view AS SELECT id, y FROM d_table"
  ],
  [
    "a default of a view",
    (e) => `ALTER VIEW d_view ALTER y SET DEFAULT (${e})::text`,
    "ALTER VIEW d_view ALTER y DROP DEFAULT"
  ],
  [
    "an altered policy",
    (e) => `CREATE POLICY u ON host USING (true); ALTER POLICY u ON host USING (${e})`,
    "DROP POLICY u ON host"
  ],
  [
    "a materialized view",
    (e) => `CREATE MATERIALIZED VIEW u AS SELECT (${e}) AS a WITH NO DATA`,
    "DROP MATERIALIZED VIEW u"
  ],
  ["a policy", (e) => `CREATE POLICY u ON host USING (${e})`, "DROP POLICY u ON host"],
  ["the check of a policy", (e) => `CREATE POLICY u ON host WITH CHECK (${e})`, "DROP POLICY u ON host"],
  [
    "the condition of a rule",
    (e) => `CREATE RULE u AS ON INSERT TO host WHERE ${e} DO INSTEAD NOTHING`,
    "DROP RULE u ON host"
  ],
  [
    "the action of a rule",
    (e) => `CREATE RULE u AS ON DELETE TO host DO ALSO UPDATE d_table SET x = 1 WHERE ${e}`,
    "DROP RULE u ON host"
  ]
]

const querying = /(?<!default of a )view|policy|rule|body|returned/

/** Places of a type. */
const typing: ReadonlyArray<Place> = [
  ["a column", (t) => `CREATE TABLE u (a ${t})`, "DROP TABLE u"],
  ["an array", (t) => `CREATE TABLE u (a ${t}[])`, "ALTER TABLE u DROP a"],
  ["a new column", (t) => `ALTER TABLE host ADD a ${t}`, "ALTER TABLE host DROP a"],
  [
    "a retyped column",
    (t) => `ALTER TABLE host ALTER x TYPE ${t} USING NULL::${t}`,
    "ALTER TABLE host ALTER x TYPE int USING NULL"
  ],
  ["an attribute", (t) => `CREATE TYPE u AS (a ${t})`, "DROP TYPE u"],
  ["a domain", (t) => `CREATE DOMAIN u AS ${t}`, "DROP DOMAIN u"],
  ["a parameter", (t) => `CREATE FUNCTION u(a ${t}) RETURNS int LANGUAGE sql AS 'SELECT 1'`, "DROP FUNCTION u"],
  ["a result", (t) => `CREATE FUNCTION u() RETURNS ${t} LANGUAGE plpgsql AS 'BEGIN END'`, "DROP FUNCTION u"],
  ["a set", (t) => `CREATE FUNCTION u() RETURNS SETOF ${t} LANGUAGE plpgsql AS 'BEGIN END'`, "DROP FUNCTION u"],
  [
    "a column of a result",
    (t) => `CREATE FUNCTION u() RETURNS TABLE (a ${t}) LANGUAGE plpgsql AS 'BEGIN END'`,
    "DROP FUNCTION u"
  ],
  [
    "a state",
    (t) =>
      `CREATE FUNCTION v(${t}, int) RETURNS ${t} LANGUAGE sql AS 'SELECT $1'; CREATE AGGREGATE u(int) (SFUNC = v, STYPE = ${t})`,
    "DROP AGGREGATE u(int)"
  ],
  ["a view", (t) => `CREATE VIEW u AS SELECT NULL::${t} AS a`, "DROP VIEW u"],
  [
    "an operator",
    (t) =>
      `CREATE FUNCTION v(${t}) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE OPERATOR ##> (RIGHTARG = ${t}, FUNCTION = v)`,
    "DROP OPERATOR ##> (NONE, of_type)"
  ],
  ["a partition key", (t) => `CREATE TABLE u (a ${t}) PARTITION BY LIST (a)`, "DROP TABLE u"],
  ["an index", (t) => `CREATE TABLE u (a ${t} PRIMARY KEY)`, "DROP TABLE u"],
  ["a range", (t) => `CREATE TYPE u AS RANGE (SUBTYPE = ${t})`, "DROP TYPE u"]
]

const types: ReadonlyArray<string> = [
  "d_enum",
  "d_composite",
  "d_domain",
  "d_range",
  "d_multirange",
  "d_base",
  "d_table",
  "d_view",
  "d_schema.inner_enum",
  "d_schema.inner_table"
]

/** What takes no expression and no type. */
const named: ReadonlyArray<Use> = (
  [
    ["CREATE TABLE u (a text COLLATE d_collation)", "DROP TABLE u"],
    ["ALTER TABLE host ADD a text COLLATE d_collation", "ALTER TABLE host DROP a"],
    ["ALTER TABLE host ALTER y TYPE text COLLATE d_collation", "ALTER TABLE host ALTER y TYPE text"],
    ["CREATE DOMAIN u AS text COLLATE d_collation", "DROP DOMAIN u"],
    ["CREATE TYPE u AS (a text COLLATE d_collation)", "DROP TYPE u"],
    ["ALTER TYPE d_composite ADD ATTRIBUTE a text COLLATE d_collation", "ALTER TYPE d_composite DROP ATTRIBUTE a"],
    ["CREATE TABLE u (a text) PARTITION BY RANGE (a COLLATE d_collation)", "DROP TABLE u"],
    ["CREATE INDEX u ON host (y COLLATE d_collation)", "DROP INDEX u"],
    ["CREATE TYPE u AS RANGE (SUBTYPE = text, COLLATION = d_collation)", "DROP TYPE u"],
    ["CREATE INDEX u ON host (x d_class)", "DROP INDEX u"],
    ["CREATE TABLE u (a int) PARTITION BY RANGE (a d_class)", "DROP TABLE u"],
    ["CREATE TYPE u AS RANGE (SUBTYPE = int, SUBTYPE_OPCLASS = d_class)", "DROP TYPE u"],
    ["CREATE TABLE u (a int, EXCLUDE (a d_class WITH =))", "DROP TABLE u"],
    ["CREATE TABLE u (a int REFERENCES d_table)", "DROP TABLE u"],
    ["CREATE TABLE u (a text REFERENCES d_words (w))", "DROP TABLE u"],
    ["CREATE INDEX u ON d_words (w)", "DROP INDEX u"],
    ["CREATE INDEX u ON d_words (w, e, d, b) INCLUDE (c)", "DROP INDEX u"],
    ["CREATE INDEX u ON d_words ((w || 'x'), ((c).one))", "DROP INDEX u"],
    ["CREATE INDEX u ON d_words USING gist (r)", "DROP INDEX u"],
    ["CREATE STATISTICS u ON w, e, b FROM d_words", "DROP STATISTICS u"],
    ["CREATE TABLE u (LIKE d_words INCLUDING ALL)", "DROP TABLE u"],
    ["CREATE TABLE u () INHERITS (d_words)", "ALTER TABLE u NO INHERIT d_words"],
    ["CREATE TABLE u AS TABLE d_words", "DROP TABLE u"],
    ["CREATE MATERIALIZED VIEW u AS TABLE d_words", "DROP MATERIALIZED VIEW u"],
    ["CREATE VIEW u AS SELECT w || 'x' AS a, lower(w) AS b, max(w) AS c FROM d_words GROUP BY w", "DROP VIEW u"],
    ["CREATE VIEW u AS SELECT coalesce(w, 'x') AS a, ARRAY[w] AS b, e = 'a' AS c, (c).two FROM d_words", "DROP VIEW u"],
    ["CREATE VIEW u AS SELECT * FROM d_words JOIN d_words AS o USING (w, e, d, r, c, b)", "DROP VIEW u"],
    ["CREATE TABLE u PARTITION OF d_sorted FOR VALUES FROM ('a') TO ('b')", "ALTER TABLE d_sorted DETACH PARTITION u"],
    ["CREATE TABLE u (a d_word, b d_word[])", "DROP TABLE u"],
    ["CREATE FUNCTION u(d_word) RETURNS text LANGUAGE sql RETURN $1 || 'x'", "DROP FUNCTION u"],
    ["CREATE VIEW u AS SELECT 'a'::d_word AS a", "DROP VIEW u"],
    ["CREATE TABLE u (a text GENERATED ALWAYS AS ('a'::d_word) STORED)", "DROP TABLE u"],
    [
      "ALTER TABLE d_words ADD CHECK (w > 'a' AND c IS NOT NULL AND r IS NOT NULL)",
      "ALTER TABLE d_words DROP CONSTRAINT d_words_check"
    ],
    ["CREATE POLICY u ON d_words USING (w > 'a')", "DROP POLICY u ON d_words"],
    [
      "CREATE TRIGGER u BEFORE UPDATE OF w ON d_words FOR EACH ROW WHEN (new.w > 'a') EXECUTE FUNCTION d_trigger()",
      "DROP TRIGGER u ON d_words"
    ],
    ["ALTER TABLE host ADD CONSTRAINT k FOREIGN KEY (x) REFERENCES d_table (x)", "ALTER TABLE host DROP CONSTRAINT k"],
    ["CREATE TABLE u () INHERITS (d_table)", "ALTER TABLE u NO INHERIT d_table"],
    ["CREATE TABLE u PARTITION OF d_parted FOR VALUES IN (1)", "ALTER TABLE d_parted DETACH PARTITION u"],
    ["CREATE TABLE u OF d_composite", "ALTER TABLE u NOT OF"],
    ["CREATE TABLE u (LIKE d_bases INCLUDING ALL)", "DROP TABLE u"],
    ["CREATE TABLE u AS SELECT * FROM d_bases", "DROP TABLE u"],
    ["CREATE VIEW u AS SELECT * FROM d_view", "DROP VIEW u"],
    ["CREATE VIEW u AS TABLE d_matview", "DROP VIEW u"],
    ["CREATE VIEW u AS SELECT d_table FROM d_table", "DROP VIEW u"],
    ["CREATE VIEW d_schema.u AS SELECT 1 AS a", "DROP VIEW d_schema.u"],
    ["CREATE TABLE d_schema.u (a int)", "DROP TABLE d_schema.u"],
    ["ALTER TABLE host SET SCHEMA d_schema", "DROP TABLE d_schema.host"],
    ["ALTER FUNCTION d_function SET SCHEMA d_schema", "DROP FUNCTION d_schema.d_function"],
    ["CREATE FUNCTION d_schema.u() RETURNS int LANGUAGE sql AS 'SELECT 1'", "DROP FUNCTION d_schema.u"],
    ["CREATE TYPE d_schema.u AS ENUM ()", "DROP TYPE d_schema.u"],
    ["CREATE COLLATION d_schema.u FROM d_collation", "DROP COLLATION d_schema.u"],
    ["CREATE OPERATOR d_schema.##> (RIGHTARG = int, FUNCTION = d_function)", "DROP OPERATOR d_schema.##> (NONE, int)"],
    [
      "CREATE TEXT SEARCH CONFIGURATION d_schema.u (COPY = d_configuration)",
      "DROP TEXT SEARCH CONFIGURATION d_schema.u"
    ],
    ["CREATE TEXT SEARCH DICTIONARY d_schema.u (TEMPLATE = simple)", "DROP TEXT SEARCH DICTIONARY d_schema.u"],
    [
      "ALTER TEXT SEARCH CONFIGURATION d_configuration ALTER MAPPING FOR asciiword WITH d_dictionary",
      "DROP TEXT SEARCH CONFIGURATION d_configuration"
    ],
    [
      "CREATE TEXT SEARCH CONFIGURATION u (COPY = d_configuration); ALTER TEXT SEARCH CONFIGURATION u ALTER MAPPING FOR asciiword WITH d_dictionary",
      "DROP TEXT SEARCH CONFIGURATION u"
    ],
    ["CREATE TRIGGER u BEFORE INSERT ON host FOR EACH ROW EXECUTE FUNCTION d_trigger()", "DROP TRIGGER u ON host"],
    [
      "CREATE CONSTRAINT TRIGGER u AFTER INSERT ON host FROM d_table FOR EACH ROW EXECUTE FUNCTION d_trigger()",
      "DROP TRIGGER u ON host"
    ],
    [
      "CREATE TRIGGER u INSTEAD OF INSERT ON d_view FOR EACH ROW EXECUTE FUNCTION d_trigger()",
      "DROP TRIGGER u ON d_view"
    ],
    [
      "CREATE AGGREGATE u(int) (SFUNC = d_state, STYPE = int, FINALFUNC = d_final, MSFUNC = d_state, MINVFUNC = d_state, MSTYPE = int, COMBINEFUNC = d_state)",
      "DROP AGGREGATE u(int)"
    ],
    ["CREATE AGGREGATE u(BASETYPE = int, SFUNC = d_state, STYPE = int)", "DROP AGGREGATE u(int)"],
    ["CREATE AGGREGATE u(d_base) (SFUNC = d_larger, STYPE = d_base, SORTOP = <)", "DROP AGGREGATE u(d_base)"],
    [
      "CREATE OPERATOR ##> (LEFTARG = int, RIGHTARG = int, FUNCTION = d_same, NEGATOR = OPERATOR(public.##<))",
      "DROP OPERATOR ##> (int, int)"
    ],
    [
      "CREATE OPERATOR ##> (LEFTARG = d_base, RIGHTARG = d_base, PROCEDURE = d_lt)",
      "DROP OPERATOR ##> (d_base, d_base)"
    ],
    [
      "CREATE FUNCTION d_schema.u(d_enum, d_table) RETURNS d_composite LANGUAGE plpgsql AS 'BEGIN END'",
      "DROP FUNCTION d_schema.u"
    ],
    ["CREATE FUNCTION u() RETURNS d_table.y%TYPE LANGUAGE plpgsql AS 'BEGIN END'", "DROP FUNCTION u"],
    [
      "CREATE PROCEDURE u() BEGIN ATOMIC INSERT INTO d_table (id) VALUES (1); CALL d_procedure(1); END",
      "DROP PROCEDURE u"
    ],
    [
      "CREATE PROCEDURE u() BEGIN ATOMIC DELETE FROM d_schema.inner_table WHERE id === 1; UPDATE d_bases SET b = c WHERE b = c; END",
      "DROP PROCEDURE u"
    ],
    [
      "CREATE RULE u AS ON INSERT TO host DO ALSO INSERT INTO d_table (id) VALUES (nextval('d_sequence'))",
      "DROP RULE u ON host"
    ],
    ["CREATE POLICY u ON d_table TO d_role", "DROP POLICY u ON d_table"],
    ["GRANT SELECT ON d_table TO d_role", "REVOKE SELECT ON d_table FROM d_role"],
    ["GRANT USAGE ON SCHEMA d_schema TO d_role", "REVOKE USAGE ON SCHEMA d_schema FROM d_role"],
    ["GRANT EXECUTE ON FUNCTION d_function TO d_role", "REVOKE EXECUTE ON FUNCTION d_function FROM d_role"],
    ["GRANT USAGE ON TYPE d_enum TO d_role", "REVOKE USAGE ON TYPE d_enum FROM d_role"],
    ["ALTER TABLE d_table OWNER TO d_role", "ALTER TABLE d_table OWNER TO CURRENT_USER"],
    ["ALTER TYPE d_enum OWNER TO d_role", "ALTER TYPE d_enum OWNER TO CURRENT_USER"],
    ["ALTER FUNCTION d_function OWNER TO d_role", "ALTER FUNCTION d_function OWNER TO CURRENT_USER"],
    ["ALTER SCHEMA d_schema OWNER TO d_role", "ALTER SCHEMA d_schema OWNER TO CURRENT_USER"],
    ["CREATE SCHEMA u AUTHORIZATION d_role", "DROP SCHEMA u"],
    ["CREATE SEQUENCE u OWNED BY d_table.x", "DROP SEQUENCE u"],
    ["ALTER SEQUENCE d_sequence OWNED BY host.x", "ALTER SEQUENCE d_sequence OWNED BY NONE"],
    ["CREATE TABLE u (a serial, b int DEFAULT nextval('d_sequence'))", "DROP TABLE u"],
    ["CREATE PUBLICATION u FOR TABLE d_table (id)", "DROP PUBLICATION u"],
    ["CREATE STATISTICS u ON id, y FROM d_table", "DROP STATISTICS u"],
    ["CREATE INDEX u ON d_bases (b)", "DROP INDEX u"],
    ["ALTER TABLE d_bases ADD PRIMARY KEY (b)", "ALTER TABLE d_bases DROP CONSTRAINT d_bases_pkey"],
    ["CREATE TABLE u (a d_base, EXCLUDE (a WITH =))", "DROP TABLE u"],
    ["CREATE UNIQUE INDEX u ON host (id, (x === 1)) WHERE id === 2", "DROP INDEX u"]
  ] as const
).map(([text, end]) => ({ place: "by name", text, end }))

/**
 * Every expression in every place, or one of `share` of these pairs: each place and each expression is among them. The server refuses
 * some, since not every place takes every expression.
 */
export const uses = (share: number): ReadonlyArray<Use> => [
  ...storing.flatMap(([place, text, end], at) =>
    [...constants, ...(querying.test(place) ? queries : [])].flatMap((e, index) =>
      (at + index) % share === 0 ? [{ place, text: text(e), end }] : []
    )
  ),
  ...typing.flatMap(([place, text, end]) =>
    types.map((t) => ({ place: `the type of ${place}`, text: text(t), end: end.replace("of_type", t) }))
  ),
  ...named
]

/**
 * The objects that a transaction has made others depend on, each as the keys of which a footprint has one. Dependencies on the
 * functions of an operator, an aggregate, a type and an operator class count too: they run where the object is used.
 */
const recorded = `
  WITH RECURSIVE made AS (
    SELECT refclassid, refobjid FROM pg_depend WHERE xmin = pg_current_xact_id()::xid
    UNION
    SELECT refclassid, refobjid FROM pg_shdepend WHERE xmin = pg_current_xact_id()::xid AND refclassid = 'pg_authid'::regclass
  ), reached AS (
    SELECT refclassid, refobjid FROM made WHERE refobjid BETWEEN 16384 AND (SELECT last FROM marked)
    UNION
    SELECT step.* FROM reached r, LATERAL (
      SELECT d.refclassid, d.refobjid FROM pg_depend d
      LEFT JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
      LEFT JOIN pg_type t ON d.classid = 'pg_type'::regclass AND t.oid = d.objid
      WHERE d.classid = r.refclassid AND d.objid = r.refobjid AND d.refobjid >= 16384
        AND (d.classid IN ('pg_operator'::regclass, 'pg_opclass'::regclass) OR p.prokind = 'a' OR t.typtype IN ('b', 'r'))
      UNION ALL
      SELECT 'pg_proc'::regclass::oid, a.amproc::oid FROM pg_opclass c JOIN pg_amproc a ON a.amprocfamily = c.opcfamily
      WHERE r.refclassid = 'pg_opclass'::regclass AND c.oid = r.refobjid AND a.amproc >= 16384
    ) step
  )
  SELECT DISTINCT CASE refclassid
    WHEN 'pg_class'::regclass THEN (SELECT relname || COALESCE('|' || (SELECT indrelid::regclass::text FROM pg_index WHERE indexrelid = c.oid), '') FROM pg_class c WHERE c.oid = refobjid)
    WHEN 'pg_type'::regclass THEN (SELECT concat_ws('|', t.typname, e.typname, (SELECT rngtypid::regtype::text FROM pg_range WHERE rngmultitypid IN (t.oid, e.oid))) FROM pg_type t LEFT JOIN pg_type e ON e.oid = t.typelem WHERE t.oid = refobjid)
    WHEN 'pg_proc'::regclass THEN (SELECT 'routine ' || proname || CASE WHEN EXISTS (SELECT FROM pg_type t WHERE t.oid = prorettype AND t.typname = proname) THEN '|' || proname ELSE '' END FROM pg_proc WHERE oid = refobjid)
    WHEN 'pg_operator'::regclass THEN (SELECT 'operator ' || oprname FROM pg_operator WHERE oid = refobjid)
    WHEN 'pg_collation'::regclass THEN (SELECT 'collation ' || collname FROM pg_collation WHERE oid = refobjid)
    WHEN 'pg_ts_config'::regclass THEN (SELECT 'text search ' || cfgname FROM pg_ts_config WHERE oid = refobjid)
    WHEN 'pg_ts_dict'::regclass THEN (SELECT 'text search ' || dictname FROM pg_ts_dict WHERE oid = refobjid)
    WHEN 'pg_namespace'::regclass THEN (SELECT 'schema ' || nspname FROM pg_namespace WHERE oid = refobjid)
    WHEN 'pg_opclass'::regclass THEN (SELECT 'operator class ' || opcname || '|' || opcintype::regtype FROM pg_opclass WHERE oid = refobjid)
    WHEN 'pg_opfamily'::regclass THEN (SELECT concat_ws('|', 'operator class ' || opfname, opcintype::regtype) FROM pg_opfamily f JOIN pg_opclass ON opcfamily = f.oid WHERE f.oid = refobjid)
    WHEN 'pg_authid'::regclass THEN (SELECT 'role ' || rolname FROM pg_authid WHERE oid = refobjid)
    WHEN 'pg_constraint'::regclass THEN (SELECT concat_ws('|', conrelid::regclass, contypid::regtype) FROM pg_constraint WHERE oid = refobjid)
    WHEN 'pg_rewrite'::regclass THEN (SELECT ev_class::regclass::text FROM pg_rewrite WHERE oid = refobjid)
    WHEN 'pg_trigger'::regclass THEN (SELECT tgrelid::regclass::text FROM pg_trigger WHERE oid = refobjid)
    WHEN 'pg_attrdef'::regclass THEN (SELECT adrelid::regclass::text FROM pg_attrdef WHERE oid = refobjid)
    ELSE refclassid::regclass || ' ' || refobjid END AS line
  FROM reached`

const lines = (connection: Connection, query: string): Effect.Effect<ReadonlyArray<string>, SqlError> =>
  Effect.map(connection.execute(query, [], undefined), (rows) => rows.map(({ line }) => String(line)))

export interface Comparison {
  /** Uses that the server took, by place. */
  readonly taken: ReadonlyMap<string, number>
  /** Pairs of a use and an object that were compared. */
  readonly pairs: number
  /** Dependencies that the server knows and the footprint of the use, or of its end, does not. */
  readonly unknown: ReadonlyArray<string>
}

const inferred = (catalog: SimulatedCatalog.SimulatedCatalog, text: string): Footprint.Inferred =>
  sourcesOf([text]).reduce<Footprint.Inferred>(
    (state, source) => Either.getOrThrow(Footprint.infer(parser, state.catalog, source)),
    { catalog, footprint: Footprint.empty }
  )

const unknownTo = ({ barriers, reads, writes }: Footprint.Footprint, objects: ReadonlyArray<string>) =>
  barriers.length > 0 ? [] : objects.filter((keys) => !keys.split("|").some((key) => reads.has(key) || writes.has(key)))

/** Makes the definitions in the database, and compares the uses. */
export const compare = (connection: Connection, compared: ReadonlyArray<Use>): Effect.Effect<Comparison, SqlError> =>
  Effect.gen(function* () {
    const send = (text: string) => Transaction.sendScript(connection, text)
    yield* send(definitions.join(";\n"))
    yield* send("CREATE TABLE marked AS SELECT max(refobjid) AS last FROM pg_depend")
    const catalog = definitions.reduce((known, text) => inferred(known, text).catalog, SimulatedCatalog.empty)
    const taken = new Map<string, number>()
    const unknown: Array<string> = []
    let pairs = 0
    for (const { end, place, text } of compared) {
      const ran = yield* Effect.either(send(`ROLLBACK; BEGIN; ${text}`))
      if (Either.isLeft(ran)) continue
      const objects = yield* lines(connection, recorded)
      const use = inferred(catalog, text)
      const ended = inferred(use.catalog, end)
      taken.set(place, (taken.get(place) ?? 0) + 1)
      pairs += objects.length
      unknown.push(
        ...unknownTo(use.footprint, objects).map((keys) => `${text}: ${keys}`),
        ...unknownTo(ended.footprint, objects).map((keys) => `${text}; ${end}: ${keys}`)
      )
    }
    yield* send("ROLLBACK; DROP ROLE d_role")
    return { taken, pairs, unknown }
  })
