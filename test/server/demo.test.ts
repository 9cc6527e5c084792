/**
 * `npm run demo`, as a reader runs it: what it prints is what the documents show, and how it ends.
 */
import { type ChildProcess, spawn } from "node:child_process"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Documents from "../support/repository/Documents.js"
import { root } from "../support/repository/Repository.js"
import * as Database from "../support/server/Database.js"
import * as Server from "../support/server/Server.js"

/** A process, as long as the scope, and all that it has printed. */
const start = (command: string, words: ReadonlyArray<string>, environment: Readonly<Record<string, string>>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(command, words, { cwd: root, env: { ...process.env, ...environment } })
      const started = { child, told: "", noted: "" }
      child.stdout.on("data", (text) => {
        started.told += text
      })
      child.stderr.on("data", (text) => {
        started.noted += text
      })
      return started
    }),
    ({ child }) => Effect.sync(() => child.kill("SIGKILL"))
  )

const startDemo = (words: ReadonlyArray<string>, url: string) =>
  start(process.execPath, [path.join("docs", "examples", "shop", "run.mjs"), ...words], { DATABASE_URL: url })

const exitCode = (child: ChildProcess) =>
  Effect.async<number | null>((resume) => {
    child.once("close", (code) => resume(Effect.succeed(code)))
  })

const untilItPrints = ({ child }: { readonly child: ChildProcess }, printed: () => string, text: string) =>
  Effect.async<void>((resume) => {
    child.stdout?.on("data", () => {
      if (printed().includes(text)) resume(Effect.void)
    })
    child.once("close", () => resume(Effect.dieMessage(`The demo ended before it printed: ${text}`)))
  })

/** Without what differs from run to run: times, random names, hashes, and which of the processes was the first. */
const constant = (text: string): string =>
  text
    .replaceAll(/in [\d.]+ ms/g, "in N ms")
    .replaceAll(/shop_[0-9a-f]{8}/g, "shop_N")
    .replaceAll(/\b[0-9a-f]{12}$/gm, "N")
    .replaceAll(/applied [01], got/g, "applied N, got")
    .replaceAll(/PostgreSQL [^,\n]+/g, "PostgreSQL N")
    .trim()

const shown = (file: string): string =>
  constant(
    Documents.all()
      .find(({ name }) => name === file)
      ?.blocks.find(({ language }) => language === "text")?.text ?? `${file} shows no text.`
  )

const schemasOfTheShop = (url: string) =>
  Database.query(url, "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'shop%'")

/** The demo starts a dozen processes, one after the other. This ends it where it hangs, and not where the machine is busy. */
const limit = 900_000

describe("the demo", () => {
  it.scopedLive(
    "prints what docs/demo.md shows, and README's part of it, and leaves nothing on the server",
    () =>
      Effect.gen(function* () {
        const url = yield* Server.freshDatabase
        const demo = yield* startDemo([], url)
        const code = yield* exitCode(demo.child)
        assert.strictEqual(constant(demo.told), shown("docs/demo.md"), demo.noted)
        assert.include(constant(demo.told), shown("README.md"))
        assert.strictEqual(code, 0)
        deepStrictEqual(yield* schemasOfTheShop(url), [])
      }),
    limit
  )

  it.scopedLive(
    "stays for a reader, whose commands work as they are printed, until Ctrl-C",
    () =>
      Effect.gen(function* () {
        const url = yield* Server.freshDatabase
        const demo = yield* startDemo(["--stay"], url)
        yield* untilItPrints(demo, () => demo.told, "until you press Ctrl-C")
        const commands = demo.told.match(/in this folder:\n([\s\S]*?)\n\n/)?.[1] ?? ""
        const reader = yield* start("sh", ["-e", "-c", commands], {})
        assert.strictEqual(yield* exitCode(reader.child), 0, reader.noted)
        assert.match(reader.told, /^applied {2}011_phone_replaces_fax$/m)
        assert.match(reader.told, /^\d+ events, head [0-9a-f]+$/m)
        demo.child.kill("SIGINT")
        assert.strictEqual(yield* exitCode(demo.child), 0, demo.noted)
        deepStrictEqual(yield* schemasOfTheShop(url), [])
      }),
    limit
  )

  it.scopedLive(
    "ends at Ctrl-C, and leaves nothing on the server",
    () =>
      Effect.gen(function* () {
        const url = yield* Server.freshDatabase
        const demo = yield* startDemo([], url)
        yield* untilItPrints(demo, () => demo.told, "processes hit one missing column")
        demo.child.kill("SIGINT")
        assert.strictEqual(yield* exitCode(demo.child), 130, demo.noted)
        assert.notInclude(demo.noted, "The demo stopped")
        deepStrictEqual(yield* schemasOfTheShop(url), [])
      }),
    limit
  )

  it.scopedLive(
    "says in one message why a server cannot be used, and what to do",
    () =>
      Effect.gen(function* () {
        const demo = yield* startDemo([], "postgresql://shop@127.0.0.1:1/shop")
        assert.strictEqual(yield* exitCode(demo.child), 1)
        assert.strictEqual(
          demo.noted.replace("Compiling the library and the shop\n", "").trim(),
          "The demo stopped: The server that DATABASE_URL names cannot be used: connect ECONNREFUSED 127.0.0.1:1\n" +
            "Set DATABASE_URL to a PostgreSQL 14 or later on which this user may create schemas, as in " +
            "postgresql://user:password@host:5432/database, or unset it: the demo then starts a server of its own."
        )
      }),
    limit
  )
})
