/**
 * Draws the graph as SVG. Only what the window shows is in the document, with a margin around it. From a middle distance a node has a
 * short name in large letters. From far away all nodes of one look are one path, so that a graph of thousands moves smoothly.
 *
 * @internal
 */
import type { PageNode } from "../core/picture/PageData.js"
import * as Camera from "./Camera.js"
import { svg } from "./Dom.js"
import * as Graph from "./Graph.js"
import * as Shapes from "./Shapes.js"
import * as View from "./View.js"

/** @since 0.1.0 @category models */
export interface Drawing {
  readonly element: SVGSVGElement
  readonly show: (view: View.View) => void
  readonly move: (change: (camera: Camera.Camera, window: DOMRect) => Camera.Camera) => void
  readonly fit: () => void
  /** Moves the focus to a node, and the node into the window. */
  readonly focus: (rank: number) => void
  readonly focused: () => number
  /** Moves all of these into the window, where they can still be read then. */
  readonly frame: (ranks: ReadonlyArray<number>) => void
  /** The node at a place in the window. */
  readonly at: (x: number, y: number) => number | undefined
}

interface Edge {
  readonly path: string
  readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number }
}

type Distance = "near" | "middle" | "far"

const distanceOf = (scale: number): Distance => (scale >= 0.55 ? "near" : scale >= 0.2 ? "middle" : "far")

/** What is drawn now. */
interface Sheet {
  readonly graph: Graph.Graph
  readonly edges: ReadonlyArray<Edge>
  readonly root: SVGSVGElement
  readonly world: SVGGElement
  readonly lines: SVGPathElement
  readonly far: SVGGElement
  readonly lit: SVGGElement
  readonly nodes: SVGGElement
  readonly drawn: Map<number, SVGGElement>
  camera: Camera.Camera
  view: View.View
  focus: number
  distance: Distance
  /** The part of the sheet that is in the document. */
  part: { readonly x: number; readonly y: number; readonly width: number; readonly height: number }
}

const nothing = { x: 0, y: 0, width: 0, height: 0 }

/** @since 0.1.0 @category constructors */
export const make = (graph: Graph.Graph): Drawing => {
  const [lines, far, lit, nodes] = [svg("path", { class: "lines" }), svg("g"), svg("g", { class: "lit" }), svg("g")]
  const world = svg("g", {}, lines, far, lit, nodes)
  const root = svg("svg", { id: "graph", role: "group", "aria-label": "Graph of the migrations" }, world)
  const sheet: Sheet = {
    graph,
    edges: graph.data.edges.flatMap((edge) => edgeOf(graph, edge)),
    ...{ root, world, lines, far, lit, nodes },
    drawn: new Map(),
    camera: { x: 0, y: 0, scale: 1 },
    view: View.initial,
    focus: 0,
    distance: "near",
    part: nothing
  }
  return {
    element: root,
    focused: () => sheet.focus,
    frame: (ranks) => frame(sheet, ranks),
    at: (x, y) => nodeAt(sheet, x, y),
    show: (view) => {
      sheet.view = view
      redraw(sheet)
    },
    move: (change) => {
      sheet.camera = change(sheet.camera, root.getBoundingClientRect())
      place(sheet)
    },
    fit: () => {
      sheet.camera = Camera.fit(root.getBoundingClientRect(), { x: 0, y: 0, ...graph.data })
      place(sheet)
    },
    focus: (rank) => focus(sheet, rank)
  }
}

const frame = (sheet: Sheet, ranks: ReadonlyArray<number>): void => {
  const nodes = ranks.flatMap((rank) => Graph.nodeAt(sheet.graph, rank) ?? [])
  const [x, y] = [Math.min(...nodes.map((node) => node.x)), Math.min(...nodes.map((node) => node.y))]
  const width = Math.max(...nodes.map((node) => node.x + node.width)) - x
  const height = Math.max(...nodes.map((node) => node.y + node.height)) - y
  const camera = Camera.fit(sheet.root.getBoundingClientRect(), { x, y, width, height })
  if (camera.scale < 0.4) return
  sheet.camera = camera
  place(sheet)
}

const focus = (sheet: Sheet, rank: number): void => {
  const node = Graph.nodeAt(sheet.graph, rank)
  if (node === undefined) return
  sheet.drawn.get(sheet.focus)?.setAttribute("tabindex", "-1")
  sheet.focus = rank
  sheet.camera = Camera.reveal(sheet.camera, sheet.root.getBoundingClientRect(), node)
  place(sheet)
  const element = sheet.drawn.get(rank)
  element?.setAttribute("tabindex", "0")
  element?.focus({ preventScroll: true })
}

const nodeAt = ({ camera, graph, root }: Sheet, x: number, y: number): number | undefined => {
  const window = root.getBoundingClientRect()
  const [left, top] = [(x - window.x - camera.x) / camera.scale, (y - window.y - camera.y) / camera.scale]
  const rank = graph.data.nodes.findIndex(
    (node) => left >= node.x && left <= node.x + node.width && top >= node.y && top <= node.y + node.height
  )
  return rank < 0 ? undefined : rank
}

const edgeOf = (graph: Graph.Graph, edge: Graph.Graph["data"]["edges"][number]): ReadonlyArray<Edge> => {
  const [from, to] = [Graph.nodeAt(graph, edge.from), Graph.nodeAt(graph, edge.to)]
  if (from === undefined || to === undefined) return []
  const ys = [from.y, to.y, ...edge.bends.filter((_, at) => at % 2 === 1)]
  const [top, bottom] = [Math.min(...ys), Math.max(...ys) + Math.max(from.height, to.height)]
  const box = { x: from.x, y: top, width: to.x + to.width - from.x, height: bottom - top }
  return [{ path: Shapes.curve(edge, from, to), box }]
}

/** Moves the sheet, and draws again where the window has left what is drawn. */
const place = (sheet: Sheet): void => {
  const { scale, x, y } = sheet.camera
  sheet.world.setAttribute("transform", `translate(${x} ${y}) scale(${scale})`)
  const window = sheet.root.getBoundingClientRect()
  const distance = distanceOf(scale)
  if (distance !== sheet.distance) {
    sheet.distance = distance
    redraw(sheet)
  } else if (!Camera.holds(sheet.part, Camera.seen(sheet.camera, window, 0))) draw(sheet)
}

const redraw = (sheet: Sheet): void => {
  sheet.root.setAttribute("class", sheet.distance)
  const hadFocus = sheet.drawn.get(sheet.focus)?.matches(":focus") === true
  sheet.drawn.clear()
  sheet.nodes.replaceChildren()
  drawLit(sheet)
  draw(sheet)
  if (hadFocus) sheet.drawn.get(sheet.focus)?.focus({ preventScroll: true })
}

const draw = (sheet: Sheet): void => {
  const { drawn, edges, graph, nodes } = sheet
  sheet.part = Camera.seen(sheet.camera, sheet.root.getBoundingClientRect(), 0.5)
  for (const [rank, element] of drawn) {
    const node = Graph.nodeAt(graph, rank)
    if (node === undefined || !isDrawn(sheet, node, rank)) {
      element.remove()
      drawn.delete(rank)
    }
  }
  const added = graph.data.nodes.flatMap((node, rank) => {
    if (drawn.has(rank) || !isDrawn(sheet, node, rank)) return []
    const element = nodeOf(sheet, node, rank)
    drawn.set(rank, element)
    return [element]
  })
  nodes.append(...added)
  drawFar(sheet)
  const shown = edges.filter(({ box }) => Camera.meets(sheet.part, box))
  sheet.lines.setAttribute("d", shown.map(({ path }) => path).join(""))
  sheet.lines.classList.toggle("dim", sheet.view.plan !== undefined)
}

/** Whether a node is an element of its own. The one that has the focus always is. */
const isDrawn = ({ distance, focus, part }: Sheet, node: PageNode, rank: number): boolean =>
  rank === focus || (distance !== "far" && Camera.meets(part, node))

/** From far away: a path for each look. */
const drawFar = ({ distance, far, graph, part, view }: Sheet): void => {
  const paths = new Map<string, Array<string>>()
  for (const [rank, node] of distance === "far" ? graph.data.nodes.entries() : []) {
    if (!Camera.meets(part, node)) continue
    const look = View.classesOf(view, rank, node.state, node.outside)
    const own = paths.get(look) ?? []
    paths.set(look, own)
    own.push(Shapes.outline(node.state, node.width, node.height, node))
  }
  far.replaceChildren(
    ...[...paths].map(([look, own]) => svg("g", { class: look }, svg("path", { class: "box", d: own.join("") })))
  )
}

const nodeOf = ({ distance, focus, view }: Sheet, node: PageNode, rank: number): SVGGElement => {
  const { height, outside, state, width } = node
  const step = view.plan === undefined || view.plan.steps.length < 2 ? -1 : view.plan.steps.indexOf(rank)
  return svg(
    "g",
    {
      class: View.classesOf(view, rank, state, outside),
      transform: `translate(${node.x} ${node.y})`,
      role: "button",
      tabindex: rank === focus ? 0 : -1,
      "aria-label": spoken(node),
      "data-rank": rank
    },
    ...(outside
      ? [svg("path", { class: "ring", d: Shapes.outline(state, width + 8, height + 8), transform: "translate(-4 -4)" })]
      : []),
    svg("path", { class: "box", d: Shapes.outline(state, width, height) }),
    ...(distance === "near" ? textsOf(node, step) : distance === "middle" ? [shortLabel(node)] : [])
  )
}

const textsOf = ({ id, label, state, summary }: PageNode, step: number): ReadonlyArray<SVGElement> => [
  svg("title", {}, id),
  Shapes.sign(state, 14, 14),
  svg("text", { class: "label", x: 38, y: 19 }, label),
  svg("text", { class: "summary", x: 38, y: 34 }, summary),
  ...(step < 0
    ? []
    : [
        svg("circle", { class: "order", cx: 4, cy: 4, r: 10 }),
        svg("text", { class: "number", x: 4, y: 8 }, String(step + 1))
      ])
]

/** As much of the label as fits in large letters. */
const shortLabel = ({ label, width }: PageNode): SVGElement => {
  const room = Math.floor((width - 24) / 13.3)
  const text = label.length <= room ? label : `${label.slice(0, room - 1)}…`
  return svg("text", { class: "short", x: width / 2, y: 30 }, text)
}

const spoken = ({ id, outside, state, waits }: PageNode): string =>
  `${id}, ${state}${outside ? ", outside a transaction" : ""}, waits for ${waits.length}`

/** The edges of the plan, each with what it is for. */
const drawLit = ({ edges, graph, lit, view: { plan } }: Sheet): void => {
  const inPlan = new Set(plan === undefined ? [] : [...plan.steps, ...plan.done])
  lit.replaceChildren(
    ...[...inPlan].flatMap((rank) =>
      (graph.edgesTo[rank] ?? []).flatMap((at) => {
        const path = edges[at]?.path
        return path === undefined ? [] : [svg("path", { d: path, class: plan?.steps.includes(rank) ? "step" : "done" })]
      })
    )
  )
}
