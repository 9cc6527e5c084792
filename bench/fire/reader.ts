/**
 * A heal that needs a table's lock while somebody reads the table and does not end.
 *
 * Workload: a transaction that has read the table and stays open; a query that needs a column that is missing; and fibers that
 * read a row of the table by themselves, one short query after the other. Measured: how long the heal takes to give up, and
 * the longest that one of the short queries took meanwhile, beyond the longest in a run as long without a heal. That the heal
 * failed for want of the lock, that it was tried more than once, by what was said on the wire, that a short query was queued
 * behind it for a good part of its time limit, since a heal that never asked for the lock would delay nobody, that every short
 * query got its row, and that the next query heals when the long one has ended, is checked as well.
 */
import { SqlClient } from "@effect/sql/SqlClient"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import pg from "pg"
import * as AutoMigration from "../../src/AutoMigration.js"
import * as App from "../../test/support/program/App.js"
import * as Database from "../../test/support/server/Database.js"
import * as EmbeddedServer from "../../test/support/server/EmbeddedServer.js"
import * as WireTap from "../../test/support/server/WireTap.js"
import { claim, type Figure } from "./Figure.js"

export interface Scale {
  readonly readers: number
  readonly deadline: Duration.Duration
  readonly lockTimeout: Duration.Duration
}

export const scale: Scale = { readers: 8, deadline: Duration.seconds(10), lockTimeout: Duration.seconds(1) }

const migration = "ALTER TABLE users ADD COLUMN email text"

const migrations = { "001_email": migration }

/** Reads and stays in its transaction until the scope ends. */
const longReader = (url: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      await client.query("BEGIN")
      await client.query("SELECT name FROM users")
      return client
    }),
    (client) => Effect.promise(() => client.end())
  )

/** The longest that one of many short queries takes while something else goes on, which says how long it took. */
const longestRead = <E, R>(readers: number, meanwhile: Effect.Effect<number, E, R>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient
    let longest = 0
    const read = Effect.suspend(() => {
      const start = performance.now()
      return Effect.map(sql.unsafe("SELECT name FROM users"), (rows) => {
        claim("a short query gets its row", rows.length === 1)
        longest = Math.max(longest, performance.now() - start)
      })
    })
    const fibers = yield* Effect.forkAll(Array.from({ length: readers }, () => Effect.forever(read)))
    const took = yield* meanwhile
    yield* Fiber.interrupt(fibers)
    return { longest, took }
  })

const heal = Effect.flatMap(SqlClient, (sql) => AutoMigration.withAutoMigration(sql.unsafe("SELECT email FROM users")))

const givesUp = Effect.suspend(() => {
  const start = performance.now()
  return Effect.map(Effect.flip(heal), (error) => {
    claim(`the heal fails for want of the lock, not ${error._tag}`, error._tag === "LockTimeout")
    return performance.now() - start
  })
})

export const run = ({ deadline, lockTimeout, readers }: Scale): Effect.Effect<ReadonlyArray<Figure>> =>
  Effect.gen(function* () {
    const server = yield* EmbeddedServer.make()
    const url = yield* Database.fresh(server.url)
    const tap = yield* WireTap.make(url)
    yield* Database.query(url, "CREATE TABLE users (name text)", "INSERT INTO users VALUES ('Ada')")
    return yield* Effect.gen(function* () {
      yield* AutoMigration.status
      const undisturbed = yield* longestRead(readers, Effect.as(Effect.sleep(deadline), 0))
      const disturbed = yield* Effect.scoped(Effect.zipRight(longReader(url), longestRead(readers, givesUp)))
      const attempts = (yield* tap.heard).statements.filter((text) => text.includes(migration)).length
      claim("the migration was tried more than once", attempts > 1)
      claim("a short query was queued behind it", disturbed.longest >= Duration.toMillis(lockTimeout) / 2)
      claim("the next query heals", (yield* heal).length === 1)
      return [
        {
          name: "a heal under a long-running reader gives up",
          value: disturbed.took,
          unit: "ms",
          atMost: Duration.toMillis(deadline)
        },
        {
          name: "the longest that another reader is queued",
          value: Math.max(0, disturbed.longest - undisturbed.longest),
          unit: "ms",
          atMost: Duration.toMillis(lockTimeout)
        },
        { name: "  the longest read without a heal", value: undisturbed.longest, unit: "ms" },
        { name: "  the longest read with it", value: disturbed.longest, unit: "ms" },
        { name: "  attempts", value: attempts, unit: "" }
      ] satisfies ReadonlyArray<Figure>
    }).pipe(
      Effect.provide(
        Layer.fresh(
          App.layerWithMigrator({
            url,
            migratorUrl: tap.url,
            migrations,
            maxConnections: readers + 1,
            options: { deadline, lockTimeout }
          })
        )
      )
    )
  }).pipe(Effect.scoped, Effect.orDie)
