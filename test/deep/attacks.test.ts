/**
 * What holds the attacks of docs/security.md, taken out of the sources one by one: the test that does the attack must fail.
 * `MUTANT=reset npx vitest run --config test/vitest.config.ts --project pooler` shows what one is found by.
 */
import { spawnSync } from "node:child_process"
import { assert, describe, it } from "vitest"
import { security } from "../support/repository/SecurityMutants.js"

/** A test that waits for what never comes has failed. */
const patience = 60_000

/** A run that does not end, not even after its tests, shows no failure. */
const limit = 20 * patience

const projectOf = (file: string): string => (file.startsWith("pooler/") ? "pooler" : "tests")

/** Without a shell between, so that the limit ends the run itself. */
const run = (mutant: string, file: string, row: string) =>
  spawnSync(
    process.execPath,
    [
      ...[
        "node_modules/vitest/vitest.mjs",
        "run",
        "--config",
        "test/vitest.config.ts",
        "--testTimeout",
        String(patience)
      ],
      ...["--project", projectOf(file), `test/${file}.test.ts`, "-t", row]
    ],
    { env: { ...process.env, MUTANT: mutant }, encoding: "utf8", timeout: limit, killSignal: "SIGKILL" }
  )

describe("the attack is found to succeed", () => {
  for (const { file, name, row, without } of security) {
    it(`without ${without} (${name})`, () => {
      const { signal, status, stdout } = run(name, file, row)
      assert.isNull(signal, stdout)
      assert.notStrictEqual(status, 0, stdout)
      assert.match(stdout, /\d failed/)
    })
  }
})
