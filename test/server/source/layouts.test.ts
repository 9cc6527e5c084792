/**
 * Tests folders as other tools write them, on a real server: they are applied in the tool's own order, under the ids that its users know.
 * Each second file depends on the first, and each file that must not run would fail or remove an object.
 */
import { createHash } from "node:crypto"
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import { AutoMigration, AutoMigrationLive, MigrationSource, withAutoMigration } from "effect-auto-migration"
import * as App from "../../support/program/App.js"
import { type Files, folderOf, write } from "../../support/program/MigrationFolder.js"
import { failsWith, kinds } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"

const programOn = (url: string, folder: string) =>
  AutoMigrationLive.pipe(Layer.provide(MigrationSource.layerDirectory(folder)), Layer.provideMerge(App.client({ url })))

const ask = (text: string) => Effect.flatMap(SqlClient.SqlClient, (sql) => withAutoMigration(sql.unsafe(text)))

const a = "CREATE TABLE a (id integer PRIMARY KEY);"
const b = "INSERT INTO a VALUES (1); CREATE TABLE b AS SELECT id FROM a;"
const harm = "DROP TABLE a; SELECT 1/0;"

const journal = (...tags: ReadonlyArray<string>) =>
  JSON.stringify({ version: "7", dialect: "postgresql", entries: tags.map((tag, idx) => ({ idx, tag, when: idx })) })

const sha1 = (text: string) => `sha1:${createHash("sha1").update(text).digest("hex")}`

const committed = (previous: string, body: string) => {
  const hash = sha1(`${`${previous === "-" ? "" : previous}\n${body}`.trim()}\n`)
  return { hash, text: `--! Previous: ${previous}\n--! Hash: ${hash}\n\n${body}\n` }
}
const first = committed("-", a)

const base64 = (text: string) => createHash("sha256").update(text).digest("base64")

const atlasSum = (texts: Readonly<Record<string, string>>) => {
  const names = Object.keys(texts)
  const sums = names.map((name, at) => {
    const until = names.slice(0, at + 1).map((one) => one + (texts[one] ?? ""))
    return [name, base64(until.join(""))] as const
  })
  return [`h1:${base64(sums.flat().join(""))}`, ...sums.map(([name, sum]) => `${name} h1:${sum}`), ""].join("\n")
}
const atlas = { "20240101000000_b.sql": a, "20240102000000_a.sql": b }

const planned = (...lines: ReadonlyArray<string>) =>
  [
    "%syntax-version=1.0.0",
    "%project=shop",
    ...lines.map((line) => `${line} 2024-01-01T00:00:00Z Ann <a@b.example>`)
  ].join("\n")

/** The files of a folder, and the ids that are applied, in order. */
const cases: ReadonlyArray<readonly [layout: string, files: Files, ids: ReadonlyArray<string>]> = [
  [
    "Prisma",
    { "migration_lock.toml": 'provider = "postgresql"', "9_b/migration.sql": b, "10_a/migration.sql": a },
    ["10_a", "9_b"]
  ],
  [
    "Prisma with dates and timestamps",
    {
      "20250519101010_z/migration.sql": a,
      "20250625_b/migration.sql": b,
      "20250701090000_c/migration.sql": "DROP TABLE b"
    },
    ["20250519101010_z", "20250625_b", "20250701090000_c"]
  ],
  [
    "Drizzle",
    {
      "meta/_journal.json": journal("0001_z", "0000_b"),
      "0001_z.sql": `${a}--> statement-breakpoint\nSELECT 1;`,
      "0000_b.sql": b,
      "0002_stray.sql": harm
    },
    ["0001_z", "0000_b"]
  ],
  [
    "Drizzle's newer layout",
    { "20240101_b/migration.sql": a, "20240101_b/snapshot.json": "{}", "20240102_a/migration.sql": b },
    ["20240101_b", "20240102_a"]
  ],
  [
    "Flyway",
    {
      "V1.10__b.sql": b,
      "V1.9__z.sql": a,
      "U1.10__b.sql": harm,
      "R__a_view.sql": "CREATE OR REPLACE VIEW v AS SELECT id FROM b",
      "sub/V2__c.sql": "ALTER TABLE b ADD COLUMN name text"
    },
    ["V1.9__z", "V1.10__b", "V2__c", "R__a_view"]
  ],
  [
    "Sqitch",
    {
      "sqitch.plan": planned("zeta", "alpha [zeta]", "@v1", "zeta [alpha zeta@v1]"),
      "deploy/zeta@v1.sql": `-- Deploy shop:zeta to pg\nBEGIN;\n${a}\nCOMMIT;`,
      "deploy/alpha.sql": `-- Deploy shop:alpha to pg\n-- requires: zeta@v1\nBEGIN;\n${b}\nCOMMIT;`,
      "deploy/zeta.sql": "BEGIN; ALTER TABLE a ADD COLUMN name text; COMMIT;",
      "revert/alpha.sql": harm,
      "verify/alpha.sql": harm
    },
    ["zeta", "alpha", "zeta#2"]
  ],
  [
    "golang-migrate",
    { "9_z.up.sql": a, "9_z.down.sql": harm, "10_b.up.sql": b, "10_b.down.sql": harm },
    ["9_z", "10_b"]
  ],
  [
    "sqlx",
    {
      "20240101000000_z.sql": a,
      "20240102000000_b.sql": b,
      "20240103000000_i.sql": "-- no-transaction\nCREATE INDEX CONCURRENTLY i ON a (id);"
    },
    ["20240101000000_z", "20240102000000_b", "20240103000000_i"]
  ],
  [
    "diesel",
    {
      "2024-01-01-000000_z/up.sql": a,
      "2024-01-01-000000_z/down.sql": harm,
      "2024-01-02-000000_b/up.sql": b,
      "2024-01-03-000000_i/up.sql": "CREATE INDEX CONCURRENTLY i ON a (id);",
      "2024-01-03-000000_i/metadata.toml": "run_in_transaction = false"
    },
    ["2024-01-01-000000_z", "2024-01-02-000000_b", "2024-01-03-000000_i"]
  ],
  [
    "Hasura",
    { "1700000000000_z/up.sql": a, "1700000000000_z/down.sql": harm, "1700000000001_b/up.sql": b },
    ["1700000000000_z", "1700000000001_b"]
  ],
  [
    "graphile-migrate",
    {
      "committed/000001-z.sql": first.text,
      "committed/000002.sql": committed(first.hash, b).text,
      "current.sql": harm
    },
    ["000001-z", "000002"]
  ],
  ["Supabase", { "20240101000000_z.sql": a, "20240102000000_b.sql": b }, ["20240101000000_z", "20240102000000_b"]],
  ["Atlas", { ...atlas, "atlas.sum": atlasSum(atlas) }, ["20240101000000_b", "20240102000000_a"]],
  ["plain files", { "001_z.sql": a, "002_b.sql": b, "001_z.down.sql": harm }, ["001_z", "002_b"]]
]

describe("a folder of", () => {
  for (const [layout, files, ids] of cases) {
    it.scopedLive(`${layout} is applied in its own order, ahead of time`, () =>
      Effect.gen(function* () {
        const [url, folder] = yield* Effect.all([Server.freshDatabase, folderOf(files)])
        deepStrictEqual<ReadonlyArray<string>>(
          yield* Effect.provide(AutoMigration.migrate, programOn(url, folder)),
          ids
        )
        deepStrictEqual(yield* Database.query(url, "SELECT id FROM a"), [{ id: 1 }])
      })
    )
  }

  it.scopedLive("Flyway heals a query by the repeatable that it needs, after the versions", () =>
    Effect.gen(function* () {
      const files = {
        "R__a_view.sql": "CREATE OR REPLACE VIEW v AS SELECT id FROM b",
        "V2__b.sql": "CREATE TABLE b AS SELECT id FROM a",
        "V1__z.sql": "CREATE TABLE a AS SELECT 1 AS id"
      }
      const [url, folder] = yield* Effect.all([Server.freshDatabase, folderOf(files)])
      yield* Effect.gen(function* () {
        deepStrictEqual(yield* ask("SELECT id FROM v"), [{ id: 1 }])
        deepStrictEqual(yield* kinds, ["Applied V1__z", "Applied V2__b", "Applied R__a_view"])
      }).pipe(Effect.provide(programOn(url, folder)))
    })
  )
})

describe("a repeatable migration that was edited", () => {
  const versions = { "V1__a.sql": "CREATE TABLE a AS SELECT 1 AS id, 'Ada'::text AS name" }
  const view = (columns: string) => ({ "R__v.sql": `CREATE OR REPLACE VIEW v AS SELECT ${columns} FROM a` })

  const begun = Effect.gen(function* () {
    const [url, folder] = yield* Effect.all([Server.freshDatabase, folderOf({ ...versions, ...view("id") })])
    deepStrictEqual<ReadonlyArray<string>>(yield* Effect.provide(AutoMigration.migrate, programOn(url, folder)), [
      "V1__a",
      "R__v"
    ])
    yield* write(folder, view("id, name"))
    return { url, folder }
  })

  it.scopedLive("is shown by status and plan, and migrate runs it again, once", () =>
    Effect.gen(function* () {
      const { folder, url } = yield* begun
      yield* Effect.gen(function* () {
        const before = yield* AutoMigration.status
        deepStrictEqual<ReadonlyArray<ReadonlyArray<string>>>([before.edited, before.pending], [["R__v"], []])
        assert.isTrue((yield* AutoMigration.plan)._tag === "Some")
        deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.migrate, ["R__v"])
        deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.migrate, [])
        deepStrictEqual((yield* AutoMigration.status).edited, [])
        deepStrictEqual(yield* kinds, ["Applied V1__a", "Applied R__v", "Applied R__v"])
        deepStrictEqual((yield* AutoMigration.verify)._tag, "Right")
      }).pipe(Effect.provide(programOn(url, folder)))
      deepStrictEqual(yield* Database.query(url, "SELECT name FROM v"), [{ name: "Ada" }])
      const again = Effect.provide(AutoMigration.migrate, programOn(url, folder))
      deepStrictEqual(yield* again, [])
    })
  )

  it.scopedLive("is not run by a query, whose error names the command", () =>
    Effect.gen(function* () {
      const { folder, url } = yield* begun
      yield* Effect.gen(function* () {
        const error = yield* failsWith("MigrationPending", ask("SELECT name FROM v"))
        assert.match(error.message, /R__v has not been applied.*effect-auto-migration migrate .*R__v/)
        deepStrictEqual(yield* kinds, ["Applied V1__a", "Applied R__v"])
        deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.migrateTo(["R__v"]), ["R__v"])
        deepStrictEqual(yield* ask("SELECT name FROM v"), [{ name: "Ada" }])
      }).pipe(Effect.provide(programOn(url, folder)))
    })
  )

  it.scopedLive("runs again only once, although several processes migrate", () =>
    Effect.gen(function* () {
      const { folder, url } = yield* begun
      const migrations = yield* Effect.all(
        Array.from({ length: 3 }, () => Effect.provide(AutoMigration.migrate, programOn(url, folder))),
        { concurrency: "unbounded" }
      )
      deepStrictEqual<ReadonlyArray<string>>(migrations.flat(), ["R__v"])
    })
  )

  it.scopedLive("also runs again outside a transaction, if it says so", () =>
    Effect.gen(function* () {
      const files = (column: string) => ({
        ...versions,
        "R__stats.sql": `ALTER TABLE a ADD COLUMN IF NOT EXISTS ${column} integer; VACUUM a;`
      })
      const [url, folder] = yield* Effect.all([Server.freshDatabase, folderOf(files("n"))])
      const migrated = Effect.provide(AutoMigration.migrate, programOn(url, folder))
      deepStrictEqual<ReadonlyArray<string>>(yield* migrated, ["V1__a", "R__stats"])
      yield* write(folder, files("m"))
      deepStrictEqual<ReadonlyArray<string>>(yield* migrated, ["R__stats"])
      deepStrictEqual<ReadonlyArray<string>>(yield* migrated, [])
      deepStrictEqual(yield* Database.query(url, "SELECT n, m FROM a"), [{ n: null, m: null }])
    })
  )

  it.scopedLive("does not allow an edited version", () =>
    Effect.gen(function* () {
      const { folder, url } = yield* begun
      yield* write(folder, { "V1__a.sql": "CREATE TABLE a (id integer)" })
      const error = yield* failsWith("ChecksumMismatch", Effect.provide(AutoMigration.migrate, programOn(url, folder)))
      assert.include(error.message, "V1__a")
    })
  )
})

describe("at its start a program", () => {
  const started = (files: Files) =>
    Effect.gen(function* () {
      const warnings: Array<string> = []
      const logger = Logger.make(({ logLevel, message }) => {
        if (logLevel === LogLevel.Warning) warnings.push(String(message))
      })
      const [url, folder] = yield* Effect.all([Server.freshDatabase, folderOf(files)])
      const ids = yield* Effect.provide(AutoMigration.migrate, programOn(url, folder)).pipe(
        Effect.provide(Logger.replace(Logger.defaultLogger, logger)),
        Effect.either
      )
      return { ids, warnings, folder }
    })

  it.scopedLive("warns of files that no layout explains, by name", () =>
    Effect.gen(function* () {
      const { folder, ids, warnings } = yield* started({ "001_a.sql": a, "002_b.ts": "", "README.md": "" })
      assert.strictEqual(ids._tag, "Right")
      assert.strictEqual(warnings.length, 1)
      assert.include(warnings[0], `${folder}/002_b.ts`)
    })
  )

  it.scopedLive("fails if files were passed over and no migration is left, and for names with two orders", () =>
    Effect.gen(function* () {
      const nothing = yield* started({ "sub/001_a.sql": a })
      assert.isTrue(nothing.ids._tag === "Left" && nothing.ids.left._tag === "NothingToApply")
      const two = yield* started({ "9_a.sql": a, "10_b.sql": b })
      assert.isTrue(two.ids._tag === "Left" && two.ids.left._tag === "AmbiguousOrder")
    })
  )
})
