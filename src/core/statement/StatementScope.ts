/**
 * The scope of a statement is the names that it uses: relations with their aliases, columns, routines and types. With
 * it, one heal closes all gaps of a statement, and an alias becomes a table.
 *
 * **Laws**
 *
 * 1. A text that is not SQL or is too long has no scope; every other text has one, which may be empty.
 * 2. The scope of several statements is the union of their scopes.
 * 3. The name of a common table expression is never a relation of the scope, where it is visible.
 *
 * @internal
 */
import type { Node } from "@pgsql/types"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { hasProperty, isRecord } from "effect/Predicate"
import type { ConflictTarget, QualifiedName } from "../model/SchemaObject.js"
import { type Mentions, mentionsOf } from "../sql/Mentions.js"
import { type Parser, statementsOf } from "../sql/ParsedSql.js"
import { isBuiltIn } from "../sql/ParsedType.js"

/** @since 0.1.0 @category models */
export interface ScopedRelation {
  readonly relation: QualifiedName
  readonly alias: Option.Option<string>
}

/**
 * A column as the statement writes it.
 *
 * @since 0.1.0
 * @category models
 */
export interface ScopedColumn {
  /** The alias or table name before the dot; for the left side of an assignment, the statement's target. */
  readonly qualifier: Option.Option<string>
  readonly name: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface StatementScope {
  /** The relations, without the names of common table expressions. */
  readonly relations: ReadonlyArray<ScopedRelation>
  readonly columns: ReadonlyArray<ScopedColumn>
  readonly routines: ReadonlyArray<QualifiedName>
  /** Types that are not PostgreSQL's own. */
  readonly types: ReadonlyArray<QualifiedName>
  /** What an `INSERT … ON CONFLICT (…)` asks for. */
  readonly conflictTarget: Option.Option<ConflictTarget>
  /**
   * Whether every named column belongs to one of the relations: no function gives rows, and no field of a value is
   * read.
   */
  readonly isClosed: boolean
}

/**
 * The length of the longest text of a failed statement that is parsed, in UTF-16 units. A longer text counts as not
 * known, since the parser holds up the event loop.
 *
 * @since 0.1.0
 * @category constants
 */
export const longestText = 32_768

/**
 * The scope of a text of one or more statements; `None` for a text that is not SQL or too long.
 *
 * @since 0.1.0
 * @category constructors
 */
export const scopeFrom = (parser: Parser, text: string): Option.Option<StatementScope> =>
  text.length > longestText
    ? Option.none()
    : Option.map(Either.getRight(statementsOf(parser, text)), (statements) =>
        scopeOf(
          mentionsOf(statements.map(({ node }) => node)),
          statements.every(({ node }) => isOfRows(node) && !hasOtherColumns(node))
        )
      )

/**
 * The table of a column's qualifier. As on the server, an alias hides the table's own name.
 *
 * @since 0.1.0
 * @category operations
 */
export const tableOf = (scope: StatementScope, qualifier: string): Option.Option<QualifiedName> => {
  const known = scope.relations.find(({ alias }) => Option.contains(alias, qualifier))
  const named =
    known ?? scope.relations.find(({ alias, relation }) => Option.isNone(alias) && relation.name === qualifier)
  return Option.map(Option.fromNullable(named), ({ relation }) => relation)
}

/**
 * Whether the text names this column and it can only belong to the scope's relations. An error with a position in the
 * text is about a name of the text, and not about a name inside a function or trigger that the statement runs.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isColumnOf = (scope: StatementScope, column: string): boolean =>
  scope.isClosed && scope.columns.some(({ name }) => name === column)

const rowStatements: ReadonlySet<string> = new Set([
  "SelectStmt",
  "InsertStmt",
  "UpdateStmt",
  "DeleteStmt",
  "MergeStmt"
])

const isOfRows = (node: Node): boolean => Object.keys(node).every((kind) => rowStatements.has(kind))

/** Sources of rows that are not relations. */
const otherSources: ReadonlySet<string> = new Set(["RangeFunction", "RangeTableFunc", "JsonTable"])

/** Whether the tree has a column of something other than a relation: `(value).field`, `FROM function()`. */
const hasOtherColumns = (tree: unknown): boolean =>
  Array.isArray(tree)
    ? tree.some(hasOtherColumns)
    : isRecord(tree) &&
      Object.entries(tree).some(
        ([key, child]) => otherSources.has(key) || (key === "indirection" && isField(child)) || hasOtherColumns(child)
      )

/** Whether an indirection reads a field, and not only elements of an array. */
const isField = (indirection: unknown): boolean =>
  Array.isArray(indirection) && indirection.some((step) => !hasProperty(step, "A_Indices"))

const scopeOf = (mentions: Mentions, isClosed: boolean): StatementScope => ({
  relations: distinct(
    [
      ...mentions.relations.map(({ alias, name }) => ({ relation: name, alias })),
      ...mentions.inTexts.flatMap(({ kind, name }) =>
        kind === "relation" || kind === "sequence" ? [{ relation: name, alias: Option.none() }] : []
      )
    ],
    ({ alias, relation }) => `${keyOf(relation)} ${Option.getOrElse(alias, () => "")}`
  ),
  columns: distinct(mentions.columns, ({ name, qualifier }) => keyOf({ schema: qualifier, name })),
  routines: distinct([...mentions.calls.map(({ name }) => name), ...namedInTexts(mentions, "routine")], keyOf),
  types: distinct(
    [...mentions.types, ...namedInTexts(mentions, "type")].filter(
      ({ name, schema }) => !isBuiltIn([...Option.toArray(schema), name])
    ),
    keyOf
  ),
  conflictTarget: mentions.conflictTarget,
  isClosed
})

const namedInTexts = (mentions: Mentions, kind: "routine" | "type"): ReadonlyArray<QualifiedName> =>
  mentions.inTexts.flatMap((mention) => (mention.kind === kind ? [mention.name] : []))

const keyOf = ({ name, schema }: QualifiedName): string => `${Option.getOrElse(schema, () => "")}\0${name}`

const distinct = <A>(items: ReadonlyArray<A>, key: (item: A) => string): ReadonlyArray<A> => [
  ...new Map(items.map((item) => [key(item), item])).values()
]
