/**
 * The end of a migration inside its transaction: what is asked and reset before its event is recorded, and what an error there means.
 *
 * @internal
 */
import type { SqlError } from "@effect/sql/SqlError"
import * as Arr from "effect/Array"
import * as Option from "effect/Option"
import * as TransactionMode from "../core/file/TransactionMode.js"
import type { Migration } from "../core/migration/Migration.js"
import * as AbortedTransaction from "../database/AbortedTransaction.js"
import * as Changes from "../database/Changes.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import * as Transaction from "../database/Transaction.js"
import type { SchemaName } from "../runtime/AutoMigrationConfig.js"
import type * as Job from "./Job.js"
import type * as Judge from "./Judge.js"
import * as Script from "./Script.js"

/**
 * The statements between a script and its record. `migrations` are those of the transaction.
 *
 * @since 0.1.0
 * @category statements
 */
export const before = (
  { job, judge }: Pick<Job.Task, "job" | "judge">,
  place: Pick<Judge.Place, "migrations">,
  migration: Migration
): ReadonlyArray<string> => {
  const isLast = migration === Arr.lastNonEmpty(place.migrations)
  const questions = judge.closing(place, migration)
  return [
    Transaction.confirm,
    ...runDeferred(job, isLast),
    ...questions.before,
    ...(isLast ? Transaction.forget : Transaction.forgetBut(Changes.cursor)),
    ...questions.after
  ]
}

/**
 * Deferred triggers run before the judge looks at what the transaction has done. A migration may owe a check to the next
 * one of its transaction, so they run at the last one.
 *
 * @since 0.1.0
 * @category statements
 */
export const runDeferred = ({ judgement }: Job.Job, isLast: boolean): ReadonlyArray<string> =>
  Option.isSome(judgement) && isLast ? ["SET CONSTRAINTS ALL IMMEDIATE"] : []

/**
 * The error of the script where the server refuses the record because of what the script did before. A transaction with one snapshot may be
 * refused at any of its statements, and may succeed when it runs again.
 *
 * @since 0.1.0
 * @category conversions
 */
export const errorOfScript = (
  migration: Migration,
  schema: SchemaName,
  error: SqlError
): Option.Option<Script.StatementError | MigrationFailure.Failure> => {
  const isRefusedLate = TransactionMode.hasOneSnapshot(migration.mode) && MigrationFailure.isContention(error)
  if (isRefusedLate || MigrationFailure.isOfDeferred(error, schema) || Changes.isClosed(error)) {
    return Option.some(Script.atEndOf(migration, "of the migrations")(error))
  }
  if (AbortedTransaction.isMetBy(error)) return Option.some(MigrationFailure.effectFailed(migration, caughtError))
  return Transaction.isOver(error) ? Option.some(MigrationFailure.endedItself(migration)) : Option.none()
}

/** After a statement that failed the server takes no other in the transaction, whether or not its error was caught. */
const caughtError =
  "a statement in it failed and its error was caught, which does not undo it: put the statement into withTransaction"
