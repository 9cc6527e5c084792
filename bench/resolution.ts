/**
 * What it costs to find a plan, and to build the graph that plans are found in.
 *
 * Workload: tables with a chain of ten migrations each, all pending; the failing statement joins two of the tables, and the
 * gap is the last column of one. Measured: one call of `Resolver.resolve`, as the median over batches, in a graph of 1,000
 * and in one of 10,000 migrations by turns; and one call of `MigrationGraph.make` over 1,000 migrations that each read and
 * write a few tables. What the calls answer is checked outside the measured region.
 */
import { pathToFileURL } from "node:url"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { MissingObject } from "../src/core/detect/Detector.js"
import * as SqlState from "../src/core/detect/SqlState.js"
import * as Directive from "../src/core/file/Directive.js"
import * as MigrationGraph from "../src/core/graph/MigrationGraph.js"
import * as Resolver from "../src/core/graph/Resolver.js"
import * as Footprint from "../src/core/migration/Footprint.js"
import * as Migration from "../src/core/migration/Migration.js"
import * as SchemaObject from "../src/core/model/SchemaObject.js"
import type { StatementScope } from "../src/core/statement/StatementScope.js"

/** @since 0.1.0 @category models */
export interface Measurement {
  readonly name: string
  /** Median of one call. */
  readonly nanoseconds?: number
  readonly ratio?: number
  readonly atMost?: number
}

const chain = 10
const batchSize = 50
const batches = 200

const name = (text: string) => SchemaObject.qualifiedName(text)

const migrationAt = (index: number, footprint: Partial<Footprint.Footprint>): Migration.Migration =>
  Migration.make({
    id: Migration.MigrationId.make(`${index}_step`),
    source: `${index}_step.sql`,
    script: { _tag: "Sql", text: "" },
    directives: Directive.none,
    declares: [],
    footprint: { ...Footprint.empty, ...footprint },
    digest: () => "00"
  })

const graphOf = (migrations: ReadonlyArray<Migration.Migration>): MigrationGraph.MigrationGraph =>
  Either.getOrThrowWith(MigrationGraph.make(migrations), (error) => error)

/** Each table is made by one migration and gains a column by each of the next nine. */
const chainsOf = (count: number): MigrationGraph.MigrationGraph =>
  graphOf(
    Array.from({ length: count }, (_, index) => {
      const table = name(`table_${Math.floor(index / chain)}`)
      const provides =
        index % chain === 0 ? SchemaObject.relation(table) : SchemaObject.column(`column_${index % chain}`, table)
      return migrationAt(index, { provides: [provides], writes: new Set([table.name]) })
    })
  )

const gap: MissingObject = {
  _tag: "MissingObject",
  object: SchemaObject.column("column_9", name("table_3")),
  qualifier: Option.none(),
  sqlState: Option.getOrThrow(SqlState.sqlState("42703"))
}

const scope: Option.Option<StatementScope> = Option.some({
  relations: ["table_3", "table_7"].map((table) => ({ relation: name(table), alias: Option.none() })),
  columns: [{ qualifier: Option.none(), name: "column_9" }],
  routines: [],
  types: [],
  conflictTarget: Option.none(),
  isClosed: true
})

const nothing: ReadonlySet<Migration.MigrationId> = new Set()

const resolveBatch = (graph: MigrationGraph.MigrationGraph): number => {
  const plans = new Array<ReturnType<typeof Resolver.resolve>>(batchSize)
  const start = process.hrtime.bigint()
  for (let i = 0; i < batchSize; i++) plans[i] = Resolver.resolve(graph, nothing, gap, scope)
  const elapsed = Number(process.hrtime.bigint() - start)
  for (const plan of plans) {
    const steps = Either.match(plan, { onLeft: () => 0, onRight: (found) => found.steps.length })
    if (steps !== 2 * chain) throw new Error(`a plan of ${steps} steps instead of ${2 * chain}`)
  }
  return elapsed / batchSize
}

const median = (samples: ReadonlyArray<number>): number =>
  samples.toSorted((a, b) => a - b)[samples.length >> 1] ?? Number.NaN

/** By turns, so that whatever else the machine does falls on both alike. */
const measureResolution = (): ReadonlyArray<Measurement> => {
  const [small, large] = [chainsOf(1_000), chainsOf(10_000)]
  for (let batch = 0; batch < batches; batch++) resolveBatch(batch % 2 === 0 ? small : large)
  const samples = Array.from({ length: batches }, () => [resolveBatch(small), resolveBatch(large)] as const)
  const few = median(samples.map(([one]) => one))
  const many = median(samples.map(([, ten]) => ten))
  return [
    { name: "a plan of 20 steps out of 1,000 migrations", nanoseconds: few },
    { name: "a plan of 20 steps out of 10,000 migrations", nanoseconds: many },
    { name: "ten times as many migrations, the same plan", ratio: many / few, atMost: 2 }
  ]
}

const measureBuilding = (): Measurement => {
  const migrations = Array.from({ length: 1_000 }, (_, index) => {
    const table = name(`table_${index % 60}`)
    return migrationAt(index, {
      provides: Array.from({ length: 8 }, (_, column) => SchemaObject.column(`column_${index}_${column}`, table)),
      reads: new Set([`table_${(index * 7) % 60}`, `table_${(index * 11) % 60}`, "users"]),
      writes: new Set([table.name])
    })
  })
  const samples = Array.from({ length: 40 }, () => {
    const start = process.hrtime.bigint()
    const graph = graphOf(migrations)
    const elapsed = Number(process.hrtime.bigint() - start)
    if (graph.nodes.length !== migrations.length) throw new Error("the graph lost migrations")
    return elapsed
  })
  return { name: "the graph of 1,000 migrations", nanoseconds: median(samples), atMost: 100_000_000 }
}

/**
 * Runs both workloads; rejects when one of them gets a wrong answer.
 *
 * @since 0.1.0
 * @category running
 */
export const run = async (): Promise<ReadonlyArray<Measurement>> => [...measureResolution(), measureBuilding()]

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const { name: title, nanoseconds, ratio } of await run()) {
    const figure = nanoseconds === undefined ? `${ratio?.toFixed(2)} x ` : `${nanoseconds.toFixed(0)} ns`
    process.stdout.write(`${figure.padStart(14)}  ${title}\n`)
  }
}
