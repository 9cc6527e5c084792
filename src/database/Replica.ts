/**
 * Waits for a replica. The application may read from a replica of the server that migrations go to. A migration is
 * visible there once the replica has replayed the primary's write-ahead log up to the migration's commit.
 *
 * An ordinary heal does not ask the replica: only a boundary that ran again and still has its gap does. PostgreSQL up
 * to 18 has no command to wait for a position, so the replica is asked again after growing pauses, which hold no
 * connection.
 *
 * Source: PostgreSQL manual, section 9.28.4, Recovery Information Functions.
 *
 * @internal
 */
import * as SqlClient from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { ReplicaBehind } from "../core/error/AutoMigrationError.js"
import { AutoMigrationConfig } from "../runtime/AutoMigrationConfig.js"
import * as Monotonic from "../runtime/Monotonic.js"
import * as Driver from "./Driver.js"
import * as Message from "./Message.js"
import { MigrationClient } from "./MigrationClient.js"
import * as MigrationFailure from "./MigrationFailure.js"
import { qualified } from "./Qualified.js"

/**
 * How far a server has replayed the log.
 *
 * @since 0.1.0
 * @category models
 */
interface Replay {
  readonly isReplica: boolean
  readonly hasReplayed: boolean
  readonly received: string | null
  readonly replayed: string | null
  readonly isPaused: boolean
}

const Replay: Schema.Schema<Replay, string> = Schema.parseJson(
  Schema.Struct({
    isReplica: Schema.Boolean,
    hasReplayed: Schema.Boolean,
    received: Schema.NullOr(Schema.String),
    replayed: Schema.NullOr(Schema.String),
    isPaused: Schema.Boolean
  })
)

/** Most replicas are milliseconds behind. */
const looks = Schedule.exponential("20 millis", 1.5).pipe(
  Schedule.union(Schedule.spaced("500 millis")),
  Schedule.jittered
)

const Rows = Schema.Tuple(Schema.Struct({ replay: Replay }))

/**
 * A server without a position (a service that only speaks PostgreSQL's protocol) counts as one that has replayed
 * everything.
 */
const replayOf = (target: string | null): string =>
  Message.answering(
    "replay",
    `pg_catalog.json_build_object(
  'isReplica', pg_catalog.pg_is_in_recovery(),
  'hasReplayed', coalesce(pg_catalog.pg_last_wal_replay_lsn() >= ${target === null ? "NULL" : `${Message.literal(target)}::pg_lsn`}, true),
  'received', pg_catalog.pg_last_wal_receive_lsn()::text,
  'replayed', pg_catalog.pg_last_wal_replay_lsn()::text,
  'isPaused', CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_is_wal_replay_paused() ELSE false END)`
  )

/**
 * An answer `position`: a place in the log behind all commits. The primary writes an empty message there and commits it
 * synchronously: commits with `synchronous_commit = off` may not have been sent to a replica yet, and another commit
 * sends them along. A server that is itself a replica answers with the position that it has replayed.
 */
const position: ReadonlyArray<string> = [
  "SET LOCAL synchronous_commit = local",
  Message.answering(
    "position",
    `pg_catalog.to_json((CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
  ELSE pg_catalog.pg_logical_emit_message(true, 'effect-auto-migration', '') END)::text)`
  )
]

const readPosition = Message.reader("position", Schema.String)

/**
 * Asks on a connection of the application, never inside a transaction. `None` where there is no answer, or no
 * connection: the boundary's own effect may hold the last one.
 */
const look = (application: SqlClient.SqlClient, target: string | null): Effect.Effect<Option.Option<Replay>> =>
  Effect.suspend(() => application.unsafe(qualified(replayOf(target))).withoutTransform).pipe(
    Effect.flatMap(Schema.decodeUnknown(Rows)),
    Effect.map(([{ replay }]) => replay),
    Effect.timeout(Driver.patience),
    Effect.option,
    Effect.mapInputContext((context: Context.Context<never>) => Context.omit(SqlClient.TransactionConnection)(context))
  )

/**
 * Makes an effect that waits until the application's server has replayed all that the migrations' server has committed.
 * Its result is `true` for a replica, and `false`, after one question, for any other server. It stops waiting when the
 * replica becomes a primary. It fails with `ReplicaBehind` at the deadline.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.gen(function* () {
  const config = yield* AutoMigrationConfig
  const { ask } = yield* MigrationClient

  const target = (asked: MigrationFailure.Asked) =>
    ask(Message.briefly(config, position.join(";\n"))).pipe(
      Effect.timeoutFail({
        duration: config.deadline,
        onTimeout: () => new SqlError({ cause: new Error("the primary did not answer within the deadline") })
      }),
      Effect.mapError((error) =>
        MigrationFailure.ofMessage(error, "a look at the end of the primary's log").toError({ asked, retryAt: 0 })
      ),
      Effect.flatMap((results) => readPosition(Message.columnsOf(results)))
    )

  return Effect.fnUntraced(function* (
    application: SqlClient.SqlClient,
    { asked, gap }: Pick<ReplicaBehind, "gap"> & Pick<MigrationFailure.Report, "asked">
  ) {
    const since = yield* Monotonic.milliseconds
    const first = yield* look(application, null)
    if (Option.isNone(first) || !first.value.isReplica) return false
    const known = yield* Ref.make(first.value)
    const end = yield* target(asked)
    const caughtUp = look(application, end).pipe(
      Effect.tap((found) => (Option.isSome(found) ? Ref.set(known, found.value) : Effect.void)),
      Effect.repeat({
        until: Option.exists(({ hasReplayed, isReplica }) => hasReplayed || !isReplica),
        schedule: looks
      }),
      Effect.timeoutOption(config.deadline)
    )
    if (Option.isSome(yield* caughtUp)) return true
    const { isPaused, received, replayed } = yield* Ref.get(known)
    const milliseconds = Math.round((yield* Monotonic.milliseconds) - since)
    return yield* new ReplicaBehind({ gap, target: end, received, replayed, isPaused, milliseconds, ...asked })
  })
})
