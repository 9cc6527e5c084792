/**
 * What is wrong with the migrations themselves, or with their folder: seen when the layer is built, so that a program with a
 * broken file does not start.
 *
 * @internal
 */
import * as Schema from "effect/Schema"
import { location } from "../text/Location.js"
import { visibleName } from "../text/Visible.js"

/**
 * A folder or file of migrations cannot be read, or must not be: it is no file, too large, or outside of the folder. `remedy`
 * defaults to a look at its rights.
 *
 * @since 0.1.0
 * @category definition errors
 */
export class MigrationUnreadable extends Schema.TaggedError<MigrationUnreadable>(
  "effect-auto-migration/MigrationUnreadable"
)("MigrationUnreadable", {
  path: Schema.String,
  reason: Schema.String,
  remedy: Schema.optional(Schema.String)
}) {
  override get message() {
    const remedy = this.remedy ?? "Check that it exists and that this process may read it."
    return `Cannot read ${visibleName(this.path)}: ${this.reason}. ${remedy}`
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
 * A file is not valid SQL, or holds a statement that no server takes in a migration. `line` and `column` are 1-based. `remedy`
 * defaults to `Correct the statement.`
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
 * A comment about its file is not understood, asks for something impossible, or announces a part that must not run. `remedy`
 * defaults to a list of the library's directives.
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

/** `-- requires:` names a migration that does not exist. @since 0.1.0 @category definition errors */
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
 * Migrations wait for each other: `path` holds the ids of one cycle, `files` are the files of these migrations, and `requirements`
 * are the `-- requires:` lines of the cycle. Every cycle has at least one, since hazards alone form none.
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

/** Two names have one order naturally and the other as text. @since 0.1.0 @category definition errors */
export class AmbiguousOrder extends Schema.TaggedError<AmbiguousOrder>("effect-auto-migration/AmbiguousOrder")(
  "AmbiguousOrder",
  {
    /** First the one that comes first in natural order, then the one that comes first as text. */
    files: Schema.Tuple(Schema.String, Schema.String),
    /** In the order of `files`. */
    ids: Schema.Tuple(Schema.String, Schema.String)
  }
) {
  override get message() {
    const [natural, text] = this.ids
    return (
      `${this.files.join(" and ")} have two orders: in natural order, which reads digits as numbers, ${natural} comes first, ` +
      `and as text ${text} does. Say which is meant by MigrationSource.layerDirectory(path, { order: "natural" }) or ` +
      `{ order: "text" }; on the command line by --order natural or --order text.`
    )
  }
}

/** A file of another tool's layout is wrong, or asks for something that is not done here. @since 0.1.0 @category definition errors */
export class InvalidLayout extends Schema.TaggedError<InvalidLayout>("effect-auto-migration/InvalidLayout")(
  "InvalidLayout",
  {
    /** The tool whose layout it is. */
    layout: Schema.String,
    file: Schema.String,
    /** 1-based. */
    line: Schema.Number,
    reason: Schema.String,
    /** One sentence: what to do. */
    remedy: Schema.String
  }
) {
  override get message() {
    return `${location(this.file, this.line)}: ${this.reason} (the folder is read as ${this.layout} writes it). ${this.remedy}`
  }
}

/** A folder belongs to a tool whose migrations cannot be run from their files. @since 0.1.0 @category definition errors */
export class UnsupportedLayout extends Schema.TaggedError<UnsupportedLayout>("effect-auto-migration/UnsupportedLayout")(
  "UnsupportedLayout",
  {
    layout: Schema.String,
    file: Schema.String,
    reason: Schema.String,
    /** One sentence: what to do. */
    remedy: Schema.String
  }
) {
  override get message() {
    return `${this.file} belongs to ${this.layout}: ${this.reason}. ${this.remedy}`
  }
}

/** A folder holds files, and none of them is a migration. @since 0.1.0 @category definition errors */
export class NothingToApply extends Schema.TaggedError<NothingToApply>("effect-auto-migration/NothingToApply")(
  "NothingToApply",
  {
    folder: Schema.String,
    passedOver: Schema.Array(Schema.Struct({ path: Schema.String, reason: Schema.String }))
  }
) {
  override get message() {
    return (
      `${this.folder} holds no migration, and these files were passed over: ${listed(this.passedOver)}. ` +
      "Name the folder whose files are migrations, or empty this one."
    )
  }
}

/** The first ten, each with its reason. @since 0.1.0 @category rendering */
export const listed = (files: ReadonlyArray<{ readonly path: string; readonly reason: string }>): string => {
  const shown = files.slice(0, 10).map(({ path, reason }) => `${path} (${reason})`)
  return files.length > shown.length ? `${shown.join(", ")} and ${files.length - shown.length} more` : shown.join(", ")
}

/** What is wrong with a folder of migrations. @since 0.1.0 @category definition errors */
export type LayoutError = AmbiguousOrder | InvalidLayout | UnsupportedLayout | NothingToApply

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
