import { describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Arr from "effect/Array"
import * as Option from "effect/Option"
import type * as Plan from "../../../src/core/graph/Plan.js"
import * as DataLoss from "../../../src/core/policy/DataLoss.js"
import { migration, risk } from "../../support/arbitraries/Migration.js"
import { footprints } from "../../support/history/Parsing.js"

/** A plan of files called `1`, `2`, … */
const planOf = (first: string, ...texts: ReadonlyArray<string>): Plan.Plan => {
  const made = footprints(first, ...texts)
  const steps = made.map((footprint, index): Plan.Step => {
    const sketch = migration({ id: String(index + 1) })
    return { migration: { ...sketch, footprint }, reason: "pending" }
  })
  return { steps: Arr.isNonEmptyReadonlyArray(steps) ? steps : [step], targets: [], prerequisites: [] }
}

const step: Plan.Step = { migration: migration({ id: "0" }), reason: "pending" }

/** The losses of a plan, as ids and relations, where these tables hold a row. */
const losses = (plan: Plan.Plan, ...occupied: ReadonlyArray<string>): ReadonlyArray<string> =>
  DataLoss.real(plan, {
    presence: ({ relation }) => (Option.exists(relation, ({ name }) => occupied.includes(name)) ? "rows" : "empty")
  }).map(({ migration: { id }, risk: { relation } }) =>
    [id, ...Option.toArray(Option.map(relation, ({ name }) => name))].join(" ")
  )

describe("laws", () => {
  it("1. A relation without a row loses no data, unless the plan gives its name to another one first.", () => {
    const drop = planOf("DROP TABLE users")
    deepStrictEqual(losses(drop, "users"), ["1 users"])
    deepStrictEqual(losses(drop), [])
    deepStrictEqual(losses(drop, "orders"), [])
    deepStrictEqual(losses(planOf("ALTER TABLE users RENAME TO people", "TRUNCATE people")), ["2 people"])
    deepStrictEqual(losses(planOf("ALTER TABLE old.users SET SCHEMA new", "TRUNCATE new.users")), ["2 users"])
    deepStrictEqual(losses(planOf("ALTER SCHEMA old RENAME TO new", "TRUNCATE new.users")), ["2 users"])
    deepStrictEqual(losses(planOf("DO $$ BEGIN ALTER TABLE users RENAME TO people; END $$", "TRUNCATE people")), [
      "2 people"
    ])
    deepStrictEqual(losses(planOf("ALTER TABLE users RENAME COLUMN a TO b", "TRUNCATE people")), [])
    deepStrictEqual(losses(planOf("TRUNCATE people", "ALTER TABLE users RENAME TO people")), [])
  })

  it("2. A risk about a relation that is not named loses data.", () => {
    deepStrictEqual(losses(planOf("DROP SCHEMA app CASCADE")), ["1"])
  })

  it("3. A risk that the file accepts with `-- accept: data-loss` is no loss.", () => {
    const consenting = migration({ id: "1", risks: [risk("data-loss", "users")], accepts: ["data-loss"] })
    deepStrictEqual(
      losses({ steps: [{ migration: consenting, reason: "pending" }], targets: [], prerequisites: [] }, "users"),
      []
    )
  })
})

describe("questions", () => {
  it("are asked once each", () => {
    const plan = planOf("TRUNCATE users, orders", "DELETE FROM users", "CREATE INDEX ON bills (id)")
    deepStrictEqual(
      DataLoss.questions(plan).map(({ relation }) => relation.name),
      ["users", "orders"]
    )
  })
})
