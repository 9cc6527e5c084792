/**
 * What may be otherwise than the simulated catalog says, since a condition decides that only the server can answer: both
 * branches count as run, and the names of what they change are uncertain. So is what is made from something uncertain, which
 * the end of a statement sees to, and no condition is answered from it.
 *
 * @since 0.1.0
 * @internal
 */

import type { HazardKey } from "../model/HazardKey.js"
import type { Recorder } from "./Reading.js"

/** @since 0.1.0 @category changes */
export const makeUncertain = (recorder: Recorder, keys: Iterable<HazardKey>): void => {
  recorder.catalog = { ...recorder.catalog, uncertain: new Set([...recorder.catalog.uncertain, ...keys]) }
}

/** Reads what may or may not happen: what it changes is uncertain from now on. @since 0.1.0 @category changes */
export const uncertainly = (recorder: Recorder, work: () => void): void => {
  const outer = recorder.isUncertain
  recorder.isUncertain = true
  work()
  recorder.isUncertain = outer
}
