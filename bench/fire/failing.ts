/**
 * A migration that always fails, and many who need it.
 *
 * Workload: in one application, fibers that each ask every second for a table whose migration fails, and a few fibers that
 * run a healthy query one after the other, all on one pool. Measured: how many healthy queries end in the time, against the
 * same application whose failing queries are not protected, so that they fail as often and nothing is tried; the two
 * alternate, each on a database and a layer of its own, and the median of the ratios of neighbours counts. That every failing
 * query failed with the migration's failure as it should, and when the migration was tried, by the ledger, is checked outside
 * the measured region.
 */
import { SqlClient } from "@effect/sql/SqlClient"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as AutoMigration from "../../src/AutoMigration.js"
import * as AutoMigrationConfig from "../../src/AutoMigrationConfig.js"
import * as Breaker from "../../src/Breaker.js"
import * as App from "../../test/support/App.js"
import * as Database from "../../test/support/Database.js"
import * as EmbeddedServer from "../../test/support/EmbeddedServer.js"
import { claim, type Figure, median } from "./Figure.js"

export interface Scale {
  readonly queries: number
  readonly duration: Duration.Duration
  readonly pairs: number
}

export const scale: Scale = { queries: 1000, duration: Duration.seconds(10), pairs: 1 }

const healthyFibers = 4

const everySecond = Schedule.spaced("1 second")

const all = { concurrency: "unbounded" } as const

const migrations = {
  "001_healthy": "CREATE TABLE healthy (id integer); INSERT INTO healthy VALUES (1);",
  "002_failing": "CREATE TABLE failing (id integer); INSERT INTO failing VALUES (1/0);"
}

const failing = Effect.flatMap(SqlClient, (sql) => sql.unsafe("SELECT id FROM failing"))

const healthy = Effect.flatMap(SqlClient, (sql) =>
  AutoMigration.withAutoMigration(sql.unsafe("SELECT id FROM healthy"))
)

type Failing = Effect.Effect<unknown, { readonly _tag: string }, AutoMigration.AutoMigration | SqlClient>

/** Fibers that ask at moments spread over a second, and again a second after each answer. */
const crowd = (size: number, query: Failing, expected: string) =>
  Effect.forEach(
    Array.from({ length: size }),
    (_, n) =>
      Effect.flip(query).pipe(
        Effect.map(({ _tag }) => claim(`a failing query fails with ${expected}, not ${_tag}`, _tag === expected)),
        Effect.schedule(everySecond),
        Effect.delay(Duration.millis((1000 * n) / size))
      ),
    { ...all, discard: true }
  )

/** Healthy queries per second while a crowd asks for what fails. */
const throughput = ({ duration, queries }: Scale, query: Failing, expected: string) =>
  Effect.gen(function* () {
    yield* healthy
    yield* Effect.flip(query)
    const answered = yield* Ref.make(0)
    const work = Effect.forever(
      Effect.zipRight(
        healthy,
        Ref.update(answered, (n) => n + 1)
      )
    )
    const load = Effect.all([crowd(queries, query, expected), Effect.replicateEffect(work, healthyFibers, all)], all)
    const start = performance.now()
    yield* Effect.timeoutOption(load, duration)
    return ((yield* Ref.get(answered)) * 1000) / (performance.now() - start)
  })

/** When the migration failed, in milliseconds since 1970. */
const failures = Stream.runFold(AutoMigration.events, [] as number[], (times, { kind, migrationId, recordedAt }) =>
  kind === "Failed" && migrationId === "002_failing" ? [...times, Date.parse(recordedAt)] : times
)

/** Attempts that ended before the shortest window that the failure before them may have opened. */
const attemptsInWindows = (times: ReadonlyArray<number>): number => {
  const shortest = (failures: number) => Breaker.windowMillis(AutoMigrationConfig.defaults.breaker, failures, 1)
  return times.filter((time, n) => n > 0 && time - (times[n - 1] ?? 0) < shortest(n)).length
}

export const run = (scale: Scale): Effect.Effect<ReadonlyArray<Figure>> =>
  Effect.gen(function* () {
    const server = yield* EmbeddedServer.make()

    const inApplication = <A, E>(body: Effect.Effect<A, E, AutoMigration.AutoMigration | SqlClient>) =>
      Effect.scoped(
        Effect.flatMap(Database.fresh(server.url), (url) =>
          Effect.provide(body, Layer.fresh(App.layer({ url, migrations, maxConnections: 10 })))
        )
      )

    const protectedRun = inApplication(
      Effect.zip(throughput(scale, AutoMigration.withAutoMigration(failing), "MigrationFailed"), failures)
    )
    const bareRun = inApplication(throughput(scale, failing, "SqlError"))

    const pairs: Array<{ readonly ours: number; readonly bare: number; readonly times: ReadonlyArray<number> }> = []
    for (let pair = 0; pair < scale.pairs; pair++) {
      const early = pair % 2 === 0 ? undefined : yield* bareRun
      const [ours, times] = yield* protectedRun
      pairs.push({ ours, times, bare: early ?? (yield* bareRun) })
    }
    const attempts = pairs.map(({ times }) => times.length)
    claim("the migration was tried", Math.min(...attempts) > 0)
    return [
      {
        name: `healthy queries lost while ${scale.queries} ask for what fails`,
        value: 100 * (1 - median(pairs.map(({ bare, ours }) => ours / bare))),
        unit: "%",
        atMost: 5
      },
      { name: "  healthy queries", value: median(pairs.map(({ ours }) => ours)), unit: "per s" },
      {
        name: "  healthy queries, where the failing ones are not protected",
        value: median(pairs.map(({ bare }) => bare)),
        unit: "per s"
      },
      {
        name: "attempts within a window",
        value: pairs.reduce((sum, { times }) => sum + attemptsInWindows(times), 0),
        unit: "",
        atMost: 0
      },
      { name: "  attempts in one run", value: median(attempts), unit: "" }
    ] satisfies ReadonlyArray<Figure>
  }).pipe(Effect.scoped, Effect.orDie)
