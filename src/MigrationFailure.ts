/**
 * From what the server said while a migration ran to a typed error. The error of the query that needed the migration is
 * added by each boundary for itself, since many may wait for one attempt.
 *
 * @since 0.1.0
 */
import type { SqlError } from "@effect/sql/SqlError"
import * as Option from "effect/Option"
import {
  type AutoMigrationError,
  DatabaseUnavailable,
  InsufficientPrivilege,
  MigrationFailed,
  ReadOnlyServer
} from "./core/AutoMigrationError.js"
import type { StatementSpan } from "./core/Footprint.js"
import type { Migration } from "./core/Migration.js"
import * as ParsedSql from "./core/ParsedSql.js"
import * as SqlState from "./core/SqlState.js"

/**
 * The migration at fault, and what the ledger will say of it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Blame {
  readonly migration: Migration
  readonly detail: Readonly<Record<string, unknown>>
}

/**
 * A failure that does not yet know the query it failed for.
 *
 * @since 0.1.0
 * @category models
 */
export interface Failure {
  readonly _tag: "Failure"
  /** Trying again cannot help until somebody corrects the migration. */
  readonly blames: Option.Option<Blame>
  readonly toError: (facts: { readonly cause: unknown; readonly retryAt: number }) => AutoMigrationError
}

/** Nobody is to blame: the next attempt may succeed. @since 0.1.0 @category constructors */
export const circumstance = (toError: (facts: { readonly cause: unknown }) => AutoMigrationError): Failure => ({
  _tag: "Failure",
  blames: Option.none(),
  toError
})

/** @since 0.1.0 @category constructors */
export const fault = (migration: Migration, detail: Blame["detail"], toError: Failure["toError"]): Failure => ({
  _tag: "Failure",
  blames: Option.some({ migration, detail }),
  toError
})

/**
 * What stood on the connection when it failed.
 *
 * @since 0.1.0
 * @category models
 */
export interface Circumstances {
  /** In words, for the message: `migration 002_users`. */
  readonly doing: string
  readonly role: string
  readonly at: Option.Option<{ readonly migration: Migration; readonly span: StatementSpan }>
}

const unreachable = /^(?:08|57P)|^57014$|^53300$/

/** A lock was not granted, or a deadlock or a serialization failure was resolved against us: the same again may succeed. */
const contended = new Set(["55P03", "40P01", "40001"])

/** @since 0.1.0 @category predicates */
export const isContention = (error: SqlError): boolean =>
  Option.exists(SqlState.evidenceFrom(error), (evidence) => contended.has(evidence.sqlState))

const driverMessage = (error: SqlError): string =>
  error.cause instanceof Error ? error.cause.message : (error.message ?? "unknown reason")

/**
 * The typed failure for a server's error.
 *
 * @since 0.1.0
 * @category conversions
 */
export const failureFrom = (error: SqlError, circumstances: Circumstances): Failure =>
  Option.match(SqlState.evidenceFrom(error), {
    onNone: () => unavailable(circumstances.doing, null, driverMessage(error)),
    onSome: (evidence) => fromEvidence(evidence, circumstances)
  })

const unavailable = (doing: string, sqlState: string | null, reason: string): Failure =>
  circumstance(({ cause }) => new DatabaseUnavailable({ doing, sqlState, reason, cause }))

const fromEvidence = (evidence: SqlState.Evidence, { at, doing, role }: Circumstances): Failure => {
  const { message: reason, sqlState } = evidence
  if (sqlState === "42501") {
    return circumstance(
      ({ cause }) => new InsufficientPrivilege({ role, doing, reason, remedy: remedyFor(reason, role), cause })
    )
  }
  if (sqlState === "25006") return circumstance(({ cause }) => new ReadOnlyServer({ doing, reason, cause }))
  if (unreachable.test(sqlState)) return unavailable(doing, sqlState, reason)
  return Option.match(at, {
    onNone: () => unavailable(doing, sqlState, reason),
    onSome: ({ migration, span }) => failedAt(migration, span, evidence)
  })
}

/** As exact as the server's English wording allows; in another language the sentence holds for all of them. */
const remedyFor = (reason: string, role: string): string => {
  const [, kind = "", object = ""] = /(schema|database|owner of \w+) "?([^"]+)"?$/.exec(reason) ?? []
  const grantee = quoted(role)
  if (kind === "schema") return `GRANT CREATE, USAGE ON SCHEMA ${quoted(object)} TO ${grantee}`
  if (kind === "database") return `GRANT CREATE ON DATABASE ${quoted(object)} TO ${grantee}`
  return `GRANT the role that owns ${kind === "" ? "the object" : quoted(object)} TO ${grantee}`
}

const quoted = (identifier: string): string => `"${identifier.replaceAll('"', '""')}"`

const oneLine = (text: string): string => {
  const line = text.replaceAll(/\s+/g, " ").trim()
  return line.length > 200 ? `${line.slice(0, 199)}…` : line
}

const failedAt = (migration: Migration, span: StatementSpan, evidence: SqlState.Evidence): Failure => {
  const text = migration.script._tag === "Sql" ? migration.script.text : ""
  const statement = text.slice(span.start, span.end)
  const offset = Option.match(evidence.position, {
    onNone: () => span.start,
    onSome: (position) => span.start + ParsedSql.offsetOfCodePoint(statement, position - 1)
  })
  const { column, line } = ParsedSql.locate(text, offset)
  return fault(
    migration,
    { reason: evidence.message, sqlState: evidence.sqlState, line },
    ({ cause, retryAt }) =>
      new MigrationFailed({
        migrationId: migration.id,
        file: migration.source,
        line,
        column,
        statement: statement === "" ? "an Effect" : oneLine(statement),
        sqlState: evidence.sqlState,
        reason: evidence.message,
        retryAt,
        cause
      })
  )
}

/**
 * A migration that is an Effect failed in a way of its own.
 *
 * @since 0.1.0
 * @category constructors
 */
export const effectFailed = (migration: Migration, reason: string): Failure =>
  fault(
    migration,
    { reason },
    ({ cause, retryAt }) =>
      new MigrationFailed({
        migrationId: migration.id,
        file: migration.source,
        line: 1,
        column: 1,
        statement: "an Effect",
        sqlState: null,
        reason,
        retryAt,
        cause
      })
  )
