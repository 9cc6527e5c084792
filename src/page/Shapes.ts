/**
 * The shapes of the states and of the edges. A state has an outline and a sign of its own, so that it is told without colours.
 *
 * @internal
 */
import type { State } from "../core/picture/Model.js"
import type { PageEdge, PageNode } from "../core/picture/PageData.js"
import { svg } from "./Dom.js"

/** The states as a reader meets them: first what needs attention. @since 0.1.0 @category constants */
export const states: ReadonlyArray<State> = ["failed", "refused", "pending", "applied", "unknown"]

/** A stadium, a rectangle, a hexagon, a box with cut corners, a box with round corners. */
const outlines: Readonly<Record<State, (width: number, height: number) => string>> = {
  applied: (w, h) => {
    const r = h / 2
    return `h${w - h}a${r} ${r} 0 0 1 0 ${h}h${h - w}a${r} ${r} 0 0 1 0 ${-h}z`
  },
  pending: (w, h) => `h${w}v${h}h${-w}z`,
  refused: (w, h) => `h${w - 28}l14 ${h / 2}l-14 ${h / 2}h${28 - w}l-14 ${-h / 2}z`,
  failed: (w, h) => `h${w - 18}l9 9v${h - 18}l-9 9h${18 - w}l-9 -9v${18 - h}z`,
  unknown: (w, h) => `h${w - 16}q8 0 8 8v${h - 16}q0 8 -8 8h${16 - w}q-8 0 -8 -8v${16 - h}q0 -8 8 -8z`
}

/** Where an outline begins, from the left. */
const insets: Readonly<Record<State, (height: number) => number>> = {
  applied: (height) => height / 2,
  pending: () => 0,
  refused: () => 14,
  failed: () => 9,
  unknown: () => 8
}

/** The outline of a state in a box, with its corner at a place. @since 0.1.0 @category rendering */
export const outline = (state: State, width: number, height: number, { x, y } = { x: 0, y: 0 }): string =>
  `M${x + insets[state](height)} ${y}${outlines[state](width, height)}`

/** Signs in a square of 16: a check, a ring, a bar in a ring, a cross, a point. */
const signs: Readonly<Record<State, string>> = {
  applied: "M3 8.5L6.5 12L13 4.5",
  pending: "M8 3A5 5 0 1 1 7.99 3Z",
  refused: "M8 2.5A5.5 5.5 0 1 1 7.99 2.5ZM4.2 4.2L11.8 11.8",
  failed: "M4 4L12 12M12 4L4 12",
  unknown: "M8 7.5A.5 .5 0 1 1 7.99 7.5Z"
}

/** The sign of a state. @since 0.1.0 @category rendering */
export const sign = (state: State, x: number, y: number): SVGPathElement =>
  svg("path", { class: "sign", d: signs[state], transform: `translate(${x} ${y})` })

/** A small picture of a state, for legends and lists. @since 0.1.0 @category rendering */
export const swatch = (state: State, outside = false): SVGSVGElement =>
  svg(
    "svg",
    { class: `swatch node ${state}${outside ? " outside" : ""}`, viewBox: "-3 -3 42 26", "aria-hidden": "true" },
    ...(outside ? [svg("path", { class: "ring", d: outline(state, 42, 26), transform: "translate(-3 -3)" })] : []),
    svg("path", { class: "box", d: outline(state, 36, 20) }),
    sign(state, 10, 2)
  )

/** The curve of an edge, from the right side of one node to the left side of another. @since 0.1.0 @category rendering */
export const curve = ({ bends }: PageEdge, from: PageNode, to: PageNode): string => {
  const points = [from.x + from.width, from.y + from.height / 2, ...bends, to.x - 7, to.y + to.height / 2]
  let [x = 0, y = 0] = points
  let path = `M${x} ${y}`
  for (let at = 2; at < points.length; at += 2) {
    const [nextX = x, nextY = y] = points.slice(at, at + 2)
    const middle = (x + nextX) / 2
    path += nextY === y ? `H${nextX}` : `C${middle} ${y} ${middle} ${nextY} ${nextX} ${nextY}`
    x = nextX
    y = nextY
  }
  return `${path}m-1 -4l7 4l-7 4`
}
