/** A headless Chromium that is installed on this machine: Debian's, or the one whose path is in `CHROMIUM`. */
import { strictEqual } from "node:assert"
import { existsSync } from "node:fs"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core"

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium"

/** Why no browser can run, if that is so. */
export const missing = (): string | undefined =>
  existsSync(executablePath)
    ? undefined
    : `There is no Chromium at ${executablePath}. Install Debian's package chromium, or set CHROMIUM to the path of one.`

let running: Promise<Browser> | undefined

/** One for all tests of a process, which ends it. */
const browser = Effect.promise(() => {
  running ??= chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] })
  return running
})

export interface Opened {
  readonly page: Page
  /** What the page has written to the console, thrown, or asked of a server. */
  readonly told: ReadonlyArray<string>
}

/** A page in a window of its own, as long as the scope. */
export const open = (url: string, options: BrowserContextOptions = {}): Effect.Effect<Opened, never, Scope.Scope> =>
  Effect.gen(function* () {
    const started = yield* browser
    const context = yield* Effect.acquireRelease(
      Effect.promise(() => started.newContext({ viewport: { width: 1280, height: 800 }, ...options })),
      (one) => Effect.promise(() => one.close())
    )
    const page = yield* Effect.promise(() => context.newPage())
    page.setDefaultTimeout(20_000)
    const told: Array<string> = []
    page.on("console", (message) => told.push(`${message.type()}: ${message.text()}`))
    page.on("pageerror", (error) => told.push(`error: ${error.message}`))
    page.on("request", (request) => {
      if (request.url() !== url) told.push(`request: ${request.url()}`)
    })
    yield* Effect.promise(() => page.goto(url, { timeout: 20_000 }))
    return { page, told }
  })

/** The page has no error, no warning, and has asked for no other file. */
export const isQuiet = ({ told }: Opened): void => strictEqual(told.join("\n"), "")

/** Ends the browser, for a process that goes on without one. */
export const close: Effect.Effect<void> = Effect.promise(async () => (await running)?.close())
