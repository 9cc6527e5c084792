/**
 * Typed errors of migrations, made from the server's errors. A failure does not yet have the error of the query that
 * needed the migration: many queries may wait for one attempt, and each boundary adds its own.
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
import { commandSuffix, type SchemaName } from "../runtime/AutoMigrationConfig.js"
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

/** The query that a failure is reported to, and whether its caller ran the migration. @since 0.1.0 @category models */
export interface Report {
  readonly cause: unknown
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
  const print = () => failure.toError({ cause: undefined, retryAt: 0 }).message
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
  toError: (facts: { readonly cause: unknown }) => AutoMigrationError
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
  failure.toError({ cause: undefined, retryAt: 0, toItsRunner: true })

/** The failure as it is told to callers that did not run it. @since 0.1.0 @category conversions */
export const forOthers = (failure: Failure): Failure => ({
  ...failure,
  toError: (report) => failure.toError({ ...report, toItsRunner: false })
})

/**
 * The statement of a migration that an error of the server belongs to.
 *
 * @since 0.1.0
 * @category models
 */
export interface Place {
  readonly migration: Migration
  readonly span: StatementSpan
  readonly role: string
  /** For a statement that may have committed part of its work before the error. */
  readonly remedies?: Remedies
}

/** The commands between which an operator has to choose. @since 0.1.0 @category models */
export type Remedies = Pick<StatementInDoubt, "again" | "record">

/**
 * What stays when a connection is lost. `nothing`: the transaction was rolled back. `what ran`: a step outside
 * transactions keeps the statements that it ran.
 *
 * @since 0.1.0
 * @category models
 */
export type Remains = "nothing" | "what ran"

const unreachable = /^(?:08|57P|25P0[34]$)|^57014$|^53300$/

/** Stands for the SQLSTATE of an error that is not the server's. @since 0.1.0 @category constants */
export const noAnswer = "no answer"

/** The SQLSTATE of an error, or {@link noAnswer}. @since 0.1.0 @category queries */
export const sqlStateOf = (error: SqlError): string =>
  Option.match(SqlState.evidenceFrom(error), { onNone: () => noAnswer, onSome: ({ sqlState }) => sqlState })

/** A lock timeout, a deadlock or a serialization failure: another attempt may succeed. */
const contended = new Set(["55P03", "40P01", "40001"])

/** Whether another session was in the way. @since 0.1.0 @category predicates */
export const isContention = (error: SqlError): boolean =>
  Option.exists(SqlState.evidenceFrom(error), (evidence) => contended.has(evidence.sqlState))

const deferrable = /^(?:23|P0)/

/**
 * Whether a deferred constraint, or its trigger, refuses a migration. `ledger` is the ledger's schema: its own
 * constraints do not count.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isOfDeferred = (error: SqlError, ledger: string): boolean =>
  Option.exists(SqlState.evidenceFrom(error), ({ sqlState }) => deferrable.test(sqlState)) &&
  !(Predicate.hasProperty(error.cause, "schema") && error.cause.schema === ledger)

/**
 * The failure of a message of the library itself, to the ledger or the catalog. `held` are sentences about the holders of a lock
 * that it was not granted.
 *
 * @since 0.1.0
 * @category conversions
 */
export const ofMessage = (
  error: SqlError,
  doing: string,
  remains: Remains = "nothing",
  held: ReadonlyArray<string> = []
): Failure =>
  Option.match(SqlState.evidenceFrom(error), {
    onNone: () => unavailable(doing, null, Text.open(driverMessage(error)), remains),
    onSome: (evidence) =>
      evidence.sqlState === "25006"
        ? readOnly(doing, Text.message(evidence))
        : unavailable(doing, evidence.sqlState, Text.followedBy(Text.message(evidence), held), remains)
  })

/**
 * The facts for the remedy of a failure: the ledger's schema, and the statements that grant the role the privileges it
 * lacks, where they are known.
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
    onNone: () => suspecting(id, unavailable(doing, null, Text.open(driverMessage(error)), remains)),
    onSome: (evidence) => {
      const { sqlState } = evidence
      const reason = Text.messageAbout(statementAt(place), evidence)
      if (sqlState === "42501") return forbidden(doing, reason, place, grants)
      if (sqlState === "25006") return readOnly(doing, reason)
      return unreachable.test(sqlState) && !isOwnCancel(evidence, place.migration)
        ? suspecting(id, unavailable(doing, sqlState, reason, remains))
        : failedAt(place, evidence, reason, schema)
    }
  })
}

/**
 * Whether a cancelled statement will be cancelled again, by the script's own time limit or because there are no rows to
 * copy.
 */
const isOwnCancel = ({ message, sqlState }: SqlState.Evidence, migration: Migration): boolean =>
  sqlState === "57014" && (limitsItself(migration) || copyWithoutRows.test(message))

/** The driver's answer when a `COPY … FROM stdin` asks for rows, in all languages of the server. */
const copyWithoutRows = /No source stream defined/

/** A script that sets a time limit reaches it again. The SQLSTATE does not tell who cancelled the statement. */
const limitsItself = ({ script }: Migration): boolean =>
  script._tag === "Sql" && /\bstatement_timeout\b/i.test(script.text)

const suspecting = (id: MigrationId, failure: Failure): Failure => ({ ...failure, suspects: Option.some(id) })

const driverMessage = (error: SqlError): string =>
  error.cause instanceof Error ? error.cause.message : (error.message ?? "unknown reason")

const unavailable = (doing: string, sqlState: string | null, reason: Text.FailureText, remains: Remains): Failure =>
  circumstance(
    (report) =>
      new DatabaseUnavailable({
        doing,
        sqlState,
        reason: Text.render(reason, report),
        isRolledBack: remains === "nothing",
        cause: report.cause
      })
  )

/** The failure of a query that waited for a heal when the layer was closed. @since 0.1.0 @category constructors */
export const ended: Failure = unavailable("a heal", null, Text.open("the layer that heals was closed"), "nothing")

const readOnly = (doing: string, reason: Text.FailureText): Failure =>
  circumstance((report) => new ReadOnlyServer({ doing, reason: Text.render(reason, report), cause: report.cause }))

const forbidden = (
  doing: string,
  reason: Text.FailureText,
  { migration, role }: Place,
  remedies: ReadonlyArray<string>
): Failure => {
  const remedy = remedies.length === 0 ? `GRANT what is said there to ${SchemaObject.quote(role)}` : remedies.join("; ")
  return fault(
    migration,
    { message: reason.constant, sqlState: "42501" },
    (report) =>
      new InsufficientPrivilege({ role, doing, reason: Text.render(reason, report), remedy, cause: report.cause })
  )
}

/** A migration that runs outside transactions keeps the statements that ran before the failure. */
const isRolledBack = (migration: Migration): boolean => migration.transaction === "own"

const failedAt = (place: Place, evidence: SqlState.Evidence, reason: Text.FailureText, schema: SchemaName): Failure => {
  const { migration, remedies, span } = place
  const text = migration.script._tag === "Sql" ? migration.script.text : ""
  const statement = statementAt(place)
  const offset = Option.match(evidence.position, {
    onNone: () => span.start,
    onSome: (position) => span.start + ParsedSql.offsetOfCodePoint(statement, position - 1)
  })
  const { column, line } = ParsedSql.locate(text, offset)
  return failed(migration, {
    line,
    column,
    statement: statement === "" ? Text.open(anEffect) : Text.statement(statement),
    sqlState: evidence.sqlState,
    reason,
    inDoubt: remedies,
    alreadyThere: isAlreadyThere(migration, span, evidence) ? takingOver(migration.id, schema) : undefined
  })
}

const statementAt = ({ migration: { script }, span }: Place): string =>
  script._tag === "Sql" ? script.text.slice(span.start, span.end) : ""

const takingOver = (id: MigrationId, schema: SchemaName): MigrationFailed["alreadyThere"] => ({
  adopt: `${Plan.commandFor("adopt", [])}${commandSuffix(schema)}`,
  record: `${Plan.commandFor("baseline", [id])}${commandSuffix(schema)}`
})

interface FailedFacts extends Pick<MigrationFailed, "line" | "column" | "sqlState" | "inDoubt" | "alreadyThere"> {
  readonly statement: Text.FailureText
  readonly reason: Text.FailureText
}

/** A thousand queries a second may report one failure, and the compiler has checked the fields. */
const unchecked = { disableValidation: true }

const failed = (
  migration: Migration,
  facts: FailedFacts,
  remains: Pick<MigrationFailed, "isRolledBack"> = { isRolledBack: isRolledBack(migration) }
): Failure =>
  fault(
    migration,
    { message: facts.reason.constant, sqlState: facts.sqlState, line: facts.line, column: facts.column },
    (report) =>
      new MigrationFailed(
        {
          ...facts,
          ...remains,
          statement: Text.render(facts.statement, report),
          reason: Text.render(facts.reason, report),
          migrationId: migration.id,
          file: migration.source,
          retryAt: report.retryAt,
          cause: report.cause
        },
        unchecked
      )
  )

/**
 * The failure of a migration that is an Effect and failed with an error that is not the server's. Such an error may hold
 * anything, so its text is for the caller that ran it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const effectFailed = (migration: Migration, reason: string): Failure =>
  failed(migration, byItself(Text.withheld(reason)))

const byItself = (reason: Text.FailureText): FailedFacts => ({
  line: 1,
  column: 1,
  statement: Text.open(anEffect),
  sqlState: null,
  reason,
  inDoubt: undefined,
  alreadyThere: undefined
})

/**
 * The failure of a migration that is an Effect and ended the transaction that it ran in.
 *
 * @since 0.1.0
 * @category constructors
 */
export const endedItself = (migration: Migration): Failure =>
  failed(migration, byItself(Text.open("it ended the transaction that it ran in, which only the library may end")), {
    isRolledBack: false
  })

/**
 * Checks before a plan runs that the server is new enough for all of its waiting migrations. `server` is its major
 * version. Fails for the first migration that needs a newer one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unlessTooOld = (waiting: ReadonlyArray<Migration>, server: number): Effect.Effect<void, Failure> => {
  const unknown = waiting.flatMap((migration) =>
    migration.footprint.versionRequirements.flatMap((need) => (need.since > server ? [{ migration, need }] : []))
  )
  const [first] = unknown
  if (first === undefined) return Effect.void
  const { migration, need } = first
  const { feature, line, since: needs, statement } = need
  const facts = { migrationId: migration.id, file: migration.source, line, statement, feature, needs, server }
  const message = `${feature} came with PostgreSQL ${needs}`
  return Effect.fail(fault(migration, { message, line }, ({ cause }) => new ServerTooOld({ ...facts, cause })))
}

/**
 * The error of an applied file that was edited.
 *
 * @since 0.1.0
 * @category conversions
 */
export const edited = ({ checksum, id, source }: Migration, recorded: string, cause?: unknown): ChecksumMismatch =>
  new ChecksumMismatch({ migrationId: id, file: source, recorded, actual: checksum, cause })
