/**
 * The public modules are those of `src/index.ts`. `npm run exports` writes them into package.json, as `exports`, and into
 * tsconfig.json, as `paths`.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../..", import.meta.url))

interface Module {
  /** What a program imports. */
  readonly specifier: string
  /** The module without its ending, relative to `src`. */
  readonly place: string
}

const listed = fs
  .readFileSync(path.join(root, "src/index.ts"), "utf8")
  .matchAll(/^export \* as (?<name>\w+) from "\.\/(?<place>[\w/]+)\.js"$/gm)

/** The index and its modules, by name. */
const published: ReadonlyArray<Module> = [
  { specifier: "effect-auto-migration", place: "index" },
  ...Array.from(listed, ({ groups }) => ({
    specifier: `effect-auto-migration/${groups?.["name"]}`,
    place: groups?.["place"] ?? ""
  })).toSorted((a, b) => (a.specifier < b.specifier ? -1 : 1))
]

const sourceOf = ({ place }: Module): string => `src/${place}.ts`

/** What a program imports, and the source that it means. */
export const modules = (): ReadonlyArray<{ readonly specifier: string; readonly file: string }> =>
  published.map((module) => ({ specifier: module.specifier, file: sourceOf(module) }))

/** The `exports` of package.json. */
export const expected = (): Readonly<Record<string, unknown>> => ({
  ...Object.fromEntries(
    published.map(({ place, specifier }) => [
      specifier.replace("effect-auto-migration", "."),
      { types: `./dist/${place}.d.ts`, default: `./dist/${place}.js` }
    ])
  ),
  "./package.json": "./package.json"
})

/** The `paths` of tsconfig.json. */
export const paths = (): Readonly<Record<string, ReadonlyArray<string>>> =>
  Object.fromEntries(published.map((module) => [module.specifier, [`./${sourceOf(module)}`]]))

/** Whether the header of a source says that no program may import it. */
export const isInternal = (text: string): boolean => /^\/\*\*(?:(?!\*\/)[\s\S])*@internal\n \*\//.test(text)

const rewrite = (file: string, change: (content: { readonly compilerOptions?: object }) => object): void => {
  const place = path.join(root, file)
  fs.writeFileSync(place, `${JSON.stringify(change(JSON.parse(fs.readFileSync(place, "utf8"))), null, 2)}\n`)
}

if (process.argv[1] !== undefined && fs.realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  rewrite("package.json", (content) => ({ ...content, exports: expected() }))
  rewrite("tsconfig.json", (content) => ({
    ...content,
    compilerOptions: { ...content.compilerOptions, paths: paths() }
  }))
}
