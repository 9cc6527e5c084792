/**
 * Ledgers that are not as this version of the library makes them: newer, half-made, another program's, or out of reach.
 * Each is either a typed error with a remedy, or does not matter. The database stays as it is.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Stream from "effect/Stream"
import { AutoMigration } from "effect-auto-migration"
import * as LedgerMigrations from "../../../src/ledger/OwnMigrations.js"
import * as App from "../../support/program/App.js"
import { appliedIds, ask, askWithin, failsWith, users } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"
import { unchanged } from "../../support/server/Unchanged.js"

const on = (url: string) => Effect.provide(App.layer({ url, migrations: users }))

/** A database whose ledger records the first of two migrations, and was changed since. */
const damaged = (...statements: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const url = yield* Server.freshDatabase
    yield* askWithin("SELECT name FROM users").pipe(on(url))
    yield* Database.query(url, ...statements)
    return url
  })

/** A change of the projection, whose guard the owner lifts. */
const unguarded = (change: string): ReadonlyArray<string> => [
  "ALTER TABLE auto_migration.applied_set DISABLE TRIGGER guard",
  change,
  "ALTER TABLE auto_migration.applied_set ENABLE ALWAYS TRIGGER guard"
]

const asked = (url: string) => unchanged(url, failsWith("LedgerUnusable", ask("SELECT email FROM users")).pipe(on(url)))

const migrated = (url: string) => unchanged(url, failsWith("LedgerUnusable", AutoMigration.migrate).pipe(on(url)))

describe("a ledger of a newer version", () => {
  const newer = [
    "ALTER TABLE auto_migration.event DROP CONSTRAINT event_kind_check, ADD COLUMN region text",
    "ALTER TABLE auto_migration.applied_set ADD COLUMN region text",
    `INSERT INTO auto_migration.event (kind, migration_id, checksum) VALUES
      ('Applied', 'effect-auto-migration/900_regions', 'sha256:aa'), ('Moved', '001_users', 'sha256:aa')`
  ]

  it.scopedLive("does not hinder healing and migrating as long as it has the tables that this version reads", () =>
    Effect.gen(function* () {
      const url = yield* damaged(...newer)
      yield* Effect.gen(function* () {
        deepStrictEqual(yield* ask("SELECT email FROM users"), [{ email: null }])
        deepStrictEqual(yield* AutoMigration.migrate, [])
        const { applied, unknown } = yield* AutoMigration.status
        deepStrictEqual<ReadonlyArray<string>>(applied, ["001_users", "002_users_email"])
        deepStrictEqual(unknown, [])
      }).pipe(on(url))
    })
  )

  it.scopedLive("whose events this version cannot read: LedgerUnusable says so, and says to update", () =>
    Effect.gen(function* () {
      const url = yield* damaged(...newer)
      const error = yield* unchanged(
        url,
        failsWith("LedgerUnusable", Stream.runDrain(AutoMigration.events)).pipe(on(url))
      )
      assert.match(error.message, /newer version.*900_regions.*Update effect-auto-migration/s)
    })
  )

  it.scopedLive("that keeps its applied set in another table is not built a second time", () =>
    Effect.gen(function* () {
      const url = yield* damaged(
        ...newer,
        "ALTER TABLE auto_migration.applied_set RENAME TO applied_sets",
        "ALTER TABLE auto_migration.migration_bit RENAME TO migration_bits",
        "DROP TRIGGER project ON auto_migration.event"
      )
      for (const error of [yield* asked(url), yield* migrated(url)]) {
        assert.match(error.message, /newer version.*900_regions.*Update effect-auto-migration/s)
      }
    })
  )

  it.scopedLive("is not completed by a program that knew the ledger before the update", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const error = yield* Effect.zipRight(
        Effect.zipRight(
          askWithin("SELECT name FROM users"),
          Database.query(url, ...newer, "DROP TABLE auto_migration.lease")
        ),
        unchanged(url, failsWith("LedgerUnusable", ask("SELECT email FROM users")))
      ).pipe(on(url))
      assert.match(error.message, /newer version.*900_regions.*Update effect-auto-migration/s)
    })
  )
})

describe("a half-made ledger", () => {
  it.scopedLive("whose second migration has not run is completed from the events in its log", () =>
    Effect.gen(function* () {
      const url = yield* damaged(
        "DROP TRIGGER project ON auto_migration.event",
        "DROP FUNCTION auto_migration.project_event(), auto_migration.fold_event(auto_migration.event)",
        "DROP TABLE auto_migration.applied_set, auto_migration.migration_bit"
      )
      yield* Effect.gen(function* () {
        deepStrictEqual(yield* ask("SELECT email FROM users"), [{ email: null }])
        deepStrictEqual(yield* appliedIds, ["001_users", "002_users_email"])
        assert.isTrue(Either.isRight(yield* AutoMigration.verify))
      }).pipe(on(url))
    })
  )

  for (const [what, statements, reason] of [
    ["whose applied set has no row", unguarded("DELETE FROM auto_migration.applied_set"), /applied_set has no row/],
    [
      "whose log has no trigger that numbers its events",
      ["DROP TRIGGER chain ON auto_migration.event"],
      /its trigger chain on event is missing/
    ],
    [
      "whose applied set lags behind its log",
      [
        "ALTER TABLE auto_migration.event DISABLE TRIGGER project",
        "INSERT INTO auto_migration.event (kind, migration_id, checksum) VALUES ('Applied', '002_users_email', 'sha256:aa')",
        "ALTER TABLE auto_migration.event ENABLE ALWAYS TRIGGER project"
      ],
      new RegExp(`event ${LedgerMigrations.ids.length + 2} .* applied_set .* event ${LedgerMigrations.ids.length + 1}`)
    ],
    [
      "whose log has lost its events",
      [
        "SET session_replication_role = replica",
        "ALTER TABLE auto_migration.event DISABLE TRIGGER append_only",
        "DELETE FROM auto_migration.event",
        "ALTER TABLE auto_migration.event ENABLE ALWAYS TRIGGER append_only"
      ],
      new RegExp(`event 0 .* applied_set .* event ${LedgerMigrations.ids.length + 1}`)
    ],
    [
      "whose bits name other migrations than its names",
      unguarded("UPDATE auto_migration.applied_set SET bits = '\\xffff'"),
      /bitmap and its list of migrations do not agree/
    ]
  ] as const) {
    it.scopedLive(`${what}: LedgerUnusable, and no migration is applied`, () =>
      Effect.gen(function* () {
        const url = yield* damaged(...statements)
        for (const error of [yield* asked(url), yield* migrated(url)]) assert.match(error.message, reason)
      })
    )
  }
})

describe("in the ledger's place", () => {
  for (const [what, statements] of [
    ["a table of another program", ["CREATE TABLE auto_migration.event (id integer, sequence bigint, mine text)"]],
    [
      "a table of another program that looks like the ledger's",
      [
        `CREATE TABLE auto_migration.event (sequence bigserial, kind text, migration_id text, checksum text, detail jsonb,
          recorded_at timestamptz, recorded_by name, previous_hash text, hash text)`,
        "INSERT INTO auto_migration.event (kind) VALUES ('mine')"
      ]
    ],
    ["a view", ["CREATE VIEW auto_migration.event AS SELECT 1 AS sequence"]],
    [
      "a foreign table",
      [
        "CREATE FOREIGN DATA WRAPPER elsewhere",
        "CREATE SERVER elsewhere FOREIGN DATA WRAPPER elsewhere",
        "CREATE FOREIGN TABLE auto_migration.event (sequence bigint) SERVER elsewhere"
      ]
    ],
    ["a sequence", ["CREATE SEQUENCE auto_migration.event"]],
    ["an applied set of another program", ["CREATE TABLE auto_migration.applied_set (mine text)"]]
  ] as const) {
    it.scopedLive(`stands ${what}: LedgerUnusable, and the database stays as it is`, () =>
      Effect.gen(function* () {
        const url = yield* Server.freshDatabase
        yield* Database.query(url, "CREATE SCHEMA auto_migration", ...statements)
        const error = yield* unchanged(url, failsWith("LedgerUnusable", ask("SELECT name FROM users")).pipe(on(url)))
        assert.match(error.message, /auto_migration.*choose another schema/s)
        yield* migrated(url)
      })
    )
  }
})

describe("rights on the ledger", () => {
  const withRole = (url: string, ...rights: ReadonlyArray<string>) =>
    Effect.acquireRelease(
      Effect.gen(function* () {
        const name = `limited_${new URL(url).pathname.slice(-8)}`
        yield* Database.query(
          url,
          `CREATE ROLE ${name} LOGIN PASSWORD 'secret'`,
          `GRANT CREATE ON SCHEMA public TO ${name}`,
          ...rights.map((right) => `${right} TO ${name}`)
        )
        const as = new URL(url)
        as.username = name
        as.password = "secret"
        return { name, url: as.href }
      }),
      ({ name }) => Database.query(url, `DROP OWNED BY ${name} CASCADE`, `DROP ROLE ${name}`)
    )

  const usage = "GRANT USAGE ON SCHEMA auto_migration"
  const select = "GRANT SELECT ON ALL TABLES IN SCHEMA auto_migration"

  for (const [missing, rights] of [
    ["USAGE", []],
    ["SELECT", [usage]],
    ["INSERT", [usage, select]]
  ] as const) {
    it.scopedLive(`without ${missing}: InsufficientPrivilege names the role, and its remedy is enough`, () =>
      Effect.gen(function* () {
        const url = yield* Server.freshDatabase
        yield* askWithin("SELECT name FROM users").pipe(on(url))
        const limited = yield* withRole(url, ...rights)
        const own = App.layer({
          url: limited.url,
          migrations: { ...users, "003_own": "CREATE TABLE own (id integer);" }
        })
        const error = yield* unchanged(url, failsWith("InsufficientPrivilege", askWithin("SELECT id FROM own"))).pipe(
          Effect.provide(own)
        )
        assert.strictEqual(error.role, limited.name)
        yield* Database.query(url, error.remedy)
        deepStrictEqual(yield* askWithin("SELECT id FROM own").pipe(Effect.provide(own)), [])
      })
    )
  }

  it.scopedLive(
    "in a schema of another role: InsufficientPrivilege, and its remedy is enough to build the ledger there",
    () =>
      Effect.gen(function* () {
        const url = yield* Server.freshDatabase
        yield* Database.query(url, "CREATE SCHEMA auto_migration")
        const limited = yield* withRole(url)
        const asking = askWithin("SELECT name FROM users")
        const error = yield* unchanged(url, failsWith("InsufficientPrivilege", asking).pipe(on(limited.url)))
        assert.strictEqual(error.role, limited.name)
        yield* Database.query(url, error.remedy)
        deepStrictEqual(yield* asking.pipe(on(limited.url)), [{ name: "Ada" }])
      })
  )
})
