/**
 * The demo, a program and the core of the server tests on each runtime of `test/runtimes/package.json`, one after the other.
 * `RUNTIMES="node-20 bun"` chooses some. Bun does not run the tests: their runner's workers are those of Node.
 */
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as Database from "../support/server/Database.js"
import * as EmbeddedServer from "../support/server/EmbeddedServer.js"

const root = fileURLToPath(new URL("../..", import.meta.url))

/** The demo compiles the package that the program imports. */
const demo = ["docs/examples/shop/run.mjs"]

const program = ["test/runtimes/program.mjs"]

const tests = [
  path.join("node_modules", "vitest", "vitest.mjs"),
  ...["run", "--config", "test/vitest.config.ts", "--project", "tests", "--reporter=dot"],
  ...["heal/healing", "heal/queries", "heal/protectedClient", "ledger/ledger", "database/transactions"].map(
    (name) => `test/server/${name}.test.ts`
  )
]

const workByRuntime: Readonly<Record<string, ReadonlyArray<ReadonlyArray<string>>>> = {
  "node-20": [demo, program, tests],
  "node-22": [demo, program, tests],
  "node-24": [demo, program, tests],
  bun: [demo, program]
}

const executable = (runtime: string): string => {
  const folder = path.join(root, "test", "runtimes", "node_modules", `${runtime}-${process.platform}-${process.arch}`)
  const file = path.join(folder, "bin", runtime === "bun" ? "bun" : "node")
  if (fs.existsSync(file)) return file
  throw new Error(`There is no ${runtime} for ${process.platform} on ${process.arch} here.`)
}

/** What the work starts in turn finds the same runtime. */
const passes = (runtime: string, work: ReadonlyArray<string>, url: string) =>
  Effect.async<boolean>((resume) => {
    console.log(`\n==> ${runtime}: ${work[0]}`)
    const file = executable(runtime)
    const PATH = [path.dirname(file), process.env["PATH"]].join(path.delimiter)
    const child = spawn(file, work, {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, DATABASE_URL: url, PATH }
    })
    child.once("close", (code) => resume(Effect.succeed(code === 0)))
  })

const chosen = process.env["RUNTIMES"]?.split(/[\s,]+/).filter((name) => name !== "") ?? Object.keys(workByRuntime)

const outcomes: Array<{ readonly runtime: string; readonly isGood: boolean }> = []

const runAll = Effect.gen(function* () {
  const { url: server } = yield* EmbeddedServer.make()
  for (const runtime of chosen) {
    const works = workByRuntime[runtime]
    if (works === undefined) throw new Error(`There is no ${runtime}, only ${Object.keys(workByRuntime).join(", ")}.`)
    const good = yield* Effect.forEach(works, (work) =>
      Effect.scoped(Effect.flatMap(Database.fresh(server), (url) => passes(runtime, work, url)))
    )
    outcomes.push({ runtime, isGood: good.every((one) => one) })
  }
})

await Effect.runPromise(Effect.scoped(runAll))
console.log(`\n${outcomes.map(({ isGood, runtime }) => `${runtime}: ${isGood ? "works" : "FAILS"}`).join("\n")}`)
process.exitCode = outcomes.every(({ isGood }) => isGood) ? 0 : 1
