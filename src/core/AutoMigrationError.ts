/**
 * Every failure of the library, as two closed unions: {@link MigrationDefinitionError} for what is wrong with the
 * migrations themselves (seen when the layer is built), {@link AutoMigrationError} for what can happen while a gap is closed.
 * One class per recovery decision; fields hold facts, the message is computed from them and ends with what to do next.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { render as renderGap, SchemaGap } from "./Detector.js"

const location = (file: string, line: number, column?: number): string =>
  column === undefined ? `${file}:${line}` : `${file}:${line}:${column}`

/** A folder or file of migrations cannot be read. @since 0.1.0 @category definition errors */
export class MigrationUnreadable extends Schema.TaggedError<MigrationUnreadable>(
  "effect-auto-migration/MigrationUnreadable"
)("MigrationUnreadable", { path: Schema.String, reason: Schema.String }) {
  override get message() {
    return `Cannot read ${this.path}: ${this.reason}. Check that it exists and that this process may read it.`
  }
}

/** A file is not valid UTF-8. @since 0.1.0 @category definition errors */
export class InvalidEncoding extends Schema.TaggedError<InvalidEncoding>("effect-auto-migration/InvalidEncoding")(
  "InvalidEncoding",
  { file: Schema.String, line: Schema.Number, byteOffset: Schema.Number }
) {
  override get message() {
    return `${location(this.file, this.line)} is not valid UTF-8 (byte ${this.byteOffset}). Save the file as UTF-8.`
  }
}

/** A file is not valid SQL. `line` and `column` are 1-based. @since 0.1.0 @category definition errors */
export class InvalidSql extends Schema.TaggedError<InvalidSql>("effect-auto-migration/InvalidSql")("InvalidSql", {
  file: Schema.String,
  line: Schema.Number,
  column: Schema.Number,
  reason: Schema.String,
  excerpt: Schema.String
}) {
  override get message() {
    return `${location(this.file, this.line, this.column)}: ${this.reason}\n${this.excerpt}\nCorrect the statement.`
  }
}

/** A header directive that is not understood, or says something impossible. @since 0.1.0 @category definition errors */
export class InvalidDirective extends Schema.TaggedError<InvalidDirective>("effect-auto-migration/InvalidDirective")(
  "InvalidDirective",
  { file: Schema.String, line: Schema.Number, directive: Schema.String, reason: Schema.String }
) {
  override get message() {
    return (
      `${location(this.file, this.line)}: "${this.directive}" ${this.reason}. ` +
      "Known directives are -- requires: id, -- provides: table a.b, -- transaction: none and -- accept: data-loss; " +
      "correct or remove the line."
    )
  }
}

/** Two migrations share an id. @since 0.1.0 @category definition errors */
export class DuplicateMigrationId extends Schema.TaggedError<DuplicateMigrationId>(
  "effect-auto-migration/DuplicateMigrationId"
)("DuplicateMigrationId", { id: Schema.String, files: Schema.Array(Schema.String) }) {
  override get message() {
    return `Migration id "${this.id}" is used by ${this.files.join(" and ")}. Rename all but one of them.`
  }
}

/** `-- requires:` names a migration that is not there. @since 0.1.0 @category definition errors */
export class UnknownRequirement extends Schema.TaggedError<UnknownRequirement>(
  "effect-auto-migration/UnknownRequirement"
)("UnknownRequirement", { id: Schema.String, file: Schema.String, requirement: Schema.String }) {
  override get message() {
    return (
      `${this.file} requires "${this.requirement}", and there is no migration with that id. ` +
      "Correct the id, or add the missing file."
    )
  }
}

/** Two migrations provide one object and neither waits for the other. @since 0.1.0 @category definition errors */
export class AmbiguousProvider extends Schema.TaggedError<AmbiguousProvider>("effect-auto-migration/AmbiguousProvider")(
  "AmbiguousProvider",
  { object: Schema.String, files: Schema.Array(Schema.String) }
) {
  override get message() {
    return (
      `${this.files.join(" and ")} both provide ${this.object}, and neither waits for the other. ` +
      "Order them with -- requires:, or remove one of the two definitions."
    )
  }
}

/** Migrations wait for each other; `path` walks the cycle once around. @since 0.1.0 @category definition errors */
export class CyclicDependency extends Schema.TaggedError<CyclicDependency>("effect-auto-migration/CyclicDependency")(
  "CyclicDependency",
  { path: Schema.NonEmptyArray(Schema.String), files: Schema.Array(Schema.String) }
) {
  override get message() {
    return (
      `Migrations depend on each other: ${[...this.path, this.path[0]].join(" -> ")} (${this.files.join(", ")}). ` +
      "Remove one of these requirements."
    )
  }
}

/**
 * What is wrong with the migrations themselves.
 *
 * @since 0.1.0
 * @category definition errors
 */
export type MigrationDefinitionError =
  | MigrationUnreadable
  | InvalidEncoding
  | InvalidSql
  | InvalidDirective
  | DuplicateMigrationId
  | UnknownRequirement
  | AmbiguousProvider
  | CyclicDependency

const afterHand = (command: string): string => `To apply it by hand: ${command}`

/**
 * Policy does not let the plan run by itself.
 *
 * @since 0.1.0
 * @category errors
 */
export class MigrationRefused extends Schema.TaggedError<MigrationRefused>("effect-auto-migration/MigrationRefused")(
  "MigrationRefused",
  {
    gap: Schema.String,
    migrationIds: Schema.NonEmptyArray(Schema.String),
    /** One sentence a risk: the file, the line, the statement, and why it is refused. */
    reasons: Schema.NonEmptyArray(Schema.String),
    command: Schema.String,
    cause: Schema.optional(Schema.Defect)
  }
) {
  override get message() {
    return (
      `${this.gap} is missing, and ${this.migrationIds.join(", ")} would bring it, but policy refuses to run that by itself: ` +
      `${this.reasons.join("; ")}. ${afterHand(this.command)}`
    )
  }
}

/** In mode `observe` nothing is applied; the error names what would be. @since 0.1.0 @category errors */
export class MigrationPending extends Schema.TaggedError<MigrationPending>("effect-auto-migration/MigrationPending")(
  "MigrationPending",
  {
    gap: Schema.String,
    migrationIds: Schema.NonEmptyArray(Schema.String),
    command: Schema.String,
    cause: Schema.optional(Schema.Defect)
  }
) {
  override get message() {
    return `${this.gap} is missing because ${this.migrationIds.join(", ")} has not been applied. ${afterHand(this.command)}`
  }
}

/** The ledger says applied, the catalog says missing. @since 0.1.0 @category errors */
export class SchemaDrift extends Schema.TaggedError<SchemaDrift>("effect-auto-migration/SchemaDrift")("SchemaDrift", {
  gap: Schema.String,
  migrationIds: Schema.NonEmptyArray(Schema.String),
  cause: Schema.optional(Schema.Defect)
}) {
  override get message() {
    return (
      `${this.gap} is missing although the ledger records ${this.migrationIds.join(", ")} as applied: ` +
      "somebody changed the schema by hand, or restored part of it. Put the object back, or write a new migration that does."
    )
  }
}

/** The missing object existed once; a later migration of this program takes it away. @since 0.1.0 @category errors */
export class ObjectRemoved extends Schema.TaggedError<ObjectRemoved>("effect-auto-migration/ObjectRemoved")(
  "ObjectRemoved",
  { gap: Schema.String, removedBy: Schema.String, cause: Schema.optional(Schema.Defect) }
) {
  override get message() {
    return (
      `${this.gap} is missing because ${this.removedBy} removes it from the schema. ` +
      "Change the query, or add a migration that brings the object back."
    )
  }
}

/**
 * The failed statement stood in a transaction, which the server has aborted: only a fresh transaction can see what a
 * migration brings. A boundary around the transaction heals and runs all of it again.
 *
 * @since 0.1.0
 * @category errors
 */
export class TransactionMustRestart extends Schema.TaggedError<TransactionMustRestart>(
  "effect-auto-migration/TransactionMustRestart"
)("TransactionMustRestart", {
  gap: SchemaGap,
  migrationIds: Schema.Array(Schema.String),
  cause: Schema.optional(Schema.Defect)
}) {
  override get message() {
    return (
      `A statement inside a transaction failed (${renderGap(this.gap)}), and the server has aborted that transaction. ` +
      "Put withAutoMigration around the whole transaction, so that it can be healed and run again from its start."
    )
  }
}

/**
 * A migration failed and was rolled back. `line` and `column` are 1-based in `file`; `cause` is the error of the query
 * that needed the migration, `reason` the server's own message. Until `retryAt` (milliseconds since 1970) nobody in this
 * process tries it again.
 *
 * @since 0.1.0
 * @category errors
 */
export class MigrationFailed extends Schema.TaggedError<MigrationFailed>("effect-auto-migration/MigrationFailed")(
  "MigrationFailed",
  {
    migrationId: Schema.String,
    file: Schema.String,
    line: Schema.Number,
    column: Schema.Number,
    statement: Schema.String,
    sqlState: Schema.NullOr(Schema.String),
    reason: Schema.String,
    retryAt: Schema.Number,
    cause: Schema.optional(Schema.Defect)
  }
) {
  override get message() {
    return (
      `Migration ${this.migrationId} failed at ${location(this.file, this.line, this.column)}: ${this.reason}` +
      `${this.sqlState === null ? "" : ` (SQLSTATE ${this.sqlState})`} in: ${this.statement}\n` +
      "It was rolled back and nothing of it remains. Correct the file, then query again."
    )
  }
}

/** A migration ran, and what its SQL promises is not in the catalog; it was rolled back. @since 0.1.0 @category errors */
export class PromiseBroken extends Schema.TaggedError<PromiseBroken>("effect-auto-migration/PromiseBroken")(
  "PromiseBroken",
  {
    migrationId: Schema.String,
    file: Schema.String,
    missing: Schema.NonEmptyArray(Schema.String),
    cause: Schema.optional(Schema.Defect)
  }
) {
  override get message() {
    return (
      `Migration ${this.migrationId} (${this.file}) ran, and yet ${this.missing.join(", ")} does not exist; it was rolled back. ` +
      "Correct its SQL, or its -- provides: line."
    )
  }
}

/** A lock was not granted within the deadline. @since 0.1.0 @category errors */
export class LockTimeout extends Schema.TaggedError<LockTimeout>("effect-auto-migration/LockTimeout")("LockTimeout", {
  migrationIds: Schema.NonEmptyArray(Schema.String),
  waitingFor: Schema.Literal("migration-lock", "table-lock"),
  milliseconds: Schema.Number,
  cause: Schema.optional(Schema.Defect)
}) {
  override get message() {
    return (
      `Gave up on ${this.migrationIds.join(", ")} after ${this.milliseconds} ms: ` +
      (this.waitingFor === "migration-lock"
        ? "another process holds the migration lock. Try again when it is done."
        : "a long transaction holds a table that the migration changes. End it, or apply the migration at a quieter time.")
    )
  }
}

/** The heal's deadline passed. @since 0.1.0 @category errors */
export class HealTimeout extends Schema.TaggedError<HealTimeout>("effect-auto-migration/HealTimeout")("HealTimeout", {
  gap: Schema.String,
  milliseconds: Schema.Number,
  cause: Schema.optional(Schema.Defect)
}) {
  override get message() {
    return (
      `${this.gap} is missing and could not be brought within ${this.milliseconds} ms. ` +
      "Apply the migration ahead of time, or raise the deadline of AutoMigrationConfig."
    )
  }
}

/** The role of the migration connection lacks rights. @since 0.1.0 @category errors */
export class InsufficientPrivilege extends Schema.TaggedError<InsufficientPrivilege>(
  "effect-auto-migration/InsufficientPrivilege"
)("InsufficientPrivilege", {
  role: Schema.String,
  doing: Schema.String,
  reason: Schema.String,
  remedy: Schema.String,
  cause: Schema.optional(Schema.Defect)
}) {
  override get message() {
    return (
      `Role ${this.role} may not run ${this.doing}: ${this.reason}. ` +
      `Run as an owner: ${this.remedy} — or give MigrationClient credentials of a role that may.`
    )
  }
}

/** The server is a replica, or read-only. @since 0.1.0 @category errors */
export class ReadOnlyServer extends Schema.TaggedError<ReadOnlyServer>("effect-auto-migration/ReadOnlyServer")(
  "ReadOnlyServer",
  { doing: Schema.String, reason: Schema.String, cause: Schema.optional(Schema.Defect) }
) {
  override get message() {
    return `Cannot run ${this.doing}: ${this.reason}. Point MigrationClient at the primary server.`
  }
}

/** The server cannot be reached, went away, or cancelled the work; nothing was applied. @since 0.1.0 @category errors */
export class DatabaseUnavailable extends Schema.TaggedError<DatabaseUnavailable>(
  "effect-auto-migration/DatabaseUnavailable"
)("DatabaseUnavailable", {
  doing: Schema.String,
  sqlState: Schema.NullOr(Schema.String),
  reason: Schema.String,
  cause: Schema.optional(Schema.Defect)
}) {
  override get message() {
    return (
      `The migration connection was lost or refused during ${this.doing}: ${this.reason}. ` +
      "What had not been committed was rolled back; the next query tries again."
    )
  }
}

/** A file was edited after it had been applied. @since 0.1.0 @category errors */
export class ChecksumMismatch extends Schema.TaggedError<ChecksumMismatch>("effect-auto-migration/ChecksumMismatch")(
  "ChecksumMismatch",
  {
    migrationId: Schema.String,
    file: Schema.String,
    recorded: Schema.String,
    actual: Schema.String,
    cause: Schema.optional(Schema.Defect)
  }
) {
  override get message() {
    return (
      `${this.file} was edited after ${this.migrationId} had been applied (recorded ${this.recorded}, now ${this.actual}). ` +
      "Undo the edit and put the change into a new migration."
    )
  }
}

/** The ledger's own tables are not usable. @since 0.1.0 @category errors */
export class LedgerUnusable extends Schema.TaggedError<LedgerUnusable>("effect-auto-migration/LedgerUnusable")(
  "LedgerUnusable",
  { schema: Schema.String, reason: Schema.String, remedy: Schema.String, cause: Schema.optional(Schema.Defect) }
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

/**
 * What can happen while a gap is closed or migrations are applied.
 *
 * @since 0.1.0
 * @category errors
 */
export type AutoMigrationError =
  | MigrationRefused
  | MigrationPending
  | SchemaDrift
  | ObjectRemoved
  | TransactionMustRestart
  | MigrationFailed
  | PromiseBroken
  | LockTimeout
  | HealTimeout
  | InsufficientPrivilege
  | ReadOnlyServer
  | DatabaseUnavailable
  | ChecksumMismatch
  | LedgerUnusable
  | UnknownMigration
