/**
 * Many fibers, one piece of work: the first to ask for a key starts it, the rest wait for the same result. The work belongs
 * to a scope and not to the fiber that asked first, so that an interrupted request does not abort what others wait for. When the
 * scope ends before the work, the fibers that still wait fail and are not interrupted: their own callers did not interrupt them.
 *
 * @internal
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberMap from "effect/FiberMap"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"

/**
 * @since 0.1.0
 * @category models
 */
export interface SingleFlight<in out A, in out E> {
  /** `late` is the failure of a fiber that has waited to the limit. */
  readonly join: (key: string, work: Effect.Effect<A, E>, late: E) => Effect.Effect<A, E>
}

/**
 * `ended` is the failure of work that the end of its scope has interrupted. `limit` is how long each fiber waits.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <A, E>(ended: E, limit: Duration.Duration): Effect.Effect<SingleFlight<A, E>, never, Scope.Scope> =>
  Effect.map(FiberMap.make<string, A, E>(), (flights) => {
    const flight = (key: string, work: Effect.Effect<A, E>) =>
      Effect.suspend(() =>
        Option.match(FiberMap.unsafeGet(flights, key), {
          onNone: () => FiberMap.run(flights, key, Effect.interruptible(work)),
          onSome: Effect.succeed
        })
      )

    /** A map that is closed interrupts the fiber that runs something in it. */
    const landing = (key: string, work: Effect.Effect<A, E>): Effect.Effect<A, E> =>
      Effect.exit(Effect.flatMap(flight(key, work), Fiber.await)).pipe(
        Effect.map(Exit.flatten),
        Effect.flatMap((exit) => (Exit.isInterrupted(exit) ? Effect.fail(ended) : exit))
      )

    return {
      join: (key, work, late) =>
        Effect.timeoutFail(Effect.interruptible(landing(key, work)), { duration: limit, onTimeout: () => late })
    }
  })
