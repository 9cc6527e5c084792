/**
 * The log as a stream without an end: the events that exist, and then each new one. An announcement says that the log
 * has grown. Where none comes through, the log is read each second.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import * as Chunk from "effect/Chunk"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { AutoMigrationError } from "../core/error/AutoMigrationError.js"
import type { LedgerEvent } from "../core/migration/LedgerEvent.js"
import type { Knowledge } from "../runner/Knowledge.js"
import type { Ledger } from "../runner/Ledger.js"

interface Services {
  readonly knowledge: Pick<Context.Tag.Service<Knowledge>, "subscribe">
  readonly ledger: Pick<Context.Tag.Service<Ledger>, "eventsAfter">
}

/** The last event that was read. */
type Last = Option.Option<LedgerEvent>

/**
 * Subscribes before the first read, so that no event falls between the read and the first announcement.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = ({ knowledge, ledger }: Services): Stream.Stream<LedgerEvent, AutoMigrationError> =>
  Stream.unwrapScoped(
    Effect.map(knowledge.subscribe, (news) =>
      Stream.paginateChunkEffect<Last, LedgerEvent, AutoMigrationError, never>(Option.none(), (last) =>
        Effect.flatMap(readSince(ledger, last), (found) =>
          Effect.as(
            Effect.when(news, () => Option.exists(found, Arr.isEmptyReadonlyArray)),
            [
              Chunk.fromIterable(Option.getOrElse(found, () => [])),
              Option.some(Option.flatMap(found, (events) => Option.orElse(Arr.last(events), () => last)))
            ]
          )
        )
      )
    )
  )

/**
 * The events after the last one. Reads that one again: another event in its place means that the log was restored or
 * built anew. Then the answer is `None`, and the log is read from its first event.
 */
const readSince = (
  { eventsAfter }: Services["ledger"],
  last: Last
): Effect.Effect<Option.Option<ReadonlyArray<LedgerEvent>>, AutoMigrationError> =>
  Option.match(last, {
    onNone: () => Effect.asSome(eventsAfter(0)),
    onSome: ({ hash, sequence }) =>
      Effect.map(eventsAfter(sequence - 1), ([first, ...later]) =>
        first?.hash === hash ? Option.some(later) : Option.none()
      )
  })
