/**
 * What happens to a statement whose fiber is interrupted. The driver would cancel it by `pg_cancel_backend` without a schema, in a
 * session of the pool. Where the search path has another schema before `pg_catalog`, a function there with that name would run as the
 * migrations' role.
 *
 * @internal
 */
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import type * as PgClient from "@effect/sql-pg/PgClient"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Predicate from "effect/Predicate"
import * as Driver from "./Driver.js"

/**
 * The same connection, whose interrupted statements are cancelled by the server's own function, on another connection of the client.
 * A stream is left as it is: the driver cancels none.
 *
 * @since 0.1.0
 * @category combinators
 */
export const guarded = (client: PgClient.PgClient, connection: Connection): Connection => {
  const cancel = cancelling(client, connection)
  const guard = <A>(answer: Effect.Effect<A, SqlError>) => unlessInterrupted(answer, cancel)
  return Object.assign(Object.create(connection), {
    execute: (...sent) => guard(connection.execute(...sent)),
    executeRaw: (...sent) => guard(connection.executeRaw(...sent)),
    executeUnprepared: (...sent) => guard(connection.executeUnprepared(...sent)),
    executeValues: (...sent) => guard(connection.executeValues(...sent)),
    executeStream: (...sent) => connection.executeStream(...sent)
  } satisfies Connection)
}

/**
 * The driver does not learn of an interruption: its statement runs in a fiber that is never interrupted. That fiber does not fail,
 * since the failure of a fiber is logged, with the server's message.
 */
const unlessInterrupted = <A>(answer: Effect.Effect<A, SqlError>, cancel: Effect.Effect<void>) =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.forkDaemon(Effect.exit(answer)), (running) =>
      Effect.flatten(Effect.onInterrupt(restore(Fiber.join(running)), () => cancel))
    )
  )

/** As long as the driver waits. */
const patience = Duration.seconds(5)

/** The server may not answer, and may have no connection left: then the statement ends at its own limits. */
const cancelling = (client: PgClient.PgClient, connection: Connection): Effect.Effect<void> =>
  Effect.suspend(() => {
    const process = Driver.processIdOf(connection)
    if (!Predicate.isNumber(process)) return Effect.void
    const statement = `SELECT pg_catalog.pg_cancel_backend(${process})`
    const asked = Effect.scoped(Effect.flatMap(client.reserve, (other) => other.executeRaw(statement, [])))
    return Effect.flatMap(Effect.forkDaemon(Effect.exit(asked)), (asking) =>
      Effect.asVoid(Effect.timeoutOption(Effect.interruptible(Fiber.await(asking)), patience))
    )
  })
