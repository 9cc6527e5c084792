/** The check of a history: it finds no difference where there is none, and the two migrations to blame where there is one. */
import * as path from "node:path"
import * as Migrator from "@effect/sql/Migrator"
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import { assertNone, deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as MigrationGraph from "../../../src/core/graph/MigrationGraph.js"
import * as HistoryCheck from "../../../src/operate/HistoryCheck.js"
import * as HistoryRun from "../../../src/operate/HistoryRun.js"
import * as SqlParser from "../../../src/runtime/SqlParser.js"
import * as MigrationSource from "../../../src/source/MigrationSource.js"
import { root } from "../../support/repository/Repository.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"
import * as Unchanged from "../../support/server/Unchanged.js"

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

const at = (url: string) => ({ url: Redacted.make(url) })

const check = (graph: Graph, rounds = Number.POSITIVE_INFINITY) =>
  Effect.flatMap(Server.url, (url) => HistoryCheck.check(graph, { server: at(url), rounds }))

/** What a database holds after one migration, without the lines of its rows. */
const linesAfter = (statement: string) =>
  Effect.flatMap(Effect.all([graphOfFiles({ "1_one": statement }), Server.url]), ([{ migrations }, url]) =>
    HistoryRun.run(at(url), migrations)
  ).pipe(Effect.map((outcome) => (outcome._tag === "Built" ? outcome.lines : assert.fail(outcome.reason))))

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

  it.scopedLive("compares the rows of tables and columns of any name", () =>
    Effect.gen(function* () {
      const columns = ["key", "value", "name", "text", "t", "content", "pair", "a: b", 'x"y', "it's"]
      const declared = columns.map((column) => `"${column.replaceAll('"', '""')}" integer`).join(", ")
      const graph = yield* graphOfFiles({
        "1_tables": `CREATE TABLE "it's: a ""table""" (${declared})`,
        "2_row": `INSERT INTO "it's: a ""table""" (key) VALUES (1)`,
        "3_row": `UPDATE "it's: a ""table""" SET value = key`
      })
      assertNone((yield* check(graph)).difference)
      const { differences } = found(yield* check(withoutEdge(graph, "2_row", "3_row")))
      deepStrictEqual(
        differences.map((line) => line.replace(/[0-9a-f]{32}$/, "hash")),
        [
          `- values of public."it's: a ""table""".value`,
          `- values of public."it's: a ""table"""`,
          `+ values of public."it's: a ""table""".value`,
          `+ values of public."it's: a ""table"""`
        ].map((line) => `${line}: hash`)
      )
    })
  )

  it.scopedLive(
    "compares what only the catalog shows: casts, aggregates, operator classes, dictionaries, settings",
    () =>
      Effect.gen(function* () {
        const made = {
          cast: "CREATE TYPE pair AS (a integer, b integer); CREATE CAST (integer AS pair) WITH INOUT",
          aggregate: "CREATE AGGREGATE total (integer) (sfunc = int4pl, stype = integer)",
          "operator class":
            "CREATE OPERATOR CLASS swapped FOR TYPE integer USING btree AS OPERATOR 1 >, OPERATOR 3 =, OPERATOR 5 <, FUNCTION 1 btint4cmp (integer, integer)",
          "text search dictionary": "CREATE TEXT SEARCH DICTIONARY plain (TEMPLATE = simple, accept = false)",
          partitioned: "CREATE TABLE parts (id integer) PARTITION BY LIST (id)",
          "default privileges": "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC",
          settings: "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = 4096', current_database()); END $$"
        }
        const bare = yield* linesAfter("SELECT 1")
        for (const [kind, statement] of Object.entries(made)) {
          const added = (yield* linesAfter(statement)).filter((line) => !bare.includes(line))
          assert.isTrue(
            added.some((line) => line.startsWith(`${kind} `)),
            `${kind}: ${added.join("; ")}`
          )
        }
      })
  )

  it.scopedLive("runs migrations that are Effects", () =>
    Effect.gen(function* () {
      const sent = (statement: string) => Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(statement))
      const effects = (loader: Parameters<typeof Migrator.fromRecord>[0]) =>
        graphOf(MigrationSource.fromEffectMigrator(Migrator.fromRecord(loader), { provides: {} }))
      const users = sent("CREATE TABLE users (id integer UNIQUE)")
      const insert = sent("INSERT INTO users VALUES (1)")
      deepStrictEqual(yield* check(yield* effects({ "1_users": users, "2_user": insert })), {
        rounds: 0,
        open: 0,
        difference: Option.none()
      })
      const refused = yield* Effect.flip(
        check(yield* effects({ "1_users": users, "2_user": insert, "3_user": insert }))
      )
      assert.match(refused.message, /3_user, line 1: duplicate key value/)
    })
  )

  it.scopedLive("neither reads nor writes a ledger or any other table of the database that it connects to", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      yield* Database.query(
        url,
        "CREATE SCHEMA auto_migration; CREATE TABLE auto_migration.event (id text); CREATE TABLE users (id integer)"
      )
      const report = yield* Unchanged.unchanged(
        url,
        Effect.flatMap(graphOfFiles(users), (graph) => HistoryCheck.check(graph, { server: at(url) }))
      )
      assertNone(report.difference)
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
      const report = yield* HistoryCheck.check(yield* graphOfFiles(users), { server: at(serverUrl.href) })
      assertNone(report.difference)
      deepStrictEqual(yield* owned, [{ count: 0 }])
    })
  )
})

describe("the server of a check", () => {
  it.scopedLive("is given by a URL or by parts", () =>
    Effect.gen(function* () {
      const graph = yield* graphOfFiles({ "1_users": "CREATE TABLE users (id integer)" })
      const url = new URL(yield* Server.url)
      const parts = {
        host: url.hostname,
        port: Number(url.port),
        username: decodeURIComponent(url.username),
        password: Redacted.make(decodeURIComponent(url.password)),
        database: "postgres"
      }
      for (const server of [parts, at(`${url.href}?application_name=history`), at(url.href.replace(/\/\w+$/, ""))]) {
        deepStrictEqual(yield* HistoryCheck.check(graph, { server }), { rounds: 0, open: 0, difference: Option.none() })
      }
    })
  )
})

describe("a history that cannot be checked", () => {
  const refusal = (graph: Graph, serverUrl: string) =>
    Effect.map(Effect.flip(HistoryCheck.check(graph, { server: at(serverUrl) })), ({ message }) => message)

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

  it.scopedLive("is one that changes the server: file and line are named, and no database is made", () =>
    Effect.gen(function* () {
      const graph = yield* graphOfFiles({ "1_role": "SELECT 1;\nCREATE ROLE history_role" })
      assert.match(
        yield* refusal(graph, "postgresql://nobody@127.0.0.1:1/postgres"),
        /record:1_role:2\. Leave them out/
      )
    })
  )

  it.scopedLive("says so when there is no server", () =>
    Effect.gen(function* () {
      const message = yield* refusal(yield* graphOfFiles(users), "postgresql://nobody@127.0.0.1:1/postgres")
      assert.match(message, /^The server cannot be reached: .*Check the URL\.$/)
    })
  )
})
