/**
 * Names as the server's messages print them: with bare dots, without the quotes that SQL needs, and for a routine with the types
 * of its arguments. Messages that share a SQLSTATE and name no missing object give no name.
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
 * The relation of a 42P01. A table that is missing in the `FROM` clause is not missing in the database: such messages have the
 * word `FROM` in every language.
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
 * The column of a 42703 that is printed alone, between quotation marks. English is read by its wordings alone, which are all
 * known: `could not identify column "x" in record data type` is no missing column. A message with a number names none either.
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
 * The column of a 42703 that is printed behind a table's name or alias, such as `u.email`. If the wording is not known, the text
 * at the error's position names it.
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
 * The routine of a 42883. If the wording is not known, the name at the error's position finds it in the message.
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
 * The types between the parentheses of a signature, without the arguments' names.
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
 * The type of a 42704; an array's type keeps its brackets. Errors of DDL print a type without quotation marks.
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
 * A constraint that is printed without its table. A domain's constraint, which is printed with the domain, is none.
 *
 * @since 0.1.0
 * @category reading
 */
export const constraintWithoutTable = (evidence: Evidence): string | undefined => {
  const name = Wording.read(MessageCatalog.constraintWithoutTable, evidence.message)?.first
  return name?.includes('" of domain "') === true ? undefined : name
}

/**
 * Whether a 42P10 says that `ON CONFLICT (…)` finds no unique constraint. Keywords are the same in every language.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isConflictTarget = (evidence: Evidence): boolean =>
  Option.isSome(evidence.routine)
    ? evidence.routine.value === "infer_arbiter_indexes"
    : /ON[ -]CONFLICT/.test(evidence.message) && !/"|ASC\/DESC|NULLS FIRST/.test(evidence.message)

/** A dot inside quotation marks is no separator; nor is one in a message that names a column by its number. */
const dottedColumn = (evidence: Evidence): string | undefined => {
  if (Option.isSome(evidence.routine) && !isRaisedBy(evidence, "errorMissingColumn")) return undefined
  const printed = Wording.read(MessageCatalog.columnOfAlias, evidence.message)?.first
  return printed !== undefined && Wording.beforeQuoted(printed).includes(".") ? printed : undefined
}

/** Some languages put quotation marks around a signature. */
const withoutMarks = (printed: string): string =>
  printed.endsWith(")") ? printed : (Wording.quotedIn(printed)?.name ?? printed)

/** Drops the name of `a => integer`; before PostgreSQL 14, `a := integer`. */
const withoutArgumentName = (argument: string): string => {
  const named = /^[^"]* (?:=>|:=) /.exec(argument)
  return named === null ? argument : argument.slice(named[0].length)
}

/** The offset of the parenthesis that the last character closes. Names of types may hold others between double quotes. */
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
