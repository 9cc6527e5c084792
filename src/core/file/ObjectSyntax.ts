/**
 * The syntax of `-- provides:`: a list of schema objects as SQL writes them, such as
 * `table app.users, column app.users.email, function app.f(integer), value 'sad' of mood, unique app.users (email)`.
 *
 * **Laws**
 *
 * 1. Names follow the server's rules: folding, quoting, doubled quotes, 63 bytes.
 * 2. A text of which any part is not understood is refused with the reason.
 *
 * @internal
 */

import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as SchemaObject from "../model/SchemaObject.js"
import { wordingOfText } from "../sql/ParsedType.js"
import { nameOfStrings } from "../sql/SyntaxTree.js"
import { dottedAt, literalAt, skipBlank, skipToken } from "../text/Lexer.js"

/**
 * Reads a comma-separated list of objects.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parseObjects = (text: string): Either.Either<ReadonlyArray<SchemaObject.SchemaObject>, string> =>
  Either.all(splitList(text).map((item) => parseObject(item.trim())))

/** Whether a text begins with a kind of object, such as `table`. @since 0.1.0 @category predicates */
export const beginsWithKind = (text: string): boolean => kindOf(text) !== undefined

const kindOf = (text: string) => {
  const lower = text.toLowerCase()
  return kinds.find(([word]) => lower.startsWith(word) && /^[\s"']/.test(text.slice(word.length)))
}

type Reading = Either.Either<SchemaObject.SchemaObject, string>

const parseObject = (item: string): Reading => {
  if (item === "") return Either.left("has an empty entry")
  const kind = kindOf(item)
  return kind === undefined
    ? Either.left(`"${item}" does not begin with a kind of object such as table, column, type or function`)
    : kind[1](item.slice(kind[0].length).trim())
}

const parts = (text: string, most: number): Either.Either<ReadonlyArray<string>, string> => {
  const cut = dottedAt(text, skipBlank(text, 0))
  if (cut === undefined || skipBlank(text, cut.end) !== text.length)
    return Either.left(`"${text.trim()}" is not a name`)
  return cut.value.length > most
    ? Either.left(`"${text.trim()}" has more parts than such a name can have`)
    : Either.right(cut.value)
}

const named =
  (make: (name: SchemaObject.QualifiedName) => SchemaObject.SchemaObject) =>
  (text: string): Reading =>
    Either.map(parts(text, 2), (strings) => make(nameOfStrings(strings)))

const single =
  (make: (name: string) => SchemaObject.SchemaObject) =>
  (text: string): Reading =>
    Either.map(parts(text, 1), (strings) => make(strings.at(-1) ?? ""))

/** A column or a constraint, with or without its table. */
const member =
  (make: (name: string, relation?: SchemaObject.QualifiedName) => SchemaObject.SchemaObject) =>
  (text: string): Reading =>
    Either.map(parts(text, 3), (strings) =>
      strings.length === 1 ? make(strings[0] ?? "") : make(strings.at(-1) ?? "", nameOfStrings(strings.slice(0, -1)))
    )

const routine = (text: string): Reading => {
  const list = parenthesised(text)
  if (Option.isNone(list)) return named((name) => SchemaObject.routine(name))(text)
  const types = list.value.inner.trim() === "" ? [] : splitList(list.value.inner).map(wordingOfText)
  return types.includes("")
    ? Either.left(`"${text}" has an empty argument type`)
    : named((name) => SchemaObject.routine(name, types))(list.value.before)
}

/** An operator, with or without its schema, and with the types of its operands in parentheses or without them. */
const operator = (text: string): Reading => {
  const list = parenthesised(text)
  const before = Option.match(list, { onNone: () => text, onSome: (_) => _.before.trim() })
  const sign = /[-+*/<>=~!@#%^&|`?]+$/.exec(before)
  if (sign === null) return Either.left(`"${text}" is not of the form operator + (type, type)`)
  const types = Option.map(list, ({ inner }) => splitList(inner).map(wordingOfText))
  const made = (schema?: string) =>
    SchemaObject.operator(SchemaObject.qualifiedName(sign[0], schema), Option.getOrUndefined(types))
  if (sign.index === 0) return Either.right(made())
  return before.charAt(sign.index - 1) === "."
    ? Either.map(parts(before.slice(0, sign.index - 1), 1), ([schema]) => made(schema))
    : Either.left(`"${text}" is not of the form operator + (type, type)`)
}

const enumValue = (text: string): Reading => {
  const literal = literalAt(text, 0)
  const of = literal === undefined ? null : /^\s+of\s+/i.exec(text.slice(literal.end))
  return literal === undefined || of === null
    ? Either.left(`"${text}" is not of the form value 'label' of type`)
    : named((type) => SchemaObject.enumValue(type, literal.value))(text.slice(literal.end + of[0].length))
}

const conflictTarget = (text: string): Reading => {
  const list = parenthesised(text)
  if (Option.isNone(list)) return Either.left(`"${text}" is not of the form unique table (columns)`)
  return Either.flatMap(Either.all(splitList(list.value.inner).map((column) => parts(column, 1))), (columns) =>
    named((relation) => SchemaObject.conflictTarget(columns.flat().toSorted(), relation))(list.value.before)
  )
}

const relation = named(SchemaObject.relation)
const type = named(SchemaObject.type)

/** The first match wins, so longer words come first. */
const kinds: ReadonlyArray<readonly [string, (text: string) => Reading]> = [
  ["materialized view", relation],
  ["foreign table", relation],
  ["table", relation],
  ["view", relation],
  ["sequence", relation],
  ["index", relation],
  ["relation", relation],
  ["column", member(SchemaObject.column)],
  ["constraint", member(SchemaObject.constraint)],
  ["unique", conflictTarget],
  ["function", routine],
  ["procedure", routine],
  ["aggregate", routine],
  ["routine", routine],
  ["type", type],
  ["domain", type],
  ["enum value", enumValue],
  ["value", enumValue],
  ["schema", single(SchemaObject.schema)],
  ["extension", single(SchemaObject.extension)],
  ["collation", named(SchemaObject.collation)],
  ["operator", operator],
  ["text search configuration", named(SchemaObject.textSearchConfiguration)],
  ["role", single(SchemaObject.role)],
  ["relaxed not null", member((column, table) => SchemaObject.relaxation("not null", column, table))],
  ["relaxed constraint", member((name, table) => SchemaObject.relaxation("constraint", name, table))],
  ["relaxed partition", named((table) => SchemaObject.relaxation("partition", "", table))]
]

/** The parts of a text `before (inner)`. */
const parenthesised = (text: string): Option.Option<{ readonly before: string; readonly inner: string }> => {
  let open = 0
  while (open < text.length && text[open] !== "(") open = skipToken(text, open)
  return open < text.length && text.endsWith(")")
    ? Option.some({ before: text.slice(0, open), inner: text.slice(open + 1, -1) })
    : Option.none()
}

/** Splits at commas that stand outside quotes and parentheses. */
const splitList = (text: string): ReadonlyArray<string> => {
  const items: Array<string> = []
  let depth = 0
  let from = 0
  for (let at = 0; at < text.length; at = skipToken(text, at)) {
    if (text[at] === "(") depth++
    else if (text[at] === ")") depth--
    else if (text[at] === "," && depth === 0) {
      items.push(text.slice(from, at))
      from = at + 1
    }
  }
  return [...items, text.slice(from)]
}
