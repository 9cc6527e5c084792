/**
 * Lines for a terminal.
 */
import { describe, it } from "@effect/vitest"
import { strictEqual } from "@effect/vitest/utils"
import * as Line from "../../src/cli/Line.js"

const escape = String.fromCharCode(27)

describe("a line", () => {
  it("has colours only where they are asked for", () => {
    const line: Line.Line = [Line.styled("red", "failed"), "  001"]
    strictEqual(Line.render(line, false), "failed  001")
    strictEqual(Line.render(line, true), `${escape}[31mfailed${escape}[39m  001`)
  })

  it("shows a control character of its text as a code", () => {
    strictEqual(Line.render([Line.styled("red", `a${escape}[2J`), `b${escape}`], false), "a\\u{1b}[2Jb\\u{1b}")
  })

  it("stands in columns with the lines beside it", () => {
    const rows = Line.table([
      ["a", [Line.styled("green", "long")], "x"],
      ["bbb", "b", ""]
    ])
    strictEqual(rows.map((row) => Line.render(row, false)).join("\n"), "a    long  x\nbbb  b")
  })
})
