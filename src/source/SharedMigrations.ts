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
import * as SqlParser from "../runtime/SqlParser.js"
import { loadMigrations, type MigrationSource } from "./MigrationSource.js"

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
  }
>() {}

/**
 * Reads and checks all migrations when the layer is built.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<SharedMigrations, MigrationDefinitionError, MigrationSource> = Layer.effect(
  SharedMigrations,
  Effect.flatMap(loadMigrations, MigrationGraph.make).pipe(
    Effect.map((graph) => ({ graph, ids: new Set(graph.nodes.map(({ migration }) => migration.id)) }))
  )
).pipe(Layer.provide(SqlParser.layer))
