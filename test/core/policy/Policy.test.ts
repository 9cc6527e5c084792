import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Arr from "effect/Array"
import * as Option from "effect/Option"
import * as fc from "fast-check"
import type { Plan } from "../../../src/core/graph/Plan.js"
import type { RiskKind } from "../../../src/core/model/Risk.js"
import * as Policy from "../../../src/core/policy/Policy.js"
import { migration, risk, riskKind, type Sketch, sketch, table } from "../../support/arbitraries/Migration.js"

const planFrom = (sketches: readonly [Sketch, ...ReadonlyArray<Sketch>]): Plan => ({
  steps: Arr.map(sketches, (one) => ({ migration: migration(one), reason: "pending" as const })),
  targets: [],
  prerequisites: []
})

const sketches = fc
  .array(sketch, { minLength: 1, maxLength: 4 })
  .map((all) => Arr.map(Arr.isNonEmptyArray(all) ? all : Arr.of({}), (one, at) => ({ ...one, id: String(at) })))

const plan: fc.Arbitrary<Plan> = sketches.map(planFrom)

const tables = ["users", "orders", "items", "notes"] as const

/** Tables that are not named hold rows. */
const factsOf = (presences: Readonly<Record<string, Policy.Presence>>): Policy.Facts => ({
  presence: ({ relation }) =>
    Option.match(relation, { onNone: () => "unknown", onSome: ({ name }) => presences[name] ?? "rows" })
})

const presence: fc.Arbitrary<Policy.Presence> = fc.constantFrom("new", "empty", "rows", "unknown")

const facts: fc.Arbitrary<Policy.Facts> = fc
  .record({ users: presence, orders: presence, items: presence, notes: presence })
  .map(factsOf)

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
    "If expandOnly refuses a plan, it refuses the plan with more steps at its end",
    [sketches, sketch, facts],
    ([all, more, known]) => {
      if (isAllowed(Policy.expandOnly(planFrom(all), known))) return
      assert.isFalse(isAllowed(Policy.expandOnly(planFrom([...all, { ...more, id: "9" }]), known)))
    }
  )

  it.prop(
    "If expandOnly allows a plan, it allows the plan when more tables are new, or are empty instead of holding rows",
    [plan, facts, fc.constantFrom(...tables), fc.boolean()],
    ([one, known, table, isNew]) => {
      if (!isAllowed(Policy.expandOnly(one, known))) return
      const better: Policy.Facts = {
        presence: (about) => {
          const before = known.presence(about)
          const isIt = Option.exists(about.relation, ({ name }) => name === table)
          return isIt && (isNew || before !== "new") ? (isNew ? "new" : "empty") : before
        }
      }
      assert.isTrue(isAllowed(Policy.expandOnly(one, better)))
    }
  )

  it.prop(
    "Consent covers only the kinds that it names, in the migration that gives it",
    [
      fc.subarray<RiskKind>(["data-loss", "opaque", "privilege-change"]),
      fc.subarray<RiskKind>(["data-loss", "opaque"])
    ],
    ([accepts, risks]) => {
      const one = planFrom([
        { id: "1", accepts, risks: risks.map((kind) => risk(kind)) },
        { id: "2", risks: risks.map((kind) => risk(kind)) }
      ])
      deepStrictEqual(refusalsOf(Policy.expandOnly(one, factsOf({}))), [
        ...risks.filter((kind) => !accepts.includes(kind)).map((kind) => `1 ${kind}`),
        ...risks.map((kind) => `2 ${kind}`)
      ])
    }
  )
})

describe("expandOnly", () => {
  const judge = (one: Plan, presences: Readonly<Record<string, Policy.Presence>> = {}) =>
    refusalsOf(Policy.expandOnly(one, factsOf(presences)))

  it("allows additions and short locks", () => {
    deepStrictEqual(judge(planFrom([{ id: "1", risks: [risk("referenced-table-lock", "users")] }])), [])
  })

  it("refuses to rewrite, scan or index a table, unless the table is empty", () => {
    const kinds: ReadonlyArray<RiskKind> = [
      "table-rewrite",
      "table-scan",
      "blocking-index-build",
      "validation-scan",
      "volatile-default",
      "row-update"
    ]
    for (const kind of kinds) {
      const one = planFrom([{ id: "1", risks: [risk(kind, "users")] }])
      deepStrictEqual(judge(one), [`1 ${kind}`])
      deepStrictEqual(judge(one, { users: "unknown" }), [`1 ${kind}`])
      deepStrictEqual(judge(one, { users: "empty" }), [])
      deepStrictEqual(judge(one, { users: "new" }), [])
      deepStrictEqual(judge(planFrom([{ id: "1", risks: [risk(kind)] }]), { users: "empty" }), [`1 ${kind}`])
    }
  })

  it("says that a table may hold rows if the database cannot tell", () => {
    const one = planFrom([{ id: "1", risks: [risk("table-rewrite", "users")] }])
    const why = (users: Policy.Presence) => {
      const verdict = Policy.expandOnly(one, factsOf({ users }))
      return verdict._tag === "Refused" ? verdict.reasons.map((reason) => reason.why) : []
    }
    deepStrictEqual(why("rows"), ["it would rewrite a table that holds rows, and block all its users meanwhile"])
    deepStrictEqual(why("unknown"), ["it would rewrite a table that may hold rows, and block all its users meanwhile"])
  })

  it("refuses statements that cannot be rolled back or whose effects cannot be seen, even for new tables", () => {
    for (const kind of ["not-transactional", "opaque"] as const) {
      const one = planFrom([{ id: "1", risks: [risk(kind, "users")] }])
      deepStrictEqual(judge(one, { users: "new" }), [`1 ${kind}`])
    }
    deepStrictEqual(judge(planFrom([{ id: "1", transaction: "none" }])), ["1 not-transactional"])
  })

  it("refuses to lose data, to change privileges and to break the previous release, except for new objects", () => {
    for (const kind of ["data-loss", "privilege-change", "incompatible-change"] as const) {
      const one = planFrom([{ id: "1", risks: [risk(kind, "users")] }])
      deepStrictEqual(judge(one), [`1 ${kind}`])
      deepStrictEqual(judge(one, { users: "empty" }), [`1 ${kind}`])
      deepStrictEqual(judge(one, { users: "new" }), [])
      deepStrictEqual(judge(planFrom([{ id: "1", risks: [risk(kind)] }]), { users: "new" }), [`1 ${kind}`])
    }
  })

  it("allows to delete rows from an empty table, and not to drop the table", () => {
    const takes = { ...risk("data-loss", "users"), isOfRows: true }
    deepStrictEqual(judge(planFrom([{ id: "1", risks: [takes] }]), { users: "empty" }), [])
    deepStrictEqual(judge(planFrom([{ id: "1", risks: [takes] }]), { users: "unknown" }), ["1 data-loss"])
    deepStrictEqual(judge(planFrom([{ id: "1", risks: [risk("data-loss", "users")] }]), { users: "empty" }), [
      "1 data-loss"
    ])
  })

  it("does not count a renamed table as new", () => {
    const loses: Sketch = { id: "2", risks: [risk("data-loss", "users")] }
    const renames: Sketch = { id: "1", provides: [table("users")], removes: [table("people")] }
    deepStrictEqual(judge(planFrom([renames, loses]), { users: "new" }), ["2 data-loss"])
  })
})

describe("never", () => {
  it("refuses each migration as a whole", () => {
    deepStrictEqual(refusalsOf(Policy.never(planFrom([{ id: "1" }, { id: "2" }]), factsOf({}))), ["1 whole", "2 whole"])
  })
})

describe("combinators", () => {
  it("read from left to right in a pipe", () => {
    const one = planFrom([{ id: "1", risks: [risk("opaque")] }])
    deepStrictEqual(refusalsOf(Policy.and(Policy.never)(Policy.expandOnly)(one, factsOf({}))), ["1 opaque", "1 whole"])
    assert.isTrue(isAllowed(Policy.or(Policy.always)(Policy.never)(one, factsOf({}))))
  })
})

describe("questions", () => {
  it("ask about each object that decides, once for each lock, in the plan's order", () => {
    const one = planFrom([
      { id: "1", risks: [risk("table-scan", "users"), risk("opaque", "orders"), risk("data-loss", "notes")] },
      { id: "2", risks: [risk("table-rewrite", "users"), risk("table-rewrite", "items")], accepts: ["table-rewrite"] },
      { id: "3", risks: [{ ...risk("table-scan", "users"), lock: "SHARE" }, risk("table-rewrite")] }
    ])
    deepStrictEqual(
      Policy.questions(one).map(({ lock, relation }) => `${relation.name} ${lock}`),
      ["users ACCESS EXCLUSIVE", "notes ACCESS EXCLUSIVE", "users SHARE"]
    )
  })

  it("about one statement come from the risks that begin where it begins", () => {
    const risks = [risk("data-loss", "users"), { ...risk("data-loss", "orders"), start: 40 }]
    const one = migration({ id: "1", risks })
    deepStrictEqual(
      Policy.questionsAt(one, 40).map(({ relation }) => relation.name),
      ["orders"]
    )
  })

  it.prop("ask about every object that expandOnly depends on", [plan], ([one]) => {
    const asked = new Set(Policy.questions(one).map(Policy.questionKey))
    const only: Policy.Facts = {
      presence: ({ reach, relation, declared }) =>
        Option.exists(relation, (name) => asked.has(Policy.questionKey({ reach, relation: name, declared })))
          ? "new"
          : "rows"
    }
    deepStrictEqual(Policy.expandOnly(one, only), Policy.expandOnly(one, { presence: () => "new" }))
  })
})
