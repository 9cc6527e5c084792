/** The objects that the ledger promises and the catalog lacks. */
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { AutoMigration } from "effect-auto-migration"
import * as App from "../../support/program/App.js"
import { failsWith, inProgram, inTappedProgram, users } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"

const migrations = {
  ...users,
  "003_posts": "CREATE TABLE posts (id integer);",
  "004_no_posts": "DROP TABLE posts;",
  "005_index": "CREATE UNIQUE INDEX users_email ON users (email);"
}

/** Without the time. */
const reported = Effect.map(AutoMigration.drift, (found) => found.map(({ appliedAt: _, ...rest }) => rest))

const elsewhere = (url: string, own: Readonly<Record<string, string>>) =>
  AutoMigration.migrate.pipe(Effect.provide(App.layer({ url, migrations: own })))

const email = { object: "column users.email", migrationId: "002_users_email", recordedAs: "Applied" } as const

describe("drift", () => {
  it.scopedLive("is empty where the catalog has all that applied migrations promise, and one look finds that", () =>
    inTappedProgram({ migrations: { ...migrations, "006_pending": "CREATE TABLE pending (id integer);" } }, (_, tap) =>
      Effect.gen(function* () {
        yield* AutoMigration.migrateTo(["005_index"])
        yield* tap.reset
        deepStrictEqual(yield* AutoMigration.drift, [])
        strictEqual((yield* tap.heard).roundTrips, 2)
      })
    )
  )

  it.scopedLive("names an object that was removed by hand, its migration, and when that was applied", () =>
    inProgram({ migrations }, (url) =>
      Effect.gen(function* () {
        yield* AutoMigration.migrate
        yield* Database.query(url, "ALTER TABLE users DROP COLUMN email")
        const events = Chunk.toReadonlyArray(yield* Stream.runCollect(AutoMigration.events))
        const timeOf = (id: string) => events.find(({ migrationId }) => migrationId === id)?.recordedAt ?? ""
        deepStrictEqual(yield* AutoMigration.drift, [
          { ...email, appliedAt: timeOf("002_users_email"), removedBy: [] },
          ...["relation users_email", "unique constraint of relation users over (email)"].map((object) => ({
            ...email,
            object,
            migrationId: "005_index",
            appliedAt: timeOf("005_index"),
            removedBy: []
          }))
        ])
      })
    )
  )

  it.scopedLive("names the later migrations that may have removed it: of another program, or with unknown code", () =>
    inProgram(
      {
        migrations: {
          ...users,
          "003_hidden": `DO $$ BEGIN EXECUTE (
            SELECT format('ALTER TABLE users DROP COLUMN %I', attname) FROM pg_attribute WHERE attname = 'email'
          ); END $$;`,
          "004_posts": "CREATE TABLE posts (id integer);"
        }
      },
      (url) =>
        Effect.gen(function* () {
          yield* AutoMigration.migrate
          yield* elsewhere(url, { ...users, "009_newer": "CREATE TABLE newer (id integer);" })
          const [found] = yield* AutoMigration.drift
          deepStrictEqual(
            found?.removedBy.map(({ kind, migrationId, why }) => ({ kind, migrationId, why })),
            [
              { kind: "Applied", migrationId: "003_hidden", why: "runs unknown code" },
              { kind: "Applied", migrationId: "009_newer", why: "has no file" }
            ]
          )
          deepStrictEqual(
            (yield* reported).map(({ removedBy: _, ...rest }) => rest),
            [email]
          )
        })
    )
  )

  it.scopedLive("names a step outside transactions that removes it and was not completed", () =>
    inProgram(
      {
        migrations: {
          ...users,
          "003_index": "CREATE INDEX users_name ON users (name);",
          "004_anew": "DROP INDEX CONCURRENTLY users_name; CREATE INDEX CONCURRENTLY other ON users ((1 / (id - 1)));"
        }
      },
      () =>
        Effect.gen(function* () {
          yield* failsWith("MigrationFailed", AutoMigration.migrate)
          const [found, ...others] = yield* AutoMigration.drift
          strictEqual(others.length, 0)
          strictEqual(found?.object, "relation users_name")
          deepStrictEqual(
            found?.removedBy.map(({ kind, migrationId, why }) => ({ kind, migrationId, why })),
            [{ kind: "Started", migrationId: "004_anew", why: "removes it" }]
          )
        })
    )
  )

  it.scopedLive("tells a baseline that was recorded without a look from a loss", () =>
    inProgram({ migrations: users }, () =>
      Effect.gen(function* () {
        yield* AutoMigration.migrateTo(["001_users"])
        yield* AutoMigration.baseline(["002_users_email"], { unchecked: true })
        deepStrictEqual(yield* reported, [{ ...email, recordedAs: "Baselined", removedBy: [] }])
      })
    )
  )

  it.scopedLive("asks nothing of a migration whose file was edited, since another text has run", () =>
    inProgram({ migrations: users }, (url) =>
      Effect.gen(function* () {
        yield* elsewhere(url, { ...users, "002_users_email": "ALTER TABLE users ADD COLUMN mail text;" })
        deepStrictEqual(yield* AutoMigration.drift, [])
      })
    )
  )
})
