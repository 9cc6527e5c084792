/**
 * Facts that many errors have: the error that led to them, the query that was asked, and the files of migrations.
 *
 * @internal
 */
import * as Schema from "effect/Schema"
import type { Excerpt, Explanation } from "./Explanation.js"

/**
 * The query that needed the migrations.
 *
 * @since 0.1.0
 * @category models
 */
export const FailedQuery = Schema.Struct({
  /** Its error, as it came. */
  error: Schema.Defect,
  /** On one line, without its literals. `null` where it is not known. */
  statement: Schema.NullOr(Schema.String),
  /** Where its error stands: 1-based, in characters, in `statement`. `null` where the server names no place. */
  position: Schema.NullOr(Schema.Number)
})

/** @since 0.1.0 @category models */
export type FailedQuery = typeof FailedQuery.Type

/**
 * `cause` is the migration's own error where a migration or a message of the library failed, and else that of the query. `query`
 * is the query, where one was asked.
 *
 * @since 0.1.0
 * @category fields
 */
export const causes = { cause: Schema.optional(Schema.Defect), query: Schema.optional(FailedQuery) }

/**
 * The file that provides what is missing, and the line of the statement that does.
 *
 * @since 0.1.0
 * @category models
 */
export const Provider = Schema.Struct({
  migrationId: Schema.String,
  file: Schema.String,
  /** 1-based. `null` where the file has no such line. */
  line: Schema.NullOr(Schema.Number)
})

/** @since 0.1.0 @category models */
export type Provider = typeof Provider.Type

/** @since 0.1.0 @category fields */
export const providers = { providers: Schema.optional(Schema.Array(Provider)) }

/** The query as an explanation shows it. @since 0.1.0 @category conversions */
export const shown = (query: FailedQuery | undefined): Excerpt | undefined =>
  query === undefined || query.statement === null ? undefined : { statement: query.statement, position: query.position }

/** The files of providers as an explanation shows them. @since 0.1.0 @category conversions */
export const providing = (places: ReadonlyArray<Provider> | undefined): Explanation["files"] =>
  places === undefined || places.length === 0 ? undefined : { are: "provider", places }
