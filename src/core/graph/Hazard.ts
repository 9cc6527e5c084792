/**
 * Finds the hazards between migrations, as a processor does between instructions: read after write (RAW), write after read (WAR) and
 * write after write (WAW) of one key. A migration that is not understood is a barrier, which no other migration may pass.
 *
 * Each key remembers its last writer and the readers since then, so the time is linear in the keys of the footprints; no two
 * migrations are compared.
 *
 * **Laws**
 *
 * 1. Of two migrations that touch one key, at least one of them writing it, the later waits for the earlier, directly or not.
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
 * The direct waits of each migration, in the given order. Hazards that follow from other waits are left out; the transitive closure of
 * the result holds all of them.
 *
 * @since 0.1.0
 * @category operations
 */
export const waitsOf = (migrations: ReadonlyArray<Migration>): ReadonlyArray<Waits> => {
  const lastWriter = new Map<HazardKey, number>()
  const readersSince = new Map<HazardKey, Array<number>>()
  const sinks = new Set<number>()
  let barrier: { readonly index: number; readonly reason: string } | undefined

  return migrations.map((migration, index) => {
    const waits = new Map<number, Array<string>>()
    const { reads, writes } = migration.footprint
    const reason = barrierReason(migration)
    if (reason === undefined) {
      for (const key of reads) if (!writes.has(key)) wait(waits, lastWriter.get(key), key)
      for (const key of writes) {
        const readers = readersSince.get(key) ?? []
        if (readers.length === 0) wait(waits, lastWriter.get(key), key)
        for (const reader of readers) wait(waits, reader, key)
      }
      if (waits.size === 0) wait(waits, barrier?.index, barrier?.reason ?? "")
    } else {
      for (const sink of sinks) wait(waits, sink, reason)
      lastWriter.clear()
      readersSince.clear()
      barrier = { index, reason }
    }
    for (const key of reads) if (!writes.has(key)) append(readersSince, key, index)
    for (const key of writes) {
      lastWriter.set(key, index)
      readersSince.delete(key)
    }
    for (const earlier of waits.keys()) sinks.delete(earlier)
    sinks.add(index)
    return waits
  })
}

const barrierReason = ({ footprint, source }: Migration): string | undefined => {
  const [first] = footprint.barriers
  return first === undefined ? undefined : `${first.reason} (${source}:${first.line})`
}

const wait = (waits: Map<number, Array<string>>, earlier: number | undefined, because: string): void => {
  if (earlier !== undefined) append(waits, earlier, because)
}
