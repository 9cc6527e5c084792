/** Two programs with folders of their own that share one database and one ledger. */
import { describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { AutoMigration } from "effect-auto-migration"
import * as App from "../../support/program/App.js"
import { appliedIds, ask, kinds } from "../../support/program/Situation.js"
import * as Server from "../../support/server/Server.js"

const shop = {
  "001_users": "CREATE TABLE users (id integer PRIMARY KEY, name text);\nINSERT INTO users VALUES (1, 'Ada');",
  "002_addresses": "CREATE TABLE addresses (id integer, street text);"
}

const billing = {
  "001_invoices": "CREATE TABLE invoices (id integer PRIMARY KEY, user_id integer);",
  "002_payments": "CREATE TABLE payments (id integer, paid boolean);"
}

describe("two programs that share one ledger", () => {
  it.scopedLive("are each healed by the migrations of their own folder", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const [first, second] = yield* Effect.all([
        Layer.build(Layer.fresh(App.layer({ url, migrations: shop }))),
        Layer.build(Layer.fresh(App.layer({ url, migrations: billing })))
      ])
      deepStrictEqual(yield* Effect.provide(ask("SELECT name FROM users"), first), [{ name: "Ada" }])
      deepStrictEqual(yield* Effect.provide(ask("SELECT user_id FROM invoices"), second), [])
      deepStrictEqual(yield* Effect.provide(ask("SELECT street FROM addresses"), first), [])
      deepStrictEqual(yield* Effect.provide(ask("SELECT paid FROM payments"), second), [])
      for (const program of [first, second]) {
        deepStrictEqual<ReadonlyArray<string>>(
          yield* Effect.provide(
            Effect.map(AutoMigration.status, ({ pending }) => pending),
            program
          ),
          []
        )
        deepStrictEqual(yield* Effect.provide(kinds, program), [
          "Applied 001_users",
          "Applied 001_invoices",
          "Applied 002_addresses",
          "Applied 002_payments"
        ])
      }
      deepStrictEqual(yield* Effect.provide(AutoMigration.migrate, first), [])
      deepStrictEqual(yield* Effect.provide(appliedIds, second), ["001_invoices", "002_payments"])
    })
  )
})
