/**
 * What a stored expression leaves in the catalog: the calls that the server makes when it runs it, and the keys of all
 * that it names.
 *
 * @since 0.1.0
 * @internal
 */
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import { isBuiltInRoutine } from "../catalog/BuiltInRoutines.js"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import * as HazardKey from "../model/HazardKey.js"
import { nameFrom, type QualifiedName } from "../model/SchemaObject.js"
import type { Mentions, NamedInText } from "../sql/Mentions.js"
import * as R from "./Recorder.js"

/**
 * The objects besides relations, types and routines that an expression names and a migration creates: operators,
 * collations, operator classes, and what a string can name. Any string may name a text search configuration or a role.
 *
 * @since 0.1.0
 * @category expressions
 */
export const thingsIn = ({ catalog }: R.Recorder, mentions: Mentions): ReadonlyArray<Catalog.NamedObject> => {
  const texts = hasNamedInAnyText(catalog) ? mentions.texts : []
  const keys = new Set([
    ...mentions.operators.map(HazardKey.operator),
    ...mentions.others.flatMap((name) => [HazardKey.collation(name), HazardKey.operatorClass(name)]),
    ...texts.flatMap((text) => Option.toArray(nameFrom(text)).flatMap(({ name }) => inAnyText.map((key) => key(name)))),
    ...mentions.inTexts.flatMap(({ kind, name }) => keyOfNamed[kind]?.(name.name) ?? [])
  ])
  return [...keys].flatMap((key) => Catalog.findNamed(catalog, key) ?? [])
}

const inAnyText = [HazardKey.textSearch, HazardKey.role] as const

const hasNamedInAnyText = ({ named }: Catalog.SimulatedCatalog): boolean =>
  HashMap.some(named, (_, key) => inAnyText.some((start) => key.startsWith(start(""))))

const keyOfNamed: Readonly<Partial<Record<NamedInText["kind"], (name: string) => HazardKey.HazardKey>>> = {
  collation: HazardKey.collation,
  operator: HazardKey.operator,
  role: HazardKey.role,
  schema: HazardKey.schema,
  "text search": HazardKey.textSearch
}

/**
 * Reads the text search configurations and dictionaries among what an object depends on: a stored expression asks them when it
 * runs. Other objects without a body matter only where an expression is stored.
 *
 * @since 0.1.0
 * @category expressions
 */
export const readTextSearch = (recorder: R.Recorder, dependencies: Iterable<HazardKey.HazardKey>): void => {
  for (const key of dependencies) {
    if (!key.startsWith(HazardKey.textSearch(""))) continue
    R.read(recorder, key)
    R.readAll(recorder, Catalog.findNamed(recorder.catalog, key)?.dependencies ?? [])
  }
}

/** Calls that the server makes by itself when it runs a stored expression. @since 0.1.0 @category expressions */
export const hiddenCalls = (recorder: R.Recorder, mentions: Mentions): ReadonlyArray<Catalog.HiddenCall> => [
  ...mentions.calls
    .filter(({ name }) => !isBuiltInRoutine(name))
    .map(({ args, name }) => ({ name, arity: Option.some(args.length), transitions: [], isPart: false })),
  ...thingsIn(recorder, mentions).flatMap(({ runs }) => runs),
  ...mentions.types.flatMap((name) => R.types(recorder, name).flatMap(({ onWrite, runs }) => [...onWrite, ...runs]))
]

/** Sequences that an expression advances. @since 0.1.0 @category expressions */
export const movedSequences = (mentions: Mentions): ReadonlyArray<QualifiedName> =>
  mentions.inTexts.flatMap(({ kind, name }) => (kind === "sequence" ? [name] : []))

/** Keys of the objects that an expression names directly. @since 0.1.0 @category expressions */
export const directKeys = (recorder: R.Recorder, mentions: Mentions): ReadonlyArray<HazardKey.HazardKey> => [
  ...mentions.relations.map(({ name }) => name.name),
  ...mentions.calls.map(({ name }) => HazardKey.routine(name.name)),
  ...mentions.types.map(({ name }) => name),
  ...mentions.columns.flatMap((column) => columnKeys(recorder, mentions, column)),
  ...(mentions.isGrouped ? [HazardKey.grouping] : []),
  ...thingsIn(recorder, mentions).map(({ key }) => key),
  ...mentions.inTexts.map(({ kind, name }) => keyInText(kind, name.name))
]

const keyInText = (kind: NamedInText["kind"], name: string): HazardKey.HazardKey =>
  kind === "routine" ? HazardKey.routine(name) : (keyOfNamed[kind]?.(name) ?? name)

/**
 * Keys of a column in each mentioned table that may have it. Without such a table, it is a column of the expression's
 * own table.
 */
const columnKeys = (
  recorder: R.Recorder,
  { relations }: Mentions,
  { isInner, name, qualifier }: Mentions["columns"][number]
): ReadonlyArray<HazardKey.HazardKey> => {
  if (!isInner) return [HazardKey.column(name)]
  const found = relations.filter((relation) => {
    const label = Option.getOrElse(relation.alias, () => relation.name.name)
    const columns = R.findRelation(recorder, relation.name)?.columns
    const isNamed = Option.isNone(qualifier) || qualifier.value === label
    return isNamed && columns?.some((column) => column.name === name) !== false
  })
  return found.length === 0
    ? [HazardKey.column(name)]
    : found.map((relation) => HazardKey.columnOf(relation.name.name, name))
}
