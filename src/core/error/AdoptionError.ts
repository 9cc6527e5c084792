/**
 * What can be in the way of migrations that another tool has applied: its history has not been taken over, or cannot be.
 *
 * @internal
 */
import * as Schema from "effect/Schema"

/**
 * Kinds of what does not fit. To accept one of the first kind records the edited file; to accept one of another kind leaves it out.
 *
 * @since 0.1.0
 * @category models
 */
export const MisfitKind = Schema.Literal("edited", "without-file", "not-recorded", "failed", "unclear", "half-there")

/** @since 0.1.0 @category models */
export type MisfitKind = typeof MisfitKind.Type

const count = (records: number): string => (records === 1 ? "1 migration" : `${records} migrations`)

/**
 * Another tool has migrated this database, and the ledger knows nothing of it, or not of all: what that tool has applied would run a
 * second time.
 * `recorded` and `version` are what its table says, `obstacle` why it cannot be read.
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
    recorded: Schema.NullOr(Schema.Number),
    /** Of a tool that keeps the current version only. */
    version: Schema.NullOr(Schema.String),
    obstacle: Schema.NullOr(Schema.String),
    /** What of the plan it records, where the ledger knows other migrations already. */
    due: Schema.Array(Schema.String),
    /** What records its history; `null` where the obstacle passes. */
    command: Schema.NullOr(Schema.String),
    cause: Schema.optional(Schema.Defect)
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
      `${this.tool}'s table ${this.table} ${records(this)}, and this library's ledger records none. Nothing was applied, since what ` +
      `that tool has applied would run again. ${this.command === null ? "Try again." : `To record its history in the ledger: ${this.command}`}`
    )
  }
}

const records = ({ obstacle, recorded, version }: HistoryElsewhere): string => {
  if (recorded === null) return `may record migrations (it cannot be read: ${obstacle})`
  return version === null ? `records ${count(recorded)}` : `records version ${version}`
}

/** There is no table of another tool that records anything. @since 0.1.0 @category errors */
export class NothingToAdopt extends Schema.TaggedError<NothingToAdopt>("effect-auto-migration/NothingToAdopt")(
  "NothingToAdopt",
  { table: Schema.NullOr(Schema.String), command: Schema.String }
) {
  override get message() {
    return (
      (this.table === null
        ? "No table of a known migration tool in this database records a migration."
        : `There is no table ${this.table} of a known migration tool that records a migration.`) +
      ` To record what the catalog shows to be there: ${this.command}`
    )
  }
}

/** The tables of several tools record migrations: it must be said which one is meant. @since 0.1.0 @category errors */
export class SeveralHistories extends Schema.TaggedError<SeveralHistories>("effect-auto-migration/SeveralHistories")(
  "SeveralHistories",
  { tables: Schema.NonEmptyArray(Schema.String), command: Schema.String }
) {
  override get message() {
    return `Several tables record migrations: ${this.tables.join(", ")}. Say which one is meant: ${this.command}`
  }
}

/** Something does not fit, and nothing was recorded. @since 0.1.0 @category errors */
export class AdoptionRefused extends Schema.TaggedError<AdoptionRefused>("effect-auto-migration/AdoptionRefused")(
  "AdoptionRefused",
  {
    witness: Schema.String,
    misfits: Schema.NonEmptyArray(
      Schema.Struct({ kind: MisfitKind, ids: Schema.Array(Schema.String), text: Schema.String })
    ),
    command: Schema.String
  }
) {
  override get message() {
    return (
      `What ${this.witness} says does not fit this program's migrations, and nothing was recorded: ` +
      `${this.misfits.map(({ text }) => text).join("; ")}. Correct that, or accept it: ${this.command}`
    )
  }
}

/**
 * What can stop an adoption, beside what can stop any other work on the database.
 *
 * @since 0.1.0
 * @category errors
 */
export type AdoptionError = NothingToAdopt | SeveralHistories | AdoptionRefused
