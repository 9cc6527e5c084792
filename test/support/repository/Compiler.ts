/**
 * Programs that tests start as processes, compiled: as what the package would contain.
 */
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../..", import.meta.url))

/** Compiles a program and the library to a folder. Beside them stands what a program finds in an installed package. */
export const compile = (program: string, folder: string): string => {
  const config = path.join(folder, "tsconfig.json")
  fs.writeFileSync(config, JSON.stringify(compilerConfig(program, folder)))
  const compiler = path.join(root, "node_modules", "typescript", "bin", "tsc")
  const { status, stderr, stdout } = spawnSync(process.execPath, [compiler, "--project", config], { encoding: "utf8" })
  if (status !== 0) throw new Error(`${program} does not compile:\n${stdout}${stderr}`)
  fs.copyFileSync(path.join(root, "package.json"), path.join(folder, "package.json"))
  for (const name of ["node_modules", "migrations"]) fs.symlinkSync(path.join(root, name), path.join(folder, name))
  fs.symlinkSync("src", path.join(folder, "dist"))
  return path.join(folder, `${program}.js`)
}

const compilerConfig = (program: string, outDir: string) => ({
  extends: path.join(root, "tsconfig.json"),
  compilerOptions: {
    noEmit: false,
    noCheck: true,
    rootDir: root,
    outDir,
    typeRoots: [path.join(root, "node_modules", "@types")]
  },
  files: [path.join(root, `${program}.ts`)],
  include: []
})
