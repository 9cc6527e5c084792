#!/usr/bin/env node
/**
 * The executable.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Command from "./Command.js"
import * as Terminal from "./Terminal.js"

process.exitCode = await Effect.runPromise(
  Command.run(process.argv.slice(2), process.env, Terminal.make(process.stdin, process.stdout))
)
