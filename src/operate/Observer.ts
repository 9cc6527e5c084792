/**
 * What an operator sees of a database in use. No operation here changes the ledger or the schema.
 *
 * @internal
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { AutoMigrationError } from "../core/error/AutoMigrationError.js"
import type { LedgerEvent } from "../core/migration/LedgerEvent.js"
import * as Drift from "../core/policy/Drift.js"
import * as Catalog from "../database/Catalog.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import * as LedgerMigrations from "../ledger/OwnMigrations.js"
import { Knowledge } from "../runner/Knowledge.js"
import { Ledger } from "../runner/Ledger.js"
import { PlanRunner } from "../runner/PlanRunner.js"
import * as Follower from "./Follower.js"
import * as Health from "./Health.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Observer {
  readonly follow: Stream.Stream<LedgerEvent, AutoMigrationError>
  readonly health: Effect.Effect<Health.Health>
  readonly drift: Effect.Effect<ReadonlyArray<Drift.Drift>, AutoMigrationError>
}

interface Services {
  readonly runner: Context.Tag.Service<PlanRunner>
  readonly catalog: Context.Tag.Service<Catalog.Catalog>
  readonly knowledge: Context.Tag.Service<Knowledge>
  readonly ledger: Context.Tag.Service<Ledger>
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Observer, never, Catalog.Catalog | Knowledge | Ledger | PlanRunner> = Effect.gen(
  function* () {
    const services: Services = {
      catalog: yield* Catalog.Catalog,
      knowledge: yield* Knowledge,
      ledger: yield* Ledger,
      runner: yield* PlanRunner
    }
    return { follow: Follower.make(services), drift: drift(services), health: yield* Health.make(services) }
  }
)

/** Reads the events only where an object is missing. */
const drift = ({ catalog, knowledge, ledger }: Services): Observer["drift"] =>
  Effect.gen(function* () {
    const { applied } = yield* Effect.mapError(knowledge.refresh, MigrationFailure.withoutQuery)
    const owed = Drift.owed(knowledge.graph, applied)
    const objects = owed.map(({ object }) => object)
    const missing = new Set(yield* Effect.mapError(catalog.missing(objects, "anywhere"), MigrationFailure.withoutQuery))
    const lost = owed.filter(({ object }) => missing.has(object))
    if (lost.length === 0) return []
    const events = yield* Stream.runCollect(ledger.events)
    const ofPrograms = [...events].filter(({ migrationId }) => !LedgerMigrations.isOwn(migrationId))
    return Drift.report(knowledge.graph, lost, ofPrograms)
  })
