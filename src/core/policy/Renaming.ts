/**
 * Finds migrations whose files were renamed after they had been applied, by their text. A renamed migration stays applied.
 *
 * **Laws**
 *
 * 1. A migration counts as renamed only if exactly its text is applied under an id whose file does not have that text.
 * 2. A text without a statement, or one that a file has under an id that is applied with it, is no evidence of a renaming.
 * 3. An applied migration never counts as renamed.
 *
 * @internal
 */

import type { NonEmptyArray, NonEmptyReadonlyArray } from "effect/Array"
import * as Arr from "effect/Array"
import * as Option from "effect/Option"
import type { RenameObjection } from "../error/AutoMigrationError.js"
import type { MigrationGraph } from "../graph/MigrationGraph.js"
import type { AppliedSet } from "../migration/LedgerEvent.js"
import type { Migration, MigrationId } from "../migration/Migration.js"
import type { Checksum } from "../text/Checksum.js"

type Files = Pick<MigrationGraph, "migrations" | "rankById">

/**
 * A pending migration, and the ids under which its text is applied.
 *
 * @since 0.1.0
 * @category models
 */
export interface Renaming {
  readonly migration: Migration
  /** Ids without a file, or else ids that the file of another text has taken. */
  readonly from: NonEmptyReadonlyArray<MigrationId>
  readonly oldIds: "free" | "taken"
}

/**
 * All renamed migrations, in the order of the source.
 *
 * @since 0.1.0
 * @category queries
 */
export const renamings = (files: Files, { checksumById }: AppliedSet): ReadonlyArray<Renaming> => {
  const kept = new Set(
    files.migrations.flatMap(({ checksum, id }) => (checksumById.get(id) === checksum ? [checksum] : []))
  )
  const pending = new Set(
    files.migrations.flatMap(({ checksum, id }) => (checksumById.has(id) || kept.has(checksum) ? [] : [checksum]))
  )
  const idsByChecksum = new Map<Checksum, NonEmptyArray<MigrationId>>()
  for (const [id, checksum] of checksumById) {
    if (!pending.has(checksum)) continue
    const others = idsByChecksum.get(checksum)
    if (others === undefined) idsByChecksum.set(checksum, [id])
    else others.push(id)
  }
  return files.migrations.flatMap((migration): ReadonlyArray<Renaming> => {
    const { checksum, footprint, id } = migration
    const ids = idsByChecksum.get(checksum)
    if (ids === undefined || footprint.statements.length === 0 || checksumById.has(id)) return []
    const free = ids.filter((old) => !files.rankById.has(old))
    return Arr.isNonEmptyReadonlyArray(free)
      ? [{ migration, from: free, oldIds: "free" }]
      : [{ migration, from: ids, oldIds: "taken" }]
  })
}

/**
 * The old id as the operator types it, and the migration that has a new one.
 *
 * @since 0.1.0
 * @category models
 */
export interface Names {
  readonly from: string
  readonly to: Migration
}

/**
 * Why the new name cannot be recorded; `None` if it can.
 *
 * @since 0.1.0
 * @category queries
 */
export const objection = (
  { migrations }: Pick<Files, "migrations">,
  { checksumById }: AppliedSet,
  { from, to }: Names
): Option.Option<RenameObjection> => {
  if (checksumById.has(to.id)) return Option.some("already applied")
  if (migrations.some(({ id }) => id === from)) return Option.some("still a file")
  const recorded = [...checksumById].find(([id]) => id === from)
  if (recorded === undefined) return Option.some("not applied")
  return recorded[1] === to.checksum ? Option.none() : Option.some("another text")
}
