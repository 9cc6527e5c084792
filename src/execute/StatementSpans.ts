/**
 * A span for each message with statements of a migration, by OpenTelemetry's conventions for clients of PostgreSQL. It holds no text of
 * the statement, and no message of the server: either may hold values.
 *
 * @internal
 */
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberRef from "effect/FiberRef"
import * as Option from "effect/Option"
import * as Driver from "../database/Driver.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import * as Telemetry from "../runtime/Telemetry.js"

/** One or more statements of a migration in one message. @since 0.1.0 @category models */
export interface Statements {
  readonly connection: Connection
  readonly message: string
  readonly texts: ReadonlyArray<string>
  /** Of their migration. */
  readonly id: string
  /** The line of the first one. */
  readonly line: number
}

/** By the conventions, a message of several statements is a batch, and names their operation where it is the same. */
const operationOf = (texts: ReadonlyArray<string>): string => {
  const [first = "statement", ...others] = new Set(
    texts.map((text) => (/^[a-z]+/i.exec(text)?.[0] ?? "statement").toUpperCase())
  )
  if (texts.length === 1) return first
  return others.length === 0 ? `BATCH ${first}` : "BATCH"
}

/**
 * Sends statements and makes a span of that. The span holds the SQLSTATE of an error alone, since a tracer prints what a span fails with.
 * A message that the server refused before its statements has no span: `ran` tells, and defaults to `true` for each error.
 *
 * @since 0.1.0
 * @category combinators
 */
export const around = (
  send: (connection: Connection, text: string) => Effect.Effect<unknown, SqlError>,
  statements: Statements,
  ran: (error: SqlError) => boolean = () => true
): Effect.Effect<unknown, SqlError> =>
  Effect.clockWith((clock) => {
    const startedAt = clock.unsafeCurrentTimeNanos()
    return Effect.onExit(send(statements.connection, statements.message), (exit) => {
      const failure = Exit.isFailure(exit) ? Cause.failureOption(exit.cause) : Option.none()
      return Option.exists(failure, (error) => !ran(error))
        ? Effect.void
        : record(statements, startedAt, Exit.mapError(exit, MigrationFailure.sqlStateOf))
    })
  })

const record = Effect.fnUntraced(function* (
  statements: Statements,
  startedAt: bigint,
  exit: Exit.Exit<unknown, string>
) {
  if (!(yield* FiberRef.get(FiberRef.currentTracerEnabled))) return
  const tracer = yield* Effect.tracer
  const parent = yield* Effect.option(Effect.currentParentSpan)
  const context = yield* Effect.context<never>()
  const clock = yield* Effect.clock
  const attributes = attributesOf(statements, exit)
  const name = Telemetry.statementSpan(operationOf(statements.texts), attributes)
  const span = tracer.span(name, parent, context, [], startedAt, "client")
  for (const [key, value] of Object.entries(attributes)) span.attribute(key, value)
  span.end(clock.unsafeCurrentTimeNanos(), exit)
})

const attributesOf = (
  { connection, id, line, texts }: Statements,
  exit: Exit.Exit<unknown, string>
): Readonly<Record<string, unknown>> => {
  const state = Exit.isFailure(exit) ? Cause.failureOption(exit.cause) : Option.none()
  return {
    [Telemetry.database.system]: "postgresql",
    [Telemetry.database.operation]: operationOf(texts),
    ...(texts.length > 1 ? { [Telemetry.database.batchSize]: texts.length } : {}),
    ...Driver.attributesOf(connection),
    [Telemetry.attribute.migrations]: id,
    [Telemetry.attribute.line]: line,
    ...(Option.isSome(state) ? { [Telemetry.database.errorType]: state.value } : {}),
    ...(Option.isSome(state) && state.value !== MigrationFailure.noAnswer
      ? { [Telemetry.database.statusCode]: state.value }
      : {})
  }
}
