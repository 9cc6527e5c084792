/**
 * An index from schema objects to the migrations that provide and remove them.
 *
 * Two names match if their last parts are equal and their schemas are equal or unknown on one side. `search_path` is not known
 * here, so a bare name may mean any schema, and means `public` first. The better match comes first.
 *
 * **Laws**
 *
 * 1. An object that a migration provides is among the candidates for itself, from its last provider.
 * 2. Candidates are ordered by how well they match, then by the graph's order; no object appears twice.
 * 3. A candidate is removed exactly if a migration after its last provider removes it, or its table, type or schema.
 *
 * @internal
 */

import * as Option from "effect/Option"
import * as Order from "effect/Order"
import type { Migration } from "../migration/Migration.js"
import * as Arbiter from "../model/Arbiter.js"
import { append } from "../model/Multimap.js"
import * as SchemaObject from "../model/SchemaObject.js"

/** An object, and the rank in the graph's order of the migration that provides or removes it. */
export interface Entry {
  readonly object: SchemaObject.SchemaObject
  readonly rank: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Index {
  /** By kind and bare name, columns and constraints also by the bare name of their table. Entries are in the graph's order. */
  readonly provided: ReadonlyMap<string, ReadonlyArray<Entry>>
  /** Columns and constraints by their own name only. */
  readonly members: ReadonlyMap<string, ReadonlyArray<Entry>>
  readonly removed: ReadonlyMap<string, ReadonlyArray<Entry>>
  /** Columns by the bare name of their table. */
  readonly columns: ReadonlyMap<string, ReadonlyArray<Entry>>
}

/**
 * A provided object that may be the missing one.
 *
 * @since 0.1.0
 * @category models
 */
export interface Candidate extends Entry {
  /** 0 if both names are equal and equally complete. A larger distance is a less certain match. */
  readonly distance: number
  /** `false` for a routine whose arguments differ from those of the call, though casts or defaults may make the call possible. */
  readonly matchesSignature: boolean
  /** The rank of the first later migration that removes it. */
  readonly removedBy: Option.Option<number>
}

/** Indexes migrations that are in the graph's order. @since 0.1.0 @category constructors */
export const make = (migrations: ReadonlyArray<Migration>): Index => {
  const provided = new Map<string, Array<Entry>>()
  const members = new Map<string, Array<Entry>>()
  const removed = new Map<string, Array<Entry>>()
  const columns = new Map<string, Array<Entry>>()
  for (const [rank, { footprint }] of migrations.entries()) {
    for (const object of footprint.provides) {
      const entry = { object, rank }
      append(provided, slotOf(object), entry)
      if (object._tag === "Column") append(columns, bareName(object.relation), entry)
      if (object._tag === "Column" || object._tag === "Constraint") append(members, memberSlot(object), entry)
    }
    for (const object of footprint.removes) append(removed, slotOf(object), { object, rank })
  }
  return { provided, members, removed, columns }
}

/**
 * The objects that the missing one may be, each with its last provider, in the order of {@link byMatch}.
 *
 * @since 0.1.0
 * @category queries
 */
export const candidates = (index: Index, missing: SchemaObject.SchemaObject): ReadonlyArray<Candidate> => {
  const byKey = new Map<string, Candidate>()
  for (const entry of entriesFor(index, missing)) {
    const distance = distanceBetween(missing, entry.object)
    if (distance === undefined) continue
    byKey.set(SchemaObject.key(entry.object), {
      ...entry,
      distance,
      matchesSignature: matchesSignature(missing, entry.object),
      removedBy: Option.none()
    })
  }
  return [...byKey.values()]
    .map((candidate) => ({ ...candidate, removedBy: removerOf(index, candidate) }))
    .sort(byMatch)
}

/**
 * Whether a migration provides an object of that kind and bare name. Where it is `false`, the object has no candidates.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isNamed = (index: Index, missing: SchemaObject.SchemaObject): boolean =>
  entriesFor(index, missing).length > 0

/**
 * The object with the schema `public`, which a name without a schema means, where migrations make one of the same name in
 * another schema. An error then says which of the two is meant.
 *
 * @since 0.1.0
 * @category operations
 */
export const qualified = (index: Index, object: SchemaObject.SchemaObject): SchemaObject.SchemaObject => {
  const name = Option.filter(qualifiedPart(object), ({ schema }) => Option.isNone(schema))
  const isElsewhere = (entry: Entry): boolean =>
    Option.exists(qualifiedPart(entry.object), ({ schema }) => Option.exists(schema, (one) => one !== "public"))
  if (Option.isNone(name) || !(index.provided.get(slotOf(object)) ?? noEntries).some(isElsewhere)) return object
  const inPublic = { schema: Option.some("public"), name: name.value.name }
  if ("schema" in object) return { ...object, schema: inPublic.schema }
  if ("relation" in object) return { ...object, relation: Option.some(inPublic) }
  return object._tag === "EnumValue" ? { ...object, type: inPublic } : object
}

/** The names of the columns that migrations give to a table of this bare name. @since 0.1.0 @category queries */
export const columnsOf = (index: Index, { name }: SchemaObject.QualifiedName): ReadonlyArray<string> => [
  ...new Set(
    (index.columns.get(name) ?? noEntries).flatMap(({ object }) => (object._tag === "Column" ? [object.name] : []))
  )
]

/** The better match first, then the graph's order. @since 0.1.0 @category instances */
export const byMatch: Order.Order<Candidate> = Order.combineAll([
  Order.mapInput(Order.number, (candidate: Candidate) => candidate.distance),
  Order.mapInput(Order.number, (candidate: Candidate) => candidate.rank),
  Order.mapInput(SchemaObject.Order, (candidate: Candidate) => candidate.object)
])

const noEntries: ReadonlyArray<Entry> = []

const entriesFor = (index: Index, missing: SchemaObject.SchemaObject): ReadonlyArray<Entry> => {
  const entries = index.provided.get(slotOf(missing)) ?? noEntries
  switch (missing._tag) {
    case "Column":
    case "Constraint":
      return Option.isNone(missing.relation)
        ? (index.members.get(memberSlot(missing)) ?? noEntries)
        : [...entries, ...(index.provided.get(slotOf({ ...missing, relation: Option.none() })) ?? noEntries)]
    case "Type":
      return [...entries, ...(index.provided.get(slotOf(SchemaObject.relation(missing))) ?? noEntries)]
    case "ConflictTarget":
      return Option.isNone(missing.relation) ? noEntries : entries
    case "Relaxation":
      return missing.rule === "column" ? (index.columns.get(bareName(missing.relation)) ?? noEntries) : entries
    case "Relation":
    case "Routine":
    case "Schema":
    case "EnumValue":
    case "Collation":
    case "Operator":
    case "TextSearchConfiguration":
    case "Role":
    case "Extension":
      return entries
  }
}

/** The key of an object in the index: its kind and its bare names. No identifier holds a NUL. */
const slotOf = (object: SchemaObject.SchemaObject): string => {
  switch (object._tag) {
    case "Column":
    case "Constraint":
      return `${object._tag}\0${bareName(object.relation)}\0${object.name}`
    case "ConflictTarget":
      return `${object._tag}\0${bareName(object.relation)}`
    case "Relaxation":
      return isOneOfMany(object)
        ? `${object._tag}\0${object.rule}`
        : `${object._tag}\0${object.rule}\0${bareName(object.relation)}\0${object.name}`
    case "EnumValue":
      return `${object._tag}\0${object.type.name}\0${object.value}`
    case "Relation":
    case "Routine":
    case "Type":
    case "Schema":
    case "Collation":
    case "Operator":
    case "TextSearchConfiguration":
    case "Role":
    case "Extension":
      return `${object._tag}\0${object.name}`
  }
}

/** A length, whose column an error does not name, or a partition, whose name it does not know. */
const isOneOfMany = ({ rule }: SchemaObject.Relaxation): boolean => rule === "length" || rule === "partition"

const memberSlot = (object: SchemaObject.Column | SchemaObject.Constraint): string => `${object._tag}\0${object.name}`

const bareName = (name: Option.Option<SchemaObject.QualifiedName>): string =>
  Option.match(name, { onNone: () => "", onSome: (relation) => relation.name })

/** The part of an object's name that can carry a schema. */
const qualifiedPart = (object: SchemaObject.SchemaObject): Option.Option<SchemaObject.QualifiedName> => {
  switch (object._tag) {
    case "Relation":
    case "Routine":
    case "Type":
    case "Collation":
    case "Operator":
    case "TextSearchConfiguration":
      return Option.some(object)
    case "Column":
    case "Constraint":
    case "ConflictTarget":
    case "Relaxation":
      return object.relation
    case "EnumValue":
      return Option.some(object.type)
    case "Schema":
    case "Role":
    case "Extension":
      return Option.none()
  }
}

/** The distance of two objects of one slot; `undefined` if they cannot be the same object. */
const distanceBetween = (
  missing: SchemaObject.SchemaObject,
  provided: SchemaObject.SchemaObject
): number | undefined => {
  const names = nameDistance(qualifiedPart(missing), qualifiedPart(provided))
  if (names === undefined) return undefined
  if (missing._tag === "Operator" && provided._tag === "Operator") {
    const operands = operandDistance(missing.operands, provided.operands)
    return operands === undefined ? undefined : names + operands
  }
  if (
    missing._tag === "ConflictTarget" &&
    provided._tag === "ConflictTarget" &&
    !Arbiter.isArbiterFor(provided, missing)
  )
    return undefined
  if (missing._tag === "Relaxation" && provided._tag === "Relaxation" && !isSameRule(missing, provided))
    return undefined
  if (missing._tag !== "Routine" || provided._tag !== "Routine")
    return missing._tag === provided._tag ? names : names + 1
  const calls = callDistance(missing.arguments, provided.arguments)
  return calls === undefined ? undefined : names + calls
}

const isSameRule = (missing: SchemaObject.Relaxation, provided: SchemaObject.Relaxation): boolean =>
  bareName(missing.relation) === bareName(provided.relation) &&
  (missing.name === provided.name || (missing.rule === "partition" && [missing.name, provided.name].includes("")))

const nameDistance = (
  self: Option.Option<SchemaObject.QualifiedName>,
  that: Option.Option<SchemaObject.QualifiedName>
): number | undefined => {
  if (Option.isNone(self) || Option.isNone(that)) return Option.isNone(self) && Option.isNone(that) ? 0 : 1
  const [left, right] = [self.value.schema, that.value.schema]
  if (Option.isNone(left) && Option.isNone(right)) return 0
  const only = Option.orElse(left, () => right)
  if (Option.isNone(left) || Option.isNone(right)) return Option.contains(only, "public") ? 1 : 2
  return left.value === right.value ? 0 : undefined
}

/**
 * The distance of a call from a signature; `undefined` if the call cannot mean it. The server names the types of a call before any
 * cast, so only their number can exclude a signature. Defaults may replace the last arguments, and a last array may be variadic.
 */
const callDistance = (
  call: Option.Option<ReadonlyArray<string>>,
  signature: Option.Option<ReadonlyArray<string>>
): number | undefined => {
  if (Option.isNone(call) || Option.isNone(signature)) return Option.isNone(call) && Option.isNone(signature) ? 0 : 1
  const [given, wanted] = [call.value, signature.value]
  if (given.length === wanted.length) return given.every((type, at) => type === wanted[at]) ? 0 : 2
  if (given.length < wanted.length) return 3
  return wanted.at(-1)?.endsWith("[]") === true ? 3 : undefined
}

/** The types of a group are cast to each other where an operator needs it. */
const castable: ReadonlyArray<ReadonlySet<string>> = [
  new Set(["text", "character varying", "character", "name", "citext"]),
  new Set(["smallint", "integer", "bigint", "numeric", "real", "double precision"]),
  new Set(["date", "timestamp without time zone", "timestamp with time zone"])
]

/**
 * The distance of operands from those of an operator; `undefined` if it cannot have them. Most names of operators stand for many, so
 * that unlike {@link callDistance} the types exclude. A constant has the type `unknown`.
 */
const operandDistance = (
  given: Option.Option<ReadonlyArray<string>>,
  wanted: Option.Option<ReadonlyArray<string>>
): number | undefined => {
  if (Option.isNone(given) || Option.isNone(wanted)) return Option.isNone(given) && Option.isNone(wanted) ? 0 : 1
  const [left, right] = [given.value, wanted.value]
  if (left.length !== right.length) return undefined
  if (left.every((type, at) => type === right[at])) return 0
  return left.every((type, at) => type === "unknown" || isCastable(type, right[at] ?? "")) ? 1 : undefined
}

const isCastable = (from: string, to: string): boolean =>
  from === to || to.startsWith("any") || castable.some((group) => group.has(from) && group.has(to))

/** Whether a call means this signature and not another one of the same name. */
const matchesSignature = (self: SchemaObject.SchemaObject, that: SchemaObject.SchemaObject): boolean =>
  self._tag !== "Routine" || that._tag !== "Routine" || (callDistance(self.arguments, that.arguments) ?? 3) <= 1

/** The objects whose removal removes an object: itself, its table, its type and its schema. */
const holdersOf = (object: SchemaObject.SchemaObject): ReadonlyArray<SchemaObject.SchemaObject> => {
  const name = qualifiedPart(object)
  const schema = Option.flatMap(name, (qualified) => qualified.schema)
  return [
    object,
    ...(object._tag === "EnumValue" ? [SchemaObject.type(object.type)] : []),
    ...("relation" in object ? Option.toArray(Option.map(object.relation, SchemaObject.relation)) : []),
    ...Option.toArray(Option.map(schema, SchemaObject.schema))
  ]
}

/**
 * The rank of the first migration after an entry that removes its object, or the object's table, type or schema.
 *
 * @since 0.1.0
 * @category queries
 */
export const removerOf = (index: Index, entry: Entry): Option.Option<number> => {
  const ranks = removersOf(index, entry)
  return ranks.length === 0 ? Option.none() : Option.some(Math.min(...ranks))
}

/**
 * The ranks of all migrations after an entry that remove its object, or the object's table, type or schema.
 *
 * @since 0.1.0
 * @category queries
 */
export const removersOf = (index: Index, { object, rank }: Entry): ReadonlyArray<number> =>
  holdersOf(object).flatMap((holder) =>
    (index.removed.get(slotOf(holder)) ?? noEntries)
      .filter((removal) => removal.rank > rank && removes(index, removal, holder))
      .map((removal) => removal.rank)
  )

const isOtherIndex = (self: SchemaObject.SchemaObject, that: SchemaObject.SchemaObject): boolean =>
  self._tag === "ConflictTarget" && that._tag === "ConflictTarget" && !Arbiter.isArbiterFor(self, that)

/** A removal under another spelling removes the object only if no earlier migration provides an object of exactly that spelling. */
const removes = (index: Index, removal: Entry, object: SchemaObject.SchemaObject): boolean => {
  if (SchemaObject.key(removal.object) === SchemaObject.key(object)) return true
  if (distanceBetween(removal.object, object) === undefined || !matchesSignature(removal.object, object)) return false
  if (isOtherIndex(removal.object, object)) return false
  const spelling = SchemaObject.key(removal.object)
  return (index.provided.get(slotOf(removal.object)) ?? noEntries).every(
    (entry) => entry.rank > removal.rank || SchemaObject.key(entry.object) !== spelling
  )
}
