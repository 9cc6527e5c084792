/**
 * The keys of what a statement makes and undoes. A key made by one statement and undone by another shows that the
 * second undoes the first: `CREATE TABLE users` and `DROP TABLE users`, `GRANT` and `REVOKE`. Keys have no schema,
 * because a search path can replace it.
 *
 * @internal
 */
import type { Node, RangeVar } from "@pgsql/types"
import { type Body, partsOfObject, stringsOf } from "../sql/SyntaxTree.js"

type Keys = ReadonlyArray<string>

const none: Keys = []

const some = (kind: string, name: string | undefined): Keys => (name === undefined ? none : [`${kind} ${name}`])

const last = (names: ReadonlyArray<Node> | undefined): string | undefined => stringsOf(names).at(-1)

/** The keys of what a statement creates or sets. @since 0.1.0 @category queries */
export const madeBy = (node: Node): Keys => {
  if ("CreateStmt" in node) return some("name", lasting(node.CreateStmt.relation))
  if ("CreateForeignTableStmt" in node) return some("name", node.CreateForeignTableStmt.base?.relation?.relname)
  if ("CreateTableAsStmt" in node) return some("name", lasting(node.CreateTableAsStmt.into?.rel))
  if ("ViewStmt" in node) return some("name", node.ViewStmt.view?.relname)
  if ("IndexStmt" in node) return some("name", node.IndexStmt.idxname)
  if ("CreateSeqStmt" in node) return some("name", node.CreateSeqStmt.sequence?.relname)
  if ("CreateFunctionStmt" in node) return some("name", last(node.CreateFunctionStmt.funcname))
  if ("DefineStmt" in node) return some("name", last(node.DefineStmt.defnames))
  if ("CreateEnumStmt" in node) return some("name", last(node.CreateEnumStmt.typeName))
  if ("CreateRangeStmt" in node) return some("name", last(node.CreateRangeStmt.typeName))
  if ("CreateDomainStmt" in node) return some("name", last(node.CreateDomainStmt.domainname))
  if ("CompositeTypeStmt" in node) return some("name", node.CompositeTypeStmt.typevar?.relname)
  if ("InsertStmt" in node) return some("rows", node.InsertStmt.relation?.relname)
  if ("GrantStmt" in node) return node.GrantStmt.is_grant === true ? granted(node.GrantStmt) : none
  if ("AlterTableStmt" in node) return alterations(node.AlterTableStmt).flatMap(madeByAlteration)
  if ("RenameStmt" in node) return renaming(node.RenameStmt.newname, renamed(node.RenameStmt))
  if ("DoStmt" in node) return namesIn(node.DoStmt, creation)
  return madeByOther(node)
}

/** The keys of the other statements that create an object with a plain name. */
const madeByOther = (node: Node): Keys => {
  if ("CreateSchemaStmt" in node) return some("name", node.CreateSchemaStmt.schemaname)
  if ("CreateTrigStmt" in node) return some("name", node.CreateTrigStmt.trigname)
  if ("CreateEventTrigStmt" in node) return some("name", node.CreateEventTrigStmt.trigname)
  if ("CreatePolicyStmt" in node) return some("name", node.CreatePolicyStmt.policy_name)
  if ("RuleStmt" in node) return some("name", node.RuleStmt.rulename)
  if ("CreateExtensionStmt" in node) return some("name", node.CreateExtensionStmt.extname)
  if ("CreateStatsStmt" in node) return some("name", last(node.CreateStatsStmt.defnames))
  if ("CreatePublicationStmt" in node) return some("name", node.CreatePublicationStmt.pubname)
  if ("CreateSubscriptionStmt" in node) return some("name", node.CreateSubscriptionStmt.subname)
  if ("CreateForeignServerStmt" in node) return some("name", node.CreateForeignServerStmt.servername)
  if ("CreateFdwStmt" in node) return some("name", node.CreateFdwStmt.fdwname)
  return "CreateRoleStmt" in node ? some("name", node.CreateRoleStmt.role) : none
}

/** The keys of what a statement drops, deletes, revokes or resets. @since 0.1.0 @category queries */
export const undoneBy = (node: Node): Keys => {
  if ("DropStmt" in node)
    return (node.DropStmt.objects ?? []).flatMap((object) => some("name", partsOfObject(object).at(-1)))
  if ("DeleteStmt" in node) return rowsOf(node.DeleteStmt.relation?.relname)
  if ("TruncateStmt" in node) {
    return (node.TruncateStmt.relations ?? []).flatMap((relation) => rowsOf(partsOfObject(relation).at(-1)))
  }
  if ("GrantStmt" in node) return node.GrantStmt.is_grant === true ? none : granted(node.GrantStmt)
  if ("AlterTableStmt" in node) return alterations(node.AlterTableStmt).flatMap(undoneByAlteration)
  if ("RenameStmt" in node) return renaming(renamed(node.RenameStmt), node.RenameStmt.newname)
  if ("DropRoleStmt" in node) {
    return (node.DropRoleStmt.roles ?? []).flatMap((role) =>
      "RoleSpec" in role ? some("name", role.RoleSpec.rolename) : none
    )
  }
  return "DoStmt" in node ? namesIn(node.DoStmt, removal) : none
}

/**
 * The keys of objects whose drop undoes the statement: what it creates, or the table whose rows it changes. Empty for
 * an index and other objects that are dropped with their table.
 *
 * @since 0.1.0
 * @category queries
 */
export const standsBy = (node: Node): Keys => {
  if ("InsertStmt" in node) return some("name", node.InsertStmt.relation?.relname)
  if ("UpdateStmt" in node) return some("name", node.UpdateStmt.relation?.relname)
  if ("DeleteStmt" in node) return some("name", node.DeleteStmt.relation?.relname)
  if ("MergeStmt" in node) return some("name", node.MergeStmt.relation?.relname)
  if (["IndexStmt", "CreateTrigStmt", "CreatePolicyStmt", "RuleStmt", "CreateStatsStmt"].some((tag) => tag in node))
    return none
  const lasting = madeBy(node).filter((key) => /^(?:name|column|named) /.test(key))
  return "AlterTableStmt" in node && lasting.length > 0
    ? [...lasting, ...some("name", node.AlterTableStmt.relation?.relname)]
    : lasting
}

/** The keys of the old and the new name of a rename. @since 0.1.0 @category queries */
export const renameIn = (node: Node): { readonly from: Keys; readonly to: Keys } =>
  "RenameStmt" in node
    ? { from: some("name", renamed(node.RenameStmt)), to: some("name", node.RenameStmt.newname) }
    : { from: none, to: none }

/** Whether a statement is a query. A query may call a function that changes data. @since 0.1.0 @category predicates */
export const isQuery = (node: Node): boolean => "SelectStmt" in node

/**
 * Whether a statement drops or changes existing objects or rows, or runs code that may do so.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isDestructive = (node: Node): boolean => {
  if ("GrantStmt" in node) return node.GrantStmt.is_grant !== true
  if ("AlterTableStmt" in node) return !alterations(node.AlterTableStmt).every(({ subtype }) => adding.has(subtype))
  for (const tag in node) return /^(?:Drop|Delete|Truncate|Update|Rename|Alter|Do|Call|Merge|Reassign)/.test(tag)
  return false
}

/**
 * Whether a statement is about a transaction, a setting or a lock, which both the way up and the way down have.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isPreparation = (node: Node): boolean =>
  "TransactionStmt" in node || "VariableSetStmt" in node || "LockStmt" in node

/** The name of a relation that outlives its session; `undefined` for a temporary table. */
const lasting = (range: RangeVar | undefined): string | undefined =>
  range?.relpersistence === "t" ? undefined : range?.relname

const rowsOf = (name: string | undefined): Keys => [...some("rows", name), ...some("name", name)]

/** One key for each object and each role. */
const granted = ({ grantees, objects }: Body<"GrantStmt">): Keys =>
  (objects ?? []).flatMap((object) =>
    (grantees ?? []).flatMap((grantee) =>
      "RoleSpec" in grantee
        ? some(`grant to ${grantee.RoleSpec.rolename ?? grantee.RoleSpec.roletype ?? ""}`, partsOfObject(object).at(-1))
        : none
    )
  )

/** The key of a name: a rename back to it has the same key. */
const renaming = (now: string | undefined, before: string | undefined): Keys =>
  now === undefined || before === undefined ? none : [`named ${now}, not ${before}`]

/** The old name of a relation or of a part of it. */
const renamed = ({ object, relation, subname }: Body<"RenameStmt">): string | undefined =>
  subname ?? relation?.relname ?? partsOfObject(object).at(-1)

interface Alteration {
  readonly table: string
  readonly subtype: string
  readonly name: string | undefined
  readonly def: Node | undefined
}

const alterations = ({ cmds, relation }: Body<"AlterTableStmt">): ReadonlyArray<Alteration> =>
  (cmds ?? []).flatMap((command) => {
    if (!("AlterTableCmd" in command)) return []
    const { def, name, subtype } = command.AlterTableCmd
    return [{ table: relation?.relname ?? "", subtype: subtype ?? "", name, def }]
  })

const adding = new Set([
  "AT_AddColumn",
  "AT_AddConstraint",
  "AT_ValidateConstraint",
  "AT_EnableTrig",
  "AT_EnableRowSecurity"
])

const madeByAlteration = ({ def, name, subtype, table }: Alteration): Keys => {
  const column = `${table}.${name ?? ""}`
  switch (subtype) {
    case "AT_AddColumn":
      return def !== undefined && "ColumnDef" in def ? some("column", `${table}.${def.ColumnDef.colname ?? ""}`) : none
    case "AT_AddConstraint":
      return def !== undefined && "Constraint" in def ? some("name", def.Constraint.conname) : none
    case "AT_SetNotNull":
      return some("not null", column)
    case "AT_AlterColumnType":
      return some("type", column)
    case "AT_ColumnDefault":
      return def === undefined ? none : some("default", column)
    case "AT_EnableRowSecurity":
      return some("row security", table)
    default:
      return none
  }
}

const undoneByAlteration = ({ name, subtype, table }: Alteration): Keys => {
  const column = `${table}.${name ?? ""}`
  switch (subtype) {
    case "AT_DropColumn":
      return [...some("column", column), ...some("name", name)]
    case "AT_DropConstraint":
      return some("name", name)
    case "AT_DropNotNull":
      return some("not null", column)
    case "AT_AlterColumnType":
      return some("type", column)
    case "AT_ColumnDefault":
      return some("default", column)
    case "AT_DisableRowSecurity":
      return some("row security", table)
    default:
      return none
  }
}

const creation =
  /\b(?:create|add)\s+(?:or\s+replace\s+|unique\s+)*[a-z]+\s+(?:if\s+not\s+exists\s+)?(?:[\w"]+\.)?"?(\w+)/gi
const removal = /\b(?:drop\s+[a-z]+|delete\s+from|truncate(?:\s+table)?)\s+(?:if\s+exists\s+)?(?:[\w"]+\.)?"?(\w+)/gi

/** The keys of the names in a `DO` block's text that follow words such as `CREATE TABLE`. */
const namesIn = ({ args }: Body<"DoStmt">, pattern: RegExp): Keys =>
  (args ?? []).flatMap((arg) => {
    const body = "DefElem" in arg && arg.DefElem.defname === "as" ? arg.DefElem.arg : undefined
    const text = body !== undefined && "String" in body ? (body.String.sval ?? "") : ""
    return [...text.matchAll(pattern)].flatMap(([, name]) => some("name", name))
  })
