/**
 * Objects that the ledger promises and the catalog lacks, and what may have removed them.
 *
 * **Laws**
 *
 * 1. An object is owed once: by the last of the migrations that promise it, in the order of their events.
 * 2. A migration that was edited after it was applied owes nothing, since its file does not say what ran.
 * 3. A suspect was recorded after the object was promised.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import * as MigrationGraph from "../graph/MigrationGraph.js"
import { keyOf } from "../migration/Footprint.js"
import { type AppliedSet, isApplication, type Kind, type LedgerEvent } from "../migration/LedgerEvent.js"
import type { Migration } from "../migration/Migration.js"
import * as SchemaObject from "../model/SchemaObject.js"
import * as Baseline from "./Baseline.js"

/**
 * An object that is missing.
 *
 * @since 0.1.0
 * @category models
 */
export interface Drift {
  /** As errors name it: `column users.email`. */
  readonly object: string
  /** The last applied migration that promises it. */
  readonly migrationId: string
  /** When that was recorded, in UTC: the object was lost after that, unless it was recorded and not checked. */
  readonly appliedAt: string
  /** `Applied`: the library saw the object then. An adoption or a baseline may have been recorded without it. */
  readonly recordedAs: Kind
  /** Later migrations that may have removed it. Empty where it was removed by hand, as far as can be told. */
  readonly removedBy: ReadonlyArray<Suspect>
}

/**
 * A later event that may explain why an object is missing.
 *
 * @since 0.1.0
 * @category models
 */
export interface Suspect {
  readonly migrationId: string
  readonly kind: Kind
  readonly recordedAt: string
  /**
   * `removes it`: its file does so, and it was begun outside transactions and not completed. `runs unknown code`: its
   * file holds code that is not understood, or runs under a condition. `has no file`: the program does not know what ran.
   */
  readonly why: "removes it" | "runs unknown code" | "has no file"
}

/**
 * The objects that the catalog must have.
 *
 * @since 0.1.0
 * @category queries
 */
export const owed = (
  graph: MigrationGraph.MigrationGraph,
  { checksumById }: AppliedSet
): ReadonlyArray<Baseline.Owed> => {
  const asApplied = graph.nodes.flatMap(({ migration }) =>
    checksumById.get(migration.id) === migration.checksum ? [migration] : []
  )
  return Baseline.owed(graph, asApplied, checksumById).filter(({ object }) => object._tag !== "Relaxation")
}

/**
 * The report about objects that are missing. `events` is the log without the ledger's own migrations.
 *
 * @since 0.1.0
 * @category queries
 */
export const report = (
  graph: MigrationGraph.MigrationGraph,
  missing: ReadonlyArray<Baseline.Owed>,
  events: ReadonlyArray<LedgerEvent>
): ReadonlyArray<Drift> => {
  const recorded = new Map(events.filter(isApplication).map((event) => [event.migrationId, event]))
  const last = new Map<string, Promised>()
  for (const owing of missing) {
    const event = recorded.get(owing.migration.id)
    const key = SchemaObject.key(owing.object)
    if (event !== undefined && event.sequence > (last.get(key)?.event.sequence ?? 0)) last.set(key, { ...owing, event })
  }
  const whyOf = suspicionIn(graph)
  return [...last.values()].map((promise) => ({
    object: SchemaObject.render(promise.object),
    migrationId: promise.migration.id,
    appliedAt: promise.event.recordedAt,
    recordedAs: promise.event.kind,
    removedBy: suspectsAmong(events, (event) => whyOf(promise, event))
  }))
}

/** An object that is owed, and the event that recorded its migration. */
interface Promised extends Baseline.Owed {
  readonly event: LedgerEvent
}

type Suspicion = Suspect["why"] | undefined

/** Each suspect once, with its first event. */
const suspectsAmong = (
  events: ReadonlyArray<LedgerEvent>,
  whyOf: (event: LedgerEvent) => Suspicion
): ReadonlyArray<Suspect> =>
  Arr.dedupeWith(
    events.flatMap((event) => {
      const why = whyOf(event)
      const { kind, migrationId, recordedAt } = event
      return why === undefined ? [] : [{ migrationId, kind, recordedAt, why }]
    }),
    (one, other) => one.migrationId === other.migrationId
  )

const suspicionIn = (graph: MigrationGraph.MigrationGraph) => {
  const byId = new Map<string, Migration>(graph.nodes.map(({ migration }) => [migration.id, migration]))
  return ({ event: promised, migration: provider, object }: Promised, event: LedgerEvent): Suspicion => {
    if (event.sequence <= promised.sequence || event.migrationId === provider.id) return undefined
    const migration = byId.get(event.migrationId)
    if (event.kind === "Applied") {
      if (migration === undefined) return "has no file"
      return mayRemove(migration, object) ? "runs unknown code" : undefined
    }
    return !isApplication(event) &&
      migration?.transaction === "none" &&
      MigrationGraph.removersOf(graph, object, provider.id).includes(migration)
      ? "removes it"
      : undefined
  }
}

/** What a migration is known to remove is not owed, so only what is not known is left. */
const mayRemove = ({ footprint, script }: Migration, object: SchemaObject.SchemaObject): boolean =>
  script._tag === "Effect" || footprint.runsUnknownCode || (!footprint.isCertain && footprint.writes.has(keyOf(object)))
