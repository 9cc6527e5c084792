/**
 * Tells how many windows are open in this process. A window ends by itself, so the number is counted again when the next
 * one ends.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as FiberHandle from "effect/FiberHandle"
import * as Metric from "effect/Metric"
import type * as Scope from "effect/Scope"
import * as Monotonic from "../runtime/Monotonic.js"
import * as Telemetry from "../runtime/Telemetry.js"
import type { Breaker } from "./Breaker.js"

/**
 * The same breaker, whose windows are counted until the scope ends.
 *
 * @since 0.1.0
 * @category combinators
 */
export const observed = Effect.fnUntraced(function* (breaker: Breaker): Effect.fn.Return<Breaker, never, Scope.Scope> {
  const counting = yield* FiberHandle.make()
  const run = yield* FiberHandle.runtime(counting)<never>()
  let shown = 0
  const show = (count: number): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (count === shown) return Effect.void
      shown = count
      return Metric.set(Telemetry.windows, count)
    })
  const countUntilNone: Effect.Effect<void> = Effect.flatMap(
    Effect.all([breaker.open, Monotonic.milliseconds]),
    ([windows, now]) =>
      Effect.zipRight(
        show(windows.length),
        windows.length === 0
          ? Effect.void
          : Effect.delay(
              Effect.suspend(() => countUntilNone),
              Math.min(...windows.map(({ endsAt }) => endsAt - now)) + 1
            )
      )
  )
  yield* Effect.addFinalizer(() => show(0))
  const counted = <A>(change: Effect.Effect<A>): Effect.Effect<A> =>
    Effect.tap(change, () => Effect.sync(() => run(countUntilNone)))
  return {
    ...breaker,
    failed: (id, failure, atLeast) => counted(breaker.failed(id, failure, atLeast)),
    suspected: (id, failure) => counted(breaker.suspected(id, failure)),
    succeeded: (ids) => counted(breaker.succeeded(ids))
  }
})
