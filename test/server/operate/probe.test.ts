/**
 * A database that was made by hand or from a dump: the catalog tells which objects of each migration exist.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { AutoMigration } from "effect-auto-migration"
import { ask, inProgram, kinds } from "../../support/program/Situation.js"

const history = {
  "001_users":
    "CREATE TABLE users (id integer PRIMARY KEY, name text, fax text);\nCREATE INDEX users_fax ON users (fax);",
  "002_seed": "INSERT INTO users VALUES (1, 'Ada');",
  "003_old": "CREATE TABLE old (id serial PRIMARY KEY);\nCREATE INDEX old_id ON old (id);",
  "004_email": "ALTER TABLE users ADD COLUMN email text;",
  "005_no_fax": "ALTER TABLE users DROP COLUMN fax;",
  "006_no_old": "DROP TABLE old;",
  "007_full_name": "ALTER TABLE users RENAME COLUMN name TO full_name;",
  "008_greeting": "CREATE FUNCTION greeting() RETURNS text LANGUAGE sql AS $$ SELECT 'hello' $$;",
  "009_other_greeting": "CREATE OR REPLACE FUNCTION greeting() RETURNS text LANGUAGE sql AS $$ SELECT 'hi' $$;",
  "010_orders": "CREATE TABLE orders (id integer PRIMARY KEY, user_id integer REFERENCES users);",
  "011_seed": "INSERT INTO users VALUES (2, 'Bob');"
}

const ids = Object.keys(history)

const texts: ReadonlyArray<string> = Object.values(history)

const probe = AutoMigration.adoption({ by: "catalog" })

describe("a database that the first files have made", () => {
  for (const count of [0, 1, 4, 5, 6, 7, 8, 10, 11]) {
    it.scopedLive(`${count} of them: the catalog finds these, as far as they promise an object`, () =>
      inProgram({ migrations: history, before: texts.slice(0, count) }, () =>
        Effect.gen(function* () {
          const { entries, misfits, untold } = yield* probe
          deepStrictEqual(misfits, [])
          const adopted: ReadonlyArray<string> = entries.map(({ migration }) => migration.id)
          const open: ReadonlyArray<string> = untold.map(({ id }) => id)
          assert.includeMembers([...ids.slice(0, count)], [...adopted])
          assert.includeMembers([...adopted, ...open], [...ids.slice(0, count)])
        })
      )
    )
  }
})

describe("adopt by the catalog", () => {
  it.scopedLive(
    "records migrations whose objects exist, assumes those below a later one, and leaves the rest pending",
    () =>
      inProgram({ migrations: history, before: texts.slice(0, 10) }, () =>
        Effect.gen(function* () {
          const { entries, untold } = yield* probe
          deepStrictEqual<unknown>(
            entries.map(({ because, migration }) => [migration.id, because]),
            [
              ["001_users", "there"],
              ["002_seed", "assumed"],
              ["003_old", "assumed"],
              ["004_email", "there"],
              ["005_no_fax", "assumed"],
              ["006_no_old", "assumed"],
              ["007_full_name", "there"],
              ["008_greeting", "there"],
              ["009_other_greeting", "assumed"],
              ["010_orders", "there"]
            ]
          )
          deepStrictEqual<unknown>(
            untold.map(({ id }) => id),
            ["011_seed"]
          )
          deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.adopt({ by: "catalog" }), ids.slice(0, 10))
          deepStrictEqual(
            yield* kinds,
            ids.slice(0, 10).map((id) => `Adopted ${id}`)
          )
          deepStrictEqual(yield* ask("SELECT id, full_name, email FROM users"), [
            { id: 1, full_name: "Ada", email: null }
          ])
          deepStrictEqual<ReadonlyArray<string>>((yield* AutoMigration.status).pending, ["011_seed"])
        })
      )
  )

  it.scopedLive("refuses a migration with missing objects, by name, and a missing one below a later one", () =>
    inProgram(
      {
        migrations: {
          "001_users": "CREATE TABLE users (id integer PRIMARY KEY, name text);",
          "002_pets": "CREATE TABLE pets (id integer); CREATE TABLE owners (id integer);",
          "003_cities": "CREATE TABLE cities (id integer);",
          "004_orders": "CREATE TABLE orders (id integer);",
          "005_less": "DROP TABLE cities; CREATE TABLE towns (id integer);"
        },
        before: [
          "CREATE TABLE users (id integer PRIMARY KEY)",
          "CREATE TABLE pets (id integer)",
          "CREATE TABLE orders (id integer)"
        ]
      },
      () =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(AutoMigration.adopt({ by: "catalog" }))
          if (error._tag !== "AdoptionRefused") return assert.fail(error.message)
          deepStrictEqual(
            error.misfits.map(({ ids, kind }) => [kind, ...ids]),
            [
              ["half-there", "001_users"],
              ["half-there", "002_pets"]
            ]
          )
          assert.include(error.message, "column users.name is missing")
          assert.match(error.message, /adopt\(\{ by: "catalog", accept: \["half-there"\] \}\)$/)
          deepStrictEqual(yield* kinds, [])
        })
    )
  )

  it.scopedLive("takes an object that a file drops and that still exists for a sign that the file has not run", () =>
    inProgram(
      {
        migrations: {
          "001_users": "CREATE TABLE users (id integer, fax text);",
          "002_less": "ALTER TABLE users DROP COLUMN fax;",
          "003_orders": "CREATE TABLE orders (id integer);"
        },
        before: ["CREATE TABLE users (id integer, fax text)", "CREATE TABLE orders (id integer)"]
      },
      () =>
        Effect.gen(function* () {
          const { entries, misfits } = yield* probe
          deepStrictEqual<unknown>(
            entries.map(({ migration }) => migration.id),
            ["001_users", "003_orders"]
          )
          deepStrictEqual<unknown>(
            misfits.map(({ ids, kind }) => [kind, ...ids]),
            [["not-recorded", "002_less"]]
          )
        })
    )
  )

  it.scopedLive("of an empty database adopts nothing", () =>
    inProgram({ migrations: history }, () =>
      Effect.gen(function* () {
        deepStrictEqual(yield* AutoMigration.adopt({ by: "catalog" }), [])
        deepStrictEqual(yield* kinds, [])
      })
    )
  )
})
