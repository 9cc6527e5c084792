/**
 * What a program does with the built package, on the runtime that runs this file: heals a query and a transaction, migrates, follows the
 * ledger by `LISTEN`, interrupts a migration, asks the command line, and loads the package by `require`. It needs `DATABASE_URL` and
 * `dist`, and ends with an error at the first claim that does not hold.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { createRequire } from "node:module"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { SqlClient } from "@effect/sql/SqlClient"
import * as PgClient from "@effect/sql-pg/PgClient"
import { Chunk, Config, Effect, Fiber, Layer, Schedule, Stream } from "effect"
import { AutoMigration, AutoMigrationLive, MigrationSource, withAutoMigration } from "../../dist/index.js"

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "runtime-"))

const write = (id, sql) => fs.writeFileSync(path.join(folder, `${id}.sql`), sql)

/** Reads the folder when it is provided. */
const live = () =>
  Layer.fresh(AutoMigrationLive).pipe(
    Layer.provide(MigrationSource.layerDirectory(folder)),
    Layer.provideMerge(PgClient.layerConfig({ url: Config.redacted("DATABASE_URL") }))
  )

const claim = (name, work) =>
  Effect.andThen(Effect.provide(work, live()), () => Effect.sync(() => console.log(`works  ${name}`)))

const sessions = (text) =>
  Effect.flatMap(
    SqlClient,
    (sql) => sql`SELECT pid FROM pg_stat_activity WHERE query LIKE ${text} AND pid <> pg_backend_pid()
      AND datname = current_database() AND (state = 'active' OR query LIKE 'LISTEN%')`
  )

const until = (question, holds) =>
  Effect.repeat(question, { until: holds, schedule: Schedule.spaced("50 millis") }).pipe(Effect.timeout("1 minute"))

const heal = Effect.gen(function* () {
  const sql = yield* SqlClient
  deepEqual(yield* withAutoMigration(sql`SELECT id FROM users`), [])
})

const transaction = Effect.gen(function* () {
  const sql = yield* SqlClient
  const work = Effect.zipRight(sql`INSERT INTO users (id) VALUES (1)`, sql`SELECT id FROM orders`)
  deepEqual(yield* withAutoMigration(sql.withTransaction(work)), [])
  deepEqual(yield* sql`SELECT id FROM users`, [{ id: 1 }])
})

const follow = Effect.gen(function* () {
  const ids = AutoMigration.follow.pipe(Stream.map(({ migrationId }) => String(migrationId)))
  const seen = yield* Effect.fork(Stream.runCollect(Stream.takeUntil(ids, (id) => id === "003_emails")))
  yield* until(sessions("LISTEN%"), (rows) => rows.length > 0)
  deepEqual(yield* AutoMigration.migrate, ["003_emails"])
  ok(Chunk.toReadonlyArray(yield* Fiber.join(seen)).includes("002_orders"))
})

const interrupt = Effect.gen(function* () {
  const migrating = yield* Effect.fork(AutoMigration.migrate)
  yield* until(sessions("%pg_sleep%"), (rows) => rows.length > 0)
  yield* Fiber.interrupt(migrating)
  yield* until(sessions("%pg_sleep%"), (rows) => rows.length === 0)
  deepEqual((yield* AutoMigration.status).pending, ["004_slow"])
})

const commandLine = Effect.sync(() => {
  const file = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url))
  const { status, stderr, stdout } = spawnSync(process.execPath, [file, "status", "--folder", folder], {
    encoding: "utf8"
  })
  match(stdout, /3 applied, 1 pending/, stderr)
  equal(status, 3, stderr)
})

const required = Effect.sync(() => {
  equal(createRequire(import.meta.url)("../../dist/index.js").withAutoMigration, withAutoMigration)
})

const program = Effect.gen(function* () {
  write("001_users", "CREATE TABLE users (id integer);")
  yield* claim("a heal", heal)
  write("002_orders", "CREATE TABLE orders (id integer);")
  yield* claim("a transaction", transaction)
  write("003_emails", "CREATE TABLE emails (id integer);")
  yield* claim("LISTEN and migrate", follow)
  write("004_slow", "SELECT pg_sleep(600);")
  yield* claim("an interrupted migration", interrupt)
  yield* claim("the command line", commandLine)
  yield* claim("require", required)
})

await Effect.runPromise(program).finally(() => fs.rmSync(folder, { recursive: true, force: true }))
