/**
 * A worker that counts the words of texts. It takes its jobs from the primary, and reads its totals from a replica. Its schema is behind
 * its code. It ends when no job is left.
 */
import { NodeRuntime } from "@effect/platform-node"
import { SqlClient } from "@effect/sql"
import * as PgDrizzle from "@effect/sql-drizzle/Pg"
import { PgClient } from "@effect/sql-pg"
import { eq, isNull } from "drizzle-orm"
import { integer, pgTable, pgView, text } from "drizzle-orm/pg-core"
import { Config, Console, Effect, Layer, Redacted } from "effect"
import { AutoMigrationLive, MigrationSource, withAutoMigration } from "effect-auto-migration"

const jobs = pgTable("jobs", {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  text: text().notNull(),
  words: integer()
})

const totals = pgView("totals", { jobs: integer(), words: integer() }).existing()

const add = Effect.flatMap(PgDrizzle.PgDrizzle, (db) =>
  db
    .insert(jobs)
    .values([{ text: "to be or not to be" }, { text: "all the world is a stage" }])
    .pipe(withAutoMigration)
)

/** Takes a job that no other worker holds. The boundary is around the transaction, which runs again as a whole. */
const work = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const db = yield* PgDrizzle.PgDrizzle
  return yield* sql
    .withTransaction(
      Effect.gen(function* () {
        const free = db.select().from(jobs).where(isNull(jobs.words)).orderBy(jobs.id).limit(1)
        const [job] = yield* free.for("update", { skipLocked: true })
        if (job === undefined) return false
        const words = job.text.split(" ").length
        yield* db.update(jobs).set({ words }).where(eq(jobs.id, job.id))
        yield* Console.log(`job ${job.id}: ${words} words`)
        return true
      })
    )
    .pipe(withAutoMigration)
})

const report = Effect.gen(function* () {
  const db = yield* PgDrizzle.PgDrizzle
  const [row] = yield* db.select().from(totals).pipe(withAutoMigration)
  yield* Console.log(`${row?.jobs} jobs with ${row?.words} words`)
})

const databaseUrl = Config.redacted("DATABASE_URL")

/** Without a replica, a read-only session on the primary stands for it. */
const replicaUrl = Config.orElse(Config.redacted("REPLICA_URL"), () =>
  Config.map(databaseUrl, (primary) => {
    const url = new URL(Redacted.value(primary))
    url.searchParams.set("options", "-c default_transaction_read_only=on")
    return Redacted.make(url.href)
  })
)

/** Migrations go where the client of this layer goes: to the primary. */
const Primary = PgDrizzle.layer.pipe(
  Layer.provideMerge(AutoMigrationLive),
  Layer.provide(MigrationSource.layerDirectory("migrations")),
  Layer.provide(PgClient.layerConfig({ url: databaseUrl }))
)

const Replica = PgDrizzle.layer.pipe(Layer.provideMerge(PgClient.layerConfig({ url: replicaUrl })))

const worker = Effect.gen(function* () {
  const replica = yield* Layer.build(Replica)
  yield* add
  yield* Effect.repeat(work, { while: (found) => found })
  // The replica's client stands around the boundary, so that the library waits until the replica has replayed the migrations.
  yield* Effect.provide(report, replica)
})

NodeRuntime.runMain(worker.pipe(Effect.scoped, Effect.provide(Primary)))
