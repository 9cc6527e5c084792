/**
 * Every failure of the library, as closed unions. {@link AutoMigrationError} is what can happen while a gap is closed or
 * migrations are applied; `MigrationDefinitionError` is what is wrong with the migrations themselves; `AdoptionError` is what can
 * stop an adoption besides. There is one class per recovery decision: its fields hold facts, and its message is computed from
 * them and ends with what to do next.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { render as renderGap, SchemaGap } from "../detect/Detector.js"
import { location } from "../text/Location.js"

export { type AdoptionError, AdoptionRefused, NothingToAdopt, SeveralHistories } from "./AdoptionError.js"
export { InvalidOption } from "./InvalidOption.js"
export {
  AmbiguousOrder,
  AmbiguousProvider,
  CyclicDependency,
  DuplicateMigrationId,
  InvalidDirective,
  InvalidEncoding,
  InvalidLayout,
  InvalidSql,
  type LayoutError,
  type MigrationDefinitionError,
  MigrationUnreadable,
  NothingToApply,
  UnknownRequirement,
  UnsupportedLayout
} from "./MigrationDefinitionError.js"

/** The error that led to this one, as it came: that of the query which needed the migration, or the server's. */
const cause = Schema.optional(Schema.Defect)

const byHand = (command: string): string => `To apply it by hand: ${command}`

/** Policy does not let the plan run by itself. @since 0.1.0 @category errors */
export class MigrationRefused extends Schema.TaggedError<MigrationRefused>("effect-auto-migration/MigrationRefused")(
  "MigrationRefused",
  {
    gap: Schema.String,
    migrationIds: Schema.NonEmptyArray(Schema.String),
    /** One sentence a risk: the file, the line, the statement, and why it is refused. */
    reasons: Schema.NonEmptyArray(Schema.String),
    command: Schema.String,
    cause
  }
) {
  override get message() {
    return (
      `${this.gap} is missing, and ${this.migrationIds.join(", ")} would bring it, but policy refuses to run that by itself: ` +
      `${this.reasons.join("; ")}. ${byHand(this.command)}`
    )
  }
}

/** In mode `observe` no migration is applied; the error names those that would be. @since 0.1.0 @category errors */
export class MigrationPending extends Schema.TaggedError<MigrationPending>("effect-auto-migration/MigrationPending")(
  "MigrationPending",
  { gap: Schema.String, migrationIds: Schema.NonEmptyArray(Schema.String), command: Schema.String, cause }
) {
  override get message() {
    return `${this.gap} is missing because ${this.migrationIds.join(", ")} has not been applied. ${byHand(this.command)}`
  }
}

/** The ledger says applied, the catalog says missing. @since 0.1.0 @category errors */
export class SchemaDrift extends Schema.TaggedError<SchemaDrift>("effect-auto-migration/SchemaDrift")("SchemaDrift", {
  gap: Schema.String,
  migrationIds: Schema.NonEmptyArray(Schema.String),
  cause
}) {
  override get message() {
    return (
      `${this.gap} is missing although the ledger records ${this.migrationIds.join(", ")} as applied: ` +
      "the schema was changed by hand, or a part of it was restored. " +
      "Put the object back, or write a new migration that does."
    )
  }
}

/** The missing object existed once; a later migration of this program takes it away. @since 0.1.0 @category errors */
export class ObjectRemoved extends Schema.TaggedError<ObjectRemoved>("effect-auto-migration/ObjectRemoved")(
  "ObjectRemoved",
  { gap: Schema.String, removedBy: Schema.String, cause }
) {
  override get message() {
    return (
      `${this.gap} is missing because ${this.removedBy} removes it from the schema. ` +
      "Change the query, or add a migration that brings the object back."
    )
  }
}

/**
 * The failed statement stood in a transaction, which the server has aborted: only a new transaction can see what a
 * migration brings. A boundary around the transaction heals and runs all of it again.
 *
 * @since 0.1.0
 * @category errors
 */
export class TransactionMustRestart extends Schema.TaggedError<TransactionMustRestart>(
  "effect-auto-migration/TransactionMustRestart"
)("TransactionMustRestart", {
  gap: SchemaGap,
  /** The text of the failed statement, where the boundary stood around one. */
  statement: Schema.NullOr(Schema.String),
  migrationIds: Schema.Array(Schema.String),
  cause
}) {
  override get message() {
    return (
      `A statement inside a transaction failed (${renderGap(this.gap)}), and the server has aborted that transaction. ` +
      "Put withAutoMigration around the whole transaction, so that it can be healed and run again from its start."
    )
  }
}

/**
 * A migration failed and was rolled back. Until `retryAt` no query of this process tries it again: each that needs it fails with
 * this error, and with the `cause` of the first.
 *
 * @since 0.1.0
 * @category errors
 */
export class MigrationFailed extends Schema.TaggedError<MigrationFailed>("effect-auto-migration/MigrationFailed")(
  "MigrationFailed",
  {
    migrationId: Schema.String,
    file: Schema.String,
    /** 1-based, in `file`. */
    line: Schema.Number,
    /** 1-based. */
    column: Schema.Number,
    statement: Schema.String,
    sqlState: Schema.NullOr(Schema.String),
    /** The server's own message. */
    reason: Schema.String,
    /** `false` for a migration that ran outside transactions, or ended its own: what it had done before may stay. */
    isRolledBack: Schema.Boolean,
    /** For a statement that may have committed part of its work: the commands that run it again, and that record the migration. */
    inDoubt: Schema.optional(Schema.Struct({ again: Schema.String, record: Schema.String })),
    /**
     * For a statement that creates an object which is there already, and which no statement of the same file has created: the
     * commands that take over what another tool has recorded, and that record the migration as applied.
     */
    alreadyThere: Schema.optional(Schema.Struct({ adopt: Schema.String, record: Schema.String })),
    /** In milliseconds since 1970. */
    retryAt: Schema.Number,
    cause
  }
) {
  override get message() {
    return (
      `Migration ${this.migrationId} failed at ${location(this.file, this.line, this.column)}: ${this.reason}` +
      `${this.sqlState === null ? "" : ` (SQLSTATE ${this.sqlState})`} in: ${this.statement}\n` +
      (this.isRolledBack ? `It was rolled back and nothing of it remains. ${correction(this)}` : remainder(this))
    )
  }
}

/** The statement of a migration that is an Effect, and has no text. @since 0.1.0 @category constants */
export const anEffect = "an Effect"

/** An Effect always runs in a transaction: if part of it remains, it has ended that transaction itself. */
const remainder = ({ alreadyThere, inDoubt, statement }: MigrationFailed): string => {
  if (statement === anEffect) {
    return (
      "What it has committed stays. Leave BEGIN, COMMIT and ROLLBACK to the library, and make the Effect repeatable: " +
      "it starts again from its beginning."
    )
  }
  return inDoubt === undefined
    ? "It runs outside transactions, so its earlier statements stay. Remove the cause and apply it again: it continues with this " +
        "statement. An edited file starts again from its beginning: make its earlier statements repeatable." +
        (alreadyThere === undefined ? "" : ` ${takingOver(alreadyThere)}`)
    : "This statement may have committed part of its work before, so it does not run again until you decide. Look at the data. " +
        `If it may run again: ${inDoubt.again}. Else do what is left of it, and the statements after it, by hand, then: ${inDoubt.record}`
}

/** The remedy for an error of the server, by its SQLSTATE. */
const correction = ({ alreadyThere, sqlState, statement }: MigrationFailed): string => {
  if (alreadyThere !== undefined) return takingOver(alreadyThere)
  if (sqlState === "25001" && /^set\s+transaction\b/i.test(statement)) {
    return "Move the statement to the beginning of its transaction: the server takes it before the first query only, then query again."
  }
  switch (sqlState) {
    case "55P04":
      return "Move this statement into a migration of its own: a new enum value can be used once it is committed, then query again."
    case "25001":
    case "2D000":
      return "Begin the file with -- transaction: none, then query again."
    default:
      return "Correct the file, then query again."
  }
}

/** Ends with the command that is typed most: text behind a command would be copied with it. */
const takingOver = ({ adopt, record }: NonNullable<MigrationFailed["alreadyThere"]>): string =>
  "What the statement creates is there already: the database is ahead of the ledger. " +
  `If another tool made it, ${adopt} takes over what that tool has recorded. ` +
  `If it was made by hand, make by hand what else the migration holds, then record it as applied: ${record}`

/** Another process took over the lease: this one was suspended, or lost the server. @since 0.1.0 @category errors */
export class LeaseLost extends Schema.TaggedError<LeaseLost>("effect-auto-migration/LeaseLost")("LeaseLost", {
  migrationId: Schema.String,
  file: Schema.String,
  /** The duration of the lease. */
  milliseconds: Schema.Number,
  cause
}) {
  override get message() {
    return (
      `The lease of migration ${this.migrationId} (${this.file}) was not renewed within ${this.milliseconds} ms, and another ` +
      "process has taken the migration over: it finds what this one left, and finishes it. Ask for the status to see how that " +
      "ended; if processes are often suspended longer than that, raise `lease` in AutoMigrationConfig."
    )
  }
}

/**
 * A process died, or lost its connection, while a statement ran outside transactions, or such a statement failed and may have
 * committed part of its work. The catalog does not show whether the statement took effect.
 *
 * @since 0.1.0
 * @category errors
 */
export class StatementInDoubt extends Schema.TaggedError<StatementInDoubt>("effect-auto-migration/StatementInDoubt")(
  "StatementInDoubt",
  {
    migrationId: Schema.String,
    file: Schema.String,
    /** 1-based, in `file`. */
    line: Schema.Number,
    statement: Schema.String,
    /** The command that runs the statement again. */
    again: Schema.String,
    /** The command that records the migration as applied. */
    record: Schema.String,
    cause
  }
) {
  override get message() {
    return (
      `An earlier attempt at migration ${this.migrationId} ended while this statement ran, and it is not known whether it took ` +
      `effect, or how much of it: ${location(this.file, this.line)}: ${this.statement}\n` +
      `Look at the data. If it did not, or may take effect twice: ${this.again}. ` +
      `If it did, run what is left of it, and the statements after it, by hand, then: ${this.record}`
    )
  }
}

/** A migration ran, and what its SQL promises is not in the catalog. @since 0.1.0 @category errors */
export class PromiseBroken extends Schema.TaggedError<PromiseBroken>("effect-auto-migration/PromiseBroken")(
  "PromiseBroken",
  {
    migrationId: Schema.String,
    file: Schema.String,
    missing: Schema.NonEmptyArray(Schema.String),
    isRolledBack: Schema.Boolean,
    cause
  }
) {
  override get message() {
    return (
      `Migration ${this.migrationId} (${this.file}) ran, and yet ${this.missing.join(", ")} does not exist; ` +
      `${this.isRolledBack ? "it was rolled back" : "it runs outside transactions, so what it did stays"}. ` +
      "Correct its SQL, or its -- provides: line."
    )
  }
}

/** A lock was not granted within the deadline. @since 0.1.0 @category errors */
export class LockTimeout extends Schema.TaggedError<LockTimeout>("effect-auto-migration/LockTimeout")("LockTimeout", {
  migrationIds: Schema.NonEmptyArray(Schema.String),
  waitingFor: Schema.Literal("migration-lock", "table-lock", "lease"),
  /** For `"lease"`: the migration that runs, the process that runs it, and its role. */
  lease: Schema.optional(Schema.Struct({ migrationId: Schema.String, holder: Schema.String, heldBy: Schema.String })),
  /** For `"migration-lock"` and `"lease"`: their holders when the wait ended, one sentence each. */
  holders: Schema.optional(Schema.Array(Schema.String)),
  milliseconds: Schema.Number,
  cause
}) {
  override get message() {
    return `Gave up on ${this.migrationIds.join(", ")} after ${this.milliseconds} ms: ${obstacle(this)}`
  }
}

const obstacle = ({ holders = [], lease, waitingFor }: LockTimeout): string => {
  if (holders.length > 0) return `${holders.join("; ")}. Try again when it is done.`
  switch (waitingFor) {
    case "migration-lock":
      return "another process holds the migration lock. Try again when it is done."
    case "lease":
      return (
        `${lease?.migrationId} runs outside transactions, under lease ${lease?.holder} of role ${lease?.heldBy}. ` +
        "Try again when it is done."
      )
    case "table-lock":
      return "a long transaction holds a table that the migration changes. End it, or apply the migration at a quieter time."
  }
}

/** The heal's deadline passed. @since 0.1.0 @category errors */
export class HealTimeout extends Schema.TaggedError<HealTimeout>("effect-auto-migration/HealTimeout")("HealTimeout", {
  gap: Schema.String,
  /** The migrations that ran or waited then. */
  migrationIds: Schema.Array(Schema.String),
  /** `false` for a migration that runs outside transactions: what it has done stays, and may be half-done. */
  isRolledBack: Schema.Boolean,
  milliseconds: Schema.Number,
  cause
}) {
  override get message() {
    return (
      `${this.gap} is missing and could not be brought within ${this.milliseconds} ms` +
      `${this.migrationIds.length === 0 ? "" : ` (${this.migrationIds.join(", ")})`}; ` +
      `${this.isRolledBack ? "what was running was rolled back" : "it runs outside transactions, so what it has done stays"}. ` +
      "Apply the migration ahead of time, or raise the deadline of AutoMigrationConfig."
    )
  }
}

/** The role of the migration connection lacks rights. @since 0.1.0 @category errors */
export class InsufficientPrivilege extends Schema.TaggedError<InsufficientPrivilege>(
  "effect-auto-migration/InsufficientPrivilege"
)("InsufficientPrivilege", {
  /** `null` where the connection failed before the server could tell. */
  role: Schema.NullOr(Schema.String),
  doing: Schema.String,
  reason: Schema.String,
  remedy: Schema.String,
  cause
}) {
  override get message() {
    return (
      `${this.role === null ? "The role of the migrations" : `Role ${this.role}`} may not run ${this.doing}: ${this.reason}. ` +
      `Run as an owner: ${this.remedy} — or give MigrationClient credentials of a role that may.`
    )
  }
}

/**
 * A query found what was brought for it, and its role may not use that. `grants` are the statements that allow it; `defaults`
 * are those that allow it for what the same owners make from then on.
 *
 * @since 0.1.0
 * @category errors
 */
export class GrantMissing extends Schema.TaggedError<GrantMissing>("effect-auto-migration/GrantMissing")(
  "GrantMissing",
  {
    role: Schema.String,
    missing: Schema.NonEmptyArray(Schema.Struct({ object: Schema.String, privilege: Schema.String })),
    grants: Schema.NonEmptyArray(Schema.String),
    defaults: Schema.Array(Schema.String),
    cause
  }
) {
  override get message() {
    const missing = this.missing.map(({ object, privilege }) => `${privilege} on ${object}`)
    return (
      `What the query needed has been brought, and role ${this.role} lacks ${missing.join(", ")}. ` +
      (this.defaults.length === 0
        ? ""
        : `To have it granted on what is made from now on: ${this.defaults.join("; ")}. `) +
      `Run as an owner, or put it into a migration: ${this.grants.join("; ")}`
    )
  }
}

/** The server is a replica, or read-only. @since 0.1.0 @category errors */
export class ReadOnlyServer extends Schema.TaggedError<ReadOnlyServer>("effect-auto-migration/ReadOnlyServer")(
  "ReadOnlyServer",
  { doing: Schema.String, reason: Schema.String, cause }
) {
  override get message() {
    return `Cannot run ${this.doing}: ${this.reason}. Point MigrationClient at the primary server.`
  }
}

/**
 * The application reads from a replica that has not replayed what closed the gap within the deadline. Positions are those of
 * the write-ahead log, as the server prints them; `received` is `null` where the replica reads an archive, or has received no log yet.
 *
 * @since 0.1.0
 * @category errors
 */
export class ReplicaBehind extends Schema.TaggedError<ReplicaBehind>("effect-auto-migration/ReplicaBehind")(
  "ReplicaBehind",
  {
    gap: Schema.String,
    target: Schema.String,
    received: Schema.NullOr(Schema.String),
    replayed: Schema.NullOr(Schema.String),
    isPaused: Schema.Boolean,
    milliseconds: Schema.Number,
    cause
  }
) {
  override get message() {
    return (
      `${this.gap} is there on the primary server, and the replica that the application reads from has not replayed that ` +
      `within ${this.milliseconds} ms: it is at ${this.replayed ?? "an unknown position"} of ${this.target}` +
      `${this.received === null ? "" : `, and has received the log up to ${this.received}`}. ` +
      (this.isPaused
        ? "Its replay is paused: SELECT pg_wal_replay_resume() on it, then query again."
        : "Query again when it has caught up, raise the deadline, or read from the primary server.")
    )
  }
}

/**
 * A migration holds a statement that the server is too old for. No statement of the plan has run: the server would have refused
 * this one in the middle of it.
 *
 * @since 0.1.0
 * @category errors
 */
export class ServerTooOld extends Schema.TaggedError<ServerTooOld>("effect-auto-migration/ServerTooOld")(
  "ServerTooOld",
  {
    migrationId: Schema.String,
    file: Schema.String,
    line: Schema.Number,
    statement: Schema.String,
    /** What is new about the statement. */
    feature: Schema.String,
    /** The first major version that knows it. */
    needs: Schema.Number,
    /** The server's major version. */
    server: Schema.Number,
    cause
  }
) {
  override get message() {
    return (
      `${location(this.file, this.line)}: ${this.statement}: ${this.feature} came with PostgreSQL ${this.needs}, and this ` +
      `server is PostgreSQL ${this.server}. Nothing was applied; upgrade the server, or write the statement another way.`
    )
  }
}

/** The server cannot be reached, went away, or cancelled the work; no migration was recorded. @since 0.1.0 @category errors */
export class DatabaseUnavailable extends Schema.TaggedError<DatabaseUnavailable>(
  "effect-auto-migration/DatabaseUnavailable"
)("DatabaseUnavailable", {
  doing: Schema.String,
  sqlState: Schema.NullOr(Schema.String),
  reason: Schema.String,
  /** `false` for a migration that runs outside transactions: what it has done stays, and may be half-done. */
  isRolledBack: Schema.Boolean,
  cause
}) {
  override get message() {
    return (
      `The migration connection was lost or refused during ${this.doing}: ${this.reason}. ` +
      (this.isRolledBack
        ? "What had not been committed was rolled back; the next query tries again."
        : "It runs outside transactions, so what it has done stays, and its last statement may be half-done. Apply it again: " +
          "what is there is looked at and repaired first.")
    )
  }
}

/** A file was edited after it had been applied. @since 0.1.0 @category errors */
export class ChecksumMismatch extends Schema.TaggedError<ChecksumMismatch>("effect-auto-migration/ChecksumMismatch")(
  "ChecksumMismatch",
  { migrationId: Schema.String, file: Schema.String, recorded: Schema.String, actual: Schema.String, cause }
) {
  override get message() {
    return (
      `${this.file} was edited after ${this.migrationId} had been applied (recorded ${this.recorded}, now ${this.actual}). ` +
      "Undo the edit and put the change into a new migration."
    )
  }
}

/**
 * A file was renamed after it had been applied: a pending migration has exactly the text of one that is applied under an id which
 * no file has any more, or which a file of another text has. No migration has run.
 *
 * @since 0.1.0
 * @category errors
 */
export class MigrationRenamed extends Schema.TaggedError<MigrationRenamed>("effect-auto-migration/MigrationRenamed")(
  "MigrationRenamed",
  {
    /** The new id, which is pending. */
    migrationId: Schema.String,
    file: Schema.String,
    /** The ids under which the text is applied, mostly one. */
    from: Schema.NonEmptyArray(Schema.String),
    /** For each of those, the command that records the new id. Empty where files of other texts have the old ids. */
    commands: Schema.Array(Schema.String),
    cause
  }
) {
  override get message() {
    const old = this.from.join(" and of ")
    const isTaken = this.commands.length === 0
    return (
      `${this.file} was renamed after it had been applied: ${this.migrationId} has exactly the text of ${old}, which is applied and has ` +
      `${isTaken ? "a file of another text now" : "no file any more"}. Nothing was run. If it is another migration with the same text, ` +
      `add a comment to it that tells the two apart. Else ${
        isTaken
          ? `give it its old name ${this.from.join(" or ")}, and the other text a new one.`
          : `record the new name: ${this.commands.join(", or: ")}`
      }`
    )
  }
}

/** The reason of a {@link RenameRefused}. @since 0.1.0 @category models */
export const RenameObjection = Schema.Literal("already applied", "not applied", "still a file", "another text")

/** @since 0.1.0 @category models */
export type RenameObjection = typeof RenameObjection.Type

/** A new name cannot be recorded, and was not. @since 0.1.0 @category errors */
export class RenameRefused extends Schema.TaggedError<RenameRefused>("effect-auto-migration/RenameRefused")(
  "RenameRefused",
  {
    from: Schema.String,
    to: Schema.String,
    /** The file of the new id. */
    file: Schema.String,
    objection: RenameObjection,
    cause
  }
) {
  override get message() {
    return `${this.from} is not recorded as renamed to ${this.to} (${this.file}): ${explanation(this)}`
  }
}

const explanation = ({ file, from, objection, to }: RenameRefused): string => {
  switch (objection) {
    case "already applied":
      return `${to} is applied already. Leave it, or give the id of a migration that is pending.`
    case "not applied":
      return `no migration with the id ${from} is applied. Correct the old id, or apply ${to}.`
    case "still a file":
      return `${from} is still among the files. Remove its file, or apply ${to}.`
    case "another text":
      return `its text is not the one that was applied. Undo the edit of ${file}, and put the change into a new migration.`
  }
}

/** Migrations that were to be recorded as applied create objects that the database lacks. @since 0.1.0 @category errors */
export class BaselineUnfounded extends Schema.TaggedError<BaselineUnfounded>("effect-auto-migration/BaselineUnfounded")(
  "BaselineUnfounded",
  {
    unfounded: Schema.NonEmptyArray(
      Schema.Struct({
        migrationId: Schema.String,
        file: Schema.String,
        /** The objects, as people read them. */
        missing: Schema.NonEmptyArray(Schema.String)
      })
    ),
    /** The command that applies these migrations. */
    command: Schema.String,
    cause
  }
) {
  override get message() {
    const lacking = this.unfounded.map(
      ({ file, migrationId, missing }) => `${missing.join(", ")} of ${migrationId} (${file})`
    )
    return (
      `The database lacks what it should have to be recorded as migrated: ${lacking.join("; ")}. Nothing was recorded. ` +
      "Complete by hand what is half there. To record it as it is, say --unchecked, or { unchecked: true } in a program. " +
      `To apply instead: ${this.command}`
    )
  }
}

/**
 * Another tool has migrated this database, and the ledger lacks migrations that its table records: they would run a second time.
 *
 * @since 0.1.0
 * @category errors
 */
export class HistoryElsewhere extends Schema.TaggedError<HistoryElsewhere>("effect-auto-migration/HistoryElsewhere")(
  "HistoryElsewhere",
  {
    tool: Schema.String,
    /** With its schema where the search path does not lead to it. */
    table: Schema.String,
    /** The number of migrations that the table records; `null` where it cannot be read. */
    recorded: Schema.NullOr(Schema.Number),
    /** For a tool that keeps the current version only. */
    version: Schema.NullOr(Schema.String),
    /** Why the table cannot be read. */
    obstacle: Schema.NullOr(Schema.String),
    /** The migrations of the program that it records, where the ledger records others already. */
    due: Schema.Array(Schema.String),
    /** The command that records its history; `null` where the obstacle passes. */
    command: Schema.NullOr(Schema.String),
    cause
  }
) {
  override get message() {
    if (this.due.length > 0) {
      return (
        `${this.tool}'s table ${this.table} records as applied what this library's ledger does not: ${this.due.join(", ")}. Nothing was ` +
        `applied, since that would run again. To record it in the ledger: ${this.command}`
      )
    }
    return (
      `${this.tool}'s table ${this.table} ${records(this)}, and this library's ledger has no migration of this program. Nothing was ` +
      `applied, since what that tool has applied would run again. ${
        this.command === null
          ? "Try again."
          : `If the table does not tell which files these are, record them with baseline and their ids. To record its history in the ledger: ${this.command}`
      }`
    )
  }
}

const records = ({ obstacle, recorded, version }: HistoryElsewhere): string => {
  if (recorded === null) return `may record migrations (it cannot be read: ${obstacle})`
  if (version !== null) return `records version ${version}`
  return recorded === 1 ? "records 1 migration" : `records ${recorded} migrations`
}

/** The ledger's own tables are not usable. @since 0.1.0 @category errors */
export class LedgerUnusable extends Schema.TaggedError<LedgerUnusable>("effect-auto-migration/LedgerUnusable")(
  "LedgerUnusable",
  { schema: Schema.String, reason: Schema.String, remedy: Schema.String, cause }
) {
  override get message() {
    return `The ledger in schema ${this.schema} cannot be used: ${this.reason}. ${this.remedy}`
  }
}

/** An id is not the id of any migration of this program. @since 0.1.0 @category errors */
export class UnknownMigration extends Schema.TaggedError<UnknownMigration>("effect-auto-migration/UnknownMigration")(
  "UnknownMigration",
  { id: Schema.String, known: Schema.Array(Schema.String) }
) {
  override get message() {
    return `There is no migration "${this.id}". The ids are: ${this.known.join(", ")}. Correct the id.`
  }
}

/** Every class of the union. */
const classes = [
  MigrationRefused,
  MigrationPending,
  SchemaDrift,
  ObjectRemoved,
  TransactionMustRestart,
  MigrationFailed,
  LeaseLost,
  StatementInDoubt,
  PromiseBroken,
  LockTimeout,
  HealTimeout,
  InsufficientPrivilege,
  GrantMissing,
  ReadOnlyServer,
  ReplicaBehind,
  ServerTooOld,
  DatabaseUnavailable,
  ChecksumMismatch,
  MigrationRenamed,
  RenameRefused,
  BaselineUnfounded,
  HistoryElsewhere,
  LedgerUnusable
] as const

/**
 * What can happen while a gap is closed or migrations are applied.
 *
 * @since 0.1.0
 * @category errors
 */
export type AutoMigrationError = InstanceType<(typeof classes)[number]>

const classByTag = new Map<unknown, (typeof classes)[number]>(classes.map((own) => [own._tag, own]))

/** Whether a value is an {@link AutoMigrationError}. @since 0.1.0 @category predicates */
export const isAutoMigrationError = (value: unknown): value is AutoMigrationError => {
  const own = classByTag.get(Predicate.hasProperty(value, "_tag") ? value._tag : undefined)
  return own !== undefined && value instanceof own
}
