/**
 * Mentions are the names in a piece of a syntax tree: relations with their aliases, columns, routines with their
 * arguments, types, operators, and names inside strings (`'app.users'::regclass`, `nextval('s')`). The name of a common
 * table expression is not a relation within its scope.
 *
 * @since 0.1.0
 * @internal
 */
import type {
  DeleteStmt,
  IndexElem,
  InsertStmt,
  MergeStmt,
  Node,
  OnConflictClause,
  PartitionElem,
  RangeVar,
  SelectStmt,
  TypeName,
  UpdateStmt,
  WithClause
} from "@pgsql/types"
import * as Option from "effect/Option"
import { isRecord } from "effect/Predicate"
import { type ConflictTarget, conflictTarget, nameFrom, type QualifiedName } from "../model/SchemaObject.js"
import { arbiterOf } from "./ConditionText.js"
import {
  constantText,
  isNode,
  isRangeVar,
  isTypeName,
  lastString,
  nameOfNodes,
  nameOfRangeVar,
  nameOfStrings,
  stringsOf,
  withoutCasts
} from "./SyntaxTree.js"

/** How a statement uses the rows of a relation. @since 0.1.0 @category models */
export type Access = "read" | "insert" | "update" | "delete" | "merge"

/** @since 0.1.0 @category models */
export interface MentionedRelation {
  readonly name: QualifiedName
  readonly alias: Option.Option<string>
  readonly access: Access
}

/** A column and the qualifier before its dot. @since 0.1.0 @category models */
export interface MentionedColumn {
  readonly qualifier: Option.Option<string>
  readonly name: string
  /** Whether it stands in a query or a statement on rows, whose own tables are searched first. */
  readonly isInner: boolean
}

/** @since 0.1.0 @category models */
export interface Call {
  readonly name: QualifiedName
  readonly args: ReadonlyArray<Node>
}

/** A name inside a string, which the server looks up: `nextval('s')`. @since 0.1.0 @category models */
export interface NamedInText {
  readonly kind:
    | "relation"
    | "sequence"
    | "type"
    | "routine"
    | "operator"
    | "collation"
    | "text search"
    | "role"
    | "schema"
  readonly name: QualifiedName
}

/** @since 0.1.0 @category models */
export interface Mentions {
  readonly relations: ReadonlyArray<MentionedRelation>
  readonly columns: ReadonlyArray<MentionedColumn>
  /** Whether a star (`*`) stands for all columns. */
  readonly hasStar: boolean
  /** Whether rows are grouped. Grouping by a primary key allows the table's other columns too. */
  readonly isGrouped: boolean
  readonly calls: ReadonlyArray<Call>
  readonly types: ReadonlyArray<QualifiedName>
  readonly operators: ReadonlyArray<string>
  /** Collations, operator classes and table sampling methods. */
  readonly others: ReadonlyArray<string>
  readonly inTexts: ReadonlyArray<NamedInText>
  /** String constants. */
  readonly texts: ReadonlyArray<string>
  readonly conflictTarget: Option.Option<ConflictTarget>
}

/**
 * The names in one or more pieces of a syntax tree: nodes, lists of nodes, or bodies of nodes.
 *
 * @since 0.1.0
 * @category operations
 */
export const mentionsOf = (...pieces: ReadonlyArray<unknown>): Mentions => {
  const out: Collected = {
    relations: [],
    columns: [],
    hasStar: false,
    isGrouped: false,
    calls: [],
    types: [],
    operators: [],
    others: [],
    inTexts: [],
    texts: [],
    conflictTarget: Option.none(),
    depth: 0
  }
  for (const piece of pieces) visit(out, piece, nothingShadowed)
  return out
}

type Collected = {
  -readonly [K in keyof Mentions]: Mentions[K] extends ReadonlyArray<infer A> ? Array<A> : Mentions[K]
} & { depth: number }

/** Names of common table expressions that are in scope. */
type Shadowed = ReadonlySet<string>

const nothingShadowed: Shadowed = new Set()

const visit = (out: Collected, value: unknown, shadowed: Shadowed): void => {
  if (Array.isArray(value)) {
    for (const item of value) visit(out, item, shadowed)
  } else if (isNode(value)) visitNode(out, value, shadowed)
  else if (isRangeVar(value)) relation(out, value, "read", shadowed)
  else if (isTypeName(value)) typeName(out, value, shadowed)
  else if (isRecord(value)) {
    if ("collname" in value) collation(out, value["collname"])
    "limitOption" in value ? query(out, value, shadowed) : children(out, value, shadowed)
  }
}

/** The name in `COLLATE`, in a field that has no wrapper. */
const collation = (out: Collected, names: unknown): void => {
  if (Array.isArray(names)) out.others.push(...stringsOf(names.filter(isNode)).slice(-1))
}

const children = (out: Collected, body: unknown, shadowed: Shadowed): void => {
  if (!isRecord(body)) return
  for (const key in body) {
    const child = body[key]
    if (typeof child === "object" && child !== null) visit(out, child, shadowed)
  }
}

const visitNode = (out: Collected, node: Node, shadowed: Shadowed): void => {
  if ("ColumnRef" in node) column(out, stringsOf(node.ColumnRef.fields), node.ColumnRef.fields?.length ?? 0)
  else if ("A_Const" in node) out.texts.push(...Option.toArray(constantText(node)))
  else if ("RangeVar" in node) relation(out, node.RangeVar, "read", shadowed)
  else if ("TypeName" in node) typeName(out, node.TypeName, shadowed)
  else if ("SelectStmt" in node) query(out, node.SelectStmt, shadowed)
  else if ("InsertStmt" in node) insert(out, node.InsertStmt, shadowed)
  else if ("UpdateStmt" in node) update(out, node.UpdateStmt, shadowed)
  else if ("DeleteStmt" in node) remove(out, node.DeleteStmt, shadowed)
  else if ("MergeStmt" in node) merge(out, node.MergeStmt, shadowed)
  else {
    expression(out, node)
    for (const body of Object.values(node)) children(out, body, shadowed)
  }
}

/** Adds the names of the node itself, without its children. */
const expression = (out: Collected, node: Node): void => {
  if ("FuncCall" in node) call(out, nameOfNodes(node.FuncCall.funcname), node.FuncCall.args ?? [])
  else if ("TypeCast" in node) cast(out, node.TypeCast.arg, node.TypeCast.typeName)
  else if ("A_Expr" in node) operators(out, lastString(node.A_Expr.name) ?? "")
  else if ("SubLink" in node) out.operators.push(lastString(node.SubLink.operName) ?? "=")
  else if ("CaseExpr" in node && node.CaseExpr.arg !== undefined) out.operators.push("=")
  else if ("SortBy" in node) out.operators.push(...stringsOf(node.SortBy.useOp).slice(-1))
  else if ("CollateClause" in node) out.others.push(...stringsOf(node.CollateClause.collname).slice(-1))
  else if ("RangeTableSample" in node) out.others.push(...stringsOf(node.RangeTableSample.method).slice(-1))
  else if ("JoinExpr" in node) {
    for (const name of stringsOf(node.JoinExpr.usingClause)) column(out, [name], 1)
    if (node.JoinExpr.isNatural === true || node.JoinExpr.usingClause !== undefined) out.operators.push("=")
  } else if ("IndexElem" in node) element(out, node.IndexElem)
  else if ("PartitionElem" in node) element(out, node.PartitionElem)
}

const element = (out: Collected, { collation: names, name, opclass }: IndexElem | PartitionElem): void => {
  if (name !== undefined) column(out, [name], 1)
  out.others.push(...stringsOf(names).slice(-1), ...stringsOf(opclass).slice(-1))
}

/** `BETWEEN` stands for two comparisons. */
const operators = (out: Collected, name: string): void => {
  if (name.includes("BETWEEN")) out.operators.push(">=", "<=", "<", ">")
  else out.operators.push(name)
}

const column = (out: Collected, names: ReadonlyArray<string>, fields: number): void => {
  const isStar = names.length < fields
  if (isStar) out.hasStar = true
  const name = names.at(-1)
  if (!isStar && name !== undefined) {
    out.columns.push({ qualifier: Option.fromNullable(names.at(-2)), name, isInner: out.depth > 0 })
  }
}

const relation = (out: Collected, range: RangeVar | undefined, access: Access, shadowed: Shadowed): void => {
  if (range === undefined) return
  const isShadowed = access === "read" && range.schemaname === undefined && shadowed.has(range.relname ?? "")
  if (isShadowed) return
  out.relations.push({ name: nameOfRangeVar(range), alias: Option.fromNullable(range.alias?.aliasname), access })
}

const typeName = (out: Collected, type: TypeName, shadowed: Shadowed): void => {
  const names = stringsOf(type.names)
  if (type.pct_type !== true) out.types.push(nameOfStrings(names))
  else if (names.length > 1) {
    out.relations.push({ name: nameOfStrings(names.slice(0, -1)), alias: Option.none(), access: "read" })
  }
  visit(out, type.typmods, shadowed)
}

/** Functions whose first argument names a sequence, and functions whose first argument names a relation. */
const sequenceFunctions: ReadonlySet<string> = new Set(["nextval", "setval", "currval"])
const relationFunctions: ReadonlySet<string> = new Set(
  (
    "brin_desummarize_range brin_summarize_new_values brin_summarize_range gin_clean_pending_list has_any_column_privilege " +
    "has_column_privilege has_sequence_privilege has_table_privilege pg_column_is_updatable pg_get_replica_identity_index " +
    "pg_get_serial_sequence pg_get_viewdef pg_index_column_has_property pg_index_has_property pg_indexes_size " +
    "pg_partition_ancestors pg_partition_root pg_prewarm pg_relation_filenode pg_relation_filepath " +
    "pg_relation_is_publishable pg_relation_is_updatable pg_relation_size pg_sequence_last_value pg_table_size " +
    "pg_total_relation_size row_security_active to_regclass"
  ).split(" ")
)

/** Functions whose first argument is the text of another name. */
const lookups: Readonly<Record<string, NamedInText["kind"]>> = {
  has_function_privilege: "routine",
  has_schema_privilege: "schema",
  has_type_privilege: "type",
  pg_has_role: "role",
  to_regcollation: "collation",
  to_regnamespace: "schema",
  to_regoper: "operator",
  to_regoperator: "operator",
  to_regproc: "routine",
  to_regprocedure: "routine",
  to_regrole: "role",
  to_regtype: "type"
}

const call = (out: Collected, name: QualifiedName, args: ReadonlyArray<Node>): void => {
  out.calls.push({ name, args })
  if (namesRole(name.name, args.length)) privilege(out, name.name, args)
  else if (sequenceFunctions.has(name.name)) namedInText(out, "sequence", constantText(withoutCasts(args[0])))
  else if (relationFunctions.has(name.name)) namedInText(out, "relation", constantText(args[0]))
  else namedInText(out, lookups[name.name], constantText(args[0]))
}

/** Whether a role comes first, as in `has_table_privilege('r', 't', 'SELECT')`. */
const namesRole = (name: string, args: number): boolean =>
  /^(has_|pg_has_role$)/.test(name) && args > (name === "has_column_privilege" ? 3 : 2)

const privilege = (out: Collected, name: string, args: ReadonlyArray<Node>): void => {
  namedInText(out, "role", constantText(args[0]))
  namedInText(out, relationFunctions.has(name) ? "relation" : lookups[name], constantText(args[1]))
}

const registries: Readonly<Record<string, NamedInText["kind"]>> = {
  regclass: "relation",
  regcollation: "collation",
  regconfig: "text search",
  regdictionary: "text search",
  regnamespace: "schema",
  regoper: "operator",
  regoperator: "operator",
  regrole: "role",
  regproc: "routine",
  regprocedure: "routine",
  regtype: "type"
}

const cast = (out: Collected, arg: Node | undefined, type: TypeName | undefined): void => {
  namedInText(out, registries[lastString(type?.names) ?? ""], constantText(arg))
}

const namedInText = (out: Collected, kind: NamedInText["kind"] | undefined, text: Option.Option<string>): void => {
  if (kind === undefined) return
  const written = Option.map(text, (_) => _.replace(/\(.*$/s, "").replace(/\[\]$/, ""))
  const name =
    kind === "operator"
      ? Option.map(written, (_) => nameOfStrings([_.replace(/^.*\./, "").trim()]))
      : Option.flatMap(written, nameFrom)
  if (Option.isSome(name)) out.inTexts.push({ kind, name: name.value })
}

/** Visits the queries of `WITH`. Each sees the names before its own; under `RECURSIVE`, each sees all names. */
const withScope = (out: Collected, clause: WithClause | undefined, shadowed: Shadowed): Shadowed => {
  if (clause === undefined) return shadowed
  const expressions = (clause.ctes ?? []).flatMap((node) => ("CommonTableExpr" in node ? [node.CommonTableExpr] : []))
  const names = expressions.map((expression) => expression.ctename ?? "")
  expressions.forEach((expression, index) => {
    const visible = clause.recursive === true ? names : names.slice(0, index)
    children(out, expression, new Set([...shadowed, ...visible]))
  })
  return new Set([...shadowed, ...names])
}

/**
 * Fields that are not visited: `lockingClause` repeats aliases, `intoClause` is a new table, `withClause` was visited
 * before.
 */
const skippedFields: ReadonlySet<string> = new Set(["intoClause", "lockingClause", "withClause"])

const query = (out: Collected, body: SelectStmt, shadowed: Shadowed): void => {
  out.depth++
  const scope = withScope(out, body.withClause, shadowed)
  if (body.groupClause !== undefined) out.isGrouped = true
  for (const [key, child] of Object.entries(body)) if (!skippedFields.has(key)) visit(out, child, scope)
  out.depth--
}

/** The left side of an assignment is always a column of the target. */
const assignments = (
  out: Collected,
  target: RangeVar | undefined,
  nodes: ReadonlyArray<Node> | undefined,
  scope: Shadowed
): void => {
  const qualifier = Option.fromNullable(target?.alias?.aliasname ?? target?.relname)
  for (const node of nodes ?? []) {
    if (!("ResTarget" in node)) continue
    if (node.ResTarget.name !== undefined) out.columns.push({ qualifier, name: node.ResTarget.name, isInner: true })
    children(out, node.ResTarget, scope)
  }
}

const insert = (out: Collected, body: InsertStmt, shadowed: Shadowed): void => {
  out.depth++
  const scope = withScope(out, body.withClause, shadowed)
  relation(out, body.relation, "insert", scope)
  assignments(out, body.relation, body.cols, scope)
  visit(out, body.selectStmt, scope)
  if (body.onConflictClause !== undefined) onConflict(out, body.relation, body.onConflictClause, scope)
  visit(out, body.returningClause, scope)
  out.depth--
}

const onConflict = (out: Collected, target: RangeVar | undefined, clause: OnConflictClause, scope: Shadowed): void => {
  const name = nameOfRangeVar(target)
  const access = clause.action === "ONCONFLICT_UPDATE" ? "update" : "insert"
  out.relations.push({ name, alias: Option.some("excluded"), access })
  assignments(out, target, clause.targetList, scope)
  visit(out, [clause.infer, clause.whereClause], scope)
  const elements = clause.infer?.indexElems ?? []
  const asked = arbiterOf(elements, clause.infer?.whereClause)
  if (elements.length > 0) out.conflictTarget = Option.some(conflictTarget(asked.columns, name, asked))
}

const update = (out: Collected, body: UpdateStmt, shadowed: Shadowed): void => {
  out.depth++
  const scope = withScope(out, body.withClause, shadowed)
  relation(out, body.relation, "update", scope)
  assignments(out, body.relation, body.targetList, scope)
  visit(out, [body.fromClause, body.whereClause, body.returningClause], scope)
  out.depth--
}

const remove = (out: Collected, body: DeleteStmt, shadowed: Shadowed): void => {
  out.depth++
  const scope = withScope(out, body.withClause, shadowed)
  relation(out, body.relation, "delete", scope)
  visit(out, [body.usingClause, body.whereClause, body.returningClause], scope)
  out.depth--
}

const merge = (out: Collected, body: MergeStmt, shadowed: Shadowed): void => {
  out.depth++
  const scope = withScope(out, body.withClause, shadowed)
  relation(out, body.relation, "merge", scope)
  visit(out, [body.sourceRelation, body.joinCondition, body.returningClause], scope)
  for (const node of body.mergeWhenClauses ?? []) {
    if (!("MergeWhenClause" in node)) continue
    const { condition, targetList, values } = node.MergeWhenClause
    assignments(out, body.relation, targetList, scope)
    visit(out, [condition, values], scope)
  }
  out.depth--
}
