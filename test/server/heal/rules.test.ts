/** Rows that break a rule which a pending migration relaxes, and rows that have no place yet. */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { Policy } from "effect-auto-migration"
import { appliedIds, ask, inProgram } from "../../support/program/Situation.js"

const migrations = {
  "001_rules": `CREATE TABLE base (id integer);
    CREATE TABLE cards (id integer NOT NULL, fax text NOT NULL);
    CREATE TABLE states (state text CONSTRAINT known CHECK (state IN ('a', 'b')));
    CREATE TABLE orders (id integer PRIMARY KEY);
    CREATE TABLE lines (ordered integer CONSTRAINT of_order REFERENCES orders);
    CREATE TABLE mails (mail text CONSTRAINT once UNIQUE);
    CREATE TABLE codes (code varchar(5), other varchar(5));
    CREATE TABLE words (word varchar(5), other varchar(6));
    INSERT INTO mails VALUES ('a');`,
  "002_fax": "ALTER TABLE cards ALTER fax DROP NOT NULL;",
  "003_states": "ALTER TABLE states DROP CONSTRAINT known, ADD CONSTRAINT known CHECK (state IN ('a', 'b', 'c'));",
  "004_lines": "ALTER TABLE lines DROP CONSTRAINT of_order;",
  "005_mails": "ALTER TABLE mails DROP CONSTRAINT once;",
  "006_codes": "ALTER TABLE codes ALTER code TYPE varchar(50);",
  "007_words": "ALTER TABLE words ALTER word TYPE text;"
}

/** Statements that the migrations allow, each with the one that it waits for. */
const allowed = {
  "INSERT INTO cards VALUES (1, NULL)": "002_fax",
  "INSERT INTO states VALUES ('c')": "003_states",
  "INSERT INTO lines VALUES (1)": "004_lines",
  "INSERT INTO mails VALUES ('a')": "005_mails",
  "INSERT INTO codes (code) VALUES ('longer than five')": "006_codes",
  "INSERT INTO words AS w VALUES ('longer than five', 'x')": "007_words"
}

const always = { policy: Policy.always }

describe("a row that breaks a rule", () => {
  it.scopedLive("is healed by the migration that drops or widens that rule, where the option says so", () =>
    inProgram({ migrations, options: { ...always, healConstraints: true } }, () =>
      Effect.gen(function* () {
        const expected = ["001_rules"]
        yield* ask("SELECT id FROM base")
        for (const [statement, id] of Object.entries(allowed)) {
          yield* ask(statement)
          expected.push(id)
          deepStrictEqual(yield* appliedIds, expected)
        }
      })
    )
  )

  it.scopedLive("keeps its own error without the option, and where no pending migration relaxes the rule", () =>
    Effect.gen(function* () {
      const failing = (statements: ReadonlyArray<string>) =>
        Effect.gen(function* () {
          yield* ask("SELECT id FROM base")
          for (const statement of statements) {
            assert.strictEqual((yield* Effect.flip(ask(statement)))._tag, "SqlError", statement)
          }
          deepStrictEqual(yield* appliedIds, ["001_rules"])
        })
      yield* inProgram({ migrations, options: always }, () => failing(Object.keys(allowed)))
      const others = [
        "INSERT INTO cards (fax) VALUES ('x')",
        "INSERT INTO codes (other) VALUES ('longer than five')",
        "INSERT INTO words VALUES ('x', 'longer than five')"
      ]
      yield* inProgram({ migrations, options: { ...always, healConstraints: true } }, () => failing(others))
    })
  )

  it.scopedLive("keeps its own error where a later migration makes the rule again, or the policy refuses", () =>
    Effect.gen(function* () {
      const first = { "001_rules": migrations["001_rules"] }
      const again = {
        ...first,
        "002_fax": migrations["002_fax"],
        "003_fax": "ALTER TABLE cards ALTER fax SET NOT NULL;"
      }
      const lossy = { ...first, "002_fax": `${migrations["002_fax"]} ALTER TABLE cards DROP COLUMN id;` }
      const options = { healConstraints: true }
      for (const situation of [
        { migrations: again, options: { ...options, ...always } },
        { migrations: lossy, options }
      ]) {
        yield* inProgram(situation, () =>
          Effect.gen(function* () {
            yield* ask("SELECT id FROM base")
            assert.strictEqual((yield* Effect.flip(ask("INSERT INTO cards VALUES (1, NULL)")))._tag, "SqlError")
            deepStrictEqual(yield* appliedIds, ["001_rules"])
          })
        )
      }
    })
  )
})

describe("a row that has no place yet", () => {
  const events = {
    "001_events": `CREATE TABLE base (id integer); CREATE TABLE narrow (id integer);
      CREATE TABLE events (at date) PARTITION BY RANGE (at); CREATE TABLE others (at date) PARTITION BY RANGE (at);`,
    "002_events": "CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2024-02-01') TO ('2024-03-01');",
    "003_narrow": "ALTER TABLE narrow ADD name text;"
  }

  it.scopedLive("is healed by the migration that adds its partition or its columns", () =>
    inProgram({ migrations: events }, () =>
      Effect.gen(function* () {
        yield* ask("SELECT id FROM base")
        yield* ask("INSERT INTO events VALUES ('2024-02-10')")
        deepStrictEqual(yield* appliedIds, ["001_events", "002_events"])
        deepStrictEqual(yield* ask("INSERT INTO narrow VALUES (1, 'a') RETURNING name"), [{ name: "a" }])
      })
    )
  )

  it.scopedLive("is healed in every form of an INSERT without a list of columns", () =>
    Effect.forEach(
      [
        "INSERT INTO narrow AS n VALUES (1, 'a')",
        "INSERT INTO narrow SELECT 1, 'a'",
        "INSERT INTO narrow (SELECT 1, 'a')",
        "INSERT INTO narrow OVERRIDING SYSTEM VALUE VALUES (1, 'a')",
        "WITH w AS (SELECT 1, 'a') INSERT INTO narrow TABLE w",
        "INSERT INTO narrow AS n (SELECT 1, 'a') ON CONFLICT DO NOTHING"
      ],
      (statement) =>
        inProgram({ migrations: events }, () =>
          Effect.gen(function* () {
            yield* ask("SELECT id FROM base")
            yield* ask(statement)
            deepStrictEqual(yield* ask("SELECT name FROM narrow"), [{ name: "a" }], statement)
          })
        ),
      { discard: true }
    )
  )

  it.scopedLive("keeps its own error where the partition is another table's, or the statement lists its columns", () =>
    inProgram({ migrations: events }, () =>
      Effect.gen(function* () {
        yield* ask("SELECT id FROM base")
        for (const statement of [
          "INSERT INTO others VALUES ('2024-02-10')",
          "INSERT INTO narrow (id) VALUES (1, 'a')"
        ]) {
          assert.strictEqual((yield* Effect.flip(ask(statement)))._tag, "SqlError", statement)
        }
        deepStrictEqual(yield* appliedIds, ["001_events"])
      })
    )
  )
})
