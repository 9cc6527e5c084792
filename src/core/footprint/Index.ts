/**
 * Reads statements about indexes, sequences and extended statistics. These objects share the name space of relations
 * and belong to a table. Each such statement writes the table; if the table is not known, the statement is not
 * understood.
 *
 * @since 0.1.0
 * @internal
 */
import type {
  AlterSeqStmt,
  AlterStatsStmt,
  CreateSeqStmt,
  CreateStatsStmt,
  IndexStmt,
  Node,
  ReindexStmt
} from "@pgsql/types"
import * as Option from "effect/Option"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import { type QualifiedName, relation } from "../model/SchemaObject.js"
import { freeRelationName } from "../reading/ChosenNames.js"
import * as Path from "../reading/NameResolution.js"
import * as R from "../reading/Recorder.js"
import * as Use from "../reading/Use.js"
import { arbiterOf } from "../sql/ConditionText.js"
import { columnsPart, indexColumnNames } from "../sql/ImpliedNames.js"
import { nameOfNodes, nameOfStrings, optionNamed, partsOfObject } from "../sql/SyntaxTree.js"
import { cloneToChildren, putIndex } from "./CopiedIndexes.js"
import { newRelation } from "./Table.js"

/** The server runs the expressions of a new index on every row. @since 0.1.0 @category statements */
export const createIndex = (recorder: R.Recorder, statement: IndexStmt): void => {
  const table = Path.range(recorder, statement.relation)
  Use.change(recorder, table)
  const known = R.findRelation(recorder, table)
  const elements = statement.indexParams ?? []
  const mentions = Use.useNow(recorder, elements, statement.whereClause)
  const all = [...elements, ...(statement.indexIncludingParams ?? [])]
  const owner = known?.name ?? table
  if (statement.idxname !== undefined) {
    const name = { schema: owner.schema, name: statement.idxname }
    R.write(recorder, name.name, owner)
    if (statement.if_not_exists === true && Catalog.hasRelation(recorder.catalog, name)) return
    if (statement.if_not_exists !== true && known?.isTemporary !== true) R.claim(recorder, relation(name))
  }
  if (known === undefined) R.saveRelation(recorder, { ...Catalog.relation("table", table), isExternal: true })
  const part = columnsPart(indexColumnNames(all))
  const name = statement.idxname ?? freeRelationName(recorder, owner, part, "idx")
  const hasOnlyColumns = elements.every((node) => "IndexElem" in node && node.IndexElem.name !== undefined)
  const isUnique = statement.unique === true
  const shape = {
    columns: indexColumnNames(elements),
    included: indexColumnNames(statement.indexIncludingParams ?? []),
    hasOnlyColumns,
    isUnique,
    arbiter: isUnique ? Option.some(arbiterOf(elements, statement.whereClause)) : Option.none(),
    isPartial: statement.whereClause !== undefined,
    uses: Use.directKeys(recorder, mentions),
    constraint: undefined
  }
  putIndex(recorder, owner, name, shape)
  R.updateRelation(recorder, owner, (relation) => ({
    ...relation,
    onWrite: [...relation.onWrite, ...Use.hiddenCalls(recorder, mentions)]
  }))
  if (statement.relation?.inh !== false) cloneToChildren(recorder, owner, { schema: owner.schema, name }, shape)
}

/** @since 0.1.0 @category statements */
export const reindex = (recorder: R.Recorder, { kind, name: given, relation: range }: ReindexStmt): void => {
  const name = Path.range(recorder, range)
  if (kind === "REINDEX_OBJECT_TABLE") Use.change(recorder, name)
  else if (kind === "REINDEX_OBJECT_INDEX") Use.changePart(recorder, name)
  else R.opaqueBarrier(recorder, `reindexes all of ${given ?? "the database"}`)
  Use.recompute(recorder, name)
}

/** @since 0.1.0 @category statements */
export const createSequence = (recorder: R.Recorder, statement: CreateSeqStmt): void => {
  const name = newRelation(recorder, statement.sequence, "sequence", statement.if_not_exists === true)
  Use.useStored(recorder, statement.options)
  if (name !== undefined) ownedBy(recorder, name, statement.options)
}

/** @since 0.1.0 @category statements */
export const alterSequence = (recorder: R.Recorder, statement: AlterSeqStmt): void => {
  const name = Path.range(recorder, statement.sequence)
  if (isAbsent(recorder, name, statement.missing_ok)) return
  Use.changePart(recorder, name)
  const known = R.findRelation(recorder, name)
  if (known !== undefined) ownedBy(recorder, known.name, statement.options)
}

/** Whether `IF EXISTS` does not find the object. The statement then only writes the name. */
const isAbsent = (recorder: R.Recorder, name: QualifiedName, missingOk: boolean | undefined): boolean => {
  const absent = missingOk === true && R.relations(recorder, name).length === 0
  if (absent) R.writeName(recorder, name)
  return absent
}

const ownedBy = (recorder: R.Recorder, sequence: QualifiedName, options: ReadonlyArray<Node> | undefined): void => {
  const parts = partsOfObject(optionNamed(options, "owned_by")?.arg)
  if (parts.length === 0) return
  const before = R.findRelation(recorder, sequence)?.owner ?? Option.none()
  const isNone = parts.length === 1
  const table = Path.relation(recorder, nameOfStrings(parts.slice(0, -1)))
  if (Option.isSome(before)) detach(recorder, before.value, sequence)
  if (!isNone) Use.change(recorder, table)
  const owner = isNone ? Option.none() : Option.some(R.findRelation(recorder, table)?.name ?? table)
  const ownerColumn = isNone ? Option.none() : Option.fromNullable(parts.at(-1))
  R.updateRelation(recorder, sequence, (known) => ({ ...known, owner, ownerColumn }))
  if (Option.isSome(owner))
    R.updateRelation(recorder, owner.value, (known) => ({ ...known, parts: [...known.parts, sequence] }))
}

/** @since 0.1.0 @category operations */
export const detach = (recorder: R.Recorder, table: QualifiedName, part: QualifiedName): void =>
  R.updateLinks(recorder, table, (known) => ({
    ...known,
    parts: known.parts.filter((other) => !Catalog.isSameName(other, part))
  }))

/** @since 0.1.0 @category statements */
export const createStatistics = (recorder: R.Recorder, statement: CreateStatsStmt): void => {
  const [source] = statement.relations ?? []
  if (source === undefined || !("RangeVar" in source)) {
    R.opaqueBarrier(recorder, "statistics on something that is not a table")
    return
  }
  const table = Path.range(recorder, source.RangeVar)
  Use.change(recorder, table)
  const mentions = Use.useNow(recorder, statement.exprs)
  const owner = R.findRelation(recorder, table)?.name ?? table
  const columns = (statement.exprs ?? []).map((node) =>
    "StatsElem" in node ? (node.StatsElem.name ?? "expr") : "expr"
  )
  const given = nameOfNodes(statement.defnames)
  const isNamed = statement.defnames !== undefined
  const name = isNamed
    ? Path.placed(recorder, given)
    : { schema: owner.schema, name: freeRelationName(recorder, owner, columnsPart(columns), "stat") }
  R.writeName(recorder, name)
  if (statement.if_not_exists === true && Catalog.hasRelation(recorder.catalog, name)) return
  R.saveRelation(recorder, {
    ...Catalog.relation("statistics", name),
    owner: Option.some(owner),
    indexColumns: columns,
    uses: Use.directKeys(recorder, mentions)
  })
  R.updateLinks(recorder, owner, (known) => ({ ...known, parts: [...known.parts, name] }))
}

/** @since 0.1.0 @category statements */
export const alterStatistics = (recorder: R.Recorder, statement: AlterStatsStmt): void => {
  const name = Path.relation(recorder, nameOfNodes(statement.defnames))
  if (!isAbsent(recorder, name, statement.missing_ok)) Use.changePart(recorder, name)
}
