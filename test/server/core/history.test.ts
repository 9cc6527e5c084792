/**
 * `npm run check:history`: it finds nothing where there is nothing, and what is wrong where something is.
 */
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { assertNone, deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as MigrationGraph from "../../../src/core/graph/MigrationGraph.js"
import * as SqlParser from "../../../src/runtime/SqlParser.js"
import * as MigrationSource from "../../../src/source/MigrationSource.js"
import * as HistoryCheck from "../../support/history/HistoryCheck.js"
import { root } from "../../support/repository/Repository.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"

type Graph = MigrationGraph.MigrationGraph

const graphOf = (source: Layer.Layer<MigrationSource.MigrationSource>) =>
  MigrationSource.loadMigrations.pipe(
    Effect.provide(Layer.merge(source, SqlParser.layer)),
    Effect.flatMap(MigrationGraph.make)
  )

const graphOfFiles = (files: Readonly<Record<string, string>>) => graphOf(MigrationSource.layerRecord(files))

/** As if the library had overlooked why one migration waits for another. */
const withoutEdge = (graph: Graph, from: string, to: string): Graph => ({
  ...graph,
  nodes: graph.nodes.map(({ migration, waits }) => ({
    migration,
    waits: new Map([...waits].filter(([earlier]) => migration.id !== to || graph.nodes[earlier]?.migration.id !== from))
  }))
})

const check = (graph: Graph, rounds = Number.POSITIVE_INFINITY) =>
  Effect.flatMap(Server.url, (serverUrl) => HistoryCheck.check({ graph, serverUrl, rounds }))

const found = (report: HistoryCheck.Report): HistoryCheck.Difference =>
  Option.getOrElse(report.difference, () => assert.fail("nothing was found"))

const users = {
  "1_users": "CREATE TABLE users (id integer)",
  "2_orders": "CREATE TABLE orders (id integer)",
  "3_name": "ALTER TABLE users ADD COLUMN name text",
  "4_email": "ALTER TABLE users ADD COLUMN email text"
}

describe("checking a history", () => {
  it.scopedLive("runs every pair that the graph leaves open both ways, and finds the shop's history in order", () =>
    Effect.gen(function* () {
      const graph = yield* graphOf(MigrationSource.layerDirectory(path.join(root, "docs/examples/shop/migrations")))
      const report = yield* check(graph)
      assertNone(report.difference)
      assert.strictEqual(report.open, 0)
      assert.isAbove(report.figures.unordered, 0)
      assert.isAbove(report.rounds, 0)
    })
  )

  it.scopedLive("finds the two whose order matters when the graph overlooks it, and nothing else to blame", () =>
    Effect.gen(function* () {
      const graph = yield* graphOfFiles(users)
      const difference = found(yield* check(withoutEdge(graph, "3_name", "4_email")))
      deepStrictEqual(difference.pair.map(String), ["3_name", "4_email"])
      assertNone(difference.explained)
      assert.isTrue(difference.isAlone)
      assert.match(difference.differences.join("\n"), /^- column public\.users 2: name/m)
      assert.match(difference.differences.join("\n"), /^\+ column public\.users 2: email/m)
      const swapped = new Map([
        ["3_name", "4_email"],
        ["4_email", "3_name"]
      ])
      deepStrictEqual(
        difference.order.map((id) => swapped.get(id) ?? String(id)),
        difference.other.map(String)
      )
    })
  )

  it.scopedLive("finds a migration that another order leaves without what it needs", () =>
    Effect.gen(function* () {
      const graph = yield* graphOfFiles(users)
      const difference = found(yield* check(withoutEdge(graph, "1_users", "3_name")))
      deepStrictEqual(difference.pair.map(String), ["1_users", "3_name"])
      deepStrictEqual(difference.differences, ['3_name, line 1: relation "users" does not exist'])
    })
  )

  it.scopedLive("compares rows, but not the values that another run of the same order changes", () =>
    Effect.gen(function* () {
      const graph = yield* graphOfFiles({
        "1_log": "CREATE TABLE log (at timestamptz DEFAULT clock_timestamp())",
        "2_users": "CREATE TABLE users (id integer)",
        "3_once": "INSERT INTO log DEFAULT VALUES",
        "4_once": "INSERT INTO log SELECT clock_timestamp() WHERE NOT EXISTS (SELECT FROM log)"
      })
      assertNone((yield* check(graph)).difference)
      const difference = found(yield* check(withoutEdge(graph, "3_once", "4_once")))
      deepStrictEqual(difference.differences, ["- rows of public.log: 1", "+ rows of public.log: 2"])
    })
  )

  it.scopedLive("finds a value that depends on the order", () =>
    Effect.gen(function* () {
      const graph = yield* graphOfFiles({
        "1_tables":
          "CREATE TABLE rates (rate integer); INSERT INTO rates VALUES (1); CREATE TABLE bills (rate integer, at timestamptz DEFAULT now())",
        "2_bill": "INSERT INTO bills SELECT rate FROM rates",
        "3_rate": "UPDATE rates SET rate = 2"
      })
      assertNone((yield* check(graph)).difference)
      const { differences } = found(yield* check(withoutEdge(graph, "2_bill", "3_rate")))
      deepStrictEqual(
        differences.map((line) => line.replace(/[0-9a-f]{32}$/, "hash")),
        ["- values of public.bills.rate: hash", "+ values of public.bills.rate: hash"]
      )
    })
  )

  it.scopedLive("stops after as many orders as it is given, and says how many pairs are left", () =>
    Effect.gen(function* () {
      const report = yield* check(yield* graphOfFiles(users), 0)
      deepStrictEqual({ open: report.open, rounds: report.rounds }, { open: 3, rounds: 0 })
    })
  )

  it.scopedLive("runs what cannot run in a transaction, and leaves nothing of a session to the next", () =>
    Effect.gen(function* () {
      const graph = yield* graphOfFiles({
        "1_app": "CREATE SCHEMA app; SET search_path = app; CREATE TABLE users (id integer)",
        "2_index": "CREATE INDEX CONCURRENTLY users_id ON app.users (id)",
        "3_orders": "CREATE TABLE orders (id integer)"
      })
      const report = yield* check(graph)
      assertNone(report.difference)
      assert.strictEqual(report.open, 0)
    })
  )

  it.scopedLive("leaves no database behind", () =>
    Effect.gen(function* () {
      const owned = Effect.flatMap(Server.url, (url) =>
        Database.query(url, "SELECT count(*)::int AS count FROM pg_database WHERE datdba = 'history_checker'::regrole")
      )
      const url = yield* Effect.flatMap(Server.url, (url) =>
        Effect.acquireRelease(
          Effect.as(Database.query(url, "CREATE ROLE history_checker LOGIN CREATEDB PASSWORD 'checker'"), url),
          () => Database.query(url, "DROP ROLE history_checker")
        )
      )
      const serverUrl = new URL(url)
      serverUrl.username = "history_checker"
      serverUrl.password = "checker"
      const report = yield* HistoryCheck.check({ graph: yield* graphOfFiles(users), serverUrl: serverUrl.href })
      assertNone(report.difference)
      deepStrictEqual(yield* owned, [{ count: 0 }])
    })
  )
})

describe("a history that cannot be checked", () => {
  const refusal = (graph: Graph, serverUrl: string) =>
    Effect.map(Effect.flip(HistoryCheck.check({ graph, serverUrl })), ({ message }) => message)

  it.scopedLive("is one that does not run in its own order: the file, the line and the server's words are named", () =>
    Effect.gen(function* () {
      const graph = yield* graphOfFiles({ "1_name": "SELECT 1;\nALTER TABLE users ADD COLUMN name text" })
      assert.match(yield* refusal(graph, yield* Server.url), /1_name, line 2: relation "users" does not exist/)
    })
  )

  it.scopedLive("says so when the role may not create databases", () =>
    Effect.gen(function* () {
      const url = new URL(yield* Server.url)
      const drop = Database.query(url.href, "DROP ROLE IF EXISTS history_reader")
      yield* Effect.acquireRelease(
        Database.query(url.href, "CREATE ROLE history_reader LOGIN PASSWORD 'reader'"),
        () => drop
      )
      url.username = "history_reader"
      url.password = "reader"
      assert.match(yield* refusal(yield* graphOfFiles(users), url.href), /history_reader may not create databases/)
    })
  )

  it.scopedLive("says so when there is no server", () =>
    Effect.gen(function* () {
      const message = yield* refusal(yield* graphOfFiles(users), "postgresql://nobody@127.0.0.1:1/postgres")
      assert.match(message, /^The server cannot be reached: .*Check the URL\.$/)
    })
  )
})

describe("the figures of a history", () => {
  it.effect("count barriers, closures, plans of ten pending, and pairs without an order", () =>
    Effect.gen(function* () {
      const { barriers, closure, column, columns, files, opaque, plan, unordered } = HistoryCheck.figures(
        yield* graphOfFiles(users)
      )
      deepStrictEqual({ barriers, files, opaque, unordered }, { barriers: [], files: 4, opaque: 0, unordered: 3 })
      assert.strictEqual(closure, (100 * (1 + 1 + 2 + 3)) / 4 / 4)
      assert.strictEqual(plan, (1 + 1 + 2 + 3) / 4)
      deepStrictEqual(columns, [2, 3])
      assert.strictEqual(column, (2 + 3) / 2)
    })
  )

  it.effect("name what is not understood by file and line", () =>
    Effect.gen(function* () {
      const { barriers, opaque } = HistoryCheck.figures(
        yield* graphOfFiles({
          "1_a": "SELECT 1",
          "2_b": "SELECT 1;\nGRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC"
        })
      )
      deepStrictEqual(
        barriers.map(({ id, line }) => ({ id: String(id), line })),
        [{ id: "2_b", line: 2 }]
      )
      assert.strictEqual(opaque, 50)
    })
  )
})
