/**
 * Statements with a limited effect. A neutral statement, for instance `CREATE INDEX`, changes neither the result of a
 * query nor whether it succeeds, so a heal does not need it. A definition, for instance `CREATE VIEW`, writes no rows.
 *
 * @since 0.1.0
 * @internal
 */
import type { Node } from "@pgsql/types"
import type { NodeTag } from "../sql/SyntaxTree.js"

/** Whether a statement changes neither the result nor the success of any query. @since 0.1.0 @category predicates */
export const isNeutral = (node: Node): boolean => {
  if (!("IndexStmt" in node)) return maintenance.some((tag) => tag in node)
  const { indexParams, unique, whereClause } = node.IndexStmt
  return unique !== true && whereClause === undefined && (indexParams ?? []).every(isPlainColumn)
}

/** Whether an index column is no expression: an expression runs for every written row and may fail. */
const isPlainColumn = (node: Node): boolean => "IndexElem" in node && node.IndexElem.expr === undefined

const maintenance = [
  "CheckPointStmt",
  "ClusterStmt",
  "CommentStmt",
  "CreateStatsStmt",
  "ReindexStmt",
  "VacuumStmt"
] as const

/**
 * Whether a statement defines, renames or grants and runs no code. Such a statement writes no rows, even if it is not
 * understood. Not among them: a table that is filled from a query, and a drop of all objects of a schema or a role.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isDefinition = (node: Node): boolean => {
  if ("DropStmt" in node) return node.DropStmt.removeType !== "OBJECT_SCHEMA"
  for (const tag in node) return definitions.test(tag) && !notDefinitions.some((other) => other === tag)
  return false
}

const definitions =
  /^(?:Alter|Comment|Composite|Create|Define|Drop|Grant|Import|Index|Reassign|Reindex|Rename|Rule|SecLabel|VariableSet|View)/

const notDefinitions: ReadonlyArray<NodeTag> = ["CreateTableAsStmt", "DropOwnedStmt"]
