/**
 * Many fibers, one piece of work: the first to ask for a key starts it, the rest wait for the same result. The work belongs
 * to a scope and not to whoever asked first, so that an interrupted request does not abort what others wait for. When the
 * scope ends before the work, whoever still waits fails and is not interrupted: nobody has interrupted that fiber.
 *
 * @internal
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"

/**
 * @since 0.1.0
 * @category models
 */
export interface SingleFlight<A, E> {
  readonly join: (key: string, work: Effect.Effect<A, E>) => Effect.Effect<A, E>
}

/**
 * `ended` is the failure of work that the end of its scope has interrupted.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <A, E>(ended: E): Effect.Effect<SingleFlight<A, E>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const flights = yield* Ref.make<ReadonlyMap<string, Deferred.Deferred<A, E>>>(new Map())

    const land = (key: string) => Ref.update(flights, (map) => new Map([...map].filter(([other]) => other !== key)))

    const landing = (exit: Exit.Exit<A, E>): Exit.Exit<A, E> => (Exit.isInterrupted(exit) ? Exit.fail(ended) : exit)

    const start = (key: string, work: Effect.Effect<A, E>, flight: Deferred.Deferred<A, E>) =>
      Effect.interruptible(work).pipe(
        Effect.onExit((exit) => Effect.zipRight(land(key), Deferred.done(flight, landing(exit)))),
        Effect.forkIn(scope)
      )

    return {
      join: (key, work) =>
        Effect.uninterruptibleMask((restore) =>
          Effect.gen(function* () {
            const fresh = yield* Deferred.make<A, E>()
            const flight = yield* Ref.modify(flights, (map) => {
              const existing = map.get(key)
              return existing === undefined ? [fresh, new Map(map).set(key, fresh)] : [existing, map]
            })
            if (flight === fresh) yield* start(key, work, fresh)
            return yield* restore(Deferred.await(flight))
          })
        )
    }
  })
