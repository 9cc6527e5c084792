import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import * as Directive from "../../../src/core/file/Directive.js"
import * as Footprint from "../../../src/core/migration/Footprint.js"
import * as Migration from "../../../src/core/migration/Migration.js"
import * as SchemaObject from "../../../src/core/model/SchemaObject.js"
import { digest, id, idOf, migration, risk, table } from "../../support/arbitraries/Migration.js"
import { lastFootprint } from "../../support/history/Parsing.js"

const sorted = (...ids: ReadonlyArray<string>) => ids.toSorted(Migration.Order)

describe("laws", () => {
  it.prop("Order is total: two ids are equal only when they are the same text", [id, id, id], ([a, b, c]) => {
    assert.strictEqual(Migration.Order(a, b) === 0, a === b)
    assert.strictEqual(Migration.Order(a, b) + Migration.Order(b, a), 0)
    if (Migration.Order(a, b) <= 0 && Migration.Order(b, c) <= 0) assert.isAtMost(Migration.Order(a, c), 0)
  })

  it.prop(
    "Order is natural: of two ids that differ only in one run of digits, the one with the smaller number comes first",
    [
      fc.constantFrom("", "V", "2024-"),
      fc.bigInt(0n, 10n ** 30n),
      fc.bigInt(0n, 10n ** 30n),
      fc.constantFrom("", "_x")
    ],
    ([before, m, n, after]) =>
      assert.strictEqual(Migration.Order(`${before}${m}${after}`, `${before}${n}${after}`), m < n ? -1 : m > n ? 1 : 0)
  )
})

describe("Order", () => {
  it("compares digits as numbers", () => {
    deepStrictEqual(sorted("10_orders", "9_users", "100_items"), ["9_users", "10_orders", "100_items"])
  })

  it("reads dotted versions as Flyway does", () => {
    deepStrictEqual(sorted("V1.1__b", "V2__c", "V1__a", "V1.10__e", "V1.2__d"), [
      "V1__a",
      "V1.1__b",
      "V1.2__d",
      "V1.10__e",
      "V2__c"
    ])
  })

  it("distinguishes ids that differ in leading zeros only", () => {
    deepStrictEqual(sorted("1_a", "001_a", "01_a"), ["001_a", "01_a", "1_a"])
  })

  it("puts a shorter id first", () => {
    deepStrictEqual(sorted("1_users_email", "1_users", "1"), ["1", "1_users", "1_users_email"])
  })
})

describe("MigrationId", () => {
  const isId = (text: string) => Either.isRight(Schema.decodeUnknownEither(Migration.MigrationId)(text))

  it("takes any text that can be typed on one line", () => {
    for (const text of ["1", "001 create users", "V1__ä", "effect-auto-migration/001", "名前"])
      assert.isTrue(isId(text), text)
  })

  it("is not empty, has no blanks at its ends, and holds no control character and no half of a character", () => {
    for (const text of ["", " ", "a ", "\ta", "a\nb", "a\0b", "a\u0085b", "a\ud83d", "\udc00a"])
      assert.isFalse(isId(text), JSON.stringify(text))
  })
})

describe("make", () => {
  const made = (script: Migration.Script, directives: Directive.Directives = Directive.none) =>
    Migration.make({
      id: idOf("1_a"),
      source: "1_a.sql",
      script,
      directives,
      declares: [],
      footprint: Footprint.empty,
      digest
    })

  it("runs SQL outside a transaction if it cannot run in one", () => {
    const footprint = {
      ...Footprint.empty,
      statements: [{ start: 0, end: 1, line: 1, transactional: false }]
    }
    const script: Migration.Script = { _tag: "Sql", text: "VACUUM" }
    const plain = { id: idOf("1_a"), source: "a", script, directives: Directive.none, declares: [], digest }
    assert.strictEqual(Migration.make({ ...plain, footprint }).transaction, "none")
    assert.strictEqual(Migration.make({ ...plain, footprint: Footprint.empty }).transaction, "own")
  })

  it("runs SQL outside a transaction if it asks for that", () => {
    assert.strictEqual(made({ _tag: "Sql", text: "" }, { ...Directive.none, transaction: "none" }).transaction, "none")
  })

  it("runs an Effect in a transaction of its own, with any directives", () => {
    const directives: Directive.Directives = { ...Directive.none, transaction: "none" }
    assert.strictEqual(made({ _tag: "Effect", effect: Effect.void }, directives).transaction, "own")
  })

  it("leaves out a BEGIN and COMMIT around the whole script, and no other", () => {
    const statementsOf = (...statements: ReadonlyArray<string>) => {
      const text = statements.join(";")
      const spans = statements.map((sql) => {
        const start = text.indexOf(sql)
        return { start, end: start + sql.length, line: 1, transactional: false }
      })
      const made = Migration.make({
        id: idOf("1"),
        source: "1.sql",
        script: { _tag: "Sql", text },
        directives: Directive.none,
        declares: [],
        footprint: { ...Footprint.empty, statements: spans },
        digest
      })
      return [made.transaction, ...made.footprint.statements.map(({ end, start }) => text.slice(start, end))]
    }
    deepStrictEqual(statementsOf("BEGIN", "A", "SAVEPOINT s", "B", "COMMIT"), ["own", "A", "SAVEPOINT s", "B"])
    deepStrictEqual(statementsOf("start  transaction", "A", "end work"), ["own", "A"])
    for (const kept of [
      ["BEGIN", "A", "COMMIT AND CHAIN"],
      ["BEGIN", "A", "ROLLBACK"],
      ["BEGIN", "A", "COMMIT WORK", "START TRANSACTION", "B", "COMMIT"],
      ["BEGIN", "A"],
      ["COMMIT"]
    ]) {
      deepStrictEqual(statementsOf(...kept), ["none", ...kept])
    }
  })

  it("leaves out the statements that set modes of the transaction, and records the modes", () => {
    const modeOf = (...statements: ReadonlyArray<string>) => {
      const text = statements.join(";")
      const spans = statements.map((sql) => {
        const start = text.indexOf(sql)
        return { start, end: start + sql.length, line: 1, transactional: true }
      })
      const script: Migration.Script = { _tag: "Sql", text }
      const footprint = { ...Footprint.empty, statements: spans }
      const plain = { id: idOf("1"), source: "1.sql", script, directives: Directive.none, declares: [], digest }
      const { footprint: left, mode } = Migration.make({ ...plain, footprint })
      return [mode, ...left.statements.map(({ end, start }) => text.slice(start, end))]
    }
    const serializable = { isolation: "serializable" } as const
    const level = "ISOLATION LEVEL SERIALIZABLE"
    deepStrictEqual(modeOf(`BEGIN ${level}`, "A", "COMMIT"), [serializable, "A"])
    deepStrictEqual(modeOf("BEGIN", `SET TRANSACTION ${level}`, "A", "COMMIT"), [serializable, "A"])
    deepStrictEqual(modeOf(`SET TRANSACTION ${level}`, "A"), [serializable, "A"])
    deepStrictEqual(modeOf("SET a = 1", `SET TRANSACTION ${level}`, "A"), [serializable, "SET a = 1", "A"])
    deepStrictEqual(modeOf("A", `SET TRANSACTION ${level}`), [{}, "A", `SET TRANSACTION ${level}`])
    const later = `SET SESSION CHARACTERISTICS AS TRANSACTION ${level}`
    deepStrictEqual(modeOf(later, "A"), [serializable, later, "A"])
    deepStrictEqual(modeOf("BEGIN", later, "A", "COMMIT"), [{}, later, "A"])
  })

  it("leaves all statements in a script that asks to run outside a transaction", () => {
    const text = "BEGIN;A;COMMIT"
    const spans = [0, 6, 8].map((start) => ({ start, end: start + 5, line: 1, transactional: false }))
    const footprint = { ...Footprint.empty, statements: spans }
    const directives: Directive.Directives = { ...Directive.none, transaction: "none" }
    const script: Migration.Script = { _tag: "Sql", text }
    const made = Migration.make({ id: idOf("1"), source: "1", script, directives, declares: [], footprint, digest })
    deepStrictEqual(made.footprint, footprint)
  })

  it("gives an Effect a checksum of its id and its declaration only", () => {
    const checksum = (effect: Effect.Effect<unknown>, provides: ReadonlyArray<string>) =>
      made({ _tag: "Effect", effect }, { ...Directive.none, provides: provides.map((text) => ({ text, line: 1 })) })
        .checksum
    assert.strictEqual(checksum(Effect.void, ["table a"]), checksum(Effect.succeed(1), ["table a"]))
    assert.notStrictEqual(checksum(Effect.void, ["table a"]), checksum(Effect.void, ["table b"]))
  })
})

describe("controlsTransactions", () => {
  const controls = (sql: string) =>
    Migration.controlsTransactions({
      ...migration({ id: "1", sql }),
      footprint: { ...Footprint.empty, statements: [{ start: 0, end: sql.length, line: 1, transactional: true }] }
    })

  it("holds for every command that begins or ends a transaction", () => {
    for (const sql of [
      "BEGIN",
      "begin work",
      "START  TRANSACTION",
      "COMMIT",
      "END",
      "ABORT",
      "PREPARE TRANSACTION 'a'"
    ]) {
      assert.isTrue(controls(sql), sql)
    }
  })

  it("holds for no other", () => {
    for (const sql of [
      "SELECT 'COMMIT'",
      "PREPARE a AS SELECT 1",
      "CREATE TABLE begin ()",
      "beginning",
      "SAVEPOINT a",
      "RELEASE a",
      "ROLLBACK TO a"
    ]) {
      assert.isFalse(controls(sql), sql)
    }
  })
})

describe("promises", () => {
  const sql = "CREATE EXTENSION pageinspect SCHEMA tools; CREATE TABLE t (id integer);"
  const footprint = lastFootprint(sql)

  it("include an extension, and its contents only if the file declares them", () => {
    const plain = { ...migration({ id: "1", sql }), footprint }
    deepStrictEqual(Migration.promises(plain).map(SchemaObject.render), [
      "extension pageinspect",
      "relation t",
      "column t.id"
    ])
    const declared = footprint.provides.filter((object) => SchemaObject.render(object).includes("heap_page_items"))
    assert.isNotEmpty(declared)
    assert.includeMembers([...Migration.promises({ ...plain, declares: declared })], [...declared])
  })
})

describe("risks", () => {
  const kinds = (one: Migration.Migration) => Migration.risks(one).map(({ kind }) => kind)

  it("include once that a migration is not transactional", () => {
    deepStrictEqual(kinds(migration({ id: "1", transaction: "none" })), ["not-transactional"])
    deepStrictEqual(kinds(migration({ id: "1", transaction: "none", risks: [risk("not-transactional")] })), [
      "not-transactional"
    ])
  })

  it("include for every Effect that it is opaque", () => {
    const script: Migration.Script = { _tag: "Effect", effect: Effect.void }
    deepStrictEqual(kinds({ ...migration({ id: "1" }), script }), ["opaque"])
  })
})

describe("mayWriteAnything", () => {
  const isSo = (sql: string, declares: ReadonlyArray<SchemaObject.SchemaObject> = []) =>
    Migration.mayWriteAnything({ ...migration({ id: "1", declares, sql }), footprint: lastFootprint(sql) })

  it("holds for code that cannot be read, wherever it runs", () => {
    for (const sql of [
      "DO LANGUAGE plpython3u $$ x $$",
      "/* a definition? */ DO $$ BEGIN EXECUTE (SELECT 'DROP TABLE ' || relname FROM pg_class); END $$",
      "CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'a', 'b'; SELECT f()",
      "CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'a', 'b'; CREATE TABLE a AS SELECT f()",
      "CREATE FUNCTION f(int) RETURNS int LANGUAGE c AS 'a', 'b'; CREATE TABLE a (b int); CREATE INDEX ON a (f(b))",
      "EXECUTE prepared",
      "INSERT INTO outside VALUES (1)",
      "DROP OWNED BY somebody"
    ]) {
      assert.isTrue(isSo(sql), sql)
    }
    assert.isTrue(
      Migration.mayWriteAnything({ ...migration({ id: "1" }), script: { _tag: "Effect", effect: Effect.void } })
    )
  })

  it("does not hold for a definition, nor for a migration that declares objects", () => {
    for (const sql of [
      "GRANT SELECT ON ALL TABLES IN SCHEMA a TO b",
      "CREATE TABLE a (x int, LIKE outside)",
      "IMPORT FOREIGN SCHEMA a FROM SERVER b INTO c",
      "CREATE CAST (a AS b) WITHOUT FUNCTION",
      "-- do not select\nCREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f()"
    ]) {
      assert.isFalse(isSo(sql), sql)
    }
    assert.isFalse(isSo("DO LANGUAGE plpython3u $$ x $$", [table("users")]))
    assert.isFalse(isSo("DELETE FROM outside WHERE false; DROP TABLE outside", [table("users")]))
  })
})
