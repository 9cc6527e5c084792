/**
 * Lays out a connected part of the graph with dagre, from left to right. The library is loaded only when a page is made.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type { Place, Point } from "../core/picture/Layout.js"

/** @since 0.1.0 @category constructors */
export const load: Effect.Effect<Place> = Effect.map(
  Effect.promise(() => import("@dagrejs/dagre")),
  (dagre): Place =>
    (boxes, arrows) => {
      const graph = new dagre.graphlib.Graph()
      graph.setGraph({ rankdir: "LR", nodesep: 14, ranksep: 44, edgesep: 8, rankalign: "top" })
      for (const [at, { height, width }] of boxes.entries()) graph.setNode(String(at), { width, height })
      for (const [from, to] of arrows) graph.setEdge(String(from), String(to), {})
      dagre.layout(graph)
      const { height = 0, width = 0 } = graph.graph()
      return {
        width,
        height,
        boxes: boxes.map((box, at): Point => {
          const { x, y } = graph.node(String(at))
          return { x: x - box.width / 2, y: y - box.height / 2 }
        }),
        // The first and the last point lie on the boxes.
        bends: arrows.map(([from, to]) => (graph.edge(String(from), String(to)).points ?? []).slice(1, -1))
      }
    }
)
