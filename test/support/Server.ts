/**
 * The server of this test run: the embedded one that the run started, or the one that `TEST_DATABASE_URL` names.
 */

import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import type { PgClient } from "@effect/sql-pg/PgClient"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { inject } from "vitest"
import * as Database from "./Database.js"

declare module "vitest" {
  interface ProvidedContext {
    readonly serverUrl: string
  }
}

/** Of the server's maintenance database, as a user who may create databases and roles. */
export const url: Effect.Effect<string> = Effect.sync(() => inject("serverUrl"))

/** The URL of an empty database that exists as long as the scope. */
export const freshDatabase: Effect.Effect<string, never, Scope.Scope> = Effect.flatMap(url, Database.fresh)

/** A client of an empty database. A test that provides this layer has the database to itself. */
export const layer: Layer.Layer<PgClient | SqlClient, SqlError | ConfigError.ConfigError> = Layer.unwrapEffect(
  Effect.map(url, Database.freshClient)
)
