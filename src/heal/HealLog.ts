/**
 * The log, the count and the spans of heals: one line for each, with the facts as annotations. A line holds no text of a script or a
 * statement, and no value.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Predicate from "effect/Predicate"
import type * as Tracer from "effect/Tracer"
import type { AutoMigrationError } from "../core/error/AutoMigrationError.js"
import type { MigrationId } from "../core/migration/Migration.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import type { RunFailure } from "../runner/PlanRunner.js"
import * as Monotonic from "../runtime/Monotonic.js"
import { type AttemptOutcome, attempt, attribute, database, span } from "../runtime/Telemetry.js"

/** What a heal is asked for. @since 0.1.0 @category models */
export interface Trigger {
  /** The missing object. */
  readonly gap: string
  readonly sqlState: string
}

const annotations = ({ gap, sqlState }: Trigger, migrationIds: ReadonlyArray<string>, milliseconds: number) => ({
  [attribute.gap]: gap,
  [attribute.trigger]: sqlState,
  [attribute.migrations]: migrationIds.join(", "),
  [attribute.milliseconds]: milliseconds
})

/**
 * The span of the run of a plan.
 *
 * @since 0.1.0
 * @category combinators
 */
export const traced =
  ({ gap, sqlState }: Trigger, migrationIds: ReadonlyArray<string>, links: ReadonlyArray<Tracer.SpanLink>) =>
  <A>(run: Effect.Effect<A, RunFailure>): Effect.Effect<A, RunFailure> =>
    run.pipe(
      Effect.tapError(({ failure }) =>
        Effect.annotateCurrentSpan(
          database.errorType,
          failure.toError({ asked: MigrationFailure.noQuery, retryAt: 0 })._tag
        )
      ),
      Effect.withSpan(span.heal, {
        attributes: {
          [attribute.gap]: gap,
          [attribute.trigger]: sqlState,
          [attribute.migrations]: migrationIds.join(", ")
        },
        links
      })
    )

/** @since 0.1.0 @category logging */
export const healed = (
  trigger: Trigger,
  migrationIds: ReadonlyArray<MigrationId>,
  elapsed: Duration.Duration
): Effect.Effect<void> =>
  Effect.logInfo("Closed a gap in the schema").pipe(
    Effect.annotateLogs(annotations(trigger, migrationIds, Math.round(Duration.toMillis(elapsed))))
  )

/**
 * Counts how a heal ends, and logs its failure.
 *
 * @since 0.1.0
 * @category combinators
 */
export const watched = <A>(trigger: Trigger, heal: Effect.Effect<A, RunFailure>): Effect.Effect<A, RunFailure> =>
  Effect.flatMap(Monotonic.milliseconds, (startedAt) =>
    Effect.tapBoth(heal, {
      onFailure: (ended) =>
        Effect.flatMap(Monotonic.milliseconds, (now) => failed(trigger, ended, Math.round(now - startedAt))),
      onSuccess: (conclusion) => {
        if (conclusion === "Retry") return Metric.increment(attempt.healed)
        return conclusion === "NotOurs" ? Metric.increment(attempt["not ours"]) : Effect.void
      }
    })
  )

const failed = (trigger: Trigger, { failure, retryAt }: RunFailure, milliseconds: number): Effect.Effect<void> => {
  const error = failure.toError({ asked: MigrationFailure.noQuery, retryAt })
  return Effect.logWarning("Did not close a gap in the schema").pipe(
    Effect.annotateLogs({
      ...annotations(trigger, migrationsOf(error), milliseconds),
      [attribute.error]: error._tag,
      ...(retryAt > 0 ? { [attribute.retryAt]: new Date(retryAt).toISOString() } : {})
    }),
    Effect.zipRight(Metric.increment(attempt[outcomeOf(error)]))
  )
}

const outcomeOf = ({ _tag }: AutoMigrationError): AttemptOutcome => {
  switch (_tag) {
    case "MigrationRefused":
      return "refused"
    case "MigrationPending":
      return "pending"
    case "HealTimeout":
    case "LockTimeout":
      return "timed out"
    default:
      return "failed"
  }
}

const migrationsOf = (error: AutoMigrationError): ReadonlyArray<string> => {
  if ("migrationIds" in error) return error.migrationIds
  return Predicate.hasProperty(error, "migrationId") && Predicate.isString(error.migrationId) ? [error.migrationId] : []
}
