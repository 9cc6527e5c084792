/**
 * Finds migrations whose file was renamed after it had been applied, by their text: what is applied stays applied under
 * whatever name.
 *
 * **Laws**
 *
 * 1. A migration counts as renamed only if exactly its text is applied under an id that no file has.
 * 2. A text that says nothing (no statement), or that an applied file has as well, tells nothing about names.
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
 * In the order of ids.
 *
 * @since 0.1.0
 * @category queries
 */
export const renamings = (files: Files, applied: AppliedSet): ReadonlyArray<Renaming> => {
  const gone = goneByChecksum(files, applied)
  if (gone.size === 0) return []
  const kept = new Set(files.migrations.flatMap(({ checksum, id }) => (applied.checksumById.has(id) ? [checksum] : [])))
  return files.migrations.flatMap((migration) => {
    const { checksum, footprint, id } = migration
    const from = gone.get(checksum)
    const isTold = from !== undefined && footprint.statements.length > 0 && !kept.has(checksum)
    return isTold && !applied.checksumById.has(id) ? [{ migration, from }] : []
  })
}

const goneByChecksum = (
  { rankById }: Files,
  { checksumById }: AppliedSet
): ReadonlyMap<Checksum, NonEmptyReadonlyArray<MigrationId>> => {
  const gone = new Map<Checksum, NonEmptyArray<MigrationId>>()
  for (const [id, checksum] of checksumById) {
    if (rankById.has(id)) continue
    const others = gone.get(checksum)
    if (others === undefined) gone.set(checksum, [id])
    else others.push(id)
  }
  return gone
}

/**
 * The old id as it is typed, and the migration that has another one now.
 *
 * @since 0.1.0
 * @category models
 */
export interface Names {
  readonly from: string
  readonly to: Migration
}

/**
 * Why a new name cannot be recorded; `None` where it can.
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
