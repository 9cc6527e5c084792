/**
 * Whether the order of a history of migrations matters only where its graph says so. The history runs once in its own order,
 * in a database of its own; then in the orders of {@link DirectedSearch}, each in another. Definitions, as the server prints
 * them, and the rows of each table must come out the same. The history's own order runs twice: columns whose values differ then, such
 * as times, are not compared.
 */
import * as SqlClient from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { MissingObject } from "../../../src/core/detect/Detector.js"
import * as SqlState from "../../../src/core/detect/SqlState.js"
import * as MigrationGraph from "../../../src/core/graph/MigrationGraph.js"
import * as Resolver from "../../../src/core/graph/Resolver.js"
import type { Migration, MigrationId } from "../../../src/core/migration/Migration.js"
import * as SchemaObject from "../../../src/core/model/SchemaObject.js"
import type { StatementScope } from "../../../src/core/statement/StatementScope.js"
import * as Transaction from "../../../src/database/Transaction.js"
import * as Database from "../server/Database.js"
import * as SchemaDump from "../server/SchemaDump.js"
import * as DirectedSearch from "./DirectedSearch.js"

type Graph = MigrationGraph.MigrationGraph

/** The history cannot be checked, through no fault of its graph. */
export class HistoryUnusable extends Schema.TaggedError<HistoryUnusable>("effect-auto-migration/HistoryUnusable")(
  "HistoryUnusable",
  { reason: Schema.String }
) {
  override get message() {
    return this.reason
  }
}

/** What the graph of a history looks like. */
export interface Figures {
  readonly files: number
  readonly barriers: ReadonlyArray<{ readonly id: MigrationId; readonly line: number; readonly reason: string }>
  /** Share of the files that are barriers, in percent. */
  readonly opaque: number
  /** How many files one needs, itself included, in percent of all; a total order has just above 50. */
  readonly closure: number
  /** Steps to apply one of ten pending migrations, the mean over every ten in a row. */
  readonly plan: number
  /** The same of those that add a column to a table of an earlier one: what has to run where only the column is known. */
  readonly column: number
  /**
   * For each migration that adds a column to a table of an earlier one, with the last ten up to it pending: steps of the plan
   * for a statement that names the table and lacks the column, the largest of its columns'.
   */
  readonly columns: ReadonlyArray<number>
  /** Pairs of which neither waits for the other. */
  readonly unordered: number
}

export const figures = (graph: Graph): Figures => {
  const barriers = graph.nodes.flatMap(({ migration: { footprint, id } }) =>
    footprint.barriers.map(({ line, reason }) => ({ id, line, reason }))
  )
  const count = graph.nodes.length
  const closures = graph.nodes.map((_, rank) => MigrationGraph.closure(graph, [rank]).length)
  return {
    files: count,
    barriers,
    opaque: (100 * new Set(barriers.map(({ id }) => id)).size) / Math.max(1, count),
    closure: (100 * mean(closures)) / Math.max(1, count),
    plan: mean(planSizes(graph, 10, () => true)),
    column: mean(planSizes(graph, 10, (migration) => addedColumns(migration).length > 0)),
    columns: columnPlans(graph, 10),
    unordered: DirectedSearch.unorderedPairs(graph).length
  }
}

/** Of no values it is 0. */
export const mean = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)

const planSizes = (graph: Graph, pending: number, isMeant: (migration: Migration) => boolean): ReadonlyArray<number> =>
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

/** A column whose table comes in the same migration is no gap of its own. */
const addedColumns = ({ footprint: { provides } }: Migration): ReadonlyArray<SchemaObject.SchemaObject> => {
  const made = new Set(provides.flatMap((object) => (object._tag === "Relation" ? [SchemaObject.key(object)] : [])))
  return provides.filter(
    (object) =>
      object._tag === "Column" &&
      Option.exists(object.relation, (table) => !made.has(SchemaObject.key(relation(table))))
  )
}

const columnPlans = (graph: Graph, pending: number): ReadonlyArray<number> =>
  graph.nodes.flatMap(({ migration }, rank) => {
    const added = addedColumns(migration)
    if (added.length === 0) return []
    const until = Either.getOrThrow(MigrationGraph.make(MigrationGraph.migrationsAt(graph, range(rank + 1))))
    const applied = new Set(graph.nodes.slice(0, Math.max(0, rank + 1 - pending)).map((node) => node.migration.id))
    return [Math.max(...added.map((column) => planFor(until, applied, column)))]
  })

const range = (count: number): ReadonlyArray<number> => [...Array(count).keys()]

const relation = SchemaObject.relation

const undefinedColumn = Option.getOrThrow(SqlState.sqlState("42703"))

const planFor = (graph: Graph, applied: MigrationGraph.Applied, object: SchemaObject.SchemaObject): number => {
  const tables = object._tag === "Column" ? Option.toArray(object.relation) : []
  const scope: StatementScope = {
    relations: tables.map((table) => ({ relation: table, alias: Option.none() })),
    columns: [],
    routines: [],
    types: [],
    conflictTarget: Option.none(),
    isClosed: false
  }
  const gap: MissingObject = {
    _tag: "MissingObject",
    object,
    qualifier: Option.none(),
    sqlState: undefinedColumn
  }
  return Either.match(Resolver.resolve(graph, applied, gap, Option.some(scope)), {
    onLeft: () => 0,
    onRight: ({ steps }) => steps.length
  })
}

/** How a history went in one order: what it left behind, or who failed. */
export type Outcome =
  | { readonly _tag: "Built"; readonly lines: ReadonlyArray<string> }
  | { readonly _tag: "Failed"; readonly id: MigrationId; readonly line: number; readonly reason: string }

/** Two neighbours whose order matters although neither waits for the other. */
export interface Difference {
  readonly pair: readonly [MigrationId, MigrationId]
  /** Gives the history's own schema. The pair stands in it as in the history. */
  readonly order: ReadonlyArray<MigrationId>
  /** The same order but for the pair, which it swaps. */
  readonly other: ReadonlyArray<MigrationId>
  readonly explained: Option.Option<NonEmptyReadonlyArray<MigrationGraph.Edge>>
  /** What the other order failed with, or the lines that only one of the two has, `-` before the history's own and `+`. */
  readonly differences: ReadonlyArray<string>
  /** Whether the pair and what it waits for, without the rest of the history, differ as well. */
  readonly isAlone: boolean
}

export interface Report {
  readonly figures: Figures
  /** Orders that were run, the history's own left out. */
  readonly rounds: number
  /** Pairs that were never run the other way round, because the rounds ran out. */
  readonly open: number
  readonly difference: Option.Option<Difference>
}

export interface Options {
  readonly graph: Graph
  /** Of any database on the server; its role may create databases. */
  readonly serverUrl: string
  /** At most so many orders; without it until every pair was run the other way round. */
  readonly rounds?: number
  /** Told after each order. */
  readonly onRound?: (round: number, open: number) => Effect.Effect<void>
}

/** Runs the search until an order differs, no pair is left, or the rounds are over. */
export const check = ({
  graph,
  onRound = () => Effect.void,
  rounds = Number.POSITIVE_INFINITY,
  serverUrl
}: Options): Effect.Effect<Report, HistoryUnusable> =>
  Effect.gen(function* () {
    yield* mayCreateDatabases(serverUrl)
    const runAll = (order: DirectedSearch.Order) => outcomeOf(serverUrl, MigrationGraph.migrationsAt(graph, order))
    const first = yield* runAll([...graph.nodes.keys()])
    if (first._tag === "Failed") return yield* failsByItself(first)
    const stable = withoutChanging(first, yield* runAll([...graph.nodes.keys()]))
    const run = (order: DirectedSearch.Order) => Effect.map(runAll(order), stable)
    const own = stable(first)
    const report = { figures: figures(graph), rounds: 0, open: figures(graph).unordered }
    for (const { open, order } of DirectedSearch.orders(graph)) {
      if (report.rounds >= rounds) break
      report.rounds++
      const outcome = yield* run(order)
      if (!isSame(own, outcome)) {
        return { ...report, difference: Option.some(yield* narrowed(graph, order, own, run)) }
      }
      report.open = open
      yield* onRound(report.rounds, open)
    }
    return { ...report, difference: Option.none() }
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

const failsByItself = ({
  id,
  line,
  reason
}: Outcome & { readonly _tag: "Failed" }): Effect.Effect<never, HistoryUnusable> =>
  new HistoryUnusable({
    reason: `The history does not run in its own order: ${id}, line ${line}: ${reason}. Correct it, or add what it expects of a database as a first migration.`
  })

const mayCreateDatabases = (url: string): Effect.Effect<void, HistoryUnusable> =>
  Database.query(
    url,
    "SELECT rolname, rolsuper OR rolcreatedb AS allowed FROM pg_roles WHERE rolname = current_user"
  ).pipe(
    Effect.catchAllDefect((cause) =>
      Effect.fail(new HistoryUnusable({ reason: `The server cannot be reached: ${told(cause)}. Check the URL.` }))
    ),
    Effect.flatMap(([role]) =>
      role?.["allowed"] === true
        ? Effect.void
        : Effect.fail(
            new HistoryUnusable({
              reason: `The role ${String(role?.["rolname"])} may not create databases. Name one that may, or let a superuser run ALTER ROLE … CREATEDB.`
            })
          )
    )
  )

const told = (cause: unknown): string => (cause instanceof Error ? cause.message || cause.name : String(cause))

const isSame = (self: Outcome, that: Outcome): boolean => differences(self, that).length === 0

const differences = (own: Outcome, other: Outcome): ReadonlyArray<string> => {
  if (other._tag === "Failed") return [`${other.id}, line ${other.line}: ${other.reason}`]
  const lines = own._tag === "Built" ? own.lines : []
  return [
    ...without(lines, other.lines).map((line) => `- ${line}`),
    ...without(other.lines, lines).map((line) => `+ ${line}`)
  ]
}

/** A line may be there twice. */
const without = (lines: ReadonlyArray<string>, others: ReadonlyArray<string>): ReadonlyArray<string> => {
  const left = new Map<string, number>()
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1)
  return lines.filter((line) => {
    const count = left.get(line) ?? 0
    left.set(line, count - 1)
    return count <= 0
  })
}

type Run = (order: DirectedSearch.Order) => Effect.Effect<Outcome, HistoryUnusable>

/** From the history's own order to one that differs, neighbour by neighbour: one of the swaps is to blame. */
const narrowed = (
  graph: Graph,
  order: DirectedSearch.Order,
  own: Outcome,
  run: Run
): Effect.Effect<Difference, HistoryUnusable> =>
  Effect.gen(function* () {
    const path = DirectedSearch.between(order)
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
    const idsOf = (ranks: DirectedSearch.Order) => MigrationGraph.migrationsAt(graph, ranks).map(({ id }) => id)
    const [first, second] = idsOf(pair)
    if (first === undefined || second === undefined) return yield* Effect.dieMessage("two orders without a difference")
    return {
      pair: [first, second],
      order: idsOf(before),
      other: idsOf(after),
      explained: MigrationGraph.explain(graph, first, second),
      differences: differences(own, yield* run(after)),
      isAlone: !isSame(...alone)
    }
  })

/** Runs migrations one after the other in a new database, which is dropped afterwards. */
const outcomeOf = (serverUrl: string, migrations: ReadonlyArray<Migration>): Effect.Effect<Outcome, HistoryUnusable> =>
  Effect.gen(function* (): Effect.fn.Return<Outcome, SqlError, SqlClient.SqlClient | Scope.Scope> {
    const sql = yield* SqlClient.SqlClient
    const connection = yield* sql.reserve
    for (const migration of migrations) {
      const ran = yield* Effect.either(apply(connection, migration))
      if (Either.isLeft(ran)) return { _tag: "Failed", id: migration.id, ...ran.left }
    }
    return { _tag: "Built", lines: yield* linesOf(sql) }
  }).pipe(
    Effect.scoped,
    Effect.provide(Database.freshClient(serverUrl)),
    Effect.mapError((error) => new HistoryUnusable({ reason: `The server failed: ${reasonOf(error)}.` })),
    Effect.catchAllDefect((cause) => Effect.fail(new HistoryUnusable({ reason: `The server failed: ${told(cause)}.` })))
  )

interface Refusal {
  readonly line: number
  readonly reason: string
}

/** As the library does: statement by statement, in a transaction if it can, and nothing of the session is left. */
const apply = (connection: Connection, { footprint, script, transaction }: Migration): Effect.Effect<void, Refusal> => {
  const text = script._tag === "Sql" ? script.text : ""
  const send = (line: number, statement: string) =>
    Effect.mapError(
      Transaction.sendScript(connection, statement),
      (error): Refusal => ({ line, reason: reasonOf(error) })
    )
  const statements = Effect.forEach(
    footprint.statements,
    ({ end, line, start }) => send(line, text.slice(start, end)),
    { discard: true }
  )
  const last = footprint.statements.at(-1)?.line ?? 1
  return transaction === "none"
    ? Effect.zipLeft(statements, Transaction.abandon(connection))
    : send(1, "BEGIN").pipe(
        Effect.zipRight(statements),
        Effect.zipRight(send(last, [...Transaction.forget, "COMMIT"].join("; "))),
        Effect.asVoid
      )
}

const reasonOf = (error: { readonly message: string; readonly cause?: unknown }): string =>
  error.cause instanceof Error ? error.cause.message : error.message

const linesOf = (sql: SqlClient.SqlClient): Effect.Effect<ReadonlyArray<string>, SqlError> =>
  Effect.gen(function* () {
    const definitions = yield* sql.unsafe<{ readonly line: string }>(SchemaDump.definitions)
    const tables = yield* sql.unsafe<{ readonly name: string }>(
      `SELECT format('%I.%I', nspname, relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
       WHERE relkind IN ('r', 'm') AND nspname !~ '^pg_' AND nspname <> 'information_schema'
       AND (relkind = 'r' OR relispopulated) ORDER BY 1`
    )
    const rows = yield* Effect.forEach(tables, ({ name }) => sql.unsafe<{ readonly line: string }>(contentsOf(name)))
    return [...definitions, ...rows.flat()].map(({ line }) => line).toSorted()
  })

/** The number of rows of a table, and hashes of the values of each column and of all rows, in any order. */
const contentsOf = (table: string): string => {
  const label = table.replaceAll("'", "''")
  const hash = (text: string) => `md5(string_agg(${text}, ',' ORDER BY ${text} COLLATE "C"))`
  return `SELECT 'rows of ${label}: ' || count(*) AS line FROM ${table}
    UNION ALL
    SELECT 'values of ${label}: ' || ${hash("t::text")} FROM ${table} t HAVING count(*) > 0
    UNION ALL
    SELECT 'values of ${label}.' || key || ': ' || ${hash("coalesce(value, 'NULL')")}
    FROM ${table} t, jsonb_each_text(to_jsonb(t)) GROUP BY key`
}
