import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Option from "effect/Option"
import * as Layout from "../../../src/core/picture/Layout.js"
import type { Model } from "../../../src/core/picture/Model.js"
import * as Page from "../../../src/core/picture/Page.js"
import * as PageData from "../../../src/core/picture/PageData.js"
import { everyKind, node } from "../../support/arbitraries/Picture.js"

const dataOf = (model: Model): PageData.PageData =>
  PageData.from(
    model,
    Layout.of(model, (boxes, arrows) => ({
      width: 100,
      height: 100,
      boxes: boxes.map((_, at) => ({ x: at, y: at })),
      bends: arrows.map(() => [{ x: 1, y: 2 }])
    }))
  )

const strange = "</script><!--<script>\u2028\u2029&'\""

describe("embedded JSON", () => {
  it("has no character that ends a script element, or a line of JavaScript, and stays the same value", () => {
    const text = Page.embedded({ [strange]: strange })
    assert.notMatch(text, /[<>&\u2028\u2029]/)
    deepStrictEqual(JSON.parse(text), { [strange]: strange })
  })
})

describe("the page", () => {
  const page = Page.render(dataOf({ nodes: [node(strange, { sql: Option.some(`SELECT '${strange}'`) })], edges: [] }))

  it("names no other file and no address, and its policy allows no connection", () => {
    const markup = page.replace(/<script>[\s\S]*<\/script>/, "")
    assert.notMatch(markup, /(?:src|href|url)\s*[=(]|https?:/)
    assert.match(page, /content="default-src 'none'; script-src 'sha256-[\w+/=]{44}'; style-src 'sha256-[\w+/=]{44}'/)
  })

  it("has two scripts, also where migrations hold markup", () => {
    strictEqual(page.split("</script>").length, 3)
  })
})

describe("the data of the page", () => {
  it("names nodes by their places, and shows hidden characters as their codes", () => {
    const { edges, nodes } = dataOf(everyKind)
    deepStrictEqual(
      nodes.map(({ waits }) => waits),
      [
        [],
        [{ on: 0, because: ["reads users, which it writes"] }],
        [{ on: 1, because: ["requires it in line 1"] }],
        [{ on: 2, because: ["dynamic SQL (3.sql:1)"] }],
        []
      ]
    )
    deepStrictEqual(
      edges.map(({ from, label, to }) => [from, label, to]),
      [
        [0, "users", 1],
        [1, "requires", 2],
        [2, "barrier", 3]
      ]
    )
    deepStrictEqual(
      dataOf({ nodes: [node("a\u202eb", { sql: Option.some("-- \u202e") })], edges: [] }).nodes.map(({ id, sql }) => [
        id,
        sql
      ]),
      [["a\\u{202e}b", "-- \\u{202e}"]]
    )
  })

  it("has a summary of each migration, and of a long script the beginning", () => {
    const long = "x".repeat(PageData.mostSql + 1)
    const [first, second, third] = dataOf({
      nodes: [
        node("1", { sql: Option.some(long), provides: ["relation users"] }),
        node("2", { removes: ["column a.b"] }),
        node("3")
      ],
      edges: []
    }).nodes
    strictEqual(first?.sql.length, PageData.mostSql)
    deepStrictEqual([first?.summary, second?.summary, third?.summary], ["+ users", "− column a.b", "an Effect"])
  })
})
