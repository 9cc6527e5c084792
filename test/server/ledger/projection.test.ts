/**
 * The applied set that the server keeps beside the log decides what is pending. A role that can change it must not make a migration run
 * twice, and the difference must not stay unnoticed.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { AutoMigration } from "effect-auto-migration"
import * as App from "../../support/program/App.js"
import { ask, failsWith, inProgram, kinds, users } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"

const lifted = (...changes: ReadonlyArray<string>): ReadonlyArray<string> => [
  "ALTER TABLE auto_migration.migration_bit DISABLE TRIGGER guard",
  "ALTER TABLE auto_migration.applied_set DISABLE TRIGGER guard",
  ...changes,
  "ALTER TABLE auto_migration.migration_bit ENABLE ALWAYS TRIGGER guard",
  "ALTER TABLE auto_migration.applied_set ENABLE ALWAYS TRIGGER guard"
]

describe("the owner of the ledger", () => {
  for (const change of [
    "DELETE FROM auto_migration.migration_bit",
    "TRUNCATE auto_migration.migration_bit",
    "UPDATE auto_migration.migration_bit SET applied_by = NULL",
    "INSERT INTO auto_migration.migration_bit (bit, migration_id, checksum) VALUES (99, '900_other', 'sha256:aa')",
    "UPDATE auto_migration.applied_set SET bits = ''",
    "DELETE FROM auto_migration.applied_set",
    "TRUNCATE auto_migration.applied_set"
  ]) {
    it.scopedLive(`cannot run ${change}`, () =>
      inProgram({ migrations: users }, (url) =>
        Effect.gen(function* () {
          yield* AutoMigration.migrate
          const cause = yield* Effect.flip(
            Effect.sandbox(Database.query(url, "SET session_replication_role = replica", change))
          )
          assert.include(Cause.pretty(cause), "only an event changes the projection")
          assert.isTrue(Either.isRight(yield* AutoMigration.verify))
        })
      )
    )
  }
})

describe("a projection that was changed although it is guarded", () => {
  const tampered = {
    "was emptied": {
      changes: ["DELETE FROM auto_migration.migration_bit", "UPDATE auto_migration.applied_set SET bits = ''"],
      first: "effect-auto-migration/001_zero_trust_schema"
    },
    "lacks the last migration": {
      changes: [
        "UPDATE auto_migration.applied_set SET bits = set_bit(bits, (SELECT bit FROM auto_migration.migration_bit WHERE migration_id = '002_users_email'), 0)",
        "DELETE FROM auto_migration.migration_bit WHERE migration_id = '002_users_email'"
      ],
      first: "002_users_email"
    }
  }

  for (const [what, { changes, first }] of Object.entries(tampered)) {
    it.scopedLive(`and ${what} makes no migration run again: verify names the difference, and rebuild ends it`, () =>
      inProgram({ migrations: users }, (url) =>
        Effect.gen(function* () {
          yield* AutoMigration.migrate
          const before = yield* kinds
          yield* Database.query(url, ...lifted(...changes))
          const later = App.layer({
            url,
            migrations: { ...users, "003_more": "ALTER TABLE users ADD COLUMN more text;" }
          })
          yield* Effect.gen(function* () {
            for (const error of [
              yield* failsWith("LedgerUnusable", AutoMigration.migrate),
              yield* failsWith("LedgerUnusable", ask("SELECT more FROM users"))
            ]) {
              assert.match(error.message, /its log says that .* applied.*AutoMigration\.rebuild/s)
            }
            const found = yield* AutoMigration.verify
            assert.isTrue(Either.isLeft(found) && found.left.reason === "projection")
            deepStrictEqual<unknown>(Either.isLeft(found) ? found.left.migrationId : undefined, first)
            yield* AutoMigration.rebuild
            assert.isTrue(Either.isRight(yield* AutoMigration.verify))
            deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.migrate, ["003_more"])
            deepStrictEqual(yield* kinds, [...before, "Applied 003_more"])
          }).pipe(Effect.provide(later))
        })
      )
    )
  }

  it.scopedLive("and names a migration that the log does not: verify names it", () =>
    inProgram({ migrations: users }, (url) =>
      Effect.gen(function* () {
        yield* AutoMigration.migrateTo(["001_users"])
        yield* Database.query(
          url,
          ...lifted(
            "INSERT INTO auto_migration.migration_bit SELECT max(bit) + 1, '002_users_email', 'sha256:aa', 999 FROM auto_migration.migration_bit",
            "UPDATE auto_migration.applied_set SET bits = set_bit(bits || '\\x00', (SELECT max(bit) FROM auto_migration.migration_bit), 1)"
          )
        )
        const found = yield* AutoMigration.verify
        deepStrictEqual<unknown>(Either.isLeft(found) ? found.left.migrationId : undefined, "002_users_email")
        yield* AutoMigration.rebuild
        deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.migrate, ["002_users_email"])
      })
    )
  )

  it.scopedLive("and has lost its row is made anew", () =>
    inProgram({ migrations: users }, (url) =>
      Effect.gen(function* () {
        yield* AutoMigration.migrate
        yield* Database.query(url, ...lifted("DELETE FROM auto_migration.applied_set"))
        assert.isTrue(Either.isLeft(yield* AutoMigration.verify))
        yield* AutoMigration.rebuild
        assert.isTrue(Either.isRight(yield* AutoMigration.verify))
        deepStrictEqual(yield* AutoMigration.migrate, [])
      })
    )
  )
})

describe("a ledger of a version that did not guard its projection", () => {
  it.scopedLive("is brought up to date by the next migration", () =>
    inProgram({ migrations: users }, (url) =>
      Effect.gen(function* () {
        yield* AutoMigration.migrateTo(["001_users"])
        yield* Database.query(
          url,
          "DROP FUNCTION auto_migration.guard_projection() CASCADE",
          "DROP FUNCTION auto_migration.rebuild()"
        )
        deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.migrate, ["002_users_email"])
        const guards =
          "SELECT count(*)::int AS n FROM pg_trigger WHERE tgfoid = 'auto_migration.guard_projection'::regproc"
        deepStrictEqual(yield* Database.query(url, guards), [{ n: 4 }])
        assert.isTrue(Either.isRight(yield* AutoMigration.verify))
      })
    )
  )
})

describe("the bit of a further migration", () => {
  const rowsRead = `SELECT (seq_tup_read + coalesce(idx_tup_fetch, 0))::int AS n FROM pg_stat_xact_user_tables
    WHERE relname = 'migration_bit'`
  const event = (ids: string): string =>
    `INSERT INTO auto_migration.event (kind, migration_id, checksum) SELECT 'Applied', id, 'sha256:00' FROM ${ids} AS of (id)`

  it.scopedLive("is found without reading the bits of all others", () =>
    inProgram({ migrations: users }, (url) =>
      Effect.gen(function* () {
        yield* AutoMigration.migrate
        yield* Database.query(url, event("(SELECT 'other_' || n FROM generate_series(1, 500) AS n)"))
        const [row] = yield* Database.query(url, "BEGIN", event("(VALUES ('further'))"), rowsRead)
        assert.isBelow(Number(row?.["n"]), 50)
        assert.isTrue(Either.isRight(yield* AutoMigration.verify))
      })
    )
  )
})
