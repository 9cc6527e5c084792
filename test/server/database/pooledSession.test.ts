/**
 * A pooler gives a session to one client after the other. What another client left in it must not decide where the objects of a
 * migration go, which types they have, or how the ledger is read. The pool here makes each session dirty, and the tap changes the
 * number of the server's process, as a pooler does.
 */
import { describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { AutoMigration, AutoMigrationConfig, MigrationClient, MigrationSource, Policy } from "effect-auto-migration"
import pg from "pg"
import * as App from "../../support/program/App.js"
import * as Database from "../../support/server/Database.js"
import * as DirtySession from "../../support/server/DirtySession.js"
import { role } from "../../support/server/Role.js"
import * as Server from "../../support/server/Server.js"
import * as WireTap from "../../support/server/WireTap.js"

const outcome = (leave: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const url = yield* Server.freshDatabase
    const other = yield* role(url, "other")
    const tap = yield* WireTap.make(url, undefined, WireTap.pooled)
    yield* Database.query(url, "CREATE SCHEMA other", `GRANT ALL ON SCHEMA other, public TO ${other.name}`)
    /** A connection that is closed meanwhile refuses nothing. */
    const refused: Array<string> = []
    const pool = () => {
      const sessions = new pg.Pool({ connectionString: tap.url, max: 5 })
      sessions.on("error", () => {})
      sessions.on("connect", (client) => {
        for (const statement of DirtySession.left(leave, other.name)) {
          client.query(statement).catch((error: unknown) => {
            if (error instanceof pg.DatabaseError) refused.push(error.message)
          })
        }
      })
      return sessions
    }
    const acquire = Effect.acquireRelease(Effect.sync(pool), (sessions) => Effect.promise(() => sessions.end()))
    const live = AutoMigration.layer.pipe(
      Layer.provide(MigrationClient.layerFromPool({ acquire })),
      Layer.provide(MigrationSource.layerRecord(DirtySession.migrations)),
      Layer.provide(AutoMigrationConfig.layer({ policy: Policy.always })),
      Layer.provideMerge(App.client({ url })),
      Layer.orDie
    )
    const answers = yield* DirtySession.use.pipe(Effect.provide(live))
    deepStrictEqual(refused, [])
    return { answers, database: yield* Database.query(url, DirtySession.found) }
  })

describe("behind a pooler, a session in which another client left", () => {
  for (const [what, leave] of Object.entries(DirtySession.leftovers)) {
    it.scopedLive(`${what} changes nothing about a migration and the ledger`, () =>
      Effect.gen(function* () {
        deepStrictEqual(yield* outcome(leave), yield* outcome([]))
      })
    )
  }
})

describe("the defaults of a role", () => {
  it.scopedLive("hold for each migration of a process: a role that it takes, and a search path", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const owner = yield* role(url, "owner")
      const migrator = yield* role(url, "migrator")
      yield* Database.query(
        url,
        `GRANT ${owner.name} TO ${migrator.name}`,
        `GRANT CREATE ON DATABASE ${new URL(url).pathname.slice(1)} TO ${owner.name}`,
        `CREATE SCHEMA shop AUTHORIZATION ${owner.name}`,
        `ALTER ROLE ${migrator.name} SET role = ${owner.name}`,
        `ALTER ROLE ${migrator.name} SET search_path = shop`
      )
      const tables = { "001_a": "CREATE TABLE a (id integer);", "002_b": "CREATE TABLE b (id integer);" }
      yield* AutoMigration.migrate.pipe(Effect.provide(App.layer({ url: migrator.url, migrations: tables })))
      const made =
        "SELECT tablename || ' of ' || tableowner AS made FROM pg_tables WHERE schemaname = 'shop' ORDER BY 1"
      deepStrictEqual(yield* Database.query(url, made), [
        { made: `a of ${owner.name}` },
        { made: `b of ${owner.name}` }
      ])
    })
  )
})
