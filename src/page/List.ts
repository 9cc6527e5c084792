/**
 * The migrations as a table, for a reader who does not want a graph. It is made when it is first looked at.
 *
 * @internal
 */
import type { PageNode } from "../core/picture/PageData.js"
import { button, html } from "./Dom.js"
import type * as Graph from "./Graph.js"
import * as Shapes from "./Shapes.js"
import * as View from "./View.js"

/** @since 0.1.0 @category models */
export interface List {
  readonly element: HTMLElement
  readonly show: (view: View.View) => void
}

/** @since 0.1.0 @category constructors */
export const make = (graph: Graph.Graph, choose: (rank: number) => void): List => {
  const body = html("tbody")
  const none = html("p", { class: "none", hidden: true }, "No migration fits.")
  const heads = ["", "Migration", "State", "Provides", "Waits for", "Risks"].map((text) =>
    html("th", { scope: "col" }, text)
  )
  const element = html(
    "div",
    { id: "list", hidden: true },
    html("table", {}, html("thead", {}, html("tr", {}, ...heads)), body),
    none
  )
  const rows: Array<HTMLTableRowElement> = []
  const { nodes } = graph.data
  let last = View.initial
  const dress = (rank: number) => {
    const [node, row] = [nodes[rank], rows[rank]]
    if (node === undefined || row === undefined) return
    row.hidden = !View.isShown(last, rank, node.state)
    row.className = View.classesOf(last, rank, node.state, node.outside)
  }
  /** Many rows take longer than a frame, so they come in parts. */
  const grow = () => {
    const begin = rows.length
    rows.push(...nodes.slice(begin, begin + atOnce).map((node, at) => rowOf(graph, node, begin + at, choose)))
    for (let rank = begin; rank < rows.length; rank++) dress(rank)
    body.append(...rows.slice(begin))
    if (rows.length < nodes.length) requestAnimationFrame(grow)
  }
  return {
    element,
    show: (view) => {
      last = view
      if (element.hidden) return
      if (rows.length === 0) grow()
      else for (const rank of rows.keys()) dress(rank)
      none.hidden = nodes.some((node, rank) => View.isShown(view, rank, node.state))
    }
  }
}

const atOnce = 150

const rowOf = (
  { data }: Graph.Graph,
  node: PageNode,
  rank: number,
  choose: (rank: number) => void
): HTMLTableRowElement => {
  const waits = node.waits.map(({ on }) => data.nodes[on]?.id ?? "")
  return html(
    "tr",
    {},
    html("td", {}, Shapes.swatch(node.state, node.outside)),
    html(
      "th",
      { scope: "row" },
      button({ class: "link" }, () => choose(rank), node.id)
    ),
    html("td", {}, `${node.state}${node.outside ? ", outside" : ""}`),
    html("td", {}, few(node.provides)),
    html("td", {}, few(waits)),
    html("td", {}, few([...new Set(node.risks.filter(({ isAccepted }) => !isAccepted).map(({ kind }) => kind))]))
  )
}

const few = (texts: ReadonlyArray<string>): string =>
  texts.length > 3 ? `${texts.slice(0, 3).join(", ")} and ${texts.length - 3} more` : texts.join(", ")
