/**
 * What held when it was attacked, kept as tests: random interruptions, many failures at once, forged words, and the table of
 * privileges. `ATTACKS` sets how often the first ones run: 40 by default.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import { AutoMigration, Policy } from "effect-auto-migration"
import * as App from "../../support/program/App.js"
import { ask, inProgram, inTappedProgram, kinds, nothingIsLeft, users } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Role from "../../support/server/Role.js"
import * as Server from "../../support/server/Server.js"

const attacks = Number(process.env["ATTACKS"] ?? 40)

const migrations = {
  ...users,
  "003_slow": "ALTER TABLE users ADD COLUMN age integer; SELECT pg_sleep(0.05);",
  "004_index": "CREATE INDEX CONCURRENTLY users_age ON users (age);"
}

const options = { policy: Policy.always }

describe("a heal that is interrupted, or whose layer is closed, at a random time", () => {
  it.scopedLive(
    "leaves no session, lock or transaction, and each migration is applied once",
    () =>
      Effect.gen(function* () {
        const url = yield* Server.freshDatabase
        const attack = Effect.gen(function* () {
          const times = yield* Effect.all([Random.nextIntBetween(0, 300), Random.nextIntBetween(0, 300)])
          const [interruption, closing] = times
          const asking = Effect.timeoutOption(ask("SELECT age FROM users"), interruption)
          yield* Effect.all([asking, Effect.timeoutOption(AutoMigration.migrate, closing)], {
            concurrency: "unbounded"
          }).pipe(
            Effect.provide(App.layer({ url, migrations, options })),
            Effect.timeoutOption(Math.max(closing, 50)),
            Effect.exit
          )
        })
        yield* Effect.forEach(Array.from({ length: attacks }), () => attack, { concurrency: 4, discard: true })
        yield* nothingIsLeft(url)
        const log = yield* Effect.provide(
          Effect.zipRight(AutoMigration.migrate, kinds),
          App.layer({ url, migrations, options })
        )
        deepStrictEqual(
          log.filter((event) => event.startsWith("Applied")).toSorted(),
          Object.keys(migrations).map((id) => `Applied ${id}`)
        )
        yield* nothingIsLeft(url)
      }).pipe(Effect.withRandom(Random.make("interruptions"))),
    600_000
  )
})

describe("queries that all fail at once", () => {
  it.scopedLive(
    "share one heal, and all succeed",
    () =>
      inTappedProgram({ migrations: users, options }, (_, tap) =>
        Effect.gen(function* () {
          const rows = yield* Effect.forEach(
            Array.from({ length: attacks * 25 }),
            () => ask("SELECT email FROM users"),
            { concurrency: "unbounded" }
          )
          assert.lengthOf(rows, attacks * 25)
          assert.isAtMost((yield* tap.heard).statements.length, 30)
          deepStrictEqual(yield* kinds, ["Applied 001_users", "Applied 002_users_email"])
        })
      ),
    600_000
  )

  it.scopedLive(
    "for as many objects share a pool of fixed size",
    () => {
      const many = Array.from({ length: attacks }, (_, n) => `t${n}`)
      const tables = Object.fromEntries(many.map((name) => [`001_${name}`, `CREATE TABLE ${name} (id integer);`]))
      return inTappedProgram({ migrations: tables, options }, (_, tap) =>
        Effect.gen(function* () {
          yield* Effect.forEach(many, (name) => ask(`SELECT id FROM ${name}`), { concurrency: "unbounded" })
          assert.isAtMost((yield* tap.heard).connections, 5)
        })
      )
    },
    600_000
  )
})

/** A function that always fails, and what is applied because of it where the policy allows it. */
const forgeries: Readonly<Record<string, { readonly make: string; readonly message: string; readonly log: unknown }>> =
  {
    "raised about a table that a pending migration brings": {
      make: `AS $$ BEGIN RAISE EXCEPTION 'relation "users" does not exist' USING ERRCODE = '42P01'; END $$`,
      message: 'relation "users" does not exist',
      log: []
    },
    "raised about a column that one brings": {
      make: `AS $$ BEGIN RAISE EXCEPTION 'column "email" of relation "users" does not exist' USING ERRCODE = '42703'; END $$`,
      message: 'column "email" of relation "users" does not exist',
      log: []
    },
    "of a query that finds the table never": {
      make: "SET search_path = pg_catalog AS $$ BEGIN PERFORM 1 FROM users; END $$",
      message: 'relation "users" does not exist',
      log: ["Applied 001_users"]
    },
    "of a query that finds the column never": {
      make: "AS $$ BEGIN PERFORM email FROM (SELECT 1) AS others; END $$",
      message: 'column "email" does not exist',
      log: ["Applied 001_users", "Applied 002_users_email"]
    }
  }

describe("a forged error", () => {
  for (const [forged, { log, make, message }] of Object.entries(forgeries)) {
    const before = [`CREATE FUNCTION forge() RETURNS void LANGUAGE plpgsql ${make}`]
    const leaves = Effect.map(Effect.flip(ask("SELECT forge()")), (error) =>
      deepStrictEqual(
        [error._tag, error.cause instanceof Error ? error.cause.message : undefined],
        ["SqlError", message]
      )
    )

    it.scopedLive(`${forged} applies what it names at most once, and leaves as it came`, () =>
      inProgram({ migrations: users, options, before }, () =>
        Effect.gen(function* () {
          yield* leaves
          yield* leaves
          deepStrictEqual<unknown>(yield* kinds, log)
        })
      )
    )

    it.scopedLive(`${forged} applies nothing where the policy refuses it`, () =>
      inProgram({ migrations: users, options: { policy: Policy.never }, before }, () =>
        Effect.gen(function* () {
          yield* Effect.flip(ask("SELECT forge()"))
          deepStrictEqual(yield* kinds, [])
        })
      )
    )
  }
})

const event = "auto_migration.event"
const lease = "auto_migration.lease"

/** A statement, and the roles that may run it. */
const privileges: Readonly<Record<string, ReadonlyArray<"reader" | "writer" | "owner" | "stranger">>> = {
  [`SELECT FROM ${event}`]: ["reader", "writer", "owner"],
  "SELECT FROM auto_migration.applied_set": ["reader", "writer", "owner"],
  "SELECT FROM auto_migration.migration_bit": ["reader", "writer", "owner"],
  [`SELECT FROM ${lease}`]: ["reader", "writer", "owner"],
  [`INSERT INTO ${event} (kind, migration_id, checksum) VALUES ('Failed', 'x', 'sha256:00')`]: ["writer", "owner"],
  [`INSERT INTO ${lease} (migration_id, checksum, holder, lasts, progress, in_doubt)
    VALUES ('x', 'sha256:00', '00000000-0000-4000-8000-000000000001', '0', 0, 'nothing')`]: ["writer", "owner"],
  [`UPDATE ${event} SET kind = 'Applied'`]: [],
  [`DELETE FROM ${event}`]: [],
  [`TRUNCATE ${event}`]: [],
  "INSERT INTO auto_migration.event_kind VALUES ('Mine', true)": ["owner"],
  "SELECT auto_migration.grant_writer('pg_monitor')": ["owner"],
  [`DROP TRIGGER chain ON ${event}`]: ["owner"],
  [`ALTER TABLE ${event} DISABLE TRIGGER ALL`]: ["owner"],
  "CREATE TABLE auto_migration.mine ()": ["owner"]
}

describe("the privileges of the ledger", () => {
  it.scopedLive("are those of the table, when each role tries", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const owner = yield* Role.role(url, "owner")
      yield* Database.query(url, `GRANT CREATE ON DATABASE ${new URL(url).pathname.slice(1)} TO ${owner.name}`)
      yield* Database.query(url, `GRANT CREATE ON SCHEMA public TO ${owner.name}`)
      yield* Effect.provide(AutoMigration.migrate, App.layer({ url: owner.url, migrations: users }))
      const [reader, writer, stranger] = yield* Effect.forEach(["reader", "writer", "stranger"], (kind) =>
        Role.role(url, kind)
      )
      const roles = { reader, writer, owner, stranger }
      for (const kind of ["reader", "writer"] as const) {
        yield* Database.query(owner.url, `SELECT auto_migration.grant_${kind}('${roles[kind]?.name}')`)
      }
      const may = (as: string, statement: string) =>
        Effect.exit(Database.query(as, "BEGIN", statement, "ROLLBACK")).pipe(
          Effect.map(({ _tag }) => _tag === "Success")
        )
      for (const [statement, allowed] of Object.entries(privileges)) {
        const tried = yield* Effect.filter(Object.entries(roles), ([, role]) => may(role?.url ?? "", statement))
        deepStrictEqual([statement, tried.map(([kind]) => kind)], [statement, [...allowed]])
      }
    })
  )
})
