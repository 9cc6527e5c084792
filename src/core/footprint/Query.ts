/**
 * Reads queries, and the relations that they define: views, materialized views, `CREATE TABLE AS`, `SELECT INTO`. The
 * names in a view are looked up when it is created, and its query runs when the view is read. The other queries run at
 * once.
 *
 * @since 0.1.0
 * @internal
 */
import type { CreateTableAsStmt, IntoClause, Node, RefreshMatViewStmt, SelectStmt, ViewStmt } from "@pgsql/types"
import * as Option from "effect/Option"
import { resultColumns } from "../catalog/ResultColumns.js"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import * as HazardKey from "../model/HazardKey.js"
import { type QualifiedName, relation } from "../model/SchemaObject.js"
import * as Path from "../reading/NameResolution.js"
import * as R from "../reading/Recorder.js"
import * as Use from "../reading/Use.js"
import type { Mentions } from "../sql/Mentions.js"
import { nameOfRangeVar, stringsOf } from "../sql/SyntaxTree.js"
import { newRelation } from "./Table.js"

/** @since 0.1.0 @category statements */
export const select = (recorder: R.Recorder, statement: SelectStmt): void => {
  const into = intoOf(statement)
  Use.useNow(recorder, { SelectStmt: statement })
  setConfig(recorder, statement)
  if (into !== undefined) tableFrom(recorder, into, { SelectStmt: statement }, "table", false)
}

/** The `INTO` clause, which is in the first branch of a union. */
const intoOf = (statement: SelectStmt): IntoClause | undefined =>
  statement.intoClause ?? (statement.larg === undefined ? undefined : intoOf(statement.larg))

/** Sets the search path by `SELECT set_config('search_path', …)`, as at the start of a dump. */
const setConfig = (recorder: R.Recorder, { targetList }: SelectStmt): void => {
  for (const target of targetList ?? []) {
    const call = "ResTarget" in target ? target.ResTarget.val : undefined
    if (call === undefined || !("FuncCall" in call)) continue
    const [setting, value] = (call.FuncCall.args ?? []).map((arg) =>
      "A_Const" in arg ? arg.A_Const.sval?.sval : undefined
    )
    const isSet = stringsOf(call.FuncCall.funcname).at(-1) === "set_config"
    if (isSet) recorder.path++
    const isPath = isSet && setting === "search_path"
    if (isPath && value === undefined) R.opaqueBarrier(recorder, "computes the search path")
    else if (isPath)
      recorder.searchPath = (value ?? "")
        .split(",")
        .map((name) => name.trim())
        .filter((name) => name !== "")
  }
}

/** @since 0.1.0 @category statements */
export const createTableAs = (recorder: R.Recorder, statement: CreateTableAsStmt): void => {
  const { into, query } = statement
  if (into === undefined || query === undefined) return
  const kind = statement.objtype === "OBJECT_MATVIEW" ? "materialized view" : "table"
  const mentions = "ExecuteStmt" in query ? undefined : Use.useNow(recorder, query)
  if (mentions === undefined) R.opaqueBarrier(recorder, "a table from a prepared statement")
  const view = mentions === undefined ? undefined : viewOf(recorder, mentions)
  const name = tableFrom(recorder, into, query, kind, statement.if_not_exists === true)
  if (name !== undefined && kind === "materialized view")
    R.updateRelation(recorder, name, (known) => ({ ...known, ...view }))
}

const tableFrom = (
  recorder: R.Recorder,
  into: IntoClause,
  query: Node,
  kind: "table" | "materialized view",
  ifNotExists: boolean
): QualifiedName | undefined => {
  const columns = columnsOf(recorder, query, stringsOf(into.colNames))
  const name = newRelation(recorder, into.rel, kind, ifNotExists)
  if (name === undefined) return undefined
  R.updateRelation(recorder, name, (known) => ({ ...known, columns }))
  return name
}

/** @since 0.1.0 @category statements */
export const createView = (recorder: R.Recorder, statement: ViewStmt): void => {
  const { query, view } = statement
  if (query === undefined) return
  const name = Path.placed(recorder, nameOfRangeVar(view))
  const before = Catalog.findRelation(recorder.catalog, name)
  const isReplaced = statement.replace === true && before !== undefined && Catalog.hasRelation(recorder.catalog, name)
  const mentions = Use.useStored(recorder, query)
  R.writeName(recorder, name)
  if (isReplaced) R.readAll(recorder, before.dependencies)
  const columns = columnsOf(recorder, query, stringsOf(statement.aliases))
  const kept = isReplaced ? { dependencies: before.dependencies, attachments: before.attachments } : {}
  const isTemporary = view?.relpersistence === "t"
  const isPlain = statement.replace !== true && !recorder.statement.runsCode
  const creation = isPlain ? Option.some({ schema: nameOfRangeVar(view).schema, path: recorder.path }) : Option.none()
  const shape = { ...Catalog.relation("view", name), ...viewOf(recorder, mentions), isTemporary, columns, creation }
  if (statement.replace !== true && !isTemporary) R.claim(recorder, relation(name))
  R.saveRelation(recorder, { ...shape, ...kept })
}

/**
 * The tables that a view reads. They are looked up before the view exists, since it may have the name of one of them.
 * `*` means the columns that the tables have now.
 */
const viewOf = (recorder: R.Recorder, mentions: Mentions): Pick<Catalog.Relation, "base" | "uses" | "onRead"> => {
  const base = mentions.relations.map(({ name }) => R.findRelation(recorder, name) ?? Catalog.relation("table", name))
  const starred = mentions.hasStar
    ? base.flatMap(({ columns, name }) => columns.map((column) => HazardKey.columnOf(name.name, column.name)))
    : []
  return {
    base: base.map(({ name }) => name),
    uses: [...Use.directKeys(recorder, mentions), ...starred],
    onRead: Use.hiddenCalls(recorder, mentions)
  }
}

/** @since 0.1.0 @category statements */
export const refresh = (recorder: R.Recorder, { relation: range }: RefreshMatViewStmt): void => {
  const name = Path.range(recorder, range)
  Use.change(recorder, name)
  Use.fetch(recorder, name)
}

const columnsOf = (recorder: R.Recorder, query: Node, aliases: ReadonlyArray<string>): ReadonlyArray<Catalog.Column> =>
  resultColumns(query, (name) => R.findRelation(recorder, Path.relation(recorder, name))?.columns ?? []).map(
    (column, index) => ({
      ...column,
      name: aliases[index] ?? column.name
    })
  )
