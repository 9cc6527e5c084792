/**
 * The errors' stack, by which every logger that prints a stack prints the lines of the rendering.
 */

import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Schema from "effect/Schema"
import { AutoMigrationError } from "effect-auto-migration"

const refused = () =>
  new AutoMigrationError.MigrationPending({
    gap: "column users.email",
    migrationIds: ["002_email"],
    command: "npx effect-auto-migration migrate 002_email",
    query: { statement: "SELECT email FROM users", position: 8, error: new Error("42703") },
    cause: new Error("42703")
  })

const lines = [
  "  query     SELECT email FROM users",
  "                   ^^^^^",
  "  next      To apply it by hand:",
  "            npx effect-auto-migration migrate 002_email"
].join("\n")

/** What `Logger.pretty` prints. */
const printed = <A, E>(self: Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const told: Array<string> = []
    const console = yield* Console.consoleWith(Effect.succeed)
    const log = (...texts: ReadonlyArray<unknown>) => {
      told.push(texts.map((text) => (typeof text === "string" ? text : inspect(text))).join(" "))
    }
    yield* self.pipe(
      Effect.provide(Logger.replace(Logger.defaultLogger, Logger.prettyLogger({ colors: false, mode: "tty" }))),
      Effect.withConsole({ ...console, unsafe: { ...console.unsafe, log, group: () => {}, groupEnd: () => {} } })
    )
    return told.join("\n")
  })

describe("an error of the library", () => {
  it.effect("is printed with its rendering by Logger.pretty: as a cause, as runMain does, and as a message", () =>
    Effect.gen(function* () {
      const asCause = yield* printed(Effect.logError(Cause.fail(refused())))
      const asMessage = yield* printed(Effect.logError(refused()))
      const text = "MigrationPending: column users.email is missing because 002_email has not been applied."
      for (const told of [asCause, asMessage]) {
        assert.include(told, text)
        assert.include(told, lines)
        assert.match(told, /at .*Explained\.test\.ts/)
      }
    })
  )

  it("keeps its place, its cause and its equality, and shows no further field", () => {
    const error = refused()
    assert.match(error.stack ?? "", /^MigrationPending: .*\n {2}query [\s\S]*\n {4}at .*Explained\.test\.ts/)
    deepStrictEqual(Object.keys(error).toSorted(), ["_tag", "command", "gap", "migrationIds", "query"])
    strictEqual(Schema.is(AutoMigrationError.MigrationPending)(error), true)
  })

  it("leaves the depth of other stacks as it was, also where its facts are wrong", () => {
    const { stackTraceLimit } = Error
    assert.throws(() => Reflect.construct(AutoMigrationError.MigrationPending, [{ gap: 1 }]))
    strictEqual(Error.stackTraceLimit, stackTraceLimit)
  })
})
