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

const keyOf = (kind: string, name: string | undefined): Keys => (name === undefined ? none : [`${kind} ${name}`])

const lastName = (names: ReadonlyArray<Node> | undefined): string | undefined => stringsOf(names).at(-1)

/** The keys of what a statement creates or sets. @since 0.1.0 @category queries */
export const madeBy = (node: Node): Keys => {
  if ("CreateStmt" in node) return keyOf("name", permanentName(node.CreateStmt.relation))
  if ("CreateForeignTableStmt" in node) return keyOf("name", node.CreateForeignTableStmt.base?.relation?.relname)
  if ("CreateTableAsStmt" in node) return keyOf("name", permanentName(node.CreateTableAsStmt.into?.rel))
  if ("ViewStmt" in node) return keyOf("name", node.ViewStmt.view?.relname)
  if ("IndexStmt" in node) return keyOf("name", node.IndexStmt.idxname)
  if ("CreateSeqStmt" in node) return keyOf("name", node.CreateSeqStmt.sequence?.relname)
  if ("CreateFunctionStmt" in node) return keyOf("name", lastName(node.CreateFunctionStmt.funcname))
  if ("DefineStmt" in node) return keyOf("name", lastName(node.DefineStmt.defnames))
  if ("CreateEnumStmt" in node) return keyOf("name", lastName(node.CreateEnumStmt.typeName))
  if ("CreateRangeStmt" in node) return keyOf("name", lastName(node.CreateRangeStmt.typeName))
  if ("CreateDomainStmt" in node) return keyOf("name", lastName(node.CreateDomainStmt.domainname))
  if ("CompositeTypeStmt" in node) return keyOf("name", node.CompositeTypeStmt.typevar?.relname)
  if ("InsertStmt" in node) return keyOf("rows", node.InsertStmt.relation?.relname)
  if ("GrantStmt" in node) return node.GrantStmt.is_grant === true ? granted(node.GrantStmt) : none
  if ("AlterTableStmt" in node) return alterations(node.AlterTableStmt).flatMap(madeByAlteration)
  if ("RenameStmt" in node) return renaming(node.RenameStmt.newname, renamed(node.RenameStmt))
  if ("DoStmt" in node) return namesIn(node.DoStmt, creation)
  return madeByOther(node)
}

/** The keys of the other statements that create an object with a plain name. */
const madeByOther = (node: Node): Keys => {
  if ("CreateSchemaStmt" in node) return keyOf("name", node.CreateSchemaStmt.schemaname)
  if ("CreateTrigStmt" in node) return keyOf("name", node.CreateTrigStmt.trigname)
  if ("CreateEventTrigStmt" in node) return keyOf("name", node.CreateEventTrigStmt.trigname)
  if ("CreatePolicyStmt" in node) return keyOf("name", node.CreatePolicyStmt.policy_name)
  if ("RuleStmt" in node) return keyOf("name", node.RuleStmt.rulename)
  if ("CreateExtensionStmt" in node) return keyOf("name", node.CreateExtensionStmt.extname)
  if ("CreateStatsStmt" in node) return keyOf("name", lastName(node.CreateStatsStmt.defnames))
  if ("CreatePublicationStmt" in node) return keyOf("name", node.CreatePublicationStmt.pubname)
  if ("CreateSubscriptionStmt" in node) return keyOf("name", node.CreateSubscriptionStmt.subname)
  if ("CreateForeignServerStmt" in node) return keyOf("name", node.CreateForeignServerStmt.servername)
  if ("CreateFdwStmt" in node) return keyOf("name", node.CreateFdwStmt.fdwname)
  return "CreateRoleStmt" in node ? keyOf("name", node.CreateRoleStmt.role) : none
}

/** The keys of what a statement drops, deletes, revokes or resets. @since 0.1.0 @category queries */
export const undoneBy = (node: Node): Keys => {
  if ("DropStmt" in node)
    return (node.DropStmt.objects ?? []).flatMap((object) => keyOf("name", partsOfObject(object).at(-1)))
  if ("DeleteStmt" in node) return rowsOf(node.DeleteStmt.relation?.relname)
  if ("TruncateStmt" in node) {
    return (node.TruncateStmt.relations ?? []).flatMap((relation) => rowsOf(partsOfObject(relation).at(-1)))
  }
  if ("GrantStmt" in node) return node.GrantStmt.is_grant === true ? none : granted(node.GrantStmt)
  if ("AlterTableStmt" in node) return alterations(node.AlterTableStmt).flatMap(undoneByAlteration)
  if ("RenameStmt" in node) return renaming(renamed(node.RenameStmt), node.RenameStmt.newname)
  if ("DropRoleStmt" in node) {
    return (node.DropRoleStmt.roles ?? []).flatMap((role) =>
      "RoleSpec" in role ? keyOf("name", role.RoleSpec.rolename) : none
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
  if ("InsertStmt" in node) return keyOf("name", node.InsertStmt.relation?.relname)
  if ("UpdateStmt" in node) return keyOf("name", node.UpdateStmt.relation?.relname)
  if ("DeleteStmt" in node) return keyOf("name", node.DeleteStmt.relation?.relname)
  if ("MergeStmt" in node) return keyOf("name", node.MergeStmt.relation?.relname)
  if (["IndexStmt", "CreateTrigStmt", "CreatePolicyStmt", "RuleStmt", "CreateStatsStmt"].some((tag) => tag in node))
    return none
  const keys = madeBy(node).filter((key) => /^(?:name|column|named) /.test(key))
  return "AlterTableStmt" in node && keys.length > 0
    ? [...keys, ...keyOf("name", node.AlterTableStmt.relation?.relname)]
    : keys
}

/** The keys of the old and the new name of a rename. @since 0.1.0 @category queries */
export const renameIn = (node: Node): { readonly from: Keys; readonly to: Keys } =>
  "RenameStmt" in node
    ? { from: keyOf("name", renamed(node.RenameStmt)), to: keyOf("name", node.RenameStmt.newname) }
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
const permanentName = (range: RangeVar | undefined): string | undefined =>
  range?.relpersistence === "t" ? undefined : range?.relname

const rowsOf = (name: string | undefined): Keys => [...keyOf("rows", name), ...keyOf("name", name)]

/** One key for each object and each role. */
const granted = ({ grantees, objects }: Body<"GrantStmt">): Keys =>
  (objects ?? []).flatMap((object) =>
    (grantees ?? []).flatMap((grantee) =>
      "RoleSpec" in grantee
        ? keyOf(
            `grant to ${grantee.RoleSpec.rolename ?? grantee.RoleSpec.roletype ?? ""}`,
            partsOfObject(object).at(-1)
          )
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
      return def !== undefined && "ColumnDef" in def ? keyOf("column", `${table}.${def.ColumnDef.colname ?? ""}`) : none
    case "AT_AddConstraint":
      return def !== undefined && "Constraint" in def ? keyOf("name", def.Constraint.conname) : none
    case "AT_SetNotNull":
      return keyOf("not null", column)
    case "AT_AlterColumnType":
      return keyOf("type", column)
    case "AT_ColumnDefault":
      return def === undefined ? none : keyOf("default", column)
    case "AT_EnableRowSecurity":
      return keyOf("row security", table)
    default:
      return none
  }
}

const undoneByAlteration = ({ name, subtype, table }: Alteration): Keys => {
  const column = `${table}.${name ?? ""}`
  switch (subtype) {
    case "AT_DropColumn":
      return [...keyOf("column", column), ...keyOf("name", name)]
    case "AT_DropConstraint":
      return keyOf("name", name)
    case "AT_DropNotNull":
      return keyOf("not null", column)
    case "AT_AlterColumnType":
      return keyOf("type", column)
    case "AT_ColumnDefault":
      return keyOf("default", column)
    case "AT_DisableRowSecurity":
      return keyOf("row security", table)
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
    return [...text.matchAll(pattern)].flatMap(([, name]) => keyOf("name", name))
  })
