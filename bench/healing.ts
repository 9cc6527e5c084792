/**
 * **Workload.** One query that needs one pending migration of one statement, on a ledger that exists: the failing query, the
 * plan, its application, its event, and the query again. Beside it the same statement in a bare transaction on the same
 * connection settings.
 *
 * **Measured region.** From the query's start to its result, and from `BEGIN` to the answer to `COMMIT`.
 *
 * **Integrity.** Outside the region: the query's rows, the ledger's event, and that both ways made the same table. Messages to
 * the server are counted on the wire.
 *
 * @since 0.1.0
 */
import { pathToFileURL } from "node:url"
import * as SqlClient from "@effect/sql/SqlClient"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { AutoMigration, AutoMigrationLive, MigrationSource, withAutoMigration } from "../src/index.js"
import * as Database from "../test/support/Database.js"
import * as EmbeddedServer from "../test/support/EmbeddedServer.js"
import * as WireTap from "../test/support/WireTap.js"

const rounds = 40
const warmUp = 5

const script = (n: number, prefix: string) => `CREATE TABLE ${prefix}_${n} (id integer PRIMARY KEY, name text)`

const migrations = Object.fromEntries(
  Array.from({ length: rounds + warmUp }, (_, n) => [`${String(n).padStart(3, "0")}_table`, script(n, "healed")])
)

const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const start = yield* Clock.currentTimeNanos
    const value = yield* effect
    return { value, nanoseconds: Number((yield* Clock.currentTimeNanos) - start) }
  })

const median = (samples: ReadonlyArray<number>): number =>
  [...samples].sort((a, b) => a - b)[Math.floor(samples.length / 2)] ?? Number.NaN

const check = (holds: boolean, claim: string): Effect.Effect<void> =>
  holds ? Effect.void : Effect.dieMessage(`The bench's own check failed: ${claim}`)

const measure = Effect.gen(function* () {
  const server = yield* EmbeddedServer.make()
  const tap = yield* WireTap.make(yield* Database.fresh(server.url))
  return yield* Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const healed: Array<number> = []
    const bare: Array<number> = []
    let healTrips = 0
    let bareTrips = 0
    for (let n = 0; n < rounds + warmUp; n++) {
      yield* tap.reset
      const heal = yield* timed(withAutoMigration(sql.unsafe(`SELECT id, name FROM healed_${n}`)))
      healTrips = (yield* tap.heard).roundTrips
      yield* tap.reset
      const transaction = yield* timed(sql.withTransaction(sql.unsafe(script(n, "bare"))))
      bareTrips = (yield* tap.heard).roundTrips
      yield* check(heal.value.length === 0, "the healed query answers with no rows")
      if (n < warmUp) continue
      healed.push(heal.nanoseconds)
      bare.push(transaction.nanoseconds)
    }
    const { applied, pending } = yield* AutoMigration.status
    yield* check(applied.length === rounds + warmUp && pending.length === 0, "every migration is on record")
    const tables = yield* sql`SELECT count(*)::int AS n FROM pg_tables WHERE tablename ~ '^(healed|bare)_'`
    yield* check(tables[0]?.["n"] === 2 * (rounds + warmUp), "both ways made the same tables")
    yield* check(healTrips - bareTrips <= 6, `a heal costs ${healTrips} round trips, the bare transaction ${bareTrips}`)
    return [
      { name: "healing: one heal, from failing query to result", nanoseconds: median(healed), roundTrips: healTrips },
      { name: "healing: the same statement in a bare transaction", nanoseconds: median(bare), roundTrips: bareTrips }
    ]
  }).pipe(
    Effect.provide(
      AutoMigrationLive.pipe(
        Layer.provide(MigrationSource.layerRecord(migrations)),
        Layer.provideMerge(PgClient.layer({ url: Redacted.make(tap.url) }))
      )
    )
  )
}).pipe(Effect.scoped)

/**
 * @since 0.1.0
 * @category running
 */
export const run = (): Promise<
  ReadonlyArray<{ readonly name: string; readonly nanoseconds: number; readonly roundTrips: number }>
> => Effect.runPromise(measure)

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const { name, nanoseconds, roundTrips } of await run()) {
    process.stdout.write(`${(nanoseconds / 1e6).toFixed(2).padStart(8)} ms  ${roundTrips} round trips  ${name}\n`)
  }
}
