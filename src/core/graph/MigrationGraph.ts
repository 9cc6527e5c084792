/**
 * The validated dependency graph over all migrations, with an index from schema object to provider. Nobody writes the edges:
 * they are the hazards between footprints, plus `-- requires:`.
 *
 * Hazards follow the order of the source (`Migration.position`, then the id), which is the order in which the files were written
 * and tested. `-- requires:` adds an edge and never removes one: it may point at a later migration, and then that one comes
 * first, unless a hazard says otherwise; such a contradiction is a cycle, and an error. To reverse a hazard, rename the file.
 * Several heads are legal: branches of a repository may add migrations side by side.
 *
 * **Laws**
 *
 * 1. The graph does not depend on the order in which the migrations are given.
 * 2. Every migration comes after all it waits for, and in the source's order wherever the graph allows.
 * 3. `edges` is the transitive reduction: it reaches what the graph reaches, and no edge of it can be left out.
 * 4. `ancestors` is closed: it holds all that any of its members waits for, and nothing else.
 * 5. A cycle that is reported is one: each member waits for the next, and the last for the first.
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

/** A migration and the ranks of those it waits for directly. @since 0.1.0 @category models */
export interface Node {
  readonly migration: Migration.Migration
  readonly waits: Hazard.Waits
}

/**
 * @since 0.1.0
 * @category models
 */
export interface MigrationGraph {
  /** In the source's order. */
  readonly migrations: ReadonlyArray<Migration.Migration>
  /** In the graph's order; a node's place is its rank. */
  readonly nodes: ReadonlyArray<Node>
  readonly rankById: ReadonlyMap<MigrationId, number>
  readonly providers: Provider.Index
  /** Ranks of the migrations that write a key, in the graph's order. */
  readonly writersByKey: ReadonlyMap<HazardKey, ReadonlyArray<number>>
  /** Ranks of the migrations that may write rows of any table. */
  readonly opaque: ReadonlyArray<number>
  /** What looks wrong about the migrations and is no error, in their order. */
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
 * Validates migrations and orders them. Fails with the first of: two migrations of one id, a requirement that is not there,
 * a cycle (named by its files, walked once around), two migrations that provide one object while neither waits for the other.
 * The time is linear in what the footprints name.
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
    const order = yield* Either.mapLeft(Topology.order(waits), cyclic(migrations))
    const graph = fromOrder(migrations, waits, order)
    yield* unambiguous(graph)
    return graph
  })
}

/** Of no migrations. @since 0.1.0 @category constructors */
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
 * The transitive reduction, by the rank of `to` and then of `from`: what a picture of the graph shows. Takes time and space
 * in proportion to the square of the number of migrations, by a small factor (bits).
 *
 * @since 0.1.0
 * @category queries
 */
export const edges = (graph: MigrationGraph): ReadonlyArray<Edge> =>
  Topology.reduction(graph.nodes.map((node) => node.waits)).flatMap((kept, rank) =>
    kept.flatMap((earlier) => Option.toArray(edgeBetween(graph, earlier, rank)))
  )

/**
 * All that the given migrations wait for, directly or not, in the graph's order and without themselves; unknown ids wait for
 * nothing. The time is in proportion to the answer and its edges, whatever the size of the graph.
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

/** Ranks of all that must have run before and including these, ascending. @since 0.1.0 @category queries */
export const closure = (graph: MigrationGraph, ranks: Iterable<number>): ReadonlyArray<number> =>
  Topology.closure((rank) => nodeAt(graph, rank)?.waits.keys() ?? [], ranks)

/**
 * Why two migrations run in the order they do: the shortest chain of edges from the one that runs first to the other,
 * whichever of the arguments that is. `None` where neither waits for the other.
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
 * Who provides an object, and who takes it away for good: for each object that a name may mean its last provider, the better
 * match first. The time does not depend on the number of migrations.
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
 * The migrations after a given one that take an object away, or its table, type or schema; an unknown id has none.
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
 * Migrations that have not been applied although an applied one waits for them: somebody added a file below what had already
 * run. They are still run when something needs them, out of the order in which they were written.
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

const cyclic =
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

/** Hazards order whoever writes the same key; what is left are providers that name an object they do not write. */
const unambiguous = (graph: MigrationGraph): Either.Either<void, AmbiguousProvider> => {
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
