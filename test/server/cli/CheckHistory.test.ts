/** The command that checks a history: its words and its exit code. */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as CheckHistory from "../../../src/cli/CheckHistory.js"
import * as MigrationSource from "../../../src/source/MigrationSource.js"
import { idOf } from "../../support/arbitraries/Migration.js"
import * as Server from "../../support/server/Server.js"

const run = (files: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const printed: Array<string> = []
    const print = (line: unknown) => Effect.sync(() => void printed.push(String(line)))
    const server = { url: Redacted.make(yield* Server.url) }
    const source = MigrationSource.layerRecord(files)
    const code = yield* Console.consoleWith((console) =>
      Console.withConsole(CheckHistory.run({ source, server }), { ...console, log: print, error: print })
    )
    return { code, printed: printed.join("\n") }
  })

describe("the command that checks a history", () => {
  it.scopedLive("prints the figures, each order and the result, and ends with 0 where all orders gave the same", () =>
    Effect.gen(function* () {
      const { code, printed } = yield* run({
        "1_users": "CREATE TABLE users (id integer)",
        "2_orders": "CREATE TABLE orders (id integer)"
      })
      assert.strictEqual(code, 0)
      deepStrictEqual(printed.split("\n").slice(0, 3), [
        "migrations                2",
        "not understood            0 (0.0 %)",
        "mean closure              50.0 % of the migrations"
      ])
      assert.match(printed, /^order 1: the same; 0 pairs left$/m)
      assert.match(printed, /in 1 other orders; every pair without an order was run both ways\.$/)
    })
  )

  it("names the two files whose order matters, the difference and what to write", () => {
    const [users, orders] = [idOf("1_users"), idOf("2_orders")]
    deepStrictEqual(
      CheckHistory.renderReport({
        rounds: 1,
        open: 0,
        difference: Option.some({
          pair: [users, orders],
          order: [users, orders],
          other: [orders, users],
          explained: Option.none(),
          differences: ["- rows of public.users: 1"],
          isAlone: true
        })
      }).split("\n"),
      [
        ...["", "The order of these two matters:", "  1_users", "  2_orders", "The graph has no reason to order them."],
        ...["", "What differs when they are swapped:", "  - rows of public.users: 1"],
        ...["", "The two and what they wait for are enough to see it."],
        ...["", "Like the history itself:", "  1_users", "  2_orders"],
        ...["", "Different:", "  2_orders", "  1_users", ""],
        "Add `-- requires: 1_users` to 2_orders, and report the two files: the graph should have known."
      ]
    )
  })

  it.scopedLive("fails without migrations", () =>
    Effect.gen(function* () {
      assert.strictEqual(
        (yield* Effect.flip(run({}))).message,
        "There are no migrations. Name their folder by --folder."
      )
    })
  )
})
