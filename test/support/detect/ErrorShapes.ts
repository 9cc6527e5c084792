/**
 * Statements that fail for want of one object, each with the object that must be named. All names are given by the caller.
 */
import * as SchemaObject from "../../../src/core/model/SchemaObject.js"
import type { Spelling } from "../arbitraries/Identifier.js"

/** The names of one try: `missing` exists nowhere, `other` names what does exist. */
export interface Names {
  readonly missing: Spelling
  readonly other: Spelling
  readonly label: string
}

export interface Provocation {
  readonly setup: ReadonlyArray<string>
  readonly statement: string
  readonly parameters?: ReadonlyArray<unknown>
  readonly object: SchemaObject.SchemaObject
  readonly qualifier?: string
}

export interface Shape {
  readonly sqlState: string
  /** What the detector claims, as the end of a sentence. */
  readonly claim: string
  /** Whether the message alone says too little. */
  readonly needsText?: boolean
  readonly provoke: (names: Names) => Provocation
}

const shape = (sqlState: string, claim: string, provoke: (names: Names) => Provocation): Shape => ({
  sqlState,
  claim,
  provoke
})

const { qualifiedName, quote } = SchemaObject

/** A string constant. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** The name of something in the schema that the setup makes. */
const inApp = ({ stored }: Spelling) => qualifiedName(stored, "app")

const app = "CREATE SCHEMA app"

const known = "CREATE TABLE known (id integer, tags text[])"

/** A function that returns what it selects, so that a statement fails inside it. */
const inside = (language: "plpgsql" | "sql", select: string): ReadonlyArray<string> => [
  known,
  "SET LOCAL check_function_bodies = off",
  `CREATE FUNCTION inside() RETURNS integer LANGUAGE ${language} AS ${
    language === "sql" ? `$body$ ${select} $body$` : `$body$ BEGIN PERFORM 1; RETURN (${select}); END $body$`
  }`
]

const relation = (
  claim: string,
  statement: (written: string, names: Names) => string,
  setup: (written: string) => ReadonlyArray<string> = () => [known]
): Shape =>
  shape("42P01", `a relation ${claim}`, (names) => ({
    setup: setup(names.missing.written),
    statement: statement(names.missing.written, names),
    object: SchemaObject.relation(qualifiedName(names.missing.stored))
  }))

const relationInApp = (claim: string, statement: (written: string, names: Names) => string): Shape =>
  shape("42P01", `a relation with its schema ${claim}`, (names) => ({
    setup: [app],
    statement: statement(`app.${names.missing.written}`, names),
    object: SchemaObject.relation(inApp(names.missing))
  }))

const relations: ReadonlyArray<Shape> = [
  relation("in SELECT", (t) => `SELECT * FROM ${t}`),
  relation(
    "in SELECT after comments",
    (t) => `/* a /* nested */ "b" */ SELECT 'é\u{1F600}' -- c\n FROM ONLY ${t} AS x`
  ),
  relation("in a join", (t) => `SELECT 1 FROM known k JOIN ${t} ON true`),
  relation("in a subquery", (t) => `SELECT (SELECT count(*) FROM ${t})`),
  relation("in WITH", (t) => `WITH x AS (SELECT 1 FROM ${t}) SELECT * FROM x`),
  relation("in INSERT", (t) => `INSERT INTO ${t} VALUES (1)`),
  relation("in UPDATE", (t) => `UPDATE ${t} SET id = 1`),
  relation("in DELETE", (t) => `DELETE FROM ${t} USING known`),
  relation("in TABLE", (t) => `TABLE ${t}`),
  relation("in LOCK", (t) => `LOCK TABLE ${t}`),
  relation("in TRUNCATE", (t) => `TRUNCATE known, ${t}`),
  relation("in ALTER TABLE", (t) => `ALTER TABLE ${t} ADD COLUMN x integer`),
  relation("in DROP TABLE", (t) => `DROP TABLE ${t}`),
  relation("in DROP VIEW", (t) => `DROP VIEW ${t}`),
  relation("in DROP SEQUENCE", (t) => `DROP SEQUENCE ${t}`),
  relation("in REFRESH MATERIALIZED VIEW", (t) => `REFRESH MATERIALIZED VIEW ${t}`),
  relation("in CREATE VIEW", (t) => `CREATE VIEW v AS SELECT 1 AS one FROM ${t}`),
  relation("in a foreign key", (t) => `ALTER TABLE known ADD FOREIGN KEY (id) REFERENCES ${t} (id)`),
  relation("in nextval", (_, { missing }) => `SELECT nextval(${literal(quote(missing.stored))})`),
  relation("in a cast to regclass", (_, { missing }) => `SELECT ${literal(quote(missing.stored))}::regclass`),
  relation(
    "in the body of a function in PL/pgSQL",
    () => "SELECT inside()",
    (t) => inside("plpgsql", `SELECT 1 FROM known, ${t}`)
  ),
  relation(
    "in the body of a function in SQL",
    () => "SELECT inside()",
    (t) => inside("sql", `SELECT 1 FROM known, ${t}`)
  ),
  relationInApp("in SELECT", (t) => `SELECT * FROM ${t} WHERE id = 1`),
  relationInApp(
    "in SELECT, with blanks and comments",
    (t) => `SELECT * FROM ${t.replace("app.", 'U&"a\\0070p" . /* b */ ')}`
  ),
  relationInApp("in INSERT", (t) => `INSERT INTO ${t} (id) VALUES (1)`),
  relationInApp("in LOCK", (t) => `LOCK TABLE ${t}`),
  relationInApp("in nextval", (_, { missing }) => `SELECT nextval(${literal(`App.${quote(missing.stored)}`)})`),
  shape("42P01", "a relation whose schema is missing as well", ({ missing, other }) => ({
    setup: [],
    statement: `SELECT * FROM ${other.written}.${missing.written}`,
    object: SchemaObject.relation(qualifiedName(missing.stored, other.stored))
  })),
  shape("42P01", "a relation whose name is a parameter", ({ missing }) => {
    const name = missing.stored.replaceAll(".", "_")
    return {
      setup: [],
      statement: "SELECT $1::text::regclass",
      parameters: [quote(name)],
      object: SchemaObject.relation(qualifiedName(name))
    }
  })
]

const column = (
  claim: string,
  statement: (written: string, names: Names) => string,
  options: {
    readonly ofKnown?: boolean
    readonly qualifier?: string
    readonly setup?: (written: string) => ReadonlyArray<string>
  } = {}
): Shape =>
  shape("42703", `a column ${claim}`, (names) => {
    const table = options.ofKnown === true ? qualifiedName("known") : undefined
    const provocation = {
      setup: options.setup?.(names.missing.written) ?? [known],
      statement: statement(names.missing.written, names),
      object: SchemaObject.column(names.missing.stored, table)
    }
    return options.qualifier === undefined ? provocation : { ...provocation, qualifier: options.qualifier }
  })

/** A trigger that is told the names of columns as texts. */
const filling = (trigger: string, ...columns: ReadonlyArray<string>): ReadonlyArray<string> => [
  "CREATE TABLE known (id integer, text text, words tsvector)",
  `CREATE TRIGGER fill BEFORE INSERT ON known FOR EACH ROW EXECUTE FUNCTION ${trigger}(${columns.map(literal).join(", ")})`
]

/** A trigger of a table that sets a column. */
const triggered = (column: string, table: string): ReadonlyArray<string> => [
  `CREATE TABLE ${table} (id integer)`,
  `INSERT INTO ${table} VALUES (1)`,
  `CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $touch$ BEGIN NEW.${column} := 1; RETURN NEW; END $touch$`,
  `CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION touch()`
]

const keyed = () => ["CREATE TABLE known (id integer PRIMARY KEY)"]

const index = (
  claim: string,
  statement: (written: string) => string,
  setup: (written: string) => ReadonlyArray<string> = () => [known]
): Shape =>
  shape("42704", claim, ({ missing }) => ({
    setup: setup(missing.written),
    statement: statement(missing.written),
    object: SchemaObject.relation(qualifiedName(missing.stored))
  }))

const indexes: ReadonlyArray<Shape> = [
  index("an index of DROP INDEX", (i) => `DROP INDEX ${i}`),
  index("an index of CLUSTER", (i) => `CLUSTER known USING ${i}`),
  index("an index of ALTER TABLE", (i) => `ALTER TABLE known CLUSTER ON ${i}`),
  index("an index of a replica identity", (i) => `ALTER TABLE known REPLICA IDENTITY USING INDEX ${i}`),
  index("an index of a new constraint", (i) => `ALTER TABLE known ADD UNIQUE USING INDEX ${i}`),
  index("a foreign table", (t) => `DROP FOREIGN TABLE ${t}`)
]

const columns: ReadonlyArray<Shape> = [
  column("in SELECT", (c) => `SELECT id, ${c} FROM known`),
  column("in WHERE", (c) => `SELECT id FROM known WHERE ${c} = 1`),
  column("in ORDER BY", (c) => `SELECT id FROM known ORDER BY ${c}`),
  column("in GROUP BY", (c) => `SELECT 1 FROM known GROUP BY ${c}`),
  column("in RETURNING", (c) => `INSERT INTO known VALUES (1) RETURNING ${c}`),
  column("in a lateral subquery", (c) => `SELECT 1 FROM known, LATERAL (SELECT ${c}) AS x`),
  column("after an alias", (c) => `SELECT k.id, k.${c} FROM known AS k`, { qualifier: "k" }),
  column(
    "after an alias with quotation marks",
    (c) => `SELECT k.id, "u»«""x""".${c} FROM known AS k, known AS "u»«""x"""`,
    {
      qualifier: 'u»«"x"'
    }
  ),
  column("after its table", (c) => `SELECT known . ${c} FROM known`, { qualifier: "known" }),
  column("of excluded", (c) => `INSERT INTO known VALUES (1) ON CONFLICT (id) DO UPDATE SET id = excluded.${c}`, {
    qualifier: "excluded",
    setup: keyed
  }),
  shape("42703", "a column after schema and table", ({ missing }) => ({
    setup: [app, "CREATE TABLE app.known (id integer)"],
    statement: `SELECT app.known.${missing.written} FROM app.known`,
    object: SchemaObject.column(missing.stored, qualifiedName("known", "app")),
    qualifier: "known"
  })),
  column("in the target list of INSERT", (c) => `INSERT INTO known (id, ${c}) VALUES (1, 2)`, { ofKnown: true }),
  column("in SET of UPDATE", (c) => `UPDATE known SET id = 1, ${c} = 2`, { ofKnown: true }),
  shape("42703", "a column in SET of a table with such a name", ({ missing, other }) => ({
    setup: [`CREATE TABLE ${other.written} (id integer)`],
    statement: `UPDATE ${other.written} SET ${missing.written} = 2`,
    object: SchemaObject.column(missing.stored, qualifiedName(other.stored))
  })),
  column("of ON CONFLICT", (c) => `INSERT INTO known VALUES (1) ON CONFLICT (${c}) DO NOTHING`),
  column("of DO UPDATE", (c) => `INSERT INTO known VALUES (1) ON CONFLICT (id) DO UPDATE SET ${c} = 1`, {
    ofKnown: true,
    setup: keyed
  }),
  column("of USING on the left", (c) => `SELECT 1 FROM known JOIN (SELECT 1 AS ${c}) AS x USING (${c})`),
  column("of USING on the right", (c) => `SELECT 1 FROM (SELECT 1 AS ${c}) AS x JOIN known USING (${c})`),
  column("of COPY", (c) => `COPY known (${c}) FROM STDIN`, { ofKnown: true }),
  column("of an index", (c) => `CREATE INDEX ON known (${c})`),
  column("of a primary key", (c) => `CREATE TABLE t (id integer, PRIMARY KEY (id, ${c}))`),
  column("of a new key of a table", (c) => `ALTER TABLE known ADD UNIQUE (id, ${c})`),
  column("of a partition key", (c) => `CREATE TABLE t (id integer) PARTITION BY RANGE (id, ${c})`),
  shape("42703", "a column that a trigger fills", ({ missing }) => ({
    setup: filling("tsvector_update_trigger", missing.stored, "pg_catalog.simple", "text"),
    statement: "INSERT INTO known VALUES (1)",
    object: SchemaObject.column(missing.stored)
  })),
  shape("42703", "a column with the configuration of a trigger", ({ missing }) => ({
    setup: filling("tsvector_update_trigger_column", "words", missing.stored, "text"),
    statement: "INSERT INTO known VALUES (1)",
    object: SchemaObject.column(missing.stored)
  })),
  column("of a foreign key", (c) => `ALTER TABLE known ADD FOREIGN KEY (${c}) REFERENCES known (id)`),
  column("of ALTER COLUMN", (c) => `ALTER TABLE known ALTER COLUMN ${c} SET NOT NULL`, { ofKnown: true }),
  column("of a composite value", (c) => `SELECT (array_agg(known))[1].${c} FROM known`, { ofKnown: true }),
  column("of a row in parentheses", (c) => `SELECT (k).${c} FROM known AS k`, { qualifier: "k" }),
  shape("42703", "a field of a column that is set", ({ missing, other }) => ({
    setup: ["CREATE TYPE part AS (a integer)", `CREATE TABLE known (${other.written} part)`],
    statement: `UPDATE known SET ${other.written}.${missing.written} = 1`,
    object: SchemaObject.column(missing.stored, qualifiedName("part"))
  })),
  shape("42703", "a column of COMMENT, with schema and table", ({ missing, other }) => ({
    setup: [app, `CREATE TABLE app.${other.written} (id integer)`],
    statement: `COMMENT ON COLUMN app.${other.written}.${missing.written} IS 'x'`,
    object: SchemaObject.column(missing.stored, inApp(other))
  })),
  {
    ...column("that a trigger sets", () => "UPDATE known SET id = 2 WHERE id = 1", {
      ofKnown: true,
      setup: (c) => triggered(c, "known")
    }),
    needsText: true
  },
  column("that a trigger of another table sets", () => "INSERT INTO first VALUES (1)", {
    ofKnown: true,
    setup: (c) => [
      ...triggered(c, "known"),
      "CREATE TABLE first (id integer)",
      "CREATE FUNCTION forward() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN INSERT INTO known VALUES (1); RETURN NEW; END $body$",
      "CREATE TRIGGER forward AFTER INSERT ON first FOR EACH ROW EXECUTE FUNCTION forward()"
    ]
  }),
  column("in the body of a function in PL/pgSQL", () => "SELECT inside()", {
    qualifier: "k",
    setup: (c) => inside("plpgsql", `SELECT k.${c} FROM known k`)
  })
]

const routine = (
  claim: string,
  types: ReadonlyArray<string> | undefined,
  statement: (written: string, names: Names) => string
): Shape =>
  shape("42883", `a routine ${claim}`, (names) => ({
    setup: [known],
    statement: statement(names.missing.written, names),
    object: SchemaObject.routine(qualifiedName(names.missing.stored), types)
  }))

const inQuotes = ({ missing }: Names, rest: string): string => literal(`${quote(missing.stored)}${rest}`)

const trigger = (f: string) => `CREATE TRIGGER t AFTER INSERT ON known EXECUTE FUNCTION ${f}()`

const routines: ReadonlyArray<Shape> = [
  routine("without arguments", [], (f) => `SELECT ${f}()`),
  routine("with arguments", ["integer", "text", "unknown"], (f) => `SELECT ${f} (1, 'x'::text, 'y')`),
  routine("with an array", ["integer[]", "text[]"], (f) => `SELECT ${f}(ARRAY[1], tags) FROM known`),
  routine("with named arguments", ["integer", "numeric"], (f) => `SELECT ${f}(a => 1, "b => c" => 1.5)`),
  routine("in FROM", ["integer"], (f) => `SELECT * FROM ${f}(1) AS x`),
  routine("in CALL", ["integer", "text"], (f) => `CALL ${f}(1, 'x'::text)`),
  routine("of a trigger", [], trigger),
  routine(
    "in DROP FUNCTION with types",
    ["integer", "character varying"],
    (f) => `DROP FUNCTION ${f}(int, varchar(9))`
  ),
  routine("in DROP PROCEDURE with types", ["bigint"], (f) => `DROP PROCEDURE ${f}(int8)`),
  routine("in DROP AGGREGATE", ["integer"], (f) => `DROP AGGREGATE ${f}(int4)`),
  routine("in DROP AGGREGATE without arguments", ["*"], (f) => `DROP AGGREGATE ${f}(*)`),
  routine("in DROP FUNCTION without types", undefined, (f) => `DROP FUNCTION ${f}`),
  routine(
    "in a cast to regprocedure",
    ["integer", "text[]"],
    (_, n) => `SELECT ${inQuotes(n, "(int4, text[])")}::regprocedure`
  ),
  routine("in a cast to regproc", undefined, (_, n) => `SELECT ${inQuotes(n, "")}::regproc`),
  routine(
    "in has_function_privilege",
    ["timestamp with time zone"],
    (_, n) => `SELECT has_function_privilege(${inQuotes(n, "(timestamptz)")}, 'execute')`
  ),
  shape("42883", "a routine with its schema and a type of our own", ({ missing }) => ({
    setup: [app, `CREATE TYPE app."M,o(o" AS ENUM ('a')`],
    statement: `SELECT APP.${missing.written}(1, 'a'::app."M,o(o")`,
    object: SchemaObject.routine(inApp(missing), ["integer", 'app."M,o(o"'])
  })),
  shape("42883", "a procedure with its schema", ({ missing }) => ({
    setup: [app],
    statement: `CALL app.${missing.written}(NULL::int[])`,
    object: SchemaObject.routine(inApp(missing), ["integer[]"])
  }))
]

const operator = (
  claim: string,
  statement: string,
  object: SchemaObject.Operator,
  setup: ReadonlyArray<string> = [known]
): Shape => shape("42883", `an operator ${claim}`, () => ({ setup, statement, object }))

const plus = (...types: ReadonlyArray<string>) => SchemaObject.operator(qualifiedName("+"), types)

const operators: ReadonlyArray<Shape> = [
  operator("between two types", "SELECT 1 + 'x'::text", plus("integer", "text")),
  operator(
    "before a constant",
    "SELECT 'x'::text <-> 'y'",
    SchemaObject.operator(qualifiedName("<->"), ["text", "unknown"])
  ),
  operator("before its operand", "SELECT @#@ 'x'::text", SchemaObject.operator(qualifiedName("@#@"), ["text"])),
  operator(
    "behind a keyword",
    "SELECT id LIKE tags FROM known",
    SchemaObject.operator(qualifiedName("~~"), ["integer", "text[]"])
  ),
  operator(
    "of DROP OPERATOR",
    "DROP OPERATOR === (integer, text)",
    SchemaObject.operator(qualifiedName("==="), ["integer", "text"])
  ),
  operator(
    "with its schema, and a type of our own",
    `SELECT 'a'::"M o+o" OPERATOR(app.+) 1`,
    SchemaObject.operator(qualifiedName("+", "app"), ['"M o+o"', "integer"]),
    [app, `CREATE TYPE "M o+o" AS ENUM ('a')`]
  )
]

const type = (
  claim: string,
  statement: (written: string, names: Names) => string,
  parameters: ReadonlyArray<unknown> = []
): Shape =>
  shape("42704", `a type ${claim}`, (names) => ({
    setup: [known],
    statement: statement(names.missing.written, names),
    parameters,
    object: SchemaObject.type(qualifiedName(names.missing.stored))
  }))

const types: ReadonlyArray<Shape> = [
  type("in a cast", (t) => `SELECT NULL::${t}`),
  type("in CAST", (t) => `SELECT CAST(id AS ${t}) FROM known`),
  type("of a parameter", (t) => `SELECT $1::${t}`, ["x"]),
  type("of an array", (t) => `SELECT NULL::${t}[]`),
  type("with dimensions", (t) => `SELECT NULL::${t}[3][4]`),
  type("before a constant", (t) => `SELECT ${t} 'x'`),
  type("of a new column", (t) => `ALTER TABLE known ADD COLUMN c ${t}`),
  type("in a cast to regtype", (_, { missing }) => `SELECT ${literal(quote(missing.stored))}::regtype`),
  shape("42704", "a type of an argument of a new function", ({ missing }) => {
    const name = missing.stored.replaceAll('"', "_")
    return {
      setup: [],
      statement: `CREATE FUNCTION f(x ${quote(name)}) RETURNS integer LANGUAGE sql AS 'SELECT 1'`,
      object: SchemaObject.type(qualifiedName(name))
    }
  }),
  shape("42704", "a type with its schema", ({ missing }) => ({
    setup: [app],
    statement: `SELECT NULL::app.${missing.written}[]`,
    object: SchemaObject.type(inApp(missing))
  }))
]

const schema = (claim: string, statement: (written: string, names: Names) => string): Shape =>
  shape("3F000", `a schema ${claim}`, (names) => ({
    setup: [],
    statement: statement(names.missing.written, names),
    object: SchemaObject.schema(names.missing.stored)
  }))

const schemas: ReadonlyArray<Shape> = [
  schema("of a function", (s) => `SELECT ${s}.f(1)`),
  schema("of a type", (s) => `SELECT NULL::${s}.t`),
  schema("of a new table", (s) => `CREATE TABLE ${s}.t (id integer)`),
  schema("in a cast to regnamespace", (_, { missing }) => `SELECT ${literal(quote(missing.stored))}::regnamespace`)
]

const enumType = ({ other }: Names) => `CREATE TYPE ${other.written} AS ENUM ('a')`

const enumValue = (
  claim: string,
  statement: (names: Names) => string,
  parameters: (names: Names) => ReadonlyArray<unknown> = () => [],
  setup: (names: Names) => ReadonlyArray<string> = (names) => [enumType(names)]
): Shape =>
  shape("22P02", `an enum value ${claim}`, (names) => ({
    setup: setup(names),
    statement: statement(names),
    parameters: parameters(names),
    object: SchemaObject.enumValue(qualifiedName(names.other.stored), names.label)
  }))

const enumValues: ReadonlyArray<Shape> = [
  enumValue("in a constant", ({ label, other }) => `SELECT ${literal(label)}::${other.written}`),
  enumValue(
    "in a parameter",
    ({ other }) => `SELECT $1::${other.written}`,
    ({ label }) => [label]
  ),
  enumValue(
    "in INSERT",
    ({ label }) => `INSERT INTO t VALUES (${literal(label)})`,
    undefined,
    (names) => [enumType(names), `CREATE TABLE t (mood ${names.other.written})`]
  ),
  shape("22P02", "an enum value of a type outside the search path", ({ label, other }) => ({
    setup: [app, `CREATE TYPE app.${other.written} AS ENUM ('a')`],
    statement: `SELECT ${literal(label)}::app.${other.written}`,
    object: SchemaObject.enumValue(inApp(other), label)
  }))
]

const conflictTargets: ReadonlyArray<Shape> = [
  shape("42P10", "a unique constraint for ON CONFLICT", ({ missing, other }) => ({
    setup: [app, `CREATE TABLE app.${other.written} (id integer, ${missing.written} text)`],
    statement: `INSERT INTO app.${other.written} (id) VALUES (1) ON CONFLICT (${missing.written}, id) DO NOTHING`,
    object: SchemaObject.conflictTarget([missing.stored, "id"], inApp(other))
  })),
  shape("42P10", "a unique constraint for ON CONFLICT with a collation and a condition", ({ missing, other }) => ({
    setup: [`CREATE TABLE ${other.written} (id integer, ${missing.written} text)`],
    statement: `WITH x AS (SELECT 'on conflict (y)') INSERT INTO ${other.written} AS o (id) VALUES (1)
      ON CONFLICT (${missing.written} COLLATE "C" text_ops) WHERE id > 0 DO UPDATE SET id = 2`,
    object: SchemaObject.conflictTarget([missing.stored], qualifiedName(other.stored))
  })),
  shape("42P10", "a unique index over an expression for ON CONFLICT", ({ missing, other }) => ({
    setup: [`CREATE TABLE ${other.written} (id integer, ${missing.written} text)`],
    statement: `INSERT INTO ${other.written} (id) VALUES (1) ON CONFLICT (lower(${missing.written})) DO NOTHING`,
    object: SchemaObject.conflictTarget([], qualifiedName(other.stored))
  }))
]

const others: ReadonlyArray<Shape> = [
  shape("42704", "a constraint of ON CONFLICT ON CONSTRAINT", ({ missing, other }) => ({
    setup: [`CREATE TABLE ${other.written} (id integer)`],
    statement: `INSERT INTO ${other.written} VALUES (1) ON CONFLICT ON CONSTRAINT ${missing.written} DO NOTHING`,
    object: SchemaObject.constraint(missing.stored, qualifiedName(other.stored))
  })),
  shape("42704", "a constraint of ALTER TABLE", ({ missing, other }) => ({
    setup: [`CREATE TABLE ${other.written} (id integer)`],
    statement: `ALTER TABLE ${other.written} VALIDATE CONSTRAINT ${missing.written}`,
    object: SchemaObject.constraint(missing.stored, qualifiedName(other.stored))
  })),
  shape("42704", "a constraint of SET CONSTRAINTS", ({ missing }) => ({
    setup: [],
    statement: `SET CONSTRAINTS ${missing.written} DEFERRED`,
    object: SchemaObject.constraint(missing.stored)
  })),
  shape("42704", "a collation in an expression", ({ missing }) => ({
    setup: [],
    statement: `SELECT 'a' < 'b' COLLATE ${missing.written}`,
    object: SchemaObject.collation(qualifiedName(missing.stored))
  })),
  shape("42704", "a collation with its schema, of a new column", ({ missing }) => ({
    setup: [app],
    statement: `CREATE TABLE t (name text COLLATE app.${missing.written})`,
    object: SchemaObject.collation(inApp(missing))
  })),
  shape("42704", "a text search configuration", ({ missing }) => ({
    setup: [],
    statement: `SELECT to_tsvector(${literal(quote(missing.stored))}, 'a')`,
    object: SchemaObject.textSearchConfiguration(qualifiedName(missing.stored))
  })),
  shape("42704", "a text search configuration with its schema", ({ missing }) => ({
    setup: [app],
    statement: `ALTER TEXT SEARCH CONFIGURATION app.${missing.written} DROP MAPPING FOR word`,
    object: SchemaObject.textSearchConfiguration(inApp(missing))
  })),
  shape("42704", "a role of GRANT", ({ missing }) => ({
    setup: [known],
    statement: `GRANT SELECT ON known TO ${missing.written}`,
    object: SchemaObject.role(missing.stored)
  })),
  shape("42704", "an extension", ({ missing }) => ({
    setup: [],
    statement: `ALTER EXTENSION ${missing.written} UPDATE`,
    object: SchemaObject.extension(missing.stored)
  }))
]

export const all: ReadonlyArray<Shape> = [
  ...relations,
  ...indexes,
  ...columns,
  ...routines,
  ...operators,
  ...types,
  ...schemas,
  ...enumValues,
  ...conflictTargets,
  ...others
]

/** A statement whose error shares its SQLSTATE with those above and is about nothing that a migration could bring. */
export interface FalseFriend {
  readonly sqlState: string
  readonly about: string
  readonly setup: ReadonlyArray<string>
  readonly statement: string
}

const friend = (sqlState: string, about: string, statement: string, setup: ReadonlyArray<string> = [known]) => ({
  sqlState,
  about,
  setup,
  statement
})

const raising = (sqlState: string, message: string): ReadonlyArray<string> => [
  `CREATE FUNCTION raising() RETURNS void LANGUAGE plpgsql AS $body$ BEGIN
    RAISE EXCEPTION USING ERRCODE = '${sqlState}', MESSAGE = ${literal(message)};
  END $body$`
]

export const falseFriends: ReadonlyArray<FalseFriend> = [
  friend("42P01", "a table that FROM lacks", "SELECT missing.id FROM known"),
  friend("42P01", "a table hidden by its alias", "SELECT known.id FROM known k"),
  friend("42P01", "a table that FOR UPDATE names", "SELECT 1 FROM known FOR UPDATE OF missing"),
  friend("42P01", "a table of PostgreSQL itself", "SELECT * FROM pg_catalog.pg_missing"),
  friend("42P01", "a table that somebody raised", "SELECT raising()", raising("42P01", 'relation "x" does not exist')),
  friend("42703", "a field of a record", "SELECT pick()", [
    known,
    "CREATE FUNCTION pick() RETURNS integer LANGUAGE plpgsql AS $body$ DECLARE r record; BEGIN SELECT 1 AS a INTO r; RETURN r.at; END $body$"
  ]),
  friend("42703", "a column of an anonymous record", "SELECT (r).missing FROM (SELECT ROW(1) AS r) AS x"),
  friend("42703", "a column by its number", "ALTER INDEX known_index ALTER COLUMN 7 SET STATISTICS 5", [
    known,
    "CREATE INDEX known_index ON known ((id + 1))"
  ]),
  friend(
    "42703",
    "a column by its number, of an index with a dot",
    'ALTER INDEX "a.b" ALTER COLUMN 7 SET STATISTICS 5',
    [known, 'CREATE INDEX "a.b" ON known ((id + 1))']
  ),
  friend("42703", "a column that somebody raised", "SELECT raising()", raising("42703", 'column "x" does not exist')),
  friend("42883", "an order that a type has not", "SELECT '{}'::json ORDER BY 1"),
  friend("42883", "a function of PostgreSQL itself", "SELECT pg_catalog.pg_missing(1)"),
  friend("42883", "arguments of a function of the grammar", "SELECT position(1 IN 2)"),
  friend("42704", "a configuration parameter", "SHOW missing"),
  friend("42704", "a setting", "SELECT current_setting('app.missing')"),
  friend("42704", "a window", "SELECT count(*) OVER missing FROM known"),
  friend("42704", "a language", "CREATE FUNCTION f() RETURNS integer LANGUAGE missing AS ''"),
  friend("42704", "an access method", "CREATE INDEX ON known USING missing (id)"),
  friend("42704", "an operator class", "CREATE INDEX ON known (id missing)"),
  friend("42704", "a text search dictionary", "SELECT ts_lexize('missing', 'a')"),
  friend("42704", "a trigger", "DROP TRIGGER missing ON known"),
  friend("42704", "a constraint of a domain", "ALTER DOMAIN positive DROP CONSTRAINT missing", [
    "CREATE DOMAIN positive AS integer"
  ]),
  friend("42704", "a constraint of a domain, in COMMENT", "COMMENT ON CONSTRAINT missing ON DOMAIN positive IS 'x'", [
    "CREATE DOMAIN positive AS integer"
  ]),
  friend("42704", "a cast", "DROP CAST (text AS point)"),
  friend("42704", "a transform", "DROP TRANSFORM FOR text LANGUAGE sql"),
  friend("42704", "a type that is only a shell", "SELECT NULL::shell", ["CREATE TYPE shell"]),
  friend("3F000", "no schema to create in", "CREATE TABLE t (id integer)", ["SET LOCAL search_path = ''"]),
  friend("22P02", "a number", "SELECT 'x'::integer"),
  friend("22P02", "an array", "SELECT '{'::integer[]"),
  friend("22P02", "a document", "SELECT '{'::json"),
  friend("22P02", "a label longer than any label", `SELECT '${"x".repeat(64)}'::mood`, [
    "CREATE TYPE mood AS ENUM ('a')"
  ]),
  friend("42P10", "the order of DISTINCT ON", "SELECT DISTINCT ON (id) 1 FROM known ORDER BY tags"),
  friend("42P10", "a position in ORDER BY", "SELECT id FROM known ORDER BY 3"),
  friend("42P10", "an order in ON CONFLICT", "INSERT INTO known VALUES (1) ON CONFLICT (id ASC) DO NOTHING"),
  friend("0A000", "another database", "SELECT * FROM missing.public.known"),
  friend("23505", "a duplicate", "INSERT INTO known VALUES (1), (1)", ["CREATE TABLE known (id integer UNIQUE)"]),
  friend("42601", "a mistake of grammar", "SELEC 1"),
  friend("42702", "an ambiguous column", "SELECT id FROM known a, known b"),
  friend("25006", "a transaction that only reads", "INSERT INTO known VALUES (1)", [
    known,
    "SET TRANSACTION READ ONLY"
  ]),
  friend("42501", "a privilege", "SELECT * FROM known", [known, "SET LOCAL ROLE pg_read_all_settings"])
]
