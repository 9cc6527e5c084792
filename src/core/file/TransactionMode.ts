/**
 * The kind of transaction that a script asks for: by the modes of the `BEGIN` around it, and by the settings before its first
 * query.
 *
 * ```sql
 * BEGIN ISOLATION LEVEL SERIALIZABLE;                 begins a block
 * SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;    sets a mode in it: the later one counts
 * SET LOCAL transaction_isolation = 'serializable';   sets the same mode by its parameter
 * SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE;   sets a mode outside a block
 * ```
 *
 * The server takes an isolation level only before the first query of a transaction, and the library sends queries of its own before
 * the script. So these statements are taken out of the script, and the transaction, which also holds the event, begins with them.
 *
 * Source: PostgreSQL manual, SET TRANSACTION; `check_transaction_isolation` in src/backend/commands/variable.c.
 *
 * @internal
 */
import { identifierAt, literalAt, skipBlank, skipToken } from "../text/Lexer.js"

/**
 * The modes that a script asks for. `DEFERRABLE` is left out: it has no effect on a transaction that writes, and each transaction
 * with an event does.
 *
 * @since 0.1.0
 * @category models
 */
export interface TransactionMode {
  readonly isolation?: Isolation
  readonly access?: "read only" | "read write"
}

/** @since 0.1.0 @category models */
export type Isolation = "read uncommitted" | "read committed" | "repeatable read" | "serializable"

/** The modes of a script that asks for none. @since 0.1.0 @category constructors */
export const unstated: TransactionMode = {}

/**
 * Whether all queries of the transaction see the database as it was at the first one.
 *
 * @since 0.1.0
 * @category predicates
 */
export const hasOneSnapshot = ({ isolation }: TransactionMode): boolean =>
  isolation === "repeatable read" || isolation === "serializable"

/** Whether a script asks for a mode. @since 0.1.0 @category predicates */
export const isStated = ({ access, isolation }: TransactionMode): boolean =>
  isolation !== undefined || access !== undefined

/**
 * The statement that begins such a transaction. `READ ONLY` is set later: the server takes it at any time, and the library's
 * queries come first.
 *
 * @since 0.1.0
 * @category statements
 */
export const begin = ({ access, isolation = "read committed" }: TransactionMode): string =>
  `BEGIN ISOLATION LEVEL ${isolation.toUpperCase()}${access === "read write" ? " READ WRITE" : ""}`

/**
 * The modes of a `BEGIN` or `START TRANSACTION`; `undefined` for another statement.
 *
 * @since 0.1.0
 * @category operations
 */
export const ofBegin = (statement: string): TransactionMode | undefined => {
  const modes = /^(?:begin(?: work| transaction)?|start transaction)(?: (.*))?$/.exec(wordsOf(statement))
  return modes === null ? undefined : modesFrom(modes[1] ?? "")
}

/**
 * The modes that a statement sets for its own transaction; `undefined` for another statement.
 *
 * @since 0.1.0
 * @category operations
 */
export const ofSetting = (statement: string): TransactionMode | undefined => {
  const words = wordsOf(statement)
  const modes = /^set (?:local |session )?transaction (.*)$/.exec(words)?.[1]
  if (modes !== undefined) return modesFrom(modes)
  return ofParameter(/^set (?:local |session )?transaction_(isolation|read_only|deferrable) (?:to|=) (.*)$/.exec(words))
}

/**
 * The modes that a statement sets for the transactions after it; `undefined` for another statement.
 *
 * @since 0.1.0
 * @category operations
 */
export const ofDefault = (statement: string): TransactionMode | undefined => {
  const words = wordsOf(statement)
  const modes = /^set session characteristics\sas\stransaction (.*)$/.exec(words)?.[1]
  if (modes !== undefined) return modesFrom(modes)
  return ofParameter(
    /^set (?:session )?default_transaction_(isolation|read_only|deferrable) (?:to|=) (.*)$/.exec(words)
  )
}

const ofParameter = (found: RegExpExecArray | null): TransactionMode | undefined => {
  const [, name, value = ""] = found ?? []
  switch (name) {
    case "isolation":
      return modesFrom(`isolation level ${value}`)
    case "deferrable":
      return unstated
    case "read_only":
      return accessBySwitch.get(value)
    default:
      return undefined
  }
}

/**
 * Whether a statement takes no snapshot, so that the isolation level can still be set after it.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isBeforeQueries = (statement: string): boolean =>
  /^(?:set|reset|show|lock|listen|unlisten|notify) /.test(`${wordsOf(statement)} `)

const accessBySwitch: ReadonlyMap<string, TransactionMode> = new Map([
  ...["on", "true", "yes", "1"].map((word): [string, TransactionMode] => [word, { access: "read only" }]),
  ...["off", "false", "no", "0"].map((word): [string, TransactionMode] => [word, { access: "read write" }])
])

const isolations: ReadonlyArray<Isolation> = ["read uncommitted", "read committed", "repeatable read", "serializable"]

/** Reads modes. An unknown mode gives `undefined`: the statement stays in the script, and the server refuses it. */
const modesFrom = (words: string): TransactionMode | undefined => {
  let mode = unstated
  let rest = words.trim()
  while (rest !== "") {
    const [found, level, access] =
      /^(?:isolation level (read uncommitted|read committed|repeatable read|serializable)|(read only|read write)|(?:not )?deferrable)(?: ?,)?(?: |$)/.exec(
        rest
      ) ?? []
    if (found === undefined) return undefined
    const isolation = isolations.find((one) => one === level)
    mode = {
      ...mode,
      ...(isolation === undefined ? {} : { isolation }),
      ...(access === "read only" || access === "read write" ? { access } : {})
    }
    rest = rest.slice(found.length)
  }
  return mode
}

/** The tokens of a statement in lower case with single blanks: no comments, and no quotes around strings. */
const wordsOf = (statement: string): string => {
  const words: Array<string> = []
  for (let at = skipBlank(statement, 0); at < statement.length; ) {
    const token = identifierAt(statement, at) ??
      literalAt(statement, at) ?? { value: undefined, end: skipToken(statement, at) }
    words.push((token.value ?? statement.slice(at, token.end)).toLowerCase())
    at = skipBlank(statement, token.end)
  }
  return words.join(" ")
}
