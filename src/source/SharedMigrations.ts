/**
 * The migrations of a program, read, parsed and ordered once for all databases of the program. A database of its own has
 * its own ledger, knowledge and connections, and takes the order of the migrations from here.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { MigrationDefinitionError } from "../core/error/AutoMigrationError.js"
import * as MigrationGraph from "../core/graph/MigrationGraph.js"
import type { MigrationId } from "../core/migration/Migration.js"
import * as Origin from "../core/model/Origin.js"
import * as SqlParser from "../runtime/SqlParser.js"
import { loadMigrations, MigrationSource } from "./MigrationSource.js"

/**
 * @since 0.1.0
 * @category tags
 */
export class SharedMigrations extends Context.Tag("effect-auto-migration/SharedMigrations")<
  SharedMigrations,
  {
    readonly graph: MigrationGraph.MigrationGraph
    /** The ids of all migrations of the graph, in its order. */
    readonly ids: ReadonlySet<MigrationId>
    /** Where an operator finds the migrations. */
    readonly origin: Origin.Origin
  }
>() {}

/**
 * Reads and checks all migrations when the layer is built.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { MigrationSource, SharedMigrations } from "effect-auto-migration"
 * import { Effect, Layer } from "effect"
 *
 * const source = MigrationSource.layerRecord({
 *   "001_users": "CREATE TABLE users (id integer)",
 *   "002_email": "ALTER TABLE users ADD COLUMN email text"
 * })
 *
 * const Shared = Layer.provide(SharedMigrations.layer, source)
 *
 * const { ids } = await Effect.runPromise(Effect.provide(SharedMigrations.SharedMigrations, Shared))
 * assert.deepEqual([...ids], ["001_users", "002_email"])
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<SharedMigrations, MigrationDefinitionError, MigrationSource> = Layer.effect(
  SharedMigrations,
  Effect.gen(function* () {
    const { origin = Origin.code } = yield* MigrationSource
    const graph = yield* Effect.flatMap(loadMigrations, MigrationGraph.make)
    return { graph, ids: new Set(graph.nodes.map(({ migration }) => migration.id)), origin }
  })
).pipe(Layer.provide(SqlParser.layer))
