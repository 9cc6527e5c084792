/**
 * What keeps a database unharmed that was there before, taken out of the sources rule by rule: the generated databases must find
 * each. `MUTANT="children" npx vitest run --config test/vitest.config.ts --project deep test/deep/unharmed.test.ts` shows what
 * one is found by.
 */
import { spawnSync } from "node:child_process"
import { assert, describe, it } from "vitest"
import { caution } from "../support/Mutants.js"

const runs = process.env["UNHARMED_RUNS"] ?? "1000"

const search = ["vitest", "run", "--config", "test/vitest.config.ts", "--project", "deep", "test/deep/unharmed.test.ts"]

describe("generated databases that were there before", () => {
  for (const { name, without } of caution) {
    it(`are harmed without ${without}`, () => {
      const env = { ...process.env, MUTANT: name, UNHARMED_RUNS: runs, UNHARMED_SEED: "1" }
      const { status, stdout } = spawnSync("npx", search, { env, encoding: "utf8" })
      assert.notStrictEqual(status, 0, `${runs} databases are unharmed`)
      assert.include(stdout, "UNHARMED_SEED=")
    })
  }
})
