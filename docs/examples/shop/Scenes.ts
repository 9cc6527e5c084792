/**
 * What happens in the shop, scene by scene. Every claim that is printed is checked; the first one that does not hold ends the demo.
 */
import * as SqlClient from "@effect/sql/SqlClient"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { AutoMigration, type LedgerEvent, withAutoMigration } from "effect-auto-migration"
import type * as Database from "./Database.js"
import * as Fleet from "./Fleet.js"
import * as Operator from "./Operator.js"
import * as Shop from "./Shop.js"
import { claim, messageOf, say, title, waitingFor } from "./Telling.js"

const Detail = Schema.parseJson(
  Schema.Struct({
    gap: Schema.optional(Schema.String),
    plan: Schema.optionalWith(Schema.Array(Schema.String), { default: () => [] }),
    milliseconds: Schema.optional(Schema.Number)
  })
)

/** What the ledger recorded since it had that many events. */
const eventsSince = (count: number) =>
  Effect.map(Stream.runCollect(AutoMigration.events), (events) => Chunk.toReadonlyArray(events).slice(count))

const claimApplied = (before: number, ids: ReadonlyArray<string>) =>
  Effect.flatMap(eventsSince(before), (events) =>
    claim(
      "What the ledger recorded",
      events.map(({ kind, migrationId }) => `${kind} ${migrationId}`),
      ids.map((id) => `Applied ${id}`)
    )
  )

/** The error of what has to fail. */
const failureOf = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.matchEffect(self, {
    onFailure: Effect.succeed,
    onSuccess: (answer) => claim("The answer", answer, "an error").pipe(Effect.zipRight(Effect.never))
  })

const isOfTheShop = ({ migrationId }: LedgerEvent.LedgerEvent): boolean => /^\d/.test(migrationId)

/** The query as it fails today, then the same query protected, and what the ledger recorded meanwhile. */
const heals = (scene: {
  readonly title: string
  readonly query: Shop.Query
  readonly code: string
  readonly applies: ReadonlyArray<string>
  readonly gives: ReadonlyArray<object>
}) =>
  Effect.gen(function* () {
    yield* title(scene.title)
    const query = scene.query(yield* SqlClient.SqlClient)
    yield* say("query", query.compile()[0])
    const failure = messageOf(yield* failureOf(query))
    yield* say("fails with", failure)
    yield* claim("The SQLSTATE", failure.slice(0, 5), scene.code)
    const before = (yield* eventsSince(0)).length
    const rows = yield* query.pipe(withAutoMigration, waitingFor("the migration and the query"))
    const events = yield* eventsSince(before)
    const details = yield* Effect.forEach(events, ({ detail }) => Schema.decodeUnknown(Detail)(detail))
    yield* say("gap", details[0]?.gap ?? "")
    yield* say("plan", details[0]?.plan.join(", ") ?? "")
    yield* say(
      "applied",
      events
        .map(({ migrationId }, index) => `${migrationId} in ${details[index]?.milliseconds?.toFixed(1)} ms`)
        .join("\n")
    )
    yield* claimApplied(before, scene.applies)
    yield* result(rows, scene.gives)
  })

const result = (rows: ReadonlyArray<unknown>, expected: ReadonlyArray<object>) =>
  Effect.zipRight(say("result", JSON.stringify(rows)), claim("The result", rows, expected))

/** Three migrations applied ahead of time, some rows, and code that needed no more. */
export const yesterday = Effect.gen(function* () {
  yield* title("Yesterday's release is deployed, and its three migrations with it")
  yield* say("applied", (yield* AutoMigration.migrate).join(", "))
  const sql = yield* SqlClient.SqlClient
  yield* Effect.forEach(Shop.rowsOfYesterday, (rows) => rows(sql))
})

/** Returns the command that the refusal names. */
export const today = Effect.gen(function* () {
  yield* title("Today's release is deployed, and none of its migrations is applied")
  yield* say("pending", (yield* AutoMigration.status).pending.join(", "))
  yield* heals({
    title: "A table is missing; an index on it comes along while the table is empty",
    query: Shop.putIntoBasket,
    code: "42P01",
    applies: ["004_order_lines", "005_order_lines_by_product"],
    gives: [
      { sku: "tea", quantity: 3 },
      { sku: "cup", quantity: 1 }
    ]
  })
  yield* heals({
    title: "An enum lacks a value",
    query: Shop.ship,
    code: "22P02",
    applies: ["006_orders_are_shipped"],
    gives: [{ id: "1", status: "shipped" }]
  })
  yield* heals({
    title: "A view is missing, and the function that it calls",
    query: Shop.bestCustomers,
    code: "42P01",
    applies: ["007_order_total", "008_customer_revenue"],
    gives: [{ name: "Ada", cents: 2550 }]
  })
  yield* heals({
    title: "ON CONFLICT finds no unique constraint",
    query: Shop.wish,
    code: "42P10",
    applies: ["009_one_wish_per_product"],
    gives: [{ sku: "pot", quantity: 1 }]
  })
  yield* misspelt
  return yield* refused
})

const misspelt = Effect.gen(function* () {
  yield* title("A mistake in the query, which no migration corrects: the error arrives as it came")
  const query = Shop.misspelt(yield* SqlClient.SqlClient)
  yield* say("query", query.compile()[0])
  const bare = messageOf(yield* failureOf(query))
  const before = (yield* eventsSince(0)).length
  const error = yield* failureOf(withAutoMigration(query))
  yield* say("fails with", messageOf(error))
  yield* claim("The error", [error._tag, messageOf(error)], ["SqlError", bare])
  yield* claimApplied(before, [])
})

const refused = Effect.gen(function* () {
  yield* title("What would lose data waits for an operator")
  const query = Shop.phones(yield* SqlClient.SqlClient)
  yield* say("query", query.compile()[0])
  const before = (yield* eventsSince(0)).length
  const error = yield* failureOf(withAutoMigration(query))
  yield* say("fails with", error.message)
  yield* claimApplied(before, [])
  yield* claim("The error", error._tag, "MigrationRefused")
  return error._tag === "MigrationRefused" ? error.command : ""
})

const fleetSize = 8

export const fleet = (place: Database.Place) =>
  Effect.gen(function* () {
    yield* title(`${fleetSize} processes hit one missing column at once`)
    yield* say("query", Shop.stock(yield* SqlClient.SqlClient).compile()[0])
    const before = (yield* eventsSince(0)).length
    const reports = yield* Fleet.run(fleetSize, place)
    const expected = ["cup", "pot", "tea"].map((sku) => ({ sku, stock: 0 }))
    yield* Effect.forEach(reports, ({ applied, rows }, index) =>
      say(`process ${index + 1}`, `applied ${applied}, got ${JSON.stringify(rows)}`)
    )
    yield* claim(
      "The results",
      reports.map(({ rows }) => rows),
      reports.map(() => expected)
    )
    yield* claim(
      "The number of processes that applied something",
      reports.filter(({ applied }) => applied > 0).length,
      1
    )
    yield* claimApplied(before, ["010_stock"])
    yield* say("so", "010_stock was applied once")
  })

export const operator = (place: Database.Place, command: string) =>
  Effect.gen(function* () {
    yield* title("An operator applies it by hand, with DATABASE_URL set")
    const before = (yield* eventsSince(0)).length
    yield* Operator.types(command, place)
    yield* claimApplied(before, ["011_phone_replaces_fax"])
    const query = Shop.phones(yield* SqlClient.SqlClient)
    yield* say("query", query.compile()[0])
    yield* result(yield* withAutoMigration(query), [
      { name: "Ada", phone: null },
      { name: "Edgar", phone: null }
    ])
  })

export const ledger = Effect.gen(function* () {
  yield* title("The ledger")
  const events = yield* eventsSince(0)
  yield* Effect.forEach(events, ({ hash, kind, migrationId, sequence }) =>
    say(String(sequence), `${kind} ${migrationId.padEnd(45)} ${hash.slice(0, 12)}`)
  )
  const { applied, pending } = yield* AutoMigration.status
  yield* claim("What is pending", pending, [])
  yield* claim(
    "The migrations in the ledger, each once",
    events
      .filter(isOfTheShop)
      .map(({ kind, migrationId }) => `${kind} ${migrationId}`)
      .sort(),
    applied.map((id) => `Applied ${id}`).sort()
  )
  const head = Either.getOrThrowWith(
    yield* AutoMigration.verify,
    ({ reason, sequence }) => new Error(`event ${sequence} does not follow from those before it: ${reason}`)
  )
  yield* claim("The last event of the unbroken chain", head.hash, events.at(-1)?.hash)
  yield* say("verified", `the chain of ${events.length} events is unbroken, and each migration is in it once`)
})
