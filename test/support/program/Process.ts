/**
 * Other processes that migrate the same database, real ones, which a test may stop, continue and kill.
 */
import { spawn } from "node:child_process"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { built } from "../repository/Compiler.js"
import { Program } from "./ProcessProgram.js"

export interface Process {
  readonly signal: (name: "SIGKILL" | "SIGSTOP" | "SIGCONT") => Effect.Effect<void>
  /** The ids it applied, or the tag of its error; what it wrote to its standard error when it ended otherwise. */
  readonly outcome: Effect.Effect<string>
}

/** Begins to migrate everything, and is gone when the scope ends. */
export const migrating = (options: Program): Effect.Effect<Process, never, Scope.Scope> =>
  Effect.gen(function* () {
    const file = yield* built("test/support/program/migrate")
    const outcome = yield* Deferred.make<string>()
    const argument = Schema.encodeSync(Schema.parseJson(Program))(options)
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(process.execPath, [file, argument])),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    )
    let said = ""
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (text: Buffer) => {
        said += text.toString()
      })
    }
    child.on("close", () => Deferred.unsafeDone(outcome, Effect.succeed(said.trim())))
    return {
      signal: (name) => Effect.sync(() => child.kill(name)),
      outcome: Deferred.await(outcome)
    }
  })
