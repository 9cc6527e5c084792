/**
 * Which migrations have been applied, by what the catalog shows: for a database that was made by hand or from a dump.
 *
 * An object is evidence for a migration only where its presence or its absence can have no other reason. The presence of what two
 * migrations provide tells that one of them ran, its absence that neither did; the absence of what a later migration takes away
 * tells nothing; and what a migration takes away speaks against it as long as it is there.
 *
 * **Laws**
 *
 * 1. Of migrations that were applied in order, up to one of them, none is absent up to there and none is there after it.
 * 2. A migration without evidence is assumed exactly if a later one is there.
 *
 * @internal
 */

import * as Option from "effect/Option"
import type * as MigrationGraph from "../graph/MigrationGraph.js"
import * as Provider from "../graph/Provider.js"
import { type Migration, type MigrationId, promises } from "../migration/Migration.js"
import { append } from "../model/Multimap.js"
import * as SchemaObject from "../model/SchemaObject.js"
import type { Adoption, Entry, Misfit } from "./Adoption.js"

type Graph = MigrationGraph.MigrationGraph

interface Evidence {
  readonly migration: Migration
  readonly there: ReadonlyArray<SchemaObject.SchemaObject>
  readonly missing: ReadonlyArray<SchemaObject.SchemaObject>
  /** What it takes away and what is there still. */
  readonly left: ReadonlyArray<SchemaObject.SchemaObject>
}

type Verdict = "there" | "absent" | "half" | "untold"

/**
 * What is to be looked up in the catalog.
 *
 * @since 0.1.0
 * @category queries
 */
export const questions = (graph: Graph): ReadonlyArray<SchemaObject.SchemaObject> => [
  ...new Map(
    graph.migrations
      .flatMap((migration) => [...promises(migration), ...migration.footprint.removes])
      .map((object) => [SchemaObject.key(object), object])
  ).values()
]

/**
 * The migrations that are there, by those of the questions that are missing.
 *
 * @since 0.1.0
 * @category operations
 */
export const adoption = (
  graph: Graph,
  missing: ReadonlyArray<SchemaObject.SchemaObject>,
  isInLedger: (id: MigrationId) => boolean
): Adoption => {
  const gone = new Set(missing.map(SchemaObject.key))
  const isThere = (object: SchemaObject.SchemaObject): boolean => !gone.has(SchemaObject.key(object))
  const providers = providersByKey(graph)
  const found = graph.nodes.map(({ migration }, rank) => {
    const evidence = evidenceFor(graph, providers, isThere, migration, rank)
    return { evidence, migration, verdict: isInLedger(migration.id) ? ("there" as const) : verdictOf(evidence) }
  })
  const last = found.findLastIndex(({ verdict }) => verdict === "there")
  const open = found
    .map((one, rank) => ({ ...one, isBefore: rank < last }))
    .filter((one) => !isInLedger(one.migration.id))
  return {
    witness: { _tag: "Catalog" },
    entries: open.flatMap(({ isBefore, migration, verdict }): ReadonlyArray<Entry> => {
      const because = verdict === "there" ? "there" : verdict === "untold" && isBefore ? "assumed" : undefined
      return because === undefined ? [] : [{ migration, recordedAs: null, recordedAt: null, because }]
    }),
    untold: open.filter(({ isBefore, verdict }) => verdict === "untold" && !isBefore).map(({ migration }) => migration),
    misfits: open.flatMap(({ evidence, isBefore, verdict }) => misfitOf(evidence, verdict, isBefore))
  }
}

const providersByKey = (graph: Graph): ReadonlyMap<string, ReadonlyArray<number>> => {
  const ranks = new Map<string, Array<number>>()
  for (const [rank, { migration }] of graph.nodes.entries()) {
    for (const object of promises(migration)) {
      append(ranks, SchemaObject.key(object), rank)
    }
  }
  return ranks
}

const evidenceFor = (
  graph: Graph,
  providers: ReadonlyMap<string, ReadonlyArray<number>>,
  isThere: (object: SchemaObject.SchemaObject) => boolean,
  migration: Migration,
  rank: number
): Evidence => {
  const ranksOf = (object: SchemaObject.SchemaObject) => providers.get(SchemaObject.key(object)) ?? []
  const promised = promises(migration)
  return {
    migration,
    there: promised.filter((object) => isThere(object) && ranksOf(object).length === 1),
    missing: promised.filter(
      (object) => !isThere(object) && Option.isNone(Provider.removerOf(graph.providers, { object, rank }))
    ),
    left: migration.footprint.removes.filter(
      (object) => isThere(object) && ranksOf(object).length > 0 && ranksOf(object).every((provider) => provider < rank)
    )
  }
}

const verdictOf = ({ left, missing, there }: Evidence): Verdict => {
  const against = missing.length + left.length
  if (there.length === 0) return against === 0 ? "untold" : "absent"
  return against === 0 ? "there" : "half"
}

const list = (objects: ReadonlyArray<SchemaObject.SchemaObject>): string => objects.map(SchemaObject.render).join(", ")

const misfitOf = (
  { left, migration, missing, there }: Evidence,
  verdict: Verdict,
  isBefore: boolean
): ReadonlyArray<Misfit> => {
  const { id, source } = migration
  if (verdict === "half") {
    const lacks = missing.length === 0 ? [] : [`${list(missing)} is missing`]
    const keeps = left.length === 0 ? [] : [`${list(left)} is there still`]
    const text = `of ${source} ${[`${list(there)} is there`, ...lacks, ...keeps].join(" and ")}`
    return [{ kind: "half-there", ids: [id], text }]
  }
  return verdict === "absent" && isBefore
    ? [{ kind: "not-recorded", ids: [id], text: `what ${source} does is not there, and what later files do is` }]
    : []
}
