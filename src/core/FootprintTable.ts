/**
 * Tables and their columns: `CREATE TABLE` in all its forms, and the column definitions that `ALTER TABLE … ADD COLUMN` shares
 * with it.
 *
 * @since 0.1.0
 * @internal
 */
import type {
  ColumnDef,
  Constraint,
  ConstrType,
  CreateStmt,
  Node,
  PartitionBoundSpec,
  RangeVar,
  TableLikeClause
} from "@pgsql/types"
import * as Option from "effect/Option"
import { addConstraint, addNotNull, cloneIndexes, cloneStatistics } from "./FootprintConstraint.js"
import { freeRelationName } from "./FootprintNames.js"
import * as R from "./FootprintRecorder.js"
import * as Use from "./FootprintUse.js"
import { elementName, serialOf } from "./ParsedType.js"
import type { QualifiedName } from "./SchemaObject.js"
import * as SchemaObject from "./SchemaObject.js"
import * as Catalog from "./SimulatedCatalog.js"
import { nameOfRangeVar, optionNamed, partsOfObject, stringsOf } from "./SyntaxTree.js"

/** @since 0.1.0 @category statements */
export const createTable = (recorder: R.Recorder, statement: CreateStmt): void => {
  const parents = (statement.inhRelations ?? []).flatMap((node) =>
    "RangeVar" in node ? [resolved(recorder, nameOfRangeVar(node.RangeVar))] : []
  )
  const elements = (statement.tableElts ?? []).map((element) => withSource(recorder, element))
  const name = newRelation(recorder, statement.relation, "table", statement.if_not_exists === true)
  if (name === undefined) return
  R.updateRelation(recorder, name, (table) => ({ ...table, isPartitioned: statement.partspec !== undefined }))
  if (statement.ofTypename !== undefined) ofType(recorder, name, elementName(statement.ofTypename))
  for (const parent of parents) inherit(recorder, name, parent, statement.partbound)
  const pending: Array<Pending> = []
  for (const element of elements) addElement(recorder, name, element, pending)
  for (const node of statement.constraints ?? [])
    if ("Constraint" in node) pending.push({ constraint: node.Constraint })
  Use.useStored(recorder, statement.partspec, statement.partbound)
  settle(recorder, name, pending)
  for (const parent of parents) {
    const found = R.findRelation(recorder, parent)
    if (found !== undefined && statement.partbound !== undefined) clonePartition(recorder, name, found)
  }
}

/** What a name means before the new table is there, which may be called the same in another schema. */
const resolved = (recorder: R.Recorder, name: QualifiedName): QualifiedName => {
  const found = R.findRelation(recorder, name)?.name
  return found === undefined ? name : { ...found, schema: Option.some(Catalog.schemaOf(found)) }
}

const withSource = (recorder: R.Recorder, element: Node): Node => {
  if (!("TableLikeClause" in element)) return element
  const { name, schema } = resolved(recorder, nameOfRangeVar(element.TableLikeClause.relation))
  const relation = {
    ...element.TableLikeClause.relation,
    relname: name,
    ...Option.match(schema, { onNone: () => ({}), onSome: (schemaname) => ({ schemaname }) })
  }
  return { TableLikeClause: { ...element.TableLikeClause, relation } }
}

/**
 * A constraint that waits until all columns are there; one that stands at a column is about that column.
 *
 * @since 0.1.0
 * @category models
 */
export interface Pending {
  readonly constraint: Constraint
  readonly column?: string
}

/**
 * Puts an empty relation where a statement creates one. Nothing is put, and no name answered, when `IF NOT EXISTS` finds it.
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
  const name = R.placed(recorder, nameOfRangeVar(range))
  R.writeName(recorder, name)
  const exists = Catalog.hasRelation(recorder.catalog, name)
  if (exists && ifNotExists) {
    Use.touch(recorder, name)
    return undefined
  }
  R.saveRelation(recorder, { ...Catalog.relation(kind, name), isTemporary })
  if (!ifNotExists && !isTemporary) R.claim(recorder, SchemaObject.relation(name))
  return name
}

const addElement = (recorder: R.Recorder, table: QualifiedName, node: Node, pending: Array<Pending>): void => {
  if ("ColumnDef" in node) addColumn(recorder, table, node.ColumnDef, pending)
  else if ("Constraint" in node) pending.push({ constraint: node.Constraint })
  else if ("TableLikeClause" in node) like(recorder, table, node.TableLikeClause)
  else R.barrier(recorder, "a table element of an unknown kind")
}

/**
 * Adds a column; its constraints wait in `pending`.
 *
 * @since 0.1.0
 * @category statements
 */
export const addColumn = (
  recorder: R.Recorder,
  table: QualifiedName,
  definition: ColumnDef,
  pending: Array<Pending>
): void => {
  const name = definition.colname ?? ""
  const serial = serialOf(definition.typeName)
  const constraints = (definition.constraints ?? []).flatMap((node) => ("Constraint" in node ? [node.Constraint] : []))
  if (definition.typeName !== undefined && serial === undefined) Use.useStored(recorder, definition.typeName)
  Use.useStored(recorder, definition.collClause)
  if (definition.typeName === undefined) requireColumn(recorder, table, name)
  else
    R.updateRelation(recorder, table, (known) => ({
      ...known,
      columns: withColumn(known.columns, columnOf(recorder, definition))
    }))
  if (serial !== undefined) ownSequence(recorder, table, name, [], "serial")
  for (const constraint of constraints) {
    const isNull = constraint.contype === "CONSTR_NULL"
    if (constraint.contype === "CONSTR_IDENTITY") identity(recorder, table, name, constraint)
    else if (constraint.contype === "CONSTR_DEFAULT" || constraint.contype === "CONSTR_GENERATED") {
      setDefault(recorder, table, name, constraint.raw_expr)
    } else if (!isNull) pending.push({ constraint, column: name })
  }
  if (serial !== undefined) addNotNull(recorder, table, name, undefined)
}

const withColumn = (columns: ReadonlyArray<Catalog.Column>, column: Catalog.Column): ReadonlyArray<Catalog.Column> =>
  columns.some(({ name }) => name === column.name)
    ? columns.map((known) => (known.name === column.name ? merged(known, column) : known))
    : [...columns, column]

/** What a parent has said of a column stays said. */
const merged = (inherited: Catalog.Column, own: Catalog.Column): Catalog.Column => ({
  ...own,
  isNotNull: inherited.isNotNull || own.isNotNull,
  hasDefault: inherited.hasDefault || own.hasDefault,
  uses: inherited.uses
})

/** `OF type` and partitions repeat a column's name to add to it. */
const requireColumn = (recorder: R.Recorder, table: QualifiedName, name: string): void => {
  const isThere = R.findRelation(recorder, table)?.columns.some((column) => column.name === name) === true
  if (!isThere) R.barrier(recorder, `column ${name} without a type`)
}

const integerType = (wording: string) => ({ type: { schema: Option.none(), name: wording }, wording })

const columnOf = (recorder: R.Recorder, definition: ColumnDef): Catalog.Column => {
  const serial = serialOf(definition.typeName)
  const type = definition.typeName
  return {
    name: definition.colname ?? "",
    ...(serial === undefined && type !== undefined ? R.resolvedType(recorder, type) : integerType(serial ?? "")),
    modifiers: modifiersOf(type?.typmods),
    isNotNull: serial !== undefined || definition.is_not_null === true,
    hasDefault: serial !== undefined,
    isLocal: true,
    uses: []
  }
}

/** @since 0.1.0 @category operations */
export const modifiersOf = (nodes: ReadonlyArray<Node> | undefined): ReadonlyArray<number> =>
  (nodes ?? []).flatMap((node) =>
    "A_Const" in node && node.A_Const.ival !== undefined ? [node.A_Const.ival.ival ?? 0] : []
  )

/**
 * A default or a generated value: looked up now, run whenever a row is written.
 *
 * @since 0.1.0
 * @category statements
 */
export const setDefault = (
  recorder: R.Recorder,
  table: QualifiedName,
  column: string,
  expression: Node | undefined
): void => {
  const mentions = Use.useStored(recorder, expression)
  R.updateRelation(recorder, table, (known) => ({
    ...known,
    onWrite: [...known.onWrite, ...Use.hiddenCalls(mentions)],
    alsoWrites: [...known.alsoWrites, ...Use.movedSequences(mentions)],
    columns: known.columns.map((other) =>
      other.name === column
        ? {
            ...other,
            hasDefault: expression !== undefined && !(isNull(expression) && other.modifiers.length === 0),
            uses: Use.directKeys(mentions)
          }
        : other
    )
  }))
}

/** The server keeps no default that is NULL, unless it has to cut it to a length. */
const isNull = (node: Node): boolean =>
  "TypeCast" in node
    ? node.TypeCast.arg !== undefined && isNull(node.TypeCast.arg)
    : "A_Const" in node && node.A_Const.isnull === true

const identity = (recorder: R.Recorder, table: QualifiedName, column: string, { options }: Constraint): void => {
  const name = optionNamed(options, "sequence_name")?.arg
  const parts = partsOfObject(name)
  ownSequence(recorder, table, column, parts, "identity")
  addNotNull(recorder, table, column, undefined)
}

/**
 * The sequence behind `serial` and identity columns; both make the column NOT NULL.
 *
 * @since 0.1.0
 * @category statements
 */
export const ownSequence = (
  recorder: R.Recorder,
  table: QualifiedName,
  column: string,
  given: ReadonlyArray<string>,
  kind: "serial" | "identity"
): void => {
  const isTemporary = R.findRelation(recorder, table)?.isTemporary === true
  const chosen = given.at(-1) ?? freeRelationName(recorder, table, column, "seq")
  const schema = given.length > 1 ? Option.fromNullable(given.at(-2)) : table.schema
  const name: QualifiedName = { schema, name: chosen }
  R.writeName(recorder, name)
  R.saveRelation(recorder, {
    ...Catalog.relation("sequence", name),
    isTemporary,
    isIdentity: kind === "identity",
    owner: Option.some(table),
    ownerColumn: Option.some(column)
  })
  R.updateRelation(recorder, table, (known) => ({
    ...known,
    parts: [...known.parts, name],
    columns: known.columns.map((other) =>
      other.name === column ? { ...other, hasDefault: true, uses: [...other.uses, name.name] } : other
    )
  }))
}

/**
 * Constraints in the order in which the server makes them: checks, then the primary key, then other indexes, then foreign
 * keys. Of two keys over the same columns only one is made, unless they have names.
 *
 * @since 0.1.0
 * @category statements
 */
export const settle = (recorder: R.Recorder, table: QualifiedName, pending: ReadonlyArray<Pending>): void => {
  const keys = new Set<string>()
  for (const { column, constraint } of pending.toSorted((a, b) => rank(a.constraint) - rank(b.constraint))) {
    const { conname, contype, keys: names, nulls_not_distinct } = constraint
    const isKey = contype === "CONSTR_PRIMARY" || contype === "CONSTR_UNIQUE"
    const columns = `${column ?? stringsOf(names).join()} ${nulls_not_distinct === true}`
    if (isKey && conname === undefined && constraint.indexname === undefined && keys.has(columns)) continue
    if (isKey) keys.add(columns)
    addConstraint(recorder, table, constraint, column, "new")
  }
}

const rank = ({ contype }: Constraint): number => ranks.findIndex((kinds) => kinds.includes(contype ?? "CONSTR_NULL"))

const ranks: ReadonlyArray<ReadonlyArray<ConstrType>> = [
  ["CONSTR_CHECK"],
  ["CONSTR_NOTNULL"],
  ["CONSTR_PRIMARY"],
  ["CONSTR_UNIQUE", "CONSTR_EXCLUSION"],
  ["CONSTR_FOREIGN"]
]

const ofType = (recorder: R.Recorder, table: QualifiedName, type: QualifiedName): void => {
  Use.touchType(recorder, type)
  const columns = R.findRelation(recorder, type)?.columns ?? []
  R.updateRelation(recorder, table, (known) => ({ ...known, columns: [...known.columns, ...columns] }))
}

/**
 * A child has its parent's columns and checks, and reads the parent; from now on the parent stands for it too.
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
    R.barrier(recorder, `${parent.name} is not created by any migration: its columns are not known`)
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
    onWrite: [...known.onWrite, ...found.onWrite],
    alsoWrites: [...known.alsoWrites, ...found.alsoWrites]
  }))
  R.adopt(recorder, found.name, (known) => ({ ...known, children: [...known.children, table] }))
}

/** Only partitions share their parent's identity. */
const inherited = (
  recorder: R.Recorder,
  parent: Catalog.Relation,
  bound: PartitionBoundSpec | undefined
): ReadonlyArray<Catalog.Column> => {
  const identities = bound === undefined ? identityColumns(recorder, parent) : []
  return parent.columns.map((column) => (identities.includes(column.name) ? { ...column, hasDefault: false } : column))
}

/** A column that the child has already stays its own. */
const withParents = (columns: ReadonlyArray<Catalog.Column>, column: Catalog.Column): ReadonlyArray<Catalog.Column> =>
  columns.some(({ name }) => name === column.name) ? columns : [...columns, { ...column, isLocal: false }]

/** Checks go by name, NOT NULL by column. */
const isInherited = (child: Catalog.Relation, { columns, kind, name }: Catalog.Constraint): boolean =>
  (kind === "check" && !child.constraints.some((own) => own.name === name)) ||
  (kind === "not null" && !child.constraints.some((own) => own.kind === kind && own.columns[0] === columns[0]))

/**
 * A partition gets the parent's indexes, under names of its own, and its foreign keys, under the same names.
 *
 * @since 0.1.0
 * @category statements
 */
export const clonePartition = (recorder: R.Recorder, table: QualifiedName, parent: Catalog.Relation): void => {
  cloneIndexes(recorder, parent, table)
  const foreign = parent.constraints.filter(({ kind }) => kind === "foreign key")
  const own = R.findRelation(recorder, table)?.constraints ?? []
  const missing = foreign.filter(({ name }) => !own.some((constraint) => constraint.name === name))
  R.updateRelation(recorder, table, (known) => ({ ...known, constraints: [...known.constraints, ...missing] }))
  for (const { references } of missing) if (Option.isSome(references)) pointAt(recorder, table, references.value)
}

/** @since 0.1.0 @category operations */
export const pointAt = (recorder: R.Recorder, from: QualifiedName, to: QualifiedName): void =>
  R.adopt(recorder, to, (known) => ({ ...known, referencedBy: [...known.referencedBy, from] }))

/** Bits of `LIKE … INCLUDING`; see TableLikeOption in src/include/nodes/parsenodes.h. */
const including = {
  constraints: 1 << 2,
  defaults: 1 << 3,
  identity: 1 << 5,
  indexes: 1 << 6,
  statistics: 1 << 7
} as const

const like = (recorder: R.Recorder, table: QualifiedName, clause: TableLikeClause): void => {
  const source = nameOfRangeVar(clause.relation)
  Use.touch(recorder, source)
  const found = R.findRelation(recorder, source)
  if (found === undefined) {
    R.barrier(recorder, `${source.name} is not created by any migration: its columns are not known`)
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
        has(including.defaults) && !identities.includes(column.name)
          ? column
          : { ...column, hasDefault: false, uses: [] }
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
