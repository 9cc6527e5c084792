/**
 * Tells whether the server refused a statement because the object that it creates is there already, and the same file has not
 * created it. The database is then ahead of the ledger, and the file may be right.
 *
 * @internal
 */
import * as Option from "effect/Option"
import type { Evidence } from "../detect/SqlState.js"
import type { StatementSpan } from "../migration/Footprint.js"
import type { Migration } from "../migration/Migration.js"

/** PostgreSQL manual, appendix A: duplicate table, column, object, function and schema. */
const duplicates: ReadonlySet<string> = new Set(["42P07", "42701", "42710", "42723", "42P06"])

/**
 * Compares a new column with those of its table. Another routine refuses a column that a statement names twice. Source:
 * `tablecmds.c` in the server's sources.
 */
const columnCollision = "check_for_column_name_collision"

/** Whether the refused statement creates an object that was there before the migration. @since 0.1.0 @category predicates */
export const isAlreadyThere = (
  migration: Migration,
  span: StatementSpan,
  { routine, sqlState }: Pick<Evidence, "routine" | "sqlState">
): boolean => {
  if (sqlState === "42701" && Option.exists(routine, (name) => name !== columnCollision)) return false
  if (duplicates.has(sqlState)) return !createsTwice(migration, span)
  if (sqlState !== "42P16") return false
  switch (Option.getOrUndefined(routine)) {
    case "index_check_primary_key":
      return !createsTwice(migration, span)
    case "checkViewColumns":
      return isFirstView(migration, span)
    default:
      return false
  }
}

/** Whether an earlier statement of the same file has created the object: the file contradicts itself. */
const createsTwice = ({ footprint }: Migration, { line }: StatementSpan): boolean =>
  footprint.expectedRefusals.some(
    (refusal) => refusal.kind === "CreatedTwice" && refusal.line === line && Option.isNone(refusal.earlier)
  )

/** Whether no earlier file has created the view, and no earlier statement of this file names it. */
const isFirstView = ({ footprint, script }: Migration, { end, start }: StatementSpan): boolean => {
  const text = script._tag === "Sql" ? script.text : ""
  return footprint.provides.some(
    (object) =>
      object._tag === "Relation" &&
      text.slice(start, end).includes(object.name) &&
      !text.slice(0, start).includes(object.name)
  )
}
