/**
 * What one heal costs, against the same DDL in a bare transaction and the same query after it.
 *
 * Workload: tables that are missing, each provided by one pending migration, and a query that fails for want of one of them:
 * failing query, plan of one, apply, record, retry. The ledger exists and the migration connection is open, as at any heal but
 * a program's first. Round trips are counted on the wire. Measured: the time from the query to its result; heals and bare
 * transactions alternate, and the ratio is that of each pair. That the query gave no rows and an error for nobody, and that
 * the ledger holds each migration once, is checked outside the measured region.
 */
import { SqlClient } from "@effect/sql/SqlClient"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as AutoMigration from "../src/AutoMigration.js"
import * as MigrationSource from "../src/source/MigrationSource.js"
import * as Database from "../test/support/server/Database.js"
import * as EmbeddedServer from "../test/support/server/EmbeddedServer.js"
import * as WireTap from "../test/support/server/WireTap.js"
import type { Measurement } from "./run.js"

const counted = 5
const warmUp = 20
const pairs = 101
const heals = 1 + counted + warmUp + pairs

/** Padded, so that the migrations' order is that of the numbers. */
const numbers = Array.from({ length: heals }, (_, n) => String(n).padStart(4, "0"))

const ddl = (table: string): string => `CREATE TABLE ${table} (id bigint PRIMARY KEY, name text NOT NULL)`
const query = (table: string): string => `SELECT id, name FROM ${table}`

const migrations = Object.fromEntries(numbers.map((n) => [`${n}_healed`, ddl(`healed_${n}`)]))

const median = (values: ReadonlyArray<number>): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN

const heal = (n: string) =>
  Effect.flatMap(SqlClient, (sql) => AutoMigration.withAutoMigration(sql.unsafe(query(`healed_${n}`))))

/** Three messages and the query. */
const bare = (n: string) =>
  Effect.flatMap(SqlClient, (sql) =>
    Effect.zipRight(sql.withTransaction(sql.unsafe(ddl(`bare_${n}`))), sql.unsafe(query(`bare_${n}`)))
  )

const nanosecondsOf = <E, R>(work: Effect.Effect<ReadonlyArray<unknown>, E, R>) =>
  Effect.suspend(() => {
    const start = process.hrtime.bigint()
    return Effect.flatMap(work, (rows) => {
      const elapsed = Number(process.hrtime.bigint() - start)
      return rows.length === 0 ? Effect.succeed(elapsed) : Effect.dieMessage("an empty table gave rows")
    })
  })

const roundTripsOf = <A, E, R>(tap: WireTap.WireTap, work: Effect.Effect<A, E, R>) =>
  Effect.zipRight(
    Effect.zipRight(tap.reset, work),
    Effect.map(tap.heard, ({ roundTrips }) => roundTrips)
  )

const measure = (tap: WireTap.WireTap) =>
  Effect.gen(function* () {
    const [first = "", ...others] = numbers
    const roundTripsOfTheFirst = yield* roundTripsOf(tap, heal(first))
    const extra: Array<number> = []
    for (const n of others.slice(0, counted)) {
      extra.push((yield* roundTripsOf(tap, heal(n))) - (yield* roundTripsOf(tap, bare(n))))
    }
    const samples: Array<{ readonly healed: number; readonly plain: number }> = []
    for (const n of others.slice(counted)) {
      const plain = yield* nanosecondsOf(bare(n))
      samples.push({ plain, healed: yield* nanosecondsOf(heal(n)) })
    }
    const { applied, pending } = yield* AutoMigration.status
    if (applied.length !== heals || pending.length > 0) return yield* Effect.dieMessage("a heal was not recorded")
    const measured = samples.slice(warmUp)
    return [
      {
        name: "one heal beyond the DDL in a bare transaction and the query",
        roundTrips: Math.max(...extra),
        atMost: 0
      },
      { name: "a program's first heal, which builds the ledger", roundTrips: roundTripsOfTheFirst },
      {
        name: "one heal against the DDL in a bare transaction and the query",
        ratio: median(measured.map(({ healed, plain }) => healed / plain)),
        nanoseconds: median(measured.map(({ healed }) => healed))
      }
    ] satisfies ReadonlyArray<Measurement>
  })

export const run = (): Promise<ReadonlyArray<Measurement>> =>
  Effect.gen(function* () {
    const given = process.env["TEST_DATABASE_URL"]
    const server = given ? given : (yield* EmbeddedServer.make()).url
    const tap = yield* Effect.flatMap(Database.fresh(server), WireTap.make)
    return yield* Effect.provide(
      measure(tap),
      AutoMigration.AutoMigrationLive.pipe(
        Layer.provide(MigrationSource.layerRecord(migrations)),
        Layer.provideMerge(PgClient.layer({ url: Redacted.make(tap.url) }))
      )
    )
  }).pipe(Effect.scoped, Effect.runPromise)
