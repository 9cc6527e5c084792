/**
 * The log of heals: one line for each, with the facts as annotations. A line holds no text of a script or a statement,
 * and no value.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type { AutoMigrationError } from "../core/error/AutoMigrationError.js"
import type { MigrationId } from "../core/migration/Migration.js"
import type * as MigrationFailure from "../database/MigrationFailure.js"
import { attribute } from "../runtime/Telemetry.js"

/** What a heal is asked for. @since 0.1.0 @category models */
export interface Trigger {
  /** The missing object. */
  readonly gap: string
  readonly sqlState: string
}

const annotations = ({ gap, sqlState }: Trigger, migrationIds: ReadonlyArray<string>) => ({
  [attribute.gap]: gap,
  [attribute.trigger]: sqlState,
  [attribute.migrations]: migrationIds.join(", ")
})

/** @since 0.1.0 @category logging */
export const healed = (
  trigger: Trigger,
  migrationIds: ReadonlyArray<MigrationId>,
  elapsed: Duration.Duration
): Effect.Effect<void> =>
  Effect.logInfo("Closed a gap in the schema").pipe(
    Effect.annotateLogs({
      ...annotations(trigger, migrationIds),
      [attribute.milliseconds]: Math.round(Duration.toMillis(elapsed))
    })
  )

/** @since 0.1.0 @category logging */
export const failed = (
  trigger: Trigger,
  { toError }: MigrationFailure.Failure,
  retryAt: number
): Effect.Effect<void> => {
  const error = toError({ cause: undefined, retryAt })
  return Effect.logWarning("Did not close a gap in the schema").pipe(
    Effect.annotateLogs({
      ...annotations(trigger, migrationsOf(error)),
      [attribute.error]: error._tag,
      ...(retryAt > 0 ? { [attribute.retryAt]: new Date(retryAt).toISOString() } : {})
    })
  )
}

const migrationsOf = (error: AutoMigrationError): ReadonlyArray<string> => {
  if ("migrationIds" in error) return error.migrationIds
  return Predicate.hasProperty(error, "migrationId") && Predicate.isString(error.migrationId) ? [error.migrationId] : []
}
