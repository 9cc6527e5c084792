import { SqlClient } from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Database from "../support/Database.js"
import * as Server from "../support/Server.js"

describe("the server of this run", () => {
  it.effect("gives every use an empty database of its own", () => {
    const create = Effect.flatMap(SqlClient, (sql) => sql`CREATE TABLE only_once (id integer)`).pipe(
      Effect.provide(Server.layer)
    )
    return Effect.zipRight(create, create)
  })

  it.effect("drops the database at the end, whoever is still connected", () =>
    Effect.gen(function* () {
      const name = yield* Effect.scoped(
        Effect.flatMap(Server.freshDatabase, (url) => Database.query(url, "SELECT current_database() AS name"))
      )
      const found = yield* Effect.flatMap(Server.url, (url) =>
        Database.query(url, `SELECT 1 FROM pg_database WHERE datname = '${String(name[0]?.["name"])}'`)
      )
      assert.deepStrictEqual(found, [])
    })
  )
})
