/**
 * Finds the hazards between migrations, as a processor does between instructions: read after write (RAW), write after read (WAR) and
 * write after write (WAW) of one key. A migration that is not understood is a barrier, which no other migration may pass.
 *
 * Each key remembers its last writer and the readers since then, so the time is linear in the keys of the footprints; no two
 * migrations are compared. Uses of a key that name different schemas do not meet; a use without a schema meets all.
 *
 * **Laws**
 *
 * 1. Of two migrations that touch one key in one schema, or in any, at least one of them writing it, the later waits for the earlier, directly or not.
 * 2. A barrier waits for everything before it, and everything after it waits for the barrier.
 * 3. No migration waits for a later one, and none waits without one of these reasons.
 *
 * @internal
 */

import type { Migration } from "../migration/Migration.js"
import type { HazardKey } from "../model/HazardKey.js"
import { append } from "../model/Multimap.js"

/** The direct waits of one migration: for each earlier migration, by index, the keys or the barrier's reason that order the two. */
export type Waits = ReadonlyMap<number, ReadonlyArray<string>>

/**
 * Which of the two uses comes first. `read-after-write`: the later migration reads what the earlier one writes.
 *
 * @since 0.1.0
 * @category models
 */
export type Kind = "read-after-write" | "write-after-read" | "write-after-write"

/**
 * Why a migration waits for an earlier one. `line` is that of the directive, 1-based.
 *
 * @since 0.1.0
 * @category models
 */
export type WaitReason =
  | { readonly _tag: "Hazard"; readonly kind: Kind; readonly key: HazardKey }
  | { readonly _tag: "Requires"; readonly line: number }
  | { readonly _tag: "Barrier"; readonly reason: string }

/**
 * The keys and reasons of {@link Waits}, told apart. A `-- requires:` adds the word `requires` after all keys.
 *
 * @since 0.1.0
 * @category conversions
 */
export const reasonsOf = (
  earlier: Migration,
  later: Migration,
  because: ReadonlyArray<string>
): ReadonlyArray<WaitReason> => {
  const requirements = later.requires.filter(({ id }) => id === earlier.id)
  return [
    ...because.slice(0, because.length - requirements.length).map((text): WaitReason => {
      const kind = kindOf(earlier, later, text)
      return kind === undefined ? { _tag: "Barrier", reason: text } : { _tag: "Hazard", kind, key: text }
    }),
    ...requirements.map(({ line }): WaitReason => ({ _tag: "Requires", line }))
  ]
}

/** `undefined` for the reason of a barrier. */
const kindOf = ({ footprint: first }: Migration, { footprint: then }: Migration, key: HazardKey): Kind | undefined => {
  if (then.barriers.length > 0) return undefined
  if (first.writes.has(key)) {
    return then.writes.has(key) ? "write-after-write" : then.reads.has(key) ? "read-after-write" : undefined
  }
  return first.reads.has(key) && then.writes.has(key) ? "write-after-read" : undefined
}

/**
 * The direct waits of each migration, in the given order. Hazards that follow from other waits are left out; the transitive closure of
 * the result holds all of them.
 *
 * @since 0.1.0
 * @category operations
 */
export const waitsOf = (migrations: ReadonlyArray<Migration>): ReadonlyArray<Waits> => {
  const slots = new Map<HazardKey, Map<string, Slot>>()
  const sinks = new Set<number>()
  let barrier: { readonly index: number; readonly reason: string } | undefined

  return migrations.map((migration, index) => {
    const waits = new Map<number, Array<string>>()
    const { reads, writes } = migration.footprint
    const reason = barrierReason(migration)
    if (reason === undefined) {
      for (const key of reads) {
        if (!writes.has(key)) for (const { writer } of meeting(slots, migration, key)) wait(waits, writer, key)
      }
      for (const key of writes) {
        for (const { readers, writer } of meeting(slots, migration, key)) {
          if (readers.length === 0) wait(waits, writer, key)
          for (const reader of readers) wait(waits, reader, key)
        }
      }
      if (waits.size === 0) wait(waits, barrier?.index, barrier?.reason ?? "")
    } else {
      for (const sink of sinks) wait(waits, sink, reason)
      slots.clear()
      barrier = { index, reason }
    }
    for (const key of reads)
      if (!writes.has(key)) for (const slot of own(slots, migration, key)) slot.readers.push(index)
    for (const key of writes) {
      for (const slot of own(slots, migration, key)) {
        slot.writer = index
        slot.readers = []
      }
    }
    for (const earlier of waits.keys()) sinks.delete(earlier)
    sinks.add(index)
    return waits
  })
}

/** The last writer of a key in one schema, and the readers since then. */
interface Slot {
  writer: number | undefined
  readers: Array<number>
}

/** The slot of uses that may mean any schema. */
const any = ""

/** The slots that a use of a key meets: those of its schemas and the one of any schema; all where it may mean any. */
const meeting = (
  slots: ReadonlyMap<HazardKey, ReadonlyMap<string, Slot>>,
  { footprint }: Migration,
  key: HazardKey
): ReadonlyArray<Slot> => {
  const known = slots.get(key)
  const schemas = footprint.places.get(key)
  if (known === undefined) return []
  return schemas === undefined ? [...known.values()] : [...schemas, any].flatMap((schema) => known.get(schema) ?? [])
}

/** The slots that a use of a key is noted in. */
const own = (
  slots: Map<HazardKey, Map<string, Slot>>,
  { footprint }: Migration,
  key: HazardKey
): ReadonlyArray<Slot> => {
  const known = slots.get(key) ?? new Map<string, Slot>()
  slots.set(key, known)
  return [...(footprint.places.get(key) ?? [any])].map((schema) => {
    const slot = known.get(schema) ?? { writer: undefined, readers: [] }
    known.set(schema, slot)
    return slot
  })
}

const barrierReason = ({ footprint, source }: Migration): string | undefined => {
  const [first] = footprint.barriers
  return first === undefined ? undefined : `${first.reason} (${source}:${first.line})`
}

const wait = (waits: Map<number, Array<string>>, earlier: number | undefined, because: string): void => {
  if (earlier !== undefined) append(waits, earlier, because)
}
