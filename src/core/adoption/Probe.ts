/**
 * Finds the applied migrations from the catalog, for a database that was made by hand or from a dump.
 *
 * An object is a sign only if no other migration explains its presence or absence. An object with one provider is a sign for that
 * migration if it is there. A missing object is a sign against its providers, unless a later migration removes it. An object that a
 * migration removes is a sign against that migration while it is there.
 *
 * **Laws**
 *
 * 1. If migrations were applied in order, up to one of them, none of these is absent and none of the later ones is there.
 * 2. A migration without signs is assumed exactly if a later one is there.
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

/** The signs for a migration, and the two kinds of signs against it. */
interface Signs {
  readonly migration: Migration
  readonly there: ReadonlyArray<SchemaObject.SchemaObject>
  readonly missing: ReadonlyArray<SchemaObject.SchemaObject>
  /** Objects that the migration removes and that are still there. */
  readonly notRemoved: ReadonlyArray<SchemaObject.SchemaObject>
}

type State = "there" | "absent" | "half" | "unknown"

/**
 * The objects to look up in the catalog: all that the migrations promise or remove, each once.
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
 * The migrations to adopt. `missing` are the objects of {@link questions} that the catalog does not have.
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
    const signs = signsOf(graph, providers, isThere, migration, rank)
    return { signs, migration, state: isInLedger(migration.id) ? ("there" as const) : stateOf(signs) }
  })
  const last = found.findLastIndex(({ state }) => state === "there")
  const open = found
    .map((one, rank) => ({ ...one, isBefore: rank < last }))
    .filter((one) => !isInLedger(one.migration.id))
  return {
    witness: { _tag: "Catalog" },
    entries: open.flatMap(({ isBefore, migration, state }): ReadonlyArray<Entry> => {
      const because = state === "there" ? "there" : state === "unknown" && isBefore ? "assumed" : undefined
      return because === undefined ? [] : [{ migration, recordedAs: null, recordedAt: null, because }]
    }),
    untold: open.filter(({ isBefore, state }) => state === "unknown" && !isBefore).map(({ migration }) => migration),
    misfits: open.flatMap(({ signs, isBefore, state }) => misfitOf(signs, state, isBefore))
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

const signsOf = (
  graph: Graph,
  providers: ReadonlyMap<string, ReadonlyArray<number>>,
  isThere: (object: SchemaObject.SchemaObject) => boolean,
  migration: Migration,
  rank: number
): Signs => {
  const ranksOf = (object: SchemaObject.SchemaObject) => providers.get(SchemaObject.key(object)) ?? []
  const promised = promises(migration)
  return {
    migration,
    there: promised.filter((object) => isThere(object) && ranksOf(object).length === 1),
    missing: promised.filter(
      (object) => !isThere(object) && Option.isNone(Provider.removerOf(graph.providers, { object, rank }))
    ),
    notRemoved: migration.footprint.removes.filter(
      (object) => isThere(object) && ranksOf(object).length > 0 && ranksOf(object).every((provider) => provider < rank)
    )
  }
}

const stateOf = ({ notRemoved, missing, there }: Signs): State => {
  const against = missing.length + notRemoved.length
  if (there.length === 0) return against === 0 ? "unknown" : "absent"
  return against === 0 ? "there" : "half"
}

const list = (objects: ReadonlyArray<SchemaObject.SchemaObject>): string => objects.map(SchemaObject.render).join(", ")

const misfitOf = (
  { notRemoved, migration, missing, there }: Signs,
  state: State,
  isBefore: boolean
): ReadonlyArray<Misfit> => {
  const { id, source } = migration
  if (state === "half") {
    const lacks = missing.length === 0 ? [] : [`${list(missing)} is missing`]
    const keeps = notRemoved.length === 0 ? [] : [`${list(notRemoved)} is still there`]
    const text = `of ${source} ${[`${list(there)} is there`, ...lacks, ...keeps].join(" and ")}`
    return [{ kind: "half-there", ids: [id], text }]
  }
  return state === "absent" && isBefore
    ? [
        {
          kind: "not-recorded",
          ids: [id],
          text: `the catalog shows that ${source} has not run, though later files have`
        }
      ]
    : []
}
