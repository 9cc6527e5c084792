/**
 * The statements of a script as one text. The server runs them one after another, and counts the place of an error from the beginning of
 * the whole message.
 *
 * @internal
 */
import type { SqlError } from "@effect/sql/SqlError"
import * as Arr from "effect/Array"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type { StatementSpan } from "../core/migration/Footprint.js"
import type { Migration } from "../core/migration/Migration.js"

/** @since 0.1.0 @category models */
export interface ScriptText {
  readonly text: string
  readonly statements: Arr.NonEmptyReadonlyArray<Statement>
}

/** @since 0.1.0 @category models */
export interface Statement {
  readonly span: StatementSpan
  readonly text: string
}

/** The server reads a whole message before it runs the first statement, so these would change the reading too late. */
const changesReading = /\b(?:standard_conforming_strings|backslash_quote|client_encoding|set\s+names)\b/i

/** A statement may end with a comment, which ends with its line. */
const separator = "\n;\n"

/** `None` for an Effect, for a script without statements, and for one that changes how the server reads text. @since 0.1.0 @category constructors */
export const make = ({ footprint, script }: Migration): Option.Option<ScriptText> => {
  if (script._tag !== "Sql" || changesReading.test(script.text)) return Option.none()
  const statements = footprint.statements.map(
    (span): Statement => ({ span, text: script.text.slice(span.start, span.end) })
  )
  return Arr.isNonEmptyReadonlyArray(statements)
    ? Option.some({ text: statements.map(({ text }) => text).join(separator), statements })
    : Option.none()
}

/**
 * Makes the place of an error in a message count from the beginning of a statement of the script. `before` is the message up to the
 * script.
 *
 * @since 0.1.0
 * @category operations
 */
export const relocate = (error: SqlError, { statements }: ScriptText, before: string, index: number): SqlError => {
  const { cause } = error
  const position = Predicate.hasProperty(cause, "position") ? Number(cause.position) : Number.NaN
  if (!Predicate.isObject(cause) || Number.isNaN(position)) return error
  const earlier = statements.slice(0, index).map(({ text }) => text + separator)
  Reflect.set(cause, "position", String(position - codePoints([before, ...earlier].join(""))))
  return error
}

const codePoints = (text: string): number => {
  let count = 0
  for (const _ of text) count++
  return count
}
