/**
 * Moving through the drawing: with the mouse, with fingers, and with the arrow keys along the edges.
 *
 * @internal
 */
import * as Camera from "./Camera.js"
import type * as Drawing from "./Drawing.js"
import * as Graph from "./Graph.js"

/** What a press on a node does. @since 0.1.0 @category models */
export type Choose = (rank: number) => void

/** Dragging moves the sheet, the wheel zooms, and a press without a drag chooses. @since 0.1.0 @category operations */
export const byPointer = (drawing: Drawing.Drawing, choose: Choose): void => {
  const { element, move } = drawing
  const pressed = new Map<number, { readonly x: number; readonly y: number }>()
  let moved = 0
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return
    pressed.set(event.pointerId, { x: event.clientX, y: event.clientY })
    if (pressed.size === 1) moved = 0
  })
  element.addEventListener("pointermove", (event) => {
    const before = pressed.get(event.pointerId)
    if (before === undefined) return
    const [dx, dy] = [event.clientX - before.x, event.clientY - before.y]
    moved += Math.abs(dx) + Math.abs(dy)
    if (moved < 4) return
    if (!element.hasPointerCapture(event.pointerId)) element.setPointerCapture(event.pointerId)
    const other = [...pressed].find(([id]) => id !== event.pointerId)?.[1]
    pressed.set(event.pointerId, { x: event.clientX, y: event.clientY })
    if (other === undefined) move((camera) => ({ ...camera, x: camera.x + dx, y: camera.y + dy }))
    else {
      const far = Math.hypot(before.x - other.x, before.y - other.y)
      const now = Math.hypot(event.clientX - other.x, event.clientY - other.y)
      move((camera, window) =>
        Camera.zoom(camera, now / Math.max(far, 1), { x: other.x - window.x, y: other.y - window.y })
      )
    }
  })
  for (const end of ["pointerup", "pointercancel"] as const) {
    element.addEventListener(end, (event) => pressed.delete(event.pointerId))
  }
  element.addEventListener("click", (event) => {
    const rank = moved < 4 ? drawing.at(event.clientX, event.clientY) : undefined
    if (rank !== undefined) choose(rank)
  })
  element.addEventListener("wheel", (event) => wheel(drawing, event), { passive: false })
}

const wheel = ({ move }: Drawing.Drawing, event: WheelEvent): void => {
  event.preventDefault()
  const isPan = event.shiftKey || (event.deltaX !== 0 && !event.ctrlKey)
  move((camera, window) =>
    isPan
      ? {
          ...camera,
          x: camera.x - event.deltaX - (event.shiftKey ? event.deltaY : 0),
          y: camera.y - (event.shiftKey ? 0 : event.deltaY)
        }
      : Camera.zoom(camera, 1.0016 ** -(event.deltaY * (event.deltaMode === 1 ? 16 : 1)), {
          x: event.clientX - window.x,
          y: event.clientY - window.y
        })
  )
}

/**
 * The keys of the drawing. Left leads to a migration that the focused one waits for, right to one that waits for it, up and down to the
 * neighbours in the same column.
 *
 * @since 0.1.0
 * @category operations
 */
export const byKeys = (graph: Graph.Graph, drawing: Drawing.Drawing, choose: Choose): void => {
  const centred = (factor: number) =>
    drawing.move((camera, { height, width }) => Camera.zoom(camera, factor, { x: width / 2, y: height / 2 }))
  const keys: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => step(graph, drawing, Graph.nodeAt(graph, drawing.focused())?.waits.map(({ on }) => on) ?? []),
    ArrowRight: () => step(graph, drawing, graph.followers[drawing.focused()] ?? []),
    ArrowUp: () => beside(graph, drawing, -1),
    ArrowDown: () => beside(graph, drawing, 1),
    Home: () => drawing.focus(0),
    End: () => drawing.focus(graph.data.nodes.length - 1),
    Enter: () => choose(drawing.focused()),
    " ": () => choose(drawing.focused()),
    "+": () => centred(1.3),
    "=": () => centred(1.3),
    "-": () => centred(1 / 1.3),
    "0": drawing.fit
  }
  drawing.element.addEventListener("keydown", (event) => {
    const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key]
    if (act === undefined) return
    event.preventDefault()
    act()
  })
}

/** To the nearest of these in height. */
const step = (graph: Graph.Graph, drawing: Drawing.Drawing, ranks: ReadonlyArray<number>): void => {
  const y = Graph.nodeAt(graph, drawing.focused())?.y ?? 0
  const distance = (rank: number) => Math.abs((Graph.nodeAt(graph, rank)?.y ?? 0) - y)
  const [nearest] = [...ranks].sort((a, b) => distance(a) - distance(b))
  if (nearest !== undefined) drawing.focus(nearest)
}

/** To the next node above or below, the nearest column first. */
const beside = (graph: Graph.Graph, drawing: Drawing.Drawing, direction: 1 | -1): void => {
  const from = Graph.nodeAt(graph, drawing.focused())
  if (from === undefined) return
  const far = graph.data.nodes.map(({ x, y }) => (y - from.y) * direction + 4 * Math.abs(x - from.x))
  const [next] = graph.data.nodes
    .flatMap(({ y }, rank) => ((y - from.y) * direction > 0 ? [rank] : []))
    .sort((a, b) => (far[a] ?? 0) - (far[b] ?? 0))
  if (next !== undefined) drawing.focus(next)
}
