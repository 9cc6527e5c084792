/**
 * A message in a wording that is in no catalogue, of another version or of a language without translation. Quotation marks and
 * the error's position still tell a name where the error's C function raises no message about another kind of object.
 *
 * @internal
 */
import { partsAtPosition } from "./EvidenceText.js"
import { findsOfRoutine, type Reading } from "./MessageReading.js"
import { signatureOf } from "./PrintedName.js"
import type { Finds } from "./ServerMessages.js"
import type { Evidence } from "./SqlState.js"
import * as Wording from "./Wording.js"

/**
 * English is read by its wordings alone, which are all known: `could not identify column "x" in record data type` is no missing
 * column. A message with a number names none either.
 *
 * @since 0.1.0
 * @category reading
 */
export const readingOf = (evidence: Evidence): Reading | undefined => {
  switch (evidence.sqlState) {
    case "42P01":
      return quoted(evidence, /FROM/, "Relation", "RelationWithoutSchema")
    case "42703":
      return quoted(evidence, /\b(?:column|record)\b|\d/, "Column") ?? pointed(evidence)
    case "3F000":
      return quoted(evidence, undefined, "Schema")
    case "42883":
      return pointedCall(evidence)
    default:
      return undefined
  }
}

const readingAs = (finds: Finds | undefined, name: string): Reading | undefined =>
  finds === undefined ? undefined : { finds, values: [name], weight: 0 }

/** The first of these that the error's C function may have meant. */
const among = (evidence: Evidence, ...kinds: ReadonlyArray<Finds>): Finds | undefined => {
  const raised = findsOfRoutine(evidence)
  return raised === undefined ? kinds[0] : kinds.find((kind) => raised.has(kind))
}

const quoted = (
  evidence: Evidence,
  others: RegExp | undefined,
  ...kinds: ReadonlyArray<Finds>
): Reading | undefined => {
  const found = Wording.quotedIn(evidence.message)
  return found === undefined || others?.test(found.around) === true
    ? undefined
    : readingAs(among(evidence, ...kinds), found.name)
}

const pointed = (evidence: Evidence): Reading | undefined => {
  const parts = partsAtPosition(evidence)
  if (parts === undefined || parts.length < 2) return undefined
  const written = parts.slice(-2).join(".")
  return evidence.message.includes(written) ? readingAs(among(evidence, "ColumnOfAlias"), written) : undefined
}

const pointedCall = (evidence: Evidence): Reading | undefined => {
  const parts = partsAtPosition(evidence)
  if (parts === undefined) return undefined
  const start = evidence.message.indexOf(`${parts.slice(-2).join(".")}(`)
  const end = evidence.message.lastIndexOf(")")
  const printed = start === -1 || end < start ? "" : evidence.message.slice(start, end + 1)
  return signatureOf(printed) === undefined ? undefined : readingAs(among(evidence, "Call"), printed)
}
