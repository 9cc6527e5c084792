/**
 * The major version of PostgreSQL that a statement needs, for instance 15 for `MERGE`. The grammar of the newest server
 * reads all text, so an older server may report a syntax error in a statement that was read without one. Not listed:
 * forms that PostgreSQL 14 knows, because it is the oldest supported server, and functions, because the server's error
 * names them.
 *
 * Source: the release notes of PostgreSQL 15 to 18.
 *
 * @since 0.1.0
 * @internal
 */
import type { AlterTableCmd, GrantStmt, Node, ReturningClause } from "@pgsql/types"
import { isRecord } from "effect/Predicate"
import { type Body, lastString, type NodeTag, optionNamed, stringsOf, type Wrapped } from "../sql/SyntaxTree.js"

/** A form of SQL and the first major version that knows it. @since 0.1.0 @category models */
export interface Feature {
  readonly since: number
  readonly feature: string
}

/**
 * The place of a tree. In a `body` of a function or rule, every version knows `old` and `new` as rows.
 *
 * @since 0.1.0
 * @category models
 */
export type Place = "statement" | "body"

/**
 * The newest feature in a tree: a statement, an expression, or a list of them.
 *
 * @since 0.1.0
 * @category queries
 */
export const newestIn = (tree: unknown, place: Place): Feature | undefined => {
  let newest: Feature | undefined
  const visit = (value: unknown, inside: Place): void => {
    if (Array.isArray(value)) {
      for (const item of value) visit(item, inside)
    } else if (isRecord(value)) {
      for (const key in value) {
        if (isRuled(key)) {
          const found = apply(key, value, inside)
          if (found !== undefined && found.since > (newest?.since ?? 0)) newest = found
        }
        const inner = value[key]
        if (typeof inner === "object") visit(inner, key === "RuleStmt" ? "body" : inside)
      }
    }
  }
  visit(tree, place)
  return newest
}

type Rule<K extends NodeTag> = (node: Body<K>, place: Place) => Feature | undefined

const isRuled = (key: string): key is NodeTag => ruled.has(key)

const apply = <K extends NodeTag>(tag: K, value: object, place: Place): Feature | undefined => {
  const rule: Rule<K> | undefined = rules[tag]
  return rule !== undefined && has(value, tag) ? rule(value[tag], place) : undefined
}

const has = <K extends NodeTag>(value: object, tag: K): value is Wrapped<K> => isRecord(value) && isRecord(value[tag])

const since = (version: number, feature: string): Feature => ({ since: version, feature })

const always = (version: number, feature: string) => (): Feature => since(version, feature)

const when = (isUsed: boolean, version: number, feature: string): Feature | undefined =>
  isUsed ? since(version, feature) : undefined

const isTableNotNull = (node: Node | undefined): boolean =>
  node !== undefined && "Constraint" in node && node.Constraint.contype === "CONSTR_NOTNULL"

const constraint: Rule<"Constraint"> = (node) => {
  const { contype, fk_del_set_cols, fk_with_period, generated_kind, is_enforced, is_no_inherit } = node
  if (node.without_overlaps === true || fk_with_period === true) return since(18, "a temporal key")
  if (generated_kind === "v") return since(18, "a virtual generated column")
  if (contype === "CONSTR_ATTR_NOT_ENFORCED" || contype === "CONSTR_ATTR_ENFORCED") return since(18, "ENFORCED")
  const isRule = contype === "CONSTR_CHECK" || contype === "CONSTR_FOREIGN"
  if (isRule && is_enforced !== true) return since(18, "NOT ENFORCED")
  if (contype === "CONSTR_NOTNULL" && is_no_inherit === true) return since(18, "NOT NULL … NO INHERIT")
  if (node.nulls_not_distinct === true) return since(15, "NULLS NOT DISTINCT")
  return when(fk_del_set_cols !== undefined, 15, "ON DELETE SET with a list of columns")
}

const alterTableCommand: Rule<"AlterTableCmd"> = ({ def, name, subtype }) => {
  if (subtype === "AT_AddConstraint") return when(isTableNotNull(def), 18, "NOT NULL as a table constraint")
  if (subtype === "AT_SetExpression") return since(17, "SET EXPRESSION")
  if (subtype === "AT_SetAccessMethod") {
    return name === undefined ? since(17, "SET ACCESS METHOD DEFAULT") : since(15, "SET ACCESS METHOD")
  }
  if (subtype === "AT_SetStorage" && def !== undefined && "String" in def) {
    return when(def.String.sval === "default", 16, "SET STORAGE DEFAULT")
  }
  if (def === undefined || !("ATAlterConstraint" in def)) return undefined
  const { alterEnforceability, alterInheritability } = def.ATAlterConstraint
  return when(
    alterEnforceability === true || alterInheritability === true,
    18,
    "ALTER CONSTRAINT with ENFORCED or INHERIT"
  )
}

const alterTable: Rule<"AlterTableStmt"> = ({ cmds, objtype }) => {
  const commands = (cmds ?? []).flatMap((node) => ("AlterTableCmd" in node ? [node.AlterTableCmd] : []))
  if (objtype === "OBJECT_VIEW") return when(commands.some(setsInvoker), 15, "security_invoker")
  const isLogging = ({ subtype }: AlterTableCmd): boolean => subtype === "AT_SetLogged" || subtype === "AT_SetUnLogged"
  return when(objtype === "OBJECT_SEQUENCE" && commands.some(isLogging), 15, "an unlogged sequence")
}

const setsInvoker = ({ def }: AlterTableCmd): boolean =>
  def !== undefined && "List" in def && optionNamed(def.List.items, "security_invoker") !== undefined

const privileges = ({ objtype, privileges: given }: GrantStmt): Feature | undefined => {
  const maintains = (given ?? []).some((node) => "AccessPriv" in node && node.AccessPriv.priv_name === "maintain")
  if (maintains) return since(17, "the privilege MAINTAIN")
  return when(objtype === "OBJECT_PARAMETER_ACL", 15, "GRANT … ON PARAMETER")
}

/** Finds `RETURNING old.a`: `old` and `new` are the rows before and after the change, unless a table has that name. */
const returning = (node: { readonly returningClause?: ReturningClause }, place: Place): Feature | undefined => {
  const { returningClause, ...rest } = node
  if (returningClause === undefined) return undefined
  const names = namesIn(rest)
  const isVersion = (name: string): boolean => (name === "old" || name === "new") && !names.has(name)
  const isUsed = place === "statement" && qualifiersIn(returningClause.exprs).some(isVersion)
  return when(isUsed || returningClause.options !== undefined, 18, "OLD and NEW in RETURNING")
}

const namesIn = (tree: unknown): ReadonlySet<string> => {
  const names = new Set<string>()
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit)
    else if (isRecord(value)) {
      for (const name of [value["relname"], value["aliasname"]]) if (typeof name === "string") names.add(name)
      Object.values(value).forEach(visit)
    }
  }
  visit(tree)
  return names
}

/** The qualifiers before the dots of the columns. */
const qualifiersIn = (tree: unknown): ReadonlyArray<string> => {
  if (Array.isArray(tree)) return tree.flatMap(qualifiersIn)
  if (!isRecord(tree)) return []
  if (!has(tree, "ColumnRef")) return Object.values(tree).flatMap(qualifiersIn)
  const { fields = [] } = tree.ColumnRef
  return fields.length > 1 ? stringsOf(fields).slice(0, 1) : []
}

const merge: Rule<"MergeStmt"> = (node, place) =>
  returning(node, place) ?? (node.returningClause === undefined ? since(15, "MERGE") : since(17, "MERGE … RETURNING"))

/** SQL/JSON. A form that also is a valid function call is left out: `json_object(…)` may be a function of that name. */
const sqlJson = always(16, "SQL/JSON constructors and IS JSON")
const jsonQuery = "SQL/JSON query functions and JSON_TABLE"

const jsonArray = (isAbsentOnNull: boolean | undefined, output: object | undefined): Feature | undefined =>
  isAbsentOnNull !== true || output !== undefined ? sqlJson() : undefined

const jsonFunction: Rule<"JsonFuncExpr"> = ({ on_empty, on_error, output, passing, quotes, wrapper }) => {
  const isBare = [on_empty, on_error, output, passing].every((clause) => clause === undefined)
  return when(!isBare || quotes !== "JS_QUOTES_UNSPEC" || wrapper !== "JSW_UNSPEC", 17, jsonQuery)
}

const rules: { readonly [K in NodeTag]?: Rule<K> } = {
  AlterDatabaseRefreshCollStmt: always(15, "REFRESH COLLATION VERSION"),
  AlterDefaultPrivilegesStmt: ({ action }) => (action === undefined ? undefined : privileges(action)),
  AlterDomainStmt: ({ def }) => when(isTableNotNull(def), 17, "NOT NULL as a domain constraint"),
  AlterSubscriptionStmt: ({ kind }) => when(kind === "ALTER_SUBSCRIPTION_SKIP", 15, "ALTER SUBSCRIPTION … SKIP"),
  AlterTableCmd: alterTableCommand,
  AlterTableStmt: alterTable,
  ColumnDef: ({ storage_name }) => when(storage_name !== undefined, 16, "STORAGE in the definition of a column"),
  Constraint: constraint,
  CreateForeignTableStmt: ({ base }) =>
    when(
      (base?.tableElts ?? []).some((node) => "TableLikeClause" in node),
      18,
      "LIKE in a foreign table"
    ),
  CreateSeqStmt: ({ sequence }) => when(sequence?.relpersistence === "u", 15, "an unlogged sequence"),
  CreateStatsStmt: ({ defnames }) => when(defnames === undefined, 16, "CREATE STATISTICS without a name"),
  CreateStmt: ({ tableElts }) => when((tableElts ?? []).some(isTableNotNull), 18, "NOT NULL as a table constraint"),
  DeleteStmt: returning,
  FuncCall: ({ args, funcformat, funcname }) =>
    when(
      funcformat === "COERCE_SQL_SYNTAX" && lastString(funcname) === "timezone" && args?.length === 1,
      17,
      "AT LOCAL"
    ),
  GrantRoleStmt: ({ opt }) =>
    when(
      ["inherit", "set"].some((name) => optionNamed(opt, name) !== undefined),
      16,
      "GRANT … WITH INHERIT or SET"
    ),
  GrantStmt: privileges,
  IndexStmt: ({ nulls_not_distinct }) => when(nulls_not_distinct === true, 15, "NULLS NOT DISTINCT"),
  InsertStmt: returning,
  JsonArrayAgg: ({ absent_on_null, constructor: call }) => jsonArray(absent_on_null, call?.output),
  JsonArrayConstructor: ({ absent_on_null, output }) => jsonArray(absent_on_null, output),
  JsonArrayQueryConstructor: sqlJson,
  JsonFuncExpr: jsonFunction,
  JsonIsPredicate: sqlJson,
  JsonObjectAgg: sqlJson,
  JsonObjectConstructor: ({ exprs }) => (exprs === undefined ? undefined : sqlJson()),
  JsonParseExpr: ({ unique_keys }) => when(unique_keys === true, 17, jsonQuery),
  JsonSerializeExpr: ({ output }) => when(output !== undefined, 17, jsonQuery),
  JsonTable: always(17, jsonQuery),
  MergeStmt: merge,
  MergeWhenClause: ({ matchKind }) =>
    when(matchKind === "MERGE_WHEN_NOT_MATCHED_BY_SOURCE", 17, "WHEN NOT MATCHED BY SOURCE"),
  PublicationObjSpec: ({ pubobjtype, pubtable }) =>
    when(
      pubobjtype !== "PUBLICATIONOBJ_TABLE" || pubtable?.columns !== undefined || pubtable?.whereClause !== undefined,
      15,
      "a publication of schemas, columns or filtered rows"
    ),
  RangeSubselect: ({ alias }) => when(alias === undefined, 16, "a subquery without an alias"),
  ReindexStmt: ({ kind, name }) =>
    when(
      (kind === "REINDEX_OBJECT_DATABASE" || kind === "REINDEX_OBJECT_SYSTEM") && name === undefined,
      16,
      "REINDEX of the database without its name"
    ),
  UpdateStmt: returning,
  VacuumRelation: ({ relation }) => when(relation !== undefined && relation.inh !== true, 18, "VACUUM ONLY"),
  ViewStmt: ({ options }) => when(optionNamed(options, "security_invoker") !== undefined, 15, "security_invoker"),
  XmlSerialize: ({ indent }) => when(indent === true, 16, "XMLSERIALIZE … INDENT")
}

const ruled: ReadonlySet<string> = new Set(Object.keys(rules))
