import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Either from "effect/Either"
import * as fc from "fast-check"
import { InvalidDirective } from "../../../src/core/error/AutoMigrationError.js"
import * as Directive from "../../../src/core/file/Directive.js"

const read = (text: string) => Directive.read("V7.sql", text)

const directivesOf = (text: string): Directive.Directives =>
  Either.getOrElse(read(text), (error) => assert.fail(error.message))

const errorOf = (text: string): InvalidDirective =>
  Either.match(read(text), { onLeft: (error) => error, onRight: () => assert.fail(`no error in: ${text}`) })

const requirementsOf = (text: string) => directivesOf(text).requires.map(({ id }) => id as string)

const isLegal = (text: string) => deepStrictEqual(directivesOf(text), Directive.none, text)

const word = fc.constantFrom("001_users", "orders", "V2__a", "b c")

describe("laws", () => {
  it.prop(
    "Text inside string literals, quoted identifiers, dollar quotes and block comments is never a directive",
    [
      fc.constantFrom(
        ["SELECT '", "'"],
        ["SELECT E'\\'", "'"],
        ["SELECT E'it''s \\", "'"],
        ['SELECT "', '"'],
        ["SELECT $$", "$$"],
        ["SELECT $a_1$ $$ ", "$a_1$"],
        ["SELECT $é$", "$é$"],
        ["/* /* */ ", "*/"]
      ),
      fc.constantFrom("requires: a", "require: a", "transaction: maybe", "accept: nothing")
    ],
    ([[open = "", close = ""], directive]) => {
      isLegal(`${open}\n-- ${directive}\n${close}`)
      isLegal(`${open}\n-- ${directive}`)
    }
  )

  it.prop(
    "requires holds the ids of all -- requires: lines, in their order, each once",
    [fc.array(fc.array(word, { minLength: 1, maxLength: 3 }), { maxLength: 4 }), fc.constantFrom("\n", "\r\n", "\r")],
    ([lists, end]) =>
      deepStrictEqual(
        requirementsOf(lists.map((ids) => `-- requires: ${ids.join(" , ")}${end}SELECT 1;${end}`).join("")),
        [...new Set(lists.flat())]
      )
  )
})

describe("a directive", () => {
  it("is each of the four, anywhere in the file", () => {
    const { accepts, provides, requires, transaction } = directivesOf(
      [
        "-- Deploy app:orders to pg",
        "-- requires: users, 003 items",
        "--provides: table app.orders, function app.total(integer, text)",
        "BEGIN;",
        "CREATE TABLE app.orders (",
        "  -- accept: data-loss, opaque",
        "  id int",
        ");",
        "\t--   transaction :none  ",
        "COMMIT;"
      ].join("\n")
    )
    deepStrictEqual(
      requires.map((_) => [_.id as string, _.line]),
      [
        ["users", 2],
        ["003 items", 2]
      ]
    )
    deepStrictEqual(provides, [{ text: "table app.orders, function app.total(integer, text)", line: 3 }])
    deepStrictEqual(accepts, ["data-loss", "opaque"])
    assert.strictEqual(transaction, "none")
  })

  it("may follow a byte order mark", () => {
    deepStrictEqual(requirementsOf("\uFEFF-- requires: a"), ["a"])
  })

  it("may follow a string whose quotes are doubled, and a parameter that looks like a dollar quote", () => {
    deepStrictEqual(requirementsOf("SELECT 'it''s', $1, a$b, 1;\n-- requires: a"), ["a"])
    deepStrictEqual(requirementsOf("SELECT E'a\\\\', type'x';\n-- requires: a"), ["a"])
    deepStrictEqual(requirementsOf("SELECT 4 - 3 / 2 \n-- requires: a"), ["a"])
  })
})

describe("an error", () => {
  const wrong: ReadonlyArray<readonly [text: string, line: number, says: string]> = [
    ["-- requires:", 1, "says nothing"],
    ["-- requires: a,,b", 1, "names nothing"],
    ["-- requires: a\u0007b", 1, "cannot name"],
    ["SELECT 1;\n-- provides:", 2, "says nothing"],
    ["-- transaction: maybe", 1, 'does not take "maybe"'],
    ["-- transaction: none, as it builds an index", 1, "the only value is none"],
    ["\n\n-- accept: data-los", 3, 'does not know the risk "data-los"'],
    ["-- accept: data-loss, everything", 1, 'does not know the risk "everything"'],
    ["-- require: a", 1, 'did you mean "requires:"'],
    ["-- require : a", 1, 'did you mean "requires:"'],
    ["-- requries: a, b", 1, 'did you mean "requires:"'],
    ["-- provide: table a", 1, 'did you mean "provides:"'],
    ["-- transactions: none", 1, 'did you mean "transaction:"'],
    ["-- trasaction: none", 1, 'did you mean "transaction:"'],
    ["-- accepts: data-loss", 1, 'did you mean "accept:"'],
    ["-- accapt: data-loss", 1, 'did you mean "accept:"']
  ]

  for (const [text, line, says] of wrong) {
    it(`names the file and the line of ${JSON.stringify(text)}`, () => {
      const error = errorOf(text)
      assert.instanceOf(error, InvalidDirective)
      deepStrictEqual([error.file, error.line], ["V7.sql", line])
      assert.include(error.message, says)
    })
  }

  it("is that of the first wrong line in the file", () => {
    assert.strictEqual(errorOf("-- requires: a\n-- require: b\n-- transaction: maybe").line, 2)
  })
})

describe("prose", () => {
  const prose = [
    "-- Note: x",
    "-- TODO: drop this",
    "-- Copyright (c) 2024: nobody. Provided: as is",
    "-- Licence: MIT",
    "-- Deploy app:users to pg",
    "-- Requires: PostgreSQL 14 or newer",
    "-- Provides: the tables of the shop",
    "-- Transaction: one",
    "-- note: transaction: none",
    "-- requires a superuser",
    "-- required: superuser rights",
    "-- transaction: callers cannot supply the schema, so the whole of it runs at once",
    "-- transactions: credits and debits of one account",
    "-- accept: nothing that is older than a day",
    "-- accepts: applications",
    "-- provider: stripe",
    "-- translation: German",
    "-- migrate:up",
    "-- migrate:down",
    "-- +goose StatementBegin",
    "--> statement-breakpoint",
    "--",
    "-- :",
    "SELECT 1 -- requires: a",
    "CREATE TABLE t (\n  kind text -- transaction: debit\n)",
    "SELECT 1;\n-- require: a",
    "SELECT 1;\n-- transactions: none"
  ]
  for (const text of prose) it(`is no error: ${JSON.stringify(text)}`, () => isLegal(text))
})

describe("fromDeclaration", () => {
  it("gives the directives that a file would give", () => {
    deepStrictEqual(
      Directive.fromDeclaration("migrator:1_a", { provides: ["table a"], requires: ["1_b"], accepts: ["opaque"] }),
      Either.map(read("-- requires: 1_b\n-- accept: opaque"), (said) => ({
        ...said,
        provides: [{ text: "table a", line: 1 }]
      }))
    )
  })

  it("refuses an id that cannot be one", () => {
    const refused = Directive.fromDeclaration("migrator:1_a", { requires: [""] })
    assert.isTrue(Either.isLeft(refused))
  })
})
