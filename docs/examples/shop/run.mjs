// `npm run demo`: compiles the library and the shop once, for all processes of the demo, and starts the shop.
// The library goes to dist/, as by `npm run build`, so that the commands that the demo prints can be typed as they stand.
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"

const shop = fileURLToPath(new URL(".", import.meta.url))
const root = path.join(shop, "../../..")
const compiler = path.join(root, "node_modules", "typescript", "bin", "tsc")

const typescriptIn = (folder) =>
  fs
    .readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => path.join(folder, name))

/** What is compiled: the sources, the folder that their paths are relative to, and the folder of the results. */
const library = { sources: typescriptIn("src"), from: "src", to: "dist", options: ["--project", "src"] }
const example = {
  sources: [...typescriptIn(path.relative(root, shop)), path.join("test", "support", "EmbeddedServer.ts")],
  from: ".",
  to: ".demo",
  options: ["--ignoreConfig", "--rootDir", ".", "--target", "ES2022", "--module", "NodeNext", "--verbatimModuleSyntax"]
}

/** `npm run check` is for the types: here only the text is translated, which takes a tenth of the time. */
const translateOnly =
  "--noCheck --noResolve --noEmitOnError --declaration false --declarationMap false --sourceMap false".split(" ")

const resultOf = ({ from, to }, source) => path.join(to, path.relative(from, source).replace(/\.ts$/, ".js"))

const timeOf = (file) => fs.statSync(path.join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? 0

const isCurrent = (part) => part.sources.every((source) => timeOf(resultOf(part, source)) >= timeOf(source))

/** Ends the demo with one message: what is wrong, and what to do about it. */
const stop = (reason, remedy) => {
  console.error(`\nThe demo stopped: ${reason}\n${remedy}`)
  process.exit(1)
}

const compile = ({ options, sources, to }) =>
  new Promise((resolve) => {
    const files = options.includes("--project") ? [] : sources
    const words = [compiler, ...options, ...translateOnly, "--outDir", to, ...files]
    const child = spawn(process.execPath, words, { cwd: root, stdio: ["ignore", "pipe", "pipe"] })
    let said = ""
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += text))
    child.once("close", (code, signal) => {
      if (signal === "SIGINT") process.exit(130)
      if (code === 0) return resolve()
      const [reason] = said.trim().split("\n")
      stop(
        `TypeScript could not be compiled to ${to}/: ${reason}`,
        `Correct that, as a user who may write to ${root}, and run the demo again.`
      )
    })
  })

if (!fs.existsSync(compiler)) stop("the packages it needs are not installed.", `Run \`npm ci\` in ${root} first.`)
const stale = [library, example].filter((part) => !isCurrent(part))
if (stale.length > 0) console.error("Compiling the library and the shop")
await Promise.all(stale.map(compile))

process.chdir(shop)
await import(pathToFileURL(path.join(root, resultOf(example, path.join(path.relative(root, shop), "main.ts")))).href)
