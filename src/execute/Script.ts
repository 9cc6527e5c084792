/**
 * Runs the script of one migration on one connection, statement by statement, so that a failure names its statement. A
 * check afterwards tells whether the catalog has the objects that the migration promises.
 *
 * @internal
 */
import type { Connection } from "@effect/sql/SqlConnection"
import { SqlError } from "@effect/sql/SqlError"
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { PromiseBroken } from "../core/error/AutoMigrationError.js"
import type { StatementSpan } from "../core/migration/Footprint.js"
import { type Migration, promises } from "../core/migration/Migration.js"
import * as SchemaObject from "../core/model/SchemaObject.js"
import type { Reserved } from "../database/MigrationClient.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import * as Transaction from "../database/Transaction.js"
import * as StatementSpans from "./StatementSpans.js"

/**
 * The server refused a statement. The caller decides what that means for the migration.
 *
 * @since 0.1.0
 * @category models
 */
export interface StatementError {
  readonly _tag: "StatementError"
  readonly error: SqlError
  readonly place: MigrationFailure.Place
}

const start: StatementSpan = { start: 0, end: 0, line: 1, transactional: true }

/**
 * The error of a statement.
 *
 * @since 0.1.0
 * @category conversions
 */
export const at =
  (migration: Migration, role: string, span: StatementSpan) =>
  (error: SqlError): StatementError => ({ _tag: "StatementError", error, place: { migration, role, span } })

/**
 * The error of a statement that may have committed part of its work. It runs again only after an operator has decided
 * so.
 *
 * @since 0.1.0
 * @category conversions
 */
export const inDoubt = (refusal: StatementError, remedies: MigrationFailure.Remedies): StatementError => ({
  ...refusal,
  place: { ...refusal.place, remedies }
})

/**
 * The error of the last statement, for checks that the server makes at the end of a transaction.
 *
 * @since 0.1.0
 * @category conversions
 */
export const atEndOf = (migration: Migration, role: string): ((error: SqlError) => StatementError) =>
  at(
    migration,
    role,
    Option.getOrElse(Arr.last(migration.footprint.statements), () => start)
  )

/**
 * Runs one statement. A migration that is an Effect has none.
 *
 * @since 0.1.0
 * @category operations
 */
export const runStatement = (
  { connection }: Pick<Reserved, "connection">,
  role: string,
  migration: Migration,
  span: StatementSpan
): Effect.Effect<unknown, StatementError> =>
  migration.script._tag === "Sql"
    ? Effect.mapError(
        sendStatement(connection, migration, migration.script.text.slice(span.start, span.end), span),
        at(migration, role, span)
      )
    : Effect.void

const sendStatement = (connection: Connection, { id }: Migration, text: string, { line }: StatementSpan) =>
  StatementSpans.around(Transaction.sendScript, { connection, message: text, texts: [text], id, line })

/**
 * Runs a whole script, and `before` before each statement.
 *
 * @since 0.1.0
 * @category operations
 */
export const run = (
  reserved: Reserved,
  role: string,
  migration: Migration,
  before: (span: StatementSpan) => Effect.Effect<void, StatementError | MigrationFailure.Failure>
): Effect.Effect<void, StatementError | MigrationFailure.Failure> => {
  const { script } = migration
  return script._tag === "Sql"
    ? Effect.forEach(
        migration.footprint.statements,
        (span) => Effect.zipRight(before(span), runStatement(reserved, role, migration, span)),
        { discard: true }
      )
    : Transaction.inside(reserved.client, reserved.connection, script.effect).pipe(
        Effect.sandbox,
        Effect.mapError((cause) => failureOf(migration, role, cause)),
        Effect.asVoid
      )
}

const isSqlError = (value: unknown): value is SqlError =>
  value instanceof SqlError && Predicate.isTagged(value, "SqlError")

const failureOf = (migration: Migration, role: string, cause: Cause.Cause<unknown>) => {
  const failure = Option.getOrUndefined(Cause.failureOption(cause))
  return isSqlError(failure)
    ? at(migration, role, start)(failure)
    : MigrationFailure.effectFailed(migration, Cause.pretty(cause), Cause.squash(cause))
}

/**
 * Fails where objects that a migration promises are missing after it ran. `missing` are their places in its promises.
 *
 * @since 0.1.0
 * @category operations
 */
export const keepsPromises = (
  migration: Migration,
  missing: ReadonlyArray<number>
): Effect.Effect<void, MigrationFailure.Failure> => {
  const broken = Arr.filterMap(missing, (index) => Option.map(Arr.get(promises(migration), index), SchemaObject.render))
  return Arr.isNonEmptyArray(broken)
    ? Effect.fail(
        MigrationFailure.fault(
          migration,
          { message: "a promise was not kept", missing: broken },
          ({ asked }) =>
            new PromiseBroken({
              migrationId: migration.id,
              file: migration.source,
              missing: broken,
              isRolledBack: migration.transaction === "own",
              ...asked
            })
        )
      )
    : Effect.void
}
