/**
 * What this process knows: the graph, which does not change while it runs, and the applied set, which is read from the
 * ledger on the first failure and never before, and brought up to date by one small row, when somebody announces that there
 * is more or when an answer would otherwise end in an error.
 *
 * @internal
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Announcements from "./Announcements.js"
import { AutoMigrationConfig } from "./AutoMigrationConfig.js"
import type { MigrationDefinitionError } from "./core/AutoMigrationError.js"
import * as LedgerEvent from "./core/LedgerEvent.js"
import type { MigrationId } from "./core/Migration.js"
import * as MigrationGraph from "./core/MigrationGraph.js"
import { Ledger } from "./Ledger.js"
import type { MigrationClient } from "./MigrationClient.js"
import type { Failure } from "./MigrationFailure.js"
import * as MigrationSource from "./MigrationSource.js"
import type { SqlParser } from "./SqlParser.js"

/**
 * The applied set, and whether it was read just now or may be older than what other processes have done.
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
    /** From memory: none where it has not been read before, or somebody has announced more since. */
    readonly remembered: Effect.Effect<Option.Option<LedgerEvent.AppliedSet>>
    /** From memory, or else read. */
    readonly view: Effect.Effect<View, Failure>
    readonly refresh: Effect.Effect<View, Failure>
    /** What an executor found. */
    readonly learn: (applied: LedgerEvent.AppliedSet) => Effect.Effect<void>
    /** See `Announcements`. */
    readonly attend: Announcements.Announcements["attend"]
  }
>() {}

/** What is known to be applied, and what of the program's own migrations is not. */
interface Held {
  readonly applied: LedgerEvent.AppliedSet
  readonly lacking: ReadonlyArray<MigrationId>
}

/** Two fibers may learn in either order; what is applied stays applied. */
const merge = (held: Option.Option<LedgerEvent.AppliedSet>, learnt: LedgerEvent.AppliedSet): LedgerEvent.AppliedSet =>
  Option.match(held, {
    onNone: () => learnt,
    onSome: (known) => {
      const [older, newer] = known.sequence > learnt.sequence ? [learnt, known] : [known, learnt]
      return { ...newer, checksumById: new Map([...older.checksumById, ...newer.checksumById]) }
    }
  })

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.gen(function* () {
  const { schema } = yield* AutoMigrationConfig
  const ledger = yield* Ledger
  const graph = yield* Effect.flatMap(MigrationSource.loadMigrations, MigrationGraph.make)
  const ids = graph.nodes.map(({ migration }) => migration.id)
  const announcements = yield* Announcements.make(schema, new Set(ids))
  const held = yield* Ref.make(Option.none<Held>())

  /** While something is pending here, others may apply it and announce that; afterwards there is nothing to be told. */
  const hold = Effect.fnUntraced(function* (
    update: (known: Option.Option<LedgerEvent.AppliedSet>) => LedgerEvent.AppliedSet
  ) {
    const [before, after] = yield* Ref.modify(held, (known) => {
      const applied = update(Option.map(known, (_) => _.applied))
      const next: Held = { applied, lacking: ids.filter((id) => !applied.checksumById.has(id)) }
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

  const refresh = Effect.gen(function* () {
    const known = Option.match(yield* Ref.get(held), { onNone: () => LedgerEvent.nothing, onSome: (_) => _.applied })
    const applied = yield* ledger.refresh(known)
    yield* hold(() => applied)
    return { applied, age: "fresh" } satisfies View
  })

  const inForce = Effect.map(
    Ref.get(held),
    Option.filter(({ lacking }) => !announcements.unsafeIsAnnounced(lacking))
  )

  const seenBefore = ({ applied }: Held): Effect.Effect<View> => Effect.succeed({ applied, age: "cached" })

  return Knowledge.of({
    graph,
    refresh,
    remembered: Effect.map(
      inForce,
      Option.map(({ applied }) => applied)
    ),
    view: Effect.flatMap(inForce, Option.match({ onNone: () => refresh, onSome: seenBefore })),
    learn: (applied) => hold((known) => merge(known, applied)),
    attend: announcements.attend
  })
})

/**
 * Reads and checks all migrations when it is built.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<
  Knowledge,
  MigrationDefinitionError,
  Ledger | MigrationClient | MigrationSource.MigrationSource | SqlParser
> = Layer.scoped(Knowledge, make)
