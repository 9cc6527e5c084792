/**
 * A failure that does not yet know the query that it is reported to: many queries may wait for one attempt.
 *
 * @internal
 */
import { SqlError } from "@effect/sql/SqlError"
import * as Option from "effect/Option"
import * as SqlState from "../core/detect/SqlState.js"
import type { AutoMigrationError, FailedQuery } from "../core/error/AutoMigrationError.js"
import type { Migration, MigrationId } from "../core/migration/Migration.js"
import * as ParsedSql from "../core/sql/ParsedSql.js"
import * as Excerpt from "../core/text/Excerpt.js"
import * as Text from "./FailureText.js"

/**
 * The migration at fault, and the detail of its event in the ledger.
 *
 * @since 0.1.0
 * @category models
 */
export interface Blame {
  readonly migration: Migration
  readonly detail: Readonly<Record<string, unknown>>
}

/** The query that needed a migration, and its error. @since 0.1.0 @category models */
export interface Asked {
  readonly cause: unknown
  readonly query: FailedQuery | undefined
}

/** For a caller that ran no query. @since 0.1.0 @category constructors */
export const noQuery: Asked = { cause: undefined, query: undefined }

/**
 * The query of an error, with its text where that is known.
 *
 * @since 0.1.0
 * @category constructors
 */
export const askedBy = (error: unknown, statement: Option.Option<string>): Asked => {
  const position = Option.flatMap(SqlState.evidenceFrom(error), (evidence) => evidence.position)
  const excerpt = Option.map(statement, (text) =>
    Excerpt.around(
      text,
      Option.getOrUndefined(Option.map(position, (at) => ParsedSql.offsetOfCodePoint(text, at - 1))),
      Excerpt.withoutLiterals
    )
  )
  const unknown = { statement: null, position: null }
  return { cause: error, query: { error, ...Option.getOrElse(excerpt, () => unknown) } }
}

/** The query that a failure is reported to, and whether its caller ran the migration. @since 0.1.0 @category models */
export interface Report {
  readonly asked: Asked
  readonly retryAt: number
  /** Defaults to `false`. */
  readonly toItsRunner?: boolean
}

/**
 * A failure without the query that it is reported to.
 *
 * @since 0.1.0
 * @category models
 */
export interface Failure {
  readonly _tag: "Failure"
  /** The migration at fault: another attempt at once cannot help. */
  readonly blames: Option.Option<Blame>
  /** The migration whose statement did not complete, perhaps for another reason than the migration. */
  readonly suspects: Option.Option<MigrationId>
  /** The failure holds for all migrations, so all heals report it for a while. */
  readonly isEverywhere?: true
  /** How long the migration has waited in vain for a lock that another session held. Other sessions queued behind it. */
  readonly lockWait?: { readonly id: MigrationId; readonly milliseconds: number }
  readonly toError: (report: Report) => AutoMigrationError
  /** What a span or a log prints: the message for others, and not the migration with its script. */
  readonly toString: () => string
  readonly toJSON?: () => string
}

/** A failure with the text that a span or a log prints. */
const printing = (failure: Omit<Failure, "toString" | "toJSON">): Failure => {
  const print = () => failure.toError({ asked: noQuery, retryAt: 0 }).message
  return { ...failure, toString: print, toJSON: print }
}

/** A failure without a migration at fault: the next attempt may succeed. @since 0.1.0 @category constructors */
export const circumstance = (toError: Failure["toError"]): Failure =>
  printing({ _tag: "Failure", blames: Option.none(), suspects: Option.none(), toError })

/** A failure that holds for all migrations of the database. @since 0.1.0 @category constructors */
export const everywhere = (toError: Failure["toError"]): Failure => ({
  ...circumstance(toError),
  isEverywhere: true
})

/** A failure for a lock that another session held. @since 0.1.0 @category constructors */
export const locked = (
  lockWait: { readonly id: MigrationId; readonly milliseconds: number },
  toError: Failure["toError"]
): Failure => ({ ...circumstance(toError), lockWait })

/** A failure with a migration at fault. @since 0.1.0 @category constructors */
export const fault = (migration: Migration, detail: Blame["detail"], toError: Failure["toError"]): Failure =>
  printing({ _tag: "Failure", blames: Option.some({ migration, detail }), suspects: Option.none(), toError })

/**
 * The error for a caller that ran no query, such as an operator's command.
 *
 * @since 0.1.0
 * @category conversions
 */
export const withoutQuery = (failure: Failure): AutoMigrationError =>
  failure.toError({ asked: noQuery, retryAt: 0, toItsRunner: true })

/**
 * The migration's own error, for its runner and for each other caller: the server's may hold data.
 *
 * @since 0.1.0
 * @category models
 */
export interface OwnError {
  readonly full: unknown
  readonly constant: unknown
}

/** @since 0.1.0 @category constructors */
export const ownError = (
  error: SqlError,
  reason: Text.FailureText,
  { sqlState }: Pick<SqlState.Evidence, "sqlState">
): OwnError => {
  const message = Text.render(reason, {})
  return {
    full: error,
    constant: new SqlError({ message, cause: Object.assign(new Error(message), { code: sqlState }) })
  }
}

/** The causes of an error with one of its own, beside the query. @since 0.1.0 @category conversions */
export const failedBy = ({ constant, full }: OwnError, { asked, toItsRunner = false }: Report): Asked => ({
  cause: toItsRunner ? full : constant,
  query: asked.query
})

/** The failure as it is told to callers that did not run it. @since 0.1.0 @category conversions */
export const forOthers = (failure: Failure): Failure => ({
  ...failure,
  toError: (report) => failure.toError({ ...report, toItsRunner: false })
})
