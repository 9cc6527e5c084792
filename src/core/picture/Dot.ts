/**
 * A model as text in Graphviz's language DOT. States differ by shape and by colour. A migration that runs outside a transaction has a
 * dashed border.
 *
 * Source: Graphviz's manual, DOT Language: in a quoted string only `\"` escapes; in a label `\` begins an escape of its own.
 *
 * @internal
 */
import { visibleName } from "../text/Visible.js"
import { edgeLabel, type Model, type Node, type State } from "./Model.js"

/** @since 0.1.0 @category rendering */
export const render = ({ edges, nodes }: Model): string =>
  [
    "digraph migrations {",
    "  rankdir=LR",
    '  node [fontname="monospace", style="filled"]',
    '  edge [fontname="monospace", fontsize=10]',
    ...nodes.map((node) => `  ${quoted(node.id)} [${attributesOf(node)}]`),
    ...edges.map((edge) => `  ${quoted(edge.from)} -> ${quoted(edge.to)} [label=${quoted(edgeLabel(edge))}]`),
    "}",
    ""
  ].join("\n")

const attributesOf = ({ isOutside, state }: Node): string => {
  const [shape, fill, line] = looks[state]
  const style = isOutside ? ', style="filled,dashed"' : ""
  return `shape=${shape}, fillcolor="${fill}", color="${line}", class="${state}"${style}`
}

const looks: Readonly<Record<State, readonly [shape: string, fill: string, line: string]>> = {
  applied: ["oval", "#d3eede", "#1a7f46"],
  pending: ["box", "#d9e8fb", "#1f62b5"],
  refused: ["hexagon", "#fbe7c6", "#a35b00"],
  failed: ["octagon", "#fbd9dc", "#b3152c"],
  unknown: ["box", "#e9e9ee", "#5b5b6b"]
}

const quoted = (text: string): string => `"${visibleName(text).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`
