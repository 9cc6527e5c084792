/**
 * Many processes of the shop at once. Each builds its layer, says that it is ready, waits for the word, runs one query, and
 * reports what it got and how many migrations it applied itself.
 */
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import * as SqlClient from "@effect/sql/SqlClient"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Schema from "effect/Schema"
import { Telemetry, withAutoMigration } from "effect-auto-migration"
import * as Database from "./Database.js"
import * as Shop from "./Shop.js"
import { DemoStopped, messageOf, waitingFor } from "./Telling.js"

const Ready = Schema.TaggedStruct("Ready", {})

const Report = Schema.TaggedStruct("Report", { rows: Schema.Array(Schema.Unknown), applied: Schema.Number })

/** The reason is one line for the reader of the demo. */
const Failed = Schema.TaggedStruct("Failed", { reason: Schema.String })

const Place = Schema.parseJson(Schema.Struct({ url: Schema.String, schema: Schema.String }))

/** Starts that many processes, lets them go at once, and collects their reports. */
export const run = (size: number, place: Database.Place) =>
  Effect.gen(function* () {
    const fleet = yield* Effect.forEach(Array.from({ length: size }), () => member(place))
    yield* all(fleet, Ready).pipe(waitingFor(`${size} processes to load the library and to connect`))
    yield* Effect.sync(() => fleet.forEach((child) => child.send("go")))
    return yield* all(fleet, Report).pipe(waitingFor(`the answers of ${size} processes`))
  }).pipe(Effect.scoped)

const member = (place: Database.Place) =>
  Effect.acquireRelease(
    Effect.sync(() => fork(fileURLToPath(new URL("main.js", import.meta.url)), ["instance", JSON.stringify(place)])),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )

const all = <A, I>(fleet: ReadonlyArray<ChildProcess>, expected: Schema.Schema<A, I>) =>
  Effect.forEach(fleet, (child) => Effect.flatMap(message(child), understand(expected)), { concurrency: "unbounded" })

/** The next message of a process. A process that ends instead has failed. */
const message = (child: ChildProcess) =>
  Effect.async<unknown>((resume) => {
    const fail = (reason: string) => resume(Effect.succeed(Failed.make({ reason })))
    if (!child.connected) return fail("it ended before it answered")
    child.once("message", (value) => resume(Effect.succeed(value)))
    child.once("disconnect", () => fail("it ended before it answered"))
    child.once("error", (error) => fail(error.message))
  })

const understand =
  <A, I>(expected: Schema.Schema<A, I>) =>
  (said: unknown) =>
    Effect.flatMap(Schema.decodeUnknown(Schema.Union(expected, Failed))(said), (heard) =>
      Schema.is(Failed)(heard) ? Effect.fail(stopped(heard.reason)) : Effect.succeed(heard)
    )

const stopped = (reason: string) =>
  new DemoStopped({
    reason: `One of the processes failed: ${reason}`,
    remedy: "Run the demo again when the machine has less to do. The server has to allow 30 connections or more."
  })

/** What each process of the fleet does. It ends with the demo, which is what Ctrl-C ends, and not this process itself. */
export const instance = (argument: string) =>
  Effect.flatMap(Schema.decodeUnknown(Place)(argument), (place) =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const go = once(process, "message")
      process.send?.(Ready.make({}))
      yield* Effect.promise(() => go)
      const rows = yield* Shop.stock(sql).pipe(withAutoMigration)
      const { count } = yield* Metric.value(Telemetry.applied)
      process.send?.(Report.make({ rows, applied: count }))
    }).pipe(Effect.provide(Database.layer(place, Database.today)))
  ).pipe(
    Effect.catchAllCause((cause) =>
      Effect.sync(() => process.send?.(Failed.make({ reason: messageOf(Cause.squash(cause)) })))
    ),
    Effect.ensuring(Effect.sync(() => process.disconnect()))
  )
