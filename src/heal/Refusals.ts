/**
 * What is told to all who ask the same while the window of a migration that they need is open and the ledger is as it was: a
 * thousand who ask need no thought, and no error of their own.
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
export interface Refusals {
  readonly recall: (question: string) => Effect.Effect<Option.Option<AutoMigrationError>>
  readonly record: (question: string, window: Breaker.Window, error: AutoMigrationError) => Effect.Effect<void>
}

/**
 * `remembered` is the applied set, as far as it is known without asking.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (remembered: Effect.Effect<Option.Option<AppliedSet>>): Effect.Effect<Refusals> =>
  Effect.map(Findings.make<{ readonly error: AutoMigrationError; readonly endsAt: number }>(), (told) => ({
    recall: (question) =>
      Effect.zipWith(remembered, Monotonic.milliseconds, (applied, now) =>
        applied.pipe(
          Option.flatMap((_) => told.unsafeRecall(question, _)),
          Option.filter(({ endsAt }) => now < endsAt),
          Option.map(({ error }) => error)
        )
      ),
    record: (question, { endsAt }, error) =>
      Effect.flatMap(
        remembered,
        Option.match({
          onNone: () => Effect.void,
          onSome: (applied) => told.record(question, applied, { error, endsAt })
        })
      )
  }))
