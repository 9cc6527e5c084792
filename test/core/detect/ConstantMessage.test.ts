import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Option from "effect/Option"
import * as fc from "fast-check"
import { constantPart } from "../../../src/core/detect/ConstantMessage.js"
import * as SqlState from "../../../src/core/detect/SqlState.js"

const evidence = (message: string, fields: Partial<SqlState.Evidence> = {}): SqlState.Evidence => ({
  sqlState: Option.getOrThrow(SqlState.sqlState("22P02")),
  message,
  position: Option.none(),
  internalPosition: Option.none(),
  internalQuery: Option.none(),
  context: Option.none(),
  about: Option.none(),
  routine: Option.some("pg_strtoint32"),
  statement: Option.none(),
  ...fields
})

const state = (code: string) => ({ sqlState: Option.getOrThrow(SqlState.sqlState(code)) })

describe("laws", () => {
  it.prop(
    "1. Text from the first quotation mark to the last, from the first colon on, and each number are withheld.",
    [
      fc.stringOf(fc.constantFrom("q", "7", '"', ":", "»", "\n", " "), { minLength: 1 }),
      fc.constantFrom(
        (value: string) => `invalid input syntax for type integer: "${value}"`,
        (value: string) => `date/time field value out of range: "${value}"`,
        (value: string) => `value "${value}" is out of range for type integer`,
        (value: string) => `ungültige Eingabesyntax für Typ integer: »${value}«`,
        (value: string) => `la valeur « ${value} » est en dehors des limites du type integer`,
        (value: string) => `invalid normalization form: ${value}`
      )
    ],
    ([value, messageOf]) => {
      const kept = Option.getOrThrow(constantPart(evidence(messageOf(value))))
      assert.notMatch(kept.replace("quote", ""), /[q7]/)
      assert.include(kept, "…")
    }
  )

  it("2. A message that code of the database has written is withheld as a whole.", () => {
    for (const fields of [
      state("P0001"),
      state("38000"),
      state("HV000"),
      state("XX000"),
      state("A1234"),
      { routine: Option.some("exec_stmt_raise") },
      { routine: Option.some("pgfdw_report_error") },
      { routine: Option.none() },
      { internalQuery: Option.some("SELECT secret()") }
    ]) {
      deepStrictEqual(constantPart(evidence("card is no number", fields)), Option.none())
    }
  })
})

const kept: Readonly<Record<string, string>> = {
  'invalid input syntax for type integer: "x"': "invalid input syntax for type integer: …",
  'null value in column "a" of relation "b" violates not-null constraint':
    'null value in column "…" violates not-null constraint',
  "value too long for type character varying(10)": "value too long for type character varying(…)",
  'invalid byte sequence for encoding "UTF8": 0xff': "invalid byte sequence for encoding: …",
  "division by zero": "division by zero"
}

for (const [message, part] of Object.entries(kept)) {
  it(`of ${message} stays ${part}`, () => deepStrictEqual(constantPart(evidence(message)), Option.some(part)))
}

it("a Georgian message is withheld, since that catalogue leaves quotation marks out", () => {
  deepStrictEqual(constantPart(evidence("x დიაპაზონს გარეთაა ტიპისთვის")), Option.none())
})
