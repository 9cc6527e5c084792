/**
 * `npm run demo`: a small shop whose schema is behind its code. Every claim that is printed is checked; the program ends with
 * an error at the first one that does not hold.
 */
import { deepStrictEqual } from "node:assert"
import { SqlClient } from "@effect/sql"
import { Cause, Chunk, Effect, Either, Exit, Fiber, Predicate, Schema, Stream } from "effect"
import { AutoMigration, type LedgerEvent, withAutoMigration } from "effect-auto-migration"
import * as Database from "./Database.js"
import * as Fleet from "./Fleet.js"
import * as Shop from "./Shop.js"

const say = (label: string, text: string) =>
  Effect.sync(() => {
    const [first, ...rest] = text.trim().split(/\n\s*/)
    console.log(`  ${label.padEnd(11)} ${first}`)
    for (const line of rest) console.log(`  ${"".padEnd(11)} ${line}`)
  })

const title = (text: string) => Effect.sync(() => console.log(`\n${text}`))

/** Compares what happened with what this program says happens. */
const claim = (what: string, actual: unknown, expected: unknown) =>
  Effect.try({
    try: () =>
      deepStrictEqual(actual, expected, `${what}: got ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`),
    catch: (error) => error
  })

const messageOf = (error: unknown): string =>
  Predicate.hasProperty(error, "cause") && error.cause instanceof Error
    ? `${Predicate.hasProperty(error.cause, "code") ? `${error.cause.code} ` : ""}${error.cause.message}`
    : String(error)

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
    const failure = messageOf(yield* Effect.flip(query))
    yield* say("fails with", failure)
    yield* claim("the SQLSTATE", failure.slice(0, 5), scene.code)
    const before = (yield* eventsSince(0)).length
    const rows = yield* query.pipe(withAutoMigration)
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
    yield* claim(
      "the events",
      events.map(({ kind, migrationId }) => [kind, migrationId]),
      scene.applies.map((id) => ["Applied", id])
    )
    yield* result(rows, scene.gives)
  })

const result = (rows: ReadonlyArray<unknown>, expected: ReadonlyArray<object>) =>
  Effect.zipRight(say("result", JSON.stringify(rows)), claim("the result", rows, expected))

/** Three migrations applied ahead of time, some rows, and code that needed no more. */
const yesterday = Effect.gen(function* () {
  yield* title("Yesterday's release is deployed, and its three migrations with it")
  yield* say("applied", (yield* AutoMigration.migrate).join(", "))
  const sql = yield* SqlClient.SqlClient
  yield* Effect.forEach(Shop.rowsOfYesterday, (rows) => rows(sql))
})

const scenes = Effect.gen(function* () {
  yield* title("Today's release is deployed without a word about migrations")
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
  yield* refused
})

const misspelt = Effect.gen(function* () {
  yield* title("A mistake in the query is nobody's migration: the error arrives as it came")
  const query = Shop.misspelt(yield* SqlClient.SqlClient)
  yield* say("query", query.compile()[0])
  const bare = messageOf(yield* Effect.flip(query))
  const before = (yield* eventsSince(0)).length
  const error = yield* Effect.flip(withAutoMigration(query))
  yield* say("fails with", messageOf(error))
  yield* claim("the error", [error._tag, messageOf(error)], ["SqlError", bare])
  yield* claim("the events", yield* eventsSince(before), [])
})

const refused = Effect.gen(function* () {
  yield* title("What would lose data waits for an operator")
  const query = Shop.phones(yield* SqlClient.SqlClient)
  yield* say("query", query.compile()[0])
  const before = (yield* eventsSince(0)).length
  const error = yield* Effect.flip(withAutoMigration(query))
  yield* say("fails with", error.message)
  yield* claim("the error", error._tag, "MigrationRefused")
  yield* claim("the events", yield* eventsSince(before), [])
})

const fleetSize = 8

const fleet = (place: Database.Place) =>
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
      "the results",
      reports.map(({ rows }) => rows),
      reports.map(() => expected)
    )
    yield* claim(
      "the number of processes that applied something",
      reports.filter(({ applied }) => applied > 0).length,
      1
    )
    const events = yield* eventsSince(before)
    yield* claim(
      "the events",
      events.map(({ kind, migrationId }) => [kind, migrationId]),
      [["Applied", "010_stock"]]
    )
    yield* say("so", "010_stock was applied once")
  })

const operator = Effect.gen(function* () {
  yield* title("An operator applies the rest")
  const applied = yield* AutoMigration.migrate
  yield* say("applied", applied.join(", "))
  yield* claim("what was left", applied, ["011_phone_replaces_fax"])
  const query = Shop.phones(yield* SqlClient.SqlClient)
  yield* say("query", query.compile()[0])
  yield* result(yield* withAutoMigration(query), [
    { name: "Ada", phone: null },
    { name: "Edgar", phone: null }
  ])
})

const ledger = Effect.gen(function* () {
  yield* title("The ledger")
  const events = yield* eventsSince(0)
  yield* Effect.forEach(events, ({ hash, kind, migrationId, sequence }) =>
    say(String(sequence), `${kind} ${migrationId.padEnd(45)} ${hash.slice(0, 12)}`)
  )
  const { applied, pending } = yield* AutoMigration.status
  yield* claim("what is pending", pending, [])
  yield* claim(
    "the migrations in the ledger, each once",
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
  yield* claim("the last event of the unbroken chain", head.hash, events.at(-1)?.hash)
  yield* say("verified", `the chain of ${events.length} events is unbroken, and each migration is in it once`)
})

const demo = Effect.gen(function* () {
  const { place, version, where } = yield* Database.acquire
  yield* title(`A shop on PostgreSQL ${version} (${where})`)
  yield* Effect.provide(yesterday, Database.layer(place, Database.yesterday))
  yield* Effect.all([scenes, fleet(place), operator, ledger], { discard: true }).pipe(
    Effect.provide(Database.layer(place, Database.today))
  )
  yield* title("Everything happened as claimed.")
}).pipe(Effect.scoped, Effect.timeout("2 minutes"))

const [role, argument] = process.argv.slice(2)
const fiber = Effect.runFork(role === "instance" ? Fleet.instance(argument ?? "") : demo)

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => Effect.runFork(Fiber.interrupt(fiber)))
}

fiber.addObserver((exit) => {
  process.exitCode = Exit.isSuccess(exit) ? 0 : 1
  if (Exit.isFailure(exit)) console.error(`\n${Cause.pretty(exit.cause)}`)
})
