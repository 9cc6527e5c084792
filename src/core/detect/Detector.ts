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
import { wordingOfText } from "../sql/ParsedType.js"
import { nameOfStrings } from "../sql/SyntaxTree.js"
import { dottedAt, truncate } from "../text/Lexer.js"
import { conflictTargetIn, isPrintedAs, partsAtPosition, partsOf } from "./EvidenceText.js"
import * as MessageCatalog from "./MessageCatalog.js"
import * as MessageCatalogNames from "./MessageCatalogNames.js"
import * as PrintedName from "./PrintedName.js"
import { type Evidence, evidenceAmong, isSqlState, type SqlState } from "./SqlState.js"
import * as Wording from "./Wording.js"

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

/** 42P01: a table, view, sequence or other relation. @since 0.1.0 @category detectors */
export const relation: Detector = (evidence) =>
  isState(evidence, "42P01") ? named(evidence, PrintedName.relation(evidence), SchemaObject.relation) : Option.none()

/** 42703: a column, in all its wordings. @since 0.1.0 @category detectors */
export const column: Detector = (evidence) => {
  if (!isState(evidence, "42703")) return Option.none()
  const ofRelation = Wording.read(MessageCatalog.columnOfRelation, evidence.message)
  if (ofRelation !== undefined) {
    return missing(evidence, SchemaObject.column(ofRelation.first, SchemaObject.qualifiedName(ofRelation.second)))
  }
  const ofType = Wording.read(MessageCatalog.columnOfType, evidence.message)
  if (ofType !== undefined) return missing(evidence, attribute(ofType.first, ofType.second))
  const plain = PrintedName.plainColumn(evidence)
  return plain === undefined ? columnOfAlias(evidence) : missing(evidence, SchemaObject.column(plain))
}

/** 42883: a function, procedure or aggregate. @since 0.1.0 @category detectors */
export const routine: Detector = (evidence) => {
  if (!isState(evidence, "42883")) return Option.none()
  const text = Wording.read(MessageCatalog.routineText, evidence.message)?.first
  if (text !== undefined) return Option.flatMap(routineOfText(text), (found) => missing(evidence, found))
  const name = Wording.read(MessageCatalog.routineName, evidence.message)?.first
  if (name !== undefined) return named(evidence, name, SchemaObject.routine)
  const signature = PrintedName.signature(evidence)
  return named(evidence, signature?.name, (found) => SchemaObject.routine(found, signature?.types))
}

/** 42704: a type, by itself or as the element of an array. @since 0.1.0 @category detectors */
export const type: Detector = (evidence) =>
  isState(evidence, "42704") ? named(evidence, elementType(evidence), SchemaObject.type) : Option.none()

/** 42704: a constraint. @since 0.1.0 @category detectors */
export const constraint: Detector = (evidence) => {
  if (!isState(evidence, "42704")) return Option.none()
  const reading = Wording.read(MessageCatalog.constraint, evidence.message)
  if (reading !== undefined) {
    return missing(evidence, SchemaObject.constraint(reading.first, SchemaObject.qualifiedName(reading.second)))
  }
  const name = PrintedName.constraintWithoutTable(evidence)
  return name === undefined ? Option.none() : missing(evidence, SchemaObject.constraint(name))
}

/** 42704: a collation. @since 0.1.0 @category detectors */
export const collation: Detector = (evidence) =>
  isState(evidence, "42704")
    ? named(evidence, Wording.read(MessageCatalog.collation, evidence.message)?.first, SchemaObject.collation)
    : Option.none()

/** 42704: an extension. Its functions and types are found by their own detectors. @since 0.1.0 @category detectors */
export const extension: Detector = (evidence) => {
  if (!isState(evidence, "42704")) return Option.none()
  const reading = Wording.read(MessageCatalog.extension, evidence.message)
  return reading === undefined ? Option.none() : missing(evidence, SchemaObject.extension(reading.first))
}

/** 3F000: a schema. @since 0.1.0 @category detectors */
export const schema: Detector = (evidence) => {
  if (!isState(evidence, "3F000")) return Option.none()
  const name =
    Wording.read(MessageCatalogNames.schema, evidence.message)?.first ?? Wording.quotedIn(evidence.message)?.name
  return name === undefined ? Option.none() : missing(evidence, SchemaObject.schema(name))
}

/** 22P02: a label that an enum lacks. A value that is too long to be a label is none. @since 0.1.0 @category detectors */
export const enumValue: Detector = (evidence) => {
  if (!isState(evidence, "22P02")) return Option.none()
  const reading = Wording.read(MessageCatalog.enumValue, evidence.message)
  if (reading === undefined || truncate(reading.second) !== reading.second) return Option.none()
  return Option.flatMap(SchemaObject.nameFrom(reading.first), (enumType) =>
    missing(evidence, SchemaObject.enumValue(enumType, reading.second))
  )
}

/** 42P10: `ON CONFLICT (…)` without a unique constraint that matches. @since 0.1.0 @category detectors */
export const conflictTarget: Detector = (evidence) => {
  if (!isState(evidence, "42P10") || !PrintedName.isConflictTarget(evidence)) return Option.none()
  const target = Option.isSome(evidence.statement) ? conflictTargetIn(evidence.statement.value) : undefined
  return missing(evidence, SchemaObject.conflictTarget(target?.columns ?? [], target?.relation))
}

/** 0A000: a plan in the cache of the server that no longer fits. @since 0.1.0 @category detectors */
export const stalePlan: Detector = (evidence) =>
  isState(evidence, "0A000") &&
  (PrintedName.isRaisedBy(evidence, "RevalidateCachedQuery") ||
    evidence.message === "cached plan must not change result type")
    ? Option.some({ _tag: "StalePlan", sqlState: evidence.sqlState })
    : Option.none()

/** Every detector of this module. @since 0.1.0 @category detectors */
export const all: Detector = firstOf(
  column,
  relation,
  routine,
  type,
  schema,
  enumValue,
  conflictTarget,
  constraint,
  collation,
  extension,
  stalePlan
)

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

const ownSchemas: ReadonlySet<string> = new Set(["pg_catalog", "information_schema"])

/** `RAISE` can set the SQLSTATE and the message, but not the name of the C function. */
const isState = (evidence: Evidence, sqlState: string): boolean =>
  evidence.sqlState === sqlState &&
  evidence.message.length <= maxMessageLength &&
  !PrintedName.isRaisedBy(evidence, "exec_stmt_raise")

const missing = (
  { sqlState }: Evidence,
  object: SchemaObject.SchemaObject,
  qualifier: Option.Option<string> = Option.none()
): Option.Option<SchemaGap> => Option.some({ _tag: "MissingObject", object, qualifier, sqlState })

/** Drops the brackets of an array's type. A type's own name may end in brackets too: the statement's text tells. */
const elementType = (evidence: Evidence): string | undefined => {
  const printed = PrintedName.type(evidence)
  if (printed === undefined || !printed.endsWith("[]")) return printed
  const pointed = partsAtPosition(evidence)
  return pointed !== undefined && isPrintedAs(pointed, printed) ? printed : printed.slice(0, -2)
}

/** The object of that name, unless it belongs to PostgreSQL itself, which no migration provides. */
const named = (
  evidence: Evidence,
  printed: string | undefined,
  make: (name: SchemaObject.QualifiedName) => SchemaObject.SchemaObject
): Option.Option<SchemaGap> => {
  if (printed === undefined) return Option.none()
  const name = nameOfStrings(partsOf(evidence, printed))
  const isOwn = Option.isSome(name.schema) && ownSchemas.has(name.schema.value)
  return isOwn ? Option.none() : missing(evidence, make(name))
}

const columnOfAlias = (evidence: Evidence): Option.Option<SchemaGap> => {
  const printed = PrintedName.columnOfAlias(evidence)
  if (printed === undefined) return Option.none()
  const parts = partsOf(evidence, printed)
  const table = parts.length < 3 ? undefined : nameOfStrings(parts.slice(0, -1))
  const object = SchemaObject.column(parts[parts.length - 1] ?? "", table)
  return missing(evidence, object, Option.fromNullable(parts[parts.length - 2]))
}

const attribute = (name: string, typeText: string): SchemaObject.Column => {
  const parts = dottedAt(typeText, 0)
  return SchemaObject.column(name, parts === undefined ? undefined : nameOfStrings(parts.value))
}

/** The routine of a text such as `app.f(int)`: quotes are read, and each type gets the server's name. */
const routineOfText = (text: string): Option.Option<SchemaObject.Routine> => {
  const name = dottedAt(text, 0)
  if (name === undefined) return Option.none()
  const list = text.slice(name.end).trim()
  if (list === "") return Option.some(SchemaObject.routine(nameOfStrings(name.value)))
  if (!list.startsWith("(") || !list.endsWith(")") || list.length > 1024) return Option.none()
  return Option.some(
    SchemaObject.routine(nameOfStrings(name.value), PrintedName.typesOf(list.slice(1, -1)).map(wordingOfText))
  )
}
