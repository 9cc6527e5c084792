/**
 * What commands know that need no database: the graph of the folder. Where a database is named and answers, they know
 * more.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as AutoMigration from "../AutoMigration.js"
import * as MigrationGraph from "../core/graph/MigrationGraph.js"
import * as SqlParser from "../runtime/SqlParser.js"
import * as MigrationSource from "../source/MigrationSource.js"
import * as Report from "./Report.js"
import * as Settings from "./Settings.js"

/** The graph of the folder's migrations. @since 0.1.0 @category operations */
export const graph = (settings: Settings.Folder) =>
  Effect.provide(
    Effect.flatMap(MigrationSource.loadMigrations, MigrationGraph.make),
    Layer.merge(Settings.source(settings), SqlParser.layer)
  )

/**
 * Asks the database where one is named and answers, and else does with the folder alone, which it says.
 *
 * @since 0.1.0
 * @category operations
 */
export const orDatabase = Effect.fnUntraced(function* <A, E, R, E2, R2>(
  settings: Settings.Database,
  ofFolder: Effect.Effect<A, E, R>,
  ofDatabase: Effect.Effect<A, E2, R2 | AutoMigration.AutoMigration>
) {
  if (!(yield* Settings.isNamed(settings))) return yield* ofFolder
  return yield* Effect.provide(ofDatabase, Settings.services(settings)).pipe(
    Effect.catchIf(
      (error) => error instanceof Settings.ConnectionFailed,
      (error) => Effect.zipRight(Report.note([error.message, "The answer is from the folder alone."]), ofFolder)
    )
  )
})
