/**
 * What an operator sees of a database in use. No operation here changes the ledger or the schema.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { AutoMigrationError } from "../core/error/AutoMigrationError.js"
import type { LedgerEvent } from "../core/migration/LedgerEvent.js"
import { Knowledge } from "../runner/Knowledge.js"
import { Ledger } from "../runner/Ledger.js"
import * as Follower from "./Follower.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Observer {
  readonly follow: Stream.Stream<LedgerEvent, AutoMigrationError>
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Observer, never, Knowledge | Ledger> = Effect.gen(function* () {
  const knowledge = yield* Knowledge
  const ledger = yield* Ledger
  return { follow: Follower.make({ knowledge, ledger }) }
})
