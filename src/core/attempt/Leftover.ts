/**
 * The traces that a statement leaves in the catalog. They show whether an interrupted statement took effect, is half-done, or was
 * not begun. They are inferred from the statement alone.
 *
 * **Laws**
 *
 * 1. A statement that may run any number of times is `Harmless`.
 * 2. A statement that changes rows, or runs code that may, is `None`: the catalog does not show whether it ran.
 * 3. A transaction block has the leftovers of its statements, since either all of it takes effect or no part.
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

/** Objects of the whole server, each with a name of its own. @since 0.1.0 @category models */
export type ServerObject = "database" | "tablespace" | "subscription" | "prepared transaction"

/**
 * The traces of a statement in the catalog.
 *
 * @since 0.1.0
 * @category models
 */
export type Leftover =
  /** The statement may run again. */
  | { readonly _tag: "Harmless" }
  /** An index: valid when done, invalid when half-done. If `isImplied`, the server made up its name, which begins with `name`. */
  | {
      readonly _tag: "Index"
      readonly table: SchemaObject.QualifiedName
      readonly name: string
      readonly isImplied: boolean
    }
  /** The statement may run again once the invalid indexes of an interrupted run are dropped. */
  | {
      readonly _tag: "Rebuilt"
      readonly of: "relation" | "schema" | "database"
      readonly name: SchemaObject.QualifiedName
    }
  /** A partition: half-done while its detaching is pending. */
  | {
      readonly _tag: "Detached"
      readonly table: SchemaObject.QualifiedName
      readonly partition: SchemaObject.QualifiedName
    }
  /** An object of the server: done if it exists, or no longer exists. */
  | { readonly _tag: "OnServer"; readonly kind: ServerObject; readonly name: string; readonly exists: boolean }
  /** Publications: done if the subscription has all of them, or none. */
  | {
      readonly _tag: "Publications"
      readonly subscription: string
      readonly names: ReadonlyArray<string>
      readonly exists: boolean
    }
  /** Objects: done if they exist, or no longer exist. */
  | {
      readonly _tag: "Objects"
      readonly objects: Arr.NonEmptyReadonlyArray<SchemaObject.SchemaObject>
      readonly exist: boolean
    }
  /** The catalog shows no trace. */
  | { readonly _tag: "None" }

const harmless: Leftover = { _tag: "Harmless" }

const none: Leftover = { _tag: "None" }

/**
 * The leftover of statements that take effect together: one statement, or a transaction block with its `BEGIN` and `COMMIT`.
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
 * Whether a statement may wait for other transactions as long as they take: it blocks neither readers nor writers meanwhile, and a
 * `lock_timeout` would leave it half-done each time.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isPatient = (node: Node): boolean =>
  ("IndexStmt" in node && node.IndexStmt.concurrent === true) ||
  ("DropStmt" in node && node.DropStmt.concurrent === true) ||
  ("ReindexStmt" in node && isConcurrent(node.ReindexStmt))

/**
 * Whether statements that take effect together may have committed a part when one of them fails. A transaction block commits none,
 * unless it continues in another one (`COMMIT AND CHAIN`).
 *
 * @since 0.1.0
 * @category predicates
 */
export const mayCommit = (nodes: ReadonlyArray<Node>): boolean => {
  const [first] = nodes
  if (first === undefined || nodes.length > 1) return nodes.some(isChained)
  return "CallStmt" in first || ("DoStmt" in first && !isWhole(first.DoStmt))
}

/** Whether a statement only changes the session: an attempt that continues in another session runs it again. @since 0.1.0 @category predicates */
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
 * Whether a block takes effect as a whole. A block of PL/pgSQL ends a transaction by one of these words, or by a procedure that it
 * calls. Dynamic SQL may not.
 *
 * Source: PostgreSQL manual, PL/pgSQL ("Transaction Management").
 */
const isWhole = ({ args }: Body<"DoStmt">): boolean => {
  const language = Option.getOrElse(optionText(optionNamed(args, "language")), () => "plpgsql")
  const body = Option.getOrElse(optionText(optionNamed(args, "as")), () => "call")
  return language === "plpgsql" && !/\b(?:commit|rollback|call)\b/i.test(body)
}

/** The objects that are certain to be made or else removed, inferred as for a migration. */
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

/** Whether a statement that runs twice has the same effect as one that runs once. */
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
