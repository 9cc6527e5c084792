/**
 * What keeps a database unharmed that was there before, taken out of the sources rule by rule: the generated databases must find
 * each, and the row of the table that is about it too. `MUTANT="children" npx vitest run --config test/vitest.config.ts --project
 * deep test/deep/unharmed.test.ts` shows what one is found by.
 */
import { spawnSync } from "node:child_process"
import { assert, describe, it } from "vitest"
import { caution, look } from "../support/repository/Mutants.js"

const runs = process.env["UNHARMED_RUNS"] ?? "1000"

const vitest = (mutant: string, ...rest: ReadonlyArray<string>) =>
  spawnSync("npx", ["vitest", "run", "--config", "test/vitest.config.ts", ...rest], {
    env: { ...process.env, MUTANT: mutant, UNHARMED_RUNS: runs, UNHARMED_SEED: "1" },
    encoding: "utf8"
  })

const withRow = (mutant: string, row: string, file = "thereBefore") =>
  vitest(mutant, "--project", "tests", `test/server/caution/${file}.test.ts`, "-t", row)

describe("generated databases that were there before", () => {
  for (const { name, without } of caution) {
    it(`are harmed without ${without}`, () => {
      const { status, stdout } = vitest(name, "--project", "deep", "test/deep/unharmed.test.ts")
      assert.notStrictEqual(status, 0, `${runs} databases are unharmed`)
      assert.include(stdout, "UNHARMED_SEED=")
    })
  }
})

describe("the table of harmful files", () => {
  for (const { name, row, without } of caution) {
    if (row === undefined) continue
    it(`has a row that fails without ${without}, and not for want of a second look`, () => {
      assert.notStrictEqual(withRow(name, row).status, 0)
      const { status, stdout } = withRow("unforeseen", row)
      assert.strictEqual(status, 0, stdout)
      assert.match(stdout, /\d passed/)
    })
  }

  for (const { name, row, without } of look) {
    it(`has a row of code that was made by hand, which fails without ${without}`, () => {
      assert.notStrictEqual(withRow(name, row, "hiddenCode").status, 0)
    })
  }
})
