import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { pathToFileURL } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { parse } from "libpg-query"
import * as Documents from "../support/repository/Documents.js"
import { root } from "../support/repository/Repository.js"
import * as Database from "../support/server/Database.js"
import * as Server from "../support/server/Server.js"

const documents = Documents.all().filter(({ blocks }) => blocks.length > 0)
const blocks = documents.flatMap((document) => document.blocks.map((block) => ({ document, block })))

/** Inside the project, so that what the blocks import is found. */
const folder = path.join(root, "test", `.documents-${process.pid}`)

const folderOf = (document: Documents.Document): string => path.join(folder, document.name.replaceAll(/[^\w.-]/g, "_"))

const moduleOf = (document: Documents.Document, block: Documents.Block): string =>
  path.join(folderOf(document), `line-${block.line}.ts`)

const place = ({ file, line }: Documents.Block): string => `${file}:${line}`

beforeAll(() => {
  for (const document of documents) fs.mkdirSync(folderOf(document), { recursive: true })
  for (const { block, document } of blocks) {
    if (block.language === "ts") fs.writeFileSync(moduleOf(document, block), block.text)
  }
})

afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

describe("code in documents", () => {
  it("always says what is done with it", () => {
    const isClear = ({ language, purpose }: Documents.Block): boolean => {
      if (language === "ts") return /^(run|check)$/.test(purpose)
      if (language === "sql") return /^(|run|[\w./-]+\.sql)$/.test(purpose)
      return !["", "js", "javascript", "typescript", "tsx"].includes(language) && purpose === ""
    }
    const unclear = blocks.filter(({ block }) => !isClear(block))
    deepStrictEqual(
      unclear.map(({ block }) => `${place(block)} \`\`\`${block.language} ${block.purpose}`),
      []
    )
  })

  it("has the types that it seems to have", () => {
    const config = path.join(folder, "tsconfig.json")
    fs.writeFileSync(
      config,
      JSON.stringify({
        extends: "../../tsconfig.json",
        compilerOptions: {
          noUnusedLocals: false,
          noUnusedParameters: false,
          // As a guide says: the types of @effect/sql-drizzle fit drizzle-orm's own only by this resolution.
          module: "Preserve",
          moduleResolution: "Bundler"
        },
        include: ["./*/*.ts"]
      })
    )
    const compiler = path.join(root, "node_modules", "typescript", "bin", "tsc")
    const { stderr, stdout } = spawnSync(process.execPath, [compiler, "--project", config], {
      cwd: folder,
      encoding: "utf8"
    })
    assert.strictEqual(stdout + stderr, "")
  })

  it("is SQL where it says so", async () => {
    for (const { block } of blocks.filter(({ block }) => block.language === "sql")) {
      await parse(block.text).catch((error) => assert.fail(`${place(block)}: ${error}`))
    }
  })

  for (const document of documents.filter((_) => _.blocks.some(({ purpose }) => purpose === "run"))) {
    it.scopedLive(`runs: ${document.name}`, () =>
      Effect.gen(function* () {
        const url = yield* Server.freshDatabase
        yield* surroundings({ url, folder: folderOf(document) })
        for (const block of document.blocks) yield* run(document, block, url)
      })
    )
  }
})

/** The environment and working directory that a block finds. */
const surroundings = (options: { readonly url: string; readonly folder: string }) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const before = { folder: process.cwd(), url: process.env["DATABASE_URL"] }
      process.env["DATABASE_URL"] = options.url
      process.chdir(options.folder)
      return before
    }),
    (before) =>
      Effect.sync(() => {
        process.chdir(before.folder)
        if (before.url === undefined) delete process.env["DATABASE_URL"]
        else process.env["DATABASE_URL"] = before.url
      })
  )

const run = (document: Documents.Document, block: Documents.Block, url: string): Effect.Effect<unknown> => {
  if (block.language === "ts" && block.purpose === "run") {
    const href = pathToFileURL(moduleOf(document, block)).href
    return Effect.promise(() =>
      import(/* @vite-ignore */ href).catch((cause) => {
        // The runner's own errors carry whole files in their message.
        throw new Error(`${place(block)}: ${String(cause?.message ?? cause).slice(0, 500)}`)
      })
    )
  }
  if (block.language !== "sql" || block.purpose === "") return Effect.void
  if (block.purpose === "run") return Database.query(url, block.text)
  return Effect.sync(() => {
    const file = path.join(folderOf(document), block.purpose)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(file, block.text)
  })
}
