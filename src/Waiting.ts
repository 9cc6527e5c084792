/**
 * Asking again after a pause, which ends early when there is news.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"

/** @since 0.1.0 @category models */
export interface News {
  /** Completes when the pause is to end. */
  readonly told: Effect.Effect<void>
  /** A pause lasts until this completes as well: whoever will be told asks by itself only in case the news goes astray. */
  readonly silence: Effect.Effect<void>
}

/**
 * Like `Effect.retry`. `news` is asked before each attempt, so that what happens during the attempt is news as well; what it
 * gives is asked about the attempt's error.
 *
 * @since 0.1.0
 * @category combinators
 */
export const retry = <A, E>(
  attempt: Effect.Effect<A, E>,
  options: {
    readonly while: (error: E) => Effect.Effect<boolean>
    readonly pauses: Schedule.ScheduleDriver<unknown>
  },
  news: Effect.Effect<(error: E) => News>
): Effect.Effect<A, E> => {
  const pause = (error: E, { silence, told }: News): Effect.Effect<void, E> => {
    const next = Effect.zipRight(options.pauses.next(error), silence)
    return Effect.mapError(Effect.raceFirst(next, told), () => error)
  }

  const next: Effect.Effect<A, E> = Effect.flatMap(news, (newsOf) =>
    Effect.catchAll(attempt, (error) =>
      Effect.flatMap(options.while(error), (mayPass) =>
        mayPass ? Effect.zipRight(pause(error, newsOf(error)), next) : Effect.fail(error)
      )
    )
  )
  return next
}
