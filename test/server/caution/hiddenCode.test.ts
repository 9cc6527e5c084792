/**
 * Code that was made by hand and that reading does not follow: an operator of the database runs it. What it does to the tables, the
 * enums and the large objects that were there is told by the look at the end of the migration, which rolls it back. The look compares
 * with the beginning of the transaction, by a cursor and by counts of rows.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as ThereBefore from "../../support/caution/ThereBefore.js"
import * as WhatWasThere from "../../support/caution/WhatWasThere.js"
import * as App from "../../support/program/App.js"
import { ask, failsWith } from "../../support/program/Situation.js"
import { placeAt } from "../../support/server/ClearedDatabase.js"
import * as LedgerTemplate from "../../support/server/LedgerTemplate.js"

interface Hidden {
  /** What the operator `###` does. */
  readonly code: string
  /** A clause of its function. */
  readonly clause?: string
  readonly before?: ReadonlyArray<string>
  readonly file?: string
}

const beside = (statement: string): string => `${statement};\nSELECT ### 1;`

const newColumn = beside("ALTER TABLE users ADD COLUMN email text")
const newRow = beside("INSERT INTO users VALUES (3, 'Edsger')")
const rewritten = beside("ALTER TABLE drafts ALTER COLUMN id TYPE bigint")
const ofDatabase = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET track_counts = off', current_database()); END $$"

const uncounted = { code: "DELETE FROM users WHERE id < 3", clause: "SET track_counts = off" }
const uncountedMeanwhile = {
  code: "PERFORM set_config('track_counts', 'off', true); DELETE FROM users WHERE id < 3; PERFORM set_config('track_counts', 'on', true)"
}
const relabels = { code: "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'" }

const refused: Readonly<Record<string, Hidden>> = {
  "deletes rows": { code: "DELETE FROM users" },
  "deletes rows beside a new column": { code: "DELETE FROM users", file: newColumn },
  "deletes rows of a partition": { code: "DELETE FROM events" },
  "deletes rows that a function's setting keeps out of the counts": uncounted,
  "deletes rows that a function's setting keeps out of the counts, beside a new column": {
    ...uncounted,
    file: newColumn
  },
  "deletes rows that a function's setting keeps out of the counts, beside a new row": { ...uncounted, file: newRow },
  "deletes rows that it does not count meanwhile": uncountedMeanwhile,
  "deletes rows that it does not count meanwhile, beside a new row": { ...uncountedMeanwhile, file: newRow },
  "deletes rows that the database does not count": { code: "DELETE FROM users", before: [ofDatabase] },
  "deletes rows that the database does not count, beside a new row": {
    code: "DELETE FROM users WHERE id < 3",
    before: [ofDatabase],
    file: newRow
  },
  "deletes rows that it does not count from then on, beside a new row": {
    code: "EXECUTE 'SET track_' || 'counts = off'; DELETE FROM users WHERE id < 3",
    file: newRow
  },
  "deletes rows beside a file that stops the counts": {
    code: "DELETE FROM users",
    file: beside("SELECT set_config('track_counts', 'off', true)")
  },
  "deletes rows beside a file that computes a setting": {
    code: "DELETE FROM users",
    file: `${beside("SELECT set_config('track_' || 'counts', 'off', true)")}\nSELECT set_config('track_' || 'counts', 'on', true);`
  },
  "renames a label": relabels,
  "renames a label beside a new one": { ...relabels, file: beside("ALTER TYPE mood ADD VALUE 'great'") },
  "renames a label in the server's own table": {
    code: "UPDATE pg_enum SET enumlabel = 'blue' WHERE enumlabel = 'sad'"
  },
  "renames a column beside a new one": { code: "ALTER TABLE users RENAME COLUMN name TO label", file: newColumn },
  "swaps the names of two columns beside a new one": {
    code: "ALTER TABLE app.users RENAME COLUMN name TO x; ALTER TABLE app.users RENAME COLUMN note TO name; ALTER TABLE app.users RENAME COLUMN x TO note",
    before: ["ALTER TABLE app.users ADD COLUMN note text"],
    file: beside("ALTER TABLE app.users ADD COLUMN email text")
  },
  "swaps two labels beside a new one": {
    code: "ALTER TYPE mood RENAME VALUE 'sad' TO 'x'; ALTER TYPE mood RENAME VALUE 'ok' TO 'sad'; ALTER TYPE mood RENAME VALUE 'x' TO 'ok'",
    file: beside("ALTER TYPE mood ADD VALUE 'great'")
  },
  "moves a table to another schema beside its new column": {
    code: "ALTER TABLE public.drafts SET SCHEMA app",
    file: beside("ALTER TABLE public.drafts ADD COLUMN email text")
  },
  "renames a column in the server's own table": {
    code: "UPDATE pg_attribute SET attname = 'label' WHERE attname = 'name' AND attrelid = 'users'::regclass"
  },
  "renames a table beside its new column": { code: "ALTER TABLE users RENAME TO people", file: newColumn },
  "renames a schema": { code: "ALTER SCHEMA app RENAME TO attic" },
  "drops a column of a table that the file rewrites": {
    code: "ALTER TABLE drafts DROP COLUMN name",
    file: rewritten
  },
  "renames a column of a table that the file rewrites": {
    code: "ALTER TABLE drafts RENAME COLUMN name TO label",
    file: rewritten
  }
}

const parts = ["users", "mood", "drafts", "events", "app"] as const

/** A database with an operator that no file tells. */
const setUp = ({ before = [], clause = "", code }: Hidden) =>
  Effect.gen(function* () {
    const place = yield* Effect.flatMap(LedgerTemplate.freshDatabase, placeAt)
    const operator = `CREATE FUNCTION eat(n integer) RETURNS integer LANGUAGE plpgsql ${clause} AS $$ BEGIN ${code}; RETURN n; END $$;
      CREATE OPERATOR ### (RIGHTARG = integer, FUNCTION = eat)`
    for (const text of [...ThereBefore.setup(parts), ...before, operator]) yield* place.query(text)
    return place
  })

const migrations = (file: string) => ({ "001_file": `${file}\nCREATE TABLE other (id integer);` })

const wanted = "SELECT id FROM other"

const program = (url: string, file: string) => Layer.fresh(App.layer({ url, migrations: migrations(file) }))

describe("code that was made by hand", () => {
  for (const [name, hidden] of Object.entries(refused)) {
    const { file = "SELECT ### 1;" } = hidden
    it.scopedLive(`is refused and rolled back where it ${name}`, () =>
      Effect.gen(function* () {
        const { query, queryAlone, url } = yield* setUp(hidden)
        const before = yield* WhatWasThere.look(query)
        const exit = yield* Effect.exit(Effect.provide(failsWith("MigrationRefused", ask(wanted)), program(url, file)))
        deepStrictEqual(yield* WhatWasThere.losses(query, before), [])
        assert.isTrue(Exit.isSuccess(exit), String(exit))
        yield* queryAlone(file)
        assert.isNotEmpty(yield* WhatWasThere.losses(query, before), "the file does no harm by hand either")
      })
    )
  }

  it.scopedLive("is refused and rolled back where it removes a large object", () =>
    Effect.gen(function* () {
      const { query, url } = yield* setUp({
        code: "PERFORM lo_unlink(4711)",
        before: ["SELECT lo_from_bytea(4711, 'x')"]
      })
      yield* Effect.provide(failsWith("MigrationRefused", ask(wanted)), program(url, "SELECT ### 1;"))
      deepStrictEqual(yield* query("SELECT lo_get(4711) = 'x' AS is_there"), [{ is_there: true }])
    })
  )

  for (const [name, code, file] of [
    [
      "makes a table and fills it",
      "CREATE TABLE made (id integer); INSERT INTO made VALUES (1); UPDATE made SET id = 2"
    ],
    ["adds a row to a table that was there", "INSERT INTO app.notes VALUES (2, 'new')"],
    ["makes an enum and a schema", "CREATE TYPE tone AS ENUM ('low'); CREATE SCHEMA attic"],
    ["adds a label", "ALTER TYPE mood ADD VALUE IF NOT EXISTS 'great'", beside("ALTER TYPE mood ADD VALUE 'fine'")],
    ["does no more", "NULL", beside("CREATE EXTENSION hstore;\nALTER TABLE users ALTER COLUMN name SET DEFAULT 'x'")]
  ] as const) {
    it.scopedLive(`runs where it ${name}`, () =>
      Effect.gen(function* () {
        const { query, url } = yield* setUp({ code })
        const before = yield* WhatWasThere.look(query)
        yield* Effect.provide(ask(wanted), program(url, file ?? "SELECT ### 1;"))
        deepStrictEqual(yield* WhatWasThere.losses(query, before), [])
      })
    )
  }
})

/** Two migrations that run the code. The second one needs the first one. */
const two = {
  "001_first": "CREATE TABLE first (id integer PRIMARY KEY);\nSELECT ### 1;",
  "002_other":
    "CREATE TABLE other (id integer REFERENCES first);\nALTER TABLE other ADD COLUMN n integer;\nSELECT ### 1;"
}

describe("the look at the end of a migration", () => {
  for (const [name, code] of [
    ["drops a table", "DROP TABLE IF EXISTS drafts"],
    ["renames the schema app", "ALTER SCHEMA app RENAME TO attic"]
  ] as const) {
    it.scopedLive(`is about the whole transaction where the code of its second migration ${name}`, () =>
      Effect.gen(function* () {
        const { query, url } = yield* setUp({
          code: `EXECUTE 'DECLARE c CURSOR FOR SELECT 1'; IF to_regclass('other') IS NOT NULL THEN ${code}; END IF`
        })
        const before = yield* WhatWasThere.look(query)
        const layer = App.layer({ url, migrations: two, options: { transaction: "plan" } })
        const error = yield* Effect.provide(failsWith("MigrationRefused", ask(wanted)), Layer.fresh(layer))
        assert.include(error.message, name)
        deepStrictEqual(yield* WhatWasThere.losses(query, before), [])
        deepStrictEqual(yield* query("SELECT to_regclass('first')::text AS first"), [{ first: null }])
      })
    )
  }

  it.scopedLive("fails where the code closes all cursors, also the one that knows what was there", () =>
    Effect.gen(function* () {
      const { query, url } = yield* setUp({ code: "DELETE FROM users; EXECUTE 'CLOSE ALL'" })
      const before = yield* WhatWasThere.look(query)
      const error = yield* Effect.provide(failsWith("MigrationFailed", ask(wanted)), program(url, "SELECT ### 1;"))
      deepStrictEqual(error.sqlState, "34000")
      deepStrictEqual(yield* WhatWasThere.losses(query, before), [])
    })
  )

  it.scopedLive("tells rows that the session wrote before from those of the migration", () =>
    Effect.gen(function* () {
      const { query, url } = yield* setUp({
        code: `IF NOT EXISTS (SELECT FROM app.notes WHERE id = 2) THEN INSERT INTO app.notes VALUES (2, 'new'); RETURN n; END IF;
          PERFORM set_config('track_' || 'counts', 'off', true); DELETE FROM app.notes WHERE id = 1;
          PERFORM set_config('track_' || 'counts', 'on', true)`
      })
      const layer = App.layer({ url, migrations: two })
      yield* Effect.provide(
        Effect.zipRight(ask("SELECT id FROM first"), failsWith("MigrationRefused", ask(wanted))),
        Layer.fresh(layer)
      )
      deepStrictEqual(yield* query("SELECT id FROM app.notes ORDER BY id"), [{ id: 1 }, { id: 2 }])
    })
  )

  it.scopedLive("runs a migration twice where its code writes a table for the first time, and then once", () =>
    Effect.gen(function* () {
      const { query, url } = yield* setUp({
        code: "PERFORM nextval('runs'); INSERT INTO app.notes VALUES (2, 'new')",
        before: ["CREATE SEQUENCE runs"]
      })
      const runs = Effect.map(query("SELECT last_value::int AS runs FROM runs"), ([row]) => row?.["runs"])
      const found = yield* Effect.provide(
        Effect.all([ask("SELECT id FROM first"), runs, ask(wanted), runs]),
        Layer.fresh(App.layer({ url, migrations: two }))
      )
      deepStrictEqual(found, [[], 2, [], 3])
      deepStrictEqual(yield* query("SELECT count(*)::int AS n FROM app.notes WHERE id = 2"), [{ n: 2 }])
    })
  )
})
