import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Arr from "effect/Array"
import * as Option from "effect/Option"
import * as fc from "fast-check"
import * as Plan from "../../../src/core/graph/Plan.js"
import * as Resolver from "../../../src/core/graph/Resolver.js"
import type { Migration } from "../../../src/core/migration/Migration.js"
import * as SchemaObject from "../../../src/core/model/SchemaObject.js"
import { graph } from "../../support/arbitraries/Graph.js"
import { column, migration, risk, type Sketch, table } from "../../support/arbitraries/Migration.js"

const planOf = (...sketches: readonly [Sketch, ...ReadonlyArray<Sketch>]): Plan.Plan => ({
  steps: Arr.map(sketches, (sketch) => ({ migration: migration(sketch), reason: "pending" as const })),
  targets: [],
  prerequisites: []
})

const plan: fc.Arbitrary<Plan.Plan> = graph
  .map((made) => Resolver.pending(made, new Set()))
  .filter(Option.isSome)
  .map((some) => some.value)

const grouping = fc.constantFrom<Plan.Grouping>("migration", "plan")

const groupsOf = (one: Plan.Plan, by: Plan.Grouping = "plan") =>
  Plan.groups(one, by).map((group) => group.steps.map((step) => step.migration.id as string))

const reasonsOf = (one: Plan.Plan) => Plan.groups(one, "plan").map(({ because }) => Option.getOrElse(because, () => ""))

const mood = SchemaObject.qualifiedName("mood")
const sad = SchemaObject.enumValue(mood, "sad")

const mustStandAlone = (one: Migration) => one.transaction === "none"

describe("laws", () => {
  it.prop("groups neither loses, repeats nor reorders a step", [plan, grouping], ([one, by]) =>
    deepStrictEqual(
      Plan.groups(one, by).flatMap((group) => [...group.steps]),
      [...one.steps]
    )
  )

  it.prop('With "migration" every step commits by itself', [plan], ([one]) => {
    for (const group of Plan.groups(one, "migration")) {
      assert.strictEqual(group.steps.length, 1)
      assert.strictEqual(group.transaction, group.steps[0].migration.transaction)
    }
  })

  it.prop(
    "A step that cannot share a transaction never does, and every group after the first says why it does not share the one before it",
    [plan],
    ([one]) => {
      const [first, ...rest] = Plan.groups(one, "plan")
      assert.isTrue(Option.isNone(first.because))
      for (const group of rest) assert.isTrue(Option.isSome(group.because))
      for (const group of [first, ...rest]) {
        if (group.steps.some((step) => mustStandAlone(step.migration))) assert.strictEqual(group.steps.length, 1)
        assert.strictEqual(group.transaction, mustStandAlone(group.steps[0].migration) ? "none" : "own")
      }
    }
  )
})

describe("groups", () => {
  it("puts the whole plan into one transaction if that is possible", () => {
    deepStrictEqual(groupsOf(planOf({ id: "1" }, { id: "2" }, { id: "3" })), [["1", "2", "3"]])
    deepStrictEqual(groupsOf(planOf({ id: "1" }, { id: "2" }), "migration"), [["1"], ["2"]])
  })

  it("sets a migration apart that runs outside transactions", () => {
    const one = planOf({ id: "1" }, { id: "2", transaction: "none" }, { id: "3" }, { id: "4" })
    deepStrictEqual(groupsOf(one), [["1"], ["2"], ["3", "4"]])
    deepStrictEqual(reasonsOf(one), ["", "2 runs outside transactions", "2 runs outside transactions"])
  })

  it("sets a migration apart that begins or ends transactions by itself", () => {
    const own = migration({ id: "2", sql: "COMMIT" })
    const statements = [{ start: 0, end: 6, line: 1, transactional: true }]
    const one: Plan.Plan = {
      steps: [
        { migration: migration({ id: "1" }), reason: "pending" },
        { migration: { ...own, footprint: { ...own.footprint, statements } }, reason: "pending" }
      ],
      targets: [],
      prerequisites: []
    }
    deepStrictEqual(groupsOf(one), [["1"], ["2"]])
    deepStrictEqual(reasonsOf(one), ["", "2 begins or ends transactions by itself"])
  })

  it("sets a migration apart that sets the mode of its transaction", () => {
    const { steps, ...rest } = planOf({ id: "1" }, { id: "2" }, { id: "3" })
    const [first, second, third] = steps
    assert.isDefined(second)
    assert.isDefined(third)
    const mode = { isolation: "serializable" } as const
    const stated: Plan.Plan = {
      ...rest,
      steps: [first, { ...second, migration: { ...second.migration, mode } }, third]
    }
    deepStrictEqual(groupsOf(stated), [["1"], ["2"], ["3"]])
    deepStrictEqual(reasonsOf(stated).slice(1), Array(2).fill("2 says of which kind its transaction is"))
  })

  it("splits where a new enum value is used", () => {
    const one = planOf(
      { id: "1", provides: [sad] },
      { id: "2", reads: ["other"] },
      { id: "3", reads: ["mood"] },
      { id: "4" }
    )
    deepStrictEqual(groupsOf(one), [
      ["1", "2"],
      ["3", "4"]
    ])
    assert.include(reasonsOf(one)[1] ?? "", "3 may use the value that 1 adds to the enum mood")
  })

  it("splits before a barrier, after a value was added", () => {
    deepStrictEqual(groupsOf(planOf({ id: "1", provides: [sad] }, { id: "2", barrier: "EXECUTE" })), [["1"], ["2"]])
    deepStrictEqual(groupsOf(planOf({ id: "1" }, { id: "2", barrier: "EXECUTE" })), [["1", "2"]])
  })

  it("keeps together an enum and the use of its first values, and not of added ones", () => {
    const made = { id: "1", provides: [SchemaObject.type(mood), SchemaObject.enumValue(mood, "glad")] }
    const used = { id: "3", writes: ["mood"] }
    deepStrictEqual(groupsOf(planOf(made, used)), [["1", "3"]])
    deepStrictEqual(groupsOf(planOf(made, { id: "2", provides: [sad] }, used)), [["1", "2"], ["3"]])
  })

  it("splits before the use of a value that was added by the file that made or renamed the enum", () => {
    const script = { _tag: "Sql", text: "ALTER TYPE mood ADD\n  VALUE 'sad';" } as const
    const { steps, ...rest } = planOf(
      { id: "1", provides: [SchemaObject.type(mood), sad] },
      { id: "2", writes: ["mood"] }
    )
    const [first, ...others] = steps
    const adding: Plan.Plan = { ...rest, steps: [{ ...first, migration: { ...first.migration, script } }, ...others] }
    deepStrictEqual(groupsOf(adding), [["1"], ["2"]])
  })

  it("allows the use of a value after the commit of the migration that added it", () => {
    const one = planOf(
      { id: "1", provides: [sad] },
      { id: "2", reads: ["mood"] },
      { id: "3", reads: ["mood"] },
      { id: "4", provides: [SchemaObject.enumValue(mood, "glad")] }
    )
    deepStrictEqual(groupsOf(one), [["1"], ["2", "3", "4"]])
  })
})

describe("risks", () => {
  it("are those without the consent of the migration", () => {
    const one = planOf(
      { id: "1", risks: [risk("data-loss"), risk("opaque")], accepts: ["data-loss"] },
      { id: "2", risks: [risk("data-loss")] }
    )
    deepStrictEqual(
      Plan.risks(one).map(({ migration: { id }, risk: { kind } }) => `${id} ${kind}`),
      ["1 opaque", "2 data-loss"]
    )
  })
})

describe("render", () => {
  it("tells the missing objects, the steps and their risks", () => {
    const one: Plan.Plan = {
      steps: [
        { migration: migration({ id: "001_users" }), reason: "ancestor" },
        { migration: migration({ id: "002_email", risks: [risk("table-rewrite", "users")] }), reason: "provider" }
      ],
      targets: [column("email", "users")],
      prerequisites: []
    }
    assert.strictEqual(
      Plan.render(one),
      [
        "To bring column users.email:",
        "1. 001_users (001_users.sql): comes before those",
        "2. 002_email (002_email.sql): provides what is missing",
        `   002_email.sql:1: table-rewrite of relation users: ${risk("table-rewrite", "users").statement}`
      ].join("\n")
    )
    assert.include(Plan.render(planOf({ id: "1" })), "Everything pending:\n1. 1 (1.sql): is pending")
  })
})

describe("command", () => {
  const commandFor = (...ids: ReadonlyArray<string>) =>
    Plan.command({ ...planOf({ id: ids[0] ?? "" }, ...ids.slice(1).map((id) => ({ id }))), targets: [table("users")] })

  it("names the migrations", () => {
    assert.strictEqual(commandFor("001_users", "V1.1__b"), `${Plan.commandName} migrate 001_users V1.1__b`)
  })

  it("quotes for a shell, and ends the options before an id that looks like an option", () => {
    assert.strictEqual(commandFor("it's $HOME"), `${Plan.commandName} migrate 'it'\\''s $HOME'`)
    assert.strictEqual(commandFor("-x", "1"), `${Plan.commandName} migrate -- -x 1`)
  })

  it("names no migration for the plan of all pending ones", () => {
    assert.strictEqual(Plan.command(planOf({ id: "1" }, { id: "2" })), `${Plan.commandName} migrate`)
  })
})

describe("ids", () => {
  it("are those of the steps", () => {
    deepStrictEqual([...Plan.ids(planOf({ id: "1" }, { id: "2" }))] as ReadonlyArray<string>, ["1", "2"])
  })
})
