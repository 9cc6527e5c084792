/**
 * Runs long work that asks for nothing without holding up the event loop: requests, timers and answers of the server get
 * their turn after every few milliseconds.
 *
 * @internal
 */
import * as Effect from "effect/Effect"

/** In milliseconds. */
const longestSlice = 5

/** A turn of the event loop, which a step of the fiber alone does not give. */
const turn: Effect.Effect<void> = Effect.async((resume) => {
  const waiting = setImmediate(() => resume(Effect.void))
  return Effect.sync(() => clearImmediate(waiting))
})

/**
 * Runs work in steps, with turns of the event loop in between.
 *
 * @since 0.1.0
 * @category combinators
 */
export const run = <A>(work: () => Iterator<void, A>): Effect.Effect<A> =>
  Effect.suspend(() => {
    const steps = work()
    const slice: Effect.Effect<A> = Effect.suspend(() => {
      const end = performance.now() + longestSlice
      for (;;) {
        const step = steps.next()
        if (step.done === true) return Effect.succeed(step.value)
        if (performance.now() >= end) return Effect.zipRight(turn, slice)
      }
    })
    return slice
  })
