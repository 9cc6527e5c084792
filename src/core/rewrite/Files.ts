/**
 * Rewrites a file: the pieces of its statements, put into as few files as their needs allow. Statements keep their order,
 * except that validations come last. Comments stay with the statement behind them, and the comments above the first
 * statement with the first file.
 *
 * **Laws**
 *
 * 1. A file whose statements have no piece has no rewriting.
 * 2. A statement without a piece stays as it is, with its comments.
 * 3. Pieces that need a file of their own have it.
 *
 * @since 0.1.0
 * @internal
 */
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import type * as Catalog from "../catalog/SimulatedCatalog.js"
import { type Migration, risks } from "../migration/Migration.js"
import { placeOf } from "../migration/StatementRisks.js"
import { type ParsedStatement, type Parser, statementsOf } from "../sql/ParsedSql.js"
import { skipBlank } from "../text/Lexer.js"
import * as Piece from "./Piece.js"
import * as Situation from "./Situation.js"
import * as Statement from "./Statement.js"

/** A statement that stays a risk, and why. @since 0.1.0 @category models */
export interface Left {
  /** 1-based. */
  readonly line: number
  /** Shortened to one line. */
  readonly statement: string
  readonly reason: string
}

/** A file of a rewriting. @since 0.1.0 @category models */
export interface Draft {
  readonly text: string
  /** Words for its name: `index`, `validate`. */
  readonly slug: string
}

/** @since 0.1.0 @category models */
export interface Drafts {
  /** The first one takes the place of the file. Empty where no statement can be rewritten. */
  readonly files: ReadonlyArray<Draft>
  readonly left: ReadonlyArray<Left>
}

/** The rewriting of a statement in its migration. @since 0.1.0 @category models */
export interface Rewritten extends Piece.Rewriting {
  readonly statement: ParsedStatement
}

/**
 * The rewritings of the statements of a migration, which starts on the given catalog. Empty for an Effect, and for a
 * script that cannot be read.
 *
 * @since 0.1.0
 * @category operations
 */
export const statements = (
  parser: Parser,
  catalog: Catalog.SimulatedCatalog,
  migration: Migration
): ReadonlyArray<Rewritten> => {
  if (migration.script._tag === "Effect") return []
  const { text } = migration.script
  const found = risks(migration)
  const spans = migration.footprint.statements
  return Either.getOrElse(statementsOf(parser, text), () => []).map((statement): Rewritten => {
    const kinds = new Set(found.filter(({ start }) => start === statement.start).map(({ kind }) => kind))
    if (kinds.size === 0) return { statement, pieces: [], left: [] }
    const before = spans.filter(({ start }) => start < statement.start)
    const situation = (): Situation.Situation =>
      Situation.make(parser, catalog, before.map(({ end, start }) => text.slice(start, end)).join("\n;\n"))
    const sql = text.slice(statement.start, statement.end)
    return { statement, ...Statement.rewrite({ situation, node: statement.node, sql, kinds }) }
  })
}

/** The files that a migration becomes. @since 0.1.0 @category operations */
export const drafts = (parser: Parser, catalog: Catalog.SimulatedCatalog, migration: Migration): Drafts => {
  if (migration.script._tag === "Effect") return { files: [], left: [] }
  const { text } = migration.script
  const rewritten = statements(parser, catalog, migration)
  const left = rewritten.flatMap((one) => one.left.map((reason) => ({ ...placeOf(text, one.statement), reason })))
  return { files: rewritten.some(({ pieces }) => pieces.length > 0) ? filesOf(text, rewritten) : [], left }
}

/** The files of one statement, without its comments. @since 0.1.0 @category operations */
export const ofPieces = (pieces: ReadonlyArray<Piece.Piece>): ReadonlyArray<string> =>
  grouped(pieces).map((group) => textOf("", group))

const filesOf = (text: string, rewritten: ReadonlyArray<Rewritten>): ReadonlyArray<Draft> => {
  const header = text.slice(0, rewritten[0]?.statement.start ?? 0)
  const ends = rewritten.map(({ statement }) => endOfChunk(text, statement.end))
  const pieces = rewritten.flatMap((one, index) => {
    const { end, start } = one.statement
    const before = index === 0 ? "" : text.slice(ends[index - 1], start).replace(/^\n+/, "")
    const behind = text.slice(end, ends[index])
    if (one.pieces.length === 0)
      return [Piece.shared(`${before}${text.slice(start, end)}${withSemicolon(behind)}`, "rest")]
    const [first, ...others] = one.pieces
    const note = behind.replace(/^\s*;/, "").trimEnd()
    return first === undefined ? [] : [{ ...first, sql: `${before}${first.sql}${note}` }, ...others]
  })
  const last = text.slice(ends.at(-1) ?? text.length).trim()
  return grouped(pieces).map((group, index, groups) => ({
    slug: Arr.dedupe(group.map(({ slug }) => slug)).find((slug) => slug !== "rest") ?? "rest",
    text: `${textOf(index === 0 ? header : "", group)}${index === groups.length - 1 && last !== "" ? `\n${last}\n` : ""}`
  }))
}

const withSemicolon = (behind: string): string => (behind.includes(";") ? behind : `;${behind}`)

/** Behind the semicolon of a statement and a comment on its line. */
const endOfChunk = (text: string, end: number): number => {
  const semicolon = skipBlank(text, end)
  const from = text.charAt(semicolon) === ";" ? semicolon + 1 : end
  const line = text.indexOf("\n", from)
  const rest = text.slice(from, line === -1 ? text.length : line)
  return /^\s*(?:--.*)?$/.test(rest) ? from + rest.length : from
}

/** The pieces of each file: those that are deferred last, and of these the validations first. */
const grouped = (pieces: ReadonlyArray<Piece.Piece>): ReadonlyArray<Arr.NonEmptyReadonlyArray<Piece.Piece>> => {
  const [inOrder, deferred] = Arr.partition(pieces, ({ isDeferred }) => isDeferred)
  const [last, validations] = Arr.partition(deferred, ({ file }) => file === "own")
  const groups: Array<[Piece.Piece, ...Array<Piece.Piece>]> = []
  for (const piece of [...inOrder, ...validations, ...last]) {
    const open = groups.at(-1)
    if (
      piece.file === "shared" &&
      open !== undefined &&
      open[0].file === "shared" &&
      open[0].isDeferred === piece.isDeferred
    )
      open.push(piece)
    else groups.push([piece])
  }
  return groups
}

const textOf = (header: string, group: Arr.NonEmptyReadonlyArray<Piece.Piece>): string => {
  const directive = group[0].transaction === "none" ? "-- transaction: none\n" : ""
  const above = header.trim() === "" ? "" : `${header.trimEnd()}${/\n\s*\n\s*$/.test(header) ? "\n\n" : "\n"}`
  return `${directive}${above}${group.map(({ sql }) => sql.trimEnd()).join("\n\n")}\n`
}
