/**
 * A simulated catalog holds the objects that exist after some migrations, as read from their SQL. It is a persistent
 * value. Names are found as a search path finds them: `users` and `public.users` are one relation, and a name without
 * schema means every relation of that name if the default schema has none.
 *
 * **Laws**
 *
 * 1. Every operation is total: a second creation replaces the object, and a removal of an unknown object changes no
 *    object.
 * 2. An object that was put is found by its full name until it is removed, and by its bare name.
 * 3. A catalog never changes; every operation gives a new one.
 *
 * @internal
 */
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import type { HazardKey } from "../model/HazardKey.js"
import { type QualifiedName, qualifiedName } from "../model/SchemaObject.js"
import type {
  Column,
  Constraint,
  ConstraintKind,
  NamedObject,
  Relation,
  RelationKind,
  Routine,
  SimulatedCatalog,
  Type
} from "./Model.js"

export type * from "./Model.js"

/** The catalog of an empty database. @since 0.1.0 @category constructors */
export const empty: SimulatedCatalog = {
  relations: HashMap.empty(),
  types: HashMap.empty(),
  routines: HashMap.empty(),
  named: HashMap.empty(),
  constrained: HashMap.empty(),
  readByAll: [],
  brought: new Set(),
  changedInBodies: new Set(),
  uncertain: new Set(),
  isComplete: true,
  isUnderstood: true
}

/** The columns of `SELECT * FROM` a sequence. */
const sequenceColumns: ReadonlyArray<Column> = ["last_value", "log_cnt", "is_called"].map((name) => ({
  name,
  type: qualifiedName(name === "is_called" ? "bool" : "int8"),
  wording: name === "is_called" ? "boolean" : "bigint",
  collation: Option.none(),
  modifiers: [],
  isNotNull: true,
  hasDefault: false,
  isGenerated: false,
  isLocal: true,
  uses: []
}))

/** A relation without columns (a sequence has its three) and other parts. @since 0.1.0 @category constructors */
export const relation = (kind: RelationKind, name: QualifiedName): Relation => ({
  name,
  kind,
  creation: Option.none(),
  isExternal: false,
  isTemporary: false,
  isPartitioned: false,
  isDefaultPartition: false,
  columns: kind === "sequence" ? sequenceColumns : [],
  constraints: [],
  attachments: [],
  onWrite: [],
  onRead: [],
  alsoWrites: [],
  parts: [],
  owner: Option.none(),
  ownerColumn: Option.none(),
  isIdentity: false,
  isConstraint: false,
  indexColumns: [],
  included: [],
  isUnique: false,
  arbiter: Option.none(),
  hasOnlyColumns: true,
  isPartial: false,
  parents: [],
  children: [],
  referencedBy: [],
  uses: [],
  base: [],
  dependencies: new Set()
})

/** A constraint with columns and default values otherwise. @since 0.1.0 @category constructors */
export const constraint = (kind: ConstraintKind, name: string, columns: ReadonlyArray<string>): Constraint => ({
  name,
  kind,
  columns,
  references: Option.none(),
  referencedColumns: [],
  condition: Option.none(),
  onReferenced: "check",
  isValidated: true,
  isLocal: true,
  uses: []
})

/** @since 0.1.0 @category predicates */
export const isSameName = (a: QualifiedName, b: QualifiedName): boolean =>
  a.name === b.name && schemaOf(a) === schemaOf(b)

const defaultSchema = "public"

/** The schema of a name. Defaults to `public`. @since 0.1.0 @category operations */
export const schemaOf = ({ schema }: QualifiedName): string => Option.getOrElse(schema, () => defaultSchema)

interface Named {
  readonly name: QualifiedName
}

/**
 * The objects that a name can mean. Without schema: the object in the default schema, or else all objects of that name.
 * With schema: the object in it, or else an object that was created without schema.
 */
const meanings = <A extends Named>(candidates: ReadonlyArray<A>, name: QualifiedName): ReadonlyArray<A> => {
  const exact = candidates.filter((candidate) => isSameName(candidate.name, name))
  if (exact.length > 0) return exact
  return Option.isNone(name.schema) ? candidates : candidates.filter(({ name: other }) => Option.isNone(other.schema))
}

const under = <A>(map: HashMap.HashMap<string, ReadonlyArray<A>>, name: string): ReadonlyArray<A> =>
  Option.getOrElse(HashMap.get(map, name), (): ReadonlyArray<A> => [])

/** @since 0.1.0 @category queries */
export const relationsNamed = (catalog: SimulatedCatalog, name: QualifiedName): ReadonlyArray<Relation> =>
  meanings(under(catalog.relations, name.name), name)

/** Relations of this bare name in any schema. @since 0.1.0 @category queries */
export const relationsCalled = (catalog: SimulatedCatalog, name: string): ReadonlyArray<Relation> =>
  under(catalog.relations, name)

/** Types of this bare name in any schema. @since 0.1.0 @category queries */
export const typesCalled = (catalog: SimulatedCatalog, name: string): ReadonlyArray<Type> => under(catalog.types, name)

/** Routines of this bare name in any schema. @since 0.1.0 @category queries */
export const routinesCalled = (catalog: SimulatedCatalog, name: string): ReadonlyArray<Routine> =>
  under(catalog.routines, name)

/** Tables with a constraint of this name. @since 0.1.0 @category queries */
export const tablesConstrained = (catalog: SimulatedCatalog, name: string): ReadonlyArray<QualifiedName> =>
  under(catalog.constrained, name)

/** @since 0.1.0 @category queries */
export const findRelation = (catalog: SimulatedCatalog, name: QualifiedName): Relation | undefined =>
  relationsNamed(catalog, name)[0]

/** @since 0.1.0 @category queries */
export const typesNamed = (catalog: SimulatedCatalog, name: QualifiedName): ReadonlyArray<Type> =>
  meanings(under(catalog.types, name.name), name)

/** @since 0.1.0 @category queries */
export const findType = (catalog: SimulatedCatalog, name: QualifiedName): Type | undefined =>
  typesNamed(catalog, name)[0]

/** All overloads of a routine. @since 0.1.0 @category queries */
export const routinesNamed = (catalog: SimulatedCatalog, name: QualifiedName): ReadonlyArray<Routine> =>
  meanings(under(catalog.routines, name.name), name)

/** @since 0.1.0 @category queries */
export const findNamed = (catalog: SimulatedCatalog, key: HazardKey): NamedObject | undefined =>
  Option.getOrUndefined(HashMap.get(catalog.named, key))

/** Every relation, in no particular order. @since 0.1.0 @category queries */
export const allRelations = (catalog: SimulatedCatalog): ReadonlyArray<Relation> =>
  [...HashMap.values(catalog.relations)].flat()

/** @since 0.1.0 @category queries */
export const allTypes = (catalog: SimulatedCatalog): ReadonlyArray<Type> => [...HashMap.values(catalog.types)].flat()

/** @since 0.1.0 @category queries */
export const allNamed = (catalog: SimulatedCatalog): ReadonlyArray<NamedObject> => [...HashMap.values(catalog.named)]

/** @since 0.1.0 @category queries */
export const allRoutines = (catalog: SimulatedCatalog): ReadonlyArray<Routine> =>
  [...HashMap.values(catalog.routines)].flat()

const replace = <A extends Named>(
  map: HashMap.HashMap<string, ReadonlyArray<A>>,
  name: QualifiedName,
  isSame: (other: A) => boolean,
  next: ReadonlyArray<A>
): HashMap.HashMap<string, ReadonlyArray<A>> => {
  const rest = under(map, name.name).filter((other) => !isSame(other))
  const all = [...rest, ...next]
  return all.length === 0 ? HashMap.remove(map, name.name) : HashMap.set(map, name.name, all)
}

/** @since 0.1.0 @category updates */
export const putRelation = (catalog: SimulatedCatalog, value: Relation): SimulatedCatalog => ({
  ...catalog,
  relations: replace(catalog.relations, value.name, (other) => isSameName(other.name, value.name), [value]),
  constrained: constrainedBy(catalog, value.name, value.constraints)
})

/** @since 0.1.0 @category updates */
export const removeRelation = (catalog: SimulatedCatalog, name: QualifiedName): SimulatedCatalog => ({
  ...catalog,
  relations: replace(catalog.relations, name, (other) => isSameName(other.name, name), []),
  constrained: constrainedBy(catalog, name, [])
})

const constrainedBy = (
  catalog: SimulatedCatalog,
  table: QualifiedName,
  constraints: ReadonlyArray<Constraint>
): SimulatedCatalog["constrained"] => {
  const before = under(catalog.relations, table.name).find((other) => isSameName(other.name, table))?.constraints ?? []
  if (before === constraints) return catalog.constrained
  let constrained = catalog.constrained
  for (const name of namesOnlyIn(before, constraints)) {
    const rest = under(constrained, name).filter((other) => !isSameName(other, table))
    constrained = rest.length === 0 ? HashMap.remove(constrained, name) : HashMap.set(constrained, name, rest)
  }
  for (const name of namesOnlyIn(constraints, before)) {
    constrained = HashMap.set(constrained, name, [...under(constrained, name), table])
  }
  return constrained
}

const namesOnlyIn = (those: ReadonlyArray<Constraint>, others: ReadonlyArray<Constraint>): ReadonlySet<string> =>
  new Set(those.flatMap(({ name }) => (others.some((other) => other.name === name) ? [] : [name])))

/** Whether a table or a domain of the schema has a constraint of that name. @since 0.1.0 @category queries */
export const hasConstraint = (catalog: SimulatedCatalog, { name, schema }: QualifiedName): boolean => {
  const isInside = (other: QualifiedName): boolean => schemaOf(other) === schemaOf({ name, schema })
  return (
    under(catalog.constrained, name).some(isInside) ||
    allTypes(catalog).some((type) => isInside(type.name) && type.constraints.some((one) => one.name === name))
  )
}

/** Whether the catalog has a relation of exactly that name. @since 0.1.0 @category queries */
export const hasRelation = (catalog: SimulatedCatalog, name: QualifiedName): boolean =>
  under(catalog.relations, name.name).some((other) => isSameName(other.name, name))

/** @since 0.1.0 @category updates */
export const putType = (catalog: SimulatedCatalog, value: Type): SimulatedCatalog => ({
  ...catalog,
  types: replace(catalog.types, value.name, (other) => isSameName(other.name, value.name), [value])
})

/** @since 0.1.0 @category updates */
export const removeType = (catalog: SimulatedCatalog, name: QualifiedName): SimulatedCatalog => ({
  ...catalog,
  types: replace(catalog.types, name, (other) => isSameName(other.name, name), [])
})

/** @since 0.1.0 @category predicates */
export const isSameRoutine = (a: Routine, b: Routine): boolean =>
  isSameName(a.name, b.name) && a.inputs.join() === b.inputs.join()

/** @since 0.1.0 @category updates */
export const putRoutine = (catalog: SimulatedCatalog, value: Routine): SimulatedCatalog => ({
  ...catalog,
  routines: replace(catalog.routines, value.name, (other) => isSameRoutine(other, value), [value])
})

/** @since 0.1.0 @category updates */
export const removeRoutine = (catalog: SimulatedCatalog, value: Routine): SimulatedCatalog => ({
  ...catalog,
  routines: replace(catalog.routines, value.name, (other) => isSameRoutine(other, value), [])
})

/** @since 0.1.0 @category updates */
export const putNamed = (catalog: SimulatedCatalog, named: NamedObject): SimulatedCatalog => ({
  ...catalog,
  named: HashMap.set(catalog.named, named.key, named)
})

/** @since 0.1.0 @category updates */
export const removeNamed = (catalog: SimulatedCatalog, key: HazardKey): SimulatedCatalog => ({
  ...catalog,
  named: HashMap.remove(catalog.named, key)
})

/** Tables with a column of this type, or of a type that contains it. @since 0.1.0 @category queries */
export const tablesWithType = (catalog: SimulatedCatalog, type: QualifiedName): ReadonlyArray<QualifiedName> => {
  const inner = new Set([type.name])
  const all = allTypes(catalog)
  for (let before = 0; before < inner.size; ) {
    before = inner.size
    for (const { name, parts } of all) if (parts.some((part) => inner.has(part.name))) inner.add(name.name)
  }
  return allRelations(catalog).flatMap(({ columns, kind, name }) =>
    kind !== "index" && columns.some((column) => inner.has(column.type.name)) ? [name] : []
  )
}
