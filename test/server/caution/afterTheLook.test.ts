/**
 * Harm that a file does by code that was made by hand, in the places where a look at the end of the migration could miss
 * it: beside the ledger, in a namesake of a table, at the commit, and in SQL that the server reads in another way.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { AutoMigrationConfig } from "effect-auto-migration"
import * as WhatWasThere from "../../support/caution/WhatWasThere.js"
import * as App from "../../support/program/App.js"
import { ask, failsWith } from "../../support/program/Situation.js"
import { placeAt } from "../../support/server/ClearedDatabase.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"

interface Case {
  readonly before: ReadonlyArray<string>
  readonly file: string
  readonly options?: Partial<AutoMigrationConfig.Options>
  /** A query whose answer the harm changes, where that is no loss of rows. */
  readonly sign?: string
}

const inSchema = (name: string) => ({ schema: Schema.decodeSync(AutoMigrationConfig.SchemaName)(name) })

/** A trigger of a table, for each row or statement. */
const trigger = (table: string, body: string, when = "AFTER INSERT OR UPDATE ON", each = "EACH ROW") => [
  `CREATE FUNCTION f_${table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body}; RETURN NULL; END $$`,
  `CREATE ${when.includes("DEFERRED") ? "CONSTRAINT TRIGGER" : "TRIGGER"} t_${table} ${when.replace(/ON\b/, `ON ${table}`)} FOR ${each} EXECUTE FUNCTION f_${table}()`
]

const deferred = "AFTER INSERT ON DEFERRABLE INITIALLY DEFERRED"

const users = [
  "CREATE TABLE users (id integer PRIMARY KEY, name text)",
  "INSERT INTO users VALUES (1, 'Ada'), (2, 'Grace')"
]

const price = ["CREATE TABLE price (id integer, amount numeric)", "INSERT INTO price VALUES (1, 1.23456)"]

const narrower =
  "CREATE TABLE IF NOT EXISTS price (id integer, amount numeric(5, 2));\nALTER TABLE price ALTER COLUMN amount TYPE numeric(6, 2);"

const namesake = (body: string, when: string, each: string) => [
  "CREATE SCHEMA archive",
  "CREATE TABLE stage (id integer)",
  "CREATE TABLE archive.stage (id integer)",
  "INSERT INTO archive.stage VALUES (1)",
  ...trigger("stage", body, when, each)
]

const made = "CREATE TABLE IF NOT EXISTS stage (id integer);"

const granted = "SELECT relacl::text FROM pg_class WHERE relname = 'users'"

const typesIn = (table: string): string =>
  `SELECT array_agg(atttypid::regtype ORDER BY attnum)::text AS types FROM pg_attribute WHERE attrelid = '${table}'::regclass AND attnum > 0`

const cases: Readonly<Record<string, Case>> = {
  "narrows a table that stands beside the ledger": { before: price, file: narrower, options: inSchema("public") },
  "deletes rows of a table that stands beside the ledger": {
    before: [...users, "CREATE TABLE log (id integer)", ...trigger("log", "DELETE FROM users")],
    file: "CREATE TABLE IF NOT EXISTS log (id integer);\nINSERT INTO log VALUES (1);",
    options: inSchema("public")
  },
  "changes a row of the table's namesake in another schema": {
    before: [
      "CREATE SCHEMA audit",
      "CREATE TABLE tokens (id integer PRIMARY KEY, v text)",
      "CREATE TABLE audit.tokens (id integer, current boolean)",
      "INSERT INTO audit.tokens VALUES (1, true)",
      ...trigger("tokens", "UPDATE audit.tokens SET current = false WHERE id = NEW.id")
    ],
    file:
      "CREATE TABLE IF NOT EXISTS tokens (id integer PRIMARY KEY, v text);\n" +
      "INSERT INTO tokens VALUES (1, 'new') ON CONFLICT (id) DO UPDATE SET v = excluded.v;"
  },
  "deletes rows of the table's namesake": {
    before: namesake("DELETE FROM archive.stage", "AFTER DELETE ON", "EACH STATEMENT"),
    file: `${made}\nDELETE FROM stage;`
  },
  "empties the table's namesake": {
    before: namesake("TRUNCATE archive.stage", "AFTER TRUNCATE ON", "EACH STATEMENT"),
    file: `${made}\nTRUNCATE stage;`
  },
  "runs a deferred trigger at the end of a plan in one transaction": {
    before: [...users, "CREATE TABLE log (id integer)", ...trigger("log", "DELETE FROM users", deferred)],
    file: "CREATE TABLE IF NOT EXISTS log (id integer);\nINSERT INTO log VALUES (1);",
    options: { transaction: "plan" }
  },
  "runs a deferred trigger that a deferred trigger defers again": {
    before: [
      ...users,
      "CREATE TABLE a (id integer)",
      "CREATE TABLE b (id integer)",
      ...trigger("b", "DELETE FROM users", deferred),
      ...trigger("a", "SET CONSTRAINTS ALL DEFERRED; INSERT INTO b VALUES (1)", deferred)
    ],
    file: "CREATE TABLE IF NOT EXISTS a (id integer);\nINSERT INTO a VALUES (1);"
  },
  "changes the type of a column that is older than the file, and another than it says": {
    before: ["CREATE TABLE log (id integer, at timestamptz)", "INSERT INTO log VALUES (1, now())"],
    file: "CREATE TABLE IF NOT EXISTS log (id integer, at timestamp);\nALTER TABLE log ALTER COLUMN at TYPE timestamp;",
    sign: typesIn("log")
  },
  "takes a column its domain": {
    before: ["CREATE DOMAIN mail AS text CHECK (VALUE ~ '@')", "CREATE TABLE people (id integer, email mail)"],
    file:
      "CREATE TABLE IF NOT EXISTS people (id integer, email varchar(50));\n" +
      "ALTER TABLE people ALTER COLUMN email TYPE text;",
    sign: typesIn("people")
  },
  "hides a statement in a literal, by the meaning of a backslash": {
    before: users,
    sign: granted,
    file: "SET LOCAL standard_conforming_strings = off;\nSELECT 'x\\', '; GRANT ALL ON users TO PUBLIC; --';"
  },
  "hides a statement in a literal, by a setting of a function": {
    before: users,
    sign: granted,
    file: "SELECT set_config('standard_conforming_strings', 'off', true);\nSELECT 'x\\', '; GRANT ALL ON users TO PUBLIC; --';"
  },
  "hides a statement in a literal, by an encoding": {
    before: users,
    sign: granted,
    file: "SET LOCAL client_encoding = 'SJIS';\nSELECT E'ッ\\'', E'; GRANT ALL ON users TO PUBLIC; --';"
  }
}

describe("harm that the SQL of a file does not show", () => {
  for (const [name, { before, file, options = {}, sign = "SELECT" }] of Object.entries(cases)) {
    it.scopedLive(`is refused or rolled back where it ${name}`, () =>
      Effect.gen(function* () {
        const { query, url } = yield* Effect.flatMap(Server.freshDatabase, placeAt)
        for (const statement of before) yield* query(statement)
        const [then, signThen] = [yield* WhatWasThere.look(query), yield* query(sign)]
        const migrations = { "001_file": `${file}\nCREATE TABLE other (id integer);` }
        const program = Layer.fresh(App.layer({ url, migrations, options }))
        const exit = yield* Effect.exit(
          Effect.provide(failsWith("MigrationRefused", ask("SELECT id FROM other")), program)
        )
        deepStrictEqual([yield* WhatWasThere.losses(query, then), yield* query(sign)], [[], signThen])
        assert.isTrue(Exit.isSuccess(exit), String(exit))
        yield* Database.query(url, "BEGIN", ...file.split("\n"), "COMMIT")
        assert.notDeepEqual([yield* WhatWasThere.losses(query, then), yield* query(sign)], [[], signThen])
      })
    )
  }

  it.scopedLive("is not suspected where a column of an old table gets a type that keeps its values", () =>
    Effect.gen(function* () {
      const { query, url } = yield* Effect.flatMap(Server.freshDatabase, placeAt)
      const table = "t (a varchar(10), b varchar(10), c cidr, d numeric(5, 2))"
      yield* query(`CREATE TABLE ${table}`)
      yield* query("INSERT INTO t VALUES ('a', 'b', '10.0.0.0/8', 1)")
      const file =
        `CREATE TABLE IF NOT EXISTS ${table};\nALTER TABLE t ALTER a TYPE varchar(20), ALTER b TYPE text,` +
        " ALTER c TYPE inet, ALTER d TYPE numeric(9, 2);\nCREATE TABLE other (id integer);"
      const program = Layer.fresh(App.layer({ url, migrations: { "001_file": file } }))
      deepStrictEqual(yield* Effect.provide(ask("SELECT id FROM other"), program), [])
    })
  )

  it.scopedLive("is not suspected where a file sets the encoding and the strings as a dump does", () =>
    Effect.gen(function* () {
      const { url } = yield* Effect.flatMap(Server.freshDatabase, placeAt)
      const file =
        "SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\nCREATE TABLE other (id integer);"
      const program = Layer.fresh(App.layer({ url, migrations: { "001_file": file } }))
      deepStrictEqual(yield* Effect.provide(ask("SELECT id FROM other"), program), [])
    })
  )
})
