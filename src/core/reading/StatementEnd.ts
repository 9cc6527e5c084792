/**
 * Ends a statement and a migration. At the end of a statement, the objects that it saved get their dependencies. At the
 * end of a migration, its temporary relations go.
 *
 * @since 0.1.0
 * @internal
 */
import * as Option from "effect/Option"
import { isNamed, turnKeys } from "../catalog/Pointers.js"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import type * as HazardKey from "../model/HazardKey.js"
import type { Recorder } from "./Recorder.js"
import { makeUncertain } from "./Uncertainty.js"

/**
 * Lets every object that the statement saved depend on every key that the statement read or wrote.
 *
 * @since 0.1.0
 * @category changes
 */
export const endStatement = (recorder: Recorder): void => {
  const { changed, changesSchema, keys, runsCode, saved } = recorder.statement
  const used = afterRenames(recorder)
  if (runsCode && changesSchema) {
    recorder.catalog = { ...recorder.catalog, changedInBodies: new Set([...recorder.catalog.changedInBodies, ...keys]) }
  }
  const { uncertain } = recorder.catalog
  if (uncertain.size > 0 && [...keys].some((key) => uncertain.has(key))) makeUncertain(recorder, changed)
  for (const object of saved.values()) {
    switch (object._tag) {
      case "Relation": {
        const known = Catalog.findRelation(recorder.catalog, object.name)
        if (known !== undefined) {
          const next = { ...known, dependencies: joined(known.dependencies, used, known.name.name) }
          recorder.catalog = Catalog.putRelation(recorder.catalog, next)
        }
        break
      }
      case "Type": {
        const known = Catalog.findType(recorder.catalog, object.name)
        if (known !== undefined) {
          const next = { ...known, dependencies: joined(known.dependencies, used, known.name.name) }
          recorder.catalog = Catalog.putType(recorder.catalog, next)
        }
        break
      }
      case "Routine": {
        const known = Catalog.routinesNamed(recorder.catalog, object.routine.name).find((one) =>
          Catalog.isSameRoutine(one, object.routine)
        )
        if (known !== undefined) {
          const next = { ...known, dependencies: joined(known.dependencies, used, "") }
          recorder.catalog = Catalog.putRoutine(recorder.catalog, next)
        }
        break
      }
      case "NamedObject": {
        const known = Catalog.findNamed(recorder.catalog, object.key)
        if (known !== undefined) {
          const next = { ...known, dependencies: joined(known.dependencies, used, known.key) }
          recorder.catalog = Catalog.putNamed(recorder.catalog, next)
        }
      }
    }
  }
}

/** The keys of the statement, under the names that its renames leave. */
const afterRenames = ({ catalog, statement: { keys, renamed } }: Recorder): ReadonlySet<HazardKey.HazardKey> =>
  renamed.length === 0
    ? keys
    : new Set([...renamed.reduce(turnKeys, keys), ...[...keys].filter((key) => isNamed(catalog, key))])

const joined = (
  before: ReadonlySet<HazardKey.HazardKey>,
  keys: ReadonlySet<HazardKey.HazardKey>,
  own: HazardKey.HazardKey
): ReadonlySet<HazardKey.HazardKey> => {
  const isKnown = (key: HazardKey.HazardKey): boolean => key === own || before.has(key)
  if ([...keys].every(isKnown)) return before
  const all = new Set(before)
  for (const key of keys) if (key !== own) all.add(key)
  return all
}

/**
 * Reads work that does not run now. Its keys count, since it may run on another database; its effects do not.
 *
 * @since 0.1.0
 * @category changes
 */
export const readWithoutEffect = (recorder: Recorder, work: () => void): void => {
  const { catalog, claimed, disclaimed, searchPath, statement } = recorder
  const { renamed } = statement
  const counts = [claimed.length, disclaimed.length] as const
  work()
  const { isComplete, isUnderstood } = recorder.catalog
  recorder.catalog = { ...catalog, isComplete, isUnderstood }
  recorder.searchPath = searchPath
  statement.renamed = renamed
  claimed.length = counts[0]
  disclaimed.length = counts[1]
}

/**
 * Drops the temporary relations of the migration from the catalog. The relations that it created are not new to the
 * next migration.
 *
 * @since 0.1.0
 * @category changes
 */
export const endMigration = (recorder: Recorder): void => {
  for (const saved of recorder.changed.values()) {
    if (saved._tag !== "Relation") continue
    const known = Catalog.findRelation(recorder.catalog, saved.name)
    if (known === undefined) continue
    recorder.catalog = known.isTemporary
      ? Catalog.removeRelation(recorder.catalog, known.name)
      : Catalog.putRelation(recorder.catalog, { ...known, creation: Option.none() })
  }
}
