/**
 * Names as the server's messages print them: with bare dots, without the quotes they need in SQL, and a routine's with the
 * types of its arguments. What is no name of a missing object is told apart here: the false friends that share a SQLSTATE.
 *
 * @internal
 */
import * as Option from "effect/Option"
import { partsAtPosition } from "./EvidenceText.js"
import * as MessageCatalog from "./MessageCatalog.js"
import * as MessageCatalogNames from "./MessageCatalogNames.js"
import type { Evidence } from "./SqlState.js"
import * as Wording from "./Wording.js"

/**
 * A routine as a message prints it: `app.f(integer, text)`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Signature {
  readonly name: string
  readonly types: ReadonlyArray<string>
}

/** Whether the error says that it comes from this C function. @since 0.1.0 @category predicates */
export const isRaisedBy = (evidence: Evidence, routine: string): boolean =>
  Option.isSome(evidence.routine) && evidence.routine.value === routine

/**
 * The relation of a 42P01. A table that the `FROM` clause lacks is no missing table: the word is the same in every language.
 *
 * @since 0.1.0
 * @category reading
 */
export const relation = (evidence: Evidence): string | undefined => {
  if (isRaisedBy(evidence, "errorMissingRTE")) return undefined
  const reading = Wording.read(MessageCatalogNames.relation, evidence.message)
  if (reading !== undefined) return reading.first
  const quoted = Wording.quotedIn(evidence.message)
  return quoted === undefined || quoted.around.includes("FROM") ? undefined : quoted.name
}

/**
 * The column of a 42703 that is printed by itself, between quotation marks. English is read by its patterns alone, since it
 * is known in full: `could not identify column "x" in record data type` is no missing column. Nor is one with a number.
 *
 * @since 0.1.0
 * @category reading
 */
export const plainColumn = (evidence: Evidence): string | undefined => {
  const reading = Wording.read(MessageCatalogNames.column, evidence.message)
  if (reading !== undefined) return reading.first
  if (isRaisedBy(evidence, "unknown_attribute") || dottedColumn(evidence) !== undefined) return undefined
  const quoted = Wording.quotedIn(evidence.message)
  return quoted === undefined || /\b(?:column|record)\b|\d/.test(quoted.around) ? undefined : quoted.name
}

/**
 * The column of a 42703 that is printed after a table's name or alias, `u.email`; where the wording is not known, as the text
 * at the error's position has it.
 *
 * @since 0.1.0
 * @category reading
 */
export const columnOfAlias = (evidence: Evidence): string | undefined => {
  const printed = dottedColumn(evidence)
  if (printed !== undefined) return printed
  const parts = partsAtPosition(evidence)
  if (parts === undefined || parts.length < 2) return undefined
  const written = parts.slice(-2).join(".")
  return evidence.message.includes(written) ? written : undefined
}

/**
 * The routine of a 42883; where the wording is not known, found by the name in the text at the error's position.
 *
 * @since 0.1.0
 * @category reading
 */
export const signature = (evidence: Evidence): Signature | undefined => {
  const reading = Wording.read(MessageCatalog.signature, evidence.message)
  const printed = reading === undefined ? signatureAtName(evidence) : withoutMarks(reading.first)
  const open = printed === undefined ? -1 : openingParenthesis(printed)
  return printed === undefined || open < 1
    ? undefined
    : { name: printed.slice(0, open), types: typesOf(printed.slice(open + 1, -1)) }
}

/**
 * The types between the parentheses of a signature, without the names of named arguments.
 *
 * @since 0.1.0
 * @category reading
 */
export const typesOf = (list: string): ReadonlyArray<string> => {
  if (list.trim() === "") return []
  const types: Array<string> = []
  let start = 0
  let quoted = false
  for (let i = 0; i <= list.length; i++) {
    const sign = list.charAt(i)
    if (sign === '"') quoted = !quoted
    if (i === list.length || (sign === "," && !quoted)) {
      types.push(withoutArgumentName(list.slice(start, i).trim()))
      start = i + 1
    }
  }
  return types
}

/**
 * The type of a 42704, an array's with its brackets. DDL that names a type prints it without quotation marks.
 *
 * @since 0.1.0
 * @category reading
 */
export const type = (evidence: Evidence): string | undefined => {
  const quoted = Wording.read(MessageCatalog.type, evidence.message)
  if (quoted !== undefined) return quoted.first
  const bare = Wording.read(MessageCatalog.bareType, evidence.message)?.first
  return bare === undefined || /\bOID\b/.test(bare) ? undefined : bare
}

/**
 * A constraint that is printed without a table; one of a domain is printed with it.
 *
 * @since 0.1.0
 * @category reading
 */
export const lonelyConstraint = (evidence: Evidence): string | undefined => {
  const name = Wording.read(MessageCatalog.lonelyConstraint, evidence.message)?.first
  return name?.includes('" of domain "') === true ? undefined : name
}

/**
 * Whether a 42P10 is about `ON CONFLICT (…)` finding no unique constraint: keywords are the same in every language.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isConflictTarget = (evidence: Evidence): boolean =>
  Option.isSome(evidence.routine)
    ? evidence.routine.value === "infer_arbiter_indexes"
    : /ON[ -]CONFLICT/.test(evidence.message) && !/"|ASC\/DESC|NULLS FIRST/.test(evidence.message)

/** A dot inside the marks of a quoted name separates nothing, nor does one of a column by its number. */
const dottedColumn = (evidence: Evidence): string | undefined => {
  if (Option.isSome(evidence.routine) && !isRaisedBy(evidence, "errorMissingColumn")) return undefined
  const printed = Wording.read(MessageCatalog.columnOfAlias, evidence.message)?.first
  return printed !== undefined && Wording.beforeQuoted(printed).includes(".") ? printed : undefined
}

/** Some languages put quotation marks around a signature. */
const withoutMarks = (printed: string): string =>
  printed.endsWith(")") ? printed : (Wording.quotedIn(printed)?.name ?? printed)

/** `a => integer`, and `a := integer` before PostgreSQL 14. */
const withoutArgumentName = (argument: string): string => {
  const named = /^[^"]* (?:=>|:=) /.exec(argument)
  return named === null ? argument : argument.slice(named[0].length)
}

/** The parenthesis that the last character closes; names of types may hold some between double quotes. */
const openingParenthesis = (printed: string): number => {
  if (!printed.endsWith(")")) return -1
  let depth = 0
  let quoted = false
  for (let i = printed.length - 1; i >= 0; i--) {
    const sign = printed.charAt(i)
    if (sign === '"') quoted = !quoted
    else if (quoted) continue
    else if (sign === ")") depth++
    else if (sign === "(" && --depth === 0) return i
  }
  return -1
}

const signatureAtName = (evidence: Evidence): string | undefined => {
  const parts = partsAtPosition(evidence)
  if (parts === undefined) return undefined
  const name = parts.slice(-2).join(".")
  const start = evidence.message.indexOf(`${name}(`)
  const end = evidence.message.lastIndexOf(")")
  return start === -1 || end < start ? undefined : evidence.message.slice(start, end + 1)
}
