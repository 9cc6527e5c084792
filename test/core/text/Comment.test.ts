import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as fc from "fast-check"
import * as Comment from "../../../src/core/text/Comment.js"

const soup = fc.string({
  unit: fc.constantFrom(
    "'",
    '"',
    "$",
    "$$",
    "$a$",
    "--",
    "/*",
    "*/",
    "E'",
    "\\",
    "\n",
    "\r\n",
    "\r",
    " ",
    "a",
    ";",
    "\uFEFF"
  ),
  maxLength: 24
})

describe("laws", () => {
  it.prop(
    "linesOf is total: unclosed quotes and comments reach to the end of the text",
    [soup, fc.constantFrom("'", '"', "$$", "$a$", "/*", "E'")],
    ([text, open]) => {
      assert.isAtMost(Comment.linesOf(text).length, text.split(/\r\n|\n|\r/).length)
      assert.isEmpty(Comment.linesOf(`${open}\n${text.replace(/['"$*/]/g, "")}\n-- a`))
    }
  )

  it.prop(
    "A comment's line and text are those of the file, with any line endings",
    [
      fc.array(fc.constantFrom("-- a", "  --b ", "SELECT 1;", ""), { maxLength: 8 }),
      fc.constantFrom("\n", "\r\n", "\r")
    ],
    ([lines, end]) =>
      deepStrictEqual(
        Comment.linesOf(lines.join(end)).map(({ line, text }) => ({ line, text })),
        lines.flatMap((text, at) =>
          text.includes("--") ? [{ line: at + 1, text: text.replace("--", "").trim() }] : []
        )
      )
  )
})

describe("linesOf", () => {
  it("marks the comments before the first statement as header", () => {
    const lines = Comment.linesOf("/* licence */\n-- a\n\n-- b\nSELECT 1;\n-- c\n")
    deepStrictEqual(
      lines.map(({ header, line, text }) => [text, line, header]),
      [
        ["a", 2, true],
        ["b", 4, true],
        ["c", 6, false]
      ]
    )
  })

  it("ends a nested comment at its last mark", () => {
    deepStrictEqual(
      Comment.linesOf("/* /* */\n-- in\n*/\n-- out").map(({ text }) => text),
      ["out"]
    )
  })

  it("reads a long text in linear time", () => {
    const lines = Comment.linesOf(`${"-- x\n".repeat(20_000)}SELECT '${"'' $$ -- ".repeat(20_000)}';\n-- end`)
    assert.strictEqual(lines.length, 20_001)
  })
})
