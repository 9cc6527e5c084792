/**
 * Answers conditions on the server's catalogs from the simulated catalog, for example
 * `IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'mood')`.
 * `undefined` means that the answer is not known: then both branches are read as if they ran.
 *
 * @since 0.1.0
 * @internal
 */
import type { Node, SelectStmt } from "@pgsql/types"
import * as Option from "effect/Option"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import * as HazardKey from "../model/HazardKey.js"
import { nameFrom, type QualifiedName, qualifiedName } from "../model/SchemaObject.js"
import { fold } from "../sql/DynamicSql.js"
import { type Body, constantText, lastString, listItems, stringsOf } from "../sql/SyntaxTree.js"
import * as Path from "./NameResolution.js"
import * as R from "./Recorder.js"

/** Whether a condition holds; `undefined` where it is not known. @since 0.1.0 @category operations */
export const holds = (recorder: R.Recorder, condition: Node): boolean | undefined =>
  recorder.catalog.isComplete ? truth(recorder, condition) : undefined

const truth = (recorder: R.Recorder, node: Node | undefined): boolean | undefined => {
  if (node === undefined) return undefined
  if ("SelectStmt" in node) return truthOfQuery(recorder, node.SelectStmt)
  if ("BoolExpr" in node) return combined(recorder, node.BoolExpr)
  if ("SubLink" in node && node.SubLink.subselect !== undefined && "SelectStmt" in node.SubLink.subselect) {
    const query = node.SubLink.subselect.SelectStmt
    if (node.SubLink.subLinkType === "EXPR_SUBLINK") return truthOfQuery(recorder, query)
    const count = node.SubLink.subLinkType === "EXISTS_SUBLINK" ? countOf(recorder, query) : undefined
    return count === undefined ? undefined : count > 0
  }
  if ("A_Const" in node) return node.A_Const.boolval?.boolval === true ? true : undefined
  if ("NullTest" in node) return isRegistered(recorder, node.NullTest)
  return "A_Expr" in node ? compared(recorder, node.A_Expr, undefined) : undefined
}

const combined = (recorder: R.Recorder, { args = [], boolop }: Body<"BoolExpr">): boolean | undefined => {
  const values = args.map((arg) => truth(recorder, arg))
  if (boolop === "NOT_EXPR") return values[0] === undefined ? undefined : !values[0]
  const decisive = boolop === "OR_EXPR"
  if (values.includes(decisive)) return decisive
  return values.includes(undefined) ? undefined : !decisive
}

/** `SELECT condition`, or `SELECT count(*) = 2 FROM …`. */
const truthOfQuery = (recorder: R.Recorder, query: SelectStmt): boolean | undefined => {
  const [target] = query.targetList ?? []
  const value = target !== undefined && "ResTarget" in target ? target.ResTarget.val : undefined
  if (query.fromClause === undefined) return truth(recorder, value)
  return value !== undefined && "A_Expr" in value ? compared(recorder, value.A_Expr, query) : undefined
}

/** Compares two numbers; each may be a count. */
const compared = (
  recorder: R.Recorder,
  { lexpr, name, rexpr }: Body<"A_Expr">,
  enclosing: SelectStmt | undefined
): boolean | undefined => {
  const left = numberFrom(recorder, lexpr, enclosing)
  const right = numberFrom(recorder, rexpr, enclosing)
  if (left === undefined || right === undefined) return undefined
  switch (lastString(name)) {
    case "=":
      return left === right
    case "<>":
      return left !== right
    case ">":
      return left > right
    case ">=":
      return left >= right
    case "<":
      return left < right
    default:
      return undefined
  }
}

const numberFrom = (
  recorder: R.Recorder,
  node: Node | undefined,
  enclosing: SelectStmt | undefined
): number | undefined => {
  if (node === undefined) return undefined
  if ("A_Const" in node && node.A_Const.ival !== undefined) return node.A_Const.ival.ival ?? 0
  if ("FuncCall" in node && lastString(node.FuncCall.funcname) === "count" && enclosing !== undefined) {
    return countOf(recorder, enclosing)
  }
  if ("SubLink" in node && node.SubLink.subselect !== undefined && "SelectStmt" in node.SubLink.subselect) {
    const query = node.SubLink.subselect.SelectStmt
    const [target] = query.targetList ?? []
    const value = target !== undefined && "ResTarget" in target ? target.ResTarget.val : undefined
    return numberFrom(recorder, value, query)
  }
  return undefined
}

/** `to_regclass('users') IS NULL`. */
const isRegistered = (recorder: R.Recorder, { arg, nulltesttype }: Body<"NullTest">): boolean | undefined => {
  if (arg === undefined || !("FuncCall" in arg) || lastString(arg.FuncCall.funcname) !== "to_regclass") return undefined
  const name = Option.flatMap(constantText(arg.FuncCall.args?.[0]), nameFrom)
  if (Option.isNone(name) || recorder.catalog.uncertain.has(name.value.name)) return undefined
  const isThere = isVisible(recorder, name.value)
  if (isThere === undefined) return undefined
  return nulltesttype === "IS_NULL" ? !isThere : isThere
}

/** `undefined` where it depends on the search path of the connection, which is not known. */
const isVisible = (recorder: R.Recorder, name: QualifiedName): boolean | undefined => {
  const found = R.relations(recorder, Path.relation(recorder, name))
  if (found.length === 0) return false
  const path = Option.match(name.schema, {
    onNone: () => [...recorder.searchPath, "public"],
    onSome: (schema) => [schema]
  })
  return found.some((relation) => path.includes(schemaOf(relation.name))) ? true : undefined
}

type Row = Readonly<Record<string, string>>

/** A catalog of the server, and its rows about the objects of one name. */
interface Source {
  readonly nameColumn: string
  readonly rows: (recorder: R.Recorder, name: string) => ReadonlyArray<Row>
}

const schemaOf = Catalog.schemaOf

const relationRows =
  (nameColumn: string, schemaColumn: string, kinds: ReadonlyArray<Catalog.RelationKind>): Source["rows"] =>
  (recorder, name) =>
    Catalog.relationsCalled(recorder.catalog, name)
      .filter(({ kind }) => kinds.includes(kind))
      .map((relation) => ({
        [nameColumn]: name,
        [schemaColumn]: schemaOf(relation.name),
        tablename: Option.match(relation.owner, { onNone: () => name, onSome: (owner) => owner.name })
      }))

const source = (nameColumn: string, schemaColumn: string, ...kinds: ReadonlyArray<Catalog.RelationKind>): Source => ({
  nameColumn,
  rows: relationRows(nameColumn, schemaColumn, kinds)
})

const things = (nameColumn: string, key: (name: string) => HazardKey.HazardKey): Source => ({
  nameColumn,
  rows: (recorder, name) => (R.isKnownNamed(recorder, key(name)) ? [{ [nameColumn]: name }] : [])
})

const constraintRows =
  (nameColumn: string, schemaColumn: string): Source["rows"] =>
  (recorder, name) =>
    Catalog.tablesConstrained(recorder.catalog, name).map((table) => ({
      [nameColumn]: name,
      [schemaColumn]: schemaOf(table),
      table_schema: schemaOf(table),
      table_name: table.name,
      conrelid: table.name
    }))

const sources: Readonly<Record<string, Source>> = {
  columns: {
    nameColumn: "table_name",
    rows: (recorder, name) =>
      Catalog.relationsCalled(recorder.catalog, name).flatMap((relation) =>
        relation.columns.map((column) => ({
          table_name: name,
          table_schema: schemaOf(relation.name),
          column_name: column.name
        }))
      )
  },
  pg_class: source("relname", "nspname", "table", "view", "materialized view", "index", "sequence", "foreign table"),
  pg_constraint: { nameColumn: "conname", rows: constraintRows("conname", "nspname") },
  pg_extension: things("extname", HazardKey.extension),
  pg_indexes: source("indexname", "schemaname", "index"),
  pg_matviews: source("matviewname", "schemaname", "materialized view"),
  pg_namespace: things("nspname", HazardKey.schema),
  pg_sequences: source("sequencename", "schemaname", "sequence"),
  pg_tables: source("tablename", "schemaname", "table"),
  pg_type: {
    nameColumn: "typname",
    rows: (recorder, name) => [
      ...Catalog.typesCalled(recorder.catalog, name).map((type) => ({ typname: name, nspname: schemaOf(type.name) })),
      ...relationRows("typname", "nspname", ["table", "view", "composite type"])(recorder, name)
    ]
  },
  pg_views: source("viewname", "schemaname", "view"),
  schemata: things("schema_name", HazardKey.schema),
  table_constraints: { nameColumn: "constraint_name", rows: constraintRows("constraint_name", "constraint_schema") },
  tables: source("table_name", "table_schema", "table", "view"),
  views: source("table_name", "table_schema", "view")
}

/** The count of rows of one catalog under conditions on names; `undefined` for any other query. */
const countOf = (recorder: R.Recorder, query: SelectStmt): number | undefined => {
  const [from, ...more] = query.fromClause ?? []
  if (from === undefined || !("RangeVar" in from) || more.length > 0 || isElaborate(query)) return undefined
  const found = sources[from.RangeVar.relname ?? ""]
  const conditions = found === undefined ? undefined : conditionsOf(recorder, query.whereClause)
  const names = conditions?.get(found?.nameColumn ?? "")
  if (found === undefined || conditions === undefined || names === undefined) return undefined
  if (names.some((name) => isUncertain(recorder, name))) return undefined
  const rows = names.flatMap((name) => found.rows(recorder, name))
  const isKnown = rows.every((row) => [...conditions.keys()].every((column) => column in row))
  return isKnown
    ? rows.filter((row) => [...conditions].every(([column, texts]) => texts.includes(row[column] ?? ""))).length
    : undefined
}

const isUncertain = ({ catalog }: R.Recorder, name: string): boolean =>
  catalog.uncertain.has(name) ||
  catalog.uncertain.has(HazardKey.schema(name)) ||
  catalog.uncertain.has(HazardKey.extension(name)) ||
  Catalog.tablesConstrained(catalog, name).some((table) => catalog.uncertain.has(table.name))

const isElaborate = ({ groupClause, havingClause, limitCount, op, withClause }: SelectStmt): boolean =>
  op !== "SETOP_NONE" ||
  [groupClause, havingClause, withClause].some((part) => part !== undefined) ||
  limitCount === null

/** The texts that each column may have; `undefined` where a condition is of another kind. */
const conditionsOf = (
  recorder: R.Recorder,
  where: Node | undefined
): ReadonlyMap<string, ReadonlyArray<string>> | undefined => {
  const conditions = new Map<string, ReadonlyArray<string>>()
  const parts =
    where !== undefined && "BoolExpr" in where && where.BoolExpr.boolop === "AND_EXPR" ? where.BoolExpr.args : [where]
  for (const part of parts ?? []) {
    if (part === undefined || !("A_Expr" in part)) return undefined
    const { kind, lexpr, name, rexpr } = part.A_Expr
    const column = lexpr !== undefined && "ColumnRef" in lexpr ? stringsOf(lexpr.ColumnRef.fields).at(-1) : undefined
    const values = kind === "AEXPR_IN" ? listItems(rexpr) : kind === "AEXPR_OP" ? [rexpr] : []
    const texts = values.map((value) => textOf(recorder, value))
    if (column === undefined || lastString(name) !== "=" || texts.length === 0 || texts.includes(undefined))
      return undefined
    conditions.set(
      column,
      texts.flatMap((text) => text ?? [])
    )
  }
  return conditions
}

const textOf = (recorder: R.Recorder, node: Node | undefined): string | undefined => {
  const texts = Option.getOrUndefined(fold(node, recorder.lookup))
  const [only] = texts ?? []
  if (node !== undefined && "FuncCall" in node) {
    return lastString(node.FuncCall.funcname) === "current_schema" ? schemaOf(defaultName(recorder)) : undefined
  }
  const isRegistry =
    node !== undefined && "TypeCast" in node && lastString(node.TypeCast.typeName?.names) === "regclass"
  if (texts?.length !== 1 || only === undefined) return undefined
  return isRegistry ? Option.getOrElse(nameFrom(only), () => qualifiedName(only)).name : only
}

const defaultName = (recorder: R.Recorder): QualifiedName => Path.placed(recorder, qualifiedName(""))
