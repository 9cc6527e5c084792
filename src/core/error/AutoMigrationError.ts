/**
 * Every failure of the library, as two closed unions: `MigrationDefinitionError` for what is wrong with the migrations
 * themselves (seen when the layer is built), {@link AutoMigrationError} for what can happen while a gap is closed. One class per
 * recovery decision; fields hold facts, the message is computed from them and ends with what to do next.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { render as renderGap, SchemaGap } from "../detect/Detector.js"
import { location } from "../text/Location.js"
import { GrantMissing, ReplicaBehind } from "./AccessError.js"
import { HistoryElsewhere } from "./AdoptionError.js"
import { BaselineUnfounded, MigrationRenamed, RenameRefused } from "./HistoryError.js"
import { MigrationFailed, PromiseBroken } from "./MigrationRunError.js"
import { LeaseLost, StatementInDoubt } from "./OutsideStepError.js"

export * from "./AccessError.js"
export {
  type AdoptionError,
  AdoptionRefused,
  HistoryElsewhere,
  NothingToAdopt,
  SeveralHistories
} from "./AdoptionError.js"
export * from "./HistoryError.js"
export { AmbiguousOrder, InvalidLayout, type LayoutError, NothingToApply, UnsupportedLayout } from "./LayoutError.js"
export * from "./MigrationDefinitionError.js"
export * from "./MigrationRunError.js"
export * from "./OutsideStepError.js"

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
  /** The text of the failed statement, where the boundary stood around one. */
  statement: Schema.NullOr(Schema.String),
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

/** A lock was not granted within the deadline. @since 0.1.0 @category errors */
export class LockTimeout extends Schema.TaggedError<LockTimeout>("effect-auto-migration/LockTimeout")("LockTimeout", {
  migrationIds: Schema.NonEmptyArray(Schema.String),
  waitingFor: Schema.Literal("migration-lock", "table-lock", "lease"),
  /** Which lease: the migration that runs, and who runs it. */
  lease: Schema.optional(Schema.Struct({ migrationId: Schema.String, holder: Schema.String, heldBy: Schema.String })),
  milliseconds: Schema.Number,
  cause: Schema.optional(Schema.Defect)
}) {
  override get message() {
    return `Gave up on ${this.migrationIds.join(", ")} after ${this.milliseconds} ms: ${obstacle(this)}`
  }
}

const obstacle = ({ lease, waitingFor }: LockTimeout): string => {
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
  /** What was running or waiting then. */
  migrationIds: Schema.Array(Schema.String),
  /** `false` for a migration that runs outside transactions: what it has done stays, and may be half-done. */
  isRolledBack: Schema.Boolean,
  milliseconds: Schema.Number,
  cause: Schema.optional(Schema.Defect)
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
  /** `null` where the server did not get as far as to say. */
  role: Schema.NullOr(Schema.String),
  doing: Schema.String,
  reason: Schema.String,
  remedy: Schema.String,
  cause: Schema.optional(Schema.Defect)
}) {
  override get message() {
    return (
      `${this.role === null ? "The role of the migrations" : `Role ${this.role}`} may not run ${this.doing}: ${this.reason}. ` +
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

/**
 * A migration holds a statement that the server is too old for. Nothing of the plan has run: to the server it would have been a
 * syntax error, half-way.
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
    /** Major versions: the first that knows it, and the server's. */
    needs: Schema.Number,
    server: Schema.Number,
    cause: Schema.optional(Schema.Defect)
  }
) {
  override get message() {
    return (
      `${location(this.file, this.line)}: ${this.statement}: ${this.feature} came with PostgreSQL ${this.needs}, and this ` +
      `server is PostgreSQL ${this.server}. Nothing was applied; upgrade the server, or write the statement another way.`
    )
  }
}

/** The server cannot be reached, went away, or cancelled the work; nothing was recorded as applied. @since 0.1.0 @category errors */
export class DatabaseUnavailable extends Schema.TaggedError<DatabaseUnavailable>(
  "effect-auto-migration/DatabaseUnavailable"
)("DatabaseUnavailable", {
  doing: Schema.String,
  sqlState: Schema.NullOr(Schema.String),
  reason: Schema.String,
  /** `false` for a migration that runs outside transactions: what it has done stays, and may be half-done. */
  isRolledBack: Schema.Boolean,
  cause: Schema.optional(Schema.Defect)
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
  | HistoryElsewhere
  | ObjectRemoved
  | TransactionMustRestart
  | MigrationFailed
  | LeaseLost
  | StatementInDoubt
  | PromiseBroken
  | LockTimeout
  | HealTimeout
  | InsufficientPrivilege
  | ReadOnlyServer
  | ServerTooOld
  | GrantMissing
  | ReplicaBehind
  | DatabaseUnavailable
  | ChecksumMismatch
  | MigrationRenamed
  | RenameRefused
  | BaselineUnfounded
  | LedgerUnusable

const all: ReadonlyArray<(abstract new (...args: never) => unknown) & { readonly _tag: string }> = [
  MigrationRefused,
  MigrationPending,
  SchemaDrift,
  HistoryElsewhere,
  ObjectRemoved,
  TransactionMustRestart,
  MigrationFailed,
  LeaseLost,
  StatementInDoubt,
  PromiseBroken,
  LockTimeout,
  HealTimeout,
  InsufficientPrivilege,
  ReadOnlyServer,
  ServerTooOld,
  GrantMissing,
  ReplicaBehind,
  DatabaseUnavailable,
  ChecksumMismatch,
  MigrationRenamed,
  RenameRefused,
  BaselineUnfounded,
  LedgerUnusable
]

const byTag = new Map<unknown, (typeof all)[number]>(all.map((own) => [own._tag, own]))

/** Whether a value is one of ours. @since 0.1.0 @category predicates */
export const isAutoMigrationError = (value: unknown): value is AutoMigrationError => {
  const own = byTag.get(Predicate.hasProperty(value, "_tag") ? value._tag : undefined)
  return own !== undefined && value instanceof own
}
