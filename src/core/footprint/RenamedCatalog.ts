/**
 * Moving an object to another name in the simulated catalog. The server knows objects by number and needs nothing more; here
 * every pointer at the old name is turned to the new one.
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

/** A table takes its indexes and sequences along into another schema, and leaves its statistics. @since 0.1.0 @category updates */
export const moveRelation = (recorder: R.Recorder, relation: Catalog.Relation, to: QualifiedName): void => {
  const { name: from } = relation
  R.forgetRelation(recorder, from)
  const isMoved = Catalog.schemaOf(from) !== Catalog.schemaOf(to)
  R.saveRelation(recorder, { ...relation, name: to, creation: isMoved ? Option.none() : relation.creation })
  const name = turning(from, to)
  const isRowType = Catalog.typesCalled(recorder.catalog, from.name).length === 0
  turnAll(recorder, { ...untouched, name, ...(isRowType ? { type: name } : {}), key: turningKey(from.name, to.name) })
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
  turnAll(recorder, { ...untouched, type: turning(type.name, to), key: turningKey(type.name.name, to.name) })
}

/** @since 0.1.0 @category updates */
export const moveRoutine = (recorder: R.Recorder, routine: Catalog.Routine, to: QualifiedName): void => {
  const key = turningKey(HazardKey.routine(routine.name.name), HazardKey.routine(to.name))
  R.forgetRoutine(recorder, routine)
  R.saveRoutine(recorder, { ...routine, name: to })
  turnAll(recorder, { ...untouched, call: turning(routine.name, to), key })
}

/** How pointers turn: each answers its argument itself when that is not concerned. */
interface Turn {
  readonly name: (name: QualifiedName) => QualifiedName
  /** A type, or a relation as the type of its rows. */
  readonly type: (name: QualifiedName) => QualifiedName
  readonly call: (name: QualifiedName) => QualifiedName
  readonly key: (key: HazardKey.HazardKey) => HazardKey.HazardKey
}

const untouched: Turn = { name: (name) => name, type: (name) => name, call: (name) => name, key: (key) => key }

const turning =
  (from: QualifiedName, to: QualifiedName) =>
  (name: QualifiedName): QualifiedName =>
    Catalog.isSameName(name, from) ? to : name

const turningKey =
  (from: HazardKey.HazardKey, to: HazardKey.HazardKey) =>
  (key: HazardKey.HazardKey): HazardKey.HazardKey => {
    if (key === from) return to
    return key.endsWith(ofTable(from)) ? `${key.slice(0, -ofTable(from).length)}${ofTable(to)}` : key
  }

const ofTable = (table: string): string => HazardKey.columnOf(table, "").slice(HazardKey.column("").length)

/** A column's name in what names it from elsewhere. @since 0.1.0 @category updates */
export const turnColumn = (recorder: R.Recorder, table: QualifiedName, from: string, to: string): void =>
  turnAll(recorder, {
    ...untouched,
    key: turningKey(HazardKey.columnOf(table.name, from), HazardKey.columnOf(table.name, to))
  })

const turnAll = (recorder: R.Recorder, turn: Turn): void => {
  for (const relation of Catalog.allRelations(recorder.catalog)) {
    const next = turnRelation(relation, turn)
    if (next !== relation) recorder.catalog = Catalog.putRelation(recorder.catalog, next)
  }
  for (const type of Catalog.allTypes(recorder.catalog)) {
    const next = merged(type, {
      parts: each(type.parts, turn.type),
      constraints: each(type.constraints, (one) => merged(one, { uses: each(one.uses, turn.key) })),
      onWrite: each(type.onWrite, calling(turn))
    })
    if (next !== type) recorder.catalog = Catalog.putType(recorder.catalog, next)
  }
  for (const routine of Catalog.allRoutines(recorder.catalog)) {
    const inputs = each(routine.inputs, (wording) => turnWording(wording, routine.types, turn))
    const next = merged(routine, { inputs, types: each(routine.types, turn.type), uses: each(routine.uses, turn.key) })
    if (next === routine) continue
    R.forgetRoutine(recorder, routine)
    R.saveRoutine(recorder, next)
  }
}

const turnRelation = (relation: Catalog.Relation, turn: Turn): Catalog.Relation =>
  merged(relation, {
    columns: each(relation.columns, (column) =>
      merged(column, {
        type: turn.type(column.type),
        wording: turnWording(column.wording, [column.type], turn),
        uses: each(column.uses, turn.key)
      })
    ),
    constraints: each(relation.constraints, (constraint) =>
      merged(constraint, { references: maybe(constraint.references, turn.name), uses: each(constraint.uses, turn.key) })
    ),
    attachments: each(relation.attachments, (attachment) =>
      merged(attachment, {
        uses: each(attachment.uses, turn.key),
        calls: each(attachment.calls, calling(turn)),
        alsoWrites: each(attachment.alsoWrites, turn.name)
      })
    ),
    onWrite: each(relation.onWrite, calling(turn)),
    onRead: each(relation.onRead, calling(turn)),
    alsoWrites: each(relation.alsoWrites, turn.name),
    parts: each(relation.parts, turn.name),
    owner: maybe(relation.owner, turn.name),
    parents: each(relation.parents, turn.name),
    children: each(relation.children, turn.name),
    referencedBy: each(relation.referencedBy, turn.name),
    uses: each(relation.uses, turn.key),
    base: each(relation.base, turn.name)
  })

const calling =
  (turn: Turn) =>
  (hidden: Catalog.HiddenCall): Catalog.HiddenCall =>
    merged(hidden, { name: turn.call(hidden.name) })

/** `app.mood[]` in a signature or a column, when the type has another name. */
const turnWording = (wording: string, types: ReadonlyArray<QualifiedName>, turn: Turn): string => {
  const element = wording.replace(/^public\.|\[\]$/g, "")
  const type = types.find((name) => worded(name) === element)
  const next = type === undefined ? undefined : turn.type(type)
  return next === undefined || next === type ? wording : `${worded(next)}${wording.endsWith("[]") ? "[]" : ""}`
}

/** Whether the default schema is said makes no difference. */
const worded = ({ name, schema }: QualifiedName): string =>
  wordingOfName(Option.getOrUndefined(Option.filter(schema, (one) => one !== "public")), name)

/** The same array when nothing in it changes, so that most of the catalog stays as it is. */
const each = <A>(items: ReadonlyArray<A>, change: (item: A) => A): ReadonlyArray<A> => {
  const next = items.map(change)
  return next.some((item, index) => item !== items[index]) ? next : items
}

const maybe = <A>(option: Option.Option<A>, change: (value: A) => A): Option.Option<A> => {
  if (Option.isNone(option)) return option
  const next = change(option.value)
  return next === option.value ? option : Option.some(next)
}

/** The same record when no field changes. */
const merged = <A extends object>(record: A, changes: Partial<A>): A => {
  const next = { ...record, ...changes }
  for (const key in changes) if (changes[key] !== record[key]) return next
  return record
}
