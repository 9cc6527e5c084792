import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { AutoMigration } from "effect-auto-migration"
import * as LedgerMigrations from "../../../src/ledger/OwnMigrations.js"
import * as App from "../../support/program/App.js"
import { ask, askWithin, inProgram, users } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"
import * as WireTap from "../../support/server/WireTap.js"

describe("the ledger", () => {
  it.scopedLive("may have ids that the program does not have, and reports them", () =>
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
          renamed: [],
          overtaken: [],
          warnings: [],
          elsewhere: [],
          held: []
        })
        deepStrictEqual<ReadonlyArray<string>>((yield* AutoMigration.status).unknown, ["002_users_email"])
        assert.isTrue(yield* AutoMigration.isApplied("002_users_email"))
        assert.strictEqual((yield* Effect.flip(AutoMigration.isApplied("nonsense")))._tag, "UnknownMigration")
      }).pipe(Effect.provide(App.layer({ url, migrations: older })))
    })
  )

  it.scopedLive("that was tampered with: verify names the first broken event", () =>
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

  it.scopedLive("is built by its own migrations, which are its first events", () =>
    inProgram({ migrations: users }, () =>
      Effect.gen(function* () {
        yield* askWithin("SELECT name FROM users")
        const events = Chunk.toReadonlyArray(yield* Stream.runCollect(AutoMigration.events))
        deepStrictEqual(
          events.map((event) => event.migrationId as string),
          [...LedgerMigrations.ids, "001_users"]
        )
      })
    )
  )
})

describe("a process that finds no ledger", () => {
  it.scopedLive("knows that from one answer: the driver's first question, and then one of the library's", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const tap = yield* WireTap.make(url)
      const plan = yield* AutoMigration.plan.pipe(
        Effect.provide(App.layerWithMigrator({ url, migratorUrl: tap.url, migrations: users }))
      )
      assert.strictEqual(
        Option.match(plan, { onNone: () => 0, onSome: ({ steps }) => steps.length }),
        Object.keys(users).length
      )
      const { statements } = yield* tap.heard
      deepStrictEqual(
        statements.map((text) => text.includes("auto_migration")),
        [false, true]
      )
    })
  )
})

describe("a process that reads the ledger again", () => {
  /** Records migrations that the program has no files of. */
  const applied = (url: string, from: number, to: number) =>
    Database.query(
      url,
      `INSERT INTO auto_migration.event (kind, migration_id, checksum, detail)
        SELECT 'Applied', 'elsewhere_' || lpad(n::text, 40, '0'), 'sha256:' || repeat('0', 64), '{}' FROM generate_series(${from}, ${to}) n`
    )

  /** The server's answers to a process that knows all migrations, and again after one more. */
  const refreshes = (migrations: number) =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const tap = yield* WireTap.make(url)
      const asked = Effect.zipRight(tap.reset, Effect.zipRight(AutoMigration.plan, tap.heard))
      return yield* Effect.gen(function* () {
        yield* AutoMigration.migrate
        yield* applied(url, 1, migrations)
        assert.strictEqual((yield* AutoMigration.status).unknown.length, migrations)
        const nothingNew = yield* asked
        const before = yield* bitmap(url)
        yield* applied(url, migrations + 1, migrations + 1)
        const oneMore = yield* asked
        assert.strictEqual((yield* AutoMigration.status).unknown.length, migrations + 1)
        return { nothingNew, oneMore, bitmap: { nothingNew: before, oneMore: yield* bitmap(url) } }
      }).pipe(Effect.provide(App.layerWithMigrator({ url, migratorUrl: tap.url, migrations: users })))
    })

  /** The length in digits: two for each byte. */
  const bitmap = (url: string) =>
    Effect.map(
      Database.query(url, "SELECT count(*)::int AS n FROM auto_migration.migration_bit"),
      ([row]) => 2 * Math.ceil(Number(row?.["n"]) / 8)
    )

  /** The message begins with its limits, which have a row as an answer too. */
  const ledgersRow = ({ roundTrips, rows, statements }: WireTap.Heard): number => {
    deepStrictEqual([statements.length, roundTrips, rows.length], [1, 1, 2])
    return rows[1] ?? 0
  }

  it.scopedLive("sends one message and gets one small row, of which only the bitmap grows with the migrations", () =>
    Effect.gen(function* () {
      const [few, many] = yield* Effect.all([refreshes(50), refreshes(500)])
      /** The row has two numbers of events, each one digit longer. */
      const digits = 2
      for (const of of ["nothingNew", "oneMore"] as const) {
        assert.isBelow(ledgersRow(many[of]) - many.bitmap[of], 1000)
        assert.isAtMost(ledgersRow(many[of]) - ledgersRow(few[of]), many.bitmap[of] - few.bitmap[of] + digits)
      }
    })
  )
})
