/**
 * The search: a field with a list of migrations and objects below it, chosen with the arrow keys or a click.
 *
 * @internal
 */
import { html } from "./Dom.js"
import * as Graph from "./Graph.js"
import * as Shapes from "./Shapes.js"

/** @since 0.1.0 @category models */
export interface Search {
  readonly element: HTMLElement
  readonly focus: () => void
}

/** @since 0.1.0 @category models */
export interface Actions {
  readonly find: (query: string) => void
  readonly choose: (hit: Graph.Hit) => void
  /** The reader has left the search. */
  readonly leave: () => void
}

const most = 40

/** @since 0.1.0 @category constructors */
export const make = (graph: Graph.Graph, actions: Actions): Search => {
  const input = html("input", {
    type: "search",
    role: "combobox",
    placeholder: "Search migrations and objects  /",
    "aria-label": "Search migrations and objects",
    "aria-controls": "hits",
    "aria-expanded": "false",
    "aria-autocomplete": "list",
    autocomplete: "off",
    spellcheck: "false"
  })
  const list = html("ul", { id: "hits", role: "listbox", "aria-label": "Found", hidden: true })
  const box: Box = { graph, actions, input, list, hits: [], at: -1 }
  input.addEventListener("input", () => update(box))
  input.addEventListener("blur", () => open(box, false))
  input.addEventListener("focus", () => open(box, true))
  input.addEventListener("keydown", (event) => press(box, event))
  return { element: html("div", { class: "search" }, input, list), focus: () => input.focus() }
}

/** The field, its list, and the hit that the arrow keys have come to; -1 for none. */
interface Box {
  readonly graph: Graph.Graph
  readonly actions: Actions
  readonly input: HTMLInputElement
  readonly list: HTMLUListElement
  hits: ReadonlyArray<Graph.Hit>
  at: number
}

const open = ({ hits, input, list }: Box, isOpen: boolean): void => {
  list.hidden = !isOpen || hits.length === 0
  input.setAttribute("aria-expanded", String(!list.hidden))
}

const mark = (box: Box, next: number): void => {
  const { hits, input, list } = box
  box.at = hits.length === 0 ? -1 : (next + hits.length) % hits.length
  for (const [place, option] of [...list.children].entries()) {
    option.setAttribute("aria-selected", String(place === box.at))
  }
  input.setAttribute("aria-activedescendant", box.at < 0 ? "" : `hit-${box.at}`)
  list.children[box.at]?.scrollIntoView({ block: "nearest" })
}

const take = (box: Box, place: number): void => {
  const hit = box.hits[place]
  if (hit === undefined) return
  open(box, false)
  box.actions.choose(hit)
}

const update = (box: Box): void => {
  box.hits = Graph.hits(box.graph, box.input.value, most)
  box.list.replaceChildren(...box.hits.map((hit, place) => optionOf(box.graph, hit, place, () => take(box, place))))
  box.at = -1
  open(box, true)
  box.actions.find(box.input.value)
}

const press = (box: Box, event: KeyboardEvent): void => {
  if (event.key === "ArrowDown") mark(box, box.at + 1)
  else if (event.key === "ArrowUp") mark(box, Math.max(box.at, 0) - 1)
  else if (event.key === "Enter") take(box, Math.max(box.at, 0))
  else if (event.key === "Escape") {
    box.input.value = ""
    update(box)
    box.actions.leave()
  } else return
  event.preventDefault()
  event.stopPropagation()
}

const optionOf = (graph: Graph.Graph, { object, rank }: Graph.Hit, place: number, choose: () => void): HTMLElement => {
  const node = Graph.nodeAt(graph, rank)
  const option = html(
    "li",
    { id: `hit-${place}`, role: "option", "aria-selected": "false" },
    ...(node === undefined ? [] : [Shapes.swatch(node.state, node.outside)]),
    html("span", {}, object ?? node?.id ?? ""),
    ...(object === undefined ? [] : [html("small", {}, node?.id ?? "")])
  )
  // Before the field loses the focus and the list closes.
  option.addEventListener("pointerdown", (event) => {
    event.preventDefault()
    choose()
  })
  return option
}
