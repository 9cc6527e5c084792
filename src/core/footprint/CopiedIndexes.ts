/**
 * Copies the indexes and statistics of one table to another: for partitions, which have the indexes of their parent,
 * and for `LIKE`. The server drops an index of a partition together with the parent's index.
 *
 * @since 0.1.0
 * @internal
 */
import * as Option from "effect/Option"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import type { Arbiter } from "../model/Arbiter.js"
import type * as HazardKey from "../model/HazardKey.js"
import type { QualifiedName } from "../model/SchemaObject.js"
import { freeIndexConstraintName, freeRelationName, labels } from "../reading/ChosenNames.js"
import * as R from "../reading/Recorder.js"
import { columnsPart } from "../sql/ImpliedNames.js"
import { addNotNull } from "./NotNull.js"

/** The properties of an index that a copy has too. @since 0.1.0 @category models */
export interface IndexShape {
  readonly columns: ReadonlyArray<string>
  /** Columns of its `INCLUDE` clause. */
  readonly included: ReadonlyArray<string>
  readonly isUnique: boolean
  readonly arbiter: Option.Option<Arbiter>
  readonly hasOnlyColumns: boolean
  readonly isPartial: boolean
  readonly uses: ReadonlyArray<HazardKey.HazardKey>
  /** The kind of its constraint; `undefined` for a plain index. */
  readonly constraint: Catalog.ConstraintKind | undefined
}

/**
 * Adds an index of the table to the catalog, in the schema of the table.
 *
 * @since 0.1.0
 * @category statements
 */
export const putIndex = (recorder: R.Recorder, table: QualifiedName, name: string, shape: IndexShape): void => {
  const index: QualifiedName = { schema: table.schema, name }
  R.write(recorder, name, index)
  R.saveRelation(recorder, {
    ...Catalog.relation("index", index),
    isTemporary: R.findRelation(recorder, table)?.isTemporary === true,
    owner: Option.some(table),
    indexColumns: shape.columns,
    included: shape.included,
    isUnique: shape.isUnique,
    arbiter: shape.arbiter,
    isConstraint: shape.constraint !== undefined,
    hasOnlyColumns: shape.hasOnlyColumns,
    isPartial: shape.isPartial,
    uses: shape.uses
  })
  R.updateRelation(recorder, table, (known) => ({ ...known, parts: [...known.parts, index] }))
}

/**
 * Copies an index of a partitioned table to its partitions, at any depth. Each copy gets a name of its own.
 *
 * @since 0.1.0
 * @category statements
 */
export const cloneToChildren = (
  recorder: R.Recorder,
  table: QualifiedName,
  index: QualifiedName,
  shape: IndexShape
): void => {
  const parent = R.findRelation(recorder, table)
  if (parent?.isPartitioned !== true) return
  for (const child of parent.children) {
    const own = cloneOnce(recorder, child, index, shape)
    cloneToChildren(recorder, child, own, shape)
  }
}

/** Attaches an equal index of the partition, or else a new copy, to the index of the parent. */
const cloneOnce = (
  recorder: R.Recorder,
  table: QualifiedName,
  parent: QualifiedName,
  shape: IndexShape
): QualifiedName => {
  const found = indexesOf(recorder, table).find((index) => isLike(recorder, index, shape))?.name
  const own = found ?? cloneIndex(recorder, table, shape)
  attachIndex(recorder, own, parent)
  return own
}

const indexesOf = (recorder: R.Recorder, table: QualifiedName): ReadonlyArray<Catalog.Relation> =>
  (R.findRelation(recorder, table)?.parts ?? []).flatMap((part) => {
    const index = R.findRelation(recorder, part)
    return index?.kind === "index" ? [index] : []
  })

/** Whether an index equals a shape. Source: CompareIndexInfo in src/backend/catalog/index.c, and its callers. */
const isLike = (recorder: R.Recorder, index: Catalog.Relation, shape: IndexShape): boolean =>
  index.parents.length === 0 &&
  index.isUnique === shape.isUnique &&
  index.isPartial === shape.isPartial &&
  index.hasOnlyColumns === shape.hasOnlyColumns &&
  index.indexColumns.join() === shape.columns.join() &&
  index.included.join() === shape.included.join() &&
  (index.hasOnlyColumns && !index.isPartial ? [] : index.uses).every((key) => shape.uses.includes(key)) &&
  (shape.constraint === undefined || shapeOf(recorder, index).constraint === shape.constraint)

/**
 * Attaches an index of a partition to that of the parent: a drop of the parent's index drops both.
 *
 * @since 0.1.0
 * @category statements
 */
export const attachIndex = (recorder: R.Recorder, index: QualifiedName, parent: QualifiedName): void => {
  R.updateLinks(recorder, index, (known) => ({ ...known, parents: [parent] }))
  R.updateLinks(recorder, parent, (known) => ({ ...known, children: [...known.children, index] }))
}

const shapeOf = (recorder: R.Recorder, index: Catalog.Relation): IndexShape => {
  const owner = Option.map(index.owner, (name) => R.findRelation(recorder, name)?.constraints)
  const carried = Option.getOrUndefined(owner)?.find(({ name }) => index.isConstraint && name === index.name.name)
  const { arbiter, hasOnlyColumns, included, indexColumns: columns, isPartial, isUnique, uses } = index
  return { columns, included, arbiter, hasOnlyColumns, isPartial, isUnique, uses, constraint: carried?.kind }
}

const cloneIndex = (recorder: R.Recorder, table: QualifiedName, shape: IndexShape): QualifiedName => {
  const { columns, constraint, included } = shape
  const part = constraint === "primary key" ? undefined : columnsPart([...columns, ...included])
  const name =
    constraint === undefined
      ? freeRelationName(recorder, table, part, "idx")
      : freeIndexConstraintName(recorder, table, part, labels[keyKind(constraint)])
  if (constraint === "primary key") for (const column of columns) addNotNull(recorder, table, column, undefined, "old")
  if (constraint !== undefined) R.saveConstraint(recorder, table, Catalog.constraint(constraint, name, columns))
  putIndex(recorder, table, name, shape)
  return { schema: table.schema, name }
}

const keyKind = (kind: Catalog.ConstraintKind): keyof typeof labels =>
  kind === "primary key" || kind === "exclusion" ? kind : "unique"

/**
 * Copies all indexes of a partitioned table to one of its partitions.
 *
 * @since 0.1.0
 * @category statements
 */
export const cloneForPartition = (recorder: R.Recorder, from: Catalog.Relation, to: QualifiedName): void => {
  for (const index of indexesOf(recorder, from.name)) {
    const shape = shapeOf(recorder, index)
    const own = cloneOnce(recorder, to, index.name, shape)
    cloneToChildren(recorder, to, own, shape)
  }
}

/**
 * Copies all indexes of a table to one that is created `LIKE` it.
 *
 * @since 0.1.0
 * @category statements
 */
export const cloneIndexes = (recorder: R.Recorder, from: Catalog.Relation, to: QualifiedName): void => {
  for (const index of indexesOf(recorder, from.name)) {
    const shape = shapeOf(recorder, index)
    const own = R.findRelation(recorder, to)?.constraints ?? []
    if (shape.constraint === "primary key" && own.some(({ kind }) => kind === "primary key")) continue
    cloneIndex(recorder, to, shape)
  }
}

/** @since 0.1.0 @category statements */
export const cloneStatistics = (recorder: R.Recorder, from: Catalog.Relation, to: QualifiedName): void => {
  for (const part of from.parts) {
    const statistics = R.findRelation(recorder, part)
    if (statistics?.kind !== "statistics") continue
    const name = {
      schema: to.schema,
      name: freeRelationName(recorder, to, columnsPart(statistics.indexColumns), "stat")
    }
    R.saveRelation(recorder, { ...statistics, name, owner: Option.some(to) })
    R.updateRelation(recorder, to, (known) => ({ ...known, parts: [...known.parts, name] }))
  }
}
