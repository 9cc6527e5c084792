/**
 * The panel beside the graph: all that is known about one migration, and the plan that brings it or one of its objects.
 *
 * @internal
 */
import type { PageNode } from "../core/picture/PageData.js"
import { button, html } from "./Dom.js"
import * as Graph from "./Graph.js"
import * as Shapes from "./Shapes.js"
import { scriptOf } from "./Sql.js"

/** What a click in the panel does. @since 0.1.0 @category models */
export interface Actions {
  readonly choose: (rank: number, object?: string) => void
  readonly close: () => void
}

/** @since 0.1.0 @category rendering */
export const contentsOf = (graph: Graph.Graph, plan: Graph.Plan, actions: Actions): ReadonlyArray<Node> => {
  const node = Graph.nodeAt(graph, plan.target)
  if (node === undefined) return []
  const link = linkTo(graph, actions)
  return [
    headOf(node, actions),
    ...[...node.notes, ...node.refusals].map((text) => html("p", { class: "note" }, text)),
    ...planOf(node, plan, link),
    ...section("Provides", objectsOf(node.provides, plan, actions)),
    ...section("Removes", [list(node.removes.map((text) => [html("code", {}, text)]))].slice(0, node.removes.length)),
    ...section("Waits for", waitsOf(node, link)),
    ...section("Needed by", followersOf(graph, plan.target, link)),
    ...section("Risks", risksOf(graph, node)),
    ...section("Events", eventsOf(node)),
    ...section("SQL", scriptOf(node))
  ]
}

type Link = (rank: number) => HTMLElement

const linkTo =
  (graph: Graph.Graph, { choose }: Actions): Link =>
  (rank) => {
    const node = Graph.nodeAt(graph, rank)
    return node === undefined
      ? html("span")
      : button(
          { class: "link" },
          () => choose(rank),
          Shapes.swatch(node.state, node.outside),
          html("span", {}, node.id)
        )
  }

const section = (title: string, contents: ReadonlyArray<Node>): ReadonlyArray<Node> =>
  contents.length === 0 ? [] : [html("section", {}, html("h3", {}, title), ...contents)]

const list = (items: ReadonlyArray<ReadonlyArray<Node | string>>, tag: "ul" | "ol" = "ul"): HTMLElement =>
  html(tag, {}, ...items.map((item) => html("li", {}, ...item)))

const headOf = ({ file, id, outside, state }: PageNode, { close }: Actions): HTMLElement =>
  html(
    "header",
    {},
    html("h2", {}, id),
    button({ class: "close", "aria-label": "Close the panel", title: "Close (Escape)" }, close, "×"),
    html("p", { class: "file" }, file),
    html(
      "p",
      { class: "state" },
      Shapes.swatch(state, outside),
      `${state}${outside ? ", runs outside a transaction" : ""}`
    )
  )

const planOf = (node: PageNode, plan: Graph.Plan, link: Link): ReadonlyArray<Node> => {
  const { done, object, steps } = plan
  if (steps.length === 0) {
    return object === undefined ? [] : [html("p", { class: "plan" }, html("code", {}, object), " is applied.")]
  }
  const many = `${steps.length === 1 ? "1 migration runs" : `${steps.length} migrations run`}, in this order`
  const shown = steps.slice(-20)
  return section(object === undefined ? "Plan" : `Plan for ${object}`, [
    html(
      "p",
      {},
      `${many}${done.length === 0 ? "" : `; ${done.length} that they wait for ${done.length === 1 ? "is" : "are"} applied`}:`
    ),
    ...(shown.length < steps.length
      ? [html("p", { class: "more" }, `the last ${shown.length} of ${steps.length}`)]
      : []),
    list(
      shown.map((rank) => [link(rank)]),
      "ol"
    ),
    html("p", { class: "command" }, html("code", {}, node.command))
  ])
}

/** Objects that a person names come first; sequences, keys and constraints follow behind a fold. */
const objectsOf = (provides: ReadonlyArray<string>, plan: Graph.Plan, { choose }: Actions): ReadonlyArray<Node> => {
  const isMinor = (text: string) => /^(?:constraint|unique constraint|relation \S+_(?:pkey|key|seq|idx)$)/.test(text)
  const chip = (object: string) =>
    button(
      { class: "chip", "aria-pressed": plan.object === object ? "true" : "false", title: "Light up what brings it" },
      () => choose(plan.target, object),
      object
    )
  const [major, minor] = [provides.filter((text) => !isMinor(text)), provides.filter(isMinor)]
  return [
    ...(major.length === 0 ? [] : [html("div", { class: "chips" }, ...major.map(chip))]),
    ...(minor.length === 0
      ? []
      : [
          html(
            "details",
            {},
            html("summary", {}, `${minor.length} keys, constraints and sequences`),
            html("div", { class: "chips" }, ...minor.map(chip))
          )
        ])
  ]
}

const waitsOf = ({ waits }: PageNode, link: Link): ReadonlyArray<Node> =>
  waits.length === 0
    ? []
    : [list(waits.map(({ because, on }) => [link(on), html("div", { class: "because" }, because.join("; "))]))]

const followersOf = (graph: Graph.Graph, rank: number, link: Link): ReadonlyArray<Node> => {
  const followers = graph.followers[rank] ?? []
  const [first, rest] = [followers.slice(0, 12), followers.slice(12)]
  return [
    ...(first.length === 0 ? [] : [list(first.map((other) => [link(other)]))]),
    ...(rest.length === 0
      ? []
      : [html("details", {}, html("summary", {}, `${rest.length} more`), list(rest.map((other) => [link(other)])))])
  ]
}

const risksOf = ({ data }: Graph.Graph, { risks }: PageNode): ReadonlyArray<Node> =>
  [...new Set(risks.map(({ kind }) => kind))].map((kind) => {
    const own = risks.filter((risk) => risk.kind === kind)
    const advice = data.advice[kind]
    const isAccepted = own.every((risk) => risk.isAccepted)
    return html(
      "div",
      { class: isAccepted ? "risk accepted" : "risk" },
      html("h4", {}, kind, ...(isAccepted ? [html("span", { class: "tag" }, "accepted by the file")] : [])),
      list(
        own.map(({ line, statement }) => [html("span", { class: "line" }, `line ${line}`), html("code", {}, statement)])
      ),
      ...(advice === undefined
        ? []
        : [html("p", {}, advice.rationale), html("p", {}, html("b", {}, "Safer: "), advice.safer)])
    )
  })

const eventsOf = ({ events }: PageNode): ReadonlyArray<Node> =>
  events.length === 0
    ? []
    : [
        list(
          events.map(({ at, by, detail, kind }) => [
            html("b", {}, kind),
            ` ${at.replace("T", " ").slice(0, 19)} UTC by ${by}`,
            ...(detail.length === 0 ? [] : [html("div", { class: "because" }, detail.join(", "))])
          ]),
          "ol"
        )
      ]
