/**
 * Reads the rule of a table that a row broke, or for which a row had no place. The server names table, column and
 * constraint in fields of the error, so the language of the message does not matter.
 *
 * @since 0.1.0
 * @internal
 */
import * as Option from "effect/Option"
import * as SchemaObject from "../model/SchemaObject.js"
import { openInsertIn } from "./EvidenceText.js"
import type { About, Evidence } from "./SqlState.js"

type Reader = (evidence: Evidence) => Option.Option<SchemaObject.Relaxation>

const ofTable =
  (routine: RegExp, read: (about: About) => Option.Option<SchemaObject.Relaxation>): Reader =>
  (evidence) =>
    Option.exists(evidence.routine, (name) => routine.test(name)) ? Option.flatMap(evidence.about, read) : Option.none()

const constraint = ({ constraint: name, table }: About): Option.Option<SchemaObject.Relaxation> =>
  Option.map(name, (one) => SchemaObject.relaxation("constraint", one, table))

const notNull = ({ column, table }: About): Option.Option<SchemaObject.Relaxation> =>
  Option.map(column, (one) => SchemaObject.relaxation("not null", one, table))

const partition = ({ table }: About): Option.Option<SchemaObject.Relaxation> =>
  Option.some(SchemaObject.relaxation("partition", "", table))

/** The type is printed alike in every language. An `INSERT` without a list of columns writes all columns of its table. */
const length: Reader = ({ message, routine, statement }) => {
  const type = /\b(?:character varying|character|bit varying|bit)\(\d+\)/.exec(message)?.[0]
  return type !== undefined && Option.exists(routine, (name) => /^(?:varchar|bpchar|varbit|bit)(?:_input)?$/.test(name))
    ? Option.some(
        SchemaObject.relaxation("length", type, Option.getOrUndefined(Option.flatMapNullable(statement, openInsertIn)))
      )
    : Option.none()
}

/** An `INSERT` with a list of columns lacks no column. */
const column: Reader = ({ routine, statement }) =>
  Option.contains(routine, "transformInsertRow")
    ? Option.map(Option.flatMapNullable(statement, openInsertIn), (table) =>
        SchemaObject.relaxation("column", "", table)
      )
    : Option.none()

const readers: Readonly<Record<string, ReadonlyArray<Reader>>> = {
  "22001": [length],
  "23502": [ofTable(/^ExecConstraints$|^ReportNotNullViolationError$/, notNull)],
  "23503": [ofTable(/^ri_ReportViolation$/, constraint)],
  "23505": [ofTable(/^_bt_check_unique$/, constraint)],
  "23514": [ofTable(/^ExecConstraints$/, constraint), ofTable(/^ExecFindPartition$/, partition)],
  "23P01": [ofTable(/^check_exclusion_or_unique_constraint$/, constraint)],
  "42601": [column]
}

/** @since 0.1.0 @category constants */
export const sqlStates: ReadonlyArray<string> = Object.keys(readers)

/** @since 0.1.0 @category reading */
export const brokenRule = (evidence: Evidence): Option.Option<SchemaObject.Relaxation> =>
  Option.firstSomeOf((readers[evidence.sqlState] ?? []).map((read) => read(evidence)))
