/**
 * The store of events and the applied set that is their projection. The ledger's own tables are schema objects like
 * any other: when they are missing, the server's error says so, and the library's own engine brings them.
 *
 * @since 0.1.0
 */
import type { SqlError } from "@effect/sql/SqlError"
import * as Arr from "effect/Array"
import * as Chunk from "effect/Chunk"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { identity } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type { ParseError } from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { AutoMigrationConfig } from "./AutoMigrationConfig.js"
import type { AutoMigrationError } from "./core/AutoMigrationError.js"
import * as Detector from "./core/Detector.js"
import * as LedgerEvent from "./core/LedgerEvent.js"
import * as SchemaObject from "./core/SchemaObject.js"
import * as Executor from "./Executor.js"
import * as Lease from "./Lease.js"
import * as LedgerFailure from "./LedgerFailure.js"
import * as LedgerMigrations from "./LedgerMigrations.js"
import * as LedgerStatements from "./LedgerStatements.js"
import * as Message from "./Message.js"
import { MigrationClient } from "./MigrationClient.js"
import * as MigrationFailure from "./MigrationFailure.js"
import { sha256 } from "./Sha256.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Reading {
  readonly applied: LedgerEvent.AppliedSet
  /** Something has been applied within the last second, so that somebody may be at work and about to go on. */
  readonly isMoving: boolean
}

/**
 * @since 0.1.0
 * @category tags
 */
export class Ledger extends Context.Tag("effect-auto-migration/Ledger")<
  Ledger,
  {
    /** Brought up to date with one small row; nothing, where there is no ledger yet. */
    readonly refresh: (known: LedgerEvent.AppliedSet) => Effect.Effect<Reading, MigrationFailure.Failure>
    /** How the executor reads the applied set under its lock. */
    readonly journal: Executor.Journal
    /** Builds what of the ledger is missing, unless another has; `gap` is what a reader of the ledger met. */
    readonly build: (
      gap: Option.Option<Detector.MissingObject>,
      job: Pick<Executor.Job, "attend" | "pace" | "pauses" | "deadlineAt">,
      /** What else must hold before a ledger is built. By default nothing. */
      guarding?: (journal: Executor.Journal) => Executor.Journal
    ) => Effect.Effect<"here" | "another", MigrationFailure.Failure>
    /** From the first event on, a page at a time. */
    readonly events: Stream.Stream<LedgerEvent.LedgerEvent, AutoMigrationError>
    /** Follows the hash chain from the first event to the last. */
    readonly verify: Effect.Effect<Either.Either<LedgerEvent.ChainHead, LedgerEvent.BrokenLink>, AutoMigrationError>
  }
>() {}

/** Small enough to hold, large enough that a log of thousands needs few messages. */
const page = 500

const firstLine = (text: string): string => text.replace(/\n[\s\S]*/, "")

const unbroken: Either.Either<LedgerEvent.ChainHead, LedgerEvent.BrokenLink> = Either.right(LedgerEvent.origin)

const unbuilt: Reading = { applied: LedgerEvent.nothing, isMoving: false }

const decodePage = Schema.decodeUnknown(Schema.parseJson(Schema.Array(LedgerEvent.LedgerEvent)))

const decodeHead = Schema.decodeUnknown(Schema.parseJson(LedgerStatements.Head))

const decodeLeases = Schema.decodeUnknown(Lease.Leases)

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.gen(function* () {
  const config = yield* AutoMigrationConfig
  const { schema } = config
  const { ask } = yield* MigrationClient
  const executor = yield* Executor.Executor
  const own = yield* Effect.cached(LedgerMigrations.load(schema))

  const askBriefly = (text: string) => ask(Message.briefly(config, text))

  const { offhand, ofMessage, refuseNewer, refuseNewerWithin, unusable } = yield* LedgerFailure.make

  /** What the server answered is read like any input: somebody may have replaced the ledger's tables. */
  const orUnusable = <A>(decoded: Effect.Effect<A, ParseError>) =>
    Effect.catchAll(decoded, (error) => unusable(firstLine(error.message)))

  const readFailure = ofMessage("a read of the ledger")

  const headFrom = Effect.fnUntraced(function* (columns: Readonly<Record<string, unknown>>) {
    if (!("head" in columns)) return yield* unusable("its table applied_set has no row")
    const head = yield* orUnusable(decodeHead(columns["head"]))
    return head.last === head.sequence
      ? head
      : yield* unusable(`its log ends with event ${head.last} and its applied_set with event ${head.sequence}`)
  })

  /** A bitmap that does not fit what is known is read again from the beginning; one that never fits is an error. */
  const read = (
    known: LedgerEvent.AppliedSet,
    columns: Readonly<Record<string, unknown>>,
    askOn: (text: string) => Effect.Effect<unknown, SqlError>
  ): Effect.Effect<Reading, MigrationFailure.Failure> =>
    Effect.flatMap(headFrom(columns), (head) =>
      Either.match(LedgerStatements.refreshed(known, head), {
        onRight: (applied) => Effect.succeed({ applied, isMoving: head.isMoving }),
        onLeft: () =>
          known.sequence === 0 && known.checksumById.size === 0
            ? unusable("its bitmap and its list of migrations do not agree")
            : Effect.flatMap(
                Effect.catchAll(askOn(LedgerStatements.head(schema, LedgerEvent.nothing)), readFailure),
                (results) => read(LedgerEvent.nothing, Message.columnsOf(results), askOn)
              )
      })
    )

  const journal: Executor.Journal = {
    lockIf: ({ known, yields }) => (yields ? LedgerStatements.isUnmoved(schema, known) : "true"),
    statement: (known) =>
      [LedgerStatements.head(schema, known), Lease.all(schema), LedgerStatements.kinds(schema)].join(";\n"),
    read: (known, columns, askOn) => Effect.map(read(known, columns, askOn), ({ applied }) => applied),
    recordsFailures: true,
    leases: (columns) => orUnusable(decodeLeases(columns["leases"]))
  }

  const keyOfLog = SchemaObject.key(LedgerMigrations.logIn(schema))

  /**
   * Before the ledger is built, nothing is recorded. Where something else than its log is missing, a newer version may have made it
   * otherwise; without a log there is nobody to ask.
   */
  const orUnbuilt =
    <A>(nothing: A) =>
    (error: SqlError): Effect.Effect<A, MigrationFailure.Failure> =>
      Option.match(Detector.detect(error), {
        onNone: () => readFailure(error),
        onSome: (gap) => Effect.as(Detector.key(gap) === keyOfLog ? Effect.void : refuseNewer, nothing)
      })

  const refresh = (known: LedgerEvent.AppliedSet): Effect.Effect<Reading, MigrationFailure.Failure> =>
    Effect.matchEffect(askBriefly(LedgerStatements.head(schema, known)), {
      onFailure: orUnbuilt(unbuilt),
      onSuccess: (results) => read(known, Message.columnsOf(results), askBriefly)
    })

  /** The files are the library's own: nobody can be told to correct them. */
  const ownFault = (failure: MigrationFailure.Failure): Effect.Effect<never, MigrationFailure.Failure> =>
    Option.match(failure.blames, {
      onNone: () => Effect.fail(failure),
      onSome: ({ detail }) =>
        detail["sqlState"] === "42501" ? Effect.fail(failure) : unusable(`it could not be built: ${detail["reason"]}`)
    })

  /** What has the name of a table of the ledger's and cannot be one is refused, as is what a newer version made otherwise. */
  const inspect: LedgerMigrations.Inspector = ({ kinds, leases, log, projection }, askOn) => {
    if (!log) {
      const found = [projection ? "an applied_set" : "", leases ? "leases" : "", kinds ? "kinds of events" : ""]
      return projection || leases || kinds
        ? unusable(`it has ${found.filter((_) => _ !== "").join(", ")} and no log`)
        : Effect.void
    }
    return projection && leases && kinds ? Effect.void : refuseNewerWithin(askOn)
  }

  const build = Effect.fnUntraced(function* (
    gap: Option.Option<Detector.MissingObject>,
    { attend, deadlineAt, pace, pauses }: Pick<Executor.Job, "attend" | "pace" | "pauses" | "deadlineAt">,
    guarding: (journal: Executor.Journal) => Executor.Journal = identity
  ) {
    const graph = yield* own
    const plan = yield* Either.match(LedgerMigrations.planFor(graph, gap), {
      onLeft: unusable,
      onRight: Effect.succeed
    })
    const outcome = yield* executor
      .run({
        plan,
        journal: guarding(LedgerMigrations.journal(schema, graph, inspect)),
        known: LedgerEvent.nothing,
        yields: false,
        attend,
        pauses,
        transaction: "plan",
        pace,
        caller: "in view",
        deadlineAt,
        onDeadline: () => offhand("it could not be built in time"),
        doing: "build",
        detail: { because: "the ledger itself was missing" }
      })
      .pipe(Effect.catchAll(ownFault))
    return outcome._tag === "Done" && outcome.ran.length > 0 ? ("here" as const) : ("another" as const)
  })

  const eventsAfter = (sequence: number) =>
    Effect.matchEffect(askBriefly(LedgerStatements.eventsAfter(schema, sequence, page)), {
      onFailure: orUnbuilt<ReadonlyArray<LedgerEvent.LedgerEvent>>([]),
      onSuccess: (results) => orUnusable(decodePage(Message.columnsOf(results)["events"]))
    }).pipe(Effect.mapError(MigrationFailure.withoutQuery))

  const events = Stream.paginateChunkEffect(0, (after) =>
    Effect.map(eventsAfter(after), (found) => [
      Chunk.fromIterable(found),
      found.length < page ? Option.none() : Option.map(Arr.last(found), (event) => event.sequence)
    ])
  )

  const verify = Stream.runFoldWhile(events, unbroken, Either.isRight, (head, event) =>
    Either.flatMap(head, (_) => LedgerEvent.verify(sha256, _, [event]))
  )

  return Ledger.of({ refresh, journal, build, events, verify })
})

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Ledger, never, MigrationClient | Executor.Executor> = Layer.effect(Ledger, make)
