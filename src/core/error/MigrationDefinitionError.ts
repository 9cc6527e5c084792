/**
 * What is wrong with the migrations themselves: seen when the layer is built, so that a program with a broken file does not
 * start. Fields hold facts, the message is computed from them and ends with what to do next.
 *
 * @internal
 */
import * as Schema from "effect/Schema"
import { location } from "../text/Location.js"
import type { LayoutError } from "./LayoutError.js"

export { location }

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

/**
 * A file is not valid SQL, or holds what no server takes in a migration. `line` and `column` are 1-based; `remedy` says what to do
 * where that is more than to correct the statement.
 *
 * @since 0.1.0
 * @category definition errors
 */
export class InvalidSql extends Schema.TaggedError<InvalidSql>("effect-auto-migration/InvalidSql")("InvalidSql", {
  file: Schema.String,
  line: Schema.Number,
  column: Schema.Number,
  reason: Schema.String,
  excerpt: Schema.String,
  remedy: Schema.optional(Schema.String)
}) {
  override get message() {
    const remedy = this.remedy ?? "Correct the statement."
    return `${location(this.file, this.line, this.column)}: ${this.reason}\n${this.excerpt}\n${remedy}`
  }
}

/**
 * A comment that says something about its file is not understood, says something impossible, or announces a part that must not
 * run. `remedy` says what to do where the comment is none of the library's own directives.
 *
 * @since 0.1.0
 * @category definition errors
 */
export class InvalidDirective extends Schema.TaggedError<InvalidDirective>("effect-auto-migration/InvalidDirective")(
  "InvalidDirective",
  {
    file: Schema.String,
    line: Schema.Number,
    directive: Schema.String,
    reason: Schema.String,
    remedy: Schema.optional(Schema.String)
  }
) {
  override get message() {
    return `${location(this.file, this.line)}: "${this.directive}" ${this.reason}. ${this.remedy ?? knownDirectives}`
  }
}

const knownDirectives =
  "Known directives are -- requires: id, -- provides: table a.b, -- transaction: none and -- accept: data-loss; " +
  "correct or remove the line."

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
)("UnknownRequirement", { id: Schema.String, file: Schema.String, line: Schema.Number, requirement: Schema.String }) {
  override get message() {
    return (
      `${location(this.file, this.line)} requires "${this.requirement}", and there is no migration with that id. ` +
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

/**
 * Migrations wait for each other: `path` walks the cycle once around, `files` are theirs, and `requirements` are the lines on the
 * way that say `-- requires:`. A hazard alone never goes in a circle.
 *
 * @since 0.1.0
 * @category definition errors
 */
export class CyclicDependency extends Schema.TaggedError<CyclicDependency>("effect-auto-migration/CyclicDependency")(
  "CyclicDependency",
  {
    path: Schema.NonEmptyArray(Schema.String),
    files: Schema.Array(Schema.String),
    requirements: Schema.Array(Schema.Struct({ file: Schema.String, line: Schema.Number, requirement: Schema.String }))
  }
) {
  override get message() {
    return (
      `Migrations depend on each other: ${[...this.path, this.path[0]].join(" -> ")} (${this.files.join(", ")}). ` +
      `Remove one of these requirements: ${this.requirements
        .map(({ file, line, requirement }) => `${location(file, line)} requires ${requirement}`)
        .join(", ")}.`
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
  | LayoutError
