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
import pg from "pg"
import { inject } from "vitest"
import * as Database from "./Database.js"

declare module "vitest" {
  interface ProvidedContext {
    readonly serverUrl: string
    /** The name of the run's database with a ledger, as soon as a test has asked for a copy of it. */
    readonly templateName: string
  }
}

/** Of the server's maintenance database, as a user who may create databases and roles. */
export const url: Effect.Effect<string> = Effect.sync(() => inject("serverUrl"))

/** The session in which this process makes and drops its databases: to connect costs more than to make one. */
let session: Promise<pg.Client> | undefined

const forget = () => {
  session = undefined
}

const connected = async (): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString: inject("serverUrl") })
  client.on("error", forget)
  return client.connect().then(
    () => client,
    (error) => {
      forget()
      throw error
    }
  )
}

/** Runs a statement on the server's maintenance database. */
export const ask: Database.Ask = (statement) =>
  Effect.promise(async () => {
    session ??= connected()
    return (await (await session).query(statement)).rows
  })

/** The URL of an empty database that exists as long as the scope. */
export const freshDatabase: Effect.Effect<string, never, Scope.Scope> = Effect.flatMap(url, (serverUrl) =>
  Database.fresh(serverUrl, { ask })
)

/** A client of an empty database. A test that provides this layer has the database to itself. */
export const layer: Layer.Layer<PgClient | SqlClient, SqlError | ConfigError.ConfigError> = Layer.unwrapScoped(
  Effect.map(freshDatabase, Database.client)
)
