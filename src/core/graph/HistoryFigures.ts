/**
 * Figures of a history of migrations: how much of it the library understands, and how much of it one query needs.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { MissingObject } from "../detect/Detector.js"
import * as SqlState from "../detect/SqlState.js"
import type { Migration, MigrationId } from "../migration/Migration.js"
import * as SchemaObject from "../model/SchemaObject.js"
import type { StatementScope } from "../statement/StatementScope.js"
import * as LinearExtensions from "./LinearExtensions.js"
import * as MigrationGraph from "./MigrationGraph.js"
import * as Resolver from "./Resolver.js"

/**
 * Shares are percentages of the migrations. Sizes of plans are numbers of steps, with the last ten migrations pending.
 *
 * @since 0.1.0
 * @category models
 */
export interface HistoryFigures {
  readonly migrations: number
  /** The statements that no other statement may pass, because the library cannot see what they touch. */
  readonly barriers: ReadonlyArray<{ readonly id: MigrationId; readonly line: number; readonly reason: string }>
  /** The share of the migrations that hold such a statement. */
  readonly opaqueShare: number
  /** The mean share of the migrations that one of them needs, with itself. A history in which each waits for all before it has just above 50. */
  readonly closureShare: number
  /** The mean plan that applies one pending migration. */
  readonly plan: number
  /** The mean plan that applies one pending migration which adds a column to a table of an earlier one. */
  readonly columnPlan: number
  /** For each such migration, the plan of a statement that names the table and lacks the column; the largest of its columns. */
  readonly statementPlans: ReadonlyArray<number>
  /** The pairs of which neither waits for the other. */
  readonly unorderedPairs: number
}

/**
 * The figures of a history.
 *
 * @example
 * import * as HistoryFigures from "effect-auto-migration/HistoryFigures"
 * import * as MigrationGraph from "effect-auto-migration/MigrationGraph"
 *
 * HistoryFigures.of(MigrationGraph.empty).opaqueShare // 0
 *
 * @since 0.1.0
 * @category queries
 */
export const of = (graph: MigrationGraph.MigrationGraph): HistoryFigures => {
  const barriers = graph.nodes.flatMap(({ migration: { footprint, id } }) =>
    footprint.barriers.map(({ line, reason }) => ({ id, line, reason }))
  )
  const count = graph.nodes.length
  const closures = graph.nodes.map((_, rank) => MigrationGraph.closure(graph, [rank]).length)
  return {
    migrations: count,
    barriers,
    opaqueShare: (100 * new Set(barriers.map(({ id }) => id)).size) / Math.max(1, count),
    closureShare: (100 * mean(closures)) / Math.max(1, count),
    plan: mean(planSizes(graph, () => true)),
    columnPlan: mean(planSizes(graph, (migration) => addedColumns(migration).length > 0)),
    statementPlans: statementPlans(graph),
    unorderedPairs: LinearExtensions.unorderedPairs(graph).length
  }
}

/** The mean, which is 0 without values. @since 0.1.0 @category queries */
export const mean = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)

const pending = 10

/** The sizes over all ten migrations in a row. */
const planSizes = (
  graph: MigrationGraph.MigrationGraph,
  isMeant: (migration: Migration) => boolean
): ReadonlyArray<number> =>
  graph.nodes.flatMap((_, end) => {
    if (end + 1 < Math.min(pending, graph.nodes.length)) return []
    const start = Math.max(0, end + 1 - pending)
    const applied = new Set(graph.nodes.slice(0, start).map(({ migration }) => migration.id))
    return graph.nodes.slice(start, end + 1).flatMap(({ migration }) => {
      if (!isMeant(migration)) return []
      const plan = Resolver.upTo(graph, applied, [migration.id])
      return [Option.match(plan, { onNone: () => 0, onSome: ({ steps }) => steps.length })]
    })
  })

/** The columns of tables that come in other migrations: a column of a new table is no gap of its own. */
const addedColumns = ({ footprint: { provides } }: Migration): ReadonlyArray<SchemaObject.SchemaObject> => {
  const made = new Set(provides.flatMap((object) => (object._tag === "Relation" ? [SchemaObject.key(object)] : [])))
  return provides.filter(
    (object) =>
      object._tag === "Column" &&
      Option.exists(object.relation, (table) => !made.has(SchemaObject.key(SchemaObject.relation(table))))
  )
}

const statementPlans = (graph: MigrationGraph.MigrationGraph): ReadonlyArray<number> =>
  graph.nodes.flatMap(({ migration }, rank) => {
    const added = addedColumns(migration)
    if (added.length === 0) return []
    const until = Either.getOrThrow(MigrationGraph.make(MigrationGraph.migrationsAt(graph, upTo(rank))))
    const applied = new Set(graph.nodes.slice(0, Math.max(0, rank + 1 - pending)).map((node) => node.migration.id))
    return [Math.max(...added.map((column) => statementPlan(until, applied, column)))]
  })

const upTo = (rank: number): ReadonlyArray<number> => [...Array(rank + 1).keys()]

const undefinedColumn = Option.getOrThrow(SqlState.sqlState("42703"))

/** The plan of a statement that names the column's table and no other. */
const statementPlan = (
  graph: MigrationGraph.MigrationGraph,
  applied: MigrationGraph.Applied,
  object: SchemaObject.SchemaObject
): number => {
  const tables = object._tag === "Column" ? Option.toArray(object.relation) : []
  const scope: StatementScope = {
    relations: tables.map((table) => ({ relation: table, alias: Option.none() })),
    columns: [],
    routines: [],
    types: [],
    conflictTarget: Option.none(),
    isClosed: false
  }
  const gap: MissingObject = { _tag: "MissingObject", object, qualifier: Option.none(), sqlState: undefinedColumn }
  return Either.match(Resolver.resolve(graph, applied, gap, Option.some(scope)), {
    onLeft: () => 0,
    onRight: ({ steps }) => steps.length
  })
}
