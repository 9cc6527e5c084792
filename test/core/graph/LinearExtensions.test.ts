import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as LinearExtensions from "../../../src/core/graph/LinearExtensions.js"
import * as MigrationGraph from "../../../src/core/graph/MigrationGraph.js"
import { graph } from "../../support/arbitraries/Graph.js"

const isOrderOf = (made: MigrationGraph.MigrationGraph, order: LinearExtensions.Order): boolean => {
  const place = new Map(order.map((rank, at) => [rank, at]))
  const placeOf = (rank: number): number => place.get(rank) ?? -1
  return (
    place.size === made.nodes.length &&
    order.length === made.nodes.length &&
    made.nodes.every(({ waits }, rank) => [...waits.keys()].every((earlier) => placeOf(earlier) < placeOf(rank)))
  )
}

const inversions = (order: LinearExtensions.Order): ReadonlyArray<string> =>
  order.flatMap((first, at) => order.slice(at + 1).flatMap((second) => (second < first ? [`${second} ${first}`] : [])))

/** By the closure of each migration, without the algorithm that is tested. */
const unordered = (made: MigrationGraph.MigrationGraph): ReadonlyArray<string> =>
  made.nodes.flatMap((_, later) => {
    const needed = MigrationGraph.closure(made, [later])
    return [...made.nodes.keys()].slice(0, later).flatMap((one) => (needed.includes(one) ? [] : [`${one} ${later}`]))
  })

describe("laws", () => {
  it.prop("every order lists each migration once, after all it waits for", [graph], ([made]) => {
    for (const { order } of LinearExtensions.orders(made)) assert.isTrue(isOrderOf(made, order), order.join(" "))
  })

  it.prop("every order closes at least one open pair, and together all orders close all", [graph], ([made]) => {
    const closed = new Set<string>()
    for (const { open, order } of LinearExtensions.orders(made)) {
      const before = closed.size
      for (const pair of inversions(order)) closed.add(pair)
      assert.isAbove(closed.size, before)
      assert.strictEqual(open, unordered(made).length - closed.size)
    }
    deepStrictEqual([...closed].toSorted(), unordered(made).toSorted())
  })

  it.prop(
    "`between` leads from one order to another by swapping neighbours, and all orders on the way are the graph's as well",
    [graph],
    ([made]) => {
      for (const { order } of LinearExtensions.orders(made)) {
        const path = LinearExtensions.between(order)
        deepStrictEqual(path.at(0), [...made.nodes.keys()])
        deepStrictEqual(path.at(path.steps), order)
        for (let step = 1; step <= path.steps; step++) {
          assert.isTrue(isOrderOf(made, path.at(step)))
          assert.strictEqual(inversions(path.at(step)).length, inversions(path.at(step - 1)).length + 1)
        }
      }
    }
  )
})
