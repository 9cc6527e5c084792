/**
 * Reads `CREATE TABLE` in all its forms, and adds new relations of every kind to the catalog.
 *
 * @since 0.1.0
 * @internal
 */
import type { CreateStmt, Node, RangeVar } from "@pgsql/types"
import * as Option from "effect/Option"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import type { QualifiedName } from "../model/SchemaObject.js"
import * as SchemaObject from "../model/SchemaObject.js"
import * as Path from "../reading/NameResolution.js"
import * as R from "../reading/Recorder.js"
import * as Use from "../reading/Use.js"
import { elementName } from "../sql/ParsedType.js"
import { nameOfRangeVar } from "../sql/SyntaxTree.js"
import { addColumn, addPending, type Pending } from "./Column.js"
import { clonePartition, followType, inherit, like } from "./Inheritance.js"

/** @since 0.1.0 @category statements */
export const createTable = (recorder: R.Recorder, statement: CreateStmt): void => {
  const parents = (statement.inhRelations ?? []).flatMap((node) =>
    "RangeVar" in node ? [resolved(recorder, Path.range(recorder, node.RangeVar))] : []
  )
  const elements = (statement.tableElts ?? []).map((element) => withSource(recorder, element))
  const name = newRelation(recorder, statement.relation, "table", statement.if_not_exists === true)
  if (name === undefined) return
  R.updateRelation(recorder, name, (table) => ({ ...table, isPartitioned: statement.partspec !== undefined }))
  if (statement.ofTypename !== undefined) ofType(recorder, name, Path.type(recorder, elementName(statement.ofTypename)))
  for (const parent of parents) inherit(recorder, name, parent, statement.partbound)
  const pending: Array<Pending> = []
  for (const element of elements) addElement(recorder, name, element, pending)
  for (const node of statement.constraints ?? [])
    if ("Constraint" in node) pending.push({ constraint: node.Constraint })
  const routed = Use.useStored(recorder, statement.partspec, statement.partbound)
  R.updateRelation(recorder, name, (known) => ({
    ...known,
    onWrite: [...known.onWrite, ...Use.hiddenCalls(recorder, routed)]
  }))
  addPending(recorder, name, pending)
  for (const parent of parents) {
    const found = R.findRelation(recorder, parent)
    if (found !== undefined && statement.partbound !== undefined) clonePartition(recorder, name, found)
  }
}

/** Resolves a name before the new table exists, which may have the same name in another schema. */
const resolved = (recorder: R.Recorder, name: QualifiedName): QualifiedName => {
  const found = R.findRelation(recorder, name)?.name
  return found === undefined ? name : { ...found, schema: Option.some(Catalog.schemaOf(found)) }
}

const withSource = (recorder: R.Recorder, element: Node): Node => {
  if (!("TableLikeClause" in element)) return element
  const { name, schema } = resolved(recorder, Path.range(recorder, element.TableLikeClause.relation))
  const relation = {
    ...element.TableLikeClause.relation,
    relname: name,
    ...Option.match(schema, { onNone: () => ({}), onSome: (schemaname) => ({ schemaname }) })
  }
  return { TableLikeClause: { ...element.TableLikeClause, relation } }
}

/**
 * Adds an empty relation to the catalog and returns its name. It returns `undefined` and adds none if the relation
 * exists and the statement has `IF NOT EXISTS`, or may not run: the server would refuse it, so it does not run.
 *
 * @since 0.1.0
 * @category statements
 */
export const newRelation = (
  recorder: R.Recorder,
  range: RangeVar | undefined,
  kind: Catalog.RelationKind,
  ifNotExists: boolean
): QualifiedName | undefined => {
  const isTemporary = range?.relpersistence === "t"
  const name = Path.placed(recorder, nameOfRangeVar(range))
  R.writeName(recorder, name)
  const exists = Catalog.hasRelation(recorder.catalog, name)
  if (exists && (ifNotExists || recorder.isUncertain)) {
    Use.touch(recorder, name)
    return undefined
  }
  if (!ifNotExists && !isTemporary) R.claim(recorder, SchemaObject.relation(name))
  const isPlain = !ifNotExists && !recorder.statement.runsCode
  const creation = isPlain ? Option.some({ schema: nameOfRangeVar(range).schema, path: recorder.path }) : Option.none()
  R.saveRelation(recorder, { ...Catalog.relation(kind, name), isTemporary, creation })
  return name
}

const addElement = (recorder: R.Recorder, table: QualifiedName, node: Node, pending: Array<Pending>): void => {
  if ("ColumnDef" in node) addColumn(recorder, table, node.ColumnDef, pending)
  else if ("Constraint" in node) pending.push({ constraint: node.Constraint })
  else if ("TableLikeClause" in node) like(recorder, table, node.TableLikeClause)
  else R.opaqueBarrier(recorder, "a table element of an unknown kind")
}

const ofType = (recorder: R.Recorder, table: QualifiedName, type: QualifiedName): void => {
  Use.touchType(recorder, type)
  const columns = R.findRelation(recorder, type)?.columns ?? []
  R.updateRelation(recorder, table, (known) => ({
    ...known,
    columns: [...known.columns, ...columns.map((column) => ({ ...column, isLocal: false }))]
  }))
  followType(recorder, table, type)
}
