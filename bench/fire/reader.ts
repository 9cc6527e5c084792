/**
 * Heals that need a table's lock while a long transaction holds one.
 *
 * Workload: a transaction that has read the table and stays open; a loop that asks for a column that is pending; and fibers
 * that read a row of the table and then one of another table, again and again. Measured: the share of their time that these
 * readers lose, which is what reads of the table that meet an attempt take longer than the mean read of the other table, and the
 * longest that one of them waited. A read that meets no attempt does not count: on a busy machine two tables differ by more than
 * the loss. An attempt that is not granted its lock costs each reader its whole wait, so the waits of all attempts are the least that
 * the readers can lose. Checked: each heal failed for the lock; the migration was tried more than once, by what was said on the
 * wire; a reader was queued behind it, since a heal that never asked for the lock would delay no reader; every reader got its
 * row; the query heals after the long transaction has ended.
 */
import { SqlClient } from "@effect/sql/SqlClient"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
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
  /** How long the loop asks. */
  readonly duration: Duration.Duration
  /** The longest window. */
  readonly cap: Duration.Duration
}

export const scale: Scale = {
  readers: 8,
  deadline: Duration.seconds(30),
  lockTimeout: Duration.seconds(1),
  duration: Duration.minutes(1),
  cap: Duration.minutes(1)
}

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

/** Milliseconds of reads, over all fibers. */
interface Reads {
  total: number
  longest: number
  count: number
}

const noReads = (): Reads => ({ total: 0, longest: 0, count: 0 })

/** Whether a read was under way while an attempt may have waited for its lock. */
type MeetsAttempt = (start: number, end: number) => boolean

/** Reads of the table and of another one by turns, by many fibers, while another effect runs. */
const readsDuring = <A, E, R>(readers: number, meetsAttempt: MeetsAttempt, meanwhile: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient
    const [beside, queued, apart] = [noReads(), noReads(), noReads()]
    const read = (table: string, kinds: (start: number, end: number) => ReadonlyArray<Reads>) =>
      Effect.suspend(() => {
        const start = performance.now()
        return Effect.map(sql.unsafe(`SELECT name FROM ${table}`), (rows) => {
          claim("a short query gets its row", rows.length === 1)
          const end = performance.now()
          for (const reads of kinds(start, end)) {
            reads.total += end - start
            reads.longest = Math.max(reads.longest, end - start)
            reads.count++
          }
        })
      })
    const turns = Effect.zipRight(
      read("users", (start, end) => (meetsAttempt(start, end) ? [beside, queued] : [beside])),
      read("others", () => [apart])
    )
    const fibers = yield* Effect.forkAll(Array.from({ length: readers }, () => Effect.forever(turns)))
    yield* meanwhile
    yield* Fiber.interrupt(fibers)
    return { beside, queued, apart }
  })

const ask = (column: string) =>
  Effect.flatMap(SqlClient, (sql) => AutoMigration.withAutoMigration(sql.unsafe(`SELECT ${column} FROM users`)))

/** Asks a hundred times a second, and gives up when the time is over. */
const askingFor = (column: string, duration: Duration.Duration) =>
  Effect.flip(ask(column)).pipe(
    Effect.map((error) => claim(`it fails with LockTimeout, not ${error._tag}`, error._tag === "LockTimeout")),
    Effect.repeat(Schedule.spaced("10 millis")),
    Effect.timeoutOption(duration)
  )

const heals = Effect.retry(ask("email"), {
  while: (error) => error._tag === "LockTimeout",
  schedule: Schedule.spaced("100 millis")
})

export const run = ({ cap, deadline, duration, lockTimeout, readers }: Scale): Effect.Effect<ReadonlyArray<Figure>> =>
  Effect.gen(function* () {
    const server = yield* EmbeddedServer.make()
    const url = yield* Database.fresh(server.url)
    const begun: Array<number> = []
    const tap = yield* WireTap.make(url, (chunk) => {
      if (chunk.includes(migration)) begun.push(performance.now())
      return chunk
    })
    const longest = Duration.toMillis(lockTimeout)
    const meetsAttempt = (start: number, end: number) => begun.some((at) => start < at + longest && end > at)
    for (const table of ["users", "others"]) {
      yield* Database.query(url, `CREATE TABLE ${table} (name text)`, `INSERT INTO ${table} VALUES ('Ada')`)
    }
    return yield* Effect.gen(function* () {
      yield* AutoMigration.status
      const { apart, beside, queued } = yield* Effect.scoped(
        Effect.zipRight(longReader(url), readsDuring(readers, meetsAttempt, askingFor("email", duration)))
      )
      const attempts = begun.length
      claim("the migration was tried more than once", attempts > 1)
      claim("a short query was queued behind it", queued.longest >= longest / 2)
      claim("the query heals", (yield* heals).length === 1)
      return [
        {
          name: "the time that other readers lose to heals under a long transaction",
          value: (100 * (queued.total - (queued.count * apart.total) / apart.count)) / (beside.total + apart.total),
          unit: "%",
          atMost: 5
        },
        {
          name: "the longest that another reader is queued",
          value: Math.max(0, beside.longest - apart.longest),
          unit: "ms",
          atMost: longest
        },
        {
          name: "  the waits of all attempts, in the same share",
          value: (100 * attempts * longest) / Duration.toMillis(duration),
          unit: "%"
        },
        { name: "  reads of the table", value: beside.count, unit: "" },
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
            options: { deadline, lockTimeout, breaker: { first: Duration.seconds(1), cap } }
          })
        )
      )
    )
  }).pipe(Effect.scoped, Effect.orDie)
