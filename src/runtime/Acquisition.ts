/**
 * Acquires resources whose acquisition must not be interrupted, such as a connection from a pool. A fiber that no longer waits leaves the
 * acquisition in the background, and a resource that arrives too late is released.
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
 * Acquires in a fiber of its own, so that an interrupted caller ends at once. `hangUp` then runs, to make the abandoned acquisition fail;
 * it may wait until there is a connection to end. Defaults to no action.
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
      const release = Effect.fork(Effect.interruptible(hangUp)).pipe(
        Effect.zipRight(Fiber.await(fiber)),
        Effect.flatMap((exit) => Scope.close(own, exit))
      )
      const resource = yield* Effect.onError(restore(Fiber.join(fiber)), () => Effect.forkDaemon(release))
      yield* Effect.addFinalizer((exit) => Scope.close(own, exit))
      return resource
    })
  )

/**
 * Fails with `late` after a duration, in an uninterruptible region as well.
 *
 * @since 0.1.0
 * @category combinators
 */
export const within =
  <E>(duration: Duration.Duration, late: E) =>
  <A, E1, R>(self: Effect.Effect<A, E1, R>): Effect.Effect<A, E | E1, R> =>
    Effect.timeoutFail(Effect.interruptible(self), { duration, onTimeout: () => late })

/**
 * Acquires a resource once for all callers, until the scope ends. If the acquisition fails, or reaches the limit and fails with `late`,
 * all callers that wait get the failure, and the next caller tries again. `ended` is the failure of callers that wait when the scope ends.
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
  const resource = MutableRef.make(Option.none<A>())
  const acquisition = acquire.pipe(
    within(limit, late),
    Effect.tap((value) => Effect.sync(() => MutableRef.set(resource, Option.some(value)))),
    Scope.extend(scope),
    Effect.provide(context)
  )
  return Effect.suspend(() =>
    Option.match(MutableRef.get(resource), {
      onNone: () => flights.join("", acquisition, late),
      onSome: (value) => Effect.succeed(value)
    })
  )
})

/** Waits for an effect at most to the limit: the pool of a program may never finish to end. */
const atMost = (limit: Duration.Duration, self: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.flatMap(Effect.forkDaemon(self), (fiber) =>
    Effect.asVoid(Effect.timeoutOption(Effect.interruptible(Fiber.await(fiber)), limit))
  )
