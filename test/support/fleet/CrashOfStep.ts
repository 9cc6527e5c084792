/**
 * An operator's run with a step outside transactions that is killed, and what must hold afterwards, whatever the message. Its
 * lease outlives it; that its time is over is said by hand, since nobody wants to wait for it that often.
 */
import { assert } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { AutoMigration } from "effect-auto-migration"
import * as App from "../program/App.js"
import { failsWith, kinds, nothingIsLeft } from "../program/Situation.js"
import * as Database from "../server/Database.js"
import * as Server from "../server/Server.js"
import type * as Crash from "./Crash.js"

const first = { "001_journal": "CREATE TABLE journal (entry text NOT NULL);" }

/** Whether each of its statements has run is to be seen in the catalog, or may run again. */
const repairable = {
  ...first,
  "002_orders": "CREATE TABLE orders (id integer, paid boolean);\nINSERT INTO journal VALUES ('orders');",
  "003_paid":
    "CREATE INDEX CONCURRENTLY orders_paid ON orders (paid);\nVACUUM orders;\n" +
    "REINDEX INDEX CONCURRENTLY orders_paid;\nDROP INDEX CONCURRENTLY IF EXISTS orders_unpaid;",
  "004_lines": "CREATE TABLE lines (id integer);\nINSERT INTO journal VALUES ('lines');"
}

/** Of its first statement nothing tells. */
const doubtful = {
  ...first,
  "002_rows":
    "-- transaction: none\nINSERT INTO journal VALUES ('rows');\nCREATE INDEX CONCURRENTLY journal_entry ON journal (entry);"
}

const migrating =
  (migrations: Readonly<Record<string, string>>) =>
  (file: string): Crash.Victim => ({
    file,
    program: { migrations, maxConnections: 2, policy: "default" },
    word: { _tag: "Migrate" }
  })

/** With a ledger, and with the first migration applied. */
export const prepared = Effect.tap(Server.freshDatabase, (url) =>
  Effect.provide(AutoMigration.migrate, App.layer({ url, migrations: first }))
)

const leaseIsOver = (url: string) => Database.query(url, "UPDATE auto_migration.lease SET lasts = '0'")

const applied = Effect.map(kinds, (log) => log.filter((event) => event.startsWith("Applied")).toSorted())

const ledgerHolds = (migrations: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    deepStrictEqual(
      yield* applied,
      Object.keys(migrations).map((id) => `Applied ${id}`)
    )
    assert.isTrue(Either.isRight(yield* AutoMigration.verify))
  })

const indexes = `SELECT c.relname AS name, indisvalid AS valid FROM pg_index JOIN pg_class c ON c.oid = indexrelid
  WHERE indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace) ORDER BY 1`

const leases = "SELECT migration_id FROM auto_migration.lease"

const entries = "SELECT entry FROM journal ORDER BY entry"

/** The next run finishes what was begun: each statement's effect is there once, the index is valid, and nothing is left. */
const isFinished = (url: string) =>
  Effect.gen(function* () {
    yield* leaseIsOver(url)
    yield* AutoMigration.migrate
    deepStrictEqual(yield* Database.query(url, entries), [{ entry: "lines" }, { entry: "orders" }])
    deepStrictEqual(yield* Database.query(url, indexes), [{ name: "orders_paid", valid: true }])
    yield* ledgerHolds(repairable)
    deepStrictEqual(yield* Database.query(url, leases), [])
  }).pipe(Effect.provide(App.layer({ url, migrations: repairable })), Effect.zipRight(nothingIsLeft(url)))

/** The next run finishes it, or names the statement that somebody has to look for; nothing runs twice either way. */
const isFinishedOrNamed = (url: string) =>
  Effect.gen(function* () {
    yield* leaseIsOver(url)
    const found = yield* Effect.either(AutoMigration.migrate)
    const rows = yield* Database.query(url, entries)
    if (Either.isRight(found)) {
      deepStrictEqual(rows, [{ entry: "rows" }])
    } else {
      const { statement } = yield* failsWith("StatementInDoubt", found)
      assert.strictEqual(statement, "INSERT INTO journal VALUES ('rows')")
      if (rows.length === 0) yield* AutoMigration.migrateAgain(["002_rows"])
      else yield* AutoMigration.baseline(["002_rows"])
      deepStrictEqual(yield* Database.query(url, entries), [{ entry: "rows" }])
    }
    deepStrictEqual(yield* AutoMigration.migrate, [])
    deepStrictEqual(yield* Database.query(url, leases), [])
  }).pipe(Effect.provide(App.layer({ url, migrations: doubtful })), Effect.zipRight(nothingIsLeft(url)))

export const cases = [
  { of: "a step outside transactions", victim: migrating(repairable), holds: isFinished },
  { of: "a step of which nothing tells whether it ran", victim: migrating(doubtful), holds: isFinishedOrNamed }
] as const
