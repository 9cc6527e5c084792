import { describe, it } from "@effect/vitest"
import { strictEqual } from "@effect/vitest/utils"
import * as fc from "fast-check"
import { isRepeatable } from "../../../src/core/statement/Repeatable.js"
import { marks } from "../../support/arbitraries/Sql.js"

const repeatable = [
  "",
  "SELECT 1",
  "INSERT INTO a VALUES ('; COMMIT'); SELECT 2;",
  "/* ; */ -- COMMIT\nUPDATE a SET call = $$; DO x; $$",
  'SELECT "do" FROM commit; TABLE call',
  "WITH x AS (DELETE FROM a RETURNING id) SELECT * FROM x"
]

const once = [
  "CALL refresh()",
  "do $$ BEGIN COMMIT; END $$",
  "INSERT INTO a VALUES (1); COMMIT; SELECT 1",
  "  -- a comment\n BEGIN; SELECT 1; END",
  "SELECT 1;/* x */ROLLBACK",
  "START TRANSACTION",
  "PREPARE TRANSACTION 'x'",
  "SAVEPOINT a"
]

describe("isRepeatable", () => {
  for (const text of repeatable) it(`takes for repeatable: ${text}`, () => strictEqual(isRepeatable(text), true))

  for (const text of once) it(`takes for running once: ${text}`, () => strictEqual(isRepeatable(text), false))

  it.prop("is total", [fc.array(fc.oneof(fc.constantFrom(...marks, ";", "call"), fc.string()))], ([parts]) => {
    strictEqual(typeof isRepeatable(parts.join("")), "boolean")
  })
})
