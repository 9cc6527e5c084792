/**
 * Order, closure, paths and reduction of a directed graph whose nodes are the numbers from 0. All algorithms are iterative, so a long
 * chain does not overflow the stack.
 *
 * **Laws**
 *
 * 1. `order` lists each node once, after all nodes it waits for; of all such lists it is the smallest, compared number by number.
 * 2. If there is no such list, `order` fails with a cycle: each node waits for the next, and the last for the first.
 * 3. `reduction` keeps all paths between nodes, and each of its edges is necessary for that.
 *
 * @internal
 */
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Either from "effect/Either"
import * as Option from "effect/Option"

/** For each node, the nodes it waits for directly. @since 0.1.0 @category models */
export type WaitsByNode = ReadonlyArray<{ readonly keys: () => Iterable<number>; readonly size: number }>

/** The nodes that a node waits for. @since 0.1.0 @category models */
export type Next = (node: number) => Iterable<number>

/** All nodes in order, or a cycle. @since 0.1.0 @category operations */
export const order = (waits: WaitsByNode): Either.Either<ReadonlyArray<number>, NonEmptyReadonlyArray<number>> => {
  if (waits.every((earlier, node) => [...earlier.keys()].every((other) => other < node))) {
    return Either.right(waits.map((_, node) => node))
  }
  const sorted = smallestFirst(waits)
  return sorted.length === waits.length
    ? Either.right(sorted)
    : Option.match(cycleIn(waits), { onNone: () => Either.right(sorted), onSome: Either.left })
}

/** The given nodes and all nodes they wait for, directly or not, ascending. @since 0.1.0 @category operations */
export const closure = (next: Next, nodes: Iterable<number>): ReadonlyArray<number> => {
  const seen = new Set(nodes)
  // A set that grows while it is walked is its own work list.
  for (const node of seen) for (const other of next(node)) seen.add(other)
  return [...seen].sort((a, b) => a - b)
}

/** The shortest path, with both ends; empty if there is none. @since 0.1.0 @category operations */
export const path = (next: Next, from: number, to: number): ReadonlyArray<number> => {
  const cameFrom = new Map<number, number>([[from, from]])
  for (const node of cameFrom.keys()) {
    if (node === to) break
    for (const other of next(node)) if (!cameFrom.has(other)) cameFrom.set(other, node)
  }
  const back: Array<number> = []
  for (let node = cameFrom.has(to) ? to : undefined; node !== undefined; ) {
    back.push(node)
    node = node === from ? undefined : cameFrom.get(node)
  }
  return back.reverse()
}

/**
 * The transitive reduction: for each node the smallest list of direct waits, ascending, from which all its waits follow. No node may
 * wait for a later one. Takes one bit of memory for each pair of nodes.
 *
 * @since 0.1.0
 * @category operations
 */
export const reduction = (waits: WaitsByNode): ReadonlyArray<ReadonlyArray<number>> => {
  const reached: Array<Uint32Array> = []
  return waits.map((earlier) => {
    const mine = new Uint32Array((waits.length >>> 5) + 1)
    reached.push(mine)
    const latestFirst = [...earlier.keys()].sort((a, b) => b - a)
    return latestFirst.filter((other) => addReach(mine, reached, other)).reverse()
  })
}

/** Adds a node and all nodes it reaches to a set of bits. `false` if the node is already there. */
const addReach = (bits: Uint32Array, reached: ReadonlyArray<Uint32Array>, node: number): boolean => {
  const word = node >>> 5
  const bit = 1 << (node & 31)
  if (((bits[word] ?? 0) & bit) !== 0) return false
  bits[word] = (bits[word] ?? 0) | bit
  reached[node]?.forEach((other, at) => {
    bits[at] = (bits[at] ?? 0) | other
  })
  return true
}

/** Repeatedly takes the smallest node all of whose waits are listed. The list is incomplete if there is a cycle. */
const smallestFirst = (waits: WaitsByNode): ReadonlyArray<number> => {
  const missing = waits.map((earlier) => earlier.size)
  const followers = waits.map((): Array<number> => [])
  for (const [node, earlier] of waits.entries()) for (const other of earlier.keys()) followers[other]?.push(node)
  const ready = missing.flatMap((count, node) => (count === 0 ? [node] : [])).reverse()
  const sorted: Array<number> = []
  for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
    sorted.push(node)
    for (const follower of followers[node] ?? []) {
      const left = (missing[follower] ?? 0) - 1
      missing[follower] = left
      if (left === 0) insertDescending(ready, follower)
    }
  }
  return sorted
}

const insertDescending = (sorted: Array<number>, value: number): void => {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? 0) > value) low = middle + 1
    else high = middle
  }
  sorted.splice(low, 0, value)
}

/** The shortest cycle through the first edge to the node itself or a later one; every cycle has such an edge. */
const cycleIn = (waits: WaitsByNode): Option.Option<NonEmptyReadonlyArray<number>> => {
  for (const [node, earlier] of waits.entries()) {
    for (const other of earlier.keys()) {
      const back = other < node ? [] : path((at) => waits[at]?.keys() ?? [], other, node)
      if (back.length > 0) return Option.some([node, ...back.slice(0, -1)])
    }
  }
  return Option.none()
}
