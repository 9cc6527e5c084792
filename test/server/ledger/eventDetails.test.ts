/** Who applied a migration, what ran, and why: the detail of the events. */
import * as SqlClient from "@effect/sql/SqlClient"
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { AutoMigration, LedgerEvent, withAutoMigration } from "effect-auto-migration"
import { libraryVersion, processName } from "../../../src/runtime/Process.js"
import * as SqlParser from "../../../src/runtime/SqlParser.js"
import * as App from "../../support/program/App.js"
import {
  ask,
  failsWith,
  holding,
  inProgram,
  inTappedProgram,
  migrationLock,
  untilRefused,
  users
} from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"
import { during } from "../../support/server/Until.js"

/** The details of the events of a migration. */
const detailsOf = (id: string) =>
  Effect.map(Stream.runCollect(AutoMigration.events), (events) =>
    [...events]
      .filter(({ migrationId }) => migrationId === id)
      .map((event) => ({
        kind: event.kind,
        ...Option.getOrThrow(LedgerEvent.detailOf(event))
      }))
  )

const asked = (text: string) => withAutoMigration(Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(text)))

describe("the event of a migration that a query needed", () => {
  it.scopedLive("says which process of which application ran what on which server, and for which statement", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const client = Layer.orDie(PgClient.layer({ url: Redacted.make(url), applicationName: "shop" }))
      const [found] = yield* Effect.zipRight(
        asked("SELECT email FROM users WHERE name = 'Ada'"),
        detailsOf("001_users")
      ).pipe(Effect.provide(Layer.provideMerge(App.library({ migrations: users }), client)))
      const [{ server } = { server: "" }] = yield* Database.query(
        url,
        "SELECT current_setting('server_version') AS server"
      )
      const parser = yield* Effect.provide(SqlParser.SqlParser, SqlParser.layer)
      const { milliseconds, ...rest } = found ?? {}
      assert.isNumber(milliseconds)
      deepStrictEqual(rest, {
        kind: "Applied",
        gap: "relation users",
        trigger: "42P01",
        fingerprint: Option.getOrThrow(parser.fingerprint("select email from users where name = 'Grace'")),
        plan: ["001_users", "002_users_email"],
        statements: 2,
        application: "shop",
        library: libraryVersion,
        process: processName,
        address: "127.0.0.1",
        server: String(server).split(" ")[0] ?? ""
      })
    })
  )

  it.scopedLive("says how long it waited for a lock, where it did", () =>
    inTappedProgram({ migrations: users }, (url, tap) =>
      Effect.gen(function* () {
        yield* AutoMigration.migrateTo(["001_users"])
        const healing = yield* Effect.scoped(
          Effect.gen(function* () {
            yield* holding(url, migrationLock)
            yield* tap.reset
            const fiber = yield* Effect.forkDaemon(ask("SELECT email FROM users"))
            yield* during(fiber, untilRefused(tap))
            return fiber
          })
        )
        yield* Fiber.join(healing)
        assert.isNumber((yield* detailsOf("002_users_email"))[0]?.lockWait)
        strictEqual((yield* detailsOf("001_users"))[0]?.lockWait, undefined)
      })
    )
  )
})

describe("the event of a migration that failed", () => {
  it.scopedLive("says the same, with the SQLSTATE and the place of the failure beside those of the query", () =>
    inProgram({ migrations: { ...users, "003_broken": "ALTER TABLE users ADD COLUMN broken int;\nSELECT 1/0;" } }, () =>
      Effect.gen(function* () {
        yield* failsWith("MigrationFailed", ask("SELECT broken FROM users"))
        const [found] = yield* detailsOf("003_broken")
        assert.isNumber(found?.milliseconds)
        deepStrictEqual(
          [found?.kind, found?.trigger, found?.sqlState, found?.line, found?.process],
          ["Failed", "42P01", "22012", 2, processName]
        )
        assert.isString(found?.fingerprint)
      })
    )
  )
})

describe("the event of a migration that an operator applied", () => {
  it.scopedLive("says so, and names no gap and no statement", () =>
    inProgram({ migrations: users }, () =>
      Effect.gen(function* () {
        yield* AutoMigration.migrate
        const [found] = yield* detailsOf("001_users")
        deepStrictEqual(
          [found?.by, found?.gap, found?.trigger, found?.fingerprint],
          ["operator", undefined, undefined, undefined]
        )
      })
    )
  )
})
