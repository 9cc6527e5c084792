/**
 * Retries after a pause that ends early when there is news.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"

/**
 * Like `Effect.retry`, for errors for which `while` is true. `news` runs before each attempt, so that an event during the attempt is news
 * as well. It returns a function from the attempt's error to an effect, and the pause ends when that effect completes.
 *
 * @since 0.1.0
 * @category combinators
 */
export const retry = <A, E>(
  attempt: Effect.Effect<A, E>,
  options: {
    readonly while: (error: E) => Effect.Effect<boolean>
    readonly schedule: Schedule.Schedule<unknown>
  },
  news: Effect.Effect<(error: E) => Effect.Effect<void>>
): Effect.Effect<A, E> =>
  Effect.flatMap(Schedule.driver(options.schedule), (pauses) => {
    const pause = (error: E, told: Effect.Effect<void>): Effect.Effect<void, E> =>
      Effect.mapError(Effect.raceFirst(pauses.next(error), told), () => error)

    const next: Effect.Effect<A, E> = Effect.flatMap(news, (told) =>
      Effect.catchAll(attempt, (error) =>
        Effect.flatMap(options.while(error), (mayPass) =>
          mayPass ? Effect.zipRight(pause(error, told(error)), next) : Effect.fail(error)
        )
      )
    )
    return next
  })
