import { readFile } from "node:fs/promises"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Stream from "effect/Stream"
import { AutoMigration, LedgerEvent } from "effect-auto-migration"
import * as LedgerMigrations from "../../../src/ledger/OwnMigrations.js"
import * as App from "../../support/program/App.js"
import { inProgram, users } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Role from "../../support/server/Role.js"

/** A ledger of a version without the table of event kinds, with one migration applied. */
const olderLedger = Effect.gen(function* () {
  const files = ["001_zero_trust_schema", "002_add_bitmap_sequences", "003_add_leases"]
  const texts = yield* Effect.forEach(files, (file) =>
    Effect.promise(() => readFile(new URL(`../../../migrations/${file}.sql`, import.meta.url), "utf8"))
  )
  return [...texts, appending("Applied", "001_old", "sha256:0a")]
})

const appending = (kind: string, id: string, checksum: string): string =>
  `INSERT INTO auto_migration.event (kind, migration_id, checksum) VALUES ('${kind}', '${id}', '${checksum}')`

const recorded = Effect.map(Stream.runCollect(AutoMigration.events), (events) =>
  Chunk.toReadonlyArray(events).map(({ kind, migrationId }) => `${kind} ${migrationId}`)
)

describe("a ledger without the table of event kinds", () => {
  it.scopedLive(
    "is read as it is, and brought up to date by the next migration; its readers keep their privileges",
    () =>
      inProgram({ migrations: users, before: ["CREATE TABLE elsewhere (id integer)"] }, (url) =>
        Effect.gen(function* () {
          const auditor = yield* Role.role(url, "auditor")
          yield* Database.query(url, ...(yield* olderLedger), `SELECT auto_migration.grant_reader('${auditor.name}')`)
          deepStrictEqual<ReadonlyArray<string>>((yield* AutoMigration.status).unknown, ["001_old"])
          deepStrictEqual(yield* recorded, ["Applied 001_old"])
          yield* AutoMigration.migrate
          deepStrictEqual(yield* recorded, [
            "Applied 001_old",
            ...[...LedgerMigrations.ids.slice(3), ...Object.keys(users)].map((id) => `Applied ${id}`)
          ])
          const kinds = "SELECT kind FROM auto_migration.event_kind WHERE is_application ORDER BY kind"
          deepStrictEqual(yield* Database.query(auditor.url, kinds), [
            { kind: "Adopted" },
            { kind: "Applied" },
            { kind: "Baselined" },
            { kind: "Renamed" }
          ])
          assert.isTrue(Either.isRight(yield* AutoMigration.verify))
        })
      )
  )
})

describe("an event that applies", () => {
  it.scopedLive("makes its migration applied, also with a kind that is new", () =>
    inProgram({ migrations: users }, (url) =>
      Effect.gen(function* () {
        yield* AutoMigration.migrate
        yield* Database.query(
          url,
          ...["Started", "Failed", "Baselined", "Adopted", "Renamed"].map((kind) => appending(kind, kind, "sha256:0a"))
        )
        const { unknown } = yield* AutoMigration.status
        assert.sameMembers<string>([...unknown], ["Baselined", "Adopted", "Renamed"])
      })
    )
  )

  it.scopedLive(
    "that is recorded again brings its checksum to every process, and a later failure does not change it",
    () =>
      inProgram({ migrations: users }, (url) =>
        Effect.gen(function* () {
          yield* AutoMigration.migrate
          deepStrictEqual((yield* AutoMigration.status).edited, [])
          yield* Database.query(url, appending("Applied", "001_users", "sha256:0a"))
          deepStrictEqual<ReadonlyArray<string>>((yield* AutoMigration.status).edited, ["001_users"])
          yield* Database.query(url, appending("Failed", "001_users", "sha256:0b"))
          const kept = "SELECT checksum, applied_by FROM auto_migration.migration_bit WHERE migration_id = '001_users'"
          deepStrictEqual(yield* Database.query(url, kept), [
            { checksum: "sha256:0a", applied_by: String(LedgerMigrations.ids.length + 3) }
          ])
          const events = Chunk.toReadonlyArray(yield* Stream.runCollect(AutoMigration.events))
          const replayed: ReadonlyMap<string, string> = LedgerEvent.replay(events).checksumById
          assert.strictEqual(replayed.get("001_users"), "sha256:0a")
          yield* AutoMigration.status.pipe(
            Effect.provide(App.layer({ url, migrations: users })),
            Effect.map(({ edited }) => deepStrictEqual<ReadonlyArray<string>>(edited, ["001_users"]))
          )
        })
      )
  )
})

describe("the kinds of events", () => {
  it.scopedLive("cannot be changed, even by their owner", () =>
    inProgram({ migrations: users }, (url) =>
      Effect.gen(function* () {
        yield* AutoMigration.migrate
        for (const change of [
          "UPDATE auto_migration.event_kind SET is_application = true",
          "TRUNCATE auto_migration.event_kind"
        ]) {
          const cause = yield* Effect.flip(Effect.sandbox(Database.query(url, change)))
          assert.include(Cause.pretty(cause), "append-only")
        }
      })
    )
  )
})
