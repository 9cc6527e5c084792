/**
 * The messages of the server with names filled in, and what must be claimed for each.
 */
import * as Option from "effect/Option"
import * as fc from "fast-check"
import { type Claim, claimOf } from "../../../src/core/detect/Claim.js"
import { type Finds, type ServerMessage, serverMessages } from "../../../src/core/detect/ServerMessages.js"
import * as SqlState from "../../../src/core/detect/SqlState.js"
import * as Wording from "../../../src/core/detect/Wording.js"
import type * as SchemaObject from "../../../src/core/model/SchemaObject.js"
import { quoteIdent } from "../../../src/core/sql/QuotedIdentifier.js"
import * as Identifier from "../arbitraries/Identifier.js"
import { type Format, fill, formats } from "./Formats.js"

export const evidenceOf = (
  { sqlState }: ServerMessage,
  message: string,
  routine: string | undefined,
  statement?: string
): SqlState.Evidence => ({
  sqlState: Option.getOrThrow(SqlState.sqlState(sqlState)),
  message,
  position: Option.none(),
  internalPosition: Option.none(),
  internalQuery: Option.none(),
  about: Option.none(),
  context: Option.some('SQL statement "UPDATE changed SET a = 1"'),
  routine: Option.fromNullable(routine),
  statement: Option.fromNullable(statement)
})

/** What the message says of an object: it has dots without quotes. */
const printed = ({ object, qualifier }: Claim): string => {
  const dotted = (name: SchemaObject.QualifiedName) => [...Option.toArray(name.schema), name.name].join(".")
  switch (object._tag) {
    case "Column":
      return `column ${[...Option.toArray(qualifier), object.name].join(".")} of ${Option.match(object.relation, { onNone: () => "", onSome: dotted })}`
    case "Routine":
      return `routine ${dotted(object)}(${Option.getOrElse(object.arguments, () => ["?"]).join(", ")})`
    case "Relation":
    case "Type":
    case "Collation":
    case "TextSearchConfiguration":
      return `${object._tag.toLowerCase()} ${dotted(object)}`
    case "Constraint":
      return `constraint ${object.name} of ${Option.match(object.relation, { onNone: () => "", onSome: dotted })}`
    case "EnumValue":
      return `label ${object.value} of ${dotted(object.type)}`
    case "Operator":
      return `operator ${dotted(object)} (${Option.getOrElse(object.operands, () => []).join(", ")})`
    case "Schema":
    case "Role":
    case "Extension":
      return `${object._tag.toLowerCase()} ${object.name}`
    case "ConflictTarget":
    case "Relaxation":
      return "no message names it"
  }
}

/** The arguments of a message about two names, and what a claim must say. */
type Printing = (first: string, second: string) => readonly [values: ReadonlyArray<string>, claim: string]

const of =
  (kind: string): Printing =>
  (first) => [[first], `${kind} ${first}`]

const ofTable =
  (kind: string): Printing =>
  (first, second) => [[first, second], `${kind} ${first} of ${second}`]

const printings: Readonly<Record<Exclude<Finds, "Nothing">, Printing>> = {
  Relation: of("relation"),
  RelationWithoutSchema: of("relation"),
  Index: of("relation"),
  IndexOfTable: (first, second) => [[first, second], `relation ${first}`],
  Column: (first) => [[first], `column ${first} of `],
  ColumnOfAlias: (first, second) => [[second, first], `column ${second}.${first} of `],
  ColumnOfRelation: ofTable("column"),
  ColumnOfRelationWithSchema: ofTable("column"),
  ColumnOfType: (first, second) => [[first, quoteIdent(second)], `column ${first} of ${second}`],
  FieldOfColumn: (first, second) => [[first, second, quoteIdent(second)], `column ${first} of ${second}`],
  FieldOfRecord: (first) => [["new", first], `column ${first} of changed`],
  Call: (first) => [[`${first}(integer, text)`], `routine ${first}(integer, text)`],
  CallOfAll: (first) => [[first], `routine ${first}(*)`],
  RoutineName: (first) => [[first], `routine ${first}(?)`],
  RoutineText: (first) => [[`${quoteIdent(first)}(int4)`], `routine ${first}(integer)`],
  Type: of("type"),
  Schema: of("schema"),
  EnumValue: (first, second) => [[quoteIdent(second), first], `label ${first} of ${second}`],
  Constraint: (first) => [[first], `constraint ${first} of `],
  ConstraintOfTable: ofTable("constraint"),
  Operator: (first) => [
    [`integer ${first}.+ ${quoteIdent(first)}`],
    `operator ${first}.+ (integer, ${quoteIdent(first)})`
  ],
  OperatorText: (first) => [[`${quoteIdent(first)}.+ (int4, text)`], `operator ${first}.+ (integer, text)`],
  TextSearchConfiguration: of("textsearchconfiguration"),
  Role: of("role"),
  Collation: (first) => [[first, "UTF8"], `collation ${first}`],
  Extension: of("extension")
}

interface Printed {
  readonly message: ServerMessage
  readonly format: Format
}

const all: ReadonlyArray<Printed> = serverMessages.flatMap((message) =>
  (formats.get(message.format) ?? []).map((format) => ({ message, format }))
)

/** Names of any kind, and names that hold parts of the message. */
const nameIn = ({ format }: Printed) => {
  const { texts } = Wording.make(format.text)
  const part = fc.oneof(fc.constantFrom(...texts, '"', ".", '"."', "(", ")", "t"), Identifier.stored)
  return fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => Identifier.cut(parts.join("")))
}

/**
 * Two kinds of names are told by the statement's text alone. The server ends an array's type with brackets. An alias that begins with
 * a quotation mark, before a column that ends with one, looks like one quoted name.
 */
const isRead = ({ message }: Printed, first: string, second: string): boolean =>
  first !== "" &&
  second !== "" &&
  !(message.finds === "Type" && first.endsWith("[]")) &&
  !(
    message.finds === "ColumnOfAlias" &&
    /^(?!')\p{Quotation_Mark}/u.test(second) &&
    /(?!')\p{Quotation_Mark}$/u.test(first)
  )

export const hostile = fc
  .constantFrom(...all)
  .chain((each) => fc.record({ each: fc.constant(each), first: nameIn(each), second: nameIn(each) }))
  .filter(({ each, first, second }) => isRead(each, first, second))

export const plain = fc.record({
  each: fc.constantFrom(...all),
  first: Identifier.simple.map(({ stored }) => stored),
  second: Identifier.simple.map(({ stored }) => stored)
})

/** The message, and what must be claimed. */
export const printing = ({ format, message }: Printed, first: string, second: string) => {
  const [values, claim] =
    message.finds === "Nothing" ? [["7", "7", "7"], "nothing"] : printings[message.finds](first, second)
  const isSplit = message.format.includes("%s.%s") && values.length === 1
  const dotted = isSplit ? ["app", ...values] : values
  return {
    claim: isSplit ? claim.replace("relation ", "relation app.") : claim,
    text: fill(format.text, dotted)
  }
}

export const claimIn = (evidence: SqlState.Evidence) =>
  Option.match(claimOf(evidence), { onNone: () => "nothing", onSome: printed })
