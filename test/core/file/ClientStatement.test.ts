import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Either from "effect/Either"
import * as Footprint from "../../../src/core/migration/Footprint.js"
import { parser, sourcesOf } from "../../support/history/Parsing.js"

const infer = (text: string) => Footprint.inferAll(parser, sourcesOf([text]))

const errorOf = (text: string) =>
  Either.match(infer(text), { onLeft: (error) => error, onRight: () => assert.fail(`no error in: ${text}`) })

const table = "CREATE TABLE t (id integer);\n"

describe("a file that was written for psql", () => {
  const wrong: ReadonlyArray<readonly [text: string, place: string, says: string, remedy: string]> = [
    [
      "--\n-- dump\n--\n\n\\restrict abc\n\nSELECT 1;\n\\unrestrict abc",
      "5:1",
      "\\restrict is a command of psql",
      "\\unrestrict"
    ],
    [`${table}\\connect shop\nSELECT 1;`, "2:1", "\\connect is a command of psql", "where to connect"],
    [`${table}\\i 'other.sql'`, "2:1", "\\i is a command of psql", "make a migration of it"],
    [`\\set name 'it''s'\n${table}`, "1:1", "\\set is a command of psql", "Write the value"],
    [`${table}\\copy t FROM 'rows.csv' CSV`, "2:1", "\\copy is a command of psql", "INSERT"],
    [`${table}\\echo it's done\nSELECT 1;`, "2:1", "\\echo is a command of psql", "Remove the line."],
    [`${table}\\if :is_new\nSELECT 1;\n\\endif`, "2:1", "\\if is a command of psql", "DO block"],
    [`SELECT 'DROP TABLE t' \\gexec`, "1:23", "\\gexec is a command of psql", "EXECUTE"],
    [`${table}\\frobnicate`, "2:1", "\\frobnicate is a command of psql", "Remove the line, or write it as SQL."],
    ["CREATE TABLE :name (id int);", "1:14", ":name is a variable of psql", "Write the value itself."],
    [`${table}INSERT INTO t VALUES (:'id');`, "2:23", ":'id' is a variable of psql", "Write the value itself."],
    ['DROP TABLE :"name";', "1:12", ':"name" is a variable of psql', "Write the value itself."]
  ]
  for (const [text, place, says, remedy] of wrong) {
    it(`is refused with the part that is psql's: ${JSON.stringify(text)}`, () => {
      const { message } = errorOf(text)
      assert.include(message, `1.sql:${place}: ${says}`)
      assert.include(message.split("\n").at(-1) ?? "", remedy)
      assert.notInclude(message, "Correct the statement")
    })
  }

  it("is refused with the error of the grammar if that comes first", () => {
    const { message } = errorOf("CREAT TABLE t ();\n\\echo done")
    assert.include(message, '1.sql:1:1: syntax error at or near "CREAT"')
    assert.match(message, / Correct the statement\.$/)
  })

  it("may hold a backslash or a colon in strings, comments and SQL", () => {
    for (const text of [
      "SELECT '\\restrict';",
      "-- \\connect shop\nSELECT 1;",
      "SELECT E'\\\\i', 'a'::text, (ARRAY[1])[1:1];"
    ])
      assert.isTrue(Either.isRight(infer(text)), text)
  })
})

describe("COPY between a table and psql", () => {
  const wrong: ReadonlyArray<readonly [text: string, place: string]> = [
    [`${table}COPY t (id) FROM stdin;`, "2:1"],
    [`${table}COPY public.t FROM STDIN WITH (FORMAT csv);\n1\n\\.\n`, "2:1"],
    [`${table}copy t from stdin;\n1\tit's\n2\t"a\n\\.\n\nSELECT 1;`, "2:1"],
    [`${table}COPY /* all */ t FROM stdin; SELECT 1;`, "2:1"],
    [`COPY t FROM stdin;\n\\.\n\n\\restrict a`, "1:1"]
  ]
  for (const [text, place] of wrong) {
    it(`is refused where it takes rows: ${JSON.stringify(text)}`, () => {
      const { message } = errorOf(text)
      assert.include(message, `1.sql:${place}: COPY … FROM stdin takes rows from psql`)
      assert.include(message, "INSERT statements")
    })
  }

  it("is refused where it gives rows", () => {
    for (const text of ["COPY t TO stdout;", "COPY (SELECT 1) TO STDOUT WITH (FORMAT csv);"])
      assert.include(errorOf(`${table}${text}`).message, "1.sql:2:1: COPY … TO stdout gives rows to psql")
  })

  it("is allowed where the server itself reads or writes a file", () => {
    for (const text of [
      "COPY t FROM '/tmp/t';",
      "COPY t TO '/tmp/t';",
      "COPY t FROM PROGRAM 'cat /tmp/t';",
      "SELECT copy FROM stdin;"
    ])
      assert.isTrue(Either.isRight(infer(text)), text)
  })

  it("is found by its words only at the beginning of a statement", () => {
    assert.include(errorOf("SELECT copy FROM stdin; SELECT FROM FROM;").message, "syntax error")
  })
})

describe("SET TRANSACTION SNAPSHOT", () => {
  it("is an error that says what to do", () => {
    const { line, message } = errorOf(
      "BEGIN ISOLATION LEVEL REPEATABLE READ;\nSET TRANSACTION SNAPSHOT '0-1';\nCOMMIT;"
    )
    assert.strictEqual(line, 2)
    assert.match(message, / Write SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, which gives/)
    deepStrictEqual(Either.isRight(infer("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; SELECT 1;")), true)
  })
})
