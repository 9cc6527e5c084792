/**
 * One server for the whole run, unless it is one of pure tests only.
 */
import { randomBytes } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { TestProject } from "vitest/node"
import * as Database from "./support/server/Database.js"
import * as EmbeddedServer from "./support/server/EmbeddedServer.js"
import * as RunFolder from "./support/server/RunFolder.js"

/**
 * Lets a client hash the password 1000 times for each connection and not 4096: it is random, so no one guesses it.
 * Fewer than 1000, and dbmate's driver refuses them. PostgreSQL 14 and 15 have no such setting, and hash as ever.
 */
const easePassword = (url: string) =>
  Database.query(
    url,
    "SELECT set_config(name, '1000', false) FROM pg_settings WHERE name = 'scram_iterations'",
    `ALTER ROLE CURRENT_USER PASSWORD '${new URL(url).password}'`
  )

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (project.vitest.projects.every(({ name }) => name === "pure")) return () => Promise.resolve()
  const given = process.env["TEST_DATABASE_URL"]
  const folder = mkdtempSync(join(tmpdir(), "effect-auto-migration-tests-"))
  process.env[RunFolder.variable] = folder
  const scope = await Effect.runPromise(Scope.make())
  const url =
    given === undefined || given === ""
      ? (await Effect.runPromise(Scope.extend(EmbeddedServer.make(), scope))).url
      : given
  if (given === undefined || given === "") await Effect.runPromise(easePassword(url))
  const templateName = `template_${randomBytes(8).toString("hex")}`
  project.provide("serverUrl", url)
  project.provide("templateName", templateName)
  await Effect.runPromise(
    Scope.addFinalizer(scope, Database.query(url, `DROP DATABASE IF EXISTS ${templateName} WITH (FORCE)`))
  )
  return async () => {
    rmSync(folder, { recursive: true, force: true })
    await Effect.runPromise(Scope.close(scope, Exit.void))
  }
}
