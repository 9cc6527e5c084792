/**
 * Whether the order of a history of migrations matters only where its graph says so, tried on a server.
 *
 * The history runs in its own order, and then in other orders that its graph allows, each in an empty database of its own, which is
 * dropped afterwards. Each order swaps pairs of migrations that no order before has swapped. Definitions, as the server prints them,
 * and the rows of each table must come out the same. The history's own order runs twice: columns whose values differ between the two,
 * such as times, are not compared.
 *
 * The check reads and writes no ledger, and no database that was there before.
 *
 * @since 0.1.0
 */
import type * as PgClient from "@effect/sql-pg/PgClient"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as LinearExtensions from "../core/graph/LinearExtensions.js"
import * as MigrationGraph from "../core/graph/MigrationGraph.js"
import type { Migration, MigrationId } from "../core/migration/Migration.js"
import * as SchemaDump from "../database/SchemaDump.js"
import * as HistoryRun from "./HistoryRun.js"
import { HistoryUnusable, type Outcome } from "./HistoryRun.js"

export { HistoryUnusable }

type Graph = MigrationGraph.MigrationGraph

/**
 * Two neighbours whose order matters although neither waits for the other.
 *
 * @since 0.1.0
 * @category models
 */
export interface Difference {
  readonly pair: readonly [MigrationId, MigrationId]
  /** Gives the history's own schema. The pair stands in it as in the history. */
  readonly order: ReadonlyArray<MigrationId>
  /** The same order but for the pair, which it swaps. */
  readonly other: ReadonlyArray<MigrationId>
  readonly explained: Option.Option<NonEmptyReadonlyArray<MigrationGraph.Edge>>
  /** What the other order failed with, or the lines that only one of the two has: `-` before the history's own, `+` before the other's. */
  readonly differences: ReadonlyArray<string>
  /** Whether the pair and what it waits for, without the rest of the history, differ as well. */
  readonly isAlone: boolean
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Report {
  /** The number of orders that were run, without the history's own. */
  readonly rounds: number
  /** The number of pairs that were not run both ways, because the rounds were over. */
  readonly open: number
  /** The first difference. */
  readonly difference: Option.Option<Difference>
}

/**
 * Options of {@link check}.
 *
 * @since 0.1.0
 * @category models
 */
export interface CheckOptions {
  /** Any database on the server. Its role must be allowed to create databases. */
  readonly server: PgClient.PgClientConfig
  /** The largest number of orders. Defaults to as many as it takes to run every pair both ways. */
  readonly rounds?: number
  /** Runs after each order, with the numbers of a {@link Report}. */
  readonly onRound?: (progress: Omit<Report, "difference">) => Effect.Effect<void>
}

/**
 * Runs orders until one differs, every pair was run both ways, or the rounds are over. Fails with `HistoryUnusable` where the history
 * fails in its own order, makes or changes objects of the server (roles, databases, tablespaces), or where the server cannot be used.
 *
 * @example
 * import * as HistoryCheck from "effect-auto-migration/HistoryCheck"
 * import * as MigrationGraph from "effect-auto-migration/MigrationGraph"
 * import { Redacted } from "effect"
 *
 * HistoryCheck.check(MigrationGraph.empty, { server: { url: Redacted.make("postgresql://localhost/postgres") } })
 *
 * @since 0.1.0
 * @category operations
 */
export const check = (
  graph: Graph,
  { onRound = () => Effect.void, rounds: most = Number.POSITIVE_INFINITY, server }: CheckOptions
): Effect.Effect<Report, HistoryUnusable> =>
  Effect.gen(function* () {
    yield* staysInside(graph)
    yield* HistoryRun.mayCreateDatabases(server)
    const runAll = (order: LinearExtensions.Order) => HistoryRun.run(server, MigrationGraph.migrationsAt(graph, order))
    const first = yield* runAll([...graph.nodes.keys()])
    if (first._tag === "Failed") return yield* failsByItself(first)
    const stable = withoutChanging(first, yield* runAll([...graph.nodes.keys()]))
    const run = (order: LinearExtensions.Order) => Effect.map(runAll(order), stable)
    const own = stable(first)
    let progress = { rounds: 0, open: LinearExtensions.unorderedPairs(graph).length }
    for (const { open, order } of LinearExtensions.orders(graph)) {
      if (progress.rounds >= most) break
      const outcome = yield* run(order)
      progress = { rounds: progress.rounds + 1, open }
      if (!isSame(own, outcome)) {
        return { ...progress, difference: Option.some(yield* narrowed(graph, order, own, run)) }
      }
      yield* onRound(progress)
    }
    return { ...progress, difference: Option.none() }
  })

/** Roles, databases and the like belong to the server: they would outlive the database of a check. */
const reachesServer =
  /\b(?:create|alter|drop)\s+(?:role|user(?!\s+mapping)|group|tablespace|database)\b|\balter\s+system\b/i

const staysInside = ({ migrations }: Graph): Effect.Effect<void, HistoryUnusable> => {
  const outside = migrations.flatMap(({ footprint, script, source }) =>
    footprint.statements
      .filter(({ end, start }) => script._tag === "Sql" && reachesServer.test(script.text.slice(start, end)))
      .map(({ line }) => `${source}:${line}`)
  )
  return outside.length === 0
    ? Effect.void
    : new HistoryUnusable({
        reason: `These statements change the server, not one database, and would stay there: ${outside.join(", ")}`,
        remedy: "Leave them out of a copy, and make what they make before the check"
      })
}

const failsByItself = ({ id, line, reason }: Outcome & { readonly _tag: "Failed" }): HistoryUnusable =>
  new HistoryUnusable({
    reason: `The history does not run in its own order: ${id}, line ${line}: ${reason}`,
    remedy: "Correct it, or add what it expects of a database as a first migration"
  })

/** Leaves out the values that differ between two runs of one order. */
const withoutChanging = (one: Outcome, other: Outcome): ((outcome: Outcome) => Outcome) => {
  const changed = differences(one, other).map((line) => line.slice(2))
  const changing = new Set(changed.filter((line) => line.startsWith("values of ")).map(labelOf))
  return (outcome) =>
    outcome._tag === "Failed"
      ? outcome
      : { ...outcome, lines: outcome.lines.filter((line) => !changing.has(labelOf(line))) }
}

const labelOf = (line: string): string => line.slice(0, line.lastIndexOf(": "))

const isSame = (self: Outcome, that: Outcome): boolean => differences(self, that).length === 0

const differences = (own: Outcome, other: Outcome): ReadonlyArray<string> =>
  other._tag === "Failed"
    ? [`${other.id}, line ${other.line}: ${other.reason}`]
    : SchemaDump.differences(own._tag === "Built" ? own.lines : [], other.lines)

type Run = (order: LinearExtensions.Order) => Effect.Effect<Outcome, HistoryUnusable>

/** From the history's own order to one that differs, neighbour by neighbour: one of the swaps makes the difference. */
const narrowed = (
  graph: Graph,
  order: LinearExtensions.Order,
  own: Outcome,
  run: Run
): Effect.Effect<Difference, HistoryUnusable> =>
  Effect.gen(function* () {
    const path = LinearExtensions.between(order)
    let [same, different] = [0, path.steps]
    while (different - same > 1) {
      const middle = (same + different) >>> 1
      if (isSame(own, yield* run(path.at(middle)))) same = middle
      else different = middle
    }
    const [before, after] = [path.at(same), path.at(different)]
    const place = before.findIndex((rank, at) => rank !== after[at])
    const pair = before.slice(place, place + 2)
    const needed = MigrationGraph.closure(graph, pair).filter((rank) => !pair.includes(rank))
    const alone = [yield* run([...needed, ...pair]), yield* run([...needed, ...pair.toReversed()])] as const
    const [first, second] = idsOf(graph, pair)
    if (first === undefined || second === undefined) return yield* Effect.dieMessage("two orders without a difference")
    return {
      pair: [first, second],
      order: idsOf(graph, before),
      other: idsOf(graph, after),
      explained: MigrationGraph.explain(graph, first, second),
      differences: differences(own, yield* run(after)),
      isAlone: !isSame(...alone)
    }
  })

const idsOf = (graph: Graph, ranks: LinearExtensions.Order): ReadonlyArray<Migration["id"]> =>
  MigrationGraph.migrationsAt(graph, ranks).map(({ id }) => id)
