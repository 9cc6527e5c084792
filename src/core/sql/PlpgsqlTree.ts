/**
 * Reads the tree of a PL/pgSQL body, which is untyped data: the fragments of SQL in order, the role and conditions of
 * each, and the variables that they set.
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

/** A piece of SQL in a body: a statement or an expression. @since 0.1.0 @category models */
export interface Fragment {
  readonly text: string
  /**
   * `static`: the SQL runs. `dynamic`: the value of the expression runs as SQL. `value`: the expression is assigned.
   * `array`: the elements of the array are assigned.
   */
  readonly role: "static" | "dynamic" | "value" | "array"
  /** The number of the variable that gets the value or the elements. */
  readonly variable: number | undefined
  /** Conditions that hold, or do not hold, where the fragment stands; `condition` is the number of a fragment. */
  readonly guards: ReadonlyArray<{ readonly condition: number; readonly holds: boolean }>
  /** Whether it stands in an exception handler. */
  readonly isHandler: boolean
  /** Whether an exception handler may roll it back without an error. */
  readonly mayBeUndone: boolean
}

/** @since 0.1.0 @category models */
export interface Fragments {
  readonly fragments: ReadonlyArray<Fragment>
  /** The names of variables by number; empty for a variable without name. */
  readonly names: ReadonlyArray<string>
  /** Other names of variables, with the number of the variable. */
  readonly aliases: ReadonlyArray<readonly [string, number]>
  /** Variables that are set by something other than a fragment: a query's result, a loop over rows. */
  readonly unknown: ReadonlySet<number>
  /** Types of variables, except PostgreSQL's own, and tables of `%TYPE`. */
  readonly types: ReadonlyArray<string>
}

/** The fragments of a tree that `Parser.plpgsql` gives. @since 0.1.0 @category operations */
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
    walk(out, field(fn, "action"), outermost)
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

/** The conditions and handlers around a node. */
type Place = Pick<Fragment, "guards" | "isHandler" | "mayBeUndone">

const outermost: Place = { guards: [], isHandler: false, mayBeUndone: false }

const guarded = (place: Place, condition: number, holds: boolean): Place => ({
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
  add(out, field(variable, "default_val"), outermost, "value", index)
  add(out, field(variable, "cursor_explicit_expr"), outermost, "static")
}

/** Adds a fragment and answers its number, or -1 if the value is no fragment. */
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

/** Conditions that say whether an object exists: the catalog can answer them. */
const aboutExistence = /^(?:duplicate|undefined)_|^invalid_(?:schema|catalog)_name$/

/**
 * A handler may undo the statements of its block. It is ignored for a single statement whose caught errors are all
 * about existence, because the catalog tells whether that statement fails.
 */
const block = (out: Collected, body: unknown, place: Place): void => {
  const statements = arrayOf(field(body, "body"))
  const handlers = arrayOf(field(field(field(body, "exceptions"), "PLpgSQL_exception_block"), "exc_list"))
  const caught = handlers.flatMap((handler) => caughtBy(field(handler, "PLpgSQL_exception")))
  const isForeseen = statements.length === 1 && caught.every((name) => aboutExistence.test(name))
  walk(out, statements, caught.length === 0 || isForeseen ? place : { ...place, mayBeUndone: true })
  walk(out, field(body, "exceptions"), place)
}

/** Level of a `RAISE` that is an error; see src/include/utils/elog.h. */
const error = 21

/** The conditions that a handler catches and does not raise again. */
const caughtBy = (handler: unknown): ReadonlyArray<string> => {
  const last = field(arrayOf(field(handler, "action")).at(-1), "PLpgSQL_stmt_raise")
  if (numberOf(field(last, "elog_level")) >= error) return []
  return arrayOf(field(handler, "conditions")).map((one) => String(field(field(one, "PLpgSQL_condition"), "condname")))
}

type Visit = (out: Collected, body: unknown, place: Place, wrapper: unknown) => void

const inner: Visit = (out, body, place) => walk(out, body, place)

const branch: Visit = (out, body, place) => {
  const first = add(out, field(body, "cond"), place, "static")
  walk(out, field(body, "then_body"), guarded(place, first, true))
  let rest = guarded(place, first, false)
  for (const entry of arrayOf(field(body, "elsif_list"))) {
    const other = field(entry, "PLpgSQL_if_elsif")
    const condition = add(out, field(other, "cond"), rest, "static")
    walk(out, field(other, "stmts"), guarded(rest, condition, true))
    rest = guarded(rest, condition, false)
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

/** Adds a statement that PL/pgSQL has a keyword of its own for. */
const ownStatement = (out: Collected, text: string, place: Place): void =>
  void out.fragments.push({ ...place, text, role: "static", variable: undefined })

const nodes: Readonly<Record<string, Visit>> = {
  PLpgSQL_diag_item: (out, body) => void out.unknown.add(numberOf(field(body, "target"))),
  PLpgSQL_exception: (out, body, place) => walk(out, field(body, "action"), { ...place, isHandler: true }),
  PLpgSQL_expr: (out, _, place, wrapper) => void add(out, wrapper, place, "static"),
  PLpgSQL_stmt_assign: (out, body, place) =>
    void add(out, field(body, "expr"), place, "value", numberOf(field(body, "varno"))),
  PLpgSQL_stmt_block: block,
  PLpgSQL_stmt_commit: (out, _, place) => ownStatement(out, "COMMIT", place),
  PLpgSQL_stmt_dynexecute: dynamic,
  PLpgSQL_stmt_dynfors: dynamic,
  PLpgSQL_stmt_foreach_a: (out, body, place) => {
    add(out, field(body, "expr"), place, "array", numberOf(field(body, "varno")))
    walk(out, field(body, "body"), place)
  },
  PLpgSQL_stmt_if: branch,
  PLpgSQL_stmt_rollback: (out, _, place) => ownStatement(out, "ROLLBACK", place),
  dynquery: (out, body, place) => void add(out, body, place, "dynamic"),
  target: (out, body) => target(out, body),
  var: (out, body) => target(out, body)
}

/** Marks the variables that a query's result is stored in as unknown. */
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

/** The table of `app.users.email%TYPE` or the type of `app.mood[]`; PostgreSQL's own types are left out. */
const declaredName = (type: string): ReadonlyArray<string> => {
  const column = /^(.*)%type$/i.exec(type)
  if (column !== null) return (column[1] ?? "").includes(".") ? [(column[1] ?? "").replace(/\.[^.]*$/, "")] : []
  const plain = type
    .replace(/\(.*$/s, "")
    .replace(/(?:\[\d*\])+$/, "")
    .trim()
  return Option.match(nameFrom(plain), {
    onNone: () => [],
    onSome: ({ name, schema }) =>
      isBuiltIn([...Option.toArray(schema), name]) || sqlTypeNames.has(name) ? [] : [plain]
  })
}

/** Type names that the grammar of SQL translates, such as `int`. */
const sqlTypeNames: ReadonlySet<string> = new Set(
  "int integer smallint bigint real float decimal dec numeric boolean character varying nchar refcursor".split(" ")
)

const field = (value: unknown, key: string): unknown => (isRecord(value) ? value[key] : undefined)

const arrayOf = (value: unknown): ReadonlyArray<unknown> => (Array.isArray(value) ? value : [])

/** A number of the tree, which leaves out zeros. */
const numberOf = (value: unknown): number => (typeof value === "number" ? value : 0)

/** The right side of `a.b[1] := x`. */
const afterAssignment = (text: string): string => {
  for (let at = skipBlank(text, 0); at < text.length; at = skipBlank(text, skipToken(text, at))) {
    if (text.startsWith(":=", at)) return text.slice(at + 2)
    if (text[at] === "=") return text.slice(at + 1)
  }
  return text
}
