/**
 * The rules of docs/architecture.md, "From files to the graph", by their numbers: for each the smallest histories that break without
 * it. The graph keeps the last two files of each in their order, and the server shows why: the other way round it refuses one of
 * them, or has something else in the end. What follows between the names of the keys is pinned in test/core/footprint/Rules.test.ts.
 */
import { assert, layer as suite } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as MigrationGraph from "../../../src/core/graph/MigrationGraph.js"
import * as Differential from "../../support/history/Differential.js"
import { rules } from "../../support/history/PinnedRules.js"
import * as Server from "../../support/server/Server.js"

suite(Server.layer, { excludeTestServices: true })("the graph knows the order, and the server needs it", (it) => {
  for (const [rule, histories] of rules) {
    for (const { about, before, first, second } of histories) {
      it.scoped(`rule ${rule}: ${about}`, () =>
        Effect.gen(function* () {
          const server = yield* Differential.server
          const files = [before, first, second]
          const graph = yield* Differential.graphOf(files)
          assert.include(MigrationGraph.closure(graph, [2]), 1, "the graph leaves the two open")
          const own = yield* Differential.rebuilt(server, files)
          assert.notMatch(own[0] ?? "", /^the server refuses/)
          const isOpaque = graph.nodes.some(({ migration }) => migration.footprint.barriers.length > 0)
          if (!isOpaque) deepStrictEqual(yield* Differential.unlisted(server, files), [])
          assert.notDeepEqual(yield* Differential.rebuilt(server, [before, second, first]), own)
        })
      )
    }
  }
})
