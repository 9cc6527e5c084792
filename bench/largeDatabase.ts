/**
 * What one heal costs in a database of 10,000 tables, against one of 100 tables.
 *
 * Workload: two databases of one server, with as many tables as their names say, and a program in each. A query fails for want
 * of a table, or of a column of a table with rows, that one pending migration brings. The ledgers exist and the connections
 * are open. Measured: the time from the query to its result; the two databases alternate, and the ratio is that of the medians.
 * That each heal was recorded is checked outside the measured region.
 *
 * Each heal has one migration: the columns are those of different tables, since a heal brings all columns of its table.
 */
import { SqlClient } from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import * as AutoMigration from "../src/AutoMigration.js"
import * as Database from "../test/support/server/Database.js"
import * as EmbeddedServer from "../test/support/server/EmbeddedServer.js"
import type { Measurement } from "./run.js"
import * as Program from "./support/Program.js"

const sizes = [100, 10_000] as const
const warmUp = 10
const pairs = 81

const numbers = Array.from({ length: warmUp + pairs }, (_, n) => String(n).padStart(4, "0"))

const kinds = {
  "a heal that makes a table": {
    migration: (n: string) => `CREATE TABLE healed_${n} (id bigint PRIMARY KEY, name text NOT NULL)`,
    query: (n: string) => `SELECT id, name FROM healed_${n}`
  },
  "a heal that adds a column": {
    migration: (n: string) => `ALTER TABLE t${1 + Number(n)} ADD COLUMN healed_${n} text`,
    query: (n: string) => `SELECT healed_${n} FROM t${1 + Number(n)} WHERE false`
  }
}

const filled = (server: string, size: number) =>
  Effect.tap(Database.fresh(server), (url) =>
    Database.query(
      url,
      `CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$ BEGIN
        FOR n IN 1..${size} LOOP
          EXECUTE format('CREATE TABLE t%s (id integer PRIMARY KEY, note text)', n);
          IF n % 500 = 0 THEN COMMIT; END IF;
        END LOOP;
      END $$`,
      "CALL fill()",
      "INSERT INTO t1 VALUES (1, 'one')",
      "VACUUM ANALYZE"
    )
  )

const heal = (query: string) => Effect.flatMap(SqlClient, (sql) => AutoMigration.withAutoMigration(sql.unsafe(query)))

const measure = (server: string, name: keyof typeof kinds) =>
  Effect.gen(function* () {
    const { migration, query } = kinds[name]
    const migrations = Object.fromEntries(numbers.map((n) => [`${n}_healed`, migration(n)]))
    const programs = yield* Effect.forEach(sizes, (size) =>
      Effect.flatMap(filled(server, size), (url) => Program.make(url, migrations))
    )
    const times = programs.map((): Array<number> => [])
    for (const n of numbers) {
      for (const [which, program] of programs.entries()) {
        const start = process.hrtime.bigint()
        yield* Effect.promise(() => program.runPromise(heal(query(n))))
        times[which]?.push(Number(process.hrtime.bigint() - start))
      }
    }
    for (const program of programs) {
      const { pending } = yield* Effect.promise(() => program.runPromise(AutoMigration.status))
      if (pending.length > 0) return yield* Effect.dieMessage("a heal was not recorded")
    }
    const [few = Number.NaN, many = Number.NaN] = times.map((all) => Program.median(all.slice(warmUp)))
    return {
      name: `${name} among 10,000 tables, against 100`,
      ratio: many / few,
      nanoseconds: many,
      atMost: 1.2
    } satisfies Measurement
  }).pipe(Effect.scoped)

export const run = (): Promise<ReadonlyArray<Measurement>> =>
  Effect.gen(function* () {
    const given = process.env["TEST_DATABASE_URL"]
    const server = given ? given : (yield* EmbeddedServer.make()).url
    return yield* Effect.forEach(["a heal that makes a table", "a heal that adds a column"] as const, (name) =>
      measure(server, name)
    )
  }).pipe(Effect.scoped, Effect.runPromise)
