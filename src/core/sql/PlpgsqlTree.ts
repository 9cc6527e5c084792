/**
 * The tree that the grammar of PL/pgSQL gives, which is plain data without types: from it come the pieces of SQL in the order
 * in which they stand, what becomes of each, under which conditions, and the variables that they go to.
 *
 * Source: src/pl/plpgsql/src/plpgsql.h, and the JSON output of libpg_query.
 *
 * @since 0.1.0
 * @internal
 */
import * as Option from "effect/Option"
import { isRecord } from "effect/Predicate"
import { nameFrom } from "../model/SchemaObject.js"
import { skipBlank, skipToken } from "../text/Lexer.js"
import { isBuiltIn } from "./ParsedType.js"

/** A piece of SQL in a body. @since 0.1.0 @category models */
export interface Fragment {
  readonly text: string
  /** Run as it stands; computed and then run; assigned; an array whose elements are assigned. */
  readonly role: "static" | "dynamic" | "value" | "array"
  /** The variable that a value or an array goes to, by number. */
  readonly variable: number | undefined
  /** Conditions, by the number of their fragment, that hold or do not where this one stands. */
  readonly guards: ReadonlyArray<{ readonly condition: number; readonly holds: boolean }>
  readonly isHandler: boolean
  /** Whether it is taken back, and nobody told, when something about it fails. */
  readonly mayBeUndone: boolean
}

/** @since 0.1.0 @category models */
export interface Fragments {
  readonly fragments: ReadonlyArray<Fragment>
  /** Of variables by number; empty for those without. */
  readonly names: ReadonlyArray<string>
  readonly aliases: ReadonlyArray<readonly [string, number]>
  /** Variables that something sets which is not a fragment: a query's result, a loop over rows. */
  readonly unknown: ReadonlySet<number>
  /** Types of variables that are not the server's own, and tables of `%TYPE`. */
  readonly types: ReadonlyArray<string>
}

/** @since 0.1.0 @category operations */
export const fragmentsOf = (tree: unknown): Fragments => {
  const out: Collected = { fragments: [], names: [], aliases: [], unknown: new Set(), types: [] }
  for (const entry of arrayOf(field(tree, "plpgsql_funcs"))) {
    const fn = field(entry, "PLpgSQL_function")
    arrayOf(field(fn, "datums")).forEach((datum, index) => declare(out, datum, index))
    for (const one of arrayOf(field(fn, "aliases"))) {
      const alias = field(one, "PLpgSQL_alias")
      const name = field(alias, "name")
      if (typeof name === "string") out.aliases.push([name, numberOf(field(alias, "varno"))])
    }
    walk(out, field(fn, "action"), everywhere)
  }
  return out
}

interface Collected extends Fragments {
  readonly fragments: Array<Fragment>
  readonly names: Array<string>
  readonly aliases: Array<readonly [string, number]>
  readonly unknown: Set<number>
  readonly types: Array<string>
}

/** Where in the body a node stands. */
type Place = Pick<Fragment, "guards" | "isHandler" | "mayBeUndone">

const everywhere: Place = { guards: [], isHandler: false, mayBeUndone: false }

const under = (place: Place, condition: number, holds: boolean): Place => ({
  ...place,
  guards: condition === -1 ? place.guards : [...place.guards, { condition, holds }]
})

const declare = (out: Collected, datum: unknown, index: number): void => {
  const variable = field(datum, "PLpgSQL_var") ?? field(datum, "PLpgSQL_rec") ?? field(datum, "PLpgSQL_row")
  const name = field(variable, "refname")
  const type = field(field(field(variable, "datatype"), "PLpgSQL_type"), "typname")
  out.names.push(typeof name === "string" ? name : "")
  if (field(datum, "PLpgSQL_var") === undefined) out.unknown.add(index)
  if (typeof type === "string") out.types.push(...declaredName(type))
  add(out, field(variable, "default_val"), everywhere, "value", index)
  add(out, field(variable, "cursor_explicit_expr"), everywhere, "static")
}

/** The number of the fragment, or -1 where there is none. */
const add = (out: Collected, value: unknown, place: Place, role: Fragment["role"], variable?: number): number => {
  const expression = field(value, "PLpgSQL_expr")
  const query = field(expression, "query")
  if (typeof query !== "string") return -1
  const mode = numberOf(field(expression, "parseMode"))
  const text = mode === 0 ? query : `SELECT ${mode > 2 ? afterAssignment(query) : query}`
  return out.fragments.push({ ...place, text, role, variable }) - 1
}

const walk = (out: Collected, value: unknown, place: Place): void => {
  if (Array.isArray(value)) for (const item of value) walk(out, item, place)
  else if (isRecord(value)) {
    for (const [kind, body] of Object.entries(value)) (nodes[kind] ?? inner)(out, body, place, value)
  }
}

/** What the catalog answers: whether something is there. */
const aboutExistence = /^(?:duplicate|undefined)_|^invalid_(?:schema|catalog)_name$/

/** A single statement that fails for what the catalog knows is as good as not there; about any other failure it knows nothing. */
const block = (out: Collected, body: unknown, place: Place): void => {
  const statements = arrayOf(field(body, "body"))
  const handlers = arrayOf(field(field(field(body, "exceptions"), "PLpgSQL_exception_block"), "exc_list"))
  const caught = handlers.flatMap((handler) => caughtBy(field(handler, "PLpgSQL_exception")))
  const isTold = statements.length === 1 && caught.every((name) => aboutExistence.test(name))
  walk(out, statements, caught.length === 0 || isTold ? place : { ...place, mayBeUndone: true })
  walk(out, field(body, "exceptions"), place)
}

/** Level of a `RAISE` that is an error; see src/include/utils/elog.h. */
const error = 21

/** What a handler keeps to itself. */
const caughtBy = (handler: unknown): ReadonlyArray<string> => {
  const last = field(arrayOf(field(handler, "action")).at(-1), "PLpgSQL_stmt_raise")
  if (numberOf(field(last, "elog_level")) >= error) return []
  return arrayOf(field(handler, "conditions")).map((one) => String(field(field(one, "PLpgSQL_condition"), "condname")))
}

type Visit = (out: Collected, body: unknown, place: Place, wrapper: unknown) => void

const inner: Visit = (out, body, place) => walk(out, body, place)

const branch: Visit = (out, body, place) => {
  const first = add(out, field(body, "cond"), place, "static")
  walk(out, field(body, "then_body"), under(place, first, true))
  let rest = under(place, first, false)
  for (const entry of arrayOf(field(body, "elsif_list"))) {
    const other = field(entry, "PLpgSQL_if_elsif")
    const condition = add(out, field(other, "cond"), rest, "static")
    walk(out, field(other, "stmts"), under(rest, condition, true))
    rest = under(rest, condition, false)
  }
  walk(out, field(body, "else_body"), rest)
}

const dynamic: Visit = (out, body, place) => {
  add(out, field(body, "query"), place, "dynamic")
  target(out, field(body, "target"))
  target(out, field(body, "var"))
  walk(out, field(body, "params"), place)
  walk(out, field(body, "body"), place)
}

/** What PL/pgSQL has words of its own for. */
const spoken = (out: Collected, text: string, place: Place): void =>
  void out.fragments.push({ ...place, text, role: "static", variable: undefined })

const nodes: Readonly<Record<string, Visit>> = {
  PLpgSQL_diag_item: (out, body) => void out.unknown.add(numberOf(field(body, "target"))),
  PLpgSQL_exception: (out, body, place) => walk(out, field(body, "action"), { ...place, isHandler: true }),
  PLpgSQL_expr: (out, _, place, wrapper) => void add(out, wrapper, place, "static"),
  PLpgSQL_stmt_assign: (out, body, place) =>
    void add(out, field(body, "expr"), place, "value", numberOf(field(body, "varno"))),
  PLpgSQL_stmt_block: block,
  PLpgSQL_stmt_commit: (out, _, place) => spoken(out, "COMMIT", place),
  PLpgSQL_stmt_dynexecute: dynamic,
  PLpgSQL_stmt_dynfors: dynamic,
  PLpgSQL_stmt_foreach_a: (out, body, place) => {
    add(out, field(body, "expr"), place, "array", numberOf(field(body, "varno")))
    walk(out, field(body, "body"), place)
  },
  PLpgSQL_stmt_if: branch,
  PLpgSQL_stmt_rollback: (out, _, place) => spoken(out, "ROLLBACK", place),
  dynquery: (out, body, place) => void add(out, body, place, "dynamic"),
  target: (out, body) => target(out, body),
  var: (out, body) => target(out, body)
}

/** Variables that a query's result goes into. */
const target = (out: Collected, value: unknown): void => {
  for (const entry of arrayOf(field(field(value, "PLpgSQL_row"), "fields"))) {
    out.unknown.add(numberOf(field(entry, "varno")))
  }
  const name = field(field(value, "PLpgSQL_var"), "refname")
  if (typeof name === "string") {
    out.names.forEach((other, index) => {
      if (other === name) out.unknown.add(index)
    })
  }
}

/** `app.users.email%TYPE` names a table, `app.mood[]` a type; PostgreSQL's own are left out. */
const declaredName = (type: string): ReadonlyArray<string> => {
  const column = /^(.*)%type$/i.exec(type)
  if (column !== null) return (column[1] ?? "").includes(".") ? [(column[1] ?? "").replace(/\.[^.]*$/, "")] : []
  const plain = type
    .replace(/\(.*$/s, "")
    .replace(/(?:\[\d*\])+$/, "")
    .trim()
  return Option.match(nameFrom(plain), {
    onNone: () => [],
    onSome: ({ name, schema }) => (isBuiltIn([...Option.toArray(schema), name]) || sqlWords.has(name) ? [] : [plain])
  })
}

/** Words for types that only the grammar of SQL knows. */
const sqlWords: ReadonlySet<string> = new Set(
  "int integer smallint bigint real float decimal dec numeric boolean character varying nchar refcursor".split(" ")
)

const field = (value: unknown, key: string): unknown => (isRecord(value) ? value[key] : undefined)

const arrayOf = (value: unknown): ReadonlyArray<unknown> => (Array.isArray(value) ? value : [])

/** A zero is left out of the tree. */
const numberOf = (value: unknown): number => (typeof value === "number" ? value : 0)

/** `a.b[1] := x` without its left side. */
const afterAssignment = (text: string): string => {
  for (let at = skipBlank(text, 0); at < text.length; at = skipBlank(text, skipToken(text, at))) {
    if (text.startsWith(":=", at)) return text.slice(at + 2)
    if (text[at] === "=") return text.slice(at + 1)
  }
  return text
}
