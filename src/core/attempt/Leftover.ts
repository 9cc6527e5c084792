/**
 * What a statement leaves in the catalog, by which an interrupted attempt at it can be judged: it took effect, it did half of
 * it, or it was not begun. Everything here is read from the statement alone.
 *
 * **Laws**
 *
 * 1. A statement that may be run any number of times is `Harmless`, whatever it is.
 * 2. A statement that changes rows, or runs code that may, is `None`: no catalog knows whether it ran.
 * 3. A transaction block leaves the leftovers of what it holds, since all of it took effect or nothing.
 *
 * Source: PostgreSQL manual, CREATE INDEX and REINDEX ("Building Indexes Concurrently", "Rebuilding Indexes Concurrently"),
 * ALTER TABLE ("DETACH PARTITION"); calls of PreventInTransactionBlock in src/backend.
 *
 * @since 0.1.0
 * @internal
 */
import type { IndexStmt, Node } from "@pgsql/types"
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as SimulatedCatalog from "../catalog/SimulatedCatalog.js"
import * as Footprint from "../migration/Footprint.js"
import * as SchemaObject from "../model/SchemaObject.js"
import { columnsPart, indexColumnNames, join } from "../sql/ImpliedNames.js"
import type { Parser } from "../sql/ParsedSql.js"
import { type Body, isOn, nameOfRangeVar, optionNamed, optionText, stringsOf } from "../sql/SyntaxTree.js"
import { isChained } from "../statement/TransactionBlock.js"

/** What a whole server knows by one name each. @since 0.1.0 @category models */
export type ServerObject = "database" | "tablespace" | "subscription" | "prepared transaction"

/**
 * @since 0.1.0
 * @category models
 */
export type Leftover =
  /** May run again. */
  | { readonly _tag: "Harmless" }
  /** An index, valid when it is done and invalid when it is half-done; without a name its name begins as implied. */
  | {
      readonly _tag: "Index"
      readonly table: SchemaObject.QualifiedName
      readonly name: string
      readonly isImplied: boolean
    }
  /** May run again once the invalid indexes that an interrupted run leaves are gone. */
  | {
      readonly _tag: "Rebuilt"
      readonly of: "relation" | "schema" | "database"
      readonly name: SchemaObject.QualifiedName
    }
  /** A partition, whose detaching is half-done while it is pending. */
  | {
      readonly _tag: "Detached"
      readonly table: SchemaObject.QualifiedName
      readonly partition: SchemaObject.QualifiedName
    }
  /** Done once it exists, or no longer exists. */
  | { readonly _tag: "OnServer"; readonly kind: ServerObject; readonly name: string; readonly exists: boolean }
  /** Done once all of them are, or none is, among a subscription's publications. */
  | {
      readonly _tag: "Publications"
      readonly subscription: string
      readonly names: ReadonlyArray<string>
      readonly exists: boolean
    }
  /** Done once these objects exist, or no longer exist. */
  | {
      readonly _tag: "Objects"
      readonly objects: Arr.NonEmptyReadonlyArray<SchemaObject.SchemaObject>
      readonly exist: boolean
    }
  | { readonly _tag: "None" }

const harmless: Leftover = { _tag: "Harmless" }

const none: Leftover = { _tag: "None" }

/**
 * The leftovers of statements that take effect together: one statement, or a transaction block with its `BEGIN` and `COMMIT`.
 *
 * @since 0.1.0
 * @category inference
 */
export const of = (parser: Parser, text: string, nodes: ReadonlyArray<Node>): Leftover => {
  const telling = nodes.filter((node) => !("TransactionStmt" in node && !isOfPrepared(node.TransactionStmt)))
  const [first, ...rest] = telling
  if (first === undefined || telling.every(isRepeatable)) return harmless
  if (telling.some(runsCode) || nodes.some(isChained)) return none
  return Option.getOrElse(rest.length === 0 ? special(first) : Option.none(), () => objects(parser, text))
}

/**
 * Whether a statement waits for other transactions without keeping readers or writers waiting meanwhile, so that nothing is
 * gained by giving up early: `lock_timeout` would leave it half-done again and again.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isPatient = (node: Node): boolean =>
  ("IndexStmt" in node && node.IndexStmt.concurrent === true) ||
  ("DropStmt" in node && node.DropStmt.concurrent === true) ||
  ("ReindexStmt" in node && isConcurrent(node.ReindexStmt))

/**
 * Whether statements that take effect together may have committed part of it when one of them fails. In a transaction block
 * nothing does, unless the block goes over into another.
 *
 * @since 0.1.0
 * @category predicates
 */
export const mayCommit = (nodes: ReadonlyArray<Node>): boolean => {
  const [first] = nodes
  if (first === undefined || nodes.length > 1) return nodes.some(isChained)
  return "CallStmt" in first || ("DoStmt" in first && !isWhole(first.DoStmt))
}

/** Whether a statement only changes the session: whoever goes on in another session has to run it first. @since 0.1.0 @category predicates */
export const isSetting = (node: Node): boolean => "VariableSetStmt" in node && node.VariableSetStmt.is_local !== true

const isConcurrent = ({ params }: Body<"ReindexStmt">): boolean => isOn(optionNamed(params, "concurrently"))

const isOfPrepared = ({ kind }: Body<"TransactionStmt">): boolean =>
  kind === "TRANS_STMT_COMMIT_PREPARED" || kind === "TRANS_STMT_ROLLBACK_PREPARED"

const special = (node: Node): Option.Option<Leftover> => {
  if ("IndexStmt" in node && node.IndexStmt.concurrent === true) return Option.some(index(node.IndexStmt))
  if ("ReindexStmt" in node) return Option.some(rebuilt(node.ReindexStmt))
  if ("AlterTableStmt" in node) return detached(node.AlterTableStmt)
  if ("CreatedbStmt" in node) return onServer("database", node.CreatedbStmt.dbname, true)
  if ("DropdbStmt" in node) return onServer("database", node.DropdbStmt.dbname, false)
  if ("CreateTableSpaceStmt" in node) return onServer("tablespace", node.CreateTableSpaceStmt.tablespacename, true)
  if ("DropTableSpaceStmt" in node) return onServer("tablespace", node.DropTableSpaceStmt.tablespacename, false)
  if ("CreateSubscriptionStmt" in node) return onServer("subscription", node.CreateSubscriptionStmt.subname, true)
  if ("DropSubscriptionStmt" in node) return onServer("subscription", node.DropSubscriptionStmt.subname, false)
  if ("TransactionStmt" in node) return onServer("prepared transaction", node.TransactionStmt.gid, false)
  return "AlterSubscriptionStmt" in node ? publications(node.AlterSubscriptionStmt) : Option.none()
}

const index = ({ idxname, indexParams, relation }: IndexStmt): Leftover => {
  const table = nameOfRangeVar(relation)
  const implied = join(table.name, columnsPart(indexColumnNames(indexParams ?? [])), "idx")
  return { _tag: "Index", table, name: idxname ?? implied, isImplied: idxname === undefined }
}

const rebuilt = (statement: Body<"ReindexStmt">): Leftover => {
  if (!isConcurrent(statement)) return harmless
  const ofAll = SchemaObject.qualifiedName(statement.name ?? "")
  switch (statement.kind) {
    case "REINDEX_OBJECT_SCHEMA":
      return { _tag: "Rebuilt", of: "schema", name: ofAll }
    case "REINDEX_OBJECT_DATABASE":
    case "REINDEX_OBJECT_SYSTEM":
      return { _tag: "Rebuilt", of: "database", name: ofAll }
    default:
      return { _tag: "Rebuilt", of: "relation", name: nameOfRangeVar(statement.relation) }
  }
}

const detached = ({ cmds, relation }: Body<"AlterTableStmt">): Option.Option<Leftover> =>
  Arr.findFirst(cmds ?? [], (cmd) => {
    const body = "AlterTableCmd" in cmd ? cmd.AlterTableCmd : undefined
    const isDetach = body?.subtype === "AT_DetachPartition" || body?.subtype === "AT_DetachPartitionFinalize"
    return isDetach && body?.def !== undefined && "PartitionCmd" in body.def
      ? Option.some<Leftover>({
          _tag: "Detached",
          table: nameOfRangeVar(relation),
          partition: nameOfRangeVar(body.def.PartitionCmd.name)
        })
      : Option.none()
  })

const onServer = (kind: ServerObject, name: string | undefined, exists: boolean): Option.Option<Leftover> =>
  Option.map(Option.fromNullable(name), (known) => ({ _tag: "OnServer", kind, name: known, exists }))

const publications = ({ kind, publication, subname }: Body<"AlterSubscriptionStmt">): Option.Option<Leftover> =>
  kind === "ALTER_SUBSCRIPTION_ADD_PUBLICATION" || kind === "ALTER_SUBSCRIPTION_DROP_PUBLICATION"
    ? Option.some({
        _tag: "Publications",
        subscription: subname ?? "",
        names: stringsOf(publication),
        exists: kind === "ALTER_SUBSCRIPTION_ADD_PUBLICATION"
      })
    : Option.none()

const runsCode = (node: Node): boolean => "DoStmt" in node || "CallStmt" in node

/**
 * A block of PL/pgSQL ends a transaction by one of these words, or by what it calls: dynamic SQL may not.
 *
 * Source: PostgreSQL manual, PL/pgSQL ("Transaction Management").
 */
const isWhole = ({ args }: Body<"DoStmt">): boolean => {
  const language = Option.getOrElse(optionText(optionNamed(args, "language")), () => "plpgsql")
  const body = Option.getOrElse(optionText(optionNamed(args, "as")), () => "call")
  return language === "plpgsql" && !/\b(?:commit|rollback|call)\b/i.test(body)
}

/** What is sure to be made, or else taken away, by the same inference as a migration's. */
const objects = (parser: Parser, text: string): Leftover => {
  const inferred = Footprint.infer(parser, SimulatedCatalog.empty, { source: "", script: { _tag: "Sql", text } })
  if (Either.isLeft(inferred)) return none
  const { isCertain, provides, removes } = inferred.right.footprint
  if (!isCertain) return none
  if (Arr.isNonEmptyReadonlyArray(provides)) return { _tag: "Objects", objects: provides, exist: true }
  return Arr.isNonEmptyReadonlyArray(removes) ? { _tag: "Objects", objects: removes, exist: false } : none
}

const repeatable = [
  "AlterDatabaseRefreshCollStmt",
  "AlterDatabaseSetStmt",
  "AlterDatabaseStmt",
  "AlterOwnerStmt",
  "AlterRoleSetStmt",
  "AlterSystemStmt",
  "CheckPointStmt",
  "ClusterStmt",
  "CommentStmt",
  "DiscardStmt",
  "GrantRoleStmt",
  "GrantStmt",
  "LoadStmt",
  "RefreshMatViewStmt",
  "VacuumStmt",
  "VariableSetStmt",
  "VariableShowStmt"
] as const

/** Run twice, it does what it does when it is run once. */
const isRepeatable = (node: Node): boolean => {
  if ("ViewStmt" in node) return node.ViewStmt.replace === true
  if ("CreateFunctionStmt" in node) return node.CreateFunctionStmt.replace === true
  if ("CreateStmt" in node) return node.CreateStmt.if_not_exists === true
  if ("CreateSchemaStmt" in node) return node.CreateSchemaStmt.if_not_exists === true
  if ("CreateExtensionStmt" in node) return node.CreateExtensionStmt.if_not_exists === true
  if ("CreateSeqStmt" in node) return node.CreateSeqStmt.if_not_exists === true
  if ("AlterEnumStmt" in node) return node.AlterEnumStmt.skipIfNewValExists === true
  if ("DropStmt" in node) return node.DropStmt.missing_ok === true
  if ("IndexStmt" in node) return node.IndexStmt.if_not_exists === true && node.IndexStmt.concurrent !== true
  if ("AlterSubscriptionStmt" in node) {
    return ["ALTER_SUBSCRIPTION_REFRESH", "ALTER_SUBSCRIPTION_SET_PUBLICATION"].includes(
      node.AlterSubscriptionStmt.kind ?? ""
    )
  }
  return repeatable.some((tag) => tag in node)
}
