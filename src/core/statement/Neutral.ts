/**
 * What a statement is known not to do, whatever its words are. Some can change neither the answer of any query nor whether it succeeds: they make
 * queries faster or say something about the schema, and a heal need not run them, whoever's table they are about.
 *
 * @since 0.1.0
 * @internal
 */
import type { Node } from "@pgsql/types"
import type { NodeTag } from "../sql/SyntaxTree.js"

/** @since 0.1.0 @category predicates */
export const isNeutral = (node: Node): boolean => {
  if (!("IndexStmt" in node)) return upkeep.some((tag) => tag in node)
  const { indexParams, unique, whereClause } = node.IndexStmt
  return unique !== true && whereClause === undefined && (indexParams ?? []).every(isPlainColumn)
}

/** An expression is computed for every row that is written, and may fail. */
const isPlainColumn = (node: Node): boolean => "IndexElem" in node && node.IndexElem.expr === undefined

const upkeep = ["CheckPointStmt", "ClusterStmt", "CommentStmt", "CreateStatsStmt", "ReindexStmt", "VacuumStmt"] as const

/**
 * Statements that define, name or allow something. They run no code of their own, so that one of them that is not understood
 * still writes no rows; what is filled from a query, and what takes tables away by the dozen, is none of them.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isDefinition = (node: Node): boolean => {
  if ("DropStmt" in node) return node.DropStmt.removeType !== "OBJECT_SCHEMA"
  for (const tag in node) return defining.test(tag) && !filling.some((other) => other === tag)
  return false
}

const defining =
  /^(?:Alter|Comment|Composite|Create|Define|Drop|Grant|Import|Index|Reassign|Reindex|Rename|Rule|SecLabel|VariableSet|View)/

const filling: ReadonlyArray<NodeTag> = ["CreateTableAsStmt", "DropOwnedStmt"]
