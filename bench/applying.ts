/**
 * What it costs to apply pending files, against a loop over node-postgres that sends each file and a row about it.
 *
 * Workload: files that each make a table of six columns and an index on it, in databases of their own. The library's ledger exists,
 * its connections are open, and its files are parsed. The loop sends `BEGIN`, the file, an `INSERT` and `COMMIT`. Measured: the time
 * from the call to its end, on the same host and through a proxy that adds a millisecond in each direction; library and
 * loop alternate, and the ratio is that of the medians. Round trips are counted on the wire. That each file is recorded and each
 * table is there is checked outside the measured region.
 */
import * as Effect from "effect/Effect"
import pg from "pg"
import * as AutoMigration from "../src/AutoMigration.js"
import * as Database from "../test/support/server/Database.js"
import * as EmbeddedServer from "../test/support/server/EmbeddedServer.js"
import * as WireTap from "../test/support/server/WireTap.js"
import type { Measurement } from "./run.js"
import * as DelayedWire from "./support/DelayedWire.js"
import * as Program from "./support/Program.js"

const sizes = [10, 100] as const
const rounds = 7

const file = (n: number): string => `CREATE TABLE made_${n} (
  id bigint PRIMARY KEY, name text NOT NULL, email text, age integer, active boolean NOT NULL DEFAULT true, made_at timestamptz
);
CREATE INDEX made_${n}_name ON made_${n} (name);
`

const files = (size: number): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Array.from({ length: size + 1 }, (_, n) => [`${String(n).padStart(4, "0")}_made`, file(n)] as const)
  )

/** The first file builds the ledger, and is not measured. */
const byLibrary = (url: string, size: number) =>
  Effect.gen(function* () {
    const program = yield* Program.make(url, files(size))
    yield* Effect.promise(() => program.runPromise(AutoMigration.migrateTo(["0000_made"])))
    const took = yield* Program.timed(() => program.runPromise(AutoMigration.migrate))
    const { pending } = yield* Effect.promise(() => program.runPromise(AutoMigration.status))
    return pending.length > 0 ? yield* Effect.dieMessage("a file was not recorded") : took
  }).pipe(Effect.scoped)

const byHand = (url: string, size: number) =>
  Effect.acquireUseRelease(
    Effect.promise(async () => {
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      await client.query("CREATE TABLE schema_migrations (id text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())")
      await client.query(file(0))
      return client
    }),
    (client) =>
      Program.timed(async () => {
        for (const [id, text] of Object.entries(files(size)).slice(1)) {
          await client.query("BEGIN")
          await client.query(text)
          await client.query(`INSERT INTO schema_migrations (id) VALUES ('${id}')`)
          await client.query("COMMIT")
        }
      }),
    (client) => Effect.promise(() => client.end())
  )

const isComplete = (url: string, size: number) =>
  Effect.flatMap(
    Database.query(url, "SELECT count(*)::int AS n FROM pg_indexes WHERE indexname ~ '^made_[0-9]+_name$'"),
    ([row]) => (row?.["n"] === size + 1 ? Effect.void : Effect.dieMessage("a table is missing"))
  )

type Apply = (url: string, size: number) => Effect.Effect<number>

const once = (server: string, size: number, through: (url: string) => string, apply: Apply) =>
  Effect.gen(function* () {
    const url = yield* Database.fresh(server)
    const took = yield* apply(through(url), size)
    yield* isComplete(url, size)
    return took
  }).pipe(Effect.scoped)

const roundTrips = (server: string, size: number) =>
  Effect.gen(function* () {
    const counted = (apply: Apply) =>
      Effect.gen(function* () {
        const tap = yield* Effect.flatMap(Database.fresh(server), WireTap.make)
        yield* apply(tap.url, size)
        return (yield* tap.heard).roundTrips
      }).pipe(Effect.scoped)
    return { library: (yield* counted(byLibrary)) / size, loop: (yield* counted(byHand)) / size }
  })

const measure = (server: string, size: number, where: string, through: (url: string) => string) =>
  Effect.gen(function* () {
    const library: Array<number> = []
    const loop: Array<number> = []
    for (let round = 0; round <= rounds; round++) {
      loop.push(yield* once(server, size, through, byHand))
      library.push(yield* once(server, size, through, byLibrary))
    }
    return {
      name: `${size} files${where}, against a bare loop`,
      ratio: Program.median(library.slice(1)) / Program.median(loop.slice(1)),
      nanoseconds: Program.median(library.slice(1)),
      atMost: where === "" ? 1.1 : 1
    } satisfies Measurement
  })

export const run = (): Promise<ReadonlyArray<Measurement>> =>
  Effect.gen(function* () {
    const given = process.env["TEST_DATABASE_URL"]
    const server = given ? given : (yield* EmbeddedServer.make()).url
    const far = yield* DelayedWire.make(server, 1)
    const trips = yield* roundTrips(server, 100)
    const near = yield* Effect.forEach(sizes, (size) => measure(server, size, "", (url) => url))
    const behind = yield* Effect.forEach(sizes, (size) =>
      measure(server, size, " behind a network of 1 ms each way", far.through)
    )
    return [
      { name: "round trips for each of 100 files", roundTrips: trips.library, atMost: trips.loop },
      ...near,
      ...behind
    ] satisfies ReadonlyArray<Measurement>
  }).pipe(Effect.scoped, Effect.runPromise)
