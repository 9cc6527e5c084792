/**
 * A span for each statement of a migration, by OpenTelemetry's conventions for clients of PostgreSQL. It holds no text of
 * the statement, and no message of the server: either may hold values.
 *
 * @internal
 */
import type { Connection } from "@effect/sql/SqlConnection"
import { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Driver from "../database/Driver.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import * as Telemetry from "../runtime/Telemetry.js"

/** A statement, and its place. @since 0.1.0 @category models */
export interface Statement {
  readonly connection: Connection
  readonly text: string
  /** Of its migration. */
  readonly id: string
  readonly line: number
}

/**
 * Sends a statement inside a span. A tracer prints what an effect inside a span fails with, so inside it fails with the
 * SQLSTATE alone.
 *
 * @since 0.1.0
 * @category combinators
 */
export const around = (
  send: (connection: Connection, text: string) => Effect.Effect<unknown, SqlError>,
  { connection, id, line, text }: Statement
): Effect.Effect<unknown, SqlError> =>
  Effect.suspend(() => {
    let failure = Option.none<SqlError>()
    const operation = (/^[a-z]+/i.exec(text)?.[0] ?? "statement").toUpperCase()
    const attributes = {
      [Telemetry.database.system]: "postgresql",
      [Telemetry.database.operation]: operation,
      ...Driver.attributesOf(connection),
      [Telemetry.attribute.migrations]: id,
      [Telemetry.attribute.line]: line
    }
    return send(connection, text).pipe(
      Effect.mapError((error) => {
        failure = Option.some(error)
        return MigrationFailure.sqlStateOf(error)
      }),
      Effect.tapError((state) =>
        Effect.annotateCurrentSpan({
          [Telemetry.database.errorType]: state,
          ...(state === MigrationFailure.noAnswer ? {} : { [Telemetry.database.statusCode]: state })
        })
      ),
      Effect.withSpan(Telemetry.statementSpan(operation, attributes), { kind: "client", attributes }),
      Effect.mapError((state) => Option.getOrElse(failure, () => new SqlError({ cause: state })))
    )
  })
