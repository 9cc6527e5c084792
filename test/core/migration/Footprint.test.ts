import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Either from "effect/Either"
import * as fc from "fast-check"
import { kinds } from "../../../src/core/footprint/Statement.js"
import * as Footprint from "../../../src/core/migration/Footprint.js"
import * as SchemaObject from "../../../src/core/model/SchemaObject.js"
import { type Parser, statementsOf } from "../../../src/core/sql/ParsedSql.js"
import * as arb from "../../support/arbitraries/Sql.js"
import { footprints, lastFootprint, parser, sourcesOf, told } from "../../support/history/Parsing.js"

describe("laws", () => {
  it.prop("Reading is deterministic: the same files give the same footprints.", [arb.files], ([files]) =>
    deepStrictEqual(footprints(...files), footprints(...files))
  )

  it.prop(
    "No object is both provided and removed, and no key is both in the reads and in the writes.",
    [arb.files],
    ([files]) => {
      for (const { provides, reads, removes, writes } of footprints(...files)) {
        const provided = new Set(provides.map(SchemaObject.key))
        assert.isFalse(removes.some((object) => provided.has(SchemaObject.key(object))))
        assert.isFalse([...reads].some((key) => writes.has(key)))
      }
    }
  )

  it.prop(
    "Statement spans are in order, do not overlap, and cut the statements out of the text.",
    [arb.script],
    ([{ statements, text }]) =>
      deepStrictEqual(
        lastFootprint(text).statements.map(({ end, start }) => ({ start, text: text.slice(start, end) })),
        statements
      )
  )

  it("A statement of a kind without a rule is a barrier: no statement is skipped.", () => {
    deepStrictEqual(Object.keys(arb.samples).toSorted(), kinds.toSorted())
    for (const [kind, sample] of Object.entries(arb.samples)) {
      if (sample === undefined) continue
      const [statement] = Either.getOrThrow(statementsOf(parser, sample))
      deepStrictEqual(Object.keys(statement?.node ?? {}), [kind])
      const footprint = lastFootprint(sample)
      const isSilent = footprint.reads.size + footprint.writes.size + footprint.barriers.length === 0
      assert.strictEqual(isSilent, silent.has(kind), kind)
    }
  })
})

/** Statements without a rule that are no barrier: their effect ends with the session, or no statement reads it. */
const silent = new Set([
  "CheckPointStmt",
  "ClosePortalStmt",
  "ConstraintsSetStmt",
  "DeallocateStmt",
  "DeclareCursorStmt",
  "DiscardStmt",
  "DoStmt",
  "ExplainStmt",
  "FetchStmt",
  "ListenStmt",
  "NotifyStmt",
  "PrepareStmt",
  "SelectStmt",
  "TransactionStmt",
  "UnlistenStmt",
  "VacuumStmt",
  "VariableSetStmt",
  "VariableShowStmt"
])

describe("a text that is not SQL", () => {
  it("is an error with file, line, column and an excerpt", () => {
    const error = Either.getOrThrow(
      Either.flip(Footprint.inferAll(parser, sourcesOf(["SELECT 1", "SELECT 1;\nSELECT 'é' frm x y"])))
    )
    assert.deepInclude({ ...error }, { file: "2.sql", line: 2, column: 16, reason: 'syntax error at or near "x"' })
    assert.include(error.message, "2.sql:2:16")
    assert.include(error.excerpt, "SELECT '…' frm x y")
  })
})

describe("the objects that a file provides", () => {
  const provides = (...texts: ReadonlyArray<string>) => told(lastFootprint(...texts)).provides

  it("are its tables with their columns, constraints, keys, indexes and sequences, by the names that the server gives", () => {
    const text = `CREATE TABLE app.users (
      id serial PRIMARY KEY, email text NOT NULL UNIQUE, boss int REFERENCES app.users, CHECK (id > 0))`
    deepStrictEqual(provides("CREATE SCHEMA app", text), [
      "relation app.users",
      "column app.users.id",
      "column app.users.email",
      "column app.users.boss",
      "constraint users_id_check of relation app.users",
      "constraint users_pkey of relation app.users",
      "constraint users_email_key of relation app.users",
      "constraint users_boss_fkey of relation app.users",
      "unique constraint of relation app.users over (id)",
      "unique constraint of relation app.users over (email)",
      "relation app.users_id_seq",
      "relation app.users_pkey",
      "relation app.users_email_key"
    ])
  })

  it("are those that ALTER adds, under the names that RENAME and SET SCHEMA give", () => {
    const table = "CREATE TABLE t (a int)"
    deepStrictEqual(provides(table, "ALTER TABLE t ADD COLUMN b int, ADD CONSTRAINT c CHECK (b > 0)"), [
      "column t.b",
      "constraint c of relation t"
    ])
    deepStrictEqual(provides(table, "ALTER TABLE t RENAME COLUMN a TO b"), ["column t.b"])
    deepStrictEqual(provides(table, "ALTER TABLE t RENAME TO u"), ["relation u", "column u.a"])
    deepStrictEqual(provides(table, "CREATE SCHEMA s; ALTER TABLE t SET SCHEMA s"), [
      "schema s",
      "relation s.t",
      "column s.t.a"
    ])
  })

  it("are operators by the types of their operands, text search configurations and roles", () => {
    const many = `CREATE SCHEMA app; CREATE FUNCTION f(text, int) RETURNS bool LANGUAGE sql AS 'SELECT true';
      CREATE OPERATOR app.%% (FUNCTION = f, LEFTARG = text, RIGHTARG = int);
      CREATE OPERATOR app.%% (FUNCTION = f, LEFTARG = varchar, RIGHTARG = int)`
    deepStrictEqual(
      provides(many, "DROP OPERATOR app.%% (varchar, int); CREATE OPERATOR app.@@@ (FUNCTION = f, RIGHTARG = int)"),
      ["operator app.@@@(integer)"]
    )
    deepStrictEqual(told(lastFootprint(many, "DROP OPERATOR app.%% (varchar, int)")).removes, [
      "operator app.%%(character varying, integer)"
    ])
    deepStrictEqual(provides("CREATE TEXT SEARCH CONFIGURATION c (COPY = simple); CREATE ROLE r"), [
      "text search configuration c",
      "role r"
    ])
  })

  it("are conflict targets with the expressions and the condition of their index, and follow a renamed column", () => {
    const table = `CREATE TABLE t (a int, b text);
      CREATE UNIQUE INDEX i ON t (a, lower(b) COLLATE "C" text_pattern_ops) WHERE b = 'a "b"' AND a > 0;
      ALTER TABLE t ADD CONSTRAINT later UNIQUE (b) DEFERRABLE;
      ALTER TABLE t ADD CONSTRAINT apart EXCLUDE (a WITH =)`
    const targets = (text: string) => provides(text).filter((object) => object.startsWith("unique"))
    deepStrictEqual(targets(table), [
      'unique constraint of relation t over (a, lower("b")) by lower("b") collate C, lower("b") text_pattern_ops ' +
        `where ("a" > 0) and ("b" = 'a "b"')`
    ])
    deepStrictEqual(targets(`${table}; ALTER TABLE t RENAME b TO c`), [
      'unique constraint of relation t over (a, lower("c")) by lower("c") collate C, lower("c") text_pattern_ops ' +
        `where ("a" > 0) and ("c" = 'a "b"')`
    ])
  })

  it("are the rules that a file drops or widens, and the partitions that it adds", () => {
    const table = `CREATE TABLE t (a int NOT NULL, b varchar(5), c text CONSTRAINT k CHECK (c IN ('x', 'y')),
      d int CONSTRAINT u UNIQUE CONSTRAINT p CHECK (d > 0)); CREATE UNIQUE INDEX i ON t (b);
      CREATE TABLE r (a int) PARTITION BY LIST (a)`
    const relaxed = (text: string) => {
      const { provides: made, removes } = told(lastFootprint(table, text))
      const isRule = (object: string): boolean => / of relation [tr]$/.test(object) && !object.startsWith("constraint")
      return [...made.filter(isRule), ...removes.filter(isRule).map((object) => `no ${object}`)]
    }
    deepStrictEqual(relaxed("ALTER TABLE t ALTER a DROP NOT NULL"), ["null in column a of relation t"])
    deepStrictEqual(relaxed("ALTER TABLE t ALTER b SET NOT NULL"), ["no null in column b of relation t"])
    const longer = ["more length for column b character varying(5) of relation t"]
    deepStrictEqual(relaxed("ALTER TABLE t ALTER b TYPE varchar(9)"), longer)
    deepStrictEqual(relaxed("ALTER TABLE t ALTER b TYPE text"), longer)
    deepStrictEqual(
      relaxed("ALTER TABLE t ALTER b TYPE varchar(4)").filter((object) => !object.startsWith("no")),
      []
    )
    const freed = ["an end of constraint k of relation t"]
    const check = (text: string) => relaxed(`ALTER TABLE t DROP CONSTRAINT k, ADD CONSTRAINT k CHECK (${text})`)
    deepStrictEqual(relaxed("ALTER TABLE t DROP CONSTRAINT k"), freed)
    deepStrictEqual(check("c IN ('z', 'y', 'x')"), freed)
    deepStrictEqual(
      check("c IN ('x')").filter((object) => !object.startsWith("no")),
      []
    )
    deepStrictEqual(check("t.c IN ('x', 'y')"), [])
    deepStrictEqual(relaxed("ALTER TABLE t DROP CONSTRAINT u, DROP CONSTRAINT p; DROP INDEX i"), [
      ...["an end of constraint p of relation t", "an end of constraint u of relation t"],
      "an end of constraint i of relation t"
    ])
    deepStrictEqual(relaxed("CREATE TABLE r1 PARTITION OF r FOR VALUES IN (1)"), ["another partition r1 of relation r"])
  })

  it("keep the others that share their key, where one is renamed, moved or dropped", () => {
    const search =
      "CREATE TEXT SEARCH CONFIGURATION a (COPY = simple); CREATE TEXT SEARCH DICTIONARY a (TEMPLATE = simple);"
    deepStrictEqual(provides(`${search} ALTER TEXT SEARCH DICTIONARY a RENAME TO b`), ["text search configuration a"])
    deepStrictEqual(provides(`${search} ALTER TEXT SEARCH CONFIGURATION a RENAME TO b`), [
      "text search configuration b"
    ])
    deepStrictEqual(provides(`${search} DROP TEXT SEARCH DICTIONARY a`), ["text search configuration a"])
    const two = `CREATE SCHEMA app; CREATE FUNCTION f(text, int) RETURNS bool LANGUAGE sql AS 'SELECT true';
      CREATE OPERATOR %% (FUNCTION = f, LEFTARG = text, RIGHTARG = int);
      CREATE OPERATOR %% (FUNCTION = f, LEFTARG = varchar, RIGHTARG = int)`
    const isOperator = (text: string): boolean => text.startsWith("operator")
    deepStrictEqual(provides(`${two}; ALTER OPERATOR %% (text, int) SET SCHEMA app`).filter(isOperator), [
      "operator %%(character varying, integer)",
      "operator app.%%(text, integer)"
    ])
    deepStrictEqual(
      provides(`${two}; ALTER OPERATOR %% (text, int) SET (RESTRICT = NONE)`).filter(isOperator),
      provides(two).filter(isOperator)
    )
    deepStrictEqual(provides("CREATE ROLE r; ALTER ROLE r RENAME TO s"), ["role s"])
    deepStrictEqual(
      provides(
        'CREATE SCHEMA app; CREATE COLLATION app.c FROM "C"; ALTER SCHEMA app RENAME TO b; DROP SCHEMA b CASCADE'
      ),
      []
    )
  })

  it("are not those that the file drops again", () => {
    deepStrictEqual(provides("CREATE TABLE t (a int); CREATE TYPE m AS ENUM ('x'); DROP TABLE t; DROP TYPE m"), [])
    deepStrictEqual(told(lastFootprint("CREATE TABLE t (a int); DROP TABLE t")).removes, [])
  })

  it("are none if IF NOT EXISTS finds them, and only the new parts if an object is made again", () => {
    deepStrictEqual(provides("CREATE TABLE t (a int)", "CREATE TABLE IF NOT EXISTS t (a int, b int)"), [])
    deepStrictEqual(told(lastFootprint("CREATE TABLE t (a int)", "DROP TABLE t; CREATE TABLE t (b int)")), {
      provides: ["column t.b"],
      removes: ["column t.a"],
      reads: [],
      writes: ["t"],
      barriers: []
    })
  })

  it("are all parts of an object if a plain CREATE shows that it was not there", () =>
    assert.include(provides("CREATE TABLE t (a int)", "CREATE TABLE t (a int)"), "relation t"))

  it("are types with their labels, routines with their arguments, schemas, and extensions with their contents", () => {
    deepStrictEqual(provides("CREATE TYPE mood AS ENUM ('sad', 'ok')"), [
      "type mood",
      'value "sad" of enum mood',
      'value "ok" of enum mood'
    ])
    deepStrictEqual(provides("CREATE TYPE mood AS ENUM ('sad')", "ALTER TYPE mood ADD VALUE 'ok'"), [
      'value "ok" of enum mood'
    ])
    deepStrictEqual(provides("CREATE FUNCTION f(a int, OUT b text, VARIADIC c varchar[]) LANGUAGE sql AS 'SELECT 1'"), [
      "function f(integer, character varying[])"
    ])
    deepStrictEqual(provides("CREATE EXTENSION citext"), ["extension citext", "type citext", "function citext"])
    assert.includeMembers(
      [...provides('CREATE EXTENSION "uuid-ossp" SCHEMA public')],
      ['extension "uuid-ossp"', "function public.uuid_generate_v4"]
    )
  })

  it("are the columns of a query: of a view, a materialized view, CREATE TABLE AS and SELECT INTO", () => {
    const tables = "CREATE TABLE a (id int, x int); CREATE TABLE b (id int, y int)"
    const columns = (text: string) => provides(tables, text).filter((object) => object.startsWith("column"))
    deepStrictEqual(columns("CREATE VIEW v AS SELECT * FROM a JOIN b USING (id)"), [
      "column v.id",
      "column v.x",
      "column v.y"
    ])
    deepStrictEqual(columns("CREATE VIEW v (one) AS SELECT x, count(*), lower('A') FROM a"), [
      "column v.one",
      "column v.count",
      "column v.lower"
    ])
    deepStrictEqual(columns("CREATE MATERIALIZED VIEW v AS WITH q AS (SELECT b.* FROM b) SELECT q.y AS z FROM q"), [
      "column v.z"
    ])
    deepStrictEqual(columns("CREATE TABLE v AS SELECT 1 AS one, a.* FROM a"), [
      "column v.one",
      "column v.id",
      "column v.x"
    ])
    deepStrictEqual(columns("SELECT x INTO v FROM a UNION SELECT y FROM b"), ["column v.x"])
  })

  it("are the columns that partitions, LIKE and INHERITS take over", () => {
    assert.includeMembers(
      [
        ...provides(
          "CREATE TABLE p (a int PRIMARY KEY) PARTITION BY RANGE (a)",
          "CREATE TABLE p1 PARTITION OF p DEFAULT"
        )
      ],
      ["relation p1", "column p1.a", "constraint p1_pkey of relation p1", "relation p1_pkey"]
    )
    deepStrictEqual(provides("CREATE TABLE p (a int)", "CREATE TABLE c (b int) INHERITS (p)"), [
      "relation c",
      "column c.a",
      "column c.b"
    ])
    assert.includeMembers(
      [...provides("CREATE TABLE p (a int UNIQUE)", "CREATE TABLE c (LIKE p INCLUDING ALL)")],
      ["column c.a", "constraint c_a_key of relation c", "unique constraint of relation c over (a)"]
    )
  })

  it("are never temporary relations", () =>
    deepStrictEqual(provides("CREATE TEMP TABLE t (a serial PRIMARY KEY); SELECT 1 AS x INTO TEMP u"), []))

  it("are in the schema of the file's search path, which ends with the file", () => {
    const path = "CREATE SCHEMA app; SET search_path TO app, public; CREATE TABLE t (a int)"
    assert.include(provides(path), "relation app.t")
    assert.include(provides(path, "CREATE TABLE u (a int)"), "relation u")
    assert.include(provides("CREATE SCHEMA app CREATE TABLE t (a int)"), "relation app.t")
  })

  it("include those that the file declares", () => {
    const declares = [SchemaObject.relation(SchemaObject.qualifiedName("made_elsewhere"))]
    const [footprint] = Either.getOrThrow(
      Footprint.inferAll(parser, [{ source: "1.sql", script: { _tag: "Sql", text: "SELECT 1" }, declares }])
    )
    deepStrictEqual(footprint?.provides, declares)
  })
})

describe("a migration whose SQL cannot be seen", () => {
  it("is a barrier that provides what it declares", () => {
    const declares = [SchemaObject.schema("app")]
    const [effect, after] = Either.getOrThrow(
      Footprint.inferAll(parser, [
        { source: "1", script: { _tag: "Effect" }, declares },
        ...sourcesOf(["SELECT * FROM t"])
      ])
    )
    deepStrictEqual(effect, Footprint.declared(declares))
    deepStrictEqual(after?.barriers, [{ reason: "relation t is not created by any migration", line: 1 }])
  })
})

describe("keyOf", () => {
  it.prop(
    "Stands where the hazards of the object's statements stand: a file that provides it writes its key.",
    [fc.constantFrom(...Object.values(arb.samples).filter((sample) => sample?.startsWith("CREATE")))],
    ([sample = ""]) => {
      const { provides, writes } = lastFootprint("CREATE TABLE t (a int, b int)", sample)
      for (const object of provides) {
        const isSecondary = object._tag === "Routine" && !writes.has(Footprint.keyOf(object))
        if (!isSecondary) assert.isTrue(writes.has(Footprint.keyOf(object)), SchemaObject.render(object))
      }
    }
  )
})

describe("spans", () => {
  const transactional = (text: string) => lastFootprint(text).statements.map((statement) => statement.transactional)

  it("show which statements cannot run inside a transaction block", () => {
    for (const statement of [
      "CREATE INDEX CONCURRENTLY i ON t (a)",
      "DROP INDEX CONCURRENTLY i",
      "REINDEX INDEX CONCURRENTLY i",
      "REINDEX (CONCURRENTLY) TABLE t",
      "REINDEX DATABASE d",
      "REINDEX SYSTEM",
      "VACUUM t",
      "CREATE DATABASE d",
      "DROP DATABASE d",
      "CREATE TABLESPACE s LOCATION '/x'",
      "DROP TABLESPACE s",
      "ALTER SYSTEM SET work_mem = '1MB'",
      "ALTER DATABASE d SET TABLESPACE s",
      "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p",
      "DROP SUBSCRIPTION s",
      "ALTER SUBSCRIPTION s REFRESH PUBLICATION",
      "ALTER SUBSCRIPTION s SET PUBLICATION p",
      "ALTER SUBSCRIPTION s ADD PUBLICATION p",
      "ALTER SUBSCRIPTION s SET (failover = true)",
      "DISCARD ALL",
      "ALTER TABLE p DETACH PARTITION c CONCURRENTLY",
      "CLUSTER"
    ]) {
      deepStrictEqual(transactional(`${statement}; SELECT 1`), [false, true], statement)
    }
  })

  it("are transactional for the ordinary forms of the same statements", () => {
    for (const statement of [
      "CREATE INDEX i ON t (a)",
      "DROP INDEX i",
      "REINDEX TABLE t",
      "ANALYZE t",
      "ALTER DATABASE d SET work_mem = '1MB'",
      "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p WITH (connect = false)",
      "ALTER SUBSCRIPTION s SET PUBLICATION p WITH (refresh = false)",
      "ALTER SUBSCRIPTION s SET (synchronous_commit = off)",
      "ALTER SUBSCRIPTION s DISABLE",
      "DISCARD TEMP",
      "ALTER TABLE p DETACH PARTITION c",
      "ALTER TYPE mood ADD VALUE 'x'",
      "CLUSTER t",
      "SAVEPOINT s"
    ]) {
      deepStrictEqual(transactional(statement), [true], statement)
    }
  })

  const last = (...texts: ReadonlyArray<string>) => lastFootprint(...texts).statements.at(-1)?.transactional

  it("show which statements go through partitions, each in a transaction of its own", () => {
    const before = `CREATE TABLE parts (at date PRIMARY KEY, t_id integer) PARTITION BY RANGE (at);
      CREATE TABLE part PARTITION OF parts DEFAULT; CREATE INDEX parts_t ON parts (t_id); CREATE TABLE t (id integer PRIMARY KEY)`
    for (const name of ["TABLE parts", "INDEX parts_t", "INDEX parts_pkey", "TABLE public.parts"]) {
      deepStrictEqual(last(before, `REINDEX ${name}`), false, name)
    }
    for (const name of ["TABLE part", "INDEX part_pkey", "TABLE t", "INDEX t_pkey", "TABLE elsewhere"]) {
      deepStrictEqual(last(before, `REINDEX ${name}`), true, name)
    }
    deepStrictEqual(last(before, "CLUSTER parts USING parts_t"), false)
    deepStrictEqual(last(before, "CLUSTER part USING part_pkey"), true)
    deepStrictEqual(last(`${before}; REINDEX TABLE parts`), false)
    deepStrictEqual(last(before, "DROP TABLE parts; CREATE TABLE parts (id integer)", "REINDEX TABLE parts"), true)
  })

  it("show which statements run code that ends its transaction", () => {
    const body = (text: string) => `LANGUAGE plpgsql AS $$ BEGIN ${text} END $$`
    const before = `CREATE TABLE t (id integer); CREATE PROCEDURE batches(n integer) ${body(
      "FOR i IN 1..n LOOP INSERT INTO t VALUES (i); COMMIT AND CHAIN; END LOOP;"
    )}; CREATE PROCEDURE plain() ${body("INSERT INTO t VALUES (1);")};
      CREATE FUNCTION f() RETURNS void ${body("INSERT INTO t VALUES (1); COMMIT;")}`
    const blocks: ReadonlyArray<readonly [string, boolean]> = [
      ["CALL batches(3)", false],
      ["CALL plain()", true],
      ["SELECT f()", true],
      ["DO $$ BEGIN CALL batches(1); END $$", false],
      ["DO $$ BEGIN IF random() > 0.5 THEN ROLLBACK; END IF; END $$", false],
      ["DO $$ BEGIN INSERT INTO t VALUES (1); END $$", true]
    ]
    for (const [statement, transactional] of blocks) deepStrictEqual(last(before, statement), transactional, statement)
  })

  it("are never transactional in a file that opens its own transaction", () =>
    deepStrictEqual(transactional("BEGIN; SELECT 1; COMMIT"), [false, false, false]))
})

describe("parsing", () => {
  it("happens once for each file and once for each body, however often a body runs", () => {
    const texts: Array<string> = []
    const counting: Parser = {
      plpgsql: (text) => parser.plpgsql(text),
      fingerprint: (text) => parser.fingerprint(text),
      sql: (text) => {
        texts.push(text)
        return parser.sql(text)
      }
    }
    const files = [
      "CREATE TABLE t (a int); CREATE TABLE log (a int)",
      `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO log VALUES (1); RETURN NEW; END';
       CREATE TRIGGER f AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()`,
      "INSERT INTO t VALUES (1)",
      "INSERT INTO t VALUES (2); ALTER TABLE t ADD COLUMN b int"
    ]
    Either.getOrThrow(Footprint.inferAll(counting, sourcesOf(files)))
    assert.includeMembers(texts, files)
    assert.lengthOf(texts, files.length + 1)
  })
})
