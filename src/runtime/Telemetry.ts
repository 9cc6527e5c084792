/**
 * The names of spans, attributes and metrics; no other file spells one. A query that succeeds uses none of them.
 *
 * @since 0.1.0
 */
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"

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
  trigger: "auto_migration.trigger"
} as const

/** Gaps that were closed, counted once for each flight. @since 0.1.0 @category metrics */
export const healed = Metric.counter("auto_migration_healed_total", {
  description: "Gaps closed by applying migrations",
  incremental: true
})

/** Flights that ended in an error. @since 0.1.0 @category metrics */
export const failed = Metric.counter("auto_migration_failed_total", {
  description: "Attempts to close a gap that ended in an error",
  incremental: true
})

/** Migrations applied by this process. @since 0.1.0 @category metrics */
export const applied = Metric.counter("auto_migration_applied_total", {
  description: "Migrations applied by this process",
  incremental: true
})

/** Milliseconds from the start of a flight to its end. @since 0.1.0 @category metrics */
export const duration = Metric.histogram(
  "auto_migration_duration_milliseconds",
  MetricBoundaries.exponential({ start: 1, factor: 2, count: 16 }),
  "Time to close a gap"
)
