/**
 * Reads columns: their types, defaults and sequences. The constraints at a column wait until the table has all columns.
 *
 * @since 0.1.0
 * @internal
 */
import type { ColumnDef, Constraint, ConstrType, Node } from "@pgsql/types"
import * as Option from "effect/Option"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import * as HazardKey from "../model/HazardKey.js"
import type { QualifiedName } from "../model/SchemaObject.js"
import { freeRelationName } from "../reading/ChosenNames.js"
import * as Path from "../reading/NameResolution.js"
import * as R from "../reading/Recorder.js"
import * as Use from "../reading/Use.js"
import { serialOf } from "../sql/ParsedType.js"
import { lastString, modifiersOf, optionNamed, partsOfObject, stringsOf } from "../sql/SyntaxTree.js"
import { addConstraint } from "./Constraint.js"
import { addNotNull } from "./NotNull.js"

/**
 * A constraint that waits until the table has all columns. A constraint that is written at a column has its name.
 *
 * @since 0.1.0
 * @category models
 */
export interface Pending {
  readonly constraint: Constraint
  readonly column?: string
}

/**
 * Adds a column. Its constraints are pushed to `pending`.
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
      setDefault(
        recorder,
        table,
        name,
        constraint.raw_expr,
        constraint.contype === "CONSTR_GENERATED" ? "generated" : "default"
      )
    } else if (!isNull) pending.push({ constraint, column: name })
  }
  if (serial !== undefined) addNotNull(recorder, table, name, undefined, "new")
}

const withColumn = (columns: ReadonlyArray<Catalog.Column>, column: Catalog.Column): ReadonlyArray<Catalog.Column> =>
  columns.some(({ name }) => name === column.name)
    ? columns.map((known) => (known.name === column.name ? merged(known, column) : known))
    : [...columns, column]

/** Merges the own definition of a column with the inherited one, which stays in effect. */
const merged = (inherited: Catalog.Column, own: Catalog.Column): Catalog.Column => ({
  ...own,
  isNotNull: inherited.isNotNull || own.isNotNull,
  hasDefault: inherited.hasDefault || own.hasDefault,
  uses: inherited.uses
})

/** Tables `OF type` and partitions repeat the name of a column to add constraints to it. */
const requireColumn = (recorder: R.Recorder, table: QualifiedName, name: string): void => {
  const isThere = R.findRelation(recorder, table)?.columns.some((column) => column.name === name) === true
  if (!isThere) R.opaqueBarrier(recorder, `column ${name} without a type`)
}

/** The type behind a `serial` type, by the name that the server has for it. */
const integerType = (wording: string) => ({
  type: { schema: Option.none(), name: wording === "bigint" ? "int8" : wording === "smallint" ? "int2" : "int4" },
  wording
})

/** The key of the collation of a column. @since 0.1.0 @category queries */
export const collationOf = ({ collClause }: ColumnDef): Option.Option<HazardKey.HazardKey> =>
  Option.map(Option.fromNullable(lastString(collClause?.collname)), HazardKey.collation)

const columnOf = (recorder: R.Recorder, definition: ColumnDef): Catalog.Column => {
  const serial = serialOf(definition.typeName)
  const type = definition.typeName
  return {
    name: definition.colname ?? "",
    ...(serial === undefined && type !== undefined ? Path.resolvedType(recorder, type) : integerType(serial ?? "")),
    collation: collationOf(definition),
    modifiers: modifiersOf(type?.typmods),
    isNotNull: serial !== undefined || definition.is_not_null === true,
    hasDefault: serial !== undefined,
    isGenerated: false,
    isLocal: true,
    uses: []
  }
}

/**
 * Sets a default or a generated value. Its names are looked up now, and it runs with each written row.
 *
 * @since 0.1.0
 * @category statements
 */
export const setDefault = (
  recorder: R.Recorder,
  table: QualifiedName,
  column: string,
  expression: Node | undefined,
  kind: "default" | "generated"
): void => {
  const mentions = Use.useStored(recorder, expression)
  R.updateRelation(recorder, table, (known) => ({
    ...known,
    onWrite: [...known.onWrite, ...Use.hiddenCalls(recorder, mentions)],
    alsoWrites: [...known.alsoWrites, ...Use.movedSequences(mentions)],
    columns: known.columns.map((other) =>
      other.name === column
        ? {
            ...other,
            hasDefault: expression !== undefined && !(isNull(expression) && other.modifiers.length === 0),
            isGenerated: kind === "generated",
            uses: Use.directKeys(recorder, mentions)
          }
        : other
    )
  }))
}

/** Whether a default is NULL: the server does not store it, unless the type has a length. */
const isNull = (node: Node): boolean =>
  "TypeCast" in node
    ? node.TypeCast.arg !== undefined && isNull(node.TypeCast.arg)
    : "A_Const" in node && node.A_Const.isnull === true

const identity = (recorder: R.Recorder, table: QualifiedName, column: string, { options }: Constraint): void => {
  const name = optionNamed(options, "sequence_name")?.arg
  const parts = partsOfObject(name)
  ownSequence(recorder, table, column, parts, "identity")
  addNotNull(recorder, table, column, undefined, "new")
}

/**
 * Creates the sequence of a `serial` or identity column.
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
  const owner = R.findRelation(recorder, table)
  const isTemporary = owner?.isTemporary === true
  const chosen = given.at(-1) ?? freeRelationName(recorder, table, column, "seq")
  const schema = given.length > 1 ? Option.fromNullable(given.at(-2)) : table.schema
  const name: QualifiedName = { schema, name: chosen }
  R.writeName(recorder, name)
  R.saveRelation(recorder, {
    ...Catalog.relation("sequence", name),
    creation: owner?.creation ?? Option.none(),
    isTemporary,
    isIdentity: kind === "identity",
    owner: Option.some(table),
    ownerColumn: Option.some(column)
  })
  R.updateRelation(recorder, table, (known) => ({
    ...known,
    parts: [...known.parts, name],
    alsoWrites: [...known.alsoWrites, name],
    columns: known.columns.map((other) =>
      other.name === column ? { ...other, hasDefault: true, uses: [...other.uses, name.name] } : other
    )
  }))
}

/**
 * Adds constraints in the order in which the server does: checks, NOT NULL, the primary key, other indexes, foreign
 * keys. Of two unnamed keys over the same columns, the server creates only one.
 *
 * @since 0.1.0
 * @category statements
 */
export const addPending = (recorder: R.Recorder, table: QualifiedName, pending: ReadonlyArray<Pending>): void => {
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
