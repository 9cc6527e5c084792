import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as fc from "fast-check"
import * as WayUp from "../../../src/core/file/WayUp.js"
import { parser } from "../../support/history/Parsing.js"

const read = (text: string) => WayUp.read(parser, "1.sql", text)

const ways = (text: string) => Either.getOrThrowWith(read(text), (error) => error)

/** The only way up of a file. */
const way = (text: string) => {
  const [only, ...others] = ways(text)
  deepStrictEqual(others, [])
  return only
}

const refusal = (text: string) =>
  Either.match(read(text), {
    onLeft: (error) => error,
    onRight: ([first]) => assert.fail(`expected an error, got ${JSON.stringify(first.text)}`)
  })

/** The statements that are left, one a line. */
const left = (text: string): ReadonlyArray<string> =>
  text.split(/\r\n|\n|\r/).filter((line) => line.trim() !== "" && !line.startsWith("--"))

const up = "CREATE TABLE users (id integer);"
const down = "DROP TABLE users;"

/** Files as the templates of the tools begin them. */
const templates: ReadonlyArray<readonly [tool: string, text: string]> = [
  ["goose", `-- +goose Up\n${up}\n\n-- +goose Down\n${down}\n`],
  ["goose in small letters", `-- +goose up\n${up}\n\n--+goose down\n${down}\n`],
  ["sql-migrate", `\n-- +migrate Up\n${up}\n\n-- +migrate Down\n${down}\n`],
  ["micrate", `-- +micrate Up\n${up}\n\n-- +micrate Down\n${down}\n`],
  ["dbmate", `-- migrate:up\n${up}\n\n-- migrate:down\n${down}\n`],
  ["node-pg-migrate", `-- Up Migration\n${up}\n\n-- Down Migration\n${down}\n`],
  ["tern", `-- Write your migrate up statements here\n${up}\n\n---- create above / drop below ----\n\n${down}\n`],
  ["MyBatis", `-- // users\n${up}\n\n-- //@UNDO\n${down}\n`],
  ["MyBatis without a space", `--// users\n${up}\n\n--//@undo\n${down}\n`],
  ["rambler", `-- rambler up\n${up}\n\n-- rambler down\n${down}\n`],
  ["Play", `-- Users schema\n\n-- !Ups\n${up}\n\n-- !Downs\n${down}\n`],
  ["Play of old", `# Users schema: don't edit\n\n# --- !Ups\n${up}\n\n# --- !Downs\n${down}\n`]
]

describe("laws", () => {
  const line = fc.constantFrom(up, down, "", "-- Users", "SELECT '-- +goose Down';", "/* a */", "  -- b")
  const end = fc.constantFrom("\n", "\r\n", "\r")
  const lines = fc.array(line, { maxLength: 4 })

  it.prop("A text without markers is its own way up", [lines, end], ([text, eol]) => {
    const whole = text.join(eol)
    deepStrictEqual(way(whole), { version: Option.none(), text: whole, kept: whole, transaction: "own" })
  })

  it.prop(
    "A way up keeps the offset, and so the line, that it has in the file",
    [fc.array(fc.tuple(fc.constantFrom("Up", "Down"), lines), { minLength: 1, maxLength: 5 }), end],
    ([sections, eol]) => {
      fc.pre(sections.some(([word]) => word === "Up"))
      const text = sections.map(([word, body]) => [`-- +goose ${word}`, ...body, ""].join(eol)).join("")
      const cut = way(text).text
      assert.isAtMost(cut.length, text.length)
      for (const [index, character] of [...cut].entries()) {
        assert.include([text[index], " "], character)
        assert.strictEqual(/[\r\n]/.test(character), /[\r\n]/.test(text.charAt(index)))
      }
    }
  )

  it.prop(
    "No way up holds text between a marker of a way down and the next marker of a way up",
    [fc.array(fc.constantFrom("up", "down"), { minLength: 1, maxLength: 6 }), end],
    ([order, eol]) => {
      fc.pre(order.includes("up"))
      const text = order.map((word, index) => `-- rambler ${word}${eol}SELECT ${index};${eol}`).join("")
      deepStrictEqual(
        left(way(text).text),
        order.flatMap((word, index) => (word === "up" ? [`SELECT ${index};`] : []))
      )
    }
  )
})

describe("a way up and a way down in one file", () => {
  for (const [tool, text] of templates) {
    for (const [name, eol] of [
      ["LF", "\n"],
      ["CRLF", "\r\n"]
    ] as const) {
      it(`takes the way up of ${tool}, with ${name}`, () => {
        const file = text.replaceAll("\n", eol)
        const taken = way(file)
        deepStrictEqual(left(taken.text), [up])
        assert.strictEqual(taken.text.indexOf(up), file.indexOf(up))
        assert.strictEqual(taken.kept, taken.text)
        assert.strictEqual(taken.transaction, "own")
      })
    }
  }

  it("takes a way up that stands below the way down", () => {
    const text = `-- Down Migration\n${down}\n-- Up Migration\n${up}\n`
    const taken = way(text)
    assert.strictEqual(taken.text.indexOf(up), text.indexOf(up))
    deepStrictEqual(left(taken.text), [up])
    assert.strictEqual(taken.kept, `-- Up Migration\n${up}\n`)
  })

  it("takes every way up, in order", () => {
    const text =
      "-- rambler up\nSELECT 1;\n-- rambler down\nSELECT 2;\n-- rambler up\nSELECT 3;\n-- rambler down\nSELECT 4;"
    deepStrictEqual(left(way(text).text), ["SELECT 1;", "SELECT 3;"])
  })

  it("takes the text above a way down if no way up is marked", () => {
    deepStrictEqual(left(way(`${up}\n-- migrate:down\n${down}`).text), [up])
  })

  it("keeps the comments above the first marker, which may be directives", () => {
    assert.include(
      way(`-- requires: 000_roles\n-- +goose Up\n${up}\n-- +goose Down\n${down}`).text,
      "-- requires: 000_roles"
    )
  })

  it("finds no marker in strings, quoted names, bodies and block comments", () => {
    for (const text of [
      `SELECT '\n-- +goose Down\n';\n${up}`,
      `SELECT "\n-- migrate:down\n";\n${up}`,
      `SELECT $$\n-- Down Migration\n$$;\n${up}`,
      `/*\n-- +migrate Down\n*/\n${up}`,
      `SELECT 1; -- //@UNDO\n${up}`
    ]) {
      assert.strictEqual(way(text).text, text)
    }
  })

  it("gives each version of Mojolicious a way up of its own, at its place in the file", () => {
    const text = `-- 1 up\n${up}\n-- 1 down\n${down}\n-- 2 up (email)\nSELECT 2;\n-- 2 down\nSELECT -2;\n-- 1 UP\nSELECT 1;\n`
    deepStrictEqual(
      ways(text).map(({ kept, text, version }) => [Option.getOrNull(version), left(text), left(kept)]),
      [
        ["1", [up, "SELECT 1;"], [up, "SELECT 1;"]],
        ["2", ["SELECT 2;"], ["SELECT 2;"]]
      ]
    )
    assert.strictEqual(ways(text)[1]?.text.indexOf("SELECT 2;"), text.indexOf("SELECT 2;"))
  })

  it("takes a sentence that begins with a number for prose", () => {
    const text = `-- 2 down votes hide a post\n${up}`
    assert.strictEqual(way(text).text, text)
  })

  it("reads a doubled semicolon of Play as one, outside strings", () => {
    const text =
      "# --- !Ups\nCREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN 1;; END;; $$;\nSELECT ';;';\n"
    assert.include(way(text).text, "BEGIN RETURN 1;  END;  $$;\nSELECT ';;';\n")
  })
})

describe("a file that runs outside a transaction", () => {
  const index = "CREATE INDEX CONCURRENTLY i ON users (id);"
  for (const text of [
    `-- +goose NO TRANSACTION\n-- +goose Up\n${index}\n-- +goose Down\nDROP INDEX i;`,
    `-- +migrate Up notransaction\n${index}\n-- +migrate Down\nDROP INDEX i;`,
    `-- migrate:up transaction:false\n${index}\n-- migrate:down\nDROP INDEX i;`,
    `---- tern: disable-tx ----\n${index}\n---- create above / drop below ----\nDROP INDEX i;`,
    `---- tern: disable-tx ----\n${index}`,
    `-- atlas:txmode none\n\n${index}`
  ]) {
    it(JSON.stringify(text.split("\n")[0]), () => {
      assert.strictEqual(way(text).transaction, "none")
      deepStrictEqual(left(way(text).text), [index])
    })
  }

  it("is one in a transaction if only its way down asks for none, or if the option says the opposite", () => {
    assert.strictEqual(way(`-- migrate:up\n${up}\n-- migrate:down transaction:false\n${down}`).transaction, "own")
    assert.strictEqual(way(`-- migrate:up transaction:true\n${up}`).transaction, "own")
    assert.strictEqual(way(`-- +migrate Up\n${up}\n-- +migrate Down notransaction\n${down}`).transaction, "own")
  })
})

describe("an error", () => {
  const cases: ReadonlyArray<readonly [text: string, line: number, part: string]> = [
    [`-- +goose ENVSUB ON\n-- +goose Up\n${up}`, 1, "environment"],
    [`-- +goose Upp\n${up}`, 1, "not a word of goose"],
    [`-- +migrate Sideways\n${up}`, 1, "not a word of sql-migrate"],
    [`-- +migrate Up later\n${up}`, 1, 'has the option "later"'],
    [`\n-- migrate:up transaction:no\n${up}`, 2, 'has the option "transaction:no"'],
    [`-- +goose Up\n${up}\n-- migrate:down\n${down}`, 3, "is a marker of dbmate, and line 1 has one of goose"],
    [`SELECT 1;\n-- +goose Up\n${up}`, 2, "statements stand above it"],
    [`-- Down Migration\n${down}`, 1, "the file has no way up"]
  ]
  for (const [text, line, part] of cases) {
    it(`is raised by ${JSON.stringify(text)}`, () => {
      const error = refusal(text)
      assert.strictEqual(error._tag, "InvalidDirective")
      assert.strictEqual(error.line, line)
      assert.include(error.message, `1.sql:${line}: `)
      assert.include(error.message, part)
      assert.notInclude(error.message, "Known directives")
    })
  }

  it("is not raised by the lines around a statement that holds semicolons", () => {
    const text = `-- +goose Up\n-- +goose StatementBegin\n${up}\n-- +goose StatementEnd\n-- +goose ENVSUB OFF\n`
    assert.strictEqual(way(text).text, text)
  })
})

describe("a part that undoes, below a heading that no known tool writes", () => {
  const headings = [
    "-- DOWN",
    "-- Down:",
    "--down",
    "--- undo ---",
    "-- ROLLBACK",
    "--rollback",
    "-- Roll back",
    "-- to revert:",
    "-- rollback script",
    "-- @down",
    "-- [down]",
    "-- ==== DOWN ====",
    "-- +down",
    "-- migrate_down",
    "-- migrateDown",
    "-- drop below",
    "-- Reverse migration",
    "-- Downgrade",
    "/* DOWN */",
    "/*\n * Down\n */",
    "/* ---- undo ---- */",
    "-- Rollback of users",
    "-- Rollback (if needed)",
    "-- Undoes the above",
    "-- this reverts the changes",
    "-- This is the rollback script",
    "-- 001_users.down.sql",
    "-- type: down",
    "-- dbmate:down",
    "-- 'down'",
    "-- up / down",
    "-- everything below is for rollback",
    "-- SQL in this section is executed when the migration is rolled back",
    "-- back out the changes:",
    "--#region down",
    "/*\n * Users\n * Run by hand to roll back.\n */",
    "-- undo of everything this migration did, in the opposite order",
    "-- To undo this by hand, which you should not need, run the following statements:"
  ]
  for (const heading of headings) {
    it(`is refused below ${JSON.stringify(heading)}`, () => {
      for (const eol of ["\n", "\r\n"]) {
        const text = `CREATE TABLE IF NOT EXISTS users (id integer);\n\n${heading}\n${down}\n`.replaceAll("\n", eol)
        const error = refusal(text)
        assert.strictEqual(error._tag, "InvalidDirective")
        assert.strictEqual(error.line, 3)
        assert.include(error.message, "1.sql:3: ")
        assert.include(error.message, "announces a part that undoes the migration")
        assert.match(
          error.message,
          /\.down\.sql, or, if it belongs to the migration, put the comment into other words\.$/
        )
      }
    })
  }

  const set = (value: string): string => `ALTER TABLE settings ALTER COLUMN v SET DEFAULT '${value}';`
  const above = `CREATE TABLE other (id integer);\n${set("new")}`
  for (const heading of [
    "-- ==== UNDO: 001_orders ====",
    "-- uninstall",
    "-- teardown",
    "-- tear down",
    "-- rollback: set default",
    "-- name: down",
    "-- If you need to roll back this migration run the following",
    "-- the following reverts the change above",
    "-- back to the old state",
    "-- In case of problems, restore with:",
    "-- cleanup"
  ]) {
    it(`is refused below ${JSON.stringify(heading)} if it sets again a part of what the file sets`, () => {
      assert.strictEqual(refusal(`${above}\n${heading}\n${set("undone")}`).line, 3)
      const other = `${above}\n${heading}\nALTER TABLE settings ADD COLUMN w text;`
      assert.strictEqual(way(other).text, other)
    })
  }

  const pairs: ReadonlyArray<readonly [made: string, undone: string]> = [
    ["ALTER TABLE users ADD COLUMN email text;", "ALTER TABLE users DROP COLUMN email;"],
    ["ALTER TABLE users ADD CONSTRAINT c CHECK (id > 0);", "ALTER TABLE users DROP CONSTRAINT c;"],
    ["ALTER TABLE users RENAME COLUMN name TO title;", "ALTER TABLE users RENAME COLUMN title TO name;"],
    ["ALTER TABLE users RENAME TO people;", "ALTER TABLE people RENAME TO users;"],
    ["ALTER TABLE users ALTER COLUMN id TYPE bigint;", "ALTER TABLE users ALTER COLUMN id TYPE integer;"],
    ["ALTER TABLE users ALTER COLUMN id SET NOT NULL;", "ALTER TABLE users ALTER COLUMN id DROP NOT NULL;"],
    ["ALTER TABLE users ALTER COLUMN id SET DEFAULT 1;", "ALTER TABLE users ALTER COLUMN id DROP DEFAULT;"],
    ["ALTER TABLE users ENABLE ROW LEVEL SECURITY;", "ALTER TABLE users DISABLE ROW LEVEL SECURITY;"],
    ["CREATE INDEX i ON users (id);", "DROP INDEX i;"],
    ["CREATE VIEW v AS SELECT 1;", "DROP VIEW v;"],
    ["CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'SELECT 1';", "DROP FUNCTION app.f();"],
    ["CREATE TYPE mood AS ENUM ('sad');", "DROP TYPE mood;"],
    ["CREATE SCHEMA app;", "DROP SCHEMA app;"],
    ["CREATE TRIGGER t BEFORE INSERT ON users EXECUTE FUNCTION f();", "DROP TRIGGER t ON users;"],
    ["CREATE POLICY p ON users;", "DROP POLICY p ON users;"],
    ["CREATE ROLE reader;", "DROP ROLE reader;"],
    ["INSERT INTO users VALUES (1);", "DELETE FROM users WHERE id = 1;"],
    ["INSERT INTO users VALUES (1);", "TRUNCATE users;"],
    ["GRANT SELECT ON users TO reader;", "REVOKE SELECT ON users FROM reader;"],
    ["CREATE TABLE a (id int);", "DO $$ BEGIN DROP TABLE IF EXISTS a; END $$;"],
    ["DO $$ BEGIN CREATE TABLE IF NOT EXISTS public.a (id int); END $$;", "DROP TABLE a;"]
  ]
  for (const [made, undone] of pairs) {
    it(`${undone} undoes ${made}`, () => {
      assert.strictEqual(refusal(`${made}\n-- Rollback of the feature\nBEGIN;\n${undone}\nCOMMIT;`).line, 2)
    })
  }

  it("is refused below a plain heading if it drops, deletes or runs anything", () => {
    for (const statement of [
      "DROP TABLE other;",
      "DELETE FROM other;",
      "UPDATE other SET a = 1;",
      "DO $$ BEGIN END $$;",
      "CALL undo();"
    ])
      assert.strictEqual(refusal(`${up}\n-- down\n${statement}`).line, 2)
    assert.strictEqual(refusal(`DROP VIEW v;\n-- undo\nCREATE VIEW v AS SELECT 1;`).line, 2)
  })

  it("is refused with any statement if the way up has a heading too", () => {
    assert.strictEqual(refusal(`-- Up\n${up}\n-- Down\nINSERT INTO log VALUES (1);`).line, 3)
    assert.strictEqual(refusal(`-- down\n${down}\n-- up\n${up}`).line, 1)
  })

  it("is refused below the word alone with any statement, below any statements", () => {
    for (const word of ["-- DOWN", "--undo", "-- Rollback:", "/* revert */"]) {
      for (const statement of [down, "SELECT drop_it('t');", "CREATE TABLE other (id integer);", `${down}\n${up}`]) {
        assert.strictEqual(refusal(`${word}\n${statement}`).line, 1)
        assert.strictEqual(refusal(`BEGIN;\n${word}\n${statement}\nCOMMIT;`).line, 2)
        assert.strictEqual(refusal(`${up}\n${word}\n${statement}`).line, 2)
      }
    }
  })

  it("is refused below the word alone behind a statement", () => {
    for (const text of [
      `${up} -- DOWN\n${down}`,
      `${up} /* down */ ${down}`,
      `${up} -- rollback\nSELECT drop_it('users');`,
      `CREATE TABLE users (id integer) -- down\n;${down}`,
      `${up} /* up */ -- ---- undo ----\n${down}`
    ]) {
      assert.strictEqual(refusal(text).line, 1)
    }
  })

  it("is refused if it drops an object that the file made and renamed, or takes back a name", () => {
    const made = "CREATE TABLE a_new (id int);\nALTER TABLE a_new RENAME TO a;"
    assert.strictEqual(refusal(`${made}\n-- Rollback of the feature\nDROP TABLE a;`).line, 3)
    assert.strictEqual(refusal(`${made}\n-- Rollback of the feature\nALTER TABLE a RENAME TO a_new;`).line, 3)
    assert.strictEqual(refusal(`${up}\n-- Rollback plan: drop it\n${down}`).line, 2)
  })

  it("is refused below prose if it removes all that the file makes", () => {
    const made = `${up}\nCREATE INDEX i ON users (id);\nINSERT INTO users VALUES (1);\nALTER TABLE other ADD COLUMN n integer;`
    const undone = "DELETE FROM history WHERE id = 1;\nALTER TABLE other DROP COLUMN n;\nDROP TABLE users;"
    const prose = "-- what follows is run when the migration has to be rolled back"
    assert.strictEqual(refusal(`${made}\n${prose}\n${undone}`).line, 5)
    for (const text of [
      `${made}\n${prose}\nDROP TABLE users;`,
      `${made}\nINSERT INTO log VALUES (1);\n${prose}\n${undone}`,
      `${made}\n${prose}\n${undone}\nCREATE TABLE later (id integer);`
    ]) {
      assert.strictEqual(way(text).text, text)
    }
  })

  const copied = "CREATE TABLE users_new (id int);\nINSERT INTO users_new SELECT id FROM users;"
  const swapped = "ALTER TYPE s RENAME TO s_old;\nCREATE TYPE s AS ENUM ('a');"

  const harmless = [
    "CREATE FUNCTION fill() RETURNS int LANGUAGE sql AS 'SELECT 1';\nSELECT fill();\n-- clean up\nDROP FUNCTION fill();",
    "ALTER TABLE t ALTER COLUMN m TYPE text;\nDROP TYPE mood;\nCREATE TYPE mood AS ENUM ('sad');\n-- back to the enum\nALTER TABLE t ALTER COLUMN m TYPE mood USING m::mood;",
    "ALTER TABLE t ALTER COLUMN m DROP DEFAULT;\nUPDATE t SET m = 1;\n-- restore the default\nALTER TABLE t ALTER COLUMN m SET DEFAULT 1;",
    "ALTER TABLE t ADD COLUMN c int DEFAULT 0;\n-- cleanup\nALTER TABLE t ALTER COLUMN c DROP DEFAULT;",
    "ALTER TABLE t ADD COLUMN c int;\n-- uninstall the old extension\nDROP EXTENSION hstore;",
    `${copied}\n-- rollback plan: restore users from backup\nDROP TABLE users;\nALTER TABLE users_new RENAME TO users;`,
    `${copied} -- rollback plan: restore users from backup\nDROP TABLE users;\nALTER TABLE users_new RENAME TO users;`,
    `${copied}\n-- rollback from backup\nDROP TABLE users;\nALTER TABLE users_new RENAME TO users;`,
    `${swapped}\n-- rollback plan: restore the labels\nDROP TYPE s_old;`,
    `${swapped}\n-- rollback of labels\nDROP TYPE s_old;`,
    "ALTER TABLE t ADD COLUMN n2 int;\n-- rollback plan: copy\nALTER TABLE t DROP COLUMN n;\nALTER TABLE t RENAME COLUMN n2 TO n;",
    "ALTER TABLE t ADD CONSTRAINT c2 CHECK (a > 0);\n-- rollback of c\nALTER TABLE t DROP CONSTRAINT c;\nALTER TABLE t RENAME CONSTRAINT c2 TO c;",
    "CREATE TABLE users_new (id int);\n-- rollback plan:\nDROP TABLE users;\nALTER TABLE users_new RENAME TO users;",
    "INSERT INTO t VALUES (1); -- drop below: legacy rows\nDELETE FROM t WHERE id < 0;",
    "CREATE TABLE tmp (id int); -- Step down: copy\nDROP TABLE tmp;",
    "GRANT SELECT ON t TO a; -- revert public access\nREVOKE ALL ON t FROM PUBLIC",
    "CREATE INDEX i2 ON t (a);\n-- Down payment index replaced\nDROP INDEX i1;\nALTER INDEX i2 RENAME TO i1;",
    "INSERT INTO t VALUES (1);\n-- drop below: legacy rows\nDELETE FROM t WHERE id < 0;",
    "INSERT INTO t VALUES (1);\n-- rollback note: legacy rows\nDELETE FROM t WHERE id < 0;",
    "INSERT INTO scores VALUES (1);\n-- drop below-average scores\nDELETE FROM scores WHERE n < 5;",
    "CREATE TABLE tmp (id int);\n-- Step down: copy\nDROP TABLE tmp;",
    "GRANT SELECT ON t TO a;\n-- revert public access\nREVOKE ALL ON t FROM PUBLIC;",
    "CREATE TABLE votes (\n  up int, -- up\n  down int -- down\n);\nDROP TABLE other;",
    "CREATE TABLE votes (\n  up int,\n  -- down\n  down int\n);\nDROP TABLE other;",
    "INSERT INTO ways VALUES (1); -- down\nINSERT INTO ways VALUES (2); -- up",
    `${up} -- down\n-- ${down}\nDROP TABLE other;`,
    "CREATE SCHEMA app;\n-- reverse\nCREATE FUNCTION app.reverse() RETURNS int LANGUAGE sql AS 'SELECT 1';",
    `-- rollback of the old import is done by the job\n${up}`,
    `${up}\n-- rollback of the old import is done by the job\nALTER TABLE other ADD COLUMN a int;`,
    `${up}\n-- rollback of the old import\nDROP TABLE other;`,
    `${up}\n-- Rollback:\n-- DROP TABLE users;\n\nDROP TABLE other;`,
    `${up}\n--rollback DROP TABLE users;\n`,
    `${up}\n--rollback DROP TABLE users;\n\n--changeset ada:2\nDROP TABLE users;`,
    `${up}\n-- Down\n`,
    `-- Up\n${up}\n-- Down\n-- DROP TABLE users;\n`,
    `-- Revert the column of 007\nALTER TABLE users DROP COLUMN email;`,
    `/*\n Rollback:\n   DROP TABLE users;\n*/\n${up}\nALTER TABLE other DROP COLUMN a;`,
    `CREATE TEMP TABLE helper AS SELECT 1;\n-- undo the helper\nDROP TABLE helper;`,
    `${up}\nSELECT '\n-- down\n';\n${down}`,
    "CREATE TABLE helper (id int);\nUPDATE users SET a = 1;\n-- the update is never reverted\nDROP TABLE helper;",
    `${up}\n/* This cannot be undone:\n DROP TABLE users;\n*/\n${down}`,
    `${up}\n-- break down by day\nCREATE VIEW days AS SELECT 1;`,
    `BEGIN;\n-- nothing to roll back yet\nDROP TABLE IF EXISTS other;\nCOMMIT;`
  ]
  for (const text of harmless) {
    it(`is not found in ${JSON.stringify(text)}`, () => assert.strictEqual(way(text).text, text))
  }

  it("is refused inside the way up of a known tool", () => {
    assert.strictEqual(refusal(`-- +goose Up\n${up}\n-- down\n${down}\n-- +goose Down\n`).line, 3)
  })

  it("is left to the grammar if the text is no SQL", () => {
    const text = `CREATE TABL users;\n-- down\n${down}`
    assert.strictEqual(way(text).text, text)
  })
})
