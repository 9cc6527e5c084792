/**
 * What the reading of a history costs, counted in characters that are looked at: of its text, and of the names that the
 * simulated catalog is asked for. A history of twice the length repeats the same pattern twice as often.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Either from "effect/Either"
import * as fc from "fast-check"
import * as Footprint from "../../../src/core/migration/Footprint.js"
import { lastFootprint, parser, sourcesOf, told } from "../../support/history/Parsing.js"
import { charactersRead } from "../../support/text/WorkCounter.js"

const levels = (count: number, statement: (level: number) => string): string =>
  Array.from({ length: count }, (_, index) => statement(index + 1)).join("\n")

/** How far back each use of an earlier object goes: several uses of the same one are what makes a reader start again. */
const uses = fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 1, maxLength: 4 })

const back = (level: number, distance: number): number => Math.max(0, level - distance)

const body = fc.constantFrom(
  (calls: string) => `LANGUAGE sql AS 'SELECT ${calls}'`,
  (calls: string) => `LANGUAGE plpgsql AS 'BEGIN PERFORM ${calls}; RETURN 1; END'`,
  (calls: string) => `LANGUAGE plpgsql AS 'BEGIN IF EXISTS (SELECT 1 FROM t) THEN RETURN ${calls}; END IF; END'`
)

const leaf = fc.constantFrom("SELECT 1", "INSERT INTO t VALUES (1)", "UPDATE t SET id = 2", "SELECT nextval('s')")

/** Functions that each call earlier ones, and a call of the last. */
const functions = fc.tuple(uses, body, leaf).map(
  ([distances, bodyOf, first]) =>
    (count: number) =>
      `CREATE TABLE t (id int); CREATE SEQUENCE s;
CREATE FUNCTION f0() RETURNS bigint LANGUAGE sql AS $$ ${first}; SELECT 1 $$;
${levels(count, (level) => {
  const calls = distances.map((distance) => `f${back(level, distance)}()`).join(" + ")
  return `CREATE FUNCTION f${level}() RETURNS bigint ${bodyOf(calls)};`
})}
SELECT f${count}();`
)

const inheritors = fc.constantFrom(
  ...["ALTER TABLE t0 ADD COLUMN x int;", "ALTER TABLE t0 RENAME COLUMN id TO y;", "DROP TABLE t0 CASCADE;"],
  ...["ALTER TABLE t0 ALTER COLUMN id TYPE bigint;", "ALTER TABLE t0 ALTER id SET NOT NULL;", "UPDATE t0 SET id = 1;"]
)

/** Tables that each inherit from earlier ones, and a change of the first. */
const tables = fc.tuple(uses, inheritors).map(
  ([distances, change]) =>
    (count: number) =>
      `CREATE SEQUENCE s; CREATE TABLE t0 (id int DEFAULT nextval('s'), CHECK (id > 0));
${levels(count, (level) => {
  const parents = new Set(distances.map((distance) => `t${back(level, distance)}`))
  return `CREATE TABLE t${level} () INHERITS (${[...parents].join()});`
})}
${change}`
)

/** Types that each consist of earlier ones, and a row of the last. */
const types = uses.map(
  (distances) => (count: number) =>
    `CREATE DOMAIN d AS int CHECK (VALUE > 0); CREATE TYPE t0 AS (x d);
${levels(count, (level) => {
  const parts = distances.map((distance, index) => `c${index} t${back(level, distance)}`)
  return `CREATE TYPE t${level} AS (${parts.join()});`
})}
CREATE TABLE t (x t${count}); INSERT INTO t VALUES (NULL);`
)

/** Variables that each hold an earlier one twice, and a statement that runs the last. */
const variables = (
  count: number
): string => `DO $$ DECLARE v0 text := 'a'; ${levels(count, (level) => `v${level} text;`)}
BEGIN ${levels(count, (level) => `v${level} := v${level - 1} || v${level - 1};`)}
EXECUTE v${count}; END $$;`

/** Functions that each call the one before four times. `first` is what the first one runs. */
const calls = (count: number, first: string): string => `CREATE TABLE t (id int);
CREATE FUNCTION f0() RETURNS int LANGUAGE sql AS $$ ${first}; SELECT 1 $$;
${levels(count, (level) => {
  const call = `f${level - 1}()`
  return `CREATE FUNCTION f${level}() RETURNS int LANGUAGE sql AS 'SELECT ${call} + ${call} + ${call} + ${call}';`
})}`

const workOf = (text: string): number =>
  charactersRead(() => Either.getOrThrow(Footprint.inferAll(parser, sourcesOf([text]))))

describe("a history of twice the length", () => {
  for (const [name, histories] of Object.entries({ functions, tables, types })) {
    it.prop(
      `costs about twice the work: ${name} that use earlier ones several times`,
      [histories],
      ([historyOf]) => {
        // Work that doubles with each level is 256 times as much.
        assert.isAtMost(workOf(historyOf(16)) / workOf(historyOf(8)), 3)
      },
      { fastCheck: { numRuns: 40 } }
    )
  }
})

describe("a body", () => {
  it("is read once by a statement, however often it is called", () => {
    const often = lastFootprint(calls(30, "UPDATE t SET id = 2"), "SELECT f30()")
    deepStrictEqual(told(often).writes, ["t"])
    deepStrictEqual(told(often).barriers, [])
  })

  it("is read again where the catalog has changed in between", () => {
    const file = `CREATE TABLE a (id int);
      CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS 'BEGIN INSERT INTO v VALUES (1); END';
      DO $$ BEGIN CREATE VIEW v AS SELECT * FROM a; PERFORM f(); DROP VIEW v; CREATE TABLE b (id int);
      CREATE VIEW v AS SELECT * FROM b; PERFORM f(); END $$;`
    assert.includeMembers(told(lastFootprint(file)).writes, ["a", "b", "v"])
  })

  it("is read again for other arguments", () => {
    const file = `CREATE TABLE a (id int); CREATE TABLE b (id int);
      CREATE FUNCTION f(name text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DELETE FROM ' || name; END $$;`
    deepStrictEqual(told(lastFootprint(file, "SELECT f('a'), f('b'), f(name => 'a')")).writes, ["a", "b"])
  })

  it("may call itself, alone and in turn with another one", () => {
    const file = `CREATE TABLE t (id int);
      CREATE FUNCTION f(n int) RETURNS int LANGUAGE sql AS 'SELECT 1';
      CREATE FUNCTION g(n int) RETURNS int LANGUAGE sql AS 'SELECT f(n - 1) + f(n - 2)';
      CREATE OR REPLACE FUNCTION f(n int) RETURNS int LANGUAGE sql AS 'DELETE FROM t; SELECT g(n - 1) + g(n - 2)';`
    deepStrictEqual(told(lastFootprint(file, "SELECT g(1) + f(2)")).writes, ["t"])
    deepStrictEqual(told(lastFootprint(file, "SELECT g(1) + f(2)")).barriers, [])
  })
})

describe("a file that runs more code than is read", () => {
  const reason = "runs more code than is read for one file"

  it("is a barrier that says so, and its code is not known", () => {
    const changing = "ALTER TABLE t ADD COLUMN IF NOT EXISTS a int"
    const deep = levels(
      200,
      (level) => `CREATE FUNCTION g${level}() RETURNS int LANGUAGE sql AS 'SELECT g${level - 1}()';`
    )
    const files: ReadonlyArray<readonly [string, string]> = [
      [calls(12, changing), "SELECT f12()"],
      [`CREATE FUNCTION g0() RETURNS int LANGUAGE sql AS 'SELECT 1';\n${deep}`, "SELECT g200()"]
    ]
    for (const [made, run] of files) {
      const footprint = lastFootprint(made, run)
      deepStrictEqual(told(footprint).barriers, [reason])
      assert.isTrue(footprint.runsUnknownCode)
      assert.include(
        footprint.risks.map(({ kind }) => kind),
        "opaque"
      )
    }
  })

  it("may have many statements that each run a body", () => {
    const file = `CREATE TABLE t (id int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN ${"UPDATE t SET id = 1; ".repeat(20)} RETURN NEW; END';
      CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();`
    deepStrictEqual(told(lastFootprint(file, "INSERT INTO t VALUES (1);\n".repeat(1000))).barriers, [])
  })
})

describe("texts of variables", () => {
  it("are not known where each holds another one twice, and cost no more for it", () => {
    deepStrictEqual(told(lastFootprint(variables(100))).barriers, ["runs SQL that a DO block computes"])
    assert.isAtMost(workOf(variables(200)) / workOf(variables(100)), 3)
  })
})
