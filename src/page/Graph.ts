/**
 * The graph of the page's data, with what follows from it: who waits for whom in both directions, plans, and the search.
 *
 * @internal
 */
import type { PageData, PageNode } from "../core/picture/PageData.js"

/** @since 0.1.0 @category models */
export interface Graph {
  readonly data: PageData
  /** For each node, the nodes that wait for it. */
  readonly followers: ReadonlyArray<ReadonlyArray<number>>
  /** The places of the edges that end at a node. */
  readonly edgesTo: ReadonlyArray<ReadonlyArray<number>>
  readonly rankById: ReadonlyMap<string, number>
  /** What a search looks at, in lower case. */
  readonly texts: ReadonlyArray<string>
}

/** What is lit up: a plan in its order, and the applied migrations that it stands on. @since 0.1.0 @category models */
export interface Plan {
  readonly target: number
  /** The object that the plan brings. */
  readonly object: string | undefined
  readonly steps: ReadonlyArray<number>
  readonly done: ReadonlyArray<number>
}

/** A line of the search's answer. @since 0.1.0 @category models */
export interface Hit {
  readonly rank: number
  readonly object: string | undefined
}

/** @since 0.1.0 @category constructors */
export const make = (data: PageData): Graph => {
  const followers = data.nodes.map((): Array<number> => [])
  const edgesTo = data.nodes.map((): Array<number> => [])
  for (const [at, { from, to }] of data.edges.entries()) {
    followers[from]?.push(to)
    edgesTo[to]?.push(at)
  }
  return {
    data,
    followers,
    edgesTo,
    rankById: new Map(data.nodes.map(({ id }, rank) => [id, rank])),
    texts: data.nodes.map(textOf)
  }
}

const textOf = ({ file, id, provides, removes, state }: PageNode): string =>
  [id, file, state, ...provides, ...removes].join("\n").toLowerCase()

/** @since 0.1.0 @category queries */
export const nodeAt = ({ data }: Graph, rank: number): PageNode | undefined => data.nodes[rank]

/**
 * A migration with all it waits for, in the graph's order: what is not applied are steps, the rest is done.
 *
 * @since 0.1.0
 * @category queries
 */
export const planOf = (graph: Graph, target: number, object?: string): Plan => {
  const seen = new Set([target])
  // A set that grows while it is walked is its own work list.
  for (const rank of seen) for (const { on } of nodeAt(graph, rank)?.waits ?? []) seen.add(on)
  const ranks = [...seen].sort((a, b) => a - b)
  const isDone = (rank: number) => nodeAt(graph, rank)?.state === "applied"
  return { target, object, steps: ranks.filter((rank) => !isDone(rank)), done: ranks.filter(isDone) }
}

/** The ranks whose texts hold every word. @since 0.1.0 @category queries */
export const matching = ({ texts }: Graph, query: string): ReadonlySet<number> => {
  const words = wordsOf(query)
  return new Set(texts.flatMap((text, rank) => (words.every((word) => text.includes(word)) ? [rank] : [])))
}

/** Migrations by their names, then the objects that they provide; at most `most`. @since 0.1.0 @category queries */
export const hits = (graph: Graph, query: string, most: number): ReadonlyArray<Hit> => {
  const words = wordsOf(query)
  if (words.length === 0) return []
  const holds = (text: string) => words.every((word) => text.toLowerCase().includes(word))
  const found: Array<Hit> = []
  const objects: Array<Hit> = []
  for (const rank of matching(graph, query)) {
    const node = nodeAt(graph, rank)
    if (node === undefined) continue
    const provided = node.provides.filter(holds)
    objects.push(...provided.map((object): Hit => ({ rank, object })))
    if (holds(`${node.id} ${node.state}`) || provided.length === 0) found.push({ rank, object: undefined })
    if (found.length >= most) break
  }
  return [...found.slice(0, objects.length === 0 ? most : most >> 1), ...objects].slice(0, most)
}

const wordsOf = (query: string): ReadonlyArray<string> => query.toLowerCase().split(/\s+/).filter(Boolean)
