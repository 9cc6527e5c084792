/**
 * The words of the feature files.
 */
import "./program.steps.js"
import { SqlClient } from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import { Given, Then, When } from "quickpickle"
import { assert } from "vitest"
import { step } from "../support/program/Scenario.js"
import * as Database from "../support/server/Database.js"
import * as Server from "../support/server/Server.js"

Given(
  "an empty database",
  step((notes) => Effect.map(Server.freshDatabase, (url) => notes.set("database", url)))
)

When(
  "somebody runs",
  step((notes, statement: string) =>
    Effect.flatMap(SqlClient, (sql) => sql.unsafe(String(statement))).pipe(
      Effect.provide(Database.client(notes.get("database", Predicate.isString))),
      Effect.exit,
      Effect.map((exit) => notes.set("outcome", exit))
    )
  )
)

Then(
  "the server answers {word}",
  step((notes, code: string) =>
    Effect.flip(notes.get("outcome", Exit.isExit)).pipe(
      Effect.map((error) => assert.nestedPropertyVal(error, "cause.code", code))
    )
  )
)

Then(
  "the server is content",
  step((notes) => notes.get("outcome", Exit.isExit))
)
