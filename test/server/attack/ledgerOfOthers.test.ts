/**
 * A ledger that another role has made, or changed, beforehand. None of its code may run with the rights of the migrations' role, which
 * is a superuser here unless a test says otherwise.
 */
import { execFileSync } from "node:child_process"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Stream from "effect/Stream"
import { AutoMigration, AutoMigrationConfig } from "effect-auto-migration"
import { definitions } from "../../../src/ledger/OwnDefinitions.js"
import * as App from "../../support/program/App.js"
import * as CommandLine from "../../support/program/CommandLine.js"
import { ask, failsWith, kinds, type Services, users } from "../../support/program/Situation.js"
import { ownDefinitions, scripts } from "../../support/repository/OwnDefinitions.js"
import * as Database from "../../support/server/Database.js"
import * as LedgerTemplate from "../../support/server/LedgerTemplate.js"
import { role } from "../../support/server/Role.js"
import * as Server from "../../support/server/Server.js"
import * as WireTap from "../../support/server/WireTap.js"

/** Code that counts each run by another role than the attacker. A sequence keeps its count when the transaction is rolled back. */
const trap = (attacker: string): ReadonlyArray<string> => [
  "CREATE SCHEMA trap",
  "GRANT USAGE ON SCHEMA trap TO PUBLIC",
  "CREATE SEQUENCE trap.trapped",
  "GRANT ALL ON trap.trapped TO PUBLIC",
  `CREATE FUNCTION trap.run() RETURNS boolean LANGUAGE plpgsql AS
    $$ BEGIN IF current_user <> '${attacker}' THEN PERFORM nextval('trap.trapped'); END IF; RETURN true; END $$`,
  "CREATE FUNCTION trap.fire() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM trap.run(); RETURN NEW; END $$"
]

type Operation = Effect.Effect<unknown, { readonly _tag: string; readonly message: string }, Services>

const operations: Readonly<Record<string, Operation>> = {
  "a query": ask("SELECT email FROM users"),
  status: AutoMigration.status,
  verify: AutoMigration.verify
}

const otherOperations: Readonly<Record<string, Operation>> = {
  migrate: AutoMigration.migrate,
  events: Stream.runDrain(AutoMigration.events),
  rebuild: AutoMigration.rebuild,
  release: AutoMigration.release("001_users")
}

/** Each operation begins a program of its own, on connections that they share. */
const allRefuse = (url: string, reason: RegExp, options: App.Program["options"] = {}, chosen = operations) =>
  Effect.forEach(Object.entries(chosen), ([name, operation]) =>
    Effect.map(
      Effect.provide(failsWith("LedgerUnusable", operation), App.libraryOnConnections({ migrations: users, options })),
      (error) => assert.match(error.message, reason, name)
    )
  ).pipe(Effect.provide(App.connections({ url })))

const noneRan = (url: string) =>
  Effect.map(Database.query(url, "SELECT is_called FROM trap.trapped"), (rows) =>
    deepStrictEqual(rows, [{ is_called: false }])
  )

/** A role with `CREATE` on the database, and what it has left there. */
const attackedBy = (
  url: string,
  statements: ReadonlyArray<string>,
  last: ReadonlyArray<string> = ["GRANT USAGE ON SCHEMA auto_migration TO PUBLIC"]
) =>
  Effect.gen(function* () {
    const attacker = yield* role(url, "attacker")
    yield* Database.query(url, `GRANT CREATE ON DATABASE ${new URL(url).pathname.slice(1)} TO ${attacker.name}`)
    yield* Database.query(attacker.url, ...trap(attacker.name), ...statements, ...last)
    return attacker
  })

const made: Readonly<Record<string, ReadonlyArray<string>>> = {
  "an empty schema": ["CREATE SCHEMA auto_migration"],
  "the ledger exactly as the library makes it": scripts,
  "the ledger with a trigger": [
    ...scripts,
    "CREATE TRIGGER mine AFTER INSERT ON auto_migration.event FOR EACH ROW EXECUTE FUNCTION trap.fire()"
  ],
  "a view in place of a table": [
    "CREATE SCHEMA auto_migration",
    "CREATE VIEW auto_migration.event AS SELECT 1 AS sequence WHERE trap.run()"
  ],
  "the ledger with a default that calls a function": [
    ...scripts,
    "ALTER TABLE auto_migration.event ALTER detail SET DEFAULT to_jsonb(trap.run())"
  ],
  "the ledger with a rule": [
    ...scripts,
    "CREATE RULE mine AS ON INSERT TO auto_migration.event DO ALSO SELECT trap.run()"
  ],
  "the ledger with a policy that hides rows": [
    ...scripts,
    "CREATE POLICY mine ON auto_migration.event AS RESTRICTIVE USING (trap.run() AND false)",
    "ALTER TABLE auto_migration.event FORCE ROW LEVEL SECURITY"
  ],
  "the ledger with another body of a function": [
    ...scripts,
    `CREATE OR REPLACE FUNCTION auto_migration.project_event() RETURNS trigger LANGUAGE plpgsql
      AS $$ BEGIN PERFORM trap.run(); RETURN NULL; END $$`
  ]
}

describe("a role with CREATE on the database that makes, before the first migration,", () => {
  for (const [what, statements] of Object.entries(made)) {
    it.scopedLive(`${what}: LedgerUnusable names the role and the remedy, and none of its code runs`, () =>
      Effect.gen(function* () {
        const url = yield* Server.freshDatabase
        const attacker = yield* attackedBy(url, statements)
        yield* allRefuse(url, new RegExp(`belongs to the role ${attacker.name}.*ledgerOwner.*ALTER SCHEMA`, "s"))
        yield* noneRan(url)
      })
    )
  }
})

/** Runs a statement in another process, while this one stands still. */
const meanwhile = (url: string, statement: string): void => {
  const program = `const { Client } = require("pg")
    const client = new Client({ connectionString: process.argv[1] })
    client.connect().then(() => client.query(process.argv[2])).then(() => client.end())`
  execFileSync(process.execPath, ["-e", program, url, statement])
}

describe("a role with CREATE on the database that makes, while the first migration runs,", () => {
  it.scopedLive("the schema after the look for it: LedgerUnusable, and no object of the ledger is made in it", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const attacker = yield* attackedBy(url, [], [])
      let isMade = false
      const tap = yield* WireTap.make(url, (chunk) => {
        if (!isMade && chunk.includes("CREATE SCHEMA")) {
          isMade = true
          meanwhile(attacker.url, "CREATE SCHEMA auto_migration")
        }
        return chunk
      })
      const error = yield* Effect.provide(
        failsWith("LedgerUnusable", AutoMigration.migrate),
        App.layerWithMigrator({ url, migratorUrl: tap.url, migrations: users })
      )
      assert.isTrue(isMade)
      assert.match(error.message, new RegExp(`its schema belongs to the role ${attacker.name}.*ALTER SCHEMA`, "s"))
      deepStrictEqual(
        yield* Database.query(url, "SELECT FROM pg_class WHERE relnamespace = 'auto_migration'::regnamespace"),
        []
      )
    })
  )
})

describe("an operator's operations", () => {
  it.scopedLive("are all refused on a ledger that another role has made", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const attacker = yield* attackedBy(url, made["the ledger with a trigger"] ?? [])
      yield* allRefuse(url, new RegExp(`belongs to the role ${attacker.name}`), {}, otherOperations)
      yield* noneRan(url)
    })
  )
})

/** What is changed in a ledger whose owner is trusted, and what the error says. */
const changed: Readonly<Record<string, readonly [change: string, reason: RegExp]>> = {
  "a trigger": [
    "CREATE TRIGGER mine BEFORE INSERT ON auto_migration.event FOR EACH ROW EXECUTE FUNCTION trap.fire()",
    /its trigger mine on event is not as the library makes it/
  ],
  "a rule": [
    "CREATE RULE mine AS ON INSERT TO auto_migration.event DO ALSO SELECT trap.run()",
    /its table event is not as the library makes it/
  ],
  "a policy": [
    "CREATE POLICY mine ON auto_migration.lease USING (trap.run())",
    /its policy mine on lease is not as the library makes it/
  ],
  "a policy without code that hides events": [
    "CREATE POLICY mine ON auto_migration.event AS RESTRICTIVE USING (sequence < 3)",
    /its policy mine on event is not as the library makes it/
  ],
  "a default": [
    "ALTER TABLE auto_migration.event ALTER detail SET DEFAULT to_jsonb(trap.run())",
    /its column detail of event is not as the library makes it/
  ],
  "a default without code": [
    "ALTER TABLE auto_migration.event ALTER kind SET DEFAULT 'Applied'",
    /its column kind of event is not as the library makes it/
  ],
  "a check": [
    "ALTER TABLE auto_migration.event ADD CONSTRAINT mine CHECK (trap.run()) NOT VALID",
    /its constraint mine on event is not as the library makes it/
  ],
  "an index on an expression": [
    "ALTER FUNCTION trap.run() IMMUTABLE; CREATE INDEX mine ON auto_migration.lease ((trap.run()))",
    /its index auto_migration\.mine on lease is not as the library makes it/
  ],
  "another check": [
    "ALTER TABLE auto_migration.event DROP CONSTRAINT event_kind_check, ADD CONSTRAINT event_kind_check CHECK (kind <> '')",
    /its constraint event_kind_check on event is not as the library makes it/
  ],
  "a column": [
    "ALTER TABLE auto_migration.lease ADD mine text",
    /its column mine of lease is not as the library makes it/
  ],
  "another body of a function": [
    `CREATE OR REPLACE FUNCTION auto_migration.refuse_change() RETURNS trigger LANGUAGE plpgsql
      SET search_path = pg_catalog, pg_temp AS $$ BEGIN RETURN NULL; END $$`,
    /its function refuse_change is not as the library makes it/
  ],
  "a function with the rights of its owner": [
    "ALTER FUNCTION auto_migration.rebuild() SECURITY DEFINER",
    /its function rebuild is not as the library makes it/
  ],
  "a function without its search path": [
    "ALTER FUNCTION auto_migration.chain_event() RESET search_path",
    /its function chain_event is not as the library makes it/
  ],
  "another owner of a function": [
    "ALTER FUNCTION auto_migration.fold_event OWNER TO mallory",
    /its function fold_event belongs to the role mallory/
  ],
  "another owner of a table": [
    "ALTER TABLE auto_migration.lease OWNER TO mallory",
    /its table lease belongs to the role mallory/
  ],
  "another owner of the schema": [
    "ALTER SCHEMA auto_migration OWNER TO mallory",
    /its schema belongs to the role mallory/
  ],
  "a trigger less": ["DROP TRIGGER append_only ON auto_migration.event", /its trigger append_only on event is missing/],
  "a trigger that is disabled": [
    "ALTER TABLE auto_migration.event DISABLE TRIGGER append_only",
    /its trigger append_only on event is not as the library makes it/
  ],
  "a trigger with a condition": [
    `CREATE OR REPLACE TRIGGER chain BEFORE INSERT ON auto_migration.event FOR EACH ROW WHEN (false)
      EXECUTE FUNCTION auto_migration.chain_event()`,
    /its trigger chain on event is not as the library makes it/
  ],
  "no row security": [
    "ALTER TABLE auto_migration.event DISABLE ROW LEVEL SECURITY",
    /its table event is not as the library makes it/
  ],
  "a child table": [
    "CREATE TABLE trap.child () INHERITS (auto_migration.event)",
    /its table event is not as the library makes it/
  ]
}

describe("a ledger in which was put", () => {
  for (const [what, [change, reason]] of Object.entries(changed)) {
    it.scopedLive(`${what}: LedgerUnusable says so, and no code from elsewhere runs`, () =>
      Effect.gen(function* () {
        const url = yield* LedgerTemplate.freshDatabase
        const mallory = yield* role(url, "mallory")
        yield* Database.query(url, ...trap("postgres"), change.replace("mallory", mallory.name))
        yield* allRefuse(url, reason)
        yield* noneRan(url)
      })
    )
  }
})

describe("a ledger of a role that is neither a superuser nor the database's owner", () => {
  /** A database whose ledger a role `migrator` has built, and a role that it lets write the ledger. */
  const situation = Effect.gen(function* () {
    const url = yield* Server.freshDatabase
    const migrator = yield* role(url, "migrator")
    const writer = yield* role(url, "writer")
    yield* Database.query(
      url,
      `CREATE SCHEMA auto_migration AUTHORIZATION ${migrator.name}`,
      `GRANT CREATE ON SCHEMA public TO ${migrator.name}, ${writer.name}`
    )
    yield* Effect.provide(AutoMigration.migrateTo(["001_users"]), App.layer({ url: migrator.url, migrations: users }))
    yield* Database.query(
      url,
      `SELECT auto_migration.grant_writer('${writer.name}')`,
      `GRANT SELECT ON users TO ${writer.name}`,
      `GRANT ${migrator.name} TO CURRENT_USER`
    )
    const named = { ledgerOwner: AutoMigrationConfig.RoleName.make(migrator.name) }
    return { url, migrator, writer, named }
  })

  const files = { ...users, "003_more": "CREATE TABLE more (id integer);" }

  const works = (url: string, options: App.Program["options"] = {}) =>
    Effect.gen(function* () {
      deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.migrateTo(["003_more"]), ["003_more"])
      assert.isTrue(Either.isRight(yield* AutoMigration.verify))
    }).pipe(Effect.provide(App.layer({ url, migrations: files, options })))

  it.scopedLive("is used by a writer with no more rights, as long as each object is as the library makes it", () =>
    Effect.gen(function* () {
      const { migrator, writer } = yield* situation
      yield* works(writer.url)
      yield* Database.query(
        migrator.url,
        "CREATE POLICY mine ON auto_migration.event AS RESTRICTIVE USING (sequence < 3)"
      )
      yield* allRefuse(writer.url, /its policy mine on event is not as the library makes it/)
    })
  )

  it.scopedLive(
    "is refused by a superuser, although each object is as the library makes it, until its owner is named",
    () =>
      Effect.gen(function* () {
        const { migrator, named, url } = yield* situation
        yield* allRefuse(url, new RegExp(`its schema belongs to the role ${migrator.name}`))
        yield* works(url, named)
        const folder = yield* CommandLine.folderOf(users)
        const type = (...words: ReadonlyArray<string>) =>
          CommandLine.type(["status", ...words, "--folder", folder, "--url", url])
        assert.strictEqual((yield* type()).code, 1)
        assert.strictEqual((yield* type("--ledger-owner", migrator.name)).code, 3)
      })
  )

  for (const right of ["CREATEROLE", "REPLICATION", "BYPASSRLS"]) {
    it.scopedLive(`is refused by a role with ${right}, which its owner lacks, unless that role is a member of it`, () =>
      Effect.gen(function* () {
        const { migrator, url, writer } = yield* situation
        yield* Database.query(url, `ALTER ROLE ${writer.name} ${right}`)
        yield* allRefuse(writer.url, new RegExp(`its schema belongs to the role ${migrator.name}`))
        yield* Database.query(url, `GRANT ${migrator.name} TO ${writer.name}`)
        yield* works(writer.url)
      })
    )
  }

  it.scopedLive("is used by the database's owner where the owner of the ledger is named", () =>
    Effect.gen(function* () {
      const { migrator, named, url, writer } = yield* situation
      yield* Database.query(url, `ALTER DATABASE ${new URL(url).pathname.slice(1)} OWNER TO ${writer.name}`)
      yield* allRefuse(writer.url, new RegExp(`its schema belongs to the role ${migrator.name}`))
      yield* works(writer.url, named)
      yield* Database.query(url, `ALTER DATABASE ${new URL(url).pathname.slice(1)} OWNER TO CURRENT_USER`)
    })
  )

  it.scopedLive("is refused by a writer where another owner is named", () =>
    Effect.gen(function* () {
      const { migrator, writer } = yield* situation
      const options = { ledgerOwner: AutoMigrationConfig.RoleName.make("another'role") }
      yield* allRefuse(writer.url, new RegExp(`its schema belongs to the role ${migrator.name}`), options)
    })
  )
})

describe("a ledger that is the library's own", () => {
  it.scopedLive("has the definitions that the library looks for", () =>
    Effect.flatMap(Effect.flatMap(Server.freshDatabase, ownDefinitions), (rows) =>
      Effect.sync(() => deepStrictEqual(rows, definitions))
    )
  )

  for (const version of scripts.keys()) {
    it.scopedLive(`is used and completed where only its first ${version + 1} files have run`, () =>
      Effect.gen(function* () {
        const url = yield* Server.freshDatabase
        yield* Database.query(url, ...scripts.slice(0, version + 1))
        yield* Effect.gen(function* () {
          deepStrictEqual((yield* AutoMigration.status).applied, [])
          yield* AutoMigration.migrate
          assert.isTrue(Either.isRight(yield* AutoMigration.verify))
          assert.include(yield* kinds, "Applied 002_users_email")
        }).pipe(Effect.provide(App.layer({ url, migrations: users })))
        yield* Effect.provide(AutoMigration.verify, App.layer({ url, migrations: users }))
      })
    )
  }

  it.scopedLive("is known under each search path, interval style and quoting of the session", () =>
    Effect.gen(function* () {
      const url = yield* LedgerTemplate.freshDatabase
      const migrator = yield* role(url, "migrator")
      yield* Database.query(
        url,
        `ALTER ROLE ${migrator.name} SUPERUSER`,
        `ALTER ROLE ${migrator.name} SET search_path = auto_migration, public`,
        `ALTER ROLE ${migrator.name} SET quote_all_identifiers = on`,
        `ALTER ROLE ${migrator.name} SET IntervalStyle = sql_standard`
      )
      yield* Effect.provide(AutoMigration.verify, App.layer({ url: migrator.url, migrations: users }))
    })
  )

  it.scopedLive("is looked at once by a process", () =>
    Effect.gen(function* () {
      const url = yield* LedgerTemplate.freshDatabase
      const tap = yield* WireTap.make(url)
      yield* Effect.all([AutoMigration.status, AutoMigration.migrate, AutoMigration.status]).pipe(
        Effect.provide(App.layerWithMigrator({ url, migratorUrl: tap.url, migrations: users }))
      )
      const { statements } = yield* tap.heard
      assert.strictEqual(statements.filter((text) => text.includes('AS "trust"')).length, 1)
    })
  )
})
