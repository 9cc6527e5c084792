/**
 * A heal in a database of many tables: the questions to the catalog are planned by indexes, and not compiled.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { AutoMigration, Policy } from "effect-auto-migration"
import * as App from "../../support/program/App.js"
import { ask } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"
import * as WireTap from "../../support/server/WireTap.js"

const migrations = {
  "001_orders": `CREATE TABLE orders (id integer PRIMARY KEY, a integer, b integer, CONSTRAINT positive CHECK (a > 0));
CREATE UNIQUE INDEX orders_a ON orders (a);
CREATE TYPE mood AS ENUM ('sad');
CREATE FUNCTION twice(integer) RETURNS integer LANGUAGE sql AS 'SELECT 2 * $1';`,
  "002_columns": "ALTER TABLE orders ADD COLUMN c integer, ADD COLUMN d integer, ADD COLUMN e integer;"
}

/** Catalogs that grow with the number of tables. */
const growing = new Set(["pg_class", "pg_attribute", "pg_constraint", "pg_index", "pg_type", "pg_depend"])

interface Plan {
  readonly "Node Type": string
  readonly "Relation Name"?: string
  readonly Plans?: ReadonlyArray<Plan>
}

const scans = (plan: Plan): ReadonlyArray<string> => [
  ...(plan["Node Type"] === "Seq Scan" && growing.has(plan["Relation Name"] ?? "")
    ? [String(plan["Relation Name"])]
    : []),
  ...(plan.Plans ?? []).flatMap(scans)
]

/** Also the question that a cursor asks at the end, and the one that tells it what to ask about. */
const isQuestion = (text: string) => /^\s*(?:SELECT \(|DECLARE )|"?effect_auto_migration\.touched/.test(text)

const later = {
  ...migrations,
  "003_index": "CREATE INDEX CONCURRENTLY orders_b ON orders (b);",
  "004_notes": "CREATE TABLE notes (id integer);"
}

const options = { policy: Policy.always }

/** All that asks a question of its own. */
const operations = Effect.all([
  AutoMigration.status,
  AutoMigration.plan,
  AutoMigration.baseline(["004_notes"], { unchecked: true }),
  ask("SELECT id FROM orders WHERE nothing = 1").pipe(Effect.flip),
  AutoMigration.migrate,
  AutoMigration.rename("001_orders", "001_orders").pipe(Effect.exit),
  AutoMigration.adopt({ by: "catalog" }).pipe(Effect.exit),
  AutoMigration.release("003_index").pipe(Effect.exit),
  AutoMigration.isApplied("001_orders"),
  Stream.runDrain(AutoMigration.events),
  AutoMigration.verify,
  AutoMigration.rebuild
])

describe("in a database of 10,000 tables", () => {
  it.scopedLive(
    "each question of heals and operators is planned by indexes, with the compiler off",
    () =>
      Effect.gen(function* () {
        const url = yield* Server.freshDatabase
        yield* Database.query(
          url,
          `CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$ BEGIN
            FOR n IN 1..10000 LOOP
              EXECUTE format('CREATE TABLE t%s (id integer PRIMARY KEY)', n);
              IF n % 500 = 0 THEN COMMIT; END IF;
            END LOOP;
          END $$`,
          "CALL fill()",
          "VACUUM ANALYZE"
        )
        const tap = yield* WireTap.make(url)
        yield* Effect.provide(
          Effect.zipRight(ask("SELECT id FROM orders"), ask("SELECT c, d, e FROM orders")),
          App.layerWithMigrator({ url, migratorUrl: tap.url, migrations })
        )
        yield* Effect.provide(
          operations,
          App.layerWithMigrator({ url, migratorUrl: tap.url, migrations: later, options })
        )
        const { statements } = yield* tap.heard
        const messages = statements.filter((text) => /AS "[a-zA-Z]+"/.test(text))
        assert.isAbove(messages.length, 4)
        for (const message of messages.filter((text) => /'lock_timeout', '\d+', true\)/.test(text))) {
          assert.match(message, /set_config\('jit', 'off', true\)/)
        }
        const questions = messages.flatMap((text) => text.split(";\n")).filter(isQuestion)
        assert.isTrue(questions.some((text) => text.startsWith("DECLARE ")))
        const found: Array<string> = []
        for (const question of questions) {
          const [row] = yield* Database.query(url, `EXPLAIN (FORMAT JSON) ${question}`)
          const plans: ReadonlyArray<{ readonly Plan: Plan }> = JSON.parse(JSON.stringify(row?.["QUERY PLAN"]))
          for (const { Plan } of plans) found.push(...scans(Plan).map((name) => `${name}: ${question.slice(0, 200)}`))
        }
        deepStrictEqual(found, [])
      }),
    600_000
  )
})
