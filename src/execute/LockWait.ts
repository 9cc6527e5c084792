/**
 * How long a task has waited for locks and leases, for its event and for the metrics. A task that gets its locks at once
 * has not waited.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Monotonic from "../runtime/Monotonic.js"
import * as Telemetry from "../runtime/Telemetry.js"
import type { Job } from "./Job.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface LockWait {
  /** Run before each attempt: the fields for the detail of the event. */
  readonly begin: Effect.Effect<Job["detail"]>
  /** Run when the task has met a lock and will try again. */
  readonly waits: Effect.Effect<void>
  /** Run at the end of the task. */
  readonly end: Effect.Effect<void>
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (startedAt: number): LockWait => {
  let isWaiting = false
  let milliseconds = 0
  return {
    begin: Effect.map(Monotonic.milliseconds, (now) => {
      if (!isWaiting) return {}
      milliseconds = Math.round(now - startedAt)
      return { lockWait: milliseconds }
    }),
    waits: Effect.suspend(() => {
      if (isWaiting) return Effect.void
      isWaiting = true
      return Metric.incrementBy(Telemetry.waiting, 1)
    }),
    end: Effect.suspend(() =>
      isWaiting
        ? Effect.zipRight(Metric.incrementBy(Telemetry.waiting, -1), Metric.update(Telemetry.lockWait, milliseconds))
        : Effect.void
    )
  }
}
