/**
 * Requests that were refused because a window of the circuit breaker is open. An equal request is refused by the same
 * window, until the window ends or the ledger changes. So a thousand equal requests cost one resolution.
 *
 * It keeps no error and no text of a request: each request gets an error with its own cause. An ended window is
 * forgotten. It is no `Cache`: its entries would end by the machine's date, and a window ends by a clock that only goes
 * forward ("a clock that jumps" in `windows.test.ts`).
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { AppliedSet } from "../core/migration/LedgerEvent.js"
import type * as Breaker from "../runner/Breaker.js"
import * as Monotonic from "../runtime/Monotonic.js"
import * as Findings from "./Findings.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Refusals {
  /** The window that refused an equal request, while it is open. */
  readonly recall: (question: string) => Effect.Effect<Option.Option<Breaker.Window>>
  readonly record: (question: string, window: Breaker.Window) => Effect.Effect<void>
}

/**
 * `remembered` is the applied set that this process knows without asking the database.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (remembered: Effect.Effect<Option.Option<AppliedSet>>): Effect.Effect<Refusals> =>
  Effect.map(Findings.make<Breaker.Window>(), (findings) => {
    const forgetEnded = Effect.tap(Monotonic.milliseconds, (now) => findings.forget(({ endsAt }) => endsAt <= now))
    return {
      recall: (question) =>
        Effect.zipWith(remembered, Monotonic.milliseconds, (applied, now) =>
          applied.pipe(
            Option.flatMap((_) => findings.unsafeRecall(question, _)),
            Option.filter(({ endsAt }) => now < endsAt)
          )
        ).pipe(Effect.tap((window) => (Option.isNone(window) ? forgetEnded : Effect.void))),
      record: (question, window) =>
        Effect.zipRight(
          forgetEnded,
          Effect.flatMap(
            remembered,
            Option.match({
              onNone: () => Effect.void,
              onSome: (applied) => findings.record(question, applied, window)
            })
          )
        )
    }
  })
