/**
 * The `exports` of package.json: one entry per public module, named like its file. `npm run exports` writes them. A module
 * is public unless its header ends with `@internal`; the command line is none.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../..", import.meta.url))

export const isInternal = (text: string): boolean => /^\/\*\*(?:(?!\*\/)[\s\S])*@internal\n \*\//.test(text)

const publicIn = (folder: string): ReadonlyArray<string> =>
  fs.readdirSync(path.join(root, "src", folder), { withFileTypes: true }).flatMap((entry) => {
    const module = path.posix.join(folder, entry.name)
    if (entry.isDirectory()) return module === "cli" ? [] : publicIn(module)
    if (!entry.name.endsWith(".ts") || entry.name === "index.ts") return []
    return isInternal(fs.readFileSync(path.join(root, "src", module), "utf8")) ? [] : [module.slice(0, -".ts".length)]
  })

/** All public modules, without their ending, relative to `src`, by name. */
const publicModules = (): ReadonlyArray<string> =>
  publicIn(".").toSorted((a, b) => (path.posix.basename(a) < path.posix.basename(b) ? -1 : 1))

/** What a program writes to import a module, and the source that it means. */
export const modules = (): ReadonlyArray<{ readonly specifier: string; readonly file: string }> => [
  { specifier: "effect-auto-migration", file: "src/index.ts" },
  ...publicModules().map((module) => ({
    specifier: `effect-auto-migration/${path.posix.basename(module)}`,
    file: `src/${module}.ts`
  }))
]

const entry = (module: string) => ({ types: `./dist/${module}.d.ts`, import: `./dist/${module}.js` })

/** What package.json must say. */
export const expected = (): Readonly<Record<string, unknown>> => ({
  ".": entry("index"),
  ...Object.fromEntries(publicModules().map((module) => [`./${path.posix.basename(module)}`, entry(module)])),
  "./package.json": "./package.json"
})

if (process.argv[1] !== undefined && fs.realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const file = path.join(root, "package.json")
  const manifest: object = JSON.parse(fs.readFileSync(file, "utf8"))
  fs.writeFileSync(file, `${JSON.stringify({ ...manifest, exports: expected() }, null, 2)}\n`)
}
