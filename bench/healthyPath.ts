/**
 * What `withAutoMigration` costs a query that succeeds, against the handler that one would write by hand around the same
 * effect: `Effect.catchTag("SqlError", …)`.
 *
 * Workload: effects that succeed, protected anew for each run, as a program does that builds its query in a function.
 * Measured: the time of a batch of runs in one fiber. Batches of both kinds alternate, and so does who goes first; reported
 * is the median over pairs of batches. What the runs gave is summed up and checked after each batch, outside the measured
 * region. No server is there: a healthy query that asked for anything would fail.
 */
import { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as AutoMigration from "../src/AutoMigration.js"
import * as MigrationClient from "../src/database/MigrationClient.js"
import * as MigrationSource from "../src/source/MigrationSource.js"
import type { Measurement } from "./run.js"

type Query = Effect.Effect<number, SqlError>
type Protect<R> = (query: Query) => Effect.Effect<number, unknown, R>

const byHand: Protect<never> = Effect.catchTag("SqlError", (error) => Effect.fail(error))
const byUs: Protect<AutoMigration.AutoMigration> = AutoMigration.withAutoMigration

const workloads: ReadonlyArray<{ readonly name: string; readonly runs: number; readonly query: (n: number) => Query }> =
  [
    { name: "a value at hand", runs: 5_000, query: (n) => Effect.succeed(n) },
    {
      name: "five steps",
      runs: 2_000,
      query: (n) =>
        Effect.suspend(() => (n < 0 ? Effect.fail(new SqlError({ cause: n })) : Effect.succeed(n))).pipe(
          Effect.map((_) => _ + 1),
          Effect.flatMap((_) => Effect.sync(() => _ - 1)),
          Effect.map((_) => _)
        )
    }
  ]

const pairs = 301
const warmUp = 60

const median = (values: ReadonlyArray<number>): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN

/** Nanoseconds for one run, as the mean over a batch. */
const batch = <R>(protect: Protect<R>, query: (n: number) => Query, runs: number): Effect.Effect<number, unknown, R> =>
  Effect.suspend(() => {
    let n = 0
    let sum = 0
    const start = process.hrtime.bigint()
    return Effect.whileLoop({
      while: () => n < runs,
      body: () => protect(query(n)),
      step: (value) => {
        sum += value
        n++
      }
    }).pipe(
      Effect.flatMap(() => {
        const elapsed = Number(process.hrtime.bigint() - start)
        return sum === (runs * (runs - 1)) / 2
          ? Effect.succeed(elapsed / runs)
          : Effect.dieMessage(`the runs gave ${sum}`)
      })
    )
  })

const measure = ({ name, query, runs }: (typeof workloads)[number]) =>
  Effect.gen(function* () {
    const ours: Array<number> = []
    const theirs: Array<number> = []
    const sample = [
      Effect.map(batch(byUs, query, runs), (_) => ours.push(_)),
      Effect.map(batch(byHand, query, runs), (_) => theirs.push(_))
    ]
    for (let pair = 0; pair < warmUp + pairs; pair++) yield* Effect.all(pair % 2 === 0 ? sample : [...sample].reverse())
    const ratios = ours.slice(warmUp).map((time, index) => time / (theirs[warmUp + index] ?? Number.NaN))
    return {
      name: `${name}: withAutoMigration against catchTag`,
      ratio: median(ratios),
      nanoseconds: median(ours.slice(warmUp)),
      atMost: 1.1
    } satisfies Measurement
  })

/** Connects on first use, and nothing here uses it. */
const live = AutoMigration.layer.pipe(
  Layer.provide(MigrationClient.layer({ url: Redacted.make("postgresql://127.0.0.1:1/nowhere") })),
  Layer.provide(MigrationSource.layerRecord({ "001_users": "CREATE TABLE users (id bigint)" }))
)

export const run = async (): Promise<ReadonlyArray<Measurement>> => {
  const runtime = ManagedRuntime.make(live)
  try {
    return await runtime.runPromise(
      Effect.withMaxOpsBeforeYield(Effect.forEach(workloads, measure), Number.MAX_SAFE_INTEGER)
    )
  } finally {
    await runtime.dispose()
  }
}
