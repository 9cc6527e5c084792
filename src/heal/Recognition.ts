/**
 * Recognises a gap in the cause of a failed effect: in an error, or in an error that the application has wrapped or made
 * a defect.
 *
 * @internal
 */
import type { Statement } from "@effect/sql/Statement"
import * as SqlStatement from "@effect/sql/Statement"
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Detector from "../core/detect/Detector.js"
import * as SqlState from "../core/detect/SqlState.js"
import {
  type AutoMigrationError,
  isAutoMigrationError,
  TransactionMustRestart
} from "../core/error/AutoMigrationError.js"
import type * as AbortedTransaction from "../database/AbortedTransaction.js"
import * as FailedStatement from "../database/FailedStatement.js"

const isStatement = (self: unknown): self is Statement<unknown> =>
  SqlStatement.isFragment(self) && Predicate.hasProperty(self, "compile")

/**
 * What a boundary stands around.
 *
 * @since 0.1.0
 * @category models
 */
export interface Subject {
  /** `false` where the effect may have begun a transaction by hand, which may still hold locks. */
  readonly isInView: boolean
  /** The text of the statement. It is compiled for it, so it is read on the failure path only. */
  readonly text: () => Option.Option<string>
}

/** The subject of an effect, which may be a statement of a client. @since 0.1.0 @category constructors */
export const subjectOf = (self: unknown): Subject => ({
  isInView: isStatement(self),
  text: () => (isStatement(self) ? Option.some(self.compile()[0]) : Option.none())
})

/**
 * The text of the statement that failed: as its connection noted it, or else that of the boundary's own statement.
 *
 * @since 0.1.0
 * @category queries
 */
export const textOf = ({ text }: Subject, error: unknown): Option.Option<string> =>
  Option.orElse(FailedStatement.textOf(error), text)

/**
 * An error of the library along the chain of causes, since an application may have wrapped it.
 *
 * @since 0.1.0
 * @category queries
 */
export const ownErrorIn = (error: unknown): Option.Option<AutoMigrationError> =>
  Arr.findFirst(FailedStatement.chainOf(error), isAutoMigrationError)

/** The first error of the library in a cause, as a failure or a defect. @since 0.1.0 @category queries */
export const ownErrorOf = (cause: Cause.Cause<unknown>): Option.Option<AutoMigrationError> =>
  Option.firstSomeOf(Chunk.map(Chunk.appendAll(Cause.failures(cause), Cause.defects(cause)), ownErrorIn))

const sqlStates: ReadonlySet<string> = new Set([...Detector.sqlStates, ...Detector.ruleStates])

/** An error of an inner boundary is no gap, unless it asks for a fresh transaction. */
const recognise = (subject: Subject, error: unknown): Option.Option<AbortedTransaction.Breach> => {
  if (!SqlState.isAmong(sqlStates, error)) return Option.none()
  const own = ownErrorIn(error)
  if (Option.isSome(own)) {
    return own.value instanceof TransactionMustRestart
      ? Option.some({ gap: own.value.gap, statement: Option.fromNullable(own.value.statement), error: own.value })
      : Option.none()
  }
  const statement = textOf(subject, error)
  const text = Option.getOrUndefined(statement)
  const gap = Option.orElse(Detector.detect(error, text), () => Detector.detectRule(error, text))
  return Option.map(gap, (found) => ({ gap: found, statement, error }))
}

/** A repository of `@effect/sql/Model` makes each failure of a statement a defect. */
const isFailure = (defect: unknown): boolean => Predicate.isTagged(defect, "SqlError") || isAutoMigrationError(defect)

/** The errors of a cause, and its defects that are failures. @since 0.1.0 @category queries */
export const errorsIn = (cause: Cause.Cause<unknown>): Chunk.Chunk<unknown> =>
  Chunk.appendAll(Cause.failures(cause), Chunk.filter(Cause.defects(cause), isFailure))

/**
 * The first gap among the errors of a cause. `None` where it holds another defect.
 *
 * @since 0.1.0
 * @category operations
 */
export const recogniseIn = <E>(subject: Subject, cause: Cause.Cause<E>): Option.Option<AbortedTransaction.Breach> => {
  if (cause._tag === "Fail") return recognise(subject, cause.error)
  return Chunk.every(Cause.defects(cause), isFailure)
    ? Option.firstSomeOf(Chunk.map(errorsIn(cause), (error) => recognise(subject, error)))
    : Option.none()
}
