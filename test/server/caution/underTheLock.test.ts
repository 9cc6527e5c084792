/**
 * Facts that a verdict rests on are asked again in the transaction that runs the plan, after the locks of its statements have been
 * taken: what another session commits before that counts.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { AutoMigration } from "effect-auto-migration"
import * as App from "../../support/program/App.js"
import { ask, failsWith, inProgramWithLedger, untilBlocked } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"
import { until } from "../../support/server/Until.js"
import * as WireTap from "../../support/server/WireTap.js"

const users = "CREATE TABLE users (id integer PRIMARY KEY, name text);"

const lockOfMigrations = "pg_catalog.hashtextextended('effect-auto-migration/auto_migration', 0)"

/** A session that has run some statements; it commits when it is told to. */
const session = (url: string, ...statements: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const [begun, told] = yield* Effect.all([Deferred.make<void>(), Deferred.make<void>()])
    const fiber = yield* Effect.forkScoped(
      Database.transaction(url, statements, Effect.zipRight(Deferred.succeed(begun, undefined), Deferred.await(told)))
    )
    yield* Deferred.await(begun)
    return Effect.zipRight(Deferred.succeed(told, undefined), Fiber.join(fiber))
  })

/** Waits until the migration lock has been tried through the tap. */
const untilLockIsTried = (tap: WireTap.WireTap) => until(Effect.map(WireTap.lockTries(tap), (tries) => tries > 0))

const allUsers = (url: string) => Database.query(url, "SELECT id, name FROM users ORDER BY id")

describe("a trigger that another session commits", () => {
  const before = ["CREATE TABLE log (id integer)", users, "INSERT INTO users VALUES (1, 'Ada')"]
  const trigger = [
    "CREATE FUNCTION on_log() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM users; RETURN NEW; END $$",
    "CREATE TRIGGER t AFTER INSERT ON log FOR EACH ROW EXECUTE FUNCTION on_log()"
  ]

  it.scopedLive("while a heal waits for the table, keeps a row out of it", () =>
    inProgramWithLedger(
      { migrations: { "001_log": "INSERT INTO log VALUES (1);\nCREATE TABLE other (id integer);" }, before },
      (url) =>
        Effect.gen(function* () {
          const commit = yield* session(url, ...trigger)
          const query = yield* Effect.forkScoped(failsWith("MigrationRefused", ask("SELECT id FROM other")))
          yield* untilBlocked(url)
          yield* commit
          const error = yield* Fiber.join(query)
          assert.include(error.reasons[0], "INSERT INTO log VALUES (1): its effects cannot be seen")
          deepStrictEqual(yield* allUsers(url), [{ id: 1, name: "Ada" }])
        })
    )
  )
})

describe("a row that another session commits", () => {
  const rewriting = {
    "001_users": users,
    "002_wide": "ALTER TABLE users ALTER COLUMN id TYPE bigint, ADD COLUMN email text;"
  }

  it.scopedLive("while a heal waits for the migration lock, keeps its table from being rewritten", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const tap = yield* WireTap.make(url)
      yield* Effect.gen(function* () {
        yield* AutoMigration.migrateTo(["001_users"])
        yield* tap.reset
        const commit = yield* session(url, `SELECT pg_advisory_xact_lock(${lockOfMigrations})`)
        const query = yield* Effect.forkScoped(failsWith("MigrationRefused", ask("SELECT email FROM users")))
        yield* untilLockIsTried(tap)
        yield* Database.query(url, "INSERT INTO users VALUES (1, 'Ada')")
        yield* commit
        const error = yield* Fiber.join(query)
        assert.include(error.reasons[0], "it would rewrite a table that holds rows")
        deepStrictEqual(yield* allUsers(url), [{ id: 1, name: "Ada" }])
      }).pipe(Effect.provide(App.layerWithMigrator({ url, migratorUrl: tap.url, migrations: rewriting })))
    })
  )

  it.scopedLive("while a heal waits for the table, keeps it from being rewritten", () =>
    inProgramWithLedger({ migrations: rewriting }, (url) =>
      Effect.gen(function* () {
        yield* AutoMigration.migrateTo(["001_users"])
        const commit = yield* session(url, "INSERT INTO users VALUES (1, 'Ada')")
        const query = yield* Effect.forkScoped(failsWith("MigrationRefused", ask("SELECT email FROM users")))
        yield* untilBlocked(url)
        yield* commit
        yield* Fiber.join(query)
        deepStrictEqual(yield* allUsers(url), [{ id: 1, name: "Ada" }])
      })
    )
  )

  it.scopedLive("into a table that it makes while the migration runs, keeps that table from being emptied", () =>
    inProgramWithLedger(
      {
        migrations: {
          "001_other": `SELECT pg_advisory_xact_lock(42);
CREATE TABLE IF NOT EXISTS users (id integer PRIMARY KEY, name text);
TRUNCATE users;
CREATE TABLE other (id integer);`
        }
      },
      (url) =>
        Effect.gen(function* () {
          const commit = yield* session(url, "SELECT pg_advisory_xact_lock(42)")
          const query = yield* Effect.forkScoped(failsWith("MigrationRefused", ask("SELECT id FROM other")))
          yield* untilBlocked(url)
          yield* Database.query(url, users, "INSERT INTO users VALUES (1, 'Ada')")
          yield* commit
          yield* Fiber.join(query)
          deepStrictEqual(yield* allUsers(url), [{ id: 1, name: "Ada" }])
        })
    )
  )

  it.scopedLive(
    "into a table that an earlier step of the plan has made, keeps it from being changed by a later one",
    () =>
      inProgramWithLedger(
        {
          migrations: {
            "001_users": users,
            "002_gate": "CREATE TABLE gate (id integer);\nSELECT pg_advisory_xact_lock(42);",
            "003_users":
              "INSERT INTO gate VALUES (1);\nUPDATE users SET name = 'x';\nALTER TABLE users ADD COLUMN email text;"
          }
        },
        (url) =>
          Effect.gen(function* () {
            const commit = yield* session(url, "SELECT pg_advisory_xact_lock(42)")
            const query = yield* Effect.forkScoped(failsWith("MigrationRefused", ask("SELECT email FROM users")))
            yield* untilBlocked(url)
            yield* Database.query(url, "INSERT INTO users VALUES (1, 'Ada')")
            yield* commit
            yield* Fiber.join(query)
            deepStrictEqual(yield* allUsers(url), [{ id: 1, name: "Ada" }])
          })
      )
  )
})

describe("what a plan makes itself", () => {
  it.scopedLive("is its own business in later steps, with the rows that it has put there", () =>
    inProgramWithLedger(
      {
        migrations: {
          "001_users": `${users}\nINSERT INTO users VALUES (1, 'Ada');`,
          "002_names": "UPDATE users SET name = upper(name);\nALTER TABLE users ALTER COLUMN id TYPE bigint;",
          "003_email":
            "DELETE FROM users WHERE id = 2;\nALTER TABLE users DROP COLUMN name;\nALTER TABLE users ADD COLUMN email text;"
        }
      },
      () =>
        Effect.map(ask("SELECT id::integer, email FROM users"), (rows) =>
          deepStrictEqual(rows, [{ id: 1, email: null }])
        )
    )
  )

  it.scopedLive("may be granted, owned, secured and commented in the same plan, within a file and in a later one", () =>
    inProgramWithLedger(
      {
        migrations: {
          "001_notes": `CREATE SCHEMA app; GRANT USAGE ON SCHEMA app TO PUBLIC;
CREATE TABLE app.notes (id serial PRIMARY KEY, owner text NOT NULL DEFAULT current_user);
ALTER TABLE app.notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON app.notes USING (owner = current_user);
GRANT SELECT ON app.notes TO PUBLIC;
COMMENT ON TABLE app.notes IS 'Notes';
ALTER TABLE app.notes OWNER TO CURRENT_USER;`,
          "002_notes": "GRANT INSERT ON app.notes TO PUBLIC;\nALTER TABLE app.notes ADD COLUMN title text;"
        }
      },
      () => Effect.map(ask("SELECT title FROM app.notes"), (rows) => deepStrictEqual(rows, []))
    )
  )

  it.scopedLive("is not what was there before: granting on that is refused", () =>
    inProgramWithLedger(
      {
        migrations: {
          "001_other": `CREATE TABLE IF NOT EXISTS users (id integer);\nGRANT SELECT ON users TO PUBLIC;\nCREATE TABLE other (id integer);`
        },
        before: [users]
      },
      () =>
        Effect.map(failsWith("MigrationRefused", ask("SELECT id FROM other")), (error) =>
          assert.include(error.reasons[0], "GRANT SELECT ON users TO PUBLIC: it would change privileges")
        )
    )
  )
})
