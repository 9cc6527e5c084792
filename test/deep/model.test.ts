/**
 * The sequences of `test/server/fleet/model.test.ts`, as many as `MODEL_RUNS` says.
 */
import { describe, it } from "vitest"
import * as Model from "../support/model/Run.js"

const runs = Number(process.env["MODEL_RUNS"] || 300)

describe("whatever is done to a database and its programs", () => {
  it(`the model tells what comes of it (${runs} sequences)`, () => Model.check({ numRuns: runs }))
})
