/**
 * The gap that has aborted a transaction, remembered by the transaction's connection. It is written down only after a
 * statement has failed. So a later statement that fails with 25P02, or the `COMMIT` of a program that ignored the
 * error, can name the gap.
 *
 * Source: PostgreSQL manual, appendix A: 25P02 is `in_failed_sql_transaction`.
 *
 * @internal
 */
import type { Connection } from "@effect/sql/SqlConnection"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Option from "effect/Option"
import type { SchemaGap } from "../core/detect/Detector.js"
import * as SqlState from "../core/detect/SqlState.js"
import { isAutoMigrationError, TransactionMustRestart } from "../core/error/AutoMigrationError.js"
import * as FailedStatement from "./FailedStatement.js"
import * as MigrationFailure from "./MigrationFailure.js"

/**
 * The gap that a statement has failed with.
 *
 * @since 0.1.0
 * @category models
 */
export interface Breach {
  readonly gap: SchemaGap
  /** The text of the failed statement, where it is known. */
  readonly statement: Option.Option<string>
  readonly error: unknown
}

const inFailedTransaction: ReadonlySet<string> = new Set(["25P02"])

/**
 * Whether an error says that its transaction had been aborted before. An error of the library may have such an error of a
 * migration as its cause, and says nothing about its caller's transaction.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isMetBy = (error: unknown): boolean =>
  Option.isSome(SqlState.evidenceAmong(inFailedTransaction, error)) &&
  ![...FailedStatement.chainOf(error)].some(isAutoMigrationError)

/** Whether one of the failures is such an error. @since 0.1.0 @category predicates */
export const isMetIn = (cause: Cause.Cause<unknown>): boolean => Chunk.some(Cause.failures(cause), isMetBy)

/** @since 0.1.0 @category constructors */
export const mustRestart = (
  { error, gap, statement }: Breach,
  migrationIds: ReadonlyArray<string>
): TransactionMustRestart =>
  error instanceof TransactionMustRestart
    ? error
    : new TransactionMustRestart({
        gap,
        statement: Option.getOrNull(statement),
        migrationIds,
        ...MigrationFailure.askedBy(error, statement)
      })

/** A transaction has a connection of its own, so its entry ends with the connection. */
const restarts = new WeakMap<Connection, TransactionMustRestart>()

/** @since 0.1.0 @category operations */
export const remember = (connection: Connection, restart: TransactionMustRestart): void => {
  restarts.set(connection, restart)
}

/** @since 0.1.0 @category operations */
export const recall = (connection: Connection): Option.Option<TransactionMustRestart> =>
  Option.fromNullable(restarts.get(connection))

/**
 * For a transaction that another error aborted, or that a rollback to a savepoint revived.
 *
 * @since 0.1.0
 * @category operations
 */
export const forget = (connection: Connection): void => {
  restarts.delete(connection)
}
