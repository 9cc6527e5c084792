/**
 * Where the shop lives: in a schema of its own on the server that `DATABASE_URL` names, or else on an embedded PostgreSQL
 * that exists as long as the demo.
 */
import { randomBytes } from "node:crypto"
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Option, Redacted } from "effect"
import { AutoMigrationConfig, AutoMigrationLive, MigrationSource } from "effect-auto-migration"
import pg from "pg"
import * as EmbeddedServer from "../../../test/support/EmbeddedServer.js"

/** All that another process needs in order to be one more instance of the shop. */
export interface Place {
  readonly url: string
  /** Of the ledger. */
  readonly schema: string
}

/** Two new schemas, one for the shop and one for its ledger, dropped at the end of the scope. */
export const acquire = Effect.gen(function* () {
  const given = Option.fromNullable(process.env["DATABASE_URL"] || undefined)
  const server = yield* Option.match(given, {
    onNone: () => Effect.map(EmbeddedServer.make(), ({ url }) => url),
    onSome: Effect.succeed
  })
  const name = `shop_${randomBytes(4).toString("hex")}`
  const ledger = `${name}_ledger`
  yield* Effect.acquireRelease(run(server, `CREATE SCHEMA ${name}`), () =>
    Effect.orDie(run(server, `DROP SCHEMA IF EXISTS ${ledger}, ${name} CASCADE`))
  )
  const url = new URL(server)
  url.searchParams.set("options", `${url.searchParams.get("options") ?? ""} -c search_path=${name}`.trim())
  return {
    place: { url: url.href, schema: ledger } satisfies Place,
    version: yield* run(server, "SHOW server_version"),
    where: Option.match(given, { onNone: () => "embedded", onSome: () => "from DATABASE_URL" })
  }
})

/** The first column of the only row, if there is one. */
const run = (url: string, statement: string) =>
  Effect.tryPromise(async () => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      const result = await client.query({ text: statement, rowMode: "array" })
      return String(result.rows[0]?.[0] ?? "")
    } finally {
      await client.end()
    }
  })

/** Today's release: the whole folder. */
export const today = MigrationSource.layerDirectory(new URL("migrations", import.meta.url))

/** Yesterday's release knew the first three files. */
export const yesterday = Layer.effect(
  MigrationSource.MigrationSource,
  Effect.map(MigrationSource.MigrationSource, ({ load }) => ({
    load: Effect.map(load, (folder) => ({ ...folder, files: folder.files.filter(({ id }) => id < "004") }))
  }))
).pipe(Layer.provide(today))

/** One instance of the shop: its own client, its own memory of what is applied. */
export const layer = ({ schema, url }: Place, release: typeof today) =>
  AutoMigrationLive.pipe(
    Layer.provide(release),
    Layer.provide(AutoMigrationConfig.layer({ schema: AutoMigrationConfig.SchemaName.make(schema) })),
    Layer.provideMerge(PgClient.layer({ url: Redacted.make(url) }))
  )
