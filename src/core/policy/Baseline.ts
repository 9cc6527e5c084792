/**
 * Finds the objects that a database must have before migrations may be recorded as applied without a run: all promises of the
 * migrations that no later applied migration removes.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import * as MigrationGraph from "../graph/MigrationGraph.js"
import { type Migration, promises } from "../migration/Migration.js"
import * as SchemaObject from "../model/SchemaObject.js"

/**
 * An object that must be there, and the migration that promises it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Owed {
  readonly migration: Migration
  readonly object: SchemaObject.SchemaObject
}

/**
 * The objects that must be there. `recorded` are the migrations to record, `applied` those that are applied already.
 *
 * @since 0.1.0
 * @category queries
 */
export const owed = (
  graph: MigrationGraph.MigrationGraph,
  recorded: ReadonlyArray<Migration>,
  applied: MigrationGraph.Applied
): ReadonlyArray<Owed> => {
  const own = new Set(recorded)
  return recorded.flatMap((migration) =>
    promises(migration)
      .filter((object) =>
        MigrationGraph.removersOf(graph, object, migration.id).every(
          (later) => !own.has(later) && !applied.has(later.id)
        )
      )
      .map((object) => ({ migration, object }))
  )
}

/**
 * Groups missing objects by migration, with its file and the objects as text.
 *
 * @since 0.1.0
 * @category conversions
 */
export const unfounded = (missing: Arr.NonEmptyReadonlyArray<Owed>) =>
  Arr.map(
    Arr.groupWith(missing, (one, other) => one.migration === other.migration),
    (group) => ({
      migrationId: Arr.headNonEmpty(group).migration.id,
      file: Arr.headNonEmpty(group).migration.source,
      missing: Arr.map(group, ({ object }) => SchemaObject.render(object))
    })
  )
