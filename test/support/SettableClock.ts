/**
 * A machine's clock that tests set: the date may jump in either direction, as an administrator or a time server makes it jump,
 * while the monotonic clock and the timers go on; or time passes for both, without anybody waiting.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

export interface SettableClock {
  readonly clock: Clock.Clock
  /** Sets the date forward, or back by a negative number of milliseconds. */
  readonly setDate: (by: number) => Effect.Effect<void>
  /** Lets time pass. */
  readonly pass: (duration: Duration.DurationInput) => Effect.Effect<void>
}

export const make: Effect.Effect<SettableClock> = Effect.sync(() => {
  const live = Clock.make()
  let date = 0
  let passed = 0
  const milliseconds = () => live.unsafeCurrentTimeMillis() + date + passed
  const nanoseconds = () => live.unsafeCurrentTimeNanos() + BigInt(passed) * 1_000_000n
  return {
    clock: {
      ...live,
      unsafeCurrentTimeMillis: milliseconds,
      unsafeCurrentTimeNanos: nanoseconds,
      currentTimeMillis: Effect.sync(milliseconds),
      currentTimeNanos: Effect.sync(nanoseconds),
      sleep: (duration) => live.sleep(duration)
    },
    setDate: (by) =>
      Effect.sync(() => {
        date += by
      }),
    pass: (duration) =>
      Effect.sync(() => {
        passed += Duration.toMillis(duration)
      })
  }
})
