/**
 * The attacks that held when they were tried, at their full size: 500 random interruptions and closings, 12,500 queries that fail at
 * once, and the heap over 100,000 failing queries with long texts.
 *
 * Workload: `test/server/attack/kept.test.ts` with `ATTACKS=500`, and `test/heal/Healer.test.ts` with `FAILING_QUERIES=100000`.
 * Checked: each of their tests passes.
 */
import { spawnSync } from "node:child_process"
import * as Effect from "effect/Effect"
import { claim, type Figure } from "./Figure.js"

const attacks = 500

const vitest = [
  "node_modules/vitest/vitest.mjs",
  "run",
  "--config",
  "test/vitest.config.ts",
  "--project",
  "tests",
  "--testTimeout",
  "3600000"
]

export const run: Effect.Effect<ReadonlyArray<Figure>> = Effect.sync(() => {
  const { status } = spawnSync(
    process.execPath,
    [...vitest, "test/server/attack/kept.test.ts", "test/heal/Healer.test.ts"],
    {
      env: { ...process.env, ATTACKS: String(attacks), FAILING_QUERIES: "100000" },
      stdio: "inherit"
    }
  )
  claim("the attacks are held", status === 0)
  return [{ name: "attacks of each kind that were held", value: attacks, unit: "" }]
})
