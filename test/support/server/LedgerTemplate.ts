/**
 * Databases in which the ledger is built: copies of one that the first test of the run to ask for a copy builds. To build a
 * ledger takes ten times as long as to copy one. Whatever is about how a ledger comes to be asks {@link Server.freshDatabase}.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { AutoMigration } from "effect-auto-migration"
import { inject } from "vitest"
import * as App from "../program/App.js"
import * as Database from "./Database.js"
import * as Server from "./Server.js"

const lock = (name: string): string => `hashtextextended('${name}', 0)`

/** A program builds the ledger when it has something to record. */
const migrations = { "001_none": "SELECT 1;" }

/** Leaves the library's own migrations alone in the ledger. */
export const emptied = `ALTER TABLE auto_migration.event DISABLE TRIGGER append_only;
  DELETE FROM auto_migration.event WHERE migration_id NOT LIKE '%/%';
  ALTER TABLE auto_migration.event ENABLE ALWAYS TRIGGER append_only;
  SELECT auto_migration.rebuild();
  DELETE FROM auto_migration.lease`

/** The other processes of the run wait; nobody may be connected to what is copied. */
const build = (name: string) =>
  Effect.gen(function* () {
    const [found] = yield* Server.ask(`SELECT FROM pg_database WHERE datname = '${name}'`)
    if (found !== undefined) return
    yield* Database.copy(Server.ask, name)
    const url = Database.urlOf(yield* Server.url, name)
    yield* Effect.provide(AutoMigration.migrate, App.layer({ url, migrations })).pipe(Effect.orDie)
    yield* Database.query(url, emptied)
  }).pipe((building) =>
    Effect.acquireUseRelease(
      Server.ask(`SELECT pg_advisory_lock(${lock(name)})`),
      () => building,
      () => Server.ask(`SELECT pg_advisory_unlock(${lock(name)})`)
    )
  )

/** Once in this process. */
const template = Effect.runSync(
  Effect.cached(Effect.suspend(() => Effect.as(build(inject("templateName")), inject("templateName"))))
)

/** The URL of a database with an empty ledger, which exists as long as the scope. */
export const freshDatabase: Effect.Effect<string, never, Scope.Scope> = Effect.flatMap(
  Effect.zip(Server.url, template),
  ([serverUrl, template]) => Database.fresh(serverUrl, { ask: Server.ask, template })
)
