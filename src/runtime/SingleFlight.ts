/**
 * Runs work once for many fibers: the first that asks for a key starts the work, and the others wait for its result. The work belongs to
 * a scope and not to the first fiber, so an interrupted request does not abort work that others wait for. If the scope ends before the
 * work, the waiting fibers fail. They are not interrupted, because their callers did not interrupt them.
 *
 * It is a `FiberMap`. A `Cache` ends its work with the fiber that began it, and an `RcMap` with the last one that waits
 * ("goes on when …" in `SingleFlight.test.ts`). `onlyIfMissing` of `FiberMap.run` gives an interrupted fiber, and not the
 * one that runs ("runs work once for all fibers").
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
  /** Starts or joins the work of a key. `late` is the failure of a fiber that has waited to the limit. */
  readonly join: (key: string, work: Effect.Effect<A, E>, late: E) => Effect.Effect<A, E>
}

/**
 * `ended` is the failure of fibers whose work the end of the scope interrupts. `limit` is the longest time that each fiber waits.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <A, E>(ended: E, limit: Duration.Duration): Effect.Effect<SingleFlight<A, E>, never, Scope.Scope> =>
  Effect.map(FiberMap.make<string, A, E>(), (flights) => {
    const startOrFind = (key: string, work: Effect.Effect<A, E>) =>
      Effect.suspend(() =>
        Option.match(FiberMap.unsafeGet(flights, key), {
          onNone: () => FiberMap.run(flights, key, Effect.interruptible(work)),
          onSome: Effect.succeed
        })
      )

    /** A closed `FiberMap` interrupts the caller of `run`, so an interruption becomes the failure `ended`. */
    const resultOf = (key: string, work: Effect.Effect<A, E>): Effect.Effect<A, E> =>
      Effect.exit(Effect.flatMap(startOrFind(key, work), Fiber.await)).pipe(
        Effect.map(Exit.flatten),
        Effect.flatMap((exit) => (Exit.isInterrupted(exit) ? Effect.fail(ended) : exit))
      )

    return {
      join: (key, work, late) =>
        Effect.timeoutFail(Effect.interruptible(resultOf(key, work)), { duration: limit, onTimeout: () => late })
    }
  })
