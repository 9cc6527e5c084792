/**
 * Many processes of one program, started ahead and let go at one word: real ones, so that they can be killed. They run
 * the library compiled once, since a compiler in each of them would be most of what they do.
 */
import { type ChildProcess, fork } from "node:child_process"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { built } from "../repository/Compiler.js"
import * as FleetMessage from "./FleetMessage.js"

export { type Program, Word } from "./FleetMessage.js"

/** The compiled worker's file. */
export const build: Effect.Effect<string, never, Scope.Scope> = built("test/support/fleet/FleetWorker")

/** One process. It is killed when its scope ends, if it still runs. */
export interface Process {
  /** Connected, and waiting for the word. */
  readonly ready: Effect.Effect<void>
  /** A process that is gone hears nothing. */
  readonly tell: (word: FleetMessage.Word) => Effect.Effect<unknown>
  /** How many migrations this process applied; a process that failed or was killed never finishes. */
  readonly finished: Effect.Effect<number>
  /** Waits until the process has ended, in whatever way. */
  readonly gone: Effect.Effect<void>
  /** SIGSTOP: the process lives, and does nothing any more; or SIGCONT. */
  readonly signal: (name: "SIGSTOP" | "SIGCONT") => Effect.Effect<void>
  /** SIGKILL, and waits until the process is gone. */
  readonly kill: Effect.Effect<void>
}

/** `onAnswer` hears of each result as it comes. */
export const start = (
  file: string,
  program: FleetMessage.Program,
  onAnswer: (place: number, rows: ReadonlyArray<unknown>) => void = () => {}
): Effect.Effect<Process, never, Scope.Scope> =>
  Effect.gen(function* () {
    const ready = yield* Deferred.make<void>()
    const finished = yield* Deferred.make<number>()
    const gone = yield* Deferred.make<void>()
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        fork(file, [Schema.encodeSync(Schema.parseJson(FleetMessage.Program))(program)], {
          execArgv: [],
          stdio: ["ignore", "ignore", "inherit", "ipc"]
        })
      ),
      (child) => end(child, gone)
    )
    child.on("error", () => {})
    const hear = (answer: FleetMessage.Answer): Effect.Effect<unknown> => {
      switch (answer._tag) {
        case "Ready":
          return Deferred.succeed(ready, undefined)
        case "Answered":
          return Effect.sync(() => onAnswer(answer.place, answer.rows))
        case "Failed":
          return Effect.zipRight(
            Deferred.die(ready, new Error(answer.reason)),
            Deferred.die(finished, new Error(answer.reason))
          )
        case "Finished":
          return Deferred.succeed(finished, answer.applied)
      }
    }
    const decode = Schema.decodeUnknownSync(FleetMessage.Answer)
    child.on("message", (message) => Effect.runSync(hear(decode(message))))
    child.once("exit", () => Effect.runSync(Deferred.succeed(gone, undefined)))
    return {
      ready: Deferred.await(ready),
      tell: (word) => Effect.sync(() => child.connected && child.send(word)),
      finished: Deferred.await(finished),
      gone: Deferred.await(gone),
      signal: (name) => Effect.sync(() => child.kill(name)),
      kill: end(child, gone)
    }
  })

const end = (child: ChildProcess, gone: Deferred.Deferred<void>): Effect.Effect<void> =>
  Effect.zipRight(
    Effect.sync(() => child.kill("SIGKILL")),
    Deferred.await(gone)
  )
