/**
 * What is wrong with the migrations themselves, or with their folder: seen when the layer is built, so that a program with a
 * broken file does not start.
 *
 * @internal
 */
import * as Schema from "effect/Schema"
import { TaggedError } from "./Explained.js"
import type { Excerpt, Explanation } from "./Explanation.js"

/**
 * A folder or file of migrations cannot be read, or must not be: it is no file, too large, or outside of the folder. `remedy`
 * defaults to a look at its rights.
 *
 * @since 0.1.0
 * @category definition errors
 */
export class MigrationUnreadable extends TaggedError<MigrationUnreadable>("effect-auto-migration/MigrationUnreadable")(
  "MigrationUnreadable",
  {
    path: Schema.String,
    reason: Schema.String,
    remedy: Schema.optional(Schema.String)
  }
) {
  get explanation(): Explanation {
    return {
      problem: `Cannot read ${this.path}: ${this.reason}`,
      remedies: [{ say: this.remedy ?? "Check that it exists and that this process may read it" }]
    }
  }
}

/** A file is not valid UTF-8. @since 0.1.0 @category definition errors */
export class InvalidEncoding extends TaggedError<InvalidEncoding>("effect-auto-migration/InvalidEncoding")(
  "InvalidEncoding",
  { file: Schema.String, line: Schema.Number, byteOffset: Schema.Number }
) {
  get explanation(): Explanation {
    return {
      problem: `The file is not valid UTF-8 (byte ${this.byteOffset})`,
      at: { file: this.file, line: this.line },
      remedies: [{ say: "Save the file as UTF-8" }]
    }
  }
}

/**
 * A file is not valid SQL, or holds a statement that no server takes in a migration. `line` and `column` are 1-based. `remedy`
 * defaults to `Correct the statement.`
 *
 * @since 0.1.0
 * @category definition errors
 */
export class InvalidSql extends TaggedError<InvalidSql>("effect-auto-migration/InvalidSql")("InvalidSql", {
  file: Schema.String,
  line: Schema.Number,
  column: Schema.Number,
  reason: Schema.String,
  excerpt: Schema.String,
  remedy: Schema.optional(Schema.String)
}) {
  get explanation(): Explanation {
    return {
      problem: this.reason,
      at: { file: this.file, line: this.line, column: this.column, ...excerptFrom(this.excerpt) },
      remedies: [{ say: this.remedy ?? "Correct the statement" }]
    }
  }
}

/** The line of a file behind its number, and the place of the caret below it. */
const excerptFrom = (excerpt: string): Excerpt => {
  const [line = "", caret = ""] = excerpt.split("\n")
  const gutter = /^\d+ \| /.exec(line)?.[0].length ?? 0
  return { statement: line.slice(gutter), position: caret.includes("^") ? [...caret].length - gutter : null }
}

/**
 * A comment about its file is not understood, asks for something impossible, or announces a part that must not run. `remedy`
 * defaults to a list of the library's directives.
 *
 * @since 0.1.0
 * @category definition errors
 */
export class InvalidDirective extends TaggedError<InvalidDirective>("effect-auto-migration/InvalidDirective")(
  "InvalidDirective",
  {
    file: Schema.String,
    line: Schema.Number,
    directive: Schema.String,
    reason: Schema.String,
    remedy: Schema.optional(Schema.String)
  }
) {
  get explanation(): Explanation {
    return {
      problem: `"${this.directive}" ${this.reason}`,
      at: { file: this.file, line: this.line },
      remedies: [{ say: this.remedy ?? knownDirectives }]
    }
  }
}

const knownDirectives =
  "Known directives are -- requires: id, -- provides: table a.b, -- transaction: none and -- accept: data-loss; " +
  "correct or remove the line."

/** Two migrations share an id. @since 0.1.0 @category definition errors */
export class DuplicateMigrationId extends TaggedError<DuplicateMigrationId>(
  "effect-auto-migration/DuplicateMigrationId"
)("DuplicateMigrationId", { id: Schema.String, files: Schema.Array(Schema.String) }) {
  get explanation(): Explanation {
    return {
      problem: `Migration id "${this.id}" is used by ${this.files.join(" and ")}`,
      remedies: [{ say: "Rename all but one of them" }]
    }
  }
}

/** `-- requires:` names a migration that does not exist. @since 0.1.0 @category definition errors */
export class UnknownRequirement extends TaggedError<UnknownRequirement>("effect-auto-migration/UnknownRequirement")(
  "UnknownRequirement",
  { id: Schema.String, file: Schema.String, line: Schema.Number, requirement: Schema.String }
) {
  get explanation(): Explanation {
    return {
      problem: `Migration ${this.id} requires "${this.requirement}", and there is no migration with that id`,
      at: { file: this.file, line: this.line },
      remedies: [{ say: "Correct the id, or add the missing file" }]
    }
  }
}

/** Two migrations provide one object and neither waits for the other. @since 0.1.0 @category definition errors */
export class AmbiguousProvider extends TaggedError<AmbiguousProvider>("effect-auto-migration/AmbiguousProvider")(
  "AmbiguousProvider",
  { object: Schema.String, files: Schema.Array(Schema.String) }
) {
  get explanation(): Explanation {
    return {
      problem: `${this.files.join(" and ")} both provide ${this.object}, and neither waits for the other`,
      remedies: [{ say: "Order them with -- requires:, or remove one of the two definitions" }]
    }
  }
}

/**
 * Migrations wait for each other: `path` holds the ids of one cycle, `files` are the files of these migrations, and `requirements`
 * are the `-- requires:` lines of the cycle. Every cycle has at least one, since hazards alone form none.
 *
 * @since 0.1.0
 * @category definition errors
 */
export class CyclicDependency extends TaggedError<CyclicDependency>("effect-auto-migration/CyclicDependency")(
  "CyclicDependency",
  {
    path: Schema.NonEmptyArray(Schema.String),
    files: Schema.Array(Schema.String),
    requirements: Schema.Array(Schema.Struct({ file: Schema.String, line: Schema.Number, requirement: Schema.String }))
  }
) {
  get explanation(): Explanation {
    return {
      problem: `Migrations depend on each other: ${[...this.path, this.path[0]].join(" -> ")} (${this.files.join(", ")})`,
      reasons: this.requirements.map((place) => ({ place, why: `requires ${place.requirement}` })),
      remedies: [{ say: "Remove one of these requirements" }]
    }
  }
}

/** Two names have one order naturally and the other as text. @since 0.1.0 @category definition errors */
export class AmbiguousOrder extends TaggedError<AmbiguousOrder>("effect-auto-migration/AmbiguousOrder")(
  "AmbiguousOrder",
  {
    /** First the one that comes first in natural order, then the one that comes first as text. */
    files: Schema.Tuple(Schema.String, Schema.String),
    /** In the order of `files`. */
    ids: Schema.Tuple(Schema.String, Schema.String)
  }
) {
  get explanation(): Explanation {
    const [natural, text] = this.ids
    return {
      problem:
        `${this.files.join(" and ")} have two orders: in natural order, which reads digits as numbers, ${natural} comes first, and as ` +
        `text ${text} does`,
      remedies: [
        {
          say:
            'Say which is meant by MigrationSource.layerDirectory(path, { order: "natural" }) or { order: "text" }; on the command line by ' +
            "--order natural or --order text"
        }
      ]
    }
  }
}

/** A file of another tool's layout is wrong, or asks for something that is not done here. @since 0.1.0 @category definition errors */
export class InvalidLayout extends TaggedError<InvalidLayout>("effect-auto-migration/InvalidLayout")("InvalidLayout", {
  /** The tool whose layout it is. */
  layout: Schema.String,
  file: Schema.String,
  /** 1-based. */
  line: Schema.Number,
  reason: Schema.String,
  /** One sentence: what to do. */
  remedy: Schema.String
}) {
  get explanation(): Explanation {
    return {
      problem: `${this.reason} (the folder is read as ${this.layout} writes it)`,
      at: { file: this.file, line: this.line },
      remedies: [{ say: this.remedy }]
    }
  }
}

/** A folder belongs to a tool whose migrations cannot be run from their files. @since 0.1.0 @category definition errors */
export class UnsupportedLayout extends TaggedError<UnsupportedLayout>("effect-auto-migration/UnsupportedLayout")(
  "UnsupportedLayout",
  {
    layout: Schema.String,
    file: Schema.String,
    reason: Schema.String,
    /** One sentence: what to do. */
    remedy: Schema.String
  }
) {
  get explanation(): Explanation {
    return {
      problem: `${this.file} belongs to ${this.layout}: ${this.reason}`,
      remedies: [{ say: this.remedy }]
    }
  }
}

/** A folder holds files, and none of them is a migration. @since 0.1.0 @category definition errors */
export class NothingToApply extends TaggedError<NothingToApply>("effect-auto-migration/NothingToApply")(
  "NothingToApply",
  {
    folder: Schema.String,
    passedOver: Schema.Array(Schema.Struct({ path: Schema.String, reason: Schema.String }))
  }
) {
  get explanation(): Explanation {
    return {
      problem: `${this.folder} holds no migration, and these files were passed over: ${listed(this.passedOver)}`,
      remedies: [{ say: "Name the folder whose files are migrations, or empty this one" }]
    }
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
