/**
 * A relaxation is what a migration makes possible without a new object: it drops or widens a rule of a table, or adds a
 * partition. A row that broke the rule, or had no place, then fits.
 *
 * @since 0.1.0
 * @internal
 */
import * as S from "effect/Schema"

/**
 * What is relaxed: `not null` of a column, a check, a key or a foreign key, the length of a column's type, the partitions
 * of a table, or the number of its columns.
 *
 * @since 0.1.0
 * @category models
 */
export const Rule = S.Literal("not null", "constraint", "length", "partition", "column")

/** @since 0.1.0 @category models */
export type Rule = typeof Rule.Type

/**
 * Whether a rule says which values are right, so that a row that breaks it may be a mistake. A table without a partition
 * or a column for a row says no such thing.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isOfValues = (rule: Rule): boolean => rule !== "partition" && rule !== "column"

const words: Readonly<Record<Rule, string>> = {
  "not null": "null in column",
  constraint: "an end of constraint",
  length: "more length for column",
  partition: "another partition",
  column: "another column"
}

/** For messages: `null in column users.name`. @since 0.1.0 @category rendering */
export const render = (rule: Rule, name: string, table: string | undefined): string => {
  const member = name === "" ? "" : ` ${name}`
  return `${words[rule]}${member}${table === undefined ? "" : ` of relation ${table}`}`
}
