/**
 * Orders of a history, chosen so that few of them say much. An order is a linear extension of the graph. A pair of migrations of which
 * neither waits for the other is *open* until an order has run it the other way round. Each order that is chosen closes pairs, and the
 * search ends when none is left: then every unordered pair has been run both ways.
 *
 * Migrations are ranks in their graph's order.
 *
 * **Laws**
 *
 * 1. Every order lists each migration once, after all it waits for.
 * 2. Every order closes at least one open pair, and together all orders close all.
 * 3. `between` leads from one order to another by swapping neighbours, and all orders on the way are the graph's as well.
 *
 * @internal
 */
import type { MigrationGraph } from "./MigrationGraph.js"

/** @since 0.1.0 @category models */
export type Order = ReadonlyArray<number>

/** Two migrations, the earlier one first. @since 0.1.0 @category models */
export type Pair = readonly [earlier: number, later: number]

/** For each migration all that it waits for, directly or not, as one byte for each other migration. */
const reachOf = ({ nodes }: MigrationGraph): ReadonlyArray<Uint8Array> => {
  const reach: Array<Uint8Array> = []
  for (const { waits } of nodes) {
    const mine = new Uint8Array(nodes.length)
    for (const earlier of waits.keys()) {
      mine[earlier] = 1
      reach[earlier]?.forEach((reached, other) => {
        if (reached === 1) mine[other] = 1
      })
    }
    reach.push(mine)
  }
  return reach
}

/** The pairs of which neither waits for the other. @since 0.1.0 @category queries */
export const unorderedPairs = (graph: MigrationGraph): ReadonlyArray<Pair> =>
  reachOf(graph).flatMap((reach, later) =>
    [...reach.subarray(0, later)].flatMap(
      (reached, earlier): ReadonlyArray<Pair> => (reached === 1 ? [] : [[earlier, later]])
    )
  )

/**
 * The orders of the search, one after the other, each with the number of pairs that are open after it.
 *
 * @since 0.1.0
 * @category queries
 */
export function* orders(graph: MigrationGraph): Generator<{ readonly order: Order; readonly open: number }> {
  const open = openPairs(graph)
  while (open.count > 0) {
    const greedy = extension(graph, open, undefined)
    const order = closes(open, greedy) ? greedy : extension(graph, open, firstOpen(open))
    close(open, order)
    yield { order, open: open.count }
  }
}

/** For each later migration the earlier ones that it has never jumped over. */
interface OpenPairs {
  readonly under: ReadonlyArray<Set<number>>
  /** For each earlier migration the later ones that have never jumped over it. */
  readonly over: ReadonlyArray<Set<number>>
  count: number
}

const openPairs = (graph: MigrationGraph): OpenPairs => {
  const pairs = unorderedPairs(graph)
  const under = graph.nodes.map(() => new Set<number>())
  const over = graph.nodes.map(() => new Set<number>())
  for (const [earlier, later] of pairs) {
    under[later]?.add(earlier)
    over[earlier]?.add(later)
  }
  return { under, over, count: pairs.length }
}

const firstOpen = ({ under }: OpenPairs): number => under.findIndex((earlier) => earlier.size > 0)

const forEachInversion = (order: Order, visit: (earlier: number, later: number) => void): void => {
  order.forEach((first, place) => {
    for (let at = place + 1; at < order.length; at++) {
      const second = order[at]
      if (second !== undefined && second < first) visit(second, first)
    }
  })
}

const closes = ({ under }: OpenPairs, order: Order): boolean => {
  let found = false
  forEachInversion(order, (earlier, later) => {
    if (under[later]?.has(earlier) === true) found = true
  })
  return found
}

const close = (open: OpenPairs, order: Order): void =>
  forEachInversion(order, (earlier, later) => {
    if (open.under[later]?.delete(earlier) === true) open.count--
    open.over[earlier]?.delete(later)
  })

/**
 * The next migration is the one that jumps over the most that it has never jumped over; of equals, the latest. A `target` and what it
 * waits for come first, so that it jumps over all that it can.
 */
const extension = ({ nodes }: MigrationGraph, { over, under }: OpenPairs, target: number | undefined): Order => {
  const gains = under.map((earlier) => earlier.size)
  const missing = nodes.map(({ waits }) => waits.size)
  const followers = nodes.map((): Array<number> => [])
  nodes.forEach(({ waits }, node) => {
    for (const earlier of waits.keys()) followers[earlier]?.push(node)
  })
  const isUrgent = target === undefined ? () => true : isNeededBy(nodes, target)
  const ready = new Set(missing.flatMap((count, node) => (count === 0 ? [node] : [])))
  const order: Array<number> = []
  while (ready.size > 0) {
    const urgent = [...ready].filter(isUrgent)
    const best = (urgent.length > 0 ? urgent : [...ready]).reduce((a, b) => {
      const lead = (gains[b] ?? 0) - (gains[a] ?? 0)
      return lead > 0 || (lead === 0 && b > a) ? b : a
    })
    order.push(best)
    ready.delete(best)
    for (const later of over[best] ?? []) gains[later] = (gains[later] ?? 0) - 1
    for (const follower of followers[best] ?? []) {
      const left = (missing[follower] ?? 0) - 1
      missing[follower] = left
      if (left === 0) ready.add(follower)
    }
  }
  return order
}

const isNeededBy = (nodes: MigrationGraph["nodes"], target: number): ((node: number) => boolean) => {
  const needed = new Set([target])
  // A set that grows while it is walked is its own work list.
  for (const node of needed) for (const earlier of nodes[node]?.waits.keys() ?? []) needed.add(earlier)
  return (node) => needed.has(node)
}

/**
 * Steps from the graph's own order to another one: each swaps two neighbours, and `at(0)` is the graph's own.
 *
 * @since 0.1.0
 * @category queries
 */
export const between = (to: Order): { readonly steps: number; readonly at: (step: number) => Order } => {
  const place = new Map(to.map((node, index) => [node, index]))
  const placeOf = (node: number | undefined): number => (node === undefined ? -1 : (place.get(node) ?? -1))
  const sorted = to.toSorted((a, b) => a - b)
  const swaps: Array<number> = []
  for (let end = 1; end < sorted.length; end++) {
    for (let at = end; at > 0 && placeOf(sorted[at - 1]) > placeOf(sorted[at]); at--) {
      swap(sorted, at - 1)
      swaps.push(at - 1)
    }
  }
  return {
    steps: swaps.length,
    at: (step) => {
      const order = to.toSorted((a, b) => a - b)
      for (const at of swaps.slice(0, step)) swap(order, at)
      return order
    }
  }
}

const swap = (order: Array<number>, at: number): void => {
  const [left, right] = order.slice(at, at + 2)
  if (left !== undefined && right !== undefined) order.splice(at, 2, right, left)
}
