/**
 * The log of events, and the applied set that is their projection. The ledger's own tables are schema objects like any
 * other: when one is missing, the server's error says so, and the ledger is built.
 *
 * @internal
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
import * as Detector from "../core/detect/Detector.js"
import type { AutoMigrationError } from "../core/error/AutoMigrationError.js"
import * as LedgerEvent from "../core/migration/LedgerEvent.js"
import * as SchemaObject from "../core/model/SchemaObject.js"
import * as Message from "../database/Message.js"
import { MigrationClient } from "../database/MigrationClient.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import * as Executor from "../execute/Executor.js"
import * as Lease from "../ledger/Lease.js"
import * as LedgerMigrations from "../ledger/OwnMigrations.js"
import * as LedgerStatements from "../ledger/Statements.js"
import * as LedgerFailure from "../ledger/Unusable.js"
import { AutoMigrationConfig, type SchemaName } from "../runtime/AutoMigrationConfig.js"
import type * as CommandLine from "../runtime/CommandLine.js"
import { sha256 } from "../runtime/Sha256.js"
import * as LedgerBuild from "./LedgerBuild.js"
import * as TrustedLedger from "./TrustedLedger.js"

/**
 * @since 0.1.0
 * @category tags
 */
export class Ledger extends Context.Tag("effect-auto-migration/Ledger")<
  Ledger,
  {
    /** Brings an applied set up to date, by one small row. Without a ledger the set is empty. */
    readonly refresh: (known: LedgerEvent.AppliedSet) => Effect.Effect<LedgerEvent.AppliedSet, MigrationFailure.Failure>
    /**
     * The applied set, by one message: no failure of it asks for its reason. Where a table of the ledger is missing, the
     * set is empty. A log that is not the known one is read from its beginning.
     */
    readonly glance: (known: LedgerEvent.AppliedSet) => Effect.Effect<LedgerEvent.AppliedSet, MigrationFailure.Failure>
    /** How the executor reads the applied set under its lock. */
    readonly journal: Executor.Journal
    /** Builds the missing parts of the ledger. `gap` is the object that a reader of the ledger found missing. */
    readonly build: (
      gap: Option.Option<Detector.MissingObject>,
      timing: LedgerBuild.Timing,
      /** Adds conditions to the journal. Defaults to none. */
      guarding?: (journal: Executor.Journal) => Executor.Journal
    ) => Effect.Effect<void, MigrationFailure.Failure>
    /** The ids under which migrations were applied before their new names were recorded. */
    readonly renamed: Effect.Effect<ReadonlySet<string | null>, MigrationFailure.Failure>
    /** All events, from the first one on. */
    readonly events: Stream.Stream<LedgerEvent.LedgerEvent, AutoMigrationError>
    /** The next events after a place in the log, as many as one message holds. */
    readonly eventsAfter: (
      sequence: number
    ) => Effect.Effect<ReadonlyArray<LedgerEvent.LedgerEvent>, AutoMigrationError>
    /** Follows the hash chain from the first event to the last, and compares the projection with the log. */
    readonly verify: Effect.Effect<Either.Either<LedgerEvent.ChainHead, LedgerEvent.BrokenLink>, AutoMigrationError>
    /** Makes the projection anew from the log. */
    readonly rebuild: Effect.Effect<void, MigrationFailure.Failure>
  }
>() {}

interface Dependencies {
  readonly trusted: TrustedLedger.TrustedLedger
  readonly failures: LedgerFailure.LedgerFailure
  readonly commands: CommandLine.Setting
  readonly schema: SchemaName
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.gen(function* () {
  const config = yield* AutoMigrationConfig
  const { ask } = yield* MigrationClient
  const executor = yield* Executor.Executor
  const ownGraph = yield* LedgerMigrations.load(config.schema)
  const failures = yield* LedgerFailure.make
  const dependencies: Dependencies = {
    trusted: TrustedLedger.make(ask, config, ownGraph.migrations, failures),
    failures,
    commands: config,
    schema: config.schema
  }
  const events = allEvents(dependencies)
  return Ledger.of({
    refresh: (known) => refresh(dependencies, known),
    glance: (known) => glance(dependencies, known),
    journal: journalOf(dependencies),
    build: (gap, timing, guarding = identity) =>
      LedgerBuild.build({ ...dependencies, executor, ownGraph }, gap, timing, guarding),
    renamed: renamed(dependencies),
    events,
    eventsAfter: (sequence) => eventsAfter(dependencies, sequence),
    verify: verify(dependencies, events),
    rebuild: rebuild(dependencies)
  })
})

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Ledger, never, MigrationClient | Executor.Executor> = Layer.effect(Ledger, make)

const refresh = (
  dependencies: Dependencies,
  known: LedgerEvent.AppliedSet
): Effect.Effect<LedgerEvent.AppliedSet, MigrationFailure.Failure> => {
  const { schema, trusted } = dependencies
  return Effect.matchEffect(trusted.ask(LedgerStatements.head(schema, known)), {
    onFailure: orUnbuilt(dependencies, LedgerEvent.empty),
    onSuccess: (results) => read(dependencies, known, Message.columnsOf(results), trusted.ask)
  })
}

const glance = (
  { commands, failures, schema, trusted }: Dependencies,
  known: LedgerEvent.AppliedSet
): Effect.Effect<LedgerEvent.AppliedSet, MigrationFailure.Failure> =>
  Effect.matchEffect(trusted.ask(LedgerStatements.wholeHead(schema, known)), {
    onFailure: (error) =>
      Option.isSome(Detector.detect(error))
        ? Effect.as(trusted.doubt, LedgerEvent.empty)
        : Effect.fail(failures.withoutAsking("a look at the ledger", error)),
    onSuccess: (results) =>
      Effect.mapError(
        Effect.flatMap(decodeHead(Message.columnsOf(results)["head"]), (head) =>
          LedgerStatements.refreshed(head.hashAtKnown === known.hash ? known : LedgerEvent.empty, head)
        ),
        () => failures.offhand("its applied set cannot be read", LedgerFailure.rebuild(commands))
      )
  })

const journalOf = (dependencies: Dependencies): Executor.Journal => {
  const { failures, schema, trusted } = dependencies
  return {
    statement: (known, ids) =>
      trusted.within(
        [
          LedgerStatements.current(schema),
          LedgerStatements.head(schema, known),
          Lease.all(schema),
          LedgerStatements.kinds(schema),
          LedgerStatements.logged(schema, ids)
        ].join(";\n")
      ),
    unchanged: (known, ids) =>
      trusted.isTrusted() && LedgerEvent.isApplied(known, LedgerMigrations.ids)
        ? Option.some(LedgerStatements.isUnchanged(schema, known, ids))
        : Option.none(),
    read: (known, columns, ask) =>
      trusted.trust.pipe(
        Effect.zipRight(read(dependencies, known, columns, ask)),
        Effect.tap((applied) => unlessLogged(dependencies, columns, applied))
      ),
    recordsFailures: true,
    leases: (columns) => orUnusable(failures, decodeLeases(columns["leases"]))
  }
}

/** Fails where a migration that may run next is applied by the log, and not by its projection. */
const unlessLogged = (
  { commands, failures }: Dependencies,
  columns: Message.Columns,
  { checksumById }: LedgerEvent.AppliedSet
): Effect.Effect<void, MigrationFailure.Failure> =>
  Effect.flatMap(LedgerStatements.readLogged(columns), (logged) => {
    const known: ReadonlyMap<string, unknown> = checksumById
    const lost = logged.filter((id) => !known.has(id))
    return lost.length === 0
      ? Effect.void
      : failures.unusable(
          `its log says that ${lost.join(", ")} is applied, and its applied set does not`,
          LedgerFailure.rebuild(commands)
        )
  })

/**
 * Reads the whole set again when the bitmap does not fit the known one. When it does not fit then, the ledger is
 * unusable.
 */
const read = (
  dependencies: Dependencies,
  known: LedgerEvent.AppliedSet,
  columns: Message.Columns,
  ask: Message.Ask
): Effect.Effect<LedgerEvent.AppliedSet, MigrationFailure.Failure> =>
  Effect.flatMap(headFrom(dependencies, columns), (head) =>
    Either.match(LedgerStatements.refreshed(known, head), {
      onRight: Effect.succeed,
      onLeft: () =>
        known.sequence === 0 && known.checksumById.size === 0
          ? dependencies.failures.unusable(
              "its bitmap and its list of migrations do not agree",
              LedgerFailure.rebuild(dependencies.commands)
            )
          : readAll(dependencies, ask)
    })
  )

const readAll = (
  dependencies: Dependencies,
  ask: Message.Ask
): Effect.Effect<LedgerEvent.AppliedSet, MigrationFailure.Failure> =>
  Effect.flatMap(
    Effect.catchAll(
      ask(LedgerStatements.head(dependencies.schema, LedgerEvent.empty)),
      readFailure(dependencies.failures)
    ),
    (results) => read(dependencies, LedgerEvent.empty, Message.columnsOf(results), ask)
  )

const headFrom = Effect.fnUntraced(function* ({ commands, failures }: Dependencies, columns: Message.Columns) {
  const remedy = LedgerFailure.rebuild(commands)
  if (!("head" in columns)) return yield* failures.unusable("its table applied_set has no row", remedy)
  const head = yield* orUnusable(failures, decodeHead(columns["head"]))
  return head.last === head.sequence
    ? head
    : yield* failures.unusable(
        `its log ends with event ${head.last} and its applied_set with event ${head.sequence}`,
        remedy
      )
})

const decodeHead = Schema.decodeUnknown(Schema.parseJson(LedgerStatements.Head))

const decodeLeases = Schema.decodeUnknown(Lease.Leases)

const renamed = (dependencies: Dependencies): Effect.Effect<ReadonlySet<string | null>, MigrationFailure.Failure> =>
  Effect.matchEffect(dependencies.trusted.ask(LedgerStatements.renamed(dependencies.schema)), {
    onFailure: orUnbuilt<ReadonlyArray<string | null>>(dependencies, []),
    onSuccess: (results) => LedgerStatements.readRenamed(Message.columnsOf(results))
  }).pipe(Effect.map((ids) => new Set(ids)))

/** How many events one message holds: a log of thousands needs few messages, and none of them is larger than the memory. */
const pageSize = 100

const allEvents = (dependencies: Dependencies): Stream.Stream<LedgerEvent.LedgerEvent, AutoMigrationError> =>
  Stream.paginateChunkEffect(0, (after) =>
    Effect.map(eventsAfter(dependencies, after), (found) => [
      Chunk.fromIterable(found),
      found.length < pageSize ? Option.none() : Option.map(Arr.last(found), (event) => event.sequence)
    ])
  )

const eventsAfter = (dependencies: Dependencies, sequence: number) =>
  Effect.matchEffect(dependencies.trusted.ask(LedgerStatements.eventsAfter(dependencies.schema, sequence, pageSize)), {
    onFailure: orUnbuilt<ReadonlyArray<LedgerEvent.LedgerEvent>>(dependencies, []),
    onSuccess: (results) => orUnusable(dependencies.failures, decodePage(Message.columnsOf(results)["events"]))
  }).pipe(Effect.mapError(MigrationFailure.withoutQuery))

const decodePage = Schema.decodeUnknown(Schema.parseJson(Schema.Array(LedgerEvent.LedgerEvent)))

/** A log that has been followed up to some event, and the applied set at the last event that the projection may know. */
interface Followed {
  readonly head: LedgerEvent.ChainHead
  readonly replayed: LedgerEvent.AppliedSet
}

/** The projection, and the last event of the log when it was read: later events come in meanwhile. */
interface Projected {
  readonly projection: LedgerEvent.Projection
  readonly last: number
}

const unbroken: Either.Either<Followed, LedgerEvent.BrokenLink> = Either.right({
  head: LedgerEvent.origin,
  replayed: LedgerEvent.empty
})

const verify = Effect.fnUntraced(function* (
  dependencies: Dependencies,
  events: Stream.Stream<LedgerEvent.LedgerEvent, AutoMigrationError>
): Effect.fn.Return<Either.Either<LedgerEvent.ChainHead, LedgerEvent.BrokenLink>, AutoMigrationError> {
  yield* dependencies.trusted.doubt
  const projected = yield* Effect.mapError(projectionOf(dependencies), MigrationFailure.withoutQuery)
  const last = Option.match(projected, { onNone: () => 0, onSome: (_) => _.last })
  const followed = yield* Stream.runFoldWhile(events, unbroken, Either.isRight, (state, event) =>
    Either.flatMap(state, ({ head, replayed }) =>
      Either.map(LedgerEvent.verify(sha256, head, [event]), (next) => ({
        head: next,
        replayed: event.sequence <= last ? LedgerEvent.fold(replayed, [event]) : replayed
      }))
    )
  )
  return Either.flatMap(followed, ({ head, replayed }) =>
    Option.match(
      Option.flatMap(projected, ({ projection }) => LedgerEvent.difference(replayed, projection)),
      { onNone: () => Either.right(head), onSome: Either.left }
    )
  )
})

/** `None` where a table of the projection is missing: the ledger is not built, or not to its end. */
const projectionOf = (dependencies: Dependencies): Effect.Effect<Option.Option<Projected>, MigrationFailure.Failure> =>
  Effect.matchEffect(dependencies.trusted.ask(LedgerStatements.head(dependencies.schema, LedgerEvent.empty)), {
    onFailure: orUnbuilt<Option.Option<Projected>>(dependencies, Option.none()),
    onSuccess: (results) => {
      const { head } = Message.columnsOf(results)
      return head === undefined
        ? Effect.succeedSome(withoutRow)
        : Effect.map(orUnusable(dependencies.failures, decodeHead(head)), ({ bits, last, news, sequence }) =>
            Option.some({
              projection: { sequence, checksumById: new Map(news), marked: LedgerStatements.populationCount(bits) },
              last
            })
          )
    }
  })

const withoutRow: Projected = {
  projection: { sequence: 0, checksumById: new Map(), marked: 0 },
  last: Number.POSITIVE_INFINITY
}

const rebuild = ({ failures, schema, trusted }: Dependencies): Effect.Effect<void, MigrationFailure.Failure> =>
  Effect.asVoid(
    Effect.catchAll(
      trusted.change(LedgerStatements.rebuild(schema)),
      failures.ofMessage("the rebuild of the applied set")
    )
  )

/** Fails on an answer that does not decode: another program may have replaced the ledger's tables. */
const orUnusable = <A>({ unusable }: LedgerFailure.LedgerFailure, decoded: Effect.Effect<A, ParseError>) =>
  Effect.catchAll(decoded, (error) => unusable(error.message.replace(/\n[\s\S]*/, "")))

const readFailure = ({ ofMessage }: LedgerFailure.LedgerFailure) => ofMessage("a read of the ledger")

/**
 * Answers `nothing` where the log is missing: the ledger is not built yet, or gone, and the next one is another one. When
 * another table is missing, a newer version may have made the ledger in another way, which the log tells.
 */
const orUnbuilt =
  <A>({ failures, schema, trusted }: Dependencies, nothing: A) =>
  (error: SqlError): Effect.Effect<A, MigrationFailure.Failure> =>
    Option.match(Detector.detect(error), {
      onNone: () => readFailure(failures)(error),
      onSome: (gap) =>
        Effect.as(
          Detector.key(gap) === SchemaObject.key(LedgerMigrations.logIn(schema)) ? trusted.doubt : failures.refuseNewer,
          nothing
        )
    })
