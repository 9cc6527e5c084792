/**
 * The privileges that a query requires, read from its syntax tree: privileges on the relations and routines that it
 * names. `SELECT id FROM users` requires `SELECT` on `users (id)`. The server's error says in a local language that a
 * privilege is missing; a query of its catalog finds which of the required privileges it is.
 *
 * Source: PostgreSQL manual, section 5.8, Privileges, and the notes of each statement.
 *
 * @since 0.1.0
 * @internal
 */
import type { MergeWhenClause, Node, OnConflictClause, RangeVar } from "@pgsql/types"
import * as Option from "effect/Option"
import { isRecord } from "effect/Predicate"
import { isBuiltInRoutine } from "../catalog/BuiltInRoutines.js"
import type { QualifiedName } from "../model/SchemaObject.js"
import { type Mentions, mentionsOf } from "../sql/Mentions.js"
import { isNode, nameOfRangeVar } from "../sql/SyntaxTree.js"

/**
 * A privilege that the role must have. `name` is `null` for the schema of new objects, for the database, and for an
 * attribute of the role such as `SUPERUSER`.
 *
 * @since 0.1.0
 * @category models
 */
export interface RequiredPrivilege {
  readonly kind: "relation" | "routine" | "type" | "schema" | "language" | "database" | "extension" | "role"
  /** In the words of `GRANT`. `OWNER` means ownership, which no grant gives. */
  readonly privilege: string
  readonly schema: string | null
  readonly name: string | null
  /**
   * Of a relation: `null` for the whole relation, an empty list for any column, or the columns of the list that it has.
   */
  readonly columns: ReadonlyArray<string> | null
}

/** @since 0.1.0 @category constructors */
export const required = (
  kind: RequiredPrivilege["kind"],
  privilege: string,
  name?: QualifiedName,
  columns: RequiredPrivilege["columns"] = null
): RequiredPrivilege => ({
  kind,
  privilege,
  schema: name === undefined ? null : Option.getOrNull(name.schema),
  name: name?.name ?? null,
  columns
})

/** The ownership of an object. @since 0.1.0 @category constructors */
export const owner = (kind: RequiredPrivilege["kind"], name: QualifiedName): RequiredPrivilege =>
  required(kind, "OWNER", name)

const relation = (
  privilege: string,
  range: RangeVar | undefined,
  columns: RequiredPrivilege["columns"]
): RequiredPrivilege => required("relation", privilege, nameOfRangeVar(range), columns)

/**
 * The privileges of a query, `INSERT`, `UPDATE`, `DELETE` or `MERGE`, anywhere in the tree.
 *
 * @since 0.1.0
 * @category operations
 */
export const ofQuery = (node: Node): ReadonlyArray<RequiredPrivilege> => {
  const mentions = mentionsOf(node)
  const isLocking = mentions.relations.length > 0 && JSON.stringify(node).includes('"lockingClause"')
  return [
    ...mentions.relations.flatMap((mention) =>
      mention.access === "read"
        ? [
            ...reading(mention.name, columnsOf(mentions, mention)),
            ...(isLocking ? [required("relation", "UPDATE", mention.name, [])] : [])
          ]
        : []
    ),
    ...writesIn(node),
    ...callsOf(mentions)
  ]
}

/** The privileges on routines, except built-in ones, and on sequences. @since 0.1.0 @category operations */
export const callsOf = (mentions: Mentions): ReadonlyArray<RequiredPrivilege> => [
  ...mentions.calls.flatMap(({ name }) => (isBuiltInRoutine(name) ? [] : [required("routine", "EXECUTE", name)])),
  ...mentions.inTexts.flatMap(({ kind, name }) => (kind === "sequence" ? [required("relation", "USAGE", name)] : []))
]

/** A query that reads no column by name, such as `count(*)`, requires `SELECT` on any column. */
const reading = (name: QualifiedName, columns: RequiredPrivilege["columns"]): ReadonlyArray<RequiredPrivilege> =>
  columns === null || columns.length === 0
    ? [required("relation", "SELECT", name, columns)]
    : [required("relation", "SELECT", name, []), required("relation", "SELECT", name, columns)]

const columnsOf = (
  { columns, hasStar }: Mentions,
  { alias, name }: { readonly alias: Option.Option<string>; readonly name: QualifiedName }
): RequiredPrivilege["columns"] => {
  const written = Option.getOrElse(alias, () => name.name)
  return hasStar
    ? null
    : distinct(columns.filter((column) => Option.getOrElse(column.qualifier, () => written) === written))
}

const distinct = (columns: Mentions["columns"]): ReadonlyArray<string> => [...new Set(columns.map(({ name }) => name))]

const writesIn = (value: unknown): ReadonlyArray<RequiredPrivilege> => {
  if (Array.isArray(value)) return value.flatMap(writesIn)
  if (!isRecord(value)) return []
  return [...(isNode(value) ? writeOf(value) : []), ...Object.values(value).flatMap(writesIn)]
}

const writeOf = (node: Node): ReadonlyArray<RequiredPrivilege> => {
  if ("InsertStmt" in node) {
    const { cols, onConflictClause, relation: target, returningClause } = node.InsertStmt
    return [
      relation("INSERT", target, cols === undefined ? null : assigned(cols)),
      ...conflict(target, onConflictClause),
      ...readingTarget(target, returningClause)
    ]
  }
  if ("UpdateStmt" in node) {
    const { relation: target, returningClause, targetList, whereClause } = node.UpdateStmt
    return [
      relation("UPDATE", target, assigned(targetList)),
      ...readingTarget(target, [targetList, whereClause, returningClause])
    ]
  }
  if ("DeleteStmt" in node) {
    const { relation: target, returningClause, whereClause } = node.DeleteStmt
    return [relation("DELETE", target, null), ...readingTarget(target, [whereClause, returningClause])]
  }
  if ("MergeStmt" in node) {
    const { joinCondition, mergeWhenClauses, relation: target, returningClause } = node.MergeStmt
    return [
      ...(mergeWhenClauses ?? []).flatMap((clause) =>
        "MergeWhenClause" in clause ? merging(target, clause.MergeWhenClause) : []
      ),
      ...readingTarget(target, [joinCondition, mergeWhenClauses, returningClause])
    ]
  }
  return []
}

const merging = (
  target: RangeVar | undefined,
  { commandType, targetList }: MergeWhenClause
): ReadonlyArray<RequiredPrivilege> => {
  switch (commandType) {
    case "CMD_INSERT":
      return [relation("INSERT", target, targetList === undefined ? null : assigned(targetList))]
    case "CMD_UPDATE":
      return [relation("UPDATE", target, assigned(targetList))]
    case "CMD_DELETE":
      return [relation("DELETE", target, null)]
    default:
      return []
  }
}

const assigned = (nodes: ReadonlyArray<Node> | undefined): ReadonlyArray<string> =>
  (nodes ?? []).flatMap((node) =>
    "ResTarget" in node && node.ResTarget.name !== undefined ? [node.ResTarget.name] : []
  )

const conflict = (
  target: RangeVar | undefined,
  clause: OnConflictClause | undefined
): ReadonlyArray<RequiredPrivilege> => {
  if (clause === undefined) return []
  const arbiter = readingTarget(target, [clause.infer, clause.targetList, clause.whereClause])
  return clause.action === "ONCONFLICT_UPDATE"
    ? [relation("UPDATE", target, assigned(clause.targetList)), ...arbiter]
    : arbiter
}

/** The `SELECT` privileges on a target whose columns are named in expressions. */
const readingTarget = (target: RangeVar | undefined, pieces: unknown): ReadonlyArray<RequiredPrivilege> => {
  const { columns, hasStar } = mentionsOf(pieces)
  if (hasStar) return [relation("SELECT", target, null)]
  return columns.length === 0 ? [] : [relation("SELECT", target, distinct(columns))]
}
