/**
 * Finds migrations whose files were renamed after they had been applied, by their text. A renamed migration stays applied.
 *
 * **Laws**
 *
 * 1. A migration counts as renamed only if exactly its text is applied under an id that no file has.
 * 2. A text without a statement, or one that an applied file also has, is no evidence of a renaming.
 * 3. An applied migration never counts as renamed.
 *
 * @internal
 */
import type { NonEmptyArray, NonEmptyReadonlyArray } from "effect/Array"
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
  readonly from: NonEmptyReadonlyArray<MigrationId>
}

/**
 * All renamed migrations, in the order of the source.
 *
 * @since 0.1.0
 * @category queries
 */
export const renamings = (files: Files, applied: AppliedSet): ReadonlyArray<Renaming> => {
  const renamedFrom = idsWithoutFileByChecksum(files, applied)
  if (renamedFrom.size === 0) return []
  const checksumsInUse = new Set(
    files.migrations.flatMap(({ checksum, id }) => (applied.checksumById.has(id) ? [checksum] : []))
  )
  return files.migrations.flatMap((migration) => {
    const { checksum, footprint, id } = migration
    const from = renamedFrom.get(checksum)
    const isEvidence = from !== undefined && footprint.statements.length > 0 && !checksumsInUse.has(checksum)
    return isEvidence && !applied.checksumById.has(id) ? [{ migration, from }] : []
  })
}

const idsWithoutFileByChecksum = (
  { rankById }: Files,
  { checksumById }: AppliedSet
): ReadonlyMap<Checksum, NonEmptyReadonlyArray<MigrationId>> => {
  const renamedFrom = new Map<Checksum, NonEmptyArray<MigrationId>>()
  for (const [id, checksum] of checksumById) {
    if (rankById.has(id)) continue
    const others = renamedFrom.get(checksum)
    if (others === undefined) renamedFrom.set(checksum, [id])
    else others.push(id)
  }
  return renamedFrom
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
