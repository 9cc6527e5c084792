/**
 * The input and the output of a layout: names and texts of files go in, an ordered list of migrations comes out. Every file of the
 * listing is either a migration or passed over for a reason.
 *
 * @internal
 */
import * as Either from "effect/Either"
import type { InvalidEncoding, MigrationUnreadable } from "../error/AutoMigrationError.js"
import {
  type DuplicateMigrationId,
  InvalidLayout,
  type LayoutError,
  type UnknownRequirement
} from "../error/MigrationDefinitionError.js"

/** A running SHA-256. @since 0.1.0 @category models */
export interface RunningHash {
  readonly add: (text: string) => void
  /** The hash of all text added so far, in base64. */
  readonly base64: () => string
}

/** The hash functions that the checks of other tools need. @since 0.1.0 @category models */
export interface Hashes {
  readonly sha256: () => RunningHash
  /** In lower-case hexadecimal. */
  readonly sha1: (text: string) => string
}

/** The files of a folder. @since 0.1.0 @category models */
export interface Listing {
  /** Relative to the folder, with `/` between folders, sorted by text. */
  readonly paths: ReadonlyArray<string>
  readonly text: (path: string) => Either.Either<string, Unreadable>
  /** The path that errors name; the empty path means the folder itself. */
  readonly nameOf: (path: string) => string
  readonly hashes: Hashes
}

/** @since 0.1.0 @category models */
export type Unreadable = MigrationUnreadable | InvalidEncoding

/** @since 0.1.0 @category models */
export type ArrangeError = LayoutError | Unreadable | DuplicateMigrationId | UnknownRequirement

/** A migration before its text is read. @since 0.1.0 @category models */
export interface Chosen {
  readonly id: string
  readonly path: string
  /** The ids that the layout says it waits for. Defaults to the `-- requires:` lines of the file. */
  readonly requires?: ReadonlyArray<string>
  readonly transaction?: "none"
  readonly isRepeatable?: true
}

/** A migration with its text. @since 0.1.0 @category models */
export interface Entry extends Chosen {
  readonly text: string
}

/**
 * A file that is not a migration, and why. A `companion` is a document or a file of the tool. An `undo` undoes or checks a migration,
 * stands for others, or is not finished. An `unexplained` file may be a migration with a wrong name or place.
 *
 * @since 0.1.0
 * @category models
 */
export interface PassedOver {
  readonly path: string
  readonly reason: string
  readonly kind: "companion" | "undo" | "unexplained"
}

/** The result of reading a listing by a layout. @since 0.1.0 @category models */
export interface Arrangement {
  /** The tool's name, or the form of the files such as `plain files`. */
  readonly layout: string
  /** In the order in which they run. */
  readonly entries: ReadonlyArray<Entry>
  readonly passedOver: ReadonlyArray<PassedOver>
  /** Each names its files and ends with what to do. */
  readonly warnings: ReadonlyArray<string>
}

/** @since 0.1.0 @category queries */
export const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1)

/** The folder of a path, with its `/`; empty at the top. @since 0.1.0 @category queries */
export const folderOf = (path: string): string => path.slice(0, path.lastIndexOf("/") + 1)

/** @since 0.1.0 @category queries */
export const withoutEnding = (path: string): string => path.replace(/\.sql$/i, "")

/** Reads a migration's text. @since 0.1.0 @category operations */
export const read =
  (listing: Listing) =>
  (chosen: Chosen): Either.Either<Entry, Unreadable> =>
    Either.map(listing.text(chosen.path), (text) => ({ ...chosen, text }))

/** Fails with `InvalidLayout` at a line of a file. @since 0.1.0 @category constructors */
export const invalid =
  (layout: string, listing: Listing, path: string) =>
  (line: number, reason: string, remedy: string): Either.Either<never, InvalidLayout> =>
    Either.left(new InvalidLayout({ layout, file: listing.nameOf(path), line, reason, remedy }))

/** The lines of a text, without line ends and byte order mark. @since 0.1.0 @category conversions */
export const linesOf = (text: string): ReadonlyArray<string> => text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/)

/**
 * Passes over a file that the layout has no rule for. Hidden files, documents and files of tools are companions; `unexplained` is the
 * reason for any other `.sql` file.
 *
 * @since 0.1.0
 * @category constructors
 */
export const passOver = (path: string, unexplained: string): PassedOver => {
  if (path.split("/").some((name) => name.startsWith("."))) return { path, reason: "it is hidden", kind: "companion" }
  const reason = "its name does not end in .sql"
  if (isCompanion(path)) return { path, reason, kind: "companion" }
  return { path, reason: /\.sql$/i.test(path) ? unexplained : reason, kind: "unexplained" }
}

const isCompanion = (path: string): boolean =>
  path.startsWith("node_modules") ||
  path.startsWith("meta/") ||
  /\.(?:md|mdx|txt|rst|adoc|html|toml|lock|sum|conf|cfg|ini|log|bak|orig|png|svg)$/i.test(path) ||
  /(?:^|\/)(?:snapshot\.json|[^/.]*|sqitch\.plan)$/i.test(path)
