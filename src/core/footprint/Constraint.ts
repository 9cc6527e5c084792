/**
 * Adds constraints: their names, their indexes, the code that runs when they check existing rows, and the tables that a
 * foreign key references.
 *
 * @since 0.1.0
 * @internal
 */
import type { Constraint, ConstrType, Node } from "@pgsql/types"
import * as Option from "effect/Option"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import * as Arbiter from "../model/Arbiter.js"
import type { QualifiedName } from "../model/SchemaObject.js"
import * as SchemaObject from "../model/SchemaObject.js"
import { freeConstraintName, freeIndexConstraintName, labels, readConstraintName } from "../reading/ChosenNames.js"
import * as ExpectedRefusal from "../reading/ExpectedRefusal.js"
import * as Path from "../reading/NameResolution.js"
import * as R from "../reading/Recorder.js"
import { readWithoutEffect } from "../reading/StatementEnd.js"
import * as Use from "../reading/Use.js"
import * as ExpressionText from "../sql/ExpressionText.js"
import { columnsPart } from "../sql/ImpliedNames.js"
import { listItems, stringsOf } from "../sql/SyntaxTree.js"
import { cloneToChildren, putIndex } from "./CopiedIndexes.js"
import { addNotNull, type Rows, setNotValid } from "./NotNull.js"
import { moveRelation } from "./RenamedCatalog.js"

/**
 * Adds a constraint. `column` is the column that it is written at, if it is not written as one of the table.
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
  const refused = contype === "CONSTR_PRIMARY" ? (primaryKeyOf(recorder, table)?.name ?? conname) : conname
  if (refused !== undefined && contype !== "CONSTR_NOTNULL") {
    ExpectedRefusal.creation(recorder, SchemaObject.constraint(refused, table))
  }
  const add = () => rules[contype](recorder, table, constraint, column, rows)
  if (isTaken(recorder, table, constraint)) readWithoutEffect(recorder, add)
  else add()
}

/**
 * Whether the name is taken: the server refuses the second constraint or index. If an exception handler catches that,
 * the first stays.
 */
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

/** An attribute of the constraint before it, or `NULL`: it adds no constraint. */
const ignored: Rule = () => undefined

/** A default or another value, which `addColumn` has read already. */
const misplaced: Rule = (recorder, _, { contype }) => R.opaqueBarrier(recorder, `${contype} without a column`)

const key =
  (kind: "primary key" | "unique" | "exclusion"): Rule =>
  (recorder, table, constraint, column, rows) =>
    addKey(recorder, table, constraint, column, kind, rows)

const rules: Readonly<Record<ConstrType, Rule>> = {
  CONSTR_ATTR_DEFERRABLE: ignored,
  CONSTR_ATTR_DEFERRED: ignored,
  CONSTR_ATTR_ENFORCED: ignored,
  CONSTR_ATTR_IMMEDIATE: ignored,
  CONSTR_ATTR_NOT_DEFERRABLE: ignored,
  CONSTR_ATTR_NOT_ENFORCED: ignored,
  CONSTR_CHECK: (recorder, table, constraint, _, rows) => addCheck(recorder, table, constraint, rows),
  CONSTR_DEFAULT: misplaced,
  CONSTR_EXCLUSION: key("exclusion"),
  CONSTR_FOREIGN: (recorder, table, constraint, column) => addForeignKey(recorder, table, constraint, column),
  CONSTR_GENERATED: misplaced,
  CONSTR_IDENTITY: misplaced,
  CONSTR_NOTNULL: (recorder, table, constraint, column, rows) => {
    const name = column ?? stringsOf(constraint.keys)[0] ?? ""
    addNotNull(recorder, table, name, constraint.conname, rows)
    if (constraint.skip_validation === true) setNotValid(recorder, table, name)
  },
  CONSTR_NULL: ignored,
  CONSTR_PRIMARY: key("primary key"),
  CONSTR_UNIQUE: key("unique")
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
      : readConstraintName(recorder, constraint.conname, table)
  R.saveConstraint(recorder, table, {
    ...Catalog.constraint("check", name, columns),
    condition: Option.some(ExpressionText.textOf(expression)),
    isValidated: constraint.skip_validation !== true,
    uses: Use.directKeys(recorder, mentions)
  })
  R.updateRelation(recorder, table, (known) => ({
    ...known,
    onWrite: [...known.onWrite, ...Use.hiddenCalls(recorder, mentions)]
  }))
}

const addKey = (
  recorder: R.Recorder,
  table: QualifiedName,
  constraint: Constraint,
  column: string | undefined,
  kind: "primary key" | "unique" | "exclusion",
  rows: Rows
): void => {
  const elements = (constraint.exclusions ?? []).flatMap((node) => listItems(node).slice(0, 1))
  const mentions = Use.useStored(recorder, constraint.exclusions?.map(compared), constraint.where_clause)
  R.updateRelation(recorder, table, (known) => ({
    ...known,
    onWrite: [...known.onWrite, ...Use.hiddenCalls(recorder, mentions)]
  }))
  if (constraint.indexname !== undefined) {
    keyFromIndex(recorder, table, constraint, constraint.indexname, kind)
    return
  }
  const columns = keyColumns(constraint, column, elements)
  const included = stringsOf(constraint.including)
  const parts = kind === "primary key" ? undefined : columnsPart([...columns, ...included])
  const name = constraint.conname ?? freeIndexConstraintName(recorder, table, parts, labels[kind])
  R.write(recorder, name, table)
  readConstraintName(recorder, name, table)
  if (kind === "primary key") for (const part of columns) addNotNull(recorder, table, part, undefined, rows)
  R.saveConstraint(recorder, table, Catalog.constraint(kind, name, columns))
  const hasOnlyColumns = elements.every((element) => "IndexElem" in element && element.IndexElem.name !== undefined)
  const shape = {
    columns,
    included,
    hasOnlyColumns,
    isUnique: true,
    arbiter: isArbiter(kind, constraint) ? Option.some(Arbiter.make({ columns })) : Option.none(),
    isPartial: false,
    uses: Use.directKeys(recorder, mentions),
    constraint: kind
  }
  putIndex(recorder, table, name, shape)
  cloneToChildren(recorder, table, { schema: table.schema, name }, shape)
}

/** `ON CONFLICT (…)` takes no exclusion constraint, and fails with a deferrable one. */
const isArbiter = (kind: Catalog.ConstraintKind, { deferrable }: Constraint): boolean =>
  kind !== "exclusion" && deferrable !== true

/** A part of an exclusion constraint with its operator, as an expression has them. */
const compared = (node: Node): Node => {
  const [element, operator] = listItems(node)
  const sortBy = { useOp: [...listItems(operator)] }
  return { List: { items: [...(element === undefined ? [] : [element]), { SortBy: sortBy }] } }
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
  constraint: Constraint,
  indexName: string,
  kind: Catalog.ConstraintKind
): void => {
  const from: QualifiedName = { schema: table.schema, name: indexName }
  const to: QualifiedName = { schema: table.schema, name: constraint.conname ?? indexName }
  const index = R.findRelation(recorder, from)
  R.write(recorder, indexName)
  R.write(recorder, to.name)
  readConstraintName(recorder, to.name, table)
  if (index === undefined) {
    R.opaqueBarrier(recorder, `index ${indexName} is not created by any migration`)
    return
  }
  const arbiter = Option.filter(index.arbiter, () => isArbiter(kind, constraint))
  moveRelation(recorder, { ...index, isConstraint: true, arbiter }, to)
  if (kind === "primary key")
    for (const column of index.indexColumns) addNotNull(recorder, table, column, undefined, "old")
  R.saveConstraint(recorder, table, Catalog.constraint(kind, to.name, index.indexColumns))
}

const primaryKeyOf = (recorder: R.Recorder, table: QualifiedName): Catalog.Constraint | undefined =>
  R.findRelation(recorder, table)?.constraints.find(({ kind }) => kind === "primary key")

const primaryKey = (recorder: R.Recorder, table: QualifiedName): ReadonlyArray<string> =>
  primaryKeyOf(recorder, table)?.columns ?? []

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
      : readConstraintName(recorder, constraint.conname, table)
  const writes = [constraint.fk_del_action, constraint.fk_upd_action].some((action) => writingActions.has(action ?? ""))
  R.saveConstraint(recorder, table, {
    ...Catalog.constraint("foreign key", name, columns),
    references: Option.some(found),
    referencedColumns: constraint.pk_attrs === undefined ? primaryKey(recorder, found) : stringsOf(constraint.pk_attrs),
    onReferenced: writes ? "write" : "check"
  })
  R.updateLinks(recorder, found, (known) => ({ ...known, referencedBy: [...known.referencedBy, table] }))
}
