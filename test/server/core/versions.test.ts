/**
 * Statements that came with a version: an older server does not know them, and no plan that holds one begins.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { AutoMigration } from "effect-auto-migration"
import { bySyntax } from "../../support/history/NewSyntax.js"
import * as App from "../../support/program/App.js"
import { ask, failsWith, kinds } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"
import * as WireTap from "../../support/server/WireTap.js"

const majorOf = (url: string) =>
  Effect.map(Database.query(url, "SELECT current_setting('server_version_num')::int / 10000 AS major"), ([row]) =>
    Number(row?.["major"])
  )

/** A block is parsed as a whole, and nothing of this one runs. Some forms an older grammar knows for other constraints: 0A000. */
const isKnown = (url: string, statement: string) =>
  Database.query(url, `DO $do$ BEGIN IF false THEN ${statement}; END IF; END $do$`).pipe(
    Effect.as(true),
    Effect.catchAllDefect((error) =>
      error instanceof Error && "code" in error && /^(42601|0A000)$/.test(String(error.code))
        ? Effect.succeed(false)
        : Effect.die(error)
    )
  )

/** The same server, which says that it is PostgreSQL 14: its number is divided by another one of five digits. */
const pretending14 = (url: string) =>
  Effect.gen(function* () {
    const [row] = yield* Database.query(url, "SELECT current_setting('server_version_num')::int / 14 AS divisor")
    const asked = "current_setting('server_version_num')::int OPERATOR(pg_catalog./) "
    const tap = yield* WireTap.make(url, (chunk) =>
      Buffer.from(chunk.toString("latin1").replace(`${asked}10000`, `${asked}${row?.["divisor"]}`), "latin1")
    )
    return tap.url
  })

describe("a statement that came with a version", () => {
  it.scopedLive("is a syntax error to an older server, and none to that one or a newer", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const major = yield* majorOf(url)
      const known: Array<readonly [since: number, statement: string, isKnown: boolean]> = []
      for (const [since, statement] of bySyntax) known.push([since, statement, yield* isKnown(url, statement)])
      deepStrictEqual(
        known,
        bySyntax.map(([since, statement]) => [since, statement, since <= major] as const)
      )
    })
  )

  const migrations = {
    "001_users": "CREATE TABLE users (id integer);",
    "002_merge":
      "ALTER TABLE users ADD COLUMN name text;\n\nMERGE INTO users USING (SELECT 1 AS a) b ON a = id WHEN MATCHED THEN DO NOTHING;"
  }
  const policy = () => ({ _tag: "Allowed" }) as const

  it.scopedLive("needs that version: ServerTooOld names it before anything of the plan has run", () =>
    Effect.gen(function* () {
      const url = yield* Effect.flatMap(Server.freshDatabase, pretending14)
      yield* Effect.gen(function* () {
        const error = yield* failsWith("ServerTooOld", ask("SELECT name FROM users"))
        assert.deepInclude(
          { ...error },
          { migrationId: "002_merge", file: "record:002_merge", line: 3, feature: "MERGE", needs: 15, server: 14 }
        )
        assert.match(error.statement, /^MERGE INTO users/)
        yield* failsWith("ServerTooOld", AutoMigration.migrate)
        const tables = "SELECT count(*)::int AS n FROM pg_class WHERE relname = 'users'"
        deepStrictEqual(yield* Database.query(url, tables), [{ n: 0 }])
        deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.migrateTo(["001_users"]), ["001_users"])
        const recorded = yield* AutoMigration.baseline(["002_merge"], { unchecked: true })
        deepStrictEqual<ReadonlyArray<string>>(recorded, ["002_merge"])
        deepStrictEqual(yield* kinds, [
          "Failed 002_merge",
          "Failed 002_merge",
          "Applied 001_users",
          "Baselined 002_merge"
        ])
      }).pipe(Effect.provide(App.layer({ url, migrations, options: { policy } })))
    })
  )
})
