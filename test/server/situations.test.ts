/**
 * What happens in which situation: every row of the design's table that concerns one server, on the real server.
 */
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import {
  AutoMigration,
  type AutoMigrationConfig,
  type AutoMigrationError,
  withAutoMigration,
  withAutoMigrationStream
} from "effect-auto-migration"
import * as App from "../support/App.js"
import * as Database from "../support/Database.js"
import * as Server from "../support/Server.js"

const users = {
  "001_users": "CREATE TABLE users (id integer PRIMARY KEY, name text);\nINSERT INTO users VALUES (1, 'Ada');",
  "002_users_email": "ALTER TABLE users ADD COLUMN email text;"
}

type Services = AutoMigration.AutoMigration | SqlClient.SqlClient

interface Setting {
  readonly migrations: Readonly<Record<string, string>>
  readonly before?: ReadonlyArray<string>
  readonly options?: Partial<AutoMigrationConfig.Options>
  readonly maxConnections?: number
}

/** A program on a database of its own. */
const inProgram = <A, E>(
  { before = [], ...program }: Setting,
  body: (url: string) => Effect.Effect<A, E, Services | Scope.Scope>
): Effect.Effect<A, E, Scope.Scope> =>
  Effect.gen(function* () {
    const url = yield* Server.freshDatabase
    if (before.length > 0) yield* Database.query(url, ...before)
    return yield* Effect.provide(body(url), App.layer({ ...program, url }))
  })

const ask = (text: string) => Effect.flatMap(SqlClient.SqlClient, (sql) => withAutoMigration(sql.unsafe(text)))

/** The same without the statement's text: the boundary stands around a program, not around a statement. */
const askWithin = (text: string) =>
  withAutoMigration(Effect.flatMap(SqlClient.SqlClient, (sql) => Effect.map(sql.unsafe(text), (rows) => rows)))

const appliedIds = Effect.map(AutoMigration.status, ({ applied }): ReadonlyArray<string> => applied)

const kinds = Effect.map(Stream.runCollect(AutoMigration.events), (events) =>
  Chunk.toReadonlyArray(events)
    .filter((event) => !event.migrationId.includes("/"))
    .map((event) => `${event.kind} ${event.migrationId}`)
)

const isError =
  <Tag extends AutoMigrationError.AutoMigrationError["_tag"]>(tag: Tag) =>
  (error: {
    readonly _tag: string
    readonly message: string
  }): error is Extract<AutoMigrationError.AutoMigrationError, { readonly _tag: Tag }> =>
    error._tag === tag || assert.fail(`expected ${tag}, got ${error._tag}: ${error.message}`)

const failsWith = <Tag extends AutoMigrationError.AutoMigrationError["_tag"], A, R>(
  tag: Tag,
  effect: Effect.Effect<A, { readonly _tag: string; readonly message: string }, R>
) =>
  Effect.flatMap(Effect.flip(effect), (error) =>
    isError(tag)(error) ? Effect.succeed(error) : Effect.dieMessage("unreachable")
  )

describe("a missing object with a pending provider", () => {
  it.scopedLive("is healed, and the caller sees only the result", () =>
    inProgram({ migrations: users }, () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* ask("SELECT id, name, email FROM users"), [{ id: 1, name: "Ada", email: null }])
        assert.deepStrictEqual(yield* appliedIds, ["001_users", "002_users_email"])
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
        assert.deepStrictEqual(yield* withAutoMigration(repository), [{ name: "Ada" }])
      })
    )
  )

  it.scopedLive("is left alone when the error is a defect", () =>
    inProgram({ migrations: users }, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const exit = yield* Effect.exit(withAutoMigration(Effect.orDie(sql`SELECT name FROM users`)))
        assert.strictEqual(exit._tag, "Failure")
        assert.deepStrictEqual(yield* appliedIds, [])
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
          assert.deepStrictEqual(yield* ask("SELECT id FROM named"), [])
          assert.deepStrictEqual(yield* ask("SELECT twice(21) AS answer"), [{ answer: 42 }])
          assert.deepStrictEqual(yield* ask("SELECT 'happy'::mood AS mood"), [{ mood: "happy" }])
          assert.deepStrictEqual(yield* ask("SELECT 'sad'::mood AS mood"), [{ mood: "sad" }])
          assert.deepStrictEqual(yield* ask("SELECT id FROM archive.items"), [])
          assert.deepStrictEqual(yield* ask("INSERT INTO items (id) VALUES (1) ON CONFLICT (id) DO NOTHING"), [])
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
        assert.deepStrictEqual(yield* askWithin("SELECT note FROM b"), [])
        assert.deepStrictEqual(yield* appliedIds, ["001_tables", "002_a_note", "003_b_note"])
      })
    )
  )
})

describe("a provider that is already applied", () => {
  it.scopedLive("by another process since the query failed: the query is run again", () =>
    inProgram({ migrations: users }, (url) =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* askWithin("SELECT name FROM users")
        const failed = yield* Effect.flip(sql`SELECT email FROM users`)
        yield* AutoMigration.migrate.pipe(Effect.provide(Layer.fresh(App.layer({ url, migrations: users }))))
        const remaining = [Effect.fail(failed)]
        const late = Effect.suspend(() => remaining.pop() ?? sql`SELECT email FROM users`)
        assert.deepStrictEqual(yield* withAutoMigration(late), [{ email: null }])
      })
    )
  )

  it.scopedLive(
    "and the object is gone: SchemaDrift with the query's error as its cause; nothing is applied again",
    () =>
      inProgram({ migrations: users }, (url) =>
        Effect.gen(function* () {
          yield* AutoMigration.migrate
          yield* Database.query(url, "ALTER TABLE users DROP COLUMN email")
          const error = yield* failsWith("SchemaDrift", ask("SELECT email FROM users"))
          assert.deepStrictEqual([...error.migrationIds], ["002_users_email"])
          assert.match(error.message, /email.*although the ledger records 002_users_email/s)
          assert.strictEqual(Reflect.get(Object(error.cause), "_tag"), "SqlError")
          assert.deepStrictEqual(yield* kinds, ["Applied 001_users", "Applied 002_users_email"])
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
        assert.deepStrictEqual([onRequest.migrationId, onRequest.file], ["001_users", "record:001_users"])
        assert.match(onRequest.recorded, /^sha256:[0-9a-f]{64}$/)
        yield* failsWith("ChecksumMismatch", AutoMigration.migrate)
        assert.deepStrictEqual<ReadonlyArray<string>>((yield* AutoMigration.status).edited, ["001_users"])
      }).pipe(Effect.provide(App.layer({ url, migrations: edited })))
    })
  )

  it.scopedLive("and only its line endings and trailing white space were edited: nothing is wrong", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      yield* AutoMigration.migrate.pipe(Effect.provide(App.layer({ url, migrations: users })))
      const edited = { ...users, "001_users": `\uFEFF${users["001_users"].replaceAll("\n", "  \r\n")}\r\n\r\n` }
      const status = yield* AutoMigration.status.pipe(Effect.provide(App.layer({ url, migrations: edited })))
      assert.deepStrictEqual(status, {
        applied: status.applied,
        pending: [],
        unknown: [],
        edited: []
      })
    })
  )
})

describe("an object that exists and cannot be seen", () => {
  it.scopedLive("hidden by search_path: the original error, and no further database work once that is known", () =>
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
          assert.deepStrictEqual(yield* kinds, ["Applied 001_hidden"])
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

describe("policy", () => {
  const contract = {
    "001_users": "CREATE TABLE users (id integer PRIMARY KEY, name text, old text);",
    "002_contract": "ALTER TABLE users DROP COLUMN old;\nALTER TABLE users ADD COLUMN email text;"
  }
  const populated = [contract["001_users"], "INSERT INTO users VALUES (1, 'Ada', 'x')"]

  it.scopedLive("refuses what loses data: MigrationRefused with the risk, the statement, and the command by hand", () =>
    inProgram({ migrations: contract, before: populated }, (url) =>
      Effect.gen(function* () {
        yield* AutoMigration.baseline(["001_users"])
        const error = yield* failsWith("MigrationRefused", ask("SELECT email FROM users"))
        assert.deepStrictEqual([...error.migrationIds], ["002_contract"])
        assert.match(error.reasons[0], /record:002_contract:1: ALTER TABLE users DROP COLUMN old/)
        assert.match(error.command, /effect-auto-migration/)
        const columns = "SELECT count(*)::int AS n FROM information_schema.columns WHERE table_name = 'users'"
        assert.deepStrictEqual(yield* Database.query(url, columns), [{ n: 3 }])
        assert.deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.migrate, ["002_contract"])
        assert.deepStrictEqual(yield* ask("SELECT email FROM users"), [{ email: null }])
      })
    )
  )

  it.scopedLive("lets a migration through that consents to its risk", () =>
    inProgram(
      {
        migrations: { ...contract, "002_contract": `-- accept: data-loss\n${contract["002_contract"]}` },
        before: populated
      },
      () =>
        Effect.gen(function* () {
          yield* AutoMigration.baseline(["001_users"])
          assert.deepStrictEqual(yield* ask("SELECT email FROM users"), [{ email: null }])
        })
    )
  )

  it.scopedLive(
    "in mode observe: MigrationPending names what is missing and what would bring it; nothing is written",
    () =>
      inProgram({ migrations: users, options: { mode: "observe" } }, (url) =>
        Effect.gen(function* () {
          const error = yield* failsWith("MigrationPending", askWithin("SELECT name FROM users"))
          assert.deepStrictEqual([...error.migrationIds], ["001_users"])
          const schemas = "SELECT count(*)::int AS n FROM pg_namespace WHERE nspname = 'auto_migration'"
          assert.deepStrictEqual(yield* Database.query(url, schemas), [{ n: 0 }])
        })
      )
  )

  it.scopedLive("in mode observe, after somebody else has applied it: the query is run again", () =>
    inProgram({ migrations: users, options: { mode: "observe" } }, (url) =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* failsWith("MigrationPending", ask("SELECT name FROM users"))
        const failed = yield* Effect.flip(sql`SELECT name FROM users`)
        yield* AutoMigration.migrate.pipe(Effect.provide(Layer.fresh(App.layer({ url, migrations: users }))))
        const remaining = [Effect.fail(failed)]
        const late = Effect.suspend(() => remaining.pop() ?? sql`SELECT name FROM users`)
        assert.deepStrictEqual(yield* withAutoMigration(late), [{ name: "Ada" }])
      })
    )
  )
})

describe("inside a caller's transaction", () => {
  const insert = Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql.withTransaction(
      Effect.gen(function* () {
        yield* sql`INSERT INTO users (id, name) VALUES (2, 'Grace')`
        yield* withAutoMigration(sql`UPDATE users SET email = 'grace@example.org' WHERE id = 2`)
      })
    )
  )

  it.scopedLive("a boundary inside fails with TransactionMustRestart and applies nothing", () =>
    inProgram({ migrations: users }, () =>
      Effect.gen(function* () {
        yield* askWithin("SELECT name FROM users")
        const error = yield* failsWith("TransactionMustRestart", insert)
        assert.strictEqual(error.gap._tag, "MissingObject")
        assert.deepStrictEqual([...error.migrationIds], ["002_users_email"])
        assert.deepStrictEqual(yield* appliedIds, ["001_users"])
      })
    )
  )

  it.scopedLive("a boundary around the transaction heals and runs all of it again, once", () =>
    inProgram({ migrations: users, maxConnections: 1 }, () =>
      Effect.gen(function* () {
        yield* askWithin("SELECT name FROM users")
        yield* withAutoMigration(insert)
        assert.deepStrictEqual(yield* ask("SELECT id, email FROM users ORDER BY id"), [
          { id: 1, email: null },
          { id: 2, email: "grace@example.org" }
        ])
      })
    )
  )

  for (const level of ["REPEATABLE READ", "SERIALIZABLE"]) {
    it.scopedLive(`${level}: only the boundary around the transaction can heal, on a fresh snapshot`, () =>
      inProgram({ migrations: users }, () =>
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const read = sql.withTransaction(
            Effect.zipRight(
              sql.unsafe(`SET TRANSACTION ISOLATION LEVEL ${level}`),
              withAutoMigration(sql`SELECT name, email FROM users`)
            )
          )
          assert.deepStrictEqual(yield* withAutoMigration(read), [{ name: "Ada", email: null }])
        })
      )
    )
  }

  it.scopedLive("of a nested transaction: the boundary inside the outer one lets the error pass outwards", () =>
    inProgram({ migrations: users }, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* askWithin("SELECT name FROM users")
        const nested = sql.withTransaction(
          withAutoMigration(sql.withTransaction(withAutoMigration(sql`SELECT email FROM users`)))
        )
        yield* failsWith("TransactionMustRestart", nested)
        assert.deepStrictEqual(yield* withAutoMigration(nested), [{ email: null }])
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
        assert.deepStrictEqual(Chunk.toReadonlyArray(names), [{ name: "Ada", email: null }])
      })
    )
  )

  it.scopedLive("is not begun again after its first element", () =>
    inProgram({ migrations: users }, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const late = Stream.concat(Stream.make({ n: 0 }), sql`SELECT name FROM users`.stream)
        const error = yield* Effect.flip(Stream.runDrain(withAutoMigrationStream(late)))
        assert.strictEqual(error._tag, "SqlError")
        assert.deepStrictEqual(yield* appliedIds, [])
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
          assert.deepStrictEqual(
            rows.flat(),
            Array.from({ length: 40 }, (_, i) => ({ n: i % 8 }))
          )
          assert.strictEqual((yield* kinds).length, 8)
        })
    )
  )

  it.scopedLive("on a pool whose every connection is held by a caller that waits for a heal: healing completes", () =>
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
        assert.deepStrictEqual(rows, [[{ name: "Ada" }], [{ name: "Ada" }]])
      })
    )
  )

  it.scopedLive("the flight outlives the request that started it", () =>
    inProgram(
      {
        migrations: { "001_slow": "SELECT pg_sleep(0.5); CREATE TABLE slow (id integer);" },
        options: { policy: () => ({ _tag: "Allowed" }) }
      },
      () =>
        Effect.gen(function* () {
          const first = yield* Effect.fork(ask("SELECT id FROM slow"))
          yield* Effect.sleep("250 millis")
          yield* Fiber.interrupt(first)
          yield* Effect.repeat(appliedIds, {
            until: (ids) => ids.length === 1,
            schedule: Schedule.intersect(Schedule.spaced("50 millis"), Schedule.recurs(100))
          })
          assert.deepStrictEqual(yield* kinds, ["Applied 001_slow"])
        })
    )
  )
})

describe("a migration that fails", () => {
  const broken = {
    ...users,
    "003_broken": "CREATE TABLE audit (id integer);\n\nINSERT INTO audit\n  VALUES (1/0);"
  }

  it.scopedLive(
    "is rolled back, recorded, and named with file, line, column, statement, SQLSTATE and the query's error",
    () =>
      inProgram({ migrations: broken }, (url) =>
        Effect.gen(function* () {
          const error = yield* failsWith("MigrationFailed", ask("SELECT id FROM audit"))
          assert.deepStrictEqual(
            [error.migrationId, error.file, error.line, error.statement, error.sqlState],
            ["003_broken", "record:003_broken", 3, "INSERT INTO audit VALUES (1/0)", "22012"]
          )
          assert.strictEqual(Reflect.get(Object(error.cause), "_tag"), "SqlError")
          assert.deepStrictEqual(yield* Database.query(url, "SELECT to_regclass('audit') AS found"), [{ found: null }])
          assert.deepStrictEqual(yield* kinds, ["Failed 003_broken"])
        })
      )
  )

  it.scopedLive("has the place of a syntactically valid error counted in the whole file", () =>
    inProgram(
      {
        migrations: {
          "001_typo": "CREATE TABLE fine (id integer);\n-- ünïcödé\nALTER TABLE fine ADD COLUMN n nosuchtype;"
        }
      },
      () =>
        Effect.gen(function* () {
          const error = yield* failsWith("MigrationFailed", ask("SELECT n FROM fine"))
          assert.deepStrictEqual([error.line, error.column, error.sqlState], [3, 31, "42704"])
        })
    )
  )

  it.scopedLive(
    "opens the breaker: until its window ends nobody tries again, and every query fails at once with its own error",
    () =>
      inProgram(
        { migrations: broken, options: { breaker: { first: Duration.minutes(1), cap: Duration.minutes(1) } } },
        () =>
          Effect.gen(function* () {
            const first = yield* failsWith("MigrationFailed", ask("SELECT id FROM audit"))
            const rest = yield* Effect.replicateEffect(
              failsWith("MigrationFailed", ask("SELECT id FROM audit")),
              20
            ).pipe(Effect.withConcurrency("unbounded"))
            assert.isTrue(rest.every((error) => error.retryAt === first.retryAt && error.cause !== first.cause))
            assert.deepStrictEqual(yield* kinds, ["Failed 003_broken"])
          })
      )
  )

  it.scopedLive("is tried again when its window has ended", () =>
    inProgram(
      { migrations: broken, options: { breaker: { first: Duration.millis(10), cap: Duration.millis(10) } } },
      () =>
        Effect.gen(function* () {
          yield* failsWith("MigrationFailed", ask("SELECT id FROM audit"))
          yield* Effect.sleep("30 millis")
          yield* failsWith("MigrationFailed", ask("SELECT id FROM audit"))
          assert.deepStrictEqual(yield* kinds, ["Failed 003_broken", "Failed 003_broken"])
        })
    )
  )

  it.scopedLive("at COMMIT, by a deferred constraint, is a typed error as well", () =>
    inProgram(
      {
        migrations: {
          "001_deferred": `CREATE TABLE parent (id integer PRIMARY KEY);
            CREATE TABLE child (id integer REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED);
            INSERT INTO child VALUES (1);`
        }
      },
      () =>
        Effect.gen(function* () {
          const error = yield* failsWith("MigrationFailed", ask("SELECT id FROM child"))
          assert.strictEqual(error.sqlState, "23503")
          assert.deepStrictEqual(yield* appliedIds, [])
        })
    )
  )
})

describe("locks", () => {
  /** Holds a lock on a table until the scope ends. */
  const holding = (url: string, statement: string) =>
    Effect.gen(function* () {
      const held = yield* Deferred.make<void>()
      yield* Effect.flatMap(SqlClient.SqlClient, (sql) =>
        sql.withTransaction(
          Effect.zipRight(sql.unsafe(statement), Effect.zipRight(Deferred.succeed(held, undefined), Effect.never))
        )
      ).pipe(Effect.provide(Layer.fresh(App.client({ url }))), Effect.forkScoped)
      yield* Deferred.await(held)
    })

  const impatient = {
    deadline: Duration.seconds(2),
    lockTimeout: Duration.millis(100),
    lockRetry: Schedule.spaced("20 millis")
  }

  it.scopedLive("a table lock that is not granted in time: LockTimeout, and nothing is applied", () =>
    inProgram({ migrations: users, options: impatient }, (url) =>
      Effect.gen(function* () {
        yield* askWithin("SELECT name FROM users")
        yield* holding(url, "LOCK TABLE users IN ACCESS SHARE MODE")
        const error = yield* failsWith("LockTimeout", ask("SELECT email FROM users"))
        assert.strictEqual(error.waitingFor, "table-lock")
        assert.deepStrictEqual(yield* kinds, ["Applied 001_users"])
      })
    )
  )

  it.scopedLive("a table lock that is released in time: the transaction is tried again and the query succeeds", () =>
    inProgram({ migrations: users, options: { ...impatient, deadline: Duration.seconds(10) } }, (url) =>
      Effect.gen(function* () {
        yield* askWithin("SELECT name FROM users")
        const fiber = yield* Effect.scoped(
          Effect.gen(function* () {
            yield* holding(url, "LOCK TABLE users IN ACCESS SHARE MODE")
            const waiting = yield* Effect.forkDaemon(ask("SELECT email FROM users"))
            yield* Effect.sleep("300 millis")
            return waiting
          })
        )
        assert.deepStrictEqual(yield* Fiber.join(fiber), [{ email: null }])
      })
    )
  )

  it.scopedLive(
    "the migration lock held by another process: LockTimeout says so, and a waiter holds no transaction",
    () =>
      inProgram({ migrations: users, options: impatient }, (url) =>
        Effect.gen(function* () {
          yield* holding(
            url,
            "SELECT pg_advisory_xact_lock(hashtextextended('effect-auto-migration/auto_migration', 0))"
          )
          const error = yield* failsWith("LockTimeout", ask("SELECT name FROM users"))
          assert.strictEqual(error.waitingFor, "migration-lock")
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
      assert.match(error.remedy, new RegExp(`GRANT CREATE ON DATABASE .* TO "${name}"`))
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
      assert.deepStrictEqual(rows, [{ name: "Ada" }])
    })
  )

  it.scopedLive("a server that refuses to write: ReadOnlyServer", () =>
    inProgram(
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
    inProgram({ migrations: concurrent }, (url) =>
      Effect.gen(function* () {
        yield* askWithin("SELECT name FROM users WHERE id = 1")
        yield* failsWith("MigrationRefused", ask("SELECT age FROM users"))
        yield* AutoMigration.migrate
        const log = yield* kinds
        assert.deepStrictEqual(log.slice(log.indexOf("Started 003_index"), log.indexOf("Started 003_index") + 2), [
          "Started 003_index",
          "Applied 003_index"
        ])
        const valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'users_name'::regclass"
        assert.deepStrictEqual(yield* Database.query(url, valid), [{ indisvalid: true }])
      })
    )
  )
})

describe("a new enum value that the next migration uses", () => {
  for (const transaction of ["migration", "plan"] as const) {
    it.scopedLive(`is committed before its use, with transactions per ${transaction}`, () =>
      inProgram(
        {
          migrations: {
            "001_mood": "CREATE TYPE mood AS ENUM ('happy');",
            "002_people": "CREATE TABLE people (name text, mood mood);",
            "003_sad": "ALTER TYPE mood ADD VALUE 'sad';",
            "004_use": "INSERT INTO people VALUES ('Eeyore', 'sad'); ALTER TABLE people ADD COLUMN age integer;"
          },
          options: { transaction }
        },
        () =>
          Effect.gen(function* () {
            yield* AutoMigration.migrate
            assert.deepStrictEqual(yield* ask("SELECT name, mood, age FROM people"), [
              { name: "Eeyore", mood: "sad", age: null }
            ])
          })
      )
    )
  }
})

describe("transaction per plan", () => {
  it.scopedLive("applies all steps or none", () =>
    inProgram(
      {
        migrations: { ...users, "003_broken": "ALTER TABLE users ADD COLUMN n integer; SELECT 1/0;" },
        options: { transaction: "plan" }
      },
      (url) =>
        Effect.gen(function* () {
          yield* failsWith("MigrationFailed", AutoMigration.migrate)
          assert.deepStrictEqual(yield* Database.query(url, "SELECT to_regclass('users') AS found"), [{ found: null }])
          assert.deepStrictEqual(yield* appliedIds, [])
        })
    )
  )
})

describe("the ledger", () => {
  it.scopedLive("knows ids that the code does not: allowed, and reported", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      yield* AutoMigration.migrate.pipe(Effect.provide(App.layer({ url, migrations: users })))
      const older = { "001_users": users["001_users"] }
      yield* Effect.gen(function* () {
        assert.deepStrictEqual(yield* AutoMigration.status, {
          applied: (yield* AutoMigration.status).applied,
          pending: [],
          unknown: (yield* AutoMigration.status).unknown,
          edited: []
        })
        assert.deepStrictEqual<ReadonlyArray<string>>((yield* AutoMigration.status).unknown, ["002_users_email"])
        assert.isTrue(yield* AutoMigration.isApplied("002_users_email"))
        yield* failsWith("UnknownMigration", AutoMigration.isApplied("nonsense"))
      }).pipe(Effect.provide(App.layer({ url, migrations: older })))
    })
  )

  it.scopedLive("tampered with: verify names the first broken event", () =>
    inProgram({ migrations: users }, (url) =>
      Effect.gen(function* () {
        yield* AutoMigration.migrate
        assert.isTrue(Either.isRight(yield* AutoMigration.verify))
        yield* Database.query(
          url,
          "ALTER TABLE auto_migration.event DISABLE TRIGGER append_only",
          `UPDATE auto_migration.event SET detail = '{"gap": "nothing"}' WHERE sequence = 3`,
          "ALTER TABLE auto_migration.event ENABLE TRIGGER append_only"
        )
        assert.deepStrictEqual(yield* AutoMigration.verify, Either.left({ sequence: 3, reason: "hash" }))
      })
    )
  )

  it.scopedLive("lives in the schema that the configuration names", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const { AutoMigrationConfig } = yield* Effect.promise(() => import("effect-auto-migration"))
      const schema = AutoMigrationConfig.SchemaName.make("order")
      yield* ask("SELECT name FROM users").pipe(
        Effect.provide(App.layer({ url, migrations: users, options: { schema } }))
      )
      const found = "SELECT nspname FROM pg_namespace WHERE nspname IN ('order', 'auto_migration')"
      assert.deepStrictEqual(yield* Database.query(url, found), [{ nspname: "order" }])
    })
  )

  it.scopedLive("is brought by the library's own engine, and its own migrations are its first events", () =>
    inProgram({ migrations: users }, () =>
      Effect.gen(function* () {
        yield* askWithin("SELECT name FROM users")
        const events = Chunk.toReadonlyArray(yield* Stream.runCollect(AutoMigration.events))
        assert.deepStrictEqual(
          events.map((event) => event.migrationId as string),
          ["effect-auto-migration/001_zero_trust_schema", "effect-auto-migration/002_add_bitmap_sequences", "001_users"]
        )
      })
    )
  )
})
