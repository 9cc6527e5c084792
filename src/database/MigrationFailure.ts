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
  anEffect,
  ChecksumMismatch,
  DatabaseUnavailable,
  InsufficientPrivilege,
  MigrationFailed,
  ReadOnlyServer,
  ServerTooOld,
  type StatementInDoubt
} from "../core/error/AutoMigrationError.js"
import type { StatementSpan } from "../core/migration/Footprint.js"
import type { Migration, MigrationId } from "../core/migration/Migration.js"
import * as SchemaObject from "../core/model/SchemaObject.js"
import * as ParsedSql from "../core/sql/ParsedSql.js"
import * as Redaction from "../core/text/Redaction.js"
import * as CommandLine from "../runtime/CommandLine.js"
import { type Asked, circumstance, type Failure, failedBy, fault, noQuery, type OwnError, ownError } from "./Failure.js"
import * as Text from "./FailureText.js"

export * from "./Failure.js"

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
    onNone: () => lost(doing, error, remains),
    onSome: (evidence) => {
      const reason = Text.message(evidence)
      const own = ownError(error, reason, evidence)
      return evidence.sqlState === "25006"
        ? readOnly(doing, reason, own)
        : unavailable({ doing, sqlState: evidence.sqlState, reason: Text.followedBy(reason, held), remains, own })
    }
  })

/** A failure without an answer of the server. */
const lost = (doing: string, error: SqlError, remains: Remains): Failure =>
  unavailable({
    doing,
    sqlState: null,
    reason: Text.open(driverMessage(error)),
    remains,
    own: { full: error, constant: error }
  })

/**
 * The facts for the remedy of a failure: the options of a command, and the statements that grant the role the privileges it
 * lacks, where they are known.
 *
 * @since 0.1.0
 * @category models
 */
export interface Remedial {
  readonly commands: CommandLine.Setting
  readonly grants: ReadonlyArray<string>
}

/**
 * The failure of a statement of a migration.
 *
 * @since 0.1.0
 * @category conversions
 */
export const ofStatement = (error: SqlError, place: Place, { commands, grants }: Remedial): Failure => {
  const { id } = place.migration
  const doing = `migration ${id}`
  const remains = isRolledBack(place.migration) ? "nothing" : "what ran"
  return Option.match(SqlState.evidenceFrom(error), {
    onNone: () => suspecting(id, lost(doing, error, remains)),
    onSome: (evidence) => {
      const { sqlState } = evidence
      const text = statementAt(place)
      const reason = Text.messageAbout(text, evidence)
      const told = ownError(error, reason, evidence)
      const own = Redaction.mayHoldPassword(text) ? { full: told.constant, constant: told.constant } : told
      if (sqlState === "42501") return forbidden({ doing, reason, own }, place, grants)
      if (sqlState === "25006") return readOnly(doing, reason, own)
      return unreachable.test(sqlState) && !isOwnCancel(evidence, place.migration)
        ? suspecting(id, unavailable({ doing, sqlState, reason, remains, own }))
        : failedAt(place, evidence, { reason, own, commands })
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

interface Unavailable extends Pick<DatabaseUnavailable, "doing" | "sqlState"> {
  readonly reason: Text.FailureText
  readonly remains: Remains
  readonly own?: OwnError
}

const unavailable = ({ doing, own, reason, remains, sqlState }: Unavailable): Failure =>
  circumstance(
    (report) =>
      new DatabaseUnavailable({
        doing,
        sqlState,
        reason: Text.render(reason, report),
        isRolledBack: remains === "nothing",
        ...(own === undefined ? report.asked : failedBy(own, report))
      })
  )

/** The failure of a query that waited for a heal when the layer was closed. @since 0.1.0 @category constructors */
export const ended: Failure = unavailable({
  doing: "a heal",
  sqlState: null,
  reason: Text.open("the layer that heals was closed"),
  remains: "nothing"
})

const readOnly = (doing: string, reason: Text.FailureText, own: OwnError): Failure =>
  circumstance((report) => new ReadOnlyServer({ doing, reason: Text.render(reason, report), ...failedBy(own, report) }))

const forbidden = (
  { doing, own, reason }: { readonly doing: string; readonly reason: Text.FailureText; readonly own: OwnError },
  { migration, role }: Place,
  remedies: ReadonlyArray<string>
): Failure => {
  const remedy = remedies.length === 0 ? `GRANT what is said there to ${SchemaObject.quote(role)}` : remedies.join("; ")
  return fault(
    migration,
    { message: reason.constant, sqlState: "42501" },
    (report) =>
      new InsufficientPrivilege({ role, doing, reason: Text.render(reason, report), remedy, ...failedBy(own, report) })
  )
}

/** A migration that runs outside transactions keeps the statements that ran before the failure. */
const isRolledBack = (migration: Migration): boolean => migration.transaction === "own"

interface FailedHow {
  readonly reason: Text.FailureText
  readonly own: OwnError
  readonly commands: CommandLine.Setting
}

const failedAt = (place: Place, evidence: SqlState.Evidence, { commands, own, reason }: FailedHow): Failure => {
  const { migration, remedies, span } = place
  const text = migration.script._tag === "Sql" ? migration.script.text : ""
  const statement = statementAt(place)
  const offset = Option.getOrUndefined(
    Option.map(evidence.position, (position) => ParsedSql.offsetOfCodePoint(statement, position - 1))
  )
  const { column, line } = ParsedSql.locate(text, span.start + (offset ?? 0))
  return failed(migration, {
    line,
    column,
    statement: statement === "" ? Text.openStatement(anEffect) : Text.statement(statement, offset),
    sqlState: evidence.sqlState,
    reason,
    own,
    inDoubt: remedies,
    alreadyThere: isAlreadyThere(migration, span, evidence) ? takingOver(migration.id, commands) : undefined
  })
}

const statementAt = ({ migration: { script }, span }: Place): string =>
  script._tag === "Sql" ? script.text.slice(span.start, span.end) : ""

const takingOver = (id: MigrationId, commands: CommandLine.Setting): MigrationFailed["alreadyThere"] => ({
  adopt: CommandLine.adopt(commands),
  record: CommandLine.command(commands, "baseline", [id])
})

interface FailedFacts extends Pick<MigrationFailed, "line" | "column" | "sqlState" | "inDoubt" | "alreadyThere"> {
  readonly statement: Text.StatementText
  readonly reason: Text.FailureText
  readonly own?: OwnError
}

/** A thousand queries a second may report one failure, and the compiler has checked the fields. */
const unchecked = { disableValidation: true }

const failed = (
  migration: Migration,
  { own, ...facts }: FailedFacts,
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
          ...Text.renderStatement(facts.statement, report),
          reason: Text.render(facts.reason, report),
          migrationId: migration.id,
          file: migration.source,
          retryAt: report.retryAt,
          ...(own === undefined ? report.asked : failedBy(own, report))
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
export const effectFailed = (migration: Migration, reason: string, error?: unknown): Failure => {
  const told = Text.withheld(reason)
  const own = error === undefined ? {} : { own: { full: error, constant: new Error(told.constant) } }
  return failed(migration, { ...byItself(told), ...own })
}

const byItself = (reason: Text.FailureText): FailedFacts => ({
  line: 1,
  column: 1,
  statement: Text.openStatement(anEffect),
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
  return Effect.fail(fault(migration, { message, line }, ({ asked }) => new ServerTooOld({ ...facts, ...asked })))
}

/**
 * The error of an applied file that was edited.
 *
 * @since 0.1.0
 * @category conversions
 */
export const edited = (
  { checksum, id, source }: Migration,
  recorded: string,
  asked: Asked = noQuery
): ChecksumMismatch => new ChecksumMismatch({ migrationId: id, file: source, recorded, actual: checksum, ...asked })
