/**
 * What is known of a transaction that a gap has aborted: the gap, by the connection that the transaction is on. It is written
 * down when a statement has failed, and never before; whoever meets the aborted transaction later, a statement that is told
 * 25P02 or the `COMMIT` of a program that swallowed the error, can say what aborted it.
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
import { TransactionMustRestart } from "../core/error/AutoMigrationError.js"

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

/** @since 0.1.0 @category predicates */
export const isMetBy = (error: unknown): boolean => Option.isSome(SqlState.evidenceAmong(inFailedTransaction, error))

/** Whether one of the failures says that its transaction had been aborted before. @since 0.1.0 @category predicates */
export const isMetIn = (cause: Cause.Cause<unknown>): boolean => Chunk.some(Cause.failures(cause), isMetBy)

/** @since 0.1.0 @category constructors */
export const mustRestart = (
  { error, gap, statement }: Breach,
  migrationIds: ReadonlyArray<string>
): TransactionMustRestart =>
  error instanceof TransactionMustRestart
    ? error
    : new TransactionMustRestart({ gap, statement: Option.getOrNull(statement), migrationIds, cause: error })

/** A transaction has a connection of its own, so what is remembered ends with it. */
const restarts = new WeakMap<Connection, TransactionMustRestart>()

/** @since 0.1.0 @category operations */
export const remember = (connection: Connection, restart: TransactionMustRestart): void => {
  restarts.set(connection, restart)
}

/** @since 0.1.0 @category operations */
export const recall = (connection: Connection): Option.Option<TransactionMustRestart> =>
  Option.fromNullable(restarts.get(connection))

/** What aborted the transaction was no gap, or has been undone by a rollback to a savepoint. @since 0.1.0 @category operations */
export const forget = (connection: Connection): void => {
  restarts.delete(connection)
}
