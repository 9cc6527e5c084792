/**
 * Who works gives the migration lock back between two migrations of its plan. Whoever waits for it stands back then.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import pg from "pg"
import * as App from "../support/App.js"
import * as Database from "../support/Database.js"
import * as Server from "../support/Server.js"
import { advisoryLocks, ask, holding, kinds } from "../support/Situation.js"
import * as WireTap from "../support/WireTap.js"

const migrations = { "001_a": "CREATE TABLE a (id integer);", "002_b": "CREATE TABLE b (id integer);" }

/** A session of somebody else, who may work or stop as it likes. */
const session = (url: string) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(async () => {
        const client = new pg.Client({ connectionString: url })
        await client.connect()
        return client
      }),
      (client) => Effect.promise(() => client.end())
    ),
    (client) => (text: string) => Effect.promise(async () => (await client.query(text)).rows)
  )

const work = (id: string) => `SELECT pg_advisory_xact_lock(hashtextextended('effect-auto-migration/auto_migration', 0));
  INSERT INTO auto_migration.event (kind, migration_id, checksum, detail) VALUES ('Applied', '${id}', 'sha256:00', '{}')`

/** Waits until the lock has been asked for once more and everything has been answered: it is left to somebody else. */
const untilVain = (tap: WireTap.WireTap) =>
  Effect.flatMap(WireTap.lockTries(tap), (before) =>
    Effect.repeat(Effect.zip(WireTap.lockTries(tap), tap.heard), {
      until: ([now, { roundTrips, statements }]) => now > before && roundTrips === statements.length,
      schedule: Schedule.spaced("10 millis")
    })
  )

describe("whoever waits for the migration lock", () => {
  it.scopedLive(
    "leaves it to somebody who has recorded something since, and takes it when nothing happens any more",
    () =>
      Effect.gen(function* () {
        const url = yield* Server.freshDatabase
        const tap = yield* WireTap.make(url)
        yield* Effect.gen(function* () {
          yield* ask("SELECT id FROM a")
          const worker = yield* session(url)
          yield* worker("BEGIN")
          yield* worker(work("another_first"))
          const waiter = yield* Effect.fork(ask("SELECT id FROM b"))
          yield* untilVain(tap)
          yield* worker("COMMIT")
          yield* untilVain(tap)
          yield* worker("BEGIN")
          yield* worker(work("another_second"))
          yield* worker("COMMIT")
          deepStrictEqual(yield* Fiber.join(waiter), [])
          deepStrictEqual(yield* kinds, [
            "Applied 001_a",
            "Applied another_first",
            "Applied another_second",
            "Applied 002_b"
          ])
        }).pipe(
          Effect.provide(
            App.layerWithMigrator({
              url,
              migratorUrl: tap.url,
              migrations,
              options: { lockRetry: Schedule.spaced("2 seconds") }
            })
          )
        )
      })
  )

  it.scopedLive("takes it though others record failures all the time, which are no sign that somebody is at work", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const tap = yield* WireTap.make(url)
      yield* Effect.gen(function* () {
        yield* ask("SELECT id FROM a")
        const other = yield* session(url)
        const failing = other(
          "INSERT INTO auto_migration.event (kind, migration_id, checksum) VALUES ('Failed', 'other', 'sha256:00')"
        )
        yield* other("BEGIN")
        yield* failing
        const waiter = yield* Effect.fork(ask("SELECT id FROM b"))
        yield* untilVain(tap)
        yield* other("COMMIT")
        yield* Effect.forkScoped(Effect.repeat(failing, Schedule.spaced("50 millis")))
        deepStrictEqual(yield* Fiber.join(waiter), [])
      }).pipe(Effect.provide(App.layerWithMigrator({ url, migratorUrl: tap.url, migrations })))
    })
  )

  it.scopedLive(
    "reads a log that has become another one from its beginning, and waits for nobody without a limit",
    () =>
      Effect.gen(function* () {
        const url = yield* Server.freshDatabase
        const tap = yield* WireTap.make(url)
        yield* Effect.gen(function* () {
          yield* ask("SELECT id FROM a")
          const worker = yield* session(url)
          yield* worker("BEGIN")
          yield* worker(work("another"))
          yield* tap.reset
          const waiter = yield* Effect.fork(ask("SELECT id FROM b"))
          // The second time it has begun to listen, and looks at once. Between that and the third there is a second.
          yield* untilVain(tap)
          yield* untilVain(tap)
          yield* worker(`ALTER TABLE auto_migration.event DISABLE TRIGGER append_only;
          UPDATE auto_migration.event SET hash = repeat('0', 64) WHERE migration_id = '001_a';
          ALTER TABLE auto_migration.event ENABLE TRIGGER append_only; COMMIT`)
          deepStrictEqual(yield* Fiber.join(waiter), [])
          const { statements } = yield* tap.heard
          const readings = statements.filter((text) => text.includes("applied_set") && !text.startsWith("BEGIN"))
          assert.isTrue(readings.some((text) => !text.includes("pg_try_advisory_xact_lock")))
          deepStrictEqual(
            readings.filter((text) => !text.includes("'lock_timeout'")),
            []
          )
        }).pipe(
          Effect.provide(
            App.layerWithMigrator({
              url,
              migratorUrl: tap.url,
              migrations,
              options: { lockRetry: Schedule.spaced("1 second") }
            })
          )
        )
      })
  )

  /** A database whose last event, of the first migration, is of that time. */
  const recordedAt = (time: string) =>
    Effect.tap(Server.freshDatabase, (url) =>
      Effect.zipRight(
        Effect.provide(ask("SELECT id FROM a"), Layer.fresh(App.layer({ url, migrations }))),
        Database.query(
          url,
          "ALTER TABLE auto_migration.event DISABLE TRIGGER append_only",
          `UPDATE auto_migration.event SET recorded_at = ${time}`,
          "ALTER TABLE auto_migration.event ENABLE TRIGGER append_only"
        )
      )
    )

  const thisMoment = "clock_timestamp() + interval '1 hour'"

  it.scopedLive("does not hold it while it looks: whoever could work would be told that it is taken", () =>
    Effect.gen(function* () {
      const url = yield* recordedAt(thisMoment)
      yield* Effect.gen(function* () {
        yield* holding(url, "LOCK TABLE auto_migration.lease")
        yield* Effect.forkScoped(ask("SELECT id FROM b"))
        const waiting = `SELECT (${advisoryLocks}) AS n FROM pg_locks
          WHERE relation = 'auto_migration.lease'::regclass AND NOT granted`
        const seen = Effect.repeat(Effect.delay(Database.query(url, waiting), "10 millis"), {
          until: (rows) => rows.length > 0
        })
        deepStrictEqual(yield* seen, [{ n: 0 }])
      }).pipe(Effect.provide(App.layer({ url, migrations, options: { lockTimeout: Duration.minutes(1) } })))
    })
  )

  for (const [when, recorded, isConditional] of [
    ["of this moment", thisMoment, true],
    ["of long ago", "clock_timestamp() - interval '1 hour'", false]
  ] as const) {
    it.scopedLive(`${isConditional ? "stands back at once" : "takes it at once"} where the last event is ${when}`, () =>
      Effect.gen(function* () {
        const url = yield* recordedAt(recorded)
        const tap = yield* WireTap.make(url)
        yield* Effect.gen(function* () {
          deepStrictEqual(yield* ask("SELECT id FROM b"), [])
          const { statements } = yield* tap.heard
          const tries = statements.filter((text) => text.includes("pg_try_advisory_xact_lock"))
          deepStrictEqual(
            tries.map((text) => text.includes("CASE WHEN true")),
            isConditional ? [false, false] : [true]
          )
        }).pipe(Effect.provide(App.layerWithMigrator({ url, migratorUrl: tap.url, migrations })))
      })
    )
  }
})
