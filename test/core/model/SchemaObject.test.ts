import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import * as SchemaObject from "../../../src/core/model/SchemaObject.js"
import * as Identifier from "../../support/arbitraries/Identifier.js"
import * as Arbitrary from "../../support/arbitraries/SchemaObject.js"

const { identifierFrom, nameFrom, qualifiedName, quote } = SchemaObject

describe("laws", () => {
  it.prop(
    "identifierFrom(quote(x)) is x, for every identifier x that PostgreSQL can store",
    [Identifier.stored],
    ([x]) => deepStrictEqual(identifierFrom(quote(x)), Option.some(x))
  )

  it.prop(
    "identifierFrom is idempotent: reading the quoted result again gives the same result",
    [
      fc.oneof(
        Identifier.spelling.map(({ written }) => written),
        fc.fullUnicodeString()
      )
    ],
    ([text]) => {
      const once = identifierFrom(text)
      deepStrictEqual(
        Option.flatMap(once, (name) => identifierFrom(quote(name))),
        once
      )
    }
  )

  it.prop(
    "Order is total, and Equivalence agrees with it and with key",
    [Arbitrary.pair, Arbitrary.schemaObject],
    ([[a, b], c]) => {
      const { Equivalence, Order, key } = SchemaObject
      assert.strictEqual(Order(a, b), -Order(b, a) + 0)
      if (Order(a, b) <= 0 && Order(b, c) <= 0) assert.isTrue(Order(a, c) <= 0)
      assert.strictEqual(Order(a, b) === 0, Equivalence(a, b))
      assert.strictEqual(key(a) === key(b), Equivalence(a, b))
    }
  )

  it.prop("Two objects are equivalent exactly when all their fields are equal", [Arbitrary.pair], ([[a, b]]) =>
    assert.strictEqual(SchemaObject.Equivalence(a, b), JSON.stringify(a) === JSON.stringify(b))
  )

  it.prop("The codec decodes an encoded object to the same object", [Arbitrary.schemaObject], ([object]) => {
    const encoded = Schema.encodeSync(SchemaObject.SchemaObject)(object)
    deepStrictEqual(JSON.parse(JSON.stringify(encoded)), encoded)
    deepStrictEqual(Schema.decodeUnknownSync(SchemaObject.SchemaObject)(encoded), object)
  })
})

describe("an identifier", () => {
  it.prop("is read as the server stores it", [Identifier.spelling], ([{ stored, written }]) =>
    deepStrictEqual(identifierFrom(written), Option.some(stored))
  )

  it("is folded (ASCII letters only) outside quotes, and kept inside quotes", () => {
    deepStrictEqual(identifierFrom("Users"), Option.some("users"))
    deepStrictEqual(identifierFrom("ÄPFEL"), Option.some("Äpfel"))
    deepStrictEqual(identifierFrom('"Users"'), Option.some("Users"))
    deepStrictEqual(identifierFrom('"a""b.c d"'), Option.some('a"b.c d'))
    deepStrictEqual(identifierFrom("_x$1"), Option.some("_x$1"))
  })

  it("is cut to 63 bytes, between characters", () => {
    deepStrictEqual(identifierFrom("a".repeat(70)), Option.some("a".repeat(63)))
    deepStrictEqual(identifierFrom(`"${"日".repeat(30)}"`), Option.some("日".repeat(21)))
    deepStrictEqual(identifierFrom(`aa${"é".repeat(40)}`), Option.some(`aa${"é".repeat(30)}`))
    deepStrictEqual(identifierFrom(`"${"\u{1F600}".repeat(20)}"`), Option.some("\u{1F600}".repeat(15)))
  })

  it("may have Unicode escapes, with the default escape character or another one", () => {
    deepStrictEqual(identifierFrom('U&"d\\0061t\\+000061"'), Option.some("data"))
    deepStrictEqual(identifierFrom('u&"a\\\\b"'), Option.some("a\\b"))
    deepStrictEqual(identifierFrom("U&\"d!0061ta\" UESCAPE '!'"), Option.some("data"))
  })

  it("is not an empty, unclosed, dotted or otherwise invalid text", () => {
    for (const text of [
      "",
      '""',
      '"a',
      'a"',
      "1a",
      "$a",
      "a b",
      " a",
      "a.b",
      "a-b",
      '"a\0b"',
      'U&""',
      'U&"\\12"',
      "'a'"
    ]) {
      deepStrictEqual(identifierFrom(text), Option.none(), text)
    }
    for (const text of ['U&"\\zzzz"', 'U&"\\+110000"', 'U&"\\0000"', 'U&"a', 'U&"\\"']) {
      deepStrictEqual(identifierFrom(text), Option.none(), text)
    }
  })
})

describe("a name", () => {
  it.prop("is read part by part", [Identifier.spelling, Identifier.spelling], ([schema, name]) => {
    deepStrictEqual(nameFrom(name.written), Option.some(qualifiedName(name.stored)))
    deepStrictEqual(
      nameFrom(` ${schema.written} . /* it */ ${name.written}\n`),
      Option.some(qualifiedName(name.stored, schema.stored))
    )
  })

  it("of three parts loses the database, and of four parts is rejected", () => {
    deepStrictEqual(nameFrom('db.App."T"'), Option.some(qualifiedName("T", "app")))
    for (const text of ["a.b.c.d", "", "a.", ".a", "a b", "a,b", "a..b"]) {
      deepStrictEqual(nameFrom(text), Option.none(), text)
    }
    deepStrictEqual(SchemaObject.nameOfParts([]), Option.none())
  })
})

describe("an object", () => {
  const users = qualifiedName("users", "app")

  it("is rendered with a kind and a name, quoted only where SQL needs quotes", () => {
    const rendered: ReadonlyArray<readonly [SchemaObject.SchemaObject, string]> = [
      [SchemaObject.relation(users), "relation app.users"],
      [SchemaObject.relation(qualifiedName("Users", "my app")), 'relation "my app"."Users"'],
      [SchemaObject.column("email", users), "column app.users.email"],
      [SchemaObject.column("größe"), "column größe"],
      [SchemaObject.routine(qualifiedName("f", "app"), ["integer", "text"]), "function app.f(integer, text)"],
      [SchemaObject.routine(qualifiedName("f"), []), "function f()"],
      [SchemaObject.routine(qualifiedName("f")), "function f"],
      [SchemaObject.type(qualifiedName("mood")), "type mood"],
      [SchemaObject.schema("app"), "schema app"],
      [SchemaObject.enumValue(qualifiedName("mood"), "sad"), 'value "sad" of enum mood'],
      [SchemaObject.constraint("c", users), "constraint c of relation app.users"],
      [SchemaObject.constraint("c"), "constraint c"],
      [SchemaObject.conflictTarget(["b", "a"], users), "unique constraint of relation app.users over (a, b)"],
      [SchemaObject.conflictTarget([]), "unique constraint"],
      [SchemaObject.collation(qualifiedName("de")), "collation de"],
      [SchemaObject.operator(qualifiedName("%"), ["text", "text"]), "operator %(text, text)"],
      [SchemaObject.operator(qualifiedName("<->", "Ext")), 'operator "Ext".<->'],
      [SchemaObject.textSearchConfiguration(qualifiedName("de", "app")), "text search configuration app.de"],
      [SchemaObject.role("reader"), "role reader"],
      [SchemaObject.extension("citext"), "extension citext"]
    ]
    for (const [object, text] of rendered) assert.strictEqual(SchemaObject.render(object), text)
  })

  it("is the same conflict target for any order of the columns", () => {
    assert.isTrue(
      SchemaObject.Equivalence(
        SchemaObject.conflictTarget(["a", "b"], users),
        SchemaObject.conflictTarget(["b", "a"], users)
      )
    )
  })

  it("has a key of its own, even if its name has dots, quotes or commas", () => {
    assert.notStrictEqual(
      SchemaObject.key(SchemaObject.relation(qualifiedName("a.b"))),
      SchemaObject.key(SchemaObject.relation(qualifiedName("b", "a")))
    )
    assert.notStrictEqual(
      SchemaObject.key(SchemaObject.conflictTarget(['a","b'])),
      SchemaObject.key(SchemaObject.conflictTarget(["a", "b"]))
    )
    assert.notStrictEqual(
      SchemaObject.key(SchemaObject.routine(qualifiedName("f"))),
      SchemaObject.key(SchemaObject.routine(qualifiedName("f"), []))
    )
  })
})
