/** The log as a stream without an end: what it holds already, and then each event as it commits. */
import { describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { AutoMigration, type LedgerEvent } from "effect-auto-migration"
import * as App from "../../support/program/App.js"
import { inProgram, inStoppedProgram, users } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as LedgerTemplate from "../../support/server/LedgerTemplate.js"
import * as Server from "../../support/server/Server.js"
import { during, until } from "../../support/server/Until.js"
import * as WireTap from "../../support/server/WireTap.js"

const listeners = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`

const listening = (url: string, count: number) =>
  until(Effect.map(Database.query(url, listeners), (rows) => rows.length === count))

/** Another process with one ledger and other migrations. */
const elsewhere = (url: string, migrations: Readonly<Record<string, string>>) =>
  AutoMigration.migrate.pipe(Effect.provide(App.layer({ url, migrations })))

const told = ({ kind, migrationId }: LedgerEvent.LedgerEvent): string => `${kind} ${migrationId}`

/** Events of the program's migrations, until there are `count` of them. */
const followed = (count: number) =>
  AutoMigration.follow.pipe(
    Stream.filter(({ migrationId }) => !migrationId.includes("/")),
    Stream.map(told),
    Stream.take(count),
    Stream.runCollect,
    Effect.map((events) => [...events])
  )

const later = { "003_later": "CREATE TABLE later (id integer);" }

const all = ["Applied 001_users", "Applied 002_users_email", "Applied 003_later"]

describe("a follower of the log", () => {
  it.scopedLive("gets the events that exist, and each later one by its announcement", () =>
    inStoppedProgram({ migrations: users }, (url) =>
      Effect.gen(function* () {
        yield* AutoMigration.migrate
        const following = yield* Effect.forkScoped(followed(3))
        yield* during(following, listening(url, 1))
        yield* elsewhere(url, later)
        deepStrictEqual(yield* Fiber.join(following), all)
      })
    )
  )

  it.scopedLive("waits for a ledger that is not built yet", () =>
    inStoppedProgram({ migrations: {} }, (url) =>
      Effect.gen(function* () {
        const following = yield* Effect.forkScoped(followed(2))
        yield* during(following, listening(url, 1))
        yield* elsewhere(url, users)
        deepStrictEqual(yield* Fiber.join(following), all.slice(0, 2))
      })
    )
  )

  it.scopedLive("shares one connection with the other followers of its process, and leaves none behind", () =>
    inProgram({ migrations: users }, (url) =>
      Effect.gen(function* () {
        yield* AutoMigration.migrate
        const [first, second] = yield* Effect.all([Effect.forkScoped(followed(3)), Effect.forkScoped(followed(9))])
        yield* during(first, listening(url, 1))
        yield* elsewhere(url, later)
        deepStrictEqual(yield* Fiber.join(first), all)
        deepStrictEqual((yield* Database.query(url, listeners)).length, 1)
        yield* Fiber.interrupt(second)
        yield* listening(url, 0)
      })
    )
  )

  it.scopedLive("reads the log again and again through a pooler, which lets no announcement through", () =>
    Effect.gen(function* () {
      const url = yield* LedgerTemplate.freshDatabase
      const tap = yield* WireTap.make(url, undefined, WireTap.pooled)
      yield* Effect.gen(function* () {
        const following = yield* Effect.forkScoped(followed(2))
        yield* during(
          following,
          until(Effect.map(tap.heard, ({ statements }) => statements.some((text) => text.includes("backend_pid"))))
        )
        yield* elsewhere(url, users)
        deepStrictEqual(yield* Fiber.join(following), all.slice(0, 2))
        const { statements } = yield* tap.heard
        deepStrictEqual(
          statements.filter((text) => /LISTEN "/.test(text)),
          []
        )
      }).pipe(Effect.provide(App.layerWithMigrator({ url, migratorUrl: tap.url, migrations: users })))
    })
  )

  it.scopedLive("follows a ledger that was built anew from its first event", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      yield* Effect.gen(function* () {
        yield* AutoMigration.migrate
        const following = yield* Effect.forkScoped(followed(3))
        yield* during(following, listening(url, 1))
        yield* Database.query(url, "DROP SCHEMA auto_migration CASCADE")
        yield* elsewhere(url, later)
        deepStrictEqual(yield* Fiber.join(following), all)
      }).pipe(Effect.provide(App.layer({ url, migrations: users })))
    })
  )
})
