/**
 * From what the server said while a migration ran to a typed error. The error of the query that needed the migration is
 * added by each boundary for itself, since many may wait for one attempt.
 *
 * @internal
 */
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { isAlreadyThere } from "../core/attempt/AlreadyThere.js"
import * as SqlState from "../core/detect/SqlState.js"
import {
  type AutoMigrationError,
  anEffect,
  ChecksumMismatch,
  DatabaseUnavailable,
  InsufficientPrivilege,
  MigrationFailed,
  ReadOnlyServer,
  ServerTooOld,
  type StatementInDoubt
} from "../core/error/AutoMigrationError.js"
import * as Plan from "../core/graph/Plan.js"
import type { StatementSpan } from "../core/migration/Footprint.js"
import type { Migration, MigrationId } from "../core/migration/Migration.js"
import * as SchemaObject from "../core/model/SchemaObject.js"
import * as ParsedSql from "../core/sql/ParsedSql.js"
import { oneLine } from "../core/text/Lexer.js"
import { commandSuffix, type SchemaName } from "../runtime/AutoMigrationConfig.js"

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
  /** Trying again at once cannot help. */
  readonly blames: Option.Option<Blame>
  /** The migration whose statement was not carried through, for a reason that need not be its own. */
  readonly suspects: Option.Option<MigrationId>
  /** No migration may run, whichever it is: the same is told for a while to all who ask. */
  readonly isEverywhere?: true
  readonly toError: (facts: { readonly cause: unknown; readonly retryAt: number }) => AutoMigrationError
}

/** Nobody is to blame: the next attempt may succeed. @since 0.1.0 @category constructors */
export const circumstance = (toError: (facts: { readonly cause: unknown }) => AutoMigrationError): Failure => ({
  _tag: "Failure",
  blames: Option.none(),
  suspects: Option.none(),
  toError
})

/** The database as a whole is not to be migrated as it is. @since 0.1.0 @category constructors */
export const everywhere = (toError: (facts: { readonly cause: unknown }) => AutoMigrationError): Failure => ({
  ...circumstance(toError),
  isEverywhere: true
})

/** @since 0.1.0 @category constructors */
export const fault = (migration: Migration, detail: Blame["detail"], toError: Failure["toError"]): Failure => ({
  _tag: "Failure",
  blames: Option.some({ migration, detail }),
  suspects: Option.none(),
  toError
})

/**
 * The error for somebody who ran no query.
 *
 * @since 0.1.0
 * @category conversions
 */
export const withoutQuery = (failure: Failure): AutoMigrationError => failure.toError({ cause: undefined, retryAt: 0 })

/**
 * A statement of a migration, on whose behalf the server spoke.
 *
 * @since 0.1.0
 * @category models
 */
export interface Place {
  readonly migration: Migration
  readonly span: StatementSpan
  readonly role: string
  /** Of a statement that may have committed part of its work before the server spoke. */
  readonly remedies?: Remedies
}

/** The commands between which somebody has to choose. @since 0.1.0 @category models */
export type Remedies = Pick<StatementInDoubt, "again" | "record">

/**
 * What there is still when a connection is lost: nothing of a transaction, and of a step outside transactions what it ran.
 *
 * @since 0.1.0
 * @category models
 */
export type Remains = "nothing" | "what ran"

const unreachable = /^(?:08|57P|25P0[34]$)|^57014$|^53300$/

/** A lock was not granted, or a deadlock or a serialization failure was resolved against us: the same again may succeed. */
const contended = new Set(["55P03", "40P01", "40001"])

/** @since 0.1.0 @category predicates */
export const isContention = (error: SqlError): boolean =>
  Option.exists(SqlState.evidenceFrom(error), (evidence) => contended.has(evidence.sqlState))

const deferrable = /^(?:23|P0)/

/**
 * Whether a deferred constraint, or its trigger, refuses what a migration has done. A constraint of the ledger's own is none of these.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isOfDeferred = (error: SqlError, ledger: string): boolean =>
  Option.exists(SqlState.evidenceFrom(error), ({ sqlState }) => deferrable.test(sqlState)) &&
  !(Predicate.hasProperty(error.cause, "schema") && error.cause.schema === ledger)

/**
 * The failure of a message of the library itself: to the ledger, the catalog, or on the way to them.
 *
 * @since 0.1.0
 * @category conversions
 */
export const ofMessage = (error: SqlError, doing: string, remains: Remains = "nothing"): Failure =>
  Option.match(SqlState.evidenceFrom(error), {
    onNone: () => unavailable(doing, null, driverMessage(error), remains),
    onSome: ({ message, sqlState }) =>
      sqlState === "25006" ? readOnly(doing, message) : unavailable(doing, sqlState, message, remains)
  })

/**
 * What the remedies of a failure are made of: the ledger's schema, and the statements that give the role what it lacks, where
 * that is known.
 *
 * @since 0.1.0
 * @category models
 */
export interface Remedial {
  readonly schema: SchemaName
  readonly grants: ReadonlyArray<string>
}

/**
 * The failure of a statement of a migration.
 *
 * @since 0.1.0
 * @category conversions
 */
export const ofStatement = (error: SqlError, place: Place, { grants, schema }: Remedial): Failure => {
  const { id } = place.migration
  const doing = `migration ${id}`
  const remains = isRolledBack(place.migration) ? "nothing" : "what ran"
  return Option.match(SqlState.evidenceFrom(error), {
    onNone: () => suspecting(id, unavailable(doing, null, driverMessage(error), remains)),
    onSome: (evidence) => {
      const { message: reason, sqlState } = evidence
      if (sqlState === "42501") return forbidden(doing, reason, place, grants)
      if (sqlState === "25006") return readOnly(doing, reason)
      return unreachable.test(sqlState) && !isOwnCancel(evidence, place.migration)
        ? suspecting(id, unavailable(doing, sqlState, reason, remains))
        : failedAt(place, evidence, schema)
    }
  })
}

/** A cancelled statement that will be cancelled again, by its own time limit or for want of rows to copy. */
const isOwnCancel = ({ message, sqlState }: SqlState.Evidence, migration: Migration): boolean =>
  sqlState === "57014" && (limitsItself(migration) || copyWithoutRows.test(message))

/** What the driver answers, in any language of the server, when a `COPY … FROM stdin` asks for rows. */
const copyWithoutRows = /No source stream defined/

/** Who cancelled a statement is in the server's message only; a script that sets its own time limit will run into it again. */
const limitsItself = ({ script }: Migration): boolean =>
  script._tag === "Sql" && /\bstatement_timeout\b/i.test(script.text)

const suspecting = (id: MigrationId, failure: Failure): Failure => ({ ...failure, suspects: Option.some(id) })

const driverMessage = (error: SqlError): string =>
  error.cause instanceof Error ? error.cause.message : (error.message ?? "unknown reason")

const unavailable = (doing: string, sqlState: string | null, reason: string, remains: Remains): Failure =>
  circumstance(
    ({ cause }) => new DatabaseUnavailable({ doing, sqlState, reason, isRolledBack: remains === "nothing", cause })
  )

/** The layer was closed while a query that is not interrupted itself was waiting. @since 0.1.0 @category constructors */
export const ended: Failure = unavailable("a heal", null, "the layer that heals was closed", "nothing")

const readOnly = (doing: string, reason: string): Failure =>
  circumstance(({ cause }) => new ReadOnlyServer({ doing, reason, cause }))

const forbidden = (
  doing: string,
  reason: string,
  { migration, role }: Place,
  remedies: ReadonlyArray<string>
): Failure => {
  const remedy = remedies.length === 0 ? `GRANT what is said there to ${SchemaObject.quote(role)}` : remedies.join("; ")
  return fault(
    migration,
    { reason, sqlState: "42501" },
    ({ cause }) => new InsufficientPrivilege({ role, doing, reason, remedy, cause })
  )
}

/** What a migration that runs outside transactions has done before it failed stays. */
const isRolledBack = (migration: Migration): boolean => migration.transaction === "own"

const failedAt = ({ migration, remedies, span }: Place, evidence: SqlState.Evidence, schema: SchemaName): Failure => {
  const text = migration.script._tag === "Sql" ? migration.script.text : ""
  const statement = text.slice(span.start, span.end)
  const offset = Option.match(evidence.position, {
    onNone: () => span.start,
    onSome: (position) => span.start + ParsedSql.offsetOfCodePoint(statement, position - 1)
  })
  const { column, line } = ParsedSql.locate(text, offset)
  return failed(migration, {
    line,
    column,
    statement: statement === "" ? anEffect : oneLine(statement, 200),
    sqlState: evidence.sqlState,
    reason: evidence.message,
    inDoubt: remedies,
    alreadyThere: isAlreadyThere(migration, span, evidence) ? takingOver(migration.id, schema) : undefined
  })
}

const takingOver = (id: MigrationId, schema: SchemaName): MigrationFailed["alreadyThere"] => ({
  adopt: `${Plan.commandFor("adopt", [])}${commandSuffix(schema)}`,
  record: `${Plan.commandFor("baseline", [id])}${commandSuffix(schema)}`
})

/** A thousand queries a second may be told of one failure, and each error's fields are typed as it is. */
const unchecked = { disableValidation: true }

const failed = (
  migration: Migration,
  facts: Pick<MigrationFailed, "line" | "column" | "statement" | "sqlState" | "reason" | "inDoubt" | "alreadyThere">,
  remains: Pick<MigrationFailed, "isRolledBack"> = { isRolledBack: isRolledBack(migration) }
): Failure =>
  fault(
    migration,
    { reason: facts.reason, sqlState: facts.sqlState, line: facts.line },
    ({ cause, retryAt }) =>
      new MigrationFailed(
        {
          ...facts,
          ...remains,
          migrationId: migration.id,
          file: migration.source,
          retryAt,
          cause
        },
        unchecked
      )
  )

/**
 * A migration that is an Effect failed in a way of its own.
 *
 * @since 0.1.0
 * @category constructors
 */
export const effectFailed = (migration: Migration, reason: string): Failure => failed(migration, byItself(reason))

const byItself = (reason: string) => ({
  line: 1,
  column: 1,
  statement: anEffect,
  sqlState: null,
  reason,
  inDoubt: undefined,
  alreadyThere: undefined
})

/**
 * A migration that is an Effect ended the transaction that it was run in.
 *
 * @since 0.1.0
 * @category constructors
 */
export const endedItself = (migration: Migration): Failure =>
  failed(migration, byItself("it ended the transaction that it was run in, which is not its own to end"), {
    isRolledBack: false
  })

/**
 * Before anything runs, a server of this major version must know all that is left of a plan: fails for the first migration that
 * holds what it lacks.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unlessTooOld = (waiting: ReadonlyArray<Migration>, server: number): Effect.Effect<void, Failure> => {
  const unknown = waiting.flatMap((migration) =>
    migration.footprint.needs.flatMap((need) => (need.since > server ? [{ migration, need }] : []))
  )
  const [first] = unknown
  if (first === undefined) return Effect.void
  const { migration, need } = first
  const { feature, line, since: needs, statement } = need
  const facts = { migrationId: migration.id, file: migration.source, line, statement, feature, needs, server }
  const reason = `${feature} came with PostgreSQL ${needs}`
  return Effect.fail(fault(migration, { reason, line }, ({ cause }) => new ServerTooOld({ ...facts, cause })))
}

/**
 * An applied file that was edited, as an error.
 *
 * @since 0.1.0
 * @category conversions
 */
export const edited = ({ checksum, id, source }: Migration, recorded: string, cause?: unknown): ChecksumMismatch =>
  new ChecksumMismatch({ migrationId: id, file: source, recorded, actual: checksum, cause })
