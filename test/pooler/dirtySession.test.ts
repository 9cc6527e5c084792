/**
 * Sessions behind PgBouncer that another client has left dirty: a heal through the pooler puts its objects where the configuration and
 * the role's defaults say, and reads the ledger as ever.
 */
import { describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { Policy } from "effect-auto-migration"
import pg from "pg"
import * as App from "../support/program/App.js"
import * as Database from "../support/server/Database.js"
import * as DirtySession from "../support/server/DirtySession.js"
import * as PgBouncer from "../support/server/PgBouncer.js"
import { role } from "../support/server/Role.js"
import * as Server from "../support/server/Server.js"

/** More than the migrations of a program use at once. */
const poolSize = 6

/** Leaves the same in each session that the pooler may open. Their transactions keep the sessions apart. */
const leaving = (url: string, statements: ReadonlyArray<string>) =>
  Effect.promise(async () => {
    const clients = Array.from({ length: poolSize }, () => new pg.Client({ connectionString: url }))
    const inAll = async (statement: string) => {
      for (const client of clients) await client.query(statement)
    }
    for (const client of clients) await client.connect()
    await inAll("BEGIN")
    for (const statement of statements) await inAll(statement)
    await inAll("COMMIT")
    for (const client of clients) await client.end()
  })

const outcome = (poolMode: "transaction" | "session", leave: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const url = yield* Server.freshDatabase
    const other = yield* role(url, "other")
    yield* Database.query(url, "CREATE SCHEMA other", `GRANT ALL ON SCHEMA other, public TO ${other.name}`)
    const migratorUrl = (yield* PgBouncer.make({ serverUrl: url, poolSize, poolMode })).through(url)
    yield* leaving(migratorUrl, DirtySession.left(leave, other.name))
    const answers = yield* DirtySession.use.pipe(
      Effect.provide(
        App.layerWithMigrator({
          url,
          migratorUrl,
          migrations: DirtySession.migrations,
          options: { policy: Policy.always }
        })
      )
    )
    return { answers, database: yield* Database.query(url, DirtySession.found) }
  })

describe.each(["transaction", "session"] as const)("in %s mode, sessions in which another client left", (poolMode) => {
  for (const [what, leave] of Object.entries(DirtySession.leftovers)) {
    it.scopedLive(`${what} change nothing about a migration and the ledger`, () =>
      Effect.gen(function* () {
        deepStrictEqual(yield* outcome(poolMode, leave), yield* outcome(poolMode, []))
      })
    )
  }
})
