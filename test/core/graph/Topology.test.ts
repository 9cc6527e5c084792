import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Either from "effect/Either"
import * as fc from "fast-check"
import * as Topology from "../../../src/core/graph/Topology.js"

const waitsFrom = (lists: ReadonlyArray<ReadonlyArray<number>>): ReadonlyArray<ReadonlySet<number>> =>
  lists.map((earlier) => new Set(earlier.filter((other) => other < lists.length)))

const anyGraph = fc.array(fc.array(fc.nat({ max: 7 }), { maxLength: 2 }), { maxLength: 8 }).map(waitsFrom)

const ascending = fc
  .array(fc.array(fc.nat({ max: 9 }), { maxLength: 5 }), { maxLength: 10 })
  .map((lists) => waitsFrom(lists.map((earlier, node) => earlier.filter((other) => other < node))))

const reach = (waits: ReadonlyArray<Iterable<number>>) =>
  waits.map((_, node) => Topology.closure((at) => waits[at] ?? [], [node]))

/** Every order that respects the graph, by brute force. */
const allOrders = (
  waits: ReadonlyArray<ReadonlySet<number>>,
  done: ReadonlyArray<number> = []
): Array<ReadonlyArray<number>> =>
  done.length === waits.length
    ? [done]
    : waits.flatMap((earlier, node) =>
        done.includes(node) || [...earlier].some((other) => !done.includes(other))
          ? []
          : allOrders(waits, [...done, node])
      )

describe("laws", () => {
  it.prop(
    "order lists each node once, after all nodes it waits for; of all such lists it is the smallest, compared number by number",
    [fc.array(fc.array(fc.nat({ max: 4 }), { maxLength: 2 }), { maxLength: 5 }).map(waitsFrom)],
    ([waits]) =>
      deepStrictEqual(
        Either.getOrElse(Topology.order(waits), () => undefined),
        allOrders(waits)[0]
      )
  )

  it.prop(
    "If there is no such list, order fails with a cycle: each node waits for the next, and the last for the first",
    [anyGraph],
    ([waits]) => {
      const order = Topology.order(waits)
      if (Either.isRight(order)) return
      const cycle = order.left
      assert.strictEqual(new Set(cycle).size, cycle.length)
      cycle.forEach((node, at) => {
        assert.isTrue(waits[node]?.has(cycle[(at + 1) % cycle.length] ?? -1))
      })
    }
  )

  it.prop(
    "reduction keeps all paths between nodes, and each of its edges is necessary for that",
    [ascending],
    ([waits]) => {
      const kept = Topology.reduction(waits)
      deepStrictEqual(reach(kept), reach(waits))
      kept.forEach((earlier, node) => {
        for (const other of earlier) {
          const without = kept.map((list, at) => (at === node ? list.filter((one) => one !== other) : list))
          assert.notDeepEqual(reach(without), reach(waits))
        }
      })
    }
  )
})

describe("path", () => {
  const next = (edges: Readonly<Record<number, ReadonlyArray<number>>>) => (node: number) => edges[node] ?? []

  it("is the shortest", () => {
    deepStrictEqual(Topology.path(next({ 5: [4, 3], 4: [2], 3: [1], 2: [1], 1: [0] }), 5, 0), [5, 3, 1, 0])
  })

  it("is the node alone from a node to itself, and empty if there is none", () => {
    deepStrictEqual(Topology.path(next({}), 3, 3), [3])
    deepStrictEqual(Topology.path(next({ 3: [2] }), 2, 3), [])
  })
})

describe("order", () => {
  it("is not limited by the length of a chain", () => {
    const waits = Array.from({ length: 50_000 }, (_, node) => new Set(node + 1 < 50_000 ? [node + 1] : []))
    deepStrictEqual(
      Either.map(Topology.order(waits), (order) => [order.length, order[0]]),
      Either.right([50_000, 49_999])
    )
  })

  it("fails with a cycle of one for a node that waits for itself", () => {
    deepStrictEqual(Topology.order([new Set(), new Set([1])]), Either.left([1]))
  })
})
