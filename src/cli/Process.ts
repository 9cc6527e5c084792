/**
 * The process around a command: its streams, its colours, and its interruption by Ctrl-C.
 *
 * @internal
 */
import { text } from "node:stream/consumers"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as CommandLine from "./CommandLine.js"
import * as Terminal from "./Terminal.js"

/**
 * Whether to print colours: `NO_COLOR` forbids them, `FORCE_COLOR` asks for them, and else a terminal has them.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isColored = (
  environment: Readonly<Record<string, string | undefined>>,
  { isTTY = false }: { readonly isTTY?: boolean }
): boolean => {
  if ((environment["NO_COLOR"] ?? "") !== "") return false
  const force = environment["FORCE_COLOR"]
  if (force !== undefined) return force !== "0" && force !== "false"
  return isTTY && environment["TERM"] !== "dumb"
}

/** Writes a text over the last line of a terminal. */
const rewriting = ({ columns = 80, isTTY = false }: { readonly columns?: number; readonly isTTY?: boolean }) =>
  isTTY
    ? Option.some((line: string) => {
        process.stderr.write(`\r${String.fromCharCode(27)}[K${line.slice(0, columns - 1)}`)
      })
    : Option.none()

const place = (): CommandLine.Place => ({
  environment: process.env,
  color: isColored(process.env, process.stdout),
  links:
    process.stderr.isTTY === true && isColored(process.env, process.stderr)
      ? Option.some(process.cwd())
      : Option.none(),
  width: process.stdout.columns ?? 80,
  terminal: Terminal.make(process.stdin, process.stdout),
  rewrite: rewriting(process.stderr),
  input: process.stdin.isTTY ? Effect.succeed("") : Effect.promise(() => text(process.stdin))
})

/**
 * Runs a command, and gives the exit code. The first Ctrl-C stops the command, which rolls back what it runs.
 *
 * @since 0.1.0
 * @category running
 */
export const start = async (words: ReadonlyArray<string>): Promise<number> => {
  const fiber = Effect.runFork(CommandLine.run(words, place()))
  const stop = () => {
    Effect.runFork(Fiber.interrupt(fiber))
  }
  process.once("SIGINT", stop)
  process.once("SIGTERM", stop)
  const exit = await Effect.runPromise(Fiber.await(fiber))
  return Exit.match(exit, { onFailure: () => 130, onSuccess: (code) => code })
}
