/**
 * Moves an object of the simulated catalog to another name. The server links objects by OID; the simulated catalog
 * links them by name, so every link to the old name is redirected to the new one.
 *
 * @since 0.1.0
 * @internal
 */
import * as Option from "effect/Option"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import * as HazardKey from "../model/HazardKey.js"
import type { QualifiedName } from "../model/SchemaObject.js"
import * as R from "../reading/Recorder.js"
import { wordingOfName } from "../sql/ParsedType.js"

/**
 * Moves a relation. Its indexes and sequences follow it into another schema; its statistics do not.
 *
 * @since 0.1.0
 * @category updates
 */
export const moveRelation = (recorder: R.Recorder, relation: Catalog.Relation, to: QualifiedName): void => {
  const { name: from } = relation
  R.forgetRelation(recorder, from)
  const isMoved = Catalog.schemaOf(from) !== Catalog.schemaOf(to)
  R.saveRelation(recorder, { ...relation, name: to, creation: isMoved ? Option.none() : relation.creation })
  const name = redirecting(from, to)
  const isRowType = Catalog.typesCalled(recorder.catalog, from.name).length === 0
  redirectAll(recorder, {
    ...untouched,
    name,
    ...(isRowType ? { type: name } : {}),
    key: redirectingKey(from.name, to.name)
  })
  if (!isMoved) return
  for (const part of relation.parts) {
    const found = R.findRelation(recorder, part)
    const moves = found !== undefined && found.kind !== "statistics"
    if (moves) moveRelation(recorder, found, { ...found.name, schema: to.schema })
  }
}

/** @since 0.1.0 @category updates */
export const moveType = (recorder: R.Recorder, type: Catalog.Type, to: QualifiedName): void => {
  R.forgetType(recorder, type.name)
  R.saveType(recorder, { ...type, name: to })
  redirectAll(recorder, {
    ...untouched,
    type: redirecting(type.name, to),
    key: redirectingKey(type.name.name, to.name)
  })
}

/** @since 0.1.0 @category updates */
export const moveRoutine = (recorder: R.Recorder, routine: Catalog.Routine, to: QualifiedName): void => {
  const key = redirectingKey(HazardKey.routine(routine.name.name), HazardKey.routine(to.name))
  R.forgetRoutine(recorder, routine)
  R.saveRoutine(recorder, { ...routine, name: to })
  redirectAll(recorder, { ...untouched, call: redirecting(routine.name, to), key })
}

/** How links are redirected. Each function returns its argument if the link does not change. */
interface Redirect {
  readonly name: (name: QualifiedName) => QualifiedName
  /** A type, or a relation as the type of its rows. */
  readonly type: (name: QualifiedName) => QualifiedName
  readonly call: (name: QualifiedName) => QualifiedName
  readonly key: (key: HazardKey.HazardKey) => HazardKey.HazardKey
}

const untouched: Redirect = { name: (name) => name, type: (name) => name, call: (name) => name, key: (key) => key }

const redirecting =
  (from: QualifiedName, to: QualifiedName) =>
  (name: QualifiedName): QualifiedName =>
    Catalog.isSameName(name, from) ? to : name

const redirectingKey =
  (from: HazardKey.HazardKey, to: HazardKey.HazardKey) =>
  (key: HazardKey.HazardKey): HazardKey.HazardKey => {
    if (key === from) return to
    return key.endsWith(ofTable(from)) ? `${key.slice(0, -ofTable(from).length)}${ofTable(to)}` : key
  }

const ofTable = (table: string): string => HazardKey.columnOf(table, "").slice(HazardKey.column("").length)

/** Redirects the links to a column that was renamed in several tables. @since 0.1.0 @category updates */
export const redirectColumn = (
  recorder: R.Recorder,
  tables: ReadonlyArray<QualifiedName>,
  from: string,
  to: string
): void => {
  const renamed = new Map(tables.map(({ name }) => [HazardKey.columnOf(name, from), HazardKey.columnOf(name, to)]))
  redirectAll(recorder, { ...untouched, key: (key) => renamed.get(key) ?? key })
}

const redirectAll = (recorder: R.Recorder, redirect: Redirect): void => {
  for (const relation of Catalog.allRelations(recorder.catalog)) {
    const next = redirectRelation(relation, redirect)
    if (next !== relation) recorder.catalog = Catalog.putRelation(recorder.catalog, next)
  }
  for (const type of Catalog.allTypes(recorder.catalog)) {
    const next = merged(type, {
      parts: each(type.parts, redirect.type),
      constraints: each(type.constraints, (one) => merged(one, { uses: each(one.uses, redirect.key) })),
      onWrite: each(type.onWrite, calling(redirect))
    })
    if (next !== type) recorder.catalog = Catalog.putType(recorder.catalog, next)
  }
  for (const routine of Catalog.allRoutines(recorder.catalog)) {
    const inputs = each(routine.inputs, (wording) => redirectWording(wording, routine.types, redirect))
    const next = merged(routine, {
      inputs,
      types: each(routine.types, redirect.type),
      uses: each(routine.uses, redirect.key)
    })
    if (next === routine) continue
    R.forgetRoutine(recorder, routine)
    R.saveRoutine(recorder, next)
  }
}

const redirectRelation = (relation: Catalog.Relation, redirect: Redirect): Catalog.Relation =>
  merged(relation, {
    columns: each(relation.columns, (column) =>
      merged(column, {
        type: redirect.type(column.type),
        wording: redirectWording(column.wording, [column.type], redirect),
        uses: each(column.uses, redirect.key)
      })
    ),
    constraints: each(relation.constraints, (constraint) =>
      merged(constraint, {
        references: maybe(constraint.references, redirect.name),
        uses: each(constraint.uses, redirect.key)
      })
    ),
    attachments: each(relation.attachments, (attachment) =>
      merged(attachment, {
        uses: each(attachment.uses, redirect.key),
        calls: each(attachment.calls, calling(redirect)),
        alsoWrites: each(attachment.alsoWrites, redirect.name)
      })
    ),
    onWrite: each(relation.onWrite, calling(redirect)),
    onRead: each(relation.onRead, calling(redirect)),
    alsoWrites: each(relation.alsoWrites, redirect.name),
    parts: each(relation.parts, redirect.name),
    owner: maybe(relation.owner, redirect.name),
    parents: each(relation.parents, redirect.name),
    children: each(relation.children, redirect.name),
    referencedBy: each(relation.referencedBy, redirect.name),
    uses: each(relation.uses, redirect.key),
    base: each(relation.base, redirect.name)
  })

const calling =
  (redirect: Redirect) =>
  (hidden: Catalog.HiddenCall): Catalog.HiddenCall =>
    merged(hidden, { name: redirect.call(hidden.name) })

/** The wording of a type in a signature or a column, such as `app.mood[]`, after a rename of the type. */
const redirectWording = (wording: string, types: ReadonlyArray<QualifiedName>, redirect: Redirect): string => {
  const element = wording.replace(/^public\.|\[\]$/g, "")
  const type = types.find((name) => worded(name) === element)
  const next = type === undefined ? undefined : redirect.type(type)
  return next === undefined || next === type ? wording : `${worded(next)}${wording.endsWith("[]") ? "[]" : ""}`
}

/** The wording of a name, in which the schema `public` is left out. */
const worded = ({ name, schema }: QualifiedName): string =>
  wordingOfName(Option.getOrUndefined(Option.filter(schema, (one) => one !== "public")), name)

/** The same array if no item changes, so that most of the catalog stays as it is. */
const each = <A>(items: ReadonlyArray<A>, change: (item: A) => A): ReadonlyArray<A> => {
  const next = items.map(change)
  return next.some((item, index) => item !== items[index]) ? next : items
}

const maybe = <A>(option: Option.Option<A>, change: (value: A) => A): Option.Option<A> => {
  if (Option.isNone(option)) return option
  const next = change(option.value)
  return next === option.value ? option : Option.some(next)
}

/** The same record if no field changes. */
const merged = <A extends object>(record: A, changes: Partial<A>): A => {
  const next = { ...record, ...changes }
  for (const key in changes) if (changes[key] !== record[key]) return next
  return record
}
