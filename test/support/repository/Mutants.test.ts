/** What takes the rules out of the sources has to find them there; otherwise a mutant fails for no reason, and shows nothing. */
import { assert, describe, it } from "@effect/vitest"
import { edited, mutants } from "./Mutants.js"
import { filesIn, read } from "./Repository.js"

const sources = filesIn("src")

const source = (module: string): string => {
  const found = sources.filter((file) => file === `src/${module}.ts`)
  assert.strictEqual(found.length, 1, `modules called ${module}`)
  return found.map(read).join("")
}

describe("every mutant", () => {
  for (const { edits, name, without } of mutants) {
    it(`finds what it takes out: ${name}, ${without}`, () => {
      for (const [module, from, to] of edits) {
        assert.notStrictEqual(edited(source(module), module, from, to), source(module))
      }
    })
  }
})
