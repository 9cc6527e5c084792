/**
 * How the migrations of a program compare with the ledger.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { AutoMigrationError } from "../core/error/AutoMigrationError.js"
import * as MigrationGraph from "../core/graph/MigrationGraph.js"
import type { AppliedSet } from "../core/migration/LedgerEvent.js"
import type { Migration, MigrationId } from "../core/migration/Migration.js"
import type * as MigrationWarning from "../core/migration/MigrationWarning.js"
import * as Renaming from "../core/policy/Renaming.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import * as LedgerMigrations from "../ledger/OwnMigrations.js"
import type { Ledger } from "../runner/Ledger.js"
import type * as Adopter from "./Adopter.js"

/**
 * How the program's migrations compare with the ledger.
 *
 * @since 0.1.0
 * @category models
 */
export interface Status {
  /** In the graph's order. */
  readonly applied: ReadonlyArray<MigrationId>
  /** In the order in which `migrate` would run them. */
  readonly pending: ReadonlyArray<MigrationId>
  /** Recorded in the ledger and not in this program: a newer deployment has them, or their files were deleted. */
  readonly unknown: ReadonlyArray<MigrationId>
  /** Edited after they were applied. `migrate` runs the repeatable ones again, and refuses the others. */
  readonly edited: ReadonlyArray<MigrationId>
  /**
   * Pending, with exactly the text of a migration that is applied under an id that no file has: their files were
   * renamed, and `rename` has not recorded that yet. `unknown` never lists the old ids.
   */
  readonly renamed: ReadonlyArray<{ readonly from: MigrationId; readonly to: MigrationId }>
  /** Pending, though an applied migration comes after them: their files were added too low in the order. */
  readonly overtaken: ReadonlyArray<MigrationId>
  /** Warnings about pending migrations. `graph.warnings` has those of all migrations. */
  readonly warnings: ReadonlyArray<MigrationWarning.MigrationWarning>
  /** Tables of other tools that record migrations. */
  readonly elsewhere: ReadonlyArray<Adopter.HistoryStatus>
  /** A sentence for each session that holds the migration lock, and for each lease: who holds it, and what ends it. */
  readonly held: ReadonlyArray<string>
}

/** @since 0.1.0 @category models */
export interface Services {
  readonly graph: MigrationGraph.MigrationGraph
  /** In the graph's order. */
  readonly migrations: ReadonlyArray<Migration>
  readonly ledger: Context.Tag.Service<Ledger>
  readonly adopter: Adopter.Adopter
  readonly waits: Effect.Effect<ReadonlyArray<string>>
}

/** Whether a migration was edited after it was applied. @since 0.1.0 @category predicates */
export const isEdited = ({ checksumById }: AppliedSet, { checksum, id }: Migration): boolean => {
  const recorded = checksumById.get(id)
  return recorded !== undefined && recorded !== checksum
}

/** @since 0.1.0 @category operations */
export const status = Effect.fnUntraced(function* (
  services: Services,
  set: AppliedSet
): Effect.fn.Return<Status, AutoMigrationError> {
  const { adopter, graph, migrations } = services
  const [pending, done] = Arr.partition(migrations, (migration) => set.checksumById.has(migration.id))
  const renamed = Renaming.renamings(graph, set).flatMap(({ from, migration, oldIds }) =>
    oldIds === "free" ? from.map((old) => ({ from: old, to: migration.id })) : []
  )
  const known = new Set([...migrations.map(({ id }) => id), ...renamed.map(({ from }) => from)])
  return {
    applied: done.map(({ id }) => id),
    pending: pending.map(({ id }) => id),
    unknown: yield* withoutRenamed(
      services,
      set,
      [...set.checksumById.keys()].filter((id) => !known.has(id) && !LedgerMigrations.isOwn(id))
    ),
    edited: done.filter((migration) => isEdited(set, migration)).map(({ id }) => id),
    renamed,
    overtaken: MigrationGraph.overtaken(graph, new Set(done.map(({ id }) => id))).map(({ id }) => id),
    warnings: graph.warnings.filter(({ migration }) => pending.some(({ id }) => id === migration)),
    elsewhere: yield* adopter.histories(set),
    held: yield* services.waits
  }
})

/**
 * Leaves out old ids of migrations whose new names are recorded. Such a migration is applied under two ids with one
 * checksum. Only then the log is asked for the old ids.
 */
const withoutRenamed = Effect.fnUntraced(function* (
  { ledger, migrations }: Services,
  { checksumById }: AppliedSet,
  ids: ReadonlyArray<MigrationId>
): Effect.fn.Return<ReadonlyArray<MigrationId>, AutoMigrationError> {
  const own = new Set(migrations.map(({ id }) => checksumById.get(id)))
  if (ids.every((id) => !own.has(checksumById.get(id)))) return ids
  const before = yield* Effect.mapError(ledger.renamed, MigrationFailure.withoutQuery)
  return ids.filter((id) => !before.has(id))
})
