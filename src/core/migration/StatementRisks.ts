/**
 * The risks of a statement as a footprint keeps them: each candidate once, with the statement's place in the file.
 *
 * @internal
 */
import * as Option from "effect/Option"
import type * as SimulatedCatalog from "../catalog/SimulatedCatalog.js"
import * as DeclaredRoutine from "../model/DeclaredRoutine.js"
import type { Risk } from "../model/Risk.js"
import * as SchemaObject from "../model/SchemaObject.js"
import type * as Recorder from "../reading/Recorder.js"
import type { RiskCandidate } from "../risk/Candidate.js"
import type { ParsedStatement } from "../sql/ParsedSql.js"
import { oneLine } from "../text/Lexer.js"
import { withoutLiterals } from "../text/Redaction.js"

/** The risks of a statement, without those that its migration undoes later. @since 0.1.0 @category inference */
export const risksOf = (
  end: SimulatedCatalog.SimulatedCatalog,
  { candidates, isOpaque }: Recorder.StatementRecord,
  statement: ParsedStatement,
  text: string
): ReadonlyArray<Risk> => {
  const left = (isOpaque ? [...candidates, opaqueRisk] : candidates).filter(({ isUndone }) => isUndone?.(end) !== true)
  if (left.length === 0) return []
  const place = placeOf(text, statement)
  return distinct(left).map(
    ({ asks, isOfRows = false, kind, lock = "ACCESS EXCLUSIVE", reach = "anywhere", relation, declared }) => ({
      ...(asks === undefined ? {} : { asks }),
      kind,
      relation,
      declared: Option.fromNullable(declared),
      isOfRows,
      reach,
      lock,
      start: statement.start,
      ...place
    })
  )
}

/** Drops repeated candidates, since a body may run more than once. Of two about one relation, the one with the wider reach stays. */
const distinct = (candidates: ReadonlyArray<RiskCandidate>): ReadonlyArray<RiskCandidate> => {
  const byKey = new Map<string, RiskCandidate>()
  for (const candidate of candidates) {
    const key = candidateKey(candidate)
    const known = byKey.get(key)
    if (known === undefined || known.reach !== "anywhere") byKey.set(key, candidate)
  }
  return [...byKey.values()]
}

const candidateKey = ({ asks, isOfRows = false, kind, lock, relation, declared }: RiskCandidate): string =>
  declared === undefined
    ? Option.match(relation, {
        onNone: () => kind,
        onSome: (name) =>
          `${kind} ${asks ?? "presence"} ${isOfRows} ${lock} ${SchemaObject.key(SchemaObject.relation(name))}`
      })
    : `${kind} ${DeclaredRoutine.key(declared)}`

const opaqueRisk: RiskCandidate = { kind: "opaque", relation: Option.none() }

const widest = 120

/** Where a statement stands, and its text without literals, shortened to one line. @since 0.1.0 @category inference */
export const placeOf = (text: string, { end, line, start }: ParsedStatement): Pick<Risk, "line" | "statement"> => ({
  line,
  statement: oneLine(withoutLiterals(text.slice(start, end)), widest)
})
