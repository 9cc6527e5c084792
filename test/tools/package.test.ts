/**
 * The package as npm packs it, in an empty project: installed by the guide's own command from the registry as it is today, compiled
 * against, and bundled.
 */
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { build } from "esbuild"
import { type InternalModuleFormat, rollup } from "rollup"
import { build as viteBuild } from "vite"
import { read, root } from "../support/repository/Repository.js"
import * as Server from "../support/server/Server.js"

const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), "packed-"))

const inFolder = (file: string): string => path.join(folder, file)

const write = (file: string, text: string): void => {
  fs.mkdirSync(path.dirname(inFolder(file)), { recursive: true })
  fs.writeFileSync(inFolder(file), text)
}

const run = (
  command: string,
  args: ReadonlyArray<string>,
  cwd = folder,
  env: Readonly<Record<string, string>> = {}
) => {
  const { status, stderr, stdout } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, ...env }
  })
  assert.strictEqual(status, 0, `${command} ${args.join(" ")}\n${stdout}\n${stderr}`)
  return stdout
}

/** The command of the guide, without the package itself. */
const [, peers = ""] = /^npm install effect-auto-migration (.+)$/m.exec(read("docs/start/new-project.md")) ?? []

const program = `
import * as SqlClient from "@effect/sql/SqlClient"
import * as PgClient from "@effect/sql-pg/PgClient"
import { AutoMigrationLive, MigrationSource, withAutoMigration } from "effect-auto-migration"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const Live = AutoMigrationLive.pipe(
  Layer.provide(MigrationSource.layerRecord({ "001_users": "CREATE TABLE users (id integer, name text)" })),
  Layer.provideMerge(PgClient.layerConfig({ url: Config.redacted("DATABASE_URL") }))
)

Effect.flatMap(SqlClient.SqlClient, (sql) => withAutoMigration(sql\`SELECT id FROM users\`)).pipe(
  Effect.provide(Live),
  Effect.runPromise
).then((rows) => console.log("rows: " + rows.length))
`

beforeAll(() => {
  run("npm", ["run", "build"], root)
  const packed = run("npm", ["pack", "--silent", "--pack-destination", folder], root).trim().split("\n").at(-1) ?? ""
  write("package.json", JSON.stringify({ name: "empty", private: true, type: "module" }))
  run("npm", ["install", "--no-audit", "--no-fund", `./${packed}`, ...peers.split(" ")])
  run("npm", ["install", "--no-audit", "--no-fund", "--save-dev", "@types/node", "@types/pg"])
  write("program.ts", program)
  write("program.mjs", program)
}, 600_000)

afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

/** A program that heals on a database of its own. */
const heals = (file: string) =>
  Effect.gen(function* () {
    const url = yield* Server.freshDatabase
    const printed = run(process.execPath, [inFolder(file)], folder, { DATABASE_URL: url })
    assert.match(printed, /^rows: 0$/m)
  })

describe("the package, installed by the guide's command", () => {
  it.scopedLive("heals", () => heals("program.mjs"))

  it.scopedLive("has a command line", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      write("migrations/001_users.sql", "CREATE TABLE users (id integer);")
      const printed = run("npx", ["--no-install", "effect-auto-migration", "plan", "--folder", "migrations"], folder, {
        DATABASE_URL: url
      })
      assert.include(printed, "001_users")
    })
  )

  for (const [module, moduleResolution] of [
    ["node16", "node16"],
    ["esnext", "bundler"]
  ]) {
    it(`has types that compile with the resolution ${moduleResolution}, its own and those of what it imports`, () => {
      const compilerOptions = {
        ...{ module, moduleResolution, target: "es2022", lib: ["es2023", "esnext.disposable", "dom", "dom.iterable"] },
        ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true, types: ["node"] }
      }
      write(`tsconfig.${moduleResolution}.json`, JSON.stringify({ compilerOptions, files: ["program.ts"] }))
      const compiler = path.join(root, "node_modules", "typescript", "bin", "tsc")
      run(process.execPath, [compiler, "-p", `tsconfig.${moduleResolution}.json`])
    })
  }

  it("is refused by `require` on a Node that cannot, with the reason, and loaded on one that can", () => {
    write("required.cjs", 'console.log(typeof require("effect-auto-migration").withAutoMigration)')
    const { stderr, stdout } = spawnSync(process.execPath, [inFolder("required.cjs")], {
      cwd: folder,
      encoding: "utf8"
    })
    if (stdout === "") assert.include(stderr, "ERR_REQUIRE_ESM")
    else strictEqual(stdout, "function\n")
  })
})

/** Packages in CommonJS ask for `require`, which a bundle in the format of modules lacks. */
const banner = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);'

describe("a program in a bundle heals", () => {
  for (const [format, minify] of [
    ["esm", false],
    ["cjs", false],
    ["esm", true],
    ["cjs", true]
  ] as const) {
    it.scopedLive(`of esbuild, ${format}${minify ? ", minified" : ""}`, () =>
      Effect.gen(function* () {
        const file = `esbuild-${minify}.${format === "esm" ? "mjs" : "cjs"}`
        yield* Effect.promise(() =>
          build({
            absWorkingDir: folder,
            ...(format === "esm" ? { banner: { js: banner } } : {}),
            ...{ bundle: true, entryPoints: ["program.mjs"], external: ["pg-native"], format, minify },
            ...{ logLevel: "silent" as const, outfile: inFolder(file), platform: "node" as const }
          })
        )
        yield* heals(file)
      })
    )
  }

  for (const format of ["es", "cjs"] as const satisfies ReadonlyArray<InternalModuleFormat>) {
    const ending = format === "es" ? "mjs" : "cjs"

    it.scopedLive(`of rollup, ${format}, with its packages beside it`, () =>
      Effect.gen(function* () {
        const file = `rollup.${ending}`
        const library = /[\\/]node_modules[\\/]effect-auto-migration[\\/]/
        yield* Effect.promise(async () => {
          const bundle = await rollup({
            input: inFolder("program.mjs"),
            external: (id) => /^(@?effect|pg|node:)/.test(id) && !id.startsWith("effect-auto-migration"),
            onwarn: () => undefined,
            plugins: [
              {
                name: "of-the-package",
                resolveId: (id, importer) =>
                  id === "effect-auto-migration"
                    ? inFolder("node_modules/effect-auto-migration/dist/index.js")
                    : importer !== undefined && library.test(importer) && id.startsWith(".")
                      ? path.resolve(path.dirname(importer), id)
                      : null
              }
            ]
          })
          await bundle.write({ file: inFolder(file), format, inlineDynamicImports: true })
        })
        yield* heals(file)
      })
    )

    it.scopedLive(`of vite, ${format}`, () =>
      Effect.gen(function* () {
        yield* Effect.promise(() =>
          viteBuild({
            build: {
              ssr: inFolder("program.mjs"),
              outDir: inFolder(`vite-${format}`),
              rollupOptions: { output: { format, entryFileNames: `program.${ending}` } }
            },
            logLevel: "silent",
            root: folder,
            ssr: { noExternal: ["effect-auto-migration"] }
          })
        )
        yield* heals(`vite-${format}/program.${ending}`)
      })
    )
  }
})
