/**
 * The statements that cannot run inside a transaction block, for instance `VACUUM`, and the statements that begin or
 * end one. The server rejects the first kind in a block (SQLSTATE 25001), so a migration with such a statement is not
 * atomic and runs statement by statement.
 *
 * Source: calls of PreventInTransactionBlock in src/backend.
 *
 * @since 0.1.0
 * @internal
 */
import type { DefElem, Node, RangeVar } from "@pgsql/types"
import * as Option from "effect/Option"
import { type Body, isOn, optionNamed, optionText } from "../sql/SyntaxTree.js"

/**
 * Whether a statement may run inside a transaction block. `REINDEX TABLE` and `CLUSTER` may, except on a partitioned
 * table.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isTransactional = (node: Node, isPartitioned: (range: RangeVar) => boolean): boolean => {
  if ("IndexStmt" in node) return node.IndexStmt.concurrent !== true
  if ("DropStmt" in node) return node.DropStmt.concurrent !== true
  if ("ReindexStmt" in node) {
    const { kind, params, relation } = node.ReindexStmt
    return !isReindexOfMany(kind) && !isOn(concurrently(params)) && !(relation !== undefined && isPartitioned(relation))
  }
  if ("VacuumStmt" in node) return node.VacuumStmt.is_vacuumcmd !== true
  if ("ClusterStmt" in node) {
    const { relation } = node.ClusterStmt
    return relation !== undefined && !isPartitioned(relation)
  }
  if ("AlterTableStmt" in node) return !(node.AlterTableStmt.cmds ?? []).some(detachesConcurrently)
  if ("CreateSubscriptionStmt" in node) return !createsSlot(node.CreateSubscriptionStmt.options)
  if ("AlterSubscriptionStmt" in node) return !refreshes(node.AlterSubscriptionStmt)
  if ("DiscardStmt" in node) return node.DiscardStmt.target !== "DISCARD_ALL"
  if ("AlterDatabaseStmt" in node) return optionNamed(node.AlterDatabaseStmt.options, "tablespace") === undefined
  return !neverTransactional.some((tag) => tag in node)
}

/** Whether a script begins or ends transactions. @since 0.1.0 @category predicates */
export const hasOwnTransactions = (nodes: ReadonlyArray<Node>): boolean =>
  nodes.some((node) => "TransactionStmt" in node && !savepointKinds.has(node.TransactionStmt.kind ?? ""))

/**
 * Whether a statement ends its transaction; in a body, this is the caller's transaction.
 *
 * @since 0.1.0
 * @category predicates
 */
export const endsTransaction = (node: Node): boolean =>
  "TransactionStmt" in node && endKinds.has(node.TransactionStmt.kind ?? "")

const endKinds: ReadonlySet<string> = new Set(["TRANS_STMT_COMMIT", "TRANS_STMT_ROLLBACK"])

/** Whether a statement begins a transaction block. @since 0.1.0 @category predicates */
export const beginsBlock = (node: Node): boolean =>
  "TransactionStmt" in node && beginKinds.has(node.TransactionStmt.kind ?? "")

/**
 * Whether a statement ends the transaction block and begins no new one with `AND CHAIN`.
 *
 * @since 0.1.0
 * @category predicates
 */
export const endsBlock = (node: Node): boolean =>
  (endsTransaction(node) && !isChained(node)) ||
  ("TransactionStmt" in node && node.TransactionStmt.kind === "TRANS_STMT_PREPARE")

/** Whether a statement ends a transaction and begins another with `AND CHAIN`. @since 0.1.0 @category predicates */
export const isChained = (node: Node): boolean => "TransactionStmt" in node && node.TransactionStmt.chain === true

/**
 * The index of the statement that begins a block that the script does not end. The end of the session rolls the block
 * back.
 *
 * @since 0.1.0
 * @category queries
 */
export const unclosed = (nodes: ReadonlyArray<Node>): Option.Option<number> => {
  let open: Option.Option<number> = Option.none()
  for (const [place, node] of nodes.entries()) {
    if (endsBlock(node)) open = Option.none()
    else if (Option.isNone(open) && beginsBlock(node)) open = Option.some(place)
  }
  return open
}

/**
 * How many of the statements come before a `BEGIN` at the end of the script, which does nothing: no work follows it.
 *
 * @since 0.1.0
 * @category queries
 */
export const beforeIdleBegin = (nodes: ReadonlyArray<Node>): number =>
  Option.match(unclosed(nodes), {
    onNone: () => nodes.length,
    onSome: (place) => (nodes.slice(place).every(beginsBlock) ? place : nodes.length)
  })

const beginKinds: ReadonlySet<string> = new Set(["TRANS_STMT_BEGIN", "TRANS_STMT_START"])

/** Statements on savepoints, which stay inside their transaction. */
const savepointKinds: ReadonlySet<string> = new Set([
  "TRANS_STMT_SAVEPOINT",
  "TRANS_STMT_RELEASE",
  "TRANS_STMT_ROLLBACK_TO"
])

const neverTransactional = [
  "AlterSystemStmt",
  "CreatedbStmt",
  "CreateTableSpaceStmt",
  "DropdbStmt",
  "DropSubscriptionStmt",
  "DropTableSpaceStmt"
] as const

const isReindexOfMany = (kind: string | undefined): boolean =>
  kind === "REINDEX_OBJECT_SCHEMA" || kind === "REINDEX_OBJECT_SYSTEM" || kind === "REINDEX_OBJECT_DATABASE"

const concurrently = (params: ReadonlyArray<Node> | undefined) => optionNamed(params, "concurrently")

const detachesConcurrently = (node: Node): boolean => {
  if (!("AlterTableCmd" in node)) return false
  const { def, subtype } = node.AlterTableCmd
  if (subtype === "AT_DetachPartitionFinalize") return false
  return def !== undefined && "PartitionCmd" in def && def.PartitionCmd.concurrent === true
}

/**
 * Whether a change talks to the publisher: it refreshes the publications (the default), or sets `failover` or
 * `two_phase`.
 */
const refreshes = ({ kind, options }: Body<"AlterSubscriptionStmt">): boolean => {
  switch (kind) {
    case "ALTER_SUBSCRIPTION_REFRESH":
      return true
    case "ALTER_SUBSCRIPTION_SET_PUBLICATION":
    case "ALTER_SUBSCRIPTION_ADD_PUBLICATION":
    case "ALTER_SUBSCRIPTION_DROP_PUBLICATION":
      return !isOff(optionNamed(options, "refresh"))
    default:
      return ["failover", "two_phase"].some((name) => optionNamed(options, name) !== undefined)
  }
}

const isOff = (option: DefElem | undefined): boolean =>
  Option.exists(optionText(option), (text) => ["false", "off", "0"].includes(text.toLowerCase()))

const createsSlot = (options: ReadonlyArray<Node> | undefined): boolean =>
  !isOff(optionNamed(options, "create_slot")) && !isOff(optionNamed(options, "connect"))
