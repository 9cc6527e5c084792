/**
 * A clock for deadlines and windows that only goes forward, even if the machine's date is changed. A deadline on the wall clock would be
 * hours away after the date was set back.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/**
 * Milliseconds since an unknown moment, to compare with each other only. Times in messages come from the wall clock.
 *
 * @since 0.1.0
 * @category clocks
 */
export const milliseconds: Effect.Effect<number> = Effect.map(Clock.currentTimeNanos, (nanos) => Number(nanos) / 1e6)
