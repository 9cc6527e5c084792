/**
 * `npm run demo`: a small shop whose schema is behind its code. With `--stay` the last step is left to the reader.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Predicate from "effect/Predicate"
import * as Database from "./Database.js"
import * as Fleet from "./Fleet.js"
import * as Operator from "./Operator.js"
import * as Scenes from "./Scenes.js"
import { DemoStopped, messageOf, note, title } from "./Telling.js"

const [role, argument] = process.argv.slice(2)
const stays = role === "--stay"

const demo = Effect.gen(function* () {
  const { place, version, where } = yield* Database.acquire
  yield* title(`A shop on PostgreSQL ${version} (${where}), in docs/examples/shop`)
  yield* Effect.provide(Scenes.yesterday, Database.layer(place, Database.yesterday))
  yield* Effect.gen(function* () {
    const command = yield* Scenes.today
    if (stays) return yield* Operator.isTheReader(place, command)
    yield* Scenes.fleet(place)
    yield* Scenes.operator(place, command)
    yield* Scenes.ledger
  }).pipe(Effect.provide(Database.layer(place, Database.today)))
  yield* title("Everything happened as claimed. To be the operator yourself: npm run demo -- --stay")
}).pipe(
  Effect.scoped,
  Effect.timeoutFail({
    duration: stays ? "1 day" : "10 minutes",
    onTimeout: () =>
      new DemoStopped({
        reason: "It was not done after ten minutes.",
        remedy: "Run it again when the machine has less to do, or set DATABASE_URL to a PostgreSQL on another machine."
      })
  })
)

/** One message with the cause and what to do. An error that is none of the demo's or the library's own is a mistake of theirs. */
const explain = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  const isExpected = Cause.isFailure(cause) && !Predicate.isTagged(error, "SqlError")
  return `\nThe demo stopped: ${messageOf(error)}${isExpected ? "" : `\n${pleaseReport}`}`
}

const pleaseReport = "This is a mistake of the library or of the demo: please report it, with what is printed above."

const runInstance = () => {
  // Ctrl-C reaches all processes of the terminal. The demo itself is told as well, and ends this one.
  process.on("SIGINT", () => {})
  process.once("disconnect", () => process.exit())
  Effect.runFork(Fleet.instance(argument ?? ""))
}

const runDemo = () => {
  const fiber = Effect.runFork(demo)
  const interrupt = (exitCode: number) => () => {
    process.exitCode = exitCode
    Effect.runFork(Effect.zipRight(note("\nStopping, and removing what the demo made"), Fiber.interrupt(fiber)))
  }
  process.once("SIGINT", interrupt(stays ? 0 : 130))
  process.once("SIGTERM", interrupt(143))
  fiber.addObserver((exit) => {
    if (Exit.isSuccess(exit) || Cause.isInterruptedOnly(exit.cause)) return
    process.exitCode = 1
    console.error(explain(exit.cause))
  })
}

if (role === "instance") runInstance()
else runDemo()
