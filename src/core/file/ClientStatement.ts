/**
 * Statements that need a client: commands and variables of psql, rows that psql sends or receives, a snapshot of another
 * transaction. Files that were written for psql hold them, and a migration has no psql.
 *
 * ```sql
 * \restrict key                       a command of psql
 * INSERT INTO t VALUES (:'name');     a variable of psql
 * COPY t (id) FROM stdin;             the lines below are rows, which psql sends
 * 1
 * \.
 * ```
 *
 * @internal
 */
import type { Node } from "@pgsql/types"
import * as Either from "effect/Either"
import type { ParsedStatement, SyntaxError } from "../sql/ParsedSql.js"
import { skipToken } from "../text/Lexer.js"

/**
 * The statements, or the error of the first that no server takes from a migration.
 *
 * @since 0.1.0
 * @category operations
 */
export const refuse = (
  statements: ReadonlyArray<ParsedStatement>
): Either.Either<ReadonlyArray<ParsedStatement>, SyntaxError> => {
  for (const { node, start } of statements) {
    const problem = problemOf(node)
    if (problem !== undefined) return Either.left({ ...problem, offset: start })
  }
  return Either.right(statements)
}

/**
 * Explains an error of the grammar by a command or variable of psql at its offset, or by a command before it. Any other error is
 * returned as it is.
 *
 * @since 0.1.0
 * @category operations
 */
export const explain = (text: string, error: SyntaxError): SyntaxError => {
  const found = firstIn(text)
  if (found !== undefined && found.offset <= error.offset) return found
  const variable = /^:(?:'[^'\r\n]*'|"[^"\r\n]*"|[A-Za-z_]\w*)/.exec(text.slice(error.offset, error.offset + 80))?.[0]
  return variable === undefined
    ? error
    : {
        offset: error.offset,
        reason: `${variable} is a variable of psql, and a server does not know it`,
        remedy: "Write the value itself."
      }
}

type Problem = Omit<SyntaxError, "offset">

const fromClient: Problem = {
  reason: "COPY … FROM stdin takes rows from psql, and a migration has no psql to send them",
  remedy: "Write the rows as INSERT statements, as pg_dump --inserts does."
}

const toClient: Problem = {
  reason: "COPY … TO stdout gives rows to psql, and a migration has no psql to take them",
  remedy: "Remove the statement."
}

const importedSnapshot: Problem = {
  reason: "SET TRANSACTION SNAPSHOT takes a snapshot of another open transaction, which a migration cannot rely on",
  remedy: "Write SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, which gives the migration a snapshot of its own."
}

const problemOf = (node: Node): Problem | undefined => {
  if ("VariableSetStmt" in node) {
    return node.VariableSetStmt.name === "TRANSACTION SNAPSHOT" ? importedSnapshot : undefined
  }
  if (!("CopyStmt" in node) || node.CopyStmt.filename !== undefined || node.CopyStmt.is_program === true)
    return undefined
  return node.CopyStmt.is_from === true ? fromClient : toClient
}

/** The first command of psql, or `COPY … FROM stdin`, outside strings and comments. */
const firstIn = (text: string): SyntaxError | undefined => {
  let copy: number | undefined
  let previous = ";"
  for (let at = 0; at < text.length; ) {
    const end = skipToken(text, at)
    const token = text.slice(at, end).toLowerCase()
    if (token === "\\") return { offset: at, ...commandAt(text, at) }
    if (token === ";") copy = undefined
    if (token === "copy" && previous === ";") copy = at
    if (copy !== undefined && token === "stdin" && previous === "from") return { offset: copy, ...fromClient }
    if (token.trim() !== "" && !/^(?:--|\/\*)/.test(token)) previous = token
    at = end
  }
  return undefined
}

const commandAt = (text: string, at: number): Problem => {
  const name = /^\\(?:[a-z_]+|\S)/i.exec(text.slice(at, at + 40))?.[0] ?? "\\"
  return {
    reason: `${name} is a command of psql, and a server does not know it`,
    remedy: remedyByCommand.get(name) ?? "Remove the line, or write it as SQL."
  }
}

const remove = "Remove the line."
const elsewhere = "Remove the line: the program is told by its own options where to connect."
const inline = "Put the statements of that file here, or make a migration of it."
const noRestriction = "Remove the lines \\restrict and \\unrestrict, which pg_dump writes for psql."
const values = "Write the value itself, and remove the line."

const remedyByCommand: ReadonlyMap<string, string> = new Map([
  ["\\restrict", noRestriction],
  ["\\unrestrict", noRestriction],
  ["\\connect", elsewhere],
  ["\\c", elsewhere],
  ["\\i", inline],
  ["\\ir", inline],
  ["\\include", inline],
  ["\\include_relative", inline],
  ["\\set", values],
  ["\\gset", values],
  ["\\prompt", values],
  ["\\copy", "Write the rows as INSERT statements."],
  ["\\gexec", "Execute the text in a DO block: FOR … IN SELECT … LOOP EXECUTE …; END LOOP."],
  ["\\g", "End the statement with a semicolon."],
  ["\\if", "Write the condition as an IF in a DO block."],
  ["\\echo", remove],
  ["\\qecho", remove],
  ["\\timing", remove],
  ["\\pset", remove],
  ["\\encoding", remove],
  ["\\.", "Write the rows as INSERT statements, and remove the line."]
])
