import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as fc from "fast-check"
import { kinds, marksOf } from "../../../src/core/picture/Highlight.js"

/** Each marked piece with its kind. */
const pieces = (sql: string): ReadonlyArray<readonly [string, string]> => {
  const marks = marksOf(sql)
  let start = 0
  return Array.from({ length: marks.length / 2 }, (_, at) => {
    const [kind = 0, length = 0] = marks.slice(2 * at, 2 * at + 2)
    start += length
    return [kinds[kind] ?? "", sql.slice(start - length, start)] as const
  })
}

const text = fc
  .array(fc.constantFrom("--", "/*", "*/", "'", '"', "$$", "$a$", "E'", "\\", "\n", " ", "SELECT", "x", "1", ";", "é"))
  .map((parts) => parts.join(""))

describe("laws", () => {
  it.prop("The lengths of the marks add up to the length of the text", [text], ([sql]) => {
    strictEqual(
      pieces(sql)
        .map(([, piece]) => piece)
        .join(""),
      sql
    )
  })

  it.prop("Two marks beside each other have different kinds", [text], ([sql]) => {
    const found = pieces(sql)
    assert.isTrue(found.every(([kind, piece], at) => piece.length > 0 && found[at + 1]?.[0] !== kind))
  })
})

describe("marks", () => {
  it("tell comments, strings, keywords, numbers and quoted names apart", () => {
    deepStrictEqual(pieces("ALTER TABLE \"A\" ADD x text DEFAULT 'it''s', y int4 /* a */ -- b"), [
      ["keyword", "ALTER"],
      ["plain", " "],
      ["keyword", "TABLE"],
      ["plain", " "],
      ["name", '"A"'],
      ["plain", " "],
      ["keyword", "ADD"],
      ["plain", " x text "],
      ["keyword", "DEFAULT"],
      ["plain", " "],
      ["string", "'it''s'"],
      ["plain", ", y int4 "],
      ["comment", "/* a */"],
      ["plain", " "],
      ["comment", "-- b"]
    ])
  })

  it("go into the body of a dollar-quoted string", () => {
    deepStrictEqual(pieces("AS $f$ SELECT 1 $f$"), [
      ["keyword", "AS"],
      ["plain", " "],
      ["string", "$f$"],
      ["plain", " "],
      ["keyword", "SELECT"],
      ["plain", " "],
      ["number", "1"],
      ["plain", " "],
      ["string", "$f$"]
    ])
  })
})
