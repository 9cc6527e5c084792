/**
 * Time for deadlines and windows: milliseconds on a clock that only ever goes forward, whoever sets the machine's date. A
 * deadline on the wall clock would be hours away after the date was set back.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/**
 * To be compared with itself only; what a reader is told is the wall clock's.
 *
 * @since 0.1.0
 * @category clocks
 */
export const milliseconds: Effect.Effect<number> = Effect.map(Clock.currentTimeNanos, (nanos) => Number(nanos) / 1e6)
