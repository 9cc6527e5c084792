/**
 * Text messages to the server and what comes back: statements without parameters, so that several travel together, and rows
 * read without trusting their shape.
 *
 * @since 0.1.0
 */
import * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"

/**
 * A text literal that is read alike whatever `standard_conforming_strings` says.
 *
 * @since 0.1.0
 * @category statements
 */
export const literal = (text: string): string => `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`

/** The rows of one result. @since 0.1.0 @category readers */
export const rowsOf = (result: unknown): ReadonlyArray<unknown> =>
  Predicate.hasProperty(result, "rows") && Array.isArray(result.rows) ? result.rows : []

/**
 * All columns of all rows that one message brought back, as one record: each statement of ours answers with one row and
 * columns of its own.
 *
 * @since 0.1.0
 * @category readers
 */
export const columnsOf = (raw: unknown): Readonly<Record<string, unknown>> =>
  Object.assign({}, ...(Array.isArray(raw) ? raw : [raw]).flatMap(rowsOf))

/** Why a row is not what it should be, on one line. @since 0.1.0 @category readers */
export const mismatch = (error: ParseResult.ParseError): string =>
  ParseResult.ArrayFormatter.formatErrorSync(error)
    .map((issue) => `${issue.path.join(".")}: ${issue.message}`)
    .join("; ")
