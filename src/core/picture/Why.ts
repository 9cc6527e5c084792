/**
 * Why two migrations run in their order: the shortest chain of waits from one to the other, with the objects of each link.
 *
 * **Laws**
 *
 * 1. The answer does not depend on the order of the two.
 * 2. In a chain, each migration waits for the one before it. The first and the last are the two that were asked for.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import * as Option from "effect/Option"
import * as MigrationGraph from "../graph/MigrationGraph.js"
import type { MigrationId } from "../migration/Migration.js"
import { visibleName } from "../text/Visible.js"
import { type Edge, renderReason } from "./Model.js"

/**
 * `Ordered`: the last link of the chain ends at the migration that runs later. `Free`: neither waits for the other.
 *
 * @since 0.1.0
 * @category models
 */
export type Answer =
  | { readonly _tag: "Ordered"; readonly chain: Arr.NonEmptyReadonlyArray<Edge> }
  | { readonly _tag: "Free"; readonly ids: readonly [MigrationId, MigrationId] }

/** `None` for one migration twice, and for ids that the graph does not have. @since 0.1.0 @category queries */
export const why = (
  graph: MigrationGraph.MigrationGraph,
  self: MigrationId,
  that: MigrationId
): Option.Option<Answer> =>
  Option.map(
    Option.all([ranked(graph, self), ranked(graph, that)]),
    ([one, other]): Answer =>
      Option.match(MigrationGraph.explain(graph, one.id, other.id), {
        onNone: () => ({ _tag: "Free", ids: one.rank < other.rank ? [one.id, other.id] : [other.id, one.id] }),
        onSome: (edges) => ({
          _tag: "Ordered",
          chain: Arr.map(edges, (edge) => ({
            from: edge.from,
            to: edge.to,
            reasons: MigrationGraph.reasonsOf(graph, edge)
          }))
        })
      })
  ).pipe(Option.filter(() => self !== that))

const ranked = (graph: MigrationGraph.MigrationGraph, id: MigrationId) =>
  Option.map(Option.fromNullable(graph.rankById.get(id)), (rank) => ({ id, rank }))

/**
 * Renders an answer for people: a line for each migration of the chain, and under it why the next one waits for it.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (answer: Answer): string => {
  if (answer._tag === "Free") {
    const [first, second] = answer.ids.map(visibleName)
    return `${first} and ${second} may run in any order: neither waits for the other.`
  }
  const { from } = Arr.headNonEmpty(answer.chain)
  const { to } = Arr.lastNonEmpty(answer.chain)
  const via =
    answer.chain.length === 1
      ? "directly"
      : `by way of ${answer.chain.length - 1} other${answer.chain.length === 2 ? "" : "s"}`
  return [
    `${visibleName(to)} waits for ${visibleName(from)}, ${via}:`,
    "",
    `  ${visibleName(from)}`,
    ...answer.chain.flatMap(({ reasons, to: next }) => [
      `  └─ ${visibleName(next)}`,
      ...reasons.map((reason) => `       ${visibleName(renderReason(reason))}`)
    ])
  ].join("\n")
}
