/**
 * Corrects the completion scripts of `@effect/cli`: its script for bash spells a name with a hyphen in two ways, so that it
 * completes no option of a command, and all of them offer options that this command line does not take.
 *
 * @internal
 */

/** Options that `@effect/cli` gives to each program, and that this one refuses. */
const refused = /^.*(?:'--(?:completions|log-level|wizard)\[|-l (?:completions|log-level|wizard) ).*$/

const forBash = (line: string): string =>
  line
    .replace(/(cmd="|^ {8})([\w-]+)("|\)$)/, (_, before: string, name: string, after: string) =>
      [before, name.replaceAll("-", "__"), after].join("")
    )
    .replace(/^( {12}\w+),(\w+)\)$/, (_, path: string, word: string) => `${path},${word.replaceAll("__", "-")})`)
    .replaceAll(/ --(?:completions|log-level|wizard)\b/g, "")

/**
 * The lines of a script that completes what this command line takes.
 *
 * @since 0.1.0
 * @category rendering
 */
export const corrected = (shell: "bash" | "zsh" | "fish", script: ReadonlyArray<string>): ReadonlyArray<string> => {
  const lines = script.flatMap((part) => part.split("\n")).filter((line) => !refused.test(line))
  return shell === "bash" ? lines.map(forBash) : lines
}
