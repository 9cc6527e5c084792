/**
 * One seed for all properties of a run: fixed in CI, fresh elsewhere, and printed, so that a failure can be run again.
 */
import * as fc from "fast-check"

const given = process.env["FAST_CHECK_SEED"]
const fixed = process.env["CI"] === undefined || process.env["CI"] === "" ? undefined : 20_240_601

const seed = given === undefined || given === "" ? (fixed ?? Date.now() | 0) : Number(given)

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed })
