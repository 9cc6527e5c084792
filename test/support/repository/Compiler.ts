/**
 * Programs that tests start as processes, compiled once.
 */
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { buildSync } from "esbuild"
import * as RunFolder from "../server/RunFolder.js"

const root = fileURLToPath(new URL("../../..", import.meta.url))

/**
 * Loads the program beside it with the machine code's precursor that an earlier process has left: to read JavaScript is half of
 * what a process does to load the library. A process without an argument leaves it. Such a script has no `import()`.
 */
const launcher = (bundle: string, extra = "") => `
const { createRequire } = require("node:module"), fs = require("node:fs"), path = require("node:path"), vm = require("node:vm")
const file = path.join(__dirname, "${bundle}"), cache = file + ".cache"
const source = "(function (require, __filename, __dirname) {" + fs.readFileSync(file, "latin1") + "\\n})"
const cachedData = fs.existsSync(cache) ? fs.readFileSync(cache) : undefined
const script = new vm.Script(source, { cachedData, filename: file })
if (process.argv[2] === undefined) process.on("exit", () => fs.writeFileSync(cache, script.createCachedData()))
${extra}script.runInThisContext()(createRequire(file), file, __dirname)
`

/** ASCII alone, which is read as it stands. esbuild leaves the characters of regular expressions. */
const escaped = (text: string): string =>
  text.replace(/[\u0080-\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`)

/**
 * Spares a process of a test run nearly half of its work. A bench does without it, since no user's program has it. The driver asks
 * `Response` for the runtime where there is no `navigator`, as in Node 20, and for that Node loads all of undici. V8 compiles
 * PostgreSQL's grammar a second time, optimised, which pays for a process that reads thousands of statements. The precursor
 * holds for the flags of the process that has left it, so this flag is set after the program is loaded.
 */
const thrift = `
globalThis.navigator ??= { userAgent: "Node.js" }
if (process.argv[2] !== undefined) require("node:v8").setFlagsFromString("--wasm-tiering-budget=1000000000")
`

const launcherIn = (folder: string, program: string): string => {
  const name = path.basename(program)
  return path.join(folder, "dist", name, `${name}.cjs`)
}

/**
 * Compiles a program to one file in a folder, with all that it imports: a process loads that in half the time. The file lies as
 * deep as the library's modules in an installed package, and beside it stands what they find there.
 */
const compile = (program: string, folder: string): string => {
  const name = path.basename(program)
  const outfile = path.join(folder, "dist", name, "bundle.cjs")
  buildSync({
    absWorkingDir: root,
    banner: { js: 'const importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
    bundle: true,
    define: { "import.meta.url": "importMetaUrl" },
    entryPoints: [`${program}.ts`],
    external: ["libpg-query", "pg-native"],
    format: "cjs",
    logLevel: "silent",
    minifyWhitespace: true,
    outfile,
    platform: "node",
    supported: { "dynamic-import": false },
    target: "node20",
    tsconfig: path.join(root, "tsconfig.json")
  })
  fs.writeFileSync(outfile, escaped(fs.readFileSync(outfile, "utf8")))
  fs.copyFileSync(path.join(root, "package.json"), path.join(folder, "package.json"))
  for (const name of ["node_modules", "migrations"]) fs.symlinkSync(path.join(root, name), path.join(folder, name))
  const launched = launcherIn(folder, program)
  fs.writeFileSync(launched, launcher(path.basename(outfile), RunFolder.folder() === undefined ? "" : thrift))
  spawnSync(process.execPath, [launched], { stdio: "ignore" })
  return launched
}

const folderIn = (parent: string): string => fs.mkdtempSync(path.join(parent, "effect-auto-migration-program-"))

/** For all processes of a test run. Where another one compiles the program at the same time, the first that is done counts. */
const compileOnce = (program: string, parent: string): string => {
  const folder = path.join(parent, path.basename(program))
  if (!fs.existsSync(folder)) {
    const own = folderIn(parent)
    compile(program, own)
    try {
      fs.renameSync(own, folder)
    } catch {}
  }
  return launcherIn(folder, program)
}

/** The file of a program that is compiled: once in a test run, elsewhere as long as the scope. */
export const built = (program: string): Effect.Effect<string, never, Scope.Scope> => {
  const parent = RunFolder.folder()
  if (parent !== undefined) return Effect.sync(() => compileOnce(program, parent))
  return Effect.acquireRelease(
    Effect.sync(() => folderIn(os.tmpdir())),
    (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true, force: true }))
  ).pipe(Effect.map((folder) => compile(program, folder)))
}
