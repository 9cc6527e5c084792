/**
 * Marks names as uncertain: the object may or may not be there, because a condition decides that only the server can
 * answer. Both branches count as run, and the names of the objects that they change are uncertain. An object that is
 * made from an uncertain one is uncertain too; `endStatement` marks it. No condition is answered from an uncertain
 * name.
 *
 * @since 0.1.0
 * @internal
 */

import type { HazardKey } from "../model/HazardKey.js"
import type { Recorder } from "./Reading.js"

/** @since 0.1.0 @category changes */
export const makeUncertain = (recorder: Recorder, keys: Iterable<HazardKey>): void => {
  const { uncertain } = recorder.catalog
  const next = new Set([...uncertain, ...keys])
  if (next.size > uncertain.size) recorder.catalog = { ...recorder.catalog, uncertain: next }
}

/**
 * Reads work that may or may not run: the objects that it changes are uncertain from now on.
 *
 * @since 0.1.0
 * @category changes
 */
export const uncertainly = (recorder: Recorder, work: () => void): void => {
  const outer = recorder.isUncertain
  recorder.isUncertain = true
  work()
  recorder.isUncertain = outer
}
