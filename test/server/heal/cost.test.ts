/**
 * What a failing query may cost: long and deep statements, as an attacker would send them.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { longestText } from "../../../src/core/statement/StatementScope.js"
import { appliedIds, ask, inProgram } from "../../support/program/Situation.js"

const migrations = {
  "001_users": "CREATE TABLE users (id integer);",
  "002_email": "ALTER TABLE users ADD COLUMN email text;"
}

const additions = (count: number): string => `0${"+1".repeat(count)}`

/** Parts of a statement that are not parsed. The server runs them. */
const parts: Readonly<Record<string, string>> = {
  "longer than any that is parsed": `'${"a".repeat(longestText)}'`,
  "with 1,500 additions": additions(1500),
  "with 1,000 nested subqueries": `${"(SELECT ".repeat(1000)}1${")".repeat(1000)}`
}

describe("a statement", () => {
  for (const [name, part] of Object.entries({ ...parts, "with 4,500 additions": additions(4500) })) {
    it.scopedLive(`${name} leaves with its own error where no migration explains the gap`, () =>
      inProgram({ migrations }, () =>
        Effect.gen(function* () {
          yield* ask("SELECT id FROM users")
          const error = yield* Effect.flip(ask(`SELECT ${part}, nope FROM users`))
          assert.strictEqual(error._tag, "SqlError")
          assert.include(String(error.cause), 'column "nope" does not exist')
        })
      )
    )
  }

  for (const [name, part] of Object.entries(parts)) {
    it.scopedLive(`${name} heals without its text where a migration explains the gap`, () =>
      inProgram({ migrations }, () =>
        Effect.gen(function* () {
          deepStrictEqual(yield* ask(`SELECT ${part}, email FROM users`), [])
          deepStrictEqual(yield* appliedIds, ["001_users", "002_email"])
        })
      )
    )
  }
})
