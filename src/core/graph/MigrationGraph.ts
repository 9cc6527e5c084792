/**
 * The validated dependency graph over all migrations, with an index from schema object to provider. Its edges are inferred: they are the
 * hazards between footprints, plus `-- requires:`.
 *
 * Hazards follow the order of the source (`Migration.position`, then the id), in which the files were written and tested.
 * `-- requires:` adds an edge and never removes one. A required migration that stands later in the source comes first; if a hazard
 * contradicts that, the cycle is an error. To reverse a hazard, rename the file. The graph may have several heads, because branches of
 * a repository add migrations side by side.
 *
 * **Laws**
 *
 * 1. The graph does not depend on the order in which the migrations are given.
 * 2. Every migration comes after all it waits for, and in the source's order where the graph allows it.
 * 3. `edges` is the transitive reduction: it has the same paths as the graph, and each of its edges is necessary.
 * 4. `ancestors` is closed: it holds every migration that the given ones or its members wait for, and no other.
 * 5. In a reported cycle each member waits for the next, and the last for the first.
 *
 * @since 0.1.0
 */
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Order from "effect/Order"
import {
  AmbiguousProvider,
  CyclicDependency,
  DuplicateMigrationId,
  type MigrationDefinitionError,
  UnknownRequirement
} from "../error/AutoMigrationError.js"
import * as Migration from "../migration/Migration.js"
import * as MigrationWarning from "../migration/MigrationWarning.js"
import { type HazardKey, keyOf } from "../model/HazardKey.js"
import * as SchemaObject from "../model/SchemaObject.js"
import * as Hazard from "./Hazard.js"
import * as Provider from "./Provider.js"
import * as Topology from "./Topology.js"

export { type MigrationWarning, render as renderWarning } from "../migration/MigrationWarning.js"

type MigrationId = Migration.MigrationId

/**
 * Why one migration waits for another: `to` runs after `from`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Edge {
  readonly from: MigrationId
  readonly to: MigrationId
  /** Hazard keys, `requires`, or a barrier's reason with its file and line. */
  readonly because: ReadonlyArray<string>
}

/** Why a migration waits for an earlier one: a hazard, a `-- requires:`, or a barrier. @since 0.1.0 @category models */
export type WaitReason = Hazard.WaitReason

/** A migration, and its direct waits by rank. @since 0.1.0 @category models */
export interface Node {
  readonly migration: Migration.Migration
  readonly waits: Hazard.Waits
}

/**
 * @since 0.1.0
 * @category models
 */
export interface MigrationGraph {
  /** In the order of the source. */
  readonly migrations: ReadonlyArray<Migration.Migration>
  /** In the order of the graph: a node's index is its rank. */
  readonly nodes: ReadonlyArray<Node>
  readonly rankById: ReadonlyMap<MigrationId, number>
  readonly providers: Provider.Index
  /** Ranks of the migrations that write a key, in the graph's order. */
  readonly writersByKey: ReadonlyMap<HazardKey, ReadonlyArray<number>>
  /** Ranks of the migrations that may write rows of any table. */
  readonly opaque: ReadonlyArray<number>
  /** Warnings about the migrations, in their order. */
  readonly warnings: ReadonlyArray<MigrationWarning.MigrationWarning>
}

/**
 * Which migrations have run: a set of ids, or a map by id.
 *
 * @since 0.1.0
 * @category models
 */
export interface Applied {
  readonly has: (id: MigrationId) => boolean
}

/**
 * Validates migrations and orders them. Fails with `DuplicateMigrationId`, with `UnknownRequirement`, with `CyclicDependency`, or with
 * `AmbiguousProvider` if two migrations provide one object and neither waits for the other; the first that applies, in this order.
 * The time is linear in the keys of the footprints.
 *
 * @example
 * import * as MigrationGraph from "effect-auto-migration/MigrationGraph"
 * import { Either } from "effect"
 *
 * MigrationGraph.make([]).pipe(Either.map(MigrationGraph.edges)) // Right([])
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  unordered: ReadonlyArray<Migration.Migration>
): Either.Either<MigrationGraph, MigrationDefinitionError> => {
  const migrations = Arr.sort(unordered, Order.combine(Migration.byPosition, Order.mapInput(Order.string, sourceOf)))
  return Either.gen(function* () {
    const indexById = yield* indexUniquely(migrations)
    const waits = yield* withRequirements(migrations, indexById, Hazard.waitsOf(migrations))
    const order = yield* Either.mapLeft(Topology.order(waits), cycleError(migrations))
    const graph = fromOrder(migrations, waits, order)
    yield* checkProviders(graph)
    return graph
  })
}

/** The graph without migrations. @since 0.1.0 @category constructors */
export const empty: MigrationGraph = {
  migrations: [],
  nodes: [],
  rankById: new Map(),
  providers: Provider.make([]),
  writersByKey: new Map(),
  opaque: [],
  warnings: []
}

/** @since 0.1.0 @category queries */
export const get = (graph: MigrationGraph, id: MigrationId): Option.Option<Migration.Migration> =>
  Option.map(Option.fromNullable(nodeAt(graph, graph.rankById.get(id))), (node) => node.migration)

/**
 * The transitive reduction of the graph, by the rank of `to` and then of `from`; a picture of the graph shows these edges. Time and
 * space grow with the square of the number of migrations, at one bit for each pair.
 *
 * @since 0.1.0
 * @category queries
 */
export const edges = (graph: MigrationGraph): ReadonlyArray<Edge> =>
  Topology.reduction(graph.nodes.map((node) => node.waits)).flatMap((kept, rank) =>
    kept.flatMap((earlier) => Option.toArray(edgeBetween(graph, earlier, rank)))
  )

/** The reasons of an edge, told apart. Empty for ids that the graph does not have. @since 0.1.0 @category queries */
export const reasonsOf = (graph: MigrationGraph, { because, from, to }: Edge): ReadonlyArray<WaitReason> =>
  Option.match(Option.all([get(graph, from), get(graph, to)]), {
    onNone: () => [],
    onSome: ([earlier, later]) => Hazard.reasonsOf(earlier, later, because)
  })

/**
 * The migrations that the given ones wait for, directly or not, in the graph's order and without the given ones. Unknown ids are
 * ignored. The time is proportional to the answer and its edges, and does not depend on the size of the graph.
 *
 * @since 0.1.0
 * @category queries
 */
export const ancestors = (graph: MigrationGraph, ids: Iterable<MigrationId>): ReadonlyArray<Migration.Migration> => {
  const given = new Set(ranksOf(graph, ids))
  return migrationsAt(
    graph,
    closure(graph, given).filter((rank) => !given.has(rank))
  )
}

/** The given ranks and those of all migrations they wait for, ascending. @since 0.1.0 @category queries */
export const closure = (graph: MigrationGraph, ranks: Iterable<number>): ReadonlyArray<number> =>
  Topology.closure((rank) => nodeAt(graph, rank)?.waits.keys() ?? [], ranks)

/**
 * Why two migrations run in their order: the shortest chain of edges from the one that runs first to the other. The order of the
 * arguments does not matter. `None` if neither waits for the other.
 *
 * @since 0.1.0
 * @category queries
 */
export const explain = (
  graph: MigrationGraph,
  self: MigrationId,
  that: MigrationId
): Option.Option<NonEmptyReadonlyArray<Edge>> => {
  const [from, to] = [...ranksOf(graph, [self, that])].sort((a, b) => a - b)
  if (from === undefined || to === undefined) return Option.none()
  const path = Topology.path((rank) => nodeAt(graph, rank)?.waits.keys() ?? [], to, from).toReversed()
  const chain = path.slice(1).flatMap((rank, at) => Option.toArray(edgeBetween(graph, path[at] ?? rank, rank)))
  return Arr.isNonEmptyReadonlyArray(chain) ? Option.some(chain) : Option.none()
}

/**
 * The last provider of each object that a name may mean, and the migration that removes the object for good, if there is one. The
 * better match comes first. The time does not depend on the number of migrations.
 *
 * @since 0.1.0
 * @category queries
 */
export const providersOf = (
  graph: MigrationGraph,
  object: SchemaObject.SchemaObject
): ReadonlyArray<{
  readonly object: SchemaObject.SchemaObject
  readonly migration: Migration.Migration
  readonly removedBy: Option.Option<Migration.Migration>
}> =>
  Provider.candidates(graph.providers, object).flatMap(({ object: provided, rank, removedBy }) =>
    migrationsAt(graph, [rank]).map((migration) => ({
      object: provided,
      migration,
      removedBy: Option.flatMapNullable(removedBy, (later) => nodeAt(graph, later)?.migration)
    }))
  )

/**
 * The migrations after a given one that remove an object, or its table, type or schema. Empty for an unknown id.
 *
 * @since 0.1.0
 * @category queries
 */
export const removersOf = (
  graph: MigrationGraph,
  object: SchemaObject.SchemaObject,
  after: MigrationId
): ReadonlyArray<Migration.Migration> =>
  migrationsAt(
    graph,
    [...ranksOf(graph, [after])].flatMap((rank) => Provider.removersOf(graph.providers, { object, rank }))
  )

/**
 * The pending migrations that an applied one waits for: their files were added below a migration that had already run. They still run
 * when a query needs them, out of the order of the source.
 *
 * @since 0.1.0
 * @category queries
 */
export const overtaken = (graph: MigrationGraph, applied: Applied): ReadonlyArray<Migration.Migration> =>
  ancestors(
    graph,
    [...graph.rankById.keys()].filter((id) => applied.has(id))
  ).filter((migration) => !applied.has(migration.id))

/** @since 0.1.0 @category queries */
export const migrationsAt = (graph: MigrationGraph, ranks: Iterable<number>): ReadonlyArray<Migration.Migration> =>
  [...ranks].flatMap((rank) => nodeAt(graph, rank)?.migration ?? [])

const nodeAt = (graph: MigrationGraph, rank: number | undefined): Node | undefined =>
  rank === undefined ? undefined : graph.nodes[rank]

const ranksOf = (graph: MigrationGraph, ids: Iterable<MigrationId>): ReadonlySet<number> =>
  new Set([...ids].flatMap((id) => graph.rankById.get(id) ?? []))

const edgeBetween = (graph: MigrationGraph, from: number, to: number): Option.Option<Edge> =>
  Option.gen(function* () {
    const earlier = yield* Option.fromNullable(nodeAt(graph, from))
    const later = yield* Option.fromNullable(nodeAt(graph, to))
    const because = yield* Option.fromNullable(later.waits.get(from))
    return { from: earlier.migration.id, to: later.migration.id, because }
  })

const sourceOf = (migration: Migration.Migration): string => migration.source

const indexUniquely = (
  migrations: ReadonlyArray<Migration.Migration>
): Either.Either<ReadonlyMap<MigrationId, number>, DuplicateMigrationId> => {
  const indexById = new Map(migrations.map(({ id }, index) => [id, index]))
  const duplicate = migrations.find(({ id }, index) => indexById.get(id) !== index)
  return duplicate === undefined
    ? Either.right(indexById)
    : Either.left(
        new DuplicateMigrationId({
          id: duplicate.id,
          files: migrations.filter(({ id }) => id === duplicate.id).map(sourceOf)
        })
      )
}

const withRequirements = (
  migrations: ReadonlyArray<Migration.Migration>,
  indexById: ReadonlyMap<MigrationId, number>,
  hazards: ReadonlyArray<Hazard.Waits>
): Either.Either<ReadonlyArray<Hazard.Waits>, UnknownRequirement> =>
  Either.all(
    hazards.map((waits, index) => {
      const { id, requires, source } = migrations[index] ?? { id: "", requires: [], source: "" }
      const all = new Map(waits)
      for (const { id: requirement, line } of requires) {
        const required = indexById.get(requirement)
        if (required === undefined) return Either.left(new UnknownRequirement({ id, file: source, line, requirement }))
        all.set(required, [...(all.get(required) ?? []), "requires"])
      }
      return Either.right(all)
    })
  )

const cycleError =
  (migrations: ReadonlyArray<Migration.Migration>) =>
  (cycle: NonEmptyReadonlyArray<number>): CyclicDependency => {
    const around = cycle.flatMap((index) => migrations[index] ?? [])
    return new CyclicDependency({
      path: Arr.map(cycle, (index) => migrations[index]?.id ?? ""),
      files: around.map(sourceOf),
      requirements: around.flatMap(({ requires, source }, at) =>
        requires
          .filter(({ id }) => id === around[(at + 1) % around.length]?.id)
          .map(({ id, line }) => ({ file: source, line, requirement: id }))
      )
    })
  }

const fromOrder = (
  migrations: ReadonlyArray<Migration.Migration>,
  waits: ReadonlyArray<Hazard.Waits>,
  order: ReadonlyArray<number>
): MigrationGraph => {
  const rankByIndex = new Map(order.map((index, rank) => [index, rank]))
  const rankOf = (index: number): number => rankByIndex.get(index) ?? index
  const nodes = order.flatMap((index): ReadonlyArray<Node> => {
    const migration = migrations[index]
    const earlier = [...(waits[index] ?? [])].map(([other, because]) => [rankOf(other), because] as const)
    return migration === undefined ? [] : [{ migration, waits: new Map(earlier) }]
  })
  const inOrder = nodes.map((node) => node.migration)
  return {
    migrations,
    nodes,
    rankById: new Map(inOrder.map(({ id }, rank) => [id, rank])),
    providers: Provider.make(inOrder),
    writersByKey: writersOf(inOrder),
    opaque: inOrder.flatMap((migration, rank) => (Migration.mayWriteAnything(migration) ? [rank] : [])),
    warnings: MigrationWarning.of(migrations)
  }
}

const writersOf = (migrations: ReadonlyArray<Migration.Migration>): ReadonlyMap<HazardKey, ReadonlyArray<number>> => {
  const writers = new Map<HazardKey, Array<number>>()
  for (const [rank, { declares, footprint }] of migrations.entries()) {
    for (const key of new Set([...footprint.writes, ...declares.map(keyOf)])) {
      const ranks = writers.get(key)
      if (ranks === undefined) writers.set(key, [rank])
      else ranks.push(rank)
    }
  }
  return writers
}

/** Hazards order two writers of one key, so only providers of an object that they do not write can be ambiguous. */
const checkProviders = (graph: MigrationGraph): Either.Either<void, AmbiguousProvider> => {
  for (const entries of graph.providers.provided.values()) {
    const lastByKey = new Map<string, number>()
    for (const { object, rank } of entries.length > 1 ? entries : []) {
      const key = SchemaObject.key(object)
      const earlier = lastByKey.get(key)
      if (earlier !== undefined && earlier !== rank && !isOrdered(graph, earlier, rank)) {
        const files = migrationsAt(graph, [earlier, rank]).map(sourceOf)
        return Either.left(new AmbiguousProvider({ object: SchemaObject.render(object), files }))
      }
      lastByKey.set(key, rank)
    }
  }
  return Either.right(undefined)
}

const isOrdered = (graph: MigrationGraph, earlier: number, later: number): boolean => {
  const [from, to] = migrationsAt(graph, [earlier, later])
  return (
    (from !== undefined &&
      to !== undefined &&
      [...from.footprint.writes].some((key) => to.footprint.writes.has(key))) ||
    closure(graph, [later]).includes(earlier)
  )
}
