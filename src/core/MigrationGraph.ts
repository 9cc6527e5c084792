/**
 * The validated dependency graph over all migrations, with an index from schema object to provider.
 *
 * @since 0.1.0
 */
import type * as Either from "effect/Either"
import type * as HashMap from "effect/HashMap"
import type { MigrationDefinitionError } from "./AutoMigrationError.js"
import type { Migration, MigrationId } from "./Migration.js"

/** Why one migration waits for another. @since 0.1.0 @category models */
export interface Edge {
  readonly from: MigrationId
  readonly to: MigrationId
  /** The hazard keys, or `requires`, or the barrier's reason. */
  readonly because: ReadonlyArray<string>
}

/** See the source of this file for the final shape. @since 0.1.0 @category models */
export interface MigrationGraph {
  /** In id order. */
  readonly migrations: ReadonlyArray<Migration>
}

export type Make = (migrations: ReadonlyArray<Migration>) => Either.Either<MigrationGraph, MigrationDefinitionError>
export type _unused = HashMap.HashMap<string, string>
