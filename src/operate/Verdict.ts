/**
 * Asks the policy about a plan ahead of time, with what the database holds now.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type { AutoMigrationError } from "../core/error/AutoMigrationError.js"
import type * as Plan from "../core/graph/Plan.js"
import * as Policy from "../core/policy/Policy.js"
import * as Catalog from "../database/Catalog.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import * as Presence from "../database/Presence.js"
import { AutoMigrationConfig } from "../runtime/AutoMigrationConfig.js"

/** @since 0.1.0 @category models */
export interface Verdicts {
  /**
   * The verdict of the configured policy. No lock is taken, so a heal may come to another one when the tables have other
   * rows by then.
   */
  readonly verdict: (plan: Plan.Plan) => Effect.Effect<Policy.Verdict, AutoMigrationError>
}

/** @since 0.1.0 @category constructors */
export const make = Effect.gen(function* () {
  const { policy } = yield* AutoMigrationConfig
  const catalog = yield* Catalog.Catalog
  return {
    verdict: (plan) =>
      catalog.presence(Policy.questions(plan)).pipe(
        Effect.mapBoth({
          onFailure: MigrationFailure.withoutQuery,
          onSuccess: (answers) => policy(plan, Presence.unlockedFacts(answers))
        })
      )
  } satisfies Verdicts
})
