/**
 * One rule for each kind of statement that the grammar knows. The table is complete by its type: a grammar with another kind
 * of statement does not compile until somebody has decided what that kind reads and writes.
 *
 * @since 0.1.0
 */
import type { Node } from "@pgsql/types"
import * as R from "./FootprintRecorder.js"

/** @since 0.1.0 @category operations */
export const execute = (recorder: R.Recorder, node: Node): void => {
  for (const tag of Object.keys(node)) R.barrier(recorder, `${tag} has no rule`)
}
