import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as MigrationGraph from "../../../src/core/graph/MigrationGraph.js"
import * as Why from "../../../src/core/picture/Why.js"
import { graph } from "../../support/arbitraries/Graph.js"
import { idOf, migration, type Sketch } from "../../support/arbitraries/Migration.js"

const graphOf = (...sketches: ReadonlyArray<Sketch>): MigrationGraph.MigrationGraph =>
  Either.getOrThrow(MigrationGraph.make(sketches.map(migration)))

const pairs = ({ migrations }: MigrationGraph.MigrationGraph) =>
  migrations.flatMap((one) => migrations.map((other) => [one.id, other.id] as const))

describe("laws", () => {
  it.prop("The answer does not depend on the order of the two", [graph], ([made]) => {
    for (const [one, other] of pairs(made)) deepStrictEqual(Why.why(made, one, other), Why.why(made, other, one))
  })

  it.prop(
    "In a chain, each migration waits for the one before it. The first and the last are the two that were asked for",
    [graph],
    ([made]) => {
      for (const [one, other] of pairs(made)) {
        const answer = Why.why(made, one, other)
        if (Option.isNone(answer) || answer.value._tag === "Free") continue
        const { chain } = answer.value
        deepStrictEqual(new Set([Arr.headNonEmpty(chain).from, Arr.lastNonEmpty(chain).to]), new Set([one, other]))
        assert.isTrue(chain.every(({ from }, at) => at === 0 || chain[at - 1]?.to === from))
        assert.isTrue(
          chain.every(({ from, to }) => MigrationGraph.ancestors(made, [to]).some((earlier) => earlier.id === from))
        )
      }
    }
  )
})

describe("why", () => {
  const made = graphOf(
    { id: "1", writes: ["users"] },
    { id: "2", reads: ["users"], writes: ["orders"] },
    { id: "3", requires: ["2"] },
    { id: "4", requires: ["3"] },
    { id: "5" }
  )
  const told = (one: string, other: string) =>
    Option.match(Why.why(made, idOf(one), idOf(other)), { onNone: () => "", onSome: Why.render })

  it("tells the chain of objects that orders two migrations", () => {
    strictEqual(
      told("3", "1"),
      [
        "3 waits for 1, by way of 1 other:",
        "",
        "  1",
        "  └─ 2",
        "       reads users, which it writes",
        "  └─ 3",
        "       requires it in line 1"
      ].join("\n")
    )
    assert.match(told("1", "2"), /^2 waits for 1, directly:\n/)
    assert.match(told("1", "4"), /^4 waits for 1, by way of 2 others:\n/)
  })

  it("says that neither of two waits for the other", () => {
    strictEqual(told("5", "1"), "1 and 5 may run in any order: neither waits for the other.")
  })

  it("has no answer for one migration twice, and for an unknown id", () => {
    deepStrictEqual(Why.why(made, idOf("1"), idOf("1")), Option.none())
    deepStrictEqual(Why.why(made, idOf("1"), idOf("9")), Option.none())
  })
})
