/**
 * Errors in text: as psql and drivers print them, and as the server's log has them.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Option from "effect/Option"
import * as ErrorText from "../../src/cli/ErrorText.js"
import * as Detector from "../../src/core/detect/Detector.js"

const gapIn = (text: string): ReadonlyArray<string | undefined> =>
  ErrorText.errorsIn(text).map((error) => Option.getOrUndefined(Option.map(ErrorText.gapOf(error), Detector.render)))

const log = `2026-01-31 12:00:00.000 UTC [71] LOG:  checkpoint starting: time
2026-01-31 12:00:01.000 UTC [72] ERROR:  relation "orders" does not exist at character 15
2026-01-31 12:00:01.000 UTC [72] STATEMENT:  SELECT * FROM orders
\tWHERE id = 1
2026-01-31 12:00:02.000 UTC [73] ERROR:  relation "orders" does not exist at character 15
2026-01-31 12:00:02.000 UTC [73] STATEMENT:  SELECT * FROM orders
\tWHERE id = 1
2026-01-31 12:00:03.000 UTC [74] ERROR:  duplicate key value violates unique constraint "users_pkey"
2026-01-31 12:00:03.000 UTC [74] DETAIL:  Key (id)=(1) already exists.
`

describe("the text of an error", () => {
  for (const [name, text, missing] of [
    ["a bare message", 'relation "users" does not exist', "missing relation users"],
    ["a message of psql", "ERROR:  column u.email does not exist\nLINE 1: SELECT u.email", "missing column u.email"],
    [
      "a message with its SQLSTATE",
      "ERROR:  42883: function total(integer) does not exist",
      "missing function total(integer)"
    ],
    ["a message of a schema", 'schema "billing" does not exist', "missing schema billing"],
    ["a message in German", "FEHLER:  Relation »users« existiert nicht", "missing relation users"],
    ["a message in French", "ERREUR:  la relation « users » n'existe pas", "missing relation users"],
    ["a message of another kind", 'duplicate key value violates unique constraint "users_pkey"', undefined]
  ] as const) {
    it(`tells what is missing, given ${name}`, () => deepStrictEqual(gapIn(text), [missing]))
  }

  it("is found in a log, each error once, with its statement", () => {
    const errors = ErrorText.errorsIn(log)
    deepStrictEqual(
      errors.map(({ message }) => message),
      ['relation "orders" does not exist', 'duplicate key value violates unique constraint "users_pkey"']
    )
    deepStrictEqual(errors[0]?.statement, Option.some("SELECT * FROM orders\nWHERE id = 1"))
    deepStrictEqual(errors[0]?.position, Option.some(15))
    deepStrictEqual(gapIn(log), ["missing relation orders", undefined])
  })

  it("is none where the text is empty", () => {
    deepStrictEqual(ErrorText.errorsIn(" \n"), [])
    assert.isTrue(ErrorText.errorsIn("x").length === 1)
  })
})
