/**
 * A rename turns every name that the simulated catalog keeps: what a statement reads and writes after it differs from what it read and
 * wrote before only by the names. The objects below point at each other in every way that the model knows.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Either from "effect/Either"
import * as fc from "fast-check"
import * as SimulatedCatalog from "../../../src/core/catalog/SimulatedCatalog.js"
import * as Footprint from "../../../src/core/migration/Footprint.js"
import { lastFootprint, parser, sourcesOf, staysBehind, told } from "../../support/history/Parsing.js"

const behind = (...texts: ReadonlyArray<string>) => assert.isTrue(staysBehind(...texts), texts.join("\n--\n"))

/** Every name in it is a word that stands in no other one. */
const objects = `
  CREATE SCHEMA other;
  CREATE ROLE reader;
  CREATE COLLATION sorted (locale = 'C');
  CREATE TEXT SEARCH CONFIGURATION searched (COPY = simple);
  CREATE TYPE mood AS ENUM ('sad', 'ok');
  CREATE TYPE pair AS (first mood, second integer);
  CREATE TYPE span AS RANGE (SUBTYPE = integer, MULTIRANGE_TYPE_NAME = spans);
  CREATE FUNCTION checked(n integer) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT true';
  CREATE FUNCTION computed(n integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT 1';
  CREATE FUNCTION fired() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
  CREATE DOMAIN posint AS integer CONSTRAINT positive CHECK (checked(VALUE));
  CREATE SEQUENCE counter;
  CREATE TABLE parent (id integer CONSTRAINT parentkey PRIMARY KEY, label text, feeling mood, two pair, during span);
  CREATE TABLE child (
    number integer CONSTRAINT childcheck CHECK (checked(number)), owner integer CONSTRAINT childkey REFERENCES parent (id),
    step integer DEFAULT nextval('counter'), made integer DEFAULT computed(1), amount posint,
    twice integer GENERATED ALWAYS AS (computed(number)) STORED);
  CREATE TABLE asked (id integer);
  CREATE TABLE logged (id integer);
  CREATE INDEX indexed ON child (computed(number), owner);
  CREATE STATISTICS counted ON number, owner FROM child;
  CREATE TRIGGER firing BEFORE INSERT ON child FOR EACH ROW WHEN (checked(new.number)) EXECUTE FUNCTION fired();
  CREATE POLICY allowed ON child TO reader USING (EXISTS (SELECT FROM asked));
  CREATE RULE ruled AS ON UPDATE TO child DO ALSO INSERT INTO logged VALUES (1);
  CREATE VIEW seen AS SELECT id, label AS l, computed(id) AS c FROM parent;
  CREATE MATERIALIZED VIEW kept AS SELECT c FROM seen;
  CREATE FUNCTION added(n integer) RETURNS integer BEGIN ATOMIC INSERT INTO logged VALUES (n); SELECT computed(n); END;
  CREATE FUNCTION summed(s integer, n integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT 1';
  CREATE AGGREGATE total(integer) (SFUNC = summed, STYPE = integer);
  CREATE FUNCTION felt(m mood) RETURNS parent STABLE LANGUAGE sql AS 'SELECT NULL';
  CREATE TABLE heir () INHERITS (child)`

/** Renames an object by its name in `name`; `NEXT` is the new one. */
const renames: ReadonlyArray<readonly [name: string, rename: string]> = [
  ...["parent", "child", "asked", "logged", "heir"].map(
    (name) => [name, `ALTER TABLE ${name} RENAME TO NEXT`] as const
  ),
  ...["mood", "pair", "span"].map((name) => [name, `ALTER TYPE ${name} RENAME TO NEXT`] as const),
  ["posint", "ALTER DOMAIN posint RENAME TO NEXT"],
  ["positive", "ALTER DOMAIN posint RENAME CONSTRAINT positive TO NEXT"],
  ["first", "ALTER TYPE pair RENAME ATTRIBUTE first TO NEXT"],
  ["checked", "ALTER FUNCTION checked(integer) RENAME TO NEXT"],
  ["computed", "ALTER FUNCTION computed RENAME TO NEXT"],
  ["fired", "ALTER FUNCTION fired RENAME TO NEXT"],
  ["added", "ALTER ROUTINE added(integer) RENAME TO NEXT"],
  ["summed", "ALTER FUNCTION summed RENAME TO NEXT"],
  ["total", "ALTER AGGREGATE total(integer) RENAME TO NEXT"],
  ["counter", "ALTER SEQUENCE counter RENAME TO NEXT"],
  ["indexed", "ALTER INDEX indexed RENAME TO NEXT"],
  ["parentkey", "ALTER INDEX parentkey RENAME TO NEXT"],
  ["childcheck", "ALTER TABLE child RENAME CONSTRAINT childcheck TO NEXT"],
  ["childkey", "ALTER TABLE child RENAME CONSTRAINT childkey TO NEXT"],
  ["counted", "ALTER STATISTICS counted RENAME TO NEXT"],
  ["firing", "ALTER TRIGGER firing ON child RENAME TO NEXT"],
  ["allowed", "ALTER POLICY allowed ON child RENAME TO NEXT"],
  ["ruled", "ALTER RULE ruled ON child RENAME TO NEXT"],
  ["number", "ALTER TABLE child RENAME number TO NEXT"],
  ["label", "ALTER TABLE parent RENAME COLUMN label TO NEXT"],
  ["seen", "ALTER VIEW seen RENAME TO NEXT"],
  ["kept", "ALTER MATERIALIZED VIEW kept RENAME TO NEXT"],
  ["sorted", "ALTER COLLATION sorted RENAME TO NEXT"],
  ["searched", "ALTER TEXT SEARCH CONFIGURATION searched RENAME TO NEXT"],
  ["reader", "ALTER ROLE reader RENAME TO NEXT"]
]

/** Statements that follow the pointers between the objects. */
const probes: ReadonlyArray<string> = [
  "TRUNCATE parent CASCADE",
  "DELETE FROM parent",
  "INSERT INTO child (number) VALUES (1)",
  "UPDATE child SET number = 2",
  "ALTER TABLE child DROP CONSTRAINT childkey",
  "ALTER TABLE child DROP CONSTRAINT childcheck",
  "ALTER TABLE child DROP COLUMN number CASCADE",
  "ALTER TABLE child ALTER step DROP DEFAULT",
  "ALTER TABLE heir NO INHERIT child",
  "DROP TRIGGER firing ON child",
  "DROP POLICY allowed ON child",
  "DROP RULE ruled ON child",
  "DROP INDEX indexed",
  "DROP STATISTICS counted",
  "DROP TABLE asked CASCADE",
  "DROP TABLE logged CASCADE",
  "DROP TABLE parent CASCADE",
  "DROP TABLE child CASCADE",
  "DROP SEQUENCE counter CASCADE",
  "DROP VIEW seen CASCADE",
  "REFRESH MATERIALIZED VIEW kept",
  "CREATE OR REPLACE VIEW seen AS SELECT id, label AS l, 1 AS c FROM parent",
  "SELECT * FROM kept",
  "SELECT added(1)",
  "SELECT total(number) FROM child",
  "SELECT felt('sad')",
  "DROP FUNCTION checked CASCADE",
  "DROP FUNCTION computed CASCADE",
  "DROP FUNCTION felt",
  "DROP AGGREGATE total(integer)",
  "DROP TYPE mood CASCADE",
  "DROP TYPE pair CASCADE",
  "DROP DOMAIN posint CASCADE",
  "ALTER DOMAIN posint DROP CONSTRAINT positive",
  "ALTER TYPE pair DROP ATTRIBUTE first CASCADE",
  "DROP COLLATION sorted",
  "DROP TEXT SEARCH CONFIGURATION searched",
  "DROP ROLE reader"
]

type Names = ReadonlyMap<string, string>

const named = (text: string, names: Names): string => text.replace(/[a-z_]+/g, (word) => names.get(word) ?? word)

/** The files of these renames in their order, and the names that they leave. */
const renamed = (chosen: ReadonlyArray<readonly [name: string, rename: string]>) => {
  const names = new Map<string, string>()
  const files = chosen.map(([name, rename]) => {
    const next = `${names.get(name) ?? name}x`
    const file = named(rename, names).replace("NEXT", next)
    names.set(name, next)
    return file
  })
  return { files, names }
}

const after = (catalog: SimulatedCatalog.SimulatedCatalog, texts: ReadonlyArray<string>): Footprint.Inferred =>
  sourcesOf(texts).reduce<Footprint.Inferred>(
    (state, source) => Either.getOrThrow(Footprint.infer(parser, state.catalog, source)),
    { catalog, footprint: Footprint.empty }
  )

const start = after(SimulatedCatalog.empty, [objects]).catalog

const last = (...texts: ReadonlyArray<string>): Footprint.Footprint => after(start, texts).footprint

const keysOf = ({ reads, writes }: Footprint.Footprint): ReadonlyArray<string> => [...reads, ...writes]

const someRenames = fc.array(fc.constantFrom(...renames), { minLength: 1, maxLength: 8 })

describe("after renames of any objects, in any order", () => {
  it("each statement reads and writes all that it read and wrote before, under the new names, and no old name", () => {
    fc.assert(
      fc.property(someRenames, fc.constantFrom(...probes), (chosen, probe) => {
        const { files, names } = renamed(chosen)
        const before = keysOf(last(probe)).map((key) => named(key, names))
        const keys = keysOf(last(...files, named(probe, names)))
        const old = keys.filter((key) => key.split(/[^a-z_]+/).some((word) => names.has(word)))
        deepStrictEqual(old, [])
        assert.includeMembers([...keys], before, [...files, probe].join("; "))
      }),
      { numRuns: 100 }
    )
  })

  it("each statement takes away what it took away before, under the new names", () => {
    fc.assert(
      fc.property(someRenames, fc.constantFrom(...probes), (chosen, probe) => {
        const { files, names } = renamed(chosen)
        const before = told(last(probe)).removes.map((object) => named(object, names))
        deepStrictEqual(told(last(...files, named(probe, names))).removes.toSorted(), before.toSorted())
      }),
      { numRuns: 100 }
    )
  })
})

describe("a rename keeps what depended on the old name", () => {
  it("of a table, for a foreign key that goes before TRUNCATE CASCADE", () =>
    behind(
      "CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE k (p integer CONSTRAINT fk REFERENCES p)",
      "ALTER TABLE p RENAME TO po",
      "ALTER TABLE k DROP CONSTRAINT fk",
      "TRUNCATE po CASCADE"
    ))

  it("of an object in another schema, and under another name there", () => {
    const moved = "ALTER FUNCTION f() SET SCHEMA s; ALTER FUNCTION s.f() RENAME TO g"
    behind(
      "CREATE SCHEMA s; CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'; CREATE TABLE t (x integer DEFAULT f())",
      moved,
      "ALTER TABLE t ALTER x DROP DEFAULT",
      "DROP FUNCTION s.g()"
    )
  })

  it("of one overload, for calls of either", () => {
    const overloads =
      "CREATE FUNCTION f(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION f(text) RETURNS integer LANGUAGE sql AS 'SELECT 1'"
    const history = [`${overloads}; CREATE TABLE t (x integer DEFAULT f(1))`, "ALTER FUNCTION f(text) RENAME TO g"]
    behind(...history, "ALTER TABLE t ALTER x DROP DEFAULT", "DROP FUNCTION f(integer)")
    behind(...history, "ALTER TABLE t ALTER x DROP DEFAULT", "DROP FUNCTION g(text)")
  })

  it("of a table that no migration creates", () =>
    behind(
      "CREATE VIEW v AS SELECT x FROM outside",
      "ALTER TABLE outside RENAME TO beyond",
      "DROP VIEW v",
      "DROP TABLE beyond"
    ))

  it("under a condition that only the server can answer, for both names", () => {
    const asked = "DO $$ BEGIN IF (SELECT count(*) FROM a) > 0 THEN ALTER TABLE a RENAME TO b; END IF; END $$"
    const history = ["CREATE TABLE a (x integer); CREATE VIEW v AS SELECT x FROM a", asked]
    behind(...history, "DROP VIEW v", "DROP TABLE IF EXISTS a")
    behind(...history, "DROP VIEW v", "DROP TABLE IF EXISTS b")
  })

  it("of a label, and of a part of any kind, with the name that the file promises", () => {
    const provided = (text: string) => told(lastFootprint(text)).provides
    deepStrictEqual(provided("CREATE COLLATION a (locale = 'C'); ALTER COLLATION a RENAME TO b"), ["collation b"])
    deepStrictEqual(provided("CREATE SCHEMA s; CREATE COLLATION a (locale = 'C'); ALTER COLLATION a SET SCHEMA s"), [
      "schema s",
      "collation s.a"
    ])
    deepStrictEqual(provided("CREATE TYPE m AS ENUM ('x'); ALTER TYPE m RENAME VALUE 'x' TO 'y'"), [
      "type m",
      'value "y" of enum m'
    ])
    deepStrictEqual(
      provided("CREATE EXTENSION citext; CREATE SCHEMA s; ALTER EXTENSION citext SET SCHEMA s")[1],
      "type s.citext"
    )
  })
})
