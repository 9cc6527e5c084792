/**
 * The language of `-- provides:`: a list of schema objects as people write them in SQL, such as
 * `table app.users, column app.users.email, function app.f(integer), value 'sad' of mood, unique app.users (email)`.
 *
 * **Laws**
 *
 * 1. Names follow the server's rules: folding, quoting, doubled quotes, 63 bytes.
 * 2. A text that is not wholly understood is refused with the reason; nothing is skipped.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { clip } from "./ImpliedNames.js"
import type { QualifiedName, SchemaObject } from "./SchemaObject.js"
import { nameOfStrings } from "./SyntaxTree.js"
import { wordingFromText } from "./TypeNames.js"

/**
 * Reads a comma-separated list of objects.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parseObjects = (text: string): Either.Either<ReadonlyArray<SchemaObject>, string> => {
  const objects: Array<SchemaObject> = []
  for (const item of splitList(text)) {
    const object = parseObject(item.trim())
    if (Either.isLeft(object)) return Either.left(object.left)
    objects.push(object.right)
  }
  return Either.right(objects)
}

type Reading = Either.Either<SchemaObject, string>

const parseObject = (item: string): Reading => {
  if (item === "") return Either.left("has an empty entry")
  const lower = item.toLowerCase()
  const kind = kinds.find(([word]) => lower.startsWith(word) && /^[\s"']/.test(item.slice(word.length)))
  return kind === undefined
    ? Either.left(`"${item}" does not begin with a kind of object such as table, column, type or function`)
    : kind[1](item.slice(kind[0].length).trim())
}

const named =
  (make: (name: QualifiedName) => SchemaObject) =>
  (text: string): Reading =>
    Either.flatMap(partsOf(text), (parts) =>
      parts.length > 2 ? tooMany(text) : Either.right(make(nameOfStrings(parts)))
    )

const single =
  (make: (name: string) => SchemaObject) =>
  (text: string): Reading =>
    Either.flatMap(partsOf(text), (parts) => (parts.length > 1 ? tooMany(text) : Either.right(make(parts[0] ?? ""))))

const member =
  (make: (name: string, relation: Option.Option<QualifiedName>) => SchemaObject) =>
  (text: string): Reading =>
    Either.flatMap(partsOf(text), (parts) =>
      parts.length > 3
        ? tooMany(text)
        : Either.right(
            make(
              parts.at(-1) ?? "",
              parts.length === 1 ? Option.none() : Option.some(nameOfStrings(parts.slice(0, -1)))
            )
          )
    )

const routine = (text: string): Reading => {
  const open = indexOutsideQuotes(text, "(")
  const name = open === -1 ? text : text.slice(0, open)
  const list = open === -1 ? Option.none() : Option.some(text.slice(open).trim())
  if (Option.isSome(list) && !list.value.endsWith(")")) return Either.left(`"${text}" lacks a closing parenthesis`)
  const types = Option.map(list, (inner) =>
    splitList(inner.slice(1, -1))
      .map((type) => type.trim())
      .filter((type) => type !== "")
      .map(wordingFromText)
  )
  return named((qualified) => ({ _tag: "Routine", ...qualified, arguments: types }))(name)
}

const enumValue = (text: string): Reading => {
  const match = /^'((?:[^']|'')*)'\s+of\s+(.+)$/is.exec(text)
  return match === null
    ? Either.left(`"value ${text}" is not of the form value 'label' of type`)
    : named((type) => ({ _tag: "EnumValue", type, value: (match[1] ?? "").replaceAll("''", "'") }))(match[2] ?? "")
}

const conflictTarget = (text: string): Reading => {
  const open = indexOutsideQuotes(text, "(")
  if (open === -1 || !text.endsWith(")"))
    return Either.left(`"unique ${text}" is not of the form unique table (columns)`)
  const columns = Either.all(splitList(text.slice(open + 1, -1)).map(partsOf))
  return Either.flatMap(columns, (lists) =>
    named((relation) => ({
      _tag: "ConflictTarget",
      relation: Option.some(relation),
      columns: lists.flat().toSorted()
    }))(text.slice(0, open))
  )
}

const relation = named((name) => ({ _tag: "Relation", ...name }))
const type = named((name) => ({ _tag: "Type", ...name }))

/** Longer words first: the first match wins. */
const kinds: ReadonlyArray<readonly [string, (text: string) => Reading]> = [
  ["materialized view", relation],
  ["foreign table", relation],
  ["table", relation],
  ["view", relation],
  ["sequence", relation],
  ["index", relation],
  ["relation", relation],
  ["column", member((name, of) => ({ _tag: "Column", relation: of, name }))],
  ["constraint", member((name, of) => ({ _tag: "Constraint", relation: of, name }))],
  ["unique", conflictTarget],
  ["function", routine],
  ["procedure", routine],
  ["aggregate", routine],
  ["routine", routine],
  ["type", type],
  ["domain", type],
  ["enum value", enumValue],
  ["value", enumValue],
  ["schema", single((name) => ({ _tag: "Schema", name }))],
  ["extension", single((name) => ({ _tag: "Extension", name }))],
  ["collation", named((name) => ({ _tag: "Collation", ...name }))]
]

const tooMany = (text: string): Reading => Either.left(`"${text}" has more parts than such a name can have`)

const identifier = /\s*(?:"((?:[^"]|"")+)"|([A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*))\s*/y

const partsOf = (text: string): Either.Either<ReadonlyArray<string>, string> => {
  const parts: Array<string> = []
  for (let at = 0; ; at = identifier.lastIndex + 1) {
    identifier.lastIndex = at
    const match = identifier.exec(text)
    if (match === null) return Either.left(`"${text.trim()}" is not a name`)
    parts.push(clip(match[1]?.replaceAll('""', '"') ?? foldCase(match[2] ?? "")))
    if (identifier.lastIndex === text.length) return Either.right(parts)
    if (text[identifier.lastIndex] !== ".") return Either.left(`"${text.trim()}" is not a name`)
  }
}

/** The server folds ASCII only, whatever the locale, in every multi-byte encoding. */
const foldCase = (name: string): string => name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())

const indexOutsideQuotes = (text: string, character: string): number => {
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '"') quoted = !quoted
    else if (!quoted && text[i] === character) return i
  }
  return -1
}

/** Splits at commas that stand outside quotes and parentheses. */
const splitList = (text: string): ReadonlyArray<string> => {
  const items: Array<string> = []
  let quote = ""
  let depth = 0
  let from = 0
  for (let i = 0; i < text.length; i++) {
    const character = text[i] ?? ""
    if (quote !== "") quote = character === quote ? "" : quote
    else if (character === '"' || character === "'") quote = character
    else if (character === "(") depth++
    else if (character === ")") depth--
    else if (character === "," && depth === 0) {
      items.push(text.slice(from, i))
      from = i + 1
    }
  }
  return [...items, text.slice(from)]
}
