/**
 * Privileges: the application's role uses the objects, the migrations' role owns them, and an error names the missing grants. Each test
 * runs the statements that the error names and tries again.
 */
import * as SqlClient from "@effect/sql/SqlClient"
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import { AutoMigration, AutoMigrationConfig, CheckedClient, Policy, withAutoMigration } from "effect-auto-migration"
import * as App from "../../support/program/App.js"
import { ask, askWithin, failsWith, kinds, users } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import { role } from "../../support/server/Role.js"
import * as Server from "../../support/server/Server.js"

/** A failed migration may run again at once. */
const eager = { policy: Policy.always, breaker: { first: Duration.zero, cap: Duration.zero } }

/** A database, an application's role without any right, and a program in which a superuser migrates. */
const applicationOf = (migrations: App.Program["migrations"], options: App.Program["options"] = eager) =>
  Effect.gen(function* () {
    const url = yield* Server.freshDatabase
    const app = yield* role(url, "app")
    return { url, app, live: App.layerWithMigrator({ url: app.url, migratorUrl: url, migrations, options }) }
  })

describe("an application's role without a right to change the schema", () => {
  it.scopedLive("is healed by a role that owns the schema, is no superuser, and grants by default", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const app = yield* role(url, "app")
      const migrator = yield* role(url, "migrator")
      yield* Database.query(
        url,
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        `CREATE SCHEMA shop AUTHORIZATION ${migrator.name}`,
        `CREATE SCHEMA auto_migration AUTHORIZATION ${migrator.name}`,
        `GRANT USAGE ON SCHEMA shop TO ${app.name}`,
        `ALTER DEFAULT PRIVILEGES FOR ROLE ${migrator.name} IN SCHEMA shop GRANT SELECT ON TABLES TO ${app.name}`,
        `ALTER ROLE ${app.name} SET search_path = shop`,
        `ALTER ROLE ${migrator.name} SET search_path = shop`
      )
      yield* Effect.gen(function* () {
        deepStrictEqual(yield* ask("SELECT name, email FROM users"), [{ name: "Ada", email: null }])
        deepStrictEqual(yield* kinds, ["Applied 001_users", "Applied 002_users_email"])
        const sql = yield* SqlClient.SqlClient
        for (const attempt of ["CREATE TABLE shop.mine (id integer)", "ALTER TABLE users ADD COLUMN mine text"]) {
          assert.strictEqual(Reflect.get(Object((yield* Effect.flip(sql.unsafe(attempt))).cause), "code"), "42501")
        }
      }).pipe(Effect.provide(App.layerWithMigrator({ url: app.url, migratorUrl: migrator.url, migrations: users })))
      deepStrictEqual(
        yield* Database.query(
          url,
          `SELECT rolsuper, rolcreatedb, rolcreaterole, (SELECT tableowner = '${migrator.name}' FROM pg_tables
            WHERE tablename = 'users') AS owns FROM pg_roles WHERE rolname = '${migrator.name}'`
        ),
        [{ rolsuper: false, rolcreatedb: false, rolcreaterole: false, owns: true }]
      )
    })
  )
})

interface Denied {
  readonly migrations: Readonly<Record<string, string>>
  readonly query: string
  readonly before?: ReadonlyArray<string>
  /** In the texts, `app` stands for the role. */
  readonly grants: ReadonlyArray<string>
  readonly defaults?: number
}

const items = "CREATE TABLE items (id serial PRIMARY KEY, name text UNIQUE, secret text);"

const denied: Readonly<Record<string, Denied>> = {
  "SELECT on a table": {
    migrations: { "001": items },
    query: "SELECT name FROM items",
    grants: ["GRANT SELECT ON TABLE public.items TO app"]
  },
  "SELECT on a new column, where the others are granted one by one": {
    before: ["CREATE TABLE items (id integer, name text)", "GRANT SELECT (id, name) ON items TO app"],
    migrations: { "001": "ALTER TABLE items ADD COLUMN price integer, ADD COLUMN cost integer;" },
    query: "SELECT i.id, i.price FROM items AS i WHERE cost > 1",
    grants: ["GRANT SELECT (price, cost) ON TABLE public.items TO app"],
    defaults: 0
  },
  "INSERT, and the sequence of a serial column": {
    migrations: { "001": items },
    query: "INSERT INTO items (name) VALUES ('tea')",
    grants: ["GRANT INSERT ON TABLE public.items TO app", "GRANT USAGE ON SEQUENCE public.items_id_seq TO app"],
    defaults: 2
  },
  "INSERT alone, where the key is given": {
    migrations: { "001": items },
    query: "INSERT INTO items (id, name) VALUES (1, 'tea')",
    grants: ["GRANT INSERT ON TABLE public.items TO app"]
  },
  "all that ON CONFLICT DO UPDATE and RETURNING need": {
    migrations: { "001": items },
    query:
      "INSERT INTO items (id, name) VALUES (1, 'tea') ON CONFLICT (name) DO UPDATE SET secret = excluded.name RETURNING id",
    grants: [
      "GRANT INSERT ON TABLE public.items TO app",
      "GRANT SELECT ON TABLE public.items TO app",
      "GRANT UPDATE ON TABLE public.items TO app"
    ],
    defaults: 3
  },
  "UPDATE, and SELECT for what its condition reads": {
    migrations: { "001": items },
    query: "UPDATE items SET name = 'x' WHERE id = 1",
    grants: ["GRANT SELECT ON TABLE public.items TO app", "GRANT UPDATE ON TABLE public.items TO app"],
    defaults: 2
  },
  "DELETE without a condition": {
    migrations: { "001": items },
    query: "DELETE FROM items",
    grants: ["GRANT DELETE ON TABLE public.items TO app"]
  },
  "rows changed in WITH": {
    migrations: { "001": items },
    query: "WITH gone AS (DELETE FROM items RETURNING id) SELECT count(*)::int FROM gone",
    grants: ["GRANT DELETE ON TABLE public.items TO app", "GRANT SELECT ON TABLE public.items TO app"],
    defaults: 2
  },
  "rows locked by a query": {
    migrations: { "001": items },
    query: "SELECT id FROM items FOR UPDATE",
    grants: ["GRANT SELECT ON TABLE public.items TO app", "GRANT UPDATE ON TABLE public.items TO app"],
    defaults: 2
  },
  "SELECT on a view, and not on what it is made of": {
    migrations: { "001": `${items} CREATE VIEW names AS SELECT name FROM items;` },
    query: "SELECT name FROM names",
    grants: ["GRANT SELECT ON TABLE public.names TO app"]
  },
  "USAGE of a sequence": {
    migrations: { "001": "CREATE SEQUENCE numbers;" },
    query: "SELECT nextval('numbers')::int AS n",
    grants: ["GRANT USAGE ON SEQUENCE public.numbers TO app"]
  },
  "USAGE of a schema that a migration made": {
    migrations: { "001": `CREATE SCHEMA shop; CREATE TABLE shop."Items" (id integer);` },
    query: `SELECT id FROM shop."Items"`,
    grants: ['GRANT SELECT ON TABLE shop."Items" TO app', "GRANT USAGE ON SCHEMA shop TO app"],
    defaults: 2
  },
  "USAGE of a schema of the search path, which hides what it holds": {
    before: ["CREATE SCHEMA shop", "ALTER ROLE app SET search_path = shop, public"],
    migrations: { "001": "CREATE TABLE shop.items (id integer);" },
    query: "SELECT id FROM items",
    grants: ["GRANT SELECT ON TABLE shop.items TO app", "GRANT USAGE ON SCHEMA shop TO app"],
    defaults: 2
  },
  "EXECUTE of a function": {
    before: ["ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC"],
    migrations: { "001": "CREATE FUNCTION twice(n integer) RETURNS integer LANGUAGE sql AS 'SELECT 2 * n';" },
    query: "SELECT twice(2)",
    grants: ["GRANT EXECUTE ON ROUTINE public.twice(n integer) TO app"]
  }
}

const named = (statements: ReadonlyArray<string>, app: string): ReadonlyArray<string> =>
  statements.map((statement) => statement.replaceAll(/\bapp\b/g, app))

describe("an object of a migration that the application's role may not use: GrantMissing, and its grants help", () => {
  for (const [what, { before = [], defaults = 1, grants, migrations, query }] of Object.entries(denied)) {
    it.scopedLive(what, () =>
      Effect.gen(function* () {
        const { app, live, url } = yield* applicationOf(migrations)
        yield* Database.query(url, "SELECT", ...named(before, app.name))
        yield* Effect.gen(function* () {
          const error = yield* failsWith("GrantMissing", ask(query))
          assert.strictEqual(error.role, app.name)
          deepStrictEqual([...error.grants].toSorted(), named(grants, app.name).toSorted())
          assert.strictEqual(error.defaults.length, defaults)
          assert.strictEqual(Reflect.get(Object(error.cause), "_tag"), "SqlError")
          yield* Database.query(url, ...error.defaults, ...error.grants)
          yield* ask(query)
        }).pipe(Effect.provide(live))
      })
    )
  }

  it.scopedLive("one of the grants is not enough, and all are needed", () =>
    Effect.gen(function* () {
      const { live, url } = yield* applicationOf({ "001": items })
      yield* Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const insert = "INSERT INTO items (name) VALUES ('tea')"
        const { grants } = yield* failsWith("GrantMissing", ask(insert))
        for (const grant of grants) {
          assert.strictEqual((yield* Effect.flip(sql.unsafe(insert)))._tag, "SqlError")
          yield* Database.query(url, grant)
        }
        yield* sql.unsafe(insert)
      }).pipe(Effect.provide(live))
    })
  )

  const others = { "001": items, "002": "CREATE TABLE others (id integer); CREATE TABLE permission (id integer);" }

  it.scopedLive("where the boundary is around a program: only the privileges that its failed statement needs", () =>
    Effect.gen(function* () {
      const { app, live, url } = yield* applicationOf(others)
      const program = Effect.gen(function* () {
        const sql = CheckedClient.make(yield* PgClient.PgClient)
        yield* sql`SELECT 1`
        return yield* sql.withTransaction(
          Effect.zipRight(sql`UPDATE items SET name = 'tea' WHERE id = 1`, sql`SELECT name FROM items`)
        )
      })
      yield* Effect.gen(function* () {
        yield* AutoMigration.migrateTo(["002"])
        const error = yield* failsWith("GrantMissing", withAutoMigration(program))
        deepStrictEqual(
          [...error.grants].toSorted(),
          ["SELECT", "UPDATE"].map((right) => `GRANT ${right} ON TABLE public.items TO ${app.name}`)
        )
        yield* Database.query(url, ...error.grants)
        deepStrictEqual(yield* withAutoMigration(program), [])
      }).pipe(Effect.provide(live))
    })
  )

  it.scopedLive("where the statements are not known: all privileges on the objects that the message names", () =>
    Effect.gen(function* () {
      const { app, live } = yield* applicationOf(others)
      const unseen = Effect.scoped(
        Effect.flatMap(SqlClient.SqlClient, (sql) =>
          Effect.flatMap(sql.reserve, (connection) => connection.execute("SELECT name FROM items", [], undefined))
        )
      )
      const migrated = AutoMigration.migrateTo(["002"])
      const { grants } = yield* Effect.zipRight(migrated, failsWith("GrantMissing", withAutoMigration(unseen))).pipe(
        Effect.provide(live)
      )
      deepStrictEqual([...grants].toSorted(), [
        ...["DELETE", "INSERT", "SELECT", "UPDATE"].map(
          (right) => `GRANT ${right} ON TABLE public.items TO ${app.name}`
        ),
        `GRANT USAGE ON SEQUENCE public.items_id_seq TO ${app.name}`
      ])
    })
  )

  it.scopedLive("where another process has applied the migration", () =>
    Effect.gen(function* () {
      const { live, url } = yield* applicationOf({ "001": items })
      yield* Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* AutoMigration.status
        const failed = yield* Effect.flip(sql`SELECT name FROM items`)
        yield* AutoMigration.migrate.pipe(Effect.provide(App.layer({ url, migrations: { "001": items } })))
        const remaining = [Effect.fail(failed)]
        const late = Effect.suspend(() => remaining.pop() ?? sql`SELECT name FROM items`)
        yield* failsWith("GrantMissing", withAutoMigration(late))
        deepStrictEqual(yield* kinds, ["Applied 001"])
      }).pipe(Effect.provide(live))
    })
  )

  it.scopedLive("a denial without a closed gap, or of an object that no migration made, keeps its error", () =>
    Effect.gen(function* () {
      const { app, live, url } = yield* applicationOf({ "001": items })
      yield* Database.query(
        url,
        "CREATE TABLE foreigners (id integer)",
        `ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO ${app.name}`
      )
      const isUntouched = (query: ReturnType<typeof ask>) =>
        Effect.map(Effect.flip(query), (error) => {
          assert.strictEqual(error._tag, "SqlError")
          assert.strictEqual(Reflect.get(Object(error.cause), "code"), "42501")
        })
      yield* Effect.gen(function* () {
        yield* isUntouched(ask("SELECT id FROM foreigners"))
        yield* isUntouched(ask("SELECT i.id FROM items AS i, foreigners AS f"))
        yield* isUntouched(askWithin("SELECT i.id FROM items AS i, foreigners AS f"))
        yield* isUntouched(ask("DELETE FROM items"))
        deepStrictEqual(yield* kinds, ["Applied 001"])
      }).pipe(Effect.provide(live))
    })
  )
})

interface Forbidden {
  readonly before?: ReadonlyArray<string>
  readonly migration: string
  /** In the texts, `app` stands for the role and `db` for the database. */
  readonly remedy: ReadonlyArray<string>
}

const others = ["CREATE TABLE others (id integer PRIMARY KEY, note text)"]

const forbidden: Readonly<Record<string, Forbidden>> = {
  "CREATE on the database": {
    migration: "CREATE SCHEMA shop; CREATE TABLE shop.t (id integer);",
    remedy: ["GRANT CREATE ON DATABASE db TO app"]
  },
  "CREATE on the schema that new objects go to": {
    migration: "CREATE TABLE t (id integer);",
    remedy: ["GRANT CREATE ON SCHEMA public TO app"]
  },
  "CREATE and USAGE on a schema that the migration names": {
    before: ["CREATE SCHEMA shop"],
    migration: "CREATE VIEW shop.v AS SELECT 1 AS one;",
    remedy: ["GRANT CREATE ON SCHEMA shop TO app", "GRANT USAGE ON SCHEMA shop TO app"]
  },
  "CREATE on a schema, in a block": {
    before: ["CREATE SCHEMA shop"],
    migration: "DO $$ BEGIN IF true THEN CREATE TABLE shop.t (id integer); END IF; END $$;",
    remedy: ["GRANT CREATE ON SCHEMA shop TO app", "GRANT USAGE ON SCHEMA shop TO app"]
  },
  "the ownership of a table that is altered": {
    before: others,
    migration: "ALTER TABLE others ADD COLUMN price integer;",
    remedy: ["ALTER TABLE public.others OWNER TO app"]
  },
  "the ownership of a table that is indexed": {
    before: ["GRANT CREATE ON SCHEMA public TO app", ...others],
    migration: "CREATE INDEX others_note ON others (note);",
    remedy: ["ALTER TABLE public.others OWNER TO app"]
  },
  "the ownership of a view that is replaced": {
    before: ["GRANT CREATE ON SCHEMA public TO app", "CREATE VIEW v AS SELECT 1 AS one"],
    migration: "CREATE OR REPLACE VIEW v AS SELECT 2 AS one;",
    remedy: ["ALTER VIEW public.v OWNER TO app"]
  },
  "the ownership of what is dropped": {
    before: ["CREATE SEQUENCE numbers"],
    migration: "DROP SEQUENCE numbers;",
    remedy: ["ALTER SEQUENCE public.numbers OWNER TO app"]
  },
  "the ownership of what a comment is about": {
    before: others,
    migration: "COMMENT ON COLUMN public.others.note IS 'x';",
    remedy: ["ALTER TABLE public.others OWNER TO app"]
  },
  "the ownership of an enum that gets a value": {
    before: ["CREATE TYPE mood AS ENUM ('good')"],
    migration: "ALTER TYPE mood ADD VALUE 'bad';",
    remedy: ["ALTER TYPE public.mood OWNER TO app"]
  },
  "the ownership of a function that is replaced": {
    before: [
      "GRANT CREATE ON SCHEMA public TO app",
      "CREATE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 0'"
    ],
    migration: "CREATE OR REPLACE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 1';",
    remedy: ["ALTER ROUTINE public.one() OWNER TO app"]
  },
  "REFERENCES on the table of a foreign key": {
    before: ["GRANT CREATE ON SCHEMA public TO app", ...others],
    migration: "CREATE TABLE t (other integer REFERENCES others);",
    remedy: ["GRANT REFERENCES ON TABLE public.others TO app"]
  },
  "REFERENCES on a column, where others are granted": {
    before: ["GRANT CREATE ON SCHEMA public TO app", ...others, "GRANT REFERENCES (note) ON others TO app"],
    migration: "CREATE TABLE t (other integer REFERENCES others (id));",
    remedy: ["GRANT REFERENCES (id) ON TABLE public.others TO app"]
  },
  "USAGE of a type": {
    before: [
      "GRANT CREATE ON SCHEMA public TO app",
      "CREATE TYPE mood AS ENUM ('good')",
      "REVOKE USAGE ON TYPE mood FROM PUBLIC"
    ],
    migration: "CREATE TABLE t (mood mood);",
    remedy: ["GRANT USAGE ON TYPE public.mood TO app"]
  },
  "USAGE of a language": {
    before: ["GRANT CREATE ON SCHEMA public TO app", "REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC"],
    migration: "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS 'BEGIN END';",
    remedy: ["GRANT USAGE ON LANGUAGE plpgsql TO app"]
  },
  "TRIGGER on a table, and EXECUTE of its function": {
    before: [
      ...others,
      "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
      "REVOKE EXECUTE ON FUNCTION touch() FROM PUBLIC"
    ],
    migration: "CREATE TRIGGER touch BEFORE INSERT ON others FOR EACH ROW EXECUTE FUNCTION touch();",
    remedy: ["GRANT TRIGGER ON TABLE public.others TO app", "GRANT EXECUTE ON ROUTINE public.touch() TO app"]
  },
  "EXECUTE of a function that a migration calls": {
    before: [
      "CREATE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
      "REVOKE EXECUTE ON FUNCTION one() FROM PUBLIC"
    ],
    migration: "SELECT one();",
    remedy: ["GRANT EXECUTE ON ROUTINE public.one() TO app"]
  },
  "SELECT and INSERT of rows that a migration copies": {
    before: [...others, "CREATE TABLE copies (id integer)"],
    migration: "INSERT INTO copies (id) SELECT id FROM others;",
    remedy: ["GRANT INSERT ON TABLE public.copies TO app", "GRANT SELECT ON TABLE public.others TO app"]
  },
  TRUNCATE: {
    before: others,
    migration: "TRUNCATE others;",
    remedy: ["GRANT TRUNCATE ON TABLE public.others TO app"]
  },
  "CREATE on the database for a trusted extension": {
    before: ["GRANT CREATE ON SCHEMA public TO app"],
    migration: "CREATE EXTENSION citext;",
    remedy: ["GRANT CREATE ON DATABASE db TO app"]
  },
  "the attribute CREATEROLE": {
    migration: "CREATE ROLE app_reader; DROP ROLE app_reader;",
    remedy: ["ALTER ROLE app CREATEROLE"]
  }
}

/** A role that has built the ledger and has no other privilege. */
const migratorOf = (before: ReadonlyArray<string>, migrations: App.Program["migrations"], options = {}) =>
  Effect.gen(function* () {
    const url = yield* Server.freshDatabase
    const app = yield* role(url, "app")
    const words = (statements: ReadonlyArray<string>) =>
      named(statements, app.name).map((_) => _.replaceAll(/\bdb\b/g, new URL(url).pathname.slice(1)))
    yield* Database.query(
      url,
      `CREATE SCHEMA auto_migration AUTHORIZATION ${app.name}`,
      "REVOKE CREATE ON SCHEMA public FROM PUBLIC"
    )
    yield* AutoMigration.migrate.pipe(Effect.provide(App.layer({ url: app.url, migrations: { "000": "SELECT 1;" } })))
    yield* Database.query(url, "SELECT", ...words(before))
    const mine = Object.fromEntries(Object.entries(migrations).map(([id, text]) => [id, words([text]).join()]))
    const ledgerOwner = AutoMigrationConfig.RoleName.make(app.name)
    const live = (as: string) =>
      App.layer({ url: as, migrations: mine, options: { ...eager, ledgerOwner, ...options } })
    return { app, live, url, words }
  })

describe("a migration whose role lacks a right: InsufficientPrivilege, and its remedy helps", () => {
  for (const [what, { before = [], migration, remedy }] of Object.entries(forbidden)) {
    it.scopedLive(what, () =>
      Effect.gen(function* () {
        const { app, live, url, words } = yield* migratorOf(before, { "001": migration })
        yield* Effect.gen(function* () {
          const error = yield* failsWith("InsufficientPrivilege", AutoMigration.migrate)
          assert.strictEqual(error.role, app.name)
          deepStrictEqual(error.remedy.split("; ").toSorted(), [...words(remedy)].toSorted())
          yield* Database.query(url, error.remedy)
          deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.migrate, ["001"])
        }).pipe(Effect.provide(live(app.url)))
      })
    )
  }

  for (const [what, migration] of [
    ["an extension that is not trusted", "CREATE EXTENSION pageinspect;"],
    ["an event trigger", "CREATE EVENT TRIGGER none ON sql_drop EXECUTE FUNCTION watch(); DROP EVENT TRIGGER none;"]
  ] as const) {
    it.scopedLive(`${what} needs a superuser: the error names no grant`, () =>
      Effect.gen(function* () {
        const watch = "CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'"
        const { app, live, url } = yield* migratorOf([watch], { "001": migration })
        yield* Effect.gen(function* () {
          const error = yield* failsWith("InsufficientPrivilege", AutoMigration.migrate)
          assert.match(error.remedy, /superuser, since no GRANT allows it$/)
          yield* AutoMigration.migrateTo(["001"]).pipe(Effect.provide(Layer.fresh(live(url))))
          deepStrictEqual(yield* AutoMigration.migrate, [])
        }).pipe(Effect.provide(live(app.url)))
      })
    )
  }

  it.scopedLive("on the request path; after the GRANT the query heals once the migration's window has ended", () =>
    Effect.gen(function* () {
      const breaker = { first: Duration.millis(300), cap: Duration.millis(300) }
      const { app, live, url } = yield* migratorOf([], { "001": "CREATE TABLE t (id integer);" }, { breaker })
      yield* Effect.gen(function* () {
        const { remedy } = yield* failsWith("InsufficientPrivilege", ask("SELECT id FROM t"))
        yield* Database.query(url, remedy)
        const rows = yield* Effect.retry(ask("SELECT id FROM t"), {
          schedule: Schedule.spaced("100 millis"),
          times: 600
        })
        deepStrictEqual(rows, [])
        deepStrictEqual(yield* kinds, ["Applied 000", "Failed 001", "Applied 001"])
      }).pipe(Effect.provide(live(app.url)))
    })
  )
})
