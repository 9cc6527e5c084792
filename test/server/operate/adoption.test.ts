/**
 * Histories of other tools: when they are seen and when not, which of their rows do not fit, and how they are adopted repeatedly.
 */
import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import * as Migrator from "@effect/sql/Migrator"
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import { AutoMigration, AutoMigrationLive, MigrationSource } from "effect-auto-migration"
import * as App from "../../support/program/App.js"
import { ask, failsWith, holding, inProgram, kinds } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Role from "../../support/server/Role.js"
import * as Server from "../../support/server/Server.js"
import * as WireTap from "../../support/server/WireTap.js"

const migrations = {
  "001_accounts": "CREATE TABLE accounts (id integer PRIMARY KEY, amount integer);",
  "002_cents": "UPDATE accounts SET amount = amount * 100;",
  "003_note": "ALTER TABLE accounts ADD COLUMN note text;"
}

const made = "CREATE TABLE accounts (id integer PRIMARY KEY, amount integer); INSERT INTO accounts VALUES (1, 1250)"

const pgmigrations =
  "CREATE TABLE pgmigrations (id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL)"

const recording = (...names: ReadonlyArray<string>): string =>
  `INSERT INTO pgmigrations (name, run_on) VALUES ${names.map((name) => `('${name}', now())`).join(", ")}`

const prisma = `CREATE TABLE _prisma_migrations (id serial PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz,
  migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz, started_at timestamptz NOT NULL DEFAULT now(),
  applied_steps_count integer NOT NULL DEFAULT 0)`

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex")

const sha1 = (text: string): string => createHash("sha1").update(text).digest("hex")

const fromTable = AutoMigration.adopt({ by: "table" })

/** The words of the command at the end of a message, as a shell splits them. */
const words = (message: string): ReadonlyArray<string> => {
  const [typed = ""] = /adopt [^:]*$/.exec(message) ?? []
  return execFileSync("sh", ["-c", `printf '%s\\n' ${typed}`], { encoding: "utf8" })
    .trimEnd()
    .split("\n")
}

const tables = "SELECT to_regclass('auto_migration.event')::text AS event"

describe("another tool's table", () => {
  it.scopedLive("without a row changes nothing", () =>
    inProgram(
      {
        migrations,
        before: [
          pgmigrations,
          prisma,
          "INSERT INTO _prisma_migrations (checksum, migration_name, rolled_back_at) VALUES ('x', '001_accounts', now())"
        ]
      },
      () =>
        Effect.gen(function* () {
          deepStrictEqual(yield* ask("SELECT note FROM accounts"), [])
          deepStrictEqual((yield* AutoMigration.status).elsewhere, [])
        })
    )
  )

  it.scopedLive("is recognised by its columns, and not by its name", () =>
    inProgram(
      {
        migrations,
        before: [
          "CREATE TABLE schema_migrations (bird text, applied boolean); INSERT INTO schema_migrations VALUES ('1', true)",
          "CREATE TABLE migrations (id integer, bird text); INSERT INTO migrations VALUES (1, 'goose')",
          "CREATE TABLE changelog (id integer, applied_at text, description text, author text); INSERT INTO changelog VALUES (1)",
          "CREATE TABLE goose_db_version (id integer); INSERT INTO goose_db_version VALUES (1)",
          "CREATE VIEW pgmigrations AS SELECT 1 AS id, 'x' AS name"
        ]
      },
      () => Effect.map(ask("SELECT note FROM accounts"), (rows) => deepStrictEqual(rows, []))
    )
  )

  it.scopedLive("under a view of its name counts as one with rows, and the error names baseline", () =>
    inProgram(
      { migrations, before: [made, "CREATE VIEW pgmigrations AS SELECT 1 AS id, 'x' AS name, now() AS run_on"] },
      () =>
        Effect.gen(function* () {
          const refused = yield* failsWith("HistoryElsewhere", ask("SELECT note FROM accounts"))
          deepStrictEqual([refused.tool, refused.table, refused.recorded], ["node-pg-migrate", "pgmigrations", null])
          assert.include(refused.message, "record them with baseline and their ids")
          yield* AutoMigration.baseline(["001_accounts", "002_cents"])
          deepStrictEqual(yield* ask("SELECT amount, note FROM accounts"), [{ amount: 1250, note: null }])
        })
    )
  )

  it.scopedLive("is recognised by the types of its columns as well, and further tables are read after a mismatch", () =>
    inProgram(
      {
        migrations,
        before: [
          "CREATE TABLE schema_version (version text)",
          "CREATE TABLE mojo_migrations (name text, version text); INSERT INTO mojo_migrations VALUES ('a', 'b')",
          "CREATE TABLE schema_migrations (version integer, dirty text)"
        ]
      },
      (url) =>
        Effect.gen(function* () {
          deepStrictEqual(yield* ask("SELECT id FROM accounts"), [])
          deepStrictEqual((yield* AutoMigration.status).elsewhere, [])
          const other = yield* Server.freshDatabase
          yield* Database.query(
            other,
            made,
            "CREATE TABLE schema_migrations (version integer, dirty text)",
            "CREATE TABLE schema_version (version integer); INSERT INTO schema_version VALUES (1)"
          )
          const refused = yield* failsWith("HistoryElsewhere", AutoMigration.migrate).pipe(
            Effect.provide(App.layer({ url: other, migrations }))
          )
          deepStrictEqual([refused.tool, refused.version], ["tern", "1"])
          deepStrictEqual(yield* Database.query(url, "SELECT version FROM schema_version"), [])
        })
    )
  )

  it.scopedLive(
    "stops the build of the ledger, and is named with its schema where that is not on the search path",
    () =>
      inProgram(
        {
          migrations,
          before: [
            made,
            "CREATE SCHEMA other",
            pgmigrations.replace("pgm", "other.pgm"),
            recording("001_accounts").replace("pgm", "other.pgm")
          ]
        },
        (url) =>
          Effect.gen(function* () {
            const error = yield* failsWith("HistoryElsewhere", ask("SELECT note FROM accounts"))
            deepStrictEqual([error.table, error.recorded], ["other.pgmigrations", 1])
            assert.include(error.message, "records 1 migration,")
            yield* failsWith("HistoryElsewhere", AutoMigration.migrateTo(["003_note"]))
            deepStrictEqual(yield* Database.query(url, tables), [{ event: null }])
          })
      )
  )

  it.scopedLive("comes before a refusal by policy in the error of a query", () =>
    inProgram(
      {
        migrations: {
          ...migrations,
          "004_less":
            "-- provides: column accounts.less\nALTER TABLE accounts DROP COLUMN amount; ALTER TABLE accounts ADD COLUMN less integer;"
        },
        before: [made, pgmigrations, recording("001_accounts")]
      },
      () => failsWith("HistoryElsewhere", ask("SELECT less FROM accounts"))
    )
  )

  it.scopedLive("is also seen where the ledger has no migration of the program", () =>
    inProgram({ migrations, before: [made] }, (url) =>
      Effect.gen(function* () {
        yield* Effect.flip(AutoMigration.migrate).pipe(
          Effect.provide(App.layer({ url, migrations: { "001_broken": "SELECT 1/0" } }))
        )
        assert.notDeepEqual(yield* Database.query(url, tables), [{ event: null }])
        yield* Database.query(url, pgmigrations, recording("001_accounts"))
        yield* failsWith("HistoryElsewhere", ask("SELECT note FROM accounts"))
      })
    )
  )

  it.scopedLive("does not stop a query once the ledger has a migration of the program, a baseline included", () =>
    inProgram({ migrations, before: [made, pgmigrations, recording("001_accounts", "002_cents")] }, () =>
      Effect.gen(function* () {
        yield* AutoMigration.baseline(["001_accounts", "002_cents"])
        deepStrictEqual(yield* ask("SELECT amount, note FROM accounts"), [{ amount: 1250, note: null }])
      })
    )
  )

  const seeds = { "001_accounts": migrations["001_accounts"], "002_seed": "INSERT INTO accounts VALUES (1, 1250);" }

  const seeded = (url: string) =>
    Effect.map(Database.query(url, "SELECT id FROM accounts"), (rows) => deepStrictEqual(rows, [{ id: 1 }]))

  const unseeded = [migrations["001_accounts"].replace(" PRIMARY KEY", ""), "INSERT INTO accounts VALUES (1, 1250)"]

  it.scopedLive("that records more than was adopted or declared stops an operator from applying the rest", () =>
    inProgram({ migrations: seeds, before: [...unseeded, pgmigrations, recording("001_accounts")] }, (url) =>
      Effect.gen(function* () {
        yield* fromTable
        yield* Database.query(url, recording("002_seed"))
        for (const work of [
          AutoMigration.migrate,
          AutoMigration.migrateTo(["002_seed"]),
          Effect.as(AutoMigration.losses, [])
        ]) {
          const refused = yield* failsWith("HistoryElsewhere", work)
          deepStrictEqual([refused.due, refused.recorded], [["002_seed"], 2])
          assert.match(refused.message, /adopt\(\{ by: "table", table: "pgmigrations" \}\)$/)
        }
        yield* seeded(url)
        yield* AutoMigration.adopt({ by: "table", table: "pgmigrations" })
        deepStrictEqual(yield* AutoMigration.migrate, [])
        yield* seeded(url)
      })
    )
  )

  it.scopedLive("stops an operator from applying its migrations where another program has begun the ledger", () =>
    inProgram({ migrations: { "000_birds": "CREATE TABLE birds (id integer);" } }, (url) =>
      Effect.gen(function* () {
        yield* AutoMigration.migrate
        yield* Database.query(url, ...unseeded, pgmigrations, recording("001_accounts", "002_seed"))
        const refused = yield* failsWith("HistoryElsewhere", AutoMigration.migrate).pipe(
          Effect.provide(App.layer({ url, migrations: seeds }))
        )
        deepStrictEqual(refused.due, ["001_accounts", "002_seed"])
        yield* seeded(url)
        const later = App.layer({ url, migrations: { ...seeds, "003_other": "CREATE TABLE other (id integer);" } })
        yield* AutoMigration.baseline(["001_accounts", "002_seed"], { unchecked: true }).pipe(Effect.provide(later))
        deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.migrate.pipe(Effect.provide(later)), ["003_other"])
      })
    )
  )

  for (const [begun, first] of [
    ["", "000_birds"],
    [" with another text under the same id", "001_accounts"]
  ] as const) {
    it.scopedLive(`stops a query as well where another program has begun the ledger${begun}`, () =>
      inProgram({ migrations: { [first]: "CREATE TABLE birds (id integer);" } }, (url) =>
        Effect.gen(function* () {
          deepStrictEqual(yield* ask("SELECT id FROM birds"), [])
          yield* Database.query(url, ...unseeded, pgmigrations, recording("002_seed"))
          const later = App.layer({ url, migrations: { ...seeds, "003_other": "CREATE TABLE other (id integer);" } })
          const both = "SELECT a.id FROM accounts AS a, other"
          const refused = yield* failsWith("HistoryElsewhere", ask(both)).pipe(Effect.provide(later))
          deepStrictEqual(refused.due, ["002_seed"])
          yield* Database.query(url, "DELETE FROM pgmigrations", recording("a_file_of_no_program"))
          const unmatched = yield* failsWith("HistoryElsewhere", ask(both)).pipe(Effect.provide(later))
          deepStrictEqual(unmatched.due, [])
          yield* seeded(url)
        })
      )
    )
  }

  it.scopedLive("that another program does not know, by an empty adoption, stops the program that it records", () =>
    inProgram({ migrations: { "000_birds": "CREATE TABLE birds (id integer);" } }, (url) =>
      Effect.gen(function* () {
        yield* Database.query(url, ...unseeded, pgmigrations, recording("001_accounts", "002_seed"))
        yield* AutoMigration.adopt({ by: "table", accept: ["without-file"] })
        deepStrictEqual(yield* ask("SELECT id FROM birds"), [])
        const later = { ...seeds, "003_other": "CREATE TABLE other (id integer);" }
        const refused = yield* failsWith("HistoryElsewhere", ask("SELECT a.id FROM accounts AS a, other")).pipe(
          Effect.provide(App.layer({ url, migrations: later }))
        )
        deepStrictEqual(refused.due, ["001_accounts", "002_seed"])
        yield* seeded(url)
      })
    )
  )

  it.scopedLive("changes nothing in mode observe, where the error names the pending migrations", () =>
    inProgram(
      { migrations, before: [made, pgmigrations, recording("001_accounts")], options: { mode: "observe" } },
      () => failsWith("MigrationPending", ask("SELECT note FROM accounts"))
    )
  )

  it.scopedLive("that this role may not read counts as one with rows", () =>
    inProgram({ migrations: {}, before: [made, pgmigrations, recording("001_accounts")] }, (url) =>
      Effect.gen(function* () {
        const app = yield* Role.role(url, "app")
        yield* Database.query(
          url,
          `GRANT CREATE ON DATABASE ${new URL(url).pathname.slice(1)} TO ${app.name}`,
          `ALTER TABLE accounts OWNER TO ${app.name}`
        )
        const refused = yield* failsWith("HistoryElsewhere", AutoMigration.migrate).pipe(
          Effect.provide(App.layer({ url: app.url, migrations }))
        )
        deepStrictEqual([refused.recorded, refused.obstacle], [null, "this role may not read all of it"])
        assert.include(refused.message, "may record migrations (it cannot be read")
        yield* Database.query(
          url,
          `GRANT SELECT ON pgmigrations TO ${app.name}`,
          "ALTER TABLE pgmigrations ENABLE ROW LEVEL SECURITY"
        )
        yield* failsWith("HistoryElsewhere", AutoMigration.migrate).pipe(
          Effect.provide(App.layer({ url: app.url, migrations }))
        )
        const { elsewhere } = yield* AutoMigration.status.pipe(Effect.provide(App.layer({ url: app.url, migrations })))
        deepStrictEqual(
          elsewhere.map(({ recorded }) => recorded),
          [null]
        )
      })
    )
  )

  it.scopedLive("that its tool has locked delays a heal no longer than any other table", () =>
    inProgram(
      {
        migrations,
        before: [made, pgmigrations, recording("001_accounts")],
        options: { lockTimeout: Duration.millis(50) }
      },
      (url) =>
        Effect.gen(function* () {
          yield* holding(url, "LOCK TABLE pgmigrations IN ACCESS EXCLUSIVE MODE")
          const refused = yield* failsWith("HistoryElsewhere", ask("SELECT note FROM accounts"))
          deepStrictEqual([refused.recorded, refused.obstacle], [null, "canceling statement due to lock timeout"])
          assert.match(refused.message, /Try again\.$/)
          const looked = yield* Effect.flip(fromTable)
          assert.match(looked.message, /Try again\.$/)
        })
    )
  )

  it.scopedLive("is looked for in messages that are sent anyway, and by queries once per window", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      yield* Database.query(url, made, pgmigrations, recording("001_accounts"))
      const tap = yield* WireTap.make(url)
      const options = { breaker: { first: Duration.hours(1), cap: Duration.hours(1) } }
      yield* Effect.gen(function* () {
        yield* failsWith("HistoryElsewhere", ask("SELECT note FROM accounts"))
        yield* tap.reset
        yield* failsWith("HistoryElsewhere", ask("SELECT note FROM accounts"))
        yield* failsWith("HistoryElsewhere", ask("SELECT id, note FROM accounts"))
        const { statements } = yield* tap.heard
        deepStrictEqual(
          statements.filter((text) => text.includes("pgmigrations")),
          []
        )
      }).pipe(Effect.provide(App.layerWithMigrator({ url, migratorUrl: tap.url, migrations, options })))
    })
  )
})

describe("adopt", () => {
  it.scopedLive("adopts later migrations of the other tool too, and status lists them", () =>
    inProgram({ migrations, before: [made, pgmigrations, recording("001_accounts", "002_cents")] }, (url) =>
      Effect.gen(function* () {
        yield* fromTable
        deepStrictEqual(yield* fromTable, [])
        yield* Database.query(url, "ALTER TABLE accounts ADD COLUMN note text", recording("003_note"))
        deepStrictEqual<unknown>((yield* AutoMigration.status).elsewhere, [
          { tool: "node-pg-migrate", table: "pgmigrations", recorded: 3, due: ["003_note"] }
        ])
        deepStrictEqual<ReadonlyArray<string>>(yield* fromTable, ["003_note"])
        deepStrictEqual(yield* kinds, ["Adopted 001_accounts", "Adopted 002_cents", "Adopted 003_note"])
      })
    )
  )

  it.scopedLive("records all rows in one transaction, under the lock, with the details of the tool", () =>
    inProgram({ migrations, before: [made, pgmigrations, recording("001_accounts", "002_cents")] }, (url) =>
      Effect.gen(function* () {
        yield* fromTable
        const events = yield* Database.query(
          url,
          "SELECT count(DISTINCT xmin::text)::int AS transactions, max(detail ->> 'recordedAs') AS name FROM auto_migration.event WHERE kind = 'Adopted'"
        )
        deepStrictEqual(events, [{ transactions: 1, name: "002_cents" }])
      })
    )
  )

  it.scopedLive("stops at misfits, names all of them, and goes on when they are accepted", () =>
    inProgram(
      {
        migrations: {
          ...migrations,
          "000_first": "CREATE TABLE early (id integer);",
          "004_wait": "CREATE INDEX accounts_note ON accounts (note);"
        },
        before: [
          made,
          prisma,
          `INSERT INTO _prisma_migrations (migration_name, checksum, finished_at) VALUES
            ('001_accounts', '${sha256(migrations["001_accounts"])}', now()), ('002_cents', '${sha256("another text")}', now()),
            ('002_gone', 'x', now()), ('004_wait', 'x', NULL)`
        ]
      },
      (url) =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(fromTable)
          if (error._tag !== "AdoptionRefused") return assert.fail(error.message)
          deepStrictEqual(
            error.misfits.map(({ ids, kind }) => [kind, ...ids]),
            [["edited", "002_cents"], ["without-file"], ["failed", "004_wait"], ["not-recorded", "000_first"]]
          )
          assert.include(error.message, "record:002_cents was edited after Prisma Migrate had applied it as 002_cents")
          assert.include(error.message, "Prisma Migrate records 002_gone, and there is no such file")
          assert.match(
            error.message,
            /accept it: AutoMigration\.adopt\(\{ by: "table", accept: \["edited", "without-file", "failed", "not-recorded"\] \}\)$/
          )
          deepStrictEqual(yield* Database.query(url, tables), [{ event: null }])
          const some = yield* Effect.flip(AutoMigration.adopt({ by: "table", accept: ["edited"] }))
          assert.strictEqual(some._tag, "AdoptionRefused")
          const accept = ["edited", "without-file", "failed", "not-recorded"] as const
          deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.adopt({ by: "table", accept }), [
            "001_accounts",
            "002_cents"
          ])
          deepStrictEqual<ReadonlyArray<string>>((yield* AutoMigration.status).pending, [
            "000_first",
            "003_note",
            "004_wait"
          ])
          deepStrictEqual((yield* AutoMigration.adoption({ by: "table" })).misfits, [])
          deepStrictEqual<ReadonlyArray<string>>(yield* fromTable, [])
          yield* Database.query(
            url,
            "INSERT INTO _prisma_migrations (migration_name, checksum, finished_at) VALUES ('005_lost', 'x', now())"
          )
          deepStrictEqual(
            (yield* AutoMigration.adoption({ by: "table" })).misfits.map(({ text }) => text),
            ["Prisma Migrate records 005_lost, and there is no such file"]
          )
        })
    )
  )

  it.scopedLive("by Drizzle's hashes alone takes the file at the row's place for the edited one", () =>
    inProgram(
      {
        migrations,
        before: [
          made,
          "CREATE TABLE __drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint)",
          `INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('${sha256(migrations["001_accounts"])}', 1), ('${sha256("before")}', 2)`
        ]
      },
      () =>
        Effect.gen(function* () {
          const { misfits } = yield* AutoMigration.adoption({ by: "table" })
          deepStrictEqual<unknown>(
            misfits.map(({ ids, kind }) => [kind, ...ids]),
            [["edited", "002_cents"]]
          )
          deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.adopt({ by: "table", accept: ["edited"] }), [
            "001_accounts",
            "002_cents"
          ])
        })
    )
  )

  it.scopedLive("leaves out a dirty version of golang-migrate", () =>
    inProgram(
      {
        migrations,
        before: [
          made,
          "CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL)",
          "INSERT INTO schema_migrations VALUES (3, true)"
        ]
      },
      () =>
        Effect.gen(function* () {
          const { entries, misfits } = yield* AutoMigration.adoption({ by: "table" })
          deepStrictEqual<unknown>(
            misfits.map(({ ids, kind }) => [kind, ...ids]),
            [["failed", "003_note"]]
          )
          deepStrictEqual<unknown>(
            entries.map(({ migration }) => migration.id),
            ["001_accounts", "002_cents"]
          )
        })
    )
  )

  it.scopedLive("takes all migrations up to Flyway's baseline, and the files of repeatable ones", () =>
    inProgram(
      {
        migrations: {
          V1__accounts: migrations["001_accounts"],
          "V1.5__cents": migrations["002_cents"],
          V2__note: migrations["003_note"],
          R__view: "CREATE OR REPLACE VIEW v AS SELECT 1 AS one;"
        },
        before: [
          made,
          `CREATE TABLE flyway_schema_history (installed_rank int PRIMARY KEY, version varchar(50), description varchar(200) NOT NULL,
            type varchar(20) NOT NULL, script varchar(1000) NOT NULL, checksum int, installed_by varchar(100) NOT NULL,
            installed_on timestamp NOT NULL DEFAULT now(), execution_time int NOT NULL, success boolean NOT NULL)`,
          `INSERT INTO flyway_schema_history VALUES (1, '1.9', '<< Flyway Baseline >>', 'BASELINE', '<< Flyway Baseline >>', NULL, 'ada', now(), 0, true),
            (2, NULL, 'view', 'SQL', 'R__view.sql', 7, 'ada', now(), 0, true)`
        ]
      },
      () =>
        Effect.gen(function* () {
          const { entries, misfits } = yield* AutoMigration.adoption({ by: "table" })
          deepStrictEqual<unknown>(
            entries.map(({ because, migration }) => [migration.id, because]),
            [
              ["R__view", "edited"],
              ["V1__accounts", "recorded"],
              ["V1.5__cents", "recorded"]
            ]
          )
          deepStrictEqual(
            misfits.map(({ kind }) => kind),
            ["edited"]
          )
        })
    )
  )

  it.scopedLive("takes the old and the new text of a change that Sqitch has reworked", () =>
    inProgram(
      {
        migrations: {
          "users@v1.0": "CREATE TABLE users (id integer);",
          users: "CREATE TABLE people (id integer);"
        },
        before: [
          "CREATE SCHEMA sqitch",
          `CREATE TABLE sqitch.changes (change_id text PRIMARY KEY, script_hash text, change text, project text, committed_at timestamptz, planned_at timestamptz)`,
          `INSERT INTO sqitch.changes VALUES ('1', '${sha1("CREATE TABLE users (id integer);")}', 'users', 'shop', now(), now()),
            ('2', '${sha1("CREATE TABLE people (id integer);")}', 'users', 'shop', now(), now())`
        ]
      },
      () => Effect.map(fromTable, (ids) => deepStrictEqual<ReadonlyArray<string>>(ids, ["users", "users@v1.0"]))
    )
  )

  it.scopedLive("asks for the table where there are several, and fails where there is none", () =>
    inProgram(
      {
        migrations,
        before: [
          made,
          pgmigrations,
          recording("001_accounts"),
          "CREATE TABLE knex_migrations (id serial, name text, batch integer, migration_time timestamptz)"
        ]
      },
      (url) =>
        Effect.gen(function* () {
          yield* Database.query(url, "INSERT INTO knex_migrations (name) VALUES ('001_accounts.js'), ('002_cents.js')")
          const several = yield* Effect.flip(fromTable)
          assert.strictEqual(several._tag, "SeveralHistories")
          assert.include(
            several.message,
            'pgmigrations, knex_migrations. Say which one is meant: AutoMigration.adopt({ by: "table", table: "pgmigrations" })'
          )
          const none = yield* Effect.flip(AutoMigration.adopt({ by: "table", table: "nowhere" }))
          assert.strictEqual(none._tag, "NothingToAdopt")
          assert.match(none.message, /adopt\(\{ by: "catalog" \}\)$/)
          deepStrictEqual<ReadonlyArray<string>>(
            yield* AutoMigration.adopt({ by: "table", table: "knex_migrations" }),
            ["001_accounts", "002_cents"]
          )
        })
    )
  )

  it.scopedLive("prints the quoted name of a table as a shell reads it", () =>
    inProgram(
      {
        migrations,
        before: [
          made,
          `CREATE SCHEMA "it's"; CREATE TABLE "it's"."SequelizeMeta" (name text); INSERT INTO "it's"."SequelizeMeta" VALUES ('001_accounts')`,
          `CREATE TABLE "SequelizeMeta" (name text); INSERT INTO "SequelizeMeta" VALUES ('001_accounts'), ('002_gone')`
        ],
        options: { origin: { _tag: "Folder", path: "migrations" } }
      },
      () =>
        Effect.gen(function* () {
          const several = yield* Effect.flip(fromTable)
          if (several._tag !== "SeveralHistories") return assert.fail(several.message)
          const typed = yield* Effect.forEach(several.tables, (table) =>
            Effect.map(
              Effect.either(AutoMigration.adopt({ by: "table", table })),
              Either.match({ onLeft: (error) => words(error.message), onRight: (ids) => ids })
            )
          )
          deepStrictEqual<unknown>(typed, [
            ["001_accounts"],
            ["adopt", "--table", '"SequelizeMeta"', "--accept", "without-file", "--yes"]
          ])
          deepStrictEqual(words(several.message), ["adopt", "--table", several.tables[0]])
        })
    )
  )

  it.scopedLive("records an empty adoption for a table that names none of the migrations", () =>
    inProgram(
      {
        migrations: { "001_own": "CREATE TABLE own (id integer);" },
        before: [made, pgmigrations, recording("another_program")]
      },
      () =>
        Effect.gen(function* () {
          yield* failsWith("HistoryElsewhere", ask("SELECT id FROM own"))
          deepStrictEqual(yield* AutoMigration.adopt({ by: "table", accept: ["without-file"] }), [])
          deepStrictEqual(yield* ask("SELECT id FROM own"), [])
          const { applied, unknown } = yield* AutoMigration.status
          deepStrictEqual<unknown>([applied, unknown], [["001_own"], []])
        })
    )
  )

  it.scopedLive("in another process is noticed by processes that were refused", () =>
    inProgram(
      {
        migrations,
        before: [made, pgmigrations, recording("001_accounts", "002_cents")],
        options: { breaker: { first: Duration.millis(1), cap: Duration.millis(1) } }
      },
      (url) =>
        Effect.gen(function* () {
          yield* failsWith("HistoryElsewhere", ask("SELECT note FROM accounts"))
          yield* fromTable.pipe(Effect.provide(App.layer({ url, migrations })))
          deepStrictEqual(yield* Effect.eventually(ask("SELECT note FROM accounts")), [{ note: null }])
        })
    )
  )
})

describe("migrations written for Effect's Migrator", () => {
  const loader = Migrator.fromRecord({
    "1_create_cats": Effect.flatMap(SqlClient.SqlClient, (sql) =>
      Effect.zipRight(sql`CREATE TABLE cats (name text)`, sql`INSERT INTO cats VALUES ('Tom')`)
    ),
    "2_double": Effect.flatMap(SqlClient.SqlClient, (sql) => sql`INSERT INTO cats SELECT name FROM cats`)
  })

  it.scopedLive("do not run again after the Migrator has applied them", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const names = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT name FROM cats`)
      const program = AutoMigrationLive.pipe(
        Layer.provide(MigrationSource.fromEffectMigrator(loader, { provides: { "1_create_cats": ["table cats"] } })),
        Layer.provideMerge(App.client({ url })),
        Layer.orDie
      )
      yield* Effect.gen(function* () {
        yield* Migrator.make({})({ loader })
        yield* failsWith("HistoryElsewhere", AutoMigration.migrate)
        deepStrictEqual<ReadonlyArray<string>>(yield* fromTable, ["1_create_cats", "2_double"])
        deepStrictEqual(yield* AutoMigration.migrate, [])
        deepStrictEqual(yield* names, [{ name: "Tom" }, { name: "Tom" }])
      }).pipe(Effect.provide(program))
    })
  )
})
