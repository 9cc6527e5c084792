/** What takes the rules out of the sources has to find them there; otherwise a mutant fails for no reason, and shows nothing. */
import * as fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { edited, mutants } from "../support/Mutants.js"

const source = (module: string): string =>
  fs.readFileSync(new URL(`../../src/core/${module}.ts`, import.meta.url), "utf8")

describe("every mutant", () => {
  for (const { edits, name, without } of mutants) {
    it(`finds what it takes out: ${name}, ${without}`, () => {
      for (const [module, from, to] of edits) {
        assert.notStrictEqual(edited(source(module), module, from, to), source(module))
      }
    })
  }
})
