/**
 * Bad luck and bad input around a heal, on the real server. After each, no migration is half-done and the next query heals.
 */
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import {
  AutoMigration,
  AutoMigrationConfig,
  AutoMigrationLive,
  MigrationSource,
  Policy,
  withAutoMigration
} from "effect-auto-migration"
import * as App from "../../support/program/App.js"
import { advisoryLocks } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Pause from "../../support/server/Pause.js"
import * as Server from "../../support/server/Server.js"
import { until } from "../../support/server/Until.js"
import * as WireTap from "../../support/server/WireTap.js"

const slow = { "001_slow": `CREATE TABLE slow (id integer);\n${Pause.statement}` }
const options = { policy: Policy.always }

const ask = Effect.flatMap(SqlClient.SqlClient, (sql) => withAutoMigration(sql`SELECT id FROM slow`))

/** A database in which the migration does not end until {@link Pause.lasts} says so. */
const slowDatabase = Effect.tap(Server.freshDatabase, (url) => Pause.lasts(url, 600))

const nothingIsLeft = (url: string) =>
  Effect.gen(function* () {
    deepStrictEqual(yield* Database.query(url, "SELECT to_regclass('slow') AS found"), [{ found: null }])
    yield* until(Effect.map(Database.query(url, advisoryLocks), ([row]) => row?.["n"] === 0))
    const { applied } = yield* AutoMigration.status
    deepStrictEqual(applied, [])
  })

describe("in the middle of a migration", () => {
  it.scopedLive("the connection is cut: DatabaseUnavailable, nothing applied, and the next query heals", () =>
    Effect.gen(function* () {
      const url = yield* slowDatabase
      const tap = yield* WireTap.make(url)
      yield* Effect.gen(function* () {
        const fiber = yield* Effect.fork(Effect.flip(ask))
        yield* Pause.untilSleeping(url)
        yield* tap.cut
        const error = yield* Fiber.join(fiber)
        assert.strictEqual(error._tag, "DatabaseUnavailable")
        yield* nothingIsLeft(url)
        yield* Pause.lasts(url, 0)
        deepStrictEqual(yield* ask, [])
      }).pipe(Effect.provide(App.layerWithMigrator({ url, migratorUrl: tap.url, migrations: slow, options })))
    })
  )

  it.scopedLive("the statement is cancelled: DatabaseUnavailable, nothing applied, and the next query heals", () =>
    Effect.gen(function* () {
      const url = yield* slowDatabase
      yield* Effect.gen(function* () {
        const fiber = yield* Effect.fork(Effect.flip(ask))
        yield* Pause.untilSleeping(url)
        yield* Database.query(url, `SELECT pg_cancel_backend(pid) FROM (${Pause.sleeping}) AS migrating`)
        const error = yield* Fiber.join(fiber)
        assert.strictEqual(error._tag, "DatabaseUnavailable")
        assert.match(error.message, /canceling statement/)
        yield* nothingIsLeft(url)
        yield* Pause.lasts(url, 0)
        deepStrictEqual(yield* ask, [])
      }).pipe(Effect.provide(App.layer({ url, migrations: slow, options })))
    })
  )

  it.scopedLive("the program ends: the migration is rolled back and no lock is left", () =>
    Effect.gen(function* () {
      const url = yield* slowDatabase
      const program = yield* ask.pipe(Effect.provide(App.layer({ url, migrations: slow, options })), Effect.forkDaemon)
      yield* Pause.untilSleeping(url)
      yield* Fiber.interrupt(program)
      yield* nothingIsLeft(url).pipe(Effect.provide(App.layer({ url, migrations: slow, options })))
    })
  )

  it.scopedLive("the deadline passes: HealTimeout, and the migration is rolled back", () =>
    Effect.gen(function* () {
      const url = yield* slowDatabase
      yield* Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const results = yield* Effect.all([Effect.exit(ask), Effect.exit(ask)], { concurrency: "unbounded" })
        assert.isTrue(results.every(Exit.isFailure))
        assert.match(String(results[0]), /HealTimeout|DatabaseUnavailable/)
        deepStrictEqual(yield* sql`SELECT to_regclass('slow') AS found`, [{ found: null }])
      }).pipe(
        Effect.provide(
          App.layer({
            url,
            migrations: slow,
            options: { ...options, deadline: Duration.millis(500), lockTimeout: Duration.millis(100) }
          })
        )
      )
    })
  )
})

describe("the server", () => {
  it.scopedLive("is out of reach of the migrations: DatabaseUnavailable names the query's error as its cause", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const nowhere = new URL(url)
      nowhere.port = "1"
      const error = yield* Effect.flip(ask).pipe(
        Effect.provide(App.layerWithMigrator({ url, migratorUrl: nowhere.href, migrations: slow, options }))
      )
      assert.strictEqual(error._tag, "DatabaseUnavailable")
      assert.strictEqual(Reflect.get(Object(error.cause), "_tag"), "SqlError")
    })
  )

  it.scopedLive("breaks the query's connection: the query keeps its own error", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const tap = yield* WireTap.make(url)
      yield* Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const fiber = yield* Effect.fork(Effect.flip(withAutoMigration(sql`SELECT pg_sleep(600)`)))
        yield* Pause.untilSleeping(url)
        yield* tap.cut
        assert.strictEqual((yield* Fiber.join(fiber))._tag, "SqlError")
      }).pipe(Effect.provide(App.layer({ url: tap.url, migrations: slow, options })))
    })
  )
})

describe("a folder of migrations", () => {
  const folder = Effect.acquireRelease(
    Effect.promise(() => fs.mkdtemp(path.join(os.tmpdir(), "migrations-"))),
    (directory) => Effect.promise(() => fs.rm(directory, { recursive: true, force: true }))
  )

  const programIn = (url: string, directory: string) =>
    AutoMigrationLive.pipe(
      Layer.provide(MigrationSource.layerDirectory(directory)),
      Layer.provide(AutoMigrationConfig.layer({})),
      Layer.provideMerge(App.client({ url }))
    )

  it.scopedLive("that is empty works and heals nothing", () =>
    Effect.gen(function* () {
      const [url, directory] = yield* Effect.all([Server.freshDatabase, folder])
      yield* Effect.gen(function* () {
        assert.strictEqual((yield* Effect.flip(ask))._tag, "SqlError")
        deepStrictEqual(yield* AutoMigration.migrate, [])
        deepStrictEqual(yield* AutoMigration.status, {
          applied: [],
          pending: [],
          unknown: [],
          edited: [],
          renamed: [],
          overtaken: [],
          warnings: [],
          elsewhere: [],
          held: []
        })
      }).pipe(Effect.provide(programIn(url, directory)))
    })
  )

  it.scopedLive("with a byte order mark, CRLF and a file without a statement is applied as it stands", () =>
    Effect.gen(function* () {
      const [url, directory] = yield* Effect.all([Server.freshDatabase, folder])
      yield* Effect.promise(() =>
        Promise.all([
          fs.writeFile(path.join(directory, "001_nothing.sql"), "-- nothing yet\r\n"),
          fs.writeFile(path.join(directory, "002_slow.sql"), "\uFEFFCREATE TABLE slow (\r\n  id integer\r\n);\r\n")
        ])
      )
      yield* Effect.gen(function* () {
        deepStrictEqual(yield* ask, [])
        deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.migrate, ["001_nothing"])
      }).pipe(Effect.provide(programIn(url, directory)))
    })
  )

  for (const [what, tag, write] of [
    ["that is missing", "MigrationUnreadable", (directory: string) => fs.rmdir(directory)],
    [
      "with a syntax error",
      "InvalidSql",
      (directory: string) =>
        fs.writeFile(path.join(directory, "001.sql"), "CREATE TABLE a (id integer);\nCREAT TABLE b ();")
    ],
    [
      "with invalid UTF-8",
      "InvalidEncoding",
      (directory: string) => fs.writeFile(path.join(directory, "001.sql"), Buffer.from([0x2d, 0x2d, 0xff, 0x0a]))
    ],
    [
      "with an unknown directive",
      "InvalidDirective",
      (directory: string) => fs.writeFile(path.join(directory, "001.sql"), "-- transaction: maybe\nSELECT 1;")
    ],
    [
      "with a directive that names an unknown id",
      "UnknownRequirement",
      (directory: string) => fs.writeFile(path.join(directory, "001.sql"), "-- requires: 000_none\nSELECT 1;")
    ]
  ] as const) {
    it.scopedLive(`${what}: ${tag}, which names the file, when the layer is built`, () =>
      Effect.gen(function* () {
        const [url, directory] = yield* Effect.all([Server.freshDatabase, folder])
        yield* Effect.promise(() => write(directory))
        const error = yield* Effect.flip(Effect.provide(ask, programIn(url, directory)))
        assert.strictEqual(error._tag, tag)
        assert.include(error.message, what === "that is missing" ? directory : "001.sql")
      })
    )
  }
})
