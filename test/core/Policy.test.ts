import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Arr from "effect/Array"
import * as Option from "effect/Option"
import * as fc from "fast-check"
import type { Plan } from "../../src/core/Plan.js"
import * as Policy from "../../src/core/Policy.js"
import type { RiskKind } from "../../src/core/Risk.js"
import * as SchemaObject from "../../src/core/SchemaObject.js"
import { migration, risk, riskKind, type Sketch, sketch, table } from "../support/arbitraries/Migration.js"

const planFrom = (sketches: readonly [Sketch, ...ReadonlyArray<Sketch>]): Plan => ({
  steps: Arr.map(sketches, (one) => ({ migration: migration(one), reason: "pending" as const })),
  closes: [],
  upon: []
})

const sketches = fc
  .array(sketch, { minLength: 1, maxLength: 4 })
  .map((all) => Arr.map(Arr.isNonEmptyArray(all) ? all : Arr.of({}), (one, at) => ({ ...one, id: String(at) })))

const plan: fc.Arbitrary<Plan> = sketches.map(planFrom)

const factsOf = (...empty: ReadonlyArray<string>): Policy.Facts => ({ isEmpty: ({ name }) => empty.includes(name) })

const facts: fc.Arbitrary<Policy.Facts> = fc
  .subarray(["users", "orders", "items", "notes"])
  .map((empty) => factsOf(...empty))

const policy: fc.Arbitrary<Policy.Policy> = fc.oneof(
  fc.constant(Policy.always),
  fc.constant(Policy.never),
  fc.constant(Policy.expandOnly),
  riskKind.map((kind) =>
    Policy.refusing(({ risk: one }) => (one.kind === kind ? Option.some(`no ${kind}`) : Option.none()))
  )
)

const isAllowed = (verdict: Policy.Verdict) => verdict._tag === "Allowed"

const refusalsOf = (verdict: Policy.Verdict): ReadonlyArray<string> =>
  verdict._tag === "Allowed"
    ? []
    : verdict.reasons.map(
        (reason) =>
          `${reason.migration.id} ${Option.match(reason.risk, { onNone: () => "whole", onSome: ({ kind }) => kind })}`
      )

const same = (self: Policy.Policy, that: Policy.Policy, one: Plan, known: Policy.Facts) =>
  deepStrictEqual(self(one, known), that(one, known))

describe("laws", () => {
  it.prop(
    "and is associative, and always is its identity on either side",
    [policy, policy, policy, plan, facts],
    ([p, q, r, one, known]) => {
      same(Policy.and(Policy.and(p, q), r), Policy.and(p, Policy.and(q, r)), one, known)
      same(Policy.and(Policy.always, p), p, one, known)
      same(Policy.and(p, Policy.always), p, one, known)
    }
  )

  it.prop(
    "or is associative, and never is its identity on either side, as far as allowing goes",
    [policy, policy, policy, plan, facts],
    ([p, q, r, one, known]) => {
      same(Policy.or(Policy.or(p, q), r), Policy.or(p, Policy.or(q, r)), one, known)
      assert.strictEqual(isAllowed(Policy.or(Policy.never, p)(one, known)), isAllowed(p(one, known)))
      assert.strictEqual(isAllowed(Policy.or(p, Policy.never)(one, known)), isAllowed(p(one, known)))
    }
  )

  it.prop(
    "and allows exactly what both allow; or exactly what one of them allows",
    [policy, policy, plan, facts],
    ([p, q, one, known]) => {
      const [left, right] = [isAllowed(p(one, known)), isAllowed(q(one, known))]
      assert.strictEqual(isAllowed(Policy.and(p, q)(one, known)), left && right)
      assert.strictEqual(isAllowed(Policy.or(p, q)(one, known)), left || right)
    }
  )

  it.prop(
    "What expandOnly refuses, it refuses with more steps behind it",
    [sketches, sketch, facts],
    ([all, more, known]) => {
      if (isAllowed(Policy.expandOnly(planFrom(all), known))) return
      assert.isFalse(isAllowed(Policy.expandOnly(planFrom([...all, { ...more, id: "9" }]), known)))
    }
  )

  it.prop("What expandOnly allows, it allows when more tables are empty", [plan, facts], ([one, known]) => {
    if (!isAllowed(Policy.expandOnly(one, known))) return
    assert.isTrue(isAllowed(Policy.expandOnly(one, factsOf("users", "orders", "items", "notes"))))
  })

  it.prop(
    "Consent covers the kinds it names, in the migration that gives it, and nothing else",
    [
      fc.subarray<RiskKind>(["data-loss", "opaque", "privilege-change"]),
      fc.subarray<RiskKind>(["data-loss", "opaque"])
    ],
    ([accepts, risks]) => {
      const one = planFrom([
        { id: "1", accepts, risks: risks.map((kind) => risk(kind)) },
        { id: "2", risks: risks.map((kind) => risk(kind)) }
      ])
      deepStrictEqual(refusalsOf(Policy.expandOnly(one, factsOf())), [
        ...risks.filter((kind) => !accepts.includes(kind)).map((kind) => `1 ${kind}`),
        ...risks.map((kind) => `2 ${kind}`)
      ])
    }
  )
})

describe("expandOnly", () => {
  const judge = (one: Plan, ...empty: ReadonlyArray<string>) => refusalsOf(Policy.expandOnly(one, factsOf(...empty)))

  it("allows what adds, and short locks", () => {
    deepStrictEqual(judge(planFrom([{ id: "1", risks: [risk("referenced-table-lock", "users")] }])), [])
  })

  it("refuses what rewrites, scans or indexes a table, unless the table is empty", () => {
    const kinds: ReadonlyArray<RiskKind> = [
      "table-rewrite",
      "table-scan",
      "blocking-index-build",
      "validation-scan",
      "volatile-default"
    ]
    for (const kind of kinds) {
      deepStrictEqual(judge(planFrom([{ id: "1", risks: [risk(kind, "users")] }])), [`1 ${kind}`])
      deepStrictEqual(judge(planFrom([{ id: "1", risks: [risk(kind, "users")] }]), "users"), [])
      deepStrictEqual(judge(planFrom([{ id: "1", risks: [risk(kind)] }]), "users"), [`1 ${kind}`])
    }
  })

  it("refuses at any size what changes privileges, cannot be rolled back, or cannot be seen", () => {
    for (const kind of ["privilege-change", "not-transactional", "opaque"] as const) {
      deepStrictEqual(judge(planFrom([{ id: "1", risks: [risk(kind, "users")] }]), "users"), [`1 ${kind}`])
    }
    deepStrictEqual(judge(planFrom([{ id: "1", transaction: "none" }])), ["1 not-transactional"])
  })

  it("refuses to lose data, but for a table that the plan itself makes", () => {
    const loses: Sketch = { id: "2", risks: [risk("data-loss", "users")] }
    deepStrictEqual(judge(planFrom([loses]), "users"), ["2 data-loss"])
    deepStrictEqual(judge(planFrom([{ id: "1", provides: [table("users", "app")] }, loses]), "users"), [])
    deepStrictEqual(judge(planFrom([loses, { id: "3", provides: [table("users")] }]), "users"), ["2 data-loss"])
  })

  it("refuses what the previous release cannot live with, be the table empty, unless the plan makes it", () => {
    const requires: Sketch = { id: "2", risks: [risk("table-scan", "users"), risk("incompatible-change", "users")] }
    deepStrictEqual(judge(planFrom([requires]), "users"), ["2 incompatible-change"])
    deepStrictEqual(judge(planFrom([{ id: "1", provides: [table("users")] }, requires]), "users"), [])
  })

  it("does not take a table for new that is already there, or comes from another by renaming", () => {
    const loses: Sketch = { id: "2", risks: [risk("data-loss", "users")] }
    deepStrictEqual(judge(planFrom([{ id: "1", provides: [table("users")] }, loses])), ["2 data-loss"])
    const renames: Sketch = { id: "1", provides: [table("users")], removes: [table("people")] }
    deepStrictEqual(judge(planFrom([renames, loses]), "users"), ["2 data-loss"])
  })
})

describe("never", () => {
  it("refuses each migration as a whole", () => {
    deepStrictEqual(refusalsOf(Policy.never(planFrom([{ id: "1" }, { id: "2" }]), factsOf())), ["1 whole", "2 whole"])
  })
})

describe("combinators", () => {
  it("read from left to right in a pipe", () => {
    const one = planFrom([{ id: "1", risks: [risk("opaque")] }])
    deepStrictEqual(refusalsOf(Policy.and(Policy.never)(Policy.expandOnly)(one, factsOf())), ["1 opaque", "1 whole"])
    assert.isTrue(isAllowed(Policy.or(Policy.always)(Policy.never)(one, factsOf())))
  })
})

describe("needsFacts", () => {
  it("is each table whose size decides, once", () => {
    const one = planFrom([
      { id: "1", provides: [table("new")], risks: [risk("table-scan", "users"), risk("opaque", "orders")] },
      { id: "2", risks: [risk("table-rewrite", "users"), risk("table-rewrite", "items")], accepts: ["table-rewrite"] },
      { id: "3", risks: [risk("data-loss", "new"), risk("data-loss", "notes"), risk("table-rewrite")] }
    ])
    deepStrictEqual(Policy.needsFacts(one), [SchemaObject.qualifiedName("users"), SchemaObject.qualifiedName("new")])
  })

  it.prop("names every table that expandOnly must know", [plan], ([one]) => {
    const needed = new Set(Policy.needsFacts(one).map(({ name }) => name))
    const only: Policy.Facts = { isEmpty: ({ name }) => needed.has(name) }
    deepStrictEqual(Policy.expandOnly(one, only), Policy.expandOnly(one, { isEmpty: () => true }))
  })
})
