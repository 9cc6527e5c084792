/**
 * A heal of two migrations that is killed, and what must hold afterwards, whatever the step.
 */
import { assert } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { AutoMigration } from "effect-auto-migration"
import * as App from "../program/App.js"
import { appliedIds, ask, kinds, nothingIsLeft } from "../program/Situation.js"
import * as Server from "../server/Server.js"
import type * as Crash from "./Crash.js"

const first = { "001_journal": "CREATE TABLE journal (entry text NOT NULL);" }

/** What runs twice is seen twice. */
const migrations = {
  ...first,
  "002_orders": "CREATE TABLE orders (id integer PRIMARY KEY);\nINSERT INTO journal VALUES ('orders');",
  "003_lines": "CREATE TABLE lines (id integer PRIMARY KEY REFERENCES orders);\nINSERT INTO journal VALUES ('lines');"
}

export const victim = (file: string): Crash.Victim => ({
  file,
  program: { migrations, maxConnections: 2, policy: "default" },
  word: { _tag: "Query", queries: [{ place: 0, text: "SELECT id FROM lines" }] }
})

/** With a ledger, and with the first migration applied. */
export const prepared = Effect.tap(Server.freshDatabase, (url) =>
  Effect.provide(ask("SELECT entry FROM journal"), App.layer({ url, migrations: first }))
)

/** The next query heals, nothing is applied twice, ledger and catalog agree, and nothing of the dead process is left. */
export const holds = (url: string) =>
  Effect.gen(function* () {
    deepStrictEqual(yield* ask("SELECT id FROM lines"), [])
    deepStrictEqual(yield* ask("SELECT entry FROM journal ORDER BY entry"), [{ entry: "lines" }, { entry: "orders" }])
    deepStrictEqual((yield* kinds).toSorted(), ["Applied 001_journal", "Applied 002_orders", "Applied 003_lines"])
    deepStrictEqual((yield* appliedIds).toSorted(), ["001_journal", "002_orders", "003_lines"])
    assert.isTrue(Either.isRight(yield* AutoMigration.verify))
  }).pipe(Effect.provide(App.layer({ url, migrations })), Effect.zipRight(nothingIsLeft(url)))
