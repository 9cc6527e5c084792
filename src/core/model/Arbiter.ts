/**
 * What `ON CONFLICT (…) WHERE …` asks for, and what a unique index offers. The server takes an index with exactly these
 * columns and expressions, with the collations and operator classes that the clause names, and with no condition that
 * the clause lacks. Expressions are text in one form, in which only columns have double quotes.
 *
 * Source: infer_arbiter_indexes in src/backend/optimizer/util/plancat.c.
 *
 * @since 0.1.0
 * @internal
 */
import * as S from "effect/Schema"

/** @since 0.1.0 @category models */
export interface Arbiter {
  readonly columns: ReadonlyArray<string>
  readonly expressions: ReadonlyArray<string>
  /** Collations and operator classes, such as `"a" collate german`. */
  readonly classes: ReadonlyArray<string>
  /** The conditions between the `AND`s of the `WHERE` clause. */
  readonly conditions: ReadonlyArray<string>
}

/** Sorts the parts, because the server ignores their order. @since 0.1.0 @category constructors */
export const make = ({ classes = [], columns = [], conditions = [], expressions = [] }: Partial<Arbiter>): Arbiter => ({
  columns: columns.toSorted(),
  expressions: expressions.toSorted(),
  classes: classes.toSorted(),
  conditions: conditions.toSorted()
})

/** Whether `ON CONFLICT` can use an index for what it asks. @since 0.1.0 @category predicates */
export const isArbiterFor = (offered: Arbiter, asked: Arbiter): boolean =>
  isWithin(offered.columns, asked.columns) &&
  isWithin(asked.columns, offered.columns) &&
  isWithin(offered.expressions, asked.expressions) &&
  isWithin(asked.expressions, offered.expressions) &&
  isWithin(asked.classes, offered.classes) &&
  offered.conditions.every((condition) => asked.conditions.some((one) => implies(one, condition)))

const isWithin = (some: ReadonlyArray<string>, all: ReadonlyArray<string>): boolean =>
  some.every((one) => all.includes(one))

const comparison = /^\(("(?:[^"]|"")*") (=|<>|<|<=|>|>=|in) (.*)\)$/s

const listed = (operator: string | undefined, values = ""): ReadonlyArray<string> | undefined => {
  if (operator === "=") return [values]
  return operator === "in" ? (values.match(/'(?:[^']|'')*'|[^\s,()]+/g) ?? []) : undefined
}

/**
 * Whether a row that fulfils one condition fulfils the other. A comparison is false for null, and each value of a list is one of a
 * longer list. The server knows more, such as numbers: `a > 10` implies `a > 5`.
 *
 * Source: predicate_implied_by in src/backend/optimizer/util/predtest.c.
 */
const implies = (condition: string, other: string): boolean => {
  if (condition === other) return true
  const [, column = condition, operator, values] = comparison.exec(condition) ?? []
  if (other === `${column} is not null`) return operator !== undefined || column.startsWith('"')
  const [, otherColumn, otherOperator, otherValues] = comparison.exec(other) ?? []
  const [some, all] = [listed(operator, values), listed(otherOperator, otherValues)]
  return column === otherColumn && some !== undefined && all !== undefined && isWithin(some, all)
}

/** Whether it has columns only. @since 0.1.0 @category predicates */
export const isPlain = ({ classes, conditions, expressions }: Arbiter): boolean =>
  classes.length + conditions.length + expressions.length === 0

/** For messages: ` over (a, lower("b")) where ("c" = 1)`. @since 0.1.0 @category rendering */
export const render = (
  { classes, columns, conditions, expressions }: Arbiter,
  identifier: (name: string) => string
): string => {
  const elements = [...columns.map(identifier), ...expressions]
  const over = elements.length === 0 ? "" : ` over (${elements.join(", ")})`
  const by = classes.length === 0 ? "" : ` by ${classes.join(", ")}`
  return `${over}${by}${conditions.length === 0 ? "" : ` where ${conditions.join(" and ")}`}`
}

/** @since 0.1.0 @category codecs */
export const fields = {
  columns: S.Array(S.String),
  expressions: S.Array(S.String),
  classes: S.Array(S.String),
  conditions: S.Array(S.String)
}
