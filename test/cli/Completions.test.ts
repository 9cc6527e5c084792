/**
 * The completions, loaded into bash.
 */
import { execFileSync } from "node:child_process"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as CommandLine from "../support/program/CommandLine.js"

const script = (shell: string) => Effect.map(CommandLine.typed(["completions", shell]), ({ out }) => out)

/** What bash offers for the last of these words. */
const offered = (loaded: string, ...words: ReadonlyArray<string>): ReadonlyArray<string> => {
  const typed = ["effect-auto-migration", ...words].map((word) => `'${word}'`).join(" ")
  const ask = `COMP_WORDS=(${typed}); COMP_CWORD=${words.length}; _effect-auto-migration_bash_completions effect-auto-migration`
  const text = execFileSync("bash", ["-c", `${loaded}\n${ask}; echo "\${COMPREPLY[@]}"`], { encoding: "utf8" })
  return text.trim().split(" ")
}

describe("completions in bash", () => {
  it.effect("offer the commands, and the options of each command", () =>
    Effect.map(script("bash"), (loaded) => {
      deepStrictEqual(offered(loaded, "st"), ["status"])
      deepStrictEqual(offered(loaded, "lint", "--si"), ["--since"])
      deepStrictEqual(offered(loaded, "check-history", "--ro"), ["--rounds"])
    })
  )
})

describe("completions", () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    it.effect(`of ${shell} offer no option that the command line refuses`, () =>
      Effect.map(script(shell), (text) => {
        assert.match(text, /folder/)
        assert.notMatch(text, /--wizard|--log-level|--completions|-l (?:wizard|log-level|completions)/)
      })
    )
  }
})
