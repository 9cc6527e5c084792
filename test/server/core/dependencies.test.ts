/**
 * The anchor of the graph is the server's own bookkeeping. The footprint of a statement reads all that the server records its objects
 * to depend on, and so does the footprint of the statement that ends them. A sixth of the
 * pairs of an expression and a place run here, and all of them in `test/deep`.
 */
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, layer as suite } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Dependencies from "../../support/history/Dependencies.js"
import * as Server from "../../support/server/Server.js"

suite(Server.layer, { excludeTestServices: true })("the footprints of a use and of its end", (it) => {
  it.scoped("read every object that the server makes the use depend on", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const uses = Dependencies.uses(6)
      const { pairs, taken, unknown } = yield* Dependencies.compare(yield* sql.reserve, uses)
      deepStrictEqual(unknown, [])
      const places = [...new Set(uses.map(({ place }) => place))]
      deepStrictEqual([...taken.keys()], places)
      assert.isAbove(pairs, 1000)
    })
  )
})
