import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Either from "effect/Either"
import * as fc from "fast-check"
import { parseObjects } from "../../../src/core/file/ObjectSyntax.js"
import * as SchemaObject from "../../../src/core/model/SchemaObject.js"
import { truncate } from "../../../src/core/text/Lexer.js"
import * as arb from "../../support/arbitraries/Sql.js"

const read = (text: string) => Either.map(parseObjects(text), (objects) => objects.map(SchemaObject.render))

describe("laws", () => {
  it.prop(
    "Names follow the server's rules: folding, quoting, doubled quotes, 63 bytes.",
    [arb.identifier, arb.identifier],
    ([schema, name]) => {
      const long = `${name}${"é".repeat(40)}`
      deepStrictEqual(
        parseObjects(`table ${SchemaObject.quote(schema)}.${SchemaObject.quote(long)}, TYPE "A".B`),
        Either.right([
          SchemaObject.relation(SchemaObject.qualifiedName(truncate(long), schema)),
          SchemaObject.type(SchemaObject.qualifiedName("b", "A"))
        ])
      )
    }
  )

  it.prop(
    "A text of which any part is not understood is refused with the reason.",
    [
      fc.constantFrom(
        "table",
        "column",
        "x",
        "",
        "table a b",
        "table a.b.c.d",
        "schema a.b",
        "function f(int",
        "value x of y",
        "unique t",
        "unique t()",
        "table 1",
        "tablet",
        "function f(int,)",
        "type a;b"
      )
    ],
    ([wrong]) => {
      assert.isTrue(Either.isLeft(parseObjects(wrong)), wrong)
      assert.isTrue(Either.isLeft(parseObjects(`table a, ${wrong}`)), wrong)
    }
  )
})

describe("parseObjects", () => {
  it("knows every kind of object", () =>
    deepStrictEqual(
      read(`table app.users, view v, materialized view mv, foreign table ft, sequence s, index i, relation r,
        column app.users.email, column c, constraint t.c, constraint d, unique t (b, a),
        function app.f(int, varchar(20)[], numeric(5, 2)), procedure p(), aggregate g, type mood, domain d,
        value 'it''s, (ok)' of app.mood, enum value 'x' of m, schema app, extension "uuid-ossp", collation german,
        operator %, operator app.<-> (text, int4), operator @(text), text search configuration app.simple_unaccent, role reader`),
      Either.right([
        "relation app.users",
        "relation v",
        "relation mv",
        "relation ft",
        "relation s",
        "relation i",
        "relation r",
        "column app.users.email",
        "column c",
        "constraint c of relation t",
        "constraint d",
        "unique constraint of relation t over (a, b)",
        "function app.f(integer, character varying[], numeric)",
        "function p()",
        "function g",
        "type mood",
        "type d",
        'value "it\'s, (ok)" of enum app.mood',
        'value "x" of enum m',
        "schema app",
        'extension "uuid-ossp"',
        "collation german",
        "operator %",
        "operator app.<->(text, integer)",
        "operator @(text)",
        "text search configuration app.simple_unaccent",
        "role reader"
      ])
    ))

  it("gives the reason why a text is refused", () => {
    deepStrictEqual(read("table a,"), Either.left("has an empty entry"))
    deepStrictEqual(
      read("users"),
      Either.left('"users" does not begin with a kind of object such as table, column, type or function')
    )
    deepStrictEqual(read("schema a.b"), Either.left('"a.b" has more parts than such a name can have'))
    deepStrictEqual(read("value x of y"), Either.left("\"x of y\" is not of the form value 'label' of type"))
    deepStrictEqual(read("unique t"), Either.left('"t" is not of the form unique table (columns)'))
  })
})
