/**
 * Databases of one test each, on a server given by its URL.
 */

import { randomBytes } from "node:crypto"
import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as PgClient from "@effect/sql-pg/PgClient"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import pg from "pg"

export type Rows = ReadonlyArray<Readonly<Record<string, unknown>>>

const noRows: Rows = []

/** Runs one statement and gives its rows; a failure is a defect. */
export type Ask = (statement: string) => Effect.Effect<Rows>

/** A session that lives as long as the scope. A text of several statements gives no rows. */
export const session = (url: string): Effect.Effect<Ask, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(async () => {
        const client = new pg.Client({ connectionString: url })
        // The statement that is running fails with the same error; without a listener it would end the process as well.
        client.on("error", () => {})
        await client.connect()
        return client
      }),
      (client) => Effect.promise(() => client.end())
    ),
    (client) => (statement) =>
      Effect.promise(async () => {
        const answer = await client.query(statement)
        return Array.isArray(answer) ? [] : answer.rows
      })
  )

/** Runs statements in a session of their own and gives the rows of the last one. */
export const query = (url: string, ...statements: ReadonlyArray<string>): Effect.Effect<Rows> =>
  Effect.scoped(
    Effect.flatMap(session(url), (ask) => Effect.reduce(statements, noRows, (_, statement) => ask(statement)))
  )

/** Runs statements in a transaction on a connection of its own, and commits it when `until` ends. */
export const transaction = (
  url: string,
  statements: ReadonlyArray<string>,
  until: Effect.Effect<void>
): Effect.Effect<void> =>
  Effect.acquireUseRelease(
    Effect.promise(async () => {
      const client = new pg.Client({ connectionString: url })
      client.on("error", () => {})
      await client.connect()
      for (const statement of ["BEGIN", ...statements]) await client.query(statement)
      return client
    }),
    (client) =>
      Effect.zipRight(
        until,
        Effect.promise(() => client.query("COMMIT"))
      ),
    (client) => Effect.promise(() => client.end())
  )

/** Sessions other than the one that asks, and locks that they hold on anything of this database. */
const otherSessions = `SELECT application_name, state, query,
    (SELECT array_agg(locktype || ' ' || mode) FROM pg_locks l WHERE l.pid = a.pid) AS locks
  FROM pg_stat_activity a WHERE datname = current_database() AND pid <> pg_backend_pid()`

/** The sessions that are left of the programs that used this database, after the server has had time to notice their end. */
export const sessionsLeft = (url: string): Effect.Effect<Rows> =>
  Effect.scoped(
    Effect.flatMap(session(url), (ask) =>
      Effect.repeat(ask(otherSessions), {
        until: (sessions) => sessions.length === 0,
        schedule: Schedule.intersect(Schedule.spaced("50 millis"), Schedule.recurs(1200))
      }).pipe(Effect.zipRight(ask(otherSessions)))
    )
  )

/**
 * Copying the template's files is the cheaper way by far, but for the two checkpoints that it takes: they are cheap where
 * writes are not synchronised. PostgreSQL 14 knows no other way and no word for it.
 */
const strategy = `SELECT CASE WHEN current_setting('fsync') = 'off' AND current_setting('server_version_num')::int >= 150000
  THEN 'STRATEGY file_copy' ELSE '' END AS strategy`

/** Makes a database as a copy of another one; without one, an empty database. */
export const copy = (ask: Ask, name: string, template = "template0"): Effect.Effect<unknown> =>
  Effect.flatMap(ask(strategy), ([how]) => ask(`CREATE DATABASE ${name} TEMPLATE ${template} ${how?.["strategy"]}`))

/** The URL of another database of the same server. */
export const urlOf = (serverUrl: string, name: string): string => {
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return url.href
}

/** The URL of a database that exists as long as the scope. It is empty unless it is a copy of `template`. */
export const fresh = (
  serverUrl: string,
  {
    ask = (statement) => query(serverUrl, statement),
    template
  }: { readonly ask?: Ask; readonly template?: string } = {}
): Effect.Effect<string, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      const name = `test_${randomBytes(8).toString("hex")}`
      return Effect.as(copy(ask, name, template), name)
    }),
    (name) => ask(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
  ).pipe(Effect.map((name) => urlOf(serverUrl, name)))

/** A client of the database at this URL. */
export const client = (url: string): Layer.Layer<PgClient.PgClient | SqlClient, SqlError | ConfigError.ConfigError> =>
  PgClient.layer({ url: Redacted.make(url), maxConnections: 10 })

/** A client of an empty database that exists as long as the layer. */
export const freshClient = (
  serverUrl: string
): Layer.Layer<PgClient.PgClient | SqlClient, SqlError | ConfigError.ConfigError> =>
  Layer.unwrapScoped(Effect.map(fresh(serverUrl), client))
