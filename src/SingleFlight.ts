/**
 * Many fibers, one piece of work: the first to ask for a key starts it, the rest wait for the same result. The work belongs
 * to a scope and not to whoever asked first, so that an interrupted request does not abort what others wait for. When the
 * scope ends before the work, whoever still waits fails and is not interrupted: nobody has interrupted that fiber.
 *
 * Nobody waits longer than a limit that is the same for all. So they give up in the order in which they came, and one fiber
 * keeps the time for as many as there are.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as MutableHashMap from "effect/MutableHashMap"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Monotonic from "./Monotonic.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface SingleFlight<in out A, in out E> {
  /** `late` is the failure of whoever has waited to the limit. */
  readonly join: (key: string, work: Effect.Effect<A, E>, late: E) => Effect.Effect<A, E>
}

interface Waiter<in A, in E> {
  /** In milliseconds of `Monotonic`. */
  readonly until: number
  readonly resume: (exit: Exit.Exit<A, E>) => void
}

interface Flight<in out A, in out E> {
  /** In the order in which they came. */
  readonly waiters: Set<Waiter<A, E>>
  landed: Option.Option<Exit.Exit<A, E>>
}

/**
 * `ended` is the failure of work that the end of its scope has interrupted.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <A, E>(ended: E, limit: Duration.Duration): Effect.Effect<SingleFlight<A, E>, never, Scope.Scope> =>
  Effect.map(Effect.scope, (scope) => {
    const flights = MutableHashMap.empty<string, Flight<A, E>>()
    const patience = Duration.toMillis(limit)

    const land = (key: string, flight: Flight<A, E>, exit: Exit.Exit<A, E>): void => {
      MutableHashMap.remove(flights, key)
      flight.landed = Option.some(exit)
      flight.waiters.forEach(({ resume }) => resume(exit))
    }

    const landing = (exit: Exit.Exit<A, E>): Exit.Exit<A, E> => (Exit.isInterrupted(exit) ? Exit.fail(ended) : exit)

    /** Whoever comes while nobody waits may wait as long as this sleeps. */
    const keepingTime = ({ waiters }: Flight<A, E>, late: E): Effect.Effect<never> =>
      Effect.forever(
        Effect.flatMap(Monotonic.milliseconds, (now) => {
          const [first] = waiters
          if (first === undefined) return Effect.sleep(patience)
          if (now < first.until) return Effect.sleep(first.until - now)
          waiters.delete(first)
          return Effect.sync(() => first.resume(Exit.fail(late)))
        })
      )

    const start = (key: string, work: Effect.Effect<A, E>, late: E): Effect.Effect<Flight<A, E>> =>
      Effect.suspend(() => {
        const flight: Flight<A, E> = { waiters: new Set(), landed: Option.none() }
        MutableHashMap.set(flights, key, flight)
        return Effect.interruptible(Effect.zipRight(Effect.fork(keepingTime(flight, late)), work)).pipe(
          Effect.onExit((exit) => Effect.sync(() => land(key, flight, landing(exit)))),
          Effect.forkIn(scope),
          Effect.as(flight),
          Effect.uninterruptible
        )
      })

    const wait = (flight: Flight<A, E>): Effect.Effect<A, E> =>
      Effect.flatMap(Monotonic.milliseconds, (now) =>
        Effect.async<A, E>((resume) => {
          if (Option.isSome(flight.landed)) return resume(flight.landed.value)
          const waiter: Waiter<A, E> = { until: now + patience, resume }
          flight.waiters.add(waiter)
          return Effect.sync(() => flight.waiters.delete(waiter))
        })
      )

    return {
      join: (key, work, late) =>
        Effect.suspend(() =>
          Option.match(MutableHashMap.get(flights, key), {
            onNone: () => Effect.flatMap(start(key, work, late), wait),
            onSome: wait
          })
        )
    }
  })
