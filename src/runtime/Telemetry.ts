/**
 * The names of spans, attributes and metrics; no other file spells one. A query that succeeds uses none of them, and
 * neither does an error that names no missing object.
 *
 * @since 0.1.0
 */
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"
import * as Predicate from "effect/Predicate"

/** @since 0.1.0 @category spans */
export const span = {
  heal: "AutoMigration.heal",
  migrate: "AutoMigration.migrate",
  step: "AutoMigration.step"
} as const

/** The attributes of spans, and the annotations of logs. @since 0.1.0 @category attributes */
export const attribute = {
  error: "auto_migration.error",
  gap: "auto_migration.gap",
  migrations: "auto_migration.migrations",
  milliseconds: "auto_migration.milliseconds",
  retryAt: "auto_migration.retry_at",
  holders: "auto_migration.holders",
  line: "auto_migration.line",
  lock: "auto_migration.lock",
  trigger: "auto_migration.trigger"
} as const

/**
 * The attributes of OpenTelemetry's conventions for clients of PostgreSQL.
 *
 * Source: OpenTelemetry semantic conventions 1.4x, "PostgreSQL client operations" and "Recording errors".
 *
 * @since 0.1.0
 * @category attributes
 */
export const database = {
  system: "db.system.name",
  namespace: "db.namespace",
  operation: "db.operation.name",
  batchSize: "db.operation.batch.size",
  statusCode: "db.response.status_code",
  address: "server.address",
  port: "server.port",
  errorType: "error.type"
} as const

/**
 * The name of a statement's span, as the conventions have it: `ALTER shop`.
 *
 * @since 0.1.0
 * @category spans
 */
export const statementSpan = (operation: string, attributes: Readonly<Record<string, unknown>>): string =>
  [operation, attributes[database.namespace]].filter(Predicate.isString).join(" ")

/** How an attempt to close a gap ends. @since 0.1.0 @category models */
export type AttemptOutcome = "healed" | "refused" | "pending" | "failed" | "timed out" | "not ours"

const attempts = Metric.counter("auto_migration_attempts_total", {
  description: "Attempts to close a gap, by outcome",
  incremental: true
})

const withOutcome = (outcome: AttemptOutcome) => Metric.tagged(attempts, "outcome", outcome)

/** Attempts to close a gap, by their outcome. Equal requests that come at once are one attempt. @since 0.1.0 @category metrics */
export const attempt = {
  healed: withOutcome("healed"),
  refused: withOutcome("refused"),
  pending: withOutcome("pending"),
  failed: withOutcome("failed"),
  "timed out": withOutcome("timed out"),
  "not ours": withOutcome("not ours")
} satisfies Readonly<Record<AttemptOutcome, unknown>>

/**
 * Migrations of the program that this process applied.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { PgClient } from "@effect/sql-pg"
 * import { AutoMigration, AutoMigrationLive, MigrationSource, Telemetry } from "effect-auto-migration"
 * import { Config, Effect, Layer, Metric } from "effect"
 *
 * const Live = AutoMigrationLive.pipe(
 *   Layer.provide(MigrationSource.layerRecord({ "001_users": "CREATE TABLE users (id integer)" })),
 *   Layer.provide(PgClient.layerConfig({ url: Config.redacted("DATABASE_URL") }))
 * )
 *
 * const before = await Effect.runPromise(Metric.value(Telemetry.applied))
 * await Effect.runPromise(Effect.provide(AutoMigration.migrate, Live))
 * const after = await Effect.runPromise(Metric.value(Telemetry.applied))
 * assert.equal(after.count, before.count + 1)
 * ```
 *
 * @since 0.1.0
 * @category metrics
 */
export const applied = Metric.counter("auto_migration_applied_total", {
  description: "Migrations applied by this process",
  incremental: true
})

/** The ledger's own migrations that this process applied. @since 0.1.0 @category metrics */
export const ledgerApplied = Metric.counter("auto_migration_ledger_applied_total", {
  description: "Migrations of the ledger itself applied by this process",
  incremental: true
})

const milliseconds = MetricBoundaries.exponential({ start: 1, factor: 2, count: 16 })

/** Milliseconds from the start of a run of a plan to its end. @since 0.1.0 @category metrics */
export const duration = Metric.histogram("auto_migration_duration_milliseconds", milliseconds, "Time to run a plan")

/** Milliseconds that a step waited for locks and leases, where it did. @since 0.1.0 @category metrics */
export const lockWait = Metric.histogram(
  "auto_migration_lock_wait_milliseconds",
  milliseconds,
  "Time that a step waited for locks"
)

/** Steps that wait for a lock or a lease now. @since 0.1.0 @category metrics */
export const waiting = Metric.gauge("auto_migration_waiting", { description: "Steps that wait for a lock now" })

/** Migrations that are not tried for a while, since they failed. @since 0.1.0 @category metrics */
export const windows = Metric.gauge("auto_migration_windows_open", {
  description: "Migrations that are not tried for a while, since they failed"
})
