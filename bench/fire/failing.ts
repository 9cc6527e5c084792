/**
 * A migration that always fails, and many who need it.
 *
 * Workload: in one application, fibers that each ask every second for a table whose migration fails, and a few fibers that
 * run a healthy query one after the other, all on one pool. In every other second the failing queries are not protected, so
 * that they fail as often and nothing is tried. Measured: how many healthy queries end in each second; the ratio of each
 * protected second to the one after it, and the median of these, since a machine's own speed changes more in ten seconds than
 * what is measured. That every failing query failed with the migration's failure as it should, and when the migration was
 * tried, by the ledger, is checked outside the measured region. The first seconds, in which the program is still being
 * compiled, count for the attempts only.
 */
import { SqlClient } from "@effect/sql/SqlClient"
import * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as AutoMigration from "../../src/AutoMigration.js"
import * as Breaker from "../../src/runner/Breaker.js"
import * as AutoMigrationConfig from "../../src/runtime/AutoMigrationConfig.js"
import * as App from "../../test/support/program/App.js"
import * as Database from "../../test/support/server/Database.js"
import * as EmbeddedServer from "../../test/support/server/EmbeddedServer.js"
import { claim, type Figure, median } from "./Figure.js"

export interface Scale {
  readonly queries: number
  /** Before anything is counted. */
  readonly warmUpPairs: number
  /** Each a second with failing queries that are protected, and one without. */
  readonly pairs: number
}

export const scale: Scale = { queries: 1000, warmUpPairs: 5, pairs: 30 }

const healthyFibers = 4

const all = { concurrency: "unbounded" } as const

const migrations = {
  "001_healthy": "CREATE TABLE healthy (id integer); INSERT INTO healthy VALUES (1);",
  "002_failing": "CREATE TABLE failing (id integer); INSERT INTO failing VALUES (1/0);"
}

const failing = Effect.flatMap(SqlClient, (sql) => sql.unsafe("SELECT id FROM failing"))

const healthy = Effect.flatMap(SqlClient, (sql) =>
  AutoMigration.withAutoMigration(sql.unsafe("SELECT id FROM healthy"))
)

const claimTag = (_tag: string, expected: string): void =>
  claim(`a failing query fails with ${expected}, not ${_tag}`, _tag === expected)

const protectedFailing = Effect.map(Effect.flip(AutoMigration.withAutoMigration(failing)), ({ _tag }) =>
  claimTag(_tag, "MigrationFailed")
)

const bareFailing = Effect.map(Effect.flip(failing), ({ _tag }) => claimTag(_tag, "SqlError"))

/** Fibers that ask every second at moments spread over it, in turn protected and not. */
const crowd = (size: number) =>
  Effect.forEach(
    Array.from({ length: size }),
    (_, n) =>
      Effect.flatMap(Ref.make(0), (asked) =>
        Ref.getAndUpdate(asked, (times) => times + 1).pipe(
          Effect.flatMap((times) => (times % 2 === 0 ? protectedFailing : bareFailing)),
          Effect.repeat(Schedule.fixed("1 second")),
          Effect.delay(Duration.millis((1000 * n) / size))
        )
      ),
    { ...all, discard: true }
  )

interface Pair {
  readonly ours: number
  readonly bare: number
}

/** Healthy queries in each second with a crowd that is protected, and in the second after it, when it is not. */
const throughput = ({ pairs, queries, warmUpPairs }: Scale) =>
  Effect.gen(function* () {
    yield* healthy
    yield* protectedFailing
    const start = performance.now()
    const seconds = 2 * (warmUpPairs + pairs)
    const answered = Array.from({ length: seconds }, () => 0)
    const answer = Effect.map(healthy, () => {
      const second = Math.floor((performance.now() - start) / 1000)
      answered[second] = (answered[second] ?? 0) + 1
    })
    const load = Effect.all([crowd(queries), Effect.replicateEffect(Effect.forever(answer), healthyFibers, all)], all)
    yield* Effect.timeoutOption(load, Duration.seconds(seconds))
    return Arr.chunksOf(answered, 2)
      .slice(warmUpPairs)
      .map(([ours = 0, bare = 0]): Pair => ({ ours, bare }))
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

    const url = yield* Database.fresh(server.url)
    const [pairs, times] = yield* Effect.provide(
      Effect.zip(throughput(scale), failures),
      Layer.fresh(App.layer({ url, migrations, maxConnections: 10 }))
    )
    claim("the migration was tried", times.length > 0)
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
        value: attemptsInWindows(times),
        unit: "",
        atMost: 0
      },
      { name: "  attempts", value: times.length, unit: "" }
    ] satisfies ReadonlyArray<Figure>
  }).pipe(Effect.scoped, Effect.orDie)
