/**
 * Finds a part of a file that undoes the statements above it, below a heading that no known tool writes. Such a file would undo
 * itself, since it runs as a whole.
 *
 * ```sql
 * CREATE TABLE IF NOT EXISTS users (id integer);
 * -- ROLLBACK                                      a heading
 * DROP TABLE users;                                undoes the statement above it: an error
 *
 * -- rollback of the old import is done by a job   prose
 * ALTER TABLE users ADD COLUMN email text;         undoes no statement
 * ```
 *
 * **A heading** is a comment outside a statement with one of the words *down, undo, rollback, revert, reverse, downgrade, backward,
 * uninstall, teardown* or *drop below*. Its kind decides which statements below it are an error:
 *
 * | kind   | heading                                                                    | error below it                                  |
 * |--------|----------------------------------------------------------------------------|-------------------------------------------------|
 * | bare   | *down, undo, rollback* or *revert* alone: `-- ==== DOWN ====`              | any statement                                   |
 * | behind | the same behind a statement on its line                                    | a change, or a query, which may run code        |
 * | plain  | such a word, and only words that go with it: `-- to revert this migration` | a change, or a statement that undoes one above  |
 * | vague  | a short text that is no sentence, or one with a colon at its end           | a statement that undoes one above               |
 * | remark | a short text with words behind a colon: `-- rollback plan: none`           | the same, unless it only deletes rows           |
 * | prose  | any other text with any form of a word: `-- this reverts it`               | a part that only removes all that is made above, or a setting made above that is set again |
 * | hint   | a text with *back to, restore* or *clean up*                               | a setting made above that is set again          |
 *
 * A change is a statement that removes or alters an object or rows, or that runs code which may. A setting is a default, `NOT NULL`,
 * row level security, or a name that a rename has given.
 * Below a plain heading and one behind a statement, any statement is an error if the file has a plain heading of the way up as well.
 * Below a vague heading and a remark, a part that renames an object of the file into the place of another one is no error.
 * A way down that is commented out is no part: `--rollback DROP TABLE users;`.
 *
 * @internal
 */
import type { Node } from "@pgsql/types"
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import { InvalidDirective } from "../error/AutoMigrationError.js"
import { type ParsedStatement, type Parser, statementsOf } from "../sql/ParsedSql.js"
import { isDestructive, isPreparation, isQuery, madeBy, renameIn, standsBy, undoneBy } from "../statement/Undoing.js"
import * as SqlComment from "../text/Comment.js"

/**
 * Fails with the first heading of a part that undoes. A text that is no SQL passes: the error of the grammar says more.
 *
 * @since 0.1.0
 * @category operations
 */
export const refuse = (parser: Parser, file: string, text: string): Either.Either<void, InvalidDirective> => {
  const comments = SqlComment.commentsOf(text)
  const headings = [
    ...comments.flatMap((comment, index) => headingFrom(text, comment, comments.slice(index + 1))),
    ...SqlComment.commentsBehind(text).flatMap((comment) => headingBehind(text, comment, comments))
  ]
  if (headings.length === 0) return Either.void
  const statements = Either.getOrElse(statementsOf(parser, text), (): ReadonlyArray<ParsedStatement> => [])
  const hasUp = comments.some((comment) => isPlain(wordsOf(firstLineOf(comment)), upWords))
  const found = headings.find((heading) => undoes(heading, statements, hasUp))
  return found === undefined
    ? Either.void
    : Either.left(
        new InvalidDirective({
          file,
          line: found.line,
          directive: found.directive,
          reason: "announces a part that undoes the migration, and the whole file would run",
          remedy:
            "Move that part to a file of its own that ends in .down.sql, or, if it belongs to the migration, put the comment into other words."
        })
      )
}

interface Heading {
  readonly kind: "bare" | "behind" | "plain" | "vague" | "remark" | "prose" | "hint"
  readonly start: number
  readonly line: number
  readonly directive: string
}

const undoes = ({ kind, start }: Heading, statements: ReadonlyArray<ParsedStatement>, hasUp: boolean): boolean => {
  if (statements.some((statement) => statement.start < start && start < statement.end)) return false
  const nodes = (isMeant: (statement: ParsedStatement) => boolean): ReadonlyArray<Node> =>
    statements.filter(isMeant).map(({ node }) => node)
  const above = nodes((statement) => statement.start < start)
  const below = nodes((statement) => statement.start > start).filter((node) => !isPreparation(node))
  const isSure = kind === "plain" || kind === "behind"
  if (kind === "bare" || (isSure && hasUp)) return below.length > 0
  if (above.every(isPreparation)) return false
  const made = madeByAll(above)
  if (kind === "hint") return resets(below, made)
  if (kind === "prose") return undoesAll(above, below) || resets(below, made)
  if (!isSure) return undoesMade(below, made, kind)
  const undone = new Set(above.flatMap(undoneBy))
  return below.some(
    (node) =>
      isDestructive(node) ||
      (kind === "behind" && isQuery(node)) ||
      undoneBy(node).some((key) => made.has(key)) ||
      madeBy(node).some((key) => undone.has(key))
  )
}

/** The objects that statements make. An object that is renamed counts under both names. */
const madeByAll = (nodes: ReadonlyArray<Node>): ReadonlySet<string> => {
  const made = new Set<string>()
  for (const node of nodes) {
    const { from, to } = renameIn(node)
    for (const key of [...madeBy(node), ...(from.some((one) => made.has(one)) ? to : [])]) made.add(key)
  }
  return made
}

/** Whether a part undoes objects of the file. A part that gives one of them a name which it did not have above puts it into place. */
const undoesMade = (nodes: ReadonlyArray<Node>, made: ReadonlySet<string>, kind: "vague" | "remark"): boolean => {
  const isMade = (key: string) => made.has(key)
  if (nodes.some((node) => renameIn(node).from.some(isMade) && !undoneBy(node).some(isMade))) return false
  return nodes.some((node) =>
    undoneBy(node).some((key) => made.has(key) && (kind === "vague" || !key.startsWith("rows ")))
  )
}

/** Whether a part sets again what is set above. The type of a column is not among that: it may change twice on its way to a new enum. */
const resets = (nodes: ReadonlyArray<Node>, made: ReadonlySet<string>): boolean =>
  nodes.some((node) =>
    undoneBy(node).some((key) => made.has(key) && /^(?:default|not null|row security|named) /.test(key))
  )

/** Whether a part removes all that the statements above make, and makes no object. */
const undoesAll = (above: ReadonlyArray<Node>, below: ReadonlyArray<Node>): boolean => {
  const undone = new Set(below.flatMap(undoneBy))
  const standing = above.map(standsBy).filter(Arr.isNonEmptyReadonlyArray)
  return (
    standing.length > 0 &&
    standing.every((keys) => keys.some((key) => undone.has(key))) &&
    below.every((node) => "RenameStmt" in node || !madeBy(node).some((key) => /^(?:name|column|rows) /.test(key)))
  )
}

/** The first line of a comment with words in it: a frame of other signs may stand around them. */
const firstLineOf = ({ kind, text }: SqlComment.Comment): string =>
  kind === "line" ? text : (text.split(/[\r\n]+/).find((line) => /[\p{L}\p{N}]/u.test(line)) ?? "")

const headingFrom = (
  text: string,
  comment: SqlComment.Comment,
  following: ReadonlyArray<SqlComment.Comment>
): ReadonlyArray<Heading> => {
  const line = firstLineOf(comment).trim()
  const words = wordsOf(line)
  const isLonger = comment.kind === "block" && (comment.text.match(/[\p{L}\p{N}][^\r\n]*/gu) ?? []).length > 1
  const isPart = !isLonger && !isCommentedOut(text, comment, following)
  const heading = { start: comment.start, line: comment.line, directive: directiveOf(comment, line) }
  if (isPart && isBare(words)) return [{ ...heading, kind: "bare" }]
  if (isPart && isPlain(words, undoWords)) return [{ ...heading, kind: "plain" }]
  if (/;$/.test(line)) return []
  if (announces(words)) {
    if (/:[\s*=#-]*$/.test(line)) return [{ ...heading, kind: "vague" }]
    if (isShort(words)) return [{ ...heading, kind: line.includes(":") ? "remark" : "vague" }]
  }
  const kind = isCommentedOut(text, comment, following) ? undefined : mentioned(comment.text)
  return kind === undefined ? [] : [{ ...heading, kind }]
}

/** Whether a comment mentions an undoing. A block comment that holds SQL is a way down that is commented out. */
const mentioned = (text: string): "prose" | "hint" | undefined => {
  const lines = text.split(/[\r\n]+/)
  if (lines.some((line) => sqlWords.test(line.replace(/^[\s*]+/, "")))) return undefined
  if (lines.some((line) => mention.test(spaced(line)))) return "prose"
  return lines.some((line) => hint.test(spaced(line))) ? "hint" : undefined
}

/** Behind a statement only a bare comment is a heading: any other is about the statement. */
const headingBehind = (
  text: string,
  comment: SqlComment.Comment,
  comments: ReadonlyArray<SqlComment.Comment>
): ReadonlyArray<Heading> => {
  const line = firstLineOf(comment).trim()
  const following = comments.filter(({ start }) => start > comment.start)
  return isBare(wordsOf(comment.text)) && !isCommentedOut(text, comment, following)
    ? [{ kind: "behind", start: comment.start, line: comment.line, directive: directiveOf(comment, line) }]
    : []
}

const isBare = (words: ReadonlyArray<string>): boolean =>
  words.length === 1 && words.every((word) => bareWords.has(word))

/** Whether a text announces a way down. `down` counts if it comes first or behind a companion: `break down` and `step down` do not. */
const announces = (words: ReadonlyArray<string>): boolean =>
  words.some((word, index) => {
    const before = words[index - 1]
    if (word === "dropbelow" || !(undoWords.has(word) || word === "teardown")) return false
    return word !== "down" || before === undefined || (companions.has(before) && !/^steps?$/.test(before))
  })

const directiveOf = ({ kind }: SqlComment.Comment, line: string): string =>
  kind === "line" ? `-- ${line}` : `/* ${line} */`

/** Whether the comment lines right below a heading hold the way down. */
const isCommentedOut = (
  text: string,
  heading: SqlComment.Comment,
  following: ReadonlyArray<SqlComment.Comment>
): boolean => {
  let { end } = heading
  for (const comment of following) {
    if (text.slice(end, comment.start).trim() !== "" || comment.kind === "block") return false
    if (sqlWords.test(comment.text)) return true
    if (/[\p{L}\p{N}]/u.test(comment.text)) return false
    end = comment.end
  }
  return false
}

const sqlWords =
  /^(?:drop|alter|delete|truncate|update|insert|create|revoke|grant|select|begin|commit|rename|do)\b[^.]*(?:;|$)/i

/** The line in lower case, with `migrateDown` and `users_down` as two words. */
const spaced = (line: string): string =>
  line
    .replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2")
    .replaceAll("_", " ")
    .toLowerCase()

/** Any form of the words. `down` does not count as a part of another verb. */
const mention = new RegExp(
  `\\b(?:${[
    "undo(?:es|ing|ne)?",
    "roll(?:s|ed|ing)?[\\s-]*back",
    "rollbacks?",
    "revert(?:s|ed|ing)?",
    "revers(?:es?|ed|ing|al)",
    "inverse",
    "back(?:s|ed|ing)?[\\s-]*out",
    "downgrad(?:es?|ed|ing)",
    "backwards?",
    "uninstall",
    "tear[\\s-]*down",
    "(?<!\\b(?:break|breaks|count|counts|cut|cuts|narrow|scale|shut|slow|step|steps|write|written)\\s+)downs?"
  ].join("|")})\\b`
)

/** A part with these words may tidy up as well. */
const hint = /\bback to\b|\brestor(?:es?|ed|ing)\b|\bclean(?:s|ed|ing)?[\s-]*up\b/

/** The words of a line in lower case; `Roll back`, `tear down` and `drop below` are one word each. */
const wordsOf = (line: string): ReadonlyArray<string> =>
  spaced(line)
    .replace(/\brol(?:l|ling|ls)[\s_-]*(?:(?:this|it|them|all|everything)\s+)?back\b/g, "rollback")
    .replace(/\btear[\s_-]+down\b/g, "teardown")
    .replace(/\bdrop[\s_-]+below\b/g, "dropbelow")
    .split(/[^\p{L}\p{N}']+/u)
    .filter((word) => word !== "")

/** Whether a text has one of the words meant, and else only companions and version numbers. */
const isPlain = (words: ReadonlyArray<string>, meant: ReadonlySet<string>): boolean =>
  words.some((word) => meant.has(word)) &&
  words.every((word) => meant.has(word) || companions.has(word) || /^v?\d+$/.test(word))

const isShort = (words: ReadonlyArray<string>): boolean => words.length <= 8 && !words.some((word) => verbs.has(word))

const setOf = (words: string): ReadonlySet<string> => new Set(words.split(" "))

const upWords = setOf("up ups apply forward forwards upgrade do")

/** `reverse` and `backward` are not among them: they may be the name of a function below. */
const bareWords = setOf("down downs undo rollback revert")

const undoWords = setOf(
  "down downs undo undoing rollback rollbacks revert reverting reverse reversing reversal downgrade downgrades downgrading backward backwards backout uninstall " +
    "dropbelow"
)

const companions = setOf(
  "migration migrations migrate migrating sql script scripts section part parts way step steps statement statements query queries " +
    "the this that to for of a an all and begin begins start starts end run on from db database schema ddl dml change changes " +
    "version direction operation operations code commands command block below following here everything it above create path file"
)

/** A text with one of these is a sentence. */
const verbs = setOf(
  "is are was were be been has have had does do did can cannot can't could may might must should would will won't don't isn't not " +
    "no never nothing if when because so since until unless done by we you they i"
)
