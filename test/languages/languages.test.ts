/**
 * The detector before a server that speaks other languages, one after the other: what it knows must not depend on the wording
 * of any. `test/core/detect/DetectorLanguages.test.ts` keeps a record of some of these errors, for machines without translations.
 */
import * as fs from "node:fs"
import { SqlClient } from "@effect/sql/SqlClient"
import { assert, describe, it, layer as suite } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { AutoMigration } from "effect-auto-migration"
import { inject } from "vitest"
import * as MessageReading from "../../src/core/detect/MessageReading.js"
import { serverMessages } from "../../src/core/detect/ServerMessages.js"
import * as SqlState from "../../src/core/detect/SqlState.js"
import { fill } from "../support/detect/Formats.js"
import * as ServerErrors from "../support/detect/ServerErrors.js"
import * as App from "../support/program/App.js"
import { ask, askWithin, failsWith } from "../support/program/Situation.js"
import * as MessageCatalogues from "../support/repository/MessageCatalogues.js"
import * as Database from "../support/server/Database.js"
import * as DebianServer from "../support/server/DebianServer.js"

const server = Effect.sync(() => inject("translatedServerUrl"))

const speaking = (locale: string) => (url: string) => {
  const changed = new URL(url)
  changed.searchParams.set("options", `-c lc_messages=${locale}`)
  return changed.href
}

const evidence = (code: string, message: string): SqlState.Evidence =>
  Option.getOrThrow(SqlState.evidenceFrom({ code, message, severity: "ERROR" }))

const migrations = {
  "001_users": "CREATE TABLE users (id integer PRIMARY KEY, name text); INSERT INTO users VALUES (1, 'Ada');",
  "002_email": "ALTER TABLE users ADD COLUMN email text;",
  "003_mood": "CREATE TYPE mood AS ENUM ('happy');",
  "004_sad": "ALTER TYPE mood ADD VALUE 'sad';",
  "005_twice": "CREATE FUNCTION twice(n integer) RETURNS integer LANGUAGE sql AS 'SELECT n * 2';",
  "006_app": "CREATE SCHEMA app; CREATE TABLE app.things (id integer);",
  "007_wishes": "CREATE TABLE wishes (id integer, n integer);",
  "008_one_wish": "ALTER TABLE wishes ADD UNIQUE (id);",
  "009_broken": "CREATE TABLE broken (id integer);\nSELECT nothing;"
}

const { "008_one_wish": _, ...withoutConstraint } = migrations

const heals = [
  ["SELECT email FROM users", [{ email: null }]],
  ["SELECT 'sad'::mood AS mood", [{ mood: "sad" }]],
  ["SELECT twice(2) AS n", [{ n: 4 }]],
  ["SELECT id FROM app.things", []]
] as const

/** Messages that never have the SQLSTATE in which some language words them like one about a missing object. */
const ofOtherStates: ReadonlySet<string> = new Set([
  "function %d (%s, %s) of %s does not exist",
  'function %d(%s,%s) does not exist in operator family "%s"',
  'policy "%s" for table "%s" does not exist',
  'publication relation "%s" in publication "%s" does not exist',
  'rule "%s" for relation "%s" does not exist',
  'trigger "%s" for table "%s" does not exist'
])

const version = Option.getOrThrow(DebianServer.version())

describe("the message catalogues", () => {
  it("are those that the server has installed, as `npm run catalogues` writes them", () =>
    assert.strictEqual(fs.readFileSync(MessageCatalogues.translationsFile, "utf8"), MessageCatalogues.textOf(version)))

  it("have no other message that reads like one about a missing object", () => {
    const listed = new Set([...serverMessages.map(({ format }) => format), ...ofOtherStates])
    const states = [...new Set(serverMessages.map(({ sqlState }) => sqlState))]
    for (const [language, catalogues] of MessageCatalogues.translationsOf(version)) {
      for (const [english, translated] of catalogues.flatMap((catalogue) => [...catalogue])) {
        const isNotice = english.endsWith("skipping")
        if (listed.has(english) || english === "" || isNotice) continue
        for (const format of translated.split("\0")) {
          const message = fill(format, ["alpha", "beta", "gamma"])
          for (const sqlState of states) {
            const readings = MessageReading.readingsOf(evidence(sqlState, message))
            deepStrictEqual(
              readings.filter(({ finds }) => finds !== "Nothing"),
              [],
              `${language}: ${english}`
            )
          }
        }
      }
    }
  })
})

for (const { locale, name } of inject("languages")) {
  const fresh = Layer.unwrapScoped(
    Effect.map(Effect.flatMap(server, Database.fresh), (url) => Database.client(speaking(locale)(url)))
  )

  suite(fresh, { excludeTestServices: true })(`in ${name}`, (it) => {
    it.effect("the server speaks it", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient
        const { cause } = yield* Effect.flip(sql`SELECT id FROM users`)
        assert.notStrictEqual(Reflect.get(Object(cause), "message"), 'relation "users" does not exist')
        assert.include(Reflect.get(Object(cause), "message"), "users")
      })
    )

    ServerErrors.areRead(it, 3)
  })

  describe(`in ${name}, from end to end`, () => {
    const program = (url: string, files: Readonly<Record<string, string>>) =>
      Effect.provide(App.layer({ url: speaking(locale)(url), migrations: files }))

    for (const [boundary, asked] of [
      ["around the statement", ask],
      ["around the program", askWithin]
    ] as const) {
      it.scopedLive(`each gap is healed by a boundary ${boundary}`, () =>
        Effect.gen(function* () {
          const url = yield* Effect.flatMap(server, Database.fresh)
          yield* Effect.gen(function* () {
            for (const [query, rows] of heals) deepStrictEqual(yield* asked(query), rows)
          }).pipe(program(url, migrations))
        })
      )
    }

    it.scopedLive(
      "an upsert without its constraint is healed, a migration that fails and a mistake are told apart",
      () =>
        Effect.gen(function* () {
          const url = yield* Effect.flatMap(server, Database.fresh)
          yield* Effect.asVoid(ask("SELECT n FROM wishes")).pipe(program(url, withoutConstraint))
          yield* Effect.gen(function* () {
            const upsert = "INSERT INTO wishes VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET n = 2 RETURNING n"
            deepStrictEqual(yield* ask(upsert), [{ n: 1 }])
            const failed = yield* failsWith("MigrationFailed", ask("SELECT id FROM broken"))
            assert.include(failed.message, "42703")
            assert.strictEqual((yield* Effect.flip(ask("SELECT nam FROM users")))._tag, "SqlError")
            assert.isTrue(Either.isRight(yield* AutoMigration.verify))
          }).pipe(program(url, migrations))
        })
    )
  })
}
