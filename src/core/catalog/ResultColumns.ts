/**
 * The columns of a query's result, which a view, a materialized view or `CREATE TABLE AS` has. Names follow the
 * server's rules. A star expands to the columns of the FROM clause, in order, with joined columns once. Only plain
 * columns and casts have a known type. The columns of an unknown relation are missing.
 *
 * Source: expandRelAttrs and FigureColname in src/backend/parser; PostgreSQL manual, section 7.2.1.1, Joined Tables.
 *
 * @since 0.1.0
 * @internal
 */
import type { Alias, InsertStmt, Node, SelectStmt } from "@pgsql/types"
import * as Option from "effect/Option"
import type { QualifiedName } from "../model/SchemaObject.js"
import { figureColumnName } from "../sql/ImpliedNames.js"
import { elementName, wordingOf } from "../sql/ParsedType.js"
import { type Body, listItems, nameOfRangeVar, stringsOf } from "../sql/SyntaxTree.js"
import type { Column } from "./SimulatedCatalog.js"

/** The known columns of a relation. @since 0.1.0 @category models */
export type ColumnsOf = (name: QualifiedName) => ReadonlyArray<Column>

type Columns = ReadonlyArray<Column>

/** One item of a FROM clause: its name or alias, and its columns. */
interface Item {
  readonly name: string
  readonly columns: Columns
}

interface Scope {
  readonly columnsOf: ColumnsOf
  /** Common table expressions by name. */
  readonly local: ReadonlyMap<string, Columns>
}

/** The columns of a query's result; empty for a statement without result. @since 0.1.0 @category operations */
export const resultColumns = (query: Node, columnsOf: ColumnsOf): Columns =>
  ofQuery(query, { columnsOf, local: new Map() }).map(({ modifiers, name, type, wording }) => ({
    ...untyped(name),
    type,
    wording,
    modifiers
  }))

/** A column of unknown type: its wording is empty. @since 0.1.0 @category constructors */
export const untyped = (name: string): Column => ({
  name,
  type: { schema: Option.none(), name: "text" },
  wording: "",
  collation: Option.none(),
  modifiers: [],
  isNotNull: false,
  hasDefault: false,
  isGenerated: false,
  isLocal: true,
  uses: []
})

const ofQuery = (query: Node, scope: Scope): Columns => {
  if ("SelectStmt" in query) return ofSelect(query.SelectStmt, scope)
  if ("InsertStmt" in query) return ofReturning(query.InsertStmt, scope)
  if ("UpdateStmt" in query) return ofReturning(query.UpdateStmt, scope)
  if ("DeleteStmt" in query) return ofReturning(query.DeleteStmt, scope)
  return []
}

const ofReturning = (
  { relation, returningClause }: Pick<InsertStmt, "relation" | "returningClause">,
  scope: Scope
): Columns => {
  const item = {
    name: relation?.alias?.aliasname ?? relation?.relname ?? "",
    columns: scope.columnsOf(nameOfRangeVar(relation))
  }
  return targets(returningClause?.exprs, [item], item.columns)
}

const ofSelect = (select: SelectStmt, outer: Scope): Columns => {
  const scope = withLocals(select, outer)
  if (select.larg !== undefined) return ofSelect(select.larg, scope)
  if (select.valuesLists !== undefined) {
    return listItems(select.valuesLists[0]).map((_, index) => untyped(`column${index + 1}`))
  }
  const sources = (select.fromClause ?? []).map((node) => source(node, scope))
  const items = sources.flatMap((one) => one.items)
  return targets(
    select.targetList,
    items,
    sources.flatMap((one) => one.columns)
  )
}

const withLocals = ({ withClause }: SelectStmt, scope: Scope): Scope => {
  const local = new Map(scope.local)
  for (const node of withClause?.ctes ?? []) {
    if (!("CommonTableExpr" in node)) continue
    const { aliascolnames, ctename = "", ctequery } = node.CommonTableExpr
    const columns = ctequery === undefined ? [] : ofQuery(ctequery, { ...scope, local })
    local.set(ctename, renamed(columns, stringsOf(aliascolnames)))
  }
  return { ...scope, local }
}

const renamed = (columns: Columns, names: ReadonlyArray<string>): Columns =>
  columns.length === 0
    ? names.map(untyped)
    : columns.map((column, index) => ({ ...column, name: names[index] ?? column.name }))

interface Source {
  readonly items: ReadonlyArray<Item>
  /** The columns that an unqualified star expands to. */
  readonly columns: Columns
}

const single = (name: string, columns: Columns, alias: Alias | undefined): Source => {
  const item = { name: alias?.aliasname ?? name, columns: renamed(columns, stringsOf(alias?.colnames)) }
  return { items: [item], columns: item.columns }
}

const source = (node: Node, scope: Scope): Source => {
  if ("RangeVar" in node) {
    const { alias, relname = "", schemaname } = node.RangeVar
    const local = schemaname === undefined ? scope.local.get(relname) : undefined
    return single(relname, local ?? scope.columnsOf(nameOfRangeVar(node.RangeVar)), alias)
  }
  if ("RangeSubselect" in node) {
    const { alias, subquery } = node.RangeSubselect
    return single("", subquery === undefined ? [] : ofQuery(subquery, scope), alias)
  }
  if ("JoinExpr" in node) return join(node.JoinExpr, scope)
  if ("RangeFunction" in node) return ofFunction(node.RangeFunction)
  return { items: [], columns: [] }
}

/** The result of a function: the listed columns, or one column with the name of the alias. */
const ofFunction = ({ alias, coldeflist, functions, ordinality }: Body<"RangeFunction">): Source => {
  const listed = (coldeflist ?? []).flatMap((node) =>
    "ColumnDef" in node ? [untyped(node.ColumnDef.colname ?? "")] : []
  )
  const call = listItems(functions?.[0])[0]
  const name = alias?.aliasname ?? (call === undefined ? undefined : figureColumnName(call)) ?? ""
  const columns = listed.length > 0 ? listed : [untyped(name)]
  return single(name, ordinality === true ? [...columns, untyped("ordinality")] : columns, alias)
}

const join = ({ alias, isNatural, larg, rarg, usingClause }: Body<"JoinExpr">, scope: Scope): Source => {
  const left = larg === undefined ? { items: [], columns: [] } : source(larg, scope)
  const right = rarg === undefined ? { items: [], columns: [] } : source(rarg, scope)
  const names = new Set(right.columns.map(({ name }) => name))
  const shared =
    isNatural === true
      ? left.columns.filter(({ name }) => names.has(name)).map(({ name }) => name)
      : stringsOf(usingClause)
  const isShared = ({ name }: Column): boolean => shared.includes(name)
  const merged = shared.flatMap((name) => left.columns.find((column) => column.name === name) ?? [])
  const columns = [
    ...merged,
    ...left.columns.filter((column) => !isShared(column)),
    ...right.columns.filter((column) => !isShared(column))
  ]
  return alias === undefined ? { items: [...left.items, ...right.items], columns } : single("", columns, alias)
}

const targets = (nodes: ReadonlyArray<Node> | undefined, items: ReadonlyArray<Item>, all: Columns): Columns =>
  (nodes ?? []).flatMap((node) => {
    if (!("ResTarget" in node)) return []
    const { name, val } = node.ResTarget
    if (val === undefined) return []
    if ("ColumnRef" in val && (val.ColumnRef.fields ?? []).some((field) => "A_Star" in field)) {
      const qualifier = stringsOf(val.ColumnRef.fields).at(-1)
      return qualifier === undefined ? all : (items.find((item) => item.name === qualifier)?.columns ?? [])
    }
    return [{ ...typed(val, items), name: name ?? figureColumnName(val) ?? "?column?" }]
  })

/** The type of a plain column or a cast; another expression has no known type. */
const typed = (node: Node, items: ReadonlyArray<Item>): Column => {
  if ("TypeCast" in node && node.TypeCast.typeName !== undefined) {
    return { ...untyped(""), type: elementName(node.TypeCast.typeName), wording: wordingOf(node.TypeCast.typeName) }
  }
  if (!("ColumnRef" in node)) return untyped("")
  const names = stringsOf(node.ColumnRef.fields)
  const qualifier = names.at(-2)
  const owners = qualifier === undefined ? items : items.filter(({ name }) => name === qualifier)
  const found = owners.flatMap(({ columns }) => columns).find(({ name }) => name === names.at(-1))
  return found ?? untyped("")
}
