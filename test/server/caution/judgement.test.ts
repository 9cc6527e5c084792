/**
 * What may run by itself, and with whose rights.
 */
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { AutoMigration, withAutoMigration } from "effect-auto-migration"
import * as App from "../../support/program/App.js"
import {
  ask,
  askWithin,
  failsWith,
  inProgram,
  inProgramWithLedger,
  kinds,
  users
} from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"

describe("policy", () => {
  const contract = {
    "001_users": "CREATE TABLE users (id integer PRIMARY KEY, name text, old text);",
    "002_contract": "ALTER TABLE users DROP COLUMN old;\nALTER TABLE users ADD COLUMN email text;"
  }
  const populated = [contract["001_users"], "INSERT INTO users VALUES (1, 'Ada', 'x')"]

  it.scopedLive("refuses what loses data: MigrationRefused with the risk, the statement, and the command by hand", () =>
    inProgramWithLedger({ migrations: contract, before: populated }, (url) =>
      Effect.gen(function* () {
        yield* AutoMigration.baseline(["001_users"])
        const error = yield* failsWith("MigrationRefused", ask("SELECT email FROM users"))
        deepStrictEqual([...error.migrationIds], ["002_contract"])
        assert.match(error.reasons[0], /record:002_contract:1: ALTER TABLE users DROP COLUMN old/)
        assert.strictEqual(error.command, 'AutoMigration.migrateTo(["002_contract"])')
        const columns = "SELECT count(*)::int AS n FROM information_schema.columns WHERE table_name = 'users'"
        deepStrictEqual(yield* Database.query(url, columns), [{ n: 3 }])
        deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.migrate, ["002_contract"])
        deepStrictEqual(yield* ask("SELECT email FROM users"), [{ email: null }])
      })
    )
  )

  it.scopedLive("lets a migration through that consents to its risk", () =>
    inProgramWithLedger(
      {
        migrations: { ...contract, "002_contract": `-- accept: data-loss\n${contract["002_contract"]}` },
        before: populated
      },
      () =>
        Effect.gen(function* () {
          yield* AutoMigration.baseline(["001_users"])
          deepStrictEqual(yield* ask("SELECT email FROM users"), [{ email: null }])
        })
    )
  )

  it.scopedLive(
    "in mode observe: MigrationPending names what is missing and what would bring it; nothing is written",
    () =>
      inProgram({ migrations: users, options: { mode: "observe" } }, (url) =>
        Effect.gen(function* () {
          const error = yield* failsWith("MigrationPending", askWithin("SELECT name FROM users"))
          deepStrictEqual([...error.migrationIds], ["001_users"])
          const schemas = "SELECT count(*)::int AS n FROM pg_namespace WHERE nspname = 'auto_migration'"
          deepStrictEqual(yield* Database.query(url, schemas), [{ n: 0 }])
        })
      )
  )

  it.scopedLive("in mode observe, after somebody else has applied it: the query is run again", () =>
    inProgramWithLedger({ migrations: users, options: { mode: "observe" } }, (url) =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* failsWith("MigrationPending", ask("SELECT name FROM users"))
        const failed = yield* Effect.flip(sql`SELECT name FROM users`)
        yield* AutoMigration.migrate.pipe(Effect.provide(Layer.fresh(App.layer({ url, migrations: users }))))
        const remaining = [Effect.fail(failed)]
        const late = Effect.suspend(() => remaining.pop() ?? sql`SELECT name FROM users`)
        deepStrictEqual(yield* withAutoMigration(late), [{ name: "Ada" }])
      })
    )
  )
})

describe("rights", () => {
  const role = (url: string, name: string): string => {
    const changed = new URL(url)
    changed.username = name
    changed.password = "secret"
    return changed.href
  }

  const roles = (url: string) =>
    Effect.acquireRelease(
      Effect.gen(function* () {
        const name = `app_${new URL(url).pathname.slice(-8)}`
        yield* Database.query(
          url,
          `CREATE ROLE ${name} LOGIN PASSWORD 'secret'`,
          `REVOKE CREATE ON SCHEMA public FROM PUBLIC`
        )
        return name
      }),
      (name) => Database.query(url, `DROP OWNED BY ${name} CASCADE`, `DROP ROLE ${name}`)
    )

  it.scopedLive("a role without DDL rights: InsufficientPrivilege names the role and the grant", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const name = yield* roles(url)
      const error = yield* failsWith("InsufficientPrivilege", ask("SELECT name FROM users")).pipe(
        Effect.provide(App.layer({ url: role(url, name), migrations: users }))
      )
      assert.strictEqual(error.role, name)
      assert.match(error.remedy, new RegExp(`GRANT CREATE ON DATABASE .* TO ${name}`))
    })
  )

  it.scopedLive("migrations on credentials of their own: the application's role needs no DDL rights", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const name = yield* roles(url)
      const migrations = { ...users, "001_users": `${users["001_users"]}\nGRANT SELECT ON users TO ${name};` }
      const rows = yield* ask("SELECT name FROM users").pipe(
        Effect.provide(
          App.layerWithMigrator({
            url: role(url, name),
            migratorUrl: url,
            migrations,
            options: { policy: () => ({ _tag: "Allowed" }) }
          })
        )
      )
      deepStrictEqual(rows, [{ name: "Ada" }])
    })
  )

  it.scopedLive("a server that refuses to write: ReadOnlyServer", () =>
    inProgramWithLedger(
      {
        migrations: { "001_users": "SET TRANSACTION READ ONLY; CREATE TABLE users (id integer);" },
        options: { policy: () => ({ _tag: "Allowed" }) }
      },
      () => failsWith("ReadOnlyServer", ask("SELECT id FROM users"))
    )
  )
})

describe("statements that cannot run inside a transaction", () => {
  const concurrent = {
    ...users,
    "003_index": "CREATE INDEX CONCURRENTLY users_name ON users (name);",
    "004_after": "-- requires: 003_index\nALTER TABLE users ADD COLUMN age integer;"
  }

  it.scopedLive("are refused on the request path, and run ahead of time between Started and Applied", () =>
    inProgramWithLedger({ migrations: concurrent }, (url) =>
      Effect.gen(function* () {
        yield* askWithin("SELECT name FROM users WHERE id = 1")
        yield* failsWith("MigrationRefused", ask("SELECT age FROM users"))
        yield* AutoMigration.migrate
        const log = yield* kinds
        deepStrictEqual(log.slice(log.indexOf("Started 003_index"), log.indexOf("Started 003_index") + 2), [
          "Started 003_index",
          "Applied 003_index"
        ])
        const valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'users_name'::regclass"
        deepStrictEqual(yield* Database.query(url, valid), [{ indisvalid: true }])
      })
    )
  )
})
