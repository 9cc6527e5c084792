/**
 * A folder in which a migration tool works: its commands run there, and find the packages of `test/tools/installed` beside them.
 */
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

const home = fileURLToPath(new URL("./installed", import.meta.url))

export interface Workshop {
  readonly path: string
  /** Runs a command of one of the tools, or a program of `test/tools/installed/programs`, and gives what it printed. */
  readonly run: (
    command: string,
    args: ReadonlyArray<string>,
    env?: Readonly<Record<string, string>>
  ) => Promise<string>
  /** The files below a folder, in order, by paths from the workshop. */
  readonly files: (folder: string) => ReadonlyArray<string>
  readonly read: (file: string) => string
  /** Makes the folders on the way. */
  readonly write: (file: string, text: string) => void
}

/** An empty one, gone when the scope ends. */
export const make: Effect.Effect<Workshop, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => {
      const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), "effect-auto-migration-tools-"))
      fs.symlinkSync(path.join(home, "node_modules"), path.join(folder, "node_modules"), "junction")
      return folder
    }),
    (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true, force: true }))
  ),
  at
)

/** One with the same files. */
export const copyOf = (original: Workshop): Effect.Effect<Workshop, never, Scope.Scope> =>
  Effect.tap(make, (copy) =>
    Effect.sync(() => {
      const isOwn = (file: string): boolean => path.basename(file) !== "node_modules"
      fs.cpSync(original.path, copy.path, { recursive: true, filter: isOwn })
    })
  )

function at(folder: string): Workshop {
  const inside = (file: string): string => path.join(folder, file)
  const files = (below: string): ReadonlyArray<string> =>
    fs.existsSync(inside(below))
      ? fs
          .readdirSync(inside(below), { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, "/"))
          .sort()
      : []
  return {
    path: folder,
    run: (command, args, env = {}) => run(folder, { command: executable(command), args, env }),
    files,
    read: (file) => fs.readFileSync(inside(file), "utf8"),
    write: (file, text) => {
      fs.mkdirSync(path.dirname(inside(file)), { recursive: true })
      fs.writeFileSync(inside(file), text)
    }
  }
}

/** A program of ours is run by Node; a command is one that a package of `test/tools/installed` brings. */
const executable = (command: string): ReadonlyArray<string> =>
  command.endsWith(".mjs")
    ? [process.execPath, path.join(home, "programs", command)]
    : [path.join(home, "node_modules", ".bin", command)]

interface Command {
  readonly command: ReadonlyArray<string>
  readonly args: ReadonlyArray<string>
  readonly env: Readonly<Record<string, string>>
}

/** No tool may ask anything, look for a newer version of itself, or tell its makers that it ran. */
const quiet = {
  CI: "true",
  NO_COLOR: "1",
  DO_NOT_TRACK: "1",
  SUPABASE_TELEMETRY_DISABLED: "1",
  CHECKPOINT_DISABLE: "1",
  PRISMA_HIDE_UPDATE_MESSAGE: "1"
}

const run = (cwd: string, { args, command, env }: Command): Promise<string> =>
  new Promise((resolve, reject) => {
    const [file = "", ...before] = command
    const child = spawn(file, [...before, ...args], {
      cwd,
      env: { ...process.env, ...quiet, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32" && before.length === 0
    })
    let said = ""
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += String(text)))
    child.once("error", reject)
    child.once("close", (code) =>
      code === 0 ? resolve(said) : reject(new Error(`${[...command, ...args].join(" ")} ended with ${code}:\n${said}`))
    )
  })
