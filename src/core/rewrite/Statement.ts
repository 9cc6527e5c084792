/**
 * Rewrites one statement so that it does not stop the programs that use its table. A statement without a risk stays as it
 * is, and so does a risk that no other SQL avoids.
 *
 * @since 0.1.0
 * @internal
 */
import type { AlterTableCmd, Node, RangeVar } from "@pgsql/types"
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { describe, type RiskKind } from "../model/Risk.js"
import { skipBlank } from "../text/Lexer.js"
import * as Columns from "./Columns.js"
import * as Constraints from "./Constraints.js"
import { type AlterTable, alterTable, prepend, tokensOf, withoutFirst } from "./Cut.js"
import * as Piece from "./Piece.js"
import * as Situation from "./Situation.js"

/** A statement in its place. @since 0.1.0 @category models */
export interface Statement {
  /** It costs a reading of the statements before, and is asked for only where a part of the statement may change. */
  readonly situation: () => Situation.Situation
  readonly node: Node
  readonly sql: string
  /** Its risks. */
  readonly kinds: ReadonlySet<RiskKind>
}

/** Rewrites a statement. No piece means that it stays as it is. @since 0.1.0 @category operations */
export const rewrite = (statement: Statement): Piece.Rewriting => {
  const { kinds, node, situation, sql } = statement
  if (![...kinds].some((kind) => avoidable.has(kind))) return { pieces: [], left: leftOf(kinds) }
  if ("IndexStmt" in node && kinds.has("blocking-index-build"))
    return ofIndex(sql, Situation.tableOf(situation(), node.IndexStmt.relation)?.isPartitioned === true)
  if ("ReindexStmt" in node && kinds.has("blocking-index-build")) return ofReindex(sql)
  const parts =
    "AlterTableStmt" in node && node.AlterTableStmt.objtype === "OBJECT_TABLE" ? alterTable(sql) : Option.none()
  return Option.match(parts, {
    onNone: () => ({ pieces: [], left: leftOf(kinds) }),
    onSome: (found) =>
      ofAlterTable(statement, found, "AlterTableStmt" in node ? node.AlterTableStmt.relation : undefined)
  })
}

/** A piece for each risk that stays. A short lock and a statement outside a transaction need no other SQL. */
const leftOf = (kinds: Iterable<RiskKind>): ReadonlyArray<string> =>
  [...kinds]
    .filter((kind) => kind !== "referenced-table-lock" && kind !== "not-transactional")
    .map((kind) => `${kind}: ${describe(kind).safer}`)

const ofIndex = (sql: string, isPartitioned: boolean): Piece.Rewriting => {
  if (isPartitioned) {
    const reason =
      "An index of a partitioned table cannot be built concurrently: create it ON ONLY the table, build one concurrently on each partition, and attach them."
    return { pieces: [], left: [reason] }
  }
  const index = tokensOf(sql).find(({ text }) => text === "index")
  const end = index?.end ?? 0
  return { pieces: [Piece.outside(`${sql.slice(0, end)} CONCURRENTLY${sql.slice(end)};`, "index")], left: [] }
}

const ofReindex = (sql: string): Piece.Rewriting => {
  const object = tokensOf(sql).find(({ text }) => ["index", "table", "schema", "database"].includes(text))
  if (object === undefined)
    return { pieces: [], left: ["The server rebuilds the indexes of its own tables only under a lock."] }
  return {
    pieces: [Piece.outside(`${sql.slice(0, object.end)} CONCURRENTLY${sql.slice(object.end)};`, "reindex")],
    left: []
  }
}

/** Commands that stay in the statement, the pieces behind it, and what stays a risk. */
interface Commands {
  readonly kept: ReadonlyArray<string>
  readonly pieces: ReadonlyArray<Piece.Piece>
  readonly left: ReadonlyArray<string>
  /** The situation after the commands so far. */
  readonly situation: Situation.Situation
}

const ofAlterTable = (
  { situation, sql }: Statement,
  { commands, head, table }: AlterTable,
  range: RangeVar | undefined
): Piece.Rewriting => {
  const none: Commands = { kept: [], pieces: [], left: [], situation: situation() }
  const { kept, left, pieces } = commands.reduce((done, command): Commands => {
    const one = ofCommand({ situation: done.situation, head, table, range }, command)
    return {
      kept: [...done.kept, ...one.kept],
      pieces: [...done.pieces, ...one.pieces],
      left: [...done.left, ...one.left],
      situation: Situation.after(done.situation, `${head} ${command}`)
    }
  }, none)
  if (pieces.length === 0) return { pieces, left }
  const isOnlyHead = kept.length === 0
  const lead = isOnlyHead ? [] : [Piece.shared(statementOf(head, kept, sql), "table")]
  return { pieces: [...lead, ...pieces], left }
}

const statementOf = (head: string, commands: ReadonlyArray<string>, original: string): string => {
  const separator = original.includes("\n") ? "\n  " : " "
  return `${head}${separator}${commands.map((command) => withoutTail(command)).join(`,${separator}`)};`
}

/** A comment at the end of a command would swallow the comma behind it. */
const withoutTail = (command: string): string => {
  const end = tokensOf(command).at(-1)?.end ?? command.length
  return end === command.length ? command : prepend(command.slice(0, end), `/* ${plain(command.slice(end))} */ `)
}

const plain = (comment: string): string =>
  comment
    .replace(/\/\*|\*\/|--/g, "")
    .replace(/\s+/g, " ")
    .trim()

interface Command {
  readonly kept: ReadonlyArray<string>
  readonly pieces: ReadonlyArray<Piece.Piece>
  readonly left: ReadonlyArray<string>
}

const ofCommand = (target: Constraints.Target, commented: string): Command => {
  const comment = commented.slice(0, skipBlank(commented, 0))
  const command = commented.slice(comment.length)
  const sql = `${target.head} ${command}`
  const kinds = Situation.kindsOf(target.situation, sql)
  const node = Situation.commandOf(target.situation, sql)
  const rewritable = [...kinds].filter((kind) => avoidable.has(kind))
  const stays: Command = { kept: [commented], pieces: [], left: leftOf(kinds) }
  if (node === undefined || rewritable.length === 0) return stays
  return Option.match(splitOf(target, command, node, kinds), {
    onNone: () => (node.subtype === "AT_ValidateConstraint" ? { ...stays, left: [] } : stays),
    onSome: Either.match({
      onLeft: (reason) => ({ ...stays, left: [reason] }),
      onRight: ({ commands, pieces }) => ({
        ...withComment(comment, { commands, pieces }),
        left: leftOf(kinds).filter(isOther)
      })
    })
  })
}

/** The comment above a command goes above what the command becomes. */
const withComment = (comment: string, { commands, pieces }: Columns.Split): Pick<Command, "kept" | "pieces"> => {
  if (Arr.isNonEmptyReadonlyArray(commands))
    return { kept: Arr.modifyNonEmptyHead(commands, (first) => `${comment}${first}`), pieces }
  if (comment.trim() === "" || !Arr.isNonEmptyReadonlyArray(pieces)) return { kept: commands, pieces }
  const above = (first: Piece.Piece): Piece.Piece => ({ ...first, sql: `${comment.trim()}\n${first.sql}` })
  return { kept: [], pieces: Arr.modifyNonEmptyHead(pieces, above) }
}

const avoidable: ReadonlySet<RiskKind> = new Set<RiskKind>([
  "blocking-index-build",
  "table-scan",
  "validation-scan",
  "volatile-default"
])

const isOther = (sentence: string): boolean => ![...avoidable].some((kind) => sentence.startsWith(`${kind}: `))

/** What a command becomes. `None` where no other SQL does the same. */
const splitOf = (
  target: Constraints.Target,
  command: string,
  { def, name, subtype }: AlterTableCmd,
  kinds: ReadonlySet<RiskKind>
): Option.Option<Either.Either<Columns.Split, string>> => {
  const alone = (pieces: ReadonlyArray<Piece.Piece>): Columns.Split => ({ commands: [], pieces })
  if (subtype === "AT_SetNotNull") return Option.some(Either.right(alone(Constraints.notNull(target, name ?? ""))))
  if (
    subtype === "AT_AddConstraint" &&
    def !== undefined &&
    "Constraint" in def &&
    def.Constraint.indexname === undefined
  ) {
    return Option.some(Either.map(Constraints.add(target, withoutFirst(command), def.Constraint), alone))
  }
  if (subtype === "AT_AddColumn" && def !== undefined && "ColumnDef" in def)
    return Option.some(Columns.add({ target, command, definition: def.ColumnDef, kinds }))
  return Option.none()
}
