/**
 * A model as Mermaid text, which GitHub and other readers of Markdown draw. States differ by shape, and by colours that stand out on a
 * light and on a dark ground. A migration that runs outside a transaction has a dashed border.
 *
 * Source: Mermaid's manual, Flowcharts, Basic Syntax (shapes, classes, entity codes).
 *
 * @internal
 */
import { visibleName } from "../text/Visible.js"
import { edgeLabel, type Model, type Node, type State, states } from "./Model.js"

/**
 * A flowchart with a node for each migration, and the keys by which they wait on the edges.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = ({ edges, nodes }: Model): string => {
  const names = new Map(nodes.map(({ id }, at) => [id, `m${at}`]))
  const used = states.filter((state) => nodes.some((node) => node.state === state))
  const lines = [
    ...nodes.map((node) => `${names.get(node.id)}${shapeOf(node)}:::${node.state}`),
    ...edges.map((edge) => `${names.get(edge.from)} -->|${quoted(edgeLabel(edge))}| ${names.get(edge.to)}`),
    ...used.map((state) => `classDef ${state} ${colours[state]}`),
    ...outside(nodes.filter(({ isOutside }) => isOutside).map(({ id }) => names.get(id) ?? ""))
  ]
  return `flowchart LR\n${lines.map((line) => `  ${line}\n`).join("")}`
}

const outside = (names: ReadonlyArray<string>): ReadonlyArray<string> =>
  names.length === 0 ? [] : ["classDef outside stroke-dasharray:6 4", `class ${names.join(",")} outside`]

const shapeOf = ({ id, state }: Node): string => {
  const [open, close] = brackets[state]
  return `${open}${quoted(id)}${close}`
}

/** A stadium, a rectangle, a hexagon, a flag and a rectangle with round corners. */
const brackets: Readonly<Record<State, readonly [string, string]>> = {
  applied: ["([", "])"],
  pending: ["[", "]"],
  refused: ["{{", "}}"],
  failed: [">", "]"],
  unknown: ["(", ")"]
}

const colours: Readonly<Record<State, string>> = {
  applied: "fill:#d3eede,stroke:#1a7f46,color:#0b2e1a",
  pending: "fill:#d9e8fb,stroke:#1f62b5,color:#0c2340",
  refused: "fill:#fbe7c6,stroke:#a35b00,color:#3a2100",
  failed: "fill:#fbd9dc,stroke:#b3152c,color:#40070f",
  unknown: "fill:#e9e9ee,stroke:#5b5b6b,color:#1d1d26"
}

/** Mermaid reads entity codes inside quotes, and Markdown and HTML too, so every character that could mean something is a code. */
const quoted = (text: string): string =>
  `"${visibleName(text).replace(/[^\p{L}\p{N} _.,:/()…-]/gu, (character) => `#${character.codePointAt(0)};`)}"`
