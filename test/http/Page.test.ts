import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Page from "../../src/http/Page.js"

describe("a page", () => {
  it("escapes every text, and keeps markup", () =>
    strictEqual(
      Page.html`<p title="${'"a" & <b>'}">${Page.html`<i>${"'x'"}</i>`}${[Page.html`<b>${1}</b>`, Page.none]}</p>`
        .markup,
      '<p title="&quot;a&quot; &amp; &lt;b&gt;"><i>&#39;x&#39;</i><b>1</b></p>'
    ))

  it("holds no character that a terminal or a reader would obey", () => {
    const { markup } = Page.html`${"a\u001b[31m\u202eb"}`
    deepStrictEqual(
      ["\u001b", "\u202e"].filter((character) => markup.includes(character)),
      []
    )
  })

  it("says that a list is empty", () => strictEqual(Page.list([]).markup, '<p class="none">none</p>'))
})
