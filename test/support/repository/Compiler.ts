/**
 * Programs that tests start as processes, compiled once.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { buildSync } from "esbuild"

const root = fileURLToPath(new URL("../../..", import.meta.url))

/**
 * Compiles a program to one file in a folder, with all that it imports: a process loads that in half the time. The file lies as
 * deep as the library's modules in an installed package, and beside it stands what they find there.
 */
export const compile = (program: string, folder: string): string => {
  const outfile = path.join(folder, "dist", "program", `${path.basename(program)}.js`)
  buildSync({
    absWorkingDir: root,
    bundle: true,
    entryPoints: [`${program}.ts`],
    external: ["libpg-query", "pg", "pg-*"],
    format: "esm",
    logLevel: "silent",
    outfile,
    platform: "node",
    target: "node20",
    tsconfig: path.join(root, "tsconfig.json")
  })
  fs.copyFileSync(path.join(root, "package.json"), path.join(folder, "package.json"))
  for (const name of ["node_modules", "migrations"]) fs.symlinkSync(path.join(root, name), path.join(folder, name))
  return outfile
}
