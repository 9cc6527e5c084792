import { describe, it } from "@effect/vitest"
import { strictEqual } from "@effect/vitest/utils"
import { render } from "../../../src/core/picture/Dot.js"
import { everyKind, node } from "../../support/arbitraries/Picture.js"

describe("DOT text", () => {
  it("has a shape for each state, the keys on the edges, and a dashed border outside a transaction", () => {
    strictEqual(
      render(everyKind).replaceAll(/, (?:fill)?color="#\w+"/g, ""),
      `digraph migrations {
  rankdir=LR
  node [fontname="monospace", style="filled"]
  edge [fontname="monospace", fontsize=10]
  "1" [shape=oval, class="applied"]
  "2" [shape=box, class="pending"]
  "3" [shape=hexagon, class="refused"]
  "4" [shape=octagon, class="failed", style="filled,dashed"]
  "5" [shape=box, class="unknown"]
  "1" -> "2" [label="users"]
  "2" -> "3" [label="requires"]
  "3" -> "4" [label="barrier"]
}
`
    )
  })

  it("escapes what ends a string, and what a label would read as an escape", () => {
    strictEqual(
      render({ nodes: [node('a"\\N\u202e')], edges: [] })
        .split("\n")[4]
        ?.split(" [")[0],
      String.raw`  "a\"\\N\\u{202e}"`
    )
  })
})
