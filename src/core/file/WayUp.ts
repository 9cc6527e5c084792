/**
 * The way up of a file: the part that runs. Other tools keep a way down in the same file, below a marker of their own; it never
 * runs.
 *
 * ```sql
 * -- +goose Up
 * CREATE TABLE users (id integer);     the way up
 *
 * -- +goose Down
 * DROP TABLE users;                    cut out
 * ```
 *
 * A way down at the end is left off. One before a way up becomes blank, so that the way up keeps its places in the file. A file of
 * Mojolicious holds versions, each of which is a migration of its own.
 *
 * A part that undoes, below a heading that no known tool writes, is an error: see `UndoingPart`.
 *
 * **Laws**
 *
 * 1. A text without markers is its own way up.
 * 2. A way up keeps the offset, and so the line, that it has in the file.
 * 3. No way up holds text between a marker of a way down and the next marker of a way up.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { InvalidDirective } from "../error/AutoMigrationError.js"
import type { Parser } from "../sql/ParsedSql.js"
import * as SqlComment from "../text/Comment.js"
import { skipToken } from "../text/Lexer.js"
import * as UndoingPart from "./UndoingPart.js"
import * as UpDownMarker from "./UpDownMarker.js"

/**
 * One way up.
 *
 * @since 0.1.0
 * @category models
 */
export interface WayUp {
  /** The version, in a file that holds several. */
  readonly version: Option.Option<string>
  /** The text that runs, at its offsets in the file. */
  readonly text: string
  /** The same text without blanks for a way down, so that an edit of the way down does not change it. */
  readonly kept: string
  readonly transaction: "own" | "none"
}

/**
 * The ways up of a file: one, or with Mojolicious one for each version. Fails with the first marker that is wrong, or with the first
 * heading of a part that undoes the statements above it.
 *
 * @since 0.1.0
 * @category operations
 */
export const read = (
  parser: Parser,
  file: string,
  text: string
): Either.Either<Arr.NonEmptyReadonlyArray<WayUp>, InvalidDirective> =>
  Either.flatMap(waysOf(file, text), (ways) =>
    Either.map(Either.all(ways.map((way) => UndoingPart.refuse(parser, file, way.text))), () => ways)
  )

/** A marker and the comment that it is. */
interface Placed {
  readonly marker: UpDownMarker.Marker
  readonly comment: SqlComment.Comment
}

type Section = Extract<UpDownMarker.Marker, { readonly _tag: "Section" }>

interface PlacedSection {
  readonly marker: Section
  readonly comment: SqlComment.Comment
}

/** A stretch of the file that is kept. */
interface Stretch {
  readonly from: number
  readonly to: number
}

const waysOf = (file: string, original: string): Either.Either<Arr.NonEmptyReadonlyArray<WayUp>, InvalidDirective> => {
  const text = withoutHashes(original)
  const placed = SqlComment.commentsOf(text).flatMap((comment): ReadonlyArray<Placed> => {
    const marker = UpDownMarker.read(comment)
    return marker === undefined ? [] : [{ marker, comment }]
  })
  const sections = sectionsOf(placed)
  const [problem] = [...placed.flatMap(wrongMarker), ...misplaced(text, sections)]
  if (problem !== undefined) {
    const { comment, reason, remedy } = problem
    return Either.left(
      new InvalidDirective({ file, line: comment.line, directive: `-- ${comment.text}`, reason, remedy })
    )
  }
  const tool = sections[0]?.marker.tool
  const spelled = tool === "Play" ? singleSemicolons(text) : text
  return Either.right(tool === "Mojolicious" ? versionsOf(spelled, sections) : [wayOf(spelled, sections, placed)])
}

interface Problem {
  readonly comment: SqlComment.Comment
  readonly reason: string
  readonly remedy: string
}

const wrongMarker = ({ comment, marker }: Placed): ReadonlyArray<Problem> =>
  marker._tag === "Wrong" ? [{ comment, reason: marker.reason, remedy: marker.remedy }] : []

/** Markers of a second tool, statements above the first way up, and a way down without a way up. */
const misplaced = (text: string, sections: ReadonlyArray<PlacedSection>): ReadonlyArray<Problem> => {
  const [first, ...others] = sections
  if (first === undefined) return []
  const { tool } = first.marker
  const { comment } = first
  const stranger = others.find(({ marker }) => marker.tool !== tool)
  if (stranger !== undefined) {
    const reason = `is a marker of ${stranger.marker.tool}, and line ${comment.line} has one of ${tool}`
    return [{ comment: stranger.comment, reason, remedy: "Keep the markers of one tool." }]
  }
  const isUpMarked = sections.some(({ marker }) => marker.way === "up")
  const hasAbove = SqlComment.firstToken(text.slice(0, comment.lineStart)) !== undefined
  if (isUpMarked === !hasAbove) return []
  const reason = isUpMarked
    ? `begins the first part of ${tool}, and statements stand above it, which ${tool} would not run`
    : "begins a way down, and the file has no way up"
  return [{ comment, reason, remedy: isUpMarked ? intoWayUp : noWayUp }]
}

const intoWayUp = "Move these statements below the marker of the way up, or remove them."
const noWayUp = "Give the file a name that ends in .down.sql, or put the way up above that line."

/** Prose may begin with `1 up` as well: a file is one of Mojolicious if a line at least holds only that. */
const sectionsOf = (placed: ReadonlyArray<Placed>): ReadonlyArray<PlacedSection> => {
  const sections = placed.flatMap(({ comment, marker }) => (marker._tag === "Section" ? [{ marker, comment }] : []))
  const isVersioned = sections.some(({ comment }) => /^\d+\s*up$/i.test(comment.text))
  return sections.filter(({ marker }) => marker.version === undefined || isVersioned)
}

const transactionOf = (placed: ReadonlyArray<Placed>, ups: ReadonlyArray<PlacedSection>): WayUp["transaction"] =>
  placed.some(({ marker }) => marker._tag === "NoTransaction") ||
  ups.some(({ marker }) => marker.transaction === "none")
    ? "none"
    : "own"

/** The text above the first marker, and each way up. A text without markers is kept as a whole. */
const wayOf = (text: string, sections: ReadonlyArray<PlacedSection>, placed: ReadonlyArray<Placed>): WayUp => {
  const [first] = sections
  const head: Stretch = { from: 0, to: first?.comment.lineStart ?? text.length }
  const ups = sections.filter(({ marker }) => marker.way === "up")
  const stretches = [head, ...stretchesOf(text, sections, ({ marker }) => marker.way === "up")]
  return {
    version: Option.none(),
    text: blanked(text, stretches),
    kept: joined(text, stretches),
    transaction: transactionOf(placed, ups)
  }
}

/** The way up of each version. The comments above the first marker belong to each. */
const versionsOf = (text: string, sections: ReadonlyArray<PlacedSection>): Arr.NonEmptyReadonlyArray<WayUp> => {
  const ups = sections.filter(({ marker }) => marker.way === "up")
  const head: Stretch = { from: 0, to: sections[0]?.comment.lineStart ?? 0 }
  const ways = Arr.dedupe(ups.map(({ marker }) => marker.version ?? "")).map((version): WayUp => {
    const isOwn = ({ marker }: PlacedSection) => marker.way === "up" && marker.version === version
    const stretches = stretchesOf(text, sections, isOwn)
    return {
      version: Option.some(version),
      text: blanked(text, [head, ...stretches]),
      kept: joined(text, stretches),
      transaction: "own"
    }
  })
  return Arr.isNonEmptyReadonlyArray(ways) ? ways : [wayOf(text, sections, [])]
}

const stretchesOf = (
  text: string,
  sections: ReadonlyArray<PlacedSection>,
  isKept: (section: PlacedSection) => boolean
): ReadonlyArray<Stretch> =>
  sections.flatMap((section, index) =>
    isKept(section)
      ? [{ from: section.comment.lineStart, to: sections[index + 1]?.comment.lineStart ?? text.length }]
      : []
  )

const joined = (text: string, stretches: ReadonlyArray<Stretch>): string =>
  stretches.map(({ from, to }) => text.slice(from, to)).join("")

const blanked = (text: string, stretches: ReadonlyArray<Stretch>): string => {
  let made = ""
  for (const { from, to } of stretches) {
    made += text.slice(made.length, from).replace(/[^\r\n]/g, " ") + text.slice(from, to)
  }
  return made
}

const hashMarker = /^#.*!(?:Ups|Downs)\b/m

/** Turns comments of Play, which begin with `#`, into SQL comments of the same length. */
const withoutHashes = (text: string): string =>
  hashMarker.test(text) ? text.replace(/^#(?:[ \t-]|$)/gm, (found) => (found.length === 2 ? "--" : " ")) : text

/** Turns a doubled semicolon into one outside strings: in Play, it stands for one that does not end the statement. */
const singleSemicolons = (text: string): string => {
  let made = ""
  for (let at = 0; at < text.length; ) {
    const end = text.startsWith(";;", at) ? at + 2 : skipToken(text, at)
    const token = text.slice(at, end)
    made += /^['"eE]/.test(token) ? token : token.replaceAll(";;", "; ")
    at = end
  }
  return made
}
