/**
 * Gives a table the definition of another: as its child, as its partition, or by `LIKE`.
 *
 * @since 0.1.0
 * @internal
 */
import type { PartitionBoundSpec, TableLikeClause } from "@pgsql/types"
import * as Option from "effect/Option"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import type { QualifiedName } from "../model/SchemaObject.js"
import * as Path from "../reading/NameResolution.js"
import * as R from "../reading/Recorder.js"
import * as UnknownTable from "../reading/UnknownTable.js"
import * as Use from "../reading/Use.js"
import { ownSequence } from "./Column.js"
import { cloneForPartition, cloneIndexes, cloneStatistics } from "./CopiedIndexes.js"

/**
 * Makes a table the child of a parent. It reads the parent, and gets its columns and checks. From now on the parent
 * includes the child.
 *
 * @since 0.1.0
 * @category statements
 */
export const inherit = (
  recorder: R.Recorder,
  table: QualifiedName,
  parent: QualifiedName,
  bound: PartitionBoundSpec | undefined
): void => {
  Use.touchAlone(recorder, parent)
  Use.useStored(recorder, bound)
  const found = R.findRelation(recorder, parent)
  for (const sibling of bound === undefined ? [] : (found?.children ?? [])) {
    if (R.findRelation(recorder, sibling)?.isDefaultPartition === true) Use.touch(recorder, sibling)
  }
  if (found === undefined) {
    UnknownTable.mayRunCode(
      recorder,
      Path.written(recorder, parent),
      `${parent.name} is not created by any migration: its columns are not known`
    )
    return
  }
  R.updateRelation(recorder, table, (known) => ({
    ...known,
    parents: [...known.parents, found.name],
    isDefaultPartition: bound?.is_default === true,
    columns: inherited(recorder, found, bound).reduce(withParents, known.columns),
    constraints: [
      ...known.constraints,
      ...found.constraints
        .filter((constraint) => isInherited(known, constraint))
        .map((constraint) => ({ ...constraint, isLocal: false }))
    ],
    onWrite: distinct(known.onWrite, found.onWrite),
    alsoWrites: distinct(known.alsoWrites, found.alsoWrites)
  }))
  const exact = { ...found.name, schema: Option.some(Catalog.schemaOf(found.name)) }
  R.updateLinks(recorder, exact, (known) => ({ ...known, children: [...known.children, table] }))
}

/** All items, each once: a table inherits one from several parents, which have it from theirs. */
const distinct = <A>(own: ReadonlyArray<A>, inherited: ReadonlyArray<A>): ReadonlyArray<A> => [
  ...new Set([...own, ...inherited])
]

/**
 * Links a table to its type: the table changes with the type, and is dropped with it.
 *
 * @since 0.1.0
 * @category statements
 */
export const followType = (recorder: R.Recorder, table: QualifiedName, type: QualifiedName): void => {
  const found = R.findRelation(recorder, type)
  if (found === undefined) return
  R.updateRelation(recorder, table, (known) => ({ ...known, parents: [...known.parents, found.name] }))
  R.updateLinks(recorder, found.name, (known) => ({ ...known, children: [...known.children, table] }))
}

/** The columns of the parent. Only partitions share its identity columns. */
const inherited = (
  recorder: R.Recorder,
  parent: Catalog.Relation,
  bound: PartitionBoundSpec | undefined
): ReadonlyArray<Catalog.Column> => {
  const identities = bound === undefined ? identityColumns(recorder, parent) : []
  return parent.columns.map((column) => (identities.includes(column.name) ? { ...column, hasDefault: false } : column))
}

/** Adds an inherited column, unless the child has its own. */
const withParents = (columns: ReadonlyArray<Catalog.Column>, column: Catalog.Column): ReadonlyArray<Catalog.Column> =>
  columns.some(({ name }) => name === column.name) ? columns : [...columns, { ...column, isLocal: false }]

/** Whether the child inherits a constraint. Checks are compared by name, NOT NULL by column. */
const isInherited = (child: Catalog.Relation, { columns, kind, name }: Catalog.Constraint): boolean =>
  (kind === "check" && !child.constraints.some((own) => own.name === name)) ||
  (kind === "not null" && !child.constraints.some((own) => own.kind === kind && own.columns[0] === columns[0]))

/**
 * Copies to a partition the indexes of its parent, under new names, and the foreign keys, under the same names.
 *
 * @since 0.1.0
 * @category statements
 */
export const clonePartition = (recorder: R.Recorder, table: QualifiedName, parent: Catalog.Relation): void => {
  cloneForPartition(recorder, parent, table)
  const foreign = parent.constraints.filter(({ kind }) => kind === "foreign key")
  const own = R.findRelation(recorder, table)?.constraints ?? []
  const missing = foreign
    .filter(({ name }) => !own.some((constraint) => constraint.name === name))
    .map((constraint) => ({ ...constraint, isLocal: false }))
  R.updateRelation(recorder, table, (known) => ({ ...known, constraints: [...known.constraints, ...missing] }))
  for (const { references } of missing) if (Option.isSome(references)) pointAt(recorder, table, references.value)
}

/** Links a referenced table to the table with the foreign key. @since 0.1.0 @category operations */
export const pointAt = (recorder: R.Recorder, from: QualifiedName, to: QualifiedName): void =>
  R.updateLinks(recorder, to, (known) => ({ ...known, referencedBy: [...known.referencedBy, from] }))

/** Bits of `LIKE … INCLUDING`; see TableLikeOption in src/include/nodes/parsenodes.h. */
const including = {
  constraints: 1 << 2,
  defaults: 1 << 3,
  generated: 1 << 4,
  identity: 1 << 5,
  indexes: 1 << 6,
  statistics: 1 << 7
} as const

/** @since 0.1.0 @category statements */
export const like = (recorder: R.Recorder, table: QualifiedName, clause: TableLikeClause): void => {
  const source = Path.range(recorder, clause.relation)
  Use.touch(recorder, source)
  const found = R.findRelation(recorder, source)
  if (found === undefined) {
    UnknownTable.mayRunCode(
      recorder,
      Path.written(recorder, source),
      `${source.name} is not created by any migration: its columns are not known`
    )
    return
  }
  const has = (bit: number): boolean => ((clause.options ?? 0) & bit) !== 0
  R.readAll(recorder, found.dependencies)
  const identities = identityColumns(recorder, found)
  R.updateRelation(recorder, table, (known) => ({
    ...known,
    columns: [
      ...known.columns,
      ...found.columns.map((column) =>
        has(column.isGenerated ? including.generated : including.defaults) && !identities.includes(column.name)
          ? column
          : { ...column, hasDefault: false, isGenerated: false, uses: [] }
      )
    ],
    constraints: [
      ...known.constraints,
      ...found.constraints.filter(({ kind }) => kind === "not null" || (kind === "check" && has(including.constraints)))
    ],
    onWrite: [...known.onWrite, ...found.onWrite],
    alsoWrites: [
      ...known.alsoWrites,
      ...found.alsoWrites,
      ...(has(including.defaults) ? ownedSequences(recorder, found) : [])
    ]
  }))
  if (has(including.identity)) {
    for (const column of identities) ownSequence(recorder, table, column, [], "identity")
  }
  if (has(including.indexes)) cloneIndexes(recorder, found, table)
  if (has(including.statistics)) cloneStatistics(recorder, found, table)
}

const ownedSequences = (recorder: R.Recorder, table: Catalog.Relation): ReadonlyArray<QualifiedName> =>
  table.parts.filter((part) => R.findRelation(recorder, part)?.kind === "sequence")

const identityColumns = (recorder: R.Recorder, table: Catalog.Relation): ReadonlyArray<string> =>
  table.parts.flatMap((part) => {
    const sequence = R.findRelation(recorder, part)
    return sequence?.kind === "sequence" && sequence.isIdentity ? Option.toArray(sequence.ownerColumn) : []
  })
