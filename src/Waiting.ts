/**
 * Asking again after a pause, which ends early when there is news.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"

/** @since 0.1.0 @category models */
export interface News {
  /** Completes when the pause is to end. */
  readonly told: Effect.Effect<void>
  /** Whoever will be told asks by itself only in case the news goes astray. */
  readonly isCertain: boolean
}

/** How much longer a pause lasts then. */
const trust = Duration.seconds(1)

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
  const pause = (error: E, { isCertain, told }: News): Effect.Effect<void, E> => {
    const next = Effect.asVoid(options.pauses.next(error))
    return Effect.mapError(Effect.raceFirst(isCertain ? Effect.delay(next, trust) : next, told), () => error)
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
