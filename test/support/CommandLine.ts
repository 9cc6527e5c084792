/**
 * The command line as a test types it.
 */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Command from "../../src/cli/Command.js"

export interface Ended {
  readonly code: number
  readonly printed: string
}

/** The exit code and what was printed. */
export const type = (words: ReadonlyArray<string>): Effect.Effect<Ended> =>
  Effect.gen(function* () {
    const printed: Array<string> = []
    const print = (line: unknown) => Effect.sync(() => printed.push(String(line)))
    const code = yield* Console.withConsole(Command.run(words, {}), {
      ...(yield* Console.consoleWith(Effect.succeed)),
      log: print,
      error: print
    })
    return { code, printed: printed.join("\n") }
  })
