/**
 * Taking what cannot be left half-way, such as a connection from a pool, without being held up by it: it goes on in the
 * background when whoever wanted it has gone, and what comes too late is given back.
 *
 * @internal
 */
import type { SqlError } from "@effect/sql/SqlError"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as MutableRef from "effect/MutableRef"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as SingleFlight from "./SingleFlight.js"

/**
 * Whoever is interrupted goes at once. `hangUp` is what makes a taking fail that nobody waits for any more; it may wait for
 * something to hang up on.
 *
 * @since 0.1.0
 * @category combinators
 */
export const inBackground = <A, E, R>(
  acquire: Effect.Effect<A, E, R>,
  hangUp: Effect.Effect<void> = Effect.void
): Effect.Effect<A, E, Exclude<R, Scope.Scope> | Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const own = yield* Scope.make()
      const fiber = yield* Effect.forkDaemon(Scope.extend(acquire, own))
      const giveBack = Effect.fork(Effect.interruptible(hangUp)).pipe(
        Effect.zipRight(Fiber.await(fiber)),
        Effect.flatMap((exit) => Scope.close(own, exit))
      )
      const taken = yield* Effect.onError(restore(Fiber.join(fiber)), () => Effect.forkDaemon(giveBack))
      yield* Effect.addFinalizer((exit) => Scope.close(own, exit))
      return taken
    })
  )

/**
 * Fails at a limit, in a region that nobody can interrupt as well.
 *
 * @since 0.1.0
 * @category combinators
 */
export const within =
  <E>(duration: Duration.Duration, late: E) =>
  <A, E1, R>(self: Effect.Effect<A, E1, R>): Effect.Effect<A, E | E1, R> =>
    Effect.timeoutFail(Effect.interruptible(self), { duration, onTimeout: () => late })

/**
 * What is taken once for all who want it, until the scope ends. They are told alike when that fails, at a limit at the latest,
 * and whoever comes afterwards has it tried again. `ended` is the failure of those who still wait when the scope ends.
 *
 * @since 0.1.0
 * @category constructors
 */
export const shared = Effect.fnUntraced(function* <A, R>(
  acquire: Effect.Effect<A, SqlError, R | Scope.Scope>,
  { ended, late, limit }: { readonly ended: SqlError; readonly late: SqlError; readonly limit: Duration.Duration }
) {
  const context = yield* Effect.context<R>()
  const scope = yield* Effect.acquireRelease(Scope.make(), (own, exit) => atMost(limit, Scope.close(own, exit)))
  const flights = yield* SingleFlight.make<A, SqlError>(ended, limit)
  const taken = MutableRef.make(Option.none<A>())
  const taking = acquire.pipe(
    within(limit, late),
    Effect.tap((value) => Effect.sync(() => MutableRef.set(taken, Option.some(value)))),
    Scope.extend(scope),
    Effect.provide(context)
  )
  return Effect.suspend(() =>
    Option.match(MutableRef.get(taken), {
      onNone: () => flights.join("", taking, late),
      onSome: (value) => Effect.succeed(value)
    })
  )
})

/** A pool that a program makes may wait for good before it has ended. */
const atMost = (limit: Duration.Duration, self: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.flatMap(Effect.forkDaemon(self), (fiber) =>
    Effect.asVoid(Effect.timeoutOption(Effect.interruptible(Fiber.await(fiber)), limit))
  )
