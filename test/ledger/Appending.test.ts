import { describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { AutoMigrationConfig, LedgerEvent } from "effect-auto-migration"
import * as Appending from "../../src/ledger/Appending.js"
import { emptyAdoption } from "../../src/ledger/OwnMigrations.js"

const schema = AutoMigrationConfig.SchemaName.make("somewhere")

/** Whether an event of a plan with so many ids of 1,024 characters is recorded with its plan. */
const holdsPlan = (count: number): boolean => {
  const plan = Array.from({ length: count }, () => "a".repeat(1024))
  const statement = Appending.append(schema, [{ kind: "Applied", migration: emptyAdoption, detail: { plan } }])
  return statement.includes('"plan"')
}

describe("the detail of an event", () => {
  it("holds the plan, except where the server could refuse the event because of its size", () => {
    const most = LedgerEvent.maxDetail / 1024
    deepStrictEqual([1, 100, most].map(holdsPlan), [true, true, false])
  })
})
