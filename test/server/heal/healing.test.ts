/**
 * Each kind of gap and how it ends, with providers, streams and fibers.
 */
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Chunk from "effect/Chunk"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { AutoMigration, Policy, withAutoMigration, withAutoMigrationStream } from "effect-auto-migration"
import * as App from "../../support/program/App.js"
import {
  appliedIds,
  ask,
  askWithin,
  failsWith,
  holding,
  inProgram,
  inTappedProgram,
  kinds,
  migrationLock,
  untilBlocked,
  untilRefused,
  users
} from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"
import { during, until } from "../../support/server/Until.js"

describe("a missing object with a pending provider", () => {
  it.scopedLive("is healed, and the caller sees only the result", () =>
    inProgram({ migrations: users }, () =>
      Effect.gen(function* () {
        deepStrictEqual(yield* ask("SELECT id, name, email FROM users"), [{ id: 1, name: "Ada", email: null }])
        deepStrictEqual(yield* appliedIds, ["001_users", "002_users_email"])
      })
    )
  )

  it.scopedLive("is healed when an application's error carries the SqlError as its cause", () =>
    inProgram({ migrations: users }, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const repository = Effect.mapError(
          sql`SELECT name FROM users`,
          (cause) => ({ _tag: "Unavailable", cause }) as const
        )
        deepStrictEqual(yield* withAutoMigration(repository), [{ name: "Ada" }])
      })
    )
  )

  it.scopedLive("is left alone when the program dies of something else", () =>
    inProgram({ migrations: users }, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const failing = Effect.catchAll(sql`SELECT name FROM users`, () => Effect.dieMessage("not ours"))
        const exit = yield* Effect.exit(withAutoMigration(failing))
        assert.strictEqual(exit._tag, "Failure")
        deepStrictEqual(yield* appliedIds, [])
      })
    )
  )

  it.scopedLive("is healed for each kind of object: view, function, type, schema, enum value, ON CONFLICT target", () =>
    inProgram(
      {
        migrations: {
          "001_base": "CREATE TABLE items (id integer, name text, state text);",
          "002_view": "CREATE VIEW named AS SELECT id FROM items WHERE name IS NOT NULL;",
          "003_function": "CREATE FUNCTION twice(n integer) RETURNS integer LANGUAGE sql AS 'SELECT 2 * n';",
          "004_enum": "CREATE TYPE mood AS ENUM ('happy');",
          "005_enum_value": "ALTER TYPE mood ADD VALUE 'sad';",
          "006_schema": "CREATE SCHEMA archive; CREATE TABLE archive.items (id integer);",
          "007_key": "ALTER TABLE items ADD CONSTRAINT items_one UNIQUE (id);",
          "008_extension": "CREATE EXTENSION citext;"
        }
      },
      () =>
        Effect.gen(function* () {
          deepStrictEqual(yield* ask("SELECT id FROM named"), [])
          deepStrictEqual(yield* ask("SELECT twice(21) AS answer"), [{ answer: 42 }])
          deepStrictEqual(yield* ask("SELECT 'happy'::mood AS mood"), [{ mood: "happy" }])
          deepStrictEqual(yield* ask("SELECT 'sad'::mood AS mood"), [{ mood: "sad" }])
          deepStrictEqual(yield* ask("SELECT id FROM archive.items"), [])
          deepStrictEqual(yield* ask("INSERT INTO items (id) VALUES (1) ON CONFLICT (id) DO NOTHING"), [])
        })
    )
  )
})

describe("a name that two schemas have", () => {
  const migrations = {
    "001_history": "CREATE SCHEMA history; CREATE TABLE history.members (id integer);",
    "002_members": `CREATE TABLE members (id integer, name text);
      CREATE FUNCTION purge() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'DELETE FROM public.members';`
  }

  it.scopedLive("is reported with the schema that was meant, where the heal is refused", () =>
    inProgram({ migrations }, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(ask("SELECT name FROM members"))
        assert(error._tag === "MigrationRefused")
        assert.strictEqual(error.gap, "relation public.members")
        assert.notInclude(error.message, "history.members")
      })
    )
  )
})

describe("an upsert", () => {
  const table = (name: string) => `CREATE TABLE ${name} (a text, b text, is_active boolean);`
  const migrations = {
    "001_tables": ["plain", "partial", "expression", "class", "late"].map(table).join("\n"),
    "002_partial": "CREATE UNIQUE INDEX ON partial (a) WHERE is_active AND b IS NOT NULL;",
    "003_expression": "CREATE UNIQUE INDEX ON expression (lower(b), a);",
    "004_class": 'CREATE UNIQUE INDEX ON class (b text_pattern_ops, a COLLATE "C");',
    "005_late": "ALTER TABLE late ADD UNIQUE (a) DEFERRABLE;"
  }
  const upsert = (target: string) =>
    ask(`INSERT INTO ${target.replace(" ", " VALUES ('a', 'b', true) ON CONFLICT ")} DO NOTHING`)

  it.scopedLive("keeps its own error where no index that a migration makes can be its arbiter", () =>
    inProgram({ migrations }, () =>
      Effect.gen(function* () {
        yield* ask("SELECT a FROM plain")
        for (const target of [
          ...["partial (a)", "partial (a) WHERE is_active", "expression (lower(a), b)", "expression (lower(b))"],
          ...['class (a, b COLLATE "C")', "late (a)"]
        ]) {
          assert.strictEqual((yield* Effect.flip(upsert(target)))._tag, "SqlError", target)
        }
        deepStrictEqual(yield* appliedIds, ["001_tables"])
      })
    )
  )

  it.scopedLive("is healed by the index with its columns, expressions, classes and condition", () =>
    inProgram({ migrations }, () =>
      Effect.gen(function* () {
        yield* ask("SELECT a FROM plain")
        yield* upsert("partial (a) WHERE b IS NOT NULL AND is_active = true")
        deepStrictEqual(yield* appliedIds, ["001_tables", "002_partial"])
        yield* upsert('expression (a, LOWER("b"))')
        deepStrictEqual(yield* appliedIds, ["001_tables", "002_partial", "003_expression"])
        yield* upsert('class (a COLLATE "C", b text_pattern_ops) WHERE is_active')
        deepStrictEqual(yield* appliedIds, ["001_tables", "002_partial", "003_expression", "004_class"])
      })
    )
  )
})

describe("a missing object that only an operator, a configuration or a trigger names", () => {
  const migrations = {
    "001_words": `CREATE TABLE words (w text);
      CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.at = 1; RETURN NEW; END $$;
      CREATE TRIGGER touch BEFORE INSERT ON words FOR EACH ROW EXECUTE FUNCTION touch();`,
    "002_trigrams": "CREATE EXTENSION pg_trgm;",
    "003_operator": `CREATE FUNCTION longer(text, integer) RETURNS boolean LANGUAGE sql AS 'SELECT length($1) > $2';
      CREATE OPERATOR >>> (FUNCTION = longer, LEFTARG = text, RIGHTARG = integer);`,
    "004_search": "CREATE TEXT SEARCH CONFIGURATION plain (COPY = simple);",
    "005_at": "ALTER TABLE words ADD COLUMN at integer;",
    "006_other": "CREATE TABLE others (at integer);"
  }
  const { "005_at": _, ...withoutColumn } = migrations

  it.scopedLive("is healed by the migration that brings it", () =>
    inProgram({ migrations }, () =>
      Effect.gen(function* () {
        deepStrictEqual(yield* ask("SELECT w FROM words"), [])
        deepStrictEqual(yield* ask("SELECT w FROM words WHERE w % 'abc'"), [])
        deepStrictEqual(yield* ask("SELECT 'abc'::varchar >>> 2 AS longer"), [{ longer: true }])
        deepStrictEqual(yield* ask("SELECT to_tsvector('plain', 'a')::text AS v"), [{ v: "'a':1" }])
        deepStrictEqual(yield* ask("INSERT INTO words (w) VALUES ('x') RETURNING w"), [{ w: "x" }])
        assert.notInclude(yield* appliedIds, "006_other")
      })
    )
  )

  it.scopedLive("keeps its own error where no pending migration brings it", () =>
    inProgram({ migrations: withoutColumn }, () =>
      Effect.gen(function* () {
        deepStrictEqual(yield* ask("SELECT w FROM words"), [])
        for (const query of [
          "SELECT 1 % 'x'::text",
          "SELECT 'a'::text >>> now()",
          "SELECT to_tsvector('missing', 'a')",
          "GRANT SELECT ON words TO missing"
        ]) {
          assert.strictEqual((yield* Effect.flip(ask(query)))._tag, "SqlError", query)
        }
        deepStrictEqual(yield* appliedIds, ["001_words"])
      })
    )
  )
})

describe("several pending providers of a column's name", () => {
  const migrations = {
    "001_tables": "CREATE TABLE a (id integer); CREATE TABLE b (id integer); CREATE TABLE c (id integer);",
    "002_a_note": "ALTER TABLE a ADD COLUMN note text;",
    "003_b_note": "ALTER TABLE b ADD COLUMN note text;",
    "004_c_note": "ALTER TABLE c ADD COLUMN note text;"
  }

  it.scopedLive("are told apart by the table that the statement's text names, through its alias", () =>
    inProgram({ migrations, before: [] }, () =>
      Effect.gen(function* () {
        yield* ask("SELECT id FROM b")
        yield* ask("SELECT x.note FROM b AS x")
        const ids = yield* appliedIds
        assert.include(ids, "003_b_note")
        assert.notIncludeMembers([...ids], ["002_a_note", "004_c_note"])
      })
    )
  )

  it.scopedLive("are tried in order, one at a time, where the text is not known, until the query passes", () =>
    inProgram({ migrations }, () =>
      Effect.gen(function* () {
        deepStrictEqual(yield* askWithin("SELECT note FROM b"), [])
        deepStrictEqual(yield* appliedIds, ["001_tables", "002_a_note", "003_b_note"])
      })
    )
  )
})

describe("a column that only a table beside the statement's will have", () => {
  const migrations = { "001_a_note": "ALTER TABLE a ADD COLUMN note text;" }
  const before = [
    "CREATE TABLE a (id integer)",
    "CREATE TABLE d (id integer, r a)",
    "CREATE FUNCTION f() RETURNS SETOF a LANGUAGE sql AS 'SELECT * FROM a'",
    "CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM note FROM a; RETURN new; END'",
    "CREATE TRIGGER g BEFORE UPDATE ON d FOR EACH ROW EXECUTE FUNCTION g()",
    "INSERT INTO d VALUES (1, ROW(1))"
  ]

  for (const query of [
    "SELECT note FROM d",
    "SELECT s.note FROM (SELECT * FROM d) AS s",
    "WITH s AS (SELECT id FROM d) SELECT id FROM s WHERE note IS NULL",
    "INSERT INTO d (id) SELECT note::integer FROM d",
    "UPDATE d SET id = 2 WHERE note = 'x'"
  ]) {
    it.scopedLive(`is not brought for a mistake: ${query}`, () =>
      inProgram({ migrations, before }, (url) =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(ask(query))
          assert.strictEqual(error._tag, "SqlError")
          const ledger = yield* Database.query(url, "SELECT FROM pg_namespace WHERE nspname = 'auto_migration'")
          deepStrictEqual(ledger, [])
        })
      )
    )
  }

  for (const query of ["SELECT note FROM f()", "SELECT (d.r).note FROM d", "UPDATE d SET id = 2 WHERE id = 1"]) {
    it.scopedLive(`is brought where it may come through a function, a value or a trigger: ${query}`, () =>
      inProgram({ migrations, before }, () =>
        Effect.gen(function* () {
          yield* ask(query)
          deepStrictEqual(yield* appliedIds, ["001_a_note"])
        })
      )
    )
  }
})

describe("a provider that is already applied", () => {
  it.scopedLive("by another process since the query failed: the query runs again", () =>
    inProgram({ migrations: users }, (url) =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* askWithin("SELECT name FROM users")
        const failed = yield* Effect.flip(sql`SELECT email FROM users`)
        yield* AutoMigration.migrate.pipe(Effect.provide(Layer.fresh(App.layer({ url, migrations: users }))))
        const remaining = [Effect.fail(failed)]
        const late = Effect.suspend(() => remaining.pop() ?? sql`SELECT email FROM users`)
        deepStrictEqual(yield* withAutoMigration(late), [{ email: null }])
      })
    )
  )

  it.scopedLive(
    "and the object is gone: SchemaDrift with the query's error as its cause, and no migration runs again",
    () =>
      inProgram({ migrations: users }, (url) =>
        Effect.gen(function* () {
          yield* AutoMigration.migrate
          yield* Database.query(url, "ALTER TABLE users DROP COLUMN email")
          const error = yield* failsWith("SchemaDrift", ask("SELECT email FROM users"))
          deepStrictEqual([...error.migrationIds], ["002_users_email"])
          assert.match(error.message, /email.*although the ledger records 002_users_email/s)
          assert.strictEqual(Reflect.get(Object(error.cause), "_tag"), "SqlError")
          deepStrictEqual(yield* kinds, ["Applied 001_users", "Applied 002_users_email"])
        })
      )
  )

  it.scopedLive("and its file was edited since: ChecksumMismatch, on the request path and ahead of time", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      yield* AutoMigration.migrate.pipe(Effect.provide(App.layer({ url, migrations: users })))
      const edited = { ...users, "001_users": "CREATE TABLE users (id integer PRIMARY KEY, name text, age integer);" }
      yield* Effect.gen(function* () {
        const onRequest = yield* failsWith("ChecksumMismatch", ask("SELECT age FROM users"))
        deepStrictEqual([onRequest.migrationId, onRequest.file], ["001_users", "record:001_users"])
        assert.match(onRequest.recorded, /^sha256:[0-9a-f]{64}$/)
        yield* failsWith("ChecksumMismatch", AutoMigration.migrate)
        deepStrictEqual<ReadonlyArray<string>>((yield* AutoMigration.status).edited, ["001_users"])
      }).pipe(Effect.provide(App.layer({ url, migrations: edited })))
    })
  )

  it.scopedLive("and only its line endings and trailing white space were edited: the query heals", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      yield* AutoMigration.migrate.pipe(Effect.provide(App.layer({ url, migrations: users })))
      const edited = { ...users, "001_users": `\uFEFF${users["001_users"].replaceAll("\n", "  \r\n")}\r\n\r\n` }
      const status = yield* AutoMigration.status.pipe(Effect.provide(App.layer({ url, migrations: edited })))
      deepStrictEqual(status, {
        applied: status.applied,
        pending: [],
        unknown: [],
        edited: [],
        renamed: [],
        overtaken: [],
        warnings: [],
        elsewhere: [],
        held: []
      })
    })
  )
})

describe("a pending migration that changes no answer", () => {
  it.scopedLive("stays pending, though it changes the statement's table and may not run by itself", () =>
    inProgram(
      {
        migrations: {
          ...users,
          "003_index": "CREATE INDEX CONCURRENTLY users_name ON users (name);",
          "004_comment": "COMMENT ON TABLE users IS 'people';"
        }
      },
      () =>
        Effect.gen(function* () {
          deepStrictEqual(yield* ask("SELECT name, email FROM users"), [{ name: "Ada", email: null }])
          deepStrictEqual(yield* appliedIds, ["001_users", "002_users_email"])
        })
    )
  )
})

describe("an object that exists and cannot be seen", () => {
  it.scopedLive("hidden by search_path: the original error, and no database work at the next failure", () =>
    inProgram(
      {
        migrations: { "001_hidden": "CREATE SCHEMA hidden; CREATE TABLE hidden.things (id integer);" }
      },
      () =>
        Effect.gen(function* () {
          yield* AutoMigration.migrate
          const sql = yield* SqlClient.SqlClient
          let runs = 0
          const counted = Effect.suspend(() => {
            runs++
            return sql`SELECT * FROM things`
          })
          const error = yield* Effect.flip(withAutoMigration(counted))
          assert.strictEqual(error._tag, "SqlError")
          runs = 0
          yield* Effect.flip(withAutoMigration(counted))
          assert.strictEqual(runs, 1)
          deepStrictEqual(yield* kinds, ["Applied 001_hidden"])
        })
    )
  )
})

describe("an object that a later migration removes", () => {
  it.scopedLive("is not brought back; the error names the migration", () =>
    inProgram({ migrations: { ...users, "003_no_email": "ALTER TABLE users DROP COLUMN email;" } }, () =>
      Effect.gen(function* () {
        yield* askWithin("SELECT name FROM users")
        const error = yield* failsWith("ObjectRemoved", ask("SELECT email FROM users"))
        assert.strictEqual(error.removedBy, "003_no_email")
      })
    )
  )
})

describe("a stream", () => {
  it.scopedLive("is healed before its first element, on a pool of one connection", () =>
    inProgram({ migrations: users, maxConnections: 1 }, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const names = yield* Stream.runCollect(withAutoMigrationStream(sql`SELECT name, email FROM users`.stream))
        deepStrictEqual(Chunk.toReadonlyArray(names), [{ name: "Ada", email: null }])
      })
    )
  )

  it.scopedLive("does not begin again after its first element", () =>
    inProgram({ migrations: users }, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const late = Stream.concat(Stream.make({ n: 0 }), sql`SELECT name FROM users`.stream)
        const error = yield* Effect.flip(Stream.runDrain(withAutoMigrationStream(late)))
        assert.strictEqual(error._tag, "SqlError")
        deepStrictEqual(yield* appliedIds, [])
      })
    )
  )
})

describe("many fibers", () => {
  it.scopedLive("with different gaps each heal their own, and all succeed", () =>
    inProgram(
      {
        migrations: Object.fromEntries(
          Array.from({ length: 8 }, (_, n) => [`00${n}_t${n}`, `CREATE TABLE t${n} AS SELECT ${n} AS n;`])
        )
      },
      () =>
        Effect.gen(function* () {
          const rows = yield* Effect.forEach(
            Array.from({ length: 40 }, (_, i) => i % 8),
            (n) => ask(`SELECT n FROM t${n}`),
            {
              concurrency: "unbounded"
            }
          )
          deepStrictEqual(
            rows.flat(),
            Array.from({ length: 40 }, (_, i) => ({ n: i % 8 }))
          )
          assert.strictEqual((yield* kinds).length, 8)
        })
    )
  )

  it.scopedLive("on a pool whose connections are all held by callers that wait for a heal: the heals complete", () =>
    inProgram({ migrations: users, maxConnections: 2 }, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const holding = Effect.scoped(
          Effect.gen(function* () {
            const connection = yield* sql.reserve
            return yield* withAutoMigration(connection.execute("SELECT name FROM users", [], undefined))
          })
        )
        const rows = yield* Effect.all([holding, holding], { concurrency: "unbounded" })
        deepStrictEqual(rows, [[{ name: "Ada" }], [{ name: "Ada" }]])
      })
    )
  )

  it.scopedLive("the flight outlives the request that started it", () =>
    inProgram(
      {
        migrations: { "001_slow": `CREATE TABLE slow (id integer);\nSELECT pg_advisory_xact_lock_shared(42);` },
        options: { policy: () => ({ _tag: "Allowed" }), lockTimeout: Duration.minutes(10) }
      },
      (url) =>
        Effect.gen(function* () {
          yield* Effect.scoped(
            Effect.gen(function* () {
              yield* holding(url, "SELECT pg_advisory_xact_lock(42)")
              const first = yield* Effect.fork(ask("SELECT id FROM slow"))
              yield* untilBlocked(url)
              yield* Fiber.interrupt(first)
            })
          )
          yield* until(Effect.map(appliedIds, (ids) => ids.length === 1))
          deepStrictEqual(yield* kinds, ["Applied 001_slow"])
        })
    )
  )

  it.scopedLive("the layer is closed meanwhile: fibers that wait or ask later get an error, no interruption", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const migrations = { "001_slow": "CREATE TABLE slow (id integer);\nSELECT pg_advisory_xact_lock_shared(42);" }
      const options = { policy: Policy.always, lockTimeout: Duration.minutes(10) }
      const application = yield* Layer.build(App.client({ url }))
      const scope = yield* Scope.make()
      const library = yield* Layer.buildWithScope(
        App.layerWithMigrator({ url, migratorUrl: url, migrations, options }),
        scope
      )
      const asking = Effect.provide(ask("SELECT id FROM slow"), Context.merge(library, application))
      const closing = failsWith("DatabaseUnavailable", asking)
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* holding(url, "SELECT pg_advisory_xact_lock(42)")
          const waiting = yield* Effect.forkAll([closing, closing])
          const leaving = yield* Effect.fork(asking)
          yield* untilBlocked(url)
          yield* Fiber.interruptFork(leaving)
          assert.isTrue(Exit.isInterrupted(yield* Fiber.await(leaving)))
          yield* Scope.close(scope, Exit.void)
          for (const error of yield* Fiber.join(waiting)) {
            assert.strictEqual(Reflect.get(Object(error.cause), "_tag"), "SqlError")
          }
        })
      )
      yield* closing
      yield* failsWith("DatabaseUnavailable", Effect.provide(AutoMigration.migrate, library))
      deepStrictEqual(yield* Database.query(url, "SELECT to_regclass('slow') AS slow"), [{ slow: null }])
    })
  )
})

describe("what a statement names", () => {
  it.scopedLive(
    "is brought to its latest version: a function that is replaced later, a type whose value is renamed",
    () =>
      inProgram(
        {
          migrations: {
            "001_mood": "CREATE TYPE mood AS ENUM ('glad');",
            "002_level": "CREATE FUNCTION level() RETURNS integer LANGUAGE sql AS 'SELECT 1';",
            "003_level": "CREATE OR REPLACE FUNCTION level() RETURNS integer LANGUAGE sql AS 'SELECT 2';",
            "004_happy": "ALTER TYPE mood RENAME VALUE 'glad' TO 'happy';"
          },
          options: { policy: Policy.always }
        },
        () =>
          Effect.gen(function* () {
            deepStrictEqual(yield* ask("SELECT level()"), [{ level: 2 }])
            deepStrictEqual(yield* appliedIds, ["002_level", "003_level"])
            deepStrictEqual(yield* ask("SELECT enum_range(NULL::mood)::text AS moods"), [{ moods: "{happy}" }])
          })
      )
  )

  it.scopedLive("may come without a migration while the heal waits: the query runs again and finds it", () =>
    inTappedProgram({ migrations: { "001_a": "CREATE TABLE a (id integer);" } }, (url, tap) =>
      Effect.gen(function* () {
        yield* AutoMigration.status
        const asking = yield* Effect.scoped(
          Effect.gen(function* () {
            yield* holding(url, migrationLock)
            yield* tap.reset
            const asking = yield* Effect.forkDaemon(ask("SELECT id FROM a"))
            yield* during(asking, untilRefused(tap))
            yield* Database.query(url, "CREATE TABLE a (id integer)")
            return asking
          })
        )
        deepStrictEqual(yield* Fiber.join(asking), [])
        deepStrictEqual(yield* appliedIds, [])
      })
    )
  )
})
