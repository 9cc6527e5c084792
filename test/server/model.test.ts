/**
 * Queries, releases, crashes, edits, rewritten events, lost rights, a replica that lags and a server that restarts in any order,
 * next to a model of what must come of them.
 */
import { describe, it } from "vitest"
import * as Model from "../support/model/Run.js"

describe("whatever is done to a database and its programs", () => {
  it(
    "each query answers and fails as the model says, and log, projection, catalog and chain agree with it",
    () => Model.check(8),
    600_000
  )
})
