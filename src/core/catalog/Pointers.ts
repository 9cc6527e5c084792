/**
 * Every name by which an object of the simulated catalog points at another one. The server points by OID, so a pointer
 * follows a rename there; the simulated catalog points by name, so a rename turns each pointer. The tables below have a
 * row for each field of the model, and the compiler asks for the row of a new field.
 *
 * **Laws**
 *
 * 1. After `turnAll`, no object points at the old name, unless another object still has it.
 * 2. An object without a pointer at the old name stays the same value.
 *
 * @since 0.1.0
 * @internal
 */
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import type { Arbiter } from "../model/Arbiter.js"
import * as DeclaredRoutine from "../model/DeclaredRoutine.js"
import * as HazardKey from "../model/HazardKey.js"
import type { QualifiedName, SchemaObject } from "../model/SchemaObject.js"
import { withNames } from "../sql/BoundNames.js"
import * as ExpressionText from "../sql/ExpressionText.js"
import { wordingOfName } from "../sql/ParsedType.js"
import type {
  Attachment,
  Column,
  Constraint,
  DomainConstraint,
  HiddenCall,
  NamedObject,
  Relation,
  Routine,
  SimulatedCatalog,
  Type
} from "./Model.js"
import * as Catalog from "./SimulatedCatalog.js"

/**
 * The new keys of each old key, with the old one where another object still has it.
 *
 * @since 0.1.0
 * @category models
 */
export type KeyTurn = ReadonlyMap<HazardKey.HazardKey, ReadonlyArray<HazardKey.HazardKey>>

/** How pointers turn. Each function returns its argument where a pointer stays. @since 0.1.0 @category models */
export interface Turn {
  readonly relation: (name: QualifiedName) => QualifiedName
  /** A type, or a relation as the type of its rows. */
  readonly type: (name: QualifiedName) => QualifiedName
  /** Two names where an overload keeps the old one: a call does not tell which overload it means. */
  readonly routine: (name: QualifiedName) => ReadonlyArray<QualifiedName>
  readonly column: (table: QualifiedName, column: string) => string
  readonly constraint: (table: QualifiedName, constraint: string) => string
  readonly object: (object: SchemaObject) => SchemaObject
  readonly keys: KeyTurn
}

/** Turns no pointer. @since 0.1.0 @category constructors */
export const still: Turn = {
  relation: (name) => name,
  type: (name) => name,
  routine: (name) => [name],
  column: (_, column) => column,
  constraint: (_, constraint) => constraint,
  object: (object) => object,
  keys: new Map()
}

/** Turns one name into another. @since 0.1.0 @category constructors */
export const from =
  (old: QualifiedName, next: QualifiedName) =>
  (name: QualifiedName): QualifiedName =>
    Catalog.isSameName(name, old) ? next : name

/** The hazard keys after a rename. @since 0.1.0 @category operations */
export const turnKeys = (keys: ReadonlySet<HazardKey.HazardKey>, turned: KeyTurn): ReadonlySet<HazardKey.HazardKey> => {
  const hit = [...turned.keys()].filter((key) => keys.has(key))
  if (hit.length === 0) return keys
  const next = new Set(keys)
  for (const key of hit) next.delete(key)
  for (const key of hit) for (const other of turned.get(key) ?? []) next.add(other)
  return next
}

/** Whether an object of the catalog has a key, and not only pointers at it. @since 0.1.0 @category queries */
export const isNamed = (catalog: SimulatedCatalog, key: HazardKey.HazardKey): boolean => {
  const after = (start: string): string | undefined => (key.startsWith(start) ? key.slice(start.length) : undefined)
  const [routine, constraint] = [after(HazardKey.routine("")), after(HazardKey.constraint(""))]
  if (routine !== undefined && Catalog.routinesCalled(catalog, routine).length > 0) return true
  if (constraint !== undefined && Catalog.tablesConstrained(catalog, constraint).length > 0) return true
  return (
    Catalog.relationsCalled(catalog, key).length > 0 ||
    Catalog.typesCalled(catalog, key).length > 0 ||
    HashMap.has(catalog.named, key) ||
    isAttached(catalog, key) ||
    isColumn(catalog, key)
  )
}

const isAttached = (catalog: SimulatedCatalog, key: HazardKey.HazardKey): boolean =>
  [HazardKey.trigger(""), HazardKey.policy("")].some((start) => key.startsWith(start)) &&
  Catalog.allRelations(catalog).some(({ attachments }) =>
    attachments.some(({ name }) => key === HazardKey.trigger(name) || key === HazardKey.policy(name))
  )

const isColumn = (catalog: SimulatedCatalog, key: HazardKey.HazardKey): boolean => {
  const table = key.startsWith(HazardKey.column("")) ? key.slice(key.lastIndexOf(" of ") + " of ".length) : undefined
  return (
    table !== undefined &&
    Catalog.relationsCalled(catalog, table).some(({ columns }) =>
      columns.some(({ name }) => key === HazardKey.columnOf(table, name))
    )
  )
}

/** A turn inside one relation. An unqualified column in an expression is one of the relation or of its owner. */
interface Inside {
  readonly turn: Turn
  readonly table: QualifiedName
}

type Rows<A> = { readonly [K in keyof A]: (value: A[K], inside: Inside, whole: A) => A[K] }

/** The same record if no field changes, so that most of the catalog stays as it is. */
const turned = <A extends object>(rows: Rows<A>, record: A, inside: Inside): A => {
  let next = record
  for (const field in rows) {
    const value = rows[field](record[field], inside, record)
    if (value !== record[field]) next = { ...next, [field]: value }
  }
  return next
}

const kept = <A>(value: A): A => value

const each = <A>(items: ReadonlyArray<A>, change: (item: A) => A): ReadonlyArray<A> => {
  const next = items.map(change)
  return next.some((item, index) => item !== items[index]) ? next : items
}

const eachOf = <A>(items: ReadonlyArray<A>, change: (item: A) => ReadonlyArray<A>): ReadonlyArray<A> => {
  const next = items.flatMap(change)
  return next.length !== items.length || next.some((item, index) => item !== items[index]) ? next : items
}

const maybe = <A>(option: Option.Option<A>, change: (value: A) => A): Option.Option<A> => {
  if (Option.isNone(option)) return option
  const next = change(option.value)
  return next === option.value ? option : Option.some(next)
}

const records =
  <A extends object>(rows: Rows<A>) =>
  (items: ReadonlyArray<A>, inside: Inside): ReadonlyArray<A> =>
    each(items, (item) => turned(rows, item, inside))

const relations = (names: ReadonlyArray<QualifiedName>, { turn }: Inside) => each(names, turn.relation)
const relation = (name: Option.Option<QualifiedName>, { turn }: Inside) => maybe(name, turn.relation)
const types = (names: ReadonlyArray<QualifiedName>, { turn }: Inside) => each(names, turn.type)
const keys = (set: ReadonlySet<HazardKey.HazardKey>, { turn }: Inside) => turnKeys(set, turn.keys)
const own = (name: string, { table, turn }: Inside) => turn.column(table, name)
const owns = (names: ReadonlyArray<string>, inside: Inside) => each(names, (name) => own(name, inside))

/** Keys in an expression: those of objects, of columns, and of the columns of a table. */
const uses = (all: ReadonlyArray<HazardKey.HazardKey>, { table, turn }: Inside): ReadonlyArray<HazardKey.HazardKey> =>
  eachOf(all, (key) => {
    const exact = turn.keys.get(key)
    if (exact !== undefined) return exact
    if (!key.startsWith(HazardKey.column(""))) return [key]
    for (const [old, next] of turn.keys) {
      const suffix = HazardKey.columnOf(old, "").slice(HazardKey.column("").length)
      if (key.endsWith(suffix)) {
        const column = key.slice(HazardKey.column("").length, -suffix.length)
        return next.map((name) => HazardKey.columnOf(name, column))
      }
    }
    const name = key.slice(HazardKey.column("").length)
    const column = turn.column(table, name)
    return column === name ? [key] : [HazardKey.column(column)]
  })

const calls = (all: ReadonlyArray<HiddenCall>, { turn }: Inside): ReadonlyArray<HiddenCall> =>
  eachOf(all, (call) => {
    const names = turn.routine(call.name)
    return names.length === 1 && names[0] === call.name ? [call] : names.map((name) => ({ ...call, name }))
  })

const columnRows: Rows<Column> = {
  name: own,
  type: (name, { turn }) => turn.type(name),
  wording: (wording, { turn }, { type }) => turnWording(wording, [type], turn),
  collation: (key, { turn }) => maybe(key, (old) => turn.keys.get(old)?.[0] ?? old),
  modifiers: kept,
  isNotNull: kept,
  hasDefault: kept,
  isGenerated: kept,
  isLocal: kept,
  uses
}

const constraintRows: Rows<Constraint> = {
  name: (name, { table, turn }) => turn.constraint(table, name),
  kind: kept,
  columns: owns,
  references: relation,
  referencedColumns: (names, { turn }, { references }) =>
    Option.isNone(references) ? names : each(names, (name) => turn.column(references.value, name)),
  condition: (condition, inside) =>
    maybe(condition, (text) => ExpressionText.renamed(text, (column) => own(column, inside))),
  onReferenced: kept,
  isValidated: kept,
  isLocal: kept,
  uses
}

const attachmentRows: Rows<Attachment> = {
  kind: kept,
  name: kept,
  uses,
  calls,
  alsoWrites: relations
}

const texts = (all: ReadonlyArray<string>, inside: Inside) =>
  each(all, (text) => ExpressionText.renamed(text, (column) => own(column, inside)))

const arbiterRows: Rows<Arbiter> = { columns: owns, expressions: texts, classes: texts, conditions: texts }

const relationRows: Rows<Relation> = {
  name: kept,
  creation: kept,
  kind: kept,
  isExternal: kept,
  isTemporary: kept,
  isPartitioned: kept,
  isDefaultPartition: kept,
  columns: records(columnRows),
  constraints: records(constraintRows),
  attachments: records(attachmentRows),
  onWrite: calls,
  onRead: calls,
  alsoWrites: relations,
  parts: relations,
  owner: relation,
  ownerColumn: (name, inside) => maybe(name, (column) => own(column, inside)),
  isIdentity: kept,
  isConstraint: kept,
  indexColumns: owns,
  included: owns,
  isUnique: kept,
  arbiter: (offered, inside) => maybe(offered, (one) => turned(arbiterRows, one, inside)),
  hasOnlyColumns: kept,
  isPartial: kept,
  parents: relations,
  children: relations,
  referencedBy: relations,
  uses,
  base: relations,
  dependencies: keys
}

const domainConstraintRows: Rows<DomainConstraint> = { name: kept, uses }

const typeRows: Rows<Type> = {
  name: kept,
  kind: kept,
  extension: kept,
  isExternal: kept,
  isCertain: kept,
  values: kept,
  parts: types,
  constraints: records(domainConstraintRows),
  onWrite: calls,
  runs: calls,
  uses,
  dependencies: keys
}

const aggregateRows: Rows<DeclaredRoutine.DeclaredBody> = {
  language: kept,
  source: (names, { turn }) => maybe(names, (lines) => turnNames(lines, turn)),
  file: kept
}

const routineRows: Rows<Routine> = {
  name: kept,
  kind: kept,
  inputs: (inputs, { turn }, whole) => each(inputs, (wording) => turnWording(wording, whole.types, turn)),
  minArity: kept,
  maxArity: kept,
  types,
  body: (body, { turn }) =>
    body._tag === "Opaque" || !body.isBound
      ? body
      : withNames(body, { relation: turn.relation, type: turn.type, routine: turn.routine }),
  declared: (declared, inside) =>
    declared.language === DeclaredRoutine.ofAggregate ? turned(aggregateRows, declared, inside) : declared,
  isCertain: kept,
  uses,
  onCall: calls,
  dependencies: keys
}

const namedRows: Rows<NamedObject> = {
  key: kept,
  objects: (objects, { turn }) => each(objects, turn.object),
  runs: calls,
  dependencies: keys
}

const turnNames = (names: string, { routine }: Turn): string =>
  names
    .split("\n")
    .flatMap((name) => routine({ schema: Option.none(), name }).map((next) => next.name))
    .toSorted()
    .join("\n")

/** The wording of a type in a signature or a column, such as `app.mood[]`, after a rename of the type. */
const turnWording = (wording: string, candidates: ReadonlyArray<QualifiedName>, turn: Turn): string => {
  const element = wording.replace(/^public\.|\[\]$/g, "")
  const type = candidates.find((name) => worded(name) === element)
  const next = type === undefined ? undefined : turn.type(type)
  return next === undefined || next === type ? wording : `${worded(next)}${wording.endsWith("[]") ? "[]" : ""}`
}

/** The wording of a name, in which the schema `public` is left out. */
const worded = ({ name, schema }: QualifiedName): string =>
  wordingOfName(Option.getOrUndefined(Option.filter(schema, (one) => one !== "public")), name)

/** A catalog after a turn, and the routines whose signature and so identity changed. @since 0.1.0 @category models */
export interface Turned {
  readonly catalog: SimulatedCatalog
  readonly resigned: ReadonlyArray<{ readonly before: Routine; readonly after: Routine }>
}

/** Turns every pointer of the catalog. @since 0.1.0 @category updates */
export const turnAll = (before: SimulatedCatalog, turn: Turn): Turned => {
  let catalog = before
  for (const one of Catalog.allRelations(before)) {
    const table = Option.getOrElse(one.owner, () => one.name)
    const next = turned(relationRows, one, { turn, table })
    if (next !== one) catalog = Catalog.putRelation(catalog, next)
  }
  for (const one of Catalog.allTypes(before)) {
    const next = turned(typeRows, one, { turn, table: one.name })
    if (next !== one) catalog = Catalog.putType(catalog, next)
  }
  for (const named of HashMap.values(before.named)) {
    const next = turned(namedRows, named, { turn, table: noTable })
    if (next !== named) catalog = Catalog.putNamed(catalog, next)
  }
  const resigned: Array<Turned["resigned"][number]> = []
  for (const one of Catalog.allRoutines(before)) {
    const next = turned(routineRows, one, { turn, table: one.name })
    if (next === one) continue
    catalog = Catalog.putRoutine(Catalog.removeRoutine(catalog, one), next)
    if (!Catalog.isSameRoutine(one, next)) resigned.push({ before: one, after: next })
  }
  return { catalog: withKeys(catalog, turn), resigned }
}

const withKeys = (catalog: SimulatedCatalog, { keys: renamed }: Turn): SimulatedCatalog => ({
  ...catalog,
  readByAll: [...turnKeys(new Set(catalog.readByAll), renamed)],
  changedInBodies: turnKeys(catalog.changedInBodies, renamed),
  uncertain: turnKeys(catalog.uncertain, renamed)
})

const noTable: QualifiedName = { schema: Option.none(), name: "" }
