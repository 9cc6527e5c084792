import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as fc from "fast-check"
import { fold, foldElements, type Lookup } from "../../../src/core/sql/DynamicSql.js"
import * as arb from "../../support/arbitraries/Sql.js"
import { parser } from "../../support/history/Parsing.js"

const known: Readonly<Record<string, ReadonlyArray<string>>> = { t: ["users", "Order"], n: ["1"], "list[]": ["a", "b"] }
const lookup: Lookup = (name) => Option.fromNullable(known[name])

const expression = (text: string) => Either.getOrThrow(parser.sql(`SELECT ${text}`)).stmts?.[0]?.stmt
const texts = (text: string) => Option.getOrUndefined(fold(expression(text), lookup))
const elements = (text: string) => Option.getOrUndefined(foldElements(expression(text), lookup))
const literal = (text: string) => `'${text.replaceAll("'", "''")}'`

describe("laws", () => {
  it.prop("A constant folds to itself alone.", [arb.identifier], ([text]) =>
    deepStrictEqual(texts(literal(text)), [text])
  )

  it.prop(
    "Folding gives only texts that the server computes from some of the given values.",
    [fc.array(arb.identifier, { minLength: 1, maxLength: 4 })],
    ([parts]) => {
      const [first = "", ...rest] = parts
      deepStrictEqual(texts(parts.map(literal).join(" || ")), [parts.join("")])
      deepStrictEqual(texts(`concat(${parts.map(literal).join()})`), [parts.join("")])
      deepStrictEqual(texts(`concat_ws(${parts.map(literal).join()})`), [rest.join(first)])
      deepStrictEqual(texts(`format('%s', ${literal(first)})`), [first])
      deepStrictEqual(texts(`${parts.map(literal).join(" || ")} || unknown`), undefined)
    }
  )
})

describe("fold", () => {
  it("knows concatenation, format, quoting and variables that hold only constants", () => {
    deepStrictEqual(texts("'ALTER TABLE ' || t || ' ADD c'"), ["ALTER TABLE users ADD c", "ALTER TABLE Order ADD c"])
    deepStrictEqual(texts("format('%I_idx %s %L %% %2$I', t, 'x', 'it''s')"), [
      "users_idx x 'it''s' % x",
      "\"Order\"_idx x 'it''s' % x"
    ])
    deepStrictEqual(texts("quote_ident('user') || quote_ident('plain')"), ['"user"plain'])
    deepStrictEqual(texts("quote_literal(E'a\\\\b')"), ["E'a\\\\b'"])
    deepStrictEqual(texts("upper(lower('Ab')) || btrim(' x ') || replace('aba', 'a', 'c') || 1 || true::text"), [
      "ABxcbc1t"
    ])
    deepStrictEqual(texts('(n::int)::text COLLATE "C"'), ["1"])
  })

  it("does not know queries, other functions, NULL, and formats with a width or without a value", () => {
    for (const text of [
      "(SELECT 'x')",
      "to_char(now(), 'x')",
      "NULL",
      "format('%10s', 'x')",
      "format('%s')",
      "1 + 1",
      "f || 'x'",
      "t::date"
    ]) {
      assert.isUndefined(texts(text), text)
    }
  })

  it("gives up on more than 256 texts", () => {
    const many: Lookup = () => Option.some(Array.from({ length: 20 }, (_, index) => String(index)))
    assert.isTrue(Option.isSome(fold(expression("a || b"), many)) === false)
    assert.isTrue(Option.isSome(fold(expression("a || 'x'"), many)))
  })
})

describe("foldElements", () => {
  it("knows arrays of constants in both notations, and variables that hold them", () => {
    deepStrictEqual(elements("ARRAY['a', 'b' || 'c']"), ["a", "bc"])
    deepStrictEqual(elements("'{a, b}'::text[]"), ["a", "b"])
    deepStrictEqual(elements("'{}'::text[]"), [])
    deepStrictEqual(elements("list"), ["a", "b"])
    assert.isUndefined(elements("ARRAY[x]"))
    assert.isUndefined(elements("'{\"a\"}'::text[]"))
    assert.isUndefined(elements("string_to_array('a', ',')"))
  })
})
