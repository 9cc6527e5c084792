/**
 * Reads a statement, with one rule for each kind of statement in the grammar. The compiler checks that the table has
 * every kind: with a new version of the grammar, the project does not compile until each new kind has a rule.
 *
 * @since 0.1.0
 * @internal
 */
import type { Node, RangeVar } from "@pgsql/types"
import * as Option from "effect/Option"
import * as HazardKey from "../model/HazardKey.js"
import * as Path from "../reading/NameResolution.js"
import * as R from "../reading/Recorder.js"
import * as Use from "../reading/Use.js"
import { type Body, isNode, nameOfNodes, type StatementTag, type Wrapped } from "../sql/SyntaxTree.js"
import { alterTable } from "./AlterTable.js"
import * as Object_ from "./AnyObject.js"
import * as Definition from "./Definition.js"
import { drop } from "./DropStatement.js"
import * as Index from "./Index.js"
import * as Query from "./Query.js"
import { rename, setSchema } from "./Rename.js"
import * as Routine from "./Routine.js"
import * as Schema from "./Schema.js"
import { createTable } from "./Table.js"
import * as Type from "./Type.js"

type Rule<K extends StatementTag> = (recorder: R.Recorder, statement: Body<K>) => void

/** Reads one statement. @since 0.1.0 @category statements */
export const execute = (recorder: R.Recorder, node: Node): void => {
  const tag = tagOf(node)
  if (tag === undefined) R.opaqueBarrier(recorder, "a statement of an unknown kind")
  else apply(recorder, tag, node)
}

const tagOf = (node: Node): StatementTag | undefined => {
  for (const key in node) if (isStatementTag(key)) return key
  return undefined
}

const isStatementTag = (key: string): key is StatementTag => key in rules

const apply = <K extends StatementTag>(recorder: R.Recorder, tag: K, node: Node): void => {
  const rule: Rule<K> = rules[tag]
  if (has(node, tag)) rule(recorder, node[tag])
}

const has = <K extends StatementTag>(node: Node, tag: K): node is Wrapped<K> => tag in node

/** A statement that reads and writes no object of the schema, such as `FETCH` or `NOTIFY`. */
const noFootprint = (): void => undefined

/** A barrier. The objects that exist after it are known. */
const barrier =
  (reason: string) =>
  (recorder: R.Recorder): void =>
    R.barrier(recorder, reason)

/** A barrier that is not understood. */
const opaqueBarrier =
  (reason: string) =>
  (recorder: R.Recorder): void =>
    R.opaqueBarrier(recorder, reason)

const query =
  (wrap: "InsertStmt" | "UpdateStmt" | "DeleteStmt" | "MergeStmt") =>
  (recorder: R.Recorder, statement: object): void => {
    const node: unknown = { [wrap]: statement }
    if (isNode(node)) Use.useNow(recorder, node)
  }

const relationsIn = (nodes: ReadonlyArray<Node> | undefined): ReadonlyArray<RangeVar> =>
  (nodes ?? []).flatMap((node) => ("RangeVar" in node ? [node.RangeVar] : []))

/** Deletes rows of these tables, and with CASCADE of the tables that reference them. It may restart sequences. */
const truncate: Rule<"TruncateStmt"> = (recorder, { behavior, relations }) => {
  for (const range of relationsIn(relations)) truncateOne(recorder, range, behavior === "DROP_CASCADE")
}

const truncateOne = (recorder: R.Recorder, range: RangeVar, isCascade: boolean): void => {
  const name = Path.range(recorder, range)
  Use.change(recorder, name)
  Use.store(recorder, name, "delete")
  if (!isCascade) return
  for (const other of R.findRelation(recorder, name)?.referencedBy ?? []) Use.store(recorder, other, "delete")
}

const copy: Rule<"CopyStmt"> = (recorder, { is_from, query: source, relation, whereClause }) => {
  if (source !== undefined) Use.useNow(recorder, source)
  if (relation !== undefined) Use.store(recorder, Path.range(recorder, relation), is_from === true ? "insert" : "read")
  Use.useNow(recorder, whereClause)
}

const lock: Rule<"LockStmt"> = (recorder, { relations }) => {
  for (const range of relationsIn(relations)) Use.touch(recorder, Path.range(recorder, range))
}

/** `EXPLAIN ANALYZE` runs its statement. Plain `EXPLAIN` is read as if it did. */
const explain: Rule<"ExplainStmt"> = (recorder, { query: explained }) => {
  if (explained !== undefined) execute(recorder, explained)
}

const vacuum: Rule<"VacuumStmt"> = (recorder, { rels }) => {
  for (const node of rels ?? []) {
    if (!("VacuumRelation" in node)) continue
    const name = Path.range(recorder, node.VacuumRelation.relation)
    Use.touch(recorder, name)
    Use.recompute(recorder, name)
  }
}

const cluster: Rule<"ClusterStmt"> = (recorder, { relation }) => {
  if (relation === undefined) R.barrier(recorder, "clusters every table")
  else {
    Use.change(recorder, Path.range(recorder, relation))
    Use.recompute(recorder, Path.range(recorder, relation))
  }
}

const cursor: Rule<"DeclareCursorStmt"> = (recorder, { query: source }) => {
  Use.useNow(recorder, source)
}

const alterPolicy: Rule<"AlterPolicyStmt"> = (recorder, statement) => Routine.createPolicy(recorder, statement)

const createPublication: Rule<"CreatePublicationStmt"> = (recorder, { for_all_tables, pubname = "", pubobjects }) => {
  R.write(recorder, `publication ${pubname}`)
  R.saveNamed(recorder, `publication ${pubname}`)
  publish(recorder, pubobjects, for_all_tables === true)
}

const alterPublication: Rule<"AlterPublicationStmt"> = (recorder, { for_all_tables, pubname = "", pubobjects }) => {
  R.write(recorder, `publication ${pubname}`)
  publish(recorder, pubobjects, for_all_tables === true)
  R.resaveNamed(recorder, `publication ${pubname}`)
}

/** Writes the published tables: a published table without a key refuses updates. */
const publish = (recorder: R.Recorder, objects: ReadonlyArray<Node> | undefined, isForAll: boolean): void => {
  if (isForAll) R.barrier(recorder, "publishes every table")
  for (const node of objects ?? []) {
    if (!("PublicationObjSpec" in node)) continue
    const { pubobjtype, pubtable } = node.PublicationObjSpec
    if (pubtable?.relation !== undefined) Use.change(recorder, Path.range(recorder, pubtable.relation))
    else R.barrier(recorder, `publishes a schema (${pubobjtype})`)
    Use.useStored(recorder, pubtable?.whereClause)
  }
}

/** Text search configurations and dictionaries share their keys. What a statement reads about one is kept with it. */
const textSearch = (recorder: R.Recorder, nodes: ReadonlyArray<Node> | undefined): void => {
  const name = nameOfNodes(nodes)
  const key = HazardKey.textSearch(name.name)
  R.readSchema(recorder, name)
  R.write(recorder, key)
  R.resaveNamed(recorder, key)
}

const useDictionary = (recorder: R.Recorder, nodes: ReadonlyArray<Node> | undefined): void => {
  const name = nameOfNodes(nodes)
  R.readSchema(recorder, name)
  R.read(recorder, HazardKey.textSearch(name.name))
  Use.useThing(recorder, HazardKey.textSearch(name.name))
}

const roleSetting: Rule<"AlterRoleStmt"> = (recorder, { role }) => {
  R.write(recorder, HazardKey.role(role?.rolename ?? ""))
}

const rules: { readonly [K in StatementTag]: Rule<K> } = {
  AlterCollationStmt: (recorder, { collname }) => R.write(recorder, HazardKey.collation(nameOfNodes(collname).name)),
  AlterDatabaseRefreshCollStmt: barrier("alters the database"),
  AlterDatabaseSetStmt: barrier("alters the database"),
  AlterDatabaseStmt: barrier("alters the database"),
  AlterDefaultPrivilegesStmt: barrier("alters default privileges"),
  AlterDomainStmt: Type.alterDomain,
  AlterEnumStmt: Type.alterEnum,
  AlterEventTrigStmt: barrier("alters an event trigger"),
  AlterExtensionContentsStmt: barrier("alters the members of an extension"),
  AlterExtensionStmt: Schema.alterExtension,
  AlterFdwStmt: barrier("alters a foreign data wrapper"),
  AlterForeignServerStmt: barrier("alters a foreign server"),
  AlterFunctionStmt: Routine.alterFunction,
  AlterObjectDependsStmt: barrier("makes an object depend on an extension"),
  AlterObjectSchemaStmt: setSchema,
  AlterOpFamilyStmt: Definition.alterOperatorFamily,
  AlterOperatorStmt: Definition.alterOperator,
  AlterOwnerStmt: Object_.changeOwner,
  AlterPolicyStmt: alterPolicy,
  AlterPublicationStmt: alterPublication,
  AlterRoleSetStmt: barrier("alters the settings of a role"),
  AlterRoleStmt: roleSetting,
  AlterSeqStmt: Index.alterSequence,
  AlterStatsStmt: Index.alterStatistics,
  AlterSubscriptionStmt: barrier("alters a subscription"),
  AlterSystemStmt: barrier("alters the server's settings"),
  AlterTSConfigurationStmt: (recorder, { cfgname, dicts }) => {
    for (const dict of dicts ?? []) useDictionary(recorder, "List" in dict ? dict.List.items : [])
    textSearch(recorder, cfgname)
  },
  AlterTSDictionaryStmt: (recorder, { dictname }) => textSearch(recorder, dictname),
  AlterTableMoveAllStmt: barrier("moves every table of a tablespace"),
  AlterTableSpaceOptionsStmt: barrier("alters a tablespace"),
  AlterTableStmt: alterTable,
  AlterTypeStmt: Type.alterType,
  AlterUserMappingStmt: barrier("alters a user mapping"),
  CallStmt: Routine.call,
  CheckPointStmt: noFootprint,
  ClosePortalStmt: noFootprint,
  ClusterStmt: cluster,
  CommentStmt: Object_.comment,
  CompositeTypeStmt: Type.createComposite,
  ConstraintsSetStmt: noFootprint,
  CopyStmt: copy,
  CreateAmStmt: barrier("creates an access method"),
  CreateCastStmt: Definition.createCast,
  CreateConversionStmt: barrier("creates a conversion"),
  CreateDomainStmt: Type.createDomain,
  CreateEnumStmt: Type.createEnum,
  CreateEventTrigStmt: opaqueBarrier("creates an event trigger, which runs with every later statement"),
  CreateExtensionStmt: Schema.createExtension,
  CreateFdwStmt: barrier("creates a foreign data wrapper"),
  CreateForeignServerStmt: barrier("creates a foreign server"),
  CreateForeignTableStmt: (recorder, { base }) => {
    R.barrier(recorder, "creates a foreign table")
    if (base === undefined) return
    createTable(recorder, base)
    const name = Path.range(recorder, base.relation)
    R.updateRelation(recorder, name, (known) => ({ ...known, creation: Option.none() }))
  },
  CreateFunctionStmt: Routine.createFunction,
  CreateOpClassStmt: Definition.createOperatorClass,
  CreateOpFamilyStmt: barrier("creates an operator family"),
  CreatePLangStmt: barrier("creates a language"),
  CreatePolicyStmt: Routine.createPolicy,
  CreatePublicationStmt: createPublication,
  CreateRangeStmt: Type.createRange,
  CreateRoleStmt: Schema.createRole,
  CreateSchemaStmt: Schema.createSchema,
  CreateSeqStmt: Index.createSequence,
  CreateStatsStmt: Index.createStatistics,
  CreateStmt: createTable,
  CreateSubscriptionStmt: barrier("creates a subscription"),
  CreateTableAsStmt: Query.createTableAs,
  CreateTableSpaceStmt: barrier("creates a tablespace"),
  CreateTransformStmt: Definition.createTransform,
  CreateTrigStmt: Routine.createTrigger,
  CreateUserMappingStmt: barrier("creates a user mapping"),
  CreatedbStmt: barrier("creates a database"),
  DeallocateStmt: noFootprint,
  DeclareCursorStmt: cursor,
  DefineStmt: Definition.define,
  DeleteStmt: query("DeleteStmt"),
  DiscardStmt: (recorder) => {
    recorder.path++
    recorder.searchPath = []
  },
  DoStmt: Routine.runDo,
  DropOwnedStmt: opaqueBarrier("drops everything that a role owns"),
  DropRoleStmt: Schema.dropRole,
  DropStmt: drop,
  DropSubscriptionStmt: barrier("drops a subscription"),
  DropTableSpaceStmt: barrier("drops a tablespace"),
  DropUserMappingStmt: barrier("drops a user mapping"),
  DropdbStmt: barrier("drops a database"),
  ExecuteStmt: opaqueBarrier("runs a prepared statement"),
  ExplainStmt: explain,
  FetchStmt: noFootprint,
  GrantRoleStmt: Object_.grantRole,
  GrantStmt: Object_.grant,
  ImportForeignSchemaStmt: opaqueBarrier("imports a foreign schema"),
  IndexStmt: Index.createIndex,
  InsertStmt: query("InsertStmt"),
  ListenStmt: noFootprint,
  LoadStmt: opaqueBarrier("loads a library"),
  LockStmt: lock,
  MergeStmt: query("MergeStmt"),
  NotifyStmt: noFootprint,
  PLAssignStmt: opaqueBarrier("assigns outside a body"),
  PrepareStmt: noFootprint,
  RawStmt: opaqueBarrier("a statement within a statement"),
  ReassignOwnedStmt: barrier("gives away everything that a role owns"),
  RefreshMatViewStmt: Query.refresh,
  ReindexStmt: Index.reindex,
  RenameStmt: rename,
  ReplicaIdentityStmt: opaqueBarrier("a replica identity without a table"),
  ReturnStmt: (recorder, { returnval }) => {
    Use.useNow(recorder, returnval)
  },
  RuleStmt: Routine.createRule,
  SecLabelStmt: Object_.label,
  SelectStmt: Query.select,
  SetOperationStmt: opaqueBarrier("a set operation outside a query"),
  TransactionStmt: noFootprint,
  TruncateStmt: truncate,
  UnlistenStmt: noFootprint,
  UpdateStmt: query("UpdateStmt"),
  VacuumStmt: vacuum,
  VariableSetStmt: Schema.setVariable,
  VariableShowStmt: noFootprint,
  ViewStmt: Query.createView
}

/** All kinds of statement. @since 0.1.0 @category constants */
export const kinds: ReadonlyArray<string> = Object.keys(rules)
