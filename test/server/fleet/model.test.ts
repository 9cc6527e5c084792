/**
 * Queries, releases, crashes, edits, rewritten events, lost rights, a replica that lags and a server that restarts in any order,
 * next to a model of what must come of them.
 */
import { describe, it } from "vitest"
import * as Model from "../../support/model/Run.js"

/** So few sequences have every kind of command in them from some seeds only; `npm run test:deep` draws its own. */
const few = { numRuns: 8, seed: 665 }

describe("whatever is done to a database and its programs", () => {
  it(
    "each query answers and fails as the model says, log, projection, catalog and chain agree with it, and nothing is left",
    () => Model.check(few),
    600_000
  )
})
