/**
 * Rewrites a new column of an old table: its constraints are added apart, and a volatile default becomes a default for new
 * rows and a backfill of the old ones in batches along the primary key.
 *
 * @since 0.1.0
 * @internal
 */
import type { ColumnDef, Constraint } from "@pgsql/types"
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { RiskKind } from "../model/Risk.js"
import { quoteIdent } from "../sql/QuotedIdentifier.js"
import { offsetOfByte } from "../text/Utf8.js"
import * as Constraints from "./Constraints.js"
import { between, tokensOf } from "./Cut.js"
import * as Piece from "./Piece.js"
import * as Situation from "./Situation.js"

/** A new column, as its command says it. @since 0.1.0 @category models */
export interface NewColumn {
  readonly target: Constraints.Target
  /** `ADD COLUMN …` */
  readonly command: string
  readonly definition: ColumnDef
  readonly kinds: ReadonlySet<RiskKind>
}

/** The commands that stay in the statement, and the pieces that follow it. @since 0.1.0 @category models */
export interface Split {
  readonly commands: ReadonlyArray<string>
  readonly pieces: ReadonlyArray<Piece.Piece>
}

/** One constraint of a column, with its text. */
interface Clause {
  readonly constraint: Constraint
  readonly text: string
}

/** Rewrites `ADD COLUMN`. @since 0.1.0 @category operations */
export const add = (column: NewColumn): Either.Either<Split, string> => {
  const { command, definition, kinds, target } = column
  const [base, clauses] = clausesOf(column)
  const isVolatile = kinds.has("volatile-default")
  const [kept, moved] = Arr.partition(clauses, ({ constraint: { contype } }) => isMoved(contype, isVolatile))
  if (moved.length === 0) return Either.right({ commands: [command], pieces: [] })
  const name = definition.colname ?? ""
  if (/^\s*add\s+(?:column\s+)?if\b/i.test(command))
    return Either.left("With IF NOT EXISTS it is not known whether the column is new: leave it out.")
  const isRequired = isVolatile && moved.some(({ constraint }) => constraint.contype === "CONSTR_NOTNULL")
  const value = moved.find(({ constraint }) => constraint.contype === "CONSTR_DEFAULT")
  const added = [base, ...kept.map(({ text }) => text)].join(" ")
  const commands = [added, ...(value === undefined ? [] : [`ALTER COLUMN ${quoteIdent(name)} SET ${defaultIn(value)}`])]
  const inside: Constraints.Target = {
    ...target,
    situation: Situation.after(target.situation, `${target.head} ${commands.join(", ")}`)
  }
  const others = moved.filter(
    ({ constraint }) => constraint.contype !== "CONSTR_NOTNULL" && constraint !== value?.constraint
  )
  return Either.gen(function* () {
    const filled = value === undefined ? [] : [yield* backfill(target, name)]
    const constraints = yield* Either.all(others.map((clause) => constraintOf(inside, name, clause)))
    const notNull = isRequired ? Constraints.notNull(inside, name) : []
    return { commands, pieces: [...filled, ...constraints.flat(), ...notNull] }
  })
}

const isMoved = (contype: Constraint["contype"], isVolatile: boolean): boolean => {
  switch (contype) {
    case "CONSTR_CHECK":
    case "CONSTR_FOREIGN":
    case "CONSTR_PRIMARY":
    case "CONSTR_UNIQUE":
      return true
    case "CONSTR_DEFAULT":
    case "CONSTR_NOTNULL":
      return isVolatile
    default:
      return false
  }
}

/** The text of the column up to its first constraint, and the constraints. Attributes stay with the constraint before them. */
const clausesOf = ({ command, definition, target }: NewColumn): readonly [string, ReadonlyArray<Clause>] => {
  const offset = target.head.length + 1
  const sql = `${target.head} ${command}`
  const placed = (definition.constraints ?? []).flatMap((node) =>
    "Constraint" in node
      ? [{ constraint: node.Constraint, at: offsetOfByte(sql, node.Constraint.location ?? 0) - offset }]
      : []
  )
  const starts = placed.filter(({ constraint }) => constraint.contype?.startsWith("CONSTR_ATTR_") !== true)
  const clauses = starts.map(({ at, constraint }, index) => ({
    constraint,
    text: command.slice(at, starts[index + 1]?.at).trim()
  }))
  return [command.slice(0, starts[0]?.at).trim(), clauses]
}

const defaultIn = ({ text }: Clause): string => {
  const tokens = tokensOf(text)
  return between(
    text,
    tokens,
    tokens.findIndex((token) => token.text === "default"),
    tokens.length
  )
}

/** The constraint of a column as one of its table. */
const constraintOf = (
  target: Constraints.Target,
  column: string,
  { constraint, text }: Clause
): Constraints.Outcome => {
  const name = quoteIdent(column)
  const tokens = tokensOf(text)
  const start = tokens[0]?.text === "constraint" ? 2 : 0
  const label = between(text, tokens, 0, start)
  const rest = (from: number) => between(text, tokens, from, tokens.length)
  const definition = (): string => {
    switch (constraint.contype) {
      case "CONSTR_FOREIGN":
        return `FOREIGN KEY (${name}) ${rest(start)}`
      case "CONSTR_PRIMARY":
        return `PRIMARY KEY (${name}) ${rest(start + 2)}`
      case "CONSTR_UNIQUE": {
        const end = tokens.findIndex((token) => token.text === "distinct") + 1
        return `UNIQUE ${end === 0 ? "" : `${between(text, tokens, start + 1, end)} `}(${name}) ${rest(end === 0 ? start + 1 : end)}`
      }
      default:
        return rest(start)
    }
  }
  const whole = `${label} ${definition()}`.trim()
  return Constraints.add(target, whole, { ...constraint, keys: [{ String: { sval: column } }] })
}

/**
 * Gives the old rows the default of the column, which differs from row to row. Each batch of rows by the primary key is a
 * transaction. A second run goes on with the rows that have no value yet.
 */
const backfill = (
  { range, situation, table }: Constraints.Target,
  column: string
): Either.Either<Piece.Piece, string> => {
  const known = Situation.tableOf(situation, range)
  const keys = known?.constraints.find(({ kind }) => kind === "primary key")?.columns ?? []
  if (known?.attachments.some(({ kind }) => kind === "trigger") === true)
    return Either.left(
      "A backfill would run the triggers of the table for each row: give the old rows their values by hand."
    )
  return Either.map(
    Either.fromOption(Option.liftPredicate(keys, Arr.isNonEmptyReadonlyArray), () =>
      known === undefined
        ? "No file makes the table, so its primary key is not known: backfill the old rows by hand."
        : "The table has no primary key to walk along: backfill the old rows by hand."
    ),
    (names) => Piece.outside(batches(table, quoteIdent(column), Arr.map(names, quoteIdent)), "backfill")
  )
}

const batchSize = 1000

const batches = (table: string, column: string, keys: Arr.NonEmptyReadonlyArray<string>): string => {
  const each = (form: (key: string, place: number) => string, separator = ", ") => keys.map(form).join(separator)
  const row = (inner: string) => (keys.length === 1 ? inner : `(${inner})`)
  const list = each((key) => key)
  const first = each((_, place) => `first_${place}`)
  const next = each((_, place) => `next_${place}`)
  return `DO $$
DECLARE
${each((key, place) => `  first_${place} ${table}.${key}%TYPE;\n  next_${place} ${table}.${key}%TYPE;`, "\n")}
BEGIN
  SELECT ${list} INTO ${first} FROM ${table} ORDER BY ${list} LIMIT 1;
  WHILE first_0 IS NOT NULL LOOP
    SELECT ${list} INTO ${next} FROM ${table} WHERE ${row(list)} >= ${row(first)} ORDER BY ${list} OFFSET ${batchSize} LIMIT 1;
    UPDATE ${table} SET ${column} = DEFAULT
      WHERE ${column} IS NULL AND ${row(list)} IN (
        SELECT ${list} FROM ${table} WHERE ${row(list)} >= ${row(first)} ORDER BY ${list} LIMIT ${batchSize}
      );
    COMMIT;
${each((_, place) => `    first_${place} := next_${place};`, "\n")}
  END LOOP;
END
$$;`
}
