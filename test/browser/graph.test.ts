/**
 * The page of a graph in a real browser.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import type { Locator, Page } from "playwright-core"
import * as Browser from "../support/browser/Browser.js"
import * as GraphPage from "../support/browser/GraphPage.js"
import * as LongHistory from "../support/program/LongHistory.js"

const shop = {
  "001_users": "CREATE TABLE users (id integer PRIMARY KEY, fax text);",
  "002_orders": "CREATE TABLE orders (id integer, user_id integer REFERENCES users);",
  "003_no_fax": "-- </script><img src=x onerror=alert(1)>\nALTER TABLE users DROP COLUMN fax;",
  "004_total": "ALTER TABLE orders ADD COLUMN total integer;",
  "005_index": "CREATE INDEX CONCURRENTLY orders_by_user ON orders (user_id);",
  "006_view": "CREATE VIEW sums AS SELECT user_id, sum(total) FROM orders GROUP BY user_id;"
}

const opened = (options: Parameters<typeof Browser.open>[1] = {}) =>
  Effect.gen(function* () {
    const graph = yield* GraphPage.graphOf(shop)
    const model = GraphPage.pictureOf(graph, { applied: 2, failed: "004_total" })
    return yield* Browser.open(yield* GraphPage.fileOf(model), options)
  })

const nodeOf = (page: Page, id: string) => page.getByRole("button", { name: new RegExp(`^${id},`) })

const focused = (page: Page) => page.evaluate<string>('document.activeElement.getAttribute("aria-label") ?? ""')

const asking = <A>(body: () => Promise<A>) => Effect.promise(body)

const textOf = (locator: Locator) => asking(async () => (await locator.textContent()) ?? "")

describe("the page of a graph", () => {
  it.scopedLive("shows each migration with its state, and asks for no other file", () =>
    Effect.gen(function* () {
      const open = yield* opened()
      const labels = yield* asking(() =>
        open.page.locator("#graph .node").evaluateAll((nodes) => nodes.map((node) => node.getAttribute("aria-label")))
      )
      deepStrictEqual(labels.toSorted(), [
        "001_users, applied, waits for 0",
        "002_orders, applied, waits for 1",
        "003_no_fax, refused, waits for 1",
        "004_total, failed, waits for 1",
        "005_index, refused, outside a transaction, waits for 1",
        "006_view, pending, waits for 1"
      ])
      Browser.isQuiet(open)
    })
  )

  it.scopedLive("gives each state an outline and a sign of its own", () =>
    Effect.gen(function* () {
      const { page } = yield* opened()
      const shapes = yield* asking(() =>
        page.locator(".legend .toggle svg").evaluateAll((all) => all.map((one) => one.innerHTML))
      )
      strictEqual(shapes.length, 4)
      strictEqual(new Set(shapes).size, 4)
    })
  )

  it.scopedLive("opens a panel that lights up the plan, with the SQL as text", () =>
    Effect.gen(function* () {
      const open = yield* opened()
      const { page } = open
      yield* asking(() => nodeOf(page, "003_no_fax").click())
      const panel = page.locator("#panel")
      assert.include(yield* textOf(panel.locator(".sql")), "</script><img src=x onerror=alert(1)>")
      strictEqual(yield* asking(() => panel.locator(".sql .keyword").count()), 4)
      assert.include(yield* textOf(panel), "it would lose data")
      strictEqual(yield* textOf(panel.locator(".command")), "npx effect-auto-migration migrate 003_no_fax")
      // It lies outside of the window now.
      yield* asking(() => page.keyboard.press("/"))
      yield* asking(() => page.keyboard.type("006_view"))
      yield* asking(() => page.keyboard.press("Enter"))
      strictEqual(yield* textOf(panel.locator("h2")), "006_view")
      const plan = yield* textOf(panel.locator("ol").first())
      assert.include(plan, "004_total")
      assert.notInclude(plan, "003_no_fax")
      assert.match(page.url(), /#006_view$/)
      Browser.isQuiet(open)
    })
  )

  it.scopedLive("is moved through with the keys: arrows along the edges, / for the search, Escape to close", () =>
    Effect.gen(function* () {
      const { page } = yield* opened()
      yield* asking(() => nodeOf(page, "001_users").focus())
      yield* asking(() => page.keyboard.press("ArrowRight"))
      const next = yield* asking(() => focused(page))
      assert.match(next, /^00[23]_/)
      yield* asking(() => page.keyboard.press("ArrowLeft"))
      assert.match(yield* asking(() => focused(page)), /^001_users/)
      yield* asking(() => page.keyboard.press("Enter"))
      assert.isTrue(yield* asking(() => page.locator("#panel").isVisible()))
      yield* asking(() => page.keyboard.press("Escape"))
      assert.isFalse(yield* asking(() => page.locator("#panel").isVisible()))
      yield* asking(() => page.keyboard.press("/"))
      yield* asking(() => page.keyboard.type("sums"))
      assert.match(yield* textOf(page.getByRole("option").first()), /sums.*006_view/)
      yield* asking(() => page.keyboard.press("Enter"))
      strictEqual(yield* textOf(page.locator("#panel h2")), "006_view")
    })
  )

  it.scopedLive("has a list, which the search and the states filter", () =>
    Effect.gen(function* () {
      const { page } = yield* opened()
      const rows = () => asking(() => page.locator("#list tbody tr:visible th").allInnerTexts())
      yield* asking(() => page.getByRole("button", { name: "List" }).click())
      deepStrictEqual(yield* rows(), Object.keys(shop))
      yield* asking(() => page.getByRole("button", { name: "applied" }).click())
      strictEqual((yield* rows()).length, 4)
      yield* asking(() => page.getByRole("combobox").fill("total"))
      deepStrictEqual(yield* rows(), ["004_total"])
    })
  )

  it.scopedLive("has a light and a dark look", () =>
    Effect.gen(function* () {
      const grounds: Array<string> = []
      for (const colorScheme of ["light", "dark"] as const) {
        const { page } = yield* opened({ colorScheme })
        grounds.push(yield* asking(() => page.evaluate<string>("getComputedStyle(document.body).backgroundColor")))
      }
      deepStrictEqual(grounds, ["rgb(251, 251, 253)", "rgb(15, 18, 24)"])
    })
  )

  it.scopedLive(
    "shows 2,000 migrations: few elements from far away, the search finds one, and the list holds all",
    () =>
      Effect.gen(function* () {
        const graph = yield* GraphPage.graphOf(LongHistory.migrations(2000))
        const open = yield* Browser.open(yield* GraphPage.fileOf(GraphPage.pictureOf(graph, { applied: 1600 })))
        const { page } = open
        assert.isBelow(yield* asking(() => page.locator("#graph *").count()), 100)
        yield* asking(() => page.keyboard.press("/"))
        yield* asking(() => page.keyboard.type("1234_"))
        yield* asking(() => page.keyboard.press("Enter"))
        assert.match(yield* textOf(page.locator("#panel h2")), /^1234_/)
        assert.match(yield* asking(() => focused(page)), /^1234_/)
        yield* asking(() => page.getByRole("combobox").fill(""))
        yield* asking(() => page.getByRole("button", { name: "List" }).click())
        yield* asking(() => page.locator("#list tbody tr").nth(1999).waitFor({ state: "attached" }))
        strictEqual(yield* asking(() => page.locator("#list tbody tr").count()), 2000)
        Browser.isQuiet(open)
      })
  )
})
