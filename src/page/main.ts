/**
 * Puts the page together: head, drawing, list and panel around one view, and the keys that hold everywhere.
 *
 * @internal
 */
import type { State } from "../core/picture/Model.js"
import type { PageData } from "../core/picture/PageData.js"
import { button, html } from "./Dom.js"
import * as Drawing from "./Drawing.js"
import * as Graph from "./Graph.js"
import * as List from "./List.js"
import * as Moves from "./Moves.js"
import * as Panel from "./Panel.js"
import * as Search from "./Search.js"
import * as Shapes from "./Shapes.js"
import * as View from "./View.js"

/** The parts of the page, and the one view that they show. */
interface App {
  readonly graph: Graph.Graph
  readonly drawing: Drawing.Drawing
  readonly list: List.List
  readonly panel: HTMLElement
  readonly view: () => View.View
  readonly update: (change: Partial<View.View>) => void
  readonly choose: (rank: number, object?: string) => void
  readonly close: () => void
}

const appOf = (data: PageData): App => {
  const graph = Graph.make(data)
  const drawing = Drawing.make(graph)
  const panel = html("aside", { id: "panel", hidden: true, tabindex: -1, "aria-label": "Migration" })
  let view = View.initial
  const update = (change: Partial<View.View>) => {
    view = { ...view, ...change }
    drawing.show(view)
    list.show(view)
  }
  const close = () => {
    panel.hidden = true
    history.replaceState(null, "", "#")
    update({ plan: undefined })
  }
  const choose = (rank: number, object?: string) => {
    const plan = Graph.planOf(graph, rank, object)
    panel.replaceChildren(...Panel.contentsOf(graph, plan, { choose, close }))
    panel.hidden = false
    panel.scrollTop = 0
    history.replaceState(null, "", `#${encodeURIComponent(Graph.nodeAt(graph, rank)?.id ?? "")}`)
    update({ plan })
    if (!list.element.hidden) return
    drawing.frame([rank, ...plan.steps])
    drawing.focus(rank)
  }
  const list = List.make(graph, choose)
  return { graph, drawing, list, panel, view: () => view, update, choose, close }
}

const start = (app: App): void => {
  const { choose, close, drawing, graph, list, panel, update } = app
  const search = Search.make(graph, {
    find: (query) => update({ found: query.trim() === "" ? undefined : Graph.matching(graph, query) }),
    choose: ({ object, rank }) => choose(rank, object),
    leave: () => drawing.focus(drawing.focused())
  })
  const stage = html("div", { id: "stage" }, drawing.element, tools(drawing))
  const head = html(
    "header",
    { id: "head" },
    html("h1", {}, "Migrations"),
    legend(app),
    search.element,
    tabs(app, stage)
  )
  document.body.append(head, html("main", {}, stage, list.element, panel))
  Moves.byPointer(drawing, choose)
  Moves.byKeys(graph, drawing, choose)
  everywhere(search, close)
  drawing.fit()
  addEventListener("resize", () => drawing.move((camera) => camera))
  const open = () => {
    const rank = graph.rankById.get(decodeURIComponent(location.hash.slice(1)))
    if (rank !== undefined) choose(rank)
  }
  addEventListener("hashchange", open)
  update({})
  open()
}

/** Turns between the graph and the list. */
const tabs = ({ list, update }: App, stage: HTMLElement): HTMLElement => {
  const turn = (toList: boolean) => {
    list.element.hidden = !toList
    stage.hidden = toList
    toGraph.setAttribute("aria-pressed", String(!toList))
    toRows.setAttribute("aria-pressed", String(toList))
    update({})
  }
  const toGraph = button({ "aria-pressed": "true" }, () => turn(false), "Graph")
  const toRows = button({ "aria-pressed": "false" }, () => turn(true), "List")
  return html("div", { class: "tabs", role: "group", "aria-label": "View" }, toGraph, toRows)
}

/** The states that occur, with their counts; a press hides one and shows it again. */
const legend = ({ graph, update, view }: App): HTMLElement => {
  const count = (state: State) => graph.data.nodes.filter((node) => node.state === state).length
  const outside = graph.data.nodes.filter((node) => node.outside).length
  const toggle = (state: State) => {
    const made = button(
      { class: "toggle", "aria-pressed": "true" },
      () => {
        const hidden = new Set(view().hidden)
        if (!hidden.delete(state)) hidden.add(state)
        made.setAttribute("aria-pressed", String(!hidden.has(state)))
        update({ hidden })
      },
      Shapes.swatch(state),
      html("b", {}, String(count(state))),
      state
    )
    return made
  }
  return html(
    "div",
    { class: "legend", role: "group", "aria-label": "States" },
    ...Shapes.states.filter((state) => count(state) > 0).map(toggle),
    ...(outside === 0
      ? []
      : [
          html(
            "span",
            { class: "key" },
            Shapes.swatch("pending", true),
            html("b", {}, String(outside)),
            "outside a transaction"
          )
        ])
  )
}

const tools = (drawing: Drawing.Drawing): HTMLElement => {
  const press = (key: string) => () => drawing.element.dispatchEvent(new KeyboardEvent("keydown", { key }))
  return html(
    "div",
    { class: "tools" },
    button({ "aria-label": "Zoom in", title: "Zoom in (+)" }, press("+"), "+"),
    button({ "aria-label": "Zoom out", title: "Zoom out (-)" }, press("-"), "−"),
    button({ "aria-label": "Show all", title: "Show all (0)" }, press("0"), "⤢"),
    html("span", { class: "help" }, "Arrow keys follow the edges, Enter opens, / searches, Escape closes")
  )
}

const everywhere = (search: Search.Search, close: () => void): void => {
  addEventListener("keydown", (event) => {
    const isTyping = event.target instanceof HTMLInputElement
    if (event.key === "Escape") close()
    else if (event.key === "/" && !isTyping) {
      event.preventDefault()
      search.focus()
    }
  })
}

start(appOf(JSON.parse(document.getElementById("data")?.textContent ?? "")))
