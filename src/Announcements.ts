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
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { MigrationClient } from "./MigrationClient.js"
import * as Monotonic from "./Monotonic.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Announcements {
  /**
   * Listens, from soon on, as long as something is `lacking` by the ledger that was read just now: most heals wait for nobody,
   * and are over before a connection would be open. What was announced and is still lacking was not true.
   */
  readonly follow: (lacking: ReadonlyArray<string>) => Effect.Effect<void>
  /** These were applied. If their announcements do not come, the connection has gone, and another one is opened. */
  readonly expect: (ids: ReadonlyArray<string>) => Effect.Effect<void>
  /** Whether one of these has been announced. */
  readonly isAnnounced: (ids: ReadonlyArray<string>) => Effect.Effect<boolean>
  /** From now on: what listens at once, and completes when the last of some migrations has been announced. */
  readonly awaiting: Effect.Effect<(ids: ReadonlyArray<string>) => Effect.Effect<void>>
}

/** What has been heard, and what the next announcement will complete. */
interface Heard {
  readonly ids: ReadonlySet<string>
  readonly next: Deferred.Deferred<void>
}

const delay = Duration.seconds(1)

/** How long an announcement may take after the event that it announces has been read. */
const patience = Duration.seconds(1)

const again = Schedule.union(Schedule.exponential("1 second"), Schedule.spaced("1 minute")).pipe(Schedule.jittered)

/** `5 Applied 001_users`: position, kind and migration of an event. */
const announcement = /^\d+ (Applied|Baselined) (.+)$/s

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
    const isDeaf = yield* Ref.make(false)
    /** Open when somebody waits for others, which is no time to put off listening. */
    const isWaiting = yield* Effect.makeLatch()
    /** When listening began; a listener that begins hears nothing for a moment. */
    const since = yield* Ref.make(Number.POSITIVE_INFINITY)
    const heard = yield* Ref.make<Heard>({ ids: new Set(), next: yield* Deferred.make<void>() })

    const hear = (payload: string): Effect.Effect<void> => {
      const id = announcement.exec(payload)?.[2]
      if (id === undefined || !known.has(id)) return Effect.void
      return Effect.flatMap(Deferred.make<void>(), (next) =>
        Effect.flatMap(
          Ref.modify(heard, (now) => [now.next, { ids: new Set([...now.ids, id]), next }]),
          (told) => Deferred.succeed(told, undefined)
        )
      )
    }

    /** Ends where listening is of no use; a connection that cannot be had is asked for again, later and later. */
    const listening = Effect.zipRight(
      Effect.flatMap(Monotonic.milliseconds, (now) => Ref.set(since, now)),
      Effect.flatMap(listen(channel), (messages) =>
        messages === "pooled" ? Ref.set(isDeaf, true) : Stream.runForEach(messages, hear)
      )
    ).pipe(
      Effect.scoped,
      Effect.sandbox,
      Effect.tapError((cause) => Effect.logDebug("Cannot listen to the ledger", cause)),
      Effect.retry(again),
      Effect.ignore
    )

    const soon = Effect.raceFirst(Effect.sleep(delay), isWaiting.await)

    const start = FiberHandle.run(listener, Effect.zipRight(soon, listening), { onlyIfMissing: true })

    const stop = Effect.zipRight(isWaiting.close, Effect.forkIn(FiberHandle.clear(listener), scope))

    /** The client says nothing when its connection breaks. That what was applied is not announced says it. */
    const check = Effect.fnUntraced(function* (ids: ReadonlyArray<string>) {
      const began = yield* Ref.get(since)
      if ((yield* Monotonic.milliseconds) - began < Duration.toMillis(patience)) return
      yield* Effect.sleep(patience)
      const { ids: now } = yield* Ref.get(heard)
      if (ids.every((id) => now.has(id)) || (yield* Ref.get(since)) !== began) return
      yield* FiberHandle.get(listener)
      yield* FiberHandle.run(listener, listening)
    })

    const arrives = (ids: ReadonlyArray<string>, since: Deferred.Deferred<void>): Effect.Effect<void> =>
      Effect.zipRight(
        Deferred.await(since),
        Effect.flatMap(Ref.get(heard), ({ ids: now, next }) =>
          ids.every((id) => now.has(id)) ? Effect.void : arrives(ids, next)
        )
      )

    return {
      follow: Effect.fnUntraced(function* (lacking) {
        yield* Ref.update(heard, ({ ids, next }) => ({
          ids: new Set([...ids].filter((id) => !lacking.includes(id))),
          next
        }))
        yield* lacking.length > 0 && !(yield* Ref.get(isDeaf)) ? start : stop
      }),
      expect: (ids) =>
        ids.length === 0 ? Effect.void : Effect.asVoid(Effect.forkIn(Effect.ignore(check(ids)), scope)),
      isAnnounced: (ids) => Effect.map(Ref.get(heard), (now) => ids.some((id) => now.ids.has(id))),
      awaiting: Effect.map(
        Ref.get(heard),
        ({ next }) =>
          (ids) =>
            Effect.zipRight(isWaiting.open, arrives(ids, next))
      )
    }
  })
