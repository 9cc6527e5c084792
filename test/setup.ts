/**
 * One seed for all properties of a run: fixed in CI, fresh elsewhere. A property that fails prints its seed;
 * `FAST_CHECK_SEED` runs everything with it again.
 *
 * And what one file does to `it` is undone before the next in the same process: `layer` puts methods on it that provide what
 * the layer has built, and that is closed by then.
 */
import { afterAll, it } from "@effect/vitest"
import * as GlobalValue from "effect/GlobalValue"
import * as fc from "fast-check"
import * as OwnSqlWatch from "./support/server/OwnSqlWatch.js"

Object.assign(
  it,
  GlobalValue.globalValue("effect-auto-migration/test/it", () => ({ ...it }))
)

const variable = (name: string): string | undefined => process.env[name] || undefined

const fixed = variable("FAST_CHECK_SEED") ?? (variable("CI") === undefined ? undefined : "20240601")

fc.configureGlobal({
  ...fc.readConfigureGlobal(),
  seed: fixed === undefined ? Date.now() ^ Math.trunc(Math.random() * 0x1_0000_0000) : Number(fixed)
})

OwnSqlWatch.begin()
afterAll(OwnSqlWatch.check)
