#!/usr/bin/env node
/**
 * The executable. Only a command loads the rest of the program.
 *
 * @since 0.1.0
 */
import manifest from "../../package.json" with { type: "json" }

const words = process.argv.slice(2)

const start = async (): Promise<void> => {
  const Process = await import("./Process.js")
  process.exitCode = await Process.start(words)
}

if (words.length === 1 && words[0] === "--version") process.stdout.write(`${manifest.version}\n`)
else void start()
