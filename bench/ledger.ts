/**
 * What a ledger of 20,000 migrations costs, against one of 1,000.
 *
 * Workload: two databases of one server whose ledgers hold as many migrations as their names say, in events that the server's triggers
 * made, and a program in each with one file more for each measurement. Measured: the time of an operator's `migrateTo` of one file, which
 * appends an event, and of `isApplied`, which reads what is new; the databases alternate, and the ratio is that of the medians. That each
 * file is recorded is checked outside the measured region.
 */
import * as Effect from "effect/Effect"
import * as AutoMigration from "../src/AutoMigration.js"
import * as Database from "../test/support/server/Database.js"
import * as EmbeddedServer from "../test/support/server/EmbeddedServer.js"
import type { Measurement } from "./run.js"
import * as Program from "./support/Program.js"

const sizes = [1_000, 20_000] as const
const warmUp = 5
const pairs = 41

const numbers = Array.from({ length: 1 + warmUp + pairs }, (_, n) => String(n).padStart(4, "0"))
const migrations = Object.fromEntries(numbers.map((n) => [`${n}_one`, `CREATE TABLE one_${n} (id integer);`]))

/** A ledger that the library has built, with events of another program. */
const filled = (server: string, size: number) =>
  Effect.gen(function* () {
    const url = yield* Database.fresh(server)
    const program = yield* Program.make(url, migrations)
    yield* Effect.promise(() => program.runPromise(AutoMigration.migrateTo(["0000_one"])))
    yield* Database.query(
      url,
      `INSERT INTO auto_migration.event (kind, migration_id, checksum)
        SELECT 'Applied', 'other_' || n, 'sha256:' || repeat('0', 64) FROM generate_series(1, ${size}) AS n`,
      "VACUUM ANALYZE"
    )
    return program
  })

const measure = (server: string) =>
  Effect.gen(function* () {
    const programs = yield* Effect.forEach(sizes, (size) => filled(server, size))
    const appending = programs.map((): Array<number> => [])
    const refreshing = programs.map((): Array<number> => [])
    for (const n of numbers.slice(1)) {
      for (const [which, program] of programs.entries()) {
        appending[which]?.push(yield* Program.timed(() => program.runPromise(AutoMigration.migrateTo([`${n}_one`]))))
        refreshing[which]?.push(yield* Program.timed(() => program.runPromise(AutoMigration.isApplied(`${n}_one`))))
      }
    }
    for (const program of programs) {
      const { pending } = yield* Effect.promise(() => program.runPromise(AutoMigration.status))
      if (pending.length > 0) return yield* Effect.dieMessage("a file was not recorded")
    }
    const compared = (name: string, [few = [], many = []]: ReadonlyArray<ReadonlyArray<number>>): Measurement => {
      const time = Program.median(many.slice(warmUp))
      return { name, ratio: time / Program.median(few.slice(warmUp)), nanoseconds: time, atMost: 1.2 }
    }
    return [
      compared("a file applied, with 20,000 migrations in the ledger against 1,000", appending),
      compared("a warm look at the applied set, with 20,000 against 1,000", refreshing)
    ]
  })

export const run = (): Promise<ReadonlyArray<Measurement>> =>
  Effect.gen(function* () {
    const given = process.env["TEST_DATABASE_URL"]
    const server = given ? given : (yield* EmbeddedServer.make()).url
    return yield* measure(server)
  }).pipe(Effect.scoped, Effect.runPromise)
