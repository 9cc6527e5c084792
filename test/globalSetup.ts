/**
 * One server for the whole run, unless it is one of pure tests only.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { TestProject } from "vitest/node"
import * as EmbeddedServer from "./support/EmbeddedServer.js"

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (project.vitest.projects.every(({ name }) => name === "pure")) return () => Promise.resolve()
  const given = process.env["TEST_DATABASE_URL"]
  const scope = await Effect.runPromise(Scope.make())
  const url =
    given === undefined || given === ""
      ? (await Effect.runPromise(Scope.extend(EmbeddedServer.make(), scope))).url
      : given
  project.provide("serverUrl", url)
  return () => Effect.runPromise(Scope.close(scope, Exit.void))
}
