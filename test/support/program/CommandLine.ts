/**
 * The command line as a user types it: on a folder of files, with the exit code and what is printed.
 */
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Command from "../../../src/cli/Command.js"
import type { Terminal } from "../../../src/cli/Terminal.js"

/** A folder of files, by their names without the ending, as long as the scope. */
export const folderOf = (files: Readonly<Record<string, string>>): Effect.Effect<string, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const directory = await fs.mkdtemp(path.join(os.tmpdir(), "migrations-"))
      for (const [id, text] of Object.entries(files)) await fs.writeFile(path.join(directory, `${id}.sql`), text)
      return directory
    }),
    (directory) => Effect.promise(() => fs.rm(directory, { recursive: true, force: true }))
  )

export interface Ended {
  readonly code: number
  readonly printed: string
}

/** The exit code and what was printed. */
export const type = (
  words: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>> = {},
  terminal: Option.Option<Terminal> = Option.none()
): Effect.Effect<Ended> =>
  Effect.gen(function* () {
    const printed: Array<string> = []
    const print = (line: unknown) => printed.push(String(line))
    const console = Object.assign(Object.create(globalThis.console), { log: print, error: print })
    const code = yield* Console.withConsole(Command.run(words, environment, terminal), {
      ...(yield* Console.consoleWith(Effect.succeed)),
      log: (line: unknown) => Effect.sync(() => print(line)),
      error: (line: unknown) => Effect.sync(() => print(line)),
      unsafe: console
    })
    return { code, printed: printed.join("\n") }
  })

/** A person who gives these answers, and what was asked. The last answer is followed by the end of the input. */
export const person = (...answers: ReadonlyArray<string>) => {
  const asked: Array<string> = []
  const terminal: Terminal = {
    ask: (question) => Effect.sync(() => Option.fromNullable(answers[asked.push(question) - 1]))
  }
  return { asked, terminal: Option.some(terminal) }
}
