/**
 * Failures of a migration that has been run.
 *
 * @internal
 */
import * as Schema from "effect/Schema"
import { location } from "../text/Location.js"

/**
 * A migration failed and was rolled back. `line` and `column` are 1-based in `file`; `cause` is the error of the query
 * that needed the migration, `reason` the server's own message. Until `retryAt` (milliseconds since 1970) nobody in this
 * process tries it again, and all who ask the same are told the same, with the `cause` of the first of them.
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
    /** `false` for a migration that ran outside transactions, or ended its own: what it had done before may stay. */
    isRolledBack: Schema.Boolean,
    /** Of a statement that may have committed part of its own work: what runs it again, and what records the migration as applied. */
    inDoubt: Schema.optional(Schema.Struct({ again: Schema.String, record: Schema.String })),
    /**
     * Where the statement creates what is there already, and no statement of the same file has created it: the commands that
     * take over what another tool has recorded, and that record the migration as applied.
     */
    alreadyThere: Schema.optional(Schema.Struct({ adopt: Schema.String, record: Schema.String })),
    retryAt: Schema.Number,
    cause: Schema.optional(Schema.Defect)
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

/** An Effect is no step outside transactions: one of which something remains has ended its transaction by itself. */
const remainder = ({ alreadyThere, inDoubt, statement }: MigrationFailed): string => {
  if (statement === anEffect) {
    return "What it has committed stays. Leave BEGIN, COMMIT and ROLLBACK to the library, and make what it does repeatable: it begins anew."
  }
  return inDoubt === undefined
    ? "It runs outside transactions, so its earlier statements stay. Remove what this one complains of and apply it again: " +
        "it goes on here. An edited file begins anew: make its earlier statements repeatable." +
        (alreadyThere === undefined ? "" : ` ${takingOver(alreadyThere)}`)
    : "This statement may have committed part of its work before, so nothing runs it again until you decide. Look at the data. " +
        `If it may run again: ${inDoubt.again}. Else do what is left of it, and the statements after it, by hand, then: ${inDoubt.record}`
}

/** What stands for the text of a statement in a migration that has none. @since 0.1.0 @category constants */
export const anEffect = "an Effect"

/** Where the server's reason has one way out, whatever the statement is. */
const correction = ({ alreadyThere, sqlState }: MigrationFailed): string => {
  if (alreadyThere !== undefined) return takingOver(alreadyThere)
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

/** The command that is typed most comes last: what stands behind it would be pasted with it. */
const takingOver = ({ adopt, record }: NonNullable<MigrationFailed["alreadyThere"]>): string =>
  "What the statement creates is there already: the database is ahead of the ledger. " +
  `If another tool made it, ${adopt} takes over what that tool has recorded. ` +
  `If it was made by hand, make by hand what else the migration holds, then record it as applied: ${record}`

/** A migration ran, and what its SQL promises is not in the catalog. @since 0.1.0 @category errors */
export class PromiseBroken extends Schema.TaggedError<PromiseBroken>("effect-auto-migration/PromiseBroken")(
  "PromiseBroken",
  {
    migrationId: Schema.String,
    file: Schema.String,
    missing: Schema.NonEmptyArray(Schema.String),
    isRolledBack: Schema.Boolean,
    cause: Schema.optional(Schema.Defect)
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
