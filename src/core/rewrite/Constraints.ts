/**
 * Rewrites a new constraint of an old table: a check or a foreign key becomes NOT VALID and is validated later; a unique
 * constraint or a primary key takes over an index that was built concurrently; NOT NULL follows from a validated check.
 *
 * Source: PostgreSQL manual, ALTER TABLE, Notes; ATExecSetNotNull (src/backend/commands/tablecmds.c), which spares the
 * scan where a valid check proves that no value is NULL.
 *
 * @since 0.1.0
 * @internal
 */
import type { Constraint, RangeVar } from "@pgsql/types"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type * as Catalog from "../catalog/SimulatedCatalog.js"
import { choose } from "../sql/ImpliedNames.js"
import { quoteIdent } from "../sql/QuotedIdentifier.js"
import { nameOfRangeVar, stringsOf } from "../sql/SyntaxTree.js"
import { afterGroup, append, between, prepend, type Token, tokensOf } from "./Cut.js"
import * as Piece from "./Piece.js"
import * as Situation from "./Situation.js"

/** The table that a constraint belongs to. @since 0.1.0 @category models */
export interface Target {
  readonly situation: Situation.Situation
  /** `ALTER TABLE app.users` */
  readonly head: string
  /** `app.users` */
  readonly table: string
  readonly range: RangeVar | undefined
}

/** The pieces of a constraint, or why there are none. @since 0.1.0 @category models */
export type Outcome = Either.Either<ReadonlyArray<Piece.Piece>, string>

const kinds: Readonly<Record<string, Catalog.ConstraintKind>> = {
  CONSTR_CHECK: "check",
  CONSTR_FOREIGN: "foreign key",
  CONSTR_NOTNULL: "not null",
  CONSTR_PRIMARY: "primary key",
  CONSTR_UNIQUE: "unique"
}

/**
 * The pieces of `ADD CONSTRAINT`. `definition` is the text of the constraint as one of the table, with or without its
 * name.
 *
 * @since 0.1.0
 * @category operations
 */
export const add = (target: Target, definition: string, constraint: Constraint): Outcome => {
  const kind = kinds[constraint.contype ?? ""]
  if (kind === undefined) return Either.left("No statement builds an exclusion constraint without a lock.")
  return Either.flatMap(nameOf(target, definition, constraint, kind), (name) => {
    const named = constraint.conname === undefined ? prepend(definition, `CONSTRAINT ${name} `) : definition
    return kind === "unique" || kind === "primary key"
      ? key(target, { constraint, definition: named, name })
      : notValid(target, named, name, kind)
  })
}

const nameOf = (
  { head, range, situation }: Target,
  definition: string,
  { conname }: Constraint,
  kind: Catalog.ConstraintKind
): Either.Either<string, string> =>
  conname === undefined
    ? Either.fromOption(
        Option.map(Situation.impliedName(situation, range, kind, `${head} ADD ${definition}`), quoteIdent),
        () => "The constraint has no name, and no file makes its table, so its name is not known: write the name."
      )
    : Either.right(quoteIdent(conname))

const notValid = (target: Target, definition: string, name: string, kind: Catalog.ConstraintKind): Outcome => {
  const { head, range, situation } = target
  if (kind === "foreign key" && Situation.tableOf(situation, range)?.isPartitioned === true)
    return Either.left("Before PostgreSQL 18 a foreign key of a partitioned table cannot be NOT VALID.")
  return Either.right([
    Piece.shared(`${head} ADD ${append(definition, " NOT VALID")};`, "constraint"),
    Piece.validation(head, name)
  ])
}

interface Key {
  readonly constraint: Constraint
  /** With the name. */
  readonly definition: string
  readonly name: string
}

const key = (target: Target, { constraint, definition, name }: Key): Outcome => {
  const { head, range, situation, table } = target
  if (Situation.tableOf(situation, range)?.isPartitioned === true)
    return Either.left("An index of a partitioned table cannot be built concurrently: build it for each partition.")
  const tokens = tokensOf(definition)
  const { attributes, columns, options, without } = keyParts(definition, tokens)
  if (without) return Either.left("A key WITHOUT OVERLAPS cannot take over an index.")
  const isPrimary = constraint.contype === "CONSTR_PRIMARY"
  const notNulls = isPrimary ? nullable(target, stringsOf(constraint.keys)).flatMap((one) => notNull(target, one)) : []
  return Either.right([
    ...notNulls.map(Piece.inPlace),
    Piece.outside(`CREATE UNIQUE INDEX CONCURRENTLY ${name} ON ${table} ${columns}${options};`, "index"),
    Piece.shared(
      `${head} ADD CONSTRAINT ${name} ${isPrimary ? "PRIMARY KEY" : "UNIQUE"} USING INDEX ${name}${attributes};`,
      "constraint"
    )
  ])
}

interface KeyParts {
  readonly columns: string
  /** `INCLUDE`, `NULLS NOT DISTINCT`, `WITH` and `TABLESPACE`, in the order of `CREATE INDEX`. */
  readonly options: string
  /** `DEFERRABLE …` */
  readonly attributes: string
  /** Whether it is a key `WITHOUT OVERLAPS`. */
  readonly without: boolean
}

/** The parts of `CONSTRAINT name UNIQUE [NULLS …] (…) [INCLUDE (…)] [WITH (…)] [USING INDEX TABLESPACE …] …`. */
const keyParts = (sql: string, tokens: ReadonlyArray<Token>): KeyParts => {
  const group = tokens.findIndex(({ text }) => text === "(")
  const isAt = (at: number, word: string) => tokens[at]?.text === word
  const nulls = tokens.slice(0, group).findIndex(({ text }) => text === "nulls")
  const parts: Array<string> = []
  let at = afterGroup(tokens, group)
  const columns = between(sql, tokens, group, at)
  const take = (word: string): void => {
    if (!isAt(at, word)) return
    const end = afterGroup(tokens, at + 1)
    parts.push(between(sql, tokens, at, end))
    at = end
  }
  take("include")
  if (nulls !== -1) parts.push(between(sql, tokens, nulls, group))
  take("with")
  if (isAt(at, "using")) {
    parts.push(between(sql, tokens, at + 2, at + 4))
    at += 4
  }
  const attributes = between(sql, tokens, at, tokens.length)
  return {
    columns,
    options: parts.map((part) => ` ${part}`).join(""),
    attributes: attributes === "" ? "" : ` ${attributes}`,
    without: /\bwithout\s+overlaps\b/i.test(columns)
  }
}

/** Columns that are not known to be NOT NULL. */
const nullable = ({ range, situation }: Target, columns: ReadonlyArray<string>): ReadonlyArray<string> => {
  const known = Situation.tableOf(situation, range)?.columns ?? []
  return columns.filter((column) => !known.some(({ isNotNull, name }) => name === column && isNotNull))
}

/** The pieces of `SET NOT NULL`. @since 0.1.0 @category operations */
export const notNull = ({ head, range, situation }: Target, column: string): ReadonlyArray<Piece.Piece> => {
  const taken = new Set(Situation.tableOf(situation, range)?.constraints.map(({ name }) => name))
  const check = quoteIdent(choose(nameOfRangeVar(range).name, column, "not_null_check", (name) => taken.has(name)))
  const name = quoteIdent(column)
  return [
    Piece.shared(`${head} ADD CONSTRAINT ${check} CHECK (${name} IS NOT NULL) NOT VALID;`, "constraint"),
    Piece.validation(head, check),
    Piece.afterValidation(`${head} ALTER COLUMN ${name} SET NOT NULL;\n${head} DROP CONSTRAINT ${check};`, "not_null")
  ]
}
