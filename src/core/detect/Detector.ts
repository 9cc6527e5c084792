/**
 * From the server's error to the schema object that is missing. A detector is a question put to an error, and detectors
 * form a monoid under {@link firstOf} with {@link silent} as its identity.
 *
 * **Laws**
 *
 * 1. `firstOf` is associative, and `silent` is its identity on both sides.
 * 2. `detect` is total: it answers for any value and never throws.
 * 3. No detector claims an error whose SQLSTATE is not in {@link sqlStates}, nor one raised by `RAISE`.
 * 4. A name is taken from the statement's text only if the message agrees.
 *
 * An error is only a hint: the catalog is asked before a gap is closed.
 *
 * @since 0.1.0
 */

import * as Option from "effect/Option"
import * as S from "effect/Schema"
import * as SchemaObject from "../model/SchemaObject.js"
import * as BrokenRule from "./BrokenRule.js"
import { claimOf } from "./Claim.js"
import { conflictTargetIn, failedText } from "./EvidenceText.js"
import { type Evidence, evidenceAmong, isSqlState, type SqlState } from "./SqlState.js"

export { type Evidence, evidenceFrom, type SqlState } from "./SqlState.js"

/**
 * An object that a statement needed and the database lacks.
 *
 * @since 0.1.0
 * @category models
 */
export interface MissingObject {
  readonly _tag: "MissingObject"
  readonly object: SchemaObject.SchemaObject
  /** The word before a column's name: an alias or a table's name. The statement's text tells which. */
  readonly qualifier: Option.Option<string>
  readonly sqlState: SqlState
}

/**
 * The server's plan is older than the schema: the statement needs a second try and no migration.
 *
 * @since 0.1.0
 * @category models
 */
export interface StalePlan {
  readonly _tag: "StalePlan"
  readonly sqlState: SqlState
}

/** @since 0.1.0 @category models */
export type SchemaGap = MissingObject | StalePlan

/** A question put to an error. `None` means "not mine", never "I failed". @since 0.1.0 @category models */
export type Detector = (evidence: Evidence) => Option.Option<SchemaGap>

/**
 * The first detector that claims the error decides.
 *
 * @since 0.1.0
 * @category combinators
 */
export const firstOf =
  (...detectors: ReadonlyArray<Detector>): Detector =>
  (evidence) => {
    for (const detector of detectors) {
      const gap = detector(evidence)
      if (Option.isSome(gap)) return gap
    }
    return Option.none()
  }

/** Identity of {@link firstOf}. @since 0.1.0 @category combinators */
export const silent: Detector = () => Option.none()

/** What a message names, if it is of one of these kinds; of any kind where none is given. */
const named =
  (...kinds: ReadonlyArray<SchemaObject.SchemaObject["_tag"]>): Detector =>
  (evidence) =>
    isTrusted(evidence)
      ? Option.flatMap(claimOf(evidence), ({ object, qualifier }) =>
          kinds.length === 0 || kinds.includes(object._tag) ? missing(evidence, object, qualifier) : Option.none()
        )
      : Option.none()

/** 42P01: a table, view, sequence or other relation; 42704: an index or a foreign table. @since 0.1.0 @category detectors */
export const relation: Detector = named("Relation")

/** 42703: a column, in all its wordings. @since 0.1.0 @category detectors */
export const column: Detector = named("Column")

/** 42883: a function, procedure or aggregate. @since 0.1.0 @category detectors */
export const routine: Detector = named("Routine")

/** 42704: a type, by itself or as the element of an array. @since 0.1.0 @category detectors */
export const type: Detector = named("Type")

/** 42704: a constraint of a table. @since 0.1.0 @category detectors */
export const constraint: Detector = named("Constraint")

/** 42704: a collation. @since 0.1.0 @category detectors */
export const collation: Detector = named("Collation")

/** 42883: an operator, which migrations make or an extension brings. @since 0.1.0 @category detectors */
export const operator: Detector = named("Operator")

/** 42704: a text search configuration. @since 0.1.0 @category detectors */
export const textSearchConfiguration: Detector = named("TextSearchConfiguration")

/** 42704: a role. @since 0.1.0 @category detectors */
export const role: Detector = named("Role")

/** 42704: an extension. Its functions and types are found by their own detectors. @since 0.1.0 @category detectors */
export const extension: Detector = named("Extension")

/** 3F000: a schema. @since 0.1.0 @category detectors */
export const schema: Detector = named("Schema")

/** 22P02: a label that an enum lacks. A value that is too long to be a label is none. @since 0.1.0 @category detectors */
export const enumValue: Detector = named("EnumValue")

/** 42P10: `ON CONFLICT (…)` without a unique constraint that matches. @since 0.1.0 @category detectors */
export const conflictTarget: Detector = (evidence) => {
  if (evidence.sqlState !== "42P10" || !isTrusted(evidence) || !isConflictTarget(evidence)) return Option.none()
  const target = Option.getOrUndefined(Option.flatMapNullable(failedText(evidence), conflictTargetIn))
  return missing(evidence, SchemaObject.conflictTarget(target?.columns ?? [], target?.relation))
}

/** 0A000: a plan in the cache of the server that no longer fits. @since 0.1.0 @category detectors */
export const stalePlan: Detector = (evidence) =>
  evidence.sqlState === "0A000" &&
  isTrusted(evidence) &&
  (Option.contains(evidence.routine, "RevalidateCachedQuery") ||
    evidence.message === "cached plan must not change result type")
    ? Option.some({ _tag: "StalePlan", sqlState: evidence.sqlState })
    : Option.none()

/** Every detector of this module. @since 0.1.0 @category detectors */
export const all: Detector = firstOf(named(), conflictTarget, stalePlan)

/**
 * The SQLSTATEs that the detectors claim.
 *
 * @since 0.1.0
 * @category constants
 */
export const sqlStates: ReadonlySet<string> = new Set([
  "0A000",
  "22P02",
  "3F000",
  "42703",
  "42704",
  "42883",
  "42P01",
  "42P10"
])

/**
 * The gap behind an error, which may be any value. `statement` is the text that was sent, where the caller knows it: with it, a
 * name is read as it was written; without it, as the server printed it.
 *
 * @example
 * import { Detector } from "effect-auto-migration"
 *
 * const gapOf = (error: unknown) => Detector.detect(error, 'SELECT * FROM app."Users"')
 *
 * @since 0.1.0
 * @category detection
 */
export const detect = (error: unknown, statement?: string): Option.Option<SchemaGap> => {
  const evidence = evidenceAmong(sqlStates, error, statement)
  return Option.isSome(evidence) ? all(evidence.value) : Option.none()
}

/** The SQLSTATEs of {@link detectRule}. @since 0.1.0 @category constants */
export const ruleStates: ReadonlySet<string> = new Set(BrokenRule.sqlStates)

/**
 * The rule that a row broke, or the place that it lacked: a pending migration may relax it. No object is missing, so
 * {@link detect} does not claim such an error.
 *
 * @since 0.1.0
 * @category detection
 */
export const detectRule = (error: unknown, statement?: string): Option.Option<SchemaGap> =>
  Option.flatMap(evidenceAmong(ruleStates, error, statement), (evidence) =>
    isTrusted(evidence)
      ? Option.flatMap(BrokenRule.brokenRule(evidence), (object) => missing(evidence, object))
      : Option.none()
  )

/**
 * For people: `missing column u.email`.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (gap: SchemaGap): string => {
  switch (gap._tag) {
    case "MissingObject":
      return `missing ${SchemaObject.render(withQualifier(gap))}`
    case "StalePlan":
      return "stale plan"
  }
}

/**
 * A key for maps and sets: two gaps share it exactly when they ask for the same object under the same qualifier.
 *
 * @since 0.1.0
 * @category rendering
 */
export const key = (gap: SchemaGap): string => {
  switch (gap._tag) {
    case "MissingObject":
      return Option.match(gap.qualifier, {
        onNone: () => SchemaObject.key(gap.object),
        onSome: (qualifier) => `${SchemaObject.key(gap.object)} of ${SchemaObject.quote(qualifier)}`
      })
    case "StalePlan":
      return "stale plan"
  }
}

const sqlStateCodec = S.String.pipe(S.filter(isSqlState))

const codec = S.Union(
  S.TaggedStruct("MissingObject", {
    object: SchemaObject.SchemaObject,
    qualifier: S.OptionFromNullOr(S.String),
    sqlState: sqlStateCodec
  }),
  S.TaggedStruct("StalePlan", { sqlState: sqlStateCodec })
)

/** A {@link SchemaGap} as JSON. @since 0.1.0 @category codecs */
export type SchemaGapEncoded = S.Schema.Encoded<typeof codec>

/**
 * Reads and writes gaps as JSON, for errors that carry them.
 *
 * @since 0.1.0
 * @category codecs
 */
export const SchemaGap: S.Schema<SchemaGap, SchemaGapEncoded> = codec

const withQualifier = ({ object, qualifier }: MissingObject): SchemaObject.SchemaObject =>
  object._tag === "Column" && Option.isNone(object.relation) && Option.isSome(qualifier)
    ? SchemaObject.column(object.name, SchemaObject.qualifiedName(qualifier.value))
    : object

/** In UTF-16 units. A longer message quotes data of the application: no name of an object is that long. */
const maxMessageLength = 16_384

/** `RAISE` can set the SQLSTATE and the message, but not the name of the C function. */
const isTrusted = ({ message, routine }: Evidence): boolean =>
  message.length <= maxMessageLength && !Option.contains(routine, "exec_stmt_raise")

/** Whether a 42P10 says that `ON CONFLICT (…)` finds no unique constraint. Keywords are the same in every language. */
const isConflictTarget = ({ message, routine }: Evidence): boolean =>
  Option.isSome(routine)
    ? routine.value === "infer_arbiter_indexes"
    : /ON[ -]CONFLICT/.test(message) && !/"|ASC\/DESC|NULLS FIRST/.test(message)

const missing = (
  { sqlState }: Evidence,
  object: SchemaObject.SchemaObject,
  qualifier: Option.Option<string> = Option.none()
): Option.Option<SchemaGap> => Option.some({ _tag: "MissingObject", object, qualifier, sqlState })
