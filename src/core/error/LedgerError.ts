/**
 * Errors of the ledger: a file does not fit what it records, a record is refused, or its tables are not usable.
 *
 * @internal
 */
import * as Schema from "effect/Schema"
import { TaggedError } from "./Explained.js"
import type { Explanation, Remedy } from "./Explanation.js"
import { causes, shown } from "./Facts.js"

/** A file was edited after it had been applied. @since 0.1.0 @category errors */
export class ChecksumMismatch extends TaggedError<ChecksumMismatch>("effect-auto-migration/ChecksumMismatch")(
  "ChecksumMismatch",
  { migrationId: Schema.String, file: Schema.String, recorded: Schema.String, actual: Schema.String, ...causes }
) {
  get explanation(): Explanation {
    return {
      problem: `The file of ${this.migrationId} was edited after it had been applied`,
      at: { file: this.file },
      query: shown(this.query),
      reasons: [{ why: `recorded ${this.recorded}, now ${this.actual}` }],
      remedies: [{ say: "Undo the edit and put the change into a new migration" }]
    }
  }
}

/**
 * A file was renamed after it had been applied: a pending migration has exactly the text of one that is applied under an id which
 * no file has any more, or which a file of another text has. No migration has run.
 *
 * @since 0.1.0
 * @category errors
 */
export class MigrationRenamed extends TaggedError<MigrationRenamed>("effect-auto-migration/MigrationRenamed")(
  "MigrationRenamed",
  {
    /** The new id, which is pending. */
    migrationId: Schema.String,
    file: Schema.String,
    /** The ids under which the text is applied, mostly one. */
    from: Schema.NonEmptyArray(Schema.String),
    /** For each of those, the command that records the new id. Empty where files of other texts have the old ids. */
    commands: Schema.Array(Schema.String),
    ...causes
  }
) {
  get explanation(): Explanation {
    const old = this.from.join(" and of ")
    const now = this.commands.length === 0 ? "a file of another text now" : "no file any more"
    return {
      problem: `${this.file} was renamed after it had been applied: ${this.migrationId} has exactly the text of ${old}, which is applied and has ${now}`,
      query: shown(this.query),
      outcome: "Nothing was run.",
      remedies: [
        {
          say: "If it is another migration with the same text, add a comment to it that tells the two apart"
        },
        ...renaming(this)
      ]
    }
  }
}

const renaming = ({ commands, from }: MigrationRenamed): ReadonlyArray<Remedy> =>
  commands.length === 0
    ? [{ say: `Else give it its old name ${from.join(" or ")}, and the other text a new one` }]
    : commands.map((run, index) => ({ say: index === 0 ? "Else record the new name" : "Or", run }))

/** The reason of a {@link RenameRefused}. @since 0.1.0 @category models */
export const RenameObjection = Schema.Literal("already applied", "not applied", "still a file", "another text")

/** @since 0.1.0 @category models */
export type RenameObjection = typeof RenameObjection.Type

/** A new name cannot be recorded, and was not. @since 0.1.0 @category errors */
export class RenameRefused extends TaggedError<RenameRefused>("effect-auto-migration/RenameRefused")("RenameRefused", {
  from: Schema.String,
  to: Schema.String,
  /** The file of the new id. */
  file: Schema.String,
  objection: RenameObjection,
  ...causes
}) {
  get explanation(): Explanation {
    const { say, why } = objectionOf(this)
    return {
      problem: `${this.from} is not recorded as renamed to ${this.to} (${this.file})`,
      query: shown(this.query),
      reasons: [{ why }],
      remedies: [{ say }]
    }
  }
}

const objectionOf = ({ file, from, objection, to }: RenameRefused): { readonly why: string; readonly say: string } => {
  switch (objection) {
    case "already applied":
      return { why: `${to} is applied already`, say: "Leave it, or give the id of a migration that is pending" }
    case "not applied":
      return { why: `no migration with the id ${from} is applied`, say: `Correct the old id, or apply ${to}` }
    case "still a file":
      return { why: `${from} is still among the files`, say: `Remove its file, or apply ${to}` }
    case "another text":
      return {
        why: "its text is not the one that was applied",
        say: `Undo the edit of ${file}, and put the change into a new migration`
      }
  }
}

/** Migrations that were to be recorded as applied create objects that the database lacks. @since 0.1.0 @category errors */
export class BaselineUnfounded extends TaggedError<BaselineUnfounded>("effect-auto-migration/BaselineUnfounded")(
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
    ...causes
  }
) {
  get explanation(): Explanation {
    return {
      problem: "The database lacks what it should have to be recorded as migrated",
      query: shown(this.query),
      reasons: this.unfounded.map(({ file, migrationId, missing }) => ({
        why: `${missing.join(", ")} of ${migrationId} (${file})`
      })),
      outcome: "Nothing was recorded.",
      remedies: [
        {
          say:
            "Complete by hand what is half there. To record it as it is, say --unchecked, or { unchecked: true } in a program. " +
            "To apply instead",
          run: this.command
        }
      ]
    }
  }
}

/**
 * Another tool has migrated this database, and the ledger lacks migrations that its table records: they would run a second time.
 *
 * @since 0.1.0
 * @category errors
 */
export class HistoryElsewhere extends TaggedError<HistoryElsewhere>("effect-auto-migration/HistoryElsewhere")(
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
    ...causes
  }
) {
  get explanation(): Explanation {
    const table = `${this.tool}'s table ${this.table}`
    const query = shown(this.query)
    const adopting = { say: "To record its history in the ledger", run: this.command ?? undefined }
    if (this.due.length > 0) {
      return {
        problem: `${table} records as applied what this library's ledger does not: ${this.due.join(", ")}`,
        query,
        outcome: "Nothing was applied, since that would run again.",
        remedies: [{ ...adopting, say: "To record it in the ledger" }]
      }
    }
    const byIds = "If the table does not tell which files these are, record them with baseline and their ids"
    return {
      problem: `${table} ${records(this)}, and this library's ledger has no migration of this program`,
      query,
      outcome: "Nothing was applied, since what that tool has applied would run again.",
      remedies: this.command === null ? [{ say: "Try again" }] : [{ say: byIds }, adopting]
    }
  }
}

const records = ({ obstacle, recorded, version }: HistoryElsewhere): string => {
  if (recorded === null) return `may record migrations (it cannot be read: ${obstacle})`
  if (version !== null) return `records version ${version}`
  return recorded === 1 ? "records 1 migration" : `records ${recorded} migrations`
}

/** The ledger's own tables are not usable. @since 0.1.0 @category errors */
export class LedgerUnusable extends TaggedError<LedgerUnusable>("effect-auto-migration/LedgerUnusable")(
  "LedgerUnusable",
  { schema: Schema.String, reason: Schema.String, remedy: Schema.String, ...causes }
) {
  get explanation(): Explanation {
    return {
      problem: `The ledger in schema ${this.schema} cannot be used: ${this.reason}`,
      query: shown(this.query),
      remedies: [{ say: this.remedy }]
    }
  }
}

/** An id is not the id of any migration of this program. @since 0.1.0 @category errors */
export class UnknownMigration extends TaggedError<UnknownMigration>("effect-auto-migration/UnknownMigration")(
  "UnknownMigration",
  { id: Schema.String, known: Schema.Array(Schema.String) }
) {
  get explanation(): Explanation {
    return {
      problem: `There is no migration "${this.id}"`,
      reasons: [{ why: `the ids are ${this.known.join(", ")}` }],
      remedies: [{ say: "Correct the id" }]
    }
  }
}
