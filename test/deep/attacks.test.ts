/**
 * What holds the attacks of docs/security.md, taken out of the sources one by one: the test that does the attack must fail.
 * `MUTANT=reset npx vitest run --config test/vitest.config.ts --project pooler` shows what one is found by.
 */
import { spawnSync } from "node:child_process"
import { assert, describe, it } from "vitest"
import { security } from "../support/repository/SecurityMutants.js"

/** A test that waits for what never comes has failed. */
const patience = 60_000

const projectOf = (file: string): string => (file.startsWith("pooler/") ? "pooler" : "tests")

const run = (mutant: string, file: string, row: string) =>
  spawnSync(
    "npx",
    [
      ...["vitest", "run", "--config", "test/vitest.config.ts", "--testTimeout", String(patience)],
      ...["--project", projectOf(file), `test/${file}.test.ts`, "-t", row]
    ],
    { env: { ...process.env, MUTANT: mutant }, encoding: "utf8" }
  )

describe("the attack is found to succeed", () => {
  for (const { file, name, row, without } of security) {
    it(`without ${without} (${name})`, () => {
      const { status, stdout } = run(name, file, row)
      assert.notStrictEqual(status, 0, stdout)
      assert.match(stdout, /\d failed/)
    })
  }
})
