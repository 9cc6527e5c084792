/**
 * The command line as users get it: one bundled file, run as a process, in a pipe or on a terminal.
 */
import { execFile } from "node:child_process"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import * as pty from "@lydell/node-pty"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import manifest from "../../../package.json" with { type: "json" }

const root = fileURLToPath(new URL("../../../", import.meta.url))

/**
 * The bundle, made by the package's own script into a folder of its own. It stands in the repository, where Node finds the
 * grammar's package as it does beside an installed bundle.
 */
export const bundle: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.promise(async () => {
    const folder = await fs.mkdtemp(path.join(root, "test", ".bundle-"))
    const file = path.join(folder, "main.cjs")
    const [command = "", ...words] = manifest.scripts.bundle.split(" ")
    const args = words.map((word) => (word.startsWith("--outfile=") ? `--outfile=${file}` : word))
    await promisify(execFile)(path.join(root, "node_modules", ".bin", command), args, { cwd: root })
    return file
  }),
  (file) => Effect.promise(() => fs.rm(path.dirname(file), { recursive: true, force: true }))
)

export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

type Environment = Readonly<Record<string, string>>

const environmentOf = (given: Environment): Record<string, string> => ({
  ...(process.env["PATH"] === undefined ? {} : { PATH: process.env["PATH"] }),
  TERM: "xterm",
  ...given
})

/** Runs the bundle in a pipe. */
export const inPipe = (file: string, words: ReadonlyArray<string>, environment: Environment = {}, input = "") =>
  Effect.async<Ended>((resume) => {
    const child = execFile(
      process.execPath,
      [file, ...words],
      { env: environmentOf(environment), encoding: "utf8" },
      (error, out, err) => {
        const code = error === null ? 0 : Number(error.code)
        resume(Effect.succeed({ code, out, err }))
      }
    )
    child.stdin?.end(input)
  })

/** A terminal on which the bundle runs. */
export interface OnTerminal {
  /** What it has shown so far, without the codes of colours. */
  readonly shown: () => string
  /** With them. */
  readonly raw: () => string
  /** Waits until it shows a text. Fails if it ends without that. */
  readonly until: (text: string) => Effect.Effect<void, string>
  readonly type: (text: string) => Effect.Effect<void>
  readonly exitCode: Effect.Effect<number>
}

const codes = new RegExp(`${String.fromCharCode(27)}\\[[\\d;?]*[A-Za-z]`, "g")

/** Runs the bundle on a terminal of 100 columns. */
export const onTerminal = (
  file: string,
  words: ReadonlyArray<string>,
  environment: Environment = {}
): Effect.Effect<OnTerminal, never, Scope.Scope> =>
  Effect.gen(function* () {
    let text = ""
    let waiting: ReadonlyArray<() => void> = []
    const ended = yield* Deferred.make<number>()
    const terminal = yield* Effect.acquireRelease(
      Effect.sync(() =>
        pty.spawn(process.execPath, [file, ...words], { cols: 100, rows: 40, env: environmentOf(environment) })
      ),
      (child) => Effect.sync(() => Option.liftThrowable(() => child.kill())())
    )
    const wake = () => {
      const all = waiting
      waiting = []
      for (const resume of all) resume()
    }
    terminal.onData((data) => {
      text += data
      wake()
    })
    terminal.onExit(({ exitCode }) => {
      Deferred.unsafeDone(ended, Effect.succeed(exitCode))
      wake()
    })
    const shown = () => text.replaceAll(codes, "").replaceAll("\r\n", "\n")
    const change = Effect.async<void>((resume) => {
      waiting = [...waiting, () => resume(Effect.void)]
    })
    const until = (wanted: string): Effect.Effect<void, string> =>
      Effect.gen(function* () {
        if (shown().includes(wanted)) return
        if (yield* Deferred.isDone(ended)) return yield* Effect.fail(`It ended without "${wanted}":\n${shown()}`)
        yield* change
        yield* until(wanted)
      })
    return {
      shown,
      raw: () => text,
      until,
      type: (line) => Effect.sync(() => terminal.write(line)),
      exitCode: Deferred.await(ended)
    }
  })
