/**
 * What the ledger announces: a trigger on its log notifies, on the channel that has the ledger's name, of each event. A
 * process that still lacks migrations listens, on one connection, and so learns what others apply without asking.
 *
 * An announcement is a hint and nothing rests on it: anybody may send one, and none comes through a pooler in transaction
 * mode or over a connection that broke. Whoever is told reads the ledger; whoever is not asks as if nobody announced.
 *
 * @internal
 */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberHandle from "effect/FiberHandle"
import * as MutableRef from "effect/MutableRef"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { MigrationClient } from "../database/MigrationClient.js"
import * as Monotonic from "../runtime/Monotonic.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Announcements {
  /**
   * Listens, from soon on, as long as something is `lacking` by the ledger that was read just now: most heals wait for nobody,
   * and are over before a connection would be open. Goes on for as long after nothing is. What was announced and is still lacking
   * was not true.
   */
  readonly follow: (lacking: ReadonlyArray<string>) => Effect.Effect<void>
  /** These were applied. If their announcements do not come, the connection has gone, and another one is opened. */
  readonly expect: (ids: ReadonlyArray<string>) => Effect.Effect<void>
  /** Whether one of these has been announced by now. */
  readonly unsafeIsAnnounced: (ids: ReadonlyArray<string>) => boolean
  /**
   * From now on: what listens at once, and completes when the last of some migrations has been announced. Where the process did
   * not listen before, it completes as soon as it does: what was announced until then went unheard.
   */
  readonly attend: Effect.Effect<(ids: ReadonlyArray<string>) => Effect.Effect<void>>
}

/** Somebody who waits until the last of these is announced. */
interface Waiter {
  readonly lacking: ReadonlySet<string>
  readonly told: Deferred.Deferred<void>
}

interface Heard {
  readonly ids: ReadonlySet<string>
  readonly waiters: ReadonlyArray<Waiter>
}

const delay = Duration.seconds(1)

/** How long an announcement may take after the event that it announces has been read, or after the one before it. */
const patience = Duration.seconds(1)

/** Later and later, at most every minute, and every five minutes from the beginning: the last break may be long ago. */
const again = Schedule.union(Schedule.exponential("1 second"), Schedule.spaced("1 minute")).pipe(
  Schedule.jittered,
  Schedule.resetAfter("5 minutes")
)

/** `5 Applied 001_users`: position, kind and migration of an event. */
const announcement = /^\d+ (?:Applied|Baselined|Adopted|Renamed) (.+)$/s

const without = (ids: ReadonlySet<string>, others: Iterable<string>): ReadonlySet<string> => {
  const gone = new Set(others)
  return new Set([...ids].filter((id) => !gone.has(id)))
}

/**
 * Of these migrations; announcements of others are not kept.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  channel: string,
  known: ReadonlySet<string>
): Effect.Effect<Announcements, never, MigrationClient | Scope.Scope> =>
  Effect.gen(function* () {
    const { listen } = yield* MigrationClient
    const scope = yield* Effect.scope
    const listener = yield* FiberHandle.make<void>()
    const ending = yield* FiberHandle.make<void>()
    /** Of a closed handle they do nothing, where `FiberHandle.run` would interrupt whoever asks. */
    const runListener = yield* FiberHandle.runtime(listener)<never>()
    const runEnding = yield* FiberHandle.runtime(ending)<never>()
    const isDeaf = MutableRef.make(false)
    /** Open when somebody waits for others, which is no time to put off listening. */
    const isWaiting = yield* Effect.makeLatch()
    /** When listening began: what was announced before went unheard. */
    const since = MutableRef.make(Number.POSITIVE_INFINITY)
    /** Open while somebody listens, and where it has turned out that nobody can. */
    const isSettled = yield* Effect.makeLatch()
    const heard = MutableRef.make<Heard>({ ids: new Set(), waiters: [] })

    /** Called by the driver, for each event of every migration: who waits is not woken before the last. */
    const hear = (payload: string): void => {
      const id = announcement.exec(payload)?.[1]
      if (id === undefined || !known.has(id)) return
      MutableRef.update(heard, ({ ids, waiters }) => ({
        ids: new Set([...ids, id]),
        waiters: waiters.map(({ lacking, told }) => ({ lacking: without(lacking, [id]), told }))
      }))
      tellWhoLacksNothing()
    }

    const tellWhoLacksNothing = (): void =>
      MutableRef.get(heard)
        .waiters.filter(({ lacking }) => lacking.size === 0)
        .forEach(({ told }) => Deferred.unsafeDone(told, Effect.void))

    /** Ends where listening is of no use; a connection that cannot be had is asked for again, later and later. */
    const listening = Effect.suspend(() => {
      let began = Number.POSITIVE_INFINITY
      const onListening = Effect.flatMap(Monotonic.milliseconds, (now) => {
        began = now
        MutableRef.set(since, now)
        return isSettled.open
      })
      /** Another one may have begun since. */
      const ends = Effect.suspend(() => {
        if (MutableRef.get(since) !== began) return Effect.void
        MutableRef.set(since, Number.POSITIVE_INFINITY)
        return MutableRef.get(isDeaf) ? Effect.void : Effect.asVoid(isSettled.close)
      })
      const deafness = Effect.suspend(() => {
        MutableRef.set(isDeaf, true)
        return isSettled.open
      })
      return Effect.ensuring(Effect.zipRight(listen(channel, { onListening, onMessage: hear }), deafness), ends)
    }).pipe(
      Effect.sandbox,
      Effect.tapError((cause) => Effect.logDebug("Cannot listen to the ledger", cause)),
      Effect.retry(again),
      Effect.ignore
    )

    const soon = Effect.raceFirst(Effect.sleep(delay), isWaiting.await)

    const start = Effect.zipRight(
      FiberHandle.clear(ending),
      Effect.sync(() => runListener(Effect.zipRight(soon, listening), { onlyIfMissing: true }))
    )

    /** Once begun it is carried through: who would listen again then begins anew. */
    const end = Effect.delay(Effect.uninterruptible(FiberHandle.clear(listener)), delay)

    /** A while later: now, whoever waited has queries to run again. */
    const stop = Effect.zipRight(
      isWaiting.close,
      Effect.sync(() => runEnding(end, { onlyIfMissing: true }))
    )

    /** A connection may go without a word, to either side. That what was applied is not announced says it. */
    const check = Effect.fnUntraced(function* (ids: ReadonlyArray<string>) {
      const began = MutableRef.get(since)
      if ((yield* Monotonic.milliseconds) - began < Duration.toMillis(patience)) return
      yield* Effect.sleep(patience)
      const { ids: now } = MutableRef.get(heard)
      if (ids.every((id) => now.has(id)) || MutableRef.get(since) !== began) return
      yield* FiberHandle.get(listener)
      runListener(listening)
    })

    /** What had been announced `before` is lacking nevertheless, so it was not true. */
    const arrival = (ids: ReadonlyArray<string>, before: ReadonlySet<string>): Effect.Effect<void> =>
      Effect.acquireUseRelease(
        Effect.map(Deferred.make<void>(), (told): Waiter => {
          const news = [...MutableRef.get(heard).ids].filter((id) => !before.has(id))
          const waiter = { lacking: without(new Set(ids), news), told }
          MutableRef.update(heard, (now) => ({ ...now, waiters: [...now.waiters, waiter] }))
          tellWhoLacksNothing()
          return waiter
        }),
        ({ told }) => Deferred.await(told),
        ({ told }) =>
          Effect.sync(() =>
            MutableRef.update(heard, (now) => ({
              ...now,
              waiters: now.waiters.filter((waiter) => waiter.told !== told)
            }))
          )
      )

    return {
      follow: Effect.fnUntraced(function* (lacking) {
        MutableRef.update(heard, ({ ids, waiters }) => ({ ids: without(ids, lacking), waiters }))
        yield* lacking.length > 0 && !MutableRef.get(isDeaf) ? start : stop
      }),
      expect: (ids) =>
        ids.length === 0 ? Effect.void : Effect.asVoid(Effect.forkIn(Effect.ignore(check(ids)), scope)),
      unsafeIsAnnounced: (ids) => ids.some((id) => MutableRef.get(heard).ids.has(id)),
      attend: Effect.sync(() => {
        const { ids: before } = MutableRef.get(heard)
        const wasSettled = MutableRef.get(isDeaf) || MutableRef.get(since) < Number.POSITIVE_INFINITY
        const settled = wasSettled ? Effect.never : isSettled.await
        return (ids) => Effect.zipRight(isWaiting.open, Effect.raceFirst(arrival(ids, before), settled))
      })
    }
  })
