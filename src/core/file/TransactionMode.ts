/**
 * The kind of transaction that a script asks for: by the modes behind the `BEGIN` around it, and by what it sets before it asks
 * anything.
 *
 * ```sql
 * BEGIN ISOLATION LEVEL SERIALIZABLE;                 what a block begins with
 * SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;    or sets: the later one counts
 * SET LOCAL transaction_isolation = 'serializable';   the same by its parameter
 * SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE;   for what is not in a block
 * ```
 *
 * The server takes these only as long as nothing has been asked in the transaction, and the library asks first. So they are
 * taken out of the script, and the transaction that also holds the event begins with them.
 *
 * Source: PostgreSQL manual, SET TRANSACTION; `check_transaction_isolation` in src/backend/commands/variable.c.
 *
 * @internal
 */
import { identifierAt, literalAt, skipBlank, skipToken } from "../text/Lexer.js"

/**
 * What is not asked for is not there. Whether a transaction is deferrable makes no difference for one that writes, as each with
 * an event does.
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

/** Of a script that asks for nothing. @since 0.1.0 @category constructors */
export const unstated: TransactionMode = {}

/**
 * Whether the whole transaction sees what was committed when it first asked, and nothing that was committed since.
 *
 * @since 0.1.0
 * @category predicates
 */
export const hasOneSnapshot = ({ isolation }: TransactionMode): boolean =>
  isolation === "repeatable read" || isolation === "serializable"

/** @since 0.1.0 @category predicates */
export const isStated = ({ access, isolation }: TransactionMode): boolean =>
  isolation !== undefined || access !== undefined

/**
 * What begins such a transaction. To be read only is asked for later, since that can be at any time, and the library's questions
 * come first.
 *
 * @since 0.1.0
 * @category statements
 */
export const begin = ({ access, isolation = "read committed" }: TransactionMode): string =>
  `BEGIN ISOLATION LEVEL ${isolation.toUpperCase()}${access === "read write" ? " READ WRITE" : ""}`

/**
 * The modes of a `BEGIN` or `START TRANSACTION`, or nothing for another statement.
 *
 * @since 0.1.0
 * @category operations
 */
export const ofBegin = (statement: string): TransactionMode | undefined => {
  const modes = /^(?:begin(?: work| transaction)?|start transaction)(?: (.*))?$/.exec(wordsOf(statement))
  return modes === null ? undefined : modesFrom(modes[1] ?? "")
}

/**
 * What a statement sets for the transaction that it stands in, or nothing for any other statement.
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
 * What a statement sets for the transactions that begin after it, or nothing for any other statement.
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
 * Whether a statement takes no snapshot, so that the transaction may still be told what it is.
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

/** What is not understood the server gets to see, and says what is wrong with it. */
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

/** The tokens of a statement in small letters, without comments, strings without their quotes, one blank between two. */
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
