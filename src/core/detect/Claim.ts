/**
 * From the ways to read a message to the object that it names. Where there are several, the statement's text decides, and then the
 * wording that leaves less of the message to chance; if both leave two objects, there is no claim.
 *
 * @internal
 */
import * as Option from "effect/Option"
import * as SchemaObject from "../model/SchemaObject.js"
import { wordingOfText } from "../sql/ParsedType.js"
import { nameOfStrings } from "../sql/SyntaxTree.js"
import { dottedAt, truncate } from "../text/Lexer.js"
import {
  changedTable,
  namesIn,
  partsAtPosition,
  partsBehind,
  partsOf,
  partsOfIndex,
  partsOfTable,
  partsOfType
} from "./EvidenceText.js"
import * as MessageReading from "./MessageReading.js"
import * as PrintedName from "./PrintedName.js"
import type { Finds } from "./ServerMessages.js"
import type { Evidence } from "./SqlState.js"
import * as UnknownWording from "./UnknownWording.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Claim {
  readonly object: SchemaObject.SchemaObject
  /** The word before a column's name. */
  readonly qualifier: Option.Option<string>
}

/**
 * The object that an error names.
 *
 * @since 0.1.0
 * @category reading
 */
export const claimOf = (evidence: Evidence): Option.Option<Claim> => {
  const readings = MessageReading.readingsOf(evidence)
  if (readings.length < 2) {
    const only = readings[0] ?? UnknownWording.readingOf(evidence)
    return only === undefined ? none : (meant(evidence, only)?.claim ?? none)
  }
  const all = readings.flatMap((reading) => meant(evidence, reading) ?? [])
  return agreed(all) ?? agreed(pointed(evidence, all)) ?? agreed(named(evidence, all)) ?? agreed(heaviest(all)) ?? none
}

/** A reading, and its claim: none for a message about something that no migration provides. */
interface Meant {
  readonly reading: MessageReading.Reading
  readonly claim: Option.Option<Claim>
}

const none: Option.Option<Claim> = Option.none()

/** `undefined` if the server does not print these values at these places: then it is no reading. */
const meant = (evidence: Evidence, reading: MessageReading.Reading): Meant | undefined => {
  if (reading.finds === "Nothing") return { reading, claim: none }
  const named = namedBy(evidence, reading)
  if (named === undefined) return undefined
  const { object, qualifier } = named
  return { reading, claim: isOwn(object) ? none : Option.some({ object, qualifier: Option.fromNullable(qualifier) }) }
}

/** The claim of all, if it is the same one. */
const agreed = (all: ReadonlyArray<Meant>): Option.Option<Claim> | undefined => {
  const first = all[0]
  return first !== undefined && all.every(({ claim }) => keyOf(claim) === keyOf(first.claim)) ? first.claim : undefined
}

const keyOf = (claim: Option.Option<Claim>): string =>
  Option.match(claim, {
    onNone: () => "",
    onSome: ({ object, qualifier }) => JSON.stringify([SchemaObject.key(object), Option.getOrNull(qualifier)])
  })

/** Those whose object has the name that the error points at. */
const pointed = (evidence: Evidence, all: ReadonlyArray<Meant>): ReadonlyArray<Meant> => {
  const name = partsAtPosition(evidence)?.at(-1)
  return all.filter(({ claim }) => Option.isSome(claim) && namesOf(claim.value)[0] === name)
}

/** Those whose names are all in the statement's text. */
const named = (evidence: Evidence, all: ReadonlyArray<Meant>): ReadonlyArray<Meant> => {
  const written = new Set(namesIn(evidence).flat())
  return all.filter(({ claim }) => Option.isSome(claim) && namesOf(claim.value).every((name) => written.has(name)))
}

/** The object's own name, and the one of what it belongs to. */
const namesOf = ({ object, qualifier }: Claim): ReadonlyArray<string> => {
  if (object._tag === "EnumValue") return [object.type.name]
  if (object._tag === "ConflictTarget") return object.columns
  const table = "relation" in object ? Option.toArray(object.relation).map(({ name }) => name) : []
  return [object.name, ...table, ...Option.toArray(qualifier)]
}

const heaviest = (all: ReadonlyArray<Meant>): ReadonlyArray<Meant> => {
  const most = Math.max(...all.map(({ reading }) => reading.weight))
  return all.filter(({ reading }) => reading.weight === most)
}

const ownSchemas: ReadonlySet<string> = new Set(["pg_catalog", "information_schema"])

/** Whether it belongs to PostgreSQL itself: no migration provides it. */
const isOwn = (object: SchemaObject.SchemaObject): boolean =>
  "schema" in object && Option.exists(object.schema, (schema) => ownSchemas.has(schema))

interface Named {
  readonly object: SchemaObject.SchemaObject
  readonly qualifier?: string | undefined
}

const namedBy = (evidence: Evidence, { finds, values }: MessageReading.Reading): Named | undefined => {
  const [first = "", second = "", third = ""] = values
  return objects[finds](first, second, third, evidence)
}

type Naming = (first: string, second: string, third: string, evidence: Evidence) => Named | undefined

const relationOf = (parts: ReadonlyArray<string>): Named => ({ object: SchemaObject.relation(nameOfStrings(parts)) })

const objects: Readonly<Record<Finds, Naming>> = {
  Relation: (name, _, __, evidence) => relationOf(partsOf(evidence, name)),
  RelationWithoutSchema: (name, _, __, evidence) => relationOf(partsBehind(evidence, name)),
  Index: (name, _, __, evidence) => relationOf(partsOfIndex(evidence, name)),
  IndexOfTable: (name, table, __, evidence) => relationOf(partsOfIndex(evidence, name, table)),
  Column: (name) => ({ object: SchemaObject.column(name) }),
  ColumnOfAlias: (name, _, __, evidence) => (name.includes(".") ? columnOfAlias(partsOf(evidence, name)) : undefined),
  ColumnOfRelation: (name, table) => ({ object: SchemaObject.column(name, SchemaObject.qualifiedName(table)) }),
  ColumnOfRelationWithSchema: (name, table, _, evidence) => {
    const parts = partsOfTable(evidence, table, name)
    return parts === undefined ? undefined : { object: SchemaObject.column(name, nameOfStrings(parts)) }
  },
  ColumnOfType: (name, type) => columnOfType(name, type),
  FieldOfColumn: (name, _, type) => columnOfType(name, type),
  FieldOfRecord: (record, name, _, evidence) => fieldOfRecord(evidence, record, name),
  Call: (printed, _, __, evidence) =>
    printed.endsWith("(*)") ? undefined : call(evidence, PrintedName.signatureOf(printed)),
  CallOfAll: (name, _, __, evidence) => callOfAll(evidence, name),
  RoutineName: (name, _, __, evidence) => ({ object: SchemaObject.routine(nameOfStrings(partsOf(evidence, name))) }),
  RoutineText: (text) => routineOfText(text),
  Type: (name, _, __, evidence) => ({ object: SchemaObject.type(nameOfStrings(partsOfType(evidence, name))) }),
  Schema: (name) => ({ object: SchemaObject.schema(name) }),
  EnumValue: (type, label) => enumValue(type, label),
  Constraint: (name) => ({ object: SchemaObject.constraint(name) }),
  ConstraintOfTable: (name, table) => ({
    object: SchemaObject.constraint(name, SchemaObject.qualifiedName(table))
  }),
  Collation: (name, _, __, evidence) => ({ object: SchemaObject.collation(nameOfStrings(partsOf(evidence, name))) }),
  Operator: (printed) => operator(PrintedName.operatorOf(printed)),
  OperatorText: (text) => operatorOfText(text),
  TextSearchConfiguration: (name, _, __, evidence) => ({
    object: SchemaObject.textSearchConfiguration(nameOfStrings(partsOf(evidence, name)))
  }),
  Role: (name) => ({ object: SchemaObject.role(name) }),
  Extension: (name) => ({ object: SchemaObject.extension(name) }),
  Nothing: () => undefined
}

const columnOfAlias = (parts: ReadonlyArray<string>): Named => {
  const table = parts.length < 3 ? undefined : nameOfStrings(parts.slice(0, -1))
  return { object: SchemaObject.column(parts.at(-1) ?? "", table), qualifier: parts.at(-2) }
}

/** The server prints the type as SQL writes it. */
const columnOfType = (name: string, type: string): Named | undefined =>
  Option.getOrUndefined(
    Option.map(SchemaObject.nameFrom(type), (table) => ({ object: SchemaObject.column(name, table) }))
  )

/** A trigger's `NEW` and `OLD` are rows of the table that a statement changes. Other records may hold anything. */
const fieldOfRecord = (evidence: Evidence, record: string, name: string): Named | undefined => {
  if (record !== "new" && record !== "old") return undefined
  const table = changedTable(evidence)
  return { object: SchemaObject.column(name, table === undefined ? undefined : nameOfStrings(table)) }
}

const call = (evidence: Evidence, signature: PrintedName.Signature | undefined): Named | undefined =>
  signature === undefined
    ? undefined
    : { object: SchemaObject.routine(nameOfStrings(partsOf(evidence, signature.name)), signature.types) }

const operator = (printed: PrintedName.PrintedOperator | undefined): Named | undefined =>
  printed === undefined
    ? undefined
    : { object: SchemaObject.operator(SchemaObject.qualifiedName(printed.symbol, printed.schema), printed.operands) }

/** The operator of a text such as `app.===(int, int)`; `NONE` is the left operand of a prefix operator. */
const operatorOfText = (text: string): Named | undefined => {
  const found = PrintedName.operatorOfText(text)
  if (found === undefined) return undefined
  const schema =
    found.schema === undefined ? undefined : Option.getOrUndefined(SchemaObject.identifierFrom(found.schema))
  const types = found.types === undefined ? undefined : PrintedName.typesOf(found.types).map(wordingOfText)
  const name = SchemaObject.qualifiedName(found.symbol, schema)
  return {
    object: SchemaObject.operator(
      name,
      types?.filter((type) => type !== "none")
    )
  }
}

/** Chinese prints `f(integer)(*)` for `f(integer)`, so that a name in such a form needs the text. */
const callOfAll = (evidence: Evidence, name: string): Named | undefined =>
  PrintedName.signatureOf(name) === undefined || namesIn(evidence).length > 0
    ? call(evidence, { name, types: ["*"] })
    : undefined

/** The routine of a text such as `app.f(int)`: quotes are read, and each type gets the server's name. */
const routineOfText = (text: string): Named | undefined => {
  const name = dottedAt(text, 0)
  if (name === undefined) return undefined
  const list = text.slice(name.end).trim()
  if (list === "") return { object: SchemaObject.routine(nameOfStrings(name.value)) }
  if (!list.startsWith("(") || !list.endsWith(")") || list.length > 1024) return undefined
  const types = PrintedName.typesOf(list.slice(1, -1)).map(wordingOfText)
  return { object: SchemaObject.routine(nameOfStrings(name.value), types) }
}

/** A value that is too long to be a label is none. */
const enumValue = (type: string, label: string): Named | undefined =>
  truncate(label) === label
    ? Option.getOrUndefined(
        Option.map(SchemaObject.nameFrom(type), (of) => ({ object: SchemaObject.enumValue(of, label) }))
      )
    : undefined
