/**
 * What is wrong with a folder of migrations as a folder: its order is not clear, a file that describes it is wrong, it belongs to
 * a tool whose files are not SQL, or nothing in it is a migration. Seen when the layer is built.
 *
 * @internal
 */
import * as Schema from "effect/Schema"
import { location } from "../text/Location.js"

/** Two migrations whose names stand in one order naturally and in the other as text. @since 0.1.0 @category definition errors */
export class AmbiguousOrder extends Schema.TaggedError<AmbiguousOrder>("effect-auto-migration/AmbiguousOrder")(
  "AmbiguousOrder",
  {
    /** The first in natural order, and the first as text. */
    files: Schema.Tuple(Schema.String, Schema.String),
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

/** A file of another tool's layout says something that cannot be followed. @since 0.1.0 @category definition errors */
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

/** A folder of a tool whose migrations cannot be run from its files. @since 0.1.0 @category definition errors */
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

/** A folder holds files and none of them is a migration. @since 0.1.0 @category definition errors */
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

/** @since 0.1.0 @category definition errors */
export type LayoutError = AmbiguousOrder | InvalidLayout | UnsupportedLayout | NothingToApply
