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
import * as CommandLine from "../../../src/cli/CommandLine.js"
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

export interface Streams {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** A place without a terminal. */
const pipe = (environment: Readonly<Record<string, string>>): CommandLine.Place => ({
  environment,
  color: false,
  links: Option.none(),
  width: 120,
  terminal: Option.none(),
  rewrite: Option.none(),
  input: Effect.succeed("")
})

/** The exit code, and what was printed to each stream. */
export const typed = (
  words: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>> = {},
  place: Partial<CommandLine.Place> = {}
): Effect.Effect<Streams> =>
  Effect.gen(function* () {
    const out: Array<string> = []
    const err: Array<string> = []
    const console = Object.assign(Object.create(globalThis.console), {
      log: (line: unknown) => out.push(String(line)),
      error: (line: unknown) => err.push(String(line))
    })
    const code = yield* Console.withConsole(CommandLine.run(words, { ...pipe(environment), ...place }), {
      ...(yield* Console.consoleWith(Effect.succeed)),
      log: (line: unknown) => Effect.sync(() => console.log(line)),
      error: (line: unknown) => Effect.sync(() => console.error(line)),
      unsafe: console
    })
    return { code, out: out.join("\n"), err: err.join("\n") }
  })

/** The exit code and what a reader looks at: the result, and for a failure also what went to standard error. */
export const type = (...invocation: Parameters<typeof typed>): Effect.Effect<Ended> =>
  Effect.map(typed(...invocation), ({ code, err, out }) => ({
    code,
    printed: [out, ...(code === 0 || code === 3 ? [] : [err])].filter((text) => text !== "").join("\n")
  }))

/** A person who gives these answers, and what was asked. The last answer is followed by the end of the input. */
export const person = (...answers: ReadonlyArray<string>) => {
  const asked: Array<string> = []
  const terminal: Terminal = {
    ask: (question) => Effect.sync(() => Option.fromNullable(answers[asked.push(question) - 1]))
  }
  return { asked, place: { terminal: Option.some(terminal) } }
}
