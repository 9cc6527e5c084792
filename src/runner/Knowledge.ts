/**
 * The knowledge of a process about a database: the graph, which never changes, and the applied set. The first failure reads the applied
 * set from the ledger. One small row brings it up to date after an announcement, and before an answer that would be an
 * error.
 *
 * @internal
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type * as MigrationGraph from "../core/graph/MigrationGraph.js"
import * as LedgerEvent from "../core/migration/LedgerEvent.js"
import type { MigrationId } from "../core/migration/Migration.js"
import type { MigrationClient } from "../database/MigrationClient.js"
import type { Failure } from "../database/MigrationFailure.js"
import * as Announcements from "../ledger/Announcements.js"
import { AutoMigrationConfig } from "../runtime/AutoMigrationConfig.js"
import { SharedMigrations } from "../source/SharedMigrations.js"
import { Ledger } from "./Ledger.js"

/**
 * The applied set and its age. `fresh`: read just now. `cached`: other processes may have applied more since.
 *
 * @since 0.1.0
 * @category models
 */
export interface View {
  readonly applied: LedgerEvent.AppliedSet
  readonly age: "fresh" | "cached"
}

/**
 * @since 0.1.0
 * @category tags
 */
export class Knowledge extends Context.Tag("effect-auto-migration/Knowledge")<
  Knowledge,
  {
    readonly graph: MigrationGraph.MigrationGraph
    /** The applied set from memory. `None` before the first read, and after an announcement. */
    readonly remembered: Effect.Effect<Option.Option<LedgerEvent.AppliedSet>>
    /** The applied set from memory, or else from the ledger. */
    readonly view: Effect.Effect<View, Failure>
    /** The applied set from the ledger. */
    readonly refresh: Effect.Effect<View, Failure>
    /** Adds an applied set that an executor has read. */
    readonly learn: (applied: LedgerEvent.AppliedSet) => Effect.Effect<void>
    /** Waits for what other processes announce from now on; see `Announcements`. */
    readonly attend: Announcements.Announcements["attend"]
    /** Waits for each event from now on; see `Announcements`. */
    readonly subscribe: Announcements.Announcements["subscribe"]
  }
>() {}

/** The applied set as this process remembers it. */
interface Remembered {
  readonly applied: LedgerEvent.AppliedSet
  /** Migrations of the program that are not applied. */
  readonly lacking: ReadonlyArray<MigrationId>
}

interface Memory {
  readonly ids: ReadonlySet<MigrationId>
  readonly announcements: Announcements.Announcements
  readonly remembered: Ref.Ref<Option.Option<Remembered>>
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.gen(function* () {
  const { schema } = yield* AutoMigrationConfig
  const ledger = yield* Ledger
  const { graph, ids } = yield* SharedMigrations
  const announcements = yield* Announcements.make(schema, ids)
  const memory: Memory = { ids, announcements, remembered: yield* Ref.make(Option.none<Remembered>()) }
  const refresh = refreshFrom(ledger, memory)
  const recalled = recall(memory)
  return Knowledge.of({
    graph,
    refresh,
    remembered: Effect.map(
      recalled,
      Option.map(({ applied }) => applied)
    ),
    view: Effect.flatMap(recalled, Option.match({ onNone: () => refresh, onSome: cachedView })),
    learn: (applied) => remember(memory, (known) => merge(known, applied)),
    attend: announcements.attend,
    subscribe: announcements.subscribe
  })
})

const refreshFrom = (ledger: Context.Tag.Service<Ledger>, memory: Memory): Effect.Effect<View, Failure> =>
  Effect.gen(function* () {
    const remembered = yield* Ref.get(memory.remembered)
    const known = Option.match(remembered, { onNone: () => LedgerEvent.empty, onSome: (_) => _.applied })
    const applied = yield* ledger.refresh(known)
    yield* remember(memory, () => applied)
    return { applied, age: "fresh" }
  })

/**
 * Remembers an applied set. Listens while a migration is pending, since other processes may apply it and announce that.
 */
const remember = Effect.fnUntraced(function* (
  { announcements, ids, remembered }: Memory,
  update: (known: Option.Option<LedgerEvent.AppliedSet>) => LedgerEvent.AppliedSet
) {
  const [before, after] = yield* Ref.modify(remembered, (known) => {
    const applied = update(Option.map(known, (_) => _.applied))
    const next: Remembered = { applied, lacking: Array.from(ids).filter((id) => !applied.checksumById.has(id)) }
    return [[known, next] as const, Option.some(next)]
  })
  yield* announcements.follow(after.lacking)
  yield* announcements.expect(
    Option.match(before, {
      onNone: () => [],
      onSome: ({ lacking }) => lacking.filter((id) => after.applied.checksumById.has(id))
    })
  )
})

/** Merges two applied sets, which fibers may learn in either order. An applied migration stays applied. */
const merge = (known: Option.Option<LedgerEvent.AppliedSet>, learnt: LedgerEvent.AppliedSet): LedgerEvent.AppliedSet =>
  Option.match(known, {
    onNone: () => learnt,
    onSome: (applied) => {
      const [older, newer] = applied.sequence > learnt.sequence ? [learnt, applied] : [applied, learnt]
      return LedgerEvent.isApplied(newer, older.checksumById.keys())
        ? newer
        : { ...newer, checksumById: LedgerEvent.extended(older.checksumById, newer.checksumById) }
    }
  })

/** The remembered set, unless an announcement says that it is out of date. */
const recall = ({ announcements, remembered }: Memory): Effect.Effect<Option.Option<Remembered>> =>
  Effect.map(
    Ref.get(remembered),
    Option.filter(({ lacking }) => !announcements.unsafeIsAnnounced(lacking))
  )

const cachedView = ({ applied }: Remembered): Effect.Effect<View> => Effect.succeed({ applied, age: "cached" })

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Knowledge, never, Ledger | MigrationClient | SharedMigrations> = Layer.scoped(
  Knowledge,
  make
)
