/**
 * Announcements of the ledger: a trigger on its log notifies of each event, on the channel that has the ledger's name.
 * A process that lacks migrations listens on one connection, and so learns without a question what other processes
 * apply.
 *
 * An announcement is only a hint: any client may send one, and none comes through a pooler in transaction mode or over
 * a broken connection. A process that hears one reads the ledger. A process that hears none polls.
 *
 * @internal
 */
import type * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberHandle from "effect/FiberHandle"
import * as MutableRef from "effect/MutableRef"
import * as Queue from "effect/Queue"
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
   * Follows the migrations that are `lacking` by the ledger, which was read just now. Listening begins a second after
   * migrations are lacking, since most heals end before that and wait for no other process. It ends a second after none
   * is. An announcement of a migration that is still lacking was false, and is forgotten.
   */
  readonly follow: (lacking: ReadonlyArray<string>) => Effect.Effect<void>
  /**
   * Expects announcements of these migrations, which were applied. If they do not come, it opens another connection.
   */
  readonly expect: (ids: ReadonlyArray<string>) => Effect.Effect<void>
  /** Whether one of these migrations has been announced. */
  readonly unsafeIsAnnounced: (ids: ReadonlyArray<string>) => boolean
  /**
   * Takes note of what has been announced so far. The inner effect listens at once, and completes when the last of some
   * migrations has been announced. Where the process did not listen before, it completes as soon as the process
   * listens: earlier announcements were not heard.
   */
  readonly attend: Effect.Effect<(ids: ReadonlyArray<string>) => Effect.Effect<void>>
  /**
   * Listens as long as the scope is open. The inner effect completes when an event has been announced since it last
   * completed, or may have been: when listening begins, and after a pause.
   */
  readonly subscribe: Effect.Effect<Effect.Effect<void>, never, Scope.Scope>
}

/** A fiber that waits until the last of these migrations is announced. */
interface Waiter {
  readonly lacking: ReadonlySet<string>
  readonly told: Deferred.Deferred<void>
}

interface Heard {
  readonly ids: ReadonlySet<string>
  readonly waiters: ReadonlyArray<Waiter>
}

/**
 * Runs an effect in a fiber handle. Does nothing when the handle is closed, where `FiberHandle.run` interrupts its
 * caller.
 */
type Run = (effect: Effect.Effect<void>, options?: { readonly onlyIfMissing?: boolean }) => unknown

/** What the steps below share. */
interface Station {
  readonly channel: string
  /** The ids whose announcements are kept. */
  readonly known: ReadonlySet<string>
  readonly listen: Context.Tag.Service<MigrationClient>["listen"]
  /** The fiber that listens. */
  readonly listener: FiberHandle.FiberHandle<void>
  readonly runListener: Run
  /** The fiber that ends listening after a while. */
  readonly ending: FiberHandle.FiberHandle<void>
  readonly runEnding: Run
  /** Whether listening has turned out to be impossible, behind a pooler. */
  readonly isDeaf: MutableRef.MutableRef<boolean>
  /** When listening began, in milliseconds. Infinity while the process does not listen. */
  readonly since: MutableRef.MutableRef<number>
  /** Open while a fiber waits for another process: then listening begins at once. */
  readonly isWaiting: Effect.Latch
  /** Open while the process listens, and for good where it is deaf. */
  readonly isSettled: Effect.Latch
  readonly heard: MutableRef.MutableRef<Heard>
  /** Whether the process lacks migrations. */
  readonly isLacking: MutableRef.MutableRef<boolean>
  readonly subscribers: Set<Queue.Enqueue<void>>
}

const delay = Duration.seconds(1)

/** How long an announcement may take after its event has been read, or after the announcement before it. */
const patience = Duration.seconds(1)

/** How often a subscriber reads the ledger: seldom while the process listens, since a connection may be lost silently. */
const reading = { listening: Duration.seconds(30), deaf: Duration.seconds(1) }

/**
 * Pauses between attempts to listen. They grow to a minute, and begin anew when the last failure is five minutes ago.
 */
const again = Schedule.union(Schedule.exponential("1 second"), Schedule.spaced("1 minute")).pipe(
  Schedule.jittered,
  Schedule.resetAfter("5 minutes")
)

/** `5 Applied 001_users`: position, kind and migration of an event. */
const announcement = /^\d+ (?:Applied|Baselined|Adopted|Renamed) (.+)$/s

/**
 * Listens on `channel`, and keeps the announcements of the migrations in `known`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function* (
  channel: string,
  known: ReadonlySet<string>
): Effect.fn.Return<Announcements, never, MigrationClient | Scope.Scope> {
  const { listen } = yield* MigrationClient
  const scope = yield* Effect.scope
  const listener = yield* FiberHandle.make<void>()
  const ending = yield* FiberHandle.make<void>()
  const station: Station = {
    channel,
    known,
    listen,
    listener,
    runListener: yield* FiberHandle.runtime(listener)<never>(),
    ending,
    runEnding: yield* FiberHandle.runtime(ending)<never>(),
    isDeaf: MutableRef.make(false),
    since: MutableRef.make(Number.POSITIVE_INFINITY),
    isWaiting: yield* Effect.makeLatch(),
    isSettled: yield* Effect.makeLatch(),
    heard: MutableRef.make<Heard>({ ids: new Set(), waiters: [] }),
    isLacking: MutableRef.make(false),
    subscribers: new Set()
  }
  return {
    follow: (lacking) => follow(station, lacking),
    expect: (ids) =>
      ids.length === 0 ? Effect.void : Effect.asVoid(Effect.forkIn(Effect.ignore(check(station, ids)), scope)),
    unsafeIsAnnounced: (ids) => ids.some((id) => MutableRef.get(station.heard).ids.has(id)),
    attend: Effect.sync(() => attend(station)),
    subscribe: subscribe(station)
  }
})

const follow = (station: Station, lacking: ReadonlyArray<string>): Effect.Effect<void> =>
  Effect.suspend(() => {
    MutableRef.update(station.heard, ({ ids, waiters }) => ({ ids: without(ids, lacking), waiters }))
    MutableRef.set(station.isLacking, lacking.length > 0)
    return startOrStop(station)
  })

const startOrStop = (station: Station): Effect.Effect<void> => {
  const isWanted = MutableRef.get(station.isLacking) || station.subscribers.size > 0
  return isWanted && !MutableRef.get(station.isDeaf) ? start(station) : stop(station)
}

const start = (station: Station): Effect.Effect<void> => {
  const soon = Effect.raceFirst(Effect.sleep(delay), station.isWaiting.await)
  return Effect.zipRight(
    FiberHandle.clear(station.ending),
    Effect.sync(() => void station.runListener(Effect.zipRight(soon, listening(station)), { onlyIfMissing: true }))
  )
}

/** Ends listening after the delay. Once begun, the end is carried through: a later start then begins anew. */
const stop = ({ isWaiting, listener, runEnding }: Station): Effect.Effect<void> => {
  const end = Effect.delay(Effect.uninterruptible(FiberHandle.clear(listener)), delay)
  return Effect.zipRight(
    isWaiting.close,
    Effect.sync(() => void runEnding(end, { onlyIfMissing: true }))
  )
}

/** Tries again after a failure. Ends where listening is impossible. */
const listening = (station: Station): Effect.Effect<void> =>
  listenOnce(station).pipe(
    Effect.sandbox,
    Effect.tapError((cause) => Effect.logDebug("Cannot listen to the ledger", cause)),
    Effect.retry(again),
    Effect.ignore
  )

/** Another fiber may have begun to listen before this one ends: then its state stays. */
const listenOnce = (station: Station) =>
  Effect.suspend(() => {
    const { channel, isDeaf, isSettled, listen, since } = station
    let began = Number.POSITIVE_INFINITY
    const onListening = Effect.flatMap(Monotonic.milliseconds, (now) => {
      began = now
      MutableRef.set(since, now)
      tellSubscribers(station)
      return isSettled.open
    })
    const onEnd = Effect.suspend(() => {
      if (MutableRef.get(since) !== began) return Effect.void
      MutableRef.set(since, Number.POSITIVE_INFINITY)
      return MutableRef.get(isDeaf) ? Effect.void : Effect.asVoid(isSettled.close)
    })
    const onPooled = Effect.suspend(() => {
      MutableRef.set(isDeaf, true)
      return isSettled.open
    })
    const listened = listen(channel, { onListening, onMessage: (payload) => hear(station, payload) })
    return Effect.ensuring(Effect.zipRight(listened, onPooled), onEnd)
  })

const tellSubscribers = ({ subscribers }: Station): void =>
  subscribers.forEach((subscriber) => void subscriber.unsafeOffer(undefined))

/** The driver calls this for each event of every migration. A waiter is woken at the last of its migrations only. */
const hear = (station: Station, payload: string): void => {
  tellSubscribers(station)
  const id = announcement.exec(payload)?.[1]
  if (id === undefined || !station.known.has(id)) return
  MutableRef.update(station.heard, ({ ids, waiters }) => ({
    ids: new Set([...ids, id]),
    waiters: waiters.map(({ lacking, told }) => ({ lacking: without(lacking, [id]), told }))
  }))
  wake(station)
}

const wake = ({ heard }: Station): void =>
  MutableRef.get(heard)
    .waiters.filter(({ lacking }) => lacking.size === 0)
    .forEach(({ told }) => Deferred.unsafeDone(told, Effect.void))

/** A connection may be lost without notice to either side. A missing announcement shows it. */
const check = Effect.fnUntraced(function* (station: Station, ids: ReadonlyArray<string>) {
  const { heard, listener, runListener, since } = station
  const began = MutableRef.get(since)
  if ((yield* Monotonic.milliseconds) - began < Duration.toMillis(patience)) return
  yield* Effect.sleep(patience)
  const { ids: now } = MutableRef.get(heard)
  if (ids.every((id) => now.has(id)) || MutableRef.get(since) !== began) return
  yield* FiberHandle.get(listener)
  runListener(listening(station))
})

const attend = (station: Station): ((ids: ReadonlyArray<string>) => Effect.Effect<void>) => {
  const { heard, isDeaf, isSettled, isWaiting, since } = station
  const { ids: before } = MutableRef.get(heard)
  const wasSettled = MutableRef.get(isDeaf) || MutableRef.get(since) < Number.POSITIVE_INFINITY
  const settled = wasSettled ? Effect.never : isSettled.await
  return (ids) => Effect.zipRight(isWaiting.open, Effect.raceFirst(arrival(station, ids, before), settled))
}

/**
 * Completes when the last of the migrations is announced. Announcements `before` do not count: the migrations were not
 * applied.
 */
const arrival = (station: Station, ids: ReadonlyArray<string>, before: ReadonlySet<string>): Effect.Effect<void> =>
  Effect.acquireUseRelease(
    Effect.map(Deferred.make<void>(), (told): Waiter => {
      const news = [...MutableRef.get(station.heard).ids].filter((id) => !before.has(id))
      const waiter = { lacking: without(new Set(ids), news), told }
      MutableRef.update(station.heard, (now) => ({ ...now, waiters: [...now.waiters, waiter] }))
      wake(station)
      return waiter
    }),
    ({ told }) => Deferred.await(told),
    ({ told }) =>
      Effect.sync(() =>
        MutableRef.update(station.heard, (now) => ({
          ...now,
          waiters: now.waiters.filter((waiter) => waiter.told !== told)
        }))
      )
  )

/** A subscriber listens at once, as a fiber does that waits. */
const subscribe = Effect.fnUntraced(function* (
  station: Station
): Effect.fn.Return<Effect.Effect<void>, never, Scope.Scope> {
  const { isWaiting, since, subscribers } = station
  const news = yield* Queue.sliding<void>(1)
  yield* Effect.acquireRelease(
    Effect.suspend(() => {
      subscribers.add(news)
      return Effect.zipRight(isWaiting.open, startOrStop(station))
    }),
    () =>
      Effect.suspend(() => {
        subscribers.delete(news)
        return startOrStop(station)
      })
  )
  const pause = Effect.suspend(() =>
    Effect.sleep(MutableRef.get(since) < Number.POSITIVE_INFINITY ? reading.listening : reading.deaf)
  )
  return Effect.raceFirst(Queue.take(news), pause)
})

const without = (ids: ReadonlySet<string>, others: Iterable<string>): ReadonlySet<string> => {
  const gone = new Set(others)
  return new Set([...ids].filter((id) => !gone.has(id)))
}
