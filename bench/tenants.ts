/**
 * What a tenant costs in a program of a thousand tenants that share its migrations.
 *
 * Workload: one database with a schema for each tenant, a folder of 100 migrations, and one query for each tenant, which fails
 * for want of a table and a column that two of them bring. Each tenant has a client and a ledger of its own. Measured: the time
 * from building the tenant's layer to the query's result, next to that of a program of one database, whose layer reads the
 * same migrations (the two alternate, and the ratio is that of the medians); and the heap that a tenant holds when its
 * connections are closed and its layer is not. That each tenant's ledger holds both migrations, and that no connection is
 * left, is checked outside the measured region.
 */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { SqlClient } from "@effect/sql/SqlClient"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as LayerMap from "effect/LayerMap"
import * as Redacted from "effect/Redacted"
import * as AutoMigration from "../src/AutoMigration.js"
import * as AutoMigrationConfig from "../src/runtime/AutoMigrationConfig.js"
import * as MigrationSource from "../src/source/MigrationSource.js"
import * as SharedMigrations from "../src/source/SharedMigrations.js"
import * as Database from "../test/support/server/Database.js"
import * as EmbeddedServer from "../test/support/server/EmbeddedServer.js"
import type { Measurement } from "./run.js"

const tenants = 1000
const warmUp = 3
const pairs = 31

const others = Array.from({ length: 98 }, (_, n) => [
  `${100 + n}_other`,
  `CREATE TABLE other_${n} (id bigint, name text)`
])

const Source = MigrationSource.layerRecord({
  "001_users": "CREATE TABLE users (id bigint PRIMARY KEY, name text)",
  "002_users_email": "ALTER TABLE users ADD COLUMN email text",
  ...Object.fromEntries(others)
})

const names = Array.from({ length: warmUp + pairs + tenants }, (_, n) => `t${String(n).padStart(4, "0")}`)

const clientOf = (server: string, schema: string) => {
  const url = new URL(server)
  url.searchParams.set("options", `-c search_path=${schema}`)
  return PgClient.layer({ url: Redacted.make(url.href), maxConnections: 2, idleTimeout: "1 second" })
}

const optionsOf = (schema: string) => AutoMigrationConfig.layer({ schema, deadline: "5 minutes" })

const ask = Effect.flatMap(SqlClient, (sql) => AutoMigration.withAutoMigration(sql`SELECT id, email FROM users`))

const nanosecondsOf = <E, R>(work: Effect.Effect<ReadonlyArray<unknown>, E, R>) =>
  Effect.suspend(() => {
    const start = process.hrtime.bigint()
    return Effect.flatMap(work, (rows) => {
      const elapsed = Number(process.hrtime.bigint() - start)
      return rows.length === 0 ? Effect.succeed(elapsed) : Effect.dieMessage("an empty table gave rows")
    })
  })

const median = (values: ReadonlyArray<number>): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN

setFlagsFromString("--expose-gc")
const collectGarbage: () => void = runInNewContext("gc")

const heapUsed = Effect.sync(() => {
  for (let n = 0; n < 4; n++) collectGarbage()
  return process.memoryUsage().heapUsed
})

const single = (server: string, schema: string) =>
  Effect.provide(
    ask,
    Layer.fresh(AutoMigration.AutoMigrationLive).pipe(
      Layer.provide(Source),
      Layer.provide(optionsOf(schema)),
      Layer.provide(clientOf(server, schema))
    )
  )

const measure = (server: string) =>
  Effect.gen(function* () {
    const map = yield* LayerMap.make(
      (schema: string) => Layer.provide(AutoMigration.layerTenant(clientOf(server, schema)), optionsOf(schema)),
      { idleTimeToLive: "1 day" }
    )
    const shared = (schema: string) => Effect.provide(ask, map.get(schema))
    const samples: Array<{ readonly alone: number; readonly ofMany: number }> = []
    for (const schema of names.slice(0, warmUp + pairs)) {
      const alone = yield* nanosecondsOf(single(server, `${schema}_alone`))
      samples.push({ alone, ofMany: yield* nanosecondsOf(shared(schema)) })
    }
    yield* Database.sessionsLeft(server)
    const before = yield* heapUsed
    const many = names.slice(warmUp + pairs)
    yield* Effect.forEach(many, shared, { concurrency: 4, discard: true })
    const left = yield* Database.sessionsLeft(server)
    if (left.length > 0) return yield* Effect.dieMessage("an idle tenant holds a connection")
    const kilobytes = ((yield* heapUsed) - before) / many.length / 1000
    for (const schema of many) {
      const { applied } = yield* Effect.provide(AutoMigration.status, map.get(schema))
      if (applied.length !== 2) return yield* Effect.dieMessage("a heal was not recorded")
    }
    const measured = samples.slice(warmUp)
    const ofMany = median(measured.map((sample) => sample.ofMany))
    return [
      { name: `heap of an idle tenant, of ${tenants}`, kilobytes, atMost: 50 },
      {
        name: "a tenant's first heal against that of a program of one database",
        ratio: ofMany / median(measured.map(({ alone }) => alone)),
        nanoseconds: ofMany,
        atMost: 1
      }
    ] satisfies ReadonlyArray<Measurement>
  })

export const run = (): Promise<ReadonlyArray<Measurement>> =>
  Effect.gen(function* () {
    const given = process.env["TEST_DATABASE_URL"]
    const server = yield* Database.fresh(given ? given : (yield* EmbeddedServer.make()).url)
    yield* Database.query(
      server,
      ...names
        .flatMap((name, n) => (n < warmUp + pairs ? [name, `${name}_alone`] : [name]))
        .map((name) => `CREATE SCHEMA ${name}`)
    )
    return yield* Effect.provide(measure(server), Layer.provide(SharedMigrations.layer, Source))
  }).pipe(Effect.scoped, Effect.runPromise)
