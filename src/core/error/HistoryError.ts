/**
 * Failures about what has happened to a database before: under which name a migration was applied, and what its database holds
 * without any record of it.
 *
 * @internal
 */
import * as Schema from "effect/Schema"

/**
 * A pending migration has exactly the text of one that is applied under an id which no file has any more: its file was renamed
 * after it had been applied. Nothing is run.
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
    /** For each of those, the command that records the new id. */
    commands: Schema.NonEmptyArray(Schema.String),
    cause: Schema.optional(Schema.Defect)
  }
) {
  override get message() {
    return (
      `${this.file} was renamed after it had been applied: ${this.migrationId} has exactly the text of ` +
      `${this.from.join(" and of ")}, which is applied and has no file any more. Nothing was run. If it is another migration ` +
      `with the same text, add a comment to it that tells the two apart. Else record the new name: ${this.commands.join(", or: ")}`
    )
  }
}

/** Why {@link RenameRefused}. @since 0.1.0 @category models */
export const RenameObjection = Schema.Literal("already applied", "not applied", "still a file", "another text")

/** @since 0.1.0 @category models */
export type RenameObjection = typeof RenameObjection.Type

/** A new name cannot be recorded. Nothing was recorded. @since 0.1.0 @category errors */
export class RenameRefused extends Schema.TaggedError<RenameRefused>("effect-auto-migration/RenameRefused")(
  "RenameRefused",
  {
    from: Schema.String,
    to: Schema.String,
    /** That of the new id. */
    file: Schema.String,
    objection: RenameObjection,
    cause: Schema.optional(Schema.Defect)
  }
) {
  override get message() {
    return `${this.from} is not recorded as renamed to ${this.to} (${this.file}): ${explanation(this)}`
  }
}

const explanation = ({ file, from, objection, to }: RenameRefused): string => {
  switch (objection) {
    case "already applied":
      return `${to} is applied already. Leave it at that, or give the id of a migration that is pending.`
    case "not applied":
      return `no migration with the id ${from} is applied. Correct the old id, or apply ${to}.`
    case "still a file":
      return `${from} is still among the files. Remove its file, or apply ${to}.`
    case "another text":
      return `its text is not the one that was applied. Undo the edit of ${file}, and put the change into a new migration.`
  }
}

/**
 * Migrations were to be recorded as applied, and the database lacks what they create. Nothing was recorded.
 *
 * @since 0.1.0
 * @category errors
 */
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
    /** Applies these migrations. */
    command: Schema.String,
    cause: Schema.optional(Schema.Defect)
  }
) {
  override get message() {
    const lacking = this.unfounded.map(
      ({ file, migrationId, missing }) => `${missing.join(", ")} of ${migrationId} (${file})`
    )
    return (
      `The database lacks what it should have to be recorded as migrated: ${lacking.join("; ")}. Nothing was recorded. ` +
      "What is only half there, complete by hand; to record it as it is, say --unchecked, or { unchecked: true } in a program. " +
      `To apply instead: ${this.command}`
    )
  }
}
