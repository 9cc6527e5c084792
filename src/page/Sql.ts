/**
 * A script for a reader: its lines with numbers, its words in colours, and the lines that have a risk marked.
 *
 * @internal
 */
import type { PageNode } from "../core/picture/PageData.js"
import { html } from "./Dom.js"

const kinds = ["", "comment", "string", "keyword", "number", "name"] as const

/** No elements for an Effect. @since 0.1.0 @category rendering */
export const scriptOf = ({ marks, risks, sql }: PageNode): ReadonlyArray<Node> => {
  if (sql === "") return []
  const risky = new Set(risks.filter(({ isAccepted }) => !isAccepted).map(({ line }) => line))
  const lines = linesOf(sql, marks).map((words, at) =>
    html("span", { class: risky.has(at + 1) ? "row risky" : "row", "data-line": at + 1 }, ...words, "\n")
  )
  return [html("pre", { class: "sql", tabindex: 0, "aria-label": "SQL" }, html("code", {}, ...lines))]
}

const linesOf = (sql: string, marks: ReadonlyArray<number>): ReadonlyArray<ReadonlyArray<Node | string>> => {
  const lines: Array<Array<Node | string>> = [[]]
  let start = 0
  for (let at = 0; at < marks.length; at += 2) {
    const [kind = 0, length = 0] = marks.slice(at, at + 2)
    for (const [part, text] of sql
      .slice(start, start + length)
      .split("\n")
      .entries()) {
      if (part > 0) lines.push([])
      if (text !== "") lines.at(-1)?.push(kind === 0 ? text : html("span", { class: kinds[kind] }, text))
    }
    start += length
  }
  if (lines.at(-1)?.length === 0) lines.pop()
  return lines
}
