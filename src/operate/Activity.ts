/**
 * What the session of a running migration does: which sessions it waits for, and how far the build of an index is.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { answering, briefly, columnsOf, reader } from "../database/Message.js"
import { MigrationClient } from "../database/MigrationClient.js"
import { AutoMigrationConfig } from "../runtime/AutoMigrationConfig.js"

/** A session that a migration waits for. @since 0.1.0 @category models */
export interface Blocker {
  readonly pid: number
  readonly role: string | null
  readonly application: string | null
}

/**
 * The oldest statement that a session of the library runs.
 *
 * @since 0.1.0
 * @category models
 */
export interface Activity {
  /** Sessions whose locks it waits for. */
  readonly blockers: ReadonlyArray<Blocker>
  /** The phase of an index build, and how much of it is done, in blocks and rows. */
  readonly index: { readonly phase: string; readonly done: number; readonly total: number } | null
}

const question = answering(
  "activity",
  `coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
  'blockers', coalesce((SELECT pg_catalog.json_agg(pg_catalog.json_build_object('pid', b.pid,
      'role', pg_catalog.pg_get_userbyid(b.usesysid), 'application', b.application_name))
    FROM pg_catalog.pg_stat_get_activity(NULL) b, pg_catalog.unnest(pg_catalog.pg_blocking_pids(s.pid)) p(pid)
    WHERE (b.pid = p.pid)), '[]'),
  'index', (SELECT pg_catalog.json_build_object('phase', i.phase, 'done', (i.blocks_done + i.tuples_done),
      'total', (i.blocks_total + i.tuples_total))
    FROM pg_catalog.pg_stat_progress_create_index i WHERE (i.pid = s.pid)))), '[]')`,
  `FROM (SELECT a.pid FROM pg_catalog.pg_stat_get_activity(NULL) a
  WHERE pg_catalog.starts_with(a.application_name, 'effect-auto-migration') AND (a.state = 'active')
  AND (a.pid <> pg_catalog.pg_backend_pid()) ORDER BY a.query_start LIMIT 1) s`
)

const read = reader(
  "activity",
  Schema.Array(
    Schema.Struct({
      blockers: Schema.Array(
        Schema.Struct({
          pid: Schema.Number,
          role: Schema.NullOr(Schema.String),
          application: Schema.NullOr(Schema.String)
        })
      ),
      index: Schema.NullOr(Schema.Struct({ phase: Schema.String, done: Schema.Number, total: Schema.Number }))
    })
  )
)

/** @since 0.1.0 @category models */
export interface Activities {
  /**
   * What a session of the library runs now. It accompanies a migration, which must not fail for it: where the server does
   * not answer, the list is empty.
   */
  readonly activity: Effect.Effect<ReadonlyArray<Activity>>
}

/** @since 0.1.0 @category constructors */
export const make = Effect.gen(function* () {
  const config = yield* AutoMigrationConfig
  const { ask } = yield* MigrationClient
  return {
    activity: Effect.suspend(() => ask(briefly(config, question))).pipe(
      Effect.flatMap((results) => read(columnsOf(results))),
      Effect.orElseSucceed((): ReadonlyArray<Activity> => [])
    )
  } satisfies Activities
})
