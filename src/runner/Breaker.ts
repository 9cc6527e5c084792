/**
 * A circuit breaker for each migration. After a failure its window opens: until the window ends, this process does not
 * try the migration, and a query that needs it gets the failure at once. Each further failure doubles the window, with
 * jitter, up to a cap.
 *
 * A migration that waits for a table's lock lets all later users of the table wait. Its window is at least
 * {@link lockShare} times as long as it waited, so that the others lose little of their time.
 *
 * A statement that is cancelled or loses its connection only makes its migration suspect. When that happens twice in a
 * row, the migration may be the cause, and its window opens.
 *
 * A process keeps only its own windows. The ledger records the failures of other processes as well, but these may lack
 * a privilege or have a shorter deadline. A migration that failed there may succeed here, and the migration lock lets
 * one process try at a time.
 *
 * **Laws**
 *
 * 1. Between a failure and the end of its window the migration is not tried.
 * 2. After the window one attempt is allowed. Its success forgets all failures, and its failure opens a longer window.
 * 3. No window is longer than the cap.
 * 4. The first suspicion opens no window, and each further one in a row does.
 * 5. A window is at least as long as it must be, unless that is longer than the cap.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as HashSet from "effect/HashSet"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Ref from "effect/Ref"
import type { MigrationId } from "../core/migration/Migration.js"
import { type Failure, forOthers } from "../database/MigrationFailure.js"
import type { Options } from "../runtime/AutoMigrationConfig.js"
import * as Monotonic from "../runtime/Monotonic.js"

/**
 * An open window.
 *
 * @since 0.1.0
 * @category models
 */
export interface Window {
  readonly failures: number
  /** On the clock of {@link Monotonic.milliseconds}. */
  readonly endsAt: number
  /** The same time for a reader: milliseconds since 1970, by the clock of the process when the window opened. */
  readonly retryAt: number
  readonly failure: Failure
}

/** An open window, and its migration. @since 0.1.0 @category models */
export interface OpenWindow extends Window {
  readonly id: MigrationId
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Breaker {
  /** The first window that is open for one of these migrations. */
  readonly openFor: (ids: ReadonlyArray<MigrationId>) => Effect.Effect<Option.Option<Window>>
  /** All open windows. */
  readonly open: Effect.Effect<ReadonlyArray<OpenWindow>>
  /**
   * The window that it gives has the failure for the caller that ran the migration. The window that it keeps is for
   * others. `atLeast` is the shortest window, in milliseconds. Defaults to 0.
   */
  readonly failed: (id: MigrationId, failure: Failure, atLeast?: number) => Effect.Effect<Window>
  /** Opens a window like {@link failed} from the second time in a row on. */
  readonly suspected: (id: MigrationId, failure: Failure) => Effect.Effect<Option.Option<Window>>
  readonly succeeded: (ids: ReadonlyArray<MigrationId>) => Effect.Effect<void>
}

/** How many times as long as its waits for locks a migration must pause. @since 0.1.0 @category constants */
export const lockShare = 30

/**
 * The length of the window after a number of failures in a row, in milliseconds. `jitter` is from 0 to 1 and takes away
 * up to a quarter, so that processes that failed together do not try again together.
 *
 * @since 0.1.0
 * @category decisions
 */
export const windowMillis = ({ cap, first }: Options["breaker"], failures: number, jitter: number): number =>
  Math.round(Math.min(Duration.toMillis(cap), Duration.toMillis(first) * 2 ** (failures - 1)) * (1 - jitter / 4))

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options["breaker"]): Effect.Effect<Breaker> =>
  Effect.gen(function* () {
    const windows = yield* Ref.make(HashMap.empty<MigrationId, Window>())
    const suspects = yield* Ref.make(HashSet.empty<MigrationId>())

    const failed = Effect.fnUntraced(function* (id: MigrationId, failure: Failure, atLeast = 0) {
      const [now, date] = yield* Effect.all([Monotonic.milliseconds, Clock.currentTimeMillis])
      const jitter = yield* Random.next
      return yield* Ref.modify(windows, (open) => {
        const failures = 1 + Option.match(HashMap.get(open, id), { onNone: () => 0, onSome: (_) => _.failures })
        const shortest = Math.min(atLeast, Duration.toMillis(options.cap))
        const length = Math.max(windowMillis(options, failures, jitter), shortest)
        const window: Window = { failures, endsAt: now + length, retryAt: date + length, failure }
        return [window, HashMap.set(open, id, { ...window, failure: forOthers(failure) })]
      })
    })

    return {
      openFor: (ids) =>
        Effect.flatMap(Ref.get(windows), (open) =>
          HashMap.isEmpty(open)
            ? Effect.succeedNone
            : Effect.map(Monotonic.milliseconds, (now) =>
                Option.firstSomeOf(
                  ids.map((id) => Option.filter(HashMap.get(open, id), (window) => window.endsAt > now))
                )
              )
        ),
      open: Effect.zipWith(Ref.get(windows), Monotonic.milliseconds, (all, now) =>
        HashMap.toEntries(all).flatMap(([id, window]) => (window.endsAt > now ? [{ ...window, id }] : []))
      ),
      failed,
      suspected: (id, failure) =>
        Effect.flatMap(Ref.getAndUpdate(suspects, HashSet.add(id)), (before) =>
          HashSet.has(before, id) ? Effect.asSome(failed(id, failure)) : Effect.succeedNone
        ),
      succeeded: (ids) =>
        Effect.zipRight(Ref.update(suspects, HashSet.difference(ids)), Ref.update(windows, HashMap.removeMany(ids)))
    }
  })
