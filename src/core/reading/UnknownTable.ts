/**
 * Tables that no migration creates. A use of one may run code of its own: triggers, rules, defaults and checks. The files
 * do not tell which, so the use is a barrier of the graph, and a risk that the database can answer for.
 *
 * @since 0.1.0
 * @internal
 */
import * as Option from "effect/Option"
import type { Risk } from "../model/Risk.js"
import type { QualifiedName } from "../model/SchemaObject.js"
import { isCatalogRelation } from "./CatalogQuery.js"
import * as Path from "./NameResolution.js"
import * as R from "./Recorder.js"

/**
 * Records a use that may run the code of a table that no migration creates: a barrier, and a risk that the database can
 * answer for.
 *
 * @since 0.1.0
 * @category writing
 */
export const mayRunCode = (
  recorder: R.Recorder,
  relation: QualifiedName,
  reason: string,
  reach: Risk["reach"] = "path"
): void => {
  const { statement } = recorder
  R.barrier(recorder, reason)
  recorder.catalog = { ...recorder.catalog, isComplete: false }
  statement.candidates.push({
    kind: "opaque",
    asks: "code",
    relation: Option.some(relation),
    reach: recorder.path > 0 || statement.runsCode ? "anywhere" : reach,
    lock: "ROW EXCLUSIVE"
  })
}

/**
 * Records an INSERT into a table that no migration creates, and returns whether the table is one. The database tells
 * what code runs.
 *
 * @since 0.1.0
 * @category writing
 */
export const insert = (recorder: R.Recorder, name: QualifiedName): boolean => {
  if (R.relations(recorder, name).length > 0 || recorder.locals.has(name.name) || isCatalogRelation(recorder, name))
    return false
  R.readName(recorder, name)
  R.writeName(recorder, name)
  runTriggers(recorder, Path.written(recorder, name), "path")
  return true
}

/**
 * Records that the triggers of such a table run. They may write rows of any table.
 *
 * @since 0.1.0
 * @category writing
 */
export const runTriggers = (recorder: R.Recorder, name: QualifiedName, reach: Risk["reach"]): void => {
  mayRunCode(recorder, name, triggers(name), reach)
  recorder.statement.runsUnknownCode = true
}

/** The reason that a barrier gives for them. @since 0.1.0 @category writing */
export const triggers = ({ name }: QualifiedName): string => `writes rows of ${name}, whose triggers are not known`
