/**
 * Other processes that migrate the same database, real ones, which a test may stop, continue and kill.
 */
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"

export const Program = Schema.Struct({
  url: Schema.String,
  migrations: Schema.Record({ key: Schema.String, value: Schema.String }),
  /** Milliseconds. */
  lease: Schema.DurationFromMillis
})

export type Program = typeof Program.Type

export interface Process {
  readonly signal: (name: "SIGKILL" | "SIGSTOP" | "SIGCONT") => Effect.Effect<void>
  /** The ids it applied, or the tag of its error; what it wrote to its standard error when it ended otherwise. */
  readonly outcome: Effect.Effect<string>
}

const program = fileURLToPath(new URL("./migrate.ts", import.meta.url))

/** Begins to migrate everything, and is gone when the scope ends. */
export const migrating = (options: Program): Effect.Effect<Process, never, Scope.Scope> =>
  Effect.gen(function* () {
    const outcome = yield* Deferred.make<string>()
    const argument = Schema.encodeSync(Schema.parseJson(Program))(options)
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(process.execPath, ["--import", "tsx", program, argument])),
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
