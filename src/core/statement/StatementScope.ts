/**
 * The names that one statement uses: the relations it touches with their aliases, and the columns, routines and types it
 * mentions. Read from its syntax tree; it lets one heal close every gap of a statement at once, and turns an alias into a table.
 *
 * **Laws**
 *
 * 1. A text that is not SQL has no scope; any other has one, be it empty.
 * 2. The scope of several statements is the union of theirs.
 * 3. Names of common table expressions are never relations of the scope, where they are visible.
 *
 * @since 0.1.0
 */
import type { Node } from "@pgsql/types"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { hasProperty, isRecord } from "effect/Predicate"
import type { QualifiedName } from "../model/SchemaObject.js"
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
  /** Real relations only: names of common table expressions are left out. */
  readonly relations: ReadonlyArray<ScopedRelation>
  readonly columns: ReadonlyArray<ScopedColumn>
  readonly routines: ReadonlyArray<QualifiedName>
  /** Types that are not PostgreSQL's own. */
  readonly types: ReadonlyArray<QualifiedName>
  /** Of an `INSERT … ON CONFLICT (columns)`: its table and its columns, sorted. */
  readonly conflictTarget: Option.Option<{ readonly relation: QualifiedName; readonly columns: ReadonlyArray<string> }>
  /** Whether a column that it names can only be one of its relations': no function gives it rows, no value is taken apart. */
  readonly isClosed: boolean
}

/**
 * The scope of a text of one or more statements; none for what is not SQL.
 *
 * @since 0.1.0
 * @category constructors
 */
export const scopeFrom = (parser: Parser, text: string): Option.Option<StatementScope> =>
  Option.map(Either.getRight(statementsOf(parser, text)), (statements) =>
    scopeOf(
      mentionsOf(statements.map(({ node }) => node)),
      statements.every(({ node }) => isOfRows(node) && !opens(node))
    )
  )

/**
 * The table behind what stands before a column's dot: an alias hides the table's own name, as it does on the server.
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
 * Whether a text names this column, which can then be none but its relations'. Where the server points to a place in the text,
 * it means a name that stands there, and not one inside a function or a trigger that the statement runs.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isColumnOf = (scope: StatementScope, column: string): boolean =>
  scope.isClosed && scope.columns.some(({ name }) => name === column)

const kindsOfRows: ReadonlySet<string> = new Set(["SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"])

const isOfRows = (node: Node): boolean => Object.keys(node).every((kind) => kindsOfRows.has(kind))

/** Rows whose columns are not those of a relation that is named. */
const sources: ReadonlySet<string> = new Set(["RangeFunction", "RangeTableFunc", "JsonTable"])

/** Whether the tree takes a column from something that is no relation: `(value).field`, `FROM function()`. */
const opens = (tree: unknown): boolean =>
  Array.isArray(tree)
    ? tree.some(opens)
    : isRecord(tree) &&
      Object.entries(tree).some(
        ([key, child]) => sources.has(key) || (key === "indirection" && isField(child)) || opens(child)
      )

/** Whether something else than the elements of an array is taken. */
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
