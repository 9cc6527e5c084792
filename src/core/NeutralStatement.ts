/**
 * Which statements can change neither the answer of any query nor whether it succeeds: they make queries faster or say
 * something about the schema. A heal need not run them, whoever's table they are about.
 *
 * @since 0.1.0
 * @internal
 */
import type { Node } from "@pgsql/types"

/** @since 0.1.0 @category predicates */
export const isNeutral = (node: Node): boolean => {
  if (!("IndexStmt" in node)) return upkeep.some((tag) => tag in node)
  const { indexParams, unique, whereClause } = node.IndexStmt
  return unique !== true && whereClause === undefined && (indexParams ?? []).every(isPlainColumn)
}

/** An expression is computed for every row that is written, and may fail. */
const isPlainColumn = (node: Node): boolean => "IndexElem" in node && node.IndexElem.expr === undefined

const upkeep = ["CheckPointStmt", "ClusterStmt", "CommentStmt", "CreateStatsStmt", "ReindexStmt", "VacuumStmt"] as const
