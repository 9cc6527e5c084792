/**
 * Many processes of the shop at once. Each builds its layer, says that it is ready, waits for the word, runs one query, and
 * reports what it got and how many migrations it applied itself.
 */
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { SqlClient } from "@effect/sql"
import { Effect, Metric, Schema } from "effect"
import { Telemetry, withAutoMigration } from "effect-auto-migration"
import * as Database from "./Database.js"
import * as Shop from "./Shop.js"

const Report = Schema.Struct({ rows: Schema.Array(Schema.Unknown), applied: Schema.Number })

const Place = Schema.parseJson(Schema.Struct({ url: Schema.String, schema: Schema.String }))

/** Starts that many processes, lets them go at once, and collects their reports. */
export const run = (size: number, place: Database.Place) =>
  Effect.forEach(
    Array.from({ length: size }),
    () =>
      Effect.acquireRelease(
        Effect.sync(() => start(place)),
        (child) => Effect.sync(() => child.kill("SIGKILL"))
      ),
    { concurrency: "unbounded" }
  ).pipe(
    Effect.tap((fleet) => Effect.forEach(fleet, message, { concurrency: "unbounded" })),
    Effect.tap((fleet) => Effect.sync(() => fleet.forEach((child) => child.send("go")))),
    Effect.flatMap(Effect.forEach(message, { concurrency: "unbounded" })),
    Effect.flatMap(Schema.decodeUnknown(Schema.Array(Report))),
    Effect.scoped
  )

const start = (place: Database.Place): ChildProcess =>
  fork(fileURLToPath(new URL("run.mjs", import.meta.url)), ["instance", JSON.stringify(place)])

/** The next message of a process; a process that ends instead is a failure. */
const message = (child: ChildProcess) =>
  Effect.tryPromise(async (signal) => {
    const said = once(child, "message", { signal }).then(([value]): unknown => value)
    const ended = once(child, "exit", { signal }).then(([code]) => {
      throw new Error(`an instance ended with ${code}`)
    })
    return Promise.race([said, ended])
  })

/** What each process of the fleet does. It ends when the demo does, whatever becomes of the demo. */
export const instance = (argument: string) =>
  Effect.flatMap(Schema.decodeUnknown(Place)(argument), (place) =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const go = once(process, "message")
      process.once("disconnect", () => process.exit(1))
      process.send?.("ready")
      yield* Effect.promise(() => go)
      const rows = yield* Shop.stock(sql).pipe(withAutoMigration)
      const { count } = yield* Metric.value(Telemetry.applied)
      process.send?.({ rows, applied: count })
    }).pipe(
      Effect.provide(Database.layer(place, Database.today)),
      Effect.andThen(
        Effect.sync(() => {
          process.removeAllListeners("disconnect")
          process.disconnect()
        })
      )
    )
  )
