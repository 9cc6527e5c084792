/**
 * The files of this repository, for the tests that hold it to its rules.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"

export const root = fileURLToPath(new URL("../../..", import.meta.url))

const generated = new Set(["node_modules", "dist", ".api", ".demo", "coverage", ".git"])

/** Paths relative to the root, with forward slashes, of all files in a folder, in order. */
export const filesIn = (folder: string): ReadonlyArray<string> =>
  fs
    .readdirSync(path.join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !generated.has(name) && !name.startsWith(".documents-"))
    .flatMap((entry) => {
      const file = path.posix.join(folder, entry.name)
      return entry.isDirectory() ? filesIn(file) : [file]
    })
    .sort()

export const read = (file: string): string => fs.readFileSync(path.join(root, file), "utf8")

/** What one file says another one is needed for: code at run time, or types only. */
export interface Import {
  readonly module: string
  readonly use: "value" | "type"
}

const importPattern =
  /^(?:import|export)(?<type>\s+type\b)?(?:\s[^"'`;:=()/]*?\sfrom)?\s*"(?<module>[^"]+)"|\bimport\(\s*"(?<late>[^"]+)"\s*\)/gm

/** All imports of a TypeScript text; an `import("x")` in a type position counts as a value, since it looks like one. */
export const importsOf = (text: string): ReadonlyArray<Import> =>
  [...text.matchAll(importPattern)].map(({ groups }) => ({
    module: groups?.["module"] ?? groups?.["late"] ?? "",
    use: groups?.["type"] === undefined ? "value" : "type"
  }))

/** The same text with comments, and the inside of quoted strings and templates, blanked out; line numbers stay. */
export const codeOnly = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g, (match) =>
    match.replace(/[^\n]/g, " ")
  )

/** `file:line` of every match. */
export const places = (file: string, text: string, pattern: RegExp): ReadonlyArray<string> =>
  [...text.matchAll(pattern)].map(
    (match) => `${file}:${text.slice(0, match.index).split("\n").length} ${match[0].trim()}`
  )
