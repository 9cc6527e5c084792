/** Orders of migrations that their hazards allow, chosen so that together they invert as many pairs as they can. */

import type { Footprint } from "../../src/core/Footprint.js"

const conflicts = (earlier: Footprint, later: Footprint): boolean =>
  earlier.barriers.length + later.barriers.length > 0 ||
  [...earlier.writes].some((key) => later.reads.has(key) || later.writes.has(key)) ||
  [...later.writes].some((key) => earlier.reads.has(key))

/** For each migration the earlier ones that it must stay behind. */
export const waits = (footprints: ReadonlyArray<Footprint>): ReadonlyArray<ReadonlySet<number>> =>
  footprints.map(
    (later, index) =>
      new Set(footprints.slice(0, index).flatMap((earlier, place) => (conflicts(earlier, later) ? [place] : [])))
  )

/** At most so many orders. The search ends when an order is the files' own: then there is nothing left to invert. */
export const inverting = (footprints: ReadonlyArray<Footprint>, most: number): ReadonlyArray<ReadonlyArray<number>> => {
  const behind = waits(footprints)
  const inverted = new Set<string>()
  const orders: Array<ReadonlyArray<number>> = []
  while (orders.length < most) {
    const order = greedy(behind, inverted)
    const before = inverted.size
    order.forEach((first, place) => {
      for (const second of order.slice(place + 1)) if (first > second) inverted.add(`${second} ${first}`)
    })
    if (inverted.size === before) return orders
    orders.push(order)
  }
  return orders
}

/** Next comes whoever jumps over the most files that it has never jumped over; of equals the latest. */
const greedy = (behind: ReadonlyArray<ReadonlySet<number>>, inverted: ReadonlySet<string>): ReadonlyArray<number> => {
  const left = new Set(behind.keys())
  const order: Array<number> = []
  while (left.size > 0) {
    let best = -1
    let gain = -1
    for (const index of left) {
      if ([...(behind[index] ?? [])].some((earlier) => left.has(earlier))) continue
      const jumps = [...left].filter((other) => other < index && !inverted.has(`${other} ${index}`)).length
      if (jumps >= gain) {
        best = index
        gain = jumps
      }
    }
    order.push(best)
    left.delete(best)
  }
  return order
}
