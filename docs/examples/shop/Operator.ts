/**
 * The operator, who types what the library's refusal says: the demo does it in a shell, or leaves it to the reader.
 */
import { type ChildProcess, spawn } from "node:child_process"
import * as Effect from "effect/Effect"
import type * as Database from "./Database.js"
import { DemoStopped, say, title, waitingFor } from "./Telling.js"

/** Runs a command of the library's as it is printed. Its environment names the database. */
export const types = (command: string, { url }: Database.Place) =>
  Effect.gen(function* () {
    yield* say("types", command)
    const { code, noted, printed } = yield* run(command, url).pipe(waitingFor("npx"))
    if (code === 0) return yield* say("reads", printed)
    return yield* new DemoStopped({
      reason: `The operator's command ended with ${code}: ${`${printed}${noted}`.trim().slice(-500)}`,
      remedy: "Where npx is what failed, `npm install --global npm` renews it."
    })
  })

const run = (command: string, url: string) =>
  Effect.acquireUseRelease(
    Effect.sync(() => spawn(command, { shell: true, env: { ...process.env, DATABASE_URL: url } })),
    ended,
    (shell) => Effect.sync(() => shell.kill())
  )

const ended = (shell: ChildProcess) =>
  Effect.async<{ readonly code: number | string; readonly printed: string; readonly noted: string }>((resume) => {
    const text = { printed: "", noted: "" }
    shell.stdout?.on("data", (piece) => {
      text.printed += piece
    })
    shell.stderr?.on("data", (piece) => {
      text.noted += piece
    })
    shell.stdin?.end()
    shell.once("error", (error) => resume(Effect.succeed({ ...text, code: error.message })))
    shell.once("close", (code, signal) => resume(Effect.succeed({ ...text, code: code ?? signal ?? "" })))
  })

/** Prints what to type in a second terminal, and waits for Ctrl-C. */
export const isTheReader = ({ schema, url }: Database.Place, command: string) =>
  Effect.gen(function* () {
    const ask = (what: string) => `npx effect-auto-migration ${what} --schema ${schema}`
    yield* title("You are the operator. In a second terminal, in this folder:")
    yield* Effect.forEach(
      ["cd docs/examples/shop", `export DATABASE_URL='${url}'`, ask("plan"), command, ask("verify")],
      (line) => Effect.sync(() => console.log(`  ${line}`))
    )
    yield* title("The shop stays until you press Ctrl-C here.")
    return yield* Effect.never
  })
