/**
 * The `exports` of package.json: one entry per public module, named like its file. `npm run exports` writes them.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../..", import.meta.url))

const modulesIn = (folder: string): ReadonlyArray<string> =>
  fs
    .readdirSync(path.join(root, "src", folder))
    .filter((name) => name.endsWith(".ts") && name !== "index.ts")
    .map((name) => path.posix.join(folder, name.slice(0, -".ts".length)))

const entry = (module: string) => ({ types: `./dist/${module}.d.ts`, import: `./dist/${module}.js` })

/** What package.json must say. */
export const expected = (): Readonly<Record<string, unknown>> => ({
  ".": entry("index"),
  ...Object.fromEntries(
    [...modulesIn("."), ...modulesIn("core")]
      .map((module) => [`./${path.posix.basename(module)}`, entry(module)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1))
  ),
  "./package.json": "./package.json"
})

if (process.argv[1] !== undefined && fs.realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const file = path.join(root, "package.json")
  const manifest: object = JSON.parse(fs.readFileSync(file, "utf8"))
  fs.writeFileSync(file, `${JSON.stringify({ ...manifest, exports: expected() }, null, 2)}\n`)
}
