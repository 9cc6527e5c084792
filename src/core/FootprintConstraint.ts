/**
 * Constraints: their names, the indexes behind them, what checking the rows there are runs, and the tables that foreign keys
 * tie together.
 *
 * @since 0.1.0
 * @internal
 */
import type { Constraint, ConstrType, Node } from "@pgsql/types"
import * as Option from "effect/Option"
import * as Doubt from "./FootprintDoubt.js"
import { idly } from "./FootprintEnd.js"
import { freeConstraintName, freeIndexConstraintName, freeRelationName } from "./FootprintNames.js"
import * as Path from "./FootprintPath.js"
import * as R from "./FootprintRecorder.js"
import * as Use from "./FootprintUse.js"
import * as HazardKey from "./HazardKey.js"
import { columnsPart } from "./ImpliedNames.js"
import type { QualifiedName } from "./SchemaObject.js"
import * as SchemaObject from "./SchemaObject.js"
import * as Catalog from "./SimulatedCatalog.js"
import { listItems, stringsOf } from "./SyntaxTree.js"

/** Whether the table is new, and so has no rows that a constraint would be checked on. @since 0.1.0 @category models */
export type Rows = "new" | "old"

/**
 * Adds a constraint; `column` is the column that it stands at, for those that do.
 *
 * @since 0.1.0
 * @category statements
 */
export const addConstraint = (
  recorder: R.Recorder,
  table: QualifiedName,
  constraint: Constraint,
  column: string | undefined,
  rows: Rows
): void => {
  const { conname, contype = "CONSTR_NULL" } = constraint
  if (conname !== undefined && contype !== "CONSTR_NOTNULL") {
    Doubt.creation(recorder, SchemaObject.constraint(conname, table))
  }
  const add = () => rules[contype](recorder, table, constraint, column, rows)
  if (isTaken(recorder, table, constraint)) idly(recorder, add)
  else add()
}

/** The server refuses a second constraint, or index, of the name; where a handler takes that lightly, the first one stays. */
const isTaken = (recorder: R.Recorder, table: QualifiedName, constraint: Constraint): boolean => {
  const { conname, contype, indexname } = constraint
  const known = R.findRelation(recorder, table)
  if (conname === undefined || contype === "CONSTR_NOTNULL" || known === undefined) return false
  const hasIndex = contype === "CONSTR_PRIMARY" || contype === "CONSTR_UNIQUE" || contype === "CONSTR_EXCLUSION"
  return (
    known.constraints.some(({ name }) => name === conname) ||
    (hasIndex && indexname === undefined && Catalog.hasRelation(recorder.catalog, { ...known.name, name: conname }))
  )
}

type Rule = (
  recorder: R.Recorder,
  table: QualifiedName,
  constraint: Constraint,
  column: string | undefined,
  rows: Rows
) => void

/** Says something about the constraint before it, or nothing at all. */
const nothing: Rule = () => undefined

/** Values, not constraints: whoever adds the column has dealt with them. */
const elsewhere: Rule = (recorder, _, { contype }) => R.barrier(recorder, `${contype} where no column is defined`)

const key =
  (kind: "primary key" | "unique" | "exclusion"): Rule =>
  (recorder, table, constraint, column) =>
    addKey(recorder, table, constraint, column, kind)

const rules: Readonly<Record<ConstrType, Rule>> = {
  CONSTR_ATTR_DEFERRABLE: nothing,
  CONSTR_ATTR_DEFERRED: nothing,
  CONSTR_ATTR_ENFORCED: nothing,
  CONSTR_ATTR_IMMEDIATE: nothing,
  CONSTR_ATTR_NOT_DEFERRABLE: nothing,
  CONSTR_ATTR_NOT_ENFORCED: nothing,
  CONSTR_CHECK: (recorder, table, constraint, _, rows) => addCheck(recorder, table, constraint, rows),
  CONSTR_DEFAULT: elsewhere,
  CONSTR_EXCLUSION: key("exclusion"),
  CONSTR_FOREIGN: (recorder, table, constraint, column) => addForeignKey(recorder, table, constraint, column),
  CONSTR_GENERATED: elsewhere,
  CONSTR_IDENTITY: elsewhere,
  CONSTR_NOTNULL: (recorder, table, constraint, column) => {
    const name = column ?? stringsOf(constraint.keys)[0] ?? ""
    addNotNull(recorder, table, name, constraint.conname)
    if (constraint.skip_validation === true) setNotValid(recorder, table, name)
  },
  CONSTR_NULL: nothing,
  CONSTR_PRIMARY: key("primary key"),
  CONSTR_UNIQUE: key("unique")
}

const put = (recorder: R.Recorder, table: QualifiedName, constraint: Catalog.Constraint): void =>
  R.updateRelation(recorder, table, (known) => ({
    ...known,
    constraints: [...known.constraints.filter(({ name }) => name !== constraint.name), constraint]
  }))

const plain = (name: string, kind: Catalog.ConstraintKind, columns: ReadonlyArray<string>): Catalog.Constraint => ({
  name,
  kind,
  columns,
  references: Option.none(),
  referencedColumns: [],
  onReferenced: "check",
  isValidated: true,
  isLocal: true,
  uses: []
})

/** A name that is given is read, so that who asks the catalog for it is ordered; see FootprintCatalogQuery. */
const given = (recorder: R.Recorder, name: string): string => {
  R.read(recorder, HazardKey.constraint(name))
  return name
}

const addCheck = (recorder: R.Recorder, table: QualifiedName, constraint: Constraint, rows: Rows): void => {
  const expression = constraint.raw_expr
  const isChecked = rows === "old" && constraint.skip_validation !== true
  const mentions = isChecked ? Use.useNow(recorder, expression) : Use.useStored(recorder, expression)
  const columns = [...new Set(mentions.columns.map(({ name }) => name))]
  const [only] = columns.length === 1 ? columns : []
  const name =
    constraint.conname === undefined
      ? freeConstraintName(recorder, table, only, "check")
      : given(recorder, constraint.conname)
  put(recorder, table, { ...plain(name, "check", columns), uses: Use.directKeys(mentions) })
  R.updateRelation(recorder, table, (known) => ({
    ...known,
    onWrite: [...known.onWrite, ...Use.hiddenCalls(mentions)]
  }))
}

/**
 * Since PostgreSQL 18 NOT NULL is a constraint with a name.
 *
 * @since 0.1.0
 * @category statements
 */
export const addNotNull = (
  recorder: R.Recorder,
  table: QualifiedName,
  column: string,
  conname: string | undefined
): void => {
  const known = R.findRelation(recorder, table)
  const isThere = known?.constraints.some(({ columns, kind }) => kind === "not null" && columns[0] === column)
  R.updateRelation(recorder, table, (relation) => ({
    ...relation,
    columns: relation.columns.map((other) => (other.name === column ? { ...other, isNotNull: true } : other))
  }))
  if (isThere === true) return
  const name =
    conname === undefined ? freeConstraintName(recorder, table, column, "not_null") : given(recorder, conname)
  put(recorder, table, plain(name, "not null", [column]))
  for (const child of known?.children ?? []) inheritNotNull(recorder, child, column, name)
}

const setNotValid = (recorder: R.Recorder, table: QualifiedName, column: string): void =>
  R.updateRelation(recorder, table, (known) => ({
    ...known,
    constraints: known.constraints.map((one) =>
      one.kind === "not null" && one.columns[0] === column ? { ...one, isValidated: false } : one
    )
  }))

/** Children are held to it under the parent's name. */
const inheritNotNull = (recorder: R.Recorder, table: QualifiedName, column: string, name: string): void => {
  const known = R.findRelation(recorder, table)
  const isThere = known?.constraints.some(({ columns, kind }) => kind === "not null" && columns[0] === column)
  if (known === undefined || isThere === true) return
  addNotNull(recorder, table, column, name)
  R.updateRelation(recorder, table, (relation) => ({
    ...relation,
    constraints: relation.constraints.map((one) => (one.name === name ? { ...one, isLocal: false } : one))
  }))
}

const labels = { "primary key": "pkey", unique: "key", exclusion: "excl" } as const

const addKey = (
  recorder: R.Recorder,
  table: QualifiedName,
  constraint: Constraint,
  column: string | undefined,
  kind: "primary key" | "unique" | "exclusion"
): void => {
  const elements = (constraint.exclusions ?? []).flatMap((node) => listItems(node).slice(0, 1))
  Use.useStored(recorder, constraint.exclusions, constraint.where_clause)
  if (constraint.indexname !== undefined) {
    keyFromIndex(recorder, table, constraint, constraint.indexname, kind)
    return
  }
  const columns = keyColumns(constraint, column, elements)
  const parts = kind === "primary key" ? undefined : columnsPart([...columns, ...stringsOf(constraint.including)])
  const name = constraint.conname ?? freeIndexConstraintName(recorder, table, parts, labels[kind])
  R.write(recorder, name)
  given(recorder, name)
  if (kind === "primary key") for (const part of columns) addNotNull(recorder, table, part, undefined)
  put(recorder, table, plain(name, kind, columns))
  const hasOnlyColumns = elements.every((element) => "IndexElem" in element && element.IndexElem.name !== undefined)
  putIndex(recorder, table, name, { columns, isUnique: true, isConstraint: true, hasOnlyColumns })
  cloneToChildren(recorder, table, {
    columns,
    hasOnlyColumns,
    isUnique: true,
    constraint: kind,
    isPartial: false,
    uses: []
  })
}

const keyColumns = (
  { keys }: Constraint,
  column: string | undefined,
  elements: ReadonlyArray<Node>
): ReadonlyArray<string> => {
  if (column !== undefined) return [column]
  if (elements.length === 0) return stringsOf(keys)
  return elements.map((element) => ("IndexElem" in element ? (element.IndexElem.name ?? "expr") : "expr"))
}

/** `ADD CONSTRAINT … USING INDEX` renames the index to the constraint. */
const keyFromIndex = (
  recorder: R.Recorder,
  table: QualifiedName,
  { conname }: Constraint,
  indexName: string,
  kind: Catalog.ConstraintKind
): void => {
  const from: QualifiedName = { schema: table.schema, name: indexName }
  const to: QualifiedName = { schema: table.schema, name: conname ?? indexName }
  const index = R.findRelation(recorder, from)
  R.write(recorder, indexName)
  R.write(recorder, to.name)
  given(recorder, to.name)
  if (index === undefined) {
    R.barrier(recorder, `index ${indexName} is not created by any migration`)
    return
  }
  R.forgetRelation(recorder, index.name)
  R.saveRelation(recorder, { ...index, name: to, isConstraint: true })
  if (kind === "primary key") for (const column of index.indexColumns) addNotNull(recorder, table, column, undefined)
  put(recorder, table, plain(to.name, kind, index.indexColumns))
  R.updateRelation(recorder, table, (known) => ({
    ...known,
    parts: [...known.parts.filter((part) => !Catalog.isSameName(part, index.name)), to]
  }))
}

/** @since 0.1.0 @category models */
export interface IndexShape {
  readonly columns: ReadonlyArray<string>
  readonly isUnique: boolean
  readonly isConstraint: boolean
  readonly hasOnlyColumns: boolean
}

/**
 * Puts an index of the table into the catalog, in the table's schema.
 *
 * @since 0.1.0
 * @category statements
 */
export const putIndex = (recorder: R.Recorder, table: QualifiedName, name: string, shape: IndexShape): void => {
  const index: QualifiedName = { schema: table.schema, name }
  R.write(recorder, name)
  R.saveRelation(recorder, {
    ...Catalog.relation("index", index),
    isTemporary: R.findRelation(recorder, table)?.isTemporary === true,
    owner: Option.some(table),
    indexColumns: shape.columns,
    isUnique: shape.isUnique,
    isConstraint: shape.isConstraint,
    hasOnlyColumns: shape.hasOnlyColumns
  })
  R.updateRelation(recorder, table, (known) => ({ ...known, parts: [...known.parts, index] }))
}

/** An index as it is made anew on another table: for a constraint, or plain. @since 0.1.0 @category models */
export interface IndexTemplate {
  readonly columns: ReadonlyArray<string>
  readonly hasOnlyColumns: boolean
  readonly isUnique: boolean
  readonly constraint: Catalog.ConstraintKind | undefined
  readonly isPartial: boolean
  readonly uses: ReadonlyArray<HazardKey.HazardKey>
}

/**
 * What is indexed on a partitioned table is indexed on its partitions, under names of their own.
 *
 * @since 0.1.0
 * @category statements
 */
export const cloneToChildren = (recorder: R.Recorder, table: QualifiedName, template: IndexTemplate): void => {
  const parent = R.findRelation(recorder, table)
  if (parent?.isPartitioned !== true) return
  for (const child of parent.children) {
    cloneIndex(recorder, child, template)
    cloneToChildren(recorder, child, template)
  }
}

const cloneIndex = (recorder: R.Recorder, table: QualifiedName, template: IndexTemplate): void => {
  const { columns, constraint, hasOnlyColumns, isPartial, isUnique, uses } = template
  const part = constraint === "primary key" ? undefined : columnsPart(columns)
  const name =
    constraint === undefined
      ? freeRelationName(recorder, table, part, "idx")
      : freeIndexConstraintName(recorder, table, part, labels[keyKind(constraint)])
  if (constraint === "primary key") for (const column of columns) addNotNull(recorder, table, column, undefined)
  if (constraint !== undefined) put(recorder, table, plain(name, constraint, columns))
  putIndex(recorder, table, name, { columns, isUnique, isConstraint: constraint !== undefined, hasOnlyColumns })
  R.updateRelation(recorder, { schema: table.schema, name }, (index) => ({ ...index, isPartial, uses }))
}

/**
 * Indexes of one table made anew for another: for partitions and `LIKE … INCLUDING INDEXES`.
 *
 * @since 0.1.0
 * @category statements
 */
export const cloneIndexes = (recorder: R.Recorder, from: Catalog.Relation, to: QualifiedName): void => {
  for (const part of from.parts) {
    const index = R.findRelation(recorder, part)
    if (index?.kind !== "index") continue
    const constraint = from.constraints.find(({ name }) => index.isConstraint && name === index.name.name)?.kind
    const own = R.findRelation(recorder, to)?.constraints ?? []
    if (constraint === "primary key" && own.some(({ kind }) => kind === "primary key")) continue
    const { hasOnlyColumns, indexColumns, isPartial, isUnique, uses } = index
    cloneIndex(recorder, to, { columns: indexColumns, hasOnlyColumns, isUnique, constraint, isPartial, uses })
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

const keyKind = (kind: Catalog.ConstraintKind): keyof typeof labels =>
  kind === "primary key" || kind === "exclusion" ? kind : "unique"

const primaryKey = (recorder: R.Recorder, table: QualifiedName): ReadonlyArray<string> =>
  R.findRelation(recorder, table)?.constraints.find(({ kind }) => kind === "primary key")?.columns ?? []

const writingActions: ReadonlySet<string> = new Set(["c", "n", "d"])

const addForeignKey = (
  recorder: R.Recorder,
  table: QualifiedName,
  constraint: Constraint,
  column: string | undefined
): void => {
  const target = Path.range(recorder, constraint.pktable)
  Use.touch(recorder, target)
  const found = R.findRelation(recorder, target)?.name ?? target
  const columns = column === undefined ? stringsOf(constraint.fk_attrs) : [column]
  const name =
    constraint.conname === undefined
      ? freeConstraintName(recorder, table, columnsPart(columns), "fkey")
      : given(recorder, constraint.conname)
  const writes = [constraint.fk_del_action, constraint.fk_upd_action].some((action) => writingActions.has(action ?? ""))
  put(recorder, table, {
    ...plain(name, "foreign key", columns),
    references: Option.some(found),
    referencedColumns: constraint.pk_attrs === undefined ? primaryKey(recorder, found) : stringsOf(constraint.pk_attrs),
    onReferenced: writes ? "write" : "check"
  })
  R.adopt(recorder, found, (known) => ({ ...known, referencedBy: [...known.referencedBy, table] }))
}
