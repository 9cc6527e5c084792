/** The spans and metrics that OpenTelemetry gets, as an exporter in memory keeps them. */
import * as NodeSdk from "@effect/opentelemetry/NodeSdk"
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { SpanKind, SpanStatusCode } from "@opentelemetry/api"
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  PeriodicExportingMetricReader
} from "@opentelemetry/sdk-metrics"
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import { AutoMigration, Policy, withAutoMigration } from "effect-auto-migration"
import * as OwnMigrations from "../../../src/ledger/OwnMigrations.js"
import {
  ask,
  failsWith,
  holding,
  inProgram,
  inStoppedProgram,
  inTappedProgram,
  migrationLock,
  patient,
  type Services,
  type Setting,
  untilRefused,
  users,
  waitsInVain
} from "../../support/program/Situation.js"
import { during, until } from "../../support/server/Until.js"

interface Observed {
  readonly spans: Effect.Effect<ReadonlyArray<ReadableSpan>>
  /** The value of each metric of the library, with its outcome. Of a histogram: how many values it has. */
  readonly metrics: Effect.Effect<Readonly<Record<string, unknown>>>
}

/** A number for the metrics of each test, since one process has one registry. */
let tests = 0

/** Runs a test with exporters in memory. */
const observing = <A, E, R>(body: (observed: Observed) => Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const own = String(tests++)
    const exporter = new InMemorySpanExporter()
    const metricReader = new PeriodicExportingMetricReader({
      exporter: new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE),
      exportIntervalMillis: 3_600_000
    })
    const metrics = Effect.map(
      Effect.promise(() => metricReader.collect()),
      ({ resourceMetrics }) =>
        Object.fromEntries(
          resourceMetrics.scopeMetrics
            .flatMap((scope) => scope.metrics)
            .flatMap(({ dataPoints, descriptor }) =>
              dataPoints
                .filter(({ attributes }) => attributes["test"] === own)
                .map(({ attributes: { outcome }, value }) => [
                  outcome === undefined ? descriptor.name : `${descriptor.name} ${outcome}`,
                  typeof value === "number" ? value : value.count
                ])
            )
            .filter(([name]) => String(name).startsWith("auto_migration"))
        )
    )
    const sdk = NodeSdk.layer(() => ({
      resource: { serviceName: "shop" },
      spanProcessor: new SimpleSpanProcessor(exporter),
      metricReader
    }))
    return body({ metrics, spans: Effect.sync(() => exporter.getFinishedSpans()) }).pipe(
      Effect.tagMetrics("test", own),
      Effect.provide(sdk)
    )
  })

const observingProgram = <A, E>(
  setting: Setting,
  body: (observed: Observed, url: string) => Effect.Effect<A, E, Services | Scope.Scope>
) => observing((observed) => inProgram(setting, (url) => body(observed, url)))

const one = (spans: ReadonlyArray<ReadableSpan>, name: string): ReadableSpan => {
  const [found, ...others] = spans.filter((span) => span.name === name)
  strictEqual(others.length, 0)
  return found ?? assert.fail(`no span ${name} among ${spans.map((span) => span.name)}`)
}

const broken = { ...users, "003_broken": "ALTER TABLE users ADD COLUMN broken int;\nSELECT 1 / 0, 'a secret';" }

describe("the span of a heal", () => {
  it.scopedLive(
    "is linked to the innermost span in which the query failed, and holds gap, trigger and migrations",
    () =>
      observingProgram({ migrations: users }, ({ spans }) =>
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const find = Effect.withSpan(sql.unsafe("SELECT email FROM users"), "Users.find")
          yield* Effect.withSpan(withAutoMigration(find), "request")
          const found = yield* spans
          const heal = one(found, "AutoMigration.heal")
          const failed = found.filter(
            ({ name, status }) => name === "Users.find" && status.code === SpanStatusCode.ERROR
          )
          deepStrictEqual(
            heal.links.map(({ context }) => context.spanId),
            failed.map((span) => span.spanContext().spanId)
          )
          strictEqual(heal.links.length, 1)
          strictEqual(heal.spanContext().traceId, one(found, "request").spanContext().traceId)
          deepStrictEqual(heal.attributes, {
            "auto_migration.gap": "relation users",
            "auto_migration.migrations": "001_users, 002_users_email",
            "auto_migration.trigger": "42P01"
          })
        })
      )
  )

  it.scopedLive("has a span for each statement, by the conventions for clients of PostgreSQL", () =>
    observingProgram({ migrations: users }, ({ spans }, url) =>
      Effect.gen(function* () {
        yield* ask("SELECT email FROM users")
        const { hostname, pathname, port } = new URL(url)
        const database = pathname.slice(1)
        const found = (yield* spans).filter(({ kind }) => kind === SpanKind.CLIENT)
        const ofLibrary = found.filter(({ attributes }) => "auto_migration.migrations" in attributes)
        deepStrictEqual(
          ofLibrary.map(({ name }) => name),
          [`CREATE ${database}`, `INSERT ${database}`, `ALTER ${database}`]
        )
        deepStrictEqual(ofLibrary[1]?.attributes, {
          "db.system.name": "postgresql",
          "db.operation.name": "INSERT",
          "db.namespace": database,
          "server.address": hostname,
          "server.port": Number(port),
          "auto_migration.migrations": "001_users",
          "auto_migration.line": 2
        })
      })
    )
  )

  it.scopedLive("says which error ended it, by SQLSTATE and class, and no text of the statement", () =>
    observingProgram({ migrations: broken }, ({ spans }) =>
      Effect.gen(function* () {
        yield* failsWith("MigrationFailed", ask("SELECT broken FROM users"))
        const found = yield* spans
        strictEqual(one(found, "AutoMigration.heal").attributes["error.type"], "MigrationFailed")
        const [statement] = found.filter(({ attributes }) => attributes["db.operation.name"] === "BATCH")
        strictEqual(statement?.attributes["db.operation.batch.size"], 2)
        strictEqual(statement?.status.code, SpanStatusCode.ERROR)
        deepStrictEqual(
          [statement?.attributes["error.type"], statement?.attributes["db.response.status_code"]],
          ["22012", "22012"]
        )
        const text = JSON.stringify([statement?.status, statement?.events, statement?.attributes])
        assert.notInclude(text, "secret")
        assert.notInclude(text, "division")
      })
    )
  )
})

describe("the metrics", () => {
  it.scopedLive("count what was healed and applied, the ledger's own migrations apart", () =>
    observingProgram({ migrations: users }, ({ metrics }) =>
      Effect.gen(function* () {
        const twice = Effect.all([ask("SELECT email FROM users"), ask("SELECT email FROM users")], { concurrency: 2 })
        yield* twice
        deepStrictEqual(yield* metrics, {
          "auto_migration_attempts_total healed": 1,
          auto_migration_applied_total: 2,
          auto_migration_ledger_applied_total: OwnMigrations.ids.length,
          auto_migration_duration_milliseconds: 1
        })
      })
    )
  )

  for (const [outcome, error, options] of [
    ["refused", "MigrationRefused", { policy: Policy.never }],
    ["pending", "MigrationPending", { mode: "observe" }]
  ] as const) {
    it.scopedLive(`count an attempt that is ${outcome}`, () =>
      observingProgram({ migrations: users, options }, ({ metrics }) =>
        Effect.gen(function* () {
          yield* failsWith(error, ask("SELECT email FROM users"))
          deepStrictEqual(yield* metrics, { [`auto_migration_attempts_total ${outcome}`]: 1 })
        })
      )
    )
  }

  it.scopedLive("count a migration that failed, and the windows that are open until it succeeds", () =>
    observingProgram(
      { migrations: broken, options: { breaker: { first: Duration.hours(1), cap: Duration.hours(1) } } },
      ({ metrics }) =>
        Effect.gen(function* () {
          const open = Effect.map(metrics, (_) => _["auto_migration_windows_open"])
          yield* failsWith("MigrationFailed", ask("SELECT broken FROM users"))
          yield* until(Effect.map(open, (count) => count === 1))
          strictEqual((yield* metrics)["auto_migration_attempts_total failed"], 1)
          yield* AutoMigration.baselineAll({ unchecked: true })
          yield* until(Effect.map(open, (count) => count === 0))
        })
    )
  )

  it.scopedLive("show a step that waits for a lock, and for how long it did", () =>
    observing(({ metrics }) =>
      inTappedProgram({ migrations: users }, (url, tap) =>
        Effect.gen(function* () {
          yield* AutoMigration.migrateTo(["001_users"])
          const healing = yield* Effect.scoped(
            Effect.gen(function* () {
              yield* holding(url, migrationLock)
              yield* tap.reset
              const fiber = yield* Effect.forkDaemon(ask("SELECT email FROM users"))
              yield* during(fiber, untilRefused(tap))
              yield* during(fiber, until(Effect.map(metrics, (_) => _["auto_migration_waiting"] === 1)))
              return fiber
            })
          )
          yield* Fiber.join(healing)
          const found = yield* metrics
          deepStrictEqual([found["auto_migration_waiting"], found["auto_migration_lock_wait_milliseconds"]], [0, 1])
        })
      )
    )
  )

  it.scopedLive("count an attempt that gave up on a lock", () =>
    observing(({ metrics }) =>
      inStoppedProgram(
        { migrations: users, options: { ...patient, lockTimeout: Duration.millis(100) } },
        (url, clock) =>
          Effect.gen(function* () {
            yield* AutoMigration.migrateTo(["001_users"])
            yield* holding(url, "LOCK TABLE users IN ACCESS SHARE MODE")
            yield* waitsInVain(clock, ask("SELECT email FROM users"))
            strictEqual((yield* metrics)["auto_migration_attempts_total timed out"], 1)
          })
      )
    )
  )

  it.scopedLive("count a gap that no migration explains, and no other error and no success", () =>
    observingProgram({ migrations: users }, ({ metrics, spans }) =>
      Effect.gen(function* () {
        yield* ask("SELECT 1")
        yield* Effect.flip(ask("SELECT 1 / 0"))
        deepStrictEqual(yield* metrics, {})
        yield* Effect.flip(ask("SELECT 1 FROM strangers"))
        deepStrictEqual(yield* metrics, { "auto_migration_attempts_total not ours": 1 })
        deepStrictEqual(
          (yield* spans).filter(({ name }) => name !== "sql.execute").map(({ name }) => name),
          []
        )
      })
    )
  )
})
