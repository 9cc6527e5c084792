/**
 * Where the shop lives: in a schema of its own on the server that `DATABASE_URL` names, or else on an embedded PostgreSQL
 * that exists as long as the demo.
 */
import { randomBytes } from "node:crypto"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Redacted from "effect/Redacted"
import { AutoMigrationConfig, AutoMigrationLive, MigrationSource } from "effect-auto-migration"
import pg from "pg"
import * as EmbeddedServer from "../../../test/support/server/EmbeddedServer.js"
import { DemoStopped, messageOf, note, waitingFor } from "./Telling.js"

/** All that another process needs in order to be one more instance of the shop. */
export interface Place {
  readonly url: string
  /** Of the ledger. */
  readonly schema: string
}

/** A new schema for the shop and the name of one for its ledger. At the end of the scope both are dropped. */
export const acquire = Effect.gen(function* () {
  const given = process.env["DATABASE_URL"] || undefined
  const server = yield* given === undefined ? embedded : Effect.succeed(given)
  const name = `shop_${randomBytes(4).toString("hex")}`
  const place = yield* placeOn(server, name)
  const version = yield* run(server, "SHOW server_version").pipe(waitingFor("the server to answer"))
  yield* Effect.acquireRelease(run(server, `CREATE SCHEMA ${name}`), () =>
    given === undefined ? Effect.void : drop(server, `DROP SCHEMA IF EXISTS ${place.schema}, ${name} CASCADE`)
  )
  return { place, version, where: given === undefined ? "embedded" : "from DATABASE_URL" }
})

const embedded = Effect.zipRight(note("Starting an embedded PostgreSQL"), EmbeddedServer.make()).pipe(
  Effect.map(({ url }) => url),
  waitingFor("the embedded PostgreSQL to start")
)

const unusable = (reason: unknown) =>
  new DemoStopped({
    reason: `The server that DATABASE_URL names cannot be used: ${messageOf(reason)}`,
    remedy:
      "Set DATABASE_URL to a PostgreSQL 14 or later on which this user may create schemas, as in " +
      "postgresql://user:password@host:5432/database, or unset it: the demo then starts a server of its own."
  })

const placeOn = (server: string, name: string) =>
  Effect.try({
    try: (): Place => {
      const url = new URL(server)
      url.searchParams.set("options", `${url.searchParams.get("options") ?? ""} -c search_path=${name}`.trim())
      return { url: url.href, schema: `${name}_ledger` }
    },
    catch: unusable
  })

/** The first column of the only row, if there is one. */
const run = (url: string, statement: string) =>
  Effect.tryPromise({
    try: async () => {
      const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 60_000 })
      await client.connect()
      try {
        const result = await client.query({ text: statement, rowMode: "array" })
        return String(result.rows[0]?.[0] ?? "")
      } finally {
        await client.end()
      }
    },
    catch: unusable
  })

const drop = (url: string, statement: string) =>
  Effect.catchAll(run(url, statement), () =>
    note(`The demo's schemas are still on the server. To drop them: ${statement}`)
  )

/** Today's release: the whole folder. */
export const today = MigrationSource.layerDirectory("migrations")

/** Yesterday's release knew the first three files. */
export const yesterday = Layer.effect(
  MigrationSource.MigrationSource,
  Effect.map(MigrationSource.MigrationSource, ({ load }) => ({
    load: Effect.map(load, (folder) => ({ ...folder, files: folder.files.filter(({ id }) => id < "004") }))
  }))
).pipe(Layer.provide(today))

/** One instance of the shop: its own client, its own memory of what is applied. It waits long, for the machine may be busy. */
export const layer = ({ schema, url }: Place, release: typeof today) =>
  AutoMigrationLive.pipe(
    Layer.provide(release),
    Layer.provide(AutoMigrationConfig.layer({ schema, deadline: "2 minutes" })),
    Layer.provideMerge(PgClient.layer({ url: Redacted.make(url), connectTimeout: "1 minute" })),
    // The demo itself tells what is healed, and what is refused.
    Layer.provideMerge(Logger.minimumLogLevel(LogLevel.Error))
  )
