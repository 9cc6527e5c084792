/**
 * Adds NOT NULL: a property of a column and, since PostgreSQL 18, a constraint with a name.
 *
 * @since 0.1.0
 * @internal
 */

import * as Catalog from "../catalog/SimulatedCatalog.js"
import type { QualifiedName } from "../model/SchemaObject.js"
import { freeConstraintName, readConstraintName } from "../reading/ChosenNames.js"
import * as R from "../reading/Recorder.js"

/** Whether the table is new and has no rows to check, or is old and may have rows. @since 0.1.0 @category models */
export type Rows = "new" | "old"

/**
 * Makes a column NOT NULL. A column that is NOT NULL already keeps its constraint and name. Only a new table replaces
 * an inherited constraint with its own.
 *
 * @since 0.1.0
 * @category statements
 */
export const addNotNull = (
  recorder: R.Recorder,
  table: QualifiedName,
  column: string,
  conname: string | undefined,
  rows: Rows
): void => {
  const known = R.findRelation(recorder, table)
  const before = known?.constraints.find(({ columns, kind }) => kind === "not null" && columns[0] === column)
  R.updateRelation(recorder, table, (relation) => ({
    ...relation,
    columns: relation.columns.map((other) => (other.name === column ? { ...other, isNotNull: true } : other)),
    constraints: relation.constraints.flatMap((other) => {
      if (other !== before) return [other]
      return other.isLocal || rows === "old" ? [{ ...other, isLocal: true }] : []
    })
  }))
  if (before !== undefined && (before.isLocal || rows === "old")) return
  const name =
    conname === undefined
      ? freeConstraintName(recorder, table, column, "not_null")
      : readConstraintName(recorder, conname, table)
  R.saveConstraint(recorder, table, Catalog.constraint("not null", name, [column]))
  for (const child of known?.children ?? []) inheritNotNull(recorder, child, column, name)
}

/** @since 0.1.0 @category statements */
export const setNotValid = (recorder: R.Recorder, table: QualifiedName, column: string): void =>
  R.updateRelation(recorder, table, (known) => ({
    ...known,
    constraints: known.constraints.map((one) =>
      one.kind === "not null" && one.columns[0] === column ? { ...one, isValidated: false } : one
    )
  }))

/** Makes the column NOT NULL in a child, under the name of the parent's constraint. */
const inheritNotNull = (recorder: R.Recorder, table: QualifiedName, column: string, name: string): void => {
  const known = R.findRelation(recorder, table)
  const isThere = known?.constraints.some(({ columns, kind }) => kind === "not null" && columns[0] === column)
  if (known === undefined || isThere === true) return
  addNotNull(recorder, table, column, name, "old")
  R.updateRelation(recorder, table, (relation) => ({
    ...relation,
    constraints: relation.constraints.map((one) => (one.name === name ? { ...one, isLocal: false } : one))
  }))
}
