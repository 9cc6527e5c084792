/**
 * The applications of `docs/examples`, as a reader runs them: each with the packages that it declares and no other, and with the library
 * as npm would install it.
 */
import { execFile } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { build } from "esbuild"
import manifest from "../../package.json" with { type: "json" }
import * as Exports from "../support/repository/Exports.js"
import { filesIn, read, root } from "../support/repository/Repository.js"
import * as Server from "../support/server/Server.js"

const examples = ["http-api", "tenants", "worker"] as const

const folder = path.join(root, "test", `.documents-examples-${process.pid}`)

const declaredBy = (example: string): ReadonlyArray<string> => {
  const { dependencies, devDependencies } = JSON.parse(read(`docs/examples/${example}/package.json`))
  return Object.keys({ ...dependencies, ...devDependencies })
}

/** What npm would make of the package. */
const library = path.join(folder, "package")

const link = (from: string, to: string): void => {
  fs.mkdirSync(path.dirname(from), { recursive: true })
  fs.symlinkSync(to, from, "junction")
}

const install = (example: string): void => {
  const place = path.join(folder, example)
  fs.cpSync(path.join(root, "docs", "examples", example), place, {
    recursive: true,
    filter: (file) => path.basename(file) !== "node_modules"
  })
  for (const name of declaredBy(example))
    link(
      path.join(place, "node_modules", name),
      name === manifest.name ? library : path.join(root, "node_modules", name)
    )
}

beforeAll(async () => {
  await build({
    absWorkingDir: root,
    entryPoints: filesIn("src").filter((file) => /\.ts$/.test(file) && !/^src\/(cli|page)\//.test(file)),
    ...{ format: "esm", logLevel: "silent", outbase: "src", outdir: path.join(library, "dist"), target: "node20" }
  })
  fs.copyFileSync(path.join(root, "package.json"), path.join(library, "package.json"))
  for (const example of examples) install(example)
})

afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

/** What a command of an example prints to its end, without the log, whose lines begin with a time. */
const prints = (example: string, command: string, url: string) =>
  Effect.async<ReadonlyArray<string>>((resume) => {
    const environment = { ...process.env, DATABASE_URL: url, NO_COLOR: "1", OPERATOR_TOKEN: "secret", PORT: "0" }
    const options = { cwd: path.join(folder, example), env: environment }
    const child = execFile("npm", ["run", "--silent", command], options, (error, told, noted) => {
      if (error !== null) return resume(Effect.dieMessage(`${error.message}\n${told}${noted}`))
      resume(Effect.succeed(told.split("\n").filter((line) => /^(?!\[|timestamp=)\S/.test(line))))
    })
    return Effect.sync(() => child.kill())
  })

describe("the examples", () => {
  it("have types that fit", async () => {
    const source = (file: string) => path.join(root, file)
    const paths = Object.fromEntries(Exports.modules().map(({ file, specifier }) => [specifier, [source(file)]]))
    const config = { extends: "./worker/tsconfig.json", compilerOptions: { paths }, include: ["*/*.ts"] }
    fs.writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify(config))
    const compiler = path.join(root, "node_modules", "typescript", "bin", "tsc")
    const printed = await new Promise<string>((resolve) => {
      execFile(process.execPath, [compiler, "--project", folder], (_, stdout, stderr) => resolve(stdout + stderr))
    })
    strictEqual(printed, "")
  })

  it("have the same server and the same compiler's options", () => {
    for (const file of ["server.mjs", "tsconfig.json"])
      strictEqual(new Set(examples.map((example) => read(`docs/examples/${example}/${file}`))).size, 1)
  })

  it.scopedLive("of an HTTP API heal what may run again, and ask for other requests once more", () =>
    Effect.gen(function* () {
      const printed = yield* prints("http-api", "once", yield* Server.freshDatabase)
      assert.match(printed[0] ?? "", /^POST \/notes: 503, Retry-After: 1 \{"type":"about:blank",/)
      const lines = printed.filter((line) => !line.startsWith("POST /notes: 503"))
      deepStrictEqual(lines.slice(0, -1), [
        "POST /notes: 204 ",
        "POST /notes: 204 ",
        "PUT /notes/1/done: 204 ",
        'GET /notes: 200 [{"id":2,"text":"Buy a cup"}]',
        "GET /internal/migrations: 401 "
      ])
      assert.match(lines.at(-1) ?? "", /"applied":\["001_notes","002_done","003_open_notes"\],"pending":\[\]/)
    })
  )

  it.scopedLive("of a worker heal a transaction on the primary and a query on the replica", () =>
    Effect.gen(function* () {
      const lines = yield* prints("worker", "start", yield* Server.freshDatabase)
      deepStrictEqual(lines, ["job 1: 6 words", "job 2: 6 words", "2 jobs with 12 words"])
    })
  )

  it.scopedLive("of tenants heal each tenant alone, and migrate all of them", () =>
    Effect.gen(function* () {
      const all = "001_invoices, 002_invoices_currency, 003_invoices_paid_at"
      deepStrictEqual(yield* prints("tenants", "start", yield* Server.freshDatabase), [
        `acme: applied ${all}; pending none`,
        `globex: applied none; pending ${all}`,
        `acme: applied ${all}; pending none`,
        `globex: applied ${all}; pending none`
      ])
    })
  )
})
