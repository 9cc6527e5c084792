/**
 * What a layout is recognised from, and what it makes of it: names and texts go in, an ordered list of migrations comes out.
 * Every file of the listing gets an answer: it is a migration, or it is passed over for a reason.
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
  /** Of all that was added so far, in base 64. */
  readonly base64: () => string
}

/** The cryptography that checks of other tools need. @since 0.1.0 @category models */
export interface Hashes {
  readonly sha256: () => RunningHash
  /** In hexadecimal. */
  readonly sha1: (text: string) => string
}

/** The files of a folder. @since 0.1.0 @category models */
export interface Listing {
  /** Relative to the folder, with `/` between folders, sorted by text. */
  readonly paths: ReadonlyArray<string>
  readonly text: (path: string) => Either.Either<string, Unreadable>
  /** What errors call a path; the folder itself is the empty path. */
  readonly nameOf: (path: string) => string
  readonly hashes: Hashes
}

/** @since 0.1.0 @category models */
export type Unreadable = MigrationUnreadable | InvalidEncoding

/** @since 0.1.0 @category models */
export type ArrangeError = LayoutError | Unreadable | DuplicateMigrationId | UnknownRequirement

/** A migration, before its text is read. @since 0.1.0 @category models */
export interface Chosen {
  readonly id: string
  readonly path: string
  /** What a plan says that it waits for; `undefined` where the layout has no say in it. */
  readonly requires?: ReadonlyArray<string>
  readonly transaction?: "none"
  readonly isRepeatable?: true
}

/** A migration as it runs. @since 0.1.0 @category models */
export interface Entry extends Chosen {
  readonly text: string
}

/**
 * No migration, and why. A `companion` is there for people or for the tool, an `undo` undoes or checks a migration or is not
 * ready; what is `unexplained` may be a migration that is missed.
 *
 * @since 0.1.0
 * @category models
 */
export interface PassedOver {
  readonly path: string
  readonly reason: string
  readonly kind: "companion" | "undo" | "unexplained"
}

/** What a layout makes of a listing. @since 0.1.0 @category models */
export interface Arrangement {
  /** The tool's name, or what the files are. */
  readonly layout: string
  /** In the order in which they run. */
  readonly entries: ReadonlyArray<Entry>
  readonly passedOver: ReadonlyArray<PassedOver>
  /** Each a sentence that names its files and ends with what to do. */
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

/** A failure about a line of a file. @since 0.1.0 @category constructors */
export const invalid =
  (layout: string, listing: Listing, path: string) =>
  (line: number, reason: string, remedy: string): Either.Either<never, InvalidLayout> =>
    Either.left(new InvalidLayout({ layout, file: listing.nameOf(path), line, reason, remedy }))

/** Lines without their ends. @since 0.1.0 @category conversions */
export const linesOf = (text: string): ReadonlyArray<string> => text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/)

/**
 * The answer for what a layout does not speak of itself: hidden files, documents and what belongs to a tool are companions.
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
