/**
 * The picture of the program's migrations with what the database says: their events, and what the policy refuses of all that is
 * pending. It asks without a lock, so a table that is locked may hold rows.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { AutoMigrationError } from "../core/error/AutoMigrationError.js"
import * as Resolver from "../core/graph/Resolver.js"
import * as LedgerEvent from "../core/migration/LedgerEvent.js"
import * as Model from "../core/picture/Model.js"
import * as Policy from "../core/policy/Policy.js"
import { Catalog } from "../database/Catalog.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import * as Presence from "../database/Presence.js"
import { Knowledge } from "../runner/Knowledge.js"
import { Ledger } from "../runner/Ledger.js"
import { AutoMigrationConfig } from "../runtime/AutoMigrationConfig.js"

/** @since 0.1.0 @category models */
export interface Pictures {
  readonly picture: Effect.Effect<Model.Model, AutoMigrationError>
}

/** @since 0.1.0 @category constructors */
export const make = Effect.gen(function* () {
  const { policy } = yield* AutoMigrationConfig
  const { graph } = yield* Knowledge
  const catalog = yield* Catalog
  const { events } = yield* Ledger
  const picture = Effect.gen(function* () {
    const known = [...(yield* Stream.runCollect(events))]
    const plan = Resolver.pending(graph, LedgerEvent.replay(known).checksumById)
    if (Option.isNone(plan)) return Model.fromGraph(graph, { events: known, refusals: [] })
    const answers = yield* Effect.mapError(
      catalog.presence(Policy.questions(plan.value)),
      MigrationFailure.withoutQuery
    )
    const verdict = policy(plan.value, Presence.unlockedFacts(answers))
    return Model.fromGraph(graph, { events: known, refusals: verdict._tag === "Refused" ? verdict.reasons : [] })
  })
  return { picture } satisfies Pictures
})
