/**
 * A machine's clock that tests set: the date may jump in either direction, as an administrator or a time server makes it jump,
 * while the monotonic clock and the timers go on; or time passes for both, without anybody waiting. On a stopped clock time
 * passes only so, and no deadline comes because the machine is slow.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { until } from "../server/Until.js"

export interface SettableClock {
  readonly clock: Clock.Clock
  /** Sets the date forward, or back by a negative number of milliseconds. */
  readonly setDate: (by: number) => Effect.Effect<void>
  /** Lets time pass; who would have woken up in it wakes up now. */
  readonly pass: (duration: Duration.DurationInput) => Effect.Effect<void>
  /** From now on a stopped clock runs. */
  readonly start: Effect.Effect<void>
  /** Waits until a fiber sleeps that lay down for exactly this long. */
  readonly untilSleeping: (duration: Duration.DurationInput) => Effect.Effect<unknown>
}

interface Sleeper {
  readonly length: number
  readonly until: number
  readonly wake: () => void
  timer: ReturnType<typeof setTimeout> | undefined
}

/** What a timer can hold; who sleeps longer is woken by {@link SettableClock.pass} only. */
const longest = 2 ** 31 - 1

const settable = (pace: "running" | "stopped"): SettableClock => {
  const live = Clock.make()
  const began = { milliseconds: live.unsafeCurrentTimeMillis(), nanoseconds: live.unsafeCurrentTimeNanos() }
  const sleepers = new Set<Sleeper>()
  let date = 0
  let passed = 0
  /** When it was stopped, and how long it had stood still by the time it was started. */
  let stoppedAt = pace === "stopped" ? began.nanoseconds : undefined
  let stood = 0n
  const nanoseconds = () =>
    (stoppedAt ?? live.unsafeCurrentTimeNanos()) - stood + BigInt(Math.round(passed * 1_000_000))
  const monotonic = () => Number(nanoseconds()) / 1_000_000
  const milliseconds = () =>
    began.milliseconds + date + Math.floor(Number(nanoseconds() - began.nanoseconds) / 1_000_000)

  const setTimer = (sleeper: Sleeper) => {
    const left = sleeper.until - monotonic()
    if (stoppedAt === undefined && left <= longest) sleeper.timer = setTimeout(sleeper.wake, left)
  }

  const sleep = (duration: Duration.Duration) =>
    Effect.async<void>((resume) => {
      const length = Duration.toMillis(duration)
      if (length <= 0) return resume(Effect.void)
      const forget = () => {
        clearTimeout(sleeper.timer)
        sleepers.delete(sleeper)
      }
      const wake = () => {
        forget()
        resume(Effect.void)
      }
      const sleeper: Sleeper = { length, until: monotonic() + length, wake, timer: undefined }
      setTimer(sleeper)
      sleepers.add(sleeper)
      return Effect.sync(forget)
    })

  return {
    clock: {
      ...live,
      unsafeCurrentTimeMillis: milliseconds,
      unsafeCurrentTimeNanos: nanoseconds,
      currentTimeMillis: Effect.sync(milliseconds),
      currentTimeNanos: Effect.sync(nanoseconds),
      sleep
    },
    setDate: (by) =>
      Effect.sync(() => {
        date += by
      }),
    pass: (duration) =>
      Effect.sync(() => {
        passed += Duration.toMillis(duration)
        const now = monotonic()
        for (const sleeper of sleepers) if (sleeper.until <= now) sleeper.wake()
      }),
    start: Effect.sync(() => {
      if (stoppedAt === undefined) return
      stood += live.unsafeCurrentTimeNanos() - stoppedAt
      stoppedAt = undefined
      sleepers.forEach(setTimer)
    }),
    untilSleeping: (duration) =>
      until(Effect.sync(() => [...sleepers].some(({ length }) => length === Duration.toMillis(duration))))
  }
}

export const make: Effect.Effect<SettableClock> = Effect.sync(() => settable("running"))

/** Sleeps as well end only by {@link SettableClock.pass}. */
export const stopped: Effect.Effect<SettableClock> = Effect.sync(() => settable("stopped"))
