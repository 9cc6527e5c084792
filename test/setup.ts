/**
 * One seed for all properties of a run: fixed in CI, fresh elsewhere. A property that fails prints its seed;
 * `FAST_CHECK_SEED` runs everything with it again.
 */
import * as fc from "fast-check"

const variable = (name: string): string | undefined => process.env[name] || undefined

const fixed = variable("FAST_CHECK_SEED") ?? (variable("CI") === undefined ? undefined : "20240601")

fc.configureGlobal({
  ...fc.readConfigureGlobal(),
  seed: fixed === undefined ? Date.now() ^ Math.trunc(Math.random() * 0x1_0000_0000) : Number(fixed)
})
