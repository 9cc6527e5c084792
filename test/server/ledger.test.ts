import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Stream from "effect/Stream"
import { AutoMigration } from "effect-auto-migration"
import * as App from "../support/App.js"
import * as Database from "../support/Database.js"
import * as Server from "../support/Server.js"

import { ask, askWithin, inProgram, users } from "../support/Situation.js"

describe("the ledger", () => {
  it.scopedLive("knows ids that the code does not: allowed, and reported", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      yield* AutoMigration.migrate.pipe(Effect.provide(App.layer({ url, migrations: users })))
      const older = { "001_users": users["001_users"] }
      yield* Effect.gen(function* () {
        deepStrictEqual(yield* AutoMigration.status, {
          applied: (yield* AutoMigration.status).applied,
          pending: [],
          unknown: (yield* AutoMigration.status).unknown,
          edited: [],
          overtaken: [],
          warnings: []
        })
        deepStrictEqual<ReadonlyArray<string>>((yield* AutoMigration.status).unknown, ["002_users_email"])
        assert.isTrue(yield* AutoMigration.isApplied("002_users_email"))
        assert.strictEqual((yield* Effect.flip(AutoMigration.isApplied("nonsense")))._tag, "UnknownMigration")
      }).pipe(Effect.provide(App.layer({ url, migrations: older })))
    })
  )

  it.scopedLive("tampered with: verify names the first broken event", () =>
    inProgram({ migrations: users }, (url) =>
      Effect.gen(function* () {
        yield* AutoMigration.migrate
        assert.isTrue(Either.isRight(yield* AutoMigration.verify))
        yield* Database.query(
          url,
          "ALTER TABLE auto_migration.event DISABLE TRIGGER append_only",
          `UPDATE auto_migration.event SET detail = '{"gap": "nothing"}' WHERE sequence = 3`,
          "ALTER TABLE auto_migration.event ENABLE TRIGGER append_only"
        )
        deepStrictEqual(yield* AutoMigration.verify, Either.left({ sequence: 3, reason: "hash" }))
      })
    )
  )

  it.scopedLive("lives in the schema that the configuration names", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const { AutoMigrationConfig } = yield* Effect.promise(() => import("effect-auto-migration"))
      const schema = AutoMigrationConfig.SchemaName.make("order")
      yield* ask("SELECT name FROM users").pipe(
        Effect.provide(App.layer({ url, migrations: users, options: { schema } }))
      )
      const found = "SELECT nspname FROM pg_namespace WHERE nspname IN ('order', 'auto_migration')"
      deepStrictEqual(yield* Database.query(url, found), [{ nspname: "order" }])
    })
  )

  it.scopedLive("is brought by the library's own engine, and its own migrations are its first events", () =>
    inProgram({ migrations: users }, () =>
      Effect.gen(function* () {
        yield* askWithin("SELECT name FROM users")
        const events = Chunk.toReadonlyArray(yield* Stream.runCollect(AutoMigration.events))
        deepStrictEqual(
          events.map((event) => event.migrationId as string),
          [
            "effect-auto-migration/001_zero_trust_schema",
            "effect-auto-migration/002_add_bitmap_sequences",
            "effect-auto-migration/003_add_leases",
            "001_users"
          ]
        )
      })
    )
  )
})
