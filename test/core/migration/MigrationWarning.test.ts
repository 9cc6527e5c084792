import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Option from "effect/Option"
import * as MigrationWarning from "../../../src/core/migration/MigrationWarning.js"
import * as SchemaObject from "../../../src/core/model/SchemaObject.js"
import { idOf, migration } from "../../support/arbitraries/Migration.js"
import { histories } from "../../support/history/Histories.js"
import { footprints } from "../../support/history/Parsing.js"

/** The warnings about files called `1.sql`, `2.sql`, …, in order, without the part behind the semicolon. */
const warnings = (...texts: ReadonlyArray<string>): ReadonlyArray<string> =>
  footprints(...texts)
    .flatMap((footprint, index) => MigrationWarning.of([{ ...migration({ id: String(index + 1) }), footprint }]))
    .map((warning) => MigrationWarning.render(warning).replace(/;[^;]*$/, ""))

describe("a migration that creates an object that is there", () => {
  const made = `CREATE TABLE t (a int, CONSTRAINT c CHECK (a > 0)); CREATE TYPE m AS ENUM ('x'); CREATE SCHEMA s;
    CREATE VIEW v AS SELECT 1 AS a; CREATE SEQUENCE q; CREATE INDEX i ON t (a); CREATE DOMAIN d AS int;
    CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'`

  it.each([
    ["CREATE TABLE t (b int)", "relation t"],
    ["CREATE TABLE public.t (b int)", "relation public.t"],
    ["ALTER TABLE t ADD COLUMN a text", "column t.a"],
    ["ALTER TABLE t ADD CONSTRAINT c CHECK (a > 1)", "constraint c of relation t"],
    ["CREATE TYPE m AS ENUM ('y')", "type m"],
    ["ALTER TYPE m ADD VALUE 'x'", 'value "x" of enum m'],
    ["CREATE SCHEMA s", "schema s"],
    ["CREATE VIEW v AS SELECT 2 AS a", "relation v"],
    ["CREATE SEQUENCE q", "relation q"],
    ["CREATE INDEX i ON t (a)", "relation i"],
    ["CREATE DOMAIN d AS text", "type d"],
    ["CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 2'", "function f(integer)"]
  ])("%s: has a warning with the file that has created the object", (again, object) =>
    assert.match(
      warnings(made, `SELECT 1;\n${again}`).join("\n"),
      new RegExp(
        `^2\\.sql:2: creates ${object.replace(/[.()]/g, "\\$&")}, which (1\\.sql|this file) has created before$`
      )
    )
  )

  it("has a warning for a second primary key of any name, unless the first is dropped", () => {
    const table = "CREATE TABLE t (a int PRIMARY KEY, b int)"
    const told = ["2.sql:1: creates constraint t_pkey of relation t, which 1.sql has created before"]
    deepStrictEqual(warnings(table, "ALTER TABLE t ADD PRIMARY KEY (b)"), told)
    deepStrictEqual(warnings(table, "ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY (b)"), told)
    deepStrictEqual(warnings(table, "ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (b)"), [])
    deepStrictEqual(warnings(table, "ALTER TABLE t DROP COLUMN a, ADD PRIMARY KEY (b)"), [])
  })

  it("has a warning if the same file has created it", () =>
    deepStrictEqual(warnings("CREATE TABLE t (a int);\nCREATE TABLE t (a int)"), [
      "1.sql:2: creates relation t, which this file has created before"
    ]))

  it("has no warning if it says IF NOT EXISTS or OR REPLACE, or has dropped or renamed the object, or means another", () =>
    deepStrictEqual(
      warnings(
        made,
        `CREATE TABLE IF NOT EXISTS t (b int); ALTER TABLE t ADD COLUMN IF NOT EXISTS a text; CREATE SCHEMA IF NOT EXISTS s;
         ALTER TYPE m ADD VALUE IF NOT EXISTS 'x'; CREATE OR REPLACE VIEW v AS SELECT 2 AS a; CREATE SEQUENCE IF NOT EXISTS q;
         CREATE INDEX IF NOT EXISTS i ON t (a); CREATE OR REPLACE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 2'`,
        `DROP INDEX i; CREATE INDEX i ON t (a); ALTER TABLE t DROP CONSTRAINT c, ADD CONSTRAINT c CHECK (a > 2);
         CREATE FUNCTION f(text) RETURNS int LANGUAGE sql AS 'SELECT 2'; CREATE TABLE s.t (a int);
         CREATE TEMP TABLE t (a int); ALTER TABLE t RENAME TO u; CREATE TABLE t (a int)`
      ),
      []
    ))
})

describe("a migration that drops an object that never existed", () => {
  const made = "CREATE TABLE t (a int)"

  it.each([
    ["DROP TABLE u", "relation u"],
    ["DROP VIEW v", "relation v"],
    ["ALTER TABLE t DROP COLUMN b", "column t.b"],
    ["ALTER TABLE t DROP CONSTRAINT c", "constraint c of relation t"],
    ["DROP TYPE m", "type m"],
    ["DROP FUNCTION f(int)", "function f(integer)"],
    ["DROP INDEX i", "relation i"],
    ["ALTER TABLE u RENAME TO w", "relation u"],
    ["DROP TABLE t; DROP TABLE t", "relation t"]
  ])("%s: has a warning", (drop, object) =>
    deepStrictEqual(warnings(made, `\n\n${drop}`), [
      `2.sql:3: expects ${object}, which no migration has created by then`
    ])
  )

  it("has no warning if it says IF EXISTS, or if the server or an extension has the object", () =>
    deepStrictEqual(
      warnings(
        made,
        `DROP TABLE IF EXISTS u; DROP TYPE IF EXISTS m; DROP FUNCTION IF EXISTS f(int); ALTER TABLE t DROP COLUMN IF EXISTS b;
         ALTER TABLE t DROP CONSTRAINT IF EXISTS c; ALTER TABLE IF EXISTS u RENAME TO w; DROP INDEX IF EXISTS i;
         DROP TABLE pg_catalog.something`,
        "CREATE EXTENSION pg_stat_statements; DROP VIEW pg_stat_statements",
        "CREATE EXTENSION nobody_knows_this_one; DROP TABLE what_it_brings"
      ),
      []
    ))
})

describe("warnings", () => {
  it("are missing where the files do not tell: after a barrier, and about objects that code makes under conditions", () => {
    deepStrictEqual(
      warnings("CREATE TABLE t (a int)", "DO LANGUAGE plpython3u $$ x $$", "CREATE TABLE t (a int); DROP TABLE u"),
      []
    )
    deepStrictEqual(
      warnings(
        "DO $$ BEGIN IF current_user = 'a' THEN CREATE TABLE t (a int); ELSE CREATE TABLE u (a int); END IF; END $$",
        "DROP TABLE t; CREATE TABLE u (a int)"
      ),
      []
    )
    deepStrictEqual(
      warnings(
        "CREATE TYPE m AS ENUM ('x')",
        "DO $$ BEGIN CREATE TYPE m AS ENUM ('x'); EXCEPTION WHEN duplicate_object THEN NULL; END $$"
      ),
      []
    )
  })

  it.each(histories.map(({ about, files }) => [about, files] as const))(
    "are missing for a history that runs: %s",
    (_, files) => deepStrictEqual(warnings(...files), [])
  )

  it("name a requirement of a later migration, with its line", () =>
    deepStrictEqual(
      MigrationWarning.of([
        migration({ id: "1" }),
        {
          ...migration({ id: "2" }),
          requires: [
            { id: idOf("1"), line: 1 },
            { id: idOf("10"), line: 3 }
          ]
        },
        migration({ id: "10" })
      ]),
      [{ _tag: "RequiresLater", migration: idOf("2"), source: "2.sql", line: 3, requirement: idOf("10") }]
    ))

  it("are one sentence each, with the place first and the remedy last", () => {
    const at = { migration: idOf("2"), source: "2.sql", line: 3 }
    const object = SchemaObject.relation(SchemaObject.qualifiedName("t"))
    deepStrictEqual(
      [
        MigrationWarning.render({ _tag: "CreatedTwice", ...at, object, earlier: Option.some("1.sql") }),
        MigrationWarning.render({ _tag: "DropsUnknownObject", ...at, object }),
        MigrationWarning.render({ _tag: "RequiresLater", ...at, requirement: idOf("3") })
      ],
      [
        "2.sql:3: creates relation t, which 1.sql has created before; say IF NOT EXISTS, or remove one of the two.",
        "2.sql:3: expects relation t, which no migration has created by then; say IF EXISTS, unless it comes from elsewhere.",
        "2.sql:3: requires 3, which comes later in order and runs first anyway; rename one of the two files."
      ]
    )
  })
})

describe("a BEGIN at the end of a file", () => {
  it("has a warning, also after transactions of the file's own", () => {
    deepStrictEqual(warnings("CREATE TABLE t (a int);\nBEGIN"), [
      "1.sql:2: begins a transaction at the end, which is left out"
    ])
    deepStrictEqual(warnings("BEGIN; CREATE TABLE t (a int); COMMIT;\nBEGIN WORK; BEGIN"), [
      "1.sql:2: begins a transaction at the end, which is left out"
    ])
  })

  it("has no warning if it ends", () => deepStrictEqual(warnings("BEGIN; CREATE TABLE t (a int); COMMIT"), []))
})
