/**
 * Errors of requests that were refused because a window of the circuit breaker is open. An equal request gets the same
 * error, until the window ends or the ledger changes. So a thousand equal requests cost one resolution.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { AutoMigrationError } from "../core/error/AutoMigrationError.js"
import type { AppliedSet } from "../core/migration/LedgerEvent.js"
import type * as Breaker from "../runner/Breaker.js"
import * as Monotonic from "../runtime/Monotonic.js"
import * as Findings from "./Findings.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface WindowErrors {
  readonly recall: (question: string) => Effect.Effect<Option.Option<AutoMigrationError>>
  readonly record: (question: string, window: Breaker.Window, error: AutoMigrationError) => Effect.Effect<void>
}

/**
 * `remembered` is the applied set that this process knows without asking the database.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (remembered: Effect.Effect<Option.Option<AppliedSet>>): Effect.Effect<WindowErrors> =>
  Effect.map(Findings.make<{ readonly error: AutoMigrationError; readonly endsAt: number }>(), (findings) => ({
    recall: (question) =>
      Effect.zipWith(remembered, Monotonic.milliseconds, (applied, now) =>
        applied.pipe(
          Option.flatMap((_) => findings.unsafeRecall(question, _)),
          Option.filter(({ endsAt }) => now < endsAt),
          Option.map(({ error }) => error)
        )
      ),
    record: (question, { endsAt }, error) =>
      Effect.flatMap(
        remembered,
        Option.match({
          onNone: () => Effect.void,
          onSome: (applied) => findings.record(question, applied, { error, endsAt })
        })
      )
  }))
