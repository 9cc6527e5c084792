/**
 * The server's own grammar as a service: libpg-query, which is PostgreSQL's parser compiled to WebAssembly. It is loaded once, in about ten
 * milliseconds. After that, parsing is synchronous and pure.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import { offsetOfCodePoint, type Parser, type SyntaxError } from "../core/sql/ParsedSql.js"
import { isDeeperThan } from "../core/sql/SyntaxTree.js"

/**
 * @since 0.1.0
 * @category tags
 */
export class SqlParser extends Context.Tag("effect-auto-migration/SqlParser")<SqlParser, Parser>() {}

type Grammar = typeof import("libpg-query")

/** `libpg-query`, in a way that no bundler follows: a bundle cannot hold its WebAssembly, so Node finds the package. */
const grammarPackage: string = ["libpg", "query"].join("-")

const load = async (): Promise<Grammar> => {
  const grammar: Grammar = await import(/* @vite-ignore */ grammarPackage)
  await grammar.loadModule()
  return grammar
}

/**
 * Loads the grammar once for the whole process, from the package `libpg-query`. Where that is not installed, the layer
 * dies with an error that says so.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { SqlParser } from "effect-auto-migration"
 * import { Effect, Either } from "effect"
 *
 * const parsed = Effect.map(SqlParser.SqlParser, (parser) => parser.sql("SELECT id FROM users"))
 *
 * assert.ok(Either.isRight(await Effect.runPromise(Effect.provide(parsed, SqlParser.layer))))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<SqlParser> = Layer.effect(
  SqlParser,
  Effect.map(Effect.orDie(Effect.tryPromise({ try: load, catch: notInstalled })), (grammar) =>
    SqlParser.of({
      sql: (text) =>
        text === "" ? Either.right({ stmts: [] }) : guarded(grammar, text, () => grammar.parseSync(text)),
      plpgsql: (text) => guarded(grammar, text, () => grammar.parsePlPgSQLSync(text)),
      fingerprint: (text) => Either.getRight(guarded(grammar, text, () => grammar.fingerprintSync(text)))
    })
  )
)

function notInstalled(cause: unknown): Error {
  return new Error(
    "PostgreSQL's grammar cannot be loaded: install the package libpg-query where the program runs, also beside a bundle",
    { cause }
  )
}

/**
 * The most levels of a syntax tree: about 1,000 operators in one expression, or 280 nested subqueries. The readers of
 * the tree call themselves for each level, and have stack for at least twice as many.
 */
const mostLevels = 2000

const tooDeep: SyntaxError = { reason: "the statement is nested too deeply", offset: 0 }

/** Refuses a text with a NUL: the grammar is C and would silently ignore the text after it. */
const guarded = <A>(grammar: Grammar, text: string, parse: () => A): Either.Either<A, SyntaxError> => {
  const nul = text.indexOf("\0")
  return nul === -1
    ? Either.filterOrLeft(
        Either.try({ try: parse, catch: (error) => syntaxErrorFrom(grammar, text, error) }),
        (tree) => !isDeeperThan(tree, mostLevels),
        () => tooDeep
      )
    : Either.left({ reason: "a NUL character cannot be part of SQL", offset: nul })
}

/** An error without details means that the stack of the grammar ran out. */
const syntaxErrorFrom = ({ hasSqlDetails }: Grammar, text: string, error: unknown): SyntaxError =>
  hasSqlDetails(error)
    ? { reason: error.message, offset: offsetOfCodePoint(text, error.sqlDetails?.cursorPosition ?? 0) }
    : error instanceof RangeError
      ? tooDeep
      : { reason: messageOf(error), offset: 0 }

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
